//! The worker that shares a folder, and the channel to it. Telling it never waits.
//!
//! It tells what happens at most 30 times a second, each time all of it at once, and nothing wakes it while nothing is
//! taken. No client waits for that: what is too much at once is counted.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;

use crate::app::share::{Adding, Extent};
use crate::config::{ServeSettings, expand_home};
use crate::effect::ShareOrder;
use crate::event::served::Served;
use crate::event::{Event, ShareEvent, ShareFault, ShareId, ShareNews, system_words};
use crate::net::interfaces::all_reachable;
use crate::serve::{Access, BindFault, Limits, Onlooker, Options, Server};

/// Orders that may be waiting.
const ORDERS: usize = 16;
/// Requests that may wait to be told.
const REQUESTS: usize = 64;
/// Answers under way of which more is told than their number.
const RUNNING: usize = 64;
/// Between one time that something is told and the next.
const PAUSE: Duration = Duration::from_millis(34);
/// For running answers, when the share ends: the user waits for it.
const GRACE: Duration = Duration::from_secs(3);

/// The worker that shares a folder.
#[derive(Debug)]
pub struct ShareWorker {
    orders: Sender<ShareOrder>,
    working: JoinHandle<()>,
}

impl ShareWorker {
    /// Starts it beside a chat that listens at these addresses; what it learns goes through `events`.
    #[must_use]
    pub fn start(chat: &[SocketAddr], settings: ServeSettings, events: &Sender<Event>) -> Self {
        let (orders, queue) = channel(ORDERS);
        let place = Place {
            bind: chat.iter().map(SocketAddr::ip).collect(),
            port: chat.first().map_or(0, SocketAddr::port),
            settings,
        };
        let working = tokio::spawn(work(place, queue, events.clone()));
        Self { orders, working }
    }

    /// Tells it what to do. What it has no room for comes back.
    #[must_use]
    pub fn tell(&self, order: ShareOrder) -> Option<Event> {
        let id = match &order {
            ShareOrder::Start { id, .. } => Some(*id),
            ShareOrder::Stop => None,
        };
        let told = self.orders.try_send(order);
        let refused = told.err().and(id);
        refused.map(|id| Event::Share(id, ShareEvent::NotStarted(ShareFault::Busy)))
    }

    /// Ends it, with what is shared. Nobody may wait for events any more who keeps their channel open.
    pub async fn end(self) {
        let Self { orders, working } = self;
        drop(orders);
        let _ = working.await;
    }
}

/// Where to listen, and how to share.
#[derive(Debug, Clone)]
struct Place {
    bind: Vec<IpAddr>,
    /// The chat's, so that one number serves for both, where it is free.
    port: u16,
    settings: ServeSettings,
}

async fn work(place: Place, mut orders: Receiver<ShareOrder>, events: Sender<Event>) {
    while let Some(order) = orders.recv().await {
        if let ShareOrder::Start { id, folder } = order {
            let told = Telling { id, events: &events };
            match open(&place, folder).await {
                Ok((folder, server)) => share(folder, server, &mut orders, &told).await,
                Err(fault) => told.tell(ShareEvent::NotStarted(fault)).await,
            }
        }
    }
}

/// To whom it is told what becomes of a share.
struct Telling<'a> {
    id: ShareId,
    events: &'a Sender<Event>,
}

impl Telling<'_> {
    async fn tell(&self, event: ShareEvent) {
        // Where nobody reads any more, the program ends.
        let _ = self.events.send(Event::Share(self.id, event)).await;
    }
}

/// Opens the folder and the sockets. A disk may take its time for that.
async fn open(place: &Place, folder: PathBuf) -> Result<(PathBuf, Server), ShareFault> {
    let place = place.clone();
    let opened = spawn_blocking(move || {
        let folder = expand_home(&folder);
        let server = place.listen(&folder, place.port).or_else(|fault| match fault {
            // Another program has it, or only the system's own may.
            BindFault::Address { .. } if place.port != 0 => place.listen(&folder, 0),
            BindFault::Address { .. } | BindFault::Folder { .. } | BindFault::Unwritable { .. } => Err(fault),
        })?;
        let folder = folder.canonicalize().unwrap_or(folder);
        Ok((folder, server))
    });
    let opened = opened.await.map_err(|_| ShareFault::Busy)?;
    opened.map_err(|fault: BindFault| match fault {
        BindFault::Folder { path, reason } => ShareFault::Folder { path, reason: system_words(&reason) },
        BindFault::Unwritable { path, reason } => {
            ShareFault::Unwritable { path, reason: system_words(&reason) }
        }
        BindFault::Address { address, reason } => {
            ShareFault::Address { address, reason: system_words(&reason) }
        }
    })
}

