//! What is counted over all items: who is next, how many run where, and how much is to come. Owns which download may
//! start when; starts none.

use std::collections::BTreeSet;

use super::breaker::Breaker;
use super::item::{Item, ItemId, Running};
use super::tree::Walk;
use crate::wire::address::Endpoint;
use crate::wire::source::{Scheme, Source};

/// For each large file that may run at once, so many small ones may beside it.
const SMALL_FOR_EACH: usize = 8;
/// The most small files that are asked for at once; and as many may be on their way onto the disk.
const SMALL_LIMIT: usize = 64;
/// The most downloads at once from one server.
const PER_SERVER: usize = 32;
/// Folders that are looked through at once.
const WALKS: usize = 2;

/// One server, as far as it matters how many files it is asked for at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LaneId(usize);

/// The items of a server that have something to start, by their places.
#[derive(Debug, Clone)]
struct Lane {
    /// A plain server serves one client at a time; one that is not known yet may be plain.
    plain: bool,
    endpoint: Endpoint,
    small: BTreeSet<(u64, ItemId)>,
    large: BTreeSet<(u64, ItemId)>,
    running: usize,
    breaker: Breaker,
}

/// The sums and the lists.
#[derive(Debug, Clone)]
pub(super) struct Books {
    at_once: usize,
    lanes: Vec<Lane>,
    small: usize,
    large: usize,
    /// Small files that came, and are brought onto the disk: their servers have nothing to do with them any more.
    placing: usize,
    walking: usize,
    walks: BTreeSet<(u64, ItemId)>,
    /// Items that wait for an answer of the user's.
    pub(super) asked: BTreeSet<(u64, ItemId)>,
    /// Items whose server wants to know who asks.
    pub(super) denied: BTreeSet<(u64, ItemId)>,
    pub(super) totals: Totals,
}

/// What is to come, all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Items that are not at their end.
    pub open: usize,
    /// Those of them that the user stopped; the rest of this does not count them.
    pub paused: usize,
    /// Items whose length is not known, or not yet.
    pub uncertain: usize,
    /// Bytes that are here.
    pub(super) bytes: u128,
    /// Bytes of which it is known that they are to be here in the end.
    pub(super) known: u128,
}

