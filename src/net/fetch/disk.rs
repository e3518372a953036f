//! What a download does to the disk, each in one place, so that it can be tried what becomes of a download when it fails.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use nix::sys::statvfs::statvfs;
use tempfile::TempPath;

/// A disk. What is written here is what the system's does.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Appends to a partial file.
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    /// Brings a file onto the disk, with its length and its time.
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    /// Brings the names in a folder onto the disk.
    fn sync_folder(&self, dir: &Path) -> io::Result<()> {
        match File::open(dir).and_then(|dir| dir.sync_all()) {
            // Not every file system can, and not every folder may be read by whoever may write there.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidInput
                        | io::ErrorKind::Unsupported
                        | io::ErrorKind::PermissionDenied
                ) =>
            {
                Ok(())
            }
            synced => synced,
        }
    }

    /// Gives a file another name in its folder; where there is something of that name,
    /// [`io::ErrorKind::AlreadyExists`].
    fn place(&self, from: &Path, to: &Path) -> io::Result<()> {
        TempPath::try_from_path(from)?.persist_noclobber(to).map_err(|refused| {
            // It is no temporary file: whether it goes is decided elsewhere. Keeping it does nothing that can fail.
            let _ = refused.path.keep();
            refused.error
        })
    }

    /// A new file in a folder, without a name: nobody else can open it, and it goes when it is closed. Not every disk has
    /// such files.
    fn unnamed(&self, dir: &Path) -> io::Result<File> {
        unnamed(dir)
    }

    /// Gives a file without a name its name in its folder; where there is something of that name,
    /// [`io::ErrorKind::AlreadyExists`].
    fn name(&self, file: &File, to: &Path) -> io::Result<()> {
        name(file, to)
    }

    /// Gives a file another name in its folder, in place of the file of that name.
    fn replace(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Bytes that a user can still write into a folder; none where the file system does not say.
    fn room(&self, dir: &Path) -> io::Result<Option<u64>> {
        let said = statvfs(dir)?;
        Ok((said.blocks() > 0).then(|| said.blocks_available().saturating_mul(said.fragment_size())))
    }
}

/// As open(2) describes it for `O_TMPFILE`.
#[cfg(target_os = "linux")]
fn unnamed(dir: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // What any new file gets; the user's umask takes away from it.
    File::options().write(true).mode(0o666).custom_flags(nix::libc::O_TMPFILE).open(dir)
}

#[cfg(target_os = "linux")]
fn name(file: &File, to: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{AtFlags, CWD, linkat};
    let from = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, from, CWD, to, AtFlags::SYMLINK_FOLLOW)?)
}

/// Elsewhere every file has a name.
#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Path) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
fn name(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The system's disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Disk for System {}
