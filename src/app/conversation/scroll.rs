//! Which part of a conversation is in view, and how it moves. Lays out no more than is looked at.

use std::ops::Range;

use jiff::tz::TimeZone;

use super::Conversation;
use crate::app::layout::Columns;
use crate::app::message::Message;
use crate::effect::Part;
use crate::event::{Delivery, RequestId};
use crate::text::find::Query;
use crate::text::wrap::{Spaces, wrap};

/// Which part of the conversation is in view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scroll {
    /// The newest message is at the bottom, and stays there.
    #[default]
    Newest,
    /// This row is at the top, and stays there whatever comes.
    At(Anchor),
}

impl Scroll {
    /// Changes the number of the message at the top.
    pub(super) fn shift(&mut self, shift: impl Fn(&mut u64)) {
        if let Self::At(anchor) = self {
            shift(&mut anchor.nth);
        }
    }
}

/// A row of a message, which is named by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    nth: u64,
    row: usize,
}

/// A row of a message, which is named by its place among those in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
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
    /// How many messages came of which nothing is kept.
    Folded(u64),
    /// What became of it, where that takes a line of its own.
    State,
}

/// What is in view.
#[derive(Debug, Clone)]
pub struct Window {
    /// The rows, each with the index of its message.
    pub rows: Vec<(usize, Row)>,
    /// Messages that end below the last row.
    pub below: u64,
    /// The last message that ends in view, by its number.
    seen: u64,
}

/// The pane in which a conversation is shown.
#[derive(Debug, Clone, Copy)]
pub struct Pane<'a> {
    /// Its columns.
    pub columns: &'a Columns,
    /// The time zone, which says where a day ends.
    pub zone: &'a TimeZone,
    /// Its rows.
    pub height: usize,
}

impl Conversation {
    /// The rows of one message.
    fn rows_of(&self, index: usize, pane: Pane<'_>) -> Vec<Row> {
        let messages = self.messages();
        let Some(message) = messages.get(index) else { return Vec::new() };
        let mut rows = Vec::new();
        let day = |message: &Message| message.at.to_zoned(pane.zone.clone()).date();
        let before = index.checked_sub(1).and_then(|before| messages.get(before));
        if before.is_none_or(|before| day(before) != day(message)) {
            rows.push(Row::Day);
        }
        if self
            .divider
            .is_some_and(|(nth, _)| nth <= message.nth && before.is_none_or(|before| before.nth < nth))
        {
            rows.push(Row::Unread);
        }
        if let Delivery::Folded(count) = message.delivery {
            rows.push(Row::Folded(count));
            return rows;
        }
        let lines = wrap(&message.text, usize::from(pane.columns.text.1), Spaces::Hang);
        rows.extend(lines.into_iter().enumerate().map(|(nth, range)| Row::Text(range, nth == 0)));
        if self.states_itself(message, pane.columns) {
            rows.push(Row::State);
        }
        rows
    }

    /// Whether what became of a message takes a line of its own.
    #[must_use]
    pub fn states_itself(&self, message: &Message, columns: &Columns) -> bool {
        let narrow = columns.state == 0;
        match message.delivery {
            Delivery::Failed(_) => true,
            Delivery::Refused => narrow || message.unsaved.is_some(),
            Delivery::Queued | Delivery::Sent => narrow,
            Delivery::Received => narrow && (message.unsaved.is_some() || message.broadcast),
            Delivery::Folded(_) => false,
        }
    }

    /// What is in view on the pane. Where messages follow below it the last row is left free, to say so.
    #[must_use]
    pub fn window(&self, pane: Pane<'_>) -> Window {
        let window = self.rows_in_view(pane);
        if window.below > 0 {
            return self.rows_in_view(Pane { height: pane.height.saturating_sub(1), ..pane });
        }
        window
    }

