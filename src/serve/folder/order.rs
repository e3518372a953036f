//! In which order a list is. Folders come first in all of them, and what is equal follows by name.

use std::cmp::Ordering;

use crate::text::natural::write_key;
use crate::wire::listing::{Kind, Row};

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

/// A row that is being sorted, with what stands for its name then.
#[derive(Debug)]
pub(in crate::serve) struct Sorted {
    /// The row.
    pub(in crate::serve) row: Row,
    key: Vec<u8>,
}

impl Sorted {
    pub(in crate::serve) fn new(row: Row) -> Self {
        let mut key = Vec::with_capacity(row.raw.0.len() + 4);
        write_key(&String::from_utf8_lossy(&row.raw.0), &mut key);
        Self { row, key }
    }
}

impl Order {
    /// Which of two comes first. Names that are the same but for their case follow by their bytes.
    pub(in crate::serve) fn compare(self, one: &Sorted, other: &Sorted) -> Ordering {
        let (a, b) = (&one.row, &other.row);
        let key = match self.column {
            Column::Name => Ordering::Equal,
            Column::Size => a.size.cmp(&b.size),
            Column::Modified => a.modified.cmp(&b.modified),
        };
        let is_file = |row: &Row| row.kind() != Kind::Dir;
        let way = |ordering: Ordering, direction| match direction {
            Direction::Ascending => ordering,
            Direction::Descending => ordering.reverse(),
        };
        let by_name = match self.column {
            Column::Name => self.direction,
            Column::Size | Column::Modified => Direction::Ascending,
        };
        is_file(a)
            .cmp(&is_file(b))
            .then(way(key, self.direction))
            .then_with(|| way((&one.key, &a.raw.0).cmp(&(&other.key, &b.raw.0)), by_name))
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
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::wire::Raw;

    fn sorted(column: Column, direction: Direction) -> Vec<String> {
        let row = |name: &'static str, st_mode: u32, size, second| Row {
            raw: Raw(Bytes::from_static(name.as_bytes())),
            st_mode,
            size,
            modified: Timestamp::from_second(second).ok(),
            is_symlink: false,
        };
        let rows = [
            row("10", 0o100_644, Some(3), 3),
            row("9", 0o100_644, Some(3), 3),
            row("b", 0o100_644, Some(1), 3),
            row("z", 0o040_755, None, 1),
            row("A", 0o100_644, Some(9), 2),
            row("a", 0o100_644, Some(1), 1),
            row("Ä", 0o100_644, Some(5), 2),
            row("ä.txt", 0o100_644, Some(5), 4),
            row("y", 0o040_755, None, 9),
        ];
        let mut rows = rows.map(Sorted::new);
        rows.sort_by(|a, b| Order { column, direction }.compare(a, b));
        rows.iter().map(|sorted| String::from_utf8_lossy(&sorted.row.raw.0).into_owned()).collect()
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
