//! The shared folder: what in it can be asked for, and the only way in.
//!
//! Owns the rule which names are served, and every opening of a file or folder. Nothing outside the folder can be
//! reached, but through links where they may be followed; by which way is `way`'s. Must never open anything by an
//! absolute path once it stands, and never wait for a pipe or a device.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::fs::Dir;
use jiff::Timestamp;
use nix::libc;

use super::access::Access;
use super::body::FRAME;
use super::digests::Meanwhile;
use super::private::{DenyList, Identity};
use super::upload::{is_marked, is_partial};
use super::version::Version;
use crate::wire::buffers::Buffers;
use crate::wire::listing::Kind;

mod list;
mod way;

pub(super) use way::Seen;
use way::Way;

/// A name as a request has it, that may be looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Name {
    path: PathBuf,
    /// Whether it ends in `/`, as a folder's does.
    pub(super) is_folder: bool,
}

impl Name {
    /// The folder that it stands in, and what it is called there.
    pub(super) fn split(&self) -> Option<(Self, &OsStr)> {
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new(".")).to_path_buf();
        Some((Self { path: parent, is_folder: true }, self.path.file_name()?))
    }

    /// What this folder has under `name`, which is one that [`Root::list`] gave.
    pub(super) fn join(&self, name: &[u8]) -> Self {
        Self { path: self.path.join(OsStr::from_bytes(name)), is_folder: false }
    }
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
    pub(super) file: Arc<fs::File>,
    /// The place of the next byte that is to be read.
    pub(super) at: u64,
    /// Bytes from there on that are to be read.
    pub(super) length: u64,
    /// What it was when it was opened.
    pub(super) version: Version,
    /// Bytes that are read at once.
    pub(super) frame: usize,
    /// What is read into.
    pub(super) buffers: Buffers,
    /// It is hashed for as long as it is sent.
    pub(super) hashing: Option<Box<Meanwhile>>,
}

impl Opened {
    /// All of a file.
    pub(super) fn new(file: fs::File, metadata: &fs::Metadata) -> Self {
        Self::again(Arc::new(file), Version::of(metadata))
    }

    /// All of a file that was this when it was opened.
    pub(super) fn again(file: Arc<fs::File>, version: Version) -> Self {
        let (length, buffers) = (version.length, Buffers::default());
        Self { file, at: 0, length, version, frame: FRAME, buffers, hashing: None }
    }

    /// Whether it is all of the file that is to be read.
    pub(super) fn is_whole(&self) -> bool {
        (self.at, self.length) == (0, self.version.length)
    }

    /// Whether its content is still what it was when it was opened.
    pub(super) fn is_unchanged(&self) -> io::Result<bool> {
        Ok(self.version.is_still(&Version::of(&self.file.metadata()?)))
    }
}

/// Whether an error of the system says that there is nothing of a name that is served: it went, it may not be read, it
/// leads out or nowhere, or nothing can be read from it. Anything else is a failure.
pub(super) fn is_absent(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::NotFound | Kind::NotADirectory | Kind::PermissionDenied | Kind::CrossesDevices
    ) || matches!(error.raw_os_error(), Some(libc::ELOOP | libc::ENXIO | libc::ENODEV))
}

/// Whether an error of the system says that a name that was asked for leads to nothing that is served, also as it is none
/// that a disk can have.
pub(super) fn leads_nowhere(error: &io::Error) -> bool {
    is_absent(error)
        || error.kind() == io::ErrorKind::InvalidFilename
        || error.raw_os_error() == Some(libc::EILSEQ)
}

/// The shared folder, held open.
#[derive(Debug)]
pub(super) struct Root {
    way: Way,
    /// Whether what is hidden can be asked for.
    hidden: bool,
    /// What is never shared, under whatever name.
    deny: Arc<DenyList>,
}

impl Root {
    /// Opens the folder to share.
    pub(super) fn open(path: &Path, access: &Access) -> io::Result<Self> {
        let deny = Arc::new(DenyList::new(access.private.clone(), path));
        let root = Self { way: Way::open(path, access.follow_links)?, hidden: access.hidden, deny };
        // That it can be opened does not say that it can be read.
        root.top()?.entries()?;
        Ok(root)
    }

    /// Reads a decoded name, its parts divided by `/`, without one in front; the empty one is the top folder.
    ///
    /// None where no part may be asked for: empty ones, `.` and `..`, hidden ones (a leading dot) unless they are
    /// shared, those with a NUL, and uploads that are not whole.
    pub(super) fn name(&self, bytes: &[u8]) -> Option<Name> {
        read(bytes, self.hidden)
    }

    /// Opens what a name leads to. May wait for a disk.
    pub(super) fn find(&self, name: &Name) -> io::Result<Found> {
        if self.deny.looks_first() && self.deny.now().has(self.way.look(&name.path)?.1) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.found(self.way.file(&name.path)?)
    }

