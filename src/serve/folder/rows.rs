//! The rows of a list, one after the other.
//!
//! Owns putting them in order where several threads have looked at a part each, and what is known of all of them
//! before the first is given. That is little, so that the first need not wait for all to be merged.

use std::cell::Cell;
use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use bytes::Bytes;

use super::order::{Lead, Order};
use crate::serve::beneath::Seen;
use crate::wire::Raw;
use crate::wire::listing::Row;

/// Comparisons of a slice of sorting: a few milliseconds.
const SLICE: usize = 16 * 1024;

/// All rows, in order. A clone shares their memory.
#[derive(Debug, Clone)]
pub(in crate::serve) struct Rows {
    shares: Vec<Sorted>,
    summary: Summary,
}

/// Those that one thread looks at.
pub(in crate::serve) struct Share {
    order: Order,
    /// One behind the other.
    names: Vec<u8>,
    looked_at: Vec<LookedAt>,
    summary: Summary,
}

/// The same in order.
#[derive(Debug, Clone)]
pub(in crate::serve) struct Sorted {
    names: Bytes,
    looked_at: Arc<Vec<LookedAt>>,
    /// The next one.
    at: usize,
    order: Order,
    summary: Summary,
}

/// As small as can be: of a large folder most of the time goes into memory that was not touched before.
#[derive(Debug, Clone, Copy)]
struct LookedAt {
    lead: Lead,
    seen: Seen,
    /// Where its name is.
    start: usize,
    length: u16,
    is_symlink: bool,
}

/// What is known of some rows, whatever order they are in.
#[derive(Debug, Clone, Copy, Default, Hash)]
pub(in crate::serve) struct Summary {
    /// How many.
    pub(in crate::serve) rows: usize,
    /// The bytes of all files.
    pub(in crate::serve) bytes: u64,
    /// How many things in the folder are in no row, as they are not shared.
    pub(in crate::serve) left_out: usize,
    /// The sum of the hashes of all.
    hashes: u64,
}

impl Share {
    /// None yet.
    pub(in crate::serve) fn new(order: Order) -> Self {
        Self { order, names: Vec::new(), looked_at: Vec::new(), summary: Summary::default() }
    }

    /// Adds one. A name that no disk can have is left out.
    pub(in crate::serve) fn add(&mut self, name: &[u8], seen: Seen, is_symlink: bool) {
        let Ok(length) = u16::try_from(name.len()) else { return };
        let lead = self.order.lead(name, &seen);
        self.looked_at.push(LookedAt { lead, seen, start: self.names.len(), length, is_symlink });
        self.names.extend_from_slice(name);
        let mut hasher = DefaultHasher::new();
        (name, seen, is_symlink).hash(&mut hasher);
        let bytes = seen.size().unwrap_or_default();
        self.summary = self.summary.and(Summary { rows: 1, bytes, left_out: 0, hashes: hasher.finish() });
    }

    /// Counts one that is in no row.
    pub(in crate::serve) fn leave_out(&mut self) {
        self.summary.left_out += 1;
    }

    /// Bytes of memory that so many take, with so many bytes of names.
    pub(in crate::serve) fn size(count: usize, names: usize) -> usize {
        count.saturating_mul(size_of::<LookedAt>()).saturating_add(names)
    }

    /// Puts them in order, with a call to `pass` after each slice of that.
    pub(in crate::serve) fn sorted(self, pass: impl Fn()) -> Sorted {
        let Self { order, mut names, mut looked_at, summary } = self;
        let compared = Cell::new(0_usize);
        looked_at.sort_unstable_by(|one, other| {
            compared.set(compared.get() + 1);
            if compared.get().is_multiple_of(SLICE) {
                pass();
            }
            compare(order, (&names, one), (&names, other))
        });
        names.shrink_to_fit();
        looked_at.shrink_to_fit();
        Sorted { names: names.into(), looked_at: Arc::new(looked_at), at: 0, order, summary }
    }
}

