//! What a folder holds.
//!
//! Owns the look at everything in it: by the open folder, and only for a symbolic link by its path, on the walk that
//! does not leave the shared folder. Must never list what is not served.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io;
use std::mem;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, available_parallelism};

use bytes::Bytes;
use nix::dir::Dir;
use nix::fcntl::AtFlags;
use nix::sys::stat::{SFlag, fstatat};

use super::{Name, Root, is_absent, is_served, timestamp};
use crate::serve::folder::{Order, Sorted};
use crate::wire::Raw;
use crate::wire::listing::{Kind, Row};

/// Names that are looked at together, in bytes: with so many another thread is worth its start.
const BLOCK: usize = 64 * 1024;

impl Root {
    /// What is served of the folder of this name, in this order. A link that leads to nowhere, or out of the shared
    /// folder, is left out; so is what goes while the list is made. Of what cannot be looked at only the name is known.
    ///
    /// Of a large folder the names are looked at while others are still read, by as many threads as the machine has.
    pub(in crate::serve) fn list(&self, name: &Name, folder: File, order: Order) -> io::Result<Vec<Row>> {
        let looked_in = folder.try_clone()?;
        let mut folder = Dir::from_fd(folder.into())?;
        let (read, blocks) = channel();
        let blocks = Mutex::new(blocks);
        let next = || blocks.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
        let look = || {
            let mut rows = Vec::new();
            while let Some(names) = next() {
                self.look(name, looked_in.as_fd(), &names, &mut rows);
            }
            rows.sort_unstable_by(|a, b| order.compare(a, b));
            rows
        };
        let shares = thread::scope(|scope| {
            // Only here, so that the others end where this one does.
            let read = read;
            let most = available_parallelism().map_or(1, usize::from);
            let mut others = Vec::new();
            let mut names = Vec::new();
            for entry in folder.iter() {
                let entry = entry?;
                let file = entry.file_name();
                if is_served(file.to_bytes(), self.hidden) {
                    names.extend_from_slice(file.to_bytes_with_nul());
                }
                if names.len() >= BLOCK {
                    // Nobody stops to look before all is read.
                    let _ = read.send(Bytes::from(mem::take(&mut names)));
                    if others.len() + 1 < most {
                        // One that cannot be started is one helping hand less.
                        others.extend(thread::Builder::new().spawn_scoped(scope, look));
                    }
                }
            }
            let _ = read.send(Bytes::from(names));
            drop(read);
            let mut shares = vec![look()];
            for other in others {
                shares.push(other.join().map_err(|_| io::Error::other("a thread ended early"))?);
            }
            Ok::<_, io::Error>(shares)
        })?;
        Ok(merged(shares, order))
    }

    /// Looks at all of some names, each with a NUL behind it.
    fn look(&self, name: &Name, folder: BorrowedFd<'_>, names: &Bytes, rows: &mut Vec<Sorted>) {
        for file in names.split_inclusive(|byte| *byte == 0) {
            let Ok(file) = CStr::from_bytes_with_nul(file) else { continue };
            let raw = Raw(names.slice_ref(file.to_bytes()));
            rows.extend(self.row(name, folder, file, raw).map(Sorted::new));
        }
    }

    fn row(&self, name: &Name, folder: BorrowedFd<'_>, file: &CStr, raw: Raw) -> Option<Row> {
        match self.looked_at(name, folder, file) {
            Ok(seen) => Some(Row { raw, ..seen }),
            Err(error) if is_absent(&error) => None,
            Err(_) => Some(Row { raw, st_mode: 0, size: None, modified: None, is_symlink: false }),
        }
    }

    /// All but its name.
    fn looked_at(&self, name: &Name, folder: BorrowedFd<'_>, file: &CStr) -> io::Result<Row> {
        let own = fstatat(folder, file, AtFlags::AT_SYMLINK_NOFOLLOW)?;
        let is_symlink = SFlag::from_bits_truncate(own.st_mode & SFlag::S_IFMT.bits()) == SFlag::S_IFLNK;
        let (st_mode, length, modified) = if is_symlink {
            let led_to = self.way.look(&name.path.join(OsStr::from_bytes(file.to_bytes())))?;
            (led_to.st_mode, led_to.length, timestamp(led_to.seconds, led_to.nanoseconds))
        } else {
            let length = u64::try_from(own.st_size).unwrap_or_default();
            (own.st_mode, length, timestamp(own.st_mtime, own.st_mtime_nsec))
        };
        let size = (Kind::of(st_mode) == Kind::File).then_some(length);
        Ok(Row { raw: Raw::default(), st_mode, size, modified, is_symlink })
    }
}

/// All that is in some shares, each of which is in this order.
fn merged(shares: Vec<Vec<Sorted>>, order: Order) -> Vec<Row> {
    let mut rows = Vec::with_capacity(shares.iter().map(Vec::len).sum());
    let mut shares: Vec<_> = shares.into_iter().map(|share| share.into_iter().peekable()).collect();
    loop {
        let heads = shares.iter_mut().enumerate().filter_map(|(at, share)| Some((at, share.peek()?)));
        let Some((first, _)) = heads.min_by(|(_, a), (_, b)| order.compare(a, b)) else { return rows };
        rows.extend(shares[first].next().map(|sorted| sorted.row));
    }
}