    fn rows_in_view(&self, pane: Pane<'_>) -> Window {
        let messages = self.messages();
        let top = self.top(pane);
        let mut rows = Vec::with_capacity(pane.height);
        let mut message = top.message;
        let mut skip = top.row;
        while rows.len() < pane.height && message < messages.len() {
            let mut own = self.rows_of(message, pane).into_iter().skip(skip);
            rows.extend(own.by_ref().take(pane.height - rows.len()).map(|row| (message, row)));
            if own.next().is_some() {
                break;
            }
            skip = 0;
            message += 1;
        }
        let seen = message.checked_sub(1).and_then(|last| messages.get(last)).map_or(0, |last| last.nth);
        Window { rows, below: self.loaded.after(message), seen }
    }

    /// The first row in view.
    fn top(&self, pane: Pane<'_>) -> Place {
        match self.scroll {
            // In a wider window the same message has fewer rows.
            Scroll::At(Anchor { nth, row }) => {
                let message = self.loaded.place_of(nth);
                let last = self.rows_of(message, pane).len().saturating_sub(1);
                Place { message, row: row.min(last) }
            }
            Scroll::Newest => self.newest_top(pane),
        }
    }

    /// The first row in view when the last message in memory is at the bottom.
    fn newest_top(&self, pane: Pane<'_>) -> Place {
        let end = Place { message: self.messages().len(), row: 0 };
        self.back(end, pane.height, pane)
    }

    /// The row that is so many rows above this one, or the very first.
    fn back(&self, from: Place, rows: usize, pane: Pane<'_>) -> Place {
        let mut left = rows;
        let mut at = from;
        loop {
            if at.row >= left {
                return Place { row: at.row - left, ..at };
            }
            left -= at.row;
            let Some(message) = at.message.checked_sub(1) else { return Place { message: 0, row: 0 } };
            at = Place { message, row: self.rows_of(message, pane).len() };
        }
    }

    fn anchor(&self, place: Place) -> Scroll {
        let nth = self.messages().get(place.message).map_or(self.loaded.newest() + 1, |message| message.nth);
        Scroll::At(Anchor { nth, row: place.row })
    }

    /// Scrolls so many rows up.
    pub fn scroll_up(&mut self, rows: usize, pane: Pane<'_>) {
        self.loaded.retry();
        let top = self.top(pane);
        let new = self.back(top, rows, pane);
        // Where everything is in view already there is nothing to scroll.
        if new != top {
            self.scroll = self.anchor(new);
        }
    }

    /// Scrolls so many rows down; at the end the newest message stays in view again.
    pub fn scroll_down(&mut self, rows: usize, pane: Pane<'_>) {
        self.loaded.retry();
        let Scroll::At(_) = self.scroll else { return };
        let mut at = self.top(pane);
        at.row += rows;
        loop {
            let own = self.rows_of(at.message, pane).len();
            if at.row < own || at.message >= self.messages().len() {
                break;
            }
            at = Place { message: at.message + 1, row: at.row - own };
        }
        let last = self.newest_top(pane);
        self.scroll = match at >= last {
            true if self.loaded.is_at_newest() => Scroll::Newest,
            true => self.anchor(last),
            false => self.anchor(at),
        };
    }

    /// Scrolls to the oldest message there is, as soon as it is in memory.
    pub fn scroll_to_oldest(&mut self, pane: Pane<'_>) {
        self.loaded.retry();
        let oldest = self.messages().front().map(|oldest| oldest.nth);
        if oldest.is_none_or(|nth| nth > 1) {
            self.jump = Some(1);
        } else if self.newest_top(pane) != (Place { message: 0, row: 0 }) || !self.loaded.is_at_newest() {
            self.scroll = self.anchor(Place { message: 0, row: 0 });
        }
    }

    /// Back to the newest message.
    pub fn show_newest(&mut self) {
        self.loaded.retry();
        self.loaded.show_newest();
        self.scroll = Scroll::Newest;
        self.jump = None;
    }

