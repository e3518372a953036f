//! A folder of a server as it is looked at: sorted, filtered, marked, and which row is selected. Asks nothing of any
//! server.

use std::collections::{BTreeSet, HashSet};

use super::Turn;
use super::field::Field;
use super::keys::Move;
use crate::event::{Facts, Listing, Unlisted};
use crate::wire::Raw;
use crate::wire::listing::{Entry, Kind};
use crate::wire::source::Source;

mod extent;
mod order;
mod sieve;

pub use extent::{Extent, Extents};
pub use order::{Column, Sort};
pub use sieve::Finder;
use sieve::Sieve;

/// How the entries of every folder are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arrangement {
    /// In which order.
    pub sort: Sort,
    /// Whether those whose names begin with a dot are shown, too.
    pub with_hidden: bool,
}

/// A row of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// The way out.
    Parent,
    /// One thing in the folder.
    Entry(&'a Entry),
}

/// A folder that is open.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Where it is.
    pub source: Source,
    /// What the user is looking for; empty: everything is shown.
    pub filter: Field,
    /// Which row is selected.
    pub selected: usize,
    arrangement: Arrangement,
    entries: Vec<Entry>,
    is_cut: bool,
    unlisted: Unlisted,
    /// What is in its files, as far as their sizes are known.
    total: Extent,
    /// Files of which they are not.
    unsized_files: u64,
    /// The entries in the order of their names.
    by_name: Vec<u32>,
    /// Those that are not hidden, in the order that was chosen.
    order: Vec<u32>,
    /// Whether something was learned since then by which they are sorted.
    is_stale: bool,
    sieve: Sieve,
    /// The entries that are marked.
    marked: BTreeSet<usize>,
    /// How much is in the folders of which that was asked.
    pub(super) extents: Extents,
    top: usize,
}

impl Folder {
    /// A folder as the server listed it.
    #[must_use]
    pub fn new(listing: Listing, arrangement: Arrangement) -> Self {
        let mut folder = Self {
            source: listing.source,
            is_cut: listing.is_cut,
            unlisted: listing.unlisted,
            total: size_of_files(&listing.entries),
            unsized_files: files(&listing.entries).filter(|entry| entry.size.is_none()).count() as u64,
            by_name: order::by_name(&listing.entries),
            sieve: Sieve::new(&listing.entries),
            entries: listing.entries,
            filter: Field::default(),
            selected: 0,
            arrangement,
            order: Vec::new(),
            is_stale: false,
            marked: BTreeSet::new(),
            extents: Extents::default(),
            top: 0,
        };
        folder.arrange(arrangement);
        // The first thing in it, not the way out.
        folder.selected = folder.first();
        folder
    }

    /// Whether the first row is the way out.
    fn has_parent(&self) -> bool {
        self.source.path.parent().is_some()
    }

    fn first(&self) -> usize {
        usize::from(self.has_parent() && !self.shown().is_empty())
    }

    /// The entries that are shown, in order.
    fn shown(&self) -> &[u32] {
        self.sieve.found().unwrap_or(&self.order)
    }

    /// Which entry stands in a row.
    fn place(&self, row: usize) -> Option<usize> {
        let nth = row.checked_sub(usize::from(self.has_parent()))?;
        self.shown().get(nth).map(|at| *at as usize)
    }

    /// How its entries are shown.
    #[must_use]
    pub fn arrangement(&self) -> Arrangement {
        self.arrangement
    }

    /// Whether there may be more in it, which the server does not list.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// How much is in it and not in the server's list.
    #[must_use]
    pub fn unlisted(&self) -> Unlisted {
        self.unlisted
    }

    /// Things in it, but for those that are hidden.
    #[must_use]
    pub fn count(&self) -> usize {
        self.order.len()
    }

    /// Things in it that are not shown, whatever the filter is.
    #[must_use]
    pub fn count_hidden(&self) -> usize {
        self.entries.len() - self.order.len()
    }

    /// Things that are shown.
    #[must_use]
    pub fn count_shown(&self) -> usize {
        self.shown().len()
    }

    /// What is in its files, as far as their sizes are known; none where that is of none of them.
    #[must_use]
    pub fn total(&self) -> Option<Extent> {
        let Self { total, unsized_files, .. } = self;
        let is_known = total.files == 0 || *unsized_files < total.files;
        is_known.then_some(Extent { or_more: *unsized_files > 0, ..*total })
    }

