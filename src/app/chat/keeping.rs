//! What goes to the store and what comes from it: messages, parts of conversations, and what is kept of the peers.

use std::collections::HashMap;
use std::time::Duration;

use super::Chat;
use super::outgoing::Flight;
use crate::app::conversation::Conversation;
use crate::app::field::Field;
use crate::app::message::Message;
use crate::app::{Ids, Notice, Turn};
use crate::effect::{Effect, Known, StoreRequest};
use crate::event::{Delivery, ExternalChanges, MessageId, Page, RequestId, RowId, StoreEvent};
use crate::wire::peer::Peer;

/// How long a change of a draft, or of what was read, may wait for others before it is kept.
const KEEP_WITHIN: Duration = Duration::from_secs(1);

impl Chat {
    /// The peers of earlier runs, and what was begun for a peer that was not chosen yet.
    pub(in crate::app) fn remember(&mut self, known: Vec<Known>, draft: &str) {
        self.orphan = Field::with(draft);
        draft.clone_into(&mut self.kept_orphan);
        for known in known {
            self.blocking.changed |= known.contact.blocked;
            self.add(Conversation::known(known));
        }
        self.put_in_order();
    }

    /// News from the store.
    pub(in crate::app) fn on_store(&mut self, event: StoreEvent, turn: &mut Turn<'_>) {
        match event {
            StoreEvent::Saved(saved) => {
                for saved in saved {
                    let at = self.conversations.position(saved.peer);
                    let mut open = at.and_then(|at| self.conversations.get_mut(at));
                    let folded = open.as_mut().and_then(|open| {
                        let message = open.saved(&saved)?;
                        self.search.iter_mut().for_each(|search| search.note(saved.peer, message));
                        Some(message.delivery.clone())
                    });
                    drop(open);
                    // It goes on being counted while it is written.
                    if let Some(delivery @ Delivery::Folded(_)) = folded {
                        let (row, at) = (saved.row, turn.now.wall.timestamp());
                        let update = StoreRequest::Update { row, at, delivery, waiting: false };
                        turn.out.push(Effect::Store(update));
                    }
                    self.landed(saved.id, saved.row, turn);
                }
            }
            StoreEvent::Unsaved(ids, fault) => {
                for (peer, id) in ids {
                    if let Some(mut open) = self.with_mut(peer) {
                        open.mark_unsaved(id, &fault);
                    }
                }
                *turn.notice = Some(Notice::NotSaved(fault));
            }
            // That messages are not saved is worse, and says why as well.
            StoreEvent::Failed(_) if matches!(turn.notice, Some(Notice::NotSaved(_))) => {}
            StoreEvent::Failed(fault) => *turn.notice = Some(Notice::NotRemembered(fault)),
            StoreEvent::Page(request, page) => self.read(request, page, turn),
            StoreEvent::Outbox(request, waiting) => self.outbox(request, waiting, turn),
            StoreEvent::Unreadable(request, fault) => {
                let asked = self.pages.remove(&request).and_then(|peer| self.with_mut(peer));
                let asked = asked.is_some_and(|mut open| open.unreadable(request))
                    || self.resending.take_if(|(asked, _)| *asked == request).is_some();
                if asked {
                    *turn.notice = Some(Notice::NotRead(fault));
                }
            }
            StoreEvent::External(changes) => self.merge(*changes, turn),
            StoreEvent::Found(..) | StoreEvent::Details(..) => {}
        }
    }

    fn read(&mut self, request: RequestId, page: Page, turn: &mut Turn<'_>) {
        // The world speaks of a message that is out under the id that it was sent with, and has the latest word on it.
        let flying =
            |(id, flight): (&MessageId, &Flight)| Some((flight.row?, (*id, flight.delivery.clone())));
        let mut flights: HashMap<RowId, (MessageId, Delivery)> =
            self.flights.iter().filter_map(flying).collect();
        self.pages.remove(&request);
        let Some(at) = self.conversations.position(page.peer) else { return };
        let messages = page.messages.into_iter().map(|stored| match flights.remove(&stored.row) {
            Some((id, delivery)) => Message { delivery, ..Message::stored(id, stored) },
            None => Message::stored(turn.ids.message(), stored),
        });
        let messages = messages.collect();
        if let Some(mut conversation) = self.conversations.get_mut(at) {
            conversation.answered(request, messages);
        }
    }