    /// Brings a message into view, as soon as it is in memory, and selects it.
    pub fn reveal(&mut self, nth: u64) {
        self.loaded.retry();
        self.selected = Some(nth);
        self.jump = Some(nth);
        self.sought = Query::default();
    }

    /// The same for the line of a long message in which these words are.
    pub(in crate::app) fn reveal_words(&mut self, nth: u64, words: &Query) {
        self.reveal(nth);
        self.sought = words.clone();
    }

    /// The row of a message in which the words are that are sought, or its first.
    fn row_sought(&self, place: usize, pane: Pane<'_>) -> usize {
        let found = self.messages().get(place).map(|message| self.sought.matches(&message.text));
        let Some(first) = found.and_then(|found| found.first().map(|first| first.start)) else { return 0 };
        let rows = self.rows_of(place, pane);
        let has = |row: &Row| matches!(row, Row::Text(range, _) if range.end > first);
        rows.iter().position(has).unwrap_or(0)
    }

    /// Selects the message before (`true`) or after the selected one, and keeps it in view. What of a message is not in
    /// view comes first.
    pub fn select_next(&mut self, up: bool, pane: Pane<'_>) {
        let window = self.window(pane);
        let (Some((first, _)), Some((last, _))) = (window.rows.first(), window.rows.last()) else { return };
        let (first, last) = (*first, *last);
        let visible = |place: usize| (first..=last).contains(&place);
        let selected = self.selected.map(|nth| self.loaded.place_of(nth)).filter(|place| visible(*place));
        let Some(at) = selected else {
            // Nothing in view is selected: begin at the end that is nearer to where one comes from.
            return self.select_place(if up { last } else { first });
        };
        let cut = self.cut(at, &window, pane);
        match (up, cut) {
            (true, (true, _)) => self.scroll_up(1, pane),
            (false, (_, true)) => self.scroll_down(1, pane),
            (true, _) => self.step_to(at.checked_sub(1), up, pane),
            (false, _) => self.step_to(Some(at + 1), up, pane),
        }
    }

    /// Whether a message begins above the view, and whether it ends below it.
    fn cut(&self, place: usize, window: &Window, pane: Pane<'_>) -> (bool, bool) {
        let own = self.rows_of(place, pane);
        let shown: Vec<&Row> =
            window.rows.iter().filter(|(at, _)| *at == place).map(|(_, row)| row).collect();
        (own.first() != shown.first().copied(), own.last() != shown.last().copied())
    }

    fn step_to(&mut self, place: Option<usize>, up: bool, pane: Pane<'_>) {
        let Some(place) = place.filter(|place| *place < self.messages().len()) else {
            // At the ends there is nothing more to select, but perhaps some rows to see.
            return if up { self.scroll_up(1, pane) } else { self.scroll_down(pane.height, pane) };
        };
        self.select_place(place);
        for _ in 0..self.rows_of(place, pane).len().min(pane.height) {
            let window = self.window(pane);
            match (up, self.cut(place, &window, pane)) {
                (true, (true, _)) => self.scroll_up(1, pane),
                (false, (false, true)) => self.scroll_down(1, pane),
                (_, (true, _)) if window.rows.iter().all(|(at, _)| *at != place) => self.scroll_down(1, pane),
                (_, _) => return,
            }
        }
    }

    /// Selects the message at this place of those in memory.
    pub fn select_place(&mut self, place: usize) {
        self.selected = self.messages().get(place).map(|message| message.nth);
    }

    /// The message that is selected, where it is in memory.
    #[must_use]
    pub fn selected_message(&self) -> Option<&Message> {
        let nth = self.selected?;
        self.messages().get(self.loaded.place_of(nth)).filter(|message| message.nth == nth)
    }

