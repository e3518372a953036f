//! What a folder holds, and the forms in which servers say so.
//!
//! Lists are read as a stream: each entry is handed on as it comes. Owns telling the forms apart, and what becomes an
//! entry at all. Must never give an entry whose name leads anywhere but directly below its folder, never guess what a
//! server did not say, and keeps nothing of a list in memory but what tells a name
//! from those before it, and the first entries while it is not known whether they are any.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Read;
use std::ops::ControlFlow;

use bytes::Bytes;
use hyper::header::HeaderName;
use jiff::Timestamp;
use thiserror::Error;

use super::Raw;
use super::source::Source;
use crate::text::{Clean, clean_line};

pub mod caddy;
pub mod dufs;
mod form;
mod html;
mod json;
pub mod names;
mod utf8;

pub use form::Form;

/// What to ask a server for, so that it gives the form that says most (RFC 9110, section 12.5.1): Caddy and hobnob
/// have JSON where it is named, most others have one form for everybody.
pub const ACCEPT: &str = "application/json, text/html;q=0.9, */*;q=0.1";
/// What to ask a server for whose JSON is none of the forms that are known.
pub const ACCEPT_PAGE: &str = "text/html, */*;q=0.1";

/// The field in which our own server, and others that list in parts, say how many entries a list has in all.
pub const TOTAL: HeaderName = HeaderName::from_static("x-total-count");
/// The field in which our own server says how many things of a folder are not in its list.
pub const LEFT_OUT: HeaderName = HeaderName::from_static("hobnob-left-out");

/// The most entries of a list that are read.
pub const ENTRY_LIMIT: usize = 2_000_000;

/// The most bytes that their names may have together.
pub const NAMES_LIMIT: usize = 256 << 20;

/// Entries that are held back while it is not known yet whether what they stand in is a list, and bytes that their names
/// may have.
pub const HELD: usize = 1000;
const HELD_BYTES: usize = 1 << 20;

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
    /// Whether it may be a folder as well as a file: the list marks no folders, and nothing else was said of it. That is
    /// known at the end of a list; false in an entry that is handed on before.
    pub may_be_folder: bool,
    /// Whether the list says that it is reached through a symbolic link.
    pub is_link: bool,
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
    /// The list, which has come to its end.
    List(List),
    /// A page that a browser makes a list of by asking once more, as we can: for the folder with this query.
    Elsewhere(&'static str),
    /// A page under a path without a slash at its end that may be a list of what is below it. None of its entries was
    /// handed on.
    Maybe(Maybe),
}

/// What is known of a page that may be a list. Names are those of the first [`HELD`] things of their kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maybe {
    /// What its links lead to in the folder of its name.
    pub below: Vec<Raw>,
    /// Whether most links are called by the names of what they lead to, as in lists.
    pub is_named: bool,
    /// Where there are none of those: what its relative links would lead to in that folder, if the page were there.
    pub relative: Vec<Raw>,
    /// Whether it says that it is a list.
    pub is_list: bool,
}

/// What is known of a list at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    /// How many entries there were.
    pub entries: usize,
    /// Whether the folder may hold more: a server of this kind does not go on after so many, and does not say it.
    pub is_cut: bool,
    /// Whether folders are told from files in it: where they are not, each entry that is no folder may be one.
    pub marks_folders: bool,
    /// Things of the folder that the server says are not in its list.
    pub left_out: usize,
    /// Links to files that have no name of their own (`?f=a.txt`): they are no entries.
    pub unnamed: usize,
}

/// What a page is asked for as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A folder's list.
    Folder,
    /// A folder's list or a file: only what no file is likely to be is taken for a list.
    Unknown,
}

impl Role {
    /// As which a path is asked for of which no more is known.
    #[must_use]
    pub fn of(page: &Source) -> Self {
        if page.path.is_folder() { Self::Folder } else { Self::Unknown }
    }
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
    /// Their names have more than [`NAMES_LIMIT`] bytes.
    #[error("a list of names of more than {NAMES_LIMIT} bytes")]
    TooLarge,
    /// No more entries are wanted.
    #[error("a list that is not read to its end")]
    Unwanted,
}

/// Where the entries of a list go.
pub trait Take {
    /// The entries that come are in this folder.
    fn begin(&mut self, _folder: &Source) {}

    /// Takes an entry; says whether more are wanted.
    fn take(&mut self, entry: Entry) -> ControlFlow<()>;

    /// No more come, be the list at its end or not.
    fn end(&mut self) {}
}

impl Take for Vec<Entry> {
    fn take(&mut self, entry: Entry) -> ControlFlow<()> {
        self.push(entry);
        ControlFlow::Continue(())
    }
}

