//! What a click or the wheel means, by the region that it hits.

use super::chat::ChatFocus;
use super::files::{FilesFocus, Place};
use super::folder::Column;
use super::keys::Move;
use super::overlay::Overlay;
use super::share::Sharing;
use super::{State, Tab, Turn, layout};
use crate::event::{Mouse, MouseAction};

/// Rows that one notch of the wheel scrolls.
const NOTCH: usize = 3;

impl State {
    pub(super) fn on_mouse(&mut self, mouse: Mouse, turn: &mut Turn<'_>) {
        let Some(frame) = layout::frame(turn.size) else { return };
        let turned = match mouse.action {
            MouseAction::ScrollUp => Some(Move::Up),
            MouseAction::ScrollDown => Some(Move::Down),
            MouseAction::Press => None,
        };
        if matches!(self.overlay, Some(Overlay::Find(_))) {
            return self.on_hits_mouse(mouse, turned, turn);
        }
        if self.overlay.is_some() {
            return self.on_overlay_mouse(mouse, turned, turn);
        }
        if self.on_traffic_mouse(mouse) {
            return;
        }
        if let (None, true) = (turned, frame.header.contains(mouse.column, mouse.row)) {
            if frame.chat_tab.contains(mouse.column, mouse.row) {
                self.show(Tab::Chat);
            } else if frame.files_tab.contains(mouse.column, mouse.row) {
                self.show(Tab::Files);
            }
            return;
        }
        if let (None, true) = (turned, frame.bar.contains(mouse.column, mouse.row)) {
            return self.click_bar(mouse.column, frame.bar, turn);
        }
        if turned.is_none() {
            self.traffic.leave(self.size);
        }
        match self.tab {
            Tab::Chat => self.on_chat_mouse(mouse, turned, turn),
            Tab::Files => self.on_files_mouse(mouse, turned, turn),
        }
    }

    /// A part of the way to the open folder leads there; anywhere else an address can be typed.
    fn click_bar(&mut self, column: u16, bar: layout::Area, turn: &mut Turn<'_>) {
        let is_way = self.tab == Tab::Files && self.files.shows_way();
        let at = column.checked_sub(layout::FROM).filter(|_| is_way).map(usize::from);
        let crumbs = self.files.crumbs(layout::way_columns(bar));
        let hit = crumbs.into_iter().find(|crumb| at.is_some_and(|at| crumb.columns.contains(&at)));
        match hit.filter(|crumb| self.files.source() != Some(&crumb.source)) {
            Some(crumb) => {
                self.overlay = None;
                self.traffic.leave(self.size);
                self.files.open_above(crumb.source, turn);
            }
            None => self.edit_address(),
        }
    }

    fn on_chat_mouse(&mut self, mouse: Mouse, turned: Option<Move>, turn: &mut Turn<'_>) {
        let Some(areas) = self.chat.layout(turn.size) else { return };
        let hit = |area: layout::Area| area.contains(mouse.column, mouse.row);
        if let Some(direction) = turned {
            if areas.peers.is_some_and(hit) && self.chat.focus == ChatFocus::Peers {
                self.chat.walk_peers(direction, 1);
            } else if areas.peers.is_some_and(hit) {
                self.chat.step(if direction == Move::Up { -1 } else { 1 });
            } else if areas.search.is_some_and(hit) {
                // What is found further up is older.
                self.chat.walk_hits(if direction == Move::Up { Move::Down } else { Move::Up }, turn);
            } else {
                (0..NOTCH).for_each(|_| self.chat.scroll(direction, turn));
            }
        } else if let Some(peers) = areas.peers.filter(|area| hit(*area)) {
            let (_, list) = self.chat.list_areas(peers);
            let rows = self.chat.peer_rows(usize::from(list.height));
            let row = mouse.row.checked_sub(list.y).and_then(|nth| rows.get(usize::from(nth)));
            if let Some(at) = row.map(|row| row.at) {
                self.chat.select(at);
            }
        } else if areas.search.is_some_and(hit) {
            self.chat.search_here(None, turn);
        } else if hit(areas.messages) {
            self.click_message(mouse.column - areas.messages.x, mouse.row - areas.messages.y, turn);
        } else if hit(areas.composer) {
            self.chat.focus = ChatFocus::Composer;
            let (columns, rows) = (usize::from(areas.input.width), usize::from(areas.input.height));
            let shown = self.chat.draft().shown_on(columns, rows);
            let first = first_line_in_view(shown.caret.0, rows);
            let row = usize::from(mouse.row.saturating_sub(areas.input.y)) + first;
            let offset = shown.offset_at(row, usize::from(mouse.column.saturating_sub(areas.input.x)));
            self.chat.draft_mut().move_to(offset);
        }
    }

