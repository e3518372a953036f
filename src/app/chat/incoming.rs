//! What the socket's news do to the conversations. Owns the limits to what strangers can make us keep.

use super::{Chat, ChatFocus};
use crate::app::conversation::{Conversation, Delivery, Peer};
use crate::app::{Notice, Turn};
use crate::event::{ChatEvent, Datagram, MessageId};

/// Conversations at the same time. A sender's address is easily forged, so there must be an end to those that strangers
/// can open by writing to us: beyond it the oldest of them gives way, and what it held is counted.
const CONVERSATION_LIMIT: usize = 1000;

/// Bytes of text that all conversations together keep in memory. Beyond it the longest one gives way.
const BYTE_LIMIT: usize = 128 << 20;

impl Chat {
    /// News from the socket.
    pub(in crate::app) fn on_event(&mut self, event: ChatEvent, turn: &mut Turn<'_>) {
        match event {
            ChatEvent::Received(datagram) => self.receive(datagram, turn.watching),
            ChatEvent::Sent(id) => self.deliver(id, &Delivery::Sent(id)),
            ChatEvent::Refused(id) => self.deliver(id, &Delivery::Refused(id)),
            ChatEvent::Failed(id, fault) => self.deliver(id, &Delivery::Failed(id, fault)),
            ChatEvent::Folded(..) | ChatEvent::Blocked(..) | ChatEvent::Overflowed(_) => {}
            ChatEvent::Down(fault) => *turn.notice = Some(Notice::SocketDown(fault)),
        }
    }

    fn receive(&mut self, datagram: Datagram, watching: bool) {
        let peer = Peer::Address(datagram.from);
        let at = self.position(peer).unwrap_or_else(|| {
            self.make_room();
            self.conversations.push(Conversation::new(peer, None));
            self.conversations.len() - 1
        });
        let first = self.current.is_none() && self.focus != ChatFocus::Address;
        let watched = watching && (first || self.current == Some(at));
        self.conversations[at].receive(datagram.at, datagram.text, watched);
        self.keep_within_limit();
        // The first who writes is in front at once, but never under an address that is being typed.
        if first {
            self.select(at);
        }
    }

    /// Lets the oldest conversation of a stranger go where there are too many: one that was never answered, and is not
    /// in front. Whoever comes now may be somebody real.
    fn make_room(&mut self) {
        if self.conversations.len() < CONVERSATION_LIMIT {
            return;
        }
        let current = self.current;
        let mut open = self.conversations.iter().enumerate();
        let stranger = open.position(|(at, conversation)| current != Some(at) && conversation.is_strangers());
        if let Some(at) = stranger {
            let gone = self.conversations.remove(at);
            self.turned_away += gone.dropped + gone.messages.len() as u64;
            self.current = current.map(|front| if front > at { front - 1 } else { front });
        }
    }

    fn keep_within_limit(&mut self) {
        let mut bytes: usize = self.conversations.iter().map(|conversation| conversation.bytes).sum();
        while bytes > BYTE_LIMIT {
            let Some(longest) = self.conversations.iter_mut().max_by_key(|conversation| conversation.bytes)
            else {
                return;
            };
            let before = longest.bytes;
            longest.drop_oldest();
            bytes -= before - longest.bytes;
        }
    }

    fn deliver(&mut self, id: MessageId, delivery: &Delivery) {
        // News of a message that is not kept any more is dropped.
        let _ = self.conversations.iter_mut().any(|conversation| conversation.deliver(id, delivery));
    }
}