impl Place {
    fn listen(&self, folder: &Path, port: u16) -> Result<Server, BindFault> {
        let ServeSettings { access, limits } = self.settings.clone();
        Server::bind(Options {
            root: folder.to_owned(),
            bind: self.bind.clone(),
            port,
            zone: TimeZone::system(),
            limits: Limits { grace: limits.grace.min(GRACE), ..limits },
            access,
            identity: None,
        })
    }
}

/// What others may do with a folder.
pub(super) fn extent(access: &Access) -> Extent {
    let adding = match access.uploads {
        None => Adding::Nothing,
        Some(uploads) if uploads.overwrite => Adding::Instead,
        Some(_) => Adding::New,
    };
    Extent { hidden: access.hidden, outside: access.follow_links, adding }
}

/// Where others reach it: those addresses first that are not this machine's alone; where there are such, only those.
fn reachable(server: &Server) -> Vec<SocketAddr> {
    let all: Vec<_> = server.addresses().into_iter().flat_map(all_reachable).collect();
    let others: Vec<_> = all.iter().copied().filter(|address| !address.ip().is_loopback()).collect();
    if others.is_empty() { all } else { others }
}

/// Shares until it is told to stop, or until nobody can tell it anything any more.
async fn share(
    folder: PathBuf,
    mut server: Server,
    orders: &mut Receiver<ShareOrder>,
    telling: &Telling<'_>,
) {
    let onlooker = server.onlooker();
    let addresses = reachable(&server);
    let (log, requests) = channel(REQUESTS);
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(log, async {
        let _ = stopped.await;
    }));
    telling.tell(ShareEvent::Started { folder, addresses }).await;
    let mut news = News { requests, first: None, onlooker };
    tokio::select! {
        () = stop_of(orders) => {}
        () = news.tell_all(telling) => {}
    }
    drop(stop);
    // It goes on being told while running answers end.
    let untold = tokio::select! {
        untold = serving => untold.unwrap_or_default(),
        () = news.tell_all(telling) => 0,
    };
    let mut last = news.now();
    last.untold += untold;
    telling.tell(ShareEvent::News(last)).await;
    telling.tell(ShareEvent::Stopped).await;
}

/// Waits to be told to stop.
async fn stop_of(orders: &mut Receiver<ShareOrder>) {
    while let Some(order) = orders.recv().await {
        if order == ShareOrder::Stop {
            return;
        }
    }
}

/// What there is to be told of a share.
struct News {
    requests: Receiver<Served>,
    /// What was taken from there already.
    first: Option<Served>,
    onlooker: Arc<Onlooker>,
}

impl News {
    /// Tells what happens whenever something does, without end. Whoever stops it loses nothing.
    async fn tell_all(&mut self, telling: &Telling<'_>) {
        loop {
            // What was stopped before it could tell has something to tell already.
            if self.first.is_none() {
                tokio::select! {
                    () = self.onlooker.moved() => {}
                    Some(served) = self.requests.recv() => self.first = Some(served),
                }
            }
            let room = telling.events.reserve().await;
            let news = self.now();
            if let Ok(room) = room {
                room.send(Event::Share(telling.id, ShareEvent::News(news)));
            }
            sleep(PAUSE).await;
        }
    }

    /// All that is not told yet.
    fn now(&mut self) -> ShareNews {
        let waiting = std::iter::from_fn(|| self.requests.try_recv().ok()).take(REQUESTS);
        let served: Vec<_> = self.first.take().into_iter().chain(waiting).collect();
        let untold = served.iter().map(|served| served.untold).sum();
        let (running, count) = self.onlooker.running(RUNNING);
        ShareNews { running, count, served, untold }
    }
}
