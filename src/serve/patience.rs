//! How long a client may take nothing of its answer.
//!
//! Owns that limit: a socket that fails when no byte could be written for so long. It lies below TLS, which takes more
//! than the socket does. Must never cut off a client whose system takes its answer slowly, nor count the time in which
//! there is nothing to write. Of a program that takes less in that time than its own system has in store nothing is seen
//! here.

use std::error::Error;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// The other side has taken nothing for too long.
#[derive(Debug, thiserror::Error)]
#[error("the other side takes nothing")]
pub(super) struct Stalled;

impl Stalled {
    /// Whether this is what an error comes from.
    pub(super) fn is_behind(error: &(dyn Error + 'static)) -> bool {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inner.is_some_and(<dyn Error + Send + Sync>::is::<Self>)
            || error.source().is_some_and(Self::is_behind)
    }
}

/// A socket, or its writing half, that gives up.
#[derive(Debug)]
pub(super) struct Patient<W> {
    inner: W,
    limit: Duration,
    /// Runs while the other side takes nothing.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<W> Patient<W> {
    pub(super) fn new(inner: W, limit: Duration) -> Self {
        Self { inner, limit, waiting: None }
    }

    fn judge(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let limit = self.limit;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(limit)));
        waiting.as_mut().poll(cx).map(|()| Err(io::Error::other(Stalled)))
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Patient<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Patient<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.judge(cx, written)
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
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::advance;

    use super::*;

    const LIMIT: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_given_up() {
        let (near, _far) = duplex(1);
        let mut patient = Patient::new(near, LIMIT);
        patient.write_all(b"a").await.unwrap();
        let error = patient.write_all(b"b").await.unwrap_err();
        assert!(Stalled::is_behind(&error), "{error}");
        assert!(!Stalled::is_behind(&io::Error::other("disk")));
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_little_at_a_time_and_who_is_sent_nothing_is_waited_for() {
        let (near, mut far) = duplex(1);
        let mut patient = Patient::new(near, LIMIT);
        let writer = tokio::spawn(async move {
            patient.write_all(b"abcde").await.unwrap();
            patient
        });
        for _ in 0..4 {
            tokio::task::yield_now().await;
            advance(LIMIT * 2 / 3).await;
            far.read_exact(&mut [0]).await.unwrap();
        }
        let mut patient = writer.await.unwrap();
        advance(LIMIT * 2).await;
        far.read_exact(&mut [0]).await.unwrap();
        patient.write_all(b"f").await.unwrap();
    }
}
