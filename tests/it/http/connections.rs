//! Which connection a question goes over, and how long one is kept.

use std::io::Write as _;
use std::sync::mpsc::channel;
use std::time::Duration;

use hobnob::event::Fault;
use hobnob::net::http::Question;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, timeout};

use super::{ask, get, moved, read};
use crate::support::lasting::{Act, Lasting};
use crate::support::server::{Server, client, ok, send};

fn hello() -> String {
    ok("text/plain", "hello")
}

#[tokio::test]
async fn questions_go_one_after_the_other_over_one_connection() {
    let server = Lasting::new(|_| Act::Keep(hello()));
    let client = client();
    for path in ["/a", "/b", "/c"] {
        assert_eq!(get(&client, &server.source("http://", path)).await.unwrap(), "hello");
    }
    // Whoever is certain that it is HTTP, and whoever is not, ask the same server.
    assert_eq!(get(&client.clone(), &server.source("", "/d")).await.unwrap(), "hello");
    assert_eq!(server.heard(), ["1 GET /a", "1 GET /b", "1 GET /c", "1 GET /d"]);
}

#[tokio::test]
async fn a_server_that_was_probed_and_speaks_http_is_asked_on_over_the_same_connection() {
    let server = Lasting::new(|_| Act::Keep(hello()));
    let client = client();
    for path in ["/a", "/b"] {
        get(&client, &server.source("", path)).await.unwrap();
    }
    assert_eq!(server.heard(), ["1 GET /a", "1 GET /b"]);
}

#[tokio::test]
async fn bodies_in_chunks_and_answers_without_a_body_leave_a_connection_free() {
    let server = Lasting::new(|heard| {
        Act::Keep(
            match heard.path() {
                "/chunks" => {
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n"
                }
                "/none" => "HTTP/1.1 204 No Content\r\n\r\n",
                "/same" => "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
                _ => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            }
            .to_owned(),
        )
    });
    let client = client();
    for (path, text) in [("/chunks", "hello"), ("/none", ""), ("/same", ""), ("/empty", "")] {
        assert_eq!(get(&client, &server.source("http://", path)).await.unwrap(), text, "{path}");
    }
    assert_eq!(server.heard(), ["1 GET /chunks", "1 GET /none", "1 GET /same", "1 GET /empty"]);
}

#[tokio::test]
async fn questions_at_the_same_time_go_over_connections_of_their_own() {
    let server = Lasting::new(|_| Act::Keep(hello()));
    let client = client();
    let mut first = ask(&client, &server.source("http://", "/a")).await.unwrap();
    let mut second = ask(&client, &server.source("http://", "/b")).await.unwrap();
    assert_eq!(read(&mut first).await.unwrap(), b"hello");
    assert_eq!(read(&mut second).await.unwrap(), b"hello");
    assert_eq!(server.heard(), ["1 GET /a", "2 GET /b"]);
}

#[tokio::test]
async fn another_server_gets_another_connection_and_so_does_another_name_of_the_same() {
    let (one, other) = (Lasting::new(|_| Act::Keep(hello())), Lasting::new(|_| Act::Keep(hello())));
    let client = client();
    get(&client, &one.source("http://", "/a")).await.unwrap();
    get(&client, &other.source("http://", "/b")).await.unwrap();
    let mut named = one.source("http://", "/c");
    named.endpoint.host = hobnob::wire::address::Host::Name("localhost".into());
    get(&client, &named).await.unwrap();
    assert_eq!(one.heard(), ["1 GET /a", "2 GET /c"]);
    assert_eq!(other.heard(), ["1 GET /b"]);
}

#[tokio::test]
async fn a_body_that_is_not_read_to_its_end_closes_its_connection() {
    let mut server = Lasting::new(|_| Act::Keep(ok("text/plain", &"x".repeat(1 << 20))));
    let client = client();
    let mut answer = ask(&client, &server.source("http://", "/a")).await.unwrap();
    answer.body.next().await.unwrap().unwrap();
    drop(answer);
    assert_eq!(server.ended().await, 1);
    ask(&client, &server.source("http://", "/b")).await.unwrap();
    assert_eq!(server.heard(), ["1 GET /a", "2 GET /b"]);
}

#[tokio::test]
async fn a_refusal_costs_a_connection_only_where_much_comes_with_it() {
    for (length, connection) in [(60_000, 1), (70_000, 2)] {
        let server = Lasting::new(move |heard| {
            let page = "x".repeat(length);
            Act::Keep(match heard.path() {
                "/gone" => format!("HTTP/1.1 404 Not Found\r\nContent-Length: {length}\r\n\r\n{page}"),
                _ => hello(),
            })
        });
        let client = client();
        let refused = ask(&client, &server.source("http://", "/gone")).await.unwrap();
        assert_eq!(refused.refusal().await, Fault::Status(404));
        get(&client, &server.source("http://", "/b")).await.unwrap();
        assert_eq!(server.heard(), ["1 GET /gone".to_owned(), format!("{connection} GET /b")]);
    }
}

