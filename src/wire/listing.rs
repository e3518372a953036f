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

pub mod caddy;
pub mod dufs;
mod html;
mod json;
pub mod names;

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

impl Kind {
    /// What a thing of this `st_mode` is (POSIX, `sys/stat.h`).
    #[must_use]
    pub fn of(st_mode: u32) -> Self {
        match st_mode & 0o170_000 {
            0o040_000 => Self::Dir,
            0o100_000 => Self::File,
            _ => Self::Other,
        }
    }
}

/// One thing in a folder of ours, from which every form of a list is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Row {
    /// Its name.
    pub raw: Raw,
    /// Type and permissions, as `st_mode` has them; of a symbolic link, those of what it leads to.
    pub st_mode: u32,
    /// Bytes, of a regular file.
    pub size: Option<u64>,
    /// When it was last changed.
    pub modified: Option<Timestamp>,
    /// Whether it is reached through a symbolic link.
    pub is_symlink: bool,
}

impl Row {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        Kind::of(self.st_mode)
    }
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
    /// HTML, and XHTML as if it was.
    Html,
}

impl Form {
    /// What a `Content-Type` says; none where that is no list for sure, and need not be read.
    #[must_use]
    pub fn of(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        match &*essence.to_ascii_lowercase() {
            "application/json" => Some(Self::Json),
            "text/html" | "application/xhtml+xml" => Some(Self::Html),
            _ => None,
        }
    }
}

/// Reads what a server answered for `page`.
///
/// Where the path of `page` is not a folder's, only what no file is likely to be is taken for a list.
pub fn read(page: &Source, form: Form, content: &[u8]) -> Result<Reading, ListingError> {
    match form {
        Form::Json => json::read(content, page.path.is_folder()).map(Reading::List),
        Form::Html => html::read(page, content),
    }
}

/// The entries of a list as they come.
#[derive(Default)]
struct Entries {
    entries: Vec<Entry>,
    by_name: HashMap<Bytes, usize>,
}

impl Entries {
    /// Takes an entry in, unless it is not one thing directly below the folder. What comes again is the same thing, of
    /// which more may be known now.
    fn push(
        &mut self,
        raw: Vec<u8>,
        kind: Kind,
        size: Option<u64>,
        modified: Option<Timestamp>,
    ) -> Result<(), ListingError> {
        if !is_directly_below(&raw) {
            return Ok(());
        }
        let new = match self.by_name.entry(Bytes::from(raw)) {
            hash_map::Entry::Occupied(known) => {
                if let Some(entry) = self.entries.get_mut(*known.get()).filter(|known| known.kind == kind) {
                    entry.size = entry.size.or(size);
                    entry.modified = entry.modified.or(modified);
                }
                return Ok(());
            }
            hash_map::Entry::Vacant(_) if self.entries.len() == ENTRY_LIMIT => {
                return Err(ListingError::TooMany);
            }
            hash_map::Entry::Vacant(new) => new,
        };
        let raw = Raw(new.key().clone());
        new.insert(self.entries.len());
        self.entries.push(Entry { name: clean_line(&raw.0), raw, kind, size, modified });
        Ok(())
    }
}

/// Whether it is the name of one thing in a folder, and leads nowhere else.
#[must_use]
pub fn is_directly_below(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..") && !name.iter().any(|byte| matches!(byte, b'/' | 0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pieces that lists are made of, put together in any way.
    fn pieces() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop::sample::select(vec![
            "<a href=\"",
            "\">",
            "</a>",
            "<base href='",
            "'>",
            "<!--",
            "-->",
            "<script>",
            "</script>",
            "<title>",
            "<tr>",
            "Index of ",
            "x",
            "..",
            "/",
            "%2e",
            "%2F",
            "%00",
            "%",
            "&#x2f;",
            "&amp;",
            "?",
            "#",
            ":",
            "//box/",
            "http:",
            "\\",
            " ",
            "\n",
            "\0",
            "05-Nov-2025 09:33 7",
            "+00:00",
            "[",
            "]",
            "{",
            "}",
            ",",
            "null",
            "\"name\":\"",
            "\"url\":\"./",
            "\"href\":\"",
            "\",",
            "\"paths\":[",
            "\"is_dir\":true",
            "\"type\":\"directory\"",
            "\\u0000",
            "\\u002f",
            "\\udcff",
            "\\ud800",
            "\"size\":",
            "7",
            "-1",
            "\"ts\":",
            "9e99",
            "\"mtime\":",
        ]);
        let piece = prop_oneof![
            8 => piece.prop_map(|piece| piece.as_bytes().to_vec()),
            1 => prop::collection::vec(any::<u8>(), 0..4),
        ];
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn nothing_that_a_server_says_leads_out_of_the_folder(content in pieces()) {
            for url in ["http://box/", "http://box/a%20b/", "http://box/a/../..//?x", "http://box/a.html"] {
                let page = Source::parse(url).unwrap();
                for form in [Form::Json, Form::Html] {
                    let Ok(Reading::List(list)) = read(&page, form, &content) else { continue };
                    for entry in list.entries {
                        prop_assert!(!matches!(&entry.raw.0[..], b"" | b"." | b".."));
                        prop_assert!(!entry.raw.0.contains(&b'/') && !entry.raw.0.contains(&0));
                        prop_assert!(entry.kind != Kind::Dir || entry.size.is_none());
                    }
                }
            }
        }
    }

    #[test]
    fn one_entry_too_many_is_too_many_and_no_entry_counts_twice() {
        let mut entries = Entries::default();
        let mut push = |name: usize| entries.push(name.to_string().into_bytes(), Kind::File, None, None);
        for name in (0..ENTRY_LIMIT).chain([0]) {
            push(name).unwrap();
        }
        assert_eq!(push(ENTRY_LIMIT), Err(ListingError::TooMany));
        assert_eq!(entries.entries.len(), ENTRY_LIMIT);
    }

    #[test]
    fn the_form_is_known_by_the_media_type() {
        for (media_type, form) in [
            ("application/json", Some(Form::Json)),
            ("Application/JSON ; charset=utf-8", Some(Form::Json)),
            ("text/html;charset=ISO-8859-1", Some(Form::Html)),
            ("application/xhtml+xml", Some(Form::Html)),
            ("text/plain", None),
            ("application/jsonx", None),
            ("", None),
        ] {
            assert_eq!(Form::of(media_type), form, "{media_type}");
        }
    }
}
