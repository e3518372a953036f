//! What the server tells of each request: data for a log, the watch that times it, and the way to whoever keeps the log.
//!
//! Must never make a client wait for the log: where there is no room, a request is counted instead of told.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::patience::Stalled;
use crate::text::Clean;

/// One request, after its answer has been sent or broke off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// When it came.
    pub at: Timestamp,
    /// Who asked.
    pub peer: SocketAddr,
    /// What for.
    pub request: Request,
    /// How it was answered.
    pub answer: Answer,
    /// How the answer ended.
    pub end: End,
    /// Bytes of the file or the page that were handed to the network; headers are not counted.
    pub bytes: u64,
    /// From the request to the end of the answer.
    pub took: Duration,
    /// Requests between this and the last one that was told, that were not: nobody had read the log.
    pub untold: u64,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A file, over the plain protocol.
    Plain(Clean),
    /// Something, over HTTP.
    Http {
        /// The method.
        method: Clean,
        /// The path, decoded, with its query.
        path: Clean,
    },
    /// It began like HTTP, and was none.
    Garbled,
}

/// How a request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// With a file, over the plain protocol.
    File,
    /// With nothing, over the plain protocol: there is no such file, or none that is served.
    Nothing,
    /// With this HTTP status (RFC 9110, section 15).
    Status(u16),
    /// With an HTTP error, as it was no HTTP after all.
    Refused,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All of it was handed to the network.
    Whole,
    /// The other side closed the connection, or the file could not be read to its announced end.
    BrokenOff,
    /// The client took nothing for [`Limits::stall`].
    ///
    /// [`Limits::stall`]: super::Limits::stall
    Stalled,
    /// The server stopped, and did not wait any longer.
    CutOff,
}

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
}

impl Log {
    pub(super) fn new(sender: mpsc::Sender<Served>) -> Self {
        Self { sender, untold: Mutex::new(0) }
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

    /// What is told once the answer has ended, which is now.
    pub(super) fn ended(
        self,
        peer: SocketAddr,
        request: Request,
        answer: Answer,
        end: End,
        bytes: u64,
    ) -> Served {
        Served { at: self.at, peer, request, answer, end, bytes, took: self.instant.elapsed(), untold: 0 }
    }
}
