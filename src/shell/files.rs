//! The workers for files, and the channels to them, for the full-screen program and for commands. Telling a worker never
//! waits: what it has no room for comes back as the event that it did not work.

use tokio::sync::mpsc::{Sender, channel};
use tokio::task::JoinHandle;

use crate::effect::Effect;
use crate::event::{BrowseEvent, Event, Fault, TransferEvent, WalkEvent};
use crate::net::browse::{self, BrowseCommand};
use crate::net::fetch::{self, Engine, FetchCommand};
use crate::net::http::Client;

/// Commands that a worker may have waiting.
const COMMANDS: usize = 256;

/// The workers for files.
#[derive(Debug)]
pub struct FileWorkers {
    client: Client,
    browse: Sender<BrowseCommand>,
    engine: Engine,
    fetch: Sender<FetchCommand>,
    fetching: JoinHandle<()>,
}

impl FileWorkers {
    /// Starts them; what they learn goes through `events`.
    #[must_use]
    pub fn start(client: Client, engine: Engine, events: &Sender<Event>) -> Self {
        let (browse, browse_commands) = channel(COMMANDS);
        let (fetch, fetch_commands) = channel(COMMANDS);
        tokio::spawn(browse::run(browse_commands, events.clone(), client.clone(), engine.retries()));
        let fetching = tokio::spawn(fetch::run(fetch_commands, events.clone(), engine.clone()));
        Self { client, browse, engine, fetch, fetching }
    }

    /// Tells the worker whose business it is; nobody, where it is no file's. What it has no room for comes back.
    #[must_use]
    pub fn tell(&self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Resolve { request, endpoint } => {
                let told = self.browse.try_send(BrowseCommand::Resolve { request, endpoint });
                told.err().map(|_| Event::Resolved(request, Err(Fault::Busy)))
            }
            Effect::Browse { request, source } => {
                let told = self.browse.try_send(BrowseCommand::Browse { request, source });
                told.err().map(|_| Event::Browse(request, BrowseEvent::Failed(Fault::Busy)))
            }
            Effect::Walk { request, source, left } => {
                let told = self.browse.try_send(BrowseCommand::Walk { request, source, left });
                told.err().map(|_| Event::Walk(request, WalkEvent::Failed(Fault::Busy)))
            }
            Effect::Fetch { id, job } => {
                let told = self.fetch.try_send(FetchCommand::Fetch { id, job });
                told.err().map(|_| Event::Transfer(id, TransferEvent::Failed(Fault::Busy)))
            }
            Effect::Inspect { request, to, base } => {
                let told = self.fetch.try_send(FetchCommand::Inspect { request, to, base });
                told.err().map(|_| Event::Walk(request, WalkEvent::Failed(Fault::Busy)))
            }
            Effect::MakeFolders { request, folders, base } => {
                let told = self.fetch.try_send(FetchCommand::MakeFolders { request, folders, base });
                told.err().map(|_| Event::Walk(request, WalkEvent::Failed(Fault::Busy)))
            }
            Effect::Forget(request) => {
                // An answer that comes all the same is dropped by whoever asked.
                let _ = self.browse.try_send(BrowseCommand::Forget(request));
                None
            }
            Effect::Cancel(id) => {
                // The transfer stays what it is: still running.
                let _ = self.fetch.try_send(FetchCommand::Cancel(id));
                None
            }
            Effect::Pause(id) => {
                // As with one that is cancelled.
                let _ = self.fetch.try_send(FetchCommand::Pause(id));
                None
            }
            Effect::Discard(left) => {
                // Where it stays, a later download of the same file goes on with it, or begins it again.
                let _ = self.fetch.try_send(FetchCommand::Discard(left));
                None
            }
            Effect::Fill { request, files } => {
                // What is not known stays blank, as it was.
                let _ = self.browse.try_send(BrowseCommand::Fill { request, files });
                None
            }
            Effect::Preview { request, source } => {
                let told = self.browse.try_send(BrowseCommand::Preview { request, source });
                told.err().map(|_| Event::Previewed(request, Err(Fault::Busy)))
            }
            Effect::Authorize { origin, credentials } => {
                self.client.authorize(origin, credentials.as_ref());
                None
            }
            Effect::LimitRate(limit) => {
                self.engine.limit_rate(limit);
                None
            }
            Effect::Send { .. }
            | Effect::Block(_)
            | Effect::Store(_)
            | Effect::Share(_)
            | Effect::FindFolders { .. }
            | Effect::Copy(_)
            | Effect::Open(_)
            | Effect::OpenFile(_)
            | Effect::OpenAnyway(_)
            | Effect::Reveal(_)
            | Effect::Notify(_)
            | Effect::Edit(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit => None,
        }
    }

    /// Ends them; what came of downloads is in order on disk when this returns. Nobody may wait for events any more who
    /// keeps their channel open.
    pub async fn end(self) {
        let Self { client: _, engine: _, browse, fetch, fetching } = self;
        drop((browse, fetch));
        let _ = fetching.await;
    }
}
