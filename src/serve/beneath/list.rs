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

use nix::dir::Dir;
use nix::fcntl::AtFlags;
use nix::sys::stat::{SFlag, fstatat};

use super::{Name, Root, Seen, is_absent, is_served};
use crate::serve::folder::{Filter, Order, Rows, Share};
use crate::serve::private::Identity;

/// Names that are looked at together, in bytes: with so many another thread is worth its start.
const BLOCK: usize = 64 * 1024;

impl Root {
    /// What is served of the folder of this name and passes the filter, in this order. A link that leads to nowhere, or
    /// out of the shared folder, is left out; so is what goes while the list is made. Of what cannot be looked at only
    /// the name is known.
    ///
    /// Of a large folder the names are looked at while others are still read, by as many threads as the machine has.
    pub(in crate::serve) fn list(
        &self,
        name: &Name,
        folder: File,
        order: Order,
        filter: Option<&Filter>,
    ) -> io::Result<Rows> {
        let looked_in = folder.try_clone()?;
        let mut folder = Dir::from_fd(folder.into())?;
        let (read, blocks) = channel::<Vec<u8>>();
        let blocks = Mutex::new(blocks);
        let next = || blocks.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
        let look = || {
            let mut share = Share::new(order);
            while let Some(block) = next() {
                self.look(name, looked_in.as_fd(), &block, &mut share);
            }
            share.sorted()
        };
        let denied = self.deny_list().now();
        let (shares, hidden) = thread::scope(|scope| {
            // Only here, so that the others end where this one does.
            let read = read;
            let most = available_parallelism().map_or(1, usize::from);
            let mut others = Vec::new();
            let mut names = Vec::new();
            for entry in folder.iter() {
                let entry = entry?;
                let file = entry.file_name();
                let is_wanted = filter.is_none_or(|filter| filter.takes(file.to_bytes()));
                if is_wanted && is_served(file.to_bytes(), self.hidden) {
                    names.extend_from_slice(file.to_bytes_with_nul());
                }
                if names.len() >= BLOCK {
                    // Nobody stops to look before all is read.
                    let _ = read.send(mem::take(&mut names));
                    if others.len() + 1 < most {
                        // One that cannot be started is one helping hand less.
                        others.extend(thread::Builder::new().spawn_scoped(scope, look));
                    }
                }
            }
            let _ = read.send(names);
            drop(read);
            let mut shares = vec![look()];
            for other in others {
                shares.push(other.join().map_err(|_| io::Error::other("a thread ended early"))?);
            }
            Ok::<_, io::Error>(shares)
        })?;
        Ok(Rows::new(shares))
    }

    /// Looks at all of some names, each with a NUL behind it.
    fn look(&self, name: &Name, folder: BorrowedFd<'_>, names: &[u8], share: &mut Share) {
        for file in names.split_inclusive(|byte| *byte == 0) {
            let Ok(file) = CStr::from_bytes_with_nul(file) else { continue };
            let (seen, is_symlink) = match self.looked_at(name, folder, file) {
                Ok(looked_at) => looked_at,
                Err(error) if is_absent(&error) => continue,
                Err(_) => (Seen::NOTHING, false),
            };
            share.add(file.to_bytes(), seen, is_symlink);
        }
    }

    /// What is there, and whether a symbolic link leads to it.
    fn looked_at(&self, name: &Name, folder: BorrowedFd<'_>, file: &CStr) -> io::Result<(Seen, bool)> {
        let own = fstatat(folder, file, AtFlags::AT_SYMLINK_NOFOLLOW)?;
        if SFlag::from_bits_truncate(own.st_mode & SFlag::S_IFMT.bits()) != SFlag::S_IFLNK {
            return Ok(Some((Seen::of(&own), Identity::of_stat(&own), false)));
        }
        let (seen, identity) = self.way.look(&name.path.join(OsStr::from_bytes(file.to_bytes())))?;
        Ok(Some((seen, identity, true)))
    }
}
