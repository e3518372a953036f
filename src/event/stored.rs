//! What the store says: which messages are on disk, and what it found there.

use jiff::Timestamp;

use super::{Delivery, ExternalChanges, Fault, MessageId, RequestId};
use crate::text::Clean;
use crate::wire::Raw;
use crate::wire::peer::Peer;

/// A message on disk: what `hobnob history` prints as its id. Grows with every message of any conversation, and is
/// never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId(pub i64);

/// From the store.
#[derive(Debug, Clone)]
pub enum StoreEvent {
    /// These messages are on disk: committed and synced.
    Saved(Vec<Saved>),
    /// These messages are not on disk, and why. They are tried again, until `Saved` says that they are.
    Unsaved(Vec<(Peer, MessageId)>, Fault),
    /// What became of a message, a contact, or what was used lately could not be kept, and why.
    Failed(Fault),
    /// A part of a conversation.
    Page(RequestId, Page),
    /// What a search found.
    Found(RequestId, Found),
    /// All that is known of a message.
    Details(RequestId, Box<Details>),
    /// The messages of a peer that wait in the outbox, oldest first.
    Outbox(RequestId, Vec<Stored>),
    /// What was asked for could not be read, and why.
    Unreadable(RequestId, Fault),
    /// Another program stored something.
    External(Box<ExternalChanges>),
}

/// A message that is on disk from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// The message.
    pub id: MessageId,
    /// Whose conversation it belongs to.
    pub peer: Peer,
    /// Where it is.
    pub row: RowId,
    /// Which one of its conversation it is: the first one is 1, and none is left out.
    pub nth: u64,
}

/// A message as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where it is.
    pub row: RowId,
    /// Which one of its conversation it is: the first one is 1, and none is left out.
    pub nth: u64,
    /// When it was sent or received.
    pub at: Timestamp,
    /// Whose it is, and what became of it.
    pub delivery: Delivery,
    /// Its text, fit to be shown.
    pub text: Clean,
    /// Its bytes, where they are not just those of the text.
    pub raw: Option<Raw>,
    /// Whether it waits in the outbox. What was on its way when an earlier run ended does too.
    pub waiting: bool,
    /// Whether it came to a broadcast address.
    pub broadcast: bool,
}

/// Messages of one conversation that follow each other without a gap, oldest first.
#[derive(Debug, Clone)]
pub struct Page {
    /// Whose.
    pub peer: Peer,
    /// The messages.
    pub messages: Vec<Stored>,
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The newest hits, newest first.
    pub hits: Vec<Hit>,
    /// How many there are in all, as far as they were counted.
    pub total: usize,
    /// Whether there are more than were counted.
    pub more: bool,
}

/// A message that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// In whose conversation.
    pub peer: Peer,
    /// The message.
    pub message: Stored,
}

/// All that is known of a message beside what [`Stored`] says.
#[derive(Debug, Clone)]
pub struct Details {
    /// The message.
    pub row: RowId,
    /// Its bytes as they were sent or received.
    pub bytes: Raw,
    /// What became of it, and when, in that order.
    pub history: Vec<(Timestamp, Delivery)>,
}
