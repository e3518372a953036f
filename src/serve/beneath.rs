//! The shared folder: what in it can be asked for, and the only way in.
//!
//! Owns the rule which names are served, and every opening of a file or folder. Nothing outside the folder can be
//! reached: all is opened relative to it, without leaving it on the way, by the kernel where it can (`cap-std`).
//! Must never open anything by an absolute path once it stands, and never wait for a pipe or a device.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirEntry, OpenOptions, OpenOptionsExt as _};
use jiff::Timestamp;
use nix::libc::{O_NOCTTY, O_NONBLOCK};

use super::version::Version;
use crate::text::clean_line;
use crate::wire::Raw;
use crate::wire::listing::{Entry, Kind, Row};

/// A name as a request has it, that may be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    path: PathBuf,
    /// Whether it ends in `/`, as a folder's does.
    pub(super) is_folder: bool,
}

impl Name {
    /// Reads a decoded name, its parts divided by `/`, without one in front; the empty one is the top folder.
    ///
    /// None where no part may be asked for: empty ones, hidden ones (a leading dot, so `.` and `..` too), and those
    /// with a backslash or a NUL.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self { path: PathBuf::from("."), is_folder: true });
        }
        let name = bytes.strip_suffix(b"/").unwrap_or(bytes);
        name.split(|byte| *byte == b'/').all(is_served).then(|| Self {
            path: PathBuf::from(OsStr::from_bytes(name)),
            is_folder: name.len() < bytes.len(),
        })
    }
}

/// Whether a thing of this name is listed and served. A home folder shared by mistake must not give `.ssh` away.
fn is_served(part: &[u8]) -> bool {
    !part.is_empty() && !part.starts_with(b".") && !part.iter().any(|byte| matches!(byte, b'\\' | 0))
}

/// What a name led to.
#[derive(Debug)]
pub(super) enum Found {
    /// A regular file, open at its beginning.
    File(Opened),
    /// A folder.
    Folder,
    /// A pipe, a device: nothing that is served.
    Other,
}

/// An open regular file.
#[derive(Debug)]
pub(super) struct Opened {
    /// The file.
    pub(super) file: fs::File,
    /// Bytes from where it stands that are to be read.
    pub(super) length: u64,
    /// What it was when it was opened.
    pub(super) version: Version,
}

impl Opened {
    /// All of a file that is open at its beginning.
    pub(super) fn new(file: fs::File) -> io::Result<Self> {
        let version = Version::of(&file.metadata()?);
        Ok(Self { file, length: version.length, version })
    }
}

/// The shared folder, held open.
#[derive(Debug)]
pub(super) struct Root(Dir);

impl Root {
    /// Opens the folder to share.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let root = Self(Dir::open_ambient_dir(path, ambient_authority())?);
        // That it can be opened does not say that it can be read.
        root.0.entries()?;
        Ok(root)
    }

    /// Opens what a name leads to.
    pub(super) fn find(&self, name: &Name) -> io::Result<Found> {
        let mut options = OpenOptions::new();
        // Opening a pipe waits for a writer, and opening a terminal can adopt it.
        options.read(true).custom_flags(O_NONBLOCK | O_NOCTTY);
        let file = self.0.open_with(&name.path, &options)?.into_std();
        Ok(match kind(file.metadata()?.mode()) {
            Kind::Dir => Found::Folder,
            Kind::File => Found::File(Opened::new(file)?),
            Kind::Other => Found::Other,
        })
    }

    /// What a folder holds of what is served: folders first, then by name. A link that leads to nowhere, or out of
    /// the shared folder, is left out.
    pub(super) fn list(&self, folder: &Name) -> io::Result<Vec<Row>> {
        let mut rows = Vec::new();
        for entry in self.0.read_dir(&folder.path)? {
            rows.extend(self.row(folder, &entry?));
        }
        rows.sort_by_cached_key(|row| {
            (row.entry.kind != Kind::Dir, row.entry.name.to_lowercase(), row.entry.raw.0.clone())
        });
        Ok(rows)
    }

    fn row(&self, folder: &Name, entry: &DirEntry) -> Option<Row> {
        use cap_std::fs::MetadataExt as _;
        let name = entry.file_name();
        let bytes = name.as_bytes();
        if !is_served(bytes) {
            return None;
        }
        let is_symlink = entry.file_type().ok()?.is_symlink();
        // Followed from the shared folder, so that a link out of a subfolder but not out of this one holds.
        let metadata = self.0.metadata(folder.path.join(&name)).ok()?;
        let st_mode = metadata.mode();
        Some(Row {
            entry: Entry {
                name: clean_line(bytes),
                raw: Raw(Bytes::copy_from_slice(bytes)),
                kind: kind(st_mode),
                size: metadata.is_file().then_some(metadata.len()),
                modified: Timestamp::new(metadata.mtime(), nanoseconds(metadata.mtime_nsec())).ok(),
            },
            st_mode,
            is_symlink,
        })
    }
}

fn kind(st_mode: u32) -> Kind {
    match st_mode & 0o170_000 {
        0o040_000 => Kind::Dir,
        0o100_000 => Kind::File,
        _ => Kind::Other,
    }
}

/// Below a thousand millions on every system; a disk that says otherwise is not believed.
pub(super) fn nanoseconds(count: i64) -> i32 {
    i32::try_from(count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_below_the_folder_are_read() {
        for (bytes, path, is_folder) in [
            (&b"a.txt"[..], "a.txt", false),
            (b"a/b.txt", "a/b.txt", false),
            (b"a/b/", "a/b", true),
            (b"", ".", true),
            (b"a b..c", "a b..c", false),
        ] {
            let expected = Some(Name { path: PathBuf::from(path), is_folder });
            assert_eq!(Name::read(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn names_that_lead_out_or_to_what_is_hidden_are_refused() {
        for bytes in [
            &b"/"[..],
            b"/etc/passwd",
            b"..",
            b"../x",
            b"a/../../x",
            b"a/..",
            b".",
            b"./a",
            b"a//b",
            b"a//",
            b".ssh/id_ed25519",
            b"a/.git/config",
            b"a\\..\\b",
            b"a\0b",
        ] {
            assert_eq!(Name::read(bytes), None, "{}", bytes.escape_ascii());
        }
    }
}
