//! The search in all conversations: a list of hits over the screen, and the way from one to its conversation.

use super::{Aim, Search};
use crate::app::field::Field;
use crate::app::keys::{self, Edit, Move};
use crate::app::overlay::Overlay;
use crate::app::{State, Tab, Turn, layout};
use crate::event::{Key, Mouse, StoreEvent};

impl State {
    /// Begins a search in the conversation in front, or goes back to it. While words are typed there, they are searched
    /// in all conversations, and the other way round.
    pub(in crate::app) fn find(&mut self, turn: &mut Turn<'_>) {
        let typing = self.chat.focus == crate::app::chat::ChatFocus::Find;
        let here = self.tab == Tab::Chat && self.is_in_tab() && typing;
        let field = self.everywhere().map(|search| std::mem::take(&mut search.field));
        let was_everywhere = field.is_some();
        self.show(Tab::Chat);
        if here || !self.chat.search_here(field, turn) && !was_everywhere {
            let field = self.chat.end_search();
            self.find_everywhere(field.unwrap_or_default(), turn);
        }
    }

    fn find_everywhere(&mut self, field: Field, turn: &mut Turn<'_>) {
        let mut search = Search::new(None, field);
        search.follow_field(Aim::First, turn);
        self.overlay = Some(Overlay::Find(Box::new(search)));
    }

    /// A key while the list of hits lies over the screen.
    pub(in crate::app) fn on_hits_key(&mut self, mut search: Box<Search>, key: Key, turn: &mut Turn<'_>) {
        let rows = layout::hits(self.size).map_or(1, |areas| areas.hits());
        let list = keys::action(&turn.keymap.list, key).filter(|_| key.types().is_none());
        match (keys::action(&turn.keymap.field, key), list) {
            (Some(Edit::Accept), _) if search.fault.is_some() => search.follow_field(Aim::First, turn),
            (Some(Edit::Accept), _) => return self.open_hit(search, turn),
            (Some(Edit::Up), _) => search.step(Move::Up, rows, turn),
            (Some(Edit::Down), _) => search.step(Move::Down, rows, turn),
            (None, Some(page @ (Move::PageUp | Move::PageDown))) => search.step(page, rows, turn),
            (edit, _) => search.on_key(key, edit, turn),
        }
        self.overlay = Some(Overlay::Find(search));
    }

    /// Goes to the hit that is looked at.
    fn open_hit(&mut self, search: Box<Search>, turn: &mut Turn<'_>) {
        let Some(hit) = search.hits.get(search.at).map(|hit| (hit.peer, hit.nth)) else {
            self.overlay = Some(Overlay::Find(search));
            return;
        };
        self.show(Tab::Chat);
        self.chat.end_search();
        self.chat.search_at(hit, search.field, turn);
    }

    /// A click or the wheel while the list of hits lies over the screen: a click opens what it hits.
    pub(in crate::app) fn on_hits_mouse(&mut self, mouse: Mouse, turned: Option<Move>, turn: &mut Turn<'_>) {
        let (Some(areas), Some(Overlay::Find(search))) = (layout::hits(self.size), &mut self.overlay) else {
            return;
        };
        if let Some(direction) = turned {
            search.step(direction, areas.hits(), turn);
            return;
        }
        let first = search.first_in_view(areas.hits());
        let hit = first + usize::from(mouse.row.saturating_sub(areas.list.y) / areas.hit);
        if areas.list.contains(mouse.column, mouse.row) && hit < search.hits.len() {
            search.at = hit;
            if let Some(Overlay::Find(search)) = self.overlay.take() {
                self.open_hit(search, turn);
            }
        }
    }

    /// News from the store.
    pub(in crate::app) fn on_store(&mut self, event: StoreEvent, turn: &mut Turn<'_>) {
        if let StoreEvent::Found(request, found) = event {
            let aim = self.everywhere().and_then(|search| search.aim_of(request));
            if let (Some(aim), Some(search)) = (aim, self.everywhere()) {
                search.answered(aim, found, turn);
            } else {
                self.chat.found(request, found, turn);
            }
            return;
        }
        if let StoreEvent::Unreadable(request, fault) = &event {
            if let Some(search) = self.everywhere()
                && search.aim_of(*request).is_some()
            {
                search.fault = Some(fault.clone());
                return;
            }
            if self.chat.not_found(*request, fault, turn) {
                return;
            }
        }
        self.chat.on_store(event, turn);
    }

    fn everywhere(&mut self) -> Option<&mut Search> {
        if let Some(Overlay::Find(search)) = &mut self.overlay { Some(search) } else { None }
    }
}
