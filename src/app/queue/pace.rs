//! How fast bytes come, smoothed so that it can be read, and how fast they came in each of the last seconds. Reads no
//! clock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Over how long a speed is smoothed: what came so long ago counts for little more than a third.
const SMOOTHING: Duration = Duration::from_secs(4);
/// Nothing is said of the speed before so long.
const FIRST: Duration = Duration::from_millis(200);
/// What comes in less is measured together.
const TOGETHER: Duration = Duration::from_millis(100);
/// Who does not report for longer than this is measured all the same.
const QUIET: Duration = Duration::from_secs(2);
/// After so long without a byte the speed is none.
const STALLED: Duration = Duration::from_secs(5);
/// So many seconds are remembered.
const REMEMBERED: usize = 60;

/// A smoothed speed.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace {
    begun: Option<Instant>,
    measured: Option<Instant>,
    /// When bytes came last.
    moved: Option<Instant>,
    /// Bytes since it was measured.
    fresh: u64,
    /// Bytes a second, weighted, and the weight of all of them.
    weighted: f64,
    weight: f64,
}

impl Pace {
    /// It is measured from here on, where it is not already.
    pub(super) fn begin(&mut self, now: Instant) {
        if self.begun.is_none() {
            *self = Self { begun: Some(now), measured: Some(now), moved: Some(now), ..Self::default() };
        }
    }

    /// Nothing is on its way any more.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }

    /// So many bytes more are here.
    #[expect(clippy::cast_precision_loss, reason = "a speed is rounded for people anyway")]
    pub(super) fn add(&mut self, bytes: u64, now: Instant) {
        let Some(measured) = self.measured else { return };
        self.fresh = self.fresh.saturating_add(bytes);
        if bytes > 0 {
            self.moved = Some(now);
        }
        let passed = now.saturating_duration_since(measured);
        if passed < TOGETHER {
            return;
        }
        let kept = (-passed.as_secs_f64() / SMOOTHING.as_secs_f64()).exp();
        let speed = self.fresh as f64 / passed.as_secs_f64();
        self.weighted = self.weighted.mul_add(kept, speed * (1.0 - kept));
        self.weight = self.weight.mul_add(kept, 1.0 - kept);
        (self.fresh, self.measured) = (0, Some(now));
    }

    /// Nothing may have been heard for some time: what reports measures itself.
    pub(super) fn listen(&mut self, now: Instant) {
        if self.measured.is_some_and(|at| now.saturating_duration_since(at) > QUIET) {
            self.add(0, now);
        }
    }

    /// Bytes a second; none before there is anything to measure. Nothing where nothing came for some time.
    pub(super) fn speed(&self) -> Option<u64> {
        let (begun, measured, moved) = (self.begun?, self.measured?, self.moved?);
        if measured.saturating_duration_since(begun) < FIRST {
            return None;
        }
        if measured.saturating_duration_since(moved) >= STALLED {
            return Some(0);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it ends where numbers do"
        )]
        Some((self.weighted / self.weight).round() as u64)
    }
}

/// How long so many bytes take at a speed; none where that cannot be said.
pub(super) fn time_left(bytes: u64, speed: Option<u64>) -> Option<Duration> {
    speed.filter(|speed| *speed > 0).map(|speed| Duration::from_secs(bytes.div_ceil(speed)))
}

/// What came in each second in which something was on its way.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    seconds: VecDeque<u64>,
    fresh: u64,
}

impl History {
    pub(super) fn add(&mut self, bytes: u64) {
        self.fresh = self.fresh.saturating_add(bytes);
    }

    /// A second is over, or a little more.
    pub(super) fn close(&mut self, took: Duration) {
        let millis = took.as_millis().max(1);
        let speed = u128::from(std::mem::take(&mut self.fresh)) * 1000 / millis;
        if self.seconds.len() == REMEMBERED {
            self.seconds.pop_front();
        }
        self.seconds.push_back(u64::try_from(speed).unwrap_or(u64::MAX));
    }

    /// Bytes in each second, the oldest first.
    pub(super) fn seconds(&self) -> impl ExactSizeIterator<Item = u64> {
        self.seconds.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "any moment will do")]
    fn begun() -> (Pace, Instant) {
        let now = Instant::now();
        let mut pace = Pace::default();
        pace.begin(now);
        (pace, now)
    }

    #[test]
    fn an_even_speed_is_said_as_it_is_from_the_first_moment_on() {
        let (mut pace, mut now) = begun();
        assert_eq!(pace.speed(), None);
        for _ in 0..50 {
            now += Duration::from_millis(250);
            pace.add(1_000_000, now);
            assert_eq!(pace.speed(), Some(4_000_000));
        }
    }

    #[test]
    fn another_speed_is_come_near_to_and_not_jumped_to() {
        let (mut pace, mut now) = begun();
        let mut second = |bytes| {
            now += Duration::from_secs(1);
            pace.add(bytes, now);
            pace.speed().unwrap()
        };
        for _ in 0..20 {
            second(1000);
        }
        let speeds: Vec<u64> = (0..20).map(|_| second(3000)).collect();
        assert!(
            speeds.is_sorted() && speeds[0] < 1500 && speeds[3] > 2200 && speeds[19] > 2950,
            "{speeds:?}"
        );
    }

    #[test]
    fn what_does_not_move_for_some_time_has_no_speed() {
        let (mut pace, now) = begun();
        pace.add(4000, now + Duration::from_secs(1));
        pace.add(0, now + Duration::from_secs(3));
        assert!(pace.speed().unwrap() > 0);
        pace.add(0, now + Duration::from_secs(6));
        assert_eq!(pace.speed(), Some(0));
        assert_eq!(time_left(1, pace.speed()), None);
        assert_eq!(time_left(10, Some(4)), Some(Duration::from_secs(3)));
    }

    #[test]
    fn only_the_last_minute_is_remembered() {
        let mut history = History::default();
        for second in 0..70 {
            history.add(second * 1000);
            history.close(Duration::from_secs(1));
        }
        assert_eq!(history.seconds().collect::<Vec<_>>(), (10..70).map(|n| n * 1000).collect::<Vec<_>>());
    }
}
