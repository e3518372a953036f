//! A stand-in for servers that send parts of files, right or wrong; and time that only goes on where nobody waits for it.

use std::net::TcpStream;
use std::sync::LazyLock;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use hobnob::effect::Job;
use hobnob::event::TransferEvent;
use hobnob::net::fetch::{End, Engine};
use tokio::task::spawn_blocking;
use tokio::time::advance;

use crate::support::server::{Server, field, send};

/// What is compared of what is here already.
pub(super) const OVERLAP: usize = 64 * 1024;
/// Neither of them a number of buffers, or of anything else.
pub(super) const LENGTH: usize = 300_001;

/// The file: no part of it looks like another.
pub(super) fn content() -> Vec<u8> {
    static CONTENT: LazyLock<Vec<u8>> = LazyLock::new(made);
    CONTENT.clone()
}

fn made() -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(LENGTH).collect()
}

/// The first byte's place of the part that is asked for.
pub(super) fn first(request: &[u8], total: usize) -> Option<usize> {
    let range = field(request, "range")?;
    let range = range.strip_prefix("bytes=").unwrap();
    match range.strip_prefix('-') {
        Some(suffix) => Some(total - suffix.parse::<usize>().unwrap()),
        None => Some(range.strip_suffix('-').unwrap().parse().unwrap()),
    }
}

/// The head for a part from there to the end.
pub(super) fn part(first: usize, total: usize, etag: &str) -> String {
    let (length, last) = (total - first, total - 1);
    format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Length: {length}\r\nContent-Range: bytes {first}-{last}/{total}\r\n\
         ETag: {etag}\r\n\r\n"
    )
}

/// The head for all of it.
pub(super) fn whole(total: usize, etag: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {total}\r\nETag: {etag}\r\n\r\n")
}

/// What a server that does everything right answers.
pub(super) fn right(request: &[u8], content: &[u8], etag: &str) -> Vec<u8> {
    let same = field(request, "if-range").is_none_or(|known| known == etag);
    match first(request, content.len()).filter(|_| same) {
        Some(first) => [part(first, content.len(), etag).as_bytes(), &content[first..]].concat(),
        None => [whole(content.len(), etag).as_bytes(), content].concat(),
    }
}

/// What is done to one connection.
pub(super) type Script = Box<dyn FnMut(&[u8], TcpStream) + Send>;

/// Serves each connection with the next of these scripts, and every further one with the last of them, until the test ends.
pub(super) fn scripted(mut scripts: Vec<Script>) -> Server {
    scripts.reverse();
    Server::new(move |request, stream| {
        let mut script = scripts.pop().unwrap();
        script(request, stream);
        if scripts.is_empty() {
            scripts.push(script);
        }
    })
}

/// A script that sends what follows from the question.
pub(super) fn answer(mut answer: impl FnMut(&[u8]) -> Vec<u8> + Send + 'static) -> Script {
    Box::new(move |request, stream| send(stream, &answer(request)))
}

/// A script that does everything right.
pub(super) fn rightly(etag: &'static str) -> Script {
    answer(move |request| right(request, &content(), etag))
}

/// Holds the clock of a test that began with it standing still, until this is dropped: the runtime would let it jump
/// whenever it waits for the network.
pub(super) struct Clock {
    _held: Sender<()>,
}

impl Clock {
    pub(super) fn hold() -> Self {
        let (held, holding) = channel();
        spawn_blocking(move || holding.recv());
        Self { _held: held }
    }
}

/// Runs it, and lets the time go on by what it waits before each further try.
pub(super) async fn run_on(engine: &Engine, job: &mut Job) -> (End, Vec<TransferEvent>) {
    let _clock = Clock::hold();
    let mut heard = Vec::new();
    let report = |event| {
        if let TransferEvent::Retrying { after, .. } = &event {
            // Behind the one that is about to wait.
            tokio::spawn(advance(*after + Duration::from_millis(1)));
        }
        heard.push(event);
        std::future::ready(())
    };
    let end = engine.fetch(job, std::future::pending(), report).await;
    (end, heard)
}
