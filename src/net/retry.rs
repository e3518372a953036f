//! Which failures are worth another try, and when it comes.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

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
    /// Tries in a row that failed.
    failed: u32,
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
    /// The last that there is, where all fail like this one.
    pub(super) last: u32,
    pub(super) after: Duration,
}

impl Retries {
    pub(super) fn new(most: u32) -> Self {
        Self { most, failed: 0, furthest: 0 }
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
            (self.failed, self.furthest) = (0, here);
        }
        if asked > LONGEST_ASKED || !(is_passing(&fault) || is_known && may_pass(&fault)) {
            return Err(fault);
        }
        if self.failed >= self.most {
            return Err(fault);
        }
        let longest = FIRST.saturating_mul(1 << self.failed.min(16)).min(LONGEST);
        self.failed += 1;
        let after = longest.mul_f64(chance()).max(asked);
        Ok(Retry { fault, attempt: self.failed + 1, last: self.most.saturating_add(1), after })
    }
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
        let mut retries = Retries::new(7);
        for (attempt, longest) in [(2, 1), (3, 2), (4, 4), (5, 8), (6, 16), (7, 30), (8, 30)] {
            let retry = retries.next(Fault::Reset, NOW, 0, true).unwrap();
            assert_eq!((retry.attempt, retry.last), (attempt, 8));
            assert!(retry.after <= Duration::from_secs(longest), "{retry:?}");
        }
        assert!(matches!(retries.next(Fault::Reset, NOW, 0, true), Err(Fault::Reset)));
    }

    #[test]
    fn not_all_wait_equally_long() {
        let drawn: Vec<_> =
            (0..50).map(|_| Retries::new(1).next(Fault::Reset, NOW, 0, true).unwrap().after).collect();
        assert!(drawn.iter().any(|after| *after != drawn[0]));
    }

    #[test]
    fn a_try_that_got_further_starts_the_count_anew_but_not_one_that_started_over() {
        let mut retries = Retries::new(1);
        assert_eq!(retries.next(Fault::Reset, NOW, WORTH_IT, true).unwrap().attempt, 2);
        assert_eq!(retries.next(Fault::Reset, NOW, 2 * WORTH_IT, true).unwrap().attempt, 2);
        assert!(retries.next(Fault::Reset, NOW, 2 * WORTH_IT, true).is_err());
    }

    #[test]
    fn a_server_may_ask_for_patience_but_not_for_ever() {
        let next = |asked| Retries::new(1).next(Fault::Status(503), Duration::from_secs(asked), 0, false);
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
            let again = |known| Retries::new(1).next(fault.clone(), NOW, 0, known).is_ok();
            assert_eq!((again(false), again(true)), (before, after), "{fault:?}");
        }
    }
}
