//! A folder's list as JSON, in the form of Caddy's file server: an array of objects with `name`, `size`, `url`,
//! `mod_time`, `mode`, `is_dir` and `is_symlink`.
//!
//! Owns writing it, and what is Caddy's own in it.

use jiff::Timestamp;
use serde::Serialize;

use super::{Entry, Kind};
use crate::wire::source::Path;

/// Caddy reads no more of a folder, in the order of the disk, unless its configuration says otherwise; `limit` and
/// `offset` choose among these only (`caddyhttp/fileserver/browse.go`).
pub(super) const CUT_AFTER: usize = 10_000;

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

/// What a `mode` says that there is.
pub(super) fn kind(mode: u64) -> Kind {
    if mode & u64::from(go::DIR) != 0 {
        Kind::Dir
    } else if mode & u64::from(go::OTHER) != 0 {
        Kind::Other
    } else {
        Kind::File
    }
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::text::clean_line;
    use crate::wire::Raw;
    use crate::wire::listing::json;

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
        let read = json::read(&write_json(&rows).unwrap(), true).unwrap();
        assert_eq!(read.entries, rows.map(|row| row.entry));
    }
}
