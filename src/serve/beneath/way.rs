//! The way into the shared folder: every opening of a file or folder in it.
//!
//! Without leaving it: links that lead out are refused by the kernel itself (`cap-std` opens with `openat2` and
//! `RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS` where Linux has that, and walks part by part with `O_NOFOLLOW` elsewhere).
//! Links that are absolute and stay in the folder are resolved first, and what they lead to is opened in the same way.
//! Or wherever the links in it lead, if the user says so. What the system has in its memory is asked for first, in the
//! same way and with the same refusals, but without waiting. Which names may come here is decided elsewhere: must never
//! be given one with `..` in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, MetadataExt as _, OpenOptions, OpenOptionsExt as _};
use jiff::Timestamp;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, fstatat};

use super::timestamp;
use crate::serve::private::Identity;
use crate::wire::listing::Kind;

/// Opening a pipe waits for a writer, and opening a terminal can adopt it.
const WITHOUT_WAITING: OFlag = OFlag::O_NONBLOCK.union(OFlag::O_NOCTTY);

/// The shared folder, and how far links in it lead.
#[derive(Debug)]
pub(super) struct Way {
    top: Dir,
    /// Where it is, without links.
    path: PathBuf,
    follow_links: bool,
    /// Whether opening a file that the system knows already asks nobody: not so on a disk that is another machine's, or
    /// another program's.
    is_own: bool,
}

/// What can be seen of a thing without opening it.
#[derive(Debug, Clone, Copy, Hash)]
pub(in crate::serve) struct Seen {
    /// As POSIX has it.
    pub(in crate::serve) st_mode: u32,
    /// In bytes.
    pub(in crate::serve) length: u64,
    /// When it was last changed, since 1970.
    pub(in crate::serve) seconds: i64,
    /// The rest of that.
    pub(in crate::serve) nanoseconds: i64,
}

impl Seen {
    /// What could not be looked at: of no type, and of a time that no calendar has.
    pub(super) const NOTHING: Self = Self { st_mode: 0, length: 0, seconds: i64::MIN, nanoseconds: 0 };

    pub(super) fn of(stat: &FileStat) -> Self {
        Self {
            st_mode: stat.st_mode,
            length: u64::try_from(stat.st_size).unwrap_or_default(),
            seconds: stat.st_mtime,
            nanoseconds: stat.st_mtime_nsec,
        }
    }

    /// Bytes, of a regular file.
    pub(in crate::serve) fn size(&self) -> Option<u64> {
        (Kind::of(self.st_mode) == Kind::File).then_some(self.length)
    }

    /// When it was last changed.
    pub(in crate::serve) fn modified(&self) -> Option<Timestamp> {
        timestamp(self.seconds, self.nanoseconds)
    }
}

impl Way {
    pub(super) fn open(path: &Path, follow_links: bool) -> io::Result<Self> {
        let top = Dir::open_ambient_dir(path, ambient_authority())?;
        let (path, is_own) = (path.canonicalize()?, is_own(&top));
        Ok(Self { top, path, follow_links, is_own })
    }

    /// Opens whatever is there, to be read.
    pub(super) fn file(&self, path: &Path) -> io::Result<fs::File> {
        if self.follow_links {
            return self.followed(path, WITHOUT_WAITING);
        }
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(WITHOUT_WAITING.bits());
        self.within(path, |path| Ok(self.top.open_with(path, &options)?.into_std()))
    }

    /// Opens whatever is there, to be read, if the system knows the way there without asking a disk; none where it does
    /// not, or where something is wrong with it.
    #[cfg(target_os = "linux")]
    pub(super) fn file_at_hand(&self, path: &Path) -> Option<fs::File> {
        use rustix::fs::OFlags;
        self.at_hand(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)
    }

    #[cfg(target_os = "linux")]
    fn at_hand(&self, path: &Path, flags: rustix::fs::OFlags) -> Option<fs::File> {
        use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
        if !self.is_own {
            return None;
        }
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let resolve = if self.follow_links { ResolveFlags::empty() } else { beneath };
        let flags = flags | OFlags::CLOEXEC;
        openat2(&self.top, path, flags, Mode::empty(), resolve | ResolveFlags::CACHED | ResolveFlags::NO_XDEV)
            .ok()
            .map(Into::into)
    }

