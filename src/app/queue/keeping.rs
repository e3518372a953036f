//! What outlives the program: the items that are not at their end, and what is needed to go on with files of which a part
//! is here. Owns when that is given to the store.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::file::{File, Goal, is_small};
use super::item::{End, FolderOrigin, Item, ItemId, PausedBy};
use super::tree::{Tree, Walk};
use super::{Queue, World};
use crate::effect::{Effect, KeptItem, KeptPartial, KeptState, NamedBy, OVERLAP, Partial, StoreRequest};
use crate::event::Fault;

/// Changes that follow each other so closely are kept together.
const TOGETHER: Duration = Duration::from_millis(200);

impl Queue {
    /// Takes over what an earlier run left: its items in their order, and what is known of files of which a part is here.
    /// They go on by themselves, but for those that were stopped or failed, and those that the program crashed with: one of
    /// them may have been why, and would be again.
    pub fn restore(&mut self, items: Vec<KeptItem>, partials: Vec<KeptPartial>, world: &mut World<'_>) {
        for KeptPartial { source, to, partial } in partials {
            self.partials.insert((source, to), (partial, true));
        }
        // What goes on keeps its name, and with that what is here of it; another of that name that rests gets a number.
        let mut kept: Vec<&KeptItem> = items.iter().collect();
        kept.sort_by_key(|kept| kept.state);
        // What failed and was asked for again is here twice.
        let mut sources = HashSet::new();
        kept.retain(|kept| sources.insert(&kept.source));
        let mut path = |kept: &KeptItem| match kept.state {
            KeptState::Going | KeptState::Crashed | KeptState::Paused => self.free_path(&kept.to),
            // It has no name before it is tried again.
            KeptState::Failed => kept.to.clone(),
        };
        let mut names: HashMap<u64, PathBuf> = kept.iter().map(|kept| (kept.place, path(kept))).collect();
        for kept in items {
            match names.remove(&kept.place) {
                Some(to) => self.take_over(KeptItem { to, ..kept }, world),
                None => self.note(kept.place, world.now),
            }
        }
        if let Some(rate) = self.settings.rate {
            world.out.push(Effect::LimitRate(Some(rate)));
        }
        self.settle(world);
    }

    /// Takes over one whose name is its own, or that failed.
    fn take_over(&mut self, kept: KeptItem, world: &mut World<'_>) {
        let KeptItem {
            place,
            source,
            to,
            size,
            here,
            conflict,
            checksum,
            sums,
            named_by,
            owns_folder,
            state,
        } = kept;
        let tree = source.path.is_folder().then(|| Box::new(Tree::new(&source, &to)));
        let mut item = self.item(source, to, tree);
        let new = item.place;
        item.place = new.max(place);
        (item.conflict, item.checksum, item.sums, item.size) = (conflict, checksum, sums, size);
        item.paused = matches!(state, KeptState::Paused | KeptState::Crashed);
        if state == KeptState::Crashed {
            item.paused_by = PausedBy::Crash;
        }
        item.again = true;
        item.named_by = named_by;
        item.is_listed = named_by == NamedBy::List;
        item.folder = if owns_folder { FolderOrigin::Made } else { FolderOrigin::Found };
        if !item.is_folder() {
            let partial = self.partials.get(&(item.source.clone(), item.to.clone()));
            let (total, here) = partial.map_or((None, 0), |(partial, _)| (partial.total, here));
            item.find(File { here, ..File::alone(size.or(total)) });
        }
        if state == KeptState::Failed {
            item.fail_again();
        }
        if item.place != place {
            self.note(place, world.now);
            self.note(item.place, world.now);
        }
        self.order.push((item.place, item.id));
        if item.is_open() {
            self.open.insert(item.source.clone(), item.id);
        }
        self.books.enter(&item);
        self.items.insert(item.id, item);
    }

    /// What stands in a place is another thing now than what is kept.
    pub(super) fn note(&mut self, place: u64, now: Instant) {
        self.changed.insert(place);
        self.keep_at.get_or_insert(now + TOGETHER);
    }

    /// Gives the store what is not kept yet, and how far that is which runs: the program ends.
    pub fn keep_at_end(&mut self, out: &mut Vec<Effect>) {
        let running = self.running.values().filter_map(|id| self.items.get(id));
        self.changed.extend(running.map(|item| item.place));
        self.keep_now(out);
    }

