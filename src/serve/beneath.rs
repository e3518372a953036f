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

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use jiff::Timestamp;
use nix::libc::{O_NOCTTY, O_NONBLOCK};

use super::version::Version;
use crate::wire::listing::Kind;

mod list;

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

    /// What this folder has under `name`, which is one that [`Root::list`] gave.
    pub(super) fn join(&self, name: &[u8]) -> Self {
        Self { path: self.path.join(OsStr::from_bytes(name)), is_folder: false }
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
    /// A folder, open for [`Root::list`].
    Folder(fs::File),
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
        Ok(match Kind::of(file.metadata()?.mode()) {
            Kind::Dir => Found::Folder(file),
            Kind::File => Found::File(Opened::new(file)?),
            Kind::Other => Found::Other,
        })
    }
}

/// None for a time that no calendar has. Nanoseconds are below a thousand millions on every system; a disk that says
/// otherwise is not believed.
pub(super) fn timestamp(seconds: i64, nanoseconds: i64) -> Option<Timestamp> {
    Timestamp::new(seconds, i32::try_from(nanoseconds).unwrap_or_default()).ok()
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
