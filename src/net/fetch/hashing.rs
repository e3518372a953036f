//! Hashes a partial file while it is written, by as many hash functions at once as are compared.
//!
//! A long file is hashed on a thread of its own, so that neither the network nor the disk waits for it: that is handed each
//! frame after it was written. Where it does not keep up, frames are dropped, and what was in them, like all that was in the
//! file before, is read from the file. What is not hashed when all is written is left for later. A short file is hashed by
//! the thread that writes it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Builder};

use bytes::Bytes;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::wire::digest::{Algorithm, Checksum};

/// Bytes to read at once.
const BUFFER_SIZE: usize = 256 * 1024;

/// Frames that may wait to be hashed: with the network's of 256 KiB, 2 MiB.
const WAITING: usize = 8;

/// The state of one hash function.
#[derive(Debug, Clone)]
enum Hasher {
    Md5(Md5),
    Sha1(Sha1),
    Sha256(Sha256),
    // These are large.
    Sha384(Box<Sha384>),
    Sha512(Box<Sha512>),
}

impl Hasher {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Md5 => Self::Md5(Md5::new()),
            Algorithm::Sha1 => Self::Sha1(Sha1::new()),
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha384 => Self::Sha384(Box::default()),
            Algorithm::Sha512 => Self::Sha512(Box::default()),
        }
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Md5(_) => Algorithm::Md5,
            Self::Sha1(_) => Algorithm::Sha1,
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Sha384(_) => Algorithm::Sha384,
            Self::Sha512(_) => Algorithm::Sha512,
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(hash) => hash.update(bytes),
            Self::Sha1(hash) => hash.update(bytes),
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha384(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    fn finish(self) -> Checksum {
        match self {
            Self::Md5(hash) => Checksum::Md5(hash.finalize().into()),
            Self::Sha1(hash) => Checksum::Sha1(hash.finalize().into()),
            Self::Sha256(hash) => Checksum::Sha256(hash.finalize().into()),
            Self::Sha384(hash) => Checksum::Sha384(hash.finalize().into()),
            Self::Sha512(hash) => Checksum::Sha512(hash.finalize().into()),
        }
    }
}

/// The hashes of the beginning of a file, one by each of some hash functions.
#[derive(Debug, Clone)]
pub(super) struct Hashed {
    hashers: Vec<Hasher>,
    /// How many bytes that is.
    at: u64,
}

impl Hashed {
    /// Of nothing yet.
    pub(super) fn new(algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        let mut hashed = Self { hashers: Vec::new(), at: 0 };
        for algorithm in algorithms {
            if !hashed.is_by(algorithm) {
                hashed.hashers.push(Hasher::new(algorithm));
            }
        }
        hashed
    }

    /// Of how many bytes.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Whether there is a hash by this function.
    pub(super) fn is_by(&self, algorithm: Algorithm) -> bool {
        self.hashers.iter().any(|hasher| hasher.algorithm() == algorithm)
    }

    /// What all that was hashed hashes to.
    pub(super) fn finish(self) -> Vec<Checksum> {
        self.hashers.into_iter().map(Hasher::finish).collect()
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

    /// Hashes these bytes, which come next.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        for hasher in &mut self.hashers {
            hasher.update(bytes);
        }
        self.at += bytes.len() as u64;
    }

    /// Hashes bytes that are in the file from there on, and before them, unless it is `hurried`, what is missing.
    fn follow(&mut self, file: &File, (start, bytes): (u64, &[u8]), hurried: impl Fn() -> bool) {
        let mut buffer = Vec::new();
        while self.at < start && !hurried() {
            buffer.resize(BUFFER_SIZE, 0);
            let most = usize::try_from(start - self.at).unwrap_or(BUFFER_SIZE).min(BUFFER_SIZE);
            // What is wrong with the disk is found out where it is compared.
            if !matches!(self.read(file, &mut buffer[..most]), Ok(1..)) {
                break;
            }
        }
        if self.at == start {
            self.update(bytes);
        }
    }
}

