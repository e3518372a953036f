//! The connection limiter: which connections have a slot, and which one is evicted where there is none for another.
//!
//! Owns the count of the connections, in all and of each address, and the choice among them: of those that wait for nothing
//! but their own next word the one that has done so for the longest makes room. Where there is none, the slowest reader of
//! the address that has the most slots is evicted for an address that has fewer. Must never cut off a running answer for
//! another one of the same address, nor let a few addresses keep all the others out.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use tokio::sync::Notify;

use super::Limits;
use super::body::frame;

/// For so many milliseconds after its beginning an answer is no slow one.
const BEGINNING: u64 = 1000;

/// The number of a connection; later ones have higher ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GuestId(u64);

/// All who are connected.
#[derive(Debug)]
pub(super) struct Guests {
    most: usize,
    most_of_one: usize,
    seats: BTreeMap<GuestId, (IpAddr, Arc<Guest>)>,
    of_one: HashMap<IpAddr, usize>,
    last: u64,
    bell: Arc<Bell>,
}

/// Rung whenever somebody has begun to wait.
#[derive(Debug)]
struct Bell {
    /// What times are counted from.
    start: Instant,
    /// Counts how often it was rung: the order in which they began.
    rung: AtomicU64,
    waits: Notify,
    /// How many are connected.
    connected: AtomicUsize,
}

/// One who is connected.
#[derive(Debug)]
pub(super) struct Guest {
    /// Answers that are owed.
    owed: AtomicUsize,
    /// Since which ring nothing is owed.
    waits_since: AtomicU64,
    /// Since when something is owed, in milliseconds, and how many bytes were taken or sent since then.
    owed_since: AtomicU64,
    taken: AtomicU64,
    is_evicted: AtomicBool,
    leave: Notify,
    bell: Arc<Bell>,
}

impl Guests {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            most: limits.connections.max(1),
            most_of_one: limits.per_address.max(1),
            seats: BTreeMap::new(),
            of_one: HashMap::new(),
            last: 0,
            bell: Arc::new(Bell::new()),
        }
    }

    /// Whether there is a slot for anybody, be it that of one who waits.
    pub(super) fn have_room(&self) -> bool {
        self.seats.len() < self.most || self.seats.values().any(|(_, guest)| guest.waits())
    }

    /// Whether this address gets an answer at once where there is [no such slot](Self::have_room): that of another one, or that
    /// it has too many.
    pub(super) fn decides(&self, ip: IpAddr) -> bool {
        self.of(ip) >= self.most_of_one || self.richest(network(ip)).is_some()
    }

    /// How many slots this address has.
    pub(super) fn of(&self, ip: IpAddr) -> usize {
        self.of_one.get(&network(ip)).copied().unwrap_or_default()
    }

    /// The address with the most slots, if it still has no fewer than this one when it gives one away to it.
    fn richest(&self, than: IpAddr) -> Option<IpAddr> {
        let own = self.of(than);
        let (richest, most) = self.of_one.iter().max_by_key(|(_, count)| **count)?;
        (*most >= own + 2).then_some(*richest)
    }

    /// Takes in whoever comes from there; none where that address has too many running answers already.
    pub(super) fn admit(&mut self, ip: IpAddr) -> Option<(GuestId, Arc<Guest>)> {
        let from = network(ip);
        // First, so that nobody leaves for one who cannot come in.
        if self.of_one.get(&from).is_some_and(|count| *count >= self.most_of_one) && !self.dismiss(Some(from))
        {
            return None;
        }
        if self.seats.len() >= self.most && !self.dismiss(None) {
            self.evict(from);
        }
        self.last += 1;
        let id = GuestId(self.last);
        let guest = Arc::new(Guest {
            owed: AtomicUsize::new(0),
            waits_since: AtomicU64::new(0),
            owed_since: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            is_evicted: AtomicBool::new(false),
            leave: Notify::new(),
            bell: Arc::clone(&self.bell),
        });
        guest.ring();
        self.seats.insert(id, (from, Arc::clone(&guest)));
        *self.of_one.entry(from).or_default() += 1;
        self.count();
        Some((id, guest))
    }

    /// Somebody has left.
    pub(super) fn left(&mut self, id: GuestId) {
        if let Some((from, _)) = self.seats.remove(&id) {
            self.forget(from);
        }
    }

    /// Asks whoever has waited for the longest to leave, if anybody waits.
    pub(super) fn make_room(&mut self) {
        self.dismiss(None);
    }

    /// Until somebody has begun to wait since this was asked last.
    pub(super) async fn somebody_waits(&self) {
        self.bell.waits.notified().await;
    }

    /// Whether there was anybody to be asked. Who was asked counts no more, so that nobody is asked twice: they cannot
    /// stay.
    fn dismiss(&mut self, only: Option<IpAddr>) -> bool {
        let waiting = self
            .seats
            .iter()
            .filter(|(_, (from, guest))| only.is_none_or(|only| only == *from) && guest.waits());
        let longest = waiting.min_by_key(|(_, (_, guest))| guest.waits_since.load(Ordering::Relaxed));
        let longest = longest.map(|(id, _)| *id);
        longest.is_some_and(|id| self.ask_to_leave(id))
    }

    /// Takes a slot away from the slowest reader of the address with the most, for one of this address.
    fn evict(&mut self, by: IpAddr) {
        let Some(richest) = self.richest(by) else { return };
        let now = self.bell.now();
        let theirs = self.seats.iter().filter(|(_, (from, _))| *from == richest);
        let slowest = theirs.min_by_key(|(_, (_, guest))| guest.pace(now)).map(|(id, _)| *id);
        if let Some(id) = slowest {
            if let Some((_, guest)) = self.seats.get(&id) {
                guest.is_evicted.store(true, Ordering::Relaxed);
            }
            self.ask_to_leave(id);
        }
    }

    fn ask_to_leave(&mut self, id: GuestId) -> bool {
        let Some((from, guest)) = self.seats.remove(&id) else { return false };
        guest.leave.notify_one();
        self.forget(from);
        true
    }

    fn count(&self) {
        self.bell.connected.store(self.seats.len(), Ordering::Relaxed);
    }

    fn forget(&mut self, from: IpAddr) {
        self.count();
        if let Some(count) = self.of_one.get_mut(&from) {
            *count -= 1;
            if *count == 0 {
                self.of_one.remove(&from);
            }
        }
    }
}

