//! Confirmation dialog: asks before a key destroys something that cannot be had back. Only a key that is bound to the
//! answer confirms it; neither Enter nor the key that asked does, so that a key that is held down destroys nothing.

use super::keys::{self, Answer};
use super::overlay::{GoTo, Goal, Overlay};
use super::queue::{End, ItemId, ItemState};
use super::share::Sharing;
use super::{State, Turn};
use crate::event::Key;

/// What is to be destroyed.
#[derive(Debug, Clone)]
pub enum Confirm {
    /// Cancel an unfinished download and delete its partial file.
    CancelDownload(ItemId),
    /// All downloads that are not done.
    CancelAll,
    /// Remove a failed download from the list and delete its partial file.
    RemoveDownload(ItemId),
    /// The list of what went over the wire.
    ClearTraffic,
    /// A bookmark, a server with its password, or a folder of the list of where one can go.
    ForgetGoal(Box<GoTo>, Goal),
    /// The share, while somebody takes something.
    StopShare,
}

impl Confirm {
    /// What lies over the screen when the question is answered.
    pub(super) fn beneath(self) -> Option<Overlay> {
        match self {
            Self::ForgetGoal(goto, _) => Some(Overlay::GoTo(*goto)),
            Self::StopShare => Some(Overlay::Share(Sharing::Shown(0))),
            Self::CancelDownload(_) | Self::CancelAll | Self::RemoveDownload(_) | Self::ClearTraffic => None,
        }
    }
}

impl State {
    /// Asks.
    pub(super) fn confirm(&mut self, what: Confirm) {
        self.overlay = Some(Overlay::Confirm(what));
    }

    /// A key while it is asked.
    pub(super) fn on_confirm_key(&mut self, mut what: Confirm, key: Key, turn: &mut Turn<'_>) {
        match keys::deliberate(&turn.keymap.question, key) {
            Some(Answer::Yes) => self.destroy(&mut what, turn),
            Some(Answer::No) => {}
            None => return self.confirm(what),
        }
        self.overlay = what.beneath();
    }

    fn destroy(&mut self, what: &mut Confirm, turn: &mut Turn<'_>) {
        match what {
            Confirm::CancelDownload(id) => self.files.transfers.queue.cancel(*id, &mut turn.world()),
            Confirm::CancelAll => self.files.transfers.queue.cancel_all(&mut turn.world()),
            Confirm::RemoveDownload(id) => self.files.transfers.remove(*id, turn),
            Confirm::ClearTraffic => self.traffic.clear(),
            Confirm::ForgetGoal(goto, goal) => goto.forget(goal, &self.chat, turn),
            Confirm::StopShare => self.share.stop(turn),
        }
    }

    /// Stops the selected download, after a question; one that is at its end leaves the list, after a question only where
    /// something is lost with it.
    pub(super) fn cancel_selected(&mut self, turn: &mut Turn<'_>) {
        let Some(item) = self.files.transfers.selected() else { return };
        let id = item.id;
        match item.state() {
            ItemState::Ended(End::Failed(_) | End::Partly) => self.confirm(Confirm::RemoveDownload(id)),
            ItemState::Ended(_) => self.files.transfers.clear(&[id], turn),
            ItemState::Waiting
            | ItemState::Listing
            | ItemState::Running(_)
            | ItemState::Paused
            | ItemState::Crashed
            | ItemState::Conflict(_)
            | ItemState::Unauthorized(..) => self.confirm(Confirm::CancelDownload(id)),
        }
    }

    /// Closes a question about a download that has finished or been removed meanwhile.
    pub(super) fn leave_confirmation(&mut self) {
        let queue = &self.files.transfers.queue;
        let is_gone = match &self.overlay {
            Some(Overlay::Confirm(Confirm::CancelDownload(id))) => {
                queue.item_of(*id).is_none_or(|item| !item.is_open())
            }
            Some(Overlay::Confirm(Confirm::RemoveDownload(id))) => {
                queue.item_of(*id).is_none_or(super::queue::Item::is_open)
            }
            Some(_) | None => false,
        };
        if is_gone {
            self.overlay = None;
        }
    }
}
