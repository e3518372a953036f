//! One peer's conversation: its messages, its draft, what of it was read, and which part of it is in view.
//! Lays out no more of it than is looked at. Knows nothing of other conversations.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::field::Field;
use super::layout::Columns;
use crate::event::{Fault, MessageId};
use crate::text::Clean;
use crate::text::wrap::{Spaces, wrap};
use crate::wire::address::Endpoint;

/// Messages of one conversation that are kept in memory; of older ones only the number is.
const MESSAGE_LIMIT: usize = 20_000;
/// Bytes of text of one conversation that are kept: a datagram as shown can take four times its 65,507 bytes.
const BYTE_LIMIT: usize = 8 << 20;
/// Texts of ours that can be brought back with the Up key.
const RECALL_LIMIT: usize = 200;

/// Whom a conversation is with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Peer {
    /// Whoever answers at this UDP address.
    Address(SocketAddr),
}

/// A message of ours or of theirs.
#[derive(Debug, Clone)]
pub struct Message {
    /// When it was sent or received.
    pub at: Timestamp,
    /// What it says; may have several lines.
    pub text: Clean,
    /// Whose it is, and what became of it.
    pub delivery: Delivery,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It came from the peer.
    Received,
    /// Ours; on its way to the network.
    Sending(MessageId),
    /// Ours; handed to the network. Nobody can say more of a plain peer.
    Sent(MessageId),
    /// Ours; the peer's machine said that nobody listens.
    Refused(MessageId),
    /// Ours; it did not go out, and why.
    Failed(MessageId, Fault),
}

impl Delivery {
    fn id(&self) -> Option<MessageId> {
        match self {
            Self::Received => None,
            Self::Sending(id) | Self::Sent(id) | Self::Refused(id) | Self::Failed(id, _) => Some(*id),
        }
    }
}

/// Which part of the conversation is in view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scroll {
    /// The newest message is at the bottom, and stays there.
    #[default]
    Newest,
    /// This row is at the top, and stays there whatever comes.
    At(Anchor),
}

/// A row of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Anchor {
    message: usize,
    row: usize,
}

/// A row of the conversation's pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// Above the first message of a day.
    Day,
    /// Above the first message that was not read.
    Unread,
    /// A line of the text: a range of it, and whether it is the message's first.
    Text(Range<usize>, bool),
    /// What became of it, where that takes a line of its own.
    State,
}

/// What is in view.
#[derive(Debug, Clone)]
pub struct Window {
    /// The rows, each with the index of its message.
    pub rows: Vec<(usize, Row)>,
    /// Messages that end below the last row.
    pub below: usize,
}

/// A conversation with one peer.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// With whom.
    pub peer: Peer,
    /// What the user calls the peer, where that is not just the address.
    pub name: Option<Clean>,
    /// The newest of the messages, oldest first.
    pub messages: VecDeque<Message>,
    /// Older messages that are not kept any more.
    pub dropped: u64,
    /// Bytes of text in those that are.
    pub bytes: usize,
    /// Whether the user asked for it, by an address or a name.
    pub invited: bool,
    /// What is being written.
    pub draft: Field,
    /// What is in view.
    pub scroll: Scroll,
    /// Messages that were not read.
    pub unread: usize,
    /// The message above which the line stands that says how many are new.
    divider: Option<usize>,
    /// What we wrote, newest last.
    sent: VecDeque<String>,
    /// Which of these is in the draft's place, counted from the newest, and the draft itself.
    recalled: Option<(usize, String)>,
}

impl Conversation {
    /// An empty conversation.
    #[must_use]
    pub fn new(peer: Peer, name: Option<Clean>) -> Self {
        Self {
            peer,
            name,
            messages: VecDeque::new(),
            dropped: 0,
            bytes: 0,
            invited: false,
            draft: Field::default(),
            scroll: Scroll::Newest,
            unread: 0,
            divider: None,
            sent: VecDeque::new(),
            recalled: None,
        }
    }

