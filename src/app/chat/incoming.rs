//! What the socket's news do to the conversations. Owns the limits to what strangers can make us keep.

use super::{Chat, ChatFocus};
use crate::app::conversation::{Conversation, Delivery, Peer};
use crate::app::{Notice, Turn};
use crate::event::{ChatEvent, Datagram, MessageId};

/// Conversations that strangers can open by writing to us. A sender's address is easily forged, so there must be an
/// end to them; what comes from further ones is counted.
const STRANGER_LIMIT: usize = 1000;

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
            ChatEvent::Down(fault) => *turn.notice = Some(Notice::SocketDown(fault)),
        }
    }

    fn receive(&mut self, datagram: Datagram, watching: bool) {
        let peer = Peer::Address(datagram.from);
        let at = match self.position(peer) {
            Some(at) => at,
            None if self.conversations.len() >= STRANGER_LIMIT => {
                self.turned_away += 1;
                return;
            }
            None => {
                self.conversations.push(Conversation::new(peer, None));
                self.conversations.len() - 1
            }
        };
        let first = self.current.is_none() && self.focus != ChatFocus::Address;
        let watched = watching && (first || self.current == Some(at));
        self.conversations[at].receive(datagram.at, datagram.text, watched);
        self.keep_within_limit();
        // The first who writes is in front at once, but never under an address that is being typed.
        if first {
            self.select(at);
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
