//! Downloads for the full-screen program: each a task of its own, commanded and heard of over channels.
//! How many run at once is not decided here.

use std::collections::HashMap;
use std::path::PathBuf;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::{Destination, fetch};
use crate::effect::Job;
use crate::event::{Event, TransferEvent, TransferId};
use crate::net::http::Client;
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
    /// Stop a download; what was written is gone by the time [`TransferEvent::Cancelled`] comes.
    Cancel(TransferId),
}

/// Downloads into `dir`, with `prefix` before each name, until no more commands can come. Then what is running is
/// stopped without a word, and its partial files are gone when this returns.
pub async fn run(
    mut commands: mpsc::Receiver<FetchCommand>,
    events: mpsc::Sender<Event>,
    dir: PathBuf,
    prefix: String,
    client: Client,
) {
    let mut tasks = JoinSet::new();
    let mut cancels = HashMap::new();
    // Dropped at the end, which every task notices.
    let (running, shutdown) = watch::channel(());
    loop {
        let command = tokio::select! {
            command = commands.recv() => command,
            Some(ended) = tasks.join_next() => {
                if let Ok(id) = ended {
                    cancels.remove(&id);
                }
                continue;
            }
        };
        match command {
            None => break,
            Some(FetchCommand::Cancel(id)) => drop(cancels.remove(&id)),
            Some(FetchCommand::Fetch { id, job: request }) => {
                let (cancel, cancelled) = oneshot::channel();
                cancels.insert(id, cancel);
                let to = Destination::Folder { dir: dir.clone(), prefix: prefix.clone() };
                let job = Running { id, events: events.clone(), shutdown: shutdown.clone() };
                tasks.spawn(job.run(request.source, to, client.clone(), cancelled));
            }
        }
    }
    drop(running);
    while tasks.join_next().await.is_some() {}
}

/// One download at work.
struct Running {
    id: TransferId,
    events: mpsc::Sender<Event>,
    shutdown: watch::Receiver<()>,
}

impl Running {
    async fn run(
        self,
        mut source: Source,
        to: Destination,
        client: Client,
        cancelled: oneshot::Receiver<()>,
    ) -> TransferId {
        // Both come as the other half being dropped.
        let mut shutdown = self.shutdown.clone();
        let stop = async {
            tokio::select! {
                _ = cancelled => {}
                _ = shutdown.changed() => {}
            }
        };
        let tell = |event| {
            let event = Event::Transfer(self.id, event);
            async {
                // Where nobody listens any more, the program is ending.
                let _ = self.events.send(event).await;
            }
        };
        let last = match fetch(&mut source, to, &client, stop, tell).await {
            Ok(Some(file)) => TransferEvent::Finished(file),
            Ok(None) => TransferEvent::Cancelled,
            Err(fault) => TransferEvent::Failed(fault),
        };
        let mut shutdown = self.shutdown.clone();
        tokio::select! {
            () = tell(last) => {}
            _ = shutdown.changed() => {}
        }
        self.id
    }
}
