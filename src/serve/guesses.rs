//! Rate limiter of password guesses: exponential backoff for each address (of IPv6: for each /64 network).
//!
//! The first wrong passwords of an address are answered at once. After them each further one, right or wrong, waits for
//! its turn, and the turns are further apart with each wrong one. A few requests of an address may wait for theirs; others,
//! and those that would wait for too long, get 429 with `Retry-After` and are not looked at, so that many connections at
//! once learn no more than one. Other addresses never wait. A right password ends the wait of its address, but the next
//! wrong one there counts at once. A connection on which the right one was given is not held up again.
//!
//! Bounded memory: the addresses that guessed last are known, others are forgotten.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;
use tokio::time::{Instant, sleep};

use super::guests::network;

/// Wrong passwords that an address may give before it has to wait.
const FREE: u32 = 3;

/// The first wait; each further one is twice as long, up to the longest.
const FIRST_DELAY: Duration = Duration::from_millis(500);
const LONGEST_DELAY: Duration = Duration::from_mins(1);

/// How long a request waits for its turn; hobnob's own client waits 10 s for an answer to begin.
const LONGEST_HOLD: Duration = Duration::from_secs(8);

/// Requests of one address that may wait at once, and of all addresses.
const WAITING_OF_ONE: usize = 4;
const WAITING: usize = 100;

/// After so long without a wrong password an address is as good as new.
const FORGIVEN_AFTER: Duration = Duration::from_mins(10);

/// Addresses that are known.
const KNOWN: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// What becomes of a request with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// It was the right one.
    Right,
    /// It was not.
    Wrong,
    /// It was not looked at, and may be given again after this time.
    Later(Duration),
}

/// The wrong passwords of all addresses.
#[derive(Debug)]
pub(super) struct Guesses {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    failures: LruCache<IpAddr, Failures>,
    waiting: usize,
}

/// The wrong passwords of one address.
#[derive(Debug)]
struct Failures {
    count: u32,
    last: Instant,
    /// When the next one is looked at.
    next: Instant,
    waiting: usize,
}

/// A request that waits, until this is dropped.
struct Place {
    state: Arc<Mutex<State>>,
    from: IpAddr,
}

impl Guesses {
    pub(super) fn new() -> Self {
        Self { state: Arc::new(Mutex::new(State { failures: LruCache::new(KNOWN), waiting: 0 })) }
    }

    /// Waits for the turn of a request from there, whose password is right or not.
    #[expect(clippy::disallowed_methods, reason = "serve reads a clock")]
    pub(super) async fn judge(&self, address: IpAddr, is_right: bool) -> Decision {
        let from = network(address.to_canonical());
        let began = Instant::now();
        let mut place = None;
        loop {
            let now = Instant::now();
            let wait = match lock(&self.state).wait(from, is_right, now) {
                Ok(decision) => return decision,
                Err(wait) => wait,
            };
            if now + wait > began + LONGEST_HOLD {
                return Decision::Later(wait);
            }
            if place.is_none() {
                place = Place::take(&self.state, from);
                if place.is_none() {
                    return Decision::Later(wait);
                }
            }
            sleep(wait).await;
        }
    }
}

