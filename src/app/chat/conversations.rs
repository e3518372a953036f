//! The collection of all conversations, with indexes that follow each change: by peer, by rank in the list, by size, and
//! the totals of what is unread. What a datagram costs must not grow with the number of peers: nothing here goes through
//! all conversations unless the caller asks for all.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::{Deref, DerefMut, Index};

use jiff::Timestamp;

use super::order::{Order, Rank};
use crate::app::conversation::Conversation;
use crate::app::field::Field;
use crate::wire::peer::Peer;

/// All conversations. Each has a number, which grows in the order in which they were opened and is never used again.
#[derive(Debug, Clone, Default)]
pub struct Conversations {
    slots: BTreeMap<usize, Slot>,
    next: usize,
    by_peer: HashMap<Peer, usize>,
    indexes: Indexes,
    /// How many conversations were handed out.
    #[cfg(test)]
    pub(super) visits: std::cell::Cell<u64>,
}

#[derive(Debug, Clone)]
struct Slot {
    conversation: Conversation,
    summary: Summary,
}

#[derive(Debug, Clone, Default)]
struct Indexes {
    order: Order,
    /// By the bytes of their messages in memory.
    by_bytes: BTreeSet<(usize, usize)>,
    /// Those that came by themselves and for which the user has done nothing, but for a draft; by the newest message.
    strangers: BTreeSet<(Option<Timestamp>, usize)>,
    /// Those of which something is to be given to the store.
    changed: BTreeSet<usize>,
    totals: Totals,
}

/// Sums over all conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Totals {
    /// Bytes of messages in memory.
    pub(super) bytes: usize,
    /// Messages that were not read, but for those of muted peers.
    pub(super) unread: usize,
    /// The same, but for those of peers that are not counted in the window's title.
    pub(super) unread_for_title: usize,
}

/// What the indexes know of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Summary {
    rank: Rank,
    totals: Totals,
    latest: Option<Timestamp>,
    is_stranger: bool,
    changed: bool,
}

impl Summary {
    fn of(at: usize, conversation: &Conversation) -> Self {
        let contact = &conversation.contact;
        let unread = if contact.muted { 0 } else { conversation.unread };
        let unread_for_title = if contact.silent.title { 0 } else { unread };
        Self {
            rank: Rank::of(at, conversation),
            totals: Totals { bytes: conversation.bytes(), unread, unread_for_title },
            latest: conversation.latest,
            is_stranger: conversation.is_untouched(),
            changed: conversation.changed,
        }
    }
}

impl Indexes {
    fn remove(&mut self, at: usize, summary: &Summary) {
        self.by_bytes.remove(&(summary.totals.bytes, at));
        self.strangers.remove(&(summary.latest, at));
        self.changed.remove(&at);
        let Totals { bytes, unread, unread_for_title } = &mut self.totals;
        *bytes -= summary.totals.bytes;
        *unread -= summary.totals.unread;
        *unread_for_title -= summary.totals.unread_for_title;
    }

    fn insert(&mut self, at: usize, summary: &Summary) {
        self.by_bytes.insert((summary.totals.bytes, at));
        if summary.is_stranger {
            self.strangers.insert((summary.latest, at));
        }
        if summary.changed {
            self.changed.insert(at);
        }
        let Totals { bytes, unread, unread_for_title } = &mut self.totals;
        *bytes += summary.totals.bytes;
        *unread += summary.totals.unread;
        *unread_for_title += summary.totals.unread_for_title;
    }
}

/// A conversation that is being changed. The indexes follow when this is dropped.
#[derive(Debug)]
pub(in crate::app) struct Open<'a> {
    at: usize,
    slot: &'a mut Slot,
    indexes: &'a mut Indexes,
}

impl Deref for Open<'_> {
    type Target = Conversation;

    fn deref(&self) -> &Conversation {
        &self.slot.conversation
    }
}

impl DerefMut for Open<'_> {
    fn deref_mut(&mut self) -> &mut Conversation {
        &mut self.slot.conversation
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let summary = Summary::of(self.at, &self.slot.conversation);
        if summary != self.slot.summary {
            self.indexes.remove(self.at, &self.slot.summary);
            self.indexes.insert(self.at, &summary);
            self.indexes.order.follow(&summary.rank);
            self.slot.summary = summary;
        }
    }
}

impl Conversations {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// All, in the order in which they were opened.
    pub fn iter(&self) -> impl Iterator<Item = &Conversation> {
        self.slots.values().map(|slot| self.visit(&slot.conversation))
    }

