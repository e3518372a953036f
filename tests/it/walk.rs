//! Walks through the folders of a server: what is found, and that they end.

use std::collections::BTreeSet;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hobnob::event::{Fault, WalkEvent};
use hobnob::net::browse::walk;
use hobnob::text::clean_line;
use hobnob::wire::source::Source;

use crate::support::server::{Server, client, ok};

const TOO_DEEP: Fault = Fault::TooDeep { depth: 64, folders: 100_000, bytes: 64 * 1024 * 1024 };

/// How often a list is asked for again.
const RETRIES: u32 = 1;

/// What a walk found, as paths, and what it missed; it is known to have ended.
#[derive(Debug, Default)]
struct Walked {
    folders: Vec<String>,
    entries: BTreeSet<String>,
    missed: Vec<(String, Fault)>,
}

async fn walk_from(source: &Source) -> Walked {
    walk_on(source, Vec::new()).await
}

async fn walk_on(source: &Source, left: Vec<Source>) -> Walked {
    let mut walked = Walked::default();
    let mut ended = 0;
    let report = |event| {
        assert_eq!(ended, 0, "nothing comes after the end");
        match event {
            WalkEvent::Found(listing) => {
                let folder = listing.source.path.encoded();
                walked.folders.push(folder.to_owned());
                let entries = listing.entries.iter();
                walked.entries.extend(entries.map(|entry| format!("{folder}{}", entry.name)));
            }
            WalkEvent::Missed(source, fault) | WalkEvent::Undecided(source, fault) => {
                walked.missed.push((source.path.encoded().to_owned(), fault));
            }
            WalkEvent::Ended => ended += 1,
            WalkEvent::Failed(fault) => panic!("{fault:?}"),
        }
        ready(())
    };
    walk(source, left, &client(), RETRIES, report).await;
    assert_eq!(ended, 1);
    walked
}

