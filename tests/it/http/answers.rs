//! Servers that are out of their minds.

use std::io::Write;

use hobnob::event::Fault;

use super::{ask, get, read};
use crate::support::server::{Server, client, ok, send, send_on};

async fn fault_of(answer: impl Into<Vec<u8>>) -> Fault {
    let server = Server::sending(answer);
    get(&client(), &server.source("http://", "/a")).await.unwrap_err()
}

#[tokio::test]
async fn a_head_of_up_to_64_kibibytes_is_read() {
    let head =
        |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: {}\r\n\r\n", "x".repeat(length));
    let server = Server::sending(head(64_000));
    assert_eq!(ask(&client(), &server.source("http://", "/a")).await.unwrap().headers["x"].len(), 64_000);
    assert_eq!(fault_of(head(66_000)).await, Fault::Garbled);
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(10_000));
    assert_eq!(fault_of(many).await, Fault::Garbled);
}

#[tokio::test]
async fn a_head_without_end_is_not_read_to_its_end() {
    for beginning in ["HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 ", ""] {
        let server = Server::new(move |_, mut stream| {
            stream.write_all(beginning.as_bytes()).unwrap();
            send_on(stream);
        });
        let ended = get(&client(), &server.source("http://", "/a")).await;
        assert_eq!(ended, Err(Fault::Garbled), "{beginning:?}");
    }
}

#[tokio::test]
async fn answers_that_are_none_yet_are_waited_through_but_not_for_ever() {
    let server =
        Server::sending(format!("HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n{}", ok("text/plain", "hello")));
    assert_eq!(get(&client(), &server.source("http://", "/a")).await.unwrap(), "hello");
    let server = Server::new(|_, mut stream| while stream.write_all(b"HTTP/1.1 102 Wait\r\n\r\n").is_ok() {});
    assert_eq!(get(&client(), &server.source("http://", "/a")).await, Err(Fault::Garbled));
    assert_eq!(fault_of("HTTP/1.1 102 Wait\r\n\r\n").await, Fault::Reset);
}

#[tokio::test]
async fn lengths_that_contradict_each_other_are_not_believed() {
    for fields in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: -5",
        "Content-Length: 5, 6",
        "Content-Length: 0x5",
    ] {
        assert_eq!(
            fault_of(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\nhello!")).await,
            Fault::Garbled,
            "{fields}"
        );
    }
}

#[tokio::test]
async fn chunks_that_are_none_are_an_error_and_not_the_end() {
    for (chunks, fault) in [
        ("5\r\nhel", Fault::Reset),
        ("5\r\nhello\r\n", Fault::Reset),
        ("5\r\nhello\r\n0\r\n", Fault::Reset),
        ("x\r\nhello", Fault::Garbled),
        ("5\r\nhelloworld\r\n0\r\n\r\n", Fault::Garbled),
        ("fffffffffffffffff\r\nhello", Fault::Garbled),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        assert_eq!(fault_of(answer).await, fault, "{chunks:?}");
    }
}

#[tokio::test]
async fn fields_behind_a_body_are_no_part_of_it_and_may_not_go_on_for_ever() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: ";
    let server = Server::sending(format!("{chunked}y\r\n\r\n"));
    assert_eq!(get(&client(), &server.source("http://", "/a")).await.unwrap(), "hello");
    let server = Server::new(move |_, mut stream| {
        stream.write_all(chunked.as_bytes()).unwrap();
        send_on(stream);
    });
    assert!(get(&client(), &server.source("http://", "/a")).await.is_err());
}

#[tokio::test]
async fn an_answer_to_a_question_that_was_not_asked_yet_harms_nobody() {
    // It is there before the question is, or it comes behind it: either it is the answer, or it is none.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            send(stream.unwrap(), ok("text/plain", "hello").as_bytes());
        }
    });
    let source = hobnob::wire::source::Source::parse(&format!("http://{address}/a")).unwrap();
    for _ in 0..20 {
        let ended = get(&client(), &source).await;
        assert!(ended == Ok("hello".into()) || ended == Err(Fault::Garbled), "{ended:?}");
    }
}

#[tokio::test]
async fn no_name_adds_a_line_to_a_question() {
    let server = Server::http(|_| ok("text/plain", "hello"));
    let top = server.source("http://", "/");
    for name in [&b"a\r\nX-Evil: 1"[..], b"a HTTP/1.1\r\nX-Evil: 1\r\n\r\n", b"\n", b"\0"] {
        get(&client(), &top.at(top.path.join(name))).await.unwrap();
    }
    let pasted = hobnob::wire::source::Path::from_url("/a\r\nX-Evil: 1\r\n\r\nb?c\r\nX-Evil: 2");
    get(&client(), &top.at(pasted)).await.unwrap();
    for request in server.requests() {
        let text = String::from_utf8(request).unwrap();
        assert!(text.lines().all(|line| !line.starts_with("X-Evil")), "{text}");
        assert_eq!(text.matches("\r\n\r\n").count(), 1, "{text}");
    }
}

#[tokio::test]
async fn a_body_of_unknown_length_ends_with_its_connection() {
    let server = Server::sending("HTTP/1.1 200 OK\r\n\r\nhello");
    let mut answer = ask(&client(), &server.source("http://", "/a")).await.unwrap();
    assert_eq!(answer.length, None);
    assert_eq!(read(&mut answer).await.unwrap(), b"hello");
}
