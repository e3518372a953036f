//! What a folder holds, and the forms in which servers say so.
//!
//! Owns telling the forms apart, and what becomes an entry at all. Must never give an entry whose name leads anywhere
//! but directly below its folder, never guess what a server did not say, and never keep more of a list in memory than
//! its entries.

use std::collections::HashMap;
use std::collections::hash_map;

use bytes::Bytes;
use jiff::Timestamp;
use thiserror::Error;

use super::Raw;
use super::source::Source;
use crate::text::{Clean, clean_line};

mod caddy;
mod json;

pub use caddy::{Row, write_json};

/// What to ask a server for, so that it gives the form that says most (RFC 9110, section 12.5.1): Caddy and hobnob
/// have JSON where it is named, the others have one form for everybody.
pub const ACCEPT: &str = "application/json, text/html;q=0.9, */*;q=0.1";

/// The most entries of a list that is read.
pub const ENTRY_LIMIT: usize = 200_000;

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

/// What an answer that was asked for a list turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// The list.
    List(List),
    /// A page that a browser makes a list of by asking once more, as we can: for the folder with this query.
    Elsewhere(&'static str),
}

/// What a folder holds, as far as the server says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    /// In the order the server gave; no two have the same name.
    pub entries: Vec<Entry>,
    /// Whether the folder may hold more, because the server does not go on after so many.
    pub is_cut: bool,
}

/// Why an answer is no list, or none that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ListingError {
    /// It is something else.
    #[error("not a list")]
    NoList,
    /// It has more than [`ENTRY_LIMIT`] entries.
    #[error("a list of more than {ENTRY_LIMIT} entries")]
    TooMany,
}

/// A form in which a list may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON (RFC 8259).
    Json,
}

impl Form {
    /// What a `Content-Type` says; none where that is no list for sure, and need not be read.
    #[must_use]
    pub fn of(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json").then_some(Self::Json)
    }
}

/// Reads what a server answered for `page`.
///
/// Where the path of `page` is not a folder's, only what no file is likely to be is taken for a list.
pub fn read(page: &Source, form: Form, content: &[u8]) -> Result<Reading, ListingError> {
    match form {
        Form::Json => json::read(content, page.path.is_folder()).map(Reading::List),
    }
}

/// The entries of a list as they come.
#[derive(Default)]
struct Entries {
    entries: Vec<Entry>,
    by_name: HashMap<Bytes, usize>,
}

impl Entries {
    /// Takes an entry in; gives where it is, which is where its name came first. Nothing where it is not one thing
    /// directly below the folder.
    fn push(&mut self, raw: Vec<u8>, kind: Kind) -> Result<Option<&mut Entry>, ListingError> {
        if !is_directly_below(&raw) {
            return Ok(None);
        }
        let raw = Bytes::from(raw);
        let at = match self.by_name.entry(raw) {
            hash_map::Entry::Occupied(known) => *known.get(),
            hash_map::Entry::Vacant(_) if self.entries.len() == ENTRY_LIMIT => {
                return Err(ListingError::TooMany);
            }
            hash_map::Entry::Vacant(new) => {
                let raw = new.key().clone();
                let name = clean_line(&raw);
                self.entries.push(Entry { name, raw: Raw(raw), kind, size: None, modified: None });
                *new.insert(self.entries.len() - 1)
            }
        };
        Ok(self.entries.get_mut(at))
    }
}

fn is_directly_below(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..") && !name.iter().any(|byte| matches!(byte, b'/' | 0))
}
