//! The file server: one TCP port that speaks HTTP/1.1 and the plain protocol.
//!
//! | file | owns |
//! |---|---|
//! | `bind` | the listening sockets |
//! | `connection` | one connection, from its first bytes to its clean end |
//! | `guests`, `lobby` | the connection limiter, and who waits for a slot |
//! | `socket` | the socket of a connection, and that the other side has hung up |
//! | `sniff` | which protocol the first bytes are |
//! | `plain` | the answer to a plain request |
//! | `http`, `meter` | the conversation with an HTTP client, and the count of what it took |
//! | `lines` | who ends lines in a way that others may not see, and so gets one answer more |
//! | `reply` | what an HTTP request is answered with |
//! | `folder`, `page`, `archive` | a folder: its list in all forms, as a page, and all that is in it |
//! | `digests` | the SHA-256 of files, for who wants to check what it took |
//! | `turns` | whose turn it is at what takes long: a fair semaphore |
//! | `version` | which version of a file an answer is of |
//! | `beneath` | the shared folder, and that nothing outside it is reached |
//! | `access` | who may see what of it |
//! | `guesses` | the rate limiter of password guesses |
//! | `host` | by which names clients may call the server (DNS rebinding) |
//! | `private` | the deny list: hobnob's own files, by device and inode |
//! | `upload` | what clients add to it |
//! | `tls` | who the server is, and connections that are private |
//! | `body` | a file's bytes on their way to a socket |
//! | `patience` | how long a client may take nothing of them |
//! | `served`, `onlooker` | what is told of each request, and who takes what right now |
//!
//! It must never write to the shared folder but for what may be uploaded, never print, and never end because of what a
//! client does.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use jiff::tz::TimeZone;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{RwLock, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

mod access;
mod archive;
mod beneath;
mod bind;
mod body;
mod connection;
mod digests;
mod folder;
mod guesses;
mod guests;
mod host;
mod http;
mod lines;
mod lobby;
mod meter;
mod onlooker;
mod page;
mod patience;
mod plain;
mod private;
mod reply;
mod served;
mod sniff;
mod socket;
mod tls;
mod turns;
mod upload;
mod version;

pub use access::Access;
use beneath::Root;
use digests::Digests;
use folder::{Lists, MEMORY};
use guesses::Guesses;
use guests::{GuestId, Guests};
pub use host::AllowedHost;
use lobby::Lobby;
pub use onlooker::Onlooker;
pub use private::Private;
use served::Log;
pub use sniff::{Verdict, sniff};
pub use tls::{Identity, IdentityFault};
pub use upload::Uploads;

pub use crate::event::served::{Answer, End, Request, Running, Served, Way};

/// How long to wait after a connection could not be accepted, as when all file descriptors are in use.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What to serve, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder.
    pub root: PathBuf,
    /// Addresses to listen on. Of several, those of a family that this machine does not have are left out.
    pub bind: Vec<IpAddr>,
    /// TCP port on all of them; 0 lets the system choose one.
    pub port: u16,
    /// In which the times on pages are written.
    pub zone: TimeZone,
    /// How long to wait for what.
    pub limits: Limits,
    /// What is shared, and with whom.
    pub access: Access,
    /// Who the server is to those who want to be sure: with it, all is said over TLS, and the plain protocol is answered
    /// with nothing.
    pub identity: Option<Identity>,
}

/// How long the server waits for what, and how many it serves at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections in all. Where there are so many, the one that has waited for the longest for a client to speak makes
    /// room for the next; while all are answered, the slowest of the address that has the most is cut off for an address that
    /// has fewer, and others have to wait.
    pub connections: usize,
    /// Connections from one address, or from one network of IPv6 addresses (a /64), in the same way; where all of them
    /// are answered, the next is closed.
    pub per_address: usize,
    /// Bytes of an HTTP head; more is answered with 431 (RFC 6585, section 5).
    pub head: usize,
    /// For a connection's first byte, for the rest of an HTTP head, and for the next request.
    pub silence: Duration,
    /// For more of what is neither a request line nor the name of a file yet.
    pub hesitation: Duration,
    /// For a client to take any more of its answer.
    pub stall: Duration,
    /// For running answers, when the server is asked to stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1000,
            per_address: 250,
            head: 64_000,
            silence: Duration::from_secs(10),
            hesitation: Duration::from_millis(250),
            stall: Duration::from_mins(1),
            grace: Duration::from_secs(10),
        }
    }
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum BindFault {
    /// The folder cannot be opened and read.
    #[error("{}: {reason}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// Nothing can be put into the folder, and uploads are asked for.
    #[error("{}: {reason}", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// This address cannot be listened on: taken, forbidden, or none of this machine's.
    #[error("{address}: {reason}")]
    Address {
        /// Which.
        address: SocketAddr,
        /// What the system says.
        reason: io::Error,
    },
}

/// A server that listens, and has not begun to answer.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<TcpListener>,
    site: Arc<Site>,
    onlooker: Option<Arc<Onlooker>>,
}

