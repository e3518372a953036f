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

use nix::dir::{Dir, Entry, Type};
use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::sys::stat::{SFlag, fstatat};

use super::{Name, Root, Seen, is_absent, is_served};
use crate::serve::folder::{Filter, Order, Room, Rows, Share};
use crate::serve::private::Identity;
use crate::serve::turns::Client;
use crate::serve::upload::is_marked;

/// Names that are looked at together, in bytes: a slice of some milliseconds.
const BLOCK: usize = 32 * 1024;

impl Root {
    /// What is served of the folder of this name and passes the filter, in this order. What is hidden or denied, and a link
    /// that leads to nowhere or out of the shared folder, is left out and counted, whatever the filter is: otherwise it
    /// would tell what is called so. What goes while the list is made is not there. Of what cannot be looked at only the
    /// name is known.
    ///
    /// Ends with an error when the client has gone, or there is no room for so many. Works in slices, between which it passes
    /// its turn to others; while nobody else waits, the names of a large folder are looked at while others are still read, by
    /// as many threads as the machine has.
    pub(in crate::serve) fn list(
        &self,
        name: &Name,
        folder: File,
        order: Order,
        filter: Option<&Filter>,
        client: &Client,
        room: &mut Room,
    ) -> io::Result<Rows> {
        let looked_in = folder.try_clone()?;
        let mut folder = Dir::from_fd(folder.into())?;
        let (read, blocks) = channel::<Block>();
        let blocks = Mutex::new(blocks);
        let next = || blocks.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
        let look = |is_helper: bool| {
            let mut share = Share::new(order);
            while !(is_helper && client.has_others_waiting())
                && let Some(block) = next()
            {
                self.look(name, looked_in.as_fd(), &block, &mut share, client);
                if !is_helper {
                    client.pass();
                }
            }
            share.sorted(|| {
                if !is_helper {
                    client.pass();
                }
            })
        };
        let denied = self.deny_list().now();
        let (shares, hidden) = thread::scope(|scope| {
            // Only here, so that the others end where this one does.
            let read = read;
            let most = available_parallelism().map_or(1, usize::from);
            let mut others = Vec::new();
            let (mut wanted, mut unwanted) =
                (Block::default(), Block { is_wanted: false, ..Block::default() });
            let (mut hidden, mut count, mut bytes) = (0, 0, 0);
            for entry in folder.iter() {
                let entry = entry?;
                let file = entry.file_name();
                if !is_served(file.to_bytes(), self.hidden) {
                    hidden += usize::from(!matches!(file.to_bytes(), b"." | b".."));
                    continue;
                }
                if filter.is_none_or(|filter| filter.takes(file.to_bytes())) {
                    wanted.names.extend_from_slice(file.to_bytes_with_nul());
                    count += 1;
                } else if is_worth_a_look(&entry) || denied.may_have(entry.ino()) {
                    unwanted.names.extend_from_slice(file.to_bytes_with_nul());
                }
                if wanted.names.len() >= BLOCK {
                    if client.has_gone() {
                        break;
                    }
                    bytes += wanted.names.len();
                    room.grow(Share::size(count, bytes))?;
                    // Nobody stops to look before all is read, but for others.
                    let _ = read.send(mem::take(&mut wanted));
                    client.pass();
                    if others.len() + 1 < most && !client.has_others_waiting() {
                        // One that cannot be started is one helping hand less.
                        others.extend(thread::Builder::new().spawn_scoped(scope, || look(true)));
                    }
                }
            }
            let _ = read.send(wanted);
            let _ = read.send(unwanted);
            drop(read);
            let mut shares = vec![look(false)];
            for other in others {
                shares.push(other.join().map_err(|_| io::Error::other("a thread ended early"))?);
            }
            Ok::<_, io::Error>((shares, hidden))
        })?;
        if client.has_gone() {
            return Err(io::Error::other("the client has gone"));
        }
        let rows = Rows::new(shares, hidden);
        room.grow(rows.size())?;
        Ok(rows)
    }

    /// Looks at all of some names, as long as anybody waits for it.
    fn look(&self, name: &Name, folder: BorrowedFd<'_>, block: &Block, share: &mut Share, client: &Client) {
        let denied = self.deny_list().now();
        for file in block.names.split_inclusive(|byte| *byte == 0).take_while(|_| !client.has_gone()) {
            let Ok(file) = CStr::from_bytes_with_nul(file) else { continue };
            let (seen, is_symlink) = match self.looked_at(name, folder, file) {
                Ok(Some((seen, identity, _))) if denied.has(identity) || is_marked(seen.st_mode) => {
                    share.leave_out();
                    continue;
                }
                Ok(Some((seen, _, is_symlink))) => (seen, is_symlink),
                Ok(None) => continue,
                Err(error) if is_absent(&error) => {
                    share.leave_out();
                    continue;
                }
                Err(_) => (Seen::NOTHING, false),
            };
            if block.is_wanted {
                share.add(file.to_bytes(), seen, is_symlink);
            }
        }
    }

    /// What is there, and whether a symbolic link leads to it; none where it went meanwhile.
    fn looked_at(
        &self,
        name: &Name,
        folder: BorrowedFd<'_>,
        file: &CStr,
    ) -> io::Result<Option<(Seen, Identity, bool)>> {
        let own = match fstatat(folder, file, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Err(Errno::ENOENT) => return Ok(None),
            looked_at => looked_at?,
        };
        if SFlag::from_bits_truncate(own.st_mode & SFlag::S_IFMT.bits()) != SFlag::S_IFLNK {
            return Ok(Some((Seen::of(&own), Identity::of_stat(&own), false)));
        }
        let (seen, identity) = self.way.look(&name.path.join(OsStr::from_bytes(file.to_bytes())))?;
        Ok(Some((seen, identity, true)))
    }
}

/// Names that are looked at together, each with a NUL behind it.
#[derive(Debug)]
struct Block {
    names: Vec<u8>,
    /// Whether they pass the filter. Others are looked at only to count what would be left out without it.
    is_wanted: bool,
}

impl Default for Block {
    fn default() -> Self {
        Self { names: Vec::new(), is_wanted: true }
    }
}

/// Whether it may be a link, which may lead to nothing that is listed.
fn is_worth_a_look(entry: &Entry) -> bool {
    matches!(entry.file_type(), None | Some(Type::Symlink))
}
