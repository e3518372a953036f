//! What the queue is asked for: new files, and the settings of all downloads. Data only.

use std::num::NonZeroU64;
use std::path::PathBuf;

use crate::effect::{Conflict, NamePolicy};
use crate::wire::digest::Checksum;
use crate::wire::source::Source;

/// How downloads are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSettings {
    /// Where files and folders go.
    pub dir: PathBuf,
    /// Put before the name of each file.
    pub prefix: String,
    /// What becomes of a file where something of its name is there already.
    pub conflict: Conflict,
    /// Large files that may run at once; at least 1. Small ones may run beside them.
    pub at_once: usize,
    /// Bytes a second that all together may take; none: as many as come.
    pub rate: Option<NonZeroU64>,
    /// How much of a foreign name is kept.
    pub names: NamePolicy,
    /// Whether a folder that was there before, and is not empty, gets files and folders whose names begin with a dot.
    pub hidden: bool,
}

/// A file that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Which file of which server.
    pub source: Source,
    /// Where it is to be; where nothing is said, in the usual folder under its own name.
    pub to: Option<PathBuf>,
    /// Its length in bytes, where the server's list says it.
    pub size: Option<u64>,
    /// What its content has to be, as the user says.
    pub checksum: Option<Checksum>,
    /// Files on the server that may say what its content has to be.
    pub sums: Vec<Source>,
    /// Whether nobody has seen those in a list.
    pub sums_are_guessed: bool,
    /// Whether the server may say what it is called: it was not picked by its name.
    pub named_by_server: bool,
    /// Whether its name was read in a list: where it turns out to be a folder, that is downloaded with all that is in it.
    pub is_listed: bool,
}

impl NewFile {
    /// A file of which nothing more is known.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self {
            source,
            to: None,
            size: None,
            checksum: None,
            sums: Vec::new(),
            sums_are_guessed: false,
            named_by_server: false,
            is_listed: false,
        }
    }
}
