//! The body of an HTTP answer as it comes. Never calls one whole of which a part is missing, and never gives a
//! connection back on which something may still come.

use std::error::Error as _;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as _, Frame, Incoming};
use tokio::time::timeout;

use super::line::Line;
use super::pool::Pool;
use super::tls;
use crate::event::{Fault, Stage};

/// What is read of a body that nobody wants, in bytes: more than that costs more than another connection.
const SKIPPED: u64 = 64 * 1024;
/// How long is waited for it.
const SKIP_PATIENCE: Duration = Duration::from_secs(1);

/// A body that is being read. Where it is read to its end its connection is kept for the next question; where it is
/// dropped before, the connection is closed.
pub struct Body {
    incoming: Incoming,
    /// None after the end.
    line: Option<Line>,
    pool: Arc<Pool>,
    announced: Option<u64>,
    got: u64,
    patience: Duration,
}

impl Body {
    pub(super) fn new(incoming: Incoming, line: Option<Line>, pool: Arc<Pool>, patience: Duration) -> Self {
        let announced = incoming.size_hint().exact();
        let mut body = Self { incoming, line, pool, announced, got: 0, patience };
        if body.incoming.is_end_stream() {
            body.give_back();
        }
        body
    }

    /// The length that the server announced, in bytes; 0 where there is no body.
    #[must_use]
    pub fn announced(&self) -> Option<u64> {
        self.announced
    }

    /// The next bytes; none at the end, which is only an end where all that was announced came.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            let patience = self.patience;
            let frame = poll_fn(|context| self.poll_frame(context));
            let frame = timeout(patience, frame).await.map_err(|_| Fault::TimedOut(Stage::Body, patience))?;
            let Some(frame) = frame else { return Ok(None) };
            // Trailers are no bytes of the file.
            if let Ok(bytes) = frame.map_err(|error| self.broken(&error))?.into_data() {
                self.got += bytes.len() as u64;
                return Ok(Some(bytes));
            }
        }
    }

    /// Reads what is left where that is little, so that the connection can be used again.
    pub async fn skip(mut self) {
        if self.announced.is_some_and(|bytes| bytes - self.got.min(bytes) > SKIPPED) {
            return;
        }
        let most = self.got + SKIPPED;
        let read = async { while self.got <= most && matches!(self.next().await, Ok(Some(_))) {} };
        // It comes or it does not: nothing depends on it.
        let _ = timeout(SKIP_PATIENCE, read).await;
    }

    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        if self.line.as_mut().is_some_and(|line| !line.work(context)) {
            self.line = None;
        }
        let frame = Pin::new(&mut self.incoming).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) || self.incoming.is_end_stream() {
            self.give_back();
        }
        frame
    }

    /// Keeps the connection for the next question: the body is at its end.
    fn give_back(&mut self) {
        if let Some(line) = self.line.take() {
            self.pool.put(line);
        }
    }

    fn broken(&self, error: &hyper::Error) -> Fault {
        let cause = io_cause(error);
        if let Some(fault) = cause.and_then(tls::why) {
            return fault;
        }
        let cut = cause.is_none_or(|cause| cause.kind() == io::ErrorKind::UnexpectedEof);
        match (self.announced, cause) {
            (Some(announced), _) if cut => Fault::Short { got: self.got, announced },
            // The end of a body in chunks is announced by the last of them (RFC 9112, section 7.1).
            (None, _) if cut => Fault::Reset,
            (_, Some(cause))
                if matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) =>
            {
                Fault::Garbled
            }
            (_, Some(cause)) => Fault::from_network(cause),
            (_, None) => Fault::Reset,
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Body({} of {:?} bytes)", self.got, self.announced)
    }
}

/// The network's own error behind hyper's.
pub(super) fn io_cause(error: &hyper::Error) -> Option<&io::Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        cause = error.source();
    }
    None
}