    /// Gives the store what is not kept yet.
    pub(super) fn keep_now(&mut self, out: &mut Vec<Effect>) {
        self.keep_at = None;
        if self.changed.is_empty() {
            return;
        }
        let changes = std::mem::take(&mut self.changed).into_iter().map(|place| {
            let line = self.order.binary_search_by_key(&place, |(place, _)| *place).ok();
            let item = line.and_then(|line| self.items.get(&self.order[line].1));
            (place, item.and_then(kept))
        });
        out.push(Effect::Store(StoreRequest::Queue(changes.collect())));
    }

    pub(super) fn note_partial(&mut self, goal: Goal, partial: Partial, world: &mut World<'_>) {
        if partial.total.is_some_and(|total| total <= OVERLAP) {
            return;
        }
        // A small file can just be begun again, but in this run it needs not be.
        let keep = partial.total.is_none_or(|total| !is_small(total));
        if keep && self.partials.get(&goal).is_none_or(|(known, kept)| *known != partial || !kept) {
            let (source, to) = goal.clone();
            let kept = KeptPartial { source, to, partial: partial.clone() };
            world.out.push(Effect::Store(StoreRequest::Partial(Box::new(kept))));
        }
        self.partials.insert(goal, (partial, keep));
    }

    /// Nothing is needed any more to go on with a file.
    pub(super) fn drop_partial(&mut self, goal: &Goal, world: &mut World<'_>) {
        // Most files never have one, and a goal is long.
        if !self.partials.is_empty()
            && let Some(((source, to), (_, true))) = self.partials.remove_entry(goal)
        {
            world.out.push(Effect::Store(StoreRequest::DropPartial { source, to }));
        }
    }

    /// What is here of an item of which nothing is under way is of no use any more, also what only an earlier run knew of.
    /// It stays where another item goes on with it.
    pub(super) fn discard(&mut self, item: ItemId, world: &mut World<'_>) {
        let Some(item) = self.items.get(&item) else { return };
        let again = self.open.get(&item.source).filter(|again| **again != item.id);
        if again.and_then(|again| self.items.get(again)).is_some_and(|again| again.to.starts_with(&item.to)) {
            return;
        }
        let of_item = |(source, to): &Goal| match &item.tree {
            Some(tree) => to.starts_with(&item.to) && tree.source().holds(source),
            None => *to == item.to && *source == item.source,
        };
        let mut is_known = false;
        for ((source, to), (_, kept)) in self.partials.extract_if(|key, _| of_item(key)) {
            is_known = true;
            if kept {
                world.out.push(Effect::Store(StoreRequest::DropPartial { source, to }));
            }
        }
        if !(is_known || item.again || item.begun.is_some()) {
            // It never began.
            return;
        }
        let left = (item.source.clone(), item.to.clone());
        // Many at once are one errand: there is no room for any number of them.
        match world.out.last_mut() {
            Some(Effect::Discard(others)) => others.push(left),
            Some(_) | None => world.out.push(Effect::Discard(vec![left])),
        }
    }
}

impl Item {
    /// It failed in an earlier run; of a folder it is not known any more what did.
    fn fail_again(&mut self) {
        for file in self.take_all_waiting() {
            self.fail(file, Fault::EarlierRun);
        }
        if let Some(tree) = &mut self.tree {
            tree.walk = Walk::Ended;
            self.miss(self.name.clone(), Fault::EarlierRun);
        }
        self.end = Some(End::Failed(Fault::EarlierRun));
    }
}

/// What is kept of an item; nothing of one of which no more is to come.
fn kept(item: &Item) -> Option<KeptItem> {
    let failed = matches!(item.end, Some(End::Failed(_) | End::Partly));
    if item.cancelled || !(item.is_open() || failed) {
        return None;
    }
    Some(KeptItem {
        place: item.place,
        source: item.source.clone(),
        to: item.to.clone(),
        size: item.size,
        here: if item.is_folder() { 0 } else { item.left_here() },
        conflict: item.conflict,
        checksum: item.checksum.clone(),
        sums: item.sums.clone(),
        named_by: item.named_by,
        owns_folder: item.folder == FolderOrigin::Made,
        state: match (item.paused, item.paused_by) {
            _ if failed => KeptState::Failed,
            (true, PausedBy::Crash) => KeptState::Crashed,
            (true, PausedBy::User) => KeptState::Paused,
            (false, _) => KeptState::Going,
        },
    })
}
