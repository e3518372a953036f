//! What becomes of the downloads from a server that does not answer: once some of them have waited for it in vain, those
//! that still wait for their turn are not tried, and those that run are tried no further. Other servers are not affected,
//! and what is asked for afterwards, or again, is tried.

use super::books::LaneId;
use super::file::File;
use super::item::{End, Failure, Item, ItemId, ItemState, Phase};
use super::tree::Walk;
use super::{Queue, World};
use crate::effect::Effect;
use crate::event::{Fault, TransferId};
use crate::wire::source::Source;

impl Queue {
    pub(super) fn lane_of(&self, item: ItemId, id: TransferId) -> Option<LaneId> {
        Some(self.items.get(&item)?.running.get(&id)?.lane)
    }

    /// Its server has answered.
    pub(super) fn note_answer(&mut self, item: ItemId, id: TransferId) {
        if let Some(lane) = self.lane_of(item, id) {
            self.books.breaker(lane).note_answer();
        }
    }

    /// Fails all that waits for this server, but for what the user stopped.
    pub(super) fn give_up(&mut self, lane: LaneId, world: &mut World<'_>) {
        self.books.breaker(lane).reset();
        let waits = |item: &&Item| item.is_open() && item.lane == lane && !item.paused && !item.cancelled;
        let items: Vec<ItemId> = self.items().filter(waits).map(|item| item.id).collect();
        for id in items {
            let stopped = self.change(id, |item| {
                item.leave_untried();
                let running = item.running.iter_mut().filter(|(_, running)| running.given_up.is_none());
                let stopped = running.filter_map(|(id, running)| {
                    running.given_up = Some(match &running.phase {
                        Phase::Retrying { fault, .. } => fault.clone(),
                        Phase::Asking => Fault::NotTried { files: 1 },
                        Phase::Transferring | Phase::Verifying(_) | Phase::Finishing => return None,
                    });
                    Some(Effect::Pause(*id))
                });
                stopped.collect::<Vec<_>>()
            });
            world.out.extend(stopped.into_iter().flatten());
            if self.items.get(&id).is_some_and(Item::is_walking) {
                self.stop_walk(id, Walk::Ended, world);
                self.change(id, |item| item.miss(item.name.clone(), Fault::NotWalked));
            }
            self.close(id, world);
        }
    }

    /// Why a single file that is being stopped is not tried any more; none where it goes on later, and of those in a folder,
    /// which are among [`Queue::untried`] then.
    #[must_use]
    pub fn gave_up(&self, id: TransferId) -> Option<&Fault> {
        let item = self.items.get(self.running.get(&id)?).filter(|item| !item.is_folder());
        item?.running.get(&id)?.given_up.as_ref()
    }

    /// The files that were not tried, because their servers did not answer.
    pub fn untried(&self) -> impl Iterator<Item = Source> {
        self.items().flat_map(|item| {
            let alone = matches!(item.state(), ItemState::Ended(End::Failed(Fault::NotTried { .. })));
            let alone = (alone && !item.is_folder()).then(|| item.source.clone());
            item.untried.iter().map(|file| item.goal_of(file).0).chain(alone)
        })
    }
}

impl Item {
    /// These files of a folder are not tried any further.
    pub(super) fn leave_unfinished(&mut self, files: Vec<File>) {
        let count = files.len() as u64;
        if count == 0 {
            return;
        }
        for file in &files {
            self.leave_out(file);
        }
        self.untried.extend(files);
        self.counts.failed += count;
        self.counts.untried += count;
        // One line for all of them, which is said however many have failed before.
        let line = self.failures.iter_mut().find_map(|failure| {
            if let Fault::NotTried { files } = &mut failure.fault { Some(files) } else { None }
        });
        if let Some(files) = line {
            *files += count;
        } else {
            let fault = Fault::NotTried { files: count };
            self.failures.push(Failure { path: self.name.clone(), fault, file: None });
        }
    }

    /// A file that was stopped because of its server; alone, it says how that failed last.
    pub(super) fn give_up(&mut self, file: File, fault: Fault) {
        if self.is_folder() {
            self.leave_unfinished(vec![file]);
        } else {
            self.fail(file, fault);
        }
    }

    /// All of it that waits for its turn is not tried.
    fn leave_untried(&mut self) {
        let files = self.waiting.take_all();
        if !self.is_folder() {
            for file in files {
                self.fail(file, Fault::NotTried { files: 1 });
            }
            return;
        }
        self.leave_unfinished(files);
        if self.tree.as_ref().is_some_and(|tree| tree.walk == Walk::Due) {
            if let Some(tree) = &mut self.tree {
                tree.walk = Walk::Ended;
            }
            self.miss(self.name.clone(), Fault::NotWalked);
        }
    }
}
