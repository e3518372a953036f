//! The order of the rows that `hobnob ls` writes: by name, size or time.

use std::cmp::Ordering;

use super::Row;
use super::options::Sort;

/// What is not known comes last, whichever way round.
pub(super) fn sort(rows: &mut [Row], key: Sort, reverse: bool) {
    let name = |row: &Row| [&*row.way, &*row.entry.raw.0].concat();
    rows.sort_by_cached_key(name);
    let turned = |order: Ordering| if reverse { order.reverse() } else { order };
    match key {
        Sort::Name if reverse => rows.reverse(),
        Sort::Name => {}
        Sort::Size => rows.sort_by(|one, other| known_first(one.entry.size, other.entry.size, turned)),
        Sort::Time => {
            rows.sort_by(|one, other| known_first(one.entry.modified, other.entry.modified, turned));
        }
    }
}

fn known_first<T: Ord>(one: Option<T>, other: Option<T>, turned: impl Fn(Ordering) -> Ordering) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) => turned(one.cmp(&other)),
        (one, other) => other.is_some().cmp(&one.is_some()),
    }
}
