//! What is kept in the data directory from one run to the next: the file, and the thread that writes it. Never leaves
//! half a file under its name, and never writes over one that it could not read.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::effect::Recent;
use crate::event::{Event, Fault, StoreEvent, system_words};
use crate::text::clean_line;
use crate::wire::address::Endpoint;
use crate::wire::source::{self, Scheme, Source};

/// The file's name in the data directory.
const FILE: &str = "recent.json";
/// What is said in the file of how it is written.
const VERSION: u64 = 1;
/// The most bytes that are read: more than the most that [`Recent`] can hold.
const FILE_LIMIT: u64 = 16 << 20;
/// Changes that may wait for the disk. Only the last of them is written.
const WAITING: usize = 8;
/// How long the end of the program waits for the disk.
const PATIENCE: Duration = Duration::from_secs(3);

/// The file's content. Addresses and sources are written as users write them, names percent-encoded (RFC 3986), so that
/// every byte comes back.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u64,
    servers: Vec<String>,
    names: BTreeMap<String, Vec<String>>,
    peers: Vec<String>,
}

/// What can be read in a file of any version.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

/// What was kept in this folder; nothing where no file is.
///
/// # Errors
///
/// The file is there, but cannot be read ([`Fault::Disk`]), makes no sense ([`Fault::Damaged`]), or is of another
/// version ([`Fault::OtherVersion`]). Then no [`Store`] may be started on the folder: it would write over the file.
pub fn load(dir: &Path) -> Result<Recent, Fault> {
    let path = dir.join(FILE);
    let damaged = |what: &str| Fault::Damaged(path.clone(), clean_line(what.as_bytes()));
    let unreadable = |error: &io::Error| {
        Fault::Disk(clean_line(format!("{}: {}", path.display(), system_words(error)).as_bytes()))
    };
    let bytes = match read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Recent::default()),
        Err(error) => return Err(unreadable(&error)),
        Ok(bytes) => bytes,
    };
    let Versioned { version } =
        serde_json::from_slice(&bytes).map_err(|error| damaged(&error.to_string()))?;
    if version != VERSION {
        return Err(Fault::OtherVersion(path, version));
    }
    let kept: Kept = serde_json::from_slice(&bytes).map_err(|error| damaged(&error.to_string()))?;
    Ok(kept.recent())
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // Whoever opens a pipe waits for somebody to write into it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_LIMIT { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// Replaces what was kept in this folder, which is made where it is missing. Nobody but the user can look into either.
fn write(dir: &Path, recent: &Recent) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let mut file = tempfile::Builder::new().prefix(".recent-").tempfile_in(dir)?;
    file.write_all(&serde_json::to_vec(&Kept::new(recent))?)?;
    file.as_file().sync_all()?;
    file.persist(dir.join(FILE))?;
    Ok(())
}

impl Kept {
    fn new(recent: &Recent) -> Self {
        let names = |server: &Source| {
            let names = recent.names(&server.endpoint).iter().map(|name| name.encoded().to_owned());
            (server.endpoint.to_string(), names.collect())
        };
        Self {
            version: VERSION,
            servers: recent.servers().iter().map(ToString::to_string).collect(),
            names: recent
                .servers()
                .iter()
                .map(names)
                .filter(|(_, names): &(_, Vec<_>)| !names.is_empty())
                .collect(),
            peers: recent.peers().iter().map(ToString::to_string).collect(),
        }
    }

    /// What the file means, within the limits of [`Recent`]. A text in it that means nothing is left out: one that an
    /// earlier hobnob took for an address must not cost all others.
    fn recent(self) -> Recent {
        let mut recent = Recent::default();
        // What is added last is the latest.
        for server in self.servers.iter().rev().filter_map(|text| Source::parse(text).ok()) {
            recent.add_server(&server);
        }
        for (text, names) in self.names {
            let Ok(endpoint) = text.parse::<Endpoint>() else { continue };
            for name in names.into_iter().rev() {
                let path = source::Path::from_url(&name);
                recent.add_name(&Source { scheme: Scheme::Plain, endpoint: endpoint.clone(), path });
            }
        }
        for peer in self.peers.iter().rev().filter_map(|text| text.parse().ok()) {
            recent.add_peer(peer);
        }
        recent
    }
}