fn list(entries: &[&str]) -> String {
    let row = |name: &&str| format!(r#"{{"name": "{name}", "is_dir": {}}}"#, name.ends_with('/'));
    ok("application/json", &format!("[{}]", entries.iter().map(row).collect::<Vec<_>>().join(",")))
}

fn not_found() -> String {
    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned()
}

/// The path in a request line.
fn path(line: &str) -> &str {
    line.split(' ').nth(1).unwrap()
}

#[tokio::test]
async fn every_folder_is_listed_after_the_one_that_it_is_in() {
    let server = Server::http(|line| match path(line) {
        "/top/" => list(&["a/", "b/", "x.txt"]),
        "/top/a/" => list(&["deep/", "y.txt"]),
        "/top/a/deep/" => list(&["z.txt"]),
        "/top/b/" => list(&[]),
        _ => not_found(),
    });
    let walked = walk_from(&server.source("http://", "/top/")).await;
    let place = |folder: &str| walked.folders.iter().position(|found| found == folder).unwrap();
    assert_eq!(walked.folders.len(), 4);
    assert!(place("/top/") < place("/top/b/") && place("/top/a/") < place("/top/a/deep/"));
    let files = ["/top/x.txt", "/top/a/y.txt", "/top/a/deep/z.txt"];
    assert!(files.iter().all(|file| walked.entries.contains(*file)));
    assert_eq!(walked.missed, []);
}

#[tokio::test]
async fn a_folder_that_cannot_be_listed_is_named_and_the_others_are_listed() {
    let server = Server::http(|line| match path(line) {
        "/" => list(&["gone/", "here/"]),
        "/here/" => list(&["x"]),
        _ => not_found(),
    });
    let walked = walk_from(&server.source("http://", "/")).await;
    assert_eq!(walked.missed, [("/gone/".to_owned(), Fault::Status(404))]);
    assert!(walked.entries.contains("/here/x"));
}

#[tokio::test]
async fn where_there_is_no_list_the_walk_ends_at_once() {
    let server = Server::course(&[]);
    let walked = walk_from(&server.source("", "/")).await;
    assert_eq!(walked.missed, [("/".to_owned(), Fault::NoListing)]);
}

#[tokio::test]
async fn a_folder_that_leads_out_of_the_tree_is_not_entered() {
    let server = Server::http(|line| match path(line) {
        "/top/" => list(&["out/", "in/"]),
        "/top/out/" => "HTTP/1.1 302 Found\r\nLocation: /secret/\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "/top/in/" => list(&["x"]),
        "/secret/" => list(&["key"]),
        _ => not_found(),
    });
    let walked = walk_from(&server.source("http://", "/top/")).await;
    let secret = clean_line(server.source("http://", "/secret/").to_string().as_bytes());
    assert_eq!(walked.missed, [("/top/out/".to_owned(), Fault::Redirected(secret))]);
    assert!(!walked.entries.contains("/secret/key") && walked.entries.contains("/top/in/x"));
}

#[tokio::test]
async fn a_walk_goes_on_with_what_is_left_and_still_does_not_leave_the_tree() {
    let server = Server::http(|line| match path(line) {
        "/top/b/" => list(&["in/", "y"]),
        "/top/b/in/" => list(&["z"]),
        "/top/c/" => "HTTP/1.1 302 Found\r\nLocation: /secret/\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "/secret/" => list(&["key"]),
        _ => not_found(),
    });
    let left = ["/top/b/", "/top/c/"].map(|path| server.source("http://", path)).to_vec();
    let walked = walk_on(&server.source("http://", "/top/"), left).await;
    assert_eq!(walked.folders, ["/top/b/", "/top/b/in/"]);
    assert_eq!(walked.missed.len(), 1);
    assert_eq!(walked.missed[0].0, "/top/c/");
}

#[tokio::test]
async fn a_walk_that_goes_on_goes_no_deeper_than_one_that_does_not() {
    let server = Server::http(|_| list(&["again/"]));
    let left = vec![server.source("http://", &format!("/{}", "again/".repeat(60)))];
    let walked = walk_on(&server.source("http://", "/"), left).await;
    assert_eq!(walked.folders.len(), 5);
    assert_eq!(walked.missed, [(format!("/{}", "again/".repeat(65)), TOO_DEEP)]);
}

#[tokio::test]
async fn a_folder_that_holds_itself_is_not_followed_for_ever() {
    let server = Server::http(|_| list(&["again/", "x"]));
    let walked = walk_from(&server.source("http://", "/")).await;
    let depth = |folder: &String| folder.matches('/').count() - 1;
    assert_eq!(walked.folders.iter().map(depth).max(), Some(1));
    assert_eq!(walked.missed, [("/again/again/".to_owned(), Fault::Loop)]);
}

#[tokio::test]
async fn a_short_list_in_a_folder_with_a_long_name_does_not_become_a_large_tree() {
    let long = "l".repeat(60_000);
    let names: Vec<String> = (0..1200).map(|number| format!("{number}/")).collect();
    let server = Server::http({
        let many = list(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let long = format!("{long}/");
        move |line| match path(line) {
            "/" => list(&[&long, "b/"]),
            inner if inner == "/b/" || inner.len() > 1000 => many.clone(),
            _ => list(&[]),
        }
    });
    let walked = walk_from(&server.source("http://", "/")).await;
    assert!(walked.folders.contains(&format!("/{long}/")), "it is listed");
    assert_eq!(walked.folders.len(), 3 + names.len(), "the other one is gone through");
    let missed: Vec<_> = walked.missed.iter().map(|(at, fault)| (at.len(), fault.clone())).collect();
    assert_eq!(missed, [(60_004, TOO_DEEP)]);
}

#[tokio::test]
async fn a_list_that_fails_in_passing_is_asked_for_again_and_one_that_is_not_there_is_not() {
    let asked = Arc::new(AtomicUsize::new(0));
    let server = Server::http({
        let asked = asked.clone();
        move |line| match path(line) {
            "/" => list(&["busy/", "gone/"]),
            "/busy/" if asked.fetch_add(1, Ordering::SeqCst) == 0 => {
                "HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n".to_owned()
            }
            "/busy/" => list(&["x"]),
            _ => not_found(),
        }
    });
    let walked = walk_from(&server.source("http://", "/")).await;
    assert!(walked.entries.contains("/busy/x"), "{walked:?}");
    assert_eq!(walked.missed, [("/gone/".to_owned(), Fault::Status(404))]);
    // As JSON and as a page, with the slash and without.
    assert_eq!((asked.load(Ordering::SeqCst), server.requests().len()), (2, 3 + 4));
}

#[tokio::test]
async fn a_folder_is_asked_for_once_however_often_it_is_listed_or_redirected_to() {
    let sent_on = |to: &str| format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    let server = Server::http(move |line| match path(line) {
        "/top/" => list(&["a/", "a/", "b/", "a/", "up/"]),
        "/top/a/" => list(&["x", "up/"]),
        "/top/b/" => sent_on("/top/a/"),
        // Back to the beginning, from everywhere.
        _ => sent_on("/top/"),
    });
    let walked = walk_from(&server.source("http://", "/top/")).await;
    assert_eq!(walked.folders, ["/top/", "/top/a/"]);
    let missed: BTreeSet<_> = walked.missed.iter().map(|(path, _)| &**path).collect();
    assert_eq!(
        (missed.into_iter().collect::<Vec<_>>(), walked.missed.len()),
        (vec!["/top/a/up/", "/top/b/", "/top/up/"], 3)
    );
    assert!(walked.missed.iter().all(|(_, fault)| matches!(fault, Fault::Redirected(_))), "{walked:?}");
    // Three folders that are redirected cost two requests each.
    assert_eq!(server.requests().len(), 2 + 3 * 2);
}