    fn on_overlay_mouse(&mut self, mouse: Mouse, turned: Option<Move>, turn: &mut Turn<'_>) {
        let size = self.size;
        match (&mut self.overlay, turned) {
            (Some(Overlay::Details(inspected)), Some(direction)) => {
                (0..NOTCH).for_each(|_| inspected.walk(direction, size));
            }
            (Some(Overlay::Preview(previewed)), Some(direction)) => {
                (0..NOTCH).for_each(|_| previewed.walk(direction, size));
            }
            (Some(Overlay::Share(Sharing::Shown(top))), Some(direction)) => {
                let mut to = *top;
                (0..NOTCH).for_each(|_| to = self.walk_share(to, direction));
                self.overlay = Some(Overlay::Share(Sharing::Shown(to)));
            }
            (Some(Overlay::Links(links)), Some(direction)) => links.walk(direction),
            (Some(Overlay::Transfer(dialogue)), Some(direction)) => {
                let queue = &self.files.transfers.queue;
                (0..NOTCH).for_each(|_| dialogue.scroll(direction, queue, size));
            }
            (Some(Overlay::Transfer(_)), None) => self.click_dialogue(mouse.column, mouse.row, turn),
            (Some(Overlay::Links(links)), None) => {
                let url = links.url_at(mouse.column, mouse.row, size);
                self.open_chosen(url, turn);
            }
            (Some(Overlay::SignIn(sign_in)), None) => sign_in.click(mouse, size),
            (None | Some(_), _) => {}
        }
    }

    fn on_files_mouse(&mut self, mouse: Mouse, turned: Option<Move>, turn: &mut Turn<'_>) {
        let Some(areas) = self.files.layout(turn.size) else { return };
        let row = |area: layout::Area| {
            area.contains(mouse.column, mouse.row).then(|| usize::from(mouse.row - area.y))
        };
        let rows = usize::from(areas.entries.height);
        if let Some(at) = row(areas.transfers) {
            match turned {
                Some(direction) => self.files.transfers.walk(direction, 1),
                None => self.click_transfer(at, turn),
            }
            return;
        }
        if !self.files.is_place_seen() {
            return;
        }
        if let (None, Some(_), Place::Folder(folder)) = (turned, row(areas.head), &self.files.place) {
            let (name, size, modified) = layout::FilesLayout::columns(areas.head);
            let hit = |area: layout::Area| area.contains(mouse.column, mouse.row);
            // The filter stands in the place of the heads.
            let heads =
                [(Some(name), Column::Name), (Some(size), Column::Size), (modified, Column::Modified)];
            let head = heads.into_iter().find(|(area, _)| area.is_some_and(hit));
            if let Some((_, column)) = head.filter(|_| folder.filter.is_empty()) {
                self.files.sort_by(column);
            }
            return;
        }
        let Place::Folder(folder) = &mut self.files.place else { return };
        match (turned, row(areas.entries)) {
            (Some(direction), _) => (0..NOTCH).for_each(|_| folder.walk(direction, rows)),
            (None, Some(at)) if folder.top() + at < folder.rows() => {
                let again = folder.selected == folder.top() + at && self.files.focus == FilesFocus::Entries;
                folder.selected = folder.top() + at;
                self.files.focus = FilesFocus::Entries;
                if again {
                    self.files.open_selected(turn);
                }
            }
            (None, _) => {}
        }
    }
}

/// The first line of a text that is in view when the caret is in this line.
#[must_use]
pub fn first_line_in_view(caret: usize, height: usize) -> usize {
    (caret + 1).saturating_sub(height.max(1))
}