impl State {
    /// What becomes of it now, or how long it has to wait.
    fn wait(&mut self, from: IpAddr, is_right: bool, now: Instant) -> Result<Decision, Duration> {
        let known = self.failures.get_mut(&from);
        let known = known.filter(|failures| now.duration_since(failures.last) < FORGIVEN_AFTER);
        if is_right && known.is_none() {
            return Ok(Decision::Right);
        }
        let Some(failures) = known else {
            let waiting = self.failures.peek(&from).map_or(0, |failures| failures.waiting);
            self.failures.put(from, Failures { count: 1, last: now, next: now, waiting });
            return Ok(Decision::Wrong);
        };
        if failures.next > now {
            return Err(failures.next - now);
        }
        if is_right {
            failures.count = failures.count.min(FREE - 1);
            return Ok(Decision::Right);
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        failures.next = now + delay(failures.count);
        Ok(Decision::Wrong)
    }
}

impl Place {
    /// None where too many wait already.
    fn take(state: &Arc<Mutex<State>>, from: IpAddr) -> Option<Self> {
        let mut locked = lock(state);
        if locked.waiting >= WAITING {
            return None;
        }
        let failures =
            locked.failures.peek_mut(&from).filter(|failures| failures.waiting < WAITING_OF_ONE)?;
        failures.waiting += 1;
        locked.waiting += 1;
        drop(locked);
        Some(Self { state: Arc::clone(state), from })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.waiting = state.waiting.saturating_sub(1);
        if let Some(failures) = state.failures.peek_mut(&self.from) {
            failures.waiting = failures.waiting.saturating_sub(1);
        }
    }
}

/// After so many wrong passwords.
fn delay(count: u32) -> Duration {
    let Some(doublings) = count.checked_sub(FREE) else { return Duration::ZERO };
    FIRST_DELAY.saturating_mul(1 << doublings.min(16)).min(LONGEST_DELAY)
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::task::JoinSet;
    use tokio::time::advance;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

    /// How long an answer takes, and what it is.
    #[expect(clippy::disallowed_methods, reason = "of a clock that stands still")]
    async fn timed(guesses: &Guesses, from: IpAddr, is_right: bool) -> (Decision, u128) {
        let began = Instant::now();
        let decision = guesses.judge(from, is_right).await;
        (decision, began.elapsed().as_millis())
    }

    #[tokio::test(start_paused = true)]
    async fn each_wrong_password_takes_longer_until_it_is_not_looked_at_any_more() {
        let guesses = Guesses::new();
        for expected in [0, 0, 0, 500, 1000, 2000, 4000, 8000] {
            assert_eq!(timed(&guesses, HERE, false).await, (Decision::Wrong, expected));
        }
        for is_right in [false, true] {
            let later = Decision::Later(Duration::from_secs(16));
            assert_eq!(timed(&guesses, HERE, is_right).await, (later, 0), "which it is cannot be seen");
        }
        for expected in [16, 32, 60, 60] {
            let Decision::Later(wait) = guesses.judge(HERE, false).await else { panic!("looked at") };
            assert_eq!(wait.as_secs(), expected);
            advance(wait).await;
            assert_eq!(timed(&guesses, HERE, false).await, (Decision::Wrong, 0));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn other_addresses_never_wait_and_one_network_is_one() {
        let guesses = Guesses::new();
        let network: [IpAddr; 3] =
            ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"].map(|text| text.parse().unwrap());
        for (at, from) in network.into_iter().cycle().take(FREE as usize + 1).enumerate() {
            let expected = if at == FREE as usize { 500 } else { 0 };
            assert_eq!(timed(&guesses, from, false).await, (Decision::Wrong, expected));
        }
        for other in ["2001:db8:0:1::1", "192.0.2.7", "::ffff:192.0.2.8"] {
            let other = other.parse().unwrap();
            assert_eq!(timed(&guesses, other, true).await, (Decision::Right, 0));
            assert_eq!(timed(&guesses, other, false).await, (Decision::Wrong, 0));
        }
        for from in ["192.0.2.9", "::ffff:192.0.2.9", "192.0.2.9"] {
            guesses.judge(from.parse().unwrap(), false).await;
        }
        assert_eq!(timed(&guesses, "::ffff:192.0.2.9".parse().unwrap(), false).await.1, 500);
    }

    #[tokio::test(start_paused = true)]
    async fn many_at_once_learn_no_more_than_one_after_the_other() {
        let guesses = Arc::new(Guesses::new());
        let mut asking = JoinSet::new();
        for _ in 0..1000 {
            let guesses = Arc::clone(&guesses);
            asking.spawn(async move { guesses.judge(HERE, false).await });
        }
        let decisions = asking.join_all().await;
        let wrong = decisions.iter().filter(|decision| **decision == Decision::Wrong).count();
        assert_eq!(wrong, FREE as usize + WAITING_OF_ONE);
        assert_eq!(lock(&guesses.state).waiting, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_right_password_waits_where_wrong_ones_do_and_then_ends_the_wait() {
        let guesses = Guesses::new();
        for _ in 0..6 {
            guesses.judge(HERE, false).await;
        }
        assert_eq!(timed(&guesses, HERE, true).await, (Decision::Right, 4000));
        assert_eq!(timed(&guesses, HERE, true).await, (Decision::Right, 0));
        assert_eq!(timed(&guesses, HERE, false).await, (Decision::Wrong, 0));
        assert_eq!(
            timed(&guesses, HERE, false).await,
            (Decision::Wrong, 500),
            "what was guessed before counts"
        );
        assert_eq!(timed(&guesses, ELSEWHERE, true).await, (Decision::Right, 0));
        advance(FORGIVEN_AFTER).await;
        for _ in 0..FREE {
            assert_eq!(timed(&guesses, HERE, false).await, (Decision::Wrong, 0));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_goes_away_while_waiting_leaves_room_and_memory_has_a_bound() {
        let guesses = Guesses::new();
        for _ in 0..5 {
            guesses.judge(HERE, false).await;
        }
        for _ in 0..20 {
            let gone = tokio::time::timeout(Duration::from_millis(1), guesses.judge(HERE, false)).await;
            assert!(gone.is_err(), "it waited");
        }
        for number in 0..100_000_u32 {
            guesses.judge(IpAddr::V4(Ipv4Addr::from_bits(number)), false).await;
        }
        assert_eq!(lock(&guesses.state).failures.len(), KNOWN.get());
    }
}
