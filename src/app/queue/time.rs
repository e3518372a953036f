//! What happens in the queue because time passes: it is measured, and what changed is kept. Reads no clock.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::{BEAT, ItemId, Queue, World};

impl Queue {
    /// Measures, and keeps what changed, where the moment for that has come.
    pub(super) fn keep_time(&mut self, world: &mut World<'_>) {
        let now = world.now;
        if !self.books.is_busy() {
            if self.beaten.take().is_some() {
                self.pace.end();
            }
        } else if let Some(beaten) = self.beaten {
            let passed = now.saturating_duration_since(beaten);
            if passed >= BEAT {
                self.beat(passed, now);
            }
        } else {
            self.beaten = Some(now);
        }
        if self.keep_at.is_some_and(|at| at <= now) {
            self.keep_now(world.out);
        }
    }

    fn beat(&mut self, passed: Duration, now: Instant) {
        self.beaten = Some(now);
        self.pace.add(0, now);
        self.history.close(passed);
        let busy: BTreeSet<ItemId> = self.running.values().chain(self.walks.values()).copied().collect();
        for id in busy {
            if let Some(item) = self.items.get_mut(&id) {
                item.beat = item.beat.wrapping_add(1);
                item.pace.listen(now);
            }
        }
    }

    /// The moment that [`Queue::deadline`] named has come.
    pub fn wake(&mut self, world: &mut World<'_>) {
        self.settle(world);
    }

    /// When something changes by itself: none while nothing is under way and everything is kept.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let beat = self.beaten.map(|at| at + BEAT);
        [beat, self.keep_at, self.busy_until].into_iter().flatten().min()
    }
}
