//! A file that comes whole, or not at all.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, UNIX_EPOCH};

use hobnob::event::{Fault, Stage, TransferEvent};
use hobnob::net::Timeouts;
use hobnob::net::fetch::End;
use hobnob::text::clean_line;
use hobnob::wire::source::{Scheme, Source};
use tempfile::tempdir;

use super::{BRIEF, engine, fetch_into, fetch_with, job, read, run};
use crate::support::files::names;
use crate::support::server::{PATIENT, Server, hold, nobody, ok, reset, send, send_on};

#[tokio::test]
async fn a_file_comes_over_http_with_its_date() {
    let server = Server::sending(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nhello",
    );
    let dir = tempdir().unwrap();
    let finished = fetch_into(&dir, server.source("http://", "/a%20b.txt")).await.unwrap();
    assert_eq!(finished.path, Some(dir.path().join("a b.txt")));
    assert_eq!(finished.bytes, 5);
    assert_eq!(read(&dir, "a b.txt"), b"hello");
    let changed = fs::metadata(dir.path().join("a b.txt")).unwrap().modified().unwrap();
    assert_eq!(changed, UNIX_EPOCH + Duration::from_secs(784_111_777));
    let request = String::from_utf8(server.requests().remove(0)).unwrap();
    assert!(request.starts_with("GET /a%20b.txt HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("host: {}\r\n", server.address)), "{request}");
    assert!(!request.contains("encoding"), "{request}");
}

#[tokio::test]
async fn a_new_file_has_the_rights_of_any_other() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::sending("x");
    let dir = tempdir().unwrap();
    fetch_into(&dir, server.source("plain://", "/theirs")).await.unwrap();
    File::create(dir.path().join("ours")).unwrap();
    let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
    assert_eq!(mode("theirs"), mode("ours"));
}

#[tokio::test]
async fn a_plain_server_is_sent_the_name_and_nothing_else() {
    const NAME: &[u8] = "讲义/a b.txt".as_bytes();
    let server = Server::course(&[(NAME, b"\x00\xffbytes")]);
    let dir = tempdir().unwrap();
    let finished = fetch_into(&dir, server.source("plain://", "/讲义/a b.txt")).await.unwrap();
    assert_eq!(finished.path, Some(dir.path().join("a b.txt")));
    assert_eq!(read(&dir, "a b.txt"), b"\x00\xffbytes");
    assert_eq!(server.requests(), [NAME]);
}

#[tokio::test]
async fn a_name_that_is_not_utf8_goes_over_the_wire_byte_for_byte() {
    let server = Server::course(&[(b"sub/\xc4\xe3\xff", b"x")]);
    let dir = tempdir().unwrap();
    let top = server.source("plain://", "/sub/");
    fetch_into(&dir, top.at(top.path.join(b"\xc4\xe3\xff"))).await.unwrap();
    assert_eq!(server.requests(), [b"sub/\xc4\xe3\xff"]);
    assert_eq!(fs::read(dir.path().join(OsStr::from_bytes(b"\xc4\xe3\xff"))).unwrap(), b"x");
}

#[tokio::test]
async fn a_plain_server_that_is_probed_gets_one_short_request_and_then_the_name() {
    let server = Server::course(&[(b"a.txt", b"hello")]);
    let dir = tempdir().unwrap();
    let mut job = job(server.source("", "/a.txt"), dir.path());
    assert!(matches!(run(&engine(PATIENT), &mut job).await.0, End::Finished(_)));
    assert_eq!(job.source.scheme, Scheme::Plain);
    assert_eq!(read(&dir, "a.txt"), b"hello");
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[0].len() < 1024 && requests[0].starts_with(b"GET /a.txt HTTP/1.1\r\n"));
    assert!(requests[0].ends_with(b"\r\n\r\n"));
    assert_eq!(requests[1], b"a.txt");
}