    /// Rows of the list.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.shown().len() + usize::from(self.has_parent())
    }

    /// What stands in a row.
    #[must_use]
    pub fn line(&self, row: usize) -> Option<Line<'_>> {
        if self.has_parent() && row == 0 {
            return Some(Line::Parent);
        }
        self.entries.get(self.place(row)?).map(Line::Entry)
    }

    /// What the selection stands on.
    #[must_use]
    pub fn selected_line(&self) -> Option<Line<'_>> {
        self.line(self.selected)
    }

    /// The name of the entry that the selection stands on.
    #[must_use]
    pub fn selected_name(&self) -> Option<Raw> {
        self.entries.get(self.place(self.selected)?).map(|entry| entry.raw.clone())
    }

    /// Where an entry of it is.
    #[must_use]
    pub fn inside(&self, entry: &Entry) -> Source {
        let path = self.source.path.join(&entry.raw.0);
        self.source.at(if entry.kind == Kind::Dir { path.folder() } else { path })
    }

    /// The entries in the order of their names.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.by_name.iter().map(|at| &self.entries[*at as usize])
    }

    /// What finds in a name what the user is looking for; none where that is nothing.
    #[must_use]
    pub fn finder(&self) -> Option<Finder> {
        self.sieve.found().map(|_| Finder::new(self.filter.text()))
    }

    /// Whether the entry in a row is marked.
    #[must_use]
    pub fn is_marked(&self, row: usize) -> bool {
        self.place(row).is_some_and(|at| self.marked.contains(&at))
    }

    /// What the things in it are called.
    #[must_use]
    pub fn names(&self) -> HashSet<&[u8]> {
        self.entries.iter().map(|entry| &*entry.raw.0).collect()
    }

    /// Marks what is selected, or takes the mark away, and goes on to the next row. `false` where it is neither a file nor
    /// a folder.
    pub fn mark(&mut self) -> bool {
        let at = self.place(self.selected).filter(|at| self.entries[*at].kind != Kind::Other);
        let Some(at) = at else { return false };
        if !self.marked.remove(&at) {
            self.marked.insert(at);
        }
        self.walk(Move::Down, 1);
        true
    }

    /// What is marked, files and folders, whose marks are taken away; where nothing is, what is selected.
    pub fn take_marked(&mut self) -> Vec<Entry> {
        if self.marked.is_empty() {
            return match self.selected_line() {
                Some(Line::Entry(entry)) if entry.kind != Kind::Other => vec![entry.clone()],
                Some(Line::Entry(_) | Line::Parent) | None => Vec::new(),
            };
        }
        let mut marked = std::mem::take(&mut self.marked);
        // As they stand there, and then what is hidden.
        let mut taken: Vec<_> =
            self.order.iter().map(|at| *at as usize).filter(|at| marked.remove(at)).collect();
        taken.extend(marked);
        taken.into_iter().map(|at| self.entries[at].clone()).collect()
    }

    /// How many are marked.
    #[must_use]
    pub fn count_marked(&self) -> usize {
        self.marked.len()
    }

    /// The places of the files among so many rows in view of which the size or the time is not known.
    pub(super) fn lacking(&self, rows: usize) -> impl Iterator<Item = usize> {
        (self.top..self.top + rows).filter_map(|row| self.place(row)).filter(|at| {
            let entry = &self.entries[*at];
            entry.kind == Kind::File && (entry.size.is_none() || entry.modified.is_none())
        })
    }

    /// Where the entry in this place is.
    pub(super) fn source_of(&self, place: usize) -> Option<Source> {
        self.entries.get(place).map(|entry| self.inside(entry))
    }

    /// Something more is known of the entry in this place. The rows stay as they are until [`Folder::settle`].
    pub(super) fn learn(&mut self, place: usize, facts: Facts) {
        let Some(entry) = self.entries.get_mut(place) else { return };
        self.is_stale |= match self.arrangement.sort.column {
            Column::Name => false,
            Column::Size => entry.size.is_none() && facts.size.is_some(),
            Column::Modified => entry.modified.is_none() && facts.modified.is_some(),
        };
        entry.modified = entry.modified.or(facts.modified);
        if let (None, Some(size)) = (entry.size, facts.size) {
            entry.size = Some(size);
            self.total.bytes = self.total.bytes.saturating_add(size);
            self.unsized_files -= 1;
        }
    }

    /// Asks how much is in the selected folder; `false` where it is none.
    pub(super) fn measure(&mut self, turn: &mut Turn<'_>) -> bool {
        let place = self.place(self.selected).filter(|at| self.entries[*at].kind == Kind::Dir);
        let Some((place, source)) = place.and_then(|at| Some((at, self.source_of(at)?))) else {
            return false;
        };
        self.extents.ask(place, source, turn);
        true
    }

    /// How much is in the folder in this row, where that was asked for.
    #[must_use]
    pub fn extent(&self, row: usize) -> Option<Extent> {
        self.extents.of(self.place(row)?)
    }

    /// Moves the selection.
    pub fn walk(&mut self, action: Move, rows: usize) {
        self.selected = super::walked(action, self.selected, self.rows(), rows);
    }

    /// Selects the entry of this name, if it is shown.
    pub fn select(&mut self, name: &Raw) {
        let parent = usize::from(self.has_parent());
        if let Some(at) = self.shown().iter().position(|at| self.entries[*at as usize].raw == *name) {
            self.selected = at + parent;
        }
    }

    /// Shows the entries in this way; the selection stays on its entry where that is still shown.
    pub fn arrange(&mut self, arrangement: Arrangement) {
        let selected = self.selected_name();
        self.arrangement = arrangement;
        let entries = &self.entries;
        let is_shown = |at: &u32| arrangement.with_hidden || !is_hidden(&entries[*at as usize]);
        let by_name: Vec<u32> = self.by_name.iter().copied().filter(is_shown).collect();
        self.order = arrangement.sort.arrange(entries, by_name.into_iter());
        self.is_stale = false;
        self.look(true);
        self.select_or_first(selected.as_ref());
    }

    /// Sorts by what was learned of the entries; the selection stays on its row's entry, or on the way out.
    pub(super) fn settle(&mut self) {
        if !self.is_stale {
            return;
        }
        let is_way_out = self.selected_line() == Some(Line::Parent);
        self.arrange(self.arrangement);
        if is_way_out {
            self.selected = 0;
        }
    }

    /// The filter was changed. What fits it best is selected; where nothing is looked for any more, the selection stays
    /// on its entry.
    pub fn filter_changed(&mut self) {
        if self.sieve.is_for(self.filter.text()) {
            return;
        }
        let selected = self.selected_name();
        self.look(false);
        let all = self.sieve.found().is_none();
        self.select_or_first(selected.as_ref().filter(|_| all));
    }

    fn look(&mut self, anew: bool) {
        self.sieve.look(self.filter.text(), &self.entries, &self.order, anew);
    }

    fn select_or_first(&mut self, name: Option<&Raw>) {
        self.selected = self.first();
        if let Some(name) = name {
            self.select(name);
        }
    }

    /// Moves the view so that the selection is in it, for so many rows.
    pub fn follow(&mut self, rows: usize) {
        let rows = rows.max(1);
        let last = self.rows().saturating_sub(rows);
        self.top = self.top.min(last).clamp((self.selected + 1).saturating_sub(rows), self.selected);
    }

    /// The first row in view.
    #[must_use]
    pub fn top(&self) -> usize {
        self.top
    }
}

