//! A folder's list, in all the forms that it comes in.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hobnob::net::browse::{Browsed, browse};
use hobnob::wire::listing::{Entry, Form, Kind};
use hobnob::wire::source::{Path, Source};

use super::{PATIENT, Response, Running};
use crate::support::server::client;

const JSON: &str = "Accept: application/json\r\n";

/// What our own reader makes of a page.
fn read(page: &Response) -> Vec<Entry> {
    page.entries_as(Form::Html)
}

fn names(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| &*entry.name).collect()
}

#[tokio::test]
async fn clients_of_dufs_find_what_they_know() {
    let server = Running::start(PATIENT);
    server.write("sub/a.txt", "12345");
    symlink("a.txt", server.folder.path().join("sub/link")).unwrap();
    let json = server.get("/?json").await;
    assert_eq!(json.header("content-type"), Some("application/json"));
    assert!(json.text().starts_with(r#"{"href":"/","kind":"Index","uri_prefix":"/","allow_upload":false,"#));
    assert_eq!(names(&json.entries()), ["sub"]);
    let inside = server.get("/sub/?json").await;
    assert!(inside.text().starts_with(r#"{"href":"/sub","#), "{}", inside.text());
    assert!(inside.text().contains(r#"{"path_type":"SymlinkFile","name":"link","#), "{}", inside.text());
    assert_eq!(inside.entries()[0].size, Some(5));
    let simple = server.get("/?simple").await;
    assert_eq!(simple.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(simple.text(), "sub/\n");
    assert_eq!(server.get("/sub/?simple").await.text(), "a.txt\nlink\n");
}

#[tokio::test]
async fn every_form_is_sorted_and_filtered_as_the_query_asks() {
    let server = Running::start(PATIENT);
    server.write("z/x", "");
    server.write("b.txt", "1");
    server.write("A.txt", "123");
    server.write("c d.bin", "12");
    for (query, expected) in [
        ("", "z/\nA.txt\nb.txt\nc d.bin\n"),
        ("&sort=name&order=desc", "z/\nc d.bin\nb.txt\nA.txt\n"),
        ("&sort=size", "z/\nb.txt\nc d.bin\nA.txt\n"),
        ("&sort=size&order=desc", "z/\nA.txt\nc d.bin\nb.txt\n"),
        ("&filter=TXT", "A.txt\nb.txt\n"),
        ("&filter=c+d", "c d.bin\n"),
        ("&filter=nothing", ""),
        ("&sort=colour&order=sideways&filter=", "z/\nA.txt\nb.txt\nc d.bin\n"),
    ] {
        let simple = server.get(&format!("/?simple{query}")).await;
        assert_eq!(simple.text(), expected, "{query}");
        let expected: Vec<_> = expected.lines().map(|line| line.trim_end_matches('/')).collect();
        assert_eq!(names(&server.get(&format!("/?json{query}")).await.entries()), expected, "{query}");
        assert_eq!(
            names(&server.ask("GET", &format!("/?{query}"), JSON).await.entries()),
            expected,
            "{query}"
        );
        let page = server.get(&format!("/?{query}")).await;
        if !expected.is_empty() {
            assert_eq!(names(&read(&page)), expected, "{query}");
        }
    }
}

#[tokio::test]
async fn a_name_of_any_bytes_is_linked_and_served_in_every_form() {
    let server = Running::start(PATIENT);
    let longest = [b'x'; 255];
    let hostile: [&[u8]; 9] = [
        b"<script>alert(1)<script>",
        b"\"'&amp;<>.txt",
        b"two\nlines\r",
        b"\x1b[31mred",
        b"\xff\xfe 1%25.txt",
        b"#a?b=c;d:e",
        b" leading and trailing ",
        "讲义\u{202e}\u{200b}".as_bytes(),
        &longest,
    ];
    for name in hostile {
        fs::write(server.folder.path().join(OsStr::from_bytes(name)), name).unwrap();
    }
    let page = server.get("/").await;
    assert!(!page.text().contains("<script>alert"), "{}", page.text());
    assert!(!page.text().contains(['\u{1b}', '\u{202e}', '\r']), "{}", page.text());
    let expected: BTreeSet<_> = hostile.into_iter().map(<[u8]>::to_vec).collect();
    for list in
        [read(&page), server.get("/?json").await.entries(), server.ask("GET", "/", JSON).await.entries()]
    {
        assert_eq!(list.iter().map(|entry| entry.raw.0.to_vec()).collect::<BTreeSet<_>>(), expected);
    }
    for name in hostile {
        assert_eq!(server.get(Path::from_name(name).encoded()).await.body, name, "{}", name.escape_ascii());
    }
    assert_eq!(server.get("/?simple").await.body.split(|byte| *byte == b'\n').count(), hostile.len() + 1);
}

#[tokio::test]
async fn a_page_leads_to_the_files_and_the_folders_above_and_nowhere_else() {
    let server = Running::start(PATIENT);
    server.write("a/b/file", "");
    let page = server.get("/a/b/").await;
    let links: Vec<_> =
        page.text().split(" href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(links, ["data:,", "../../", "../", "../", "./file"]);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[tokio::test]
async fn a_page_has_the_words_of_its_reader() {
    let server = Running::start(PATIENT);
    for (accepted, language, word) in [
        ("", "en", "This folder is empty."),
        ("Accept-Language: zh-CN,en;q=0.5\r\n", "zh", "此文件夹是空的。"),
    ] {
        let page = server.ask("GET", "/", accepted).await;
        assert_eq!(page.header("content-language"), Some(language));
        assert_eq!(page.header("vary"), Some("Accept, Accept-Language"));
        assert!(page.text().contains(word), "{}", page.text());
        assert!(page.text().contains(&format!("<html lang=\"{language}\">")), "{}", page.text());
    }
}

#[tokio::test]
async fn who_has_the_list_already_is_not_sent_it_again() {
    let server = Running::start(PATIENT);
    server.write("a.txt", "1");
    let mut tags = BTreeSet::new();
    for path in ["/", "/?json", "/?simple", "/?sort=size", "/?filter=a"] {
        for headers in ["", JSON, "Accept-Language: zh\r\n"] {
            let list = server.ask("GET", path, headers).await;
            let tag = list.header("etag").unwrap().to_owned();
            for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
                let again = server.ask("GET", path, &format!("{headers}If-None-Match: {known}\r\n")).await;
                assert_eq!((again.status, again.text()), (304, ""), "{path} {headers} {known}");
                assert_eq!(again.header("etag"), Some(&*tag));
                assert_eq!(again.header("content-length"), None);
            }
            tags.insert(tag);
        }
    }
    let other = server.ask("GET", "/", "If-None-Match: \"other\"\r\n").await;
    assert_eq!(other.status, 200);
    let page = other.header("etag").unwrap().to_owned();
    let unless_known = format!("If-None-Match: {page}\r\n");
    server.write("a.txt", "12");
    assert_eq!(server.ask("GET", "/", &unless_known).await.status, 200, "after a file has grown");
    server.write("b.txt", "");
    let tag = server.ask("GET", "/", &unless_known).await;
    assert!(!tags.contains(tag.header("etag").unwrap()));
}

#[tokio::test]
async fn a_long_list_is_made_while_it_is_sent_and_is_whole_and_in_order() {
    let server = Running::start(PATIENT);
    let expected: Vec<_> = (0..20_000).map(|number| format!("file-{number:06}")).collect();
    for name in &expected {
        fs::File::create(server.folder.path().join(name)).unwrap();
    }
    for (path, headers) in [("/", ""), ("/?json", ""), ("/", JSON)] {
        let list = server.ask("GET", path, headers).await;
        assert_eq!(list.header("transfer-encoding"), Some("chunked"), "{path}");
        let entries =
            if list.header("content-type").unwrap().contains("json") { list.entries() } else { read(&list) };
        assert_eq!(names(&entries), expected, "{path}");
        let head = server.ask("HEAD", path, headers).await;
        assert_eq!((head.text(), head.header("content-length")), ("", None), "{path}");
        assert_eq!(head.header("etag"), list.header("etag"));
    }
    assert_eq!(server.get("/?simple").await.text().lines().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_folder_that_changes_while_it_is_listed_gives_whole_lists_of_what_stays() {
    let server = Running::start(PATIENT);
    for number in 0..100 {
        server.write(&format!("stays-{number:03}"), "1");
    }
    let done = Arc::new(AtomicBool::new(false));
    let changing = {
        let (folder, done) = (server.folder.path().to_owned(), Arc::clone(&done));
        std::thread::spawn(move || {
            let mut changes = 0;
            while !done.load(Ordering::Relaxed) {
                let (name, other) = (folder.join(format!("goes-{}", changes % 50)), folder.join("renamed"));
                fs::write(&name, "1").unwrap();
                fs::rename(&name, &other).unwrap();
                fs::remove_file(&other).unwrap();
                symlink("stays-000", &name).unwrap();
                fs::remove_file(&name).unwrap();
                changes += 1;
            }
            changes
        })
    };
    for _ in 0..50 {
        for list in [server.ask("GET", "/", JSON).await.entries(), read(&server.get("/").await)] {
            assert!(list.iter().all(|entry| entry.kind == Kind::File), "{list:?}");
            let names = names(&list);
            assert_eq!(names.iter().filter(|name| name.starts_with("stays-")).count(), 100, "{names:?}");
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
        }
    }
    done.store(true, Ordering::Relaxed);
    assert!(changing.join().unwrap() > 0);
}

#[tokio::test]
async fn a_list_that_has_a_round_number_of_entries_is_whole() {
    let server = Running::start(PATIENT);
    for number in 0..10_000 {
        server.write(&number.to_string(), "");
    }
    let source = Source::parse(&format!("http://{}/", server.address)).unwrap();
    let Browsed::Listed(listing) = browse(&source, &client()).await.unwrap() else {
        panic!("it speaks HTTP");
    };
    assert_eq!((listing.entries.len(), listing.is_cut), (10_000, false));
}
