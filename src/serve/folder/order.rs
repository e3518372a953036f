//! In which order a list is. Folders come first in all of them, and what is equal follows by name.

use std::cmp::Ordering;

use crate::serve::beneath::Seen;
use crate::text::natural;
use crate::wire::listing::Kind;

/// What a list is sorted by, and which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::serve) struct Order {
    /// By what.
    pub(in crate::serve) column: Column,
    /// Which way.
    pub(in crate::serve) direction: Direction,
}

/// What a list can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::serve) enum Column {
    /// The name; `a` and `A` are beside each other, and `a10` comes after `a2`.
    Name,
    /// The bytes of a file.
    Size,
    /// When it was last changed.
    Modified,
}

/// From where to where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::serve) enum Direction {
    /// `a`, the smallest, the oldest first.
    Ascending,
    /// `z`, the biggest, the newest first.
    Descending,
}

/// What a list is sorted by, as far as it fits into a number: a folder or not, and then the bytes of a file, the time,
/// or the beginning of the name. The whole name decides where that is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::serve) struct Lead(u128);

/// The bits of a [`Lead`] below the one that tells folders from the rest.
const BITS: u32 = 127;

impl Order {
    /// What decides where a thing comes, unless it is the same as another's.
    pub(super) fn lead(self, name: &[u8], seen: &Seen) -> Lead {
        let ascending = match self.column {
            Column::Name => {
                let mut start = [0; 16];
                let name = String::from_utf8_lossy(name);
                natural::key(&name).take(start.len()).enumerate().for_each(|(at, byte)| start[at] = byte);
                u128::from_be_bytes(start) >> (u128::BITS - BITS)
            }
            Column::Size => seen.size().map_or(0, |bytes| u128::from(bytes) + 1),
            // Times are far within ±2^120 ns.
            Column::Modified => {
                seen.modified().map_or(0, |time| (time.as_nanosecond() + (1 << 120)).unsigned_abs())
            }
        };
        let value = match self.direction {
            Direction::Ascending => ascending,
            Direction::Descending => (1 << BITS) - 1 - ascending,
        };
        Lead(u128::from(Kind::of(seen.st_mode) != Kind::Dir) << BITS | value)
    }

    /// Which of two names comes first where their leads are the same. Those that are the same but for their case follow
    /// by their bytes.
    pub(super) fn by_name(self, one: &[u8], other: &[u8]) -> Ordering {
        let [a, b] = [one, other].map(String::from_utf8_lossy);
        let ascending = natural::compare(&a, &b).then_with(|| one.cmp(other));
        match (self.column, self.direction) {
            (Column::Name, Direction::Descending) => ascending.reverse(),
            (Column::Size | Column::Modified, _) | (Column::Name, Direction::Ascending) => ascending,
        }
    }
}

impl Column {
    /// Where people begin to look.
    pub(in crate::serve) fn usual(self) -> Direction {
        match self {
            Self::Name => Direction::Ascending,
            Self::Size | Self::Modified => Direction::Descending,
        }
    }

    /// As dufs's queries have it.
    pub(in crate::serve) fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Size => "size",
            Self::Modified => "mtime",
        }
    }
}

impl Direction {
    /// As dufs's queries have it.
    pub(in crate::serve) fn word(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }

    /// The other one.
    pub(in crate::serve) fn turned(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Rows, Share};
    use super::*;

    fn sorted(column: Column, direction: Direction) -> Vec<String> {
        let mut share = Share::new(Order { column, direction });
        for (name, st_mode, length, seconds) in [
            ("10", 0o100_644, 3, 3),
            ("9", 0o100_644, 3, 3),
            ("b", 0o100_644, 1, 3),
            ("z", 0o040_755, 4096, 1),
            ("A", 0o100_644, 9, 2),
            ("a", 0o100_644, 1, 1),
            ("Ä", 0o100_644, 5, 2),
            ("ä.txt", 0o100_644, 5, 4),
            ("y", 0o040_755, 4096, 9),
        ] {
            share.add(name.as_bytes(), Seen { st_mode, length, seconds, nanoseconds: 0 }, false);
        }
        Rows::new(vec![share.sorted(|| {})], 0)
            .map(|row| String::from_utf8_lossy(&row.raw.0).into_owned())
            .collect()
    }

    #[test]
    fn folders_are_first_and_the_rest_is_as_asked() {
        for (column, direction, expected) in [
            (Column::Name, Direction::Ascending, "y z 9 10 A a b Ä ä.txt"),
            (Column::Name, Direction::Descending, "z y ä.txt Ä b a A 10 9"),
            (Column::Size, Direction::Ascending, "y z a b 9 10 Ä ä.txt A"),
            (Column::Size, Direction::Descending, "y z A Ä ä.txt 9 10 a b"),
            (Column::Modified, Direction::Ascending, "z y a A Ä 9 10 b ä.txt"),
            (Column::Modified, Direction::Descending, "y z ä.txt 9 10 b A Ä a"),
        ] {
            assert_eq!(sorted(column, direction).join(" "), expected, "{column:?} {direction:?}");
        }
    }
}
