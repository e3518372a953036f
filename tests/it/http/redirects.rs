//! Whom we follow, and how far.

use hobnob::event::Fault;
use hobnob::net::http::Question;
use hobnob::text::clean_line;

use super::{ask, get, moved};
use crate::support::lasting::{Act, Lasting};
use crate::support::server::{Server, client, nobody, ok};

#[tokio::test]
async fn every_kind_of_redirect_is_followed_and_what_is_asked_stays_the_same() {
    for status in [301, 302, 303, 307, 308] {
        let server = Lasting::new(move |heard| {
            Act::Keep(match heard.path() {
                "/dir/a" => moved(status, "../b?x=%20y#top"),
                _ => ok("text/plain", "hello"),
            })
        });
        let client = client();
        let source = server.source("http://", "/dir/a");
        let answer = ask(&client, &source).await.unwrap();
        assert_eq!(answer.source.path.encoded(), "/b?x=%20y");
        drop(answer);
        let range = ("range".parse().unwrap(), "bytes=5-".parse().unwrap());
        let question = Question::head("text/html").with(range.0, range.1);
        client.ask(&source, &question).await.unwrap().unwrap();
        let heads = server.heads();
        let lines: Vec<_> = heads.iter().map(|head| head.split(" HTTP").next().unwrap()).collect();
        assert_eq!(lines[..2], ["GET /dir/a", "GET /b?x=%20y"]);
        // What comes behind a head that nobody wanted cost the connection, and changes nothing else.
        assert_eq!(lines[2..], ["HEAD /dir/a", "HEAD /b?x=%20y"]);
        assert!(heads[3].contains("range: bytes=5-\r\n") && heads[3].contains("accept: text/html\r\n"));
    }
}

#[tokio::test]
async fn other_servers_are_followed_to() {
    let there = Lasting::new(|_| Act::Keep(ok("text/plain", "there")));
    let address = there.address;
    let here = Lasting::new(move |_| Act::Keep(moved(302, &format!("//{address}/b"))));
    for scheme in ["http://", ""] {
        let answer = ask(&client(), &here.source(scheme, "/a")).await.unwrap();
        assert_eq!(answer.source.to_string(), format!("http://{address}/b"));
    }
    let heads = there.heads();
    assert!(heads.iter().all(|head| head.contains(&format!("host: {address}\r\n"))), "{heads:?}");
}

#[tokio::test]
async fn twenty_redirects_are_followed_and_no_more() {
    let server = Lasting::new(|heard| {
        let left: u32 = heard.path()[1..].parse().unwrap();
        Act::Keep(if left == 0 { ok("text/plain", "hello") } else { moved(302, &(left - 1).to_string()) })
    });
    let client = client();
    assert_eq!(get(&client, &server.source("http://", "/20")).await.unwrap(), "hello");
    assert_eq!(server.heard().len(), 21);
    assert_eq!(get(&client, &server.source("http://", "/21")).await, Err(Fault::RedirectedTooOften));
    assert_eq!(server.heard().len(), 21);
}

#[tokio::test]
async fn nobody_leads_us_out_of_the_web() {
    for target in [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "javascript:alert(1)",
        "plain://127.0.0.1/",
        "http://me:pw@127.0.0.1/",
    ] {
        let server = Lasting::new(move |_| Act::Keep(moved(302, target)));
        let refused = Fault::Redirected(clean_line(target.as_bytes()));
        for scheme in ["http://", ""] {
            assert_eq!(get(&client(), &server.source(scheme, "/a")).await, Err(refused.clone()), "{target}");
        }
        assert_eq!(server.heard().len(), 2);
    }
}

#[tokio::test]
async fn where_it_leads_is_said_in_a_form_fit_to_be_shown() {
    let server = Server::sending(b"HTTP/1.1 302 Found\r\nLocation: x:\xff\xe2\x80\xae\r\n\r\n".to_vec());
    let Err(Fault::Redirected(target)) = get(&client(), &server.source("http://", "/a")).await else {
        panic!()
    };
    assert!(!target.contains('\u{202e}') && target.starts_with("x:"), "{target}");
}

#[tokio::test]
async fn a_redirect_that_does_not_say_where_to_is_an_answer_like_any_other() {
    let server = Server::sending("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
    let answer = ask(&client(), &server.source("http://", "/a")).await.unwrap();
    assert_eq!(answer.refusal().await, Fault::Status(302));
    // Nor is one that is for something else.
    let server = Server::sending("HTTP/1.1 300 Choose\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(ask(&client(), &server.source("http://", "/a")).await.unwrap().status, 300);
}

#[tokio::test]
async fn whoever_is_led_to_a_server_that_is_none_says_so() {
    let course = Server::course(&[(b"a", b"hello")]);
    let (address, _held) = nobody();
    for (to, fault) in [(course.address, Fault::Closed), (address, Fault::Refused)] {
        let server = Lasting::new(move |_| Act::Keep(moved(302, &format!("http://{to}/a"))));
        // It was http that was promised: that is not to be taken for a plain server.
        assert_eq!(get(&client(), &server.source("", "/a")).await, Err(fault));
    }
    assert_eq!(course.requests().len(), 1);
}

#[tokio::test]
async fn a_cookie_that_is_set_on_the_way_is_told_on_the_way_to_that_server_alone() {
    let other = Lasting::new(|_| Act::Keep(ok("text/plain", "other")));
    let address = other.address;
    let server = Lasting::new(move |heard| {
        let cookie = heard.field("cookie").map(str::to_owned);
        let set = |to: &str, cookies: &str| moved(302, to).replacen("\r\n", &format!("\r\n{cookies}"), 1);
        Act::Keep(match (heard.path(), cookie.as_deref()) {
            ("/a", None) => set("/login", "Set-Cookie: s=1; Path=/\r\nSet-Cookie: t=2; Path=/login\r\n"),
            ("/login", Some("t=2; s=1")) => set("/a", "Set-Cookie: t=; Max-Age=0; Path=/login\r\n"),
            ("/a", Some("s=1")) => ok("text/plain", "hello"),
            ("/b", None) => {
                set(&format!("http://localhost:{}/", address.port()), "Set-Cookie: s=1; Path=/\r\n")
            }
            _ => "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n".to_owned(),
        })
    });
    let client = client();
    for _ in 0..2 {
        assert_eq!(get(&client, &server.source("http://", "/a")).await.as_deref(), Ok("hello"));
    }
    assert_eq!(get(&client, &server.source("http://", "/b")).await.as_deref(), Ok("other"));
    assert!(other.heads().iter().all(|head| !head.contains("cookie: ")));
}
