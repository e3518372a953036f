//! Whether the list of a folder is that of a page that looked like it. Must never hand on an entry before that is known.

use std::collections::HashSet;
use std::ops::ControlFlow;

use crate::wire::Raw;
use crate::wire::listing::{Entry, HELD, Take};

/// Entries that are held back until enough are known from the page: the folder may have changed in the meantime, and its
/// list have another order.
const LIMIT: usize = 10 * HELD;

/// Hands entries on once more than half of those of the page are among them.
pub(super) struct Same<T> {
    pub(super) taker: T,
    page: HashSet<Raw>,
    /// Entries of the page that did not come yet, and are needed.
    needed: usize,
    held: Vec<Entry>,
}

impl<T> Same<T> {
    pub(super) fn new(page: Vec<Raw>, taker: T) -> Self {
        Self { taker, needed: page.len() / 2 + 1, page: page.into_iter().collect(), held: Vec::new() }
    }

    pub(super) fn is_same(&self) -> bool {
        self.needed == 0
    }
}

impl<T: Take> Take for Same<T> {
    fn take(&mut self, entry: Entry) -> ControlFlow<()> {
        if self.is_same() {
            return self.taker.take(entry);
        }
        if self.held.len() == LIMIT {
            // What is there is something else; where it ends makes no difference.
            return ControlFlow::Continue(());
        }
        self.needed -= usize::from(self.page.contains(&entry.raw));
        self.held.push(entry);
        if self.is_same() {
            self.held.drain(..).try_for_each(|entry| self.taker.take(entry))
        } else {
            ControlFlow::Continue(())
        }
    }

    fn end(&mut self) {
        self.taker.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::clean_line;
    use crate::wire::listing::Kind;

    fn entry(name: &str) -> Entry {
        let raw = Raw(name.to_owned().into());
        let name = clean_line(name.as_bytes());
        Entry {
            name,
            raw,
            kind: Kind::File,
            size: None,
            modified: None,
            may_be_folder: false,
            is_link: false,
        }
    }

    #[test]
    fn entries_are_handed_on_once_more_than_half_of_the_page_came() {
        let page = ["a", "b", "c", "d"].map(|name| entry(name).raw).to_vec();
        let mut same = Same::new(page, Vec::new());
        for (name, handed_on) in [("x", 0), ("a", 0), ("c", 0), ("y", 0), ("d", 5), ("z", 6)] {
            assert_eq!(same.take(entry(name)), ControlFlow::Continue(()));
            assert_eq!((same.taker.len(), same.is_same()), (handed_on, handed_on > 0), "{name}");
        }
    }

    #[test]
    fn of_something_else_no_more_is_held_than_the_limit() {
        let mut same = Same::new(vec![entry("a").raw], Vec::new());
        for nth in 0..2 * LIMIT {
            assert_eq!(same.take(entry(&nth.to_string())), ControlFlow::Continue(()));
        }
        assert_eq!((same.is_same(), same.held.len(), same.taker.len()), (false, LIMIT, 0));
    }
}
