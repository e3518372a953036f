//! A folder of a server as it is looked at: sorted, filtered, marked, and which row is selected. Asks nothing of any
//! server.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::field::Field;
use super::keys::Move;
use crate::event::Listing;
use crate::wire::Raw;
use crate::wire::listing::{Entry, Kind};
use crate::wire::source::Source;

/// What the entries are sorted by. Folders come first in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// By name, without regard to case.
    #[default]
    Name,
    /// By size, the largest first.
    Size,
    /// By time of change, the newest first.
    Modified,
}

impl Sort {
    fn next(self) -> Self {
        match self {
            Self::Name => Self::Size,
            Self::Size => Self::Modified,
            Self::Modified => Self::Name,
        }
    }

    /// Each entry comes with its name in lower case.
    fn compare(self, (one, one_name): (&Entry, &str), (other, other_name): (&Entry, &str)) -> Ordering {
        let name = || one_name.cmp(other_name).then_with(|| one.raw.0.cmp(&other.raw.0));
        let by_this = match self {
            Self::Name => Ordering::Equal,
            Self::Size => other.size.cmp(&one.size),
            Self::Modified => other.modified.cmp(&one.modified),
        };
        (one.kind != Kind::Dir).cmp(&(other.kind != Kind::Dir)).then(by_this).then_with(name)
    }
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
    /// What the entries are sorted by.
    pub sort: Sort,
    /// Which row is selected.
    pub selected: usize,
    entries: Vec<Entry>,
    size: u64,
    /// Their names in lower case, by which they are sorted and found.
    folded: Vec<String>,
    /// The entries that are shown, in order.
    shown: Vec<usize>,
    /// The entries that are marked.
    marked: BTreeSet<usize>,
    top: usize,
}

impl Folder {
    /// A folder as the server listed it.
    #[must_use]
    pub fn new(listing: Listing, sort: Sort) -> Self {
        let mut folder = Self {
            source: listing.source,
            size: size_of_files(&listing.entries),
            folded: listing.entries.iter().map(|entry| entry.name.to_lowercase()).collect(),
            entries: listing.entries,
            filter: Field::default(),
            sort,
            selected: 0,
            shown: Vec::new(),
            marked: BTreeSet::new(),
            top: 0,
        };
        folder.arrange();
        // The first thing in it, not the way out.
        folder.selected = folder.first();
        folder
    }

    /// Whether the first row is the way out.
    fn has_parent(&self) -> bool {
        self.source.path.parent().is_some()
    }

    fn first(&self) -> usize {
        usize::from(self.has_parent() && !self.shown.is_empty())
    }

    /// Things in it, all of them.
    #[must_use]
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// Things that are shown.
    #[must_use]
    pub fn count_shown(&self) -> usize {
        self.shown.len()
    }

