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

use super::onlooker::Count;

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
    /// Bytes of its content that have left.
    sent: Count,
    framing: Framing,
    place: Place,
    /// Whether all of it was written, and what was written has left.
    has_left: bool,
}

/// What says where a body ends (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// Its length in bytes.
    Length(u64),
    /// A last chunk (section 7.1).
    Chunked,
    /// The end of the connection.
    Close,
}

/// Where in an answer the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the head or in the trailers, behind so many bytes of what ends them.
    Fields { matched: usize, last: bool },
    /// In the line with the size of a chunk, as far as it has been read.
    Size(u64),
    /// In the content, before so many bytes of it.
    Data(u64),
    /// Between a chunk and the next one's size.
    Gap,
    /// In content that ends with the connection.
    Open,
    /// Behind all of it.
    End,
}

impl<T> Meter<T> {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { answers: Mutex::default(), whole: Notify::new() })
    }

    /// After those that are expected already, an answer with such a body follows; `sent` counts what leaves of it.
    pub(super) fn expect(&self, about: T, framing: Framing, sent: Count) {
        let place = Place::Fields { matched: 0, last: false };
        self.lock().push_back(Metered { about, sent, framing, place, has_left: false });
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
        for answer in self.lock().iter_mut().filter(|answer| answer.place != Place::End) {
            bytes = answer.count(bytes);
            if bytes.is_empty() {
                return;
            }
        }
    }

    /// All that was counted has left: whatever is below may have kept some of it until now, as TLS does.
    fn flushed(&self) {
        for answer in self.lock().iter_mut().filter(|answer| answer.place == Place::End) {
            answer.has_left = true;
            self.whole.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Metered<T>>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Metered<T> {
    /// Whether all of it has left, so far as bytes can say.
    pub(super) fn is_whole(&self) -> bool {
        self.has_left
    }

    /// Whether it is whole now that the connection has come to a good end.
    pub(super) fn is_whole_at_end(&self) -> bool {
        matches!(self.place, Place::End | Place::Open)
    }

    /// Counts what belongs to this answer, and gives the rest back.
    fn count<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        while self.place != Place::End
            && let [first, rest @ ..] = bytes
        {
            (self.place, bytes) = match self.place {
                Place::Data(left) => {
                    let own = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    self.sent.add(own as u64);
                    (self.data(left - own as u64), &bytes[own..])
                }
                Place::Open => {
                    self.sent.add(bytes.len() as u64);
                    (Place::Open, &[][..])
                }
                Place::Fields { .. } | Place::Size(_) | Place::Gap | Place::End => (self.step(*first), rest),
            };
        }
        bytes
    }

    /// Where the next byte stands after one that is not of the content.
    fn step(&self, byte: u8) -> Place {
        match self.place {
            Place::Fields { matched, last } => match byte {
                byte if byte != END_OF_HEAD[matched] => {
                    Place::Fields { matched: usize::from(byte == b'\r'), last }
                }
                _ if matched + 1 < END_OF_HEAD.len() => Place::Fields { matched: matched + 1, last },
                _ if last => Place::End,
                _ => match self.framing {
                    Framing::Length(length) => self.data(length),
                    Framing::Chunked => Place::Size(0),
                    Framing::Close => Place::Open,
                },
            },
            // The last chunk is empty, and the trailers end as a head does.
            Place::Size(0) if byte == b'\n' => Place::Fields { matched: 2, last: true },
            Place::Size(size) if byte == b'\n' => Place::Data(size),
            Place::Size(size) => match char::from(byte).to_digit(16) {
                Some(digit) => Place::Size(size << 4 | u64::from(digit)),
                None => Place::Size(size),
            },
            Place::Gap if byte == b'\n' => Place::Size(0),
            Place::Gap | Place::Data(_) | Place::Open | Place::End => self.place,
        }
    }

    /// Before so many more bytes of the content, or behind them.
    fn data(&self, left: u64) -> Place {
        match (left, self.framing) {
            (0, Framing::Chunked) => Place::Gap,
            (0, Framing::Length(_) | Framing::Close) => Place::End,
            _ => Place::Data(left),
        }
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
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        self.meter.flushed();
        Poll::Ready(Ok(()))
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

    fn expecting(framings: &[Framing]) -> Arc<Meter<()>> {
        let meter = Meter::new();
        for framing in framings {
            meter.expect((), *framing, Count::default());
        }
        meter
    }

    /// Counts, and lets it leave.
    fn passes(meter: &Meter<()>, bytes: &[u8]) {
        meter.count(bytes);
        meter.flushed();
    }

    #[test]
    fn what_is_kept_below_has_not_left() {
        let meter = expecting(&[Framing::Length(0), Framing::Length(0)]);
        meter.count(b"HTTP/1.1 200 OK\r\n\r\n");
        assert!(!meter.lock()[0].is_whole());
        meter.flushed();
        assert!(meter.lock()[0].is_whole() && !meter.lock()[1].is_whole());
    }

    #[test]
    fn bodies_are_counted_without_their_heads_however_the_stream_is_cut() {
        for cut in 0..=STREAM.len() {
            let meter = expecting(&[Framing::Length(6), Framing::Length(0)]);
            passes(&meter, &STREAM[..cut]);
            let head = 23;
            assert_eq!(meter.lock()[0].sent.bytes(), cut.saturating_sub(head).min(6) as u64, "{cut}");
            assert_eq!(meter.lock()[0].is_whole(), cut >= head + 6, "{cut}");
            passes(&meter, &STREAM[cut..]);
            assert!(meter.lock().iter().all(Metered::is_whole), "{cut}");
        }
    }

    #[test]
    fn an_answer_without_a_body_is_whole_after_its_head() {
        let meter = expecting(&[Framing::Length(0)]);
        passes(&meter, b"HTTP/1.1 200 OK\r\n\r");
        assert!(!meter.lock()[0].is_whole());
        passes(&meter, b"\n");
        assert!(meter.lock()[0].is_whole());
    }

    #[test]
    fn of_chunks_only_the_content_is_counted_and_the_last_one_ends_them() {
        let stream = b"HTTP/1.1 200 OK\r\n\r\n5\r\nhello\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\nHTTP/1.1 404 No\r\n\r\n";
        let first = stream.len() - b"HTTP/1.1 404 No\r\n\r\n".len();
        for cut in 0..=stream.len() {
            let meter = expecting(&[Framing::Chunked, Framing::Length(0)]);
            passes(&meter, &stream[..cut]);
            assert_eq!(meter.lock()[0].is_whole(), cut >= first, "{cut}");
            passes(&meter, &stream[cut..]);
            assert_eq!(meter.lock()[0].sent.bytes(), 5 + 26, "{cut}");
            assert!(meter.lock().iter().all(Metered::is_whole), "{cut}");
        }
    }

    #[test]
    fn what_ends_with_the_connection_is_whole_only_then() {
        let meter = expecting(&[Framing::Close]);
        passes(&meter, b"HTTP/1.0 200 OK\r\n\r");
        assert!(!meter.lock()[0].is_whole_at_end());
        passes(&meter, b"\nhello\r\n\r\n");
        assert_eq!(meter.lock()[0].sent.bytes(), 9);
        assert!(meter.lock()[0].is_whole_at_end() && !meter.lock()[0].is_whole());
    }
}
