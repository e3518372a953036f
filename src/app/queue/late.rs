//! Folders that were taken for files, because the list that they stand in marks none: known by what the server answers
//! when they are asked for. They are looked through, too, and are no failures.

use super::counts::Counts;
use super::item::{ItemId, Running};
use super::tree::{Tree, Walk};
use super::{Queue, World};

impl Queue {
    /// What was downloaded as a file is a folder. Takes it in as one; where that cannot be, it stays what failed.
    pub(super) fn is_folder_after_all(&mut self, id: ItemId, running: &Running, world: &World<'_>) -> bool {
        let Some(item) = self.items.get(&id) else { return false };
        if item.is_folder() {
            return self.take_late(id, running);
        }
        let old = item.source.clone();
        let source = old.at(old.path.folder());
        if !item.is_listed || self.open.contains_key(&source) {
            return false;
        }
        self.open.remove(&old);
        self.open.insert(source.clone(), id);
        let place = self.change(id, |item| {
            item.counts = Counts::default();
            (item.size, item.checksum) = (None, None);
            item.sums.clear();
            item.tree = Some(Box::new(Tree::new(&source, &item.to)));
            item.source = source;
            item.place
        });
        if let Some(place) = place {
            self.note(place, world.now);
        }
        true
    }

    fn take_late(&mut self, id: ItemId, running: &Running) -> bool {
        let taken = self.change(id, |item| {
            let Some(tree) = &mut item.tree else { return false };
            if !tree.take_late(&running.file) {
                return false;
            }
            if tree.walk == Walk::Ended && tree.has_late() {
                tree.walk = Walk::Due;
            }
            item.leave_out(&running.file);
            item.counts.files -= 1;
            true
        });
        taken.unwrap_or_default()
    }
}
