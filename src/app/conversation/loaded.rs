//! Which of a conversation's messages are in memory: always the newest, and, while somebody reads further back, the
//! part that is read. The rest is on disk. Knows nothing of what is in view.

use std::collections::VecDeque;

use crate::app::message::Message;
use crate::effect::{PAGE, Part};
use crate::event::{Delivery, RequestId, Saved};

/// Of the newest messages, so many are kept in memory before those that are on disk are let go.
const TAIL_LIMIT: usize = 2000;
/// And so many remain when they are.
const TAIL_REST: usize = PAGE;
/// Messages of a part further back; what is beyond on the other side is let go.
const PAST_LIMIT: usize = 4 * PAGE;
/// Bytes of messages that are not on disk; of older ones only the number is kept.
const BYTE_LIMIT: usize = 8 << 20;
/// Messages that are not on disk; of older ones only the number is kept.
const UNSAVED_LIMIT: usize = 20_000;

/// The messages in memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Loaded {
    /// The newest, oldest first. Their numbers grow, but for the guessed ones without gaps.
    tail: VecDeque<Message>,
    /// A part further back, which does not touch the newest, while somebody reads it.
    past: Option<VecDeque<Message>>,
    /// The number of the newest message, 0 where there is none.
    newest: u64,
    /// Bytes of the newest.
    bytes: usize,
    /// Messages that were let go without being on disk.
    dropped: u64,
    /// The question to the store that is under way.
    asked: Option<(RequestId, Part)>,
    /// The store has nothing before the oldest message here.
    complete: bool,
    /// The store could not answer: it is not asked again before the user does something.
    failed: bool,
}

impl Loaded {
    /// Nothing yet of a conversation whose newest message has this number.
    pub(super) fn up_to(newest: u64) -> Self {
        Self { newest, ..Self::default() }
    }

    /// The messages that are looked at, oldest first.
    pub(super) fn view(&self) -> &VecDeque<Message> {
        self.past.as_ref().unwrap_or(&self.tail)
    }

    /// The newest messages, oldest first.
    pub(super) fn tail(&self) -> &VecDeque<Message> {
        &self.tail
    }

    /// The number of the newest message, 0 where there is none.
    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// Bytes of the newest.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Messages that were let go without being on disk.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether the newest messages are those that are looked at.
    pub(super) fn is_at_newest(&self) -> bool {
        self.past.is_none()
    }