/// The thread that writes.
#[derive(Debug)]
pub struct Store {
    changes: mpsc::Sender<Recent>,
    ended: oneshot::Receiver<()>,
}

impl Store {
    /// Starts it for this folder. What cannot be kept is said through `events`.
    pub fn start(dir: PathBuf, events: mpsc::Sender<Event>) -> io::Result<Self> {
        let (changes, waiting) = mpsc::channel(WAITING);
        let (end, ended) = oneshot::channel();
        // Not a thread of the runtime's, which would wait for a disk that hangs.
        thread::Builder::new().name("store".to_owned()).spawn(move || {
            keep(&dir, waiting, &events);
            // Nobody listens where the program did not wait for the end.
            let _ = end.send(());
        })?;
        Ok(Self { changes, ended })
    }

    /// Keeps this, in place of all before. Never waits.
    ///
    /// # Errors
    ///
    /// [`Fault::Busy`] where the disk is so slow that too many changes wait for it.
    pub fn remember(&self, recent: Recent) -> Result<(), Fault> {
        self.changes.try_send(recent).map_err(|_| Fault::Busy)
    }

    /// Waits until all is written, but no longer than three seconds.
    pub async fn end(self) {
        let Self { changes, ended } = self;
        drop(changes);
        // Where the time is up, what was kept before stays as it was.
        let _ = timeout(PATIENCE, ended).await;
    }
}

fn keep(dir: &Path, mut changes: mpsc::Receiver<Recent>, events: &mpsc::Sender<Event>) {
    while let Some(mut recent) = changes.blocking_recv() {
        while let Ok(later) = changes.try_recv() {
            recent = later;
        }
        if let Err(error) = write(dir, &recent) {
            let failed = StoreEvent::Failed(Fault::from_disk(&error));
            // At the end of the program there is nobody left to tell.
            let _ = events.blocking_send(Event::Store(failed));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_back(recent: &Recent) -> Recent {
        let json = serde_json::to_vec(&Kept::new(recent)).unwrap();
        serde_json::from_slice::<Kept>(&json).unwrap().recent()
    }

    #[test]
    fn even_the_most_that_is_remembered_can_be_read_again() {
        let server = Source::parse(&format!("plain://{}:65535", "x".repeat(253))).unwrap();
        let mut recent = Recent::default();
        recent.add_server(&server);
        recent.add_peer(server.endpoint.clone());
        for number in 0..100 {
            recent.add_name(&server.at(source::Path::from_name(&[&[0xff; 1023][..], &[number]].concat())));
        }
        assert_eq!(recent.names(&server.endpoint).len(), 100);
        let most = 50 * serde_json::to_vec(&Kept::new(&recent)).unwrap().len() as u64;
        assert!((FILE_LIMIT / 10 * 9..FILE_LIMIT).contains(&most), "{most}");
        assert_eq!(read_back(&recent), recent);
    }

    proptest! {
        #[test]
        fn every_byte_of_a_name_comes_back(
            names in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..5),
            scope in any::<u32>(),
        ) {
            let address = std::net::SocketAddrV6::new([0xfe80, 0, 0, 0, 0, 0, 0, 1].into(), 9, 0, scope);
            let server = Source::top(Endpoint::from(std::net::SocketAddr::V6(address))).spoken(Scheme::Plain);
            let mut recent = Recent::default();
            recent.add_server(&server);
            recent.add_peer(server.endpoint.clone());
            for name in names {
                recent.add_name(&server.at(source::Path::from_name(&name)));
            }
            prop_assert_eq!(read_back(&recent), recent);
        }

        #[test]
        fn what_is_understood_of_a_file_is_understood_the_same_once_it_is_written(
            servers in proptest::collection::vec("(http|plain|x)?(://)?[a-z:/%0-9\\[\\]]{0,12}|\\PC*", 0..4),
            name in "[%a-f0-9/?#]{0,12}|\\PC*",
        ) {
            let names = servers.iter().map(|server| (server.clone(), vec![name.clone()])).collect();
            let kept = Kept { version: VERSION, peers: servers.clone(), servers, names };
            let recent = kept.recent();
            prop_assert_eq!(read_back(&recent), recent);
        }
    }
}
