//! Parts of files over HTTP (RFC 9110, section 14).

use std::fmt::Write as _;

use super::{PATIENT, Response, Running};

const CONTENT: &str = "0123456789abcdefghij";

async fn ask(server: &Running, range: &str) -> Response {
    server.ask("GET", "/a.txt", &format!("Range: {range}\r\n")).await
}

fn twenty() -> Running {
    let server = Running::start(PATIENT);
    server.write("a.txt", CONTENT);
    server
}

#[tokio::test]
async fn one_part_comes_with_its_place_and_what_the_whole_would_say_of_itself() {
    let server = twenty();
    let whole = server.get("/a.txt").await;
    assert_eq!((whole.status, whole.header("accept-ranges")), (200, Some("bytes")));
    for (range, content, place) in [
        ("bytes=0-4", "01234", "bytes 0-4/20"),
        ("bytes=15-", "fghij", "bytes 15-19/20"),
        ("bytes=-2", "ij", "bytes 18-19/20"),
        ("bytes=-2000", CONTENT, "bytes 0-19/20"),
        ("bytes=19-18446744073709551616", "j", "bytes 19-19/20"),
        ("bytes=4-9,0-5", "0123456789", "bytes 0-9/20"),
    ] {
        let part = ask(&server, range).await;
        assert_eq!((part.status, part.text()), (206, content), "{range}");
        assert_eq!(part.header("content-range"), Some(place), "{range}");
        assert_eq!(part.header("content-length"), Some(&*content.len().to_string()), "{range}");
        for same in ["etag", "last-modified", "content-type", "accept-ranges", "x-content-type-options"] {
            assert_eq!(part.header(same), whole.header(same), "{range}: {same}");
        }
    }
}

#[tokio::test]
async fn several_parts_come_in_one_body_in_the_order_in_which_they_were_asked_for() {
    let server = twenty();
    let answer = ask(&server, "bytes=-1, 0-2, 5-6").await;
    assert_eq!((answer.status, answer.header("content-range")), (206, None));
    let kind = answer.header("content-type").unwrap();
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap();
    let mut expected = String::new();
    for (place, content) in [("19-19", "j"), ("0-2", "012"), ("5-6", "56")] {
        write!(
            expected,
            "--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes {place}/20\r\n\r\n{content}\r\n"
        )
        .unwrap();
    }
    write!(expected, "--{boundary}--\r\n").unwrap();
    assert_eq!(answer.text(), expected);
    assert_eq!(answer.header("content-length"), Some(&*expected.len().to_string()));
    assert_ne!(ask(&server, "bytes=-1, 0-2").await.header("content-type"), Some(kind));
}

#[tokio::test]
async fn parts_of_a_long_file_are_the_bytes_that_stand_there() {
    let server = Running::start(PATIENT);
    let content: Vec<u8> = (0..400_000_u32).flat_map(u32::to_be_bytes).collect();
    server.write("long", &content);
    let answer = server.ask("GET", "/long", "Range: bytes=300001-1500000,3-600\r\n").await;
    assert_eq!(answer.header("content-length"), Some(&*answer.body.len().to_string()));
    for (from, until) in [(300_001, 1_500_001), (3, 601)] {
        let place = format!("Content-Range: bytes {from}-{}/1600000\r\n\r\n", until - 1);
        let at = answer.body.windows(place.len()).position(|bytes| bytes == place.as_bytes()).unwrap();
        assert!(answer.body[at + place.len()..].starts_with(&content[from..until]), "{place}");
    }
}

#[tokio::test]
async fn what_the_file_does_not_have_is_refused_with_its_length() {
    let server = twenty();
    server.write("empty", "");
    for range in ["bytes=20-", "bytes=-0", "bytes=18446744073709551616-", "bytes=20-,100-200"] {
        let answer = ask(&server, range).await;
        assert_eq!((answer.status, answer.header("content-range")), (416, Some("bytes */20")), "{range}");
        assert!(!answer.text().contains(CONTENT), "{range}");
    }
    let empty = server.ask("GET", "/empty", "Range: bytes=0-\r\n").await;
    assert_eq!((empty.status, empty.header("content-range")), (416, Some("bytes */0")));
    assert_eq!(server.ask("GET", "/empty", "Range: bytes=-5\r\n").await.status, 200);
}

#[tokio::test]
async fn what_is_no_range_is_ignored_and_so_is_one_of_head() {
    let server = twenty();
    for range in ["bytes=4-3", "bytes=x", "bytes=0-1,", "lines=0-1", "bytes=0-1,-"] {
        let answer = ask(&server, range).await;
        let expected = if range == "bytes=0-1," { (206, "01") } else { (200, CONTENT) };
        assert_eq!((answer.status, answer.text()), expected, "{range}");
    }
    let twice = server.ask("GET", "/a.txt", "Range: bytes=0-1\r\nRange: bytes=2-3\r\n").await;
    assert_eq!((twice.status, twice.text()), (200, CONTENT));
    let head = server.ask("HEAD", "/a.txt", "Range: bytes=0-1\r\n").await;
    assert_eq!((head.status, head.header("content-length")), (200, Some("20")));
    assert_eq!(server.ask("GET", "/", "Range: bytes=0-1\r\n").await.status, 200);
}

#[tokio::test]
async fn ten_thousand_ranges_cost_no_more_than_the_whole_file() {
    let server = Running::start(PATIENT);
    let content = vec![b'x'; 100_000];
    server.write("a.txt", &content);
    let apart: Vec<_> = (0..10_000).map(|n| format!("{}-{}", 9 * n, 9 * n + 1)).collect();
    let overlapping: Vec<_> = (0..10_000).map(|n| format!("{n}-")).collect();
    let unsorted: Vec<_> = (0..10_000).rev().map(|n| format!("{}-{}", 2 * n, 2 * n + 1)).collect();
    for (ranges, status, length) in
        [(apart, 200, 100_000), (overlapping, 206, 100_000), (unsorted, 206, 20_000)]
    {
        let answer = ask(&server, &format!("bytes={}", ranges.join(","))).await;
        assert_eq!((answer.status, answer.body.len()), (status, length), "{}, …", ranges[0]);
    }
}
