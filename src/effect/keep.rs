//! What the store is asked for.

use std::path::PathBuf;

use jiff::Timestamp;

use super::{Change, Conflict, Partial, Recent};
use crate::event::{ContactChange, Delivery, Known, MessageId, RequestId, RowId};
use crate::wire::Raw;
use crate::wire::digest::Checksum;
use crate::wire::peer::Peer;
use crate::wire::source::Source;

/// What the store is asked for. It does everything in the order in which it is asked, but reads may overtake writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreRequest {
    /// Keep a message. `Saved` or `Unsaved` says what became of that.
    Save(Box<NewMessage>),
    /// Keep what became of a message.
    Update {
        /// Which.
        row: RowId,
        /// When.
        at: Timestamp,
        /// What.
        delivery: Delivery,
        /// Whether it waits in the outbox.
        waiting: bool,
    },
    /// Keep these changes to what is kept of a peer, and nothing else of it.
    Contact {
        /// Grows with each request: [`ExternalChanges::after`](crate::event::ExternalChanges::after) says which are done.
        request: RequestId,
        /// Of whom.
        peer: Peer,
        /// What changed.
        changes: Vec<ContactChange>,
    },
    /// Keep nothing of this peer any more: no message, no draft, no name.
    Forget(Peer),
    /// Change this of what is to be known in the next run.
    Recent(Change),
    /// Keep what was begun for a peer that is not chosen yet.
    Draft {
        /// What was kept of it before, as far as this program knows.
        before: String,
        /// What it is now.
        text: String,
    },
    /// Keep what stands in these places of the downloads' queue, or that nothing does.
    Queue(Vec<(u64, Option<KeptItem>)>),
    /// Keep what is needed to go on with a file of which a part is here.
    Partial(Box<KeptPartial>),
    /// Nothing is needed any more to go on with a file.
    DropPartial {
        /// Which file of which server.
        source: Source,
        /// Where it is to be.
        to: PathBuf,
    },
    /// Read a part of a conversation: `Page` or `Unreadable` comes back.
    Page {
        /// Comes back with the answer.
        request: RequestId,
        /// Whose.
        peer: Peer,
        /// Which part.
        part: Part,
    },
    /// Search for a text: `Found` or `Unreadable` comes back, but not for a search that a later one overtook.
    Find {
        /// Comes back with the answer.
        request: RequestId,
        /// In whose conversation; in all where none is named.
        peer: Option<Peer>,
        /// The words, as they were typed.
        text: String,
        /// Only in messages before this one.
        before: Option<RowId>,
    },
    /// Read all that is known of a message: `Details` or `Unreadable` comes back.
    Details {
        /// Comes back with the answer.
        request: RequestId,
        /// Which.
        row: RowId,
    },
    /// Read what waits in the outbox: `Outbox` or `Unreadable` comes back.
    Outbox {
        /// Comes back with the answer.
        request: RequestId,
        /// Whose.
        peer: Peer,
    },
}

impl StoreRequest {
    /// Whether it only reads, and changes nothing.
    #[must_use]
    pub fn reads(&self) -> bool {
        matches!(self, Self::Page { .. } | Self::Find { .. } | Self::Details { .. } | Self::Outbox { .. })
    }
}

/// Which part of a conversation. None is longer than [`PAGE`] messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The newest messages before this one (not itself).
    Before(u64),
    /// The oldest messages after this one (not itself).
    After(u64),
    /// As many on both sides of this one, and itself.
    Around(u64),
}

/// The most messages in one part of a conversation.
pub const PAGE: usize = 256;

/// A message that is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Comes back with what became of it.
    pub id: MessageId,
    /// Whose conversation it belongs to.
    pub peer: Peer,
    /// When it was sent or received.
    pub at: Timestamp,
    /// Whose it is, and what became of it so far.
    pub delivery: Delivery,
    /// Its bytes, exactly.
    pub bytes: Raw,
    /// Whether it came to a broadcast address.
    pub broadcast: bool,
}

/// A file or a folder that is to be downloaded and is not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptItem {
    /// Where it stands in the queue: each place is used once.
    pub place: u64,
    /// Which file or, where the path is a folder's, which folder of which server.
    pub source: Source,
    /// Where it is to be.
    pub to: PathBuf,
    /// The file's length in bytes, where the server's list said it.
    pub size: Option<u64>,
    /// Bytes of the file that were here when that was last looked at.
    pub here: u64,
    /// What becomes of a file of it where something is there already.
    pub conflict: Conflict,
    /// What the content of the file has to be, as the user says.
    pub checksum: Option<Checksum>,
    /// Files on the server that may say what the content of the file has to be.
    pub sums: Vec<Source>,
    /// Who says what the file is called.
    pub named_by: NamedBy,
    /// Whether the folder that it goes to was made for it: then that is its own, whatever is in it by now.
    pub owns_folder: bool,
    /// How it is.
    pub state: KeptState,
}

/// Who says what a downloaded file is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NamedBy {
    /// The user, who chose the path.
    #[default]
    User,
    /// The list that it was picked from.
    List,
    /// The server, where its answer has a name.
    Server,
}

/// What a download that is kept does in the next run. What comes first here comes first where two cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeptState {
    /// It goes on by itself.
    Going,
    /// It did, until the program crashed. It waits for the user to say that it goes on.
    Crashed,
    /// It waits for the user to say that it goes on.
    Paused,
    /// It did not work, and can be tried again.
    Failed,
}

/// A file of which a part is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPartial {
    /// Which file of which server.
    pub source: Source,
    /// Where it is to be.
    pub to: PathBuf,
    /// What is needed to go on with it.
    pub partial: Partial,
}

/// What is known at the start of the program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memory {
    /// What was used lately.
    pub recent: Recent,
    /// What was begun for a peer that was not chosen yet.
    pub draft: String,
    /// The peers, those with the latest message first: all about whom the user has done something, and the latest others.
    pub known: Vec<Known>,
    /// The downloads that are not done, in their order.
    pub queue: Vec<KeptItem>,
    /// What is needed to go on with files of which a part is here.
    pub partials: Vec<KeptPartial>,
}
