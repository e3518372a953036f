//! What a folder holds.
//!
//! Owns the look at everything in it: by the open folder, and only for a symbolic link by its path, on the walk that
//! does not leave the shared folder. Must never list what is not served.

use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::thread::{self, available_parallelism};

use bytes::Bytes;
use nix::dir::Dir;
use nix::fcntl::AtFlags;
use nix::sys::stat::{SFlag, fstatat};

use super::{Name, Root, is_absent, is_served, timestamp};
use crate::serve::folder::{Order, Sorted};
use crate::wire::Raw;
use crate::wire::listing::{Kind, Row};

/// So many things are looked at by one thread before another one is worth its start.
const SHARE: usize = 4096;

impl Root {
    /// What is served of the folder of this name, in this order. A link that leads to nowhere, or out of the shared
    /// folder, is left out; so is what goes while the list is made. Of what cannot be looked at only the name is known.
    pub(in crate::serve) fn list(&self, name: &Name, folder: File, order: Order) -> io::Result<Vec<Row>> {
        let mut folder = Dir::from_fd(folder.into())?;
        let mut names = Vec::new();
        for entry in folder.iter() {
            let entry = entry?;
            if is_served(entry.file_name().to_bytes(), self.hidden) {
                names.push(entry.file_name().to_owned());
            }
        }
        let folder = folder.as_fd();
        let look = |names: &[CString]| {
            let rows = names.iter().filter_map(|file| self.row(name, folder, file));
            let mut rows: Vec<_> = rows.map(Sorted::new).collect();
            rows.sort_unstable_by(|a, b| order.compare(a, b));
            rows
        };
        let mut rows = in_shares(&names, look)?;
        // Stable sorting merges what is sorted piece by piece.
        rows.sort_by(|a, b| order.compare(a, b));
        Ok(rows.into_iter().map(|sorted| sorted.row).collect())
    }

    fn row(&self, name: &Name, folder: BorrowedFd<'_>, file: &CStr) -> Option<Row> {
        match self.looked_at(name, folder, file) {
            Ok(row) => Some(row),
            Err(error) if is_absent(&error) => None,
            Err(_) => {
                let raw = Raw(Bytes::copy_from_slice(file.to_bytes()));
                Some(Row { raw, st_mode: 0, size: None, modified: None, is_symlink: false })
            }
        }
    }

    fn looked_at(&self, name: &Name, folder: BorrowedFd<'_>, file: &CStr) -> io::Result<Row> {
        let own = fstatat(folder, file, AtFlags::AT_SYMLINK_NOFOLLOW)?;
        let raw = file.to_bytes();
        let is_symlink = SFlag::from_bits_truncate(own.st_mode & SFlag::S_IFMT.bits()) == SFlag::S_IFLNK;
        let (st_mode, length, modified) = if is_symlink {
            let led_to = self.way.look(&name.path.join(OsStr::from_bytes(raw)))?;
            (led_to.st_mode, led_to.length, timestamp(led_to.seconds, led_to.nanoseconds))
        } else {
            let length = u64::try_from(own.st_size).unwrap_or_default();
            (own.st_mode, length, timestamp(own.st_mtime, own.st_mtime_nsec))
        };
        let size = (Kind::of(st_mode) == Kind::File).then_some(length);
        Ok(Row { raw: Raw(Bytes::copy_from_slice(raw)), st_mode, size, modified, is_symlink })
    }
}

/// What `work` makes of all names, done by as many threads as it is worth, and the machine has.
fn in_shares<T: Send>(names: &[CString], work: impl Fn(&[CString]) -> Vec<T> + Sync) -> io::Result<Vec<T>> {
    let threads = available_parallelism().map_or(1, usize::from);
    let mut shares = names.chunks(names.len().div_ceil(threads).max(SHARE));
    let first = shares.next().unwrap_or_default();
    thread::scope(|scope| {
        let work = &work;
        // A thread that cannot be started is one helping hand less.
        let others: Vec<_> = shares
            .map(|share| thread::Builder::new().spawn_scoped(scope, move || work(share)).map_err(|_| share))
            .collect();
        let mut made = work(first);
        for other in others {
            made.extend(match other {
                Ok(thread) => thread.join().map_err(|_| io::Error::other("a thread ended early"))?,
                Err(share) => work(share),
            });
        }
        Ok(made)
    })
}