impl Books {
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            at_once,
            lanes: Vec::new(),
            small: 0,
            large: 0,
            placing: 0,
            walking: 0,
            walks: BTreeSet::new(),
            asked: BTreeSet::new(),
            denied: BTreeSet::new(),
            totals: Totals::default(),
        }
    }

    /// The lane of a server.
    pub(super) fn lane(&mut self, source: &Source) -> LaneId {
        let plain = matches!(source.scheme, Scheme::Plain | Scheme::Probe);
        let endpoint = source.origin().endpoint;
        let known = self.lanes.iter().position(|lane| lane.plain == plain && lane.endpoint == endpoint);
        LaneId(known.unwrap_or_else(|| {
            let (small, large) = (BTreeSet::new(), BTreeSet::new());
            let breaker = Breaker::default();
            self.lanes.push(Lane { plain, endpoint, small, large, running: 0, breaker });
            self.lanes.len() - 1
        }))
    }

    /// The item counts, as it is now.
    pub(super) fn enter(&mut self, item: &Item) {
        let key = (item.place, item.id);
        self.totals.add(item);
        if !item.is_open() || item.paused || item.cancelled {
            return;
        }
        let lane = &mut self.lanes[item.lane.0];
        for (small, ready) in [(true, &mut lane.small), (false, &mut lane.large)] {
            if item.waiting.has(small) {
                ready.insert(key);
            }
        }
        let due = item.tree.as_ref().is_some_and(|tree| tree.walk == Walk::Due) && item.realm.is_none();
        for (wanted, list) in [
            (due, &mut self.walks),
            (!item.asked.is_empty(), &mut self.asked),
            (item.realm.is_some(), &mut self.denied),
        ] {
            if wanted {
                list.insert(key);
            }
        }
    }

    /// It does not count any more, as it was when it last did.
    pub(super) fn leave(&mut self, item: &Item) {
        let key = (item.place, item.id);
        self.totals.subtract(item);
        let lane = &mut self.lanes[item.lane.0];
        for list in [&mut lane.small, &mut lane.large, &mut self.walks, &mut self.asked, &mut self.denied] {
            list.remove(&key);
        }
    }

    /// The next item of which a file may start, and whether that is a small one: the first in the queue.
    pub(super) fn next(&self) -> Option<(ItemId, bool)> {
        let small =
            self.small < (self.at_once * SMALL_FOR_EACH).min(SMALL_LIMIT) && self.placing < SMALL_LIMIT;
        let large = self.large < self.at_once;
        let per_server = PER_SERVER.max(self.at_once);
        let limit = |lane: &Lane| if lane.plain || lane.breaker.is_open() { 1 } else { per_server };
        let open = |lane: &&Lane| lane.running < limit(lane);
        let firsts = self.lanes.iter().filter(open).flat_map(|lane| {
            let small = lane.small.first().filter(|_| small).map(|first| (first, true));
            let large = lane.large.first().filter(|_| large).map(|first| (first, false));
            [large, small].into_iter().flatten()
        });
        firsts.min_by_key(|(first, _)| **first).map(|((_, item), small)| (*item, small))
    }

    /// The next folder that may be looked through.
    pub(super) fn next_walk(&self) -> Option<ItemId> {
        self.walks.first().filter(|_| self.walking < WALKS).map(|(_, item)| *item)
    }

    /// What is known of whether a server answers.
    pub(super) fn breaker(&mut self, lane: LaneId) -> &mut Breaker {
        &mut self.lanes[lane.0].breaker
    }

    pub(super) fn started(&mut self, lane: LaneId, small: bool) {
        self.lanes[lane.0].running += 1;
        *self.slots(small) += 1;
    }

    /// All of a small file came, but it has no name yet: another is asked for in the meantime. With a large one the disk
    /// has enough to do.
    pub(super) fn came(&mut self, lane: LaneId) {
        self.lanes[lane.0].running -= 1;
        self.small -= 1;
        self.placing += 1;
    }

    pub(super) fn ended(&mut self, running: &Running) {
        if running.came {
            self.placing -= 1;
        } else {
            self.lanes[running.lane.0].running -= 1;
            *self.slots(running.small) -= 1;
        }
    }

    fn slots(&mut self, small: bool) -> &mut usize {
        if small { &mut self.small } else { &mut self.large }
    }

    pub(super) fn walk_started(&mut self) {
        self.walking += 1;
    }

    pub(super) fn walk_ended(&mut self) {
        self.walking -= 1;
    }

    /// Whether anything is on its way.
    pub(super) fn is_busy(&self) -> bool {
        self.small + self.large + self.placing + self.walking > 0
    }
}

impl Totals {
    /// Bytes that are here.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        super::counts::saturated(self.bytes)
    }

    /// Bytes that are to be here in the end; none where that is not known.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        (self.uncertain == 0).then_some(super::counts::saturated(self.known))
    }

    fn add(&mut self, item: &Item) {
        if !item.is_open() {
            return;
        }
        self.open += 1;
        if item.paused {
            self.paused += 1;
            return;
        }
        self.uncertain += usize::from(is_uncertain(item));
        self.bytes += item.counts.here + item.counts.partly;
        self.known += item.counts.known;
    }

    fn subtract(&mut self, item: &Item) {
        if !item.is_open() {
            return;
        }
        self.open -= 1;
        if item.paused {
            self.paused -= 1;
            return;
        }
        self.uncertain -= usize::from(is_uncertain(item));
        self.bytes -= item.counts.here + item.counts.partly;
        self.known -= item.counts.known;
    }
}

fn is_uncertain(item: &Item) -> bool {
    item.total().is_none() || !item.is_final()
}
