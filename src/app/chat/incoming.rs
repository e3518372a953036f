//! What the socket's news do to the conversations. Owns the limits to what strangers can make us keep.

use std::net::SocketAddr;

use jiff::Timestamp;

use super::{Chat, ChatFocus};
use crate::app::conversation::Conversation;
use crate::app::message::Message;
use crate::app::{Notice, Turn};
use crate::effect::{Effect, StoreRequest};
use crate::event::{ChatEvent, Datagram, Delivery};
use crate::wire::peer::Peer;

/// Conversations at the same time. A sender's address is easily forged, so there must be an end to those that strangers
/// can open by writing to us: beyond it the oldest of them gives way. What it held is on disk, or counted.
const CONVERSATION_LIMIT: usize = 1000;

/// Bytes of messages that all conversations together keep in memory. Beyond it the longest one gives way.
const BYTE_LIMIT: usize = 16 << 20;

impl Chat {
    /// News from the socket.
    pub(in crate::app) fn on_event(&mut self, event: ChatEvent, turn: &mut Turn<'_>) {
        match event {
            ChatEvent::Received(datagram) => self.receive(datagram, turn),
            ChatEvent::Folded(from, count) if self.is_blocked(Peer::Address(from)) => {
                self.count_blocked(from, count);
            }
            ChatEvent::Folded(from, count) => self.fold(from, count, turn),
            ChatEvent::Blocked(from, count) => self.count_blocked(from, count),
            ChatEvent::Overflowed(count) => self.overflowed += count,
            ChatEvent::Sent(id) => self.deliver(id, &Delivery::Sent, turn),
            ChatEvent::Refused(id) => self.deliver(id, &Delivery::Refused, turn),
            ChatEvent::Failed(id, fault) => self.deliver(id, &Delivery::Failed(fault), turn),
            ChatEvent::Down(fault) => *turn.notice = Some(Notice::SocketDown(fault)),
        }
    }

    fn receive(&mut self, datagram: Datagram, turn: &mut Turn<'_>) {
        let from = datagram.from;
        if self.is_blocked(Peer::Address(from)) {
            return self.hold_back(datagram, turn);
        }
        let message = Message::received(turn.ids.message(), datagram);
        if !self.take_in(from, message, turn) {
            self.announce(from, turn);
        }
    }

    /// Tells a user who is not looking that there is a message.
    fn announce(&mut self, from: SocketAddr, turn: &mut Turn<'_>) {
        let Some(at) = self.position(Peer::Address(from)) else { return };
        let conversation = &self.conversations[at];
        let notification = self.announcer.announce(conversation, turn.notify, turn.now.instant);
        turn.out.extend(notification.map(Effect::Notify));
    }

    /// Puts a message into its conversation; whether that is before the user's eyes.
    pub(super) fn take_in(&mut self, from: SocketAddr, message: Message, turn: &mut Turn<'_>) -> bool {
        let peer = Peer::Address(from);
        turn.out.push(Effect::Store(StoreRequest::Save(Box::new(message.to_keep(peer)))));
        let at = self.position(peer).unwrap_or_else(|| {
            self.make_room();
            self.add(Conversation::new(peer))
        });
        // The first who writes is in front at once, but never under what is being typed.
        let first = self.current.is_none() && self.focus != ChatFocus::Address && self.orphan.is_empty();
        let watched = turn.watching && (first || self.current == Some(at));
        if let Some(mut conversation) = self.conversations.get_mut(at) {
            conversation.receive(message, watched);
        }
        self.touch_order();
        self.keep_within_limit();
        if first {
            self.select(at);
            self.came_to_the_front();
        }
        watched
    }

    /// A noisy peer sent more than is kept. While it goes on, and says nothing else, this is one row that counts.
    fn fold(&mut self, from: SocketAddr, count: u64, turn: &mut Turn<'_>) {
        let at = turn.now.wall.timestamp();
        let peer = Peer::Address(from);
        let folded = self.with_mut(peer).and_then(|mut conversation| conversation.fold(at, count));
        match folded {
            Some((Some(row), delivery)) => {
                let update = StoreRequest::Update { row, at, delivery, waiting: false };
                turn.out.push(Effect::Store(update));
            }
            // Not yet on disk: what it is by then is written as soon as it is.
            Some((None, _)) => {}
            None => self.begin_fold(from, at, count, turn),
        }
        let anew =
            self.with_mut(peer).is_some_and(|mut open| open.begins_to_flood(at) && !open.contact.muted);
        if anew {
            *turn.notice = Some(Notice::Noisy(peer));
        }
    }

    pub(super) fn begin_fold(&mut self, from: SocketAddr, at: Timestamp, count: u64, turn: &mut Turn<'_>) {
        let message = Message::folded(turn.ids.message(), at, count);
        self.take_in(from, message, turn);
    }

    /// Lets the oldest conversation of a stranger go where there are too many: one that was never answered, and is not
    /// in front. Whoever comes now may be somebody real.
    pub(super) fn make_room(&mut self) {
        if self.conversations.len() < CONVERSATION_LIMIT {
            return;
        }
        let oldest = self.conversations.oldest_stranger(self.current);
        if let Some(gone) = oldest.and_then(|at| self.conversations.remove(at)) {
            self.turned_away += gone.dropped() + gone.unsaved();
            self.touch_order();
        }
    }

    fn keep_within_limit(&mut self) {
        while self.conversations.totals().bytes > BYTE_LIMIT {
            let longest = self.conversations.longest().and_then(|at| self.conversations.get_mut(at));
            let Some(mut longest) = longest else { return };
            longest.drop_oldest();
        }
    }
}
