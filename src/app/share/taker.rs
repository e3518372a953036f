//! One who takes something of the folder that is shared, or brings it, and how fast. Reads no clock.

use std::time::{Duration, Instant};

use crate::event::served::Running;

/// After so long without a byte the speed is none.
const STALLED: Duration = Duration::from_secs(5);

/// One who takes something now, or brings it.
#[derive(Debug, Clone)]
pub struct Taker {
    /// What is known of that.
    pub running: Running,
    /// When it was seen to move last.
    moved: Instant,
}

impl Taker {
    /// This is heard of one of whom something may have been heard before.
    pub(super) fn heard(running: Running, before: &[Self], now: Instant) -> Self {
        let same = |taker: &&Self| {
            let Running { peer, request, bytes, .. } = &taker.running;
            (peer, request, bytes) == (&running.peer, &running.request, &running.bytes)
        };
        let moved = before.iter().find(same).map_or(now, |taker| taker.moved);
        Self { running, moved }
    }

    /// Bytes a second since it began; none where nothing has moved for some time.
    #[must_use]
    pub fn speed(&self, now: Instant) -> u64 {
        if self.stalls_at() <= now {
            return 0;
        }
        let Running { bytes, took, .. } = &self.running;
        u64::try_from(u128::from(*bytes) * 1000 / took.as_millis().max(1)).unwrap_or(u64::MAX)
    }

    /// When its speed is none if nothing moves until then.
    pub(super) fn stalls_at(&self) -> Instant {
        self.moved + STALLED
    }
}