impl Guest {
    /// An answer is owed to them from now on.
    pub(super) fn owes(&self) {
        if self.owed.fetch_add(1, Ordering::Relaxed) == 0 {
            self.owed_since.store(self.bell.now(), Ordering::Relaxed);
            self.taken.store(0, Ordering::Relaxed);
        }
    }

    /// So many more bytes were taken, or sent, by them.
    pub(super) fn took(&self, bytes: usize) {
        self.taken.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Who is evicted first: the slowest, in bytes a second; then, of those whose answers have only begun, the first.
    fn pace(&self, now: u64) -> (bool, u64) {
        let since = self.owed_since.load(Ordering::Relaxed);
        let milliseconds = now.saturating_sub(since);
        if milliseconds < BEGINNING {
            return (true, since);
        }
        (false, self.taken.load(Ordering::Relaxed).saturating_mul(1000) / milliseconds)
    }

    /// Bytes of a frame for them: the fewer, the more are connected.
    pub(super) fn frame(&self) -> usize {
        frame(self.bell.connected.load(Ordering::Relaxed))
    }

    /// Whether they have to leave in the middle of an answer.
    pub(super) fn is_evicted(&self) -> bool {
        self.is_evicted.load(Ordering::Relaxed)
    }

    /// Until they have to leave in the middle of an answer.
    pub(super) async fn evicted(&self) {
        while !self.is_evicted() {
            self.leave.notified().await;
        }
    }

    /// One that was owed has left.
    pub(super) fn paid(&self) {
        if self.owed.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.ring();
        }
    }

    /// Nothing is owed to them any more, and nothing will be.
    pub(super) fn settles(&self) {
        self.owed.store(0, Ordering::Relaxed);
        self.ring();
    }

    /// Whether nothing is owed to them.
    pub(super) fn waits(&self) -> bool {
        self.owed.load(Ordering::Relaxed) == 0
    }

    /// Until they are asked to leave.
    pub(super) async fn dismissed(&self) {
        self.leave.notified().await;
    }

    fn ring(&self) {
        self.waits_since.store(self.bell.rung.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        self.bell.waits.notify_one();
    }
}

impl Bell {
    #[expect(clippy::disallowed_methods, reason = "how slow somebody is is measured where they are served")]
    fn new() -> Self {
        Self {
            start: Instant::now(),
            rung: AtomicU64::default(),
            waits: Notify::new(),
            connected: AtomicUsize::new(0),
        }
    }

    /// In milliseconds since its start.
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// What counts as one address: of IPv6 the network, as one machine has all of its addresses (RFC 4291, section 2.5.4).
pub(super) fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;

    fn guests(connections: usize, per_address: usize) -> Guests {
        Guests::new(&Limits { connections, per_address, ..Limits::default() })
    }

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(127, 0, 0, last).into()
    }

    fn is_dismissed(guest: &Guest) -> bool {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        std::pin::pin!(guest.dismissed()).poll(&mut context).is_ready()
    }