    /// Elsewhere nobody says whether a disk is to be asked.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn file_at_hand(&self, _: &Path) -> Option<fs::File> {
        None
    }

    /// Opens a folder.
    pub(super) fn folder(&self, path: &Path) -> io::Result<Dir> {
        if self.follow_links {
            return Ok(Dir::from_std_file(self.followed(path, OFlag::O_DIRECTORY)?));
        }
        self.within(path, |path| self.top.open_dir(path))
    }

    /// Looks at a thing, behind links where they lead to something, without opening it.
    pub(super) fn look(&self, path: &Path) -> io::Result<(Seen, Identity)> {
        if self.follow_links {
            let stat = fstatat(&self.top, path, AtFlags::empty())?;
            return Ok((Seen::of(&stat), Identity::of_stat(&stat)));
        }
        let metadata = self.within(path, |path| self.top.metadata(path))?;
        let seen = Seen {
            st_mode: metadata.mode(),
            length: metadata.len(),
            seconds: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
        };
        Ok((seen, Identity::new(metadata.dev(), metadata.ino())))
    }

    /// Which file is there, in the same way as [`Self::file_at_hand`], without opening it.
    #[cfg(target_os = "linux")]
    pub(super) fn look_at_hand(&self, path: &Path) -> Option<Identity> {
        let file = self.at_hand(path, rustix::fs::OFlags::PATH)?;
        Some(Identity::of(&file.metadata().ok()?))
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn look_at_hand(&self, _: &Path) -> Option<Identity> {
        None
    }

    /// Does this with a path, without leaving the folder. Where the system refuses that because of a link which is absolute
    /// or leaves the folder on its way, it is done with where the link leads, if that is in the folder: by a path without
    /// links, which is refused in the same way if one of its parts has become one meanwhile.
    fn within<T>(&self, path: &Path, act: impl Fn(&Path) -> io::Result<T>) -> io::Result<T> {
        match act(path) {
            Err(refused) if leads_out(&refused) => match self.resolved(path) {
                Some(path) => act(&path),
                None => Err(refused),
            },
            done => done,
        }
    }

    /// The same path from the top without links; none where it leads out, or the folder is not where it was.
    fn resolved(&self, path: &Path) -> Option<PathBuf> {
        let (there, own) = (fs::metadata(&self.path).ok()?, self.top.dir_metadata().ok()?);
        if Identity::of(&there) != Identity::new(own.dev(), own.ino()) {
            return None;
        }
        // Each part on its own: none may lead out, also where the next one would lead back.
        let mut resolved = self.path.clone();
        for part in path {
            resolved = resolved.join(part).canonicalize().ok().filter(|path| path.starts_with(&self.path))?;
        }
        let path = resolved.strip_prefix(&self.path).ok()?;
        Some(if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_path_buf() })
    }

    fn followed(&self, path: &Path, flags: OFlag) -> io::Result<fs::File> {
        Ok(openat(&self.top, path, OFlag::O_RDONLY | OFlag::O_CLOEXEC | flags, Mode::empty())?.into())
    }
}

/// Whether a path was refused because a link in it leads out, or would if it were followed: by the system (`EXDEV`), or by
/// `cap-std`, which has no number of the system's for it.
fn leads_out(error: &io::Error) -> bool {
    let is_own = error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none();
    is_own || error.kind() == io::ErrorKind::CrossesDevices
}

/// Whether this folder is on a disk of this machine, of a kind that the system has in its own hands.
#[cfg(target_os = "linux")]
fn is_own(folder: &Dir) -> bool {
    use nix::sys::statfs::{
        BTRFS_SUPER_MAGIC, EXT4_SUPER_MAGIC, F2FS_SUPER_MAGIC, TMPFS_MAGIC, XFS_SUPER_MAGIC, fstatfs,
    };
    const OWN: [nix::sys::statfs::FsType; 5] =
        [BTRFS_SUPER_MAGIC, EXT4_SUPER_MAGIC, F2FS_SUPER_MAGIC, TMPFS_MAGIC, XFS_SUPER_MAGIC];
    fstatfs(folder).is_ok_and(|disk| OWN.contains(&disk.filesystem_type()))
}

/// Elsewhere nobody says.
#[cfg(not(target_os = "linux"))]
fn is_own(_: &Dir) -> bool {
    false
}
