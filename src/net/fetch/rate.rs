//! How fast all downloads together may be. What one of them takes, the others wait for, in the order in which they came.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until};

/// Pieces that are taken at once are so small that so many of them come in a second.
const PIECES: u64 = 20;

/// Time that was waited for too long counts for the next piece, but no more of it than this: clocks wake nobody up to the
/// microsecond, and pieces that come in small are many.
const CREDIT: Duration = Duration::from_millis(50);

/// A limit that many downloads share. A clone is the same limit.
#[derive(Debug, Clone)]
pub(super) struct Rate {
    /// Bytes a second.
    limit: Arc<watch::Sender<Option<NonZeroU64>>>,
    /// When what was taken so far has been paid for.
    paid: Arc<Mutex<Option<Instant>>>,
}

impl Default for Rate {
    fn default() -> Self {
        Self { limit: Arc::new(watch::Sender::new(None)), paid: Arc::default() }
    }
}

impl Rate {
    /// Holds from now on, also for those who are waiting.
    pub(super) fn limit(&self, limit: Option<NonZeroU64>) {
        self.limit.send_replace(limit);
    }

    /// As many of these bytes as may be taken now, at least one. Waits until what was taken before has been paid for.
    pub(super) async fn take(&self, bytes: usize) -> usize {
        if self.limit.borrow().is_none() {
            return bytes;
        }
        let mut limits = self.limit.subscribe();
        let mut paid = self.paid.lock().await;
        loop {
            let Some(limit) = *limits.borrow_and_update() else {
                *paid = None;
                return bytes;
            };
            #[expect(clippy::disallowed_methods, reason = "what was taken is paid for in time")]
            let now = Instant::now();
            let due = paid.unwrap_or(now);
            if due <= now {
                let most = usize::try_from(limit.get() / PIECES).unwrap_or(usize::MAX).max(1);
                let taken = bytes.min(most);
                let from = now.checked_sub(CREDIT).map_or(due, |earliest| due.max(earliest));
                *paid = Some(from + cost(taken, limit));
                return taken;
            }
            tokio::select! {
                () = sleep_until(due) => {}
                // The sender is ours.
                _ = limits.changed() => *paid = Some(now),
            }
        }
    }
}

fn cost(bytes: usize, limit: NonZeroU64) -> Duration {
    let nanos = bytes as u128 * 1_000_000_000 / u128::from(limit.get());
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn seconds_for(rate: &Rate, mut bytes: usize) -> f64 {
        #[expect(clippy::disallowed_methods, reason = "it stands still but where somebody waits for it")]
        let begun = Instant::now();
        while bytes > 0 {
            bytes -= rate.take(bytes).await;
        }
        begun.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn downloads_share_what_may_come_in_a_second() {
        let rate = Rate::default();
        assert!(seconds_for(&rate, 1 << 30).await < 0.001);
        rate.limit(NonZeroU64::new(1000));
        let (one, other) = tokio::join!(seconds_for(&rate, 5000), seconds_for(&rate, 5000));
        assert!((9.8..=10.1).contains(&one.max(other)), "{one} {other}");
        // Neither had to wait for the other to be done.
        assert!((9.7..=10.1).contains(&one.min(other)), "{one} {other}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_is_made_use_of_also_where_what_comes_is_small() {
        let rate = Rate::default();
        rate.limit(NonZeroU64::new(50_000_000));
        let mut seconds = 0.0;
        for _ in 0..50_000_000 / 16_384 {
            seconds += seconds_for(&rate, 16_384).await;
        }
        assert!((0.95..=1.05).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_limit_holds_at_once() {
        let rate = Rate::default();
        rate.limit(NonZeroU64::new(1));
        let slow = tokio::spawn({
            let rate = rate.clone();
            async move { seconds_for(&rate, 1_000_000).await }
        });
        tokio::time::sleep(Duration::from_secs(5)).await;
        rate.limit(NonZeroU64::new(1_000_000));
        tokio::time::sleep(Duration::from_millis(500)).await;
        rate.limit(None);
        assert!((5.4..=5.6).contains(&slow.await.unwrap()));
    }
}
