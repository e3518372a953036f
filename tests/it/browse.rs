//! Lists: what of a server's answer becomes one.

use std::io::Write;
use std::sync::mpsc::channel;
use std::time::Duration;

use hobnob::event::{BrowseEvent, Event, Fault, Listing, RequestId, Stage};
use hobnob::net::Timeouts;
use hobnob::net::browse::{BrowseCommand, Browsed, browse, run};
use hobnob::net::http::Client;
use hobnob::text::clean_line;
use hobnob::wire::listing::Kind;
use hobnob::wire::source::{Scheme, Source};
use tokio::sync::mpsc;

use crate::support::server::{PATIENT, Server, client, hold, nobody, ok, reset, send, send_on};

mod dialects;
mod real;
mod recorded;

const LIST: &str = r#"[
    {"name": "sub/", "size": 4096, "url": "./sub/", "mod_time": "2026-11-02T09:14:00Z", "mode": 2147484141, "is_dir": true},
    {"name": "你 好.txt", "size": 3, "url": "./%E4%BD%A0%20%E5%A5%BD.txt", "mod_time": "2026-11-02T09:14:00Z", "mode": 420, "is_dir": false}
]"#;

async fn list(source: &Source) -> Result<Listing, Fault> {
    match browse(source, &client()).await? {
        Browsed::Listed(listing) => Ok(listing),
        Browsed::Plain => panic!("{source} was taken for a plain server"),
    }
}

