//! Writes what comes into a partial file, on a thread where writing may take its time. Never lets more wait in memory
//! than a few buffers.

use std::fs::File;
use std::io::{self, Read, Seek as _};
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::task::{self, JoinHandle};

use super::disk::Disk;
use super::hashing::{Follower, Hashed, hash_while};
use super::partial::{self, PartialFile, Spot};
use crate::event::Fault;

/// A file that is shorter is hashed by the thread that writes it.
const LONG: u64 = 4 * 1024 * 1024;

/// Buffers that may wait for the disk: with the network's of 256 KiB, 2 MiB.
const WAITING: usize = 8;

/// What is in the partial file before the first byte that comes.
pub(super) enum Beginning {
    /// Nothing.
    Nothing(Spot),
    /// What is in it now.
    Itself(PartialFile),
    /// The first bytes of another file, as many as that.
    Copy(Spot, Arc<File>, u64),
}

/// What was written.
pub(super) struct Written {
    pub(super) file: Option<PartialFile>,
    /// Why no more was.
    pub(super) fault: Option<Fault>,
    /// What was hashed of it.
    pub(super) hashed: Option<Hashed>,
}

/// A file that is being written.
pub(super) struct Writing {
    /// Takes what is to be appended; when this is dropped, that was all.
    pub(super) orders: mpsc::Sender<Bytes>,
    /// Bytes that are in the file.
    pub(super) progress: watch::Receiver<u64>,
    pub(super) outcome: JoinHandle<Written>,
}

/// Takes everything out of a file, on the disk too.
pub(super) fn clear(mut file: PartialFile, disk: Arc<dyn Disk>) -> JoinHandle<Written> {
    task::spawn_blocking(move || {
        let cleared = file.clear();
        let synced = cleared.and_then(|()| disk.sync(file.file()).map_err(|error| Fault::from_disk(&error)));
        Written { file: Some(file), fault: synced.err(), hashed: None }
    })
}

/// Begins to write a file that will have `total` bytes, where that is known. Hashes it meanwhile, from `hashed` on, which is of
/// the beginning of what is in it.
pub(super) fn write(
    beginning: Beginning,
    total: Option<u64>,
    hashed: Option<Hashed>,
    disk: Arc<dyn Disk>,
) -> Writing {
    let (orders, received) = mpsc::channel(WAITING);
    let (count, progress) = watch::channel(0);
    let outcome = task::spawn_blocking(move || {
        let (mut file, mut kept) = (None, None);
        let begun = begin(beginning, total, &*disk, &mut file);
        let written = begun.and_then(|file| {
            let hashed = hashed.filter(|hashed| hashed.at() <= file.len());
            let handle = file.file().try_clone().map_err(|error| Fault::from_disk(&error))?;
            let work = |follower: &mut Follower<'_>| work(file, received, &count, &*disk, follower);
            let is_short = total.is_some_and(|total| total < LONG);
            let (written, hashed) = hash_while(&handle, hashed, is_short, work);
            kept = hashed;
            written
        });
        Written { file, fault: written.err(), hashed: kept }
    });
    Writing { orders, progress, outcome }
}

/// Nothing is written where it is known that there is no room for all of it.
fn begin<'a>(
    beginning: Beginning,
    total: Option<u64>,
    disk: &dyn Disk,
    opened: &'a mut Option<PartialFile>,
) -> Result<&'a mut PartialFile, Fault> {
    let (file, other) = match beginning {
        Beginning::Itself(file) => (opened.insert(file), None),
        Beginning::Nothing(spot) => (spot.emptied(opened)?, None),
        Beginning::Copy(spot, other, length) => (spot.emptied(opened)?, Some((other, length))),
    };
    if let Some(total) = total
        && let Ok(Some(room)) = disk.room(partial::folder(file.path()))
        && room < total.saturating_sub(file.len())
    {
        return Err(Fault::DiskFull);
    }
    if let Some((other, length)) = other {
        // Without copying where the file system can share what is the same. From its start also in a second try.
        file.append(|file| {
            (&*other).rewind()?;
            match io::copy(&mut (&*other).take(length), file)? {
                copied if copied < length => Err(io::ErrorKind::UnexpectedEof.into()),
                _ => Ok(()),
            }
        })?;
    }
    Ok(file)
}

fn work(
    file: &mut PartialFile,
    mut orders: mpsc::Receiver<Bytes>,
    count: &watch::Sender<u64>,
    disk: &dyn Disk,
    follower: &mut Follower<'_>,
) -> Result<(), Fault> {
    while let Some(bytes) = orders.blocking_recv() {
        let at = file.len();
        file.append(|file| disk.write(file, &bytes))?;
        follower.hand(at, bytes);
        count.send_replace(file.len());
    }
    Ok(())
}
