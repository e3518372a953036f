//! What is heard of downloads and of folders that are looked through, and what becomes of the items by that.

use super::item::{End, FolderOrigin, Item, ItemId, Phase, Resumed, Running};
use super::tree::{Style, Walk};
use super::{BEAT, Queue, QueueSettings, World};
use crate::effect::{Conflict, Effect, Partial};
use crate::event::{Fault, Kept, Listing, RequestId, TransferEvent, TransferId, WalkEvent};
use crate::text::Clean;
use crate::wire::source::Source;

impl Queue {
    /// Which file a download under way is of.
    #[must_use]
    pub fn source_of(&self, id: TransferId) -> Option<&Source> {
        let item = self.items.get(self.running.get(&id)?)?;
        item.running.get(&id).map(|running| &running.goal.0)
    }

    /// News of a download; late ones are dropped.
    pub fn on_transfer(&mut self, id: TransferId, event: TransferEvent, world: &mut World<'_>) {
        if let Some(item) = self.running.get(&id).copied() {
            self.hear(item, id, event, world);
            self.settle(world);
        }
    }

    fn hear(
        &mut self,
        item: ItemId,
        id: TransferId,
        event: TransferEvent,
        world: &mut World<'_>,
    ) -> Option<()> {
        match event {
            TransferEvent::Started { total, from, anew, partial, sameness } => {
                self.note_answer(item, id);
                self.change(item, |item| {
                    item.size_up(id, total);
                    item.progress(id, from);
                    item.anew = anew.or(item.anew);
                    item.resumed = (from > 0).then_some(Resumed { from, sameness });
                });
                self.phase(item, id, Phase::Transferring);
                self.keep_partial(item, id, partial, world);
            }
            TransferEvent::Named(to) => self.named(item, id, &to),
            TransferEvent::Progress { bytes } => {
                self.phase(item, id, Phase::Transferring);
                self.note_answer(item, id);
                let fresh = self.change(item, |item| item.progress(id, bytes)).unwrap_or_default();
                self.count(item, fresh, world);
            }
            TransferEvent::Retrying { fault, attempt, last, after } => {
                let lane = self.lane_of(item, id)?;
                let gives_up = self.books.breaker(lane).note_retry(&fault);
                self.phase(item, id, Phase::Retrying { fault, attempt, last, at: world.now + after });
                if gives_up {
                    self.give_up(lane, world);
                }
            }
            TransferEvent::Verifying { bytes } => self.phase(item, id, Phase::Verifying(bytes)),
            TransferEvent::Unread { sums, fault, .. } => {
                self.items.get_mut(&item)?.note_unread(sums, fault);
            }
            TransferEvent::Finishing => {
                self.note_answer(item, id);
                let running = self.items.get_mut(&item)?.running.get_mut(&id)?;
                running.phase = Phase::Finishing;
                if running.small && !std::mem::replace(&mut running.came, true) {
                    self.books.came(running.lane);
                }
            }
            TransferEvent::Finished(finished) => {
                self.note_answer(item, id);
                let running = self.end(item, id, world)?;
                self.count(item, finished.bytes.saturating_sub(running.file.here), world);
                self.drop_partial(&running.goal, world);
                self.change(item, |item| item.take_finished(&running, &finished));
                self.over(item, End::Finished(finished), world);
            }
            TransferEvent::Kept { path, why } => {
                let running = self.end(item, id, world)?;
                self.drop_partial(&running.goal, world);
                self.kept(item, &running, End::Kept { path, why }, why, world);
            }
            TransferEvent::Failed(fault) => self.failed(item, id, fault, world)?,
            TransferEvent::Paused => {
                let mut running = self.end(item, id, world)?;
                match running.given_up.take() {
                    Some(fault)
                        if self.items.get(&item).is_some_and(|item| !item.cancelled && !item.paused) =>
                    {
                        self.change(item, |item| item.give_up(running.file, fault));
                        self.close(item, world);
                    }
                    Some(_) | None => self.put_back(item, running, world),
                }
            }
            TransferEvent::Cancelled => {
                let running = self.end(item, id, world)?;
                self.drop_partial(&running.goal, world);
                self.change(item, |item| {
                    if !item.is_folder() {
                        // Whoever stopped it left nothing.
                        (item.begun, item.again) = (None, false);
                    }
                    if item.cancelled || !item.is_folder() {
                        item.leave_out(&running.file);
                        item.cancelled = true;
                    } else {
                        item.fail(running.file, Fault::Interrupted);
                    }
                });
                self.close(item, world);
            }
        }
        Some(())
    }