    /// The number of the conversation with this peer.
    #[must_use]
    pub fn position(&self, peer: Peer) -> Option<usize> {
        self.by_peer.get(&peer).copied()
    }

    /// The conversation with this number.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&Conversation> {
        self.slots.get(&at).map(|slot| self.visit(&slot.conversation))
    }

    /// The same, to be changed.
    pub(in crate::app) fn get_mut(&mut self, at: usize) -> Option<Open<'_>> {
        #[cfg(test)]
        self.visits.set(self.visits.get() + 1);
        let slot = self.slots.get_mut(&at)?;
        Some(Open { at, slot, indexes: &mut self.indexes })
    }

    /// The draft of the conversation with this number, on which no index depends.
    pub(super) fn draft_mut(&mut self, at: usize) -> Option<&mut Field> {
        self.slots.get_mut(&at).map(|slot| &mut slot.conversation.draft)
    }

    /// Puts one behind the others; its number. There must be none with the same peer.
    pub(super) fn push(&mut self, conversation: Conversation) -> usize {
        let at = self.next;
        self.next += 1;
        let summary = Summary::of(at, &conversation);
        self.by_peer.insert(conversation.peer(), at);
        self.indexes.insert(at, &summary);
        self.indexes.order.follow(&summary.rank);
        self.slots.insert(at, Slot { conversation, summary });
        at
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, at: usize) -> Option<Conversation> {
        let Slot { conversation, summary } = self.slots.remove(&at)?;
        self.by_peer.remove(&conversation.peer());
        self.indexes.remove(at, &summary);
        self.indexes.order.remove(at);
        Some(conversation)
    }

    /// Sums over all.
    pub(super) fn totals(&self) -> Totals {
        self.indexes.totals
    }

    /// The one with the most bytes of messages in memory.
    pub(super) fn longest(&self) -> Option<usize> {
        self.indexes.by_bytes.last().map(|(_, at)| *at)
    }

    /// The stranger that has been silent for longest and to whom nothing is being written; not the one in front.
    pub(super) fn oldest_stranger(&self, front: Option<usize>) -> Option<usize> {
        let mut strangers = self.indexes.strangers.iter().map(|(_, at)| *at);
        strangers.find(|at| Some(*at) != front && self.get(*at).is_some_and(Conversation::is_strangers))
    }

    /// One of which something is to be given to the store, if there is one.
    pub(super) fn first_changed(&self) -> Option<usize> {
        self.indexes.changed.first().copied()
    }

    /// The order in which they are shown.
    pub(super) fn order(&self) -> &Order {
        &self.indexes.order
    }

    /// The same, to be brought up to date.
    pub(super) fn order_mut(&mut self) -> &mut Order {
        &mut self.indexes.order
    }

    #[cfg_attr(not(test), expect(clippy::unused_self, reason = "tests count the visits"))]
    fn visit<'a>(&self, conversation: &'a Conversation) -> &'a Conversation {
        #[cfg(test)]
        self.visits.set(self.visits.get() + 1);
        conversation
    }
}

impl Index<usize> for Conversations {
    type Output = Conversation;

