//! Hashes a partial file while it is written, on a thread of its own, so that neither the network nor the disk waits for it.
//!
//! It is handed each frame after that was written. Where it does not keep up, frames are dropped, and what was in them, like
//! all that was in the file before, is read from the file. What is not hashed when all is written is left for later.

use std::fs::File;
use std::io;
use std::mem;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Builder};

use bytes::Bytes;
use sha2::{Digest as _, Sha256, Sha512};

use crate::wire::digest::Checksum;

/// Bytes to read at once.
const BUFFER_SIZE: usize = 256 * 1024;

/// Frames that may wait to be hashed: with the network's of 256 KiB, 2 MiB.
const WAITING: usize = 8;

/// Hashes what is to be compared with a checksum, by the hash that this is of.
#[derive(Debug, Clone)]
pub(super) enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    pub(super) fn new(like: &Checksum) -> Self {
        match like {
            Checksum::Sha256(_) => Self::sha256(),
            Checksum::Sha512(_) => Self::Sha512(Sha512::new()),
        }
    }

    pub(super) fn sha256() -> Self {
        Self::Sha256(Sha256::new())
    }

    /// The hash of bytes that are in memory, of the same kind as this one.
    pub(super) fn hash(like: &Checksum, bytes: &[u8]) -> Checksum {
        let mut hasher = Self::new(like);
        hasher.update(bytes);
        hasher.finish()
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    pub(super) fn finish(self) -> Checksum {
        match self {
            Self::Sha256(hash) => Checksum::Sha256(hash.finalize().into()),
            Self::Sha512(hash) => Checksum::Sha512(hash.finalize().into()),
        }
    }

    /// Whether it makes a checksum of the same kind as this one.
    fn is_like(&self, checksum: &Checksum) -> bool {
        matches!(
            (self, checksum),
            (Self::Sha256(_), Checksum::Sha256(_)) | (Self::Sha512(_), Checksum::Sha512(_))
        )
    }
}

/// The hash of the beginning of a file.
#[derive(Debug, Clone)]
pub(super) struct Hashed {
    hasher: Hasher,
    /// How many bytes that is.
    at: u64,
}

impl Hashed {
    /// Of nothing yet.
    pub(super) fn new(hasher: Hasher) -> Self {
        Self { hasher, at: 0 }
    }

    /// Of how many bytes.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Whether it is of use for this checksum.
    pub(super) fn is_like(&self, checksum: &Checksum) -> bool {
        self.hasher.is_like(checksum)
    }

    /// Whether it is made by the same hash.
    pub(super) fn is_of(&self, hasher: &Hasher) -> bool {
        mem::discriminant(&self.hasher) == mem::discriminant(hasher)
    }

    /// What all that was hashed hashes to.
    pub(super) fn finish(self) -> Checksum {
        self.hasher.finish()
    }

    /// Hashes some more of the file; how many bytes, none at its end.
    pub(super) fn read(&mut self, file: &File, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match file.read_at(buffer, self.at) {
                Ok(read) => {
                    self.update(&buffer[..read]);
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.at += bytes.len() as u64;
    }
}

/// What is handed over of a file that is written.
pub(super) struct Follower {
    frames: Option<SyncSender<(u64, Bytes)>>,
}

impl Follower {
    /// These bytes are in the file from that place on.
    pub(super) fn hand(&self, at: u64, bytes: Bytes) {
        if let Some(frames) = &self.frames {
            // Where there is no room for it, it is read from the file.
            let _ = frames.try_send((at, bytes));
        }
    }
}

/// Lets `write` write a file, and hashes that meanwhile, from `hashed` on; what was hashed when it is done. Where that is
/// none, or there is no thread for it, nothing is.
pub(super) fn hash_while<T>(
    file: &File,
    hashed: Option<Hashed>,
    write: impl FnOnce(&Follower) -> T,
) -> (T, Option<Hashed>) {
    let (Some(hashed), Ok(file)) = (hashed, file.try_clone()) else {
        return (write(&Follower { frames: None }), None);
    };
    let is_done = AtomicBool::new(false);
    let (frames, handed) = sync_channel(WAITING);
    thread::scope(|scope| {
        let is_done = &is_done;
        let thread = Builder::new()
            .name("hash".to_owned())
            .spawn_scoped(scope, move || follow(hashed, &file, &handed, is_done));
        let follower = Follower { frames: thread.is_ok().then_some(frames) };
        let written = write(&follower);
        is_done.store(true, Ordering::Relaxed);
        drop(follower);
        // Of what panics nothing is left.
        (written, thread.ok().and_then(|thread| thread.join().ok()))
    })
}

fn follow(mut hashed: Hashed, file: &File, handed: &Receiver<(u64, Bytes)>, is_done: &AtomicBool) -> Hashed {
    let mut buffer = Vec::new();
    for (start, bytes) in handed {
        while hashed.at < start && !is_done.load(Ordering::Relaxed) {
            buffer.resize(BUFFER_SIZE, 0);
            let most = usize::try_from(start - hashed.at).unwrap_or(BUFFER_SIZE).min(BUFFER_SIZE);
            // What is wrong with the disk is found out where it is compared.
            if !matches!(hashed.read(file, &mut buffer[..most]), Ok(1..)) {
                break;
            }
        }
        if hashed.at == start {
            hashed.update(&bytes);
        }
    }
    hashed
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_is_written_is_hashed_whatever_is_handed_over_of_it() {
        let content: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_be_bytes).collect();
        let wanted = Checksum::Sha256(Sha256::digest(&content).into());
        // All that is handed over, from a beginning that was there before, and some of it.
        for (beginning, every) in [(0, 1), (300_000, 1), (300_000, 7), (0, usize::MAX)] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&content[..beginning]).unwrap();
            let copy = file.try_clone().unwrap();
            let ((), hashed) = hash_while(&copy, Some(Hashed::new(Hasher::sha256())), |follower| {
                let mut at = beginning;
                for (number, piece) in content[beginning..].chunks(50_000).enumerate() {
                    file.write_all(piece).unwrap();
                    if (number + 1) % every == 0 {
                        follower.hand(at as u64, Bytes::copy_from_slice(piece));
                    }
                    at += piece.len();
                }
            });
            let mut hashed = hashed.unwrap();
            let mut buffer = vec![0; 1000];
            while hashed.read(&file, &mut buffer).unwrap() > 0 {}
            assert_eq!(hashed.finish(), wanted, "{beginning} {every}");
        }
    }

    #[test]
    fn without_a_hash_that_is_wanted_nothing_is_hashed() {
        let file = tempfile::tempfile().unwrap();
        let (written, hashed) = hash_while(&file, None, |follower| {
            follower.hand(0, Bytes::from_static(b"a"));
            7
        });
        assert_eq!(written, 7);
        assert!(hashed.is_none());
    }
}
