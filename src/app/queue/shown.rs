//! What is to be seen of the queue: its items in their order, what is asked, and all of it in sum. Changes nothing.

use std::num::NonZeroU64;
use std::path::Path;
use std::time::Duration;

use super::{Ended, Item, ItemId, Queue, Running, Totals, counts, pace};
use crate::event::{Facts, Fault};
use crate::text::Clean;
use crate::wire::source::{Origin, Source};

/// Something is there already under a file's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question<'a> {
    /// Whose file it is.
    pub item: ItemId,
    /// Which file of which server.
    pub source: Source,
    /// What is known of it.
    pub comes: Facts,
    /// Where that is which is there already.
    pub path: &'a Path,
    /// What is known of that.
    pub there: Facts,
    /// How many files wait for an answer, this one included.
    pub left: usize,
}

impl Queue {
    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// What is under way, the first begun first.
    pub fn running(&self) -> impl Iterator<Item = &Running> {
        let mut running: Vec<_> = self.running.iter().collect();
        running.sort_unstable();
        running.into_iter().filter_map(|(id, item)| self.items.get(item)?.running.get(id))
    }

    /// Whether nothing goes on by itself any more: all is at its end, or waits for somebody to say something.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.running.is_empty() && self.walks.is_empty() && self.busy_until.is_none()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The items in the order of the queue.
    #[must_use]
    pub fn items(&self) -> impl DoubleEndedIterator<Item = &Item> + Clone {
        self.order.iter().filter_map(|(_, id)| self.items.get(id))
    }

    /// The item in this line, counted from 0.
    #[must_use]
    pub fn nth(&self, line: usize) -> Option<&Item> {
        self.items.get(&self.order.get(line)?.1)
    }

    /// So many items from this line on.
    pub fn lines(&self, from: usize, count: usize) -> impl Iterator<Item = &Item> {
        self.order.iter().skip(from).take(count).filter_map(|(_, id)| self.items.get(id))
    }

    /// The item of this number.
    #[must_use]
    pub fn item_of(&self, id: ItemId) -> Option<&Item> {
        self.items.get(&id)
    }

    /// In which line an item is, counted from 0.
    #[must_use]
    pub fn line_of(&self, id: ItemId) -> Option<usize> {
        let place = self.items.get(&id)?.place;
        self.order.binary_search_by_key(&place, |(place, _)| *place).ok()
    }

    /// What is to come, all together.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.books.totals
    }

    /// Items that are not at their end.
    #[must_use]
    pub fn open(&self) -> usize {
        self.books.totals.open
    }

    /// How much of all that runs or waits is here, in hundredths, where all lengths are known.
    #[must_use]
    pub fn percent(&self) -> Option<u64> {
        counts::percent(self.books.totals.bytes(), self.books.totals.total()?)
    }

    /// Bytes a second, all together, smoothed; none before there is anything to measure.
    #[must_use]
    pub fn speed(&self) -> Option<u64> {
        self.pace.speed()
    }

    /// How long all that runs or waits will take at the present speed; none where that cannot be said.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let totals = self.books.totals;
        pace::time_left(totals.total()?.checked_sub(totals.bytes())?, self.speed())
    }

    /// Bytes that came in each of the last seconds in which something was under way, the oldest first; at most 60.
    #[must_use]
    pub fn history(&self) -> impl ExactSizeIterator<Item = u64> {
        self.history.seconds()
    }

    /// What became of all files of the items that came to their end.
    #[must_use]
    pub fn ended(&self) -> Ended {
        self.ended
    }

    /// Where files and folders go.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.settings.dir
    }

    /// Why nothing is started any more until [`Queue::resume_all`]: the disk is full.
    #[must_use]
    pub fn held(&self) -> Option<&Fault> {
        self.held.as_ref()
    }

    /// Bytes a second that all together may take; none: as many as come.
    #[must_use]
    pub fn rate(&self) -> Option<NonZeroU64> {
        self.settings.rate
    }

    /// The next item that waits for [`Queue::answer`], and the file of it; [`ItemState::Conflict`](super::ItemState::Conflict) need not be its state,
    /// for others of its files may be under way.
    #[must_use]
    pub fn question(&self) -> Option<Question<'_>> {
        self.question_of(self.books.asked.first()?.1)
    }

    /// The same of this item.
    #[must_use]
    pub fn question_of(&self, id: ItemId) -> Option<Question<'_>> {
        let item = self.items.get(&id)?;
        let (file, clash) = item.asked.first()?;
        let left = self.books.asked.iter().filter_map(|(_, id)| self.items.get(id));
        let left = left.map(|item| item.asked.len()).sum();
        let comes = Facts { size: clash.comes.size.or(file.size), ..clash.comes };
        Some(Question {
            item: id,
            source: item.goal_of(file).0,
            comes,
            path: &clash.path,
            there: clash.there,
            left,
        })
    }

    /// The servers that want to know who asks, each once, in the order of the queue.
    #[must_use]
    pub fn wants_credentials(&self) -> Vec<(Origin, Clean)> {
        let mut wanted: Vec<(Origin, Clean)> = Vec::new();
        for item in self.books.denied.iter().filter_map(|(_, id)| self.items.get(id)) {
            let wants = item.realm.as_ref();
            let new = wants.filter(|(origin, _)| wanted.iter().all(|(known, _)| *known != **origin));
            wanted.extend(new.map(|(origin, realm)| (Origin::clone(origin), realm.clone())));
        }
        wanted
    }
}
