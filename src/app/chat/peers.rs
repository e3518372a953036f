//! The list of peers as a pane, and what the user wants of each: its name, pinned, muted, blocked, forgotten. Knows
//! nothing of keys, nor of what a row looks like.

use std::net::SocketAddr;

use super::{Chat, ChatFocus};
use crate::app::conversation::Conversation;
use crate::app::field::Field;
use crate::app::keys::{Move, walked};
use crate::app::layout::Area;
use crate::app::overlay::ranked;
use crate::app::{Notice, Turn};
use crate::effect::{Change, Contact, Effect, StoreRequest};
use crate::text::width::fit;
use crate::text::{Clean, clean_line};
use crate::wire::peer::Peer;

/// Cells of a name that the user gives. A screen that shows more of it has no room for anything else.
const NAME_LIMIT: usize = 80;

/// Where the user is in the list of peers.
#[derive(Debug, Clone, Default)]
pub struct PeerList {
    /// What the peers have to fit, while that is typed.
    pub filter: Option<Field>,
    /// The peer that was walked to: whoever comes in meanwhile does not move it. None: the one in front, or the first.
    selected: Option<Peer>,
}

/// A row of the list of peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerRow {
    /// Whose: the place of the conversation.
    pub at: usize,
    /// Whether it has the address that belongs to the name above it.
    pub is_address: bool,
    /// Whether another peer on the same machine stands above.
    pub is_sibling: bool,
}

impl Chat {
    /// The input goes into the list of peers from now on.
    pub(in crate::app) fn enter_list(&mut self) {
        self.list = PeerList::default();
        self.focus = ChatFocus::Peers;
    }

    /// What the peers have to fit.
    #[must_use]
    pub fn filter(&self) -> Option<&Field> {
        self.list.filter.as_ref().filter(|_| self.focus == ChatFocus::Peers)
    }

    /// The line in which it is typed what the peers have to fit, if it is, and what is left for the list.
    #[must_use]
    pub fn list_areas(&self, area: Area) -> (Option<Area>, Area) {
        if self.filter().is_none() || area.height == 0 {
            return (None, area);
        }
        (Some(Area { height: 1, ..area }), Area { y: area.y + 1, height: area.height - 1, ..area })
    }

    /// The places of the conversations as they stand in the list: in their order or, where something is looked for, those
    /// that fit, the best first.
    fn listed(&self) -> Vec<usize> {
        let wanted = self.filter().map_or("", |filter| filter.text().trim());
        if wanted.is_empty() {
            return self.order().to_vec();
        }
        let known = self.order().iter().map(|at| (self.conversations[*at].sought(), *at));
        ranked(wanted, false, known.collect())
    }

    /// Where in the list the selected peer stands.
    fn cursor(&self, listed: &[usize]) -> usize {
        let place = |peer| listed.iter().position(|at| self.conversations[*at].peer() == peer);
        let selected = self.list.selected.filter(|_| self.focus == ChatFocus::Peers).and_then(place);
        let front = || place(self.conversation().filter(|_| self.filter().is_none())?.peer());
        selected.or_else(front).unwrap_or(0)
    }

    /// The conversation that is selected in the list while the input goes there, else the one in front.
    #[must_use]
    pub fn selected(&self) -> Option<usize> {
        if self.focus != ChatFocus::Peers {
            return self.current;
        }
        let listed = self.listed();
        listed.get(self.cursor(&listed)).copied()
    }

    /// The peer of that conversation.
    pub(in crate::app) fn selected_peer(&self) -> Option<Peer> {
        self.conversations.get(self.selected()?).map(Conversation::peer)
    }

    /// The list on so many rows. The selected peer is always among them.
    #[must_use]
    pub fn peer_rows(&self, height: usize) -> Vec<PeerRow> {
        let listed = self.listed();
        let machine = |place: usize| {
            let at = *listed.get(place)?;
            self.conversations[at].address().map(|address| address.ip())
        };
        let rows_of = |(place, at): (usize, &usize)| {
            let above = place.checked_sub(1).and_then(machine);
            let is_sibling = above.is_some() && above == machine(place);
            let row = PeerRow { at: *at, is_address: false, is_sibling };
            // A name has its address below it.
            let address =
                self.conversations[*at].name().is_some().then_some(PeerRow { is_address: true, ..row });
            [Some(row), address].into_iter().flatten()
        };
        let cursor = listed.get(self.cursor(&listed)).copied();
        let rows: Vec<PeerRow> = listed.iter().enumerate().flat_map(rows_of).collect();
        // As far back from the selected one as there is room above it.
        let end = rows.iter().rposition(|row| Some(row.at) == cursor).map_or(0, |last| last + 1);
        rows.into_iter().skip(end.saturating_sub(height)).take(height).collect()
    }

