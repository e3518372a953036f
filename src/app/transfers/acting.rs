//! What the keys do to the downloads. How anything is opened is the business of the shell.

use std::path::Path;

use super::dialogue::Dialogue;
use crate::app::confirm::Confirm;
use crate::app::files::FilesFocus;
use crate::app::keys::{self, Browse, Transfer};
use crate::app::overlay::Overlay;
use crate::app::queue::{End, Item, ItemState};
use crate::app::{Notice, State, Turn};
use crate::effect::Effect;
use crate::event::Key;
use crate::text::clean_line;

/// Where that is which came of a download, or was there before it; none where nothing is.
#[must_use]
pub fn place_of(item: &Item) -> Option<&Path> {
    let ItemState::Ended(end) = item.state() else { return None };
    match end {
        End::Finished(finished) => finished.path.as_deref(),
        End::Kept { path, .. } => Some(path),
        End::Partly if item.counts().done + item.counts().kept > 0 => Some(&item.to),
        End::Empty => Some(&item.to),
        End::Partly | End::Failed(_) | End::Cancelled => None,
    }
}

impl State {
    /// A key on the files tab that no global action took.
    pub(in crate::app) fn on_files_key(&mut self, key: Key, turn: &mut Turn<'_>) {
        if self.files.focus == FilesFocus::Entries {
            match keys::action(&turn.keymap.entries, key) {
                Some(Browse::Answer) => return self.answer_next(turn),
                Some(Browse::Cancel) => return self.cancel_selected(turn),
                Some(_) | None => {}
            }
        }
        if self.files.focus != FilesFocus::Transfers {
            return self.files.on_key(key, turn);
        }
        if let Some(action) = keys::action(&turn.keymap.transfers, key) {
            self.act_on_transfers(action, turn);
            if let Some(Overlay::Transfer(dialogue)) = &mut self.overlay {
                dialogue.note_key(key, turn.now.instant);
            }
        } else if let Some(action) = keys::action(&turn.keymap.list, key) {
            let rows = self.files.transfer_rows(turn.size).len();
            self.files.transfers.walk(action, rows);
        }
    }

    fn act_on_transfers(&mut self, action: Transfer, turn: &mut Turn<'_>) {
        let transfers = &mut self.files.transfers;
        if action == Transfer::ClearDone {
            return transfers.clear_done(turn);
        }
        let Some(item) = transfers.selected() else { return };
        let id = item.id;
        match action {
            Transfer::Open => return self.open_transfer(turn),
            Transfer::Answer if transfers.queue.question_of(id).is_some() => {
                self.overlay = Some(Overlay::Transfer(Dialogue::conflict(id)));
                return;
            }
            Transfer::Answer => return self.answer_next(turn),
            Transfer::Details => {
                self.overlay = Some(Overlay::Transfer(Dialogue::Details { item: id, top: 0 }));
                return;
            }
            Transfer::Pause if item.is_paused() || transfers.queue.held().is_some() => {
                transfers.queue.resume(id, &mut turn.world());
            }
            Transfer::Pause => transfers.queue.pause(id, &mut turn.world()),
            Transfer::PauseAll => {
                let totals = transfers.queue.totals();
                if totals.paused == totals.open || transfers.queue.held().is_some() {
                    transfers.queue.resume_all(&mut turn.world());
                } else {
                    transfers.queue.pause_all(&mut turn.world());
                }
            }
            Transfer::Cancel => return self.cancel_selected(turn),
            Transfer::CancelAll if transfers.queue.open() > 0 => return self.confirm(Confirm::CancelAll),
            Transfer::Retry => transfers.queue.retry(id, &mut turn.world()),
            Transfer::RetryAll => transfers.queue.retry_all(&mut turn.world()),
            Transfer::Earlier => transfers.queue.shift(id, true, &mut turn.world()),
            Transfer::Later => transfers.queue.shift(id, false, &mut turn.world()),
            Transfer::CancelAll | Transfer::ClearDone => {}
            Transfer::Reveal => return self.reveal_transfer(turn),
            Transfer::CopyPath => {
                let path = place_of(item).unwrap_or(&item.to);
                turn.out.push(Effect::Copy(clean_line(path.as_os_str().as_encoded_bytes())));
                return;
            }
            Transfer::Limit => {
                let limit = Dialogue::limit(transfers.queue.rate());
                self.overlay = Some(Overlay::Transfer(limit));
                return;
            }
        }
        transfers.select(id);
    }

    /// What Enter does: opens what came, answers what is asked, or else shows all about it.
    pub(in crate::app) fn open_transfer(&mut self, turn: &mut Turn<'_>) {
        let transfers = &self.files.transfers;
        let Some(item) = transfers.selected() else { return };
        match (item.state(), place_of(item)) {
            (ItemState::Ended(_), Some(path)) => {
                *turn.notice = Some(Notice::Opened(clean_line(path.as_os_str().as_encoded_bytes())));
                turn.out.push(Effect::OpenFile(path.to_owned()));
            }
            (ItemState::Conflict(_), _) => {
                self.overlay = Some(Overlay::Transfer(Dialogue::conflict(item.id)));
            }
            (ItemState::Unauthorized(origin, realm), _) => {
                let (origin, realm) = (origin.clone(), realm.clone());
                self.ask_who(&origin, realm, turn);
            }
            (
                ItemState::Waiting
                | ItemState::Listing
                | ItemState::Running(_)
                | ItemState::Paused
                | ItemState::Crashed
                | ItemState::Ended(_),
                _,
            ) => self.overlay = Some(Overlay::Transfer(Dialogue::Details { item: item.id, top: 0 })),
        }
    }

    fn reveal_transfer(&mut self, turn: &mut Turn<'_>) {
        let Some(item) = self.files.transfers.selected() else { return };
        *turn.notice = Some(match place_of(item) {
            Some(path) => {
                turn.out.push(Effect::Reveal(path.to_owned()));
                Notice::Opened(clean_line(path.as_os_str().as_encoded_bytes()))
            }
            None => Notice::NotHere(item.name.clone()),
        });
    }

    /// Asks what becomes of the first file that waits for an answer; where none does, who the user is to the first server
    /// that wants to know.
    fn answer_next(&mut self, turn: &Turn<'_>) {
        let queue = &self.files.transfers.queue;
        if let Some(question) = queue.question() {
            self.overlay = Some(Overlay::Transfer(Dialogue::conflict(question.item)));
        } else if let Some((origin, realm)) = queue.wants_credentials().into_iter().next() {
            self.ask_who(&origin, realm, turn);
        }
    }
}
