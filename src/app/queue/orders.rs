//! What the user does to the items: stops them, goes on, tries again, changes their order, answers, and clears away.

use super::item::{End, Item, ItemId, PausedBy};
use super::tree::{Tree, Walk};
use super::{Counts, File, Queue, World};
use crate::effect::{Conflict, Effect};
use crate::event::{Fault, TransferId};
use crate::wire::source::{Origin, Source};
use std::collections::HashSet;
use std::num::NonZeroU64;

impl Queue {
    /// Stops an item, to go on later. What of it is under way ends a moment later; its folder is not looked through any
    /// further.
    pub fn pause(&mut self, id: ItemId, world: &mut World<'_>) {
        let stopped = self.change(id, |item| {
            let new = item.is_open() && !item.paused && !item.cancelled;
            item.paused |= new;
            if item.running.is_empty() {
                item.pace.end();
            }
            new.then(|| (item.place, item.running.keys().copied().collect::<Vec<TransferId>>()))
        });
        if let Some((place, running)) = stopped.flatten() {
            world.out.extend(running.into_iter().map(Effect::Pause));
            self.stop_walk(id, Walk::Due, world);
            self.note(place, world.now);
        }
        self.settle(world);
    }

    /// Goes on with an item that was stopped. Where the disk was full, with all: see [`Queue::resume_all`].
    pub fn resume(&mut self, id: ItemId, world: &mut World<'_>) {
        self.unpause(id, world);
        self.held = None;
        self.settle(world);
    }

    fn unpause(&mut self, id: ItemId, world: &World<'_>) {
        let going = self.change(id, |item| {
            item.paused_by = PausedBy::User;
            std::mem::take(&mut item.paused).then_some(item.place)
        });
        if let Some(place) = going.flatten() {
            self.note(place, world.now);
        }
    }

    /// Stops an item for good, and leaves nothing of what is not whole. What of it is under way ends a moment later.
    pub fn cancel(&mut self, id: ItemId, world: &mut World<'_>) {
        if !self.items.get(&id).is_some_and(|item| item.is_open() && !item.cancelled) {
            return;
        }
        self.stop_walk(id, Walk::Ended, world);
        let stopped = self.change(id, |item| {
            item.cancelled = true;
            item.paused = false;
            item.take_all_waiting().iter().for_each(|file| item.leave_out(file));
            item.running.keys().copied().collect::<Vec<TransferId>>()
        });
        world.out.extend(stopped.into_iter().flatten().map(Effect::Cancel));
        self.close(id, world);
        self.settle(world);
    }

    /// Tries again what failed or was cancelled. Of a folder only the files that failed; but where folders of it could not
    /// be listed, all of it is looked through again, and files that are here already are kept.
    pub fn retry(&mut self, id: ItemId, world: &mut World<'_>) {
        let ended = |item: &&Item| {
            matches!(item.end, Some(End::Failed(_) | End::Partly | End::Cancelled | End::Empty))
        };
        let Some(item) = self.items.get(&id).filter(ended) else { return };
        if self.open.contains_key(&item.source) {
            return;
        }
        let (source, to, place) = (item.source.clone(), item.to.clone(), item.place);
        let lane = self.books.lane(&source);
        // Whoever asks again knows better.
        self.books.breaker(lane).reset();
        let free = self.free_path(&to);
        let is_moved = free != to;
        if is_moved {
            // What is here of it stands where another one goes now.
            self.discard(id, world);
        }
        self.open.insert(source, id);
        self.change(id, |item| {
            let missed = item.tree.as_ref().is_some_and(|tree| tree.missed);
            let anew = missed || is_moved || matches!(item.end, Some(End::Cancelled | End::Empty));
            item.to = free;
            (item.end, item.begun, item.cancelled, item.anew) = (None, None, false, None);
            (item.resumed, item.paused, item.paused_by) = (None, false, PausedBy::User);
            if anew { item.begin_again(lane) } else { item.take_failures() }
        });
        self.note(place, world.now);
        self.settle(world);
    }