    #[test]
    fn who_has_waited_for_the_longest_makes_room() {
        let mut guests = guests(3, 3);
        let [first, second, third] = [1, 2, 3].map(|last| guests.admit(address(last)).unwrap().1);
        assert!(!is_dismissed(&first) && !is_dismissed(&second));
        first.owes();
        first.paid();
        let _fourth = guests.admit(address(4)).unwrap();
        assert!(is_dismissed(&second) && !is_dismissed(&first) && !is_dismissed(&third));
        // Nobody is asked twice.
        let _fifth = guests.admit(address(5)).unwrap();
        assert!(is_dismissed(&third) && !is_dismissed(&second));
    }

    #[test]
    fn nobody_leaves_in_the_middle_of_an_answer() {
        let mut guests = guests(2, 2);
        let [(first, busy), (_, other)] = [1, 2].map(|last| guests.admit(address(last)).unwrap());
        busy.owes();
        other.owes();
        assert!(!guests.have_room());
        guests.make_room();
        assert!(!is_dismissed(&busy) && !is_dismissed(&other));
        guests.left(first);
        assert!(guests.have_room());
        guests.left(first);
        let (_, third) = guests.admit(address(3)).unwrap();
        third.owes();
        other.owes();
        other.paid();
        assert!(!guests.decides(address(4)), "no address has more than one");
        assert!(!guests.have_room(), "one of two answers is still owed");
        other.paid();
        assert!(guests.have_room());
        guests.make_room();
        assert!(is_dismissed(&other));
    }

    #[test]
    fn the_slowest_reader_of_the_address_with_the_most_slots_is_evicted_for_one_with_fewer() {
        let mut guests = guests(5, 3);
        let mut admit = |last| {
            let (id, guest) = guests.admit(address(last)).unwrap();
            guest.owes();
            (id, guest)
        };
        let [first, second, third, other, another] = [1, 1, 1, 2, 2].map(&mut admit);
        // They all began long ago.
        let all = [&first, &second, &third, &other, &another];
        for (_, guest) in all {
            guest.owed_since.store(0, Ordering::Relaxed);
        }
        for ((_, guest), taken) in all.iter().zip([3000, 1000, 2000, 0, 0]) {
            guest.took(taken);
        }
        guests.bell = Arc::new(Bell {
            start: guests.bell.start.checked_sub(Duration::from_secs(10)).unwrap(),
            ..Bell::new()
        });
        assert!(!guests.have_room() && !guests.decides(address(2)), "it has two, and would have three");
        assert!(guests.decides(address(1)), "it has all that one address may have");
        assert!(guests.admit(address(1)).is_none());
        assert!(guests.decides(address(3)));
        let (_, newcomer) = guests.admit(address(3)).unwrap();
        newcomer.owes();
        let evicted = all.map(|(_, guest)| guest.is_evicted());
        assert_eq!(evicted, [false, true, false, false, false]);
        assert!(is_dismissed(&second.1));
        // Now no address has so many more.
        assert!(!guests.decides(address(3)));
    }

    #[test]
    fn one_address_takes_no_room_from_another() {
        let mut guests = guests(10, 2);
        let (_, first) = guests.admit(address(1)).unwrap();
        let (_, second) = guests.admit(address(1)).unwrap();
        let (_, other) = guests.admit(address(2)).unwrap();
        second.owes();
        // Its own longest makes room.
        let (_, third) = guests.admit(address(1)).unwrap();
        assert!(is_dismissed(&first) && !is_dismissed(&other));
        third.owes();
        assert!(guests.admit(address(1)).is_none(), "all of its connections are in use");
        assert!(guests.admit(address(3)).is_some());
    }

    #[test]
    fn who_is_refused_takes_nobodys_room() {
        let mut guests = guests(2, 1);
        let (_, other) = guests.admit(address(1)).unwrap();
        let (_, busy) = guests.admit(address(2)).unwrap();
        busy.owes();
        assert!(guests.admit(address(2)).is_none());
        assert!(!is_dismissed(&other));
        // Whoever makes room for their own address makes room for all.
        busy.paid();
        assert!(guests.admit(address(2)).is_some());
        assert!(is_dismissed(&busy) && !is_dismissed(&other));
    }

    #[test]
    fn all_addresses_of_one_ipv6_network_are_one() {
        let mut guests = guests(10, 1);
        let (_, first) = guests.admit("fd00::1".parse().unwrap()).unwrap();
        assert!(guests.admit("fd00::2".parse().unwrap()).is_some());
        assert!(is_dismissed(&first));
        let (_, other) = guests.admit("fd00:0:0:1::1".parse().unwrap()).unwrap();
        assert!(!is_dismissed(&other));
    }
}
