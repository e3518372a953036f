//! The downloads as they are walked through: which of them the keys mean, and which rows the pane has. What runs when is
//! the queue's business.

use super::files::{Files, FilesFocus};
use super::keys::Move;
use super::layout::{self, FilesLayout};
use super::queue::{Item, ItemId, NewFile, Queue, QueueSettings};
use super::{Notice, State, Turn};
use crate::effect::{KeptItem, KeptPartial};
use crate::event::{Fault, RequestId, Size, Target};

mod acting;
mod dialogue;
mod facts;
mod picked;
mod telling;

pub use acting::place_of;
pub use dialogue::{CHOICES, Dialogue};
pub use facts::{Fact, Note, facts, notes};
pub use picked::Pick;
use telling::Told;

/// From so many rows on the selected download has one more, where all is said that its own has no room for.
const ROOM_FOR_NOTE: u16 = 3;
/// From so many on the files of a folder that are under way have some.
const ROOM_FOR_FILES: u16 = 7;
/// As many of these are shown.
const FILES: usize = 3;

/// The downloads, and which of them the keys mean.
#[derive(Debug, Clone)]
pub struct Transfers {
    /// The downloads.
    pub queue: Queue,
    /// Which line of the queue the keys mean.
    pub selected: usize,
    /// Whether those that are not done are kept for the next run.
    pub kept: bool,
    told: Told,
    /// What was picked, and has to be asked about first.
    asks: Option<Vec<Pick>>,
}

/// A row of the pane.
#[derive(Debug, Clone, Copy)]
pub enum Row<'a> {
    /// A download, and whether it is selected.
    Item(&'a Item, bool),
    /// All that there is no room for in the row of the selected one, which is above it.
    Note(&'a Item),
    /// One of the files of the selected folder that are under way, counted from 0; there may be fewer.
    File(&'a Item, usize),
}

impl Transfers {
    /// None yet.
    #[must_use]
    pub fn new(settings: QueueSettings) -> Self {
        Self { queue: Queue::new(settings), selected: 0, kept: true, told: Told::default(), asks: None }
    }

    /// Goes on with what an earlier run left.
    pub(super) fn restore(&mut self, items: Vec<KeptItem>, partials: Vec<KeptPartial>, turn: &mut Turn<'_>) {
        self.queue.restore(items, partials, &mut turn.world());
    }

    /// What is at the place where a folder is to be.
    pub(super) fn on_inspected(
        &mut self,
        request: RequestId,
        found: Result<Target, Fault>,
        turn: &mut Turn<'_>,
    ) {
        self.queue.on_inspected(request, found, &mut turn.world());
    }

    /// Selects this one, or the last where it is gone.
    fn select(&mut self, id: ItemId) {
        let last = self.queue.len().saturating_sub(1);
        self.selected = self.queue.line_of(id).unwrap_or(self.selected.min(last));
    }

    /// The one that the keys mean.
    #[must_use]
    pub fn selected(&self) -> Option<&Item> {
        self.queue.nth(self.selected)
    }

    /// Moves the selection.
    pub fn walk(&mut self, action: Move, rows: usize) {
        self.selected = super::walked(action, self.selected, self.queue.len(), rows);
    }

    /// Removes a failed download from the list and deletes its partial file.
    pub(super) fn remove(&mut self, id: ItemId, turn: &mut Turn<'_>) {
        self.queue.remove(id, &mut turn.world());
        self.select(id);
    }

    /// Takes these, which are at their end, off the list.
    pub(super) fn clear(&mut self, gone: &[ItemId], turn: &mut Turn<'_>) {
        if !Self::can_restore(turn) {
            self.queue.forget_cleared();
        }
        let selected = self.selected().map(|item| item.id);
        let count = self.queue.clear(gone, &mut turn.world());
        *turn.notice = (count > 0).then_some(Notice::Cleared(count as u64));
        if let Some(id) = selected {
            self.select(id);
        }
    }

    /// Takes all that is done off the list; what was taken off just before comes back.
    pub(super) fn clear_done(&mut self, turn: &mut Turn<'_>) {
        let selected = self.selected().map(|item| item.id);
        if Self::can_restore(turn) && self.queue.restore_cleared(&mut turn.world()) > 0 {
            if let Some(id) = selected {
                self.select(id);
            }
            return;
        }
        let done = self.queue.done();
        self.clear(&done, turn);
    }

    /// Whether it was said, until the key that is looked at now, that what was taken off the list can be had back.
    fn can_restore(turn: &Turn<'_>) -> bool {
        matches!(turn.said, Some(Notice::Cleared(_)))
    }

    /// How many rows the selected one has below its own, while one walks through the downloads. It does not depend on
    /// what is heard of it from moment to moment, so that nothing moves.
    fn below(&self, size: Size) -> usize {
        let most = layout::transfer_rows(size);
        let Some(item) = self.selected().filter(|_| most >= ROOM_FOR_NOTE) else { return 0 };
        let files = item.is_folder() && item.is_open() && !item.is_paused() && most >= ROOM_FOR_FILES;
        1 + if files { FILES } else { 0 }
    }
}

impl Files {
    /// Where everything is on a screen of this size.
    #[must_use]
    pub fn layout(&self, size: Size) -> Option<FilesLayout> {
        layout::files(size, self.transfers.queue.len() + self.below(size))
    }

    /// Rows for entries.
    pub(super) fn rows(&self, turn: &Turn<'_>) -> usize {
        self.layout(turn.size).map_or(1, |areas| usize::from(areas.entries.height))
    }

    fn below(&self, size: Size) -> usize {
        if self.focus == FilesFocus::Transfers { self.transfers.below(size) } else { 0 }
    }

    /// What the rows of the pane of the downloads are: the selected one is in view with what is below it.
    #[must_use]
    pub fn transfer_rows(&self, size: Size) -> Vec<Row<'_>> {
        let rows = self.layout(size).map_or(0, |areas| usize::from(areas.transfers.height));
        let below = self.below(size);
        let Transfers { queue, selected, .. } = &self.transfers;
        let top = (selected + 1 + below).saturating_sub(rows);
        let mut shown = Vec::with_capacity(rows + below);
        for (line, item) in (top..).zip(queue.lines(top, rows)) {
            let here = line == *selected;
            shown.push(Row::Item(item, here));
            if here && below > 0 {
                shown.push(Row::Note(item));
                shown.extend((1..below).map(|nth| Row::File(item, nth - 1)));
            }
        }
        shown.truncate(rows);
        shown
    }
}

impl State {
    /// A click on a row of the pane selects the download that it is about; one on the selected one does what Enter does.
    pub(super) fn click_transfer(&mut self, row: usize, turn: &mut Turn<'_>) {
        let hit = match self.files.transfer_rows(turn.size).get(row) {
            Some(Row::Item(item, _) | Row::Note(item) | Row::File(item, _)) => item.id,
            None => return,
        };
        let focused = self.files.focus == FilesFocus::Transfers;
        let again = focused && self.files.transfers.selected().is_some_and(|item| item.id == hit);
        self.files.focus = FilesFocus::Transfers;
        self.files.transfers.select(hit);
        if again {
            self.open_transfer(turn);
        }
    }
}
