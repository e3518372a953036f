//! Whom the server answers.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use hobnob::serve::{Access, Answer, Request, Uploads};
use hobnob::wire::credentials::Credentials;
use hobnob::wire::listing::Kind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;

use super::{Response, Running, rest};

fn guarded() -> Running {
    let uploads = Uploads { overwrite: false, limit: None, keep_free: 0 };
    let credentials = Credentials::new("lin".into(), "geheim: ß".into());
    Running::with(Access { credentials, uploads: Some(uploads), ..Access::default() })
}

fn basic(user_pass: &str) -> String {
    format!("Authorization: Basic {}\r\n", STANDARD.encode(user_pass))
}

#[tokio::test]
async fn who_gives_the_name_and_the_password_is_answered() {
    let server = guarded();
    server.write("a.txt", "hello");
    let known = basic("lin:geheim: ß");
    assert_eq!(server.ask("GET", "/a.txt", &known).await.text(), "hello");
    let list = server.ask("GET", "/", &format!("{known}Accept: application/json\r\n")).await;
    assert_eq!(list.entries()[0].kind, Kind::File);
}

#[tokio::test]
async fn who_does_not_is_asked_who_it_is_whatever_it_wants() {
    for headers in
        [String::new(), basic("lin:wrong"), basic("lin:"), "Authorization: Bearer x\r\n".to_owned()]
    {
        for (method, path) in [
            ("GET", "/a.txt"),
            ("GET", "/nope"),
            ("GET", "/"),
            ("PUT", "/b.txt"),
            ("POST", "/"),
            ("BREW", "/"),
        ] {
            let server = guarded();
            server.write("a.txt", "hello");
            let response = server.ask(method, path, &headers).await;
            assert!(!server.folder.path().join("b.txt").exists());
            assert_eq!(response.status, 401, "{method} {path} {headers}");
            assert_eq!(response.header("www-authenticate"), Some(r#"Basic realm="hobnob", charset="UTF-8""#));
            assert!(!response.text().contains("hello"), "{response:?}");
        }
    }
}

#[tokio::test]
async fn the_plain_protocol_which_cannot_say_who_asks_is_answered_with_nothing() {
    let mut server = guarded();
    server.write("a.txt", "hello");
    assert_eq!(server.plain(b"a.txt").await, b"");
    let told = server.log.recv().await.unwrap();
    assert_eq!(told.answer, Answer::Nothing);
    assert!(matches!(told.request, Request::Plain(_)), "{told:?}");
}

/// The status of an answer to a request from this address of the loopback network.
async fn from(server: &Running, address: [u8; 4], headers: &str) -> u16 {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((address, 0).into()).unwrap();
    let mut client = socket.connect(server.address).await.unwrap();
    let head = format!("GET /a.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    Response::read(&rest(&mut client).await).status
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "how long somebody is held up is what is tested")]
async fn guessing_is_slower_with_each_wrong_password_and_nobody_else_waits_for_it() {
    let server = guarded();
    server.write("a.txt", "hello");
    let (right, wrong) = (basic("lin:geheim: ß"), basic("lin:wrong"));
    let here = [127, 0, 0, 1];
    let began = Instant::now();
    for _ in 0..6 {
        assert_eq!(from(&server, here, &wrong).await, 401);
    }
    assert!(began.elapsed() >= Duration::from_millis(3500), "{:?}", began.elapsed());
    // The right one waits, too: otherwise its answer would be known by how soon it comes.
    let held = async {
        assert_eq!(from(&server, here, &right).await, 200);
        Instant::now()
    };
    let others = async {
        for _ in 0..20 {
            assert_eq!(from(&server, [127, 0, 0, 2], &right).await, 200);
        }
        assert_eq!(from(&server, here, "").await, 401, "what guesses nothing is answered at once");
        Instant::now()
    };
    let (held, others) = tokio::join!(held, others);
    assert!(held >= began + Duration::from_millis(7500) && others < held, "{:?}", held - began);
}

#[tokio::test]
async fn many_guesses_at_once_are_not_looked_at_and_told_when_to_come_again() {
    let server = guarded();
    let guess = basic("lin:wrong");
    let answers = join_all((0..60).map(|_| server.ask("GET", "/a.txt", &guess))).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert!(count(401) <= 8 && count(401) + count(429) == 60, "{} {}", count(401), count(429));
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert!(refused.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1, "{refused:?}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "how long somebody is held up is what is tested")]
async fn a_connection_on_which_the_right_password_was_given_is_not_held_up() {
    let server = guarded();
    server.write("a.txt", "hello");
    let mut client = server.connect().await;
    let request = format!("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n{}\r\n", basic("lin:geheim: ß"));
    let mut answer = async || {
        client.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"hello") {
            assert!(client.read_buf(&mut bytes).await.unwrap() > 0, "{}", bytes.escape_ascii());
        }
    };
    answer().await;
    for _ in 0..6 {
        server.ask("GET", "/a.txt", &basic("lin:wrong")).await;
    }
    let began = Instant::now();
    answer().await;
    assert!(began.elapsed() < Duration::from_millis(3500), "{:?}", began.elapsed());
}
