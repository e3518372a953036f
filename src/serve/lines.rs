//! Whether a client ends its lines as HTTP has it.
//!
//! A server may take a line feed alone for the end of a line (RFC 9112, section 2.2), and whoever types a request by hand
//! needs that. A proxy before us may not take it for one, and then what it let through as one request is two for us. So
//! an answer to whoever has sent a line feed alone is the last one of its connection. Must never change a byte.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// Whether a line feed has come alone so far.
#[derive(Debug, Clone, Default)]
pub(super) struct LoneFeed(Arc<AtomicBool>);

impl LoneFeed {
    pub(super) fn has_come(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a client sends, with an eye on its lines.
#[derive(Debug)]
pub(super) struct Lines<R> {
    read: R,
    /// The last byte that has come.
    last: u8,
    lone: LoneFeed,
}

impl<R> Lines<R> {
    pub(super) fn new(read: R) -> (Self, LoneFeed) {
        let lone = LoneFeed::default();
        (Self { read, last: 0, lone: lone.clone() }, lone)
    }

    fn see(&mut self, bytes: &[u8]) {
        if self.lone.has_come() {
            return;
        }
        for byte in bytes {
            if *byte == b'\n' && self.last != b'\r' {
                return self.lone.0.store(true, Ordering::Relaxed);
            }
            self.last = *byte;
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Lines<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.read).poll_read(cx, buf))?;
        self.see(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
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
}
