//! Merging what other programs on the same data directory stored into a conversation: settings, draft, read mark, messages,
//! and what became of them. What is changed here and not stored yet wins; nothing that is being written is lost.

use super::{Conversation, Scroll};
use crate::app::Ids;
use crate::app::message::Message;
use crate::effect::{Contact, ContactChange, Known, Silent};
use crate::event::{Delivery, PeerChanges, RequestId, RowId, merged_at};

impl Conversation {
    /// Whether the user has done nothing about the peer, but for reading and for what is being written to it just now.
    pub(in crate::app) fn is_untouched(&self) -> bool {
        let Contact { peer: _, name, named, invited, pinned, muted, blocked, silent, draft, read: _ } =
            &self.contact;
        let chosen = *named || *invited || *pinned || *muted || *blocked || *silent != Silent::default();
        name.is_none() && !chosen && draft.is_empty()
    }

    /// What is to be kept of the peer and was not given to the store yet, which gets it now.
    pub(in crate::app) fn give(&mut self, request: RequestId) -> Vec<ContactChange> {
        self.changed = false;
        let changes = self.contact.changes_since(&self.stored);
        self.stored = self.contact.clone();
        for change in &changes {
            self.given.retain(|(_, given)| !given.has_field_of(change));
            self.given.push((request, change.clone()));
        }
        changes
    }

    /// Whether all is read, and what comes is in view.
    pub(super) fn is_caught_up(&self) -> bool {
        let at_newest = self.scroll == Scroll::Newest && self.loaded.is_at_newest();
        at_newest && self.unread == 0 && !self.arriving
    }

    /// The messages from this one on, which are not on disk, got other numbers.
    pub(super) fn shift(&mut self, guessed: u64, further: u64) {
        let shift = |nth: &mut u64| *nth += if *nth >= guessed { further } else { 0 };
        self.heard.iter_mut().for_each(|(nth, _)| shift(nth));
        self.divider.iter_mut().for_each(|(nth, _)| shift(nth));
        self.selected.iter_mut().for_each(shift);
        self.scroll.shift(shift);
    }

    /// Takes in what other programs stored: `after` which request of ours, and `up_to` which message.
    pub(in crate::app) fn merge(
        &mut self,
        changes: PeerChanges,
        after: RequestId,
        up_to: RowId,
        watched: bool,
        ids: &mut Ids,
    ) {
        let PeerChanges { known, contact, messages, deliveries } = changes;
        self.given.retain(|(request, _)| *request > after);
        for change in contact {
            // What is under way to the disk is written after this.
            if !self.given.iter().any(|(_, given)| given.has_field_of(&change)) {
                self.merge_change(&change);
            }
        }
        for (row, delivery, _) in &deliveries {
            if let Some(message) = self.loaded.all_mut().find(|message| message.row == Some(*row)) {
                message.delivery = delivery.clone();
            }
        }
        if !deliveries.is_empty() {
            let here = |message: &&Message| message.row.is_none() && message.delivery.is_undelivered();
            self.waiting = known.waiting + self.loaded.tail().iter().filter(here).count();
        }
        let came = messages.iter().filter(|message| message.delivery == Delivery::Received).count();
        let caught_up = watched && self.is_caught_up();
        let messages = messages.into_iter().map(|stored| Message::stored(ids.message(), stored));
        let reading = self.scroll != Scroll::Newest;
        if let Some((guessed, further)) = self.loaded.insert(messages.collect(), known.newest, reading) {
            self.shift(guessed, further);
            self.is_back |= came > 0 && self.waiting > 0;
        }
        self.latest = self.latest.max(known.latest);
        if known.heard.is_some_and(|(nth, _)| self.heard.is_none_or(|(heard, _)| heard < nth)) {
            self.heard = known.heard;
        }
        if caught_up {
            self.see_all();
        } else {
            self.count_unread(&known, up_to, came);
        }
    }

    /// Whether the draft was written on since it was given to the store.
    pub(in crate::app) fn has_newer_draft(&self) -> bool {
        self.draft.text() != self.stored.draft
    }

