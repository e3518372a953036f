//! Whether a client ends its lines as HTTP has it.
//!
//! A server may take a line feed alone for the end of a line (RFC 9112, section 2.2), and whoever types a request by hand
//! needs that. A proxy before us may not take it for one, and then what it let through as one request is two for us. So
//! an answer to whoever has sent a line feed alone is the last one of its connection. Content of a known length has no
//! lines, so what comes behind a head is held until it is known whether it is that. Must never change a byte.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, ReadBuf};

/// What ends a head (RFC 9112, section 2.1).
const END_OF_HEAD: &[u8; 4] = b"\r\n\r\n";

/// Whether a line feed has come alone so far, and how much of what follows has no lines.
#[derive(Debug, Clone, Default)]
pub(super) struct LoneFeed {
    has_come: Arc<AtomicBool>,
    content: Arc<AtomicU64>,
}

impl LoneFeed {
    pub(super) fn has_come(&self) -> bool {
        self.has_come.load(Ordering::Relaxed)
    }

    /// So many bytes of content follow the head that was read last.
    pub(super) fn expect(&self, content: u64) {
        self.content.store(content, Ordering::Relaxed);
    }
}

/// What a client sends, with an eye on its lines.
#[derive(Debug)]
pub(super) struct Lines<R> {
    read: R,
    /// What has come and is still to be read.
    held: Bytes,
    /// The last byte that has been read.
    last: u8,
    place: Place,
    lone: LoneFeed,
}

/// Where the next byte stands.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// In a head, behind so many bytes of what ends it. What is not known to be content is taken for one.
    Head(usize),
    /// Behind a head: in content, if there is any.
    Behind,
    /// In content, before so many bytes of it.
    Content(u64),
}

impl<R> Lines<R> {
    pub(super) fn new(read: R) -> (Self, LoneFeed) {
        let lone = LoneFeed::default();
        (Self { read, held: Bytes::new(), last: 0, place: Place::Head(0), lone: lone.clone() }, lone)
    }

    /// Looks at what can be said of now, which is at least one byte where there is one; how many these are.
    fn see(&mut self, bytes: &[u8]) -> usize {
        if self.lone.has_come() {
            return bytes.len();
        }
        if let Place::Behind = self.place {
            self.place = Place::Content(self.lone.content.swap(0, Ordering::Relaxed));
        }
        match self.place {
            Place::Content(left @ 1..) => {
                let own = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                self.place = Place::Content(left - own as u64);
                own
            }
            Place::Content(0) | Place::Behind => self.see_head(bytes, 0),
            Place::Head(matched) => self.see_head(bytes, matched),
        }
    }

    fn see_head(&mut self, bytes: &[u8], mut matched: usize) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' && self.last != b'\r' {
                self.lone.has_come.store(true, Ordering::Relaxed);
                return bytes.len();
            }
            self.last = *byte;
            matched = if *byte == END_OF_HEAD[matched] { matched + 1 } else { usize::from(*byte == b'\r') };
            if matched == END_OF_HEAD.len() {
                self.place = Place::Behind;
                return at + 1;
            }
        }
        self.place = Place::Head(matched);
        bytes.len()
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Lines<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.held.is_empty() {
            let next = self.held.slice(..self.held.len().min(buf.remaining()));
            let seen = self.see(&next);
            buf.put_slice(&next[..seen]);
            self.held.advance(seen);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.read).poll_read(cx, buf))?;
        let come = &buf.filled()[before..];
        let seen = self.see(come);
        self.held = Bytes::copy_from_slice(&come[seen..]);
        buf.set_filled(before + seen);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[test]
    fn a_line_feed_alone_is_seen_wherever_it_is_split_off() {
        for (bytes, expected) in [
            ("a\r\nb\r\n\r\n", false),
            ("", false),
            ("\n", true),
            ("a\r\n\n", true),
            ("a\r\r\nb\n", true),
            ("a\rb\n", true),
        ] {
            for split in 0..=bytes.len() {
                let (mut lines, lone) = Lines::new(());
                lines.see(&bytes.as_bytes()[..split]);
                lines.see(&bytes.as_bytes()[split..]);
                assert_eq!(lone.has_come(), expected, "{bytes:?} cut at {split}");
            }
        }
    }

    /// Reads two requests, of which the first has five bytes of content, in pieces of so many bytes.
    async fn read(stream: &str, piece: usize) -> bool {
        let (mut lines, lone) = Lines::new(stream.as_bytes());
        let (mut read, mut buffer) = (Vec::new(), vec![0; piece]);
        loop {
            let length = lines.read(&mut buffer).await.unwrap();
            if length == 0 {
                break;
            }
            read.extend_from_slice(&buffer[..length]);
            if read.ends_with(b"PUT\r\n\r\n") {
                lone.expect(5);
            }
        }
        assert_eq!(str::from_utf8(&read), Ok(stream), "{piece}");
        lone.has_come()
    }

    #[tokio::test]
    async fn content_has_no_lines_and_what_follows_it_has() {
        for piece in 1..40 {
            assert!(!read("PUT\r\n\r\n\na\n\n\nGET\r\na\r\n\r\nGET\r\n\r\n", piece).await);
            for (stream, what) in [
                ("PUT\r\n\r\n12345\nGET\r\n\r\n", "more than the content"),
                ("PUT\r\n\r\n12345GET\n\r\n", "in the next head"),
                ("GET\r\n\r\n\nGET\r\n\r\n", "without content"),
                ("PUT\n\r\n12345", "before it"),
            ] {
                assert!(read(stream, piece).await, "{what} {piece}");
            }
        }
    }
}
