//! What `hobnob send` and `hobnob listen` keep, in the same history as the full-screen program. What cannot be kept is
//! said in one line; nothing is ever sent or printed later or less for it.

use std::io::{self, Write};

use tokio::sync::mpsc::{self, Receiver};

use super::Context;
use crate::effect::StoreRequest;
use crate::event::{Event, Fault, MessageId, Saved, StoreEvent};
use crate::locale::{Words, fill};
use crate::store::{self, Store};
use crate::text::clean_line;
use crate::view::wording;

/// What the store has to say may wait so long; then the store waits.
const QUEUE: usize = 256;

/// The history, where there is one to keep things in.
#[derive(Debug)]
pub(super) struct Keeping {
    /// None where nothing is kept.
    store: Option<Store>,
    said: Receiver<Event>,
    /// Many: in a box they are moved without a copy.
    words: Box<Words>,
    warned: bool,
}

/// What is known of messages that were to be kept.
#[derive(Debug)]
pub(super) enum Kept {
    /// They are on disk.
    Saved(Vec<Saved>),
    /// They are not.
    Unsaved(Vec<MessageId>),
}

impl Keeping {
    /// Opens the history, unless nothing is to be kept.
    pub(super) fn open(context: &Context, no_history: bool) -> Self {
        let (events, said) = mpsc::channel(QUEUE);
        let mut keeping = Self { store: None, said, words: Box::new(context.words.clone()), warned: false };
        if no_history {
            return keeping;
        }
        let opened = store::open(&context.data_dir).and_then(|opened| match opened.fault.clone() {
            None => opened.start(events).map_err(|error| Fault::from_disk(&error)),
            Some(fault) => Err(fault),
        });
        match opened {
            Ok(store) => keeping.store = Some(store),
            Err(fault) => keeping.warn(&fault),
        }
        keeping
    }

    /// Asks the store for this. Whether it was taken; then [`Self::next`] says what becomes of a message.
    pub(super) fn tell(&mut self, request: StoreRequest) -> bool {
        let Some(store) = &self.store else { return false };
        match store.tell(request) {
            None => true,
            Some(Event::Store(refused)) => {
                self.hear(refused);
                false
            }
            Some(_) => false,
        }
    }

    /// What became of messages that were to be kept. Never, where nothing is.
    pub(super) async fn next(&mut self) -> Kept {
        loop {
            let Some(Event::Store(event)) = self.said.recv().await else {
                return std::future::pending().await;
            };
            if let Some(kept) = self.hear(event) {
                return kept;
            }
        }
    }

    fn hear(&mut self, event: StoreEvent) -> Option<Kept> {
        match event {
            StoreEvent::Saved(saved) => Some(Kept::Saved(saved)),
            StoreEvent::Unsaved(ids, fault) => {
                self.warn(&fault);
                Some(Kept::Unsaved(ids.into_iter().map(|(_, id)| id).collect()))
            }
            StoreEvent::Failed(fault) | StoreEvent::Unreadable(_, fault) => {
                self.warn(&fault);
                None
            }
            StoreEvent::Page(..)
            | StoreEvent::Found(..)
            | StoreEvent::Details(..)
            | StoreEvent::Outbox(..)
            | StoreEvent::External(_) => None,
        }
    }

    /// One line on stderr, and only the first time.
    fn warn(&mut self, fault: &Fault) {
        if !std::mem::replace(&mut self.warned, true) {
            let reason = wording::fault(&self.words, fault);
            let line = fill(&self.words.history.not_kept, &[("reason", &reason)]);
            // Where even stderr is gone there is nobody left to tell.
            let _ = writeln!(io::stderr(), "hobnob: {}", clean_line(line.as_bytes()));
        }
    }

    /// Waits until all is on disk, or it is clear that it will not be.
    pub(super) async fn end(mut self) {
        let Some(store) = self.store.take() else { return };
        // What it still has to say keeps it waiting no more.
        self.said.close();
        if let Err(fault) = store.end().await {
            self.warn(&fault);
        }
    }
}
