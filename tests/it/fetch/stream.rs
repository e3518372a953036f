//! Downloads into a stream.

use std::fs::File;
use std::future::{pending, ready};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use hobnob::event::{Fault, Finished, Proof};
use hobnob::net::fetch::{End, Engine, System};
use hobnob::net::http::Client;
use hobnob::wire::digest::Checksum;
use hobnob::wire::source::Source;
use sha2::{Digest, Sha256};

use super::engine;
use super::ranged::{Clock, LENGTH, OVERLAP, Script, answer, content, right, rightly, scripted, whole};
use crate::support::server::{PATIENT, Server, field, send_on};

const ETAG: &str = "\"one\"";

async fn stream(engine: &Engine, mut source: Source, to: Box<dyn Write + Send>) -> End {
    engine.stream(&mut source, None, || Ok(to), pending(), |_| ready(())).await
}

/// What is written to it can be seen.
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

/// Tries again, but waits for nothing.
async fn again(server: &Server, seen: &Seen) -> End {
    let _clock = Clock::hold();
    let engine = Engine::new(Client::new(PATIENT), 2, Arc::new(System));
    let report = |event| {
        if let hobnob::event::TransferEvent::Retrying { after, .. } = event {
            tokio::spawn(tokio::time::advance(after + std::time::Duration::from_millis(1)));
        }
        ready(())
    };
    let mut source = server.source("http://", "/a");
    let seen = seen.clone();
    engine.stream(&mut source, None, || Ok(seen), pending(), report).await
}

fn cut(etag: &'static str) -> Script {
    answer(move |request| {
        let mut sent = right(request, &content(), etag);
        sent.truncate(200_000);
        sent
    })
}

#[tokio::test(start_paused = true)]
async fn a_stream_goes_on_in_the_very_same_version_of_the_file() {
    let server = scripted(vec![cut(ETAG), rightly(ETAG)]);
    let seen = Seen::default();
    let end = again(&server, &seen).await;
    assert!(
        matches!(end, End::Finished(Finished { path: None, bytes, .. }) if bytes == LENGTH as u64),
        "{end:?}"
    );
    assert!(*seen.0.lock().unwrap() == content());
    let sent = 200_000 - whole(LENGTH, ETAG).len();
    assert_eq!(field(&server.requests()[1], "range"), Some(format!("bytes={}-", sent - OVERLAP)));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_cannot_go_on_is_not_begun_again() {
    let got = |etag: &str| (200_000 - whole(LENGTH, etag).len()) as u64;
    let short = |etag| Fault::Short { got: got(etag), announced: LENGTH as u64 };
    let all = || answer(|_| right(b"", &content(), ETAG));
    let no_range = || answer(|_| b"HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n".to_vec());
    for (etag, then, fault, questions) in [
        ("\"one\"", rightly("\"two\""), Fault::Changed, 2),
        ("W/\"one\"", rightly("W/\"two\""), Fault::Changed, 2),
        // It is the same file still, but the server cannot send a part of it.
        (ETAG, all(), short(ETAG), 2),
        (ETAG, no_range(), short(ETAG), 2),
    ] {
        let server = scripted(vec![cut(etag), then]);
        let seen = Seen::default();
        assert_eq!(again(&server, &seen).await, End::Failed(fault));
        assert_eq!(seen.0.lock().unwrap().len() as u64, got(etag));
        assert_eq!(server.requests().len(), questions);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_goes_on_where_a_weak_tag_the_length_and_the_last_bytes_are_the_same() {
    let rest = answer(|request| right(&request.to_ascii_lowercase(), &content(), "W/\"one\""));
    let server = scripted(vec![cut("W/\"one\""), rest]);
    let seen = Seen::default();
    let end = again(&server, &seen).await;
    assert!(matches!(end, End::Finished(_)), "{end:?}");
    assert!(*seen.0.lock().unwrap() == content());
    assert_eq!(field(&server.requests()[1], "if-range"), None);
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_which_only_the_word_is_missing_that_it_was_all_is_whole() {
    let chunked = answer(|_| {
        let length = format!("Content-Length: {LENGTH}");
        let head = whole(LENGTH, ETAG).replace(&length, "Transfer-Encoding: chunked");
        [head.as_bytes(), format!("{LENGTH:x}\r\n").as_bytes(), &content(), b"\r\n"].concat()
    });
    let server = scripted(vec![chunked, rightly(ETAG)]);
    let seen = Seen::default();
    let end = again(&server, &seen).await;
    assert!(matches!(end, End::Finished(_)), "{end:?}");
    assert!(*seen.0.lock().unwrap() == content());
    assert_eq!(field(&server.requests()[1], "range"), Some(format!("bytes={}-", LENGTH - OVERLAP)));
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_which_nothing_was_written_is_begun_again() {
    let busy = answer(|_| b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".to_vec());
    let server = scripted(vec![busy, rightly(ETAG)]);
    let seen = Seen::default();
    assert!(matches!(again(&server, &seen).await, End::Finished(_)));
    assert!(*seen.0.lock().unwrap() == content());
}

#[tokio::test]
async fn what_was_written_is_compared_with_what_it_has_to_be() {
    let server = scripted(vec![rightly(ETAG)]);
    for (bytes, is_right) in [(content(), true), (b"else".to_vec(), false)] {
        let checksum = Checksum::Sha256(Sha256::digest(bytes).into());
        let mut source = server.source("http://", "/a");
        let to = || Ok(Seen::default());
        let end = engine(PATIENT).stream(&mut source, Some(checksum), to, pending(), |_| ready(())).await;
        match end {
            End::Finished(file) => assert!(is_right && file.proofs[0] == Proof::Given),
            End::Failed(Fault::WrongDigest(mismatch)) => {
                assert!(!is_right && mismatch.kept.is_none() && mismatch.differs == [Proof::Given]);
            }
            end => panic!("{end:?}"),
        }
    }
}

#[tokio::test]
async fn a_full_disk_ends_a_download_whose_server_sends_on() {
    let server = Server::new(|_, stream| send_on(stream));
    let full = File::options().write(true).open("/dev/full").unwrap();
    let end = stream(&engine(PATIENT), server.source("plain://", "/a"), Box::new(full)).await;
    assert_eq!(end, End::Failed(Fault::DiskFull));
}

#[tokio::test]
async fn a_reader_who_has_enough_ends_it() {
    let server = Server::new(|_, stream| send_on(stream));
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let end = stream(&engine(PATIENT), server.source("plain://", "/a"), Box::new(writer)).await;
    assert_eq!(end, End::Failed(Fault::NobodyReads));
}
