//! The workers and the channels to them. Telling a worker never waits: what it has no room for comes back as the event
//! that it did not work. At the end the chat hands over what it has taken from its sockets, before anything else ends.

use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

use super::files::FileWorkers;
use super::folders::FolderWorker;
use super::share::ShareWorker;
use crate::config::ServeSettings;
use crate::effect::{Effect, StoreRequest};
use crate::event::{ChatEvent, Event, Fault};
use crate::net::chat;
use crate::net::chat::{ChatCommand, Noise, Sockets};
use crate::net::fetch::{Engine, System};
use crate::net::http::Client;
use crate::store::Store;

/// Commands that a worker may have waiting.
const COMMANDS: usize = 256;

/// The workers.
pub(super) struct Workers {
    /// None once it was told to end.
    chat: Option<Sender<ChatCommand>>,
    chatting: JoinHandle<()>,
    files: FileWorkers,
    share: ShareWorker,
    folders: FolderWorker,
    store: Store,
    events: Receiver<Event>,
}

impl Workers {
    /// Starts them beside the store; what they learn goes through `events` to `queue`.
    pub(super) fn start(
        sockets: Sockets,
        retries: u32,
        client: Client,
        serve: ServeSettings,
        store: Store,
        events: &Sender<Event>,
        queue: Receiver<Event>,
    ) -> Self {
        let share = ShareWorker::start(sockets.addresses(), serve, events);
        let (chat, chat_commands) = channel(COMMANDS);
        let chatting = tokio::spawn(chat::run(sockets, chat_commands, events.clone(), Noise::Folded));
        let engine = Engine::new(client.clone(), retries, Arc::new(System));
        let files = FileWorkers::start(client, engine, events);
        let folders = FolderWorker::start(events);
        Self { chat: Some(chat), chatting, files, share, folders, store, events: queue }
    }

    /// What happened next.
    pub(super) async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Tells the worker whose business it is. What it has no room for comes back.
    pub(super) fn tell(&self, effect: Effect) -> Option<Event> {
        if let Effect::Send { id, to, text } = effect {
            let command = ChatCommand::Send { id, to, text };
            let told = self.chat.as_ref().is_some_and(|chat| chat.try_send(command).is_ok());
            (!told).then_some(Event::Chat(ChatEvent::Failed(id, Fault::Busy)))
        } else if let Effect::Block(addresses) = effect {
            // What comes of them all the same is kept, and can be seen.
            let _ = self.chat.as_ref().map(|chat| chat.try_send(ChatCommand::Block(addresses)));
            None
        } else if let Effect::Share(order) = effect {
            self.share.tell(order)
        } else if let Effect::FindFolders { request, folder, beginning } = effect {
            self.folders.find(request, folder, beginning)
        } else if let Effect::Store(request) = effect {
            self.store.tell(request)
        } else {
            self.files.tell(effect)
        }
    }

    /// Keeps this. What the store has no room for comes back.
    pub(super) fn keep(&self, request: StoreRequest) -> Option<StoreRequest> {
        self.store.hand_over(request)
    }

    /// Ends the chat. What it still has to say comes by [`Workers::rest`].
    pub(super) fn end_chat(&mut self) {
        self.chat = None;
    }

    /// What else happened, after [`Workers::end_chat`]; none once the chat has said all. Cancel safe.
    pub(super) async fn rest(&mut self) -> Option<Event> {
        if !self.chatting.is_finished() {
            tokio::select! {
                event = self.events.recv() => return event,
                _ = &mut self.chatting => {}
            }
        }
        self.events.try_recv().ok()
    }

    /// Ends them, and waits until no partial file is left, and who takes something from us had a moment to take the rest.
    /// The store is the caller's to end: it alone must not be cut off.
    pub(super) fn end(self) -> (Store, impl Future<Output = ()>) {
        let Self { chat, chatting: _, files, share, folders, store, mut events } = self;
        drop((chat, folders));
        // Nobody reads any more what they still have to say; a closed channel keeps none of them waiting.
        events.close();
        let ends = async {
            tokio::join!(files.end(), share.end());
        };
        (store, ends)
    }
}
