//! The SHA-256 of files, for clients that want to check what they took: a cache, hashing in slices, and hashing of what is
//! sent.
//!
//! Each slice is a fair [turn](Turns) of the address that waits for it, off the event loop; where the next one begins is kept
//! with the version of the file, so that all who ask for it share the work, and hashing stops as soon as nobody waits and
//! goes on there when somebody asks again. A file that is sent from its beginning is hashed from the frames that are sent, so
//! that it is read once, and the digest is known when its last byte leaves; where they leave faster than they are hashed, the
//! rest is read for it, as no byte waits. Must never say a digest of a file that changed while it was read.

use std::fs::File;
use std::io;
use std::mem;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use lru::LruCache;
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinHandle, spawn_blocking};

use super::body::pread;
use super::turns::Turns;
use super::version::Version;

/// Versions of files of which a digest, or the beginning of one, is kept.
const KEPT: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// Slices that are hashed at the same time.
const AT_ONCE: usize = 2;

/// Bytes of a slice: some 20 ms for a processor with SHA instructions.
const SLICE: u64 = 32 * 1024 * 1024;

/// Frames that were sent and are to be hashed: four mebibytes for each client at most.
const BEHIND: usize = 16;

/// Bytes to read at once.
const BUFFER_SIZE: usize = 1024 * 1024;

/// A SHA-256 (FIPS 180-4).
pub(super) type Sum = [u8; 32];

/// What is known, and what is being found out.
#[derive(Debug)]
pub(super) struct Digests {
    kept: Mutex<LruCache<Version, State>>,
    turns: Arc<Turns>,
    slice: u64,
}

/// What is known of the digest of a version of a file.
#[derive(Debug, Clone)]
enum State {
    Known(Sum),
    /// The hash of so many bytes from its beginning.
    Begun(Sha256, u64),
    /// A slice is being hashed, until the sender of this is dropped.
    Busy(watch::Receiver<()>),
}

/// What is to be done for a digest.
enum Next {
    Known(Sum),
    /// Somebody else hashes a slice.
    Wait(watch::Receiver<()>),
    Hash(Slice),
}

/// A slice that is to be hashed. When it is dropped, its state is kept.
#[derive(Debug)]
struct Slice {
    digests: Arc<Digests>,
    version: Version,
    /// None where there can be no digest.
    state: Option<State>,
    /// Tells those who wait for it.
    _done: watch::Sender<()>,
}

impl Digests {
    pub(super) fn new() -> Arc<Self> {
        Self::with_slices(SLICE)
    }

    fn with_slices(slice: u64) -> Arc<Self> {
        Arc::new(Self { kept: Mutex::new(LruCache::new(KEPT)), turns: Turns::new(AT_ONCE), slice })
    }

    /// The digest of a whole file, if it is known already.
    pub(super) fn known(&self, version: &Version) -> Option<Sum> {
        match self.kept().get(version) {
            Some(State::Known(sum)) => Some(*sum),
            Some(State::Begun(..) | State::Busy(_)) | None => None,
        }
    }

    /// The digest of a whole file, for a client of this address; none where the file cannot be read or has changed. Once the
    /// future is dropped, no further slice is hashed for it.
    pub(super) async fn of(self: Arc<Self>, file: Arc<File>, version: Version, from: IpAddr) -> Option<Sum> {
        loop {
            if let Some(sum) = self.known(&version) {
                return Some(sum);
            }
            let turn = self.turns.take(from).await;
            let slice = match self.next(version) {
                Next::Known(sum) => return Some(sum),
                Next::Wait(mut done) => {
                    drop(turn);
                    // It fails when the sender is dropped, and that is what is waited for.
                    let _ = done.changed().await;
                    continue;
                }
                Next::Hash(slice) => slice,
            };
            let file = Arc::clone(&file);
            let hashed = spawn_blocking(move || {
                let hashed = slice.hash(&file);
                drop(turn);
                hashed
            });
            match hashed.await {
                Ok(Ok(true)) => {}
                Ok(Ok(false) | Err(_)) | Err(_) => return None,
            }
        }
    }

