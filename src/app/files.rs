//! The files tab: which server and folder is open, or which server without one, and what the keys do to it.

use std::path::PathBuf;
use std::time::Instant;

use super::bar::{AddressBar, Problem};
use super::crumbs::{self, Crumb};
use super::folder::{Arrangement, Column, Folder, Line};
use super::keys::{self, Browse, Edit};
use super::queue::QueueSettings;
use super::transfers::Transfers;
use super::unlisted::Unlisted;
use super::{Notice, Turn};
use crate::effect::Effect;
use crate::event::{Facts, Fault, Key, RequestId, WalkEvent};
use crate::wire::address::AddressError;
use crate::wire::listing::Kind;
use crate::wire::source::{Origin, Source};

mod asking;
mod filling;
mod getting;
mod jump;
mod typing;
mod ways;

use filling::Filling;
use ways::{Aim, Ways};

/// Where the input goes on this tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FilesFocus {
    /// Walking through a folder, in a list.
    #[default]
    Entries,
    /// Into the name of a file, on a server without a list that we can read.
    Name,
    /// Into the filter.
    Filter,
    /// Walking through the downloads.
    Transfers,
    /// Into the address of a server.
    Address,
    /// Into the path of a folder or file of the open server.
    Path,
}

/// What is open.
#[derive(Debug, Clone, Default)]
pub enum Place {
    /// Nothing yet.
    #[default]
    Nowhere,
    /// A folder of a server that lists what it has.
    Folder(Box<Folder>),
    /// A server that does not, or not in a way that we can read.
    Unlisted(Unlisted),
}

impl Place {
    /// Which folder or server it is.
    #[must_use]
    pub fn source(&self) -> Option<&Source> {
        match self {
            Self::Nowhere => None,
            Self::Folder(folder) => Some(&folder.source),
            Self::Unlisted(server) => Some(&server.source),
        }
    }

    /// By which address it is opened again.
    fn address(&self) -> Option<Source> {
        match self {
            Self::Nowhere => None,
            Self::Folder(folder) => Some(folder.source.clone()),
            Self::Unlisted(server) => Some(server.address()),
        }
    }
}

/// The files tab.
#[derive(Debug, Clone)]
pub struct Files {
    /// Where the input goes.
    pub focus: FilesFocus,
    /// The server's address.
    pub bar: AddressBar,
    /// What is open.
    pub place: Place,
    /// What was asked for and is not answered yet.
    pub pending: Option<(RequestId, Source)>,
    /// What was asked for last and did not work; what was open before still is.
    pub failed: Option<(Source, Fault)>,
    /// The downloads.
    pub transfers: Transfers,
    /// The path that is being typed.
    pub path: AddressBar,
    /// To which server the user just said who asks, and the name for that: until that is accepted.
    pub(super) signed: Option<(Origin, String)>,
    arrangement: Arrangement,
    filling: Filling,
    ways: Ways,
    aim: Aim,
}

impl Files {
    /// Nothing open; downloads are to be like this.
    #[must_use]
    pub fn new(downloads: QueueSettings) -> Self {
        Self {
            focus: FilesFocus::default(),
            bar: AddressBar::default(),
            place: Place::default(),
            pending: None,
            failed: None,
            transfers: Transfers::new(downloads),
            path: AddressBar::default(),
            signed: None,
            arrangement: Arrangement::default(),
            filling: Filling::default(),
            ways: Ways::default(),
            aim: Aim::default(),
        }
    }

    /// The open folder or server, or what was asked for.
    #[must_use]
    pub fn source(&self) -> Option<&Source> {
        match &self.place {
            Place::Nowhere => self.pending.as_ref().map(|(_, source)| source),
            Place::Folder(_) | Place::Unlisted(_) => self.place.source(),
        }
    }

    /// Whether the way to what is open stands in the address bar, and nothing that is being typed.
    #[must_use]
    pub fn shows_way(&self) -> bool {
        !matches!(self.focus, FilesFocus::Address | FilesFocus::Path)
    }

    /// The way to what is open, or to what was asked for, part by part, on so many columns.
    #[must_use]
    pub fn crumbs(&self, columns: usize) -> Vec<Crumb> {
        let asked = self.pending.as_ref().map(|(_, source)| source);
        let failed = self.failed.as_ref().map(|(source, _)| source);
        let source = asked.or(failed).or(self.source());
        source.map(|source| crumbs::crumbs(source, columns)).unwrap_or_default()
    }

    /// Begins to type a server's address.
    pub fn edit_address(&mut self) {
        if std::mem::replace(&mut self.focus, FilesFocus::Address) == FilesFocus::Address {
            // What is typed already stays.
            return;
        }
        if let Some(source) = self.source() {
            let shown = source.to_string();
            self.bar.offer(&shown);
        }
    }

