//! Picking files and folders for download. A name that begins with a dot is asked about first, where it would come into the
//! folder for downloads: there it is hidden, and programs look for some of these names to obey what is in them.

use std::collections::HashSet;

use super::dialogue::Dialogue;
use super::{NewFile, Transfers};
use crate::app::keys::{self, Answer};
use crate::app::overlay::Overlay;
use crate::app::{State, Turn};
use crate::event::Key;
use crate::text::{Clean, clean_line};
use crate::wire::name::portable_name;
use crate::wire::source::Source;

/// What was picked.
#[derive(Debug, Clone)]
pub enum Pick {
    /// A file.
    File(NewFile),
    /// A folder with all that is in it.
    Folder(Source),
}

impl Pick {
    fn source(&self) -> &Source {
        match self {
            Self::File(new) => &new.source,
            Self::Folder(source) => source,
        }
    }

    /// What it is called on the server.
    #[must_use]
    pub fn name(&self) -> Clean {
        clean_line(&self.source().path.last())
    }

    /// A name for it that does not begin with a dot.
    #[must_use]
    pub fn safe_name(&self) -> String {
        portable_name(&self.source().path.last())
    }
}

impl Transfers {
    /// Downloads these; those of which it has to be asked first are left for that.
    pub(in crate::app) fn take(&mut self, picks: Vec<Pick>, turn: &mut Turn<'_>) {
        let (asked, others): (Vec<Pick>, Vec<Pick>) =
            picks.into_iter().partition(|pick| self.queue.begins_with_dot(pick.source(), is_file(pick)));
        self.add(others, false, turn);
        if !asked.is_empty() {
            self.asks = Some(asked);
        }
    }

    /// Asks for these, under a safe name or their own; the last one is selected then.
    fn add(&mut self, picks: Vec<Pick>, safe: bool, turn: &mut Turn<'_>) {
        let sources: HashSet<&Source> = picks.iter().map(Pick::source).collect();
        self.queue.drop_idle(&sources);
        for pick in picks {
            let to = safe.then(|| self.queue.dir().join(pick.safe_name()));
            let id = match pick {
                Pick::File(new) => self.queue.add_file(NewFile { to, ..new }, &mut turn.world()),
                Pick::Folder(source) => self.queue.add_folder(&source, to, &mut turn.world()),
            };
            self.select(id);
        }
    }
}

fn is_file(pick: &Pick) -> bool {
    matches!(pick, Pick::File(_))
}

impl State {
    /// Opens the questions that parts of the state have, now that nothing else happens.
    pub(in crate::app) fn ask_what_waits(&mut self) {
        if let Some(question) = self.chat.asks.take() {
            self.overlay = Some(Overlay::Addressee(question));
        }
        if let Some(picks) = self.files.transfers.asks.take() {
            self.overlay = Some(Overlay::Transfer(Dialogue::DotNames(picks)));
        }
    }

    /// A key while it is asked whether names that begin with a dot are kept.
    pub(super) fn on_dot_names_key(&mut self, picks: Vec<Pick>, key: Key, turn: &mut Turn<'_>) {
        match keys::deliberate(&turn.keymap.question, key) {
            Some(answer) => self.files.transfers.add(picks, answer == Answer::No, turn),
            None => self.overlay = Some(Overlay::Transfer(Dialogue::DotNames(picks))),
        }
    }
}
