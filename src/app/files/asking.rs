//! What a server is asked for, and what becomes of the answer. Never asks for the bytes of a file.

use super::ways::Aim;
use super::{Files, FilesFocus, Place};
use crate::app::folder::{Folder, is_hidden};
use crate::app::unlisted::Unlisted;
use crate::app::{Notice, Turn};
use crate::effect::{Change, Effect};
use crate::event::{BrowseEvent, Fault, Listing, RequestId};
use crate::wire::Raw;
use crate::wire::listing::Entry;
use crate::wire::source::{Scheme, Source};

impl Files {
    /// Asks what is there.
    pub(in crate::app) fn browse(&mut self, source: Source, turn: &mut Turn<'_>) {
        self.travel(source, Aim::default(), turn);
    }

    /// Asks what is there, to do this with the answer.
    pub(super) fn travel(&mut self, source: Source, aim: Aim, turn: &mut Turn<'_>) {
        self.forget(turn);
        self.aim = aim;
        self.focus = FilesFocus::Entries;
        if source.scheme == Scheme::Plain {
            return self.open_unlisted(&source, turn);
        }
        self.ask(source, turn);
    }

    fn ask(&mut self, source: Source, turn: &mut Turn<'_>) {
        let request = turn.ids.request();
        turn.out.push(Effect::Browse { request, source: source.clone() });
        self.pending = Some((request, source));
    }

    pub(super) fn forget(&mut self, turn: &mut Turn<'_>) {
        self.failed = None;
        if let Some((request, _)) = self.pending.take() {
            turn.out.push(Effect::Forget(request));
        }
    }

    /// What is open gives way: nothing more about what is in it is of use.
    fn stop_asking(&mut self, turn: &mut Turn<'_>) {
        self.filling.end(turn);
        if let Place::Folder(folder) = &mut self.place {
            folder.extents.stop(turn);
        }
    }

    /// The answer to it; late ones are dropped.
    pub(in crate::app) fn on_event(&mut self, request: RequestId, event: BrowseEvent, turn: &mut Turn<'_>) {
        let Some((_, source)) = self.pending.take_if(|(pending, _)| *pending == request) else { return };
        let file = self.aim.file.take();
        let or_get = std::mem::take(&mut self.aim.or_get);
        match (event, file) {
            (BrowseEvent::Listed(listing), Some(file)) => self.open_around(listing, &file, turn),
            // The folder around it has no list that we can read: what is left is the name.
            (BrowseEvent::Plain | BrowseEvent::Failed(_), Some(file)) => self.open_unlisted(&file, turn),
            (BrowseEvent::Listed(listing), None) => self.open_folder(listing, turn),
            (BrowseEvent::Plain, None) => self.open_unlisted(&source.spoken(Scheme::Plain), turn),
            (BrowseEvent::Failed(Fault::IsFile), None) if or_get => self.get_file(&source, turn),
            (BrowseEvent::Failed(Fault::IsFile), None) => {
                let file = source.spoken_http();
                let folder = file.path.parent().map_or_else(|| file.clone(), |path| file.at(path));
                self.ask(folder, turn);
                self.aim.file = Some(file);
            }
            // It speaks HTTP, and has files: their names can be typed.
            (BrowseEvent::Failed(Fault::NoListing), None) => {
                self.open_unlisted(&source.spoken_http(), turn);
            }
            (BrowseEvent::Failed(fault), None) => self.failed = Some((source, fault)),
        }
    }

    /// Opens the folder around a file, which is selected there: nothing is downloaded before the user says so.
    fn open_around(&mut self, listing: Listing, file: &Source, turn: &mut Turn<'_>) {
        let name = Raw(file.path.last().into());
        if listing.entries.iter().any(|entry| entry.raw == name) {
            self.aim.select = Some(name);
            self.open_folder(listing, turn);
        } else {
            self.open_unlisted(file, turn);
        }
    }

    fn open_folder(&mut self, listing: Listing, turn: &mut Turn<'_>) {
        turn.remember(Change::Folder(listing.source.clone()));
        self.leave(&listing.source);
        self.stop_asking(turn);
        self.signed = None;
        if listing.is_cut {
            *turn.notice = Some(Notice::NotAll(Fault::CutShort { after: listing.entries.len() }));
        }
        let mut arrangement = self.arrangement;
        let is_wanted = |entry: &Entry| self.aim.select.as_ref() == Some(&entry.raw) && is_hidden(entry);
        // Who asks for something that is hidden wants to see it.
        arrangement.with_hidden |= listing.entries.iter().any(is_wanted);
        let mut folder = Folder::new(listing, arrangement);
        if let Some(name) = self.aim.select.take() {
            folder.select(&name);
        }
        // Who types goes on typing: the next letters are not meant as commands.
        if let (FilesFocus::Filter, Place::Folder(left)) = (self.focus, &mut self.place) {
            folder.filter = std::mem::take(&mut left.filter);
            folder.filter_changed();
        }
        self.arrangement = arrangement;
        self.place = Place::Folder(Box::new(folder));
    }

    fn open_unlisted(&mut self, source: &Source, turn: &mut Turn<'_>) {
        turn.remember(Change::Server(source.clone()));
        self.leave(source);
        self.stop_asking(turn);
        self.place = Place::Unlisted(Unlisted::new(source));
        if !matches!(self.focus, FilesFocus::Address | FilesFocus::Transfers) {
            self.focus = FilesFocus::Name;
        }
    }
}
