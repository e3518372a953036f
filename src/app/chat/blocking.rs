//! Blocking peers, with an undo buffer. What a blocked peer sends is thrown away by the network; but for a minute from
//! the moment of blocking on it is held back here instead, within a bound, and comes into the conversation where the
//! peer is unblocked by then. What is beyond the bound is counted, as is what is thrown away.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Chat;
use crate::app::conversation::Conversation;
use crate::app::message::Message;
use crate::app::{Ids, Notice, Turn};
use crate::effect::{Effect, StoreRequest};
use crate::event::Datagram;
use crate::wire::peer::Peer;

/// How long blocking can be undone without a loss.
const UNDO_WITHIN: Duration = Duration::from_mins(1);

/// The most datagrams of one peer that are held back, and the most bytes of them.
const HELD_LIMIT: usize = 1_000;
const HELD_BYTES: usize = 1 << 20;

/// Who is blocked, as far as the network is concerned, and what is held back of those who were blocked just now.
#[derive(Debug, Clone, Default)]
pub(super) struct Blocking {
    held: BTreeMap<Peer, Held>,
    /// Whose datagrams the network was last told to throw away.
    told: Vec<SocketAddr>,
    /// Whether that may not be true any more.
    pub(super) changed: bool,
}

/// What came of a peer since it was blocked.
#[derive(Debug, Clone)]
struct Held {
    until: Instant,
    datagrams: Vec<Datagram>,
    bytes: usize,
}

impl Blocking {
    /// A peer is blocked from now on, or not any more.
    pub(super) fn note(&mut self, peer: Peer, blocked: bool, now: Instant) {
        self.changed = true;
        if blocked {
            let new = || Held { until: now + UNDO_WITHIN, datagrams: Vec::new(), bytes: 0 };
            self.held.entry(peer).or_insert_with(new);
        }
    }

    /// Holds a datagram of a blocked peer back while that is undone without a loss, and there is room.
    fn hold(&mut self, datagram: Datagram, now: Instant) {
        let Some(held) = self.held.get_mut(&Peer::Address(datagram.from)) else { return };
        let bytes = held.bytes + datagram.raw.0.len();
        if now < held.until && held.datagrams.len() < HELD_LIMIT && bytes <= HELD_BYTES {
            held.bytes = bytes;
            held.datagrams.push(datagram);
        }
    }

    /// How many datagrams of a peer are held back; none where it cannot be undone without a loss any more.
    fn held_back(&self, peer: Peer) -> Option<usize> {
        self.held.get(&peer).map(|held| held.datagrams.len())
    }

    /// When the first of them is blocked for good.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.held.values().map(|held| held.until).min()
    }
}

impl Chat {
    /// Whether what this peer sends is thrown away.
    pub(in crate::app) fn is_blocked(&self, peer: Peer) -> bool {
        self.with(peer).is_some_and(|open| open.contact.blocked)
    }

    /// How much of what a blocked peer sent is held back, where blocking it can still be undone without a loss.
    #[must_use]
    pub fn held_back(&self, peer: Peer) -> Option<u64> {
        self.blocking.held_back(peer).map(|count| count as u64)
    }

    /// From now on what this peer sends is thrown away, or not any more: then what was held back of it comes, and it is
    /// kept how much was thrown away.
    pub(in crate::app) fn block(&mut self, peer: Peer, blocked: bool, turn: &mut Turn<'_>) {
        self.wish(peer, |contact| contact.blocked = blocked);
        self.blocking.note(peer, blocked, turn.now.instant);
        *turn.notice = Some(Notice::Blocked(peer, blocked));
        if blocked {
            return;
        }
        self.release(peer, turn);
        let Some(mut conversation) = self.with_mut(peer) else { return };
        let count = std::mem::take(&mut conversation.blocked);
        drop(conversation);
        if let (Peer::Address(from), 1..) = (peer, count) {
            self.begin_fold(from, turn.now.wall.timestamp(), count, turn);
        }
    }

    /// A datagram of a blocked peer came.
    pub(super) fn hold_back(&mut self, datagram: Datagram, turn: &Turn<'_>) {
        self.count_blocked(datagram.from, 1);
        self.blocking.hold(datagram, turn.now.instant);
    }

    /// So many datagrams of a blocked peer came.
    pub(super) fn count_blocked(&mut self, from: SocketAddr, count: u64) {
        if let Some(mut conversation) = self.with_mut(Peer::Address(from)) {
            conversation.blocked += count;
        }
    }

    /// What was held back of a peer that is not blocked any more comes into its conversation.
    fn release(&mut self, peer: Peer, turn: &mut Turn<'_>) {
        let Some(held) = self.blocking.held.remove(&peer) else { return };
        if let Some(mut conversation) = self.with_mut(peer) {
            conversation.blocked = conversation.blocked.saturating_sub(held.datagrams.len() as u64);
        } else {
            // It was forgotten.
            return;
        }
        for datagram in held.datagrams {
            let from = datagram.from;
            self.take_in(from, Message::received(turn.ids.message(), datagram), turn);
        }
    }

    /// Once a block can no longer be undone, lets the network discard what that peer sends; shows the messages held back from
    /// peers that another program unblocked.
    pub(super) fn follow_blocking(&mut self, turn: &mut Turn<'_>) {
        let unblocked: Vec<Peer> =
            self.blocking.held.keys().copied().filter(|peer| !self.is_blocked(*peer)).collect();
        for peer in unblocked {
            self.release(peer, turn);
        }
        let before = self.blocking.held.len();
        self.blocking.held.retain(|_, held| held.until > turn.now.instant);
        let ended = self.blocking.held.len() != before;
        if std::mem::take(&mut self.blocking.changed) || ended {
            let blocked = self.blocked();
            if blocked != self.blocking.told {
                self.blocking.told.clone_from(&blocked);
                turn.out.push(Effect::Block(blocked));
            }
        }
    }

    /// The program ends, and with it the time in which blocking can be undone: what is held back is kept.
    pub(in crate::app) fn keep_held(&mut self, ids: &mut Ids, out: &mut Vec<Effect>) {
        for (peer, held) in std::mem::take(&mut self.blocking.held) {
            for datagram in held.datagrams {
                let message = Message::received(ids.message(), datagram);
                out.push(Effect::Store(StoreRequest::Save(Box::new(message.to_keep(peer)))));
            }
        }
    }

    /// What is sent from these addresses is thrown away by the network.
    fn blocked(&self) -> Vec<SocketAddr> {
        let blocked = self.conversations.iter().filter(|open| open.contact.blocked);
        let for_good = blocked.filter(|open| !self.blocking.held.contains_key(&open.peer()));
        for_good.filter_map(Conversation::address).collect()
    }
}
