//! Digests of files, for clients that ask for them (RFC 9530, RFC 3230).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};
use tokio::task::JoinSet;

use super::{PATIENT, Running};

/// What `content` hashes to.
fn sum(content: &[u8]) -> String {
    BASE64_STANDARD.encode(Sha256::digest(content))
}

#[tokio::test]
async fn the_digest_is_said_in_the_fields_that_were_asked_for_and_in_no_others() {
    let server = Running::start(PATIENT);
    server.write("a.txt", "hello");
    let new = format!("sha-256=:{}:", sum(b"hello"));
    let old = format!("SHA-256={}", sum(b"hello"));
    for (fields, expected) in [
        ("", (None, None)),
        ("Want-Repr-Digest: sha-256=1\r\n", (Some(&*new), None)),
        ("Want-Repr-Digest: sha-512=3, sha-256=10\r\n", (Some(&*new), None)),
        ("Want-Repr-Digest: sha-256=0\r\n", (None, None)),
        ("Want-Repr-Digest: sha-512=3\r\n", (None, None)),
        // As aria2 asks.
        ("Want-Digest: SHA-512;q=1, SHA-256;q=1, SHA;q=0.1\r\n", (None, Some(&*old))),
        ("Want-Digest: SHA-256;q=0\r\n", (None, None)),
        ("Want-Repr-Digest: sha-256=1\r\nWant-Digest: sha-256\r\n", (Some(&*new), Some(&*old))),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = server.ask(method, "/a.txt", fields).await;
            let said = (answer.header("repr-digest"), answer.header("digest"));
            assert_eq!((answer.status, said), (200, expected), "{method} {fields}");
        }
    }
}

#[tokio::test]
async fn of_a_part_the_digest_is_the_whole_file_s_and_an_answer_without_content_has_none() {
    let server = Running::start(PATIENT);
    server.write("a.txt", "hello");
    let etag = server.get("/a.txt").await.header("etag").unwrap().to_owned();
    let whole = format!("sha-256=:{}:", sum(b"hello"));
    for (fields, expected) in [
        ("Range: bytes=1-2\r\n".to_owned(), (206, Some(&*whole))),
        ("Range: bytes=0-0,2-2\r\n".to_owned(), (206, Some(&*whole))),
        ("Range: bytes=9-\r\n".to_owned(), (416, None)),
        (format!("If-None-Match: {etag}\r\n"), (304, None)),
        ("If-Match: \"x\"\r\n".to_owned(), (412, None)),
    ] {
        let answer = server.ask("GET", "/a.txt", &format!("Want-Repr-Digest: sha-256=1\r\n{fields}")).await;
        assert_eq!((answer.status, answer.header("repr-digest")), expected, "{fields}");
    }
    let part = server.ask("GET", "/a.txt", "Want-Repr-Digest: sha-256=1\r\nRange: bytes=1-2\r\n").await;
    assert_eq!(part.text(), "el", "hashing has moved the place from which is sent");
    for path in ["/", "/nope"] {
        let answer = server.ask("GET", path, "Want-Repr-Digest: sha-256=1\r\n").await;
        assert_eq!(answer.header("repr-digest"), None, "{path}");
    }
}

#[tokio::test]
async fn a_file_that_has_changed_has_a_digest_of_its_own() {
    let server = Running::start(PATIENT);
    for content in ["hello", "", "another", &"long".repeat(1_000_000)] {
        server.write("a.txt", content);
        for _ in 0..2 {
            let answer = server.ask("GET", "/a.txt", "Want-Repr-Digest: sha-256=1\r\n").await;
            assert_eq!(
                answer.header("repr-digest"),
                Some(&*format!("sha-256=:{}:", sum(content.as_bytes())))
            );
            assert_eq!(answer.text(), content);
        }
    }
}

#[tokio::test]
async fn no_byte_waits_for_a_digest_where_the_client_would_rather_ask_again() {
    let server = Running::start(PATIENT);
    server.write("small", "hello");
    let content = [7, 9].repeat(1_500_000);
    for (number, range) in ["", "Range: bytes=1-\r\n"].into_iter().enumerate() {
        let path = format!("/long{number}");
        server.write(&path[1..], &content);
        let ask = async |method: &str, wait: u8| {
            let fields = format!("Want-Repr-Digest: sha-256=1\r\nPrefer: wait={wait}\r\n{range}");
            server.ask(method, &path, &fields).await
        };
        let first = ask("GET", 0).await;
        let sent = &content[usize::from(!range.is_empty())..];
        let length = sent.len().to_string();
        assert_eq!(first.header("content-length"), Some(&*length));
        assert_eq!((first.header("repr-digest"), first.header("preference-applied")), (None, Some("wait=0")));
        assert!(first.body == sent);
        let said = format!("sha-256=:{}:", sum(&content));
        for (method, wait) in [("HEAD", 5), ("GET", 0)] {
            let answer = ask(method, wait).await;
            let fields = (answer.header("repr-digest"), answer.header("preference-applied"));
            assert_eq!(fields, (Some(&*said), None), "{method}");
        }
    }
    let fields = "Want-Repr-Digest: sha-256=1\r\nPrefer: wait=0\r\n";
    for method in ["GET", "HEAD"] {
        let small = server.ask(method, "/small", fields).await;
        assert_eq!(small.header("repr-digest"), Some(&*format!("sha-256=:{}:", sum(b"hello"))));
        assert_eq!(small.header("content-length"), Some("5"));
    }
}

#[tokio::test]
async fn many_who_ask_at_once_for_parts_of_one_file_are_all_told() {
    let server = std::sync::Arc::new(Running::start(PATIENT));
    let content = vec![7; 3_000_000];
    server.write("a.bin", &content);
    let mut asking = JoinSet::new();
    for n in 0..20 {
        let server = std::sync::Arc::clone(&server);
        asking.spawn(async move {
            let fields = format!("Want-Digest: SHA-256\r\nRange: bytes={n}-{n}\r\n");
            server.ask("GET", "/a.bin", &fields).await
        });
    }
    for answer in asking.join_all().await {
        assert_eq!(answer.header("digest"), Some(&*format!("SHA-256={}", sum(&content))));
        assert_eq!(answer.body, [7]);
    }
}