/// Reads what a server answers for `page`, and hands each entry to `taker` as it comes, in the order that the server
/// gives; no two have the same name. Those that were taken before an error are good ones. Where the first of them have
/// to say whether it is a list at all, they are handed on together, once that is known.
///
/// Relative links of a page lead to where they lead from `page`, and entries are in the folder of that name.
pub fn read(
    page: &Source,
    role: Role,
    form: Form,
    content: impl Read,
    taker: &mut dyn Take,
) -> Result<Reading, ListingError> {
    let entries = Entries::new(taker);
    match form {
        Form::Json => json::read(content, role, entries).map(Reading::List),
        Form::Html => html::read(page, role, content, entries),
    }
}

/// The entries of a list as they come.
struct Entries<'take> {
    taker: &'take mut dyn Take,
    /// The one that came last: more may yet be said of it.
    last: Option<Entry>,
    /// Those that are held back, and the bytes of their names.
    held: Option<(Vec<Entry>, usize)>,
    /// Two hashes of each name: by 128 bits that no server can know beforehand no two names are taken for one.
    known: HashSet<(u64, u64)>,
    hashers: [RandomState; 2],
    /// Entries that may come yet, and bytes that their names may have.
    left: usize,
    room: usize,
}

impl<'take> Entries<'take> {
    fn new(taker: &'take mut dyn Take) -> Self {
        let hashers = [RandomState::new(), RandomState::new()];
        Self {
            taker,
            last: None,
            held: None,
            known: HashSet::new(),
            hashers,
            left: ENTRY_LIMIT,
            room: NAMES_LIMIT,
        }
    }

    fn len(&self) -> usize {
        self.known.len()
    }

    fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether there is an entry of this name.
    fn has(&self, raw: &[u8]) -> bool {
        let [one, other] = &self.hashers;
        self.known.contains(&(one.hash_one(raw), other.hash_one(raw)))
    }

    /// Takes an entry in, unless it is not one thing directly below the folder. What comes again is the same thing; where
    /// it comes at once, more may be known of it now.
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
        if let Some(last) = self.last.as_mut().filter(|last| last.raw.0 == raw) {
            if (last.kind, kind) == (Kind::File, Kind::Dir) {
                // Only folders are said to be what they are everywhere.
                (last.kind, last.size) = (kind, None);
            }
            if last.kind == kind {
                last.size = last.size.or(size);
                last.modified = last.modified.or(modified);
            }
            return Ok(());
        }
        let [one, other] = &self.hashers;
        let hashes = (one.hash_one(&raw), other.hash_one(&raw));
        if self.known.contains(&hashes) {
            return Ok(());
        }
        self.left = self.left.checked_sub(1).ok_or(ListingError::TooMany)?;
        self.room = self.room.checked_sub(raw.len()).ok_or(ListingError::TooLarge)?;
        self.known.insert(hashes);
        self.finish()?;
        let (name, raw) = (clean_line(&raw), Raw(Bytes::from(raw)));
        self.last = Some(Entry { name, raw, kind, size, modified, may_be_folder: false, is_link: false });
        Ok(())
    }

    /// The entry of this name, which came last, is reached through a symbolic link.
    fn note_link(&mut self, raw: &[u8]) {
        if let Some(last) = self.last.as_mut().filter(|last| last.raw.0 == raw) {
            last.is_link = true;
        }
    }

    /// No more is said of the last one.
    fn finish(&mut self) -> Result<(), ListingError> {
        let Some(last) = self.last.take() else { return Ok(()) };
        if let Some((held, bytes)) = &mut self.held {
            *bytes += last.raw.0.len();
            held.push(last);
            return Ok(());
        }
        hand_on(self.taker, last)
    }

    /// From now on entries are held back.
    fn hold(&mut self) {
        self.held.get_or_insert_default();
    }

    /// Hands on what was held back, and from now on each entry as it comes.
    fn release(&mut self) -> Result<(), ListingError> {
        let (held, _) = self.held.take().unwrap_or_default();
        let handed_on = held.into_iter().try_for_each(|entry| hand_on(self.taker, entry));
        if handed_on.is_err() {
            self.last = None;
        }
        handed_on
    }

    /// Whether no more should be held back.
    fn is_full(&self) -> bool {
        self.held.as_ref().is_some_and(|(held, bytes)| held.len() >= HELD || *bytes >= HELD_BYTES)
    }

    /// The names of what is held back.
    fn held_names(&self) -> Vec<Raw> {
        self.held.iter().flat_map(|(held, _)| held).map(|entry| entry.raw.clone()).collect()
    }
}

