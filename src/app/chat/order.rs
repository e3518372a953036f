//! The order in which the peers are shown: those that are pinned, those with something unread, then by who was heard
//! or written to last. Peers on one machine stand together. Whoever walks through the list does not change it.
//!
//! An ordered index of ranks, in which a peer that is heard moves without the others being looked at.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use jiff::Timestamp;

use super::Chat;
use crate::app::conversation::Conversation;

/// Where a conversation stands by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pinned: Reverse<bool>,
    blocked: bool,
    unread: Reverse<bool>,
    latest: Reverse<Option<Timestamp>>,
    at: usize,
    machine: Machine,
}

/// Those that stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Machine {
    Ip(IpAddr),
    /// Nobody else is there.
    Of(usize),
}

impl Rank {
    pub(super) fn of(at: usize, conversation: &Conversation) -> Self {
        let contact = &conversation.contact;
        let ip = conversation.address().map(|address| address.ip());
        Self {
            pinned: Reverse(contact.pinned),
            blocked: contact.blocked,
            unread: Reverse(conversation.unread > 0 && !contact.muted),
            latest: Reverse(conversation.latest),
            at,
            machine: ip.map_or(Machine::Of(at), Machine::Ip),
        }
    }
}

/// The order, as it was when something was last said.
#[derive(Debug, Clone, Default)]
pub(super) struct Order {
    /// How each is ranked.
    ranks: HashMap<usize, Rank>,
    /// The conversations of each machine. None is empty.
    machines: HashMap<Machine, BTreeSet<Rank>>,
    /// The machines, by the first conversation of each.
    first: BTreeMap<Rank, Machine>,
    /// The ranks that are to take the place of earlier ones.
    waiting: BTreeMap<usize, Rank>,
    stale: bool,
}

impl Order {
    /// Something happened that may change the order.
    pub(super) fn touch(&mut self) {
        self.stale = true;
    }

    /// A conversation is to have this rank when the order is brought up to date.
    pub(super) fn follow(&mut self, rank: &Rank) {
        if self.ranks.get(&rank.at) == Some(rank) {
            self.waiting.remove(&rank.at);
        } else {
            self.waiting.insert(rank.at, *rank);
        }
    }

    /// Brings it up to date.
    pub(super) fn update(&mut self) {
        if std::mem::take(&mut self.stale) {
            for (at, rank) in std::mem::take(&mut self.waiting) {
                self.take_out(at);
                self.put_in(rank);
            }
        }
    }

    /// A conversation is gone.
    pub(super) fn remove(&mut self, at: usize) {
        self.waiting.remove(&at);
        self.take_out(at);
    }

    fn put_in(&mut self, rank: Rank) {
        let ranks = self.machines.entry(rank.machine).or_default();
        let before = ranks.first().copied();
        ranks.insert(rank);
        if before.is_none_or(|first| rank < first) {
            if let Some(first) = before {
                self.first.remove(&first);
            }
            self.first.insert(rank, rank.machine);
        }
        self.ranks.insert(rank.at, rank);
    }

    fn take_out(&mut self, at: usize) {
        let Some(rank) = self.ranks.remove(&at) else { return };
        let Some(ranks) = self.machines.get_mut(&rank.machine) else { return };
        ranks.remove(&rank);
        if self.first.remove(&rank).is_some() {
            if let Some(next) = ranks.first() {
                self.first.insert(*next, rank.machine);
            } else {
                self.machines.remove(&rank.machine);
            }
        }
    }

    fn of(&self, machine: &Machine) -> impl DoubleEndedIterator<Item = usize> {
        self.machines.get(machine).into_iter().flatten().map(|rank| rank.at)
    }

    /// All, the first one first.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.first.values().flat_map(|machine| self.of(machine))
    }

    /// Where the others of the same machine begin, for a conversation that stands in the order.
    fn place(&self, at: usize) -> Option<(Rank, &BTreeSet<Rank>, Rank)> {
        let rank = *self.ranks.get(&at)?;
        let ranks = self.machines.get(&rank.machine)?;
        Some((rank, ranks, *ranks.first()?))
    }

    /// Those before this one, the nearest first.
    pub(super) fn before(&self, at: usize) -> impl Iterator<Item = usize> {
        let place = self.place(at);
        let beside =
            place.into_iter().flat_map(|(rank, ranks, _)| ranks.range(..rank).rev().map(|rank| rank.at));
        let above = place.into_iter().flat_map(|(.., first)| self.first.range(..first).rev());
        beside.chain(above.flat_map(|(_, machine)| self.of(machine).rev()))
    }

    /// Those behind this one, the nearest first.
    pub(super) fn behind(&self, at: usize) -> impl Iterator<Item = usize> {
        use std::ops::Bound::{Excluded, Unbounded};
        let place = self.place(at);
        let beside = place
            .into_iter()
            .flat_map(|(rank, ranks, _)| ranks.range((Excluded(rank), Unbounded)).map(|rank| rank.at));
        let below = place.into_iter().flat_map(|(.., first)| self.first.range((Excluded(first), Unbounded)));
        beside.chain(below.flat_map(|(_, machine)| self.of(machine)))
    }

    /// Whether another peer on the same machine stands above this one.
    pub(super) fn is_sibling(&self, at: usize) -> bool {
        self.place(at).is_some_and(|(rank, _, first)| rank != first)
    }
}

impl Chat {
    /// Something happened that may change the order of the peers.
    pub(super) fn touch_order(&mut self) {
        self.conversations.order_mut().touch();
    }

    /// Brings the order of the peers up to date.
    pub(in crate::app) fn put_in_order(&mut self) {
        self.conversations.order_mut().update();
    }

    /// The conversations in the order in which they are shown, by their numbers.
    pub fn order(&self) -> impl Iterator<Item = usize> {
        self.conversations.order().iter()
    }

    /// Brings the conversation that is shown at this place to the front, if there is one.
    pub fn select_shown(&mut self, place: usize) {
        let at = self.order().nth(place);
        if let Some(at) = at {
            self.select(at);
        }
    }

    /// The conversation shown before (`-1`) or after (`1`) the one in front, around the ends.
    pub fn step(&mut self, by: isize) {
        let Some(front) = self.current else { return self.select_shown(0) };
        let order = self.conversations.order();
        let next = if by < 0 { order.before(front).next() } else { order.behind(front).next() };
        let around = || if by < 0 { order.iter().last() } else { order.iter().next() };
        let next = next.or_else(around);
        if let Some(at) = next {
            self.select(at);
        }
    }

    /// The conversation in which something was said last comes to the front.
    pub(in crate::app) fn select_latest(&mut self) {
        let open = self.order().filter(|at| !self.conversations[*at].contact.blocked);
        let latest = open.max_by_key(|at| (self.conversations[*at].latest, *at));
        if let Some(at) = latest {
            self.select(at);
        }
    }

    /// The next conversation with something unread that is not muted.
    pub fn next_unread(&mut self) {
        let order = self.conversations.order();
        let behind = self.current.into_iter().flat_map(|front| order.behind(front));
        let mut round = behind.chain(order.iter());
        let is_unread = |at: &usize| {
            let open = &self.conversations[*at];
            open.unread > 0 && !open.contact.muted
        };
        let found = round.find(is_unread);
        drop(round);
        if let Some(at) = found {
            self.select(at);
        }
    }

    /// Messages that were not read, in all conversations that are not muted.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.conversations.totals().unread
    }

    /// The same, but for those of peers that are not to be counted in the window's title.
    #[must_use]
    pub fn unread_for_title(&self) -> usize {
        self.conversations.totals().unread_for_title
    }
}
