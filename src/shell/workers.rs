//! The workers and the channels to them. Telling a worker never waits: what it has no room for comes back as the event
//! that it did not work.

use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

use crate::effect::Effect;
use crate::event::{BrowseEvent, ChatEvent, Event, Fault, TransferEvent, WalkEvent};
use crate::net::browse::BrowseCommand;
use crate::net::chat::{ChatCommand, Noise, Sockets};
use crate::net::fetch::{Engine, FetchCommand, System};
use crate::net::http::Client;
use crate::net::{Timeouts, browse, chat, fetch};
use crate::store::Store;

/// Commands that a worker may have waiting.
const COMMANDS: usize = 256;

/// The workers.
pub(super) struct Workers {
    client: Client,
    chat: Sender<ChatCommand>,
    browse: Sender<BrowseCommand>,
    fetch: Sender<FetchCommand>,
    fetching: JoinHandle<()>,
    store: Store,
    events: Receiver<Event>,
}

impl Workers {
    /// Starts them beside the store; what they learn goes through `events` to `queue`.
    pub(super) fn start(
        sockets: Sockets,
        retries: u32,
        timeouts: Timeouts,
        store: Store,
        events: Sender<Event>,
        queue: Receiver<Event>,
    ) -> Self {
        let client = Client::new(timeouts);
        let (chat, chat_commands) = channel(COMMANDS);
        let (browse, browse_commands) = channel(COMMANDS);
        let (fetch, fetch_commands) = channel(COMMANDS);
        tokio::spawn(chat::run(sockets, chat_commands, events.clone(), Noise::Folded));
        tokio::spawn(browse::run(browse_commands, events.clone(), client.clone()));
        let engine = Engine::new(client.clone(), retries, Arc::new(System));
        let fetching = tokio::spawn(fetch::run(fetch_commands, events, engine));
        Self { client, chat, browse, fetch, fetching, store, events: queue }
    }

    /// What happened next.
    pub(super) async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Tells the worker whose business it is. What it has no room for comes back.
    pub(super) fn tell(&self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Send { id, to, text } => {
                let told = self.chat.try_send(ChatCommand::Send { id, to, text });
                told.err().map(|_| Event::Chat(ChatEvent::Failed(id, Fault::Busy)))
            }
            Effect::Block(addresses) => {
                // What comes of them all the same is kept, and can be seen.
                let _ = self.chat.try_send(ChatCommand::Block(addresses));
                None
            }
            Effect::Resolve { request, endpoint } => {
                let told = self.browse.try_send(BrowseCommand::Resolve { request, endpoint });
                told.err().map(|_| Event::Resolved(request, Err(Fault::Busy)))
            }
            Effect::Browse { request, source } => {
                let told = self.browse.try_send(BrowseCommand::Browse { request, source });
                told.err().map(|_| Event::Browse(request, BrowseEvent::Failed(Fault::Busy)))
            }
            Effect::Walk { request, source } => {
                let told = self.browse.try_send(BrowseCommand::Walk { request, source });
                told.err().map(|_| Event::Walk(request, WalkEvent::Failed(Fault::Busy)))
            }
            Effect::Authorize { origin, credentials } => {
                self.client.authorize(origin, credentials.as_ref());
                None
            }
            Effect::Fill { request, files } => {
                // What is not known stays blank, as it was.
                let _ = self.browse.try_send(BrowseCommand::Fill { request, files });
                None
            }
            Effect::Fetch { id, job } => {
                let told = self.fetch.try_send(FetchCommand::Fetch { id, job });
                told.err().map(|_| Event::Transfer(id, TransferEvent::Failed(Fault::Busy)))
            }
            Effect::Forget(request) => {
                // An answer that comes all the same is dropped by the state.
                let _ = self.browse.try_send(BrowseCommand::Forget(request));
                None
            }
            Effect::Cancel(id) => {
                // The transfer stays on the screen as what it is: still running.
                let _ = self.fetch.try_send(FetchCommand::Cancel(id));
                None
            }
            Effect::Pause(id) => {
                // As with one that is cancelled.
                let _ = self.fetch.try_send(FetchCommand::Pause(id));
                None
            }
            Effect::Discard { source, to } => {
                // Where it stays, a later download of the same file goes on with it, or begins it again.
                let _ = self.fetch.try_send(FetchCommand::Discard { source, to });
                None
            }
            Effect::Store(request) => self.store.tell(request),
            Effect::LimitRate(_)
            | Effect::Copy(_)
            | Effect::Open(_)
            | Effect::Notify(_)
            | Effect::Edit(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit => None,
        }
    }

    /// Ends them, and waits until no partial file is left and what is to be remembered is kept.
    pub(super) async fn end(self) {
        let Self { client: _, chat, browse, fetch, fetching, store, mut events } = self;
        drop((chat, browse, fetch));
        // Nobody reads any more what they still have to say; a closed channel keeps none of them waiting.
        events.close();
        let _ = fetching.await;
        // What could not be kept was said while there was a screen to say it on.
        let _ = store.end().await;
    }
}