    /// All that are in memory, the newest first.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        self.tail.iter_mut().rev().chain(self.past.iter_mut().flatten().rev())
    }

    /// Where in [`view`](Self::view) this message is, or would be.
    pub(super) fn place_of(&self, nth: u64) -> usize {
        self.view().partition_point(|message| message.nth < nth)
    }

    /// A message behind all others; the number that it got. Of those before it the first are let go where there are
    /// too many, unless somebody reads them.
    pub(super) fn push(&mut self, mut message: Message, reading: bool) -> u64 {
        self.newest += 1;
        message.nth = self.newest;
        self.bytes += message.size();
        self.tail.push_back(message);
        if self.past.is_some() || !reading {
            self.let_go(TAIL_LIMIT, TAIL_REST);
        } else if self.tail.len() > 2 * TAIL_LIMIT {
            self.set_aside();
        }
        while self.tail.len() > UNSAVED_LIMIT || self.bytes > BYTE_LIMIT {
            self.drop_oldest();
        }
        self.newest
    }

    /// Lets the oldest that are on disk go, so that about `rest` remain where there are more than `limit`.
    pub(super) fn let_go(&mut self, limit: usize, rest: usize) {
        if self.tail.len() <= limit {
            return;
        }
        while self.tail.len() > rest && self.tail.front().is_some_and(|oldest| oldest.row.is_some()) {
            self.pop_front();
        }
    }

    /// Somebody reads among the newest, and there are more and more of them: what is read becomes a part of its own.
    fn set_aside(&mut self) {
        let keep = self.tail.len() - TAIL_REST;
        if self.tail.iter().take(keep).all(|message| message.row.is_some()) {
            let newest = self.tail.split_off(keep);
            self.past = Some(std::mem::replace(&mut self.tail, newest));
            self.bytes = self.tail.iter().map(Message::size).sum();
        }
    }

    /// Lets the oldest message go. Of one that is not on disk only the number is kept.
    pub(super) fn drop_oldest(&mut self) {
        if self.tail.front().is_some_and(|oldest| oldest.row.is_none()) {
            self.dropped += 1;
        }
        self.pop_front();
    }

    fn pop_front(&mut self) {
        if let Some(gone) = self.tail.pop_front() {
            self.bytes -= gone.size();
            self.complete &= gone.row.is_none();
        }
    }

    /// A message is on disk. Where another program wrote to the same conversation its number is not what was guessed,
    /// nor are those of the messages behind it.
    pub(super) fn saved(&mut self, saved: &Saved) -> Option<&mut Message> {
        let at = self.tail.iter().rposition(|message| message.id == saved.id)?;
        let further = saved.nth.saturating_sub(self.tail[at].nth);
        if further > 0 {
            self.tail.range_mut(at..).for_each(|message| message.nth += further);
            self.newest += further;
        }
        let message = self.tail.get_mut(at)?;
        (message.row, message.unsaved) = (Some(saved.row), None);
        Some(message)
    }

    /// Messages that other programs stored, oldest first and without a gap, up to the `newest` on disk. They stand before
    /// those that are not on disk yet, whose numbers grow: from which on, and by how much. Where there is a gap before
    /// them, the older ones are let go, or stay with who reads them.
    pub(super) fn insert(
        &mut self,
        messages: Vec<Message>,
        newest: u64,
        reading: bool,
    ) -> Option<(u64, u64)> {
        let saved = self.tail.iter().rposition(|message| message.row.is_some()).map_or(0, |last| last + 1);
        let guessed = self.tail.get(saved).map_or(self.newest + 1, |first| first.nth);
        let further = newest.checked_sub(guessed - 1).filter(|further| *further > 0)?;
        let mut unsaved = self.tail.split_off(saved);
        let fresh: Vec<Message> = messages.into_iter().filter(|message| message.nth >= guessed).collect();
        if fresh.first().is_none_or(|first| first.nth > guessed) {
            let older = std::mem::take(&mut self.tail);
            if reading && self.past.is_none() && !older.is_empty() {
                self.past = Some(older);
            } else {
                self.complete &= self.past.is_some();
            }
        }
        for message in &mut unsaved {
            message.nth += further;
        }
        self.tail.extend(fresh);
        self.tail.append(&mut unsaved);
        self.newest += further;
        self.bytes = self.tail.iter().map(Message::size).sum();
        if self.past.is_some() || !reading {
            self.let_go(TAIL_LIMIT, TAIL_REST);
        }
        Some((guessed, further))
    }

    /// Nothing of it is on disk any more: what is not on disk yet is all that there is.
    pub(super) fn forget(&mut self) {
        self.tail.retain(|message| message.row.is_none());
        let mut newest = 0;
        for message in &mut self.tail {
            newest += 1;
            message.nth = newest;
        }
        let tail = std::mem::take(&mut self.tail);
        let bytes = tail.iter().map(Message::size).sum();
        *self = Self { tail, newest, bytes, dropped: self.dropped, ..Self::default() };
    }

    /// What has to be read from disk so that these places of [`view`](Self::view), and some more on both sides, are in
    /// memory.
    pub(super) fn wanted(&self, top: usize, bottom: usize, margin: usize) -> Option<Part> {
        if self.asked.is_some() || self.failed {
            return None;
        }
        let view = self.view();
        let first = view.front().map_or(self.newest + 1, |message| message.nth);
        if top < margin && first > 1 && !self.complete {
            return Some(Part::Before(first));
        }
        let last = self.past.as_ref()?.back()?.nth;
        (bottom + margin > view.len()).then_some(Part::After(last))
    }

    /// The same for a message far from what is in memory.
    pub(super) fn wanted_around(&self, nth: u64) -> Option<Part> {
        let part = Part::Around(nth);
        let asked = self.asked.as_ref().is_some_and(|(_, asked)| *asked == part);
        (!asked && !self.failed).then_some(part)
    }

    /// Whether an answer of the store is still to come.
    pub(super) fn is_waiting(&self) -> bool {
        self.asked.is_some()
    }

    /// This was asked for.
    pub(super) fn ask(&mut self, request: RequestId, part: Part) {
        self.asked = Some((request, part));
    }

    /// The user did something: what failed may be tried again.
    pub(super) fn retry(&mut self) {
        self.failed = false;
    }

    /// There was no answer to this question.
    pub(super) fn unreadable(&mut self, request: RequestId) -> bool {
        let mine = self.asked.take_if(|(asked, _)| *asked == request).is_some();
        self.failed |= mine;
        mine
    }

    /// The answer to a question; `None` where nobody waits for it any more.
    pub(super) fn answered(&mut self, request: RequestId, page: VecDeque<Message>) -> Option<Part> {
        let (_, part) = self.asked.take_if(|(asked, _)| *asked == request)?;
        match part {
            Part::Before(first) => self.put_before(first, page),
            Part::After(last) => self.put_after(last, page),
            Part::Around(_) => self.put_in_place(page),
        }
        Some(part)
    }

    fn put_before(&mut self, first: u64, page: VecDeque<Message>) {
        let of_tail = self.past.is_none();
        let view = self.past.as_mut().unwrap_or(&mut self.tail);
        if view.front().is_some_and(|front| front.nth != first) {
            return;
        }
        self.complete = page.is_empty();
        for message in page.into_iter().rev().filter(|message| message.nth < first) {
            self.bytes += if of_tail { message.size() } else { 0 };
            view.push_front(message);
        }
        if !of_tail {
            view.truncate(PAST_LIMIT);
        }
    }

    fn put_after(&mut self, last: u64, page: VecDeque<Message>) {
        let Some(past) = &mut self.past else { return };
        if past.back().is_none_or(|back| back.nth != last) {
            return;
        }
        let all = page.is_empty();
        past.extend(page.into_iter().filter(|message| message.nth > last));
        let first = self.tail.front().map_or(u64::MAX, |front| front.nth);
        let first = first.min(self.newest + 1);
        if all || past.back().is_some_and(|back| back.nth + 1 >= first) {
            return self.join();
        }
        let excess = past.len().saturating_sub(PAST_LIMIT);
        if past.drain(..excess).next().is_some() {
            self.complete = false;
        }
    }

    fn put_in_place(&mut self, page: VecDeque<Message>) {
        let (Some(oldest), Some(newest)) = (page.front(), page.back()) else { return };
        self.complete = oldest.nth == 1;
        let touches = self.tail.front().is_none_or(|front| newest.nth + 1 >= front.nth);
        self.past = Some(page);
        if touches {
            self.join();
        }
    }

    /// What is read touches the newest: from now on it is one with them.
    fn join(&mut self) {
        let Some(mut past) = self.past.take() else { return };
        let newest = std::mem::take(&mut self.tail);
        let last = past.back().map_or(0, |back| back.nth);
        past.extend(newest.into_iter().filter(|message| message.nth > last));
        self.bytes = past.iter().map(Message::size).sum();
        self.tail = past;
    }

    /// Nobody reads further back any more.
    pub(super) fn show_newest(&mut self) {
        if self.past.take().is_some() {
            self.asked = None;
            self.complete = false;
        }
    }

    /// How many messages come after this place of [`view`](Self::view).
    pub(super) fn after(&self, place: usize) -> u64 {
        let Some(past) = &self.past else { return self.tail.len().saturating_sub(place) as u64 };
        let last = past.get(place.saturating_sub(1)).map_or(0, |message| message.nth);
        self.newest.saturating_sub(last)
    }

    /// Messages of the peer's own among those that are looked at, with numbers above the first and up to the second.
    pub(super) fn received_between(&self, after: u64, up_to: u64) -> usize {
        let view = self.view().iter();
        let among =
            view.skip_while(|message| message.nth <= after).take_while(|message| message.nth <= up_to);
        among.filter(|message| message.delivery == Delivery::Received).count()
    }
}
