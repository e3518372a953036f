//! Answers that contradict themselves or an earlier one: the whole file comes, or none; never a part under the file's name.

use std::fs;
use std::future::{pending, ready};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use hobnob::effect::{Conflict, Job, Partial};
use hobnob::event::Fault;
use hobnob::net::fetch::{End, Engine, System};
use hobnob::net::http::Client;
use hobnob::wire::range::Validator;
use tempfile::tempdir;

use super::ranged::{Clock, LENGTH, Script, answer, content, first, rightly, run_on, scripted, whole};
use super::{at, engine, job, read, run};
use crate::support::files::names;
use crate::support::server::{PATIENT, Server};

const ETAG: &str = "\"one\"";
const HALF: usize = 150_000;

/// What is there of the file before the answer comes.
#[derive(Debug, Clone, Copy)]
enum OnDisk {
    Nothing,
    /// From a try just before.
    Partial,
    /// From a try just before, of which the answer was chunked: the length of the file was not said.
    Unsized,
    /// Under the file's name, to be resumed.
    Beginning,
}

/// One answer of the table.
#[derive(Debug, Clone, Copy)]
struct Odd {
    status: u16,
    content_range: &'static str,
    length: &'static str,
    /// Whether all of the file follows, or what was asked for of it.
    all: bool,
    etag: &'static str,
}

