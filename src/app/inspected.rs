//! All that is known of one message: what there is to say about it, line by line, and its bytes. Knows no words.

use jiff::Timestamp;

use super::conversation::Conversation;
use super::keys::Move;
use super::message::Message;
use super::{layout, walked};
use crate::effect::Contact;
use crate::event::{Delivery, Details, RequestId, Size};
use crate::text::hex;
use crate::wire::Raw;

/// A message that is looked at closely.
#[derive(Debug, Clone)]
pub struct Inspected {
    /// The message, as it is by now.
    pub message: Message,
    /// With whom the conversation is.
    pub contact: Contact,
    /// Its bytes as they were sent or received.
    pub bytes: Raw,
    /// What became of it, and when, in that order, as far as that is known.
    pub history: Vec<(Timestamp, Delivery)>,
    /// What is at the top of the view: one of the facts, or behind them a row of the bytes.
    pub top: usize,
    /// The question to the store that is under way.
    pub(super) asked: Option<RequestId>,
}

/// One thing that is known of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// When it was sent or received, to the microsecond, and in which time zone.
    Time,
    /// Whether it came or went.
    Way,
    /// The address of the peer.
    Peer,
    /// What the peer is called.
    Name,
    /// Its bytes, and the datagrams that carry them.
    Size,
    /// How many messages are counted in its place.
    Folded,
    /// Whether it is UTF-8.
    Encoding,
    /// Whether it was meant for everyone.
    Broadcast,
    /// Whether it is on disk.
    Disk,
    /// What became of it first, second, and so on.
    State(usize),
    /// What it is by now, where nobody noted when that came to be.
    Now,
}

impl Inspected {
    /// A message, and the question to the store for more of it.
    pub(super) fn new(conversation: &Conversation, message: &Message, asked: Option<RequestId>) -> Self {
        let at_first = if message.delivery.is_ours() { Delivery::Queued } else { message.delivery.clone() };
        Self {
            message: message.clone(),
            contact: conversation.contact.clone(),
            bytes: message.to_keep(conversation.peer()).bytes,
            history: vec![(message.at, at_first)],
            top: 0,
            asked,
        }
    }

    /// What the store knows of it.
    pub(super) fn learn(&mut self, details: Details) {
        self.asked = None;
        self.bytes = details.bytes;
        self.history = details.history;
    }

    /// What became of it meanwhile.
    pub(super) fn follow(&mut self, message: &Message) {
        self.message.delivery.clone_from(&message.delivery);
        self.message.unsaved.clone_from(&message.unsaved);
        self.message.row = message.row;
    }

    /// What there is to say of it, in the order in which it is said. The bytes come behind all this.
    #[must_use]
    pub fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![Fact::Time, Fact::Way, Fact::Peer];
        if self.contact.name.is_some() {
            facts.push(Fact::Name);
        }
        if matches!(self.message.delivery, Delivery::Folded(_)) {
            facts.extend([Fact::Folded, Fact::Disk]);
            return facts;
        }
        facts.extend([Fact::Size, Fact::Encoding, Fact::Broadcast, Fact::Disk]);
        facts.extend((0..self.history.len()).map(Fact::State));
        if self.history.last().is_some_and(|(_, delivery)| *delivery != self.message.delivery) {
            facts.push(Fact::Now);
        }
        facts
    }

    /// Moves the view.
    pub(super) fn walk(&mut self, action: Move, size: Size) {
        let Some(frame) = layout::frame(size) else { return };
        let inside = layout::inside(frame.body);
        let rows = usize::from(inside.height).max(1);
        let dump = self.bytes.0.len().div_ceil(hex::bytes_per_row(usize::from(inside.width)));
        let facts = self.facts().len();
        // A fact may take several rows: where all of the bytes are in view, there is nothing more to see.
        let tops = (facts + dump).saturating_sub(rows).max(facts.min((facts + dump).saturating_sub(1)));
        self.top = walked(action, self.top.min(tops), tops + 1, rows);
    }
}
