//! The pane that shows what went over the wire: whether it is open, what of it is in view, and what the keys do to it.
//!
//! Follows the newest record until one is selected, and never moves what is in view of a reader by itself.

use super::confirm::Confirm;
use super::keys::{self, Move, Watch};
use super::layout::{self, TrafficLayout};
use super::{State, Tab, Turn, walked};
use crate::event::{Key, Mouse, MouseAction, Size};
use crate::text::hex;

mod log;
mod record;

pub use log::{Log, RECORD_LIMIT};
pub use record::{BYTE_LIMIT, Carrier, Fate, Kept, Loss, Only, Record, Way, What, Whom};

/// Rows that one notch of the wheel scrolls.
const NOTCH: usize = 3;

/// Whether the pane is there, and whether the keys mean it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pane {
    /// It is not there.
    #[default]
    Closed,
    /// It is there, and the keys mean the tab above it.
    Open,
    /// The keys mean it.
    Focused,
}

/// What of the records is in view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sight {
    /// The newest ones, whatever comes.
    #[default]
    Newest,
    /// This one is selected, and that one is the first in view. Both are numbers of records.
    Selected(u64, u64),
    /// All that is known of this one, its bytes from that row of sixteen, eight or four on.
    Details(u64, usize),
}

/// The pane.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// The records.
    pub log: Log,
    /// Whether it is there.
    pub pane: Pane,
    /// What is in view.
    pub sight: Sight,
    /// To whom the records are narrowed down.
    pub only: Option<Only>,
}

/// The records in view.
#[derive(Debug)]
pub struct Window<'a> {
    /// One below the other.
    pub records: Vec<&'a Record>,
    /// How many are below them.
    pub below: usize,
}

impl Traffic {
    /// The record that is selected.
    #[must_use]
    pub fn selected(&self) -> Option<&Record> {
        match self.sight {
            Sight::Newest => None,
            Sight::Selected(nth, _) | Sight::Details(nth, _) => self.log.record(nth),
        }
    }

    /// The pane's regions on this screen; none where it is not there.
    #[must_use]
    pub fn layout(&self, size: Size) -> Option<TrafficLayout> {
        if self.pane == Pane::Closed {
            return None;
        }
        layout::traffic(size, self.selected().is_some(), matches!(self.sight, Sight::Details(..)))
    }

    /// Whether nothing of the tab is to be seen.
    #[must_use]
    pub fn covers(&self, size: Size) -> bool {
        self.pane != Pane::Closed && layout::above_traffic(size).is_none()
    }

    /// So much of the screen is left to the tab, key line and all.
    #[must_use]
    pub fn leaves(&self, size: Size) -> Size {
        let above = layout::above_traffic(size).filter(|_| self.pane != Pane::Closed);
        above.unwrap_or(size)
    }