    /// Bytes in its files, as far as the server says.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Rows of the list.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.shown.len() + usize::from(self.has_parent())
    }

    /// What stands in a row.
    #[must_use]
    pub fn line(&self, row: usize) -> Option<Line<'_>> {
        if self.has_parent() && row == 0 {
            return Some(Line::Parent);
        }
        let at = *self.shown.get(row - usize::from(self.has_parent()))?;
        self.entries.get(at).map(Line::Entry)
    }

    /// What the selection stands on.
    #[must_use]
    pub fn selected_line(&self) -> Option<Line<'_>> {
        self.line(self.selected)
    }

    /// Whether the entry in a row is marked.
    #[must_use]
    pub fn is_marked(&self, row: usize) -> bool {
        let at = row.checked_sub(usize::from(self.has_parent())).and_then(|at| self.shown.get(at));
        at.is_some_and(|at| self.marked.contains(at))
    }

    /// Marks the selected file, or takes the mark away, and goes on to the next row. `false` where it is no file.
    pub fn mark(&mut self) -> bool {
        let at = self
            .selected
            .checked_sub(usize::from(self.has_parent()))
            .and_then(|at| self.shown.get(at).copied());
        let Some(at) = at.filter(|at| self.entries[*at].kind == Kind::File) else { return false };
        if !self.marked.remove(&at) {
            self.marked.insert(at);
        }
        self.walk(Move::Down, 1);
        true
    }

    /// The marked files, whose marks are taken away; where there are none, the selected one.
    pub fn take_marked(&mut self) -> Vec<Entry> {
        if self.marked.is_empty() {
            return match self.selected_line() {
                Some(Line::Entry(entry)) if entry.kind == Kind::File => vec![entry.clone()],
                Some(Line::Entry(_) | Line::Parent) | None => Vec::new(),
            };
        }
        std::mem::take(&mut self.marked).into_iter().map(|at| self.entries[at].clone()).collect()
    }

    /// How many are marked.
    #[must_use]
    pub fn count_marked(&self) -> usize {
        self.marked.len()
    }

    /// Moves the selection.
    pub fn walk(&mut self, action: Move, rows: usize) {
        self.selected = super::walked(action, self.selected, self.rows(), rows);
    }

    /// Selects the entry of this name, if it is shown.
    pub fn select(&mut self, name: &Raw) {
        let parent = usize::from(self.has_parent());
        if let Some(at) = self.shown.iter().position(|at| self.entries[*at].raw == *name) {
            self.selected = at + parent;
        }
    }

    /// Sorts by the next column; the selection stays on its entry.
    pub fn sort_by_next(&mut self) {
        self.sort = self.sort.next();
        self.rearrange();
    }

    /// The filter was changed; the selection stays on its entry where that is still shown.
    pub fn rearrange(&mut self) {
        let selected = match self.selected_line() {
            Some(Line::Entry(entry)) => Some(entry.raw.clone()),
            Some(Line::Parent) | None => None,
        };
        self.arrange();
        self.selected = self.first();
        if let Some(name) = selected {
            self.select(&name);
        }
    }

    fn arrange(&mut self) {
        let wanted = self.filter.text().to_lowercase();
        let named = |at: &usize| (&self.entries[*at], self.folded[*at].as_str());
        let mut shown: Vec<usize> =
            (0..self.entries.len()).filter(|at| self.folded[*at].contains(&wanted)).collect();
        shown.sort_by(|one, other| self.sort.compare(named(one), named(other)));
        self.shown = shown;
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

/// A server can say any number: the sum ends where numbers do.
fn size_of_files(entries: &[Entry]) -> u64 {
    let files = entries.iter().filter(|entry| entry.kind == Kind::File);
    files.filter_map(|entry| entry.size).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::clean_line;
    use crate::wire::source::Path;

    fn entry(name: &str, kind: Kind, size: u64) -> Entry {
        let raw = Raw(name.as_bytes().to_vec().into());
        Entry { name: clean_line(name.as_bytes()), raw, kind, size: Some(size), modified: None }
    }

    fn folder(path: &str) -> Folder {
        let source = Source::parse("http://h").unwrap().at(Path::from_url(path));
        let entries = vec![
            entry("b.txt", Kind::File, 1),
            entry("sub", Kind::Dir, 9),
            entry("A.txt", Kind::File, 5),
            entry("c.txt", Kind::File, 3),
        ];
        Folder::new(Listing { source, entries, is_cut: false }, Sort::Name)
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
        folder.sort_by_next();
        assert_eq!(names(&folder), ["..", "sub", "A.txt", "c.txt", "b.txt"]);
        assert!(matches!(folder.selected_line(), Some(Line::Entry(entry)) if &*entry.name == "b.txt"));
    }

    #[test]
    fn the_filter_shows_what_contains_it_and_marks_stay_on_what_is_hidden() {
        let mut folder = folder("/");
        folder.select(&Raw("b.txt".into()));
        assert!(folder.mark());
        folder.filter.replace("a.T");
        folder.rearrange();
        assert_eq!((names(&folder), folder.count_shown(), folder.count()), (vec!["A.txt"], 1, 4));
        let taken = folder.take_marked();
        assert_eq!(taken.iter().map(|entry| &*entry.name).collect::<Vec<_>>(), ["b.txt"]);
        assert_eq!(folder.count_marked(), 0);
    }

    #[test]
    fn without_marks_the_selected_file_is_taken_and_a_folder_is_none() {
        let mut folder = folder("/");
        assert!(!folder.mark());
        assert!(folder.take_marked().is_empty());
        folder.walk(Move::Down, 1);
        assert_eq!(&*folder.take_marked()[0].name, "A.txt");
    }

    #[test]
    fn sizes_that_no_disk_could_hold_are_added_up_all_the_same() {
        let source = Source::parse("http://h").unwrap();
        let entries = vec![entry("a", Kind::File, u64::MAX), entry("b", Kind::File, 1)];
        assert_eq!(Folder::new(Listing { source, entries, is_cut: false }, Sort::Name).size(), u64::MAX);
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
        folder.rearrange();
        assert_eq!(folder.selected_line(), None);
        assert!(folder.take_marked().is_empty());
        folder.walk(Move::Down, 1);
        folder.follow(3);
        assert_eq!(folder.selected, 0);
    }
}