    fn phase(&mut self, item: ItemId, id: TransferId, phase: Phase) {
        if let Some(running) = self.items.get_mut(&item).and_then(|item| item.running.get_mut(&id)) {
            running.phase = phase;
        }
    }

    /// So many bytes came.
    fn count(&mut self, item: ItemId, bytes: u64, world: &World<'_>) {
        self.pace.add(bytes, world.now);
        self.history.add(bytes);
        if let Some(item) = self.items.get_mut(&item) {
            item.pace.add(bytes, world.now);
            item.beat = item.beat.wrapping_add(1);
        }
    }

    /// A download is at its end: another may have its place.
    fn end(&mut self, item: ItemId, id: TransferId, world: &World<'_>) -> Option<Running> {
        self.running.remove(&id);
        let held = self.held.is_some();
        let running = self.change(item, |item| {
            let running = item.running.remove(&id);
            if item.running.is_empty() && (item.paused || held) {
                item.pace.end();
            }
            running
        })??;
        self.books.ended(&running);
        if let Some(place) = self.items.get(&item).filter(|item| !item.is_folder()).map(|item| item.place) {
            // How much of it is here.
            self.note(place, world.now);
        }
        Some(running)
    }

    /// A file that is an item by itself is at its end with its download; a folder with the last of its.
    fn over(&mut self, item: ItemId, end: End, world: &mut World<'_>) {
        if self.items.get(&item).is_some_and(|item| item.is_open() && !item.is_folder()) {
            self.finish(item, end, world);
        } else {
            self.close(item, world);
        }
    }

    fn kept(&mut self, item: ItemId, running: &Running, end: End, why: Kept, world: &mut World<'_>) {
        self.change(item, |item| {
            let here = if matches!(why, Kept::Same | Kept::Alike) {
                running.file.size.unwrap_or_default()
            } else {
                0
            };
            item.arrive(&running.file, here);
            item.counts.kept += 1;
            item.renamed.settle(&running.name, None);
        });
        self.over(item, end, world);
    }

    /// It goes on later, and before the others, unless the user does not want it any more.
    fn put_back(&mut self, item: ItemId, running: Running, world: &mut World<'_>) {
        if self.items.get(&item).is_some_and(|item| item.cancelled) {
            self.change(item, |item| item.leave_out(&running.file));
            self.close(item, world);
        } else {
            self.change(item, |item| item.waiting.push_first(running.file));
        }
    }

    fn failed(&mut self, item: ItemId, id: TransferId, fault: Fault, world: &mut World<'_>) -> Option<()> {
        let mut running = self.end(item, id, world)?;
        let known = self.items.get(&item)?;
        if known.cancelled {
            self.put_back(item, running, world);
            return Some(());
        }
        let policy = known.conflict;
        if fault == Fault::IsFolder && self.is_folder_after_all(item, &running, world) {
            return Some(());
        }
        if fault == Fault::DiskFull {
            self.hold(fault, world);
            self.put_back(item, running, world);
        } else if fault == Fault::Busy {
            self.busy_until = Some(world.now + BEAT);
            self.put_back(item, running, world);
        } else if let Fault::Unauthorized { origin, realm } = fault {
            self.change(item, |item| {
                item.denied.push(running.file);
                item.realm = Some((origin, realm));
            });
        } else if let (Fault::Exists(clash), Conflict::Ask) = (&fault, running.conflict) {
            if policy == Conflict::Ask {
                let clash = clash.clone();
                self.change(item, |item| item.asked.push((running.file, clash)));
            } else {
                // It is known by now that what is there is another one.
                running.file.how = Some(policy);
                self.put_back(item, running, world);
            }
        } else {
            let gives_up = self.books.breaker(running.lane).note_failure(&fault);
            self.change(item, |item| item.fail(running.file, fault));
            self.close(item, world);
            if gives_up {
                self.give_up(running.lane, world);
            }
        }
        Some(())
    }

    /// Nothing is started any more, and what is under way goes on later, until the user says so.
    fn hold(&mut self, fault: Fault, world: &mut World<'_>) {
        if self.held.replace(fault).is_none() {
            let mut running: Vec<TransferId> = self.running.keys().copied().collect();
            running.sort_unstable();
            world.out.extend(running.into_iter().map(Effect::Pause));
        }
    }

    fn keep_partial(&mut self, item: ItemId, id: TransferId, partial: Partial, world: &mut World<'_>) {
        let running = self.items.get(&item).and_then(|item| item.running.get(&id));
        if let Some(goal) = running.map(|running| running.goal.clone()) {
            self.note_partial(goal, partial, world);
        }
    }