/// What all connections share.
#[derive(Debug)]
struct Site {
    root: Root,
    /// What the shared folder is called.
    name: Vec<u8>,
    zone: TimeZone,
    limits: Limits,
    digests: Arc<Digests>,
    lists: Lists,
    /// Read by each file that is being added, for as long as it has a hidden name.
    adding: Arc<RwLock<()>>,
    access: Access,
    guesses: Guesses,
    identity: Option<Identity>,
}

impl Site {
    /// Whether the plain protocol is answered. It cannot say who asks, and is not private.
    fn speaks_plain(&self) -> bool {
        self.access.credentials.is_none() && self.identity.is_none()
    }
}

/// Where the server is on its way from start to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// All is served.
    Open,
    /// Running answers are finished, and nothing new begins.
    Closing,
    /// Running answers are cut off.
    Cut,
}

impl Server {
    /// Opens the folder and the sockets. Needs a tokio runtime around it.
    pub fn bind(options: Options) -> Result<Self, BindFault> {
        let Options { root: path, bind, port, zone, limits, access, identity } = options;
        let name = name(&path);
        let root = match Root::open(&path, &access) {
            Ok(root) => root,
            Err(reason) => return Err(BindFault::Folder { path, reason }),
        };
        if access.uploads.is_some() {
            upload::try_out(&root).map_err(|reason| BindFault::Unwritable { path, reason })?;
        }
        let listeners = bind::listen(&bind, port)?;
        let connections = bind::descriptors_for(limits.connections);
        let limits = Limits { connections, ..limits };
        let (digests, lists) = (Digests::new(), Lists::new(MEMORY));
        let adding = Arc::default();
        let guesses = Guesses::new();
        let site = Site { root, name, zone, limits, digests, lists, adding, access, guesses, identity };
        Ok(Self { listeners, site: Arc::new(site), onlooker: None })
    }

    /// Where it listens, in the order asked for.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// Whether the plain protocol is answered with files.
    #[must_use]
    pub fn speaks_plain(&self) -> bool {
        self.site.speaks_plain()
    }

    /// Lets somebody look on while answers are sent.
    pub fn onlooker(&mut self) -> Arc<Onlooker> {
        Arc::clone(self.onlooker.get_or_insert_default())
    }

    /// Serves until `stop` is ready, then for as long as running answers take, but no longer than
    /// [`Limits::grace`]; and until the disk has what has come whole, and what has not is removed from it. Each request is told to `log`. No client waits for that to be read: what finds no room there
    /// is counted in the next one that does ([`Served::untold`]). Gives how many were not told after the last one.
    pub async fn run(self, log: mpsc::Sender<Served>, stop: impl Future<Output = ()>) -> u64 {
        let Self { listeners, site, onlooker } = self;
        let (phase, phases) = watch::channel(Phase::Open);
        let log = Arc::new(Log::new(log, onlooker, phases.clone()));
        let mut connections = JoinSet::new();
        let mut guests = Guests::new(&site.limits);
        let mut lobby = Lobby::new(site.limits.connections);
        let mut stop = pin!(stop);
        loop {
            while let Some((stream, peer)) = lobby.next(&guests) {
                let Some((id, guest)) = guests.admit(peer.ip()) else { continue };
                let (site, log, phase) = (Arc::clone(&site), Arc::clone(&log), phases.clone());
                let visit = connection::Visit { peer, guest, site, log, phase };
                connections.spawn(async move {
                    connection::serve(stream, visit).await;
                    id
                });
            }
            tokio::select! {
                () = &mut stop => break,
                accepted = accept(&listeners) => {
                    if let Ok((stream, peer)) = accepted {
                        lobby.enter(stream, peer);
                    } else {
                        // As when all file descriptors are in use: one of them may be had back, for who waits to come
                        // in. The system fails in the same way where nobody does.
                        if somebody_knocks(&listeners) {
                            guests.make_room();
                        }
                        sleep(ACCEPT_PAUSE).await;
                    }
                }
                Some(left) = connections.join_next() => {
                    if let Ok(id) = left {
                        guests.left(id);
                    }
                }
                () = guests.somebody_waits(), if !lobby.is_empty() => {}
            }
        }
        drop(listeners);
        phase.send_replace(Phase::Closing);
        if timeout(site.limits.grace, ended(&mut connections)).await.is_err() {
            phase.send_replace(Phase::Cut);
            ended(&mut connections).await;
        }
        drop(site.adding.write().await);
        log.untold()
    }
}

/// The folder's own name, however the path leads there; the top of the disk has none.
fn name(path: &Path) -> Vec<u8> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    path.file_name().map_or_else(|| b"files".to_vec(), |name| name.as_bytes().to_vec())
}

async fn accept(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|cx| {
        let mut polled = listeners.iter().map(|listener| listener.poll_accept(cx));
        polled.find(Poll::is_ready).unwrap_or(Poll::Pending)
    })
    .await
}

/// Whether anybody has connected who was not let in yet.
fn somebody_knocks(listeners: &[TcpListener]) -> bool {
    let asked = listeners.iter().map(|listener| PollFd::new(listener.as_fd(), PollFlags::POLLIN));
    poll(&mut asked.collect::<Vec<_>>(), PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}

async fn ended(connections: &mut JoinSet<GuestId>) {
    while connections.join_next().await.is_some() {}
}
