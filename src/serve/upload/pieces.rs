//! How a form reaches its parser: in pieces of a useful size, through a bounded channel.
//!
//! Owns what parsing costs, which must follow from the bytes that come, never from how many chunks they come in; and how much
//! the parser may keep. It looks through all that it keeps whenever it is polled.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, FuturesUnordered};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, future};
use hyper::StatusCode;
use tokio::sync::mpsc;
use tokio::task::yield_now;

use super::Refusal;

/// Bytes of a form that may come without any of a file: more than any head of a part has, and than come at once.
const AHEAD: usize = 4 * 1024 * 1024;

/// Bytes that the parser is given at least, unless no more come: it looks through all that it keeps whenever it is given
/// some, be it one byte.
const PIECE: usize = 16 * 1024;

/// Runs both, but polls `parsing` only when it is woken itself, by a piece: the parser looks through all that it keeps
/// whenever it is polled, and the task of the connection is woken for each chunk, be it of one byte.
pub(super) async fn apart<T>(feeding: impl Future<Output = T>, parsing: impl Future<Output = T>) -> T {
    let mut parsing = FuturesUnordered::from_iter([parsing]);
    tokio::select! {
        parsed = parsing.select_next_some() => parsed,
        fed = feeding => fed,
    }
}

/// Gives bytes as they come, but for pieces that are too small, which are put together. An error ends them, and is kept in
/// `ahead`: the parser would forget what came before it.
pub(super) async fn feed(
    bytes: impl Stream<Item = Result<Bytes, Refusal>>,
    given: mpsc::Sender<Bytes>,
    ahead: Ahead,
) {
    let mut bytes = pin!(bytes);
    let mut piece = BytesMut::new();
    loop {
        let more = bytes.try_next().await.unwrap_or_else(|refusal| {
            ahead.ends_with(refusal);
            None
        });
        let is_last = more.is_none();
        let whole = match more {
            Some(more) if piece.is_empty() && more.len() >= PIECE => more,
            more => {
                piece.extend_from_slice(&more.unwrap_or_default());
                if piece.len() < PIECE && !is_last {
                    continue;
                }
                piece.split().freeze()
            }
        };
        if given.send(whole).await.is_err() || is_last {
            return;
        }
    }
}

pub(super) fn to_the_end(
    pieces: mpsc::Receiver<Bytes>,
) -> impl Stream<Item = Result<Bytes, Refusal>> + Send + 'static {
    stream::unfold(pieces, async |mut pieces| {
        let Some(piece) = pieces.recv().await else {
            // Where the end comes together with the first boundary, the parser overlooks that.
            yield_now().await;
            return None;
        };
        Some((Ok(piece), pieces))
    })
}

/// How much of a form has come since something became of it, and whether it broke off. The parser keeps what it cannot make
/// sense of yet, and would do so without end.
#[derive(Debug, Clone, Default)]
pub(super) struct Ahead {
    bytes: Arc<AtomicUsize>,
    broke_off: Arc<AtomicBool>,
    /// Why no more of it came.
    end: Arc<Mutex<Option<Refusal>>>,
}

impl Ahead {
    pub(super) fn watched(
        &self,
        bytes: impl Stream<Item = Result<Bytes, Refusal>> + Send + 'static,
    ) -> impl Stream<Item = Result<Bytes, Refusal>> + Send + 'static {
        let ahead = Arc::clone(&self.bytes);
        bytes.and_then(move |bytes| {
            let ahead = ahead.fetch_add(bytes.len(), Ordering::Relaxed) + bytes.len();
            let refusal = Refusal(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
            future::ready(if ahead > AHEAD { Err(refusal) } else { Ok(bytes) })
        })
    }

    pub(super) fn forget(&self) {
        self.bytes.store(0, Ordering::Relaxed);
    }

    fn ends_with(&self, refusal: Refusal) {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
    }

    /// What went wrong with the form: what we said ourselves, or that it is none.
    pub(super) fn why(&self, error: multer::Error) -> Refusal {
        let own = if let multer::Error::StreamReadFailed(error) = error {
            error.downcast().ok().map(|refusal| *refusal)
        } else {
            *self.end.lock().unwrap_or_else(PoisonError::into_inner)
        };
        own.unwrap_or(Refusal(StatusCode::BAD_REQUEST))
    }

    pub(super) fn breaks_off(&self) {
        self.broke_off.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_broken_off(&self) -> bool {
        self.broke_off.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    /// What the parser is given of this, and how often it is polled for that.
    async fn given(bytes: impl Stream<Item = Result<Bytes, Refusal>>, ahead: &Ahead) -> (Vec<usize>, usize) {
        let (given, pieces) = mpsc::channel(1);
        let feeding = feed(bytes, given, ahead.clone()).then(|()| future::pending());
        let mut pieces = Box::pin(to_the_end(pieces).map_ok(|piece| piece.len()).try_collect());
        let mut polls = 0;
        let lengths: Result<Vec<_>, Refusal> = apart(
            feeding,
            future::poll_fn(|cx| {
                polls += 1;
                pieces.poll_unpin(cx)
            }),
        )
        .await;
        (lengths.unwrap(), polls)
    }

    #[tokio::test]
    async fn the_parser_is_given_no_small_pieces_and_all_that_came_before_an_error() {
        let refusal = Refusal(StatusCode::REQUEST_TIMEOUT);
        let small = stream::iter((0..PIECE + 5).map(|_| Ok(Bytes::from_static(b"x"))));
        let large = [Ok(vec![b'y'; 3 * PIECE].into()), Ok(Bytes::from_static(b"z")), Err(refusal)];
        let ahead = Ahead::default();
        let (lengths, _) = given(small.chain(stream::iter(large)), &ahead).await;
        assert_eq!(lengths, [PIECE, 3 * PIECE + 5, 1]);
        assert_eq!(ahead.why(multer::Error::IncompleteStream), refusal);
    }

    #[tokio::test]
    async fn the_parser_is_not_polled_for_each_chunk_that_comes() {
        let chunks = stream::repeat(Ok(Bytes::from_static(b"x"))).take(3 * PIECE + 1);
        let one_by_one = chunks.then(async |chunk| {
            yield_now().await;
            chunk
        });
        let (lengths, polls) = given(one_by_one, &Ahead::default()).await;
        assert_eq!(lengths, [PIECE, PIECE, PIECE, 1]);
        // The first, one for each piece, and those at the end.
        assert!(polls <= 8, "{polls}");
    }
}
