//! One peer's conversation: its messages, its draft, what of it was read, and what waits to be sent again. Knows
//! nothing of other conversations.

use std::collections::VecDeque;
use std::net::SocketAddr;

use jiff::{SignedDuration, Timestamp};

use super::field::Field;
use super::message::Message;
use crate::effect::{Contact, ContactChange, Known, PAGE, Part};
use crate::event::{Delivery, Fault, MessageId, RequestId, RowId, Saved};
use crate::text::Clean;
use crate::text::find::Query;
use crate::wire::address::Endpoint;
use crate::wire::peer::Peer;

mod external;
mod loaded;
mod recall;
mod scroll;

use loaded::Loaded;
use recall::Recalled;
pub use scroll::{Pane, Row, Scroll, Window};

/// How long messages of which nothing is kept are counted in the same place.
const FOLD_FOR: SignedDuration = SignedDuration::from_secs(60);

/// A conversation with one peer.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// With whom, and what the user wants of it.
    pub contact: Contact,
    /// What is being written.
    pub draft: Field,
    /// What is in view.
    pub scroll: Scroll,
    /// The message that is selected, by its number.
    pub selected: Option<u64>,
    /// Messages of the peer's that were not read.
    pub unread: usize,
    /// Messages of ours that did not get through, and wait to be sent again.
    pub waiting: usize,
    /// Whether the peer wrote while some wait.
    pub is_back: bool,
    /// The newest message of the peer's own: its number, and when it came.
    pub heard: Option<(u64, Timestamp)>,
    /// When the newest message was sent or received.
    pub latest: Option<Timestamp>,
    /// Datagrams that came while the peer was blocked, those that are held back among them.
    pub blocked: u64,
    loaded: Loaded,
    /// When the peer last sent more than is kept.
    flooded: Option<Timestamp>,
    /// The first message that was new when the conversation came to the front, and how many are new since.
    divider: Option<(u64, usize)>,
    /// A message that is to be in view as soon as it is in memory.
    jump: Option<u64>,
    /// The words in that message that are to be in view.
    sought: Query,
    /// The conversation just came to the front.
    arriving: bool,
    /// What is kept of the peer is not what was last given to the store.
    pub(super) changed: bool,
    /// What is kept of the peer as far as this program knows: as it was read, or given to the store.
    stored: Contact,
    /// Of each field the last change that was given to the store, and may not be on disk yet.
    given: Vec<(RequestId, ContactChange)>,
    /// What was sent, and is in the draft's place.
    recalled: Option<Recalled>,
}

impl Conversation {
    /// An empty conversation.
    #[must_use]
    pub fn new(peer: Peer) -> Self {
        Self::known(Known {
            contact: Contact::new(peer),
            newest: 0,
            latest: None,
            heard: None,
            unread: 0,
            waiting: 0,
        })
    }

    /// A conversation of earlier runs.
    #[must_use]
    pub fn known(known: Known) -> Self {
        let Known { contact, newest, latest, heard, unread, waiting } = known;
        Self {
            draft: Field::with(&contact.draft),
            divider: (unread > 0).then_some((contact.read + 1, unread)),
            stored: contact.clone(),
            given: Vec::new(),
            contact,
            scroll: Scroll::Newest,
            selected: None,
            unread,
            waiting,
            is_back: false,
            heard,
            latest,
            blocked: 0,
            loaded: Loaded::up_to(newest),
            flooded: None,
            jump: None,
            sought: Query::default(),
            arriving: false,
            changed: false,
            recalled: None,
        }
    }

    /// With whom.
    #[must_use]
    pub fn peer(&self) -> Peer {
        self.contact.peer
    }

