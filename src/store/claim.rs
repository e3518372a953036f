//! Whose the queue of downloads in the data directory is: of the programs that run, one goes on with it and writes it.
//! Owns the lock on the directory; must never wait for it.

use std::fs::{File, TryLockError};
use std::path::Path;

/// The queue is this program's until this is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    /// None where the directory cannot be locked: then no other program can be kept off.
    lock: Option<File>,
}

impl Claim {
    /// Claims it; none where another program that runs has it. The directory itself is locked, so that nothing is left in
    /// it, and a program that is killed claims nothing any more.
    pub(super) fn take(dir: &Path) -> Option<Self> {
        let Ok(dir) = File::open(dir) else { return Some(Self { lock: None }) };
        match dir.try_lock() {
            Ok(()) => Some(Self { lock: Some(dir) }),
            Err(TryLockError::WouldBlock) => None,
            // There are file systems without locks.
            Err(TryLockError::Error(_)) => Some(Self { lock: None }),
        }
    }
}

impl Drop for Claim {
    /// Closing it is not enough: a process that was forked and has not become another program yet holds it open, too.
    fn drop(&mut self) {
        if let Some(dir) = &self.lock {
            let _ = dir.unlock();
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::tempdir;

    use super::*;

    #[test]
    fn who_ends_leaves_the_queue_to_the_next_also_where_a_child_still_has_the_lock_open() {
        let dir = tempdir().unwrap();
        let first = Claim::take(dir.path()).unwrap();
        let of_a_child = first.lock.as_ref().unwrap().try_clone().unwrap();
        assert!(Claim::take(dir.path()).is_none());
        drop(first);
        assert!(Claim::take(dir.path()).is_some());
        drop(of_a_child);
    }
}