fn compare(order: Order, (names, one): (&[u8], &LookedAt), (others, other): (&[u8], &LookedAt)) -> Ordering {
    one.lead.cmp(&other.lead).then_with(|| order.by_name(one.name(names), other.name(others)))
}

impl LookedAt {
    fn name<'names>(&self, names: &'names [u8]) -> &'names [u8] {
        &names[self.start..self.start + usize::from(self.length)]
    }
}

impl Summary {
    fn and(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            bytes: self.bytes.saturating_add(other.bytes),
            left_out: self.left_out + other.left_out,
            hashes: self.hashes.wrapping_add(other.hashes),
        }
    }
}

impl Rows {
    /// Of shares of one order, in none of which are `hidden` more things of the folder.
    pub(in crate::serve) fn new(shares: Vec<Sorted>, hidden: usize) -> Self {
        let start = Summary { left_out: hidden, ..Summary::default() };
        let summary = shares.iter().map(|share| share.summary).fold(start, Summary::and);
        Self { shares, summary }
    }

    /// What was known of all of them before the first was given.
    pub(in crate::serve) fn summary(&self) -> Summary {
        self.summary
    }

    /// Bytes of memory that they take.
    pub(in crate::serve) fn size(&self) -> usize {
        let sizes = self.shares.iter().map(|share| Share::size(share.looked_at.len(), share.names.len()));
        sizes.sum()
    }
}

impl Sorted {
    fn first(&self) -> Option<&LookedAt> {
        self.looked_at.get(self.at)
    }
}

impl Iterator for Sorted {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let LookedAt { seen, start, length, is_symlink, .. } = *self.first()?;
        self.at += 1;
        let raw = Raw(self.names.slice(start..start + usize::from(length)));
        Some(Row { raw, st_mode: seen.st_mode, size: seen.size(), modified: seen.modified(), is_symlink })
    }
}

impl Iterator for Rows {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let firsts =
            self.shares.iter().enumerate().filter_map(|(at, share)| Some((at, share, share.first()?)));
        let first = firsts.min_by(|(_, share, one), (_, other_share, other)| {
            compare(share.order, (&share.names, one), (&other_share.names, other))
        });
        let (at, ..) = first?;
        self.shares[at].next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.shares.iter().map(|share| share.looked_at.len() - share.at).sum();
        (left, Some(left))
    }
}

impl ExactSizeIterator for Rows {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::folder::{Column, Direction};

    const ORDER: Order = Order { column: Column::Name, direction: Direction::Ascending };

    fn rows(shares: &[&[&str]]) -> Rows {
        let seen = Seen { st_mode: 0o100_644, length: 2, seconds: 0, nanoseconds: 0 };
        let share = |names: &&[&str]| {
            let mut share = Share::new(ORDER);
            names.iter().for_each(|name| share.add(name.as_bytes(), seen, false));
            share.sorted(|| {})
        };
        Rows::new(shares.iter().map(share).collect(), 0)
    }

    #[test]
    fn rows_come_in_order_whoever_looked_at_them() {
        let names = |shares: &[&[&str]]| {
            rows(shares)
                .map(|row| String::from_utf8_lossy(&row.raw.0).into_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(names(&[&["b", "e", "a"], &["d"], &[], &["f", "c"]]), "a b c d e f");
        assert_eq!(names(&[&[], &[]]), "");
    }

    #[test]
    fn what_is_known_of_all_does_not_depend_on_who_looked_at_what() {
        let summary = |shares: &[&[&str]]| {
            let rows = rows(shares);
            assert_eq!(rows.len(), rows.summary().rows);
            format!("{:?}", rows.summary())
        };
        let one = summary(&[&["a", "b", "c"]]);
        assert_eq!(one, summary(&[&["c"], &["b", "a"]]));
        assert_ne!(one, summary(&[&["a", "b", "d"]]));
        assert_ne!(one, summary(&[&["a", "b"]]));
        assert!(one.contains("bytes: 6"), "{one}");
    }
}