/// What is handed over of a file that is written.
pub(super) enum Follower<'a> {
    /// Nothing is hashed.
    Nobody,
    /// Here and now.
    Here(Hashed, &'a File),
    /// By another thread.
    Thread(SyncSender<(u64, Bytes)>),
}

impl Follower<'_> {
    /// These bytes are in the file from that place on.
    pub(super) fn hand(&mut self, at: u64, bytes: Bytes) {
        match self {
            Self::Nobody => {}
            Self::Here(hashed, file) => hashed.follow(file, (at, &bytes), || false),
            // Where there is no room for it, it is read from the file.
            Self::Thread(frames) => drop(frames.try_send((at, bytes))),
        }
    }
}

/// Lets `write` write a file, and hashes that meanwhile, from `hashed` on; what was hashed when it is done. Where that is
/// none, or there is no thread for a long file, nothing is.
pub(super) fn hash_while<T>(
    file: &File,
    hashed: Option<Hashed>,
    is_short: bool,
    write: impl FnOnce(&mut Follower<'_>) -> T,
) -> (T, Option<Hashed>) {
    let Some(hashed) = hashed else { return (write(&mut Follower::Nobody), None) };
    if is_short {
        let mut follower = Follower::Here(hashed, file);
        let written = write(&mut follower);
        let Follower::Here(hashed, _) = follower else { return (written, None) };
        return (written, Some(hashed));
    }
    let is_done = AtomicBool::new(false);
    let (frames, handed) = sync_channel(WAITING);
    thread::scope(|scope| {
        let is_done = &is_done;
        let thread = Builder::new()
            .name("hash".to_owned())
            .spawn_scoped(scope, move || follow(hashed, file, &handed, is_done));
        let mut follower = if thread.is_ok() { Follower::Thread(frames) } else { Follower::Nobody };
        let written = write(&mut follower);
        is_done.store(true, Ordering::Relaxed);
        drop(follower);
        // Of what panics nothing is left.
        (written, thread.ok().and_then(|thread| thread.join().ok()))
    })
}

fn follow(mut hashed: Hashed, file: &File, handed: &Receiver<(u64, Bytes)>, is_done: &AtomicBool) -> Hashed {
    for (start, bytes) in handed {
        hashed.follow(file, (start, &bytes), || is_done.load(Ordering::Relaxed));
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
        let wanted = [
            Checksum::Sha256(Sha256::digest(&content).into()),
            Checksum::Md5(Md5::digest(&content).into()),
            Checksum::Sha512(Sha512::digest(&content).into()),
        ];
        let algorithms = wanted.each_ref().map(Checksum::algorithm);
        // All that is handed over, from a beginning that was there before, and some of it.
        for (beginning, every) in [(0, 1), (300_000, 1), (300_000, 7), (0, usize::MAX)] {
            for is_short in [true, false] {
                let mut file = tempfile::tempfile().unwrap();
                file.write_all(&content[..beginning]).unwrap();
                let copy = file.try_clone().unwrap();
                let ((), hashed) = hash_while(&copy, Some(Hashed::new(algorithms)), is_short, |follower| {
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
                if is_short && every == 1 {
                    assert_eq!(hashed.at(), content.len() as u64, "nothing is left to be read again");
                }
                let mut buffer = vec![0; 1000];
                while hashed.read(&file, &mut buffer).unwrap() > 0 {}
                assert_eq!(hashed.finish(), wanted, "{beginning} {every}");
            }
        }
    }

    #[test]
    fn without_a_hash_that_is_wanted_nothing_is_hashed() {
        let file = tempfile::tempfile().unwrap();
        let (written, hashed) = hash_while(&file, None, false, |follower| {
            follower.hand(0, Bytes::from_static(b"a"));
            7
        });
        assert_eq!(written, 7);
        assert!(hashed.is_none());
    }
}