    /// The peer's address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        let Peer::Address(address) = self.peer;
        address
    }

    /// Whether this address, as it was typed, leads to the peer.
    #[must_use]
    pub fn is_with(&self, endpoint: &Endpoint) -> bool {
        let address = Endpoint::from(self.address());
        let named = self.name.as_ref() == Some(&endpoint.host.shown());
        address == *endpoint || named && address.port == endpoint.port
    }

    /// What the peer is called on the screen.
    #[must_use]
    pub fn title(&self) -> String {
        self.name.as_ref().map_or_else(|| self.address().to_string(), ToString::to_string)
    }

    /// Whether the peer came by itself, and was never named, answered, or written to.
    #[must_use]
    pub fn is_strangers(&self) -> bool {
        !self.invited && self.sent.is_empty() && self.draft.is_empty()
    }

    /// A message came from the peer. Who watches the newest messages sees it at once.
    pub fn receive(&mut self, at: Timestamp, text: Clean, watched: bool) {
        self.push(Message { at, text, delivery: Delivery::Received });
        if watched && self.scroll == Scroll::Newest {
            return;
        }
        if self.unread == 0 {
            self.divider = Some(self.messages.len() - 1);
        }
        self.unread += 1;
    }

    /// A message of ours is on its way.
    pub fn send(&mut self, at: Timestamp, id: MessageId, written: String, text: Clean) {
        self.push(Message { at, text, delivery: Delivery::Sending(id) });
        self.divider = None;
        self.scroll = Scroll::Newest;
        self.recalled = None;
        if self.sent.len() == RECALL_LIMIT {
            self.sent.pop_front();
        }
        self.sent.push_back(written);
    }

    fn push(&mut self, message: Message) {
        self.bytes += message.text.len();
        self.messages.push_back(message);
        while self.messages.len() > MESSAGE_LIMIT || self.bytes > BYTE_LIMIT {
            self.drop_oldest();
        }
    }

    /// Keeps only the number of the oldest message. The view stays where it is.
    pub(super) fn drop_oldest(&mut self) {
        let Some(oldest) = self.messages.pop_front() else { return };
        self.bytes -= oldest.text.len();
        self.dropped += 1;
        self.divider = self.divider.and_then(|at| at.checked_sub(1));
        if let Scroll::At(anchor) = &mut self.scroll {
            match anchor.message.checked_sub(1) {
                Some(message) => anchor.message = message,
                None => anchor.row = 0,
            }
        }
    }

    /// What became of a message of ours. A refusal is the last word: it may come before the news that all was sent.
    pub fn deliver(&mut self, id: MessageId, delivery: &Delivery) -> bool {
        let Some(message) = self.messages.iter_mut().rev().find(|message| message.delivery.id() == Some(id))
        else {
            return false;
        };
        if !matches!(message.delivery, Delivery::Refused(_) | Delivery::Failed(..)) {
            message.delivery = delivery.clone();
        }
        true
    }

    /// Everything in view was seen.
    pub fn read(&mut self) {
        if self.scroll == Scroll::Newest {
            self.unread = 0;
        }
    }

    /// The user turns to another conversation: the next time, what is new then is marked, not what was new now.
    pub fn leave(&mut self) {
        if self.unread == 0 {
            self.divider = None;
        }
    }

    /// How many messages came since the divider.
    #[must_use]
    pub fn new_messages(&self) -> usize {
        self.divider.map_or(0, |at| {
            self.messages.iter().skip(at).filter(|message| message.delivery == Delivery::Received).count()
        })
    }

    /// Puts what was written before the text that is in the composer into the composer.
    pub fn recall_older(&mut self) {
        let next = self.recalled.as_ref().map_or(0, |(at, _)| at + 1);
        let Some(text) = self.sent.iter().rev().nth(next).cloned() else { return };
        let draft = self.recalled.take().map_or_else(|| self.draft.text().to_owned(), |(_, draft)| draft);
        self.draft.replace(&text);
        self.recalled = Some((next, draft));
    }

    /// The way back: at its end is the draft.
    pub fn recall_newer(&mut self) {
        let Some((at, draft)) = self.recalled.take() else { return };
        match at.checked_sub(1).and_then(|newer| Some((newer, self.sent.iter().rev().nth(newer)?.clone()))) {
            Some((newer, text)) => {
                self.draft.replace(&text);
                self.recalled = Some((newer, draft));
            }
            None => self.draft.replace(&draft),
        }
    }

    /// The rows of one message.
    fn rows_of(&self, index: usize, columns: &Columns, zone: &TimeZone) -> Vec<Row> {
        let Some(message) = self.messages.get(index) else { return Vec::new() };
        let mut rows = Vec::new();
        let day = |message: &Message| message.at.to_zoned(zone.clone()).date();
        let before = index.checked_sub(1).and_then(|before| self.messages.get(before));
        if before.is_none_or(|before| day(before) != day(message)) {
            rows.push(Row::Day);
        }
        if self.divider == Some(index) {
            rows.push(Row::Unread);
        }
        let lines = wrap(&message.text, usize::from(columns.text.1), Spaces::Hang);
        rows.extend(lines.into_iter().enumerate().map(|(nth, range)| Row::Text(range, nth == 0)));
        let own_line = match message.delivery {
            Delivery::Received => false,
            Delivery::Failed(..) => true,
            Delivery::Sending(_) | Delivery::Sent(_) | Delivery::Refused(_) => columns.state == 0,
        };
        if own_line {
            rows.push(Row::State);
        }
        rows
    }

    /// What is in view on so many rows.
    #[must_use]
    pub fn window(&self, columns: &Columns, zone: &TimeZone, height: usize) -> Window {
        let top = self.top(columns, zone, height);
        let mut rows = Vec::with_capacity(height);
        let mut message = top.message;
        let mut skip = top.row;
        while rows.len() < height && message < self.messages.len() {
            let mut own = self.rows_of(message, columns, zone).into_iter().skip(skip);
            rows.extend(own.by_ref().take(height - rows.len()).map(|row| (message, row)));
            if own.next().is_some() {
                break;
            }
            skip = 0;
            message += 1;
        }
        Window { rows, below: self.messages.len() - message }
    }

    /// The first row in view.
    fn top(&self, columns: &Columns, zone: &TimeZone, height: usize) -> Anchor {
        match self.scroll {
            // In a wider window the same message has fewer rows.
            Scroll::At(Anchor { message, row }) => {
                let last = self.rows_of(message, columns, zone).len().saturating_sub(1);
                Anchor { message, row: row.min(last) }
            }
            Scroll::Newest => self.newest_top(columns, zone, height),
        }
    }

    /// The first row in view when the newest message is at the bottom.
    fn newest_top(&self, columns: &Columns, zone: &TimeZone, height: usize) -> Anchor {
        let end = Anchor { message: self.messages.len(), row: 0 };
        self.back(end, height, columns, zone)
    }

    /// The row that is so many rows above this one, or the very first.
    fn back(&self, from: Anchor, rows: usize, columns: &Columns, zone: &TimeZone) -> Anchor {
        let mut left = rows;
        let mut at = from;
        loop {
            if at.row >= left {
                return Anchor { row: at.row - left, ..at };
            }
            left -= at.row;
            let Some(message) = at.message.checked_sub(1) else { return Anchor { message: 0, row: 0 } };
            at = Anchor { message, row: self.rows_of(message, columns, zone).len() };
        }
    }

    /// Scrolls so many rows up.
    pub fn scroll_up(&mut self, rows: usize, columns: &Columns, zone: &TimeZone, height: usize) {
        let top = self.top(columns, zone, height);
        let new = self.back(top, rows, columns, zone);
        // Where everything is in view already there is nothing to scroll.
        if new != top {
            self.scroll = Scroll::At(new);
        }
    }

    /// Scrolls so many rows down; at the end the newest message stays in view again.
    pub fn scroll_down(&mut self, rows: usize, columns: &Columns, zone: &TimeZone, height: usize) {
        let Scroll::At(mut at) = self.scroll else { return };
        at.row += rows;
        loop {
            let own = self.rows_of(at.message, columns, zone).len();
            if at.row < own || at.message >= self.messages.len() {
                break;
            }
            at = Anchor { message: at.message + 1, row: at.row - own };
        }
        let newest = self.newest_top(columns, zone, height);
        self.scroll = if at >= newest { Scroll::Newest } else { Scroll::At(at) };
    }

    /// Scrolls to the oldest message.
    pub fn scroll_to_oldest(&mut self, columns: &Columns, zone: &TimeZone, height: usize) {
        let oldest = Anchor { message: 0, row: 0 };
        if self.newest_top(columns, zone, height) != oldest {
            self.scroll = Scroll::At(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout;
    use super::*;
    use crate::text::clean_text;

    const HEIGHT: usize = 5;

    fn columns() -> Columns {
        layout::columns(60)
    }

    fn conversation(messages: usize) -> Conversation {
        let mut conversation = Conversation::new(Peer::Address(([127, 0, 0, 1], 9).into()), None);
        for number in 0..messages {
            conversation.receive(Timestamp::UNIX_EPOCH, clean_text(number.to_string().as_bytes()), true);
        }
        conversation
    }

    fn shown(conversation: &Conversation) -> Vec<String> {
        let window = conversation.window(&columns(), &TimeZone::UTC, HEIGHT);
        let text = |(message, row): &(usize, Row)| match row {
            Row::Text(range, _) => conversation.messages[*message].text[range.clone()].to_owned(),
            Row::Day | Row::Unread | Row::State => format!("{row:?}"),
        };
        window.rows.iter().map(text).collect()
    }

    #[test]
    fn the_newest_messages_are_in_view_and_stay_there() {
        let mut conversation = conversation(3);
        assert_eq!(shown(&conversation), ["Day", "0", "1", "2"]);
        for _ in 0..3 {
            conversation.receive(Timestamp::UNIX_EPOCH, clean_text(b"new"), false);
        }
        assert_eq!(shown(&conversation), ["2", "Unread", "new", "new", "new"]);
    }

    #[test]
    fn a_reader_who_scrolled_up_is_not_moved_by_what_comes() {
        let mut conversation = conversation(10);
        conversation.scroll_up(2, &columns(), &TimeZone::UTC, HEIGHT);
        let before = shown(&conversation);
        assert_eq!(before, ["3", "4", "5", "6", "7"]);
        conversation.receive(Timestamp::UNIX_EPOCH, clean_text(b"new"), false);
        conversation.read();
        assert_eq!(shown(&conversation), before);
        assert_eq!(conversation.window(&columns(), &TimeZone::UTC, HEIGHT).below, 3);
        assert_eq!(conversation.unread, 1);
    }

    #[test]
    fn a_message_that_goes_on_below_the_view_counts_as_below_it() {
        let mut conversation = conversation(2);
        conversation.receive(Timestamp::UNIX_EPOCH, clean_text(b"a\nb\nc\nd\ne"), true);
        conversation.scroll_up(1, &columns(), &TimeZone::UTC, HEIGHT);
        assert_eq!(shown(&conversation), ["1", "a", "b", "c", "d"]);
        assert_eq!(conversation.window(&columns(), &TimeZone::UTC, HEIGHT).below, 1);
    }

    #[test]
    fn what_comes_while_one_watches_is_not_new_and_what_comes_below_the_view_is() {
        let mut conversation = conversation(10);
        assert_eq!((conversation.unread, conversation.new_messages()), (0, 0));
        conversation.scroll_up(2, &columns(), &TimeZone::UTC, HEIGHT);
        conversation.receive(Timestamp::UNIX_EPOCH, clean_text(b"new"), true);
        assert_eq!((conversation.unread, conversation.new_messages()), (1, 1));
    }

    #[test]
    fn scrolling_up_and_down_ends_where_it_began() {
        let mut conversation = conversation(10);
        let end = shown(&conversation);
        conversation.scroll_up(100, &columns(), &TimeZone::UTC, HEIGHT);
        assert_eq!(shown(&conversation)[0], "Day");
        for _ in 0..100 {
            conversation.scroll_down(1, &columns(), &TimeZone::UTC, HEIGHT);
        }
        assert_eq!((shown(&conversation), conversation.scroll), (end, Scroll::Newest));
    }

    #[test]
    fn where_everything_is_in_view_nothing_scrolls() {
        let mut conversation = conversation(2);
        conversation.scroll_up(5, &columns(), &TimeZone::UTC, HEIGHT);
        conversation.scroll_to_oldest(&columns(), &TimeZone::UTC, HEIGHT);
        assert_eq!(conversation.scroll, Scroll::Newest);
    }

    #[test]
    fn of_the_oldest_messages_only_the_number_is_kept_and_the_view_does_not_move() {
        let mut conversation = conversation(MESSAGE_LIMIT);
        conversation.scroll_up(10, &columns(), &TimeZone::UTC, HEIGHT);
        let before = shown(&conversation);
        for _ in 0..5 {
            conversation.receive(Timestamp::UNIX_EPOCH, clean_text(b"new"), false);
        }
        assert_eq!((conversation.messages.len(), conversation.dropped), (MESSAGE_LIMIT, 5));
        assert_eq!(shown(&conversation), before);
    }

    #[test]
    fn long_messages_are_kept_by_their_bytes() {
        let mut conversation = conversation(0);
        for _ in 0..40 {
            conversation.receive(Timestamp::UNIX_EPOCH, clean_text(&vec![0xff; 65_507]), true);
        }
        assert!(conversation.bytes <= BYTE_LIMIT);
        assert_eq!((conversation.messages.len(), conversation.dropped), (BYTE_LIMIT / (4 * 65_507), 8));
    }

    #[test]
    fn a_view_that_was_scrolled_is_not_empty_in_a_wider_window() {
        let mut conversation = conversation(0);
        conversation.receive(Timestamp::UNIX_EPOCH, clean_text("word ".repeat(200).as_bytes()), true);
        conversation.scroll_up(2, &layout::columns(40), &TimeZone::UTC, HEIGHT);
        let wide = conversation.window(&layout::columns(200), &TimeZone::UTC, HEIGHT);
        assert!(!wide.rows.is_empty());
    }

    #[test]
    fn a_refusal_is_the_last_word_on_a_message() {
        let mut conversation = conversation(0);
        let id = MessageId(1);
        conversation.send(Timestamp::UNIX_EPOCH, id, "x".into(), clean_text(b"x"));
        assert!(conversation.deliver(id, &Delivery::Refused(id)));
        assert!(conversation.deliver(id, &Delivery::Sent(id)));
        assert_eq!(conversation.messages[0].delivery, Delivery::Refused(id));
        assert!(!conversation.deliver(MessageId(2), &Delivery::Sent(MessageId(2))));
    }

    #[test]
    fn what_was_written_comes_back_and_the_draft_after_it() {
        let mut conversation = conversation(0);
        for (id, text) in ["one", "two"].into_iter().enumerate() {
            let id = MessageId(id as u64);
            conversation.send(Timestamp::UNIX_EPOCH, id, text.into(), clean_text(text.as_bytes()));
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
}
