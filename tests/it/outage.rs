//! A server that goes away while files are downloaded from it: it is waited for once, for all of them.

use std::future::ready;
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use hobnob::event::{Fault, WalkEvent};
use hobnob::net::browse::walk;
use hobnob::wire::source::Source;
use socket2::{Domain, Socket, Type};
use tempfile::tempdir;

use crate::support::files::names;
use crate::support::program::Program;
use crate::support::server::{Server, client, ok, send};

const FILES: usize = 300;

/// A server of a folder with many files, which stops listening after so many answers, and listens again when it is told
/// to. Its port stays its own.
struct Failing {
    socket: Arc<Socket>,
    answers: Arc<AtomicUsize>,
}

impl Failing {
    fn new(answers: usize) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        let failing = Self { socket: Arc::new(socket), answers: Arc::default() };
        failing.listen(answers);
        failing
    }

    fn listen(&self, answers: usize) {
        self.socket.listen(128).unwrap();
        self.answers.store(answers, Ordering::SeqCst);
        let (socket, left) = (self.socket.clone(), self.answers.clone());
        thread::spawn(move || {
            while let Ok((mut stream, _)) = socket.accept() {
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).unwrap_or(0);
                let is_list = request[..length].starts_with(b"GET /d/ ");
                let entry = |n: usize| format!(r#"{{"name":"{n:03}","size":2,"is_dir":false}}"#);
                let list = || format!("[{}]", (0..FILES).map(entry).collect::<Vec<_>>().join(","));
                let body = if is_list { list() } else { "ok".to_owned() };
                let kind = if is_list { "application/json" } else { "text/plain" };
                let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n");
                let dated = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
                let _ = write!(stream, "{head}{dated}Content-Length: {}\r\n\r\n{body}", body.len());
                let _ = stream.shutdown(std::net::Shutdown::Write);
                let _ = stream.read_to_end(&mut Vec::new());
                if left.fetch_sub(1, Ordering::SeqCst) == 1 {
                    let _ = socket.shutdown(std::net::Shutdown::Both);
                    return;
                }
            }
        });
    }

    fn url(&self) -> String {
        format!("http://{}/d/", self.socket.local_addr().unwrap().as_socket().unwrap())
    }
}