    /// Sees to it that what changed of the peers is given to the store soon.
    pub(super) fn keep(&mut self, turn: &mut Turn<'_>) {
        if let Some(mut conversation) = self.conversation_mut()
            && conversation.contact.draft != conversation.draft.text()
        {
            let draft = conversation.draft.text().to_owned();
            conversation.change(|contact| contact.draft = draft);
        }
        if self.keep_at.is_some_and(|at| at <= turn.now.instant) {
            self.keep_now(turn.ids, turn.out);
        } else if self.keep_at.is_none()
            && (self.conversations.first_changed().is_some() || self.orphan.text() != self.kept_orphan)
        {
            self.keep_at = Some(turn.now.instant + KEEP_WITHIN);
        }
    }

    /// Gives what changed of the peers to the store: each change by itself.
    pub(in crate::app) fn keep_now(&mut self, ids: &mut Ids, out: &mut Vec<Effect>) {
        self.keep_at = None;
        if self.orphan.text() != self.kept_orphan {
            let text = self.orphan.text().to_owned();
            let before = std::mem::replace(&mut self.kept_orphan, text.clone());
            out.push(Effect::Store(StoreRequest::Draft { before, text }));
        }
        while let Some(at) = self.conversations.first_changed() {
            let Some(mut conversation) = self.conversations.get_mut(at) else { return };
            let (request, peer) = (ids.request(), conversation.peer());
            let changes = conversation.give(request);
            drop(conversation);
            if !changes.is_empty() {
                out.push(Effect::Store(StoreRequest::Contact { request, peer, changes }));
            }
        }
    }

    /// Takes in what other programs stored. What is in front stays there.
    fn merge(&mut self, changes: ExternalChanges, turn: &mut Turn<'_>) {
        let ExternalChanges { after, up_to, peers, forgotten, recent } = changes;
        for change in recent {
            turn.learn(&change);
        }
        for peer in forgotten {
            self.forgotten_elsewhere(peer);
        }
        for mut changes in peers {
            let peer = changes.known.contact.peer;
            let Some(at) = self.position(peer) else {
                self.make_room();
                self.blocking.changed |= changes.known.contact.blocked;
                self.add(Conversation::known(changes.known));
                continue;
            };
            // The world has the latest word on what this program sent.
            changes
                .deliveries
                .retain(|(row, ..)| !self.flights.values().any(|flight| flight.row == Some(*row)));
            let watched = turn.watching && self.current == Some(at);
            let Some(mut conversation) = self.conversations.get_mut(at) else { continue };
            let before = conversation.contact.blocked;
            conversation.merge(changes, after, up_to, watched, turn.ids);
            let blocked = conversation.contact.blocked;
            drop(conversation);
            if blocked != before {
                self.blocking.note(peer, blocked, turn.now.instant);
            }
            self.touch_order();
        }
    }

    /// Another program forgot this peer. Where it is in front, or something is being written to it, it stays, empty: a
    /// text never changes hands by itself.
    fn forgotten_elsewhere(&mut self, peer: Peer) {
        let Some(at) = self.position(peer) else { return };
        let Some(conversation) = self.conversations.get(at) else { return };
        self.blocking.changed |= conversation.contact.blocked;
        if self.current == Some(at) || conversation.has_newer_draft() || conversation.unsaved() > 0 {
            self.conversations.get_mut(at).into_iter().for_each(|mut open| open.is_forgotten());
        } else {
            self.conversations.remove(at);
        }
        self.touch_order();
    }

    /// When something has to be given to the store.
    pub(in crate::app) fn deadline(&self) -> Option<std::time::Instant> {
        [self.keep_at, self.blocking.deadline()].into_iter().flatten().min()
    }
}
