//! How much of what arrives is kept, so that who sends more than anybody reads fills neither memory nor disk. Pure: time
//! is an argument here.
//!
//! Whoever sends has a budget that fills up again by itself: enough for a long text all at once, and for more than can
//! be read from then on. All whom the user never wrote to share a second one: addresses are easily forged, and of those
//! there is no end.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::wire::chat::DATAGRAM_TEXT_LIMIT;

/// For each address: two megabytes of text or 2,000 lines at once, and then 20 lines a second.
const EACH: Rate = Rate { at_once: 2_000, interval: Duration::from_millis(50) };
/// For all strangers together. One of them alone cannot use it up.
const STRANGERS: Rate = Rate { at_once: 5_000, interval: Duration::from_millis(10) };
/// So many addresses are remembered before those are forgotten that have their whole budget again. What strangers share
/// is the limit to how many can be without.
const ADDRESSES: usize = 8_192;

/// What becomes of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is kept.
    Kept,
    /// Its address sends too much.
    Noisy,
    /// Strangers send too much, all together.
    Crowded,
}

/// Who has sent how much lately.
#[derive(Debug, Default)]
pub(super) struct Budget {
    acquaintances: HashSet<SocketAddr>,
    addresses: HashMap<SocketAddr, Account>,
    strangers: Account,
}

impl Budget {
    /// The user wrote to this address: it is no stranger any more.
    pub(super) fn acquaint(&mut self, address: SocketAddr) {
        self.acquaintances.insert(address);
    }

    /// Whether a datagram of so many bytes is within the budget; then it is charged.
    pub(super) fn judge(&mut self, now: Instant, from: SocketAddr, length: usize) -> Verdict {
        let price = price(length);
        let own = self.addresses.get(&from).copied().unwrap_or_default();
        let Some(own) = own.charged(now, price, &EACH) else { return Verdict::Noisy };
        if !self.acquaintances.contains(&from) {
            let Some(shared) = self.strangers.charged(now, price, &STRANGERS) else {
                return Verdict::Crowded;
            };
            self.strangers = shared;
        }
        if self.addresses.len() >= ADDRESSES {
            self.addresses.retain(|_, account| account.is_in_debt(now));
        }
        self.addresses.insert(from, own);
        Verdict::Kept
    }
}

/// A datagram costs one for each that a course program would have needed.
fn price(length: usize) -> u32 {
    u32::try_from(length.div_ceil(DATAGRAM_TEXT_LIMIT)).unwrap_or(u32::MAX).max(1)
}

#[derive(Debug)]
struct Rate {
    at_once: u32,
    /// One more, each time that so long has passed.
    interval: Duration,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, Default)]
struct Account {
    /// When it will be full again; none where it was never used.
    full: Option<Instant>,
}

impl Account {
    /// The account after this purchase, where it can afford it.
    fn charged(self, now: Instant, price: u32, rate: &Rate) -> Option<Self> {
        let debt = self.full.map_or(Duration::ZERO, |full| full.saturating_duration_since(now));
        let debt = debt.saturating_add(rate.interval.saturating_mul(price));
        (debt <= rate.interval * rate.at_once).then(|| Self { full: Some(now + debt) })
    }

    fn is_in_debt(self, now: Instant) -> bool {
        self.full.is_some_and(|full| full > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "any moment will do")]
    fn now() -> Instant {
        Instant::now()
    }

    fn address(number: u32) -> SocketAddr {
        (std::net::Ipv4Addr::from(number), 9).into()
    }

    /// How many of so many datagrams, all at the same moment, are kept.
    fn kept(budget: &mut Budget, now: Instant, from: SocketAddr, datagrams: usize, length: usize) -> usize {
        (0..datagrams).filter(|_| budget.judge(now, from, length) == Verdict::Kept).count()
    }

    #[test]
    fn a_long_text_at_once_is_kept_and_a_flood_is_not() {
        let (mut budget, now) = (Budget::default(), now());
        assert_eq!(kept(&mut budget, now, address(1), 2_000, 80), 2_000);
        assert_eq!(budget.judge(now, address(1), 80), Verdict::Noisy);
        let later = now + Duration::from_secs(10);
        assert_eq!(kept(&mut budget, later, address(1), 10_000, 80), 200);
        let much_later = now + Duration::from_hours(10);
        assert_eq!(kept(&mut budget, much_later, address(1), 10_000, 80), 2_000, "no more is saved up");
    }

    #[test]
    fn bytes_count_as_datagrams_do() {
        let (mut budget, now) = (Budget::default(), now());
        assert_eq!(kept(&mut budget, now, address(1), 100, 65_507), 31);
        assert_eq!(kept(&mut budget, now, address(2), 10_000, 0), 2_000);
    }

    #[test]
    fn who_is_noisy_costs_nobody_else_a_message() {
        let (mut budget, now) = (Budget::default(), now());
        kept(&mut budget, now, address(1), 100_000, 80);
        assert_eq!(kept(&mut budget, now, address(2), 200, 80), 200);
    }

    #[test]
    fn forged_addresses_share_one_budget_and_take_nothing_from_whom_the_user_writes_to() {
        let (mut budget, now) = (Budget::default(), now());
        let verdicts: Vec<_> = (0..100_000).map(|number| budget.judge(now, address(number), 80)).collect();
        assert!(verdicts[..5_000].iter().all(|verdict| *verdict == Verdict::Kept));
        assert!(verdicts[5_000..].iter().all(|verdict| *verdict == Verdict::Crowded));
        let friend = address(200_000);
        assert_eq!(budget.judge(now, friend, 80), Verdict::Crowded);
        budget.acquaint(friend);
        assert_eq!(kept(&mut budget, now, friend, 200, 80), 200);
    }

    #[test]
    fn of_addresses_without_end_only_those_are_remembered_that_matter() {
        let (mut budget, mut now) = (Budget::default(), now());
        for number in 0..100_000 {
            assert_eq!(budget.judge(now, address(number), 80), Verdict::Kept);
            assert!(budget.addresses.len() <= ADDRESSES);
            now += STRANGERS.interval;
        }
        kept(&mut budget, now, address(0), 3_000, 80);
        for number in 1..100_000 {
            budget.judge(now, address(number), 80);
        }
        assert_eq!(budget.judge(now, address(0), 80), Verdict::Noisy);
        assert!(budget.addresses.len() <= ADDRESSES);
    }
}
