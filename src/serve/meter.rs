//! How much of each HTTP answer the network has really taken.
//!
//! hyper reads ahead of what it has written, so the answers are counted where they leave: in the writing half of
//! the connection. Owns that count; must never change, delay or keep a byte.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;
use tokio::sync::Notify;

/// What ends a head (RFC 9112, section 2.1).
const END_OF_HEAD: &[u8; 4] = b"\r\n\r\n";

/// The answers of one connection, in the order they are sent; each carries a `T` of the caller's.
#[derive(Debug)]
pub(super) struct Meter<T> {
    answers: Mutex<VecDeque<Metered<T>>>,
    whole: Notify,
}

/// One answer, and how much of it has left.
#[derive(Debug)]
pub(super) struct Metered<T> {
    /// What the caller gave.
    pub(super) about: T,
    /// Bytes of its body that have left.
    pub(super) sent: u64,
    length: u64,
    matched: usize,
}

impl<T> Meter<T> {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { answers: Mutex::default(), whole: Notify::new() })
    }

    /// From the next head on, `length` bytes of a body follow.
    pub(super) fn expect(&self, about: T, length: u64) {
        self.lock().push_back(Metered { about, sent: 0, length, matched: 0 });
    }

    /// Waits for an answer that has left as a whole, and takes it out.
    pub(super) async fn whole(&self) -> Metered<T> {
        loop {
            if self.lock().front().is_some_and(Metered::is_whole)
                && let Some(answer) = self.next()
            {
                return answer;
            }
            self.whole.notified().await;
        }
    }

    /// Takes the first answer out, whole or not.
    pub(super) fn next(&self) -> Option<Metered<T>> {
        self.lock().pop_front()
    }

    fn count(&self, mut bytes: &[u8]) {
        for answer in self.lock().iter_mut().filter(|answer| !answer.is_whole()) {
            bytes = answer.count(bytes);
            if answer.is_whole() {
                self.whole.notify_one();
            }
            if bytes.is_empty() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Metered<T>>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Metered<T> {
    /// Whether all of it has left.
    pub(super) fn is_whole(&self) -> bool {
        self.matched == END_OF_HEAD.len() && self.sent == self.length
    }

    /// Counts what belongs to this answer, and gives the rest back.
    fn count<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        while self.matched < END_OF_HEAD.len() {
            let Some((first, rest)) = bytes.split_first() else { return bytes };
            self.matched = match *first {
                byte if byte == END_OF_HEAD[self.matched] => self.matched + 1,
                b'\r' => 1,
                _ => 0,
            };
            bytes = rest;
        }
        let left = usize::try_from(self.length - self.sent).unwrap_or(usize::MAX);
        let (own, rest) = bytes.split_at(left.min(bytes.len()));
        self.sent += own.len() as u64;
        rest
    }
}

/// A writing half whose bytes are counted.
#[derive(Debug)]
pub(super) struct MeteredWrite<W, T> {
    inner: W,
    meter: Arc<Meter<T>>,
}

impl<W, T> MeteredWrite<W, T> {
    pub(super) fn new(inner: W, meter: Arc<Meter<T>>) -> Self {
        Self { inner, meter }
    }
}

impl<W: AsyncWrite + Unpin, T> AsyncWrite for MeteredWrite<W, T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, buf))?;
        self.meter.count(&buf[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, bufs))?;
        let mut left = written;
        for buf in bufs {
            let (taken, _) = buf.split_at(left.min(buf.len()));
            self.meter.count(taken);
            left -= taken.len();
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two answers in one stream: a head of 23 bytes and 6 of a body, then a head alone.
    const STREAM: &[u8] = b"HTTP/1.1 200 OK\r\na:\r\n\r\nhello.HTTP/1.1 404 No\r\n\r\r\n\r\n";

    #[test]
    fn bodies_are_counted_without_their_heads_however_the_stream_is_cut() {
        for cut in 0..=STREAM.len() {
            let meter = Meter::new();
            meter.expect("first", 6);
            meter.expect("second", 0);
            meter.count(&STREAM[..cut]);
            let head = 23;
            assert_eq!(meter.lock()[0].sent, cut.saturating_sub(head).min(6) as u64, "{cut}");
            assert_eq!(meter.lock()[0].is_whole(), cut >= head + 6, "{cut}");
            meter.count(&STREAM[cut..]);
            assert!(meter.lock().iter().all(Metered::is_whole), "{cut}");
        }
    }

    #[test]
    fn an_answer_without_a_body_is_whole_after_its_head() {
        let meter = Meter::new();
        meter.expect((), 0);
        meter.count(b"HTTP/1.1 200 OK\r\n\r");
        assert!(!meter.lock()[0].is_whole());
        meter.count(b"\n");
        assert!(meter.lock()[0].is_whole());
    }
}