fn hand_on(taker: &mut dyn Take, entry: Entry) -> Result<(), ListingError> {
    match taker.take(entry) {
        ControlFlow::Break(()) => Err(ListingError::Unwanted),
        ControlFlow::Continue(()) => Ok(()),
    }
}

impl Drop for Entries<'_> {
    fn drop(&mut self) {
        // Whether more are wanted makes no difference now.
        let _ = self.finish();
        self.taker.end();
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
                    let mut entries = Vec::new();
                    let _ = read(&page, Role::of(&page), form, &content[..], &mut entries);
                    for entry in entries {
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
        let mut taken = Vec::new();
        let mut entries = Entries::new(&mut taken);
        assert_eq!(entries.left, ENTRY_LIMIT);
        entries.left = 3;
        let mut push = |name: &str| entries.push(name.into(), Kind::File, None, None);
        assert_eq!(["a", "b", "a", "a", "c", "b"].map(&mut push), [Ok(()); 6]);
        assert_eq!(push("d"), Err(ListingError::TooMany));
        drop(entries);
        assert_eq!(taken.len(), 3);
    }

    #[test]
    fn names_have_a_limit_together() {
        let mut taken = Vec::new();
        let mut entries = Entries::new(&mut taken);
        assert_eq!(entries.room, NAMES_LIMIT);
        entries.room = 7;
        let mut push = |name: &str| entries.push(name.into(), Kind::File, None, None);
        assert_eq!(["abc", "defg", "abc", "defg"].map(&mut push), [Ok(()); 4]);
        assert_eq!(push("x"), Err(ListingError::TooLarge));
    }

    /// Takes so many entries.
    struct Few(usize, Vec<String>);

    impl Take for Few {
        fn take(&mut self, entry: Entry) -> ControlFlow<()> {
            self.1.push(entry.name.to_string());
            if self.1.len() < self.0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        }
    }

    #[test]
    fn an_entry_is_handed_on_as_soon_as_no_more_is_said_of_it_and_no_more_than_are_wanted() {
        let page = Source::parse("http://box/").unwrap();
        let json =
            r#"[{"name":"a","mode":0},{"name":"b","mode":0},{"name":"a","mode":0},{"name":"c","mode":0}]"#;
        let html = "<a href=a>a</a><a href=b>b</a><a href=b>b</a><a href=a>a</a><a href=c>c</a>";
        for (form, text) in [(Form::Json, json), (Form::Html, html)] {
            let mut taken = Few(9, Vec::new());
            let _ = read(&page, Role::of(&page), form, text.as_bytes(), &mut taken);
            assert_eq!(taken.1, ["a", "b", "c"]);
            let mut taken = Few(2, Vec::new());
            assert_eq!(
                read(&page, Role::of(&page), form, text.as_bytes(), &mut taken),
                Err(ListingError::Unwanted)
            );
            assert_eq!(taken.1, ["a", "b"]);
        }
    }

    /// What is taken of these rows, and how that ends.
    fn taken_of(rows: impl IntoIterator<Item = String>) -> (usize, Result<usize, ListingError>) {
        let page = Source::parse("http://box/").unwrap();
        let json = rows.into_iter().collect::<Vec<_>>().join(",");
        let mut taken = Vec::new();
        let read = read(&page, Role::of(&page), Form::Json, format!("[{json}]").as_bytes(), &mut taken);
        let entries = read.map(|read| if let Reading::List(list) = read { list.entries } else { 0 });
        (taken.len(), entries)
    }

    #[test]
    fn a_row_of_no_known_form_leaves_nothing_of_a_list_and_of_a_long_one_what_was_handed_on() {
        let row = |nth: usize| format!(r#"{{"name":"{nth}","type":"file"}}"#);
        let unknown = || [r#"{"name":"x"}"#.to_owned()];
        assert_eq!(taken_of((0..9).map(row).chain(unknown())), (0, Err(ListingError::NoList)));
        assert_eq!(taken_of((0..2 * HELD).map(row)), (2 * HELD, Ok(2 * HELD)));
        let (taken, ended) = taken_of((0..2 * HELD).map(row).chain(unknown()));
        assert_eq!((taken, ended), (2 * HELD, Err(ListingError::NoList)));
    }

    #[test]
    fn what_was_held_back_when_the_connection_broke_is_good() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::UnexpectedEof.into())
            }
        }
        let page = Source::parse("http://box/").unwrap();
        let mut taken = Vec::new();
        let begun = br#"[{"name":"a","type":"file"},{"name":"b","type":"file"},"#.chain(Broken);
        assert_eq!(read(&page, Role::of(&page), Form::Json, begun, &mut taken), Err(ListingError::NoList));
        assert_eq!(taken.len(), 2);
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
