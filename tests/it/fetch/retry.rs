//! Trying again, from where it was. No test waits: time goes on by itself where a download waits for its next try.

use std::fs;
use std::io::{Read as _, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use hobnob::effect::{Conflict, Job};
use hobnob::event::{Anew, Fault, Stage, TransferEvent};
use hobnob::net::Timeouts;
use hobnob::net::fetch::{End, Engine, System};
use hobnob::net::http::Client;
use tempfile::tempdir;

use super::ranged::{
    Clock, LENGTH, Script, answer, content, first, part, right, rightly, run_on, scripted, whole,
};
use super::{at, job, read};
use crate::support::files::names;
use crate::support::server::{PATIENT, Server, field, hold, nobody, reset};

/// How often each is tried again.
const RETRIES: u32 = 5;

const ETAG: &str = "\"one\"";

fn patient(timeouts: Timeouts) -> Engine {
    Engine::new(Client::new(timeouts), RETRIES, Arc::new(System))
}

/// Sends the beginning of what is right, and then breaks off.
fn cut(etag: &'static str, bytes: usize, off: fn(TcpStream, &[u8])) -> Script {
    Box::new(move |request, stream| {
        let all = right(request, &content(), etag);
        off(stream, &all[..bytes.min(all.len())]);
    })
}

fn fin(mut stream: TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).unwrap();
}

fn retried(told: &[TransferEvent]) -> Vec<(u32, &Fault)> {
    let retried = |event| match event {
        &TransferEvent::Retrying { attempt, ref fault, .. } => Some((attempt, fault)),
        _ => None,
    };
    told.iter().filter_map(retried).collect()
}

#[tokio::test(start_paused = true)]
async fn why_it_starts_over_is_still_known_when_the_next_try_is_the_one_that_works() {
    let other_part = answer(|request| {
        let first = first(request, LENGTH).unwrap();
        [part(first + 1, LENGTH, ETAG).as_bytes(), &content()[first + 1..]].concat()
    });
    let head = whole(LENGTH, ETAG).len();
    let server = scripted(vec![
        cut(ETAG, head + LENGTH / 2, fin),
        other_part,
        cut(ETAG, head - 1, fin),
        rightly(ETAG),
    ]);
    let dir = tempdir().unwrap();
    let mut job = job(server.source("http://", "/a"), dir.path());
    let (end, told) = run_on(&patient(PATIENT), &mut job).await;
    assert!(matches!(end, End::Finished(_)), "{end:?}");
    let started = told.iter().rev().find_map(|event| match event {
        TransferEvent::Started { from, anew, .. } => Some((*from, *anew)),
        _ => None,
    });
    assert_eq!(started, Some((0, Some(Anew::NoRanges))));
    assert!(read(&dir, "a") == content());
}