#[tokio::test]
async fn a_folder_is_listed() {
    let server = Server::http(|_| ok("application/json; charset=utf-8", LIST));
    for scheme in ["", "http://"] {
        let listing = list(&server.source(scheme, "/a/")).await.unwrap();
        assert_eq!(listing.source.scheme, Scheme::Http);
        assert_eq!(listing.source.path.encoded(), "/a/");
        let rows: Vec<_> = listing.entries.iter().map(|entry| (&*entry.name, entry.kind)).collect();
        assert_eq!(rows, [("sub", Kind::Dir), ("你 好.txt", Kind::File)]);
        assert_eq!(listing.entries[1].size, Some(3));
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(
        String::from_utf8_lossy(&requests[0])
            .contains("accept: application/json, text/html;q=0.9, */*;q=0.1\r\n")
    );
}

#[tokio::test]
async fn a_folder_without_its_slash_is_found_by_the_redirect() {
    let server = Server::http(|line| match line {
        "GET /a%20b HTTP/1.1" => {
            "HTTP/1.1 308 Permanent Redirect\r\nLocation: /a%20b/\r\nContent-Length: 0\r\n\r\n".to_owned()
        }
        _ => ok("application/json", LIST),
    });
    let listing = list(&server.source("", "/a b")).await.unwrap();
    assert_eq!(listing.source.path.encoded(), "/a%20b/");
}

#[tokio::test]
async fn a_list_under_a_name_without_slash_is_a_folder_all_the_same() {
    let server = Server::http(|_| ok("application/json", LIST));
    let listing = list(&server.source("http://", "/a?sort=name")).await.unwrap();
    assert_eq!(listing.source.path.encoded(), "/a/");
}

#[tokio::test]
async fn no_name_in_a_list_leads_a_terminal_or_a_path_astray() {
    let names = [r"\u001b[2J", "../../etc/passwd", "/etc/passwd", r"a\nb", r"\u202egpj.exe", ".."];
    let rows = names.map(|name| format!(r#"{{"name": "{name}", "is_dir": false, "size": 1}}"#)).join(",");
    let server = Server::http(move |_| ok("application/json", &format!("[{rows}]")));
    let listing = list(&server.source("http://", "/a/")).await.unwrap();
    for entry in &listing.entries {
        assert!(!entry.name.contains(|c: char| c.is_control() || c == '\u{202e}'), "{}", entry.name);
        assert!(!entry.name.contains('/') && &*entry.name != "..", "{}", entry.name);
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_to_a_probe_is_plain() {
    let course = Server::course(&[(b"a.txt", b"hello")]);
    assert!(matches!(browse(&course.source("", "/"), &client()).await, Ok(Browsed::Plain)));
    let requests = course.requests();
    assert!(requests.len() == 1 && requests[0].len() < 1024);
    assert!(requests[0].starts_with(b"GET / HTTP/1.1\r\n") && requests[0].ends_with(b"\r\n\r\n"));
}

#[tokio::test]
async fn a_plain_server_is_not_even_asked() {
    let (address, _held) = nobody();
    let source = Source::parse(&format!("plain://{address}/")).unwrap();
    assert!(matches!(browse(&source, &client()).await, Ok(Browsed::Plain)));
}

#[tokio::test]
async fn what_is_no_list_is_said_to_be_none() {
    let redirect = |to| format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    for (path, answer, fault) in [
        ("/", ok("text/html", "<p>Nothing here is yours</p>"), Fault::NoListing),
        ("/", ok("text/html", "<a href='//box/x'>x</a><a href='../'>up</a>"), Fault::NoListing),
        ("/", ok("text/html", "<link href='/__dufs_v0.0.0__/'><a href='x'>x</a>"), Fault::NoListing),
        ("/a.html", ok("text/html", "<a href='b.html'>b</a>"), Fault::IsFile),
        (
            "/",
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]"
                .to_owned(),
            Fault::Encoded(clean_line(b"gzip")),
        ),
        ("/", ok("application/json", "<p></p>"), Fault::NoListing),
        ("/", ok("application/json", r#"{"unknown": "dialect"}"#), Fault::NoListing),
        ("/a.txt", ok("text/plain", "hello"), Fault::IsFile),
        ("/a.json", ok("application/json", "[1, 2]"), Fault::IsFile),
        ("/", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(), Fault::Status(404)),
        ("/", "HTTP/1.1 500 Oh\r\n\r\n".to_owned(), Fault::Status(500)),
        ("/", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n".to_owned(), Fault::Status(302)),
        ("/", redirect("/"), Fault::RedirectedTooOften),
        ("/", redirect("file:///etc/passwd"), Fault::Redirected(clean_line(b"file:///etc/passwd"))),
        (
            "/",
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999999999\r\n\r\n["
                .to_owned(),
            Fault::TooLarge { limit: 64 << 20 },
        ),
        (
            "/",
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n[".to_owned(),
            Fault::Short { got: 1, announced: 9 },
        ),
    ] {
        let server = Server::sending(answer.clone());
        let found = browse(&server.source("http://", path), &client()).await.unwrap_err();
        assert_eq!(found, fault, "{answer}");
    }
}

#[tokio::test]
async fn a_list_without_end_is_not_read_to_its_end() {
    let server = Server::new(|_, mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<a href=a>").unwrap();
        send_on(stream);
    });
    let fault = browse(&server.source("http://", "/"), &client()).await.unwrap_err();
    assert_eq!(fault, Fault::TooLarge { limit: 64 << 20 });
}

#[tokio::test]
async fn a_list_is_cut_where_it_has_fewer_entries_than_its_server_says() {
    for (total, is_cut) in [("2", false), ("3", true), ("1", false), ("many", false)] {
        let server = Server::http(move |_| {
            ok("application/json", LIST).replace("\r\n\r\n", &format!("\r\nX-Total-Count: {total}\r\n\r\n"))
        });
        let listing = list(&server.source("http://", "/")).await.unwrap();
        assert_eq!((listing.entries.len(), listing.is_cut), (2, is_cut), "{total}");
    }
}

#[tokio::test]
async fn a_connection_that_fails_says_how() {
    let brief = Duration::from_millis(50);
    let no_answer = Timeouts { answer: brief, ..PATIENT };
    let no_body = Timeouts { body: brief, ..PATIENT };
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n[";
    for (server, timeouts, fault) in [
        (Server::new(|_, stream| hold(stream)), no_answer, Fault::TimedOut(Stage::Answer, brief)),
        (
            Server::new(|_, mut stream| {
                stream.write_all(head).unwrap();
                hold(stream);
            }),
            no_body,
            Fault::TimedOut(Stage::Body, brief),
        ),
        (Server::new(|_, stream| reset(stream, b"")), PATIENT, Fault::Reset),
        (Server::new(|_, stream| reset(stream, head)), PATIENT, Fault::Reset),
    ] {
        let found = browse(&server.source("", "/"), &Client::new(timeouts)).await.unwrap_err();
        assert_eq!(found, fault);
    }
    let (address, _held) = nobody();
    let source = Source::parse(&address.to_string()).unwrap();
    assert_eq!(browse(&source, &client()).await.unwrap_err(), Fault::Refused);
    let server = Server::sending("");
    let fault = browse(&server.source("http://", "/"), &client()).await.unwrap_err();
    assert_eq!(fault, Fault::Closed);
}

/// The worker with its channels.
struct Worker {
    commands: mpsc::Sender<BrowseCommand>,
    events: mpsc::Receiver<Event>,
}

impl Worker {
    fn new() -> Self {
        let (commands, received) = mpsc::channel(64);
        let (told, events) = mpsc::channel(64);
        tokio::spawn(run(received, told, client(), 0));
        Self { commands, events }
    }

    async fn browse(&self, request: u64, source: Source) {
        let command = BrowseCommand::Browse { request: RequestId(request), source };
        self.commands.send(command).await.unwrap();
    }
}

#[tokio::test]
async fn the_worker_answers_each_question_under_its_own_number() {
    let http = Server::http(|_| ok("application/json", LIST));
    let plain = Server::sending("");
    let mut worker = Worker::new();
    worker.browse(1, http.source("", "/")).await;
    worker.browse(2, plain.source("", "/")).await;
    let endpoint = http.source("", "/").endpoint;
    worker.commands.send(BrowseCommand::Resolve { request: RequestId(3), endpoint }).await.unwrap();
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(match worker.events.recv().await.unwrap() {
            Event::Browse(RequestId(1), BrowseEvent::Listed(_)) => 1,
            Event::Browse(RequestId(2), BrowseEvent::Plain) => 2,
            Event::Resolved(RequestId(3), Ok(addresses)) if addresses == [http.address] => 3,
            other => panic!("{other:?}"),
        });
    }
    answers.sort_unstable();
    assert_eq!(answers, [1, 2, 3]);
}

#[tokio::test]
async fn a_question_that_is_forgotten_hangs_up_and_is_not_answered() {
    let (hung_up, ended) = channel();
    let slow = Server::new(move |_, stream| {
        hold(stream);
        hung_up.send(()).unwrap();
    });
    let quick = Server::sending("");
    let mut worker = Worker::new();
    worker.browse(1, slow.source("", "/")).await;
    let slow = tokio::task::spawn_blocking(move || slow.wait());
    slow.await.unwrap();
    worker.commands.send(BrowseCommand::Forget(RequestId(1))).await.unwrap();
    tokio::task::spawn_blocking(move || ended.recv().unwrap()).await.unwrap();
    worker.browse(2, quick.source("", "/")).await;
    assert!(matches!(worker.events.recv().await, Some(Event::Browse(RequestId(2), BrowseEvent::Plain))));
}

#[tokio::test]
async fn more_questions_than_can_be_in_flight_are_refused_at_once() {
    let (release, released) = channel::<()>();
    let server = Server::new(move |_, stream| {
        let _ = released.recv();
        send(stream, b"");
    });
    let mut worker = Worker::new();
    for request in 0..33 {
        worker.browse(request, server.source("", "/")).await;
    }
    assert!(matches!(
        worker.events.recv().await,
        Some(Event::Browse(RequestId(32), BrowseEvent::Failed(Fault::Busy)))
    ));
    drop(release);
    for _ in 0..32 {
        assert!(matches!(worker.events.recv().await, Some(Event::Browse(_, BrowseEvent::Plain))));
    }
}
