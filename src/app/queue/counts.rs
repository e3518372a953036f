//! How many files and bytes of an item there are, are here, and are to come. The sums are always those of its files.

use super::file::File;
use super::item::{Failure, Item, Running};
use crate::event::{Fault, Finished, TransferId};
use crate::text::Clean;

/// So many failures in a folder are kept with their reasons; those beyond are counted.
const FAILURES: usize = 1000;

/// What is known of the files of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Files that were found so far; of a file, 1.
    pub files: u64,
    /// Files that are whole.
    pub done: u64,
    /// Files that were there already.
    pub kept: u64,
    /// Files that could not be downloaded, and folders that could not be listed.
    pub failed: u64,
    /// Those of them that were not tried, because their server did not answer.
    pub untried: u64,
    /// Bytes of the files whose length is known.
    pub(super) known: u128,
    /// Files whose length is not.
    pub(super) unmeasured: u64,
    /// Bytes of the files that are here.
    pub(super) here: u128,
    /// Bytes that are here of the files that are not whole.
    pub(super) partly: u128,
}

impl Item {
    /// A file was found.
    pub(super) fn find(&mut self, file: File) {
        self.counts.files += 1;
        self.counts.partly += u128::from(file.here);
        self.counts.add_size(file.size);
        self.waiting.push(file);
    }

    /// A file has this length, as its server says now.
    pub(super) fn size_up(&mut self, id: TransferId, size: Option<u64>) {
        let Some(running) = self.running.get_mut(&id) else { return };
        self.counts.drop_size(std::mem::replace(&mut running.file.size, size));
        self.counts.add_size(size);
    }

    /// So many bytes of a file are here; how many more than before.
    pub(super) fn progress(&mut self, id: TransferId, bytes: u64) -> u64 {
        let Some(running) = self.running.get_mut(&id) else { return 0 };
        let before = std::mem::replace(&mut running.file.here, bytes);
        self.counts.partly = self.counts.partly - u128::from(before) + u128::from(bytes);
        bytes.saturating_sub(before)
    }

    /// A file is here, with so many bytes.
    pub(super) fn arrive(&mut self, file: &File, bytes: u64) {
        self.leave_out(file);
        self.counts.add_size(Some(bytes));
        self.counts.here += u128::from(bytes);
    }

    /// A file came, and is whole.
    pub(super) fn take_finished(&mut self, running: &Running, finished: &Finished) {
        self.arrive(&running.file, finished.bytes);
        self.counts.done += 1;
        self.renamed.settle(&running.name, finished.path.as_deref());
    }

    /// A file does not count any more among those of which there are bytes to come.
    pub(super) fn leave_out(&mut self, file: &File) {
        self.counts.partly -= u128::from(file.here);
        self.counts.drop_size(file.size);
    }

    /// A file that did not count is to come after all, and before the others.
    pub(super) fn take_in(&mut self, file: File) {
        self.counts.partly += u128::from(file.here);
        self.counts.add_size(file.size);
        self.waiting.push_first(file);
    }

    /// A file could not be downloaded.
    pub(super) fn fail(&mut self, file: File, fault: Fault) {
        self.leave_out(&file);
        let path = self.name_of(&file);
        self.counts.failed += 1;
        if self.failures.len() < FAILURES {
            self.failures.push(Failure { path, fault, file: Some(file) });
        } else {
            self.failed.push(file);
        }
    }

    /// A folder could not be listed, or something in it cannot be taken.
    pub(super) fn miss(&mut self, path: Clean, fault: Fault) {
        self.counts.failed += 1;
        if let Some(tree) = &mut self.tree {
            tree.missed = true;
        }
        if self.failures.len() < FAILURES {
            self.failures.push(Failure { path, fault, file: None });
        }
    }

    /// How many things the server says it left out of the lists of a folder and of those in it.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.tree.as_ref().map_or(0, |tree| tree.left_out)
    }

    /// What becomes of all the files that wait for nothing but their turn or an answer.
    pub(super) fn take_all_waiting(&mut self) -> Vec<File> {
        let mut files = self.waiting.take_all();
        files.extend(self.asked.drain(..).map(|(file, _)| file));
        files.append(&mut self.denied);
        self.realm = None;
        files
    }

    /// Whether nothing more is to come of it.
    pub(super) fn is_exhausted(&self) -> bool {
        let idle = self.waiting.is_empty() && self.asked.is_empty() && self.denied.is_empty();
        idle && self.running.is_empty() && self.realm.is_none() && (self.cancelled || self.is_final())
    }
}

impl Counts {
    fn add_size(&mut self, size: Option<u64>) {
        match size {
            Some(size) => self.known += u128::from(size),
            None => self.unmeasured += 1,
        }
    }

    fn drop_size(&mut self, size: Option<u64>) {
        match size {
            Some(size) => self.known -= u128::from(size),
            None => self.unmeasured -= 1,
        }
    }
}

pub(super) fn saturated(bytes: u128) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// `part` of `whole` in hundredths, rounded down: 100 only when all is there; none of nothing.
#[must_use]
pub fn percent(part: u64, whole: u64) -> Option<u64> {
    let hundredths = (u128::from(part) * 100).checked_div(u128::from(whole))?;
    Some(u64::try_from(hundredths).unwrap_or(u64::MAX).min(100))
}