#[tokio::test(start_paused = true)]
async fn wherever_it_breaks_off_the_file_is_right_in_the_end() {
    let head = whole(LENGTH, ETAG).len();
    for round in 0..100 {
        let off = if round % 2 == 0 { fin } else { reset };
        let first = head + round * LENGTH / 100;
        // The second time, its head may be cut as well.
        let second = 1 + round * round * 7;
        let server = scripted(vec![cut(ETAG, first, off), cut(ETAG, second, off), rightly(ETAG)]);
        let dir = tempdir().unwrap();
        let mut job = job(server.source("http://", "/a"), dir.path());
        let (end, told) = run_on(&patient(PATIENT), &mut job).await;
        assert!(matches!(end, End::Finished(_)), "{first} {second}: {end:?}");
        assert!(read(&dir, "a") == content(), "{first} {second}");
        assert!((1..=2).contains(&retried(&told).len()), "{first} {second}: {told:?}");
        assert_eq!(names(dir.path()), ["a"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_answer_that_is_cut_off_in_its_head_is_asked_for_again() {
    for off in [fin, reset] {
        let server = scripted(vec![cut(ETAG, "HTTP/1.1 206 Par".len(), off), rightly(ETAG)]);
        let dir = tempdir().unwrap();
        let mut job = job(server.source("http://", "/a"), dir.path());
        let (end, told) = run_on(&patient(PATIENT), &mut job).await;
        assert!(matches!(end, End::Finished(_)), "{end:?}");
        assert_eq!(retried(&told), [(2, &Fault::Reset)]);
        assert!(read(&dir, "a") == content());
    }
}

#[tokio::test(start_paused = true)]
async fn a_next_try_asks_only_for_what_is_missing_and_says_so() {
    let server = scripted(vec![cut(ETAG, 200_000, fin), rightly(ETAG)]);
    let dir = tempdir().unwrap();
    let (_, told) = run_on(&patient(PATIENT), &mut job(server.source("http://", "/a"), dir.path())).await;
    let got = 200_000 - whole(LENGTH, ETAG).len() as u64;
    assert_eq!(retried(&told), [(2, &Fault::Short { got, announced: LENGTH as u64 })]);
    let from: Vec<u64> = told
        .iter()
        .filter_map(|event| match event {
            TransferEvent::Started { from, anew: None, .. } => Some(*from),
            _ => None,
        })
        .collect();
    assert_eq!(from, [0, got]);
    assert_eq!(field(&server.requests()[1], "if-range").as_deref(), Some(ETAG));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_changes_between_the_tries_is_fetched_from_its_start() {
    for etag in ["\"two\"", "W/\"one\""] {
        let server = scripted(vec![cut(ETAG, 200_000, fin), rightly(etag)]);
        let dir = tempdir().unwrap();
        let (end, told) =
            run_on(&patient(PATIENT), &mut job(server.source("http://", "/a"), dir.path())).await;
        assert!(matches!(end, End::Finished(_)), "{end:?}");
        let last = told.iter().rev().find(|event| matches!(event, TransferEvent::Started { .. }));
        assert!(matches!(last, Some(TransferEvent::Started { from: 0, anew: Some(Anew::Changed), .. })));
        assert!(read(&dir, "a") == content());
    }
}

#[tokio::test(start_paused = true)]
async fn two_versions_that_end_alike_are_never_joined() {
    let mut old = content();
    old[..100_000].iter_mut().for_each(|byte| *byte ^= 1);
    let of_old = answer(move |request| {
        let all = right(request, &old, ETAG);
        all[..200_000].to_vec()
    });
    // Less of the new one than what is compared when it is gone on with.
    let server = scripted(vec![of_old, cut("\"two\"", 10_000, fin), rightly("\"two\"")]);
    let dir = tempdir().unwrap();
    let (end, _) = run_on(&patient(PATIENT), &mut job(server.source("http://", "/a"), dir.path())).await;
    assert!(matches!(end, End::Finished(_)), "{end:?}");
    assert!(read(&dir, "a") == content());
    assert_eq!(names(dir.path()), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_say_yet_what_it_has_is_asked_again_whatever_is_here() {
    // To HEAD, and then to GET.
    let later = || answer(|_| b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n".to_vec());
    let head = answer(|_| whole(LENGTH, ETAG).into_bytes());
    let server = scripted(vec![cut(ETAG, 200_000, fin), later(), later(), head]);
    let dir = tempdir().unwrap();
    let mut job = job(server.source("http://", "/a"), dir.path());
    assert!(matches!(run_on(&super::engine(PATIENT), &mut job).await.0, End::Failed(Fault::Short { .. })));
    // Beside the part that is here now.
    fs::write(&job.to, "old").unwrap();
    job.conflict = Conflict::Ask;
    let (end, told) = run_on(&patient(PATIENT), &mut job).await;
    assert!(matches!(end, End::Failed(Fault::Exists(_))), "{end:?}");
    assert_eq!(retried(&told), [(2, &Fault::Status(503))]);
}

#[tokio::test(start_paused = true)]
async fn chunks_that_are_cut_off_are_no_end() {
    let chunked = |whole: bool| {
        answer(move |request| {
            let content = content();
            let from = first(request, LENGTH).unwrap_or(0);
            let head = if from > 0 { part(from, LENGTH, ETAG) } else { self::whole(LENGTH, ETAG) };
            let length = format!("Content-Length: {}", LENGTH - from);
            let mut sent = head.replace(&length, "Transfer-Encoding: chunked").into_bytes();
            let body = if whole { &content[from..] } else { &content[from..250_000] };
            sent.extend([format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n"].concat());
            sent.extend(if whole { &b"0\r\n\r\n"[..] } else { b"" });
            sent
        })
    };
    let server = scripted(vec![chunked(false), chunked(true)]);
    let dir = tempdir().unwrap();
    let (end, told) = run_on(&patient(PATIENT), &mut job(server.source("http://", "/a"), dir.path())).await;
    assert!(matches!(end, End::Finished(_)), "{end:?}");
    assert_eq!(retried(&told), [(2, &Fault::Reset)]);
    assert!(read(&dir, "a") == content());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stalls_is_asked_again() {
    let server = scripted(vec![
        Box::new(|_, mut stream| {
            stream.write_all(&[whole(LENGTH, ETAG).as_bytes(), &content()[..200_000]].concat()).unwrap();
            hold(stream);
        }),
        rightly(ETAG),
    ]);
    let dir = tempdir().unwrap();
    let stalled = Duration::from_secs(30);
    let long = Duration::from_hours(1);
    let timeouts = Timeouts { resolve: long, connect: long, answer: long, body: stalled, ..PATIENT };
    let mut job = job(server.source("http://", "/a"), dir.path());
    let path = dir.path().to_path_buf();
    let _clock = Clock::hold();
    // When all is here that comes, nothing more comes for as long as that.
    tokio::spawn(async move {
        let here = || names(&path).first().map_or(0, |name| path.join(name).metadata().unwrap().len());
        while here() < 200_000 {
            tokio::task::yield_now().await;
        }
        tokio::time::advance(stalled).await;
    });
    let (end, told) = run_on(&patient(timeouts), &mut job).await;
    assert!(matches!(end, End::Finished(_)), "{end:?}");
    assert_eq!(retried(&told), [(2, &Fault::TimedOut(Stage::Body, stalled))]);
    assert!(read(&dir, "a") == content());
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_server_is_asked_again_as_late_as_it_says() {
    for (after, wait) in [("100", 100), ("Sun, 06 Nov 1994 08:50:37 GMT", 60)] {
        let busy = answer(move |_| {
            let head = "HTTP/1.1 503 Busy\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0";
            format!("{head}\r\nRetry-After: {after}\r\n\r\n").into_bytes()
        });
        let server = scripted(vec![busy, rightly(ETAG)]);
        let dir = tempdir().unwrap();
        let (end, told) =
            run_on(&patient(PATIENT), &mut job(server.source("http://", "/a"), dir.path())).await;
        assert!(matches!(end, End::Finished(_)), "{end:?}");
        let waited = Duration::from_secs(wait);
        let busy = Fault::Status(503);
        assert!(
            matches!(&told[0], TransferEvent::Retrying { fault, attempt: 2, last: Some(6), after } if *fault == busy && *after == waited)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn there_are_only_so_many_tries_in_a_row() {
    for status in [408, 429, 500, 502, 503, 504] {
        let head = format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n");
        let server = Server::sending(head);
        let dir = tempdir().unwrap();
        let (end, told) =
            run_on(&patient(PATIENT), &mut job(server.source("http://", "/a"), dir.path())).await;
        assert_eq!(end, End::Failed(Fault::Status(status)));
        assert_eq!(retried(&told).last().unwrap().0, RETRIES + 1);
        assert_eq!(server.requests().len(), RETRIES as usize + 1);
    }
}

/// Where a server was that has answered once, and is gone.
fn answers_once(mut script: Script) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let source = format!("http://{}/a", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(listener);
        // What is left unread makes a reset of the end, which may overtake the beginning of the answer.
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            asked.extend(byte);
        }
        script(b"", stream);
    });
    source
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answered_for_another_file_is_waited_for() {
    let source = answers_once(Box::new(|_, stream| {
        fin(stream, b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx");
    }));
    let source = hobnob::wire::source::Source::parse(&source).unwrap();
    let dir = tempdir().unwrap();
    let engine = patient(PATIENT);
    let (end, _) = run_on(&engine, &mut job(source.clone(), dir.path())).await;
    assert!(matches!(end, End::Finished(_)), "{end:?}");
    let other = source.at(hobnob::wire::source::Path::from_name(b"b"));
    let (end, told) = run_on(&engine, &mut job(other, dir.path())).await;
    assert_eq!(end, End::Failed(Fault::Refused));
    assert_eq!(retried(&told).len(), RETRIES as usize);
}

#[tokio::test(start_paused = true)]
async fn what_was_begun_in_an_earlier_run_is_waited_for() {
    let (address, _held) = nobody();
    let dir = tempdir().unwrap();
    let source = hobnob::wire::source::Source::parse(&format!("http://{address}/a")).unwrap();
    let mut job = job(source, dir.path());
    job.partial = Some(hobnob::effect::Partial { validator: None, total: Some(LENGTH as u64) });
    let (end, told) = run_on(&patient(PATIENT), &mut job).await;
    assert_eq!((end, told.len()), (End::Failed(Fault::Refused), RETRIES as usize));
}

#[tokio::test(start_paused = true)]
async fn what_was_never_there_is_not_waited_for_but_what_goes_away_is() {
    let (address, _held) = nobody();
    let dir = tempdir().unwrap();
    let source = hobnob::wire::source::Source::parse(&format!("http://{address}/a")).unwrap();
    let (end, told) = run_on(&patient(PATIENT), &mut job(source, dir.path())).await;
    assert_eq!((end, told.len()), (End::Failed(Fault::Refused), 0));
    let source = answers_once(cut(ETAG, 200_000, fin));
    let source = hobnob::wire::source::Source::parse(&source).unwrap();
    let (end, told) = run_on(&patient(PATIENT), &mut job(source, dir.path())).await;
    assert_eq!(end, End::Failed(Fault::Refused));
    assert_eq!(retried(&told).len(), RETRIES as usize);
    // What came can still be of use.
    assert_eq!(names(dir.path()).len(), 1);
    assert!(!at(&dir, "a").exists());
}

#[tokio::test(start_paused = true)]
async fn a_file_of_another_program_is_gone_on_with_in_a_second_try_too() {
    for (there, second) in [(10, rightly(ETAG)), (LENGTH / 2, rightly("W/\"one\""))] {
        let etag = if there == 10 { ETAG } else { "W/\"one\"" };
        let server = scripted(vec![cut(etag, 20_000, reset), second]);
        let dir = tempdir().unwrap();
        fs::write(at(&dir, "a"), &content()[..there]).unwrap();
        let job = job(server.source("http://", "/a"), dir.path());
        let mut job = Job { conflict: Conflict::Resume, ..job };
        let (end, _) = run_on(&patient(PATIENT), &mut job).await;
        assert!(matches!(end, End::Finished(_)), "{there}: {end:?}");
        assert!(read(&dir, "a") == content());
        assert_eq!(names(dir.path()), ["a"]);
    }
}
