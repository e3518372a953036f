//! The list of peers as a pane, and what the user wants of each: its name, pinned, muted, blocked, forgotten. Knows
//! nothing of keys, nor of what a row looks like.

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
    /// Whose: the number of the conversation.
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

    /// What the peers have to fit, where that is not empty.
    fn wanted(&self) -> Option<&str> {
        self.filter().map(|filter| filter.text().trim()).filter(|wanted| !wanted.is_empty())
    }

    /// The conversations as they stand in the list, by their numbers: in their order or, where something is looked for,
    /// those that fit, the best first.
    fn listed(&self) -> Vec<usize> {
        let Some(wanted) = self.wanted() else { return self.order().collect() };
        let known = self.order().map(|at| (self.conversations[at].sought(), at));
        ranked(wanted, false, known.collect())
    }

    /// The one that is selected in the list: the one that was walked to, the one in front where no filter is typed, or the
    /// first.
    fn cursor(&self) -> Option<usize> {
        let walked = self.list.selected.filter(|_| self.focus == ChatFocus::Peers);
        let walked = walked.and_then(|peer| self.conversations.position(peer));
        if self.wanted().is_some() {
            let listed = self.listed();
            return walked.filter(|at| listed.contains(at)).or_else(|| listed.first().copied());
        }
        let front = || self.current.filter(|_| self.filter().is_none());
        walked.or_else(front).or_else(|| self.order().next())
    }

    /// The number of the conversation that is selected in the list while the input goes there, else of the one in front.
    #[must_use]
    pub fn selected(&self) -> Option<usize> {
        if self.focus == ChatFocus::Peers { self.cursor() } else { self.current }
    }

    /// The peer of that conversation.
    pub(in crate::app) fn selected_peer(&self) -> Option<Peer> {
        self.conversations.get(self.selected()?).map(Conversation::peer)
    }

    /// The list on so many rows. The selected peer is always among them. Looks at no more peers than are shown.
    #[must_use]
    pub fn peer_rows(&self, height: usize) -> Vec<PeerRow> {
        let order = self.conversations.order();
        let cursor = self.cursor();
        let is_sibling = |listed: &[usize], place: usize| {
            let ip = |at: usize| self.conversations.get(at)?.address().map(|address| address.ip());
            let above = place.checked_sub(1).and_then(|above| ip(listed[above]));
            above.is_some() && above == ip(listed[place])
        };
        // A name has its address below it.
        let rows_of = |at: usize, is_sibling: bool| {
            let row = PeerRow { at, is_address: false, is_sibling };
            let named = self.conversations.get(at).is_some_and(|open| open.name().is_some());
            [Some(row), named.then_some(PeerRow { is_address: true, ..row })].into_iter().flatten()
        };
        let (above, below): (Vec<PeerRow>, Vec<PeerRow>) = if self.wanted().is_some() {
            let listed = self.listed();
            let end = listed.iter().position(|at| Some(*at) == cursor).map_or(0, |cursor| cursor + 1);
            let rows = |places: std::ops::Range<usize>| {
                let rows = places.flat_map(|place| rows_of(listed[place], is_sibling(&listed, place)));
                rows.collect()
            };
            (rows(0..end), rows(end..listed.len().min(end + height)))
        } else {
            let rows = |at| rows_of(at, order.is_sibling(at));
            let near = cursor.into_iter().chain(cursor.into_iter().flat_map(|at| order.before(at)));
            // From the selected one on upwards, each with its rows the right way round.
            let upwards = near.flat_map(|at| rows(at).collect::<Vec<_>>().into_iter().rev());
            let mut above: Vec<PeerRow> = upwards.take(height).collect();
            above.reverse();
            let behind = cursor.into_iter().flat_map(|at| order.behind(at));
            (above, behind.flat_map(rows).take(height).collect())
        };
        // As far back from the selected one as there is room above it.
        let first = above.len().saturating_sub(height);
        above.into_iter().skip(first).chain(below).take(height).collect()
    }

    /// Walks through the list, of which so many rows are in view.
    pub(in crate::app) fn walk_peers(&mut self, step: Move, rows: usize) {
        let listed = self.listed();
        let from = self.cursor().and_then(|cursor| listed.iter().position(|at| *at == cursor));
        let to = walked(step, from.unwrap_or(0), listed.len(), rows);
        self.list.selected = listed.get(to).map(|at| self.conversations[*at].peer());
    }

    /// The first of those that fit what is typed is meant again.
    pub(in crate::app) fn filter_changed(&mut self) {
        self.list.selected = None;
    }

    /// Changes what the user wants of a peer. Whoever is cared for that much is no stranger any more.
    pub(in crate::app) fn wish(&mut self, peer: Peer, change: impl FnOnce(&mut Contact)) {
        let Some(mut conversation) = self.with_mut(peer) else { return };
        conversation.change(|contact| {
            change(contact);
            contact.invited = true;
        });
        drop(conversation);
        self.touch_order();
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
        let Some(gone) = self.conversations.remove(at) else { return };
        self.blocking.changed |= gone.contact.blocked;
        self.flights.retain(|_, flight| flight.peer() != peer);
        self.resending = self.resending.take_if(|(_, asked)| *asked != peer);
        self.touch_order();
        self.put_in_order();
        self.list.selected = neighbour;
        self.current = front.or(neighbour).and_then(|front| self.position(front));
        if front.is_none() && self.current.is_some() {
            self.conversation_mut().into_iter().for_each(|mut next| next.arrive());
            self.unaddressed &= self.conversation().is_none_or(|next| next.draft.is_empty());
            self.came_to_the_front();
        }
        turn.out.push(Effect::Store(StoreRequest::Forget(peer)));
        let typed = turn.recent.peers().iter().filter(|known| gone.is_with(known)).cloned();
        turn.remember(Change::NoPeers(typed.collect()));
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
