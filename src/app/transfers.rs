//! The downloads as they are walked through and commanded by keys. What runs when is the queue's business.

use super::Turn;
use super::keys::{self, Move, Transfer as Action};
use super::queue::{Item, ItemId, NewFile, Queue, QueueSettings};
use crate::effect::{KeptItem, KeptPartial};
use crate::event::Key;
use crate::wire::source::Source;

/// The downloads, and which of them the keys mean.
#[derive(Debug, Clone)]
pub struct Transfers {
    /// The downloads.
    pub queue: Queue,
    /// Which line of the queue the keys mean.
    pub selected: usize,
}

impl Transfers {
    /// None yet.
    #[must_use]
    pub fn new(settings: QueueSettings) -> Self {
        Self { queue: Queue::new(settings), selected: 0 }
    }

    /// Goes on with what an earlier run left.
    pub(super) fn restore(&mut self, items: Vec<KeptItem>, partials: Vec<KeptPartial>, turn: &mut Turn<'_>) {
        self.queue.restore(items, partials, &mut turn.world());
    }

    /// Asks for a file, which is selected then.
    pub(super) fn add_file(&mut self, new: NewFile, turn: &mut Turn<'_>) {
        let id = self.queue.add_file(new, &mut turn.world());
        self.select(id);
    }

    /// Asks for a folder with all that is in it, which is selected then.
    pub(super) fn add_folder(&mut self, source: &Source, turn: &mut Turn<'_>) {
        let id = self.queue.add_folder(source, None, &mut turn.world());
        self.select(id);
    }

    fn select(&mut self, id: ItemId) {
        if let Some(line) = self.queue.line_of(id) {
            self.selected = line;
        }
    }

    /// The one that the keys mean.
    #[must_use]
    pub fn selected(&self) -> Option<&Item> {
        self.queue.nth(self.selected)
    }

    /// A key that no global action took.
    pub(super) fn on_key(&mut self, key: Key, rows: usize, turn: &mut Turn<'_>) {
        if let Some(Action::Cancel) = keys::action(&turn.keymap.transfers, key) {
            self.cancel(turn);
        } else if let Some(action) = keys::action(&turn.keymap.list, key) {
            self.walk(action, rows);
        }
    }

    /// Moves the selection.
    pub fn walk(&mut self, action: Move, rows: usize) {
        self.selected = super::walked(action, self.selected, self.queue.len(), rows);
    }

    /// Stops the selected download; one that is at its end already leaves the list.
    pub(super) fn cancel(&mut self, turn: &mut Turn<'_>) {
        let Some(item) = self.selected() else { return };
        let id = item.id;
        if item.is_open() {
            self.queue.cancel(id, &mut turn.world());
        } else {
            self.queue.remove(id, &mut turn.world());
            self.selected = self.selected.min(self.queue.len().saturating_sub(1));
        }
    }

    /// The first of the rows that are in view, for so many of them: the selected one is always in view.
    #[must_use]
    pub fn top(&self, rows: usize) -> usize {
        (self.selected + 1).saturating_sub(rows.max(1))
    }
}