    fn accept_address(&mut self, turn: &mut Turn<'_>) {
        let typed = self.bar.field.text().to_owned();
        if let Err(error) = self.browse_typed(&typed, turn) {
            self.bar.problem = Some(Problem::Address(error));
        }
    }

    /// Asks what there is at an address that was typed. A password in it is told to its server, and nowhere else.
    fn browse_typed(&mut self, typed: &str, turn: &mut Turn<'_>) -> Result<(), AddressError> {
        let (source, credentials) = Source::parse_with_credentials(typed)?;
        if credentials.is_some() {
            turn.out.push(Effect::Authorize { origin: source.origin(), credentials });
        }
        self.browse(source, turn);
        Ok(())
    }

    /// The way back: from a field to the list, from a question that is not answered, from a failure.
    pub(super) fn back(&mut self, turn: &mut Turn<'_>) {
        match self.focus {
            FilesFocus::Transfers if self.is_undecided() => return self.forget(turn),
            FilesFocus::Name if self.is_dead_end() => return self.go_back(turn),
            FilesFocus::Entries | FilesFocus::Name | FilesFocus::Filter if self.is_undecided() => {
                self.forget(turn);
            }
            FilesFocus::Filter | FilesFocus::Entries => {
                if let Place::Folder(folder) = &mut self.place {
                    if self.focus == FilesFocus::Entries && folder.extents.stop(turn) {
                        return;
                    }
                    folder.filter.replace("");
                    folder.filter_changed();
                }
            }
            FilesFocus::Name | FilesFocus::Transfers | FilesFocus::Address | FilesFocus::Path => {}
        }
        self.focus = self.main_focus();
    }

    /// Whether what is open is seen, and not that something else could not be opened: only what is seen is acted on.
    pub(super) fn is_place_seen(&self) -> bool {
        self.failed.is_none()
    }

    fn is_undecided(&self) -> bool {
        self.pending.is_some() || self.failed.is_some()
    }

    /// Where the input goes when it goes nowhere in particular. No name is typed while another server is named above.
    fn main_focus(&self) -> FilesFocus {
        match self.place {
            Place::Unlisted(_) if !self.is_undecided() => FilesFocus::Name,
            Place::Unlisted(_) | Place::Nowhere | Place::Folder(_) => FilesFocus::Entries,
        }
    }

    /// The next pane; whether that is the first one again.
    pub fn next_pane(&mut self) -> bool {
        let main = self.main_focus();
        self.focus = match self.focus {
            FilesFocus::Transfers => main,
            _ if self.transfers.queue.is_empty() => main,
            FilesFocus::Entries
            | FilesFocus::Name
            | FilesFocus::Filter
            | FilesFocus::Address
            | FilesFocus::Path => FilesFocus::Transfers,
        };
        self.focus == main
    }