/// As on every Unix.
pub(super) fn is_hidden(entry: &Entry) -> bool {
    entry.raw.0.starts_with(b".")
}

fn files(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    entries.iter().filter(|entry| entry.kind == Kind::File)
}

/// A server can say any number: the sum ends where numbers do.
fn size_of_files(entries: &[Entry]) -> Extent {
    let bytes = files(entries).filter_map(|entry| entry.size).fold(0, u64::saturating_add);
    Extent { bytes, files: files(entries).count() as u64, ..Extent::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::clean_line;
    use crate::wire::source::Path;

    pub(super) fn entry(name: &str, kind: Kind, size: u64) -> Entry {
        let raw = Raw(name.as_bytes().to_vec().into());
        Entry {
            name: clean_line(name.as_bytes()),
            raw,
            kind,
            size: Some(size),
            modified: None,
            may_be_folder: false,
            is_link: false,
        }
    }

    fn folder(path: &str) -> Folder {
        let source = Source::parse("http://h").unwrap().at(Path::from_url(path));
        let entries = vec![
            entry("b.txt", Kind::File, 1),
            entry("sub", Kind::Dir, 9),
            entry("A.txt", Kind::File, 5),
            entry("c.txt", Kind::File, 3),
        ];
        Folder::new(
            Listing { source, entries, is_cut: false, unlisted: crate::event::Unlisted::default() },
            Arrangement::default(),
        )
    }

    fn names(folder: &Folder) -> Vec<&str> {
        let lines = (0..folder.rows()).filter_map(|row| folder.line(row));
        lines.map(|line| if let Line::Entry(entry) = line { &*entry.name } else { ".." }).collect()
    }

    #[test]
    fn folders_come_first_and_names_are_sorted_without_regard_to_case() {
        assert_eq!(names(&folder("/")), ["sub", "A.txt", "b.txt", "c.txt"]);
        assert_eq!(names(&folder("/x/")), ["..", "sub", "A.txt", "b.txt", "c.txt"]);
    }

    #[test]
    fn sorting_keeps_the_selection_on_its_entry() {
        let mut folder = folder("/x/");
        folder.select(&Raw("b.txt".into()));
        let sort = folder.arrangement().sort.next();
        folder.arrange(Arrangement { sort, ..folder.arrangement() });
        assert_eq!(names(&folder), ["..", "sub", "A.txt", "c.txt", "b.txt"]);
        assert!(matches!(folder.selected_line(), Some(Line::Entry(entry)) if &*entry.name == "b.txt"));
    }

    #[test]
    fn what_fits_best_is_selected_while_it_is_typed_and_stays_selected_when_all_is_shown_again() {
        let mut folder = folder("/x/");
        folder.filter.replace("txt");
        folder.filter_changed();
        folder.walk(Move::Down, 5);
        assert_eq!(names(&folder)[folder.selected], "b.txt");
        folder.filter.move_to(0);
        folder.filter_changed();
        assert_eq!(names(&folder)[folder.selected], "b.txt", "only the caret was moved");
        folder.filter.replace("");
        folder.filter_changed();
        assert_eq!((names(&folder)[folder.selected], names(&folder).len()), ("b.txt", 5));
    }

    #[test]
    fn names_that_begin_with_a_dot_are_shown_when_they_are_asked_for() {
        let source = Source::parse("http://h").unwrap();
        let entries =
            vec![entry(".git", Kind::Dir, 0), entry("a", Kind::File, 1), entry(".a", Kind::File, 1)];
        let mut folder = Folder::new(
            Listing { source, entries, is_cut: false, unlisted: crate::event::Unlisted::default() },
            Arrangement::default(),
        );
        assert_eq!((names(&folder), folder.count(), folder.count_hidden()), (vec!["a"], 1, 2));
        folder.arrange(Arrangement { with_hidden: true, ..Arrangement::default() });
        assert_eq!((names(&folder), folder.count_hidden()), (vec![".git", ".a", "a"], 0));
        assert_eq!(folder.selected_name(), Some(Raw("a".into())));
    }

    #[test]
    fn the_filter_shows_what_contains_it_and_marks_stay_on_what_is_hidden() {
        let mut folder = folder("/");
        folder.select(&Raw("b.txt".into()));
        assert!(folder.mark());
        folder.filter.replace("a.T");
        folder.filter_changed();
        assert_eq!((names(&folder), folder.count_shown(), folder.count()), (vec!["A.txt"], 1, 4));
        let taken = folder.take_marked();
        assert_eq!(taken.iter().map(|entry| &*entry.name).collect::<Vec<_>>(), ["b.txt"]);
        assert_eq!(folder.count_marked(), 0);
    }

    #[test]
    fn what_is_marked_is_taken_in_the_order_in_which_it_stands() {
        let mut folder = folder("/");
        for name in ["c.txt", "sub", "b.txt", "A.txt"] {
            folder.select(&Raw(name.as_bytes().into()));
            assert!(folder.mark());
        }
        let taken = folder.take_marked();
        assert_eq!(taken.iter().map(|entry| &*entry.name).collect::<Vec<_>>(), names(&folder)[..]);
    }

    #[test]
    fn without_marks_what_is_selected_is_taken_and_folders_are_taken_too() {
        let mut folder = folder("/");
        assert!(folder.mark());
        assert_eq!(&*folder.take_marked()[0].name, "sub");
        assert_eq!(&*folder.take_marked()[0].name, "A.txt");
    }

    #[test]
    fn sizes_that_no_disk_could_hold_are_added_up_all_the_same() {
        let source = Source::parse("http://h").unwrap();
        let entries = vec![entry("a", Kind::File, u64::MAX), entry("b", Kind::File, 1)];
        let folder = Folder::new(
            Listing { source, entries, is_cut: false, unlisted: crate::event::Unlisted::default() },
            Arrangement::default(),
        );
        assert_eq!(folder.total().map(|total| total.bytes), Some(u64::MAX));
    }

    #[test]
    fn the_view_follows_the_selection() {
        let mut folder = folder("/x/");
        folder.walk(Move::Last, 2);
        folder.follow(2);
        assert_eq!((folder.selected, folder.top()), (4, 3));
        folder.walk(Move::First, 2);
        folder.follow(2);
        assert_eq!((folder.selected, folder.top()), (0, 0));
    }

    #[test]
    fn an_empty_filter_result_has_nothing_to_take() {
        let mut folder = folder("/");
        folder.filter.replace("zzz");
        folder.filter_changed();
        assert_eq!(folder.selected_line(), None);
        assert!(folder.take_marked().is_empty());
        folder.walk(Move::Down, 1);
        folder.follow(3);
        assert_eq!(folder.selected, 0);
    }
}