#[tokio::test]
async fn a_redirect_is_followed_over_the_same_connection() {
    let server =
        Lasting::new(|heard| Act::Keep(if heard.path() == "/a" { moved(301, "/b") } else { hello() }));
    assert_eq!(get(&client(), &server.source("http://", "/a")).await.unwrap(), "hello");
    assert_eq!(server.heard(), ["1 GET /a", "1 GET /b"]);
}

#[tokio::test]
async fn a_connection_that_the_server_closes_after_its_answer_is_not_used_again() {
    for answer in [
        hello(),
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello".to_owned(),
        "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_owned(),
        "HTTP/1.1 200 OK\r\n\r\nhello".to_owned(),
    ] {
        let server = Lasting::new(move |_| Act::Close(answer.clone()));
        let client = client();
        for path in ["/a", "/b"] {
            assert_eq!(get(&client, &server.source("http://", path)).await.unwrap(), "hello");
        }
        assert_eq!(server.heard(), ["1 GET /a", "2 GET /b"]);
    }
}

#[tokio::test]
async fn a_connection_that_its_server_closes_while_nobody_uses_it_is_let_go_at_once() {
    // Only when we have closed ours, too, does it serve the next one.
    let (told, mut ends) = unbounded_channel();
    let (close, closing) = channel();
    let server = Server::new(move |_, mut stream| {
        stream.write_all(hello().as_bytes()).unwrap();
        closing.recv().unwrap();
        send(stream, b"");
        told.send(()).unwrap();
    });
    let client = client();
    for path in ["/a", "/b"] {
        assert_eq!(get(&client, &server.source("http://", path)).await.unwrap(), "hello");
        close.send(()).unwrap();
        // Half the time for which an open one is kept.
        let ended = timeout(Duration::from_secs(7), ends.recv()).await;
        assert_eq!(ended.expect("it is kept"), Some(()), "{path}");
    }
}

#[tokio::test]
async fn a_question_that_finds_its_connection_closed_is_asked_again_on_a_new_one() {
    for scheme in ["http://", ""] {
        for close in [|| Act::Close(String::new()), || Act::Reset(String::new())] {
            let server = Lasting::new(move |heard| match (heard.connection, heard.nth) {
                (1, 2) => close(),
                _ => Act::Keep(hello()),
            });
            let client = client();
            for path in ["/a", "/b"] {
                assert_eq!(get(&client, &server.source(scheme, path)).await.unwrap(), "hello");
            }
            assert_eq!(server.heard(), ["1 GET /a", "1 GET /b", "2 GET /b"]);
        }
    }
}

#[tokio::test]
async fn a_question_is_asked_again_once_and_not_where_an_answer_had_begun() {
    let server =
        Lasting::new(
            |heard| if heard.path() == "/a" { Act::Keep(hello()) } else { Act::Close(String::new()) },
        );
    let client = client();
    get(&client, &server.source("http://", "/a")).await.unwrap();
    assert_eq!(get(&client, &server.source("http://", "/b")).await, Err(Fault::Closed));
    assert_eq!(server.heard(), ["1 GET /a", "1 GET /b", "2 GET /b"]);

    let half = || Act::Close("HTTP/1.1 200 OK\r\nContent-Le".to_owned());
    let server = Lasting::new(move |heard| if heard.path() == "/a" { Act::Keep(hello()) } else { half() });
    get(&client, &server.source("http://", "/a")).await.unwrap();
    assert_eq!(get(&client, &server.source("http://", "/b")).await, Err(Fault::Reset));
    assert_eq!(server.heard(), ["1 GET /a", "1 GET /b"]);
}

#[tokio::test]
async fn a_server_that_has_become_a_plain_one_is_found_out_by_a_probe() {
    let server =
        Lasting::new(
            |heard| if heard.path() == "/a" { Act::Keep(hello()) } else { Act::Close(String::new()) },
        );
    let client = client();
    get(&client, &server.source("", "/a")).await.unwrap();
    assert!(client.ask(&server.source("", "/b"), &Question::get("*/*")).await.unwrap().is_none());
}

