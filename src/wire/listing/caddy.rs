//! A folder's list as JSON, in the form of Caddy's file server: an array of objects with `name`, `size`, `url`,
//! `mod_time`, `mode`, `is_dir` and `is_symlink`.
//!
//! Owns writing it, and what is Caddy's own in it.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;

use super::{Kind, Row};
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

#[derive(Serialize)]
struct Written<'row> {
    name: Cow<'row, str>,
    size: u64,
    url: String,
    mod_time: Option<Timestamp>,
    mode: u32,
    is_dir: bool,
    is_symlink: bool,
}

/// Adds an element of the array. A name that is not UTF-8 is exact in `url` only; a time that is not known is `null`.
pub fn write_row(row: &Row, out: &mut Vec<u8>) -> serde_json::Result<()> {
    let is_dir = row.kind() == Kind::Dir;
    let slash = if is_dir { "/" } else { "" };
    let name = String::from_utf8_lossy(&row.raw.0);
    let written = Written {
        name: if is_dir { Cow::Owned(format!("{name}/")) } else { name },
        size: row.size.unwrap_or_default(),
        url: format!(".{}{slash}", Path::from_name(&row.raw.0).encoded()),
        mod_time: row.modified,
        mode: go_mode(row.st_mode),
        is_dir,
        is_symlink: row.is_symlink,
    };
    serde_json::to_writer(out, &written)
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
    use crate::wire::Raw;
    use crate::wire::listing::{Entries, json};

    fn row(raw: &'static [u8], st_mode: u32) -> Row {
        let size = (Kind::of(st_mode) == Kind::File).then_some(5);
        let modified = Some(Timestamp::new(1_700_000_000, 123_456_789).unwrap());
        Row { raw: Raw(Bytes::from_static(raw)), st_mode, size, modified, is_symlink: false }
    }

    fn list(rows: &[Row]) -> Vec<u8> {
        let written = rows.iter().map(|row| {
            let mut out = Vec::new();
            write_row(row, &mut out).unwrap();
            out
        });
        [b"[".to_vec(), written.collect::<Vec<_>>().join(&b","[..]), b"]".to_vec()].concat()
    }

    #[test]
    fn what_is_written_is_the_form_of_caddy() {
        assert_eq!(
            String::from_utf8(list(&[row(b"a b", 0o040_755)])).unwrap(),
            r#"[{"name":"a b/","size":0,"url":"./a%20b/","mod_time":"2023-11-14T22:13:20.123456789Z","mode":2147484141,"is_dir":true,"is_symlink":false}]"#
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        let rows = [
            row(b"sub", 0o040_755),
            row("你好 50%.txt".as_bytes(), 0o100_644),
            row(b"\xff?#;:\"<\\>", 0o100_600),
            row(b"pipe", 0o010_644),
            row(b"socket", 0o140_644),
            row(b"null", 0o020_666),
            row(b"disk", 0o060_660),
        ];
        let mut read = Vec::new();
        json::read(&list(&rows)[..], super::super::Role::Folder, Entries::new(&mut read)).unwrap();
        let read: Vec<_> = read.into_iter().map(|entry| (entry.raw, entry.kind, entry.modified)).collect();
        assert_eq!(read, rows.map(|row| (row.raw.clone(), row.kind(), row.modified)));
    }
}
