//! The bytes of a request, as they come, and their way into a partial file.
//!
//! Owns that they are counted, and how long a client may send none; must never hold more of them in memory than a few
//! frames.

use std::io;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _, stream};
use http_body_util::BodyExt as _;
use hyper::StatusCode;
use hyper::body::Incoming;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::Refusal;
use super::partial::Partial;
use crate::serve::body::FRAME;
use crate::serve::onlooker::Count;

/// A body that is waited for.
pub(super) struct Arriving {
    body: Incoming,
    stall: Duration,
    received: Count,
}

impl Arriving {
    /// One that may bring nothing for `stall` at most, and is counted in `received`.
    pub(super) fn new(body: Incoming, stall: Duration, received: &Count) -> Self {
        Self { body, stall, received: received.clone() }
    }

    /// Its content.
    pub(super) fn stream(self) -> impl Stream<Item = Result<Bytes, Refusal>> + Send + 'static {
        stream::try_unfold(self, async |mut arriving| Ok(arriving.next().await?.map(|data| (data, arriving))))
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        loop {
            let frame = timeout(self.stall, self.body.frame()).await;
            let Some(frame) = frame.map_err(|_| Refusal(StatusCode::REQUEST_TIMEOUT))? else {
                return Ok(None);
            };
            // What remains are trailers, which say nothing about a file.
            if let Ok(data) = frame.map_err(|_| Refusal(StatusCode::BAD_REQUEST))?.into_data() {
                self.received.add(data.len() as u64);
                return Ok(Some(data));
            }
        }
    }
}

/// Appends all that comes to a file, in large pieces.
pub(super) async fn pour(
    partial: &mut Partial,
    bytes: impl Stream<Item = Result<Bytes, Refusal>>,
) -> Result<(), Refusal> {
    let mut bytes = pin!(bytes);
    let mut piece = Vec::with_capacity(FRAME);
    loop {
        let more = bytes.try_next().await?;
        // Copied, so that a frame of one byte does not hold the buffer that it came in.
        piece.extend_from_slice(more.as_deref().unwrap_or_default());
        if piece.len() >= FRAME || more.is_none() {
            let appended = partial.append(piece)?;
            piece = spawn_blocking(appended).await.map_err(io::Error::from)??;
        }
        if more.is_none() {
            return Ok(());
        }
    }
}