    /// The same, if it can be said without waiting for a disk. Never an error: to find out what is wrong may take longer.
    pub(super) fn find_at_hand(&self, name: &Name) -> Option<Found> {
        if self.deny.looks_first() && self.deny.now().has(self.way.look_at_hand(&name.path)?) {
            return None;
        }
        self.found(self.way.file_at_hand(&name.path)?).ok()
    }

    /// What is denied looks as if it were not there.
    fn found(&self, file: fs::File) -> io::Result<Found> {
        let metadata = file.metadata()?;
        if self.deny.now().has(Identity::of(&metadata)) || is_marked(metadata.mode()) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(match Kind::of(metadata.mode()) {
            Kind::Dir => Found::Folder(file),
            Kind::File => Found::File(Opened::new(file, &metadata)),
            Kind::Other => Found::Other,
        })
    }

    /// Opens the shared folder itself, to put a file into.
    pub(super) fn top(&self) -> io::Result<Dir> {
        self.way.folder(Path::new("."))
    }

    /// Opens a folder to put a file into.
    pub(super) fn folder(&self, name: &Name) -> io::Result<Dir> {
        self.way.folder(&name.path)
    }

    /// What must not be shared, nor be replaced by what clients put here.
    pub(super) fn deny_list(&self) -> &Arc<DenyList> {
        &self.deny
    }
}

fn read(bytes: &[u8], hidden: bool) -> Option<Name> {
    if bytes.is_empty() {
        return Some(Name { path: PathBuf::from("."), is_folder: true });
    }
    let name = bytes.strip_suffix(b"/").unwrap_or(bytes);
    name.split(|byte| *byte == b'/')
        .all(|part| is_served(part, hidden))
        .then(|| Name { path: PathBuf::from(OsStr::from_bytes(name)), is_folder: name.len() < bytes.len() })
}

/// The name that a decoded path of a URL stands for, as other servers understand it: several slashes are one, `.` is where
/// it stands, and `..` leads back (RFC 3986, section 5.2.4). None where it leads out of the top.
pub(super) fn normalized(path: &[u8]) -> Option<Vec<u8>> {
    let mut parts: Vec<&[u8]> = Vec::new();
    let mut is_folder = false;
    for part in path.split(|byte| *byte == b'/') {
        is_folder = matches!(part, b"" | b"." | b"..");
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    let mut name = parts.join(&b'/');
    if is_folder && !name.is_empty() {
        name.push(b'/');
    }
    Some(name)
}

/// Whether a thing of this name is listed and served. A home folder shared by mistake must not give `.ssh` away.
fn is_served(part: &[u8], hidden: bool) -> bool {
    let is_shown = !part.starts_with(b".") || hidden && !matches!(part, b"." | b"..") && !is_partial(part);
    !part.is_empty() && is_shown && !part.contains(&0)
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
            (b"a\\..\\b", "a\\..\\b", false),
        ] {
            let expected = Some(Name { path: PathBuf::from(path), is_folder });
            assert_eq!(read(bytes, false), expected, "{}", bytes.escape_ascii());
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
            b"..\\b",
            b"a\0b",
        ] {
            assert_eq!(read(bytes, false), None, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn hidden_names_are_read_where_they_are_shared_but_for_those_that_lead_out_and_unfinished_uploads() {
        for bytes in [&b".profile"[..], b".ssh/id", b"a/.git/", b"...", b"..a"] {
            assert!(read(bytes, true).is_some(), "{}", bytes.escape_ascii());
        }
        for bytes in [&b"."[..], b"..", b"a/../b", b"./a", b".a\0", b".hobnob-upload-1-2"] {
            assert_eq!(read(bytes, true), None, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_path_is_normalized_and_none_leads_out() {
        for (path, name) in [
            (&b""[..], Some(&b""[..])),
            (b"a", Some(b"a")),
            (b"a/b/", Some(b"a/b/")),
            (b"/a", Some(b"a")),
            (b"//a//b//", Some(b"a/b/")),
            (b"./a", Some(b"a")),
            (b"a/./b/.", Some(b"a/b/")),
            (b"d/../a", Some(b"a")),
            (b"d/e/../../a/..", Some(b"")),
            (b"a/b/..", Some(b"a/")),
            (b".", Some(b"")),
            (b"/", Some(b"")),
            (b"...", Some(b"...")),
            (b"a\\..", Some(b"a\\..")),
            (b"..", None),
            (b"../a", None),
            (b"a/../../a", None),
            (b"./..", None),
            (b"//../a", None),
        ] {
            assert_eq!(normalized(path).as_deref(), name, "{}", path.escape_ascii());
        }
    }

    #[test]
    fn a_name_is_split_into_its_folder_and_what_it_is_called_there() {
        for (bytes, folder, called) in
            [(&b"a.txt"[..], ".", "a.txt"), (b"a/b/c", "a/b", "c"), (b"a/b/", "a", "b")]
        {
            let name = read(bytes, false).unwrap();
            let (parent, own) = name.split().unwrap();
            assert_eq!((&*parent.path, own), (Path::new(folder), OsStr::new(called)));
        }
        assert_eq!(read(b"", false).unwrap().split(), None);
    }
}
