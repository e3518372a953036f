//! Retry policy: which failures are worth another try, and when it comes (exponential backoff with full jitter). A server
//! that does not answer is tried for a time, however many tries that takes; all else is tried so many times.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::Instant;

use crate::event::{Fault, Stage};

/// Before the second try at most so long; before each further one twice that.
const FIRST: Duration = Duration::from_secs(1);
/// But never longer.
const LONGEST: Duration = Duration::from_secs(30);
/// As long as this a server may ask us to wait; for longer, the user is told instead.
const LONGEST_ASKED: Duration = Duration::from_mins(2);
/// A try that gets so many bytes further has worked: what fails next is a new failure.
const WORTH_IT: u64 = 1024 * 1024;

/// The tries of one question or download.
#[derive(Debug)]
pub(super) struct Retries {
    most: u32,
    /// How long a server that does not answer is waited for at least, where anything is tried again at all.
    outage: Duration,
    /// Tries in a row that failed.
    failed: u32,
    /// When the first of them did.
    since: Option<Instant>,
    /// How far it had got when that was last counted from 0. Only beyond that it gets further: a download that starts over
    /// again and again would never end.
    furthest: u64,
}

/// A try that comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Retry {
    pub(super) fault: Fault,
    /// 2 is the first one again.
    pub(super) attempt: u32,
    /// The last that there is, where all fail like this one; none where it is tried for a time.
    pub(super) last: Option<u32>,
    pub(super) after: Duration,
}

impl Retries {
    pub(super) fn new(most: u32, outage: Duration) -> Self {
        Self { most, outage, failed: 0, since: None, furthest: 0 }
    }

    /// The next try after this failure; where there is none, the failure it ends with. The server has `asked` us to wait for
    /// so long. `here` are the bytes that are on disk, `is_known` is whether the server has ever answered.
    pub(super) fn next(
        &mut self,
        fault: Fault,
        asked: Duration,
        here: u64,
        is_known: bool,
    ) -> Result<Retry, Fault> {
        if here >= self.furthest.saturating_add(WORTH_IT) {
            (self.failed, self.since, self.furthest) = (0, None, here);
        }
        if asked > LONGEST_ASKED || !(is_passing(&fault) || is_known && may_pass(&fault)) {
            return Err(fault);
        }
        let now = now();
        let waited = now.saturating_duration_since(*self.since.get_or_insert(now));
        let is_timed = self.most > 0 && !self.outage.is_zero() && fault.outage().is_some();
        if self.failed >= self.most && !(is_timed && waited < self.outage) {
            return Err(fault);
        }
        let longest = FIRST.saturating_mul(1 << self.failed.min(16)).min(LONGEST);
        self.failed = self.failed.saturating_add(1);
        let after = longest.mul_f64(chance()).max(asked);
        let last = (!is_timed).then(|| self.most.saturating_add(1));
        Ok(Retry { fault, attempt: self.failed.saturating_add(1), last, after })
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a server is waited for is measured where it is")]
fn now() -> Instant {
    Instant::now()
}

/// A number from 0 to 1: were it the same for all, all would come again at the same time.
fn chance() -> f64 {
    let drawn = RandomState::new().hash_one(()) >> 32;
    f64::from(u32::try_from(drawn).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

fn is_passing(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Short { .. }
            | Fault::Reset
            | Fault::Closed
            | Fault::TimedOut(Stage::Answer | Stage::Body, _)
            | Fault::Status(408 | 429 | 500 | 502 | 503 | 504)
    )
}

/// Where these come first, the address is most likely wrong, or it is no server that we can talk to.
fn may_pass(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Refused
            | Fault::Unresolved
            | Fault::Unreachable
            | Fault::Network(_)
            | Fault::Garbled
            | Fault::TimedOut(Stage::Resolve | Stage::Connect, _)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn each_further_try_waits_at_most_twice_as_long_and_there_are_only_so_many() {
        let mut retries = Retries::new(7, Duration::ZERO);
        for (attempt, longest) in [(2, 1), (3, 2), (4, 4), (5, 8), (6, 16), (7, 30), (8, 30)] {
            let retry = retries.next(Fault::Reset, NOW, 0, true).unwrap();
            assert_eq!((retry.attempt, retry.last), (attempt, Some(8)));
            assert!(retry.after <= Duration::from_secs(longest), "{retry:?}");
        }
        assert!(matches!(retries.next(Fault::Reset, NOW, 0, true), Err(Fault::Reset)));
    }

    #[test]
    fn not_all_wait_equally_long() {
        let drawn: Vec<_> = (0..50)
            .map(|_| Retries::new(1, Duration::ZERO).next(Fault::Reset, NOW, 0, true).unwrap().after)
            .collect();
        assert!(drawn.iter().any(|after| *after != drawn[0]));
    }

    #[test]
    fn a_try_that_got_further_starts_the_count_anew_but_not_one_that_started_over() {
        let mut retries = Retries::new(1, Duration::ZERO);
        assert_eq!(retries.next(Fault::Reset, NOW, WORTH_IT, true).unwrap().attempt, 2);
        assert_eq!(retries.next(Fault::Reset, NOW, 2 * WORTH_IT, true).unwrap().attempt, 2);
        assert!(retries.next(Fault::Reset, NOW, 2 * WORTH_IT, true).is_err());
    }

    #[test]
    fn a_server_may_ask_for_patience_but_not_for_ever() {
        let next = |asked| {
            Retries::new(1, Duration::ZERO).next(Fault::Status(503), Duration::from_secs(asked), 0, false)
        };
        assert_eq!(next(100).unwrap().after, Duration::from_secs(100));
        assert!(next(3600).is_err());
    }

    #[test]
    fn what_will_not_pass_is_not_tried_again() {
        for (fault, before, after) in [
            (Fault::Reset, true, true),
            (Fault::Status(503), true, true),
            (Fault::Refused, false, true),
            (Fault::Unresolved, false, true),
            (Fault::TimedOut(Stage::Connect, FIRST), false, true),
            (Fault::Status(404), false, false),
            (Fault::DiskFull, false, false),
            (Fault::Garbled, false, true),
        ] {
            let again = |known| Retries::new(1, Duration::ZERO).next(fault.clone(), NOW, 0, known).is_ok();
            assert_eq!((again(false), again(true)), (before, after), "{fault:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_does_not_answer_is_tried_until_its_time_is_over_and_at_least_once_after_it() {
        for fault in [Fault::Refused, Fault::Unresolved, Fault::Status(503), Fault::Closed] {
            let mut retries = Retries::new(2, Duration::from_mins(1));
            let began = now();
            let mut last_try = began;
            while let Ok(retry) = retries.next(fault.clone(), NOW, 0, true) {
                assert_eq!(retry.last, None);
                tokio::time::advance(retry.after).await;
                last_try = now();
            }
            let waited = last_try - began;
            assert!((60..=90).contains(&waited.as_secs()), "{fault:?}: {waited:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_about_one_file_is_tried_so_many_times_and_without_tries_nothing_is_waited_for() {
        let outage = Duration::from_mins(1);
        for fault in [Fault::Status(500), Fault::Short { got: 1, announced: 2 }] {
            let mut retries = Retries::new(1, outage);
            assert_eq!(retries.next(fault.clone(), NOW, 0, true).unwrap().last, Some(2));
            assert!(retries.next(fault, NOW, 0, true).is_err());
        }
        assert!(Retries::new(0, outage).next(Fault::Refused, NOW, 0, true).is_err());
    }
}
