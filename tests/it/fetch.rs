//! Downloads: what is on disk afterwards, and what is not.

use std::fs::{self, File};
use std::future::{pending, ready};
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::{Duration, UNIX_EPOCH};

use hobnob::effect::{Conflict, Job};
use hobnob::event::{Event, Fault, Finished, Stage, TransferEvent, TransferId};
use hobnob::net::Timeouts;
use hobnob::net::fetch::{Destination, FetchCommand, fetch, run};
use hobnob::net::http::Client;
use hobnob::wire::source::{Scheme, Source};
use tempfile::{TempDir, tempdir};
use tokio::sync::mpsc;

use crate::support::files::names;
use crate::support::server::{PATIENT, Server, client, hold, nobody, ok, reset, send, send_on};

/// Too short for anything that does not come.
const BRIEF: Duration = Duration::from_millis(50);

fn folder(dir: &Path) -> Destination {
    Destination::Folder { dir: dir.to_path_buf(), prefix: String::new() }
}

async fn fetch_with(mut source: Source, to: Destination, timeouts: Timeouts) -> Result<Finished, Fault> {
    let ended = fetch(&mut source, to, &Client::new(timeouts), pending(), |_| ready(())).await;
    ended.map(|finished| finished.expect("nobody cancelled it"))
}

async fn fetch_into(dir: &TempDir, source: Source) -> Result<Finished, Fault> {
    fetch_with(source, folder(dir.path()), PATIENT).await
}

fn read(dir: &TempDir, name: &str) -> Vec<u8> {
    fs::read(dir.path().join(name)).unwrap()
}

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
    assert_eq!(names(dir.path()), ["%C4%E3%FF"]);
}

#[tokio::test]
async fn a_plain_server_that_is_probed_gets_one_short_request_and_then_the_name() {
    let server = Server::course(&[(b"a.txt", b"hello")]);
    let dir = tempdir().unwrap();
    let mut source = server.source("", "/a.txt");
    let to = folder(dir.path());
    fetch(&mut source, to, &client(), pending(), |_| ready(())).await.unwrap().unwrap();
    assert_eq!(source.scheme, Scheme::Plain);
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
        let ended = fetch_with(server.source(scheme, "/a"), folder(dir.path()), timeouts).await;
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
    let ended = fetch_with(source, folder(dir.path()), timeouts).await;
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
        let ended = fetch_with(server.source(scheme, "/a"), folder(dir.path()), timeouts).await;
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
async fn an_empty_file_is_a_file_where_the_server_says_so() {
    let server = Server::http(|_| ok("text/plain", ""));
    let dir = tempdir().unwrap();
    assert_eq!(fetch_into(&dir, server.source("http://", "/a")).await.unwrap().bytes, 0);
    assert_eq!(read(&dir, "a"), b"");
}

#[tokio::test]
async fn what_is_not_a_file_is_not_stored() {
    for (answer, fault) in [
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone".to_owned(), Fault::Status(404)),
        ("HTTP/1.1 206 Partial\r\nContent-Length: 4\r\n\r\npart".to_owned(), Fault::Status(206)),
        ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nwhat".to_owned(), Fault::Garbled),
        (format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1 << 20)), Fault::Garbled),
        ("HTTP/1.1 200 ".to_owned(), Fault::Garbled),
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
    assert_eq!(fetch_into(&dir, server.source("http://", "/dir/")).await, Err(Fault::IsFolder));
    assert!(names(dir.path()).is_empty());
}

#[tokio::test]
async fn redirects_are_followed_on_the_same_server_only_and_not_for_ever() {
    let (elsewhere, _held) = nobody();
    let server = Server::new(move |request, stream| {
        let host = stream.local_addr().unwrap();
        let line = request.split(|byte| *byte == b'\r').next().unwrap();
        let to = match line {
            b"GET /a HTTP/1.1" => format!("http://{host}/b"),
            b"GET /b HTTP/1.1" => "c?x=1".to_owned(),
            b"GET /c?x=1 HTTP/1.1" => return send(stream, ok("text/plain", "hello").as_bytes()),
            b"GET /away HTTP/1.1" => format!("http://{elsewhere}/a"),
            b"GET /secure HTTP/1.1" => format!("https://{host}/a"),
            _ => "/loop".to_owned(),
        };
        let answer = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        send(stream, answer.as_bytes());
    });
    let dir = tempdir().unwrap();
    let finished = fetch_into(&dir, server.source("http://", "/a")).await.unwrap();
    assert_eq!(finished.path, Some(dir.path().join("a")));
    assert_eq!(server.requests().len(), 3);
    for (path, requests) in [("/away", 1), ("/secure", 1), ("/loop", 6)] {
        let ended = fetch_into(&dir, server.source("http://", path)).await;
        let refused = match ended {
            Err(Fault::Redirected(_)) => path != "/loop",
            Err(Fault::RedirectedTooOften) => path == "/loop",
            other => panic!("{path}: {other:?}"),
        };
        assert!(refused, "{path}");
        assert_eq!(server.requests().len(), requests, "{path}");
    }
    assert_eq!(names(dir.path()), ["a"]);
}

