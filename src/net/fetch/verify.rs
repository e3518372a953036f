//! Whether a file's content is what somebody says it has to be.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use sha2::{Digest, Sha256, Sha512};
use tokio::sync::watch;

use crate::wire::digest::Checksum;

/// Bytes to read at once.
const BUFFER_SIZE: usize = 1024 * 1024;

/// Hashes what is to be compared with a checksum, by the hash that this is of.
pub(super) enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    pub(super) fn new(like: &Checksum) -> Self {
        match like {
            Checksum::Sha256(_) => Self::Sha256(Sha256::new()),
            Checksum::Sha512(_) => Self::Sha512(Sha512::new()),
        }
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
}

/// Whether a file on disk has this checksum. Tells how many bytes were read, and gives up where nobody listens to that any
/// more.
pub(super) fn verify(file: &File, checksum: &Checksum, count: &watch::Sender<u64>) -> io::Result<bool> {
    let mut hasher = Hasher::new(checksum);
    let mut buffer = vec![0; BUFFER_SIZE];
    let mut at = 0;
    while !count.is_closed() {
        match file.read_at(&mut buffer, at) {
            Ok(0) => return Ok(hasher.finish() == *checksum),
            Ok(read) => {
                hasher.update(&buffer[..read]);
                at += read as u64;
                count.send_replace(at);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}