    /// Makes an item the one that comes earlier, or later, by one line.
    pub fn shift(&mut self, id: ItemId, earlier: bool, world: &mut World<'_>) {
        let other = |line: usize| if earlier { line.checked_sub(1) } else { Some(line + 1) };
        let Some(line) = self.line_of(id) else { return };
        let Some((other, (other_place, other_id))) =
            other(line).and_then(|line| Some((line, *self.order.get(line)?)))
        else {
            return;
        };
        let (place, _) = self.order[line];
        self.change(id, |item| item.place = other_place);
        self.change(other_id, |item| item.place = place);
        (self.order[line], self.order[other]) = ((place, other_id), (other_place, id));
        self.note(place, world.now);
        self.note(other_place, world.now);
        self.settle(world);
    }

    /// Stops all, to go on later.
    pub fn pause_all(&mut self, world: &mut World<'_>) {
        self.ids(Item::is_open).into_iter().for_each(|id| self.pause(id, world));
    }

    /// Goes on with all that were stopped, by the user or by a full disk.
    pub fn resume_all(&mut self, world: &mut World<'_>) {
        self.ids(Item::is_paused).into_iter().for_each(|id| self.unpause(id, world));
        self.held = None;
        self.settle(world);
    }

    /// Stops all for good.
    pub fn cancel_all(&mut self, world: &mut World<'_>) {
        // None of them starts only to be stopped.
        self.pause_all(world);
        self.ids(Item::is_open).into_iter().for_each(|id| self.cancel(id, world));
    }

    /// Tries again all that failed.
    pub fn retry_all(&mut self, world: &mut World<'_>) {
        let failed = |item: &Item| matches!(item.end, Some(End::Failed(_) | End::Partly));
        self.ids(failed).into_iter().for_each(|id| self.retry(id, world));
    }

    fn ids(&self, wanted: impl Fn(&Item) -> bool) -> Vec<ItemId> {
        self.items().filter(|item| wanted(item)).map(|item| item.id).collect()
    }

    /// Says what becomes of the file that [`Queue::question`] asks about first of this item; where `for_all`, of all
    /// files of all items that are not at their end, also of those of which it turns out later that something is there.
    pub fn answer(&mut self, id: ItemId, conflict: Conflict, for_all: bool, world: &mut World<'_>) {
        if conflict == Conflict::Ask {
            return;
        }
        let asked = if for_all { self.ids(Item::is_open) } else { vec![id] };
        for id in asked {
            let place = self.change(id, |item| {
                let count = if for_all { item.asked.len() } else { item.asked.len().min(1) };
                for (mut file, _) in item.asked.drain(..count).rev().collect::<Vec<_>>() {
                    file.how = Some(conflict);
                    item.waiting.push_first(file);
                }
                let said = for_all && item.conflict == Conflict::Ask;
                if said {
                    item.conflict = conflict;
                }
                said.then_some(item.place)
            });
            if let Some(place) = place.flatten() {
                self.note(place, world.now);
            }
        }
        self.settle(world);
    }

    /// Asks a server again that wanted to know who asks: it knows now.
    pub fn retry_origin(&mut self, origin: &Origin, world: &mut World<'_>) {
        for id in self.denied_by(origin) {
            self.change(id, |item| {
                item.realm = None;
                let denied = std::mem::take(&mut item.denied);
                denied.into_iter().rev().for_each(|file| item.waiting.push_first(file));
            });
        }
        self.settle(world);
    }

    /// Gives up on what a server has that wants to know who asks, and is not told: it failed.
    pub fn refuse_origin(&mut self, origin: &Origin, world: &mut World<'_>) {
        for id in self.denied_by(origin) {
            self.change(id, |item| {
                let Some((origin, realm)) = item.realm.take() else { return };
                let fault = || Fault::Unauthorized { origin: origin.clone(), realm: realm.clone() };
                for file in std::mem::take(&mut item.denied) {
                    item.fail(file, fault());
                }
                if let Some(tree) = item.tree.as_mut().filter(|tree| !tree.is_listed()) {
                    tree.walk = Walk::Ended;
                    item.miss(item.name.clone(), fault());
                }
            });
            self.close(id, world);
        }
        self.settle(world);
    }

    /// The items for which this server wants to know who asks, also those that the user stopped.
    fn denied_by(&self, origin: &Origin) -> Vec<ItemId> {
        self.ids(|item| item.realm.as_ref().is_some_and(|(asks, _)| **asks == *origin))
    }

