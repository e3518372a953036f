//! Typing on this tab, but for paths: into the address, the name of a file, the filter. Owns where a key or a paste goes.

use super::{Files, FilesFocus, Place};
use crate::app::Turn;
use crate::app::keys::{self, Browse, Edit, Move};
use crate::event::Key;

impl Files {
    /// A text was pasted. `false` where there is no room for it.
    pub fn paste(&mut self, text: &str) -> bool {
        match (self.focus, &mut self.place) {
            (FilesFocus::Address, _) => self.bar.paste(text),
            (FilesFocus::Path, _) => self.path.paste(text),
            (FilesFocus::Name, Place::Unlisted(server)) => server.paste(text),
            (FilesFocus::Filter, Place::Folder(folder)) => {
                let fits = folder.filter.paste_line(text);
                folder.filter_changed();
                fits
            }
            (FilesFocus::Entries | FilesFocus::Name | FilesFocus::Filter | FilesFocus::Transfers, _) => true,
        }
    }

    pub(super) fn type_name(&mut self, key: Key, turn: &mut Turn<'_>) {
        let Place::Unlisted(server) = &mut self.place else { return };
        // In a text that was typed they are other keys.
        let untouched = server.name.is_empty() || server.is_as_opened();
        let way = keys::action(&turn.keymap.entries, key).filter(|_| untouched);
        if let Some(way @ (Browse::Back | Browse::Forward)) = way {
            return self.act(way, turn);
        }
        match keys::action(&turn.keymap.field, key) {
            Some(Edit::Accept) => self.get_named(turn),
            Some(Edit::Up) => server.step(true, turn.recent),
            Some(Edit::Down) => server.step(false, turn.recent),
            edit => server.on_key(key, edit),
        }
    }

    pub(super) fn type_filter(&mut self, key: Key, turn: &mut Turn<'_>) {
        let rows = self.rows(turn);
        let Place::Folder(folder) = &mut self.place else { return };
        match keys::action(&turn.keymap.field, key) {
            Some(Edit::Accept) => self.focus = FilesFocus::Entries,
            Some(Edit::Up) => folder.walk(Move::Up, rows),
            Some(Edit::Down) => folder.walk(Move::Down, rows),
            edit => {
                folder.filter.on_key(key, edit);
                folder.filter_changed();
            }
        }
    }
}
