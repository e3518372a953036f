//! The order in which the peers are shown: those that are pinned, those with something unread, then by who was heard
//! or written to last. Peers on one machine stand together. Whoever walks through the list does not change it.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;

use super::Chat;
use crate::app::conversation::Conversation;

/// The order, as it was when something was last said.
#[derive(Debug, Clone, Default)]
pub(super) struct Order {
    shown: Vec<usize>,
    stale: bool,
}

impl Order {
    /// Something happened that may change the order.
    pub(super) fn touch(&mut self) {
        self.stale = true;
    }

    /// Brings it up to date.
    pub(super) fn follow(&mut self, conversations: &[Conversation]) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        let rank = |at: &usize| {
            let open = &conversations[*at];
            let counts = open.unread > 0 && !open.contact.muted;
            (Reverse(open.contact.pinned), open.contact.blocked, Reverse(counts), Reverse(open.latest), *at)
        };
        let mut ranked: Vec<usize> = (0..conversations.len()).collect();
        ranked.sort_by_cached_key(rank);
        // The others of a machine follow the first of it.
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut known: HashMap<IpAddr, usize> = HashMap::new();
        for at in ranked {
            let ip = conversations[at].address().map(|address| address.ip());
            let group = ip.map_or(groups.len(), |ip| *known.entry(ip).or_insert(groups.len()));
            groups.resize_with(groups.len().max(group + 1), Vec::new);
            groups[group].push(at);
        }
        self.shown = groups.concat();
    }
}

impl Chat {
    /// Brings the order of the peers up to date.
    pub(in crate::app) fn put_in_order(&mut self) {
        self.order.follow(&self.conversations);
    }

    /// The places of the conversations in the order in which they are shown.
    #[must_use]
    pub fn order(&self) -> &[usize] {
        &self.order.shown
    }

    fn place(&self, at: Option<usize>) -> Option<usize> {
        self.order.shown.iter().position(|other| Some(*other) == at)
    }

    /// Brings the conversation that is shown at this place to the front, if there is one.
    pub fn select_shown(&mut self, place: usize) {
        if let Some(at) = self.order.shown.get(place) {
            self.select(*at);
        }
    }

    /// The conversation shown before (`-1`) or after (`1`) the one in front, around the ends.
    pub fn step(&mut self, by: isize) {
        let count = self.order.shown.len();
        if count > 0 {
            let from = self.place(self.current).unwrap_or(0);
            self.select_shown(from.checked_add_signed(by).unwrap_or(count - 1) % count);
        }
    }

    /// The conversation in which something was said last comes to the front.
    pub(in crate::app) fn select_latest(&mut self) {
        let open = self.conversations.iter().enumerate().filter(|(_, open)| !open.contact.blocked);
        if let Some((at, _)) = open.max_by_key(|(_, open)| open.latest) {
            self.select(at);
        }
    }

    /// The next conversation with something unread that is not muted.
    pub fn next_unread(&mut self) {
        let from = self.place(self.current).map_or(0, |place| place + 1);
        let count = self.order.shown.len();
        let round = (0..count).map(|step| self.order.shown[(from + step) % count]);
        let mut unread = round.filter(|at| self.conversations[*at].unread > 0);
        if let Some(at) = unread.find(|at| !self.conversations[*at].contact.muted) {
            self.select(at);
        }
    }

    /// Messages that were not read, in all conversations that are not muted.
    #[must_use]
    pub fn unread(&self) -> usize {
        let counted = self.conversations.iter().filter(|open| !open.contact.muted);
        counted.map(|open| open.unread).sum()
    }

    /// The same, but for those of peers that are not to be counted in the window's title.
    #[must_use]
    pub fn unread_for_title(&self) -> usize {
        let counted =
            self.conversations.iter().filter(|open| !open.contact.muted && !open.contact.silent.title);
        counted.map(|open| open.unread).sum()
    }
}