    /// Moves the view to where it has to go, as far as that is in memory.
    pub(in crate::app) fn settle(&mut self, pane: Pane<'_>) {
        if self.arriving && !self.loaded.is_waiting() && self.wanted(pane.height).is_none() {
            self.arriving = false;
            let first = self.divider.map(|(nth, _)| nth).filter(|_| self.unread > 0);
            let fits = |nth: &u64| self.loaded.place_of(*nth) >= self.newest_top(pane).message;
            if self.scroll == Scroll::Newest && self.jump.is_none() {
                // More new messages than there is room for are read from the first one on.
                self.jump = first.filter(|nth| !fits(nth));
            }
        }
        let Some(nth) = self.jump else { return };
        let place = self.loaded.place_of(nth);
        if self.messages().get(place).is_none_or(|message| message.nth != nth) {
            return;
        }
        self.jump = None;
        // What was looked for is in the middle, what is to be read at the top.
        let above = if self.selected == Some(nth) { pane.height / 2 } else { 0 };
        let row = if above > 0 { self.row_sought(place, pane) } else { 0 };
        let top = self.back(Place { message: place, row }, above, pane);
        self.scroll = if top >= self.newest_top(pane) && self.loaded.is_at_newest() {
            Scroll::Newest
        } else {
            self.anchor(top)
        };
    }

    /// What has to be read from disk for what is in view, or is to be.
    pub(in crate::app) fn wanted(&mut self, height: usize) -> Option<Part> {
        let messages = self.messages();
        if let Some(nth) = self.jump {
            let there = messages.get(self.loaded.place_of(nth)).is_some_and(|message| message.nth == nth);
            if !there {
                return self.loaded.wanted_around(nth);
            }
        }
        // Each message has a row at least.
        let top = match self.scroll {
            Scroll::At(anchor) => self.loaded.place_of(anchor.nth),
            Scroll::Newest => messages.len().saturating_sub(height),
        };
        self.loaded.wanted(top, top + height, 2 * height)
    }

    /// This part was asked for.
    pub(in crate::app) fn ask(&mut self, request: RequestId, part: Part) {
        self.loaded.ask(request, part);
    }

