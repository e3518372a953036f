//! Who takes what right now, for somebody who looks on.
//!
//! Owns the list of the answers that are being sent, and of the uploads that come. Whoever looks on reads it when they
//! like; no client ever waits for that, and nothing is kept of an answer that has ended. Where nobody looks on, there is
//! no list.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::served::Began;
use crate::event::served::{Request, Running, Way};

/// The answers that are being sent, and the uploads that come.
#[derive(Debug, Default)]
pub struct Onlooker {
    answers: Mutex<Answers>,
    moved: Notify,
}

#[derive(Debug, Default)]
struct Answers {
    last: u64,
    /// By number, so that the oldest is the first.
    running: BTreeMap<u64, Seeing>,
}

#[derive(Debug)]
struct Seeing {
    began: Began,
    peer: SocketAddr,
    request: Request,
    way: Way,
    total: Option<u64>,
    bytes: Arc<AtomicU64>,
}

impl Onlooker {
    /// Waits until something began, moved or ended since this was asked last.
    pub async fn moved(&self) {
        self.moved.notified().await;
    }

    /// The oldest answers that are being sent, at most so many, and how many there are in all.
    #[must_use]
    pub fn running(&self, most: usize) -> (Vec<Running>, usize) {
        let answers = self.lock();
        let running = answers.running.values().take(most).map(|seeing| Running {
            peer: seeing.peer,
            request: seeing.request.clone(),
            way: seeing.way,
            total: seeing.total,
            bytes: seeing.bytes.load(Ordering::Relaxed),
            took: seeing.began.elapsed(),
        });
        (running.collect(), answers.running.len())
    }

    /// Puts an answer or an upload on the list, whose bytes are counted so, until what this gives is dropped.
    pub(super) fn see(
        self: &Arc<Self>,
        began: Began,
        peer: SocketAddr,
        request: Request,
        way: Way,
        total: Option<u64>,
        count: &Count,
    ) -> Seen {
        let bytes = Arc::clone(&count.bytes);
        let mut answers = self.lock();
        answers.last += 1;
        let number = answers.last;
        answers.running.insert(number, Seeing { began, peer, request, way, total, bytes });
        drop(answers);
        self.moved.notify_one();
        Seen { onlooker: Arc::clone(self), number }
    }

    fn lock(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// That an answer is on the list.
#[derive(Debug)]
pub(super) struct Seen {
    onlooker: Arc<Onlooker>,
    number: u64,
}

impl Drop for Seen {
    fn drop(&mut self) {
        self.onlooker.lock().running.remove(&self.number);
        self.onlooker.moved.notify_one();
    }
}

/// How many bytes of an answer have left, or of an upload have come. A clone counts the same one.
#[derive(Debug, Clone, Default)]
pub(super) struct Count {
    bytes: Arc<AtomicU64>,
    onlooker: Option<Arc<Onlooker>>,
}

impl Count {
    pub(super) fn new(onlooker: Option<Arc<Onlooker>>) -> Self {
        Self { bytes: Arc::default(), onlooker }
    }

    /// So many more have left, or have come.
    pub(super) fn add(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if let Some(onlooker) = &self.onlooker {
            onlooker.moved.notify_one();
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}