#[tokio::test]
async fn a_request_too_long_for_a_plain_server_is_probed_with_a_shorter_one() {
    let name = "长".repeat(300);
    let server = Server::new(move |request, stream| {
        let is_name = !request.starts_with(b"GET ");
        send(stream, if is_name { b"hello" } else { b"" });
    });
    let dir = tempdir().unwrap();
    fetch_into(&dir, server.source("", &format!("/{name}"))).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[0].starts_with(b"GET / HTTP/1.1\r\n"));
    assert_eq!(requests[1], name.as_bytes());
}

#[tokio::test]
async fn an_http_server_that_is_probed_is_asked_once() {
    let server = Server::http(|_| ok("text/plain", "hello"));
    let dir = tempdir().unwrap();
    fetch_into(&dir, server.source("", "/a.txt")).await.unwrap();
    assert_eq!(read(&dir, "a.txt"), b"hello");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_server_that_answers_a_probe_in_no_known_language_is_a_plain_one() {
    let server = Server::sending("whatever you say");
    let dir = tempdir().unwrap();
    fetch_into(&dir, server.source("", "/a.txt")).await.unwrap();
    assert_eq!(read(&dir, "a.txt"), b"whatever you say");
    assert_eq!(fetch_into(&dir, server.source("http://", "/a.txt")).await, Err(Fault::Garbled));
}

#[tokio::test]
async fn a_name_that_a_plain_server_cannot_take_is_not_sent() {
    let server = Server::sending("x");
    let dir = tempdir().unwrap();
    let long = format!("/{}", "x".repeat(1025));
    assert_eq!(fetch_into(&dir, server.source("plain://", &long)).await, Err(Fault::BadName));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn nobody_listening_is_refused() {
    let dir = tempdir().unwrap();
    let (address, _held) = nobody();
    for scheme in ["http://", "plain://", ""] {
        let source = Source::parse(&format!("{scheme}{address}/a")).unwrap();
        assert_eq!(fetch_into(&dir, source).await, Err(Fault::Refused), "{scheme}");
    }
}

#[tokio::test]
async fn a_server_that_closes_without_a_byte_leaves_no_file() {
    let server = Server::sending("");
    let dir = tempdir().unwrap();
    for (scheme, fault) in
        [("http://", Fault::Closed), ("plain://", Fault::NothingSent), ("", Fault::NothingSent)]
    {
        assert_eq!(fetch_into(&dir, server.source(scheme, "/a.txt")).await, Err(fault), "{scheme}");
    }
    assert!(names(dir.path()).is_empty());
}

#[tokio::test]
async fn a_reset_half_way_leaves_no_file() {
    for (scheme, beginning) in [
        ("plain://", &b"half a f"[..]),
        ("http://", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        ("http://", b"HTTP/1.1 200 OK\r\n\r\nhalf"),
        ("http://", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf"),
    ] {
        let server = Server::new(move |_, stream| reset(stream, beginning));
        let dir = tempdir().unwrap();
        let ended = fetch_into(&dir, server.source(scheme, "/a.txt")).await;
        assert_eq!(ended, Err(Fault::Reset), "{}", beginning.escape_ascii());
        assert!(names(dir.path()).is_empty());
    }
}

#[tokio::test]
async fn a_reset_instead_of_an_answer_is_not_taken_for_a_plain_server() {
    let server = Server::new(|_, stream| reset(stream, b""));
    let dir = tempdir().unwrap();
    for scheme in ["http://", "plain://", ""] {
        assert_eq!(fetch_into(&dir, server.source(scheme, "/a")).await, Err(Fault::Reset), "{scheme}");
    }
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let server = Server::new(|_, stream| hold(stream));
    let dir = tempdir().unwrap();
    for scheme in ["http://", "plain://", ""] {
        let timeouts = Timeouts { answer: BRIEF, ..PATIENT };
        let ended = fetch_with(server.source(scheme, "/a"), dir.path(), timeouts).await;
        assert_eq!(ended, Err(Fault::TimedOut(Stage::Answer, BRIEF)), "{scheme}");
    }
}

#[tokio::test]
async fn a_machine_that_takes_no_connection_is_given_up() {
    let (address, socket) = nobody();
    socket.listen(0).unwrap();
    // It fills the queue, so that the system does not answer the next one.
    let _first = TcpStream::connect(address).unwrap();
    let dir = tempdir().unwrap();
    let source = Source::parse(&format!("http://{address}/a")).unwrap();
    let timeouts = Timeouts { connect: BRIEF, ..PATIENT };
    let ended = fetch_with(source, dir.path(), timeouts).await;
    assert_eq!(ended, Err(Fault::TimedOut(Stage::Connect, BRIEF)));
}

#[tokio::test]
async fn a_body_that_stalls_is_given_up_and_leaves_no_file() {
    for (scheme, beginning) in
        [("plain://", &b"half"[..]), ("http://", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")]
    {
        let server = Server::new(move |_, mut stream| {
            stream.write_all(beginning).unwrap();
            hold(stream);
        });
        let dir = tempdir().unwrap();
        let timeouts = Timeouts { body: BRIEF, ..PATIENT };
        let ended = fetch_with(server.source(scheme, "/a"), dir.path(), timeouts).await;
        assert_eq!(ended, Err(Fault::TimedOut(Stage::Body, BRIEF)), "{scheme}");
        assert!(names(dir.path()).is_empty());
    }
}

#[tokio::test]
async fn a_body_shorter_than_announced_is_no_file() {
    let server = Server::sending("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    let dir = tempdir().unwrap();
    let ended = fetch_into(&dir, server.source("http://", "/a")).await;
    assert_eq!(ended, Err(Fault::Short { got: 4, announced: 100 }));
    let server = Server::sending("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    assert_eq!(fetch_into(&dir, server.source("http://", "/a")).await, Err(Fault::Reset));
    assert!(names(dir.path()).is_empty());
}

#[tokio::test]
async fn of_a_body_longer_than_announced_the_announced_part_is_the_file() {
    let server = Server::sending("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfile and more");
    let dir = tempdir().unwrap();
    assert_eq!(fetch_into(&dir, server.source("http://", "/a")).await.unwrap().bytes, 4);
    assert_eq!(read(&dir, "a"), b"file");
}

#[tokio::test]
async fn of_a_body_without_end_no_more_is_taken_than_was_announced() {
    let server = Server::new(|_, mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n").unwrap();
        send_on(stream);
    });
    let dir = tempdir().unwrap();
    assert_eq!(fetch_into(&dir, server.source("http://", "/a")).await.unwrap().bytes, 300_000);
    assert_eq!(read(&dir, "a").len(), 300_000);
    assert_eq!(names(dir.path()), ["a"]);
}

#[tokio::test]
async fn an_empty_file_is_a_file_where_the_server_says_so() {
    let server = Server::http(|_| ok("text/plain", ""));
    let dir = tempdir().unwrap();
    assert_eq!(fetch_into(&dir, server.source("http://", "/a")).await.unwrap().bytes, 0);
    assert_eq!(read(&dir, "a"), b"");
}

#[tokio::test]
async fn what_is_not_a_file_is_not_stored() {
    let moved = |to| format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    for (answer, fault) in [
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone".to_owned(), Fault::Status(404)),
        ("HTTP/1.1 206 Partial\r\nContent-Length: 4\r\n\r\npart".to_owned(), Fault::PartOnly),
        ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nwhat".to_owned(), Fault::Garbled),
        (format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1 << 20)), Fault::Garbled),
        ("HTTP/1.1 200 ".to_owned(), Fault::Reset),
        (moved("/a"), Fault::RedirectedTooOften),
        (moved("file:///etc/passwd"), Fault::Redirected(clean_line(b"file:///etc/passwd"))),
    ] {
        let server = Server::sending(answer);
        let dir = tempdir().unwrap();
        for scheme in ["http://", ""] {
            let ended = fetch_into(&dir, server.source(scheme, "/a")).await;
            assert_eq!(ended, Err(fault.clone()), "{scheme}");
        }
        assert!(names(dir.path()).is_empty());
    }
}

#[tokio::test]
async fn a_folder_is_not_stored() {
    let server = Server::http(|line| match line {
        "GET /dir HTTP/1.1" => "HTTP/1.1 301 Moved\r\nLocation: dir/\r\nContent-Length: 0\r\n\r\n".to_owned(),
        _ => ok("text/html", "<h1>list</h1>"),
    });
    let dir = tempdir().unwrap();
    assert_eq!(fetch_into(&dir, server.source("http://", "/dir")).await, Err(Fault::IsFolder));
    assert!(names(dir.path()).is_empty());
}

#[tokio::test]
async fn a_page_whose_path_ends_in_a_slash_is_a_file_where_it_is_asked_for_as_one() {
    let server = Server::http(|line| match line {
        "GET /from HTTP/1.1" => {
            "HTTP/1.1 301 Moved\r\nLocation: /dir/\r\nContent-Length: 0\r\n\r\n".to_owned()
        }
        _ => ok("text/html", "<h1>page</h1>"),
    });
    let dir = tempdir().unwrap();
    let mut job = job(server.source("http://", "/dir/?a[]=%zz"), dir.path());
    job.to = dir.path().join("page.html");
    assert!(matches!(run(&engine(PATIENT), &mut job).await.0, End::Finished(_)));
    assert_eq!(read(&dir, "page.html"), b"<h1>page</h1>");
    assert!(server.requests()[0].starts_with(b"GET /dir/?a[]=%zz HTTP/1.1\r\n"));
}

#[tokio::test]
async fn an_answer_of_any_success_that_carries_all_is_the_file() {
    for (status, field) in [(203, ""), (201, ""), (226, ""), (206, "Content-Range: bytes 0-4/5\r\n")] {
        let server = Server::sending(format!("HTTP/1.1 {status} X\r\n{field}Content-Length: 5\r\n\r\nhello"));
        let dir = tempdir().unwrap();
        assert_eq!(
            fetch_into(&dir, server.source("http://", "/a")).await.map(|file| file.bytes),
            Ok(5),
            "{status}"
        );
        assert_eq!(read(&dir, "a"), b"hello");
    }
    let part =
        Server::sending("HTTP/1.1 206 X\r\nContent-Range: bytes 0-4/9\r\nContent-Length: 5\r\n\r\nhello");
    let dir = tempdir().unwrap();
    assert_eq!(fetch_into(&dir, part.source("http://", "/a")).await, Err(Fault::PartOnly));
    assert!(names(dir.path()).is_empty());
}

#[tokio::test]
async fn a_file_that_is_elsewhere_is_called_here_what_it_was_asked_for() {
    let server = Server::http(|line| match line {
        "GET /a HTTP/1.1" => "HTTP/1.1 302 Found\r\nLocation: /b?x=1\r\nContent-Length: 0\r\n\r\n".to_owned(),
        _ => ok("text/plain", "hello"),
    });
    let dir = tempdir().unwrap();
    let finished = fetch_into(&dir, server.source("http://", "/a")).await.unwrap();
    assert_eq!(finished.path, Some(dir.path().join("a")));
    assert_eq!(names(dir.path()), ["a"]);
}

#[tokio::test]
async fn progress_is_told_at_most_thirty_times_a_second_and_never_goes_back() {
    let server = Server::new(|_, mut stream| {
        for _ in 0..20_000 {
            stream.write_all(&[b'x'; 1000]).unwrap();
        }
        send(stream, b"");
    });
    let dir = tempdir().unwrap();
    let (end, heard) = run(&engine(PATIENT), &mut job(server.source("plain://", "/a"), dir.path())).await;
    let End::Finished(finished) = end else { panic!("{end:?}") };
    let told: Vec<u64> = heard
        .iter()
        .filter_map(|event| match event {
            TransferEvent::Progress { bytes } => Some(*bytes),
            _ => None,
        })
        .collect();
    assert_eq!(finished.bytes, 20_000_000);
    assert!(told.is_sorted() && told.iter().all(|bytes| *bytes <= finished.bytes));
    let most = finished.took.as_millis() * 30 / 1000 + 2;
    assert!((1..=most).contains(&(told.len() as u128)), "{} in {:?}", told.len(), finished.took);
}
