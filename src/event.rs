//! The vocabulary of all that comes in: keys, datagrams, listings, progress.
//!
//! Data only. Owns no behaviour beyond reading and writing a key's name, and must never hold other people's
//! text except as [`Clean`] (or, unshown, as [`Raw`]).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use jiff::{Timestamp, Zoned};

use crate::text::Clean;
use crate::wire::Raw;
use crate::wire::listing::{Entry, Kind};
use crate::wire::source::Source;

mod contact;
mod delivery;
mod draft;
mod fault;
mod key;
mod preview;
mod recent;
pub mod served;
mod share;
mod stored;
mod target;
mod transfer;
mod walk;

pub use contact::{Contact, ContactChange, ExternalChanges, Known, PeerChanges, Silent};
pub use delivery::Delivery;
pub use draft::{merged_at, merged_draft};
pub use fault::{Clash, Distrust, Fault, Outage, Stage, system_words};
pub use key::{Key, KeyCode, KeyNameError, Modifiers};
pub use preview::{Content, Listed, Packed, Paint, Preview, TextLine};
pub use recent::Change;
pub use share::{FolderName, Folders, ShareEvent, ShareFault, ShareNews};
pub use stored::{Details, Found, Hit, Page, RowId, Saved, StoreEvent, Stored};
pub use target::Target;
pub use transfer::{Anew, Compared, Finished, Kept, Mismatch, Partial, Proof, Sameness, TransferEvent};
pub use walk::{Facts, WalkEvent};

/// The moment at which an event is looked at. Time is an argument here, never read.
#[derive(Debug, Clone)]
pub struct Now {
    /// For measuring: monotonic.
    pub instant: Instant,
    /// For showing: wall clock with the user's time zone.
    pub wall: Zoned,
}

/// One message of this run, from the moment it arrived or Enter was pressed. One that is sent again has another id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub u64);

/// One question to a worker that is answered once: a name to resolve, a folder to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// One download, from the moment it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransferId(pub u64);

/// One time that a folder is shared, from the moment it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShareId(pub u64);

/// Everything that can happen to the program.
#[derive(Debug, Clone)]
pub enum Event {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted (bracketed paste), as the terminal gave it.
    Paste(String),
    /// The mouse did something.
    Mouse(Mouse),
    /// The terminal has this size now.
    Resized(Size),
    /// The terminal window gained (`true`) or lost the keyboard focus.
    Focused(bool),
    /// From the chat socket.
    Chat(ChatEvent),
    /// An answer of the resolver: the addresses of a name, at least one, in the order to try them.
    Resolved(RequestId, Result<Vec<SocketAddr>, Fault>),
    /// An answer of the browser.
    Browse(RequestId, BrowseEvent),
    /// From a walk through folders.
    Walk(RequestId, WalkEvent),
    /// The folders that were to be made are there, but for these.
    FoldersMade(RequestId, Vec<(PathBuf, Fault)>),
    /// What is at the place where a folder is to be downloaded to.
    Inspected(RequestId, Result<Target, Fault>),
    /// What a server says of the files that it was asked about: of which of them, counted from 0.
    Filled(RequestId, usize, Facts),
    /// The beginning of a file, to be looked at.
    Previewed(RequestId, Result<Box<Preview>, Fault>),
    /// From a download.
    Transfer(TransferId, TransferEvent),
    /// From the share.
    Share(ShareId, ShareEvent),
    /// The folders on this machine that were looked for, or why nobody can look there.
    FoldersFound(RequestId, Result<Folders, ShareFault>),
    /// From the store.
    Store(StoreEvent),
    /// What became of a text that was given to the user's editor.
    Edited(Result<String, Fault>),
    /// What was copied for the user is in the clipboard, as far as the terminal allows it.
    Copied,
    /// It could not be copied.
    NotCopied(Fault),
    /// Opening it may do more than show it, so that it is not open yet.
    MayRun {
        /// Which file or folder.
        path: PathBuf,
        /// The program, or the command, that it would be opened with.
        program: Clean,
    },
    /// The program that opens such things could not be started.
    NotOpened(Fault),
    /// The moment that `State::deadline` named has come.
    Wake,
}

/// A terminal's size in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// What the mouse did, and in which cell (counted from 0, top left).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    /// What it did.
    pub action: MouseAction,
    /// Column.
    pub column: u16,
    /// Row.
    pub row: u16,
}

/// What a mouse can do that we use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseAction {
    /// The left button went down.
    Press,
    /// The wheel turned away from the user.
    ScrollUp,
    /// The wheel turned towards the user.
    ScrollDown,
}

/// From the chat socket.
#[derive(Debug, Clone)]
pub enum ChatEvent {
    /// A datagram arrived.
    Received(Datagram),
    /// All datagrams of this message were handed to the network.
    Sent(MessageId),
    /// The peer's machine said (ICMP port unreachable) that nobody listens there.
    Refused(MessageId),
    /// The message could not be sent, or the network said that it did not arrive.
    Failed(MessageId, Fault),
    /// So many more datagrams of this address came since it was last said. They were not kept, for it sends too many.
    Folded(SocketAddr, u64),
    /// So many more datagrams of this address came since it was last said. They were thrown away, for it is blocked.
    Blocked(SocketAddr, u64),
    /// So many more datagrams came since it was last said, nobody says from whom, and were not kept: the system had no
    /// room for them, or strangers sent too many, all together.
    Overflowed(u64),
    /// The socket itself is of no use any more; nothing can be sent or received until a restart.
    Down(Fault),
}

/// A datagram as it came (RFC 768): at most 65,507 bytes over IPv4.
#[derive(Debug, Clone)]
pub struct Datagram {
    /// Who sent it, as the network says.
    pub from: SocketAddr,
    /// When it was read from the socket.
    pub at: Timestamp,
    /// Its text, fit to be shown.
    pub text: Clean,
    /// The bytes themselves, never shown.
    pub raw: Raw,
    /// Whether it came to a broadcast address.
    pub broadcast: bool,
}

/// What became of the question what a server has.
#[derive(Debug, Clone)]
pub enum BrowseEvent {
    /// A folder's list.
    Listed(Listing),
    /// It is a plain server: it has no lists.
    Plain,
    /// No answer that helps.
    Failed(Fault),
}

/// What a folder of a server holds.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Where this is, after probing and redirects: its scheme is certain, its path ends in `/`.
    pub source: Source,
    /// In the order the server gave.
    pub entries: Vec<Entry>,
    /// Whether the folder may hold more, because the server does not go on after so many.
    pub is_cut: bool,
    /// What is in the folder, and not in its list.
    pub unlisted: Unlisted,
}

/// How many things of a folder are not in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unlisted {
    /// As the server says.
    pub by_server: usize,
    /// Files that only a query names (`?f=a.txt`): they have no path under which they could be asked for.
    pub by_link: usize,
}

impl Listing {
    /// About how many bytes the paths of all folders in it have together.
    #[must_use]
    pub fn folder_bytes(&self) -> usize {
        let path = self.source.path.encoded().len();
        let folders = self.entries.iter().filter(|entry| entry.kind == Kind::Dir);
        folders.map(|entry| path + entry.raw.0.len()).sum()
    }
}