    /// Hashes a file for as long as what this returns is there: from what it is shown, where that is to be all of the file.
    pub(super) fn hash_meanwhile(
        self: &Arc<Self>,
        file: &Arc<File>,
        version: Version,
        from: IpAddr,
        is_shown: bool,
    ) -> Meanwhile {
        let is_new = self.kept().peek(&version).is_none();
        let asked = Asked { digests: Arc::clone(self), file: Arc::clone(file), version, from };
        if is_shown && is_new {
            let (frames, shown) = mpsc::channel(BEHIND);
            let following = tokio::spawn(asked.clone().follow(shown));
            Meanwhile { asked, stage: Stage::Shown(frames, following) }
        } else {
            let stage = asked.clone().read(None);
            Meanwhile { asked, stage }
        }
    }

    /// Keeps what was hashed of a file, unless more is known of it.
    fn keep(&self, version: Version, state: State) {
        let mut kept = self.kept();
        let is_more = match (kept.peek(&version), &state) {
            (Some(State::Begun(_, kept)), State::Begun(_, at)) => kept < at,
            (Some(State::Known(_) | State::Busy(_)), State::Begun(..)) => false,
            (None, _) | (_, State::Known(_) | State::Busy(_)) => true,
        };
        if is_more {
            kept.put(version, state);
        }
    }

    /// The state of a file of which all was sent, unless somebody else has it: who asks now waits for the last of it.
    fn claim(self: &Arc<Self>, version: Version) -> Option<Slice> {
        match self.next(version) {
            Next::Hash(slice) => Some(slice),
            Next::Known(_) | Next::Wait(_) => None,
        }
    }

    fn next(self: &Arc<Self>, version: Version) -> Next {
        let (done, busy) = watch::channel(());
        let mut kept = self.kept();
        let state = match kept.get(&version) {
            Some(State::Known(sum)) => return Next::Known(*sum),
            Some(State::Busy(done)) => return Next::Wait(done.clone()),
            Some(begun @ State::Begun(..)) => begun.clone(),
            None => State::Begun(Sha256::new(), 0),
        };
        kept.put(version, State::Busy(busy));
        Next::Hash(Slice { digests: Arc::clone(self), version, state: Some(state), _done: done })
    }

    fn kept(&self) -> MutexGuard<'_, LruCache<Version, State>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file whose digest somebody waits for.
#[derive(Debug, Clone)]
struct Asked {
    digests: Arc<Digests>,
    file: Arc<File>,
    version: Version,
    from: IpAddr,
}

/// That a file is hashed meanwhile.
#[derive(Debug)]
pub(super) struct Meanwhile {
    asked: Asked,
    stage: Stage,
}

/// Bytes of a file, and with the last ones what its digest is kept by.
type Shown = (Bytes, Option<Slice>);

#[derive(Debug)]
enum Stage {
    /// From what is shown.
    Shown(mpsc::Sender<Shown>, JoinHandle<()>),
    /// All was shown.
    Complete,
    /// From the disk.
    Read(AbortHandle),
}

impl Meanwhile {
    /// The next bytes of the file.
    pub(super) fn show(&mut self, frame: &Bytes, is_last: bool) {
        match mem::replace(&mut self.stage, Stage::Complete) {
            Stage::Shown(frames, following) => {
                let claim = if is_last { self.asked.digests.claim(self.asked.version) } else { None };
                self.stage = match frames.try_send((frame.clone(), claim)) {
                    Ok(()) if is_last => Stage::Complete,
                    Ok(()) => Stage::Shown(frames, following),
                    Err(_) => self.asked.clone().read(Some(following)),
                }
            }
            stage @ (Stage::Complete | Stage::Read(_)) => self.stage = stage,
        }
    }
}

impl Drop for Meanwhile {
    fn drop(&mut self) {
        if let Stage::Read(task) = &self.stage {
            task.abort();
        }
    }
}

impl Asked {
    /// Hashes what is shown of it, until there is no more.
    async fn follow(self, mut frames: mpsc::Receiver<Shown>) {
        let (mut hash, mut at) = (Sha256::new(), 0);
        let mut claim = None;
        while let Some(first) = frames.recv().await {
            let turn = self.digests.turns.take(self.from).await;
            let hashing = spawn_blocking(move || {
                let (start, mut claim) = (at, None);
                let mut next = Some(first);
                while let Some((frame, last)) = next {
                    hash.update(&frame);
                    at += frame.len() as u64;
                    claim = last;
                    next = if at - start < SLICE { frames.try_recv().ok() } else { None };
                }
                drop(turn);
                (hash, at, claim, frames)
            });
            match hashing.await {
                Ok(hashed) => (hash, at, claim, frames) = hashed,
                Err(_) => return,
            }
        }
        let state = if at < self.version.length {
            State::Begun(hash, at)
        } else if self.file.metadata().is_ok_and(|metadata| Version::of(&metadata) == self.version) {
            State::Known(hash.finalize().into())
        } else {
            // The claim is dropped without a state.
            if let Some(slice) = &mut claim {
                slice.state = None;
            }
            return;
        };
        match claim {
            Some(mut slice) => slice.state = Some(state),
            None => self.digests.keep(self.version, state),
        }
    }