    /// The records in view where there is room for so many.
    #[must_use]
    pub fn window(&self, room: usize) -> Window<'_> {
        let mut records: Vec<&Record> = self.log.of(self.only.as_ref()).collect();
        let last = records.len().saturating_sub(room);
        let first = match self.sight {
            Sight::Newest | Sight::Details(..) => last,
            // What was in view may have given way to newer records.
            Sight::Selected(_, top) => records.partition_point(|record| record.nth < top).min(last),
        };
        let below = records.len().saturating_sub(first + room);
        records.truncate(first + room);
        records.drain(..first);
        Window { records, below }
    }

    /// Opens or closes it.
    pub(super) fn toggle(&mut self) {
        (self.pane, self.sight) = match self.pane {
            Pane::Closed => (Pane::Focused, Sight::Newest),
            Pane::Open | Pane::Focused => (Pane::Closed, Sight::Newest),
        };
    }

    /// The keys mean the tab from now on, which has to be seen for that.
    pub(super) fn leave(&mut self, size: Size) {
        if self.covers(size) {
            self.pane = Pane::Closed;
        } else if self.pane == Pane::Focused {
            self.pane = Pane::Open;
        }
    }

    /// The way back: from a record to all of them, then out of the pane.
    pub(super) fn back(&mut self) {
        match self.sight {
            Sight::Details(nth, _) => self.sight = Sight::Selected(nth, nth),
            Sight::Selected(..) | Sight::Newest => self.pane = Pane::Closed,
        }
    }

    /// A key that no global action took. `current` is whom the tab is about.
    pub(super) fn on_key(&mut self, key: Key, size: Size, current: Option<Only>, turn: &mut Turn<'_>) {
        if let Some(action) = keys::action(&turn.keymap.traffic, key) {
            match action {
                Watch::Details => self.look_into(),
                Watch::OnlyPeer if self.only.is_some() => self.narrow(None),
                Watch::OnlyPeer => self.narrow(current),
                // That is asked first.
                Watch::Clear => {}
            }
        } else if let Some(action) = keys::action(&turn.keymap.list, key) {
            self.walk(action, size);
        }
    }

    /// Forgets all records.
    pub(super) fn clear(&mut self) {
        self.log.clear();
        self.sight = Sight::Newest;
    }

    fn narrow(&mut self, only: Option<Only>) {
        (self.only, self.sight) = (only, Sight::Newest);
    }

    /// From all records to one, and back.
    fn look_into(&mut self) {
        self.sight = match self.sight {
            Sight::Details(nth, _) => Sight::Selected(nth, nth),
            Sight::Selected(nth, _) => Sight::Details(nth, 0),
            Sight::Newest => match self.log.of(self.only.as_ref()).last() {
                Some(newest) => Sight::Details(newest.nth, 0),
                None => Sight::Newest,
            },
        };
    }

    fn walk(&mut self, action: Move, size: Size) {
        let Some(areas) = self.layout(size) else { return };
        if let Sight::Details(nth, top) = self.sight {
            let kept = self.selected().and_then(Record::datagram).map_or(0, |kept| kept.start.0.len());
            let rows = kept.div_ceil(hex::bytes_per_row(areas.details_columns()));
            self.sight = Sight::Details(
                nth,
                walked(action, top, rows, areas.details.map_or(0, |area| usize::from(area.height))),
            );
            return;
        }
        let numbers: Vec<u64> = self.log.of(self.only.as_ref()).map(|record| record.nth).collect();
        let Some(last) = numbers.len().checked_sub(1) else { return };
        let room = areas.records();
        let position = |nth: u64| numbers.partition_point(|number| *number < nth).min(last);
        let (selected, first) = match self.sight {
            Sight::Selected(nth, top) => (position(nth), position(top)),
            // The first step up selects the newest.
            Sight::Newest | Sight::Details(..) => (last + 1, numbers.len().saturating_sub(room)),
        };
        let to = walked(action, selected, numbers.len() + 1, room);
        if to > last || matches!(action, Move::Last) {
            self.sight = Sight::Newest;
            return;
        }
        self.sight = Sight::Selected(numbers[to], numbers[first]);
        // A selected record may take room for itself.
        let room = self.layout(size).map_or(room, |areas| areas.records());
        let first = first.clamp((to + 1).saturating_sub(room), to);
        self.sight = Sight::Selected(numbers[to], numbers[first]);
    }

    /// A click or the wheel; `false` where it was not on the pane.
    fn on_mouse(&mut self, mouse: Mouse, size: Size) -> bool {
        let Some(areas) = self.layout(size).filter(|areas| areas.pane.contains(mouse.column, mouse.row))
        else {
            return false;
        };
        match mouse.action {
            MouseAction::ScrollUp => (0..NOTCH).for_each(|_| self.walk(Move::Up, size)),
            MouseAction::ScrollDown => (0..NOTCH).for_each(|_| self.walk(Move::Down, size)),
            MouseAction::Press => {
                self.pane = Pane::Focused;
                let row = usize::from(mouse.row.saturating_sub(areas.list.y)) / usize::from(areas.record);
                if areas.list.contains(mouse.column, mouse.row) {
                    self.click(row, areas.records());
                }
            }
        }
        true
    }

    fn click(&mut self, row: usize, room: usize) {
        let window = self.window(room);
        let Some(hit) = window.records.get(row).map(|record| record.nth) else { return };
        let top = window.records.first().map_or(hit, |first| first.nth);
        self.sight = match self.sight {
            Sight::Selected(nth, _) if nth == hit => Sight::Details(hit, 0),
            Sight::Selected(..) | Sight::Details(..) | Sight::Newest => Sight::Selected(hit, top),
        };
    }
}

impl State {
    /// Whether the keys mean the tab, and nothing over or below it.
    #[must_use]
    pub fn is_in_tab(&self) -> bool {
        self.overlay.is_none() && self.traffic.pane != Pane::Focused
    }

    /// So much of the screen is the tab's: the tab is laid out as if there were no more.
    #[must_use]
    pub fn tab_size(&self) -> Size {
        self.traffic.leaves(self.size)
    }

    /// The traffic comes behind the last pane of the tab.
    pub(super) fn next_pane(&mut self) {
        if self.traffic.pane == Pane::Focused {
            return self.traffic.leave(self.size);
        }
        let again = match self.tab {
            Tab::Chat => self.chat.next_pane(),
            Tab::Files => self.files.next_pane(),
        };
        if again && self.traffic.pane == Pane::Open {
            self.traffic.pane = Pane::Focused;
        }
    }

    /// A key while the pane has the focus.
    pub(super) fn on_traffic_key(&mut self, key: Key, turn: &mut Turn<'_>) {
        if keys::action(&turn.keymap.traffic, key) == Some(Watch::Clear) {
            return self.confirm(Confirm::ClearTraffic);
        }
        let current = match self.tab {
            Tab::Chat => self.chat.conversation().map(|open| Only::peer(open.peer())),
            Tab::Files => self.files.source().map(|source| Only::host(&source.endpoint.host)),
        };
        self.traffic.on_key(key, self.size, current, turn);
    }

    /// A click or the wheel; `false` where it was not on the pane.
    pub(super) fn on_traffic_mouse(&mut self, mouse: Mouse) -> bool {
        self.traffic.on_mouse(mouse, self.size)
    }
}