    /// All that came, or were there already, or were cancelled.
    #[must_use]
    pub fn done(&self) -> Vec<ItemId> {
        self.ids(Item::is_done)
    }

    /// Takes these of [`Queue::done`] away, to be had back until [`Queue::forget_cleared`]. How many can be had back then.
    pub fn clear(&mut self, gone: &[ItemId], world: &mut World<'_>) -> usize {
        for id in gone {
            if self.items.get(id).is_some_and(Item::is_done) {
                self.cleared.extend(self.items.remove(id));
            }
        }
        let items = &self.items;
        self.order.retain(|(_, id)| items.contains_key(id));
        self.settle(world);
        self.cleared.len()
    }

    /// Takes the lines of these away of which nothing came: what was there stayed, or it was cancelled. They are asked for anew.
    pub fn drop_idle(&mut self, sources: &HashSet<&Source>) {
        let nothing_came = |item: &Item| matches!(item.end, Some(End::Kept { .. } | End::Cancelled));
        self.items.retain(|_, item| !(nothing_came(item) && sources.contains(&item.source)));
        let items = &self.items;
        self.order.retain(|(_, id)| items.contains_key(id));
    }

    /// Brings back what was taken away; how many that are.
    pub fn restore_cleared(&mut self, world: &mut World<'_>) -> usize {
        let cleared = std::mem::take(&mut self.cleared);
        let count = cleared.len();
        for mut item in cleared {
            let last = self.order.last().map_or(0, |(place, _)| *place);
            let line = self.order.binary_search_by_key(&item.place, |(place, _)| *place);
            let line = line.err().unwrap_or_else(|| {
                // Another one has its place by now.
                item.place = last + 1;
                self.order.len()
            });
            self.order.insert(line, (item.place, item.id));
            self.items.insert(item.id, item);
        }
        self.settle(world);
        count
    }

    /// What was taken away is gone.
    pub fn forget_cleared(&mut self) {
        self.cleared = Vec::new();
    }

    /// Takes an item away that is at its end, and what is left of it where it failed.
    pub fn remove(&mut self, id: ItemId, world: &mut World<'_>) {
        let Some(line) = self.line_of(id).filter(|_| self.items.get(&id).is_some_and(|item| !item.is_open()))
        else {
            return;
        };
        if self.items.get(&id).is_some_and(|item| matches!(item.end, Some(End::Failed(_) | End::Partly))) {
            self.discard(id, world);
        }
        let (place, _) = self.order.remove(line);
        self.items.remove(&id);
        self.note(place, world.now);
    }

    /// Lets all together take no more than so many bytes a second; none: as many as come.
    pub fn limit_rate(&mut self, rate: Option<NonZeroU64>, world: &mut World<'_>) {
        self.settings.rate = rate;
        world.out.push(Effect::LimitRate(rate));
    }
}

impl Item {
    /// Only what failed is to be downloaded.
    fn take_failures(&mut self) {
        let untried = std::mem::take(&mut self.untried).into_iter().rev();
        let failed = untried.chain(std::mem::take(&mut self.failed).into_iter().rev());
        let with_reasons = std::mem::take(&mut self.failures).into_iter().rev();
        let files: Vec<File> = failed.chain(with_reasons.filter_map(|failure| failure.file)).collect();
        (self.counts.failed, self.counts.untried, self.unread) = (0, 0, Vec::new());
        for file in files {
            self.take_in(file);
        }
    }

    /// All of it is to be downloaded, but for what is here already.
    pub(super) fn begin_again(&mut self, lane: super::books::LaneId) {
        self.again = true;
        self.lane = lane;
        (self.counts, self.unread) = (Counts::default(), Vec::new());
        (self.failures, self.failed, self.untried) = (Vec::new(), Vec::new(), Vec::new());
        match &mut self.tree {
            Some(tree) => {
                **tree = Tree::new(&self.source, &self.to);
                // What is in it is renamed again.
                self.renamed.names.retain(|(name, _)| *name == self.name);
                self.renamed.more = 0;
            }
            None => self.find(File::alone(self.size)),
        }
    }
}
