//! What is heard of the folder that is shared.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::served::{Running, Served};
use crate::text::Clean;

/// From the share. After [`Self::NotStarted`] or [`Self::Stopped`] nothing more comes of it.
#[derive(Debug, Clone)]
pub enum ShareEvent {
    /// Whoever reaches this machine can take what is in the folder.
    Started {
        /// The folder as the system names it.
        folder: PathBuf,
        /// Where others reach it, at least one address, the one first that most likely can be.
        addresses: Vec<SocketAddr>,
    },
    /// It cannot be shared.
    NotStarted(ShareFault),
    /// What happened since this was told last. At most 30 a second, and none while nothing is taken.
    News(ShareNews),
    /// Nothing is shared any more, and all answers have ended.
    Stopped,
}

/// Who takes what, and who took what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShareNews {
    /// The oldest answers that are being sent now, and uploads that come, the oldest first: all of them, or the first few.
    pub running: Vec<Running>,
    /// How many there are in all.
    pub count: usize,
    /// Those that have ended since, the first first.
    pub served: Vec<Served>,
    /// So many more have ended since, of which nothing else is known: there were too many at once.
    pub untold: u64,
}

/// Folders of this machine among which one can be chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folders {
    /// Which, in the order of their names.
    pub names: Vec<FolderName>,
    /// So many more there are: too many to be told.
    pub more: usize,
}

/// What a folder of this machine is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderName {
    /// As it can be typed, without the folder that it is in; never shown.
    pub name: String,
    /// Fit to be shown.
    pub shown: Clean,
}

/// Why a folder cannot be shared, nor looked into for one that could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShareFault {
    /// It cannot be opened and read.
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system says.
        reason: Clean,
    },
    /// Nothing can be put into it, and the settings let others add files.
    Unwritable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        reason: Clean,
    },
    /// No port of this address can be listened on.
    Address {
        /// Which.
        address: SocketAddr,
        /// What the system says.
        reason: Clean,
    },
    /// Our own queue is full.
    Busy,
}