    /// Walks through the list, of which so many rows are in view.
    pub(in crate::app) fn walk_peers(&mut self, step: Move, rows: usize) {
        let listed = self.listed();
        let to = walked(step, self.cursor(&listed), listed.len(), rows);
        self.list.selected = listed.get(to).map(|at| self.conversations[*at].peer());
    }

    /// The first of those that fit what is typed is meant again.
    pub(in crate::app) fn filter_changed(&mut self) {
        self.list.selected = None;
    }

    /// Changes what the user wants of a peer. Whoever is cared for that much is no stranger any more.
    pub(in crate::app) fn wish(&mut self, peer: Peer, change: impl FnOnce(&mut Contact)) {
        let Some(conversation) = self.with_mut(peer) else { return };
        let blocked = conversation.contact.blocked;
        conversation.change(|contact| {
            change(contact);
            contact.invited = true;
        });
        let other = conversation.contact.blocked != blocked;
        self.blocks_anew |= other;
        self.order.touch();
    }

    /// Whether what this peer sends is thrown away.
    pub(in crate::app) fn is_blocked(&self, peer: Peer) -> bool {
        self.with(peer).is_some_and(|open| open.contact.blocked)
    }

    /// From now on what this peer sends is thrown away, or not any more: then it is kept how much that was.
    pub(in crate::app) fn block(&mut self, peer: Peer, blocked: bool, turn: &mut Turn<'_>) {
        self.wish(peer, |contact| contact.blocked = blocked);
        let Some(conversation) = self.with_mut(peer).filter(|_| !blocked) else { return };
        let count = std::mem::take(&mut conversation.blocked);
        if let (Peer::Address(from), 1..) = (peer, count) {
            self.begin_fold(from, turn.now.wall.timestamp(), count, turn);
        }
    }

    /// Gives a peer a name of the user's choice; one of which nothing is to be seen takes it away. A name that another
    /// has already is allowed, and pointed out.
    pub(in crate::app) fn call(&mut self, peer: Peer, typed: &str, turn: &mut Turn<'_>) {
        let name = name_of(typed);
        let has =
            |open: &&Conversation| name.is_some() && open.name() == name.as_ref() && open.peer() != peer;
        let namesake = self.conversations.iter().find(has).map(Conversation::peer);
        if let (Some(other), Some(name)) = (namesake, name.clone()) {
            *turn.notice = Some(Notice::NameShared { name, other });
        }
        self.wish(peer, |contact| {
            contact.named = name.is_some();
            contact.name = name;
        });
    }

    /// Forgets a peer with all that was said. If it writes again, it is a stranger.
    pub(in crate::app) fn forget(&mut self, peer: Peer, turn: &mut Turn<'_>) {
        let Some(at) = self.position(peer) else { return };
        let listed = self.listed();
        let place = listed.iter().position(|other| *other == at).unwrap_or(0);
        let neighbour = listed.get(place + 1).or_else(|| listed.get(place.checked_sub(1)?));
        let neighbour = neighbour.map(|at| self.conversations[*at].peer());
        let front = self.conversation().map(Conversation::peer).filter(|front| *front != peer);
        let gone = self.conversations.remove(at);
        self.blocks_anew |= gone.contact.blocked;
        self.flights.retain(|_, flight| flight.peer() != peer);
        self.resending = self.resending.take_if(|(_, asked)| *asked != peer);
        self.order.touch();
        self.put_in_order();
        self.list.selected = neighbour;
        self.current = front.or(neighbour).and_then(|front| self.position(front));
        if front.is_none()
            && let Some(next) = self.conversation_mut()
        {
            next.arrive();
            let has_draft = !next.draft.is_empty();
            self.unaddressed &= !has_draft;
            self.came_to_the_front();
        }
        turn.out.push(Effect::Store(StoreRequest::Forget(peer)));
        let typed = turn.recent.peers().iter().filter(|known| gone.is_with(known)).cloned();
        turn.remember(Change::NoPeers(typed.collect()));
    }

    /// What is sent from these addresses is thrown away.
    pub(super) fn blocked(&self) -> Vec<SocketAddr> {
        let blocked = self.conversations.iter().filter(|open| open.contact.blocked);
        blocked.filter_map(Conversation::address).collect()
    }
}

/// A name as it was typed; none where nothing of it is to be seen.
fn name_of(typed: &str) -> Option<Clean> {
    let shown = clean_line(typed.trim().as_bytes());
    let name = clean_line(fit(shown.trim(), NAME_LIMIT).0.as_bytes());
    Some(name).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_nothing_visible_is_none_or_is_shown() {
        for blank in ["", "  ", "\t", "\u{3000}\u{a0}", "\n"] {
            assert_eq!(name_of(blank), None, "{blank:?}");
        }
        assert_eq!(name_of("\u{200b}").as_deref(), Some("<U+200B>"));
        assert_eq!(name_of(" 林 小明 ").as_deref(), Some("林 小明"));
        assert_eq!(name_of(&"明".repeat(1000)).as_deref(), Some(&*"明".repeat(40)));
    }
}
