//! The bytes of a connection, with or without TLS, the heads of answers in the form that hyper reads. Never decides which,
//! and never reads more than it is allowed to.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::head::HeadFilter;

/// A connection to a server. Requests are short: they are not written in parts.
pub(super) struct Stream {
    bytes: Bytes,
    allowance: Allowance,
    head: HeadFilter,
}

enum Bytes {
    Open(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

/// How many bytes may still be read: for whoever has given the stream away.
#[derive(Clone)]
pub(super) struct Allowance(Arc<Shared>);

struct Shared {
    left: AtomicUsize,
    /// Whether the head of an answer comes next.
    is_head_next: AtomicBool,
}

impl Allowance {
    /// From now on so many may be read, of which the first are the head of an answer.
    pub(super) fn expect_head(&self, bytes: usize) {
        self.0.is_head_next.store(true, Ordering::Relaxed);
        self.limit(bytes);
    }

    /// From now on so many; [`usize::MAX`] are without end. What is read beyond them is an error
    /// ([`io::ErrorKind::InvalidData`]).
    pub(super) fn limit(&self, bytes: usize) {
        self.0.left.store(bytes, Ordering::Relaxed);
    }

    /// How many are left.
    pub(super) fn left(&self) -> usize {
        self.0.left.load(Ordering::Relaxed)
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
        let shared = Shared { left: AtomicUsize::new(usize::MAX), is_head_next: AtomicBool::new(false) };
        Self { bytes, allowance: Allowance(Arc::new(shared)), head: HeadFilter::default() }
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
        let this = self.get_mut();
        if this.allowance.0.is_head_next.swap(false, Ordering::Relaxed) {
            this.head.expect_head();
        }
        loop {
            let ready = this.head.ready();
            if !ready.is_empty() {
                let count = ready.len().min(buffer.remaining());
                buffer.put_slice(&ready.split_to(count));
                return Poll::Ready(Ok(()));
            }
            let before = buffer.filled().len();
            ready!(this.read(context, buffer))?;
            let end = buffer.filled().len() == before;
            if !this.head.is_in_head() {
                return Poll::Ready(Ok(()));
            }
            match this.head.take(&buffer.filled()[before..]) {
                None => return Poll::Ready(Ok(())),
                Some(is_ready) => {
                    buffer.set_filled(before);
                    if end && !is_ready {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}

impl Stream {
    fn read(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { bytes, allowance, .. } = self;
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