    /// Hashes it from the disk, and goes on where it was left before.
    fn read(self, before: Option<JoinHandle<()>>) -> Stage {
        let reading = async move {
            if let Some(before) = before {
                let _ = before.await;
            }
            let Self { digests, file, version, from } = self;
            digests.of(file, version, from).await
        };
        Stage::Read(tokio::spawn(reading).abort_handle())
    }
}

impl Slice {
    /// Whether the file is still the same one, as far as that is known.
    fn hash(mut self, file: &File) -> io::Result<bool> {
        let Some(State::Begun(mut hash, mut at)) = self.state.take() else { return Ok(false) };
        let length = self.version.length;
        let end = at.saturating_add(self.digests.slice).min(length);
        let mut buffer = vec![0; BUFFER_SIZE];
        while at < end {
            let most = usize::try_from(end - at).unwrap_or(BUFFER_SIZE).min(BUFFER_SIZE);
            match pread(file, &mut buffer[..most], at)? {
                0 => return Ok(false),
                read => {
                    hash.update(&buffer[..read]);
                    at += read as u64;
                }
            }
        }
        if at < length {
            self.state = Some(State::Begun(hash, at));
            return Ok(true);
        }
        let is_same = Version::of(&file.metadata()?) == self.version;
        self.state = is_same.then(|| State::Known(hash.finalize().into()));
        Ok(is_same)
    }
}

impl Drop for Slice {
    fn drop(&mut self) {
        let mut kept = self.digests.kept();
        // It may have been sent meanwhile.
        if matches!(kept.peek(&self.version), Some(State::Known(_))) {
            return;
        }
        match self.state.take() {
            Some(state) => drop(kept.put(self.version, state)),
            None => drop(kept.pop(&self.version)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};
    use std::net::Ipv4Addr;

    use tokio::task::yield_now;

    use super::*;
    use crate::serve::beneath::Opened;
    use crate::serve::turns::Turn;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

    /// An open file with this content.
    fn opened(content: &[u8]) -> Opened {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file.rewind().unwrap();
        let metadata = file.metadata().unwrap();
        Opened::new(file, &metadata)
    }

    fn asked(digests: &Arc<Digests>, opened: &Opened, from: IpAddr) -> JoinHandle<Option<Sum>> {
        tokio::spawn(Arc::clone(digests).of(Arc::clone(&opened.file), opened.version, from))
    }

    async fn busy(digests: &Digests) -> [Turn; AT_ONCE] {
        [digests.turns.take(HERE).await, digests.turns.take(OTHER).await]
    }

    /// How much of it was hashed.
    fn hashed(digests: &Digests, opened: &Opened) -> u64 {
        match digests.kept().get(&opened.version) {
            Some(State::Begun(_, at)) => *at,
            Some(State::Known(_)) => opened.version.length,
            Some(State::Busy(_)) | None => 0,
        }
    }

    #[tokio::test]
    async fn all_who_ask_for_one_file_are_told_and_it_is_known_then() {
        let digests = Digests::with_slices(2);
        let opened = opened(b"hello");
        let turns = busy(&digests).await;
        let asked = [HERE, HERE, OTHER].map(|from| asked(&digests, &opened, from));
        yield_now().await;
        drop(turns);
        let sum = Some(Sha256::digest(b"hello").into());
        for told in asked {
            assert_eq!(told.await.unwrap(), sum);
        }
        let _turns = busy(&digests).await;
        assert_eq!(digests.known(&opened.version), sum);
        assert_eq!(Arc::clone(&digests).of(opened.file, opened.version, HERE).await, sum);
    }

    #[tokio::test]
    async fn a_file_that_changes_before_it_is_hashed_has_no_digest() {
        let digests = Digests::new();
        let mut opened = opened(b"hello");
        for change in [&b"hello, you"[..], b"?"] {
            let turns = busy(&digests).await;
            let asked = asked(&digests, &opened, HERE);
            opened.file.set_len(0).unwrap();
            (&*opened.file).write_all(change).unwrap();
            drop(turns);
            assert_eq!(asked.await.unwrap(), None);
            assert!(digests.kept().is_empty());
            let metadata = opened.file.metadata().unwrap();
            opened = Opened::new(opened.file.try_clone().unwrap(), &metadata);
        }
    }

    #[tokio::test]
    async fn hashing_stops_when_nobody_waits_for_it_and_goes_on_where_it_was() {
        let digests = Digests::with_slices(1);
        let opened = opened(&vec![7; 100_000]);
        let meanwhile = digests.hash_meanwhile(&opened.file, opened.version, HERE, false);
        while hashed(&digests, &opened) == 0 {
            yield_now().await;
        }
        drop(meanwhile);
        // What is being hashed still has a turn.
        drop(busy(&digests).await);
        yield_now().await;
        drop(busy(&digests).await);
        let stopped = hashed(&digests, &opened);
        for _ in 0..100 {
            yield_now().await;
        }
        assert!(stopped < 100_000 && hashed(&digests, &opened) == stopped, "{stopped}");
        let digests = Arc::new(Digests {
            kept: Mutex::new(digests.kept().clone()),
            turns: Turns::new(AT_ONCE),
            slice: SLICE,
        });
        let sum = digests.of(opened.file, opened.version, HERE).await;
        assert_eq!(sum, Some(Sha256::digest(vec![7; 100_000]).into()));
    }

    /// What becomes of the digest when all of a file is shown.
    fn shown(digests: &Arc<Digests>, opened: &Opened, frames: &[&[u8]]) {
        let mut meanwhile = digests.hash_meanwhile(&opened.file, opened.version, HERE, true);
        for (number, frame) in frames.iter().enumerate() {
            meanwhile.show(&Bytes::copy_from_slice(frame), number + 1 == frames.len());
        }
        let Stage::Complete = meanwhile.stage else { panic!("too many") };
        drop(meanwhile);
    }

    #[tokio::test]
    async fn of_a_file_that_was_sent_the_digest_is_known_without_reading_it_again() {
        let digests = Digests::new();
        // Nothing is there to be read.
        let file = tempfile::tempfile().unwrap();
        file.set_len(10).unwrap();
        let opened = Opened::new(file.try_clone().unwrap(), &file.metadata().unwrap());
        shown(&digests, &opened, &[b"hello", b", you"]);
        let sum = Sha256::digest(b"hello, you").into();
        assert_eq!(asked(&digests, &opened, OTHER).await.unwrap(), Some(sum), "who asks then waits for it");
    }

    #[tokio::test]
    async fn of_a_file_that_changed_while_it_was_sent_there_is_no_digest() {
        let digests = Digests::new();
        let opened = opened(b"hello, you");
        let turns = busy(&digests).await;
        shown(&digests, &opened, &[b"hello", b", you"]);
        (&*opened.file).write_all(b"more").unwrap();
        drop(turns);
        let told = asked(&digests, &opened, HERE).await.unwrap();
        assert_eq!((told, digests.known(&opened.version)), (None, None));
    }

    #[tokio::test]
    async fn what_is_sent_faster_than_it_is_hashed_is_read_and_nothing_waits() {
        let digests = Digests::new();
        let content = vec![7; 1000];
        let opened = opened(&content);
        let turns = busy(&digests).await;
        let mut meanwhile = digests.hash_meanwhile(&opened.file, opened.version, HERE, true);
        for (number, frame) in content.chunks(10).enumerate() {
            meanwhile.show(&Bytes::copy_from_slice(frame), number == 99);
        }
        assert!(matches!(meanwhile.stage, Stage::Read(_)));
        drop(turns);
        while digests.known(&opened.version) != Some(Sha256::digest(&content).into()) {
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn of_what_breaks_off_the_beginning_is_kept_for_who_asks_again() {
        let digests = Digests::new();
        let opened = opened(b"hello, you");
        let mut meanwhile = digests.hash_meanwhile(&opened.file, opened.version, HERE, true);
        meanwhile.show(&Bytes::from_static(b"hello"), false);
        drop(meanwhile);
        while hashed(&digests, &opened) != 5 {
            yield_now().await;
        }
        let sum = Sha256::digest(b"hello, you").into();
        assert_eq!(asked(&digests, &opened, OTHER).await.unwrap(), Some(sum));
    }
}
