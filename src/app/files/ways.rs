//! The ways from one folder or server to another, and back. Owns what was open before; asks through the rest of the tab.

use super::{Files, FilesFocus, Place};
use crate::app::folder::Line;
use crate::app::keys::{self, Browse};
use crate::app::{Notice, Turn};
use crate::effect::Change;
use crate::event::Key;
use crate::text::clean_line;
use crate::wire::Raw;
use crate::wire::listing::Kind;
use crate::wire::source::Source;

/// The most places that one can go back to.
const LIMIT: usize = 100;

/// What becomes of the answer to a question.
#[derive(Debug, Clone, Default)]
pub(super) struct Aim {
    way: Way,
    /// What to select in the folder.
    pub(super) select: Option<Raw>,
    /// The file that was asked for by its address, while the folder around it is.
    pub(super) file: Option<Source>,
    /// Whether what was asked for is downloaded where it is no folder.
    pub(super) or_get: bool,
}

/// How one comes to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Way {
    /// By an address, a name, or a key.
    #[default]
    Onward,
    /// It was open before.
    Back,
    /// It was open before one went back.
    Forward,
}

/// What was open, and what was selected there.
#[derive(Debug, Clone)]
struct Visit {
    source: Source,
    selected: Option<Raw>,
}

/// Where one can go back to, and from there forward again; the last is the nearest.
#[derive(Debug, Clone, Default)]
pub(super) struct Ways {
    past: Vec<Visit>,
    future: Vec<Visit>,
}

impl Aim {
    /// To go on to a folder in which this is to be selected.
    pub(super) fn at(select: Option<Raw>) -> Self {
        Self { select, ..Self::default() }
    }

    /// To go on into a folder that may be a file: that is downloaded then.
    pub(super) fn or_get() -> Self {
        Self { or_get: true, ..Self::default() }
    }
}

impl Files {
    /// Asks for what was open before what is open now. Where something else was asked for meanwhile, or failed, what is
    /// open now is the way back.
    pub(super) fn go_back(&mut self, turn: &mut Turn<'_>) {
        if self.is_undecided() {
            self.forget(turn);
            self.focus = self.main_focus();
            return;
        }
        self.go(Way::Back, turn);
    }

    /// Asks for what was open before one went back.
    pub(super) fn go_forward(&mut self, turn: &mut Turn<'_>) {
        self.go(Way::Forward, turn);
    }

    /// Whether what is open is a folder without a list, and nothing was done there: all that is left is what was open
    /// before.
    #[must_use]
    pub fn is_dead_end(&self) -> bool {
        let Place::Unlisted(server) = &self.place else { return false };
        let is_folder = !server.name.is_empty() && server.address().path.is_folder();
        is_folder && server.is_as_opened() && !self.is_undecided() && !self.ways.past.is_empty()
    }

    fn go(&mut self, way: Way, turn: &mut Turn<'_>) {
        let ahead = if way == Way::Back { &self.ways.past } else { &self.ways.future };
        let Some(visit) = ahead.last().cloned() else { return };
        self.travel(visit.source, Aim { way, select: visit.selected, ..Aim::default() }, turn);
    }

    /// What is open gives way to this: it is where one can go back to.
    pub(super) fn leave(&mut self, to: &Source) {
        let way = std::mem::take(&mut self.aim.way);
        let Ways { past, future } = &mut self.ways;
        let left = self.place.address();
        let same = left.as_ref() == Some(to);
        let left = left.filter(|_| !same).map(|source| {
            let selected =
                if let Place::Folder(folder) = &self.place { folder.selected_name() } else { None };
            Visit { source, selected }
        });
        match way {
            Way::Onward if same => {}
            Way::Onward => {
                future.clear();
                past.extend(left);
                past.drain(..past.len().saturating_sub(LIMIT));
            }
            Way::Back => {
                past.pop();
                future.extend(left);
            }
            Way::Forward => {
                future.pop();
                past.extend(left);
            }
        }
    }

    /// Asks for the folder around the open one, in which that is to be selected.
    pub(super) fn open_parent(&mut self, turn: &mut Turn<'_>) {
        let Place::Folder(folder) = &self.place else { return };
        let Some(path) = folder.source.path.parent() else { return };
        let from = Raw(folder.source.path.last().into());
        self.travel(folder.source.at(path), Aim::at(Some(from)), turn);
    }

    /// Asks once more for what is open, or for what failed.
    pub(in crate::app) fn reload(&mut self, turn: &mut Turn<'_>) {
        if let Some((source, _)) = &self.failed {
            let (source, aim) = (source.clone(), std::mem::take(&mut self.aim));
            return self.travel(source, aim, turn);
        }
        let Some(source) = self.source().cloned() else { return };
        let selected = match &self.place {
            Place::Folder(folder) if folder.source == source => folder.selected_name(),
            Place::Folder(_) | Place::Nowhere | Place::Unlisted(_) => None,
        };
        self.travel(source, Aim::at(selected), turn);
    }

    /// Whether a key asks to look at the selected file.
    pub(in crate::app) fn previews(&self, key: Key, turn: &Turn<'_>) -> bool {
        let walking = self.focus == FilesFocus::Entries && matches!(self.place, Place::Folder(_));
        walking && self.is_place_seen() && keys::action(&turn.keymap.entries, key) == Some(Browse::Preview)
    }

    /// The selected file; where it is none, that is said.
    pub(in crate::app) fn selected_file(&self, turn: &mut Turn<'_>) -> Option<Source> {
        let Place::Folder(folder) = &self.place else { return None };
        match folder.selected_line() {
            Some(Line::Entry(entry)) if entry.kind == Kind::File => Some(folder.inside(entry)),
            Some(Line::Entry(_) | Line::Parent) | None => {
                *turn.notice = Some(Notice::NotForPreview);
                None
            }
        }
    }

    /// Marks the selected folder, or else the open one, to be found again, or takes that mark away.
    pub(super) fn bookmark(&mut self, turn: &mut Turn<'_>) {
        let Place::Folder(folder) = &self.place else { return };
        let source = match folder.selected_line() {
            Some(Line::Entry(entry)) if entry.kind == Kind::Dir => folder.inside(entry),
            Some(Line::Entry(_) | Line::Parent) | None => folder.source.clone(),
        };
        let is_new = !turn.recent.bookmarks().contains(&source);
        *turn.notice = Some(Notice::Bookmark(clean_line(source.to_string().as_bytes()), is_new));
        turn.remember(if is_new { Change::Bookmark(source) } else { Change::NoBookmark(source) });
    }

    /// Asks what is there. Where that is a folder on the way to the open one, what leads back to it is selected there.
    pub(in crate::app) fn open_above(&mut self, source: Source, turn: &mut Turn<'_>) {
        let same_server = |open: &&Source| open.at(source.path.clone()) == source;
        let below = self.place.source().filter(same_server).and_then(|open| {
            let mut below = open.path.clone();
            while let Some(above) = below.parent() {
                if above == source.path {
                    return Some(Raw(below.last().into()));
                }
                below = above;
            }
            None
        });
        self.travel(source, Aim::at(below), turn);
    }
}
