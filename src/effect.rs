//! The vocabulary of all that goes out: what the program asks the world to do. Data only.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;

pub use crate::event::{Change, Contact, ContactChange, Known, Silent};
use crate::event::{MessageId, RequestId, TransferId};
use crate::text::Clean;
use crate::wire::address::Endpoint;
use crate::wire::credentials::Credentials;
use crate::wire::peer::Peer;
use crate::wire::source::{Origin, Source};

mod fetch;
mod keep;
mod recent;
mod share;

pub use fetch::{Conflict, Job, NamePolicy, Naming, OVERLAP, Partial};
pub use keep::{KeptItem, KeptPartial, KeptState, Memory, NamedBy, NewMessage, PAGE, Part, StoreRequest};
pub use recent::Recent;
pub use share::ShareOrder;

/// How many folders deep a walk goes from the one where it begins; what is deeper is left out, and that is said.
pub const WALK_DEPTH: usize = 64;
/// The most folders of a walk.
pub const WALK_FOLDERS: usize = 100_000;
/// The most bytes that the paths of all folders of a walk have together: a short list in a folder with a long name would
/// become a large tree, as each folder in it has that name again.
pub const WALK_BYTES: usize = 64 * 1024 * 1024;

/// Everything that the program can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send a text as one datagram, or several where it is longer than one may be.
    Send {
        /// Comes back with what became of it.
        id: MessageId,
        /// To whom.
        to: Peer,
        /// What.
        text: String,
    },
    /// Look the addresses of a host up.
    Resolve {
        /// Comes back with the answer.
        request: RequestId,
        /// Whose.
        endpoint: Endpoint,
    },
    /// List a folder of a server.
    Browse {
        /// Comes back with the answer.
        request: RequestId,
        /// Which folder of which server.
        source: Source,
    },
    /// An answer to this is of no use any more.
    Forget(RequestId),
    /// Download a file.
    Fetch {
        /// Comes back with everything that becomes of it.
        id: TransferId,
        /// What is to be done.
        job: Box<Job>,
    },
    /// Stop a download so that it can go on later.
    Pause(TransferId),
    /// Stop a download and leave nothing of it.
    Cancel(TransferId),
    /// Remove what was left of these files and folders that were asked for and are not being downloaded: which of which
    /// server, and where it was to be.
    Discard(Vec<(Source, PathBuf)>),
    /// Let all downloads together take no more than so many bytes a second; none: as many as come.
    LimitRate(Option<NonZeroU64>),
    /// List a folder and all that are in it, down to [`WALK_DEPTH`].
    Walk {
        /// Comes back with what is found. [`Effect::Forget`] ends the walk.
        request: RequestId,
        /// Which folder of which server.
        source: Source,
        /// The folders in it that are left to be listed, where the walk goes on; none where it begins.
        left: Vec<Source>,
    },
    /// Make these folders, and those that they are in, where they are missing.
    MakeFolders {
        /// Comes back with those that could not be made.
        request: RequestId,
        /// Which.
        folders: Vec<PathBuf>,
        /// A folder that all of them are below: no symbolic link below it is followed.
        base: PathBuf,
    },
    /// Look at the place where a folder is to be: answered with [`Event::Inspected`](crate::event::Event::Inspected).
    Inspect {
        /// Comes back with the answer.
        request: RequestId,
        /// Where the folder is to be.
        to: PathBuf,
        /// It, or a folder that it is below: no symbolic link below it is followed.
        base: PathBuf,
    },
    /// Ask what a server says of files without sending them.
    Fill {
        /// Comes back with the answers. [`Effect::Forget`] ends the asking.
        request: RequestId,
        /// Which files of which servers.
        files: Vec<Source>,
    },
    /// Ask for the beginning of a file, to be looked at.
    Preview {
        /// Comes back with the answer.
        request: RequestId,
        /// Which file of which server.
        source: Source,
    },
    /// Say who we are to a server whenever it is asked from now on, and to no other; none: say it no more.
    Authorize {
        /// Which server.
        origin: Origin,
        /// Who we are to it.
        credentials: Option<Credentials>,
    },
    /// Share a folder, or no more.
    Share(ShareOrder),
    /// Look for folders on this machine. The question before this one is of no use any more.
    FindFolders {
        /// Comes back with the answer.
        request: RequestId,
        /// In which folder: as it was typed, `~` is the user's own.
        folder: PathBuf,
        /// How those begin that are looked for, however they are capitalised.
        beginning: String,
    },
    /// Throw away what comes from these addresses, and from these only.
    Block(Vec<SocketAddr>),
    /// Keep something, or read what is kept.
    Store(StoreRequest),
    /// Put a text into the clipboard (OSC 52).
    Copy(Clean),
    /// Open an `http` or `https` URL with the system's program for that.
    Open(String),
    /// Open a file or a folder with the system's program for that; where that may do more than show it,
    /// [`MayRun`](crate::event::Event::MayRun) comes back instead.
    OpenFile(PathBuf),
    /// Open a file or a folder with the system's program for that, whatever it does: the user was asked.
    OpenAnyway(PathBuf),
    /// Show a file or a folder in the program that the system has for folders.
    Reveal(PathBuf),
    /// Announce something to a user who is not looking.
    Notify(Notification),
    /// Let the user's editor change a text.
    Edit(String),
    /// Draw every cell anew: another program may have written over them.
    Redraw,
    /// Give the terminal back to the shell until the user says `fg`.
    Suspend,
    /// End the program.
    Quit,
}

/// What is announced to a user who is not looking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Whether the terminal's bell rings.
    pub bell: bool,
    /// What the desktop shows, a title and a text, if it is to show anything (OSC 9, 777 or 99). Where there is no text,
    /// it is only said that there is a message.
    pub desktop: Option<(Clean, Clean)>,
}

/// How a user who is not looking is told, where nothing else is said about the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NotifySettings {
    /// Whether the terminal's bell rings.
    pub bell: bool,
    /// Whether the desktop shows that a message came; false where the terminal cannot make it.
    pub desktop: bool,
    /// Whether the desktop shows the message's text too.
    pub text: bool,
}
