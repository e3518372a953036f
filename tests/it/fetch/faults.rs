//! A disk on which everything goes wrong once.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use hobnob::effect::{Conflict, Job};
use hobnob::event::{Fault, Kept, Proof, TransferEvent};
use hobnob::net::fetch::{Disk, End, Engine, System};
use hobnob::net::http::Client;
use hobnob::wire::digest::DigestField;
use tempfile::tempdir;

use super::ranged::{LENGTH, content, rightly, scripted};
use super::{at, job, read, run};
use crate::support::files::names;
use crate::support::server::{PATIENT, Server, ok};

const ETAG: &str = "\"one\"";

/// The system's disk, but for one of the things that are done to it.
#[derive(Debug)]
struct Broken {
    /// How many of them go well before.
    well: AtomicUsize,
    error: fn() -> io::Error,
    room: Option<u64>,
    /// Whether every file has a name there.
    named: bool,
}

impl Broken {
    fn after(well: usize, error: fn() -> io::Error) -> Self {
        Self { well: well.into(), error, room: None, named: false }
    }

    fn next(&self) -> io::Result<()> {
        if self.well.fetch_sub(1, Ordering::SeqCst) == 0 { Err((self.error)()) } else { Ok(()) }
    }
}

impl Disk for Broken {
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        self.next()?;
        System.write(file, bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.next()?;
        System.sync(file)
    }

    fn sync_folder(&self, dir: &Path) -> io::Result<()> {
        self.next()?;
        System.sync_folder(dir)
    }

    fn place(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.next()?;
        System.place(from, to)
    }

    fn unnamed(&self, dir: &Path) -> io::Result<File> {
        if self.named { Err(io::ErrorKind::Unsupported.into()) } else { System.unnamed(dir) }
    }

    fn name(&self, file: &File, to: &Path) -> io::Result<()> {
        self.next()?;
        System.name(file, to)
    }

    fn replace(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.next()?;
        System.replace(from, to)
    }

    fn room(&self, dir: &Path) -> io::Result<Option<u64>> {
        if self.room.is_some() { Ok(self.room) } else { System.room(dir) }
    }
}

fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

fn broken() -> io::Error {
    io::Error::from_raw_os_error(nix::libc::EIO)
}

fn engine(disk: Broken) -> Engine {
    Engine::new(Client::new(PATIENT), 0, Arc::new(disk))
}

#[tokio::test]
async fn whatever_fails_once_the_name_is_there_whole_or_as_it_was() {
    for error in [full, broken] {
        for (conflict, old) in [(Conflict::Rename, None), (Conflict::Overwrite, Some("old"))] {
            let mut failed = 0;
            for well in 0.. {
                let server = scripted(vec![rightly(ETAG)]);
                let dir = tempdir().unwrap();
                if let Some(old) = old {
                    fs::write(at(&dir, "a"), old).unwrap();
                }
                let mut job = Job { conflict, ..job(server.source("http://", "/a"), dir.path()) };
                let (end, told) = run(&engine(Broken::after(well, error)), &mut job).await;
                let there = fs::read(at(&dir, "a")).ok();
                let whole = there.as_deref() == Some(&content()[..]);
                assert!(whole || there.as_deref() == old.map(str::as_bytes), "{well}: {end:?}");
                if matches!(end, End::Finished(_)) {
                    assert!(whole);
                    break;
                }
                failed += 1;
                let fault = Fault::from_disk(&error());
                assert_eq!(end, End::Failed(fault), "{well}");
                // What came stays, and the next try goes on with it.
                job.partial = told.iter().find_map(|event| match event {
                    TransferEvent::Started { partial, .. } => Some(partial.clone()),
                    _ => None,
                });
                if !whole {
                    let (end, _) = run(&engine(Broken::after(usize::MAX, error)), &mut job).await;
                    assert!(matches!(end, End::Finished(_)), "{well}: {end:?}");
                    assert!(read(&dir, "a") == content());
                }
                assert_eq!(names(dir.path()), ["a"]);
            }
            // At least a write, a sync, a new name, and the folder's sync.
            assert!(failed >= 4, "{failed}");
        }
    }
}