#[tokio::test]
async fn no_connection_is_kept_to_a_server_that_may_be_a_plain_one() {
    let server = Server::new(|_, stream| send(stream, b"some bytes"));
    let client = client();
    for _ in 0..2 {
        assert!(client.ask(&server.source("", "/a"), &Question::get("*/*")).await.unwrap().is_none());
    }
    // It serves one at a time, and so it could not have heard the second one had the first been kept.
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn what_comes_behind_an_answer_is_not_the_answer_to_the_next_question() {
    for first in [hello() + &ok("text/plain", "more"), "HTTP/1.1 204 No Content\r\n\r\nmore".to_owned()] {
        let server =
            Lasting::new(move |heard| Act::Keep(if heard.path() == "/a" { first.clone() } else { hello() }));
        let client = client();
        get(&client, &server.source("http://", "/a")).await.unwrap();
        assert_eq!(get(&client, &server.source("http://", "/b")).await.unwrap(), "hello");
        assert_eq!(server.heard(), ["1 GET /a", "2 GET /b"]);
    }
}

#[tokio::test]
async fn the_head_alone_says_the_length_and_takes_no_body() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 12345678901\r\nETag: \"e\"\r\n\r\n";
    let server = Lasting::new(move |heard| {
        Act::Keep(if heard.head.starts_with("HEAD ") { head.into() } else { hello() })
    });
    let client = client();
    let source = server.source("http://", "/a");
    let mut answer = client.ask(&source, &Question::head("*/*")).await.unwrap().unwrap();
    assert_eq!(answer.length, Some(12_345_678_901));
    assert_eq!(answer.headers["etag"], "\"e\"");
    assert_eq!(read(&mut answer).await.unwrap(), b"");
    assert_eq!(ask(&client, &source).await.unwrap().length, Some(5));
    assert_eq!(server.heard(), ["1 HEAD /a", "1 GET /a"]);
}

#[tokio::test]
async fn a_body_where_only_the_head_was_wanted_is_nobody_s_answer() {
    let server = Lasting::new(|_| Act::Keep(hello()));
    let client = client();
    let source = server.source("http://", "/a");
    let mut answer = client.ask(&source, &Question::head("*/*")).await.unwrap().unwrap();
    assert_eq!((answer.length, read(&mut answer).await.unwrap()), (Some(5), Vec::new()));
    assert_eq!(get(&client, &source).await.unwrap(), "hello");
}

#[tokio::test]
async fn of_many_connections_to_one_server_as_many_are_kept_as_downloads_use_at_once() {
    let mut server = Lasting::new(|_| Act::Keep(hello()));
    let client = client();
    let source = server.source("http://", "/a");
    let mut answers = Vec::new();
    for _ in 0..66 {
        answers.push(ask(&client, &source).await.unwrap());
    }
    for answer in &mut answers {
        read(answer).await.unwrap();
    }
    let mut ended = [server.ended().await, server.ended().await];
    ended.sort_unstable();
    assert_eq!(ended, [1, 2]);
    assert_eq!(server.heard().len(), 66);
    for _ in 0..64 {
        answers.push(ask(&client, &source).await.unwrap());
    }
    let mut used = server.heard();
    used.sort_unstable();
    let mut kept: Vec<_> = (3..=66).map(|number| format!("{number} GET /a")).collect();
    kept.sort_unstable();
    assert_eq!(used, kept);
}

#[tokio::test]
async fn of_connections_to_many_servers_ninety_six_are_kept() {
    let mut servers: Vec<_> = (0..100).map(|_| Lasting::new(|_| Act::Keep(hello()))).collect();
    let client = client();
    for server in &servers {
        get(&client, &server.source("http://", "/a")).await.unwrap();
    }
    for server in &mut servers[..4] {
        assert_eq!(server.ended().await, 1);
    }
    for server in &servers[4..] {
        get(&client, &server.source("http://", "/b")).await.unwrap();
        assert_eq!(server.heard(), ["1 GET /a", "1 GET /b"]);
    }
}

#[tokio::test]
async fn a_connection_that_nobody_uses_is_closed_after_fifteen_seconds() {
    let mut server = Lasting::new(|_| Act::Keep(hello()));
    let client = client();
    get(&client, &server.source("http://", "/a")).await.unwrap();
    // Where nothing else is to be done, the clock goes on to whatever is to happen next.
    tokio::time::pause();
    #[expect(clippy::disallowed_methods, reason = "what is tested is how long it takes")]
    let kept = Instant::now();
    assert_eq!(server.ended().await, 1);
    assert_eq!(kept.elapsed().as_secs(), 15);
    tokio::time::resume();
    get(&client, &server.source("http://", "/b")).await.unwrap();
    assert_eq!(server.heard(), ["1 GET /a", "2 GET /b"]);
}
