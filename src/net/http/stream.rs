//! The bytes of a connection, with or without TLS. Never decides which, and never reads more than it is allowed to.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A connection to a server. Requests are short: they are not written in parts.
pub(super) struct Stream {
    bytes: Bytes,
    allowance: Allowance,
}

enum Bytes {
    Open(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

/// How many bytes may still be read: for whoever has given the stream away.
#[derive(Clone)]
pub(super) struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    /// From now on so many; [`usize::MAX`] are without end. What is read beyond them is an error
    /// ([`io::ErrorKind::InvalidData`]).
    pub(super) fn limit(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// How many are left.
    pub(super) fn left(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Stream {
    /// Without TLS.
    pub(super) fn open(stream: TcpStream) -> Self {
        Self::new(Bytes::Open(stream))
    }

    /// With TLS.
    pub(super) fn secure(stream: TlsStream<TcpStream>) -> Self {
        Self::new(Bytes::Secure(Box::new(stream)))
    }

    fn new(bytes: Bytes) -> Self {
        Self { bytes, allowance: Allowance(Arc::new(AtomicUsize::new(usize::MAX))) }
    }

    /// What says how much of it may be read.
    pub(super) fn allowance(&self) -> Allowance {
        self.allowance.clone()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { bytes, allowance } = self.get_mut();
        let left = allowance.left();
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        let before = buffer.filled().len();
        let read = match bytes {
            Bytes::Open(stream) => Pin::new(stream).poll_read(context, buffer),
            Bytes::Secure(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        if left != usize::MAX {
            allowance.limit(left.saturating_sub(buffer.filled().len() - before));
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().bytes {
            Bytes::Open(stream) => Pin::new(stream).poll_write(context, bytes),
            Bytes::Secure(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().bytes {
            Bytes::Open(stream) => Pin::new(stream).poll_flush(context),
            Bytes::Secure(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().bytes {
            Bytes::Open(stream) => Pin::new(stream).poll_shutdown(context),
            Bytes::Secure(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