#[tokio::test]
async fn a_small_file_that_comes_at_once_is_not_said_to_be_on_its_way() {
    let server = Server::http(|_| ok("text/plain", "hello"));
    let dir = tempdir().unwrap();
    let engine = super::engine(PATIENT);
    let (end, told) = run(&engine, &mut job(server.source("http://", "/a"), dir.path())).await;
    assert!(matches!(end, End::Finished(_)), "{end:?}");
    assert!(matches!(told[..], [TransferEvent::Finishing]), "{told:?}");
}

#[tokio::test]
async fn a_small_file_that_cannot_be_written_leaves_nothing() {
    for named in [false, true] {
        for well in 0..3 {
            let server = Server::http(|_| ok("text/plain\r\nETag: \"a\"", "hello"));
            let dir = tempdir().unwrap();
            let disk = Broken { named, ..Broken::after(well, full) };
            let (end, _) = run(&engine(disk), &mut job(server.source("http://", "/a"), dir.path())).await;
            assert_eq!(end, End::Failed(Fault::DiskFull));
            assert!(names(dir.path()).is_empty());
        }
    }
}

#[tokio::test]
async fn a_small_file_gets_the_name_that_is_free_its_time_and_its_rights_on_whatever_disk() {
    for (named, missing) in [(false, usize::MAX), (false, 2), (true, usize::MAX)] {
        let server =
            Server::http(|_| ok("text/plain\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT", "hello"));
        let dir = tempdir().unwrap();
        fs::write(at(&dir, "a"), "mine").unwrap();
        // Where there is no /proc, it is the third thing that fails: to name it.
        let disk = Broken { named, ..Broken::after(missing, || io::ErrorKind::NotFound.into()) };
        let (end, _) = run(&engine(disk), &mut job(server.source("http://", "/a"), dir.path())).await;
        let End::Finished(finished) = end else { panic!("{end:?}") };
        assert_eq!((finished.path, finished.bytes), (Some(at(&dir, "a (1)")), 5));
        assert_eq!((read(&dir, "a"), read(&dir, "a (1)")), (b"mine".to_vec(), b"hello".to_vec()));
        let facts = |name| fs::metadata(at(&dir, name)).unwrap();
        assert_eq!(facts("a (1)").mtime(), 784_111_777);
        assert_eq!(facts("a (1)").mode(), facts("a").mode());
        assert_eq!(names(dir.path()), ["a", "a (1)"]);
    }
}

/// The system's disk, on which somebody else is a moment faster.
#[derive(Debug)]
struct Faster {
    named: bool,
    theirs: &'static str,
}

impl Faster {
    fn put(&self, to: &Path) {
        if to.ends_with("a") && !to.exists() {
            fs::write(to, self.theirs).unwrap();
            File::options().write(true).open(to).unwrap().set_modified(modified()).unwrap();
        }
    }
}

impl Disk for Faster {
    fn place(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.put(to);
        System.place(from, to)
    }

    fn unnamed(&self, dir: &Path) -> io::Result<File> {
        if self.named { Err(io::ErrorKind::Unsupported.into()) } else { System.unnamed(dir) }
    }

    fn name(&self, file: &File, to: &Path) -> io::Result<()> {
        self.put(to);
        System.name(file, to)
    }
}

fn modified() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
}