impl Odd {
    fn answer(self, request: &[u8]) -> Vec<u8> {
        let from = first(request, LENGTH).unwrap_or(HALF);
        let body = &content()[if self.all { 0 } else { from }..];
        let (last, end) = (LENGTH - 1, from + 1000);
        let content_range = match self.content_range {
            "absent" => String::new(),
            "right" => format!("Content-Range: bytes {from}-{last}/{LENGTH}\r\n"),
            "wrong start" => format!("Content-Range: bytes {}-{last}/{LENGTH}\r\n", from + 1),
            "wrong end" => format!("Content-Range: bytes {from}-{end}/{LENGTH}\r\n"),
            "wrong total" => format!("Content-Range: bytes {from}-{last}/{}\r\n", LENGTH + 7),
            "no total" => format!("Content-Range: bytes {from}-{last}/*\r\n"),
            "all" => format!("Content-Range: bytes 0-{last}/{LENGTH}\r\n"),
            "unsatisfied" => format!("Content-Range: bytes */{LENGTH}\r\n"),
            "shorter" => format!("Content-Range: bytes */{}\r\n", LENGTH - from),
            "malformed" => format!("Content-Range: bytes={from}-{last}/{LENGTH}\r\n"),
            "two" => {
                format!(
                    "Content-Range: bytes {from}-{last}/{LENGTH}\r\nContent-Range: bytes 0-{last}/{LENGTH}\r\n"
                )
            }
            other => panic!("{other}"),
        };
        let length = match self.length {
            "absent" => String::new(),
            "right" => format!("Content-Length: {}\r\n", body.len()),
            "shorter" => format!("Content-Length: {}\r\n", body.len() - 1),
            "chunked" => "Transfer-Encoding: chunked\r\n".to_owned(),
            other => panic!("{other}"),
        };
        let head =
            format!("HTTP/1.1 {} Odd\r\n{content_range}{length}ETag: {}\r\n\r\n", self.status, self.etag);
        if self.length == "chunked" {
            return [head.as_bytes(), format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n0\r\n\r\n"]
                .concat();
        }
        [head.as_bytes(), body].concat()
    }

    /// Whether it says by itself that it is all of the file, so that nothing tells it from the truth.
    fn is_another_file(self, on_disk: OnDisk) -> bool {
        let is_whole = matches!(self.status, 200 | 203) && matches!(self.content_range, "absent" | "shorter");
        // Without anything known before, this is what the file is; also where the server says that it is another one now.
        is_whole
            && match on_disk {
                // Of so short a beginning all is compared: from its first byte on, so that no tail can come.
                OnDisk::Nothing | OnDisk::Beginning => true,
                OnDisk::Partial => self.etag != ETAG,
                // One byte less than the truth, but more than what had come, and it begins in the same way.
                OnDisk::Unsized => self.etag != ETAG || self.all && self.length == "shorter",
            }
    }
}

fn table() -> Vec<Odd> {
    const RANGES: [&str; 11] = [
        "absent",
        "right",
        "wrong start",
        "wrong end",
        "wrong total",
        "no total",
        "all",
        "unsatisfied",
        "shorter",
        "malformed",
        "two",
    ];
    let mut table = Vec::new();
    for status in [200, 203, 206, 416] {
        for content_range in RANGES {
            for all in [false, true] {
                let lengths = [("absent", ETAG), ("right", ETAG), ("shorter", ETAG), ("chunked", ETAG)];
                for (length, etag) in
                    lengths.into_iter().chain([("right", "\"two\""), ("right", "W/\"one\"")])
                {
                    table.push(Odd { status, content_range, length, all, etag });
                }
            }
        }
    }
    table
}

fn odd(odd: Odd) -> Script {
    answer(move |request| odd.answer(request))
}

fn cut() -> Script {
    answer(|_| [whole(LENGTH, ETAG).as_bytes(), &content()[..HALF]].concat())
}

/// The same without a length: as of a file of which the server does not know it.
fn cut_chunked(bytes: usize) -> Script {
    answer(move |_| {
        let head =
            format!("HTTP/1.1 200 OK\r\nETag: {ETAG}\r\nTransfer-Encoding: chunked\r\n\r\n{bytes:x}\r\n");
        [head.as_bytes(), &content()[..bytes], b"\r\n"].concat()
    })
}

/// Comes to an end at the file's name with the whole file, or without one.
async fn comes_whole_or_fails(case: Odd, on_disk: OnDisk, then: Script) {
    let dir = tempdir().unwrap();
    let mut scripts = vec![odd(case), then];
    let mut conflict = Conflict::Rename;
    match on_disk {
        OnDisk::Nothing => {}
        OnDisk::Partial => scripts.insert(0, cut()),
        OnDisk::Unsized => scripts.insert(0, cut_chunked(HALF)),
        OnDisk::Beginning => {
            fs::write(at(&dir, "a"), &content()[..HALF]).unwrap();
            conflict = Conflict::Resume;
        }
    }
    let server = scripted(scripts);
    let mut job = Job { conflict, ..job(server.source("http://", "/a"), dir.path()) };
    if matches!(on_disk, OnDisk::Partial | OnDisk::Unsized) {
        run(&engine(PATIENT), &mut job).await;
        let total = matches!(on_disk, OnDisk::Partial).then_some(LENGTH as u64);
        job.partial = Some(Partial { validator: Validator::from_kept(ETAG), total });
    }
    let (end, _) = run(&engine(PATIENT), &mut job).await;
    let there = at(&dir, "a").exists().then(|| read(&dir, "a"));
    let told = format!("{case:?} with {on_disk:?}: {end:?}, {:?} bytes", there.as_ref().map(Vec::len));
    match end {
        End::Finished(file) => {
            assert_eq!(file.bytes, there.as_ref().unwrap().len() as u64, "{told}");
            assert!(case.is_another_file(on_disk) || there.unwrap() == content(), "{told}");
        }
        End::Failed(_) => {
            let before = matches!(on_disk, OnDisk::Beginning).then(|| content()[..HALF].to_vec());
            assert!(there == before, "{told}");
        }
        _ => panic!("{told}"),
    }
}

#[tokio::test]
async fn whatever_is_answered_the_whole_file_comes_or_none() {
    for case in table() {
        for on_disk in [OnDisk::Nothing, OnDisk::Partial, OnDisk::Unsized, OnDisk::Beginning] {
            comes_whole_or_fails(case, on_disk, rightly(ETAG)).await;
        }
    }
}

#[tokio::test]
async fn a_server_that_answers_so_each_time_is_believed_no_more_than_once() {
    for case in table().into_iter().filter(|case| !case.all && case.length != "shorter") {
        for on_disk in [OnDisk::Nothing, OnDisk::Partial, OnDisk::Unsized, OnDisk::Beginning] {
            comes_whole_or_fails(case, on_disk, odd(case)).await;
        }
    }
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<u8>>>);

impl Write for Seen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Into a stream, which tries once more.
async fn streamed(server: &Server) -> (End, Vec<u8>) {
    let _clock = Clock::hold();
    let engine = Engine::new(Client::new(PATIENT), 1, Arc::new(System));
    let report = |event| {
        if let hobnob::event::TransferEvent::Retrying { after, .. } = event {
            tokio::spawn(tokio::time::advance(after + std::time::Duration::from_millis(1)));
        }
        ready(())
    };
    let seen = Seen::default();
    let into = seen.clone();
    let mut source = server.source("http://", "/a");
    let end = engine.stream(&mut source, None, || Ok(into), pending(), report).await;
    let seen = seen.0.lock().unwrap().clone();
    (end, seen)
}

#[tokio::test(start_paused = true)]
async fn a_stream_gets_the_whole_file_or_its_beginning_and_a_failure() {
    for case in table() {
        let (end, seen) = streamed(&scripted(vec![cut(), odd(case)])).await;
        match end {
            End::Finished(_) => assert!(seen == content(), "{case:?}"),
            End::Failed(_) => assert!(seen == content()[..seen.len()], "{case:?}: {}", seen.len()),
            end => panic!("{case:?}: {end:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_tail_is_not_taken_for_the_whole_by_a_later_try() {
    // With a status of success, the range in its field, and the length of what follows.
    let tail = Odd { status: 200, content_range: "right", length: "right", all: false, etag: ETAG };
    let dir = tempdir().unwrap();
    let server = scripted(vec![cut(), odd(tail), rightly(ETAG)]);
    let engine = Engine::new(Client::new(PATIENT), 1, Arc::new(System));
    let (end, _) = run_on(&engine, &mut job(server.source("http://", "/a"), dir.path())).await;
    assert!(matches!(end, End::Finished(_)), "{end:?}");
    assert!(read(&dir, "a") == content());
    let (end, seen) = streamed(&scripted(vec![cut(), odd(tail)])).await;
    assert_eq!(end, End::Failed(Fault::Short { got: HALF as u64, announced: LENGTH as u64 }));
    assert!(seen == content()[..HALF]);
}

#[tokio::test(start_paused = true)]
async fn a_tail_is_not_taken_for_the_whole_after_an_answer_without_a_length() {
    // The tail is longer than what had come, as long, or shorter.
    for came in [100_000, HALF, 210_000, 250_000] {
        for length in ["right", "chunked", "absent"] {
            let tail = Odd { status: 200, content_range: "absent", length, all: false, etag: ETAG };
            let retries = || Engine::new(Client::new(PATIENT), 1, Arc::new(System));
            let told = format!("{came} bytes, then {length}");
            let dir = tempdir().unwrap();
            let server = scripted(vec![cut_chunked(came), odd(tail), rightly(ETAG)]);
            let (end, _) = run_on(&retries(), &mut job(server.source("http://", "/a"), dir.path())).await;
            assert!(matches!(end, End::Finished(_)), "{told}: {end:?}");
            assert!(read(&dir, "a") == content(), "{told}");
            // And where it is sent again to one that did not ask for a part.
            let dir = tempdir().unwrap();
            let server = scripted(vec![cut_chunked(came), odd(tail), odd(tail)]);
            let (end, _) = run_on(&retries(), &mut job(server.source("http://", "/a"), dir.path())).await;
            assert!(matches!(end, End::Failed(_)), "{told}: {end:?}");
            assert!(!at(&dir, "a").exists(), "{told}");
        }
    }
}

/// A second answer that says that it is all of the file.
fn shorter(fields: &'static str) -> Script {
    answer(move |_| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {HALF}\r\n{fields}\r\n");
        [head.as_bytes(), &content()[LENGTH - HALF..]].concat()
    })
}

#[tokio::test(start_paused = true)]
async fn another_length_is_another_version_or_a_contradiction() {
    const DATED: &str = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    const LATER: &str = "Last-Modified: Mon, 07 Nov 1994 08:49:37 GMT\r\n";
    let other = Fault::OtherLength { before: LENGTH as u64, now: HALF as u64 };
    for (before, now, is_other) in [
        ("ETag: \"one\"\r\n", "ETag: \"two\"\r\n", true),
        ("ETag: \"one\"\r\n", "ETag: \"one\"\r\n", false),
        ("ETag: W/\"one\"\r\n", "ETag: W/\"two\"\r\n", true),
        ("ETag: W/\"one\"\r\n", "ETag: W/\"one\"\r\n", false),
        ("ETag: \"one\"\r\n", "", false),
        (DATED, LATER, true),
        (DATED, DATED, false),
        ("", "", false),
        ("", LATER, false),
    ] {
        let cut = answer(move |_| {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n{before}\r\n");
            [head.as_bytes(), &content()[..HALF]].concat()
        });
        let dir = tempdir().unwrap();
        let server = scripted(vec![cut, shorter(now)]);
        let engine = Engine::new(Client::new(PATIENT), 1, Arc::new(System));
        let (end, _) = run_on(&engine, &mut job(server.source("http://", "/a"), dir.path())).await;
        if is_other {
            assert!(matches!(end, End::Finished(_)), "{before:?}, then {now:?}: {end:?}");
            assert!(read(&dir, "a") == content()[LENGTH - HALF..]);
        } else {
            assert_eq!(end, End::Failed(other.clone()), "{before:?}, then {now:?}");
            // What is here is of no use to anybody: the next run must be able to begin.
            assert!(names(dir.path()).is_empty(), "{before:?}, then {now:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_length_that_is_known_only_at_the_end_may_not_be_another_one_either() {
    let chunked = answer(|_| {
        let beginning = &content()[..HALF];
        let head =
            format!("HTTP/1.1 200 OK\r\nETag: {ETAG}\r\nTransfer-Encoding: chunked\r\n\r\n{HALF:x}\r\n");
        [head.as_bytes(), beginning, b"\r\n0\r\n\r\n"].concat()
    });
    let dir = tempdir().unwrap();
    let server = scripted(vec![cut(), chunked]);
    let engine = Engine::new(Client::new(PATIENT), 1, Arc::new(System));
    let (end, _) = run_on(&engine, &mut job(server.source("http://", "/a"), dir.path())).await;
    assert_eq!(end, End::Failed(Fault::OtherLength { before: LENGTH as u64, now: HALF as u64 }));
    assert!(names(dir.path()).is_empty());
}

#[tokio::test]
async fn a_file_comes_with_every_status_that_says_that_it_is_all() {
    for head in [
        "HTTP/1.1 203 Non-Authoritative Information\r\n".to_owned(),
        "HTTP/1.1 201 Created\r\n".to_owned(),
        "HTTP/1.1 226 IM Used\r\n".to_owned(),
        format!("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-{}/{LENGTH}\r\n", LENGTH - 1),
        format!("HTTP/1.1 200 OK\r\nContent-Range: bytes 0-{}/{LENGTH}\r\n", LENGTH - 1),
        "HTTP/1.1 200 OK\r\nContent-Range: items 0-24/66\r\n".to_owned(),
    ] {
        let sent = format!("{head}Content-Length: {LENGTH}\r\n\r\n");
        let server = scripted(vec![answer(move |_| [sent.as_bytes(), &content()].concat())]);
        let dir = tempdir().unwrap();
        let (end, _) = run(&engine(PATIENT), &mut job(server.source("http://", "/a"), dir.path())).await;
        assert!(matches!(end, End::Finished(_)), "{head}: {end:?}");
        assert!(read(&dir, "a") == content(), "{head}");
    }
}

#[tokio::test]
async fn what_is_only_a_part_without_being_asked_for_is_no_file() {
    let last = LENGTH - 1;
    for head in [
        format!("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {HALF}-{last}/{LENGTH}\r\n"),
        "HTTP/1.1 206 Partial Content\r\n".to_owned(),
        "HTTP/1.1 206 Partial Content\r\nContent-Type: multipart/byteranges; boundary=x\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\nContent-Range: bytes {HALF}-{last}/{LENGTH}\r\n"),
        format!("HTTP/1.1 200 OK\r\nContent-Range: bytes 0-{HALF}/{LENGTH}\r\n"),
    ] {
        let sent = format!("{head}Content-Length: {}\r\n\r\n", LENGTH - HALF);
        let server = scripted(vec![answer(move |_| [sent.as_bytes(), &content()[HALF..]].concat())]);
        let dir = tempdir().unwrap();
        let (end, _) = run(&engine(PATIENT), &mut job(server.source("http://", "/a"), dir.path())).await;
        assert_eq!(end, End::Failed(Fault::PartOnly), "{head}");
        assert!(names(dir.path()).is_empty(), "{head}");
    }
}