    /// What is in view was seen.
    pub(in crate::app) fn look(&mut self, pane: Pane<'_>) {
        if self.unread == 0 || self.jump.is_some() || self.arriving {
            return;
        }
        if self.scroll == Scroll::Newest && self.loaded.is_at_newest() {
            self.see_all();
        } else {
            let seen = self.window(pane).seen;
            self.see(seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::super::super::layout;
    use super::*;
    use crate::effect::{Contact, Known, PAGE};
    use crate::event::{MessageId, RowId, Saved};
    use crate::text::clean_text;
    use crate::wire::peer::Peer;

    const HEIGHT: usize = 7;

    fn peer() -> Peer {
        Peer::Address(([127, 0, 0, 1], 9).into())
    }

    fn message(text: &str) -> Message {
        let datagram = crate::event::Datagram {
            from: ([127, 0, 0, 1], 9).into(),
            at: Timestamp::UNIX_EPOCH,
            text: clean_text(text.as_bytes()),
            raw: crate::wire::Raw(text.as_bytes().to_vec().into()),
            broadcast: false,
        };
        Message::received(MessageId(0), datagram)
    }

    /// A conversation and the store below it, which answers when it is told to.
    struct Kept {
        conversation: Conversation,
        store: Vec<String>,
        width: u16,
        ids: u64,
    }

    impl Kept {
        fn new(messages: usize) -> Self {
            let store: Vec<String> = (1..=messages).map(text_of).collect();
            let mut contact = Contact::new(peer());
            contact.read = messages as u64;
            let conversation = Conversation::known(Known {
                contact,
                newest: messages as u64,
                latest: None,
                heard: None,
                unread: 0,
                waiting: 0,
            });
            let mut kept = Self { conversation, store, width: 60, ids: 0 };
            kept.conversation.arrive();
            kept.settle();
            kept
        }

        fn with<T>(&mut self, act: impl FnOnce(&mut Conversation, Pane<'_>) -> T) -> T {
            let columns = layout::columns(self.width);
            act(&mut self.conversation, Pane { columns: &columns, zone: &TimeZone::UTC, height: HEIGHT })
        }

        /// Answers everything that is asked for.
        fn settle(&mut self) {
            for _ in 0..20 {
                self.with(Conversation::settle);
                let Some(part) = self.conversation.wanted(HEIGHT) else { return };
                self.ids += 1;
                let request = RequestId(self.ids);
                self.conversation.ask(request, part);
                let newest = self.store.len() as u64;
                let (from, to) = match part {
                    Part::Before(nth) => (nth.saturating_sub(PAGE as u64).max(1), nth - 1),
                    Part::After(nth) => (nth + 1, nth + PAGE as u64),
                    Part::Around(nth) => {
                        (nth.saturating_sub(PAGE as u64 / 2).max(1), nth + PAGE as u64 / 2 - 1)
                    }
                };
                let page: VecDeque<Message> = (from..=to.min(newest)).map(|nth| self.stored(nth)).collect();
                assert!(self.conversation.answered(request, page));
            }
            panic!("it asks without end");
        }

        fn stored(&self, nth: u64) -> Message {
            let index = usize::try_from(nth).unwrap() - 1;
            Message { nth, row: Some(RowId(nth.cast_signed())), ..message(&self.store[index]) }
        }

        /// A message comes and is kept.
        fn hear(&mut self) {
            let text = text_of(self.store.len() + 1);
            self.ids += 1;
            let id = MessageId(self.ids);
            self.conversation.receive(Message { id, ..message(&text) }, false);
            self.store.push(text);
            let nth = self.store.len() as u64;
            self.conversation.saved(&Saved { id, peer: peer(), row: RowId(nth.cast_signed()), nth });
        }

        /// The texts in view, and how many messages follow.
        fn shown(&mut self) -> (Vec<String>, u64) {
            self.with(|conversation, pane| {
                let window = conversation.window(pane);
                let row = |(at, row): &(usize, Row)| match row {
                    Row::Text(range, _) => conversation.messages()[*at].text[range.clone()].to_owned(),
                    Row::Day | Row::Unread | Row::State | Row::Folded(_) => format!("{row:?}"),
                };
                // Where a day begins in memory there may be more of it before.
                let rows = window.rows.iter().map(row).filter(|row| row != "Day" && row != "Unread");
                (rows.collect(), window.below)
            })
        }
    }

    /// Some have several lines.
    fn text_of(nth: usize) -> String {
        (0..=nth % 3).map(|line| format!("{nth}.{line}")).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_newest_messages_are_in_view_and_stay_there() {
        let mut kept = Kept::new(1000);
        assert_eq!(kept.shown().0.last().unwrap(), "1000.1");
        kept.hear();
        assert_eq!(
            kept.shown(),
            (["999.0", "1000.0", "1000.1", "1001.0", "1001.1", "1001.2"].map(String::from).to_vec(), 0)
        );
    }

    #[test]
    fn the_oldest_and_the_newest_are_one_step_away_and_little_between_them_is_in_memory() {
        let mut kept = Kept::new(100_000);
        kept.with(Conversation::scroll_to_oldest);
        kept.settle();
        assert_eq!(kept.shown().0[0], "1.0");
        assert!(kept.shown().1 > 99_990);
        assert!(kept.conversation.messages().len() <= 2 * PAGE);
        kept.conversation.show_newest();
        kept.settle();
        assert_eq!((kept.shown().0.last().unwrap().as_str(), kept.shown().1), ("100000.1", 0));
    }

    #[test]
    fn reading_all_of_a_long_conversation_keeps_little_of_it_in_memory_and_leaves_nothing_out() {
        let mut kept = Kept::new(1500);
        kept.with(Conversation::scroll_to_oldest);
        kept.settle();
        let mut seen = Vec::new();
        loop {
            let (rows, below) = kept.shown();
            for row in rows {
                if seen.last() != Some(&row) && !seen.iter().rev().take(20).any(|before| *before == row) {
                    seen.push(row);
                }
            }
            assert!(kept.conversation.messages().len() <= 6 * PAGE);
            if below == 0 {
                break;
            }
            kept.with(|conversation, pane| conversation.scroll_down(HEIGHT - 2, pane));
            kept.settle();
        }
        let all: Vec<String> =
            (1..=1500).flat_map(|nth| text_of(nth).lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        assert_eq!(seen, all);
        assert_eq!(kept.conversation.scroll, Scroll::Newest);
    }

    #[test]
    fn a_reader_who_scrolled_up_is_not_moved_by_what_comes_however_much_it_is() {
        let mut kept = Kept::new(300);
        kept.with(|conversation, pane| conversation.scroll_up(20, pane));
        kept.settle();
        let (before, below) = kept.shown();
        for _ in 0..5000 {
            kept.hear();
        }
        kept.settle();
        assert_eq!(kept.shown(), (before, below + 5000));
        assert_eq!(kept.conversation.unread, 5000);
    }

    #[test]
    fn of_what_comes_while_nobody_reads_only_the_newest_stays_in_memory() {
        let mut kept = Kept::new(0);
        for _ in 0..5000 {
            kept.hear();
        }
        assert!(kept.conversation.newest().len() <= 2000);
    }

    #[test]
    fn more_new_messages_than_there_is_room_for_are_read_from_the_first_on() {
        let mut kept = Kept::new(100);
        kept.conversation.leave();
        (0..50).for_each(|_| kept.hear());
        kept.conversation.arrive();
        kept.settle();
        assert_eq!(kept.shown().0[0], "101.0");
        kept.with(Conversation::look);
        assert!((46..=49).contains(&kept.conversation.unread), "{}", kept.conversation.unread);
        kept.conversation.show_newest();
        kept.with(Conversation::look);
        assert_eq!((kept.conversation.unread, kept.conversation.contact.read), (0, 150));
    }

    #[test]
    fn where_another_program_writes_too_the_numbers_follow_those_on_disk() {
        let mut kept = Kept::new(10);
        for id in [1001, 1002] {
            kept.conversation.receive(Message { id: MessageId(id), ..message("x") }, false);
        }
        kept.conversation.saved(&Saved { id: MessageId(1001), peer: peer(), row: RowId(12), nth: 12 });
        kept.conversation.saved(&Saved { id: MessageId(1002), peer: peer(), row: RowId(13), nth: 13 });
        let numbers: Vec<u64> =
            kept.conversation.messages().iter().rev().take(3).map(|message| message.nth).collect();
        assert_eq!(numbers, [13, 12, 10]);
        assert_eq!(kept.conversation.heard.map(|(nth, _)| nth), Some(13));
    }

    #[test]
    fn a_message_that_was_looked_for_comes_into_view_from_wherever_it_is() {
        let mut kept = Kept::new(10_000);
        for nth in [5000, 5001, 1, 10_000, 9_990] {
            kept.conversation.reveal(nth);
            kept.settle();
            let text = text_of(usize::try_from(nth).unwrap());
            assert!(kept.shown().0.contains(&text.lines().next().unwrap().to_owned()), "{nth}");
            assert_eq!(kept.conversation.selected_message().unwrap().nth, nth);
        }
    }

    #[test]
    fn selecting_goes_through_every_message_and_keeps_it_in_view() {
        let mut kept = Kept::new(40);
        let mut selected = Vec::new();
        for _ in 0..200 {
            kept.with(|conversation, pane| conversation.select_next(true, pane));
            kept.settle();
            let nth = kept.conversation.selected_message().unwrap().nth;
            if selected.last() != Some(&nth) {
                selected.push(nth);
            }
            let first = text_of(usize::try_from(nth).unwrap()).lines().next().unwrap().to_owned();
            assert!(kept.shown().0.contains(&first), "{nth}");
        }
        assert_eq!(selected, (1..=40).rev().collect::<Vec<_>>());
    }

    #[test]
    fn a_store_that_cannot_be_read_is_not_asked_without_end() {
        let mut kept = Kept::new(0);
        kept.conversation = Conversation::known(Known { newest: 10, ..known_nothing() });
        let part = kept.conversation.wanted(HEIGHT).unwrap();
        kept.conversation.ask(RequestId(1), part);
        assert!(kept.conversation.unreadable(RequestId(1)));
        assert_eq!(kept.conversation.wanted(HEIGHT), None);
        kept.with(|conversation, pane| conversation.scroll_up(1, pane));
        assert!(kept.conversation.wanted(HEIGHT).is_some());
    }

    fn known_nothing() -> Known {
        Known { contact: Contact::new(peer()), newest: 0, latest: None, heard: None, unread: 0, waiting: 0 }
    }

    #[test]
    fn a_view_that_was_scrolled_is_not_empty_in_a_wider_window() {
        let mut kept = Kept::new(0);
        kept.conversation.receive(message(&"word ".repeat(200)), false);
        kept.width = 40;
        kept.with(|conversation, pane| conversation.scroll_up(2, pane));
        kept.width = 200;
        assert!(!kept.shown().0.is_empty());
    }

    #[derive(Debug, Clone)]
    enum Step {
        Up(usize),
        Down(usize),
        Oldest,
        Newest,
        Reveal(u64),
        Hear,
        Leave,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (1..400usize).prop_map(Step::Up),
            4 => (1..400usize).prop_map(Step::Down),
            1 => Just(Step::Oldest),
            1 => Just(Step::Newest),
            1 => (1..900u64).prop_map(Step::Reveal),
            3 => Just(Step::Hear),
            1 => Just(Step::Leave),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// What is in view is always a piece of the whole conversation, without gaps, and the number of what follows is
        /// right.
        #[test]
        fn whatever_is_done_the_view_is_a_piece_of_the_whole(
            messages in 0..900usize,
            steps in proptest::collection::vec(step(), 1..40),
        ) {
            let mut kept = Kept::new(messages);
            for step in steps {
                match step {
                    Step::Up(rows) => kept.with(|conversation, pane| conversation.scroll_up(rows, pane)),
                    Step::Down(rows) => kept.with(|conversation, pane| conversation.scroll_down(rows, pane)),
                    Step::Oldest => kept.with(Conversation::scroll_to_oldest),
                    Step::Newest => kept.conversation.show_newest(),
                    Step::Reveal(nth) => kept.conversation.reveal(nth.min(kept.store.len() as u64).max(1)),
                    Step::Hear => kept.hear(),
                    Step::Leave => {
                        kept.conversation.leave();
                        kept.conversation.arrive();
                    }
                }
                kept.settle();
                kept.with(Conversation::look);
                let (rows, below) = kept.shown();
                let all: Vec<String> = kept.store.iter().flat_map(|text| text.lines().map(str::to_owned)).collect();
                let Some(first) = rows.first() else {
                    prop_assert!(all.is_empty());
                    continue;
                };
                let at = all.iter().position(|row| row == first).unwrap();
                prop_assert_eq!(&rows[..], &all[at..at + rows.len()]);
                let ended = kept.store.iter().filter(|text| {
                    let last = text.lines().last().unwrap();
                    all[..at + rows.len()].iter().any(|row| row == last)
                });
                prop_assert_eq!(below, (kept.store.len() - ended.count()) as u64);
                prop_assert!(rows.len() >= HEIGHT.min(all.len()).saturating_sub(3));
            }
        }
    }
}
