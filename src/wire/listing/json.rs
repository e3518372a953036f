//! A folder's list as JSON, in the form of Caddy's file server: an array of objects with `name`, `size`, `url`,
//! `mod_time`, `mode`, `is_dir` and `is_symlink`.
//!
//! Owns reading it from servers that may say anything, and writing it. Must never give an entry whose name leads
//! anywhere but directly below its folder, and never keeps more of a list in memory than its entries.

use std::fmt;

use bytes::Bytes;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::de::{DeserializeOwned, Deserializer as _, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use super::{Entry, Kind};
use crate::text::clean_line;
use crate::wire::Raw;
use crate::wire::source::Path;

/// Go's `os.FileMode` bits: the form of `mode`.
mod go {
    pub(super) const DIR: u32 = 1 << 31;
    pub(super) const DEVICE: u32 = 1 << 26;
    pub(super) const NAMED_PIPE: u32 = 1 << 25;
    pub(super) const SOCKET: u32 = 1 << 24;
    pub(super) const CHAR_DEVICE: u32 = 1 << 21;
    pub(super) const IRREGULAR: u32 = 1 << 19;
    /// What can neither be walked into nor downloaded.
    pub(super) const OTHER: u32 = DEVICE | NAMED_PIPE | SOCKET | CHAR_DEVICE | IRREGULAR;
}

/// The most entries of a list that is read.
pub const ENTRY_LIMIT: usize = 200_000;

/// Why an answer is no list, or none that is read.
#[derive(Debug, Error)]
pub enum ListingError {
    /// It is something else.
    #[error("not a list in JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It has more than [`ENTRY_LIMIT`] entries.
    #[error("a list of more than {ENTRY_LIMIT} entries")]
    TooMany,
}

/// What the list says of one thing in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What there is; of a symbolic link, what it leads to.
    pub entry: Entry,
    /// Its type and permissions, as `st_mode` has them (POSIX, `sys/stat.h`).
    pub st_mode: u32,
    /// Whether it is reached through a symbolic link.
    pub is_symlink: bool,
}

#[derive(Serialize)]
struct Written {
    name: String,
    size: u64,
    url: String,
    mod_time: Option<Timestamp>,
    mode: u32,
    is_dir: bool,
    is_symlink: bool,
}

/// The list in JSON. A name that is not UTF-8 is exact in `url` only; a time that is not known is `null`.
pub fn write_json(rows: &[Row]) -> serde_json::Result<Vec<u8>> {
    let rows: Vec<_> = rows.iter().map(Written::from).collect();
    serde_json::to_vec(&rows)
}

impl From<&Row> for Written {
    fn from(row: &Row) -> Self {
        let entry = &row.entry;
        let is_dir = entry.kind == Kind::Dir;
        let slash = if is_dir { "/" } else { "" };
        let raw = &entry.raw.0;
        Self {
            name: format!("{}{slash}", String::from_utf8_lossy(raw)),
            size: entry.size.unwrap_or_default(),
            url: format!(".{}{slash}", Path::from_name(raw).encoded()),
            mod_time: entry.modified,
            mode: go_mode(row.st_mode),
            is_dir,
            is_symlink: row.is_symlink,
        }
    }
}

fn go_mode(st_mode: u32) -> u32 {
    let kind = match st_mode & 0o170_000 {
        0o040_000 => go::DIR,
        0o100_000 => 0,
        0o010_000 => go::NAMED_PIPE,
        0o140_000 => go::SOCKET,
        0o060_000 => go::DEVICE,
        0o020_000 => go::DEVICE | go::CHAR_DEVICE,
        _ => go::IRREGULAR,
    };
    kind | st_mode & 0o777
}

/// Reads a list, in the order the server gave. `null` is an empty one, as Caddy writes it.
///
/// An entry whose name is empty, `.` or `..`, or holds a `/` or a NUL, is left out; a size or a time that is none
/// is taken for unknown. The size of a folder says nothing about what it holds, and is not taken over.
pub fn parse_json(bytes: &[u8]) -> Result<Vec<Entry>, ListingError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let entries = json.deserialize_any(Rows)?;
    json.end()?;
    entries.ok_or(ListingError::TooMany)
}

/// Makes an entry of each row as it comes; nothing where they are too many.
struct Rows;

impl<'json> Visitor<'json> for Rows {
    type Value = Option<Vec<Entry>>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array or null")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Some(Vec::new()))
    }

    fn visit_seq<A: SeqAccess<'json>>(self, mut rows: A) -> Result<Self::Value, A::Error> {
        let mut entries = Some(Vec::new());
        // Whether it is JSON at all is known at the end only.
        while let Some(row) = rows.next_element::<&RawValue>()? {
            if let Some(known) = &mut entries
                && let Some(entry) = read_row(row)
            {
                known.push(entry);
            }
            entries = entries.filter(|known| known.len() <= ENTRY_LIMIT);
        }
        Ok(entries)
    }
}

