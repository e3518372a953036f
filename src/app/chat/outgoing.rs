//! What becomes of our messages: on their way, out, refused, and sent again where the user asks for it. Never sends
//! anything again by itself.

use super::Chat;
use crate::app::Turn;
use crate::app::message::Message;
use crate::effect::{Effect, StoreRequest};
use crate::event::{Delivery, MessageId, RequestId, RowId, Stored};
use crate::wire::peer::Peer;

/// Messages of which news is waited for. Of one that is long out none comes any more.
const FLIGHT_LIMIT: usize = 4096;

/// A message that is on its way, or out.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    peer: Peer,
    /// Where it is on disk.
    pub(super) row: Option<RowId>,
    /// What is known of it.
    pub(super) delivery: Delivery,
}

impl Flight {
    /// To whom.
    pub(super) fn peer(&self) -> Peer {
        self.peer
    }
}

impl Chat {
    /// Sends a text to the peer in front.
    pub(super) fn post(&mut self, text: String, turn: &mut Turn<'_>) {
        let Some(mut conversation) = self.conversation_mut() else { return };
        let peer = conversation.peer();
        let message = Message::written(turn.ids.message(), turn.now.wall.timestamp(), &text);
        let id = message.id;
        turn.out.push(Effect::Store(StoreRequest::Save(Box::new(message.to_keep(peer)))));
        conversation.send(message);
        drop(conversation);
        self.touch_order();
        self.launch(id, Flight { peer, row: None, delivery: Delivery::Queued }, text, turn);
    }

    fn launch(&mut self, id: MessageId, flight: Flight, text: String, turn: &mut Turn<'_>) {
        turn.out.push(Effect::Send { id, to: flight.peer, text });
        self.flights.insert(id, flight);
        while self.flights.len() > FLIGHT_LIMIT {
            self.flights.pop_first();
        }
    }

    /// News of a message of ours. A refusal is the last word: it may come before the news that all was sent. News of
    /// what nobody remembers is dropped.
    pub(super) fn deliver(&mut self, id: MessageId, delivery: &Delivery, turn: &mut Turn<'_>) {
        let Some(flight) = self.flights.get_mut(&id) else { return };
        if flight.delivery.is_undelivered() {
            return;
        }
        flight.delivery = delivery.clone();
        let (peer, row) = (flight.peer, flight.row);
        let Some(mut conversation) = self.with_mut(peer) else { return };
        if let Some(message) = conversation.message_mut(id) {
            message.delivery = delivery.clone();
        }
        conversation.waiting += usize::from(delivery.is_undelivered());
        drop(conversation);
        if let Some(row) = row {
            turn.out.push(update(row, delivery, turn));
        }
    }

    /// A message of ours is on disk, as what it was when it was written there.
    pub(super) fn landed(&mut self, id: MessageId, row: RowId, turn: &mut Turn<'_>) {
        let Some(flight) = self.flights.get_mut(&id) else { return };
        flight.row = Some(row);
        if flight.delivery != Delivery::Queued {
            let delivery = flight.delivery.clone();
            turn.out.push(update(row, &delivery, turn));
        }
    }

    /// Sends the messages again that did not get through to the peer in front: those on disk, as soon as they are read.
    pub(in crate::app) fn resend_all(&mut self, turn: &mut Turn<'_>) {
        let Some(conversation) = self.conversation() else { return };
        if conversation.waiting == 0 {
            return;
        }
        let peer = conversation.peer();
        // What is not on disk is here.
        let mut here: Vec<MessageId> = Vec::new();
        for message in conversation.newest() {
            if message.row.is_none() && message.delivery.is_undelivered() {
                here.push(message.id);
            }
        }
        for id in here {
            self.resend(peer, id, turn);
        }
        let request = turn.ids.request();
        self.resending = Some((request, peer));
        turn.out.push(Effect::Store(StoreRequest::Outbox { request, peer }));
    }

    /// Sends the selected message again, if it is one that did not get through.
    pub(in crate::app) fn resend_selected(&mut self, turn: &mut Turn<'_>) {
        let Some(conversation) = self.conversation() else { return };
        let (peer, selected) = (conversation.peer(), conversation.selected_message());
        if let Some(id) =
            selected.filter(|message| message.delivery.is_undelivered()).map(|message| message.id)
        {
            self.resend(peer, id, turn);
        }
    }

    /// Sends a message in memory again, under a new id: what comes late of the first time is not about this time.
    fn resend(&mut self, peer: Peer, id: MessageId, turn: &mut Turn<'_>) {
        let Some(mut conversation) = self.with_mut(peer) else { return };
        let Some(message) = conversation.message_mut(id) else { return };
        let (row, text) = (message.row, message.exact().into_owned());
        // One that the store still tries to keep goes by its first id there.
        let again = if row.is_some() { turn.ids.message() } else { id };
        (message.id, message.delivery) = (again, Delivery::Queued);
        conversation.waiting = conversation.waiting.saturating_sub(1);
        drop(conversation);
        self.again(again, row, peer, text, turn);
    }

    fn again(&mut self, id: MessageId, row: Option<RowId>, peer: Peer, text: String, turn: &mut Turn<'_>) {
        if let Some(row) = row {
            turn.out.push(update(row, &Delivery::Queued, turn));
        }
        if let Some(mut conversation) = self.with_mut(peer).filter(|conversation| conversation.waiting == 0) {
            conversation.is_back = false;
        }
        self.launch(id, Flight { peer, row, delivery: Delivery::Queued }, text, turn);
    }

    /// What waits on disk to be sent again.
    pub(super) fn outbox(&mut self, request: RequestId, waiting: Vec<Stored>, turn: &mut Turn<'_>) {
        let Some((_, peer)) = self.resending.take_if(|(asked, _)| *asked == request) else { return };
        for stored in waiting {
            // It may be on its way again since the store was asked.
            let under_way =
                |flight: &Flight| flight.row == Some(stored.row) && !flight.delivery.is_undelivered();
            if self.flights.values().any(under_way) {
                continue;
            }
            let Some(mut conversation) = self.with_mut(peer) else { return };
            let here = conversation.all_mut().find(|message| message.row == Some(stored.row));
            if let Some(id) = here.map(|message| message.id) {
                drop(conversation);
                self.resend(peer, id, turn);
                continue;
            }
            conversation.waiting = conversation.waiting.saturating_sub(1);
            drop(conversation);
            let (id, row) = (turn.ids.message(), stored.row);
            let text = Message::stored(id, stored).exact().into_owned();
            self.again(id, Some(row), peer, text, turn);
        }
    }
}

fn update(row: RowId, delivery: &Delivery, turn: &Turn<'_>) -> Effect {
    let (at, waiting) = (turn.now.wall.timestamp(), delivery.is_undelivered());
    Effect::Store(StoreRequest::Update { row, at, delivery: delivery.clone(), waiting })
}
