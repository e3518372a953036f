//! The socket of a connection, shared by what reads, what writes, and what watches whether the other side has hung up.
//!
//! Owns that watch: while an answer is made nothing is read from the socket, so nothing else notices that nobody waits for it
//! any more. Counts what the other side takes, for the [connection limiter](super::guests).

use std::io::{self, IoSlice};
use std::os::fd::AsRawFd as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use nix::sys::socket::{MsgFlags, recv};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::guests::Guest;

/// Bytes that one connection writes before others have their turn on the thread: where a thousand have begun to read, each
/// could fill some megabytes of the system's buffers.
const AT_ONCE: usize = 256 * 1024;

/// How often is looked behind bytes that nobody reads yet.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// A connected socket. A clone is the same one.
#[derive(Debug, Clone)]
pub(super) struct Socket {
    stream: Arc<TcpStream>,
    guest: Arc<Guest>,
    /// Bytes that were written since others had their turn on the thread.
    written: usize,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, guest: Arc<Guest>) -> Self {
        Self { stream: Arc::new(stream), guest, written: 0 }
    }

    /// What comes first, without taking it.
    pub(super) async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.peek(buffer).await
    }

    /// It ends with a reset instead of an end of the stream.
    pub(super) fn reset_at_end(&self) {
        let _ = self.stream.set_zero_linger();
    }

    /// Waits until the other side sends nothing more: it has hung up, or only ended its half of the connection, which cannot
    /// be told apart before something is sent.
    pub(super) async fn half_closed(&self) {
        loop {
            match self.stream.ready(Interest::READABLE).await {
                Ok(ready) if !ready.is_read_closed() => {}
                Ok(_) | Err(_) => return,
            }
            let look = || Ok(recv(self.stream.as_raw_fd(), &mut [0], MsgFlags::MSG_PEEK)?);
            match self.stream.try_io(Interest::READABLE, look) {
                // The next request has come already.
                Ok(1..) => sleep(LOOK_AGAIN).await,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(_) | Err(_) => return,
            }
        }
    }

    /// Waits until the connection is broken: nobody can be answered any more.
    pub(super) async fn reset(&self) {
        let _ = self.stream.ready(Interest::ERROR).await;
    }

    /// What this connection works for.
    pub(super) fn guest(&self) -> &Arc<Guest> {
        &self.guest
    }

    fn poll_write_by(
        &mut self,
        cx: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        if self.written >= AT_ONCE {
            self.written = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            ready!(self.stream.poll_write_ready(cx))?;
            match write(&self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => {
                    let bytes = *written.as_ref().unwrap_or(&0);
                    self.guest.took(bytes);
                    self.written += bytes;
                    return Poll::Ready(written);
                }
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            match self.stream.try_read_buf(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read.map(drop)),
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_by(cx, |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_by(cx, |stream| stream.try_write_vectored(pieces))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        use nix::sys::socket::{Shutdown, shutdown};
        Poll::Ready(shutdown(self.stream.as_raw_fd(), Shutdown::Write).map_err(io::Error::from))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;
    use crate::serve::Limits;
    use crate::serve::guests::Guests;

    async fn pair() -> (Socket, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (near, far) = tokio::join!(listener.accept(), TcpStream::connect(listener.local_addr().unwrap()));
        let guest = Guests::new(&Limits::default()).admit(Ipv4Addr::LOCALHOST.into()).unwrap().1;
        (Socket::new(near.unwrap().0, guest), far.unwrap())
    }

    #[tokio::test]
    async fn it_is_noticed_that_the_other_side_hangs_up_whatever_came_before() {
        for (sent, read) in [(&b""[..], 0), (b"hello", 5), (b"hello", 2)] {
            let (mut near, mut far) = pair().await;
            far.write_all(sent).await.unwrap();
            near.read_exact(&mut vec![0; read]).await.unwrap();
            assert!(timeout(LOOK_AGAIN / 5, near.half_closed()).await.is_err());
            drop(far);
            near.half_closed().await;
        }
    }

    #[tokio::test]
    async fn a_reset_is_told_from_an_end_of_the_other_half() {
        let (near, mut far) = pair().await;
        far.shutdown().await.unwrap();
        near.half_closed().await;
        assert!(timeout(LOOK_AGAIN / 5, near.reset()).await.is_err());
        far.set_zero_linger().unwrap();
        drop(far);
        near.reset().await;
        near.half_closed().await;
    }
}
