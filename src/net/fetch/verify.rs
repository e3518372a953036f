//! Whether a file's content is what somebody says it has to be.

use std::fs::File;
use std::io;

use tokio::sync::watch;

use super::hashing::{Hashed, Hasher};
use crate::wire::digest::Checksum;

/// Bytes to read at once.
const BUFFER_SIZE: usize = 1024 * 1024;

/// Whether a file on disk has this checksum, of which so much was `hashed` already. Tells how many bytes were, and gives up
/// where nobody listens to that any more.
pub(super) fn verify(
    file: &File,
    checksum: &Checksum,
    hashed: Option<Hashed>,
    count: &watch::Sender<u64>,
) -> io::Result<bool> {
    let hashed = hashed.filter(|hashed| hashed.is_like(checksum));
    let mut hashed = hashed.unwrap_or_else(|| Hashed::new(Hasher::new(checksum)));
    let mut buffer = vec![0; BUFFER_SIZE];
    while !count.is_closed() {
        if hashed.read(file, &mut buffer)? == 0 {
            return Ok(hashed.finish() == *checksum);
        }
        count.send_replace(hashed.at());
    }
    Ok(false)
}