#[tokio::test]
async fn whatever_a_file_is_called_there_it_lands_in_the_folder_here() {
    let outside = tempdir().unwrap();
    let dir = outside.path().join("downloads");
    let server = Server::sending("x");
    let top = server.source("plain://", "/");
    let long = [b'x'; 300];
    let hostile: [&[u8]; 9] =
        [b"../x", b"/etc/passwd", b".bashrc", b"CON", &long, b"a\x1b[2J\n\0b", b"..", b"-rf", b"a\\..\\b"];
    for (count, name) in hostile.iter().enumerate() {
        let finished = fetch_with(top.at(top.path.join(name)), folder(&dir), PATIENT).await.unwrap();
        let path = finished.path.unwrap();
        assert_eq!(path.parent(), Some(dir.as_path()), "{}", name.escape_ascii());
        let landed = path.file_name().unwrap().to_str().unwrap();
        assert!(!landed.starts_with(['.', '-']) && !landed.contains(|c: char| c.is_control() || c == '\\'));
        assert!(!landed.eq_ignore_ascii_case("con"));
        assert_eq!(names(&dir).len(), count + 1);
    }
    assert_eq!(names(outside.path()), ["downloads"]);
}

#[tokio::test]
async fn a_file_that_is_there_is_left_alone_and_the_new_one_gets_a_number() {
    let server = Server::sending("new");
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("notes.pdf"), "old").unwrap();
    fs::create_dir(dir.path().join("notes (1).pdf")).unwrap();
    fetch_into(&dir, server.source("plain://", "/notes.pdf")).await.unwrap();
    assert_eq!(names(dir.path()), ["notes (1).pdf", "notes (2).pdf", "notes.pdf"]);
    assert_eq!(read(&dir, "notes.pdf"), b"old");
    assert_eq!(read(&dir, "notes (2).pdf"), b"new");
}

#[tokio::test]
async fn a_path_that_was_asked_for_is_taken_or_left_alone_but_not_changed() {
    let server = Server::sending("new");
    let dir = tempdir().unwrap();
    let path = dir.path().join("out");
    let source = server.source("plain://", "/notes.pdf");
    let to = || Destination::File(path.clone());
    let finished = fetch_with(source.clone(), to(), PATIENT).await.unwrap();
    assert_eq!(finished.path, Some(path.clone()));
    fs::write(&path, "mine").unwrap();
    assert_eq!(fetch_with(source, to(), PATIENT).await, Err(Fault::Exists(path.clone())));
    assert_eq!(read(&dir, "out"), b"mine");
    assert_eq!(names(dir.path()), ["out"]);
}

