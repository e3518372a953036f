//! One message in memory: what it says, and what is known of its way to the peer and to the disk.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::effect::NewMessage;
use crate::event::{Datagram, Delivery, Fault, MessageId, RowId, Stored};
use crate::text::{Clean, clean_text};
use crate::wire::Raw;
use crate::wire::peer::Peer;

/// A message of ours or of theirs.
#[derive(Debug, Clone)]
pub struct Message {
    /// By which the world speaks of it in this run.
    pub id: MessageId,
    /// Which one of the conversation it is: grows from each message to the next. Until it is on disk this is a guess.
    pub nth: u64,
    /// Where it is on disk.
    pub row: Option<RowId>,
    /// Why it is not on disk, where it should have been.
    pub unsaved: Option<Fault>,
    /// When it was sent or received.
    pub at: Timestamp,
    /// What it says; may have several lines.
    pub text: Clean,
    /// Its bytes, where they are not just those of the text.
    pub raw: Option<Raw>,
    /// Whose it is, and what became of it.
    pub delivery: Delivery,
    /// Whether it came to a broadcast address.
    pub broadcast: bool,
}

impl Message {
    /// A datagram that came.
    pub(super) fn received(id: MessageId, datagram: Datagram) -> Self {
        let Datagram { at, text, raw, broadcast, .. } = datagram;
        let raw = Some(raw).filter(|raw| raw.0 != text.as_bytes());
        Self { id, nth: 0, row: None, unsaved: None, at, text, raw, delivery: Delivery::Received, broadcast }
    }

    /// So many datagrams that came and are not kept.
    pub(super) fn folded(id: MessageId, at: Timestamp, count: u64) -> Self {
        let delivery = Delivery::Folded(count);
        let text = Clean::default();
        Self { id, nth: 0, row: None, unsaved: None, at, text, raw: None, delivery, broadcast: false }
    }

    /// What the user wrote.
    pub(super) fn written(id: MessageId, at: Timestamp, written: &str) -> Self {
        let text = clean_text(written.as_bytes());
        let raw = (*written != *text).then(|| Raw(written.as_bytes().to_vec().into()));
        let delivery = Delivery::Queued;
        Self { id, nth: 0, row: None, unsaved: None, at, text, raw, delivery, broadcast: false }
    }

    /// What was kept of it.
    pub(super) fn stored(id: MessageId, stored: Stored) -> Self {
        let Stored { row, nth, at, delivery, text, raw, waiting, broadcast } = stored;
        // Nobody waits any more for what becomes of it.
        let interrupted = waiting && delivery == Delivery::Queued;
        let delivery = if interrupted { Delivery::Failed(Fault::Interrupted) } else { delivery };
        Self { id, nth, row: Some(row), unsaved: None, at, text, raw, delivery, broadcast }
    }

    /// What is to be kept of it.
    pub(super) fn to_keep(&self, peer: Peer) -> NewMessage {
        NewMessage {
            id: self.id,
            peer,
            at: self.at,
            delivery: self.delivery.clone(),
            bytes: self.raw.clone().unwrap_or_else(|| Raw(self.text.as_bytes().to_vec().into())),
            broadcast: self.broadcast,
        }
    }

    /// The text as it was written, byte by byte, where it is one.
    #[must_use]
    pub fn exact(&self) -> Cow<'_, str> {
        match &self.raw {
            Some(raw) => String::from_utf8_lossy(&raw.0),
            None => Cow::Borrowed(&self.text),
        }
    }

    /// Bytes that it takes in memory, about.
    pub(super) fn size(&self) -> usize {
        self.text.len() + self.raw.as_ref().map_or(0, |raw| raw.0.len())
    }
}