    fn index(&self, at: usize) -> &Conversation {
        self.visit(&self.slots[&at].conversation)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::{Duration, Instant};

    use jiff::tz::TimeZone;

    use super::*;
    use crate::app::keys::Keymap;
    use crate::app::queue::QueueSettings;
    use crate::app::{Me, State};
    use crate::effect::{Conflict, Effect, StoreRequest};
    use crate::event::{ChatEvent, Datagram, Event, Now, RowId, Saved, Size, StoreEvent};
    use crate::text::{Clean, clean_text};
    use crate::wire::Raw;
    use crate::wire::name::NamePolicy;

    /// The program, on a screen, with a store that keeps everything at once.
    struct Run {
        state: State,
        now: Now,
        row: i64,
    }

    impl Run {
        #[expect(clippy::disallowed_methods, reason = "there is no other way to an instant")]
        fn new() -> Self {
            let now = Now { instant: Instant::now(), wall: Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC) };
            let nobody = Clean::default();
            let downloads = QueueSettings {
                names: NamePolicy::Exact,
                hidden: false,
                dir: "/x".into(),
                prefix: String::new(),
                conflict: Conflict::Ask,
                at_once: 1,
                rate: None,
            };
            let me = Me { name: nobody.clone(), address: address(0), download_dir: nobody };
            let mut state = State::new(me, Keymap::preset().unwrap(), downloads, &now);
            let mut out = Vec::new();
            state.update(&now, Event::Resized(Size { width: 100, height: 30 }), &mut out);
            Self { state, now, row: 0 }
        }

        /// A datagram comes, is saved, and is drawn as far as peers are concerned.
        fn hears(&mut self, from: SocketAddr) {
            self.now.instant += Duration::from_millis(10);
            self.now.wall += Duration::from_millis(10);
            let (at, text, raw) = (self.now.wall.timestamp(), clean_text(b"x"), Raw(b"x"[..].into()));
            let datagram = Datagram { from, at, text, raw, broadcast: false };
            let mut out = Vec::new();
            self.state.update(&self.now, Event::Chat(ChatEvent::Received(datagram)), &mut out);
            let saved = out.iter().filter_map(|effect| {
                let Effect::Store(StoreRequest::Save(message)) = effect else { return None };
                self.row += 1;
                let nth = self.state.chat.with(message.peer)?.count();
                Some(Saved { id: message.id, peer: message.peer, row: RowId(self.row), nth })
            });
            let saved = StoreEvent::Saved(saved.collect());
            self.state.update(&self.now, Event::Store(saved), &mut Vec::new());
            assert!(self.state.chat.peer_rows(20).len() <= 20);
            assert!(self.state.chat.unread() >= self.state.chat.unread_for_title());
        }

        /// How many conversations are looked at for so many datagrams of these.
        fn visits(&mut self, senders: impl Iterator<Item = u16>) -> u64 {
            let before = self.state.chat.conversations.visits.get();
            senders.for_each(|sender| self.hears(address(sender)));
            self.state.chat.conversations.visits.get() - before
        }
    }

    fn address(number: u16) -> SocketAddr {
        (std::net::Ipv4Addr::from(u32::from(number) + 1), 9).into()
    }

    fn with_peers(count: u16) -> Run {
        let mut run = Run::new();
        (0..count).for_each(|number| run.hears(address(number)));
        assert_eq!(run.state.chat.conversations.len(), usize::from(count));
        run
    }

    #[test]
    fn what_a_datagram_costs_does_not_grow_with_the_number_of_peers() {
        let cost = |peers| with_peers(peers).visits((0..100).map(|nth| nth * 7 % peers));
        let (few, many) = (cost(100), cost(1000));
        assert!(few > 100 && many <= few + few / 10, "{few} with 100 peers, {many} with 1,000");
        let newcomers = with_peers(1000).visits(2000..2100);
        assert!(newcomers <= 2 * few, "{newcomers} for newcomers where there are too many");
    }

    #[test]
    fn the_totals_and_the_order_are_those_of_all_conversations() {
        let mut run = with_peers(50);
        for nth in 0..500_u16 {
            run.hears(address(nth * 31 % 50));
            let chat = &mut run.state.chat;
            let peer = Peer::Address(address(nth * 17 % 50));
            match nth % 5 {
                0 => chat.wish(peer, |contact| contact.muted ^= true),
                1 => chat.wish(peer, |contact| contact.silent.title ^= true),
                2 => chat.wish(peer, |contact| contact.pinned ^= true),
                3 => chat.select(chat.position(peer).unwrap()),
                _ => chat.select_shown(usize::from(nth) % 50),
            }
            chat.touch_order();
            chat.put_in_order();
            let loud = || chat.conversations.iter().filter(|open| !open.contact.muted);
            let unread: usize = loud().map(|open| open.unread).sum();
            let titled = loud().filter(|open| !open.contact.silent.title).map(|open| open.unread).sum();
            assert_eq!((chat.unread(), chat.unread_for_title()), (unread, titled));
            let bytes: usize = chat.conversations.iter().map(Conversation::bytes).sum();
            assert_eq!(chat.conversations.totals().bytes, bytes);
            let shown: Vec<usize> = chat.order().collect();
            let mut ranked = shown.clone();
            ranked.sort_by_key(|at| Rank::of(*at, &chat.conversations[*at]));
            assert_eq!(shown, ranked, "each is alone on its machine");
            assert_eq!(shown.len(), 50);
            for (place, at) in shown.iter().enumerate() {
                let before: Vec<usize> = chat.conversations.order().before(*at).collect();
                assert!(before.iter().rev().eq(&shown[..place]));
                assert!(chat.conversations.order().behind(*at).eq(shown[place + 1..].iter().copied()));
            }
        }
    }
}