#[tokio::test]
async fn the_prefix_stands_before_the_name() {
    let server = Server::sending("x");
    let dir = tempdir().unwrap();
    let to = Destination::Folder { dir: dir.path().to_path_buf(), prefix: "[接收]".to_owned() };
    fetch_with(server.source("plain://", "/a.txt"), to, PATIENT).await.unwrap();
    assert_eq!(names(dir.path()), ["[接收]a.txt"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_a_fault_of_the_disk() {
    let server = Server::sending("x");
    let dir = tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let ended = fetch_with(server.source("plain://", "/a"), folder(&file), PATIENT).await;
    let Err(Fault::Disk(words)) = &ended else { panic!("{ended:?}") };
    assert!(!words.contains("os error"), "{words}");
}

#[tokio::test]
async fn a_full_disk_ends_a_download_whose_server_sends_on() {
    let server = Server::new(|_, stream| send_on(stream));
    let full = File::options().write(true).open("/dev/full").unwrap();
    let to = Destination::Stream(Box::new(full));
    assert_eq!(fetch_with(server.source("plain://", "/a"), to, PATIENT).await, Err(Fault::DiskFull));
}

/// The worker with its channels.
struct Worker {
    commands: mpsc::Sender<FetchCommand>,
    events: mpsc::Receiver<Event>,
    task: tokio::task::JoinHandle<()>,
}

impl Worker {
    fn new(dir: &TempDir) -> Self {
        let (commands, received) = mpsc::channel(8);
        let (told, events) = mpsc::channel(8);
        let task = tokio::spawn(run(received, told, dir.path().to_path_buf(), String::new(), client()));
        Self { commands, events, task }
    }

    async fn fetch(&self, id: u64, source: Source) {
        let job = Job {
            source,
            to: PathBuf::new(),
            conflict: Conflict::Rename,
            checksum: None,
            sums: Vec::new(),
            partial: None,
        };
        self.commands.send(FetchCommand::Fetch { id: TransferId(id), job: Box::new(job) }).await.unwrap();
    }

    async fn next(&mut self) -> (u64, TransferEvent) {
        match self.events.recv().await {
            Some(Event::Transfer(id, event)) => (id.0, event),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_download_without_end_can_be_cancelled_and_leaves_nothing() {
    let server = Server::new(|_, stream| send_on(stream));
    let dir = tempdir().unwrap();
    let mut worker = Worker::new(&dir);
    worker.fetch(7, server.source("plain://", "/a")).await;
    let (id, started) = worker.next().await;
    assert!(id == 7 && matches!(started, TransferEvent::Started { total: None, .. }));
    assert!(matches!(worker.next().await.1, TransferEvent::Progress { bytes: 1.. }));
    assert!(names(dir.path())[0].starts_with(".a."));
    worker.commands.send(FetchCommand::Cancel(TransferId(7))).await.unwrap();
    while !matches!(worker.next().await.1, TransferEvent::Cancelled) {}
    assert!(names(dir.path()).is_empty());
    // It ended: there is nothing more to hear of it, and nothing more to cancel.
    worker.commands.send(FetchCommand::Cancel(TransferId(7))).await.unwrap();
    drop(worker.commands);
    worker.task.await.unwrap();
    assert!(worker.events.recv().await.is_none());
}

#[tokio::test]
async fn a_download_that_waits_for_its_answer_can_be_cancelled() {
    let server = Server::new(|_, stream| hold(stream));
    let dir = tempdir().unwrap();
    let mut worker = Worker::new(&dir);
    worker.fetch(1, server.source("http://", "/a")).await;
    worker.commands.send(FetchCommand::Cancel(TransferId(1))).await.unwrap();
    assert!(matches!(worker.next().await, (1, TransferEvent::Cancelled)));
}

#[tokio::test]
async fn no_partial_file_outlives_the_worker_even_where_nobody_listens_to_it() {
    let server = Server::new(|_, stream| send_on(stream));
    let dir = tempdir().unwrap();
    let mut worker = Worker::new(&dir);
    for id in 0..20 {
        worker.fetch(id, server.source("plain://", "/a")).await;
    }
    while !matches!(worker.next().await.1, TransferEvent::Progress { .. }) {}
    // The events are not read any more, but their channel stays open.
    drop(worker.commands);
    worker.task.await.unwrap();
    assert!(names(dir.path()).is_empty());
}

#[tokio::test]
async fn two_files_of_one_name_at_once_get_different_names() {
    let (release, released) = channel::<()>();
    let (stream_for, streams) = channel::<TcpStream>();
    // Both are answered, and only then do both end.
    std::thread::spawn(move || {
        let both: Vec<_> = streams.iter().take(2).collect();
        released.recv().unwrap();
        for stream in both {
            send(stream, b" end");
        }
    });
    let server = Server::new(move |_, mut stream| {
        stream.write_all(b"begin").unwrap();
        stream_for.send(stream).unwrap();
    });
    let dir = tempdir().unwrap();
    let mut worker = Worker::new(&dir);
    worker.fetch(1, server.source("plain://", "/a.txt")).await;
    worker.fetch(2, server.source("plain://", "/a.txt")).await;
    let (mut going, mut paths) = (0, Vec::new());
    while paths.len() < 2 {
        match worker.next().await.1 {
            TransferEvent::Progress { bytes: 5 } => {
                going += 1;
                if going == 2 {
                    release.send(()).unwrap();
                }
            }
            TransferEvent::Finished(Finished { path, bytes: 9, .. }) => paths.extend(path),
            TransferEvent::Started { .. } | TransferEvent::Progress { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(names(dir.path()), ["a (1).txt", "a.txt"]);
    assert_ne!(paths[0], paths[1]);
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
    let mut told = Vec::new();
    let report = |event| {
        if let TransferEvent::Progress { bytes } = event {
            told.push(bytes);
        }
        ready(())
    };
    let mut source = server.source("plain://", "/a");
    let finished =
        fetch(&mut source, folder(dir.path()), &client(), pending(), report).await.unwrap().unwrap();
    assert_eq!(finished.bytes, 20_000_000);
    assert!(told.is_sorted() && told.iter().all(|bytes| *bytes <= finished.bytes));
    let most = finished.took.as_millis() * 30 / 1000 + 2;
    assert!((1..=most).contains(&(told.len() as u128)), "{} in {:?}", told.len(), finished.took);
}