    /// The peer's address; none where it is everyone.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.peer().address()
    }

    /// What the user calls the peer, where that is not just the address.
    #[must_use]
    pub fn name(&self) -> Option<&Clean> {
        self.contact.name.as_ref()
    }

    /// The messages that are looked at, oldest first: the newest, or a part further back while that is read.
    #[must_use]
    pub fn messages(&self) -> &VecDeque<Message> {
        self.loaded.view()
    }

    /// Whether there is no message at all, neither here nor on disk.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.loaded.newest() == 0
    }

    /// How many messages there are, here and on disk.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.loaded.newest()
    }

    /// Messages that were let go without being on disk.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.loaded.dropped()
    }

    /// Bytes of messages in memory.
    pub(super) fn bytes(&self) -> usize {
        self.loaded.bytes()
    }

    /// Messages in memory that are not on disk.
    pub(super) fn unsaved(&self) -> u64 {
        self.loaded.tail().iter().filter(|message| message.row.is_none()).count() as u64
    }

    /// Whether a part of it is still to come from the disk.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        self.loaded.is_waiting()
    }

    /// Changes what is kept of the peer.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Contact)) {
        let before = self.contact.clone();
        change(&mut self.contact);
        self.changed |= before != self.contact;
    }

    /// Whether this address, as it was typed, leads to the peer.
    #[must_use]
    pub fn is_with(&self, endpoint: &Endpoint) -> bool {
        let named = self.name() == Some(&endpoint.host.shown());
        Peer::literal(endpoint) == Some(self.peer())
            || self.address().is_some_and(|address| Endpoint::from(address) == *endpoint)
            || named && self.peer().port() == endpoint.port
    }

    /// What the peer is called on the screen.
    #[must_use]
    pub fn title(&self) -> String {
        self.name().map_or_else(|| self.peer().to_string(), ToString::to_string)
    }

    /// What a search for the peer looks through.
    pub(super) fn sought(&self) -> String {
        format!("{} {}", self.title(), self.peer())
    }

    /// Whether the peer came by itself, and the user has done nothing about it but read.
    #[must_use]
    pub fn is_strangers(&self) -> bool {
        self.is_untouched() && self.draft.is_empty()
    }

    /// A message came from the peer. Who watches the newest messages sees it at once; otherwise it is unread.
    pub fn receive(&mut self, message: Message, watched: bool) {
        let at = message.at;
        let counts = message.delivery == Delivery::Received;
        let nth = self.push(message);
        if !counts {
            return;
        }
        self.heard = Some((nth, at));
        self.is_back = self.waiting > 0;
        if watched && self.is_caught_up() {
            return self.see_all();
        }
        self.unread += 1;
        match &mut self.divider {
            Some((_, count)) if self.unread > 1 => *count += 1,
            Some(_) | None => self.divider = Some((nth, 1)),
        }
    }

    /// A message of ours is on its way.
    pub fn send(&mut self, message: Message) {
        self.push(message);
        self.divider = None;
        self.recalled = None;
        self.show_newest();
        self.change(|contact| contact.invited = true);
    }

    /// So many more messages came of which nothing is kept: those of a minute are counted in one place. Where that is on
    /// disk, and what it says now; `None` where there is no such place yet.
    pub(super) fn fold(&mut self, now: Timestamp, more: u64) -> Option<(Option<RowId>, Delivery)> {
        let recent = |message: &Message| now.duration_since(message.at) < FOLD_FOR;
        let mut newest = self.loaded.all_mut().take_while(|message| recent(message));
        newest.find_map(|message| {
            let Delivery::Folded(count) = &mut message.delivery else { return None };
            *count += more;
            Some((message.row, message.delivery.clone()))
        })
    }

    /// The peer sent more than is kept: whether it did not just do so before.
    pub(super) fn begins_to_flood(&mut self, now: Timestamp) -> bool {
        self.flooded.replace(now).is_none_or(|last| now.duration_since(last) >= FOLD_FOR)
    }

    fn push(&mut self, message: Message) -> u64 {
        self.latest = Some(message.at);
        let reading = self.scroll != Scroll::Newest;
        self.loaded.push(message, reading)
    }

    /// Lets the oldest message in memory go. The view stays where it is.
    pub(super) fn drop_oldest(&mut self) {
        self.loaded.drop_oldest();
    }

    /// Lets go what can be read again, while nobody looks.
    pub(super) fn let_go(&mut self) {
        if self.scroll == Scroll::Newest {
            self.loaded.let_go(PAGE, PAGE / 2);
        }
    }

    /// The message that the world speaks of, where it is in memory.
    pub(super) fn message_mut(&mut self, id: MessageId) -> Option<&mut Message> {
        self.loaded.all_mut().find(|message| message.id == id)
    }

    /// The messages in memory, the newest first.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        self.loaded.all_mut()
    }

    /// The newest messages in memory, oldest first.
    pub(super) fn newest(&self) -> &VecDeque<Message> {
        self.loaded.tail()
    }

    /// Whether the peer has written since this message of ours went out: all that a plain peer can say of it.
    #[must_use]
    pub fn was_heard_since(&self, message: &Message) -> bool {
        message.delivery == Delivery::Sent && self.heard.is_some_and(|(nth, _)| nth > message.nth)
    }

    /// A message is on disk; what is known of it by now, where that is not what was written there.
    pub(super) fn saved(&mut self, saved: &Saved) -> Option<&Message> {
        let newest = self.loaded.newest();
        self.loaded.saved(saved)?;
        let further = self.loaded.newest() - newest;
        if further > 0 {
            self.shift(saved.nth - further, further);
        }
        self.loaded.tail().iter().rev().find(|message| message.id == saved.id)
    }

    /// A message is not on disk, and why.
    pub(super) fn mark_unsaved(&mut self, id: MessageId, fault: &Fault) -> bool {
        let message = self.message_mut(id);
        message.map(|message| message.unsaved = Some(fault.clone())).is_some()
    }

    /// The part of the conversation that was asked for.
    pub(super) fn answered(&mut self, request: RequestId, page: VecDeque<Message>) -> bool {
        let Some(part) = self.loaded.answered(request, page) else { return false };
        if let (Part::Around(_), Some(nth)) = (part, self.jump) {
            // Where it is not there any more, the one that took its place is looked at.
            self.jump = self.messages().get(self.loaded.place_of(nth)).map(|message| message.nth);
        }
        true
    }

    /// The part that was asked for cannot be read.
    pub(super) fn unreadable(&mut self, request: RequestId) -> bool {
        let mine = self.loaded.unreadable(request);
        if mine {
            self.jump = None;
        }
        mine
    }

    /// Everything was seen.
    pub(super) fn see_all(&mut self) {
        self.unread = 0;
        let newest = self.loaded.newest();
        if self.contact.read < newest {
            self.change(|contact| contact.read = newest);
        }
    }

    /// Everything up to this message was seen.
    fn see(&mut self, nth: u64) {
        if nth >= self.loaded.newest() {
            return self.see_all();
        }
        let read = self.contact.read;
        if nth > read {
            self.unread = self.unread.saturating_sub(self.loaded.received_between(read, nth));
            self.change(|contact| contact.read = nth);
        }
    }

    /// The user turns to this conversation.
    pub(super) fn arrive(&mut self) {
        self.arriving = self.unread > 0;
    }

    /// The user turns to another conversation: the next time, what is new then is marked, not what was new now.
    pub(super) fn leave(&mut self) {
        self.selected = None;
        self.divider = (self.unread > 0).then_some((self.contact.read + 1, self.unread));
        self.let_go();
    }

    /// How many messages came since the divider.
    #[must_use]
    pub fn new_messages(&self) -> usize {
        self.divider.map_or(0, |(_, count)| count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation() -> Conversation {
        Conversation::new(Peer::Address(([127, 0, 0, 1], 9).into()))
    }

    fn written(id: u64, text: &str) -> Message {
        Message::written(MessageId(id), Timestamp::UNIX_EPOCH, text)
    }

    #[test]
    fn what_was_written_comes_back_and_the_draft_after_it() {
        let mut conversation = conversation();
        for (id, text) in ["one", "two"].into_iter().enumerate() {
            conversation.send(written(id as u64, text));
        }
        conversation.draft.replace("draft");
        let mut seen = Vec::new();
        for older in [true, true, true, false, false, false] {
            if older {
                conversation.recall_older();
            } else {
                conversation.recall_newer();
            }
            seen.push(conversation.draft.text().to_owned());
        }
        assert_eq!(seen, ["two", "one", "one", "two", "draft", "draft"]);
    }

    #[test]
    fn what_was_written_comes_back_byte_by_byte() {
        let mut conversation = conversation();
        conversation.send(written(1, "a\tb\u{200b}\nc"));
        conversation.recall_older();
        assert_eq!(conversation.draft.text(), "a\tb\u{200b}\nc");
    }

    #[test]
    fn messages_that_are_not_on_disk_are_only_let_go_where_there_are_too_many_and_are_counted() {
        let mut conversation = conversation();
        for id in 0..20_005 {
            conversation.receive(Message { delivery: Delivery::Received, ..written(id, "x") }, false);
        }
        assert_eq!((conversation.messages().len(), conversation.dropped()), (20_000, 5));
        for id in 0..40 {
            let long = "x".repeat(300_000);
            conversation.receive(Message { delivery: Delivery::Received, ..written(id, &long) }, false);
        }
        assert!(conversation.bytes() <= 8 << 20);
    }

    #[test]
    fn a_peer_has_been_heard_since_what_was_sent_before_its_newest_message() {
        let mut conversation = conversation();
        let sent = |id| Message { delivery: Delivery::Sent, ..written(id, "x") };
        conversation.send(sent(1));
        conversation.receive(Message { delivery: Delivery::Received, ..written(2, "y") }, false);
        conversation.send(sent(3));
        let heard: Vec<bool> =
            conversation.messages().iter().map(|message| conversation.was_heard_since(message)).collect();
        assert_eq!(heard, [true, false, false]);
    }

    #[test]
    fn what_is_folded_within_a_minute_is_counted_in_one_place() {
        let mut conversation = conversation();
        let second = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        assert_eq!(conversation.fold(second(0), 5), None);
        conversation.receive(Message::folded(MessageId(1), second(0), 5), false);
        conversation
            .receive(Message { delivery: Delivery::Received, at: second(1), ..written(2, "y") }, false);
        assert_eq!(conversation.fold(second(59), 7), Some((None, Delivery::Folded(12))));
        assert_eq!(conversation.fold(second(60), 1), None);
        assert_eq!(conversation.unread, 1);
    }
}