/// A row as a server may write it: each field can be anything.
#[derive(Deserialize)]
struct Found<'json> {
    #[serde(borrow)]
    name: Option<&'json RawValue>,
    #[serde(borrow)]
    size: Option<&'json RawValue>,
    #[serde(borrow)]
    url: Option<&'json RawValue>,
    #[serde(borrow)]
    mod_time: Option<&'json RawValue>,
    #[serde(borrow)]
    mode: Option<&'json RawValue>,
    #[serde(borrow)]
    is_dir: Option<&'json RawValue>,
}

/// The field's value, where it is of this type.
fn value<T: DeserializeOwned>(field: Option<&RawValue>) -> Option<T> {
    serde_json::from_str(field?.get()).ok()
}

fn read_row(row: &RawValue) -> Option<Entry> {
    // To serde an array is an object without the names of its fields.
    let row: Found<'_> = serde_json::from_str(row.get()).ok().filter(|_| row.get().starts_with('{'))?;
    let mode: u64 = value(row.mode).unwrap_or_default();
    let kind = if value(row.is_dir).unwrap_or_default() || mode & u64::from(go::DIR) != 0 {
        Kind::Dir
    } else if mode & u64::from(go::OTHER) != 0 {
        Kind::Other
    } else {
        Kind::File
    };
    let url: Option<String> = value(row.url);
    let raw = url
        .and_then(|url| name_in_url(&url, kind))
        .or_else(|| Some(without_slash(&value::<String>(row.name)?, kind).as_bytes().to_vec()))
        .filter(|name| is_directly_below(name))?;
    let time: Option<String> = value(row.mod_time);
    Some(Entry {
        name: clean_line(&raw),
        raw: Raw(Bytes::from(raw)),
        kind,
        size: value(row.size).filter(|_| kind != Kind::Dir),
        modified: time.and_then(|time| time.parse().ok()),
    })
}

fn without_slash(name: &str, kind: Kind) -> &str {
    if kind == Kind::Dir { name.strip_suffix('/').unwrap_or(name) } else { name }
}

/// The exact name, where the URL is one that leads directly below the folder.
fn name_in_url(url: &str, kind: Kind) -> Option<Vec<u8>> {
    let name = without_slash(url.strip_prefix("./")?, kind);
    let decoded: Vec<u8> = percent_decode_str(name).collect();
    (!name.contains(['?', '#']) && is_directly_below(&decoded)).then_some(decoded)
}

fn is_directly_below(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..") && !name.iter().any(|byte| matches!(byte, b'/' | 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(json: &str) -> Vec<Vec<u8>> {
        parse_json(json.as_bytes()).unwrap().iter().map(|entry| entry.raw.0.to_vec()).collect()
    }

    #[test]
    fn a_list_of_caddy_is_read_as_it_is_meant() {
        let entries = parse_json(
            br#"[{"name":"a b/","size":4096,"url":"./a%20b/","mod_time":"2026-11-02T09:14:05.123456789Z",
                  "mode":2147484141,"is_dir":true,"is_symlink":false},
                 {"name":"x.pdf","size":7,"url":"./x.pdf","mod_time":"2026-11-02T17:14:05+08:00","mode":420,
                  "is_dir":false,"is_symlink":false},
                 {"name":"link","size":3,"url":"./link","mod_time":"","mode":134218239,"is_dir":false,
                  "is_symlink":true},
                 {"name":"pipe","size":0,"url":"./pipe","mode":33554852}]"#,
        )
        .unwrap();
        let read: Vec<_> = entries.iter().map(|e| (&*e.name, e.kind, e.size)).collect();
        assert_eq!(
            read,
            [
                ("a b", Kind::Dir, None),
                ("x.pdf", Kind::File, Some(7)),
                ("link", Kind::File, Some(3)),
                ("pipe", Kind::Other, Some(0)),
            ]
        );
        let times: Vec<_> = entries.iter().map(|e| e.modified.map(|time| time.to_string())).collect();
        assert_eq!(times[0].as_deref(), Some("2026-11-02T09:14:05.123456789Z"));
        assert_eq!(times[1].as_deref(), Some("2026-11-02T09:14:05Z"));
        assert_eq!(times[2..], [None, None]);
    }

    #[test]
    fn an_empty_folder_is_null_or_an_empty_array() {
        assert_eq!(parse_json(b"null").unwrap(), []);
        assert_eq!(parse_json(b"[]").unwrap(), []);
        assert_eq!(write_json(&[]).unwrap(), b"[]");
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        for text in ["", "{}", "\"a\"", "[", "<html>", &"[".repeat(100_000)] {
            assert!(parse_json(text.as_bytes()).is_err(), "{text:.20}");
        }
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_left_out() {
        let hostile = r#"[{"name":"../x"},{"name":".."},{"name":"."},{"name":""},{"name":"/etc/passwd"},
            {"name":"a\u0000b"},{"name":"../","is_dir":true},{"name":"/","is_dir":true},{"name":"a//","is_dir":true},
            {"name":"x","url":"./%2e%2e"},{"name":"y","url":"./a%2Fb"},{"name":"z","url":"http://h/q"},
            {"name":"w","url":"./q?r"},{},7,"text",null,[],["x"],{"name":7}]"#;
        assert_eq!(names(hostile), [b"x", b"y", b"z", b"w"]);
    }

    #[test]
    fn a_row_may_say_anything_beside_what_is_known() {
        let row = r#"[{"new":{"name":"x"},"is_dir":{"a":[]},"mode":[7],"size":{},"mod_time":7,"url":null,"name":"a"}]"#;
        let entries = parse_json(row.as_bytes()).unwrap();
        let read: Vec<_> = entries.iter().map(|e| (&*e.name, e.kind, e.size, e.modified)).collect();
        assert_eq!(read, [("a", Kind::File, None, None)]);
    }

    #[test]
    fn rows_without_a_name_do_not_count_and_one_entry_too_many_does() {
        let list = |entries: usize| {
            let nothing = r#"{"":0},"#.repeat(ENTRY_LIMIT);
            let named = r#"{"name":"a"},"#.repeat(entries);
            parse_json(format!("[{nothing}{named}null]").as_bytes())
        };
        assert_eq!(list(ENTRY_LIMIT).unwrap().len(), ENTRY_LIMIT);
        assert!(matches!(list(ENTRY_LIMIT + 1), Err(ListingError::TooMany)));
    }

    #[test]
    fn the_url_has_the_exact_name() {
        assert_eq!(names(r#"[{"name":"\ufffd","url":"./%FF%fe"}]"#), [b"\xff\xfe"]);
        assert_eq!(names(r#"[{"name":"50%25","url":"./50%2525"}]"#), [b"50%25"]);
    }

    #[test]
    fn a_number_that_is_no_size_is_an_unknown_size() {
        for size in ["-1", "1.5", "1e3", "18446744073709551616", "\"7\"", "null"] {
            let entries = parse_json(format!(r#"[{{"name":"a","size":{size}}}]"#).as_bytes()).unwrap();
            assert_eq!(entries[0].size, None, "{size}");
        }
        let most = parse_json(br#"[{"name":"a","size":18446744073709551615}]"#).unwrap();
        assert_eq!(most[0].size, Some(u64::MAX));
    }

    #[test]
    fn a_hostile_name_is_shown_harmlessly_and_kept_exactly() {
        let entries = parse_json(br#"[{"name":"\u001b[31mred\n"}]"#).unwrap();
        assert!(!entries[0].name.contains(char::is_control));
        assert_eq!(entries[0].raw.0, b"\x1b[31mred\n"[..]);
    }

    fn row(raw: &'static [u8], kind: Kind, st_mode: u32) -> Row {
        let size = (kind != Kind::Dir).then_some(5);
        let modified = Some(Timestamp::new(1_700_000_000, 123_456_789).unwrap());
        let raw = Raw(Bytes::from_static(raw));
        Row {
            entry: Entry { name: clean_line(&raw.0), raw, kind, size, modified },
            st_mode,
            is_symlink: false,
        }
    }

    #[test]
    fn what_is_written_is_the_form_of_caddy() {
        let written = write_json(&[row(b"a b", Kind::Dir, 0o040_755)]).unwrap();
        assert_eq!(
            String::from_utf8(written).unwrap(),
            r#"[{"name":"a b/","size":0,"url":"./a%20b/","mod_time":"2023-11-14T22:13:20.123456789Z","mode":2147484141,"is_dir":true,"is_symlink":false}]"#
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        let rows = [
            row(b"sub", Kind::Dir, 0o040_755),
            row("你好 50%.txt".as_bytes(), Kind::File, 0o100_644),
            row(b"\xff?#;:\"<\\>", Kind::File, 0o100_600),
            row(b"pipe", Kind::Other, 0o010_644),
            row(b"socket", Kind::Other, 0o140_644),
            row(b"null", Kind::Other, 0o020_666),
            row(b"disk", Kind::Other, 0o060_660),
        ];
        let read = parse_json(&write_json(&rows).unwrap()).unwrap();
        assert_eq!(read, rows.map(|row| row.entry));
    }
}
