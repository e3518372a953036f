//! The thread that writes one file: into a partial file beside its final place, then synced, then renamed.
//! Never replaces a file, and removes the partial one whenever it ends before it is told that all has come.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::SystemTime;

use bytes::Bytes;
use tempfile::NamedTempFile;
use tokio::sync::{mpsc, oneshot, watch};

use super::Destination;
use crate::event::Fault;
use crate::wire::name::{numbered, safe_name};

/// Buffers that may wait for the disk: with the network's of 256 KiB, 2 MiB.
const WAITING: usize = 8;
/// The most bytes of the final name that stand in a partial file's name.
const PARTIAL_NAME: usize = 200;
/// Numbers to try where there are files of that name already.
const NUMBERS: u32 = 10_000;

/// What to do next. Where no more can come before [`Order::Finish`], the partial file is removed.
pub(super) enum Order {
    /// Append these bytes.
    Write(Bytes),
    /// All has come.
    Finish {
        /// When the server's file was changed.
        modified: Option<SystemTime>,
    },
}

/// What was written.
pub(super) struct Written {
    pub(super) path: Option<PathBuf>,
    pub(super) bytes: u64,
}

/// A thread at work.
pub(super) struct Writer {
    pub(super) orders: mpsc::Sender<Order>,
    /// Bytes that were written.
    pub(super) progress: watch::Receiver<u64>,
    /// Comes when all is done and cleaned up; none where it was not told to finish.
    pub(super) outcome: oneshot::Receiver<Result<Option<Written>, Fault>>,
}

impl Writer {
    /// Starts the thread. `name` is what the server calls the file.
    pub(super) fn start(to: Destination, name: Vec<u8>) -> Result<Self, Fault> {
        let (orders, received) = mpsc::channel(WAITING);
        let (counted, progress) = watch::channel(0);
        let (ended, outcome) = oneshot::channel();
        // Not a thread of the runtime's: that waits for its threads, and a stream that nobody reads from blocks ours.
        let spawned = thread::Builder::new().name("writer".to_owned()).spawn(move || {
            let result = work(to, &name, received, &counted).map_err(Failure::fault);
            // Where nobody waits for the end, the download was dropped.
            let _ = ended.send(result);
        });
        spawned.map_err(|error| Fault::from_disk(&error))?;
        Ok(Self { orders, progress, outcome })
    }
}

/// Why nothing was left.
enum Failure {
    Exists(PathBuf),
    Disk(io::Error),
}

impl Failure {
    fn fault(self) -> Fault {
        match self {
            Self::Exists(path) => Fault::Exists(path),
            Self::Disk(error) => Fault::from_disk(&error),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

fn work(
    to: Destination,
    name: &[u8],
    mut orders: mpsc::Receiver<Order>,
    progress: &watch::Sender<u64>,
) -> Result<Option<Written>, Failure> {
    let mut target = Target::open(to, name)?;
    let mut bytes = 0;
    while let Some(order) = orders.blocking_recv() {
        match order {
            Order::Write(more) => {
                target.write_all(&more)?;
                bytes += more.len() as u64;
                progress.send_replace(bytes);
            }
            Order::Finish { modified } => {
                let path = target.finish(modified)?;
                return Ok(Some(Written { path, bytes }));
            }
        }
    }
    Ok(None)
}

/// What is being written to.
enum Target {
    /// To be renamed into `dir`.
    Partial {
        file: NamedTempFile,
        dir: PathBuf,
        name: Name,
    },
    Stream(Box<dyn Write + Send>),
}

/// What to call the file.
enum Name {
    /// This, and nothing else.
    Exact(PathBuf),
    /// This, or this with a number.
    Free(String),
}

impl Target {
    fn open(to: Destination, name: &[u8]) -> Result<Self, Failure> {
        match to {
            Destination::Stream(stream) => Ok(Self::Stream(stream)),
            Destination::Folder { dir, prefix } => {
                let name = safe_name(&[prefix.as_bytes(), name].concat());
                fs::create_dir_all(&dir)?;
                Ok(Self::Partial { file: partial(&dir, &name)?, dir, name: Name::Free(name) })
            }
            Destination::File(path) => {
                if path.symlink_metadata().is_ok() {
                    return Err(Failure::Exists(path));
                }
                let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                let dir = parent.unwrap_or(Path::new(".")).to_path_buf();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                Ok(Self::Partial { file: partial(&dir, &name)?, dir, name: Name::Exact(path) })
            }
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Partial { file, .. } => file.as_file_mut().write_all(bytes),
            Self::Stream(stream) => stream.write_all(bytes),
        }
    }

    fn finish(self, modified: Option<SystemTime>) -> Result<Option<PathBuf>, Failure> {
        let (file, dir, name) = match self {
            Self::Stream(mut stream) => {
                stream.flush()?;
                return Ok(None);
            }
            Self::Partial { file, dir, name } => (file, dir, name),
        };
        if let Some(modified) = modified {
            // A date that this disk cannot hold does not make the file any less whole.
            let _ = file.as_file().set_modified(modified);
        }
        file.as_file().sync_all()?;
        let path = match name {
            Name::Exact(path) => place(file, &path).map_err(|(failure, _)| failure)?,
            Name::Free(name) => place_free(file, &dir, &name)?,
        };
        // Not every file system can sync a folder; the file itself is on disk and in its place.
        let _ = File::open(dir).and_then(|dir| dir.sync_all());
        Ok(Some(path))
    }
}

fn partial(dir: &Path, name: &str) -> io::Result<NamedTempFile> {
    let name = &name[..name.floor_char_boundary(PARTIAL_NAME)];
    tempfile::Builder::new()
        .prefix(&format!(".{name}."))
        .suffix(".part")
        // What any new file gets; the user's umask takes away from it.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(dir)
}

fn place(file: NamedTempFile, path: &Path) -> Result<PathBuf, (Failure, NamedTempFile)> {
    match file.persist_noclobber(path) {
        Ok(_) => Ok(path.to_path_buf()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            Err((Failure::Exists(path.to_path_buf()), error.file))
        }
        Err(error) => Err((Failure::Disk(error.error), error.file)),
    }
}

fn place_free(mut file: NamedTempFile, dir: &Path, name: &str) -> Result<PathBuf, Failure> {
    for number in 0..NUMBERS {
        let path = if number == 0 { dir.join(name) } else { dir.join(numbered(name, number)) };
        match place(file, &path) {
            Ok(path) => return Ok(path),
            Err((Failure::Exists(_), again)) => file = again,
            Err((failure @ Failure::Disk(_), _)) => return Err(failure),
        }
    }
    Err(Failure::Exists(dir.join(name)))
}
