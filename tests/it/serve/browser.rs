//! The page of a folder as people meet it, in a real browser.

use serde_json::json;

use super::{PATIENT, Running};
use crate::support::browser::Browser;

/// A name that would say so if anything in it ran.
const HOSTILE: &str = "<img src=x onerror=\"document.title='owned'\">'&.txt";

fn serving() -> Running {
    let server = Running::start(PATIENT);
    server.write("讲义/第一周/slides.pdf", "12345");
    server.write("讲义/你好.txt", "12");
    server.write("b.bin", vec![0; 5000]);
    server.write("A.txt", "1");
    server.write("c.txt", "123");
    server.write(HOSTILE, "");
    server
}

#[tokio::test]
async fn names_are_shown_and_nothing_in_them_runs() {
    let Some(mut browser) = Browser::start("en").await else { return };
    let server = serving();
    browser.open(&format!("http://{}/", server.address)).await;
    assert_eq!(browser.texts(".name").await, ["讲义/", HOSTILE, "A.txt", "b.bin", "c.txt"]);
    assert_eq!(browser.evaluate("document.title").await, "/");
    assert_eq!(browser.evaluate("document.images.length").await, 0);
    // Nor would anything, if it were markup.
    let smuggle = "new Promise(stopped => { \
                       addEventListener('securitypolicyviolation', event => stopped(event.effectiveDirective)); \
                       document.body.insertAdjacentHTML('beforeend', '<i onclick=\"1\"></i>'); \
                   })";
    assert_eq!(browser.evaluate(smuggle).await, "script-src-attr");
}

#[tokio::test]
async fn a_slash_and_some_letters_filter_the_names_and_enter_goes_to_the_first() {
    let Some(mut browser) = Browser::start("en").await else { return };
    let server = serving();
    browser.open(&format!("http://{}/", server.address)).await;
    browser.press("/TXT").await;
    assert_eq!(browser.texts(".name").await, [HOSTILE, "A.txt", "c.txt"]);
    assert_eq!(browser.texts("#count").await, ["3 / 5"]);
    assert_eq!(browser.evaluate("location.hash").await, "#filter=TXT");
    browser.press("\r").await;
    assert_eq!(browser.evaluate("document.activeElement.textContent").await, HOSTILE);
    browser.press("/zzz").await;
    assert_eq!(browser.texts(".name").await, [""; 0]);
    assert_eq!(browser.texts("#none").await, ["No name has this in it."]);
}

#[tokio::test]
async fn a_click_on_a_column_sorts_by_it_and_keeps_the_filter() {
    let Some(mut browser) = Browser::start("en").await else { return };
    let server = serving();
    browser.open(&format!("http://{}/#filter=b", server.address)).await;
    assert_eq!(browser.texts(".name").await, ["b.bin"]);
    browser.open(&format!("http://{}/#filter=.", server.address)).await;
    for expected in [["b.bin", "c.txt", "A.txt", HOSTILE], [HOSTILE, "A.txt", "c.txt", "b.bin"]] {
        browser.evaluate("document.querySelector('button[value=size]').click()").await;
        browser.loaded().await;
        assert_eq!(browser.texts(".name").await, expected);
        assert_eq!(browser.texts("[aria-sort]").await, ["Size"]);
    }
    assert_eq!(browser.evaluate("location.search + location.hash").await, "?sort=size&order=asc#filter=.");
}

#[tokio::test]
async fn without_scripts_the_server_sorts_and_filters() {
    let Some(mut browser) = Browser::start("en").await else { return };
    let server = serving();
    browser.without_scripts().await;
    browser.open(&format!("http://{}/?sort=size&order=desc#filter=nothing", server.address)).await;
    assert_eq!(browser.texts(".name").await, ["讲义/", "b.bin", "c.txt", "A.txt", HOSTILE]);
    browser.evaluate("document.querySelector('#filter').focus()").await;
    browser.press("txt\r").await;
    browser.loaded().await;
    assert_eq!(browser.texts(".name").await, ["c.txt", "A.txt", HOSTILE]);
    browser.evaluate("document.querySelector('button[value=name]').click()").await;
    browser.loaded().await;
    assert_eq!(browser.texts(".name").await, [HOSTILE, "A.txt", "c.txt"]);
    assert_eq!(browser.evaluate("document.querySelector('#filter').value").await, "txt");
}

#[tokio::test]
async fn folders_are_walked_into_and_out_of_and_the_words_are_the_reader_s() {
    let Some(mut browser) = Browser::start("zh-CN").await else { return };
    let server = serving();
    browser.open(&format!("http://{}/", server.address)).await;
    assert_eq!(browser.texts("th").await, ["名称", "大小", "修改时间"]);
    for folder in ["讲义/", "第一周/"] {
        browser.evaluate("document.querySelector('.dir a').click()").await;
        browser.loaded().await;
        let title = browser.evaluate("document.title").await;
        assert!(title.as_str().unwrap().ends_with(folder), "{title}");
    }
    assert_eq!(browser.texts(".name").await, ["../", "slides.pdf"]);
    assert_eq!(browser.texts("nav b").await, ["第一周"]);
    browser.evaluate("document.querySelectorAll('nav a')[1].click()").await;
    browser.loaded().await;
    assert_eq!(browser.texts(".name").await, ["../", "第一周/", "你好.txt"]);
}

#[tokio::test]
async fn a_page_asks_for_nothing_else_and_fits_a_phone() {
    let Some(mut browser) = Browser::start("en").await else { return };
    let mut server = serving();
    server.write(&"x".repeat(255), "");
    browser.narrow(320).await;
    browser.open(&format!("http://{}/", server.address)).await;
    let wide = browser.evaluate("[document.documentElement.scrollWidth, innerWidth]").await;
    assert_eq!(wide, json!([320, 320]));
    let asked: Vec<_> = std::iter::from_fn(|| server.log.try_recv().ok()).map(|told| told.request).collect();
    assert_eq!(asked.len(), 1, "{asked:?}");
}
