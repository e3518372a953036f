//! In which order a folder's entries stand. Owns what comes before what; never which of them are shown.

use std::cmp::Reverse;

use crate::text::natural;
use crate::wire::listing::{Entry, Kind};

/// The order of the entries. Folders come first in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sort {
    /// What they are sorted by.
    pub column: Column,
    /// Whether the other way round than usual.
    pub reversed: bool,
}

/// What entries can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Column {
    /// The name, without regard to case, and numbers in it by their value.
    #[default]
    Name,
    /// The size; usually the largest first.
    Size,
    /// The time of change; usually the newest first.
    Modified,
}

impl Sort {
    /// By the next column, in its usual direction.
    pub(in crate::app) fn next(self) -> Self {
        let column = match self.column {
            Column::Name => Column::Size,
            Column::Size => Column::Modified,
            Column::Modified => Column::Name,
        };
        Self { column, reversed: false }
    }

    /// By the same column, the other way round.
    pub(in crate::app) fn turned(self) -> Self {
        Self { reversed: !self.reversed, ..self }
    }

    /// By this column; where it is that one already, the other way round.
    pub(in crate::app) fn by(self, column: Column) -> Self {
        if self.column == column { self.turned() } else { Self { column, reversed: false } }
    }

    /// Whether what is small, old, or early in the alphabet comes first.
    #[must_use]
    pub fn ascends(self) -> bool {
        (self.column == Column::Name) != self.reversed
    }

    /// Puts entries, named by their places in `entries` and in the order of their names, into this order. What is not
    /// known of an entry puts it behind the others, whatever the direction.
    pub(super) fn arrange(
        self,
        entries: &[Entry],
        by_name: impl DoubleEndedIterator<Item = u32>,
    ) -> Vec<u32> {
        let mut arranged: Vec<u32> = match self.column {
            Column::Name if self.reversed => by_name.rev().collect(),
            Column::Name => by_name.collect(),
            Column::Size => self.sorted(by_name, |at| entries[at as usize].size.map(i128::from)),
            Column::Modified => {
                self.sorted(by_name, |at| Some(entries[at as usize].modified?.as_nanosecond()))
            }
        };
        // Stable, and without a comparison.
        arranged.sort_by_key(|at| entries[*at as usize].kind != Kind::Dir);
        arranged
    }

    fn sorted(self, by_name: impl Iterator<Item = u32>, value: impl Fn(u32) -> Option<i128>) -> Vec<u32> {
        // With their values beside them: to fetch these anew for each comparison takes several times as long.
        let mut keyed: Vec<(Reverse<Option<i128>>, u32, u32)> = (0..)
            .zip(by_name)
            .map(|(rank, at)| {
                (Reverse(value(at).map(|value| if self.reversed { -value } else { value })), rank, at)
            })
            .collect();
        keyed.sort_unstable();
        keyed.into_iter().map(|(_, _, at)| at).collect()
    }
}

/// The places of all entries, in the order of their names.
pub(super) fn by_name(entries: &[Entry]) -> Vec<u32> {
    let mut keys = Vec::new();
    let ends: Vec<usize> = entries
        .iter()
        .map(|entry| {
            natural::key(&entry.name).for_each(|byte| keys.push(byte));
            keys.len()
        })
        .collect();
    let key = |at: usize| &keys[at.checked_sub(1).map_or(0, |before| ends[before])..ends[at]];
    let mut sorted: Vec<u32> = (0..u32::try_from(entries.len()).unwrap_or(u32::MAX)).collect();
    sorted.sort_unstable_by(|one, other| {
        let (one, other) = (*one as usize, *other as usize);
        key(one).cmp(key(other)).then_with(|| entries[one].raw.0.cmp(&entries[other].raw.0))
    });
    sorted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::folder::tests::entry;

    fn sorted(names: &[&str]) -> Vec<String> {
        let entries: Vec<Entry> = names.iter().map(|name| entry(name, Kind::File, 0)).collect();
        by_name(&entries).into_iter().map(|at| entries[at as usize].name.to_string()).collect()
    }

    #[test]
    fn numbers_in_names_are_sorted_by_their_value() {
        let names =
            ["file10", "file2", "file1.txt", "File1", "file01", "file", "file 3", "file99999999999999999999"];
        let expected =
            ["file", "file 3", "File1", "file01", "file1.txt", "file2", "file10", "file99999999999999999999"];
        assert_eq!(sorted(&names), expected);
        assert_eq!(
            sorted(&["v1.10.0", "v1.9.0", "v1.9.0-rc2", "v1.9.0-rc10"]),
            ["v1.9.0", "v1.9.0-rc2", "v1.9.0-rc10", "v1.10.0"]
        );
    }

    #[test]
    fn case_does_not_count_in_any_script() {
        assert_eq!(sorted(&["Öl", "zz", "ÄB", "äa", "Яб", "яа"]), ["zz", "äa", "ÄB", "Öl", "яа", "Яб"]);
    }

    #[test]
    fn what_is_not_known_stands_last_in_either_direction() {
        let mut entries =
            vec![entry("a", Kind::File, 5), entry("b", Kind::File, 7), entry("c", Kind::File, 0)];
        entries[2].size = None;
        let sort = Sort { column: Column::Size, reversed: false };
        assert_eq!(sort.arrange(&entries, 0..3), [1, 0, 2]);
        assert_eq!(sort.turned().arrange(&entries, 0..3), [0, 1, 2]);
    }

    proptest! {
        #[test]
        fn whatever_the_numbers_are_they_are_in_order(mut numbers in proptest::collection::vec(any::<u128>(), 0..20)) {
            let names: Vec<String> = numbers.iter().map(|number| format!("x{number}y")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            numbers.sort_unstable();
            let expected: Vec<String> = numbers.iter().map(|number| format!("x{number}y")).collect();
            prop_assert_eq!(sorted(&names), expected);
        }
    }
}