#[tokio::test]
async fn a_file_that_comes_there_in_the_meantime_is_dealt_with_as_one_that_was_there() {
    for named in [false, true] {
        for (conflict, theirs, expected, here) in [
            (Conflict::Ask, "hello", Ok(Some(Kept::Same)), &["hello"][..]),
            (Conflict::Ask, "other words", Err("exists"), &["other words"]),
            (Conflict::Rename, "other", Ok(None), &["other", "hello"]),
            (Conflict::Skip, "other", Ok(Some(Kept::Skipped)), &["other"]),
            (Conflict::Overwrite, "other", Ok(None), &["hello"]),
            (Conflict::Newer, "other", Ok(None), &["hello"]),
            (Conflict::Resume, "other", Ok(None), &["hello"]),
        ] {
            let server =
                Server::http(|_| ok("text/plain\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT", "hello"));
            let dir = tempdir().unwrap();
            let mut job = Job { conflict, ..job(server.source("http://", "/a"), dir.path()) };
            let engine = Engine::new(Client::new(PATIENT), 0, Arc::new(Faster { named, theirs }));
            let came = match run(&engine, &mut job).await.0 {
                End::Finished(_) => Ok(None),
                End::Kept(_, why) => Ok(Some(why)),
                End::Failed(Fault::Exists(clash)) => {
                    assert_eq!(
                        (clash.there.size, clash.comes.size),
                        (Some(11), Some(5)),
                        "{conflict:?} {named}"
                    );
                    Err("exists")
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(came, expected, "{conflict:?} {named}");
            let there = names(dir.path()).iter().map(|name| read(&dir, name)).collect::<Vec<_>>();
            let here = here.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
            assert_eq!(there, here, "{conflict:?} {named}");
        }
    }
}

/// The system's disk, with what was done to a file that has no name.
#[derive(Debug, Default)]
struct Noted(Mutex<Vec<&'static str>>);

impl Noted {
    fn note(&self, done: &'static str) {
        self.0.lock().unwrap().push(done);
    }
}

impl Disk for Noted {
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        self.note("write");
        System.write(file, bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.note("sync");
        System.sync(file)
    }

    fn sync_folder(&self, dir: &Path) -> io::Result<()> {
        self.note("sync folder");
        System.sync_folder(dir)
    }

    fn name(&self, file: &File, to: &Path) -> io::Result<()> {
        self.note("name");
        System.name(file, to)
    }
}

#[tokio::test]
async fn of_a_small_file_all_is_on_the_disk_before_it_has_its_name_and_the_name_before_it_is_said_to_be_here()
{
    const HELLO: &str = "Repr-Digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";
    // Compared with a digest or not: it needs no partial file.
    for (said, proofs) in [("X: y", vec![]), (HELLO, vec![Proof::Answer(DigestField::ReprDigest)])] {
        let server = Server::http(move |_| ok(&format!("text/plain\r\n{said}"), "hello"));
        let (dir, disk) = (tempdir().unwrap(), Arc::new(Noted::default()));
        let engine = Engine::new(Client::new(PATIENT), 0, disk.clone());
        let (end, _) = run(&engine, &mut job(server.source("http://", "/a"), dir.path())).await;
        assert!(matches!(end, End::Finished(file) if file.proofs == proofs));
        // After its name once more: a disk without a journal takes a file without a name for one that may go.
        assert_eq!(*disk.0.lock().unwrap(), ["write", "sync", "name", "sync", "sync folder"], "{said}");
    }
}

#[tokio::test]
async fn a_file_for_which_there_is_no_room_is_not_begun() {
    let server = scripted(vec![rightly(ETAG)]);
    let dir = tempdir().unwrap();
    let disk = |room: usize| Broken { room: Some(room as u64), ..Broken::after(usize::MAX, full) };
    let mut job = job(server.source("http://", "/a"), dir.path());
    let (end, told) = run(&engine(disk(LENGTH - 1)), &mut job).await;
    assert_eq!(end, End::Failed(Fault::DiskFull));
    assert!(!told.iter().any(|event| matches!(event, TransferEvent::Progress { .. })));
    assert!(names(dir.path()).is_empty());
    assert!(matches!(run(&engine(disk(LENGTH)), &mut job).await.0, End::Finished(_)));
}
