//! What is known of whether the content of an item is right: what it was not compared with, and how certain it is that its
//! last file is of one version. Bounded.

use super::item::Item;
use crate::event::{Fault, Sameness};
use crate::text::Clean;

/// What one file was not compared with is remembered, so many at most.
const UNREAD: usize = 8;

impl Item {
    /// How it is known that all of its last file is of one version.
    #[must_use]
    pub fn sameness(&self) -> Sameness {
        self.resumed.map(|resumed| resumed.sameness).unwrap_or_default()
    }

    /// What says what the content of its last file has to be and could not be compared, and why, each.
    #[must_use]
    pub fn unread(&self) -> &[(Clean, Fault)] {
        &self.unread
    }

    pub(super) fn note_unread(&mut self, sums: Clean, fault: Fault) {
        // Of a folder only the last is shown.
        if self.is_folder() || self.unread.len() >= UNREAD {
            self.unread.clear();
        }
        self.unread.push((sums, fault));
    }
}
