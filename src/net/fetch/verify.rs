//! Whether a file's content is what several checksums say that it has to be: reads what was not hashed while it came.

use std::fs::File;
use std::io;

use tokio::sync::watch;

use super::hashing::Hashed;
use crate::wire::digest::Checksum;

/// Bytes to read at once.
const BUFFER_SIZE: usize = 1024 * 1024;

/// Of each of these checksums whether a file on disk has it, of which so much was `hashed` already. Tells how many bytes
/// were, and gives up where nobody listens to that any more.
pub(super) fn verify(
    file: &File,
    checksums: &[Checksum],
    hashed: Option<Hashed>,
    count: &watch::Sender<u64>,
) -> io::Result<Vec<bool>> {
    let algorithms = || checksums.iter().map(Checksum::algorithm);
    let hashed = hashed.filter(|hashed| algorithms().any(|algorithm| hashed.is_by(algorithm)));
    let is_missing = |algorithm: &_| !hashed.as_ref().is_some_and(|hashed: &Hashed| hashed.is_by(*algorithm));
    let missing: Vec<_> = algorithms().filter(is_missing).collect();
    let missing = (!missing.is_empty()).then(|| Hashed::new(missing));
    let mut found = Vec::new();
    let mut buffer = Vec::new();
    for mut hashed in hashed.into_iter().chain(missing) {
        buffer.resize(BUFFER_SIZE, 0);
        loop {
            if count.is_closed() {
                return Ok(vec![false; checksums.len()]);
            }
            if hashed.read(file, &mut buffer)? == 0 {
                break;
            }
            count.send_replace(hashed.at());
        }
        found.extend(hashed.finish());
    }
    Ok(agreement(checksums, &found))
}

/// Of each of these checksums whether it is among those that were found.
pub(super) fn agreement(checksums: &[Checksum], found: &[Checksum]) -> Vec<bool> {
    checksums.iter().map(|checksum| found.contains(checksum)).collect()
}

/// The same for what is in memory.
pub(super) fn verify_bytes(bytes: &[u8], checksums: &[Checksum]) -> Vec<bool> {
    let mut hashed = Hashed::new(checksums.iter().map(Checksum::algorithm));
    hashed.update(bytes);
    agreement(checksums, &hashed.finish())
}
