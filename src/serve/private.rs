//! Deny list by device and inode: hobnob's own files are never shared, whatever name or link leads to them.
//!
//! Denied are single files (a key, a password file, the settings) and data folders with all that is in them. Before each
//! answer their paths are looked at again, so that files which were made or replaced meanwhile are denied, too; what was
//! denied once stays denied under any other name, as it is held open on Linux and its inode cannot become another file's.
//! Of a data folder that is shared itself, or in which the shared folder lies, only hobnob's own files are denied.
//!
//! Must never open such a file for reading: closing it would drop the locks that SQLite has on it in this process.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use nix::dir::Dir;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, fstat, fstatat};
use rustix::fs::CWD;

use super::upload::is_partial;
use crate::wire::listing::Kind;

/// How a folder is opened to look into it, unless a link has taken its place.
const FOLDER: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_CLOEXEC).union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW);

/// Files that are held open at most, so that their inodes stay theirs; a data folder of hobnob's has about ten.
const HELD: usize = 256;

/// Folders that are looked into at most: a data folder and those below it.
const FOLDERS: usize = 64;

/// Files of data folders that are denied by device and inode at most.
const FILES: usize = 10_000;

/// A folder that changed this short a time ago may have changed again since within one tick of its file system's clock.
const TICK: Duration = Duration::from_secs(2);

/// What hobnob itself keeps in a data folder: names that begin like this.
const OWN: [&[u8]; 5] = [b"hobnob.db", b"recent.json", b"serve-", b".hobnob-", b".tmp"];

/// Which files and folders of hobnob's own must never be shared. None of them has to exist yet.
#[derive(Debug, Clone, Default)]
pub struct Private {
    /// Single files.
    pub files: Vec<PathBuf>,
    /// Data folders, with all that is in them.
    pub folders: Vec<PathBuf>,
    /// Whether this process itself uses a database in one of them, whose locks a closed descriptor would drop.
    pub has_open_database: bool,
}

/// Whether a symbolic link stands for itself or for what it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follow {
    Nothing,
    Links,
}

impl Follow {
    fn flags(self) -> AtFlags {
        match self {
            Self::Nothing => AtFlags::AT_SYMLINK_NOFOLLOW,
            Self::Links => AtFlags::empty(),
        }
    }
}

/// A device and an inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    #[expect(clippy::unnecessary_cast, reason = "their types differ between systems")]
    pub(super) fn of_stat(stat: &FileStat) -> Self {
        Self { device: stat.st_dev as u64, inode: stat.st_ino as u64 }
    }

    pub(super) fn new(device: u64, inode: u64) -> Self {
        Self { device, inode }
    }
}

/// What is denied at one time.
#[derive(Debug, Clone, Default)]
pub(super) struct Denied(Arc<[Identity]>);

impl Denied {
    pub(super) fn has(&self, identity: Identity) -> bool {
        self.0.binary_search(&identity).is_ok()
    }

    /// Whether a file of this inode may be one of them, on whatever device it is.
    pub(super) fn may_have(&self, inode: u64) -> bool {
        self.0.iter().any(|identity| identity.inode == inode)
    }
}

/// The deny list of a shared folder.
#[derive(Debug, Default)]
pub(super) struct DenyList {
    private: Private,
    /// Data folders in which the shared folder lies, or that it is.
    around: Vec<Identity>,
    known: Mutex<Known>,
}

/// What was found so far.
#[derive(Debug, Default)]
struct Known {
    denied: HashMap<Identity, Option<OwnedFd>>,
    /// The same in order.
    sorted: Denied,
    /// Data folders and the folders below them.
    folders: Vec<Watched>,
    /// Partial files of uploads that are running.
    partial: HashMap<Identity, usize>,
    held: usize,
    has_changed: bool,
}

/// A folder whose files are denied.
#[derive(Debug)]
struct Watched {
    file: File,
    identity: Identity,
    /// When it changed, as it was when it was looked into; none where that has to be done again.
    changed: Option<(i64, i64)>,
}

impl DenyList {
    /// For this shared folder.
    pub(super) fn new(private: Private, shared: &Path) -> Self {
        let shared = shared.canonicalize().unwrap_or_else(|_| shared.to_owned());
        let is_around =
            |folder: &&PathBuf| folder.canonicalize().is_ok_and(|folder| shared.starts_with(folder));
        let around = private.folders.iter().filter(is_around).filter_map(|folder| fs::metadata(folder).ok());
        let around = around.map(|metadata| Identity::of(&metadata)).collect();
        Self { private, around, known: Mutex::default() }
    }

    /// Whether a file must be looked at before it is opened, as opening and closing it does harm.
    pub(super) fn looks_first(&self) -> bool {
        self.private.has_open_database
    }

    /// What is denied now.
    pub(super) fn now(&self) -> Denied {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for path in &self.private.files {
            if let Ok(metadata) = fs::metadata(path) {
                known.deny(Identity::of(&metadata), || hold(CWD, path, Follow::Links));
            }
        }
        for path in &self.private.folders {
            if let Ok(metadata) = fs::metadata(path) {
                let identity = Identity::of(&metadata);
                if metadata.is_dir() {
                    known.watch(identity, || File::open(path));
                }
                if !self.around.contains(&identity) {
                    known.deny(identity, || hold(CWD, path, Follow::Links));
                }
            }
        }
        let mut next = 0;
        while next < known.folders.len() {
            self.look_into(&mut known, next);
            next += 1;
        }
        if known.has_changed {
            let mut sorted: Vec<_> = known.denied.keys().chain(known.partial.keys()).copied().collect();
            sorted.sort_unstable();
            sorted.dedup();
            known.sorted = Denied(sorted.into());
            known.has_changed = false;
        }
        known.sorted.clone()
    }