    /// News of a folder that is looked through; late ones are dropped.
    pub fn on_walk(&mut self, request: RequestId, event: WalkEvent, world: &mut World<'_>) {
        let Some(item) = self.walks.get(&request).copied() else { return };
        match event {
            WalkEvent::Found(listing) => self.found(item, request, listing, world),
            WalkEvent::Missed(source, fault) => self.missed(item, request, &source, fault, world),
            // That shows when it is downloaded.
            WalkEvent::Undecided(..) => {}
            WalkEvent::Ended => self.walked(item, request, world),
            WalkEvent::Failed(Fault::Busy) => {
                self.busy_until = Some(world.now + BEAT);
                self.end_walk(item, request, Walk::Due);
            }
            WalkEvent::Failed(fault) => {
                self.end_walk(item, request, Walk::Ended);
                let lane = self.items.get(&item).map(|item| item.lane);
                // Whoever walks has waited for the server.
                let gives_up = fault == Fault::NotWalked;
                self.miss(item, None, fault);
                if let Some(lane) = lane.filter(|_| gives_up) {
                    self.give_up(lane, world);
                }
            }
        }
        self.close(item, world);
        self.settle(world);
    }

    /// What is asked for is of no use any more, or not for now.
    pub(super) fn stop_walk(&mut self, id: ItemId, then: Walk, world: &mut World<'_>) {
        let tree = self.items.get(&id).and_then(|item| item.tree.as_ref());
        if let Some(Walk::UnderWay(request)) = tree.map(|tree| tree.walk) {
            world.out.push(Effect::Forget(request));
            self.end_walk(id, request, then);
        }
    }

    /// All was found that can be: what is left to do are the folders that nothing is in.
    fn walked(&mut self, id: ItemId, request: RequestId, world: &mut World<'_>) {
        self.change(id, |item| item.tree.as_mut().map(|tree| tree.keep_late_only()));
        self.end_walk(id, request, Walk::Ended);
        if self.items.get(&id).is_some_and(Item::is_final) {
            self.make_folders(id, world);
        }
    }

    pub(super) fn begin_walk(&mut self, item: ItemId, request: RequestId) {
        self.walks.insert(request, item);
        self.books.walk_started();
        self.change(item, |item| item.tree.as_mut().map(|tree| tree.walk = Walk::UnderWay(request)));
    }

    pub(super) fn end_walk(&mut self, item: ItemId, request: RequestId, walk: Walk) {
        if self.walks.remove(&request).is_some() {
            self.books.walk_ended();
            self.change(item, |item| {
                let is_cancelled = item.cancelled;
                let Some(tree) = &mut item.tree else { return };
                let goes_on = walk == Walk::Ended && !is_cancelled && tree.has_late();
                tree.walk = if goes_on { Walk::Due } else { walk };
            });
        }
    }

    fn found(&mut self, id: ItemId, request: RequestId, listing: Listing, world: &mut World<'_>) {
        let QueueSettings { prefix, names: policy, hidden, .. } = self.settings.clone();
        let taken = self.change(id, |item| {
            let tree = item.tree.as_mut()?;
            let is_free = item.folder == FolderOrigin::Made;
            let taken = tree.take(listing, Style { prefix: &prefix, policy, hidden: hidden || is_free });
            let source = tree.source().clone();
            taken.files.into_iter().for_each(|file| item.find(file));
            for (path, fault) in taken.missed {
                item.miss(path, fault);
            }
            for (name, here) in taken.renamed {
                item.renamed.note(name, &here);
            }
            Some((source, taken.full))
        });
        let Some((source, full)) = taken.flatten() else { return };
        let lane = self.books.lane(&source);
        self.books.breaker(lane).note_answer();
        self.change(id, |item| item.lane = lane);
        if full {
            world.out.push(Effect::Forget(request));
            self.walked(id, request, world);
        }
    }

    fn missed(
        &mut self,
        id: ItemId,
        request: RequestId,
        source: &Source,
        fault: Fault,
        world: &mut World<'_>,
    ) {
        let Some(tree) = self.items.get_mut(&id).and_then(|item| item.tree.as_mut()) else { return };
        let name = tree.give_up(source);
        let listed = tree.is_listed();
        if !listed && let Fault::Unauthorized { origin, realm } = fault {
            // Nothing at all can be seen before the server knows who asks.
            world.out.push(Effect::Forget(request));
            self.end_walk(id, request, Walk::Due);
            self.change(id, |item| item.realm = Some((origin, realm)));
        } else {
            self.miss(id, Some(name), fault);
        }
    }

    fn miss(&mut self, id: ItemId, name: Option<Clean>, fault: Fault) {
        self.change(id, |item| {
            let name = name.unwrap_or_else(|| item.name.clone());
            item.miss(name, fault);
        });
    }
}
