//! Whose the queue of downloads in the data directory is: of the programs that run, one goes on with it and writes it.
//! Owns the lock on the directory; must never wait for it.

use std::fs::{File, TryLockError};
use std::path::Path;

/// The queue is this program's until this is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    /// None where the directory cannot be locked: then nobody can be kept off.
    _lock: Option<File>,
}

impl Claim {
    /// Claims it; none where another program that runs has it. The directory itself is locked, so that nothing is left in
    /// it, and a program that is killed claims nothing any more.
    pub(super) fn take(dir: &Path) -> Option<Self> {
        let Ok(dir) = File::open(dir) else { return Some(Self { _lock: None }) };
        match dir.try_lock() {
            Ok(()) => Some(Self { _lock: Some(dir) }),
            Err(TryLockError::WouldBlock) => None,
            // There are file systems without locks.
            Err(TryLockError::Error(_)) => Some(Self { _lock: None }),
        }
    }
}