    /// Whether nothing may be put into a folder under this name: because hobnob will look for its own file there.
    pub(super) fn is_reserved(&self, folder: Identity, name: &OsStr) -> bool {
        if self.now().has(folder) {
            return true;
        }
        let is_here = |path: &PathBuf| {
            path.file_name() == Some(name)
                && parent(path).metadata().is_ok_and(|parent| Identity::of(&parent) == folder)
        };
        self.private.files.iter().chain(&self.private.folders).any(is_here)
            || self.around.contains(&folder) && is_own(name.as_bytes())
    }

    /// A partial file of an upload is denied until this is dropped.
    pub(super) fn hide(self: &Arc<Self>, file: &File) -> io::Result<Hidden> {
        let identity = Identity::of(&file.metadata()?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known.partial.entry(identity).or_default() += 1;
        known.has_changed = true;
        drop(known);
        Ok(Hidden { list: Arc::clone(self), identity })
    }

    /// Denies what is in a watched folder, if that changed since.
    #[expect(
        clippy::disallowed_methods,
        reason = "a change of just now may be followed by one of the same time"
    )]
    fn look_into(&self, known: &mut Known, place: usize) {
        let folder = &known.folders[place];
        let Ok(stat) = fstat(&folder.file) else { return };
        let changed = (stat.st_mtime, stat.st_mtime_nsec);
        if folder.changed == Some(changed) {
            return;
        }
        let age = u64::try_from(changed.0)
            .ok()
            .map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let is_settled =
            age.and_then(|time| SystemTime::now().duration_since(time).ok()).is_some_and(|age| age > TICK);
        let only_own = self.around.contains(&folder.identity);
        let Ok(folder) = folder.file.try_clone() else { return };
        let Ok(mut entries) = Dir::openat(&folder, ".", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())
        else {
            return;
        };
        for entry in entries.iter().flatten() {
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") || only_own && !is_own(name.to_bytes()) {
                continue;
            }
            // A link's own inode, and what it leads to.
            for follow in [Follow::Nothing, Follow::Links] {
                let Ok(stat) = fstatat(&folder, name, follow.flags()) else { continue };
                let is_folder = Kind::of(stat.st_mode) == Kind::Dir;
                let identity = Identity::of_stat(&stat);
                if is_folder && follow == Follow::Nothing {
                    known.watch(identity, || Ok(openat(&folder, name, FOLDER, Mode::empty())?.into()));
                }
                if !is_folder || follow == Follow::Nothing {
                    known.deny(identity, || hold(folder.as_fd(), name, follow));
                }
            }
        }
        known.folders[place].changed = is_settled.then_some(changed);
    }
}

impl Known {
    fn deny(&mut self, identity: Identity, hold_it: impl FnOnce() -> Option<OwnedFd>) {
        if self.denied.contains_key(&identity) || self.denied.len() >= FILES {
            return;
        }
        if self.held >= HELD {
            self.forget_removed();
        }
        let held = if self.held < HELD { hold_it() } else { None };
        self.held += usize::from(held.is_some());
        self.denied.insert(identity, held);
        self.has_changed = true;
    }

    /// Lets go of what has no name any more.
    fn forget_removed(&mut self) {
        let has_name = |held: &OwnedFd| fstat(held).is_ok_and(|stat| stat.st_nlink > 0);
        self.denied.retain(|_, held| held.as_ref().is_none_or(has_name));
        self.held = self.denied.values().flatten().count();
    }

    fn watch(&mut self, identity: Identity, open: impl FnOnce() -> io::Result<File>) {
        let is_new = self.folders.iter().all(|folder| folder.identity != identity);
        if is_new
            && self.folders.len() < FOLDERS
            && let Ok(file) = open()
        {
            self.folders.push(Watched { file, identity, changed: None });
        }
    }
}

/// A partial file, for as long as it is one.
#[derive(Debug)]
pub(super) struct Hidden {
    list: Arc<DenyList>,
    identity: Identity,
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let mut known = self.list.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = known.partial.get_mut(&self.identity) {
            *count -= 1;
            if *count == 0 {
                known.partial.remove(&self.identity);
            }
        }
        known.has_changed = true;
    }
}

/// Whether hobnob keeps something under this name in its data folder.
fn is_own(name: &[u8]) -> bool {
    OWN.iter().any(|own| name.starts_with(own)) && !is_partial(name)
}

/// Holds a file, so that its inode stays its own, without opening it.
#[cfg(target_os = "linux")]
fn hold(folder: BorrowedFd<'_>, name: impl rustix::path::Arg, follow: Follow) -> Option<OwnedFd> {
    use rustix::fs::{Mode, OFlags, openat};
    let links = if follow == Follow::Links { OFlags::empty() } else { OFlags::NOFOLLOW };
    openat(folder, name, OFlags::PATH | OFlags::CLOEXEC | links, Mode::empty()).ok()
}

/// Elsewhere that is not possible without opening it.
#[cfg(not(target_os = "linux"))]
fn hold(_: BorrowedFd<'_>, _: impl rustix::path::Arg, _: Follow) -> Option<OwnedFd> {
    None
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
