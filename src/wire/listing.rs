//! What a folder holds, and the forms in which servers say so.

use jiff::Timestamp;

use super::Raw;
use crate::text::Clean;

mod json;

pub use json::{ENTRY_LIMIT, ListingError, Row, parse_json, write_json};

/// One thing in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, fit to be shown; a folder's without the slash.
    pub name: Clean,
    /// Its name as the server has it: what a request for it must carry.
    pub raw: Raw,
    /// What it is.
    pub kind: Kind,
    /// Bytes, where the server says.
    pub size: Option<u64>,
    /// When it was last changed, where the server says.
    pub modified: Option<Timestamp>,
}

/// What a thing in a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A folder.
    Dir,
    /// A regular file.
    File,
    /// A device, a pipe, a socket, a link to nowhere.
    Other,
}
