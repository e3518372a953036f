//! The file server: one TCP port that speaks HTTP/1.1 and the plain protocol.
//!
//! | file | owns |
//! |---|---|
//! | `bind` | the listening sockets |
//! | `connection` | one connection, from its first bytes to its clean end |
//! | `sniff` | which protocol the first bytes are |
//! | `plain` | the answer to a plain request |
//! | `http`, `meter` | the conversation with an HTTP client, and the count of what it took |
//! | `reply`, `page` | what an HTTP request is answered with |
//! | `beneath` | the shared folder, and that nothing outside it is reached |
//! | `body` | a file's bytes on their way to a socket |
//! | `patience` | how long a client may take nothing of them |
//! | `served`, `onlooker` | what is told of each request, and who takes what right now |
//!
//! It must never write to the shared folder, never print, and never end because of what a client does.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

mod beneath;
mod bind;
mod body;
mod connection;
mod http;
mod meter;
mod onlooker;
mod page;
mod patience;
mod plain;
mod reply;
mod served;
mod sniff;

use beneath::Root;
pub use onlooker::Onlooker;
use served::Log;

pub use crate::event::served::{Answer, End, Request, Running, Served};

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
}

/// How long the server waits for what.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
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
            silence: Duration::from_secs(10),
            hesitation: Duration::from_millis(250),
            stall: Duration::from_mins(1),
            grace: Duration::from_secs(5),
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
    zone: TimeZone,
    limits: Limits,
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
        let Options { root: path, bind, port, zone, limits } = options;
        let root = Root::open(&path).map_err(|reason| BindFault::Folder { path, reason })?;
        let listeners = bind::listen(&bind, port)?;
        Ok(Self { listeners, site: Arc::new(Site { root, zone, limits }), onlooker: None })
    }

    /// Where it listens, in the order asked for.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// Lets somebody look on while answers are sent.
    pub fn onlooker(&mut self) -> Arc<Onlooker> {
        Arc::clone(self.onlooker.get_or_insert_default())
    }

    /// Serves until `stop` is ready, then for as long as running answers take, but no longer than
    /// [`Limits::grace`]. Each request is told to `log`. No client waits for that to be read: what finds no room there
    /// is counted in the next one that does ([`Served::untold`]). Gives how many were not told after the last one.
    pub async fn run(self, log: mpsc::Sender<Served>, stop: impl Future<Output = ()>) -> u64 {
        let Self { listeners, site, onlooker } = self;
        let log = Arc::new(Log::new(log, onlooker));
        let (phase, phases) = watch::channel(Phase::Open);
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                (stream, peer) = accept(&listeners) => {
                    let visit = connection::Visit {
                        peer,
                        site: Arc::clone(&site),
                        log: Arc::clone(&log),
                        phase: phases.clone(),
                    };
                    connections.spawn(connection::serve(stream, visit));
                }
                Some(_) = connections.join_next() => {}
            }
        }
        drop(listeners);
        phase.send_replace(Phase::Closing);
        if timeout(site.limits.grace, ended(&mut connections)).await.is_err() {
            phase.send_replace(Phase::Cut);
            ended(&mut connections).await;
        }
        log.untold()
    }
}

async fn accept(listeners: &[TcpListener]) -> (TcpStream, SocketAddr) {
    loop {
        let any = poll_fn(|cx| {
            let mut polled = listeners.iter().map(|listener| listener.poll_accept(cx));
            polled.find(Poll::is_ready).unwrap_or(Poll::Pending)
        });
        match any.await {
            Ok(accepted) => return accepted,
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn ended(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}
