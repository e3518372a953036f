//! What the server tells of each request: the watch that times it, the counts of what came with it and of what was sent
//! of its answer, and the way to whoever keeps the log.
//!
//! Must never make a client wait for the log: where there is no room, a request is counted instead of told. And must
//! never lose one: what ends without a word is told, too.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::watch;

use super::Phase;
use super::onlooker::{Count, Onlooker, Seen};
use super::patience::Stalled;
use crate::event::served::{Answer, End, Request, Served, Way};

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
    /// Of the server: what ends without a word was cut off by it, or went by itself.
    phase: watch::Receiver<Phase>,
}

impl Log {
    pub(super) fn new(
        sender: mpsc::Sender<Served>,
        onlooker: Option<Arc<Onlooker>>,
        phase: watch::Receiver<Phase>,
    ) -> Self {
        Self { sender, untold: Mutex::new(0), onlooker, phase }
    }

    /// A request has come. Nobody sees it run before it is known which way its bytes go.
    pub(super) fn begin(self: &Arc<Self>, began: Began, peer: SocketAddr, request: Request) -> Answering {
        let count = || Count::new(self.onlooker.clone());
        let (sent, received, log) = (count(), count(), Arc::clone(self));
        let answer = Answer::Unanswered;
        Answering { log, began, peer, request, answer, sent, received, seen: None, end: None }
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

/// A request on its way to the end of its answer. It is told when this is dropped.
#[derive(Debug)]
pub(super) struct Answering {
    log: Arc<Log>,
    began: Began,
    peer: SocketAddr,
    request: Request,
    answer: Answer,
    /// How much of the answer has left.
    pub(super) sent: Count,
    /// How much has come with the request, to be kept.
    pub(super) received: Count,
    seen: Option<Seen>,
    end: Option<End>,
}

impl Answering {
    /// What comes with it is taken, so many bytes, where that is known.
    pub(super) fn receives(&mut self, total: Option<u64>) {
        self.seen = self.see(Way::In, total, &self.received);
    }

    /// It is answered, with so many bytes, where that is known. What brought something goes on being seen as that.
    pub(super) fn answers(&mut self, answer: Answer, total: Option<u64>) {
        self.answer = answer;
        if self.seen.is_none() {
            self.seen = self.see(Way::Out, total, &self.sent);
        }
    }

    /// The answer has ended, which is told. Nobody sees it run any more.
    pub(super) fn ended(mut self, end: End) {
        self.end = Some(end);
    }

    fn see(&self, way: Way, total: Option<u64>, count: &Count) -> Option<Seen> {
        let onlooker = self.log.onlooker.as_ref()?;
        Some(onlooker.see(self.began, self.peer, self.request.clone(), way, total, count))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        drop(self.seen.take());
        let end = self.end.unwrap_or_else(|| match *self.log.phase.borrow() {
            Phase::Cut => End::CutOff,
            Phase::Open | Phase::Closing => End::BrokenOff,
        });
        let served = self.began.ended(self.peer, self.request.clone(), self.answer, end, self.sent.bytes());
        self.log.tell(Served { received: self.received.bytes(), ..served });
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
