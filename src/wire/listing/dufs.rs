//! A folder's list as JSON, in the form of dufs (`?json`): an object with what may be done there, and with `paths`.
//!
//! Owns writing it. What dufs can do and we cannot is said not to be allowed.

use std::borrow::Cow;

use serde::Serialize;

use super::{Kind, Row};
use crate::wire::source::Path;

/// What stands behind the last row.
pub const TAIL: &[u8] = b"]}";

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the form is dufs's")]
struct Index<'folder> {
    href: &'folder str,
    kind: &'static str,
    uri_prefix: &'static str,
    allow_upload: bool,
    allow_delete: bool,
    allow_search: bool,
    allow_archive: bool,
    dir_exists: bool,
    auth: bool,
    user: Option<&'static str>,
    /// Of ours: how many things in the folder are not in `paths`.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<usize>,
    paths: [(); 0],
}

#[derive(Serialize)]
struct Written<'row> {
    path_type: &'static str,
    name: Cow<'row, str>,
    mtime: i64,
    size: Option<u64>,
    /// Of ours, where `name` is not exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// Adds what stands in front of the first row. `folder` is decoded, without a slash at either end; `left_out` is how many
/// things in it are not listed.
pub fn write_head(
    folder: &[u8],
    allow_upload: bool,
    left_out: usize,
    out: &mut Vec<u8>,
) -> serde_json::Result<()> {
    let index = Index {
        href: &format!("/{}", String::from_utf8_lossy(folder)),
        kind: "Index",
        uri_prefix: "/",
        allow_upload,
        allow_delete: false,
        allow_search: false,
        allow_archive: false,
        dir_exists: true,
        auth: false,
        user: None,
        left_out: Some(left_out).filter(|count| *count > 0),
        paths: [],
    };
    serde_json::to_writer(&mut *out, &index)?;
    out.truncate(out.len() - TAIL.len());
    Ok(())
}

/// Adds an element of `paths`. What is neither file nor folder is a file to dufs; a time that is not known is 0.
pub fn write_row(row: &Row, out: &mut Vec<u8>) -> serde_json::Result<()> {
    let is_dir = row.kind() == Kind::Dir;
    let name = String::from_utf8_lossy(&row.raw.0);
    let url = matches!(name, Cow::Owned(_)).then(|| format!(".{}", Path::from_name(&row.raw.0).encoded()));
    let written = Written {
        path_type: match (is_dir, row.is_symlink) {
            (true, false) => "Dir",
            (true, true) => "SymlinkDir",
            (false, false) => "File",
            (false, true) => "SymlinkFile",
        },
        name,
        mtime: row.modified.map_or(0, |time| time.as_millisecond().max(0)),
        size: row.size,
        url,
    };
    serde_json::to_writer(out, &written)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::wire::Raw;
    use crate::wire::listing::{Entries, json};

    fn row(raw: &'static [u8], st_mode: u32, is_symlink: bool) -> Row {
        let size = (Kind::of(st_mode) == Kind::File).then_some(5);
        let modified = Some(Timestamp::from_millisecond(1_700_000_000_123).unwrap());
        Row { raw: Raw(Bytes::from_static(raw)), st_mode, size, modified, is_symlink }
    }

    #[test]
    fn what_is_written_is_the_form_of_dufs_and_is_read_back() {
        let rows = [
            row(b"a b", 0o040_755, false),
            row(b"link", 0o040_755, true),
            row(b"x\"\n", 0o100_644, false),
            row(b"\xff", 0o100_644, true),
        ];
        let mut list = Vec::new();
        write_head("讲义".as_bytes(), false, 0, &mut list).unwrap();
        for (place, row) in rows.iter().enumerate() {
            list.extend_from_slice(if place > 0 { b"," } else { b"" });
            write_row(row, &mut list).unwrap();
        }
        list.extend_from_slice(TAIL);
        assert_eq!(
            str::from_utf8(&list).unwrap(),
            concat!(
                r#"{"href":"/讲义","kind":"Index","uri_prefix":"/","allow_upload":false,"allow_delete":false,"#,
                r#""allow_search":false,"allow_archive":false,"dir_exists":true,"auth":false,"user":null,"paths":["#,
                r#"{"path_type":"Dir","name":"a b","mtime":1700000000123,"size":null},"#,
                r#"{"path_type":"SymlinkDir","name":"link","mtime":1700000000123,"size":null},"#,
                r#"{"path_type":"File","name":"x\"\n","mtime":1700000000123,"size":5},"#,
                r#"{"path_type":"SymlinkFile","name":"\ufffd","mtime":1700000000123,"size":5,"url":"./%FF"}]}"#,
            )
            .replace("\\ufffd", "\u{fffd}")
        );
        let mut read = Vec::new();
        json::read(&list[..], super::super::Role::Folder, Entries::new(&mut read)).unwrap();
        let read: Vec<_> = read.into_iter().map(|e| (e.raw, e.kind, e.size, e.modified)).collect();
        assert_eq!(read, rows.map(|row| (row.raw.clone(), row.kind(), row.size, row.modified)));
    }
}
