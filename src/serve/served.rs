//! What the server tells of each request: the watch that times it, the count of what was sent of its answer, and the
//! way to whoever keeps the log.
//!
//! Must never make a client wait for the log: where there is no room, a request is counted instead of told.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::onlooker::{Onlooker, Seen, Sent};
use super::patience::Stalled;
use crate::event::served::{Answer, End, Request, Served};

impl End {
    /// What an error on the way makes of an answer.
    pub(super) fn by(error: &(dyn Error + 'static)) -> Self {
        if Stalled::is_behind(error) { Self::Stalled } else { Self::BrokenOff }
    }
}

/// Where requests are told.
#[derive(Debug)]
pub(super) struct Log {
    sender: mpsc::Sender<Served>,
    untold: Mutex<u64>,
    /// Who looks on while answers are sent.
    onlooker: Option<Arc<Onlooker>>,
}

impl Log {
    pub(super) fn new(sender: mpsc::Sender<Served>, onlooker: Option<Arc<Onlooker>>) -> Self {
        Self { sender, untold: Mutex::new(0), onlooker }
    }

    /// An answer begins; it has so many bytes, where that is known.
    pub(super) fn begin(
        &self,
        began: Began,
        peer: SocketAddr,
        request: Request,
        answer: Answer,
        total: Option<u64>,
    ) -> Answering {
        let sent = Sent::new(self.onlooker.clone());
        let seen =
            self.onlooker.as_ref().map(|onlooker| onlooker.see(began, peer, request.clone(), total, &sent));
        Answering { began, peer, request, answer, sent, received: 0, seen }
    }

    /// Tells of a request, or counts it; where nobody listens, nobody is told.
    pub(super) fn tell(&self, mut served: Served) {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        served.untold = *untold;
        *untold = match self.sender.try_send(served) {
            Ok(()) | Err(TrySendError::Closed(_)) => 0,
            Err(TrySendError::Full(_)) => *untold + 1,
        };
    }

    /// Requests since the last one that was told.
    pub(super) fn untold(&self) -> u64 {
        *self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer that is being sent.
#[derive(Debug)]
pub(super) struct Answering {
    began: Began,
    peer: SocketAddr,
    request: Request,
    answer: Answer,
    /// How much of it has left.
    pub(super) sent: Sent,
    /// Bytes that came with the request, to be kept.
    pub(super) received: u64,
    seen: Option<Seen>,
}

impl Answering {
    /// What is told of it once it has ended, which is now. Nobody sees it run any more.
    pub(super) fn ended(self, end: End) -> Served {
        let Self { began, peer, request, answer, sent, received, seen } = self;
        drop(seen);
        Served { received, ..began.ended(peer, request, answer, end, sent.bytes()) }
    }
}

/// The moment at which a request came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Began {
    at: Timestamp,
    instant: Instant,
}

impl Began {
    #[expect(clippy::disallowed_methods, reason = "the server times its answers")]
    pub(super) fn now() -> Self {
        Self { at: Timestamp::now(), instant: Instant::now() }
    }

    /// How long ago that was.
    pub(super) fn elapsed(self) -> Duration {
        self.instant.elapsed()
    }

    /// What is told once the answer has ended, which is now.
    pub(super) fn ended(
        self,
        peer: SocketAddr,
        request: Request,
        answer: Answer,
        end: End,
        bytes: u64,
    ) -> Served {
        let took = self.elapsed();
        Served { at: self.at, peer, request, answer, end, bytes, received: 0, took, untold: 0 }
    }
}