    /// When it is time to ask what is not known of the files in view.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.filling.due()
    }

    /// What a server says of a file that it was asked about.
    pub(super) fn on_filled(&mut self, request: RequestId, nth: usize, facts: Facts) {
        if let Place::Folder(folder) = &mut self.place {
            self.filling.learn(folder, request, nth, facts);
        }
    }

    /// News of a walk through a folder: one whose size is wanted, or one that is downloaded.
    pub(super) fn on_walk(&mut self, request: RequestId, event: WalkEvent, turn: &mut Turn<'_>) {
        match &mut self.place {
            Place::Folder(folder) if folder.extents.expects(request) => {
                if let Some(fault) = folder.extents.learn(request, event) {
                    *turn.notice = Some(Notice::NotMeasured(fault));
                }
            }
            Place::Folder(_) | Place::Nowhere | Place::Unlisted(_) => {
                self.transfers.queue.on_walk(request, event, &mut turn.world());
            }
        }
    }

    /// Folders of a download that nothing is in are there, but for these.
    pub(super) fn on_folders_made(
        &mut self,
        request: RequestId,
        missed: Vec<(PathBuf, Fault)>,
        turn: &mut Turn<'_>,
    ) {
        self.transfers.queue.on_folders_made(request, missed, &mut turn.world());
    }

    /// Keeps what is selected in view, and asks for what is not known of what is in view. What was typed into a bar that is
    /// left is thrown away, with what is wrong with it.
    pub(super) fn follow(&mut self, in_view: bool, turn: &mut Turn<'_>) {
        let rows = self.rows(turn);
        if let Place::Folder(folder) = &mut self.place {
            self.filling.settle(folder);
            folder.follow(rows);
            self.filling.follow(folder, if in_view { rows } else { 0 }, turn);
        }
        if self.focus == FilesFocus::Transfers && self.transfers.queue.is_empty() {
            self.focus = self.main_focus();
        }
        if self.focus != FilesFocus::Address {
            self.bar = AddressBar::default();
        }
        if self.focus != FilesFocus::Path {
            self.path = AddressBar::default();
        }
    }

    /// A key that neither a global action took nor the downloads.
    pub(super) fn on_key(&mut self, key: Key, turn: &mut Turn<'_>) {
        match self.focus {
            FilesFocus::Address => match keys::action(&turn.keymap.field, key) {
                Some(Edit::Accept) => self.accept_address(turn),
                edit => self.bar.on_key(key, edit),
            },
            FilesFocus::Name => self.type_name(key, turn),
            FilesFocus::Path => self.type_path(key, turn),
            FilesFocus::Filter => self.type_filter(key, turn),
            FilesFocus::Entries => self.walk_entries(key, turn),
            FilesFocus::Transfers => {}
        }
    }

    fn walk_entries(&mut self, key: Key, turn: &mut Turn<'_>) {
        let rows = self.rows(turn);
        let seen = self.is_place_seen();
        match (keys::action(&turn.keymap.entries, key), keys::action(&turn.keymap.list, key)) {
            (Some(action), _) if seen || !is_about_place(action) => self.act(action, turn),
            (None, Some(action)) if seen => {
                if let Place::Folder(folder) = &mut self.place {
                    folder.walk(action, rows);
                }
            }
            (_, _) => {}
        }
    }

    fn act(&mut self, action: Browse, turn: &mut Turn<'_>) {
        match (action, &mut self.place) {
            (Browse::Open, _) => self.open_selected(turn),
            (Browse::Parent, _) => self.open_parent(turn),
            (Browse::Reload, _) => self.reload(turn),
            (Browse::Get, Place::Folder(_)) => self.get_marked(turn),
            (Browse::Mark, Place::Folder(folder)) => {
                if !folder.mark() {
                    self.refuse(Notice::NotAFile, turn);
                }
            }
            (Browse::Filter, Place::Folder(_)) => self.focus = FilesFocus::Filter,
            (Browse::Sort, Place::Folder(_)) => self.rearrange(|shown| shown.sort = shown.sort.next()),
            (Browse::Reverse, Place::Folder(_)) => self.rearrange(|shown| shown.sort = shown.sort.turned()),
            (Browse::Hidden, Place::Folder(_)) => self.rearrange(|shown| shown.with_hidden ^= true),
            (Browse::Back, _) => self.go_back(turn),
            (Browse::Forward, _) => self.go_forward(turn),
            (Browse::Jump, Place::Folder(_)) => self.edit_path(),
            (Browse::Bookmark, Place::Folder(_)) => self.bookmark(turn),
            (Browse::Measure, Place::Folder(folder)) => {
                if !folder.measure(turn) {
                    self.refuse(Notice::NotAFolder, turn);
                }
            }
            // What lies over the screen, or is asked there, is not this tab's.
            (Browse::Preview | Browse::Answer | Browse::Cancel, _)
            | (
                Browse::Get
                | Browse::Mark
                | Browse::Filter
                | Browse::Sort
                | Browse::Reverse
                | Browse::Hidden
                | Browse::Jump
                | Browse::Bookmark
                | Browse::Measure,
                Place::Nowhere | Place::Unlisted(_),
            ) => {}
        }
    }

    /// Opens the selected folder, or downloads the selected file.
    pub(super) fn open_selected(&mut self, turn: &mut Turn<'_>) {
        let Place::Folder(folder) = &self.place else { return };
        match folder.selected_line() {
            Some(Line::Parent) => self.open_parent(turn),
            Some(Line::Entry(entry)) => match entry.kind {
                Kind::Dir => self.browse(folder.inside(entry), turn),
                Kind::File if entry.may_be_folder => {
                    let source = folder.inside(entry);
                    self.travel(source, Aim::or_get(), turn);
                }
                Kind::File => self.get_selected(turn),
                Kind::Other => *turn.notice = Some(Notice::NotAFile),
            },
            None => {}
        }
    }

    /// Sorts by this column; where it does so already, the other way round.
    pub(super) fn sort_by(&mut self, column: Column) {
        self.rearrange(|shown| shown.sort = shown.sort.by(column));
    }

    fn rearrange(&mut self, change: impl FnOnce(&mut Arrangement)) {
        change(&mut self.arrangement);
        if let Place::Folder(folder) = &mut self.place {
            folder.arrange(self.arrangement);
        }
    }
}

/// Whether this is done with what is open, or with something in it.
fn is_about_place(action: Browse) -> bool {
    !matches!(action, Browse::Reload | Browse::Back | Browse::Forward | Browse::Cancel | Browse::Answer)
}