#[test]
fn a_server_that_dies_is_waited_for_once_and_the_same_command_brings_the_rest_when_it_is_back() {
    let place = tempdir().unwrap();
    let server = Failing::new(6);
    let get = || {
        let config = place.path().join("config.toml");
        std::fs::write(&config, "").unwrap();
        let data = place.path().join("data");
        let arguments =
            ["get", "-r", &server.url(), "--json", "--to", "here", "--outage", "1", "--lang", "en"];
        Command::new(env!("CARGO_BIN_EXE_hobnob"))
            .args(arguments)
            .args(["--retries", "1", "--config"])
            .arg(config)
            .arg("--data-dir")
            .arg(data)
            .current_dir(place.path())
            .output()
            .unwrap()
    };
    let output = get();
    let (out, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(1), "{said}");
    let failed = out.lines().filter(|line| line.contains(r#""state":"failed""#)).count();
    let untried = out.lines().filter(|line| line.contains("not tried")).count();
    assert_eq!((out.lines().count(), failed), (FILES, FILES - 5), "{out}");
    assert!(untried > FILES / 2, "{untried} were not tried: {said}");
    assert_eq!(said.lines().filter(|line| line.contains("were not tried")).count(), 1, "{said}");
    assert_eq!(names(&place.path().join("here/d")).len(), 5);
    server.listen(usize::MAX);
    let output = get();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(names(&place.path().join("here/d")).len(), FILES);
}

/// A server of a page of 400 links, which marks no folders and says no sizes, and answers nothing else so.
fn listing_only(hang_up: impl Fn(&[u8], std::net::TcpStream) + Send + 'static) -> Server {
    let links: Vec<_> = (0..400).map(|n| format!("<a href='/d/{n:03}'>{n:03}</a>")).collect();
    let page = ok("text/html", &links.concat());
    Server::new(move |request, stream| {
        if request.starts_with(b"GET /d/ ") {
            send(stream, page.as_bytes());
        } else {
            hang_up(request, stream);
        }
    })
}

#[test]
fn a_server_that_answers_nothing_but_its_list_is_waited_for_once_and_the_rest_is_not_tried() {
    let unavailable = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
    let closes = listing_only(|_, stream| drop(stream));
    let refuses = listing_only(move |_, stream| send(stream, unavailable.as_bytes()));
    for server in [closes, refuses] {
        let place = tempdir().unwrap();
        let url = format!("http://{}/d/", server.address);
        let to = place.path().to_str().unwrap();
        let outcome = Program::new(&["get", "-r", &url, "--to", to, "--outage", "2", "--retries", "2"]).run();
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        let asked = server.requests().len();
        assert!(asked < 100, "{asked} requests");
        let told: Vec<_> = outcome.stderr.lines().collect();
        let untried: Vec<_> =
            told.iter().filter(|line| line.contains("were not tried any further")).collect();
        assert_eq!(untried.len(), 1, "{told:?}");
        assert!(!outcome.stderr.contains("does not answer"), "{told:?}");
        // Each file is counted once.
        let count: usize = untried[0].split(' ').find_map(|word| word.parse().ok()).unwrap();
        let alone = told
            .iter()
            .filter(|line| {
                line.starts_with(&format!("hobnob: {url}0")) || line.starts_with(&format!("hobnob: {url}3"))
            })
            .count();
        assert_eq!((count + alone, told.len() <= alone + 3), (400, true), "{told:?}");
    }
}

#[test]
fn a_file_of_which_nothing_is_answered_for_a_while_comes_all_the_same() {
    let refused = AtomicUsize::new(2);
    let server = Server::http(move |line| match line {
        line if line.starts_with("HEAD") => "HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n".to_owned(),
        _ if refused.load(Ordering::SeqCst) > 0 => {
            refused.fetch_sub(1, Ordering::SeqCst);
            "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".to_owned()
        }
        _ => ok("text/plain", "x"),
    });
    let place = tempdir().unwrap();
    let to = place.path().to_str().unwrap();
    let outcome =
        Program::new(&["get", &format!("http://{}/x", server.address), "--to", to, "--retries", "1"]).run();
    assert_eq!((outcome.code, names(place.path())), (Some(0), vec!["x".to_owned()]), "{outcome:?}");
}

#[tokio::test]
async fn a_walk_whose_server_dies_ends_without_asking_for_all_folders() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let source = Source::parse(&format!("http://{}/", socket.local_addr().unwrap())).unwrap();
    thread::spawn(move || {
        let (mut stream, _) = socket.accept().unwrap();
        drop(socket);
        let _ = stream.read(&mut [0; 4096]);
        let rows: Vec<String> = (0..1000).map(|n| format!(r#"{{"name":"{n}/","is_dir":true}}"#)).collect();
        let list = format!("[{}]", rows.join(","));
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n";
        let _ = write!(stream, "{head}Content-Length: {}\r\n\r\n{list}", list.len());
    });
    let (mut missed, mut ends) = (Vec::new(), Vec::new());
    let report = |event| {
        match event {
            WalkEvent::Found(listing) => assert_eq!(listing.entries.len(), 1000),
            WalkEvent::Missed(_, fault) | WalkEvent::Undecided(_, fault) => missed.push(fault),
            WalkEvent::Failed(fault) => ends.push(fault),
            WalkEvent::Ended => panic!("it was looked through"),
        }
        ready(())
    };
    walk(&source, Vec::new(), &client(), 0, report).await;
    assert_eq!((missed, ends), (vec![Fault::Refused], vec![Fault::NotWalked]));
}
