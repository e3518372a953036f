//! The SHA-256 of files, for clients that want to check what they took.
//!
//! Owns the hashing, off the event loop and once for each version of a file however many ask, and what is kept of it.
//! Must never say a digest of a file that changed while it was read, nor let anybody wait for long.

use std::fs::File;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use lru::LruCache;
use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::beneath::Opened;
use super::version::Version;

/// How long an answer waits for its digest; after that it goes without. The hashing goes on, so that whoever asks again has
/// it. hobnob's own client, which always asks, waits 10 s for an answer to begin. In 8 s a processor with SHA
/// instructions gets through more than 10 GB.
const PATIENCE: Duration = Duration::from_secs(8);

/// Versions of files whose digests are kept.
const KEPT: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// Files that are hashed or wait for that, in all; each holds a descriptor. Others go without.
const PLACES: usize = 64;

/// Files that are hashed at the same time, of the short and of the long ones each.
const AT_ONCE: usize = 2;

/// From how many bytes on a file counts as long: short ones do not wait for it.
const LONG: u64 = 64 * 1024 * 1024;

/// Bytes to read at once.
const BUFFER_SIZE: usize = 1024 * 1024;

/// A SHA-256 (FIPS 180-4).
type Sum = [u8; 32];

/// What is known, and what is being found out.
#[derive(Debug)]
pub(super) struct Digests {
    kept: Mutex<LruCache<Version, watch::Receiver<Option<Sum>>>>,
    places: Arc<Semaphore>,
    short: Arc<Semaphore>,
    long: Arc<Semaphore>,
}

impl Digests {
    pub(super) fn new() -> Arc<Self> {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Arc::new(Self {
            kept: Mutex::new(LruCache::new(KEPT)),
            places: semaphore(PLACES),
            short: semaphore(AT_ONCE),
            long: semaphore(AT_ONCE),
        })
    }

    /// The digest of the whole file; none where it cannot be had, or not soon.
    pub(super) fn of(self: &Arc<Self>, opened: &Opened) -> impl Future<Output = Option<Sum>> + Send + use<> {
        let told = self.begun(opened);
        async move {
            let mut told = told?;
            *timeout(PATIENCE, told.wait_for(Option::is_some)).await.ok()?.ok()?
        }
    }

    /// Where it is told, or will be.
    fn begun(self: &Arc<Self>, opened: &Opened) -> Option<watch::Receiver<Option<Sum>>> {
        let mut kept = self.kept();
        if let Some(told) = kept.get(&opened.version) {
            return Some(told.clone());
        }
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        // It shares its place with the one that is sent, and is read without moving that.
        let file = opened.file.try_clone().ok()?;
        let lane = if opened.version.length < LONG { &self.short } else { &self.long };
        let (tell, told) = watch::channel(None);
        kept.put(opened.version, told.clone());
        let hashing = Hashing { file, version: opened.version, digests: Arc::downgrade(self), _place: place };
        tokio::spawn(hashing.run(Arc::clone(lane), tell));
        Some(told)
    }

    fn kept(&self) -> MutexGuard<'_, LruCache<Version, watch::Receiver<Option<Sum>>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file that is to be hashed.
struct Hashing {
    file: File,
    version: Version,
    /// Gone with the server, and then nobody waits.
    digests: Weak<Digests>,
    _place: OwnedSemaphorePermit,
}

impl Hashing {
    async fn run(self, lane: Arc<Semaphore>, tell: watch::Sender<Option<Sum>>) {
        let (version, digests) = (self.version, Weak::clone(&self.digests));
        let turn = lane.acquire_owned().await;
        let sum = spawn_blocking(move || {
            let sum = self.sum();
            drop(turn);
            sum
        });
        match sum.await.ok().flatten() {
            Some(sum) => {
                tell.send_replace(Some(sum));
            }
            None => {
                digests.upgrade().and_then(|digests| digests.kept().pop(&version));
            }
        }
    }

    /// None where the file cannot be read, has changed, or the server is no more.
    fn sum(&self) -> Option<Sum> {
        let mut hash = Sha256::new();
        let mut buffer = vec![0; BUFFER_SIZE];
        let mut at = 0;
        while at < self.version.length {
            if self.digests.strong_count() == 0 {
                return None;
            }
            match self.file.read_at(&mut buffer, at) {
                Ok(0) => return None,
                Ok(read) => {
                    hash.update(&buffer[..read]);
                    at += read as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
        let is_same = Version::of(&self.file.metadata().ok()?) == self.version;
        is_same.then(|| hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};

    use super::*;

    /// An open file with this content.
    fn opened(content: &[u8]) -> Opened {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file.rewind().unwrap();
        let metadata = file.metadata().unwrap();
        Opened::new(file, &metadata)
    }

    async fn busy(lane: &Arc<Semaphore>) -> OwnedSemaphorePermit {
        let all = u32::try_from(AT_ONCE).unwrap();
        Arc::clone(lane).acquire_many_owned(all).await.unwrap()
    }

    #[tokio::test]
    async fn all_who_ask_for_one_file_are_told_once_it_is_hashed_once() {
        let digests = Digests::new();
        let opened = opened(b"hello");
        let turn = busy(&digests.short).await;
        let asked = [digests.of(&opened), digests.of(&opened), digests.of(&opened)];
        assert_eq!(digests.places.available_permits(), PLACES - 1);
        drop(turn);
        for sum in asked {
            assert_eq!(sum.await, Some(Sha256::digest(b"hello").into()));
        }
        // It is known now, and nobody's turn is needed.
        let _turn = busy(&digests.short).await;
        assert_eq!(digests.of(&opened).await, Some(Sha256::digest(b"hello").into()));
    }

    #[tokio::test]
    async fn a_file_that_changes_before_it_is_hashed_has_no_digest() {
        let digests = Digests::new();
        let mut opened = opened(b"hello");
        for change in [&b"hello, you"[..], b"?"] {
            let turn = busy(&digests.short).await;
            let asked = digests.of(&opened);
            opened.file.set_len(0).unwrap();
            opened.file.write_all(change).unwrap();
            drop(turn);
            assert_eq!(asked.await, None);
            assert!(digests.kept().is_empty());
            let metadata = opened.file.metadata().unwrap();
            opened = Opened::new(opened.file, &metadata);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_waited_long_enough_goes_without_and_who_asks_again_has_it() {
        let digests = Digests::new();
        let opened = opened(b"hello");
        let turn = busy(&digests.short).await;
        assert_eq!(digests.of(&opened).await, None);
        drop(turn);
        assert_eq!(digests.of(&opened).await, Some(Sha256::digest(b"hello").into()));
    }

    #[tokio::test]
    async fn short_files_do_not_wait_for_long_ones_and_nobody_waits_where_all_places_are_taken() {
        let digests = Digests::new();
        let _long = busy(&digests.long).await;
        assert!(digests.of(&opened(b"hello")).await.is_some());
        let _short = busy(&digests.short).await;
        let waiting: Vec<_> = (0..PLACES).map(|_| opened(b"")).collect();
        let _asked: Vec<_> = waiting.iter().map(|opened| digests.of(opened)).collect();
        assert_eq!(digests.of(&opened(b"one too many")).await, None);
    }

    #[tokio::test]
    async fn a_server_that_is_no_more_hashes_nothing() {
        let digests = Digests::new();
        let turn = busy(&digests.short).await;
        let asked = digests.of(&opened(b"hello"));
        drop(digests);
        drop(turn);
        assert_eq!(asked.await, None);
    }
}