    /// Another program forgot the peer. A draft that was written on since it was stored stays, and is stored again, and so do
    /// messages that are not on disk yet; nothing else does.
    pub(in crate::app) fn is_forgotten(&mut self) {
        let has_newer_draft = self.has_newer_draft();
        if !has_newer_draft {
            self.draft.replace("");
        }
        let draft = self.draft.text().to_owned();
        self.loaded.forget();
        let peer = self.peer();
        self.stored = Contact::new(peer);
        self.contact = Contact { draft, invited: has_newer_draft, ..Contact::new(peer) };
        self.changed = has_newer_draft;
        (self.scroll, self.selected, self.divider) = (Scroll::Newest, None, None);
        (self.unread, self.waiting, self.is_back) = (0, 0, false);
        (self.heard, self.latest, self.blocked) = (None, None, 0);
        self.given.clear();
    }

    fn merge_change(&mut self, change: &ContactChange) {
        if let ContactChange::Draft { text, .. } = change {
            return self.merge_draft(text);
        }
        let mut own = self.contact.changes_since(&self.stored);
        own.retain(|own| own.has_field_of(change));
        self.stored.apply(change);
        if own.is_empty() || matches!(change, ContactChange::Read(_)) {
            self.contact.apply(change);
        }
    }

    fn merge_draft(&mut self, stored: &str) {
        let before = std::mem::replace(&mut self.stored.draft, stored.to_owned());
        let (draft, caret) = merged_at(&before, self.draft.text(), stored, self.draft.caret());
        if draft != self.draft.text() {
            self.draft.replace(&draft);
            self.draft.move_to(caret);
            self.recalled = None;
        }
        self.contact.draft = self.draft.text().to_owned();
        self.changed |= self.contact.draft != self.stored.draft;
    }

    /// What was read here may not be on disk yet, nor what came here.
    fn count_unread(&mut self, known: &Known, up_to: RowId, came: usize) {
        let before = self.unread;
        let on_disk = if self.contact.read <= known.contact.read {
            Some(known.unread)
        } else {
            (self.contact.read >= known.newest).then_some(0)
        };
        let read = self.contact.read;
        let only_here = |message: &&Message| {
            let is_on_disk = message.row.is_some_and(|row| row <= up_to);
            !is_on_disk && message.nth > read && message.delivery == Delivery::Received
        };
        let only_here = self.loaded.tail().iter().filter(only_here).count();
        self.unread = on_disk.map_or(before + came, |on_disk| on_disk + only_here);
        let more = self.unread.saturating_sub(before);
        match &mut self.divider {
            _ if self.unread == 0 => self.divider = None,
            Some((_, count)) if before > 0 => *count += more,
            _ if more > 0 => self.divider = Some((self.contact.read + 1, self.unread)),
            Some(_) | None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_peer_that_another_program_forgot_only_what_was_written_since_is_kept_again() {
        let contact = |draft: &str| {
            let peer = "10.0.0.7:7890".parse().unwrap();
            Contact { draft: draft.to_owned(), invited: true, pinned: true, ..Contact::new(peer) }
        };
        let known =
            Known { contact: contact("kept"), newest: 0, latest: None, heard: None, unread: 0, waiting: 0 };
        let mut idle = Conversation::known(known.clone());
        idle.is_forgotten();
        assert_eq!((idle.draft.text(), idle.changed), ("", false));
        assert_eq!(idle.give(RequestId(1)), []);

        let mut typing = Conversation::known(known);
        typing.draft.replace("kept, and more");
        typing.is_forgotten();
        assert_eq!((typing.draft.text(), typing.changed), ("kept, and more", true));
        let kept = typing.give(RequestId(1));
        assert!(kept.iter().any(|change| matches!(change, ContactChange::Draft { .. })), "{kept:?}");
        assert!(!kept.iter().any(|change| matches!(change, ContactChange::Pinned(_))), "{kept:?}");
    }
}
