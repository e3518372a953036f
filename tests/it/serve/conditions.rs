//! Conditional requests for files (RFC 9110, section 13): the fields reach the judgement, and its outcome the client.

use std::fs::{self, File};
use std::time::{Duration, UNIX_EPOCH};

use hobnob::wire::range::http_date;

use super::{PATIENT, Response, Running};

const CHANGED: &str = "Tue, 14 Nov 2023 22:13:20 GMT";
const BEFORE: &str = "Tue, 14 Nov 2023 22:13:19 GMT";

/// A server with a file that changed last in 2023.
async fn serving() -> (Running, String) {
    let server = Running::start(PATIENT);
    server.write("a.txt", "hello");
    set_time(&server);
    let etag = server.get("/a.txt").await.header("etag").unwrap().to_owned();
    (server, etag)
}

fn set_time(server: &Running) {
    let file = File::options().append(true).open(server.folder.path().join("a.txt")).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
}

async fn ask(server: &Running, method: &str, fields: &str) -> Response {
    server.ask(method, "/a.txt", fields).await
}

#[tokio::test]
async fn who_has_the_file_already_is_told_so_without_it() {
    let (server, etag) = serving().await;
    for fields in [format!("If-None-Match: {etag}\r\n"), format!("If-Modified-Since: {CHANGED}\r\n")] {
        for method in ["GET", "HEAD"] {
            let answer = ask(&server, method, &fields).await;
            assert_eq!((answer.status, answer.text()), (304, ""), "{method} {fields}");
            assert_eq!(answer.header("etag"), Some(&*etag), "{method} {fields}");
            assert_eq!(answer.header("last-modified"), Some(CHANGED));
            // It would be the length of what is not sent.
            assert_eq!(answer.header("content-length"), None, "{method} {fields}");
        }
    }
    for fields in ["If-None-Match: \"x\"\r\n".to_owned(), format!("If-Modified-Since: {BEFORE}\r\n")] {
        assert_eq!(ask(&server, "GET", &fields).await.text(), "hello", "{fields}");
    }
}

#[tokio::test]
async fn after_an_answer_without_content_the_connection_goes_on() {
    let (mut server, etag) = serving().await;
    let mut client = server.connect().await;
    let requests = format!(
        "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: {etag}\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n\
         GET /a.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    );
    tokio::io::AsyncWriteExt::write_all(&mut client, requests.as_bytes()).await.unwrap();
    let answers = String::from_utf8(super::rest(&mut client).await).unwrap();
    let statuses: Vec<_> =
        answers.match_indices("HTTP/1.1 ").map(|(at, _)| &answers[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["304", "204", "200"], "{answers}");
    assert!(answers.ends_with("\r\n\r\nhello"), "{answers}");
    // The first is the request for the tag.
    for bytes in [5, 0, 0, 5] {
        let told = server.log.recv().await.unwrap();
        assert_eq!((told.bytes, told.end), (bytes, hobnob::serve::End::Whole), "{told:?}");
    }
}

#[tokio::test]
async fn who_takes_the_file_for_another_version_is_refused() {
    let (server, etag) = serving().await;
    for fields in ["If-Match: \"x\"\r\n".to_owned(), format!("If-Unmodified-Since: {BEFORE}\r\n")] {
        let answer = ask(&server, "GET", &fields).await;
        assert_eq!((answer.status, answer.header("etag")), (412, Some(&*etag)), "{fields}");
        assert!(!answer.text().contains("hello"), "{fields}");
        assert_eq!(ask(&server, "HEAD", &fields).await.status, 412, "{fields}");
    }
    for fields in [format!("If-Match: {etag}\r\n"), format!("If-Unmodified-Since: {CHANGED}\r\n")] {
        assert_eq!(ask(&server, "GET", &fields).await.status, 200, "{fields}");
    }
    assert_eq!(server.ask("GET", "/nope", "If-None-Match: *\r\n").await.status, 404);
}

#[tokio::test]
async fn the_rest_of_a_file_is_for_who_has_the_beginning_of_the_same() {
    let (server, etag) = serving().await;
    for (if_range, expected) in [
        (&*etag, (206, "llo")),
        (CHANGED, (206, "llo")),
        ("\"x\"", (200, "hello")),
        (&*format!("W/{etag}"), (200, "hello")),
        (BEFORE, (200, "hello")),
    ] {
        let answer = ask(&server, "GET", &format!("Range: bytes=2-\r\nIf-Range: {if_range}\r\n")).await;
        assert_eq!((answer.status, answer.text()), expected, "{if_range}");
        // Where the part does not count, neither does that there is none.
        let answer = ask(&server, "GET", &format!("Range: bytes=9-\r\nIf-Range: {if_range}\r\n")).await;
        assert_eq!(answer.status, if expected.0 == 206 { 416 } else { 200 }, "{if_range}");
    }
}

#[tokio::test]
async fn a_time_within_the_second_that_runs_is_no_reason_to_send_a_part() {
    let server = Running::start(PATIENT);
    server.write("a.txt", "hello");
    // In the year 2099.
    let ahead = std::time::UNIX_EPOCH + Duration::from_hours(129 * 365 * 24);
    let file = File::options().append(true).open(server.folder.path().join("a.txt")).unwrap();
    file.set_modified(ahead).unwrap();
    let modified = server.get("/a.txt").await.header("last-modified").unwrap().to_owned();
    let answer = ask(&server, "GET", &format!("Range: bytes=2-\r\nIf-Range: {modified}\r\n")).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn the_tag_is_another_one_for_each_version_and_each_file_and_says_nothing_of_the_disk() {
    let (server, first) = serving().await;
    let tag = async |name: &str| server.get(name).await.header("etag").unwrap().to_owned();
    assert_eq!(tag("/a.txt").await, first);
    // The same length and the same time, but another file.
    server.write("b.txt", "other");
    fs::rename(server.folder.path().join("b.txt"), server.folder.path().join("a.txt")).unwrap();
    set_time(&server);
    let second = tag("/a.txt").await;
    assert_ne!(second, first);
    server.write("a.txt", "longer than that");
    set_time(&server);
    assert_ne!(tag("/a.txt").await, second);
    assert!(first.starts_with('"') && first.ends_with('"'), "{first} is not strong");
}

#[tokio::test]
async fn no_file_was_changed_later_than_now() {
    let server = Running::start(PATIENT);
    server.write("a.txt", "first");
    let file = File::open(server.folder.path().join("a.txt")).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_hours(1_000_000)).unwrap();
    let answer = server.get("/a.txt").await;
    let time = |name| http_date(answer.header(name).unwrap()).unwrap();
    assert!(time("last-modified") <= time("date"), "{}", answer.head);
}
