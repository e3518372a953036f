//! Heads that are wrong, and that other clients take all the same.

use hobnob::event::Fault;
use hobnob::text::clean_line;

use super::{ask, get, read};
use crate::support::server::{Server, client};

#[tokio::test]
async fn what_curl_takes_is_taken() {
    let many =
        |count| format!("HTTP/1.1 200 OK\r\n{}Content-Length: 5\r\n\r\nhello", "X-Y: z\r\n".repeat(count));
    for answer in [
        "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\tc\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain;\r\n charset=x\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nX: a\u{1}b\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nX: a\u{7f}\u{1b}[31m\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 Very\u{1b}OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nno field at all\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nX y: z\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
        "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/2 200\r\ncontent-length: 5\r\n\r\nhello",
        "HTTP/2 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\nhello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/2 200\r\ncontent-length: 5\r\n\r\nhello",
        &many(101),
        &many(500),
        &many(4999),
    ] {
        let server = Server::sending(answer);
        let source = server.source("http://", "/a");
        let head: String = answer.chars().take(60).collect();
        assert_eq!(get(&client(), &source).await.as_deref(), Ok("hello"), "{head:?}");
    }
}

#[tokio::test]
async fn a_probed_server_is_taken_as_leniently() {
    for answer in
        ["HTTP/2 200\r\ncontent-length: 5\r\n\r\nhello", "HTTP/1.1 200 OK\r\nX: a\u{1}\r\n\r\nhello"]
    {
        let server = Server::sending(answer);
        assert_eq!(get(&client(), &server.source("", "/a")).await.as_deref(), Ok("hello"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_folded_field_is_one_value() {
    let server = Server::sending("HTTP/1.1 200 OK\r\nX: a\r\n   b\r\nContent-Length: 0\r\n\r\n");
    let mut answer = ask(&client(), &server.source("http://", "/a")).await.unwrap();
    let value: Vec<_> =
        answer.text(&"x".parse().unwrap()).unwrap().split_whitespace().map(str::to_owned).collect();
    assert_eq!(value, ["a", "b"]);
    assert_eq!(read(&mut answer).await.unwrap(), b"");
}

#[tokio::test]
async fn what_would_be_read_in_two_ways_is_not_taken() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "HTTP/1.1 20x OK\r\n\r\nhello",
        "HTTP/x 200 OK\r\n\r\nhello",
        "ICY 200 OK\r\n\r\nhello",
    ] {
        let server = Server::sending(answer);
        assert_eq!(get(&client(), &server.source("http://", "/a")).await, Err(Fault::Garbled), "{answer}");
    }
}

#[tokio::test]
async fn a_transfer_coding_that_nobody_asked_for_is_refused_and_not_taken_for_the_file() {
    for (coding, named) in [
        ("gzip, chunked", "gzip"),
        ("gzip", "gzip"),
        ("deflate, chunked", "deflate"),
        ("chunked\r\nTransfer-Encoding: gzip", "gzip"),
        ("xyz", "xyz"),
        ("xyz, chunked", "xyz"),
    ] {
        let server = Server::sending(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        ));
        let fault = Fault::Encoded(clean_line(named.as_bytes()));
        assert_eq!(get(&client(), &server.source("http://", "/a")).await, Err(fault), "{coding}");
    }
}

#[tokio::test]
async fn a_success_of_another_kind_is_a_success_where_it_carries_all() {
    for (status, field, is_whole) in [
        (200, "", true),
        (201, "", true),
        (203, "", true),
        (226, "", true),
        (226, "IM: vcdiff\r\n", false),
        (206, "Content-Range: bytes 0-4/5\r\n", true),
        (206, "Content-Range: bytes 0-4/9\r\n", false),
        (206, "Content-Range: bytes 4-8/9\r\n", false),
        (206, "Content-Range: bytes 0-4/*\r\n", false),
        (206, "", false),
        (204, "", false),
        (404, "", false),
    ] {
        let server = Server::sending(format!("HTTP/1.1 {status} X\r\n{field}Content-Length: 5\r\n\r\nhello"));
        let answer = ask(&client(), &server.source("http://", "/a")).await.unwrap();
        assert_eq!(answer.is_whole(), is_whole, "{status} {field}");
    }
}
