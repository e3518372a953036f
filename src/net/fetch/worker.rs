//! Downloads for a queue: each a task of its own, commanded and heard of over channels. How many run at once is not
//! decided here.

use std::path::PathBuf;

use fnv::FnvHashMap;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::{Engine, Stop, blocking, folders, partial, target};
use crate::effect::Job;
use crate::event::{Event, RequestId, TransferId};
use crate::wire::source::Source;

/// What the worker can be asked for.
#[derive(Debug)]
pub enum FetchCommand {
    /// Download a file. All that becomes of it comes as [`Event::Transfer`], the last of which says how it ended.
    Fetch {
        /// Comes back with every event.
        id: TransferId,
        /// What is to be done.
        job: Box<Job>,
    },
    /// Stop a download so that it can go on later; it is stopped when [`Paused`](crate::event::TransferEvent::Paused) comes. Where its end is
    /// already certain, another last event comes instead.
    Pause(TransferId),
    /// Stop a download; what was written is gone by the time [`Cancelled`](crate::event::TransferEvent::Cancelled) comes. Where its end is already
    /// certain, another last event comes instead.
    Cancel(TransferId),
    /// Make folders; answered with [`Event::FoldersMade`].
    MakeFolders {
        /// Comes back with the answer.
        request: RequestId,
        /// Which.
        folders: Vec<PathBuf>,
        /// No symbolic link below it is followed.
        base: PathBuf,
    },
    /// Look at the place where a folder is to be; answered with [`Event::Inspected`].
    Inspect {
        /// Comes back with the answer.
        request: RequestId,
        /// Where the folder is to be.
        to: PathBuf,
        /// No symbolic link below it is followed.
        base: PathBuf,
    },
    /// Remove the partial files of what was asked for and does not run: which file or folder of which server, and where it
    /// was to be. Of a folder, those of all that was to be in it.
    Discard(Vec<(Source, PathBuf)>),
}

/// Downloads until no more commands can come. Then what is running is stopped without a word, so that it can go on
/// another time; that is done when this returns.
pub async fn run(mut commands: mpsc::Receiver<FetchCommand>, events: mpsc::Sender<Event>, engine: Engine) {
    let mut tasks = JoinSet::new();
    let mut errands = JoinSet::new();
    let mut stops = FnvHashMap::default();
    // Dropped at the end, which every task notices.
    let (running, shutdown) = watch::channel(());
    loop {
        let command = tokio::select! {
            command = commands.recv() => command,
            Some(ended) = tasks.join_next_with_id() => {
                // It may run again already, as another task.
                if let Ok((task, id)) = ended
                    && stops.get(&id).is_some_and(|(running, _)| *running == task)
                {
                    stops.remove(&id);
                }
                continue;
            }
        };
        let (id, stop) = match command {
            None => break,
            Some(FetchCommand::Pause(id)) => (id, Stop::Pause),
            Some(FetchCommand::Cancel(id)) => (id, Stop::Cancel),
            Some(FetchCommand::Discard(left)) => {
                errands.spawn_blocking(move || {
                    for (asked, to) in left {
                        partial::discard(&asked, &to);
                    }
                });
                while errands.try_join_next().is_some() {}
                continue;
            }
            Some(FetchCommand::MakeFolders { request, folders, base }) => {
                let made = async move {
                    let made = blocking(move || folders::make(folders, &base)).await;
                    let missed = made.unwrap_or_else(|fault| vec![(PathBuf::new(), fault)]);
                    Event::FoldersMade(request, missed)
                };
                errands.spawn(tell(made, events.clone(), shutdown.clone()));
                continue;
            }
            Some(FetchCommand::Inspect { request, to, base }) => {
                let found = async move {
                    let found = blocking(move || target::inspect(&to, &base)).await;
                    Event::Inspected(request, found.and_then(|found| found))
                };
                errands.spawn(tell(found, events.clone(), shutdown.clone()));
                continue;
            }
            Some(FetchCommand::Fetch { id, job }) => {
                let (stop, stopped) = oneshot::channel();
                let running = Running { id, events: events.clone(), shutdown: shutdown.clone() };
                let task = tasks.spawn(Box::pin(running.run(engine.clone(), job, stopped))).id();
                stops.insert(id, (task, stop));
                continue;
            }
        };
        if let Some((_, told)) = stops.remove(&id) {
            // Where nobody is to be told any more, it has ended.
            let _ = told.send(stop);
        }
    }
    drop(running);
    while tasks.join_next().await.is_some() {}
    while errands.join_next().await.is_some() {}
}

/// Tells what came of an errand. Where nobody listens any more, the program is ending.
async fn tell(
    event: impl Future<Output = Event>,
    events: mpsc::Sender<Event>,
    mut shutdown: watch::Receiver<()>,
) {
    let event = event.await;
    tokio::select! {
        _ = events.send(event) => {}
        _ = shutdown.changed() => {}
    }
}

/// One download at work.
struct Running {
    id: TransferId,
    events: mpsc::Sender<Event>,
    shutdown: watch::Receiver<()>,
}

impl Running {
    async fn run(self, engine: Engine, mut job: Box<Job>, stopped: oneshot::Receiver<Stop>) -> TransferId {
        let mut shutdown = self.shutdown.clone();
        let stop = async {
            tokio::select! {
                // Whoever drops it without a word is ending, too.
                stop = stopped => stop.unwrap_or(Stop::Pause),
                _ = shutdown.changed() => Stop::Pause,
            }
        };
        let tell = async |event| {
            // Mostly there is room.
            if let Err(TrySendError::Full(event)) = self.events.try_send(Event::Transfer(self.id, event)) {
                let mut shutdown = self.shutdown.clone();
                // Where nobody listens any more, the program is ending.
                tokio::select! {
                    _ = self.events.send(event) => {}
                    _ = shutdown.changed() => {}
                }
            }
        };
        let last = engine.fetch(&mut job, stop, &tell).await;
        tell(last.into()).await;
        self.id
    }
}
