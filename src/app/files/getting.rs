//! What is downloaded from where one is, and what is heard of that. Decides nothing about when.

use std::collections::HashSet;

use super::{Files, Place};
use crate::app::folder::{Folder, Line};
use crate::app::queue::{NewFile, sums_beside};
use crate::app::transfers::Pick;
use crate::app::{Notice, Turn};
use crate::effect::Change;
use crate::event::{TransferEvent, TransferId};
use crate::wire::listing::{Entry, Kind};
use crate::wire::source::Source;

impl Files {
    /// Downloads what is marked, files and folders; where nothing is, what is selected.
    pub(super) fn get_marked(&mut self, turn: &mut Turn<'_>) {
        let Place::Folder(folder) = &mut self.place else { return };
        let taken = folder.take_marked();
        if taken.is_empty() {
            self.refuse(Notice::NotAFile, turn);
        }
        self.get(&taken, turn);
    }

    /// Says why something is not done with what is selected; where that is no entry, that one has to be.
    pub(super) fn refuse(&self, why: Notice, turn: &mut Turn<'_>) {
        let Place::Folder(folder) = &self.place else { return };
        let is_entry = matches!(folder.selected_line(), Some(Line::Entry(_)));
        *turn.notice = Some(if is_entry { why } else { Notice::NothingSelected });
    }

    /// Downloads the file that is selected.
    pub(super) fn get_selected(&mut self, turn: &mut Turn<'_>) {
        let Place::Folder(folder) = &self.place else { return };
        if let Some(Line::Entry(entry)) = folder.selected_line() {
            let entry = entry.clone();
            self.get(&[entry], turn);
        }
    }

    /// Downloads a file that was looked at.
    pub(in crate::app) fn get_file(&mut self, source: &Source, turn: &mut Turn<'_>) {
        let Place::Folder(folder) = &self.place else { return };
        let entry = folder.entries().find(|entry| folder.inside(entry) == *source);
        let new = entry.map(|entry| new_file(folder, entry, &folder.names()));
        let unlisted = || NewFile { named_by_server: true, ..NewFile::new(source.clone()) };
        self.transfers.take(vec![Pick::File(new.unwrap_or_else(unlisted))], turn);
    }

    fn get(&mut self, entries: &[Entry], turn: &mut Turn<'_>) {
        let Place::Folder(folder) = &self.place else { return };
        let known = folder.names();
        let pick = |entry: &Entry| match entry.kind {
            Kind::Dir => Pick::Folder(folder.inside(entry)),
            Kind::File | Kind::Other => Pick::File(new_file(folder, entry, &known)),
        };
        self.transfers.take(entries.iter().map(pick).collect(), turn);
    }

    /// Downloads the file whose name was typed.
    pub(super) fn get_named(&mut self, turn: &mut Turn<'_>) {
        let Place::Unlisted(server) = &mut self.place else { return };
        if let Some(name) = server.take_name(turn.recent) {
            self.transfers.take(vec![Pick::File(NewFile::new(server.source.at(name)))], turn);
        }
    }

    /// News of a download. The names of files that a plain server really had are remembered.
    pub(in crate::app) fn on_transfer(&mut self, id: TransferId, event: TransferEvent, turn: &mut Turn<'_>) {
        let queue = &mut self.transfers.queue;
        if matches!(event, TransferEvent::Finished { .. })
            && let Some(source) = queue.source_of(id)
        {
            turn.remember(Change::Name(source.clone()));
        }
        queue.on_transfer(id, event, &mut turn.world());
    }
}

fn new_file(folder: &Folder, entry: &Entry, known: &HashSet<&[u8]>) -> NewFile {
    let sums = sums_beside(&folder.source, &entry.raw.0, |name| known.contains(name));
    NewFile { size: entry.size, sums, is_listed: true, ..NewFile::new(folder.inside(entry)) }
}
