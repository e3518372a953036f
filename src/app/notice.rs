//! What has to be said once. Owns what, never in which words.

use crate::event::{Fault, ShareFault};
use crate::text::Clean;
use crate::wire::peer::Peer;

/// Something that has to be said once, until the next key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The usual port is taken; another is used.
    PortTaken {
        /// The usual one.
        wanted: u16,
        /// The one in use.
        got: u16,
    },
    /// There is nobody to send to.
    NoPeer,
    /// What is selected cannot be downloaded, for it is no file.
    NotAFile,
    /// The way out is selected, or nothing, where a file or a folder has to be.
    NothingSelected,
    /// The message is so many bytes longer than a datagram can be, and was not sent.
    TooLongToSend(usize),
    /// What was pasted is longer than a field may be, and was not taken.
    TooLongToPaste,
    /// A folder is marked to be found again, or not any more.
    Bookmark(Clean, bool),
    /// There may be more in the folder than the server lists, and why.
    NotAll(Fault),
    /// How much is in a folder is not known, and why.
    NotMeasured(Fault),
    /// What is selected cannot be looked at, for it is no file.
    NotForPreview,
    /// What is selected is no folder.
    NotAFolder,
    /// Ctrl+C does not quit.
    HowToQuit,
    /// The text of a message was given to the clipboard.
    Copied,
    /// The text of a message was not given to the clipboard, and why.
    NotCopied(Fault),
    /// This link was given to the system's program for such things.
    Opened(Clean),
    /// That program could not be started.
    NotOpened(Fault),
    /// A file of this name is not opened: the user was doing something else when it was to be asked whether it may run.
    MayRun(Clean),
    /// Nothing is here yet of this download that could be shown.
    NotHere(Clean),
    /// Something of the name of this file is there already, and the user is asked what becomes of it.
    Asked(Clean),
    /// Downloads wait until this server knows who the user is.
    Unauthorized(Clean),
    /// What became of downloads that the user did not see.
    Downloads {
        /// Files that are here.
        here: u64,
        /// Files that failed.
        failed: u64,
    },
    /// The folder that was to be shared is not, and why.
    NotShared(ShareFault),
    /// The user's editor did not change the draft, and why.
    NotEdited(Fault),
    /// Nothing can be sent or received any more.
    SocketDown(Fault),
    /// What is opened will not be known again after a restart.
    NotRemembered(Fault),
    /// Another hobnob that runs has the queue of downloads: what is downloaded in this one will not be known again.
    QueueElsewhere,
    /// Messages are not on disk.
    NotSaved(Fault),
    /// What was looked for on disk cannot be read.
    NotRead(Fault),
    /// What is on disk cannot be searched.
    NotSearched(Fault),
    /// A peer is muted, or not any more.
    Muted(Peer, bool),
    /// A peer is blocked, or not any more.
    Blocked(Peer, bool),
    /// So many downloads were taken off the list, and come back with the key that clears it.
    Cleared(u64),
    /// A peer sends more than is kept.
    Noisy(Peer),
    /// Two peers have the same name.
    NameShared {
        /// The name.
        name: Clean,
        /// Who has it too.
        other: Peer,
    },
    /// A name has another address than before.
    NameMoved {
        /// The name.
        name: Clean,
        /// Whose it was.
        before: Peer,
        /// Whose it is.
        now: Peer,
    },
}
