//! Requests of which a proxy before us might see the end in another place: a second one hidden in the first is never
//! answered.

use super::{PATIENT, Running, holds, statuses};

const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LAST: &str = "GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

fn server() -> Running {
    let server = Running::start(PATIENT);
    server.write("a", "the first");
    server.write("hidden", "the hidden one");
    server.write("last", "the last");
    server
}

/// What comes back for a request with these fields, which a hidden one follows and then an honest one.
async fn attack(server: &Running, fields: &str) -> Vec<u8> {
    attack_with_body(server, fields, "").await
}

async fn attack_with_body(server: &Running, fields: &str, body: &str) -> Vec<u8> {
    let request = format!("GET /a HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{body}{HIDDEN}{LAST}");
    server.exchange(request.as_bytes()).await
}

#[tokio::test]
async fn a_head_that_can_be_read_in_two_ways_is_refused_and_nothing_after_it_is_read() {
    let server = server();
    for fields in [
        // Two lengths.
        "Content-Length: 0\r\nContent-Length: 33\r\n",
        "Content-Length: 33\r\nContent-Length: 0\r\n",
        "Content-Length: 0, 33\r\n",
        "content-length: 0\r\nCONTENT-LENGTH: 33\r\n",
        // No lengths.
        "Content-Length: +5\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length: 5;\r\n",
        "Content-Length: 5.0\r\n",
        "Content-Length: \u{665}\r\n",
        "Content-Length:\r\n",
        "Content-Length: 18446744073709551616\r\n",
        // Encodings that do not say where the body ends.
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked;x\r\n",
        "Transfer-Encoding: \u{b}chunked\r\n",
        "Transfer-Encoding:\r\n",
        // Lines that go on, and names that do not end where they should.
        "X: a\r\n Content-Length: 33\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        " Content-Length: 33\r\n",
        "Content-Length : 33\r\n",
        "Content-Length\t: 33\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length 33\r\n",
        ": 33\r\n",
        "X: a\rContent-Length: 33\r\n",
        "X: a\0b\r\n",
        // Two hosts.
        "Host: other\r\n",
        "host: t\r\n",
    ] {
        let answer = attack(&server, fields).await;
        assert_eq!(statuses(&answer), ["400"], "{fields:?}: {}", answer.escape_ascii());
    }
    let (no_host, old) = (
        format!("GET /a HTTP/1.1\r\n\r\n{HIDDEN}"),
        format!("GET /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}"),
    );
    for request in [no_host, old] {
        let answer = server.exchange(request.as_bytes()).await;
        assert_eq!(statuses(&answer), ["400"], "{request:?}: {}", answer.escape_ascii());
    }
}

#[tokio::test]
async fn encodings_that_we_do_not_know_are_not_guessed_at() {
    let server = server();
    for encoding in ["gzip, chunked", "chunked, chunked", "identity, chunked"] {
        let fields = format!("Transfer-Encoding: {encoding}\r\n");
        let answer = attack_with_body(&server, &fields, "0\r\n\r\n").await;
        assert_eq!(statuses(&answer), ["501"], "{encoding}: {}", answer.escape_ascii());
    }
    let twice = "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n";
    let answer = attack_with_body(&server, twice, "0\r\n\r\n").await;
    assert_eq!(statuses(&answer), ["501"], "{}", answer.escape_ascii());
}

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

#[tokio::test]
async fn a_length_beside_chunks_makes_the_request_the_last_one() {
    let server = server();
    let length = format!("Content-Length: {}\r\n", 5 + HIDDEN.len());
    for fields in [
        format!("{length}{CHUNKED}"),
        format!("{CHUNKED}{length}"),
        format!("{CHUNKED}X: y\nContent-Length: 9\r\n"),
    ] {
        let answer = attack_with_body(&server, &fields, "0\r\n\r\n").await;
        assert!(!holds(&answer, "the hidden one") && !holds(&answer, "the last"), "{fields:?}");
        assert!(matches!(&statuses(&answer)[..], [only] if only == "200" || only == "400"), "{fields:?}");
    }
}

#[tokio::test]
async fn a_request_whose_lines_end_without_a_carriage_return_is_the_last_one() {
    let server = server();
    for request in [
        "GET /a HTTP/1.1\nHost: localhost\n\n",
        "GET /a HTTP/1.1\r\nHost: localhost\r\nX: y\n\n",
        "GET /a HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: localhost\r\nX: y\r\n\n",
    ] {
        let answer = server.exchange(format!("{request}{HIDDEN}{LAST}").as_bytes()).await;
        assert_eq!(statuses(&answer), ["200"], "{request:?}: {}", answer.escape_ascii());
        assert!(answer.ends_with(b"the first"), "{request:?}");
    }
    // Also where it is not the first one, and what hides comes later.
    let honest = "GET /last HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let answer =
        server.exchange(format!("{honest}GET /a HTTP/1.1\r\nHost: localhost\n\r\n{HIDDEN}").as_bytes()).await;
    assert!(!holds(&answer, "the hidden one") && holds(&answer, "the last"), "{}", answer.escape_ascii());
}

#[tokio::test]
async fn the_body_of_a_get_is_no_request() {
    let server = server();
    let length = HIDDEN.len();
    for (fields, body) in [
        (format!("Content-Length: {length}\r\n"), HIDDEN.to_owned()),
        (format!("Content-Length: {length}\r\nContent-Length: {length}\r\n"), HIDDEN.to_owned()),
        (format!("Content-Length: {length}\r\nExpect: 100-continue\r\n"), HIDDEN.to_owned()),
        ("Transfer-Encoding: chunked\r\n".to_owned(), format!("{length:x}\r\n{HIDDEN}\r\n0\r\n\r\n")),
        ("Transfer-Encoding: Chunked\r\n".to_owned(), format!("{length:x};{HIDDEN}\r\n0\r\n\r\n")),
        ("Transfer-Encoding: chunked\r\n".to_owned(), format!("0\r\n{HIDDEN}")),
        (format!("Content-Length: {}\r\n", 3_000_000 + length), format!("{}{HIDDEN}", "x".repeat(3_000_000))),
        ("Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 33\r\n".to_owned(), HIDDEN.to_owned()),
    ] {
        for method in ["GET", "HEAD", "OPTIONS", "POST"] {
            let request = format!("{method} /a HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{body}{LAST}");
            let answer = server.exchange(request.as_bytes()).await;
            assert!(!holds(&answer, "the hidden one"), "{method} {fields:?}: {}", answer.escape_ascii());
            assert!(holds(&answer, "HTTP/1.1 "), "{method} {fields:?}");
        }
    }
}
