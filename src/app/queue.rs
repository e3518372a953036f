//! The downloads that were asked for: which wait, which run, how fast, and what became of them. Any number of files and
//! of whole folders. Decides what is started when, and under which name it comes here; moves no byte itself, and knows
//! neither keys nor a screen, so that a command can drive it too.
//!
//! What is asked for becomes an [`Item`]: a file is one with one file. A folder is looked through ([`Effect::Walk`])
//! while what was found in it is downloaded. Folders of it in which there is nothing are made at the end.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fnv::FnvHashMap;

use super::Ids;
use crate::effect::{Conflict, Effect, Job, NamedBy, Partial};
use crate::event::{Fault, RequestId, TransferId};
use crate::text::clean_line;
use crate::wire::name::NamePolicy;
use crate::wire::source::Source;

mod books;
mod breaker;
mod counts;
mod empty_folders;
mod file;
mod item;
mod keeping;
mod late;
mod names;
mod news;
mod orders;
mod outage;
mod pace;
mod renamed;
mod request;
mod shown;
mod target;
mod time;
mod tree;
mod verified;

use books::Books;
pub use books::Totals;
pub use counts::{Counts, percent};
pub(crate) use file::sums_beside;
use file::{File, Goal, Waiting};
use item::PausedBy;
pub use item::{End, Failure, Item, ItemId, ItemState, Phase, Running};
use names::Names;
use pace::{History, Pace};
pub use renamed::Renamed;
pub use request::{NewFile, QueueSettings};
pub use shown::Question;
use target::{base_of, named_by, naming};
use tree::{Tree, Walk};

/// How often the speeds are measured while something is under way.
const BEAT: Duration = Duration::from_secs(1);

/// What the queue needs of the world while it deals with something.
#[derive(Debug)]
pub struct World<'a> {
    /// The present moment.
    pub now: Instant,
    /// Numbers for what is asked of the world.
    pub ids: &'a mut Ids,
    /// What the world has to do is put behind what is in here already.
    pub out: &'a mut Vec<Effect>,
}

/// What became of the files of all items that came to their end in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ended {
    /// Files that are here.
    pub here: u64,
    /// Files that failed, and folders that could not be listed.
    pub failed: u64,
}

/// The downloads.
#[derive(Debug, Clone)]
pub struct Queue {
    settings: QueueSettings,
    // Nobody else chooses the ids, so that no more of them collide than do by chance.
    items: FnvHashMap<ItemId, Item>,
    /// By their places, each of which is used once.
    order: Vec<(u64, ItemId)>,
    last: u64,
    /// What was taken off the list by the last keys, to be had back.
    cleared: Vec<Item>,
    /// The items that are not at their end.
    open: HashMap<Source, ItemId>,
    running: FnvHashMap<TransferId, ItemId>,
    walks: HashMap<RequestId, ItemId>,
    books: Books,
    /// What the items that are not at their end are called here.
    names: Names,
    /// What is needed to go on with files of which a part is here, and whether that is kept.
    partials: HashMap<Goal, (Partial, bool)>,
    /// What is not kept yet as it is now, by place.
    changed: BTreeSet<u64>,
    keep_at: Option<Instant>,
    ended: Ended,
    /// Why nothing is started any more until the user says so.
    held: Option<Fault>,
    /// Whoever downloads had no room for more: until when nothing is started.
    busy_until: Option<Instant>,
    pace: Pace,
    history: History,
    /// When the speeds were measured last, while something is under way.
    beaten: Option<Instant>,
}

impl Queue {
    /// Nothing asked for yet.
    #[must_use]
    pub fn new(settings: QueueSettings) -> Self {
        Self {
            books: Books::new(settings.at_once.max(1)),
            names: Names::new(settings.names == NamePolicy::Portable || settings.conflict.replaces()),
            settings,
            items: FnvHashMap::default(),
            order: Vec::new(),
            last: 0,
            cleared: Vec::new(),
            open: HashMap::new(),
            running: FnvHashMap::default(),
            walks: HashMap::new(),
            partials: HashMap::new(),
            changed: BTreeSet::new(),
            keep_at: None,
            ended: Ended::default(),
            held: None,
            busy_until: None,
            pace: Pace::default(),
            history: History::default(),
            beaten: None,
        }
    }

    /// Asks for a file. One that was asked for already and is not at its end is not asked for twice.
    pub fn add_file(&mut self, new: NewFile, world: &mut World<'_>) -> ItemId {
        let NewFile { source, to, size, checksum, sums, sums_are_guessed, named_by_server, is_listed } = new;
        if let Some(known) = self.open.get(&source) {
            return *known;
        }
        let named_by = named_by(to.is_some(), named_by_server);
        let (to, renamed) = self.place_for(to, &self.settings.prefix.clone(), &source.path.last());
        let mut item = self.item(source, to, None);
        (item.size, item.checksum, item.sums, item.is_listed) = (size, checksum, sums, is_listed);
        (item.named_by, item.renamed, item.sums_are_guessed) = (named_by, renamed, sums_are_guessed);
        item.find(File::alone(size));
        self.put(item, world)
    }

    /// Asks for a folder with all that is in it, which goes into a folder of its name here. One that was asked for
    /// already and is not at its end is not asked for twice.
    pub fn add_folder(&mut self, source: &Source, to: Option<PathBuf>, world: &mut World<'_>) -> ItemId {
        let source = source.at(source.path.folder());
        if let Some(known) = self.open.get(&source) {
            return *known;
        }
        let name = source.path.last();
        // The top folder of a server has no name.
        let name = if name.is_empty() { source.endpoint.host.to_string().into_bytes() } else { name };
        let (to, renamed) = self.place_for(to, "", &name);
        let tree = Box::new(Tree::new(&source, &to));
        let mut item = self.item(source, to, Some(tree));
        item.renamed = renamed;
        self.put(item, world)
    }

    fn put(&mut self, item: Item, world: &mut World<'_>) -> ItemId {
        let id = item.id;
        self.order.push((item.place, id));
        self.open.insert(item.source.clone(), id);
        self.books.enter(&item);
        self.note(item.place, world.now);
        self.items.insert(id, item);
        self.settle(world);
        id
    }

    fn item(&mut self, source: Source, to: PathBuf, tree: Option<Box<Tree>>) -> Item {
        self.last += 1;
        let name = source.path.last();
        let name = if name.is_empty() { source.endpoint.to_string().into_bytes() } else { name };
        Item {
            id: ItemId(self.last),
            place: self.order.last().map_or(1, |(place, _)| place + 1),
            lane: self.books.lane(&source),
            name: clean_line(&name),
            source,
            to,
            conflict: self.settings.conflict,
            checksum: None,
            beat: 0,
            sums: Vec::new(),
            sums_are_guessed: false,
            is_listed: false,
            size: None,
            tree,
            waiting: Waiting::default(),
            running: std::collections::BTreeMap::new(),
            asked: Vec::new(),
            denied: Vec::new(),
            realm: None,
            failures: Vec::new(),
            failed: Vec::new(),
            untried: Vec::new(),
            counts: Counts::default(),
            ended: 0,
            paused: false,
            paused_by: PausedBy::User,
            cancelled: false,
            again: false,
            end: None,
            begun: None,
            anew: None,
            resumed: None,
            unread: Vec::new(),
            named_by: NamedBy::default(),
            folder: item::FolderOrigin::default(),
            renamed: Renamed::default(),
            pace: Pace::default(),
        }
    }

    /// Starts what may start.
    fn settle(&mut self, world: &mut World<'_>) {
        if self.busy_until.is_some_and(|until| until <= world.now) {
            self.busy_until = None;
        }
        if self.held.is_none() && self.busy_until.is_none() {
            while let Some(item) = self.books.next_walk() {
                self.walk(item, world);
            }
            while let Some((item, small)) = self.books.next() {
                self.start(item, small, world);
            }
        }
        self.keep_time(world);
    }

    /// Does something to an item, and counts it as it is then.
    fn change<T>(&mut self, id: ItemId, act: impl FnOnce(&mut Item) -> T) -> Option<T> {
        let item = self.items.get_mut(&id)?;
        self.books.leave(item);
        let result = act(item);
        self.books.enter(item);
        Some(result)
    }

    fn walk(&mut self, id: ItemId, world: &mut World<'_>) {
        let request = world.ids.request();
        if self.items.get(&id).and_then(|item| item.tree.as_ref()).is_some_and(|tree| tree.target.is_none()) {
            return self.inspect(id, request, world);
        }
        let found = self.change(id, |item| {
            item.begun.get_or_insert(world.now);
            item.tree.as_mut().map(|tree| (tree.source().clone(), tree.is_listed(), tree.take_left()))
        });
        let Some((source, listed, left)) = found.flatten() else { return };
        if listed && left.is_empty() {
            // It was stopped when all had been found.
            self.change(id, |item| item.tree.as_mut().map(|tree| tree.walk = Walk::Ended));
            self.make_folders(id, world);
            self.close(id, world);
        } else {
            self.begin_walk(id, request);
            world.out.push(Effect::Walk { request, source, left });
        }
    }

    fn start(&mut self, id: ItemId, small: bool, world: &mut World<'_>) {
        let transfer = world.ids.transfer();
        let settings = self.settings.clone();
        let started = self.change(id, |item| {
            let file = item.waiting.pop(small)?;
            // What came already is not downloaded once more.
            let careful = item.again && matches!(item.conflict, Conflict::Rename | Conflict::Overwrite);
            let conflict = file.how.unwrap_or(if careful { Conflict::Ask } else { item.conflict });
            let goal = item.goal_of(&file);
            let (source, to) = goal.clone();
            let job = Job {
                source,
                asked: item.source.clone(),
                base: base_of(&settings.dir, item),
                to,
                naming: naming(item.named_by, &settings),
                conflict,
                checksum: item.checksum.clone(),
                sums: item.sums_of(&file),
                sums_are_guessed: item.sums_are_guessed,
                is_listed: item.is_listed || item.is_folder(),
                partial: None,
            };
            item.pace.begin(world.now);
            item.begun.get_or_insert(world.now);
            let (name, phase, lane) = (item.name_of(&file), Phase::Asking, item.lane);
            let running =
                Running { file, goal, name, phase, small, came: false, conflict, lane, given_up: None };
            item.running.insert(transfer, running);
            Some((job, lane))
        });
        let Some((mut job, lane)) = started.flatten() else { return };
        let running = self.items.get(&id).and_then(|item| item.running.get(&transfer));
        let partial = running.and_then(|running| self.partials.get(&running.goal));
        job.partial = partial.map(|(partial, _)| partial.clone());
        self.pace.begin(world.now);
        self.books.started(lane, small);
        self.running.insert(transfer, id);
        world.out.push(Effect::Fetch { id: transfer, job: Box::new(job) });
    }

    /// Where nothing more is to come of an item, it is at its end.
    fn close(&mut self, id: ItemId, world: &mut World<'_>) {
        let Some(item) = self.items.get(&id).filter(|item| item.is_open() && item.is_exhausted()) else {
            return;
        };
        let end = end_of(item, world.now);
        self.finish(id, end, world);
    }

    fn finish(&mut self, id: ItemId, end: End, world: &mut World<'_>) {
        if end == End::Cancelled {
            self.discard(id, world);
        }
        let ended = self.change(id, |item| {
            item.end = Some(end);
            item.pace.end();
            // What was here before it was tried again was counted then.
            let here = item.counts.done + item.counts.kept;
            let new = here.saturating_sub(item.ended);
            item.ended += new;
            (
                item.place,
                item.to.clone(),
                item.source.clone(),
                Ended { here: new, failed: item.counts.failed },
            )
        });
        if let Some((place, to, source, ended)) = ended {
            self.ended.here += ended.here;
            self.ended.failed += ended.failed;
            self.open.remove(&source);
            self.names.give_back(&to);
            self.note(place, world.now);
        }
    }
}

/// What became of an item of which nothing more is to come.
fn end_of(item: &Item, now: Instant) -> End {
    if item.cancelled {
        return End::Cancelled;
    }
    let counts = item.counts;
    if counts.failed > 0 {
        let nothing = !item.is_folder() || counts.files == 0 && counts.failed == 1;
        let whole = item.failures.first().filter(|_| nothing);
        return whole.map_or(End::Partly, |failure| End::Failed(failure.fault.clone()));
    }
    if counts.files == 0 {
        return End::Empty;
    }
    End::Finished(crate::event::Finished {
        path: Some(item.to.clone()),
        bytes: item.bytes(),
        took: item.begun.map_or(Duration::ZERO, |begun| now.saturating_duration_since(begun)),
        proofs: Vec::new(),
        is_page: false,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::effect::{KeptPartial, KeptState, OVERLAP, StoreRequest};
    use crate::event::{Finished, Kept, Listing, Target, TransferEvent, WalkEvent};
    use crate::text::Clean;
    use crate::wire::Raw;
    use crate::wire::listing::{Entry, Kind};

    const LARGE: u64 = 1_000_000;

    /// A queue and a world that does what it is told, and nothing by itself.
    struct Sim {
        queue: Queue,
        ids: Ids,
        now: Instant,
        out: Vec<Effect>,
        running: Vec<(TransferId, Job)>,
        walks: Vec<(RequestId, Source)>,
        /// What is left to be listed by the walk that began last.
        left: Vec<String>,
        making: Vec<(RequestId, Vec<PathBuf>)>,
        /// What is found at each place where a folder is to be.
        target: Target,
        asked: Vec<Effect>,
        kept: std::collections::BTreeMap<u64, crate::effect::KeptItem>,
        partials: Vec<KeptPartial>,
    }

    fn settings(at_once: usize) -> QueueSettings {
        QueueSettings {
            dir: "/dl".into(),
            prefix: String::new(),
            conflict: Conflict::Ask,
            at_once,
            rate: None,
            names: NamePolicy::Exact,
            hidden: false,
        }
    }

    impl Sim {
        #[expect(clippy::disallowed_methods, reason = "any moment will do")]
        fn new(at_once: usize) -> Self {
            Self {
                queue: Queue::new(settings(at_once)),
                ids: Ids::default(),
                now: Instant::now(),
                out: Vec::new(),
                running: Vec::new(),
                walks: Vec::new(),
                left: Vec::new(),
                making: Vec::new(),
                target: Target::default(),
                asked: Vec::new(),
                kept: std::collections::BTreeMap::new(),
                partials: Vec::new(),
            }
        }

        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "what is not dealt with here is looked at by the test"
        )]
        fn act<T>(&mut self, act: impl FnOnce(&mut Queue, &mut World<'_>) -> T) -> T {
            let mut world = World { now: self.now, ids: &mut self.ids, out: &mut self.out };
            let result = act(&mut self.queue, &mut world);
            // Looking at the disk takes no time here.
            while let Some(at) = self.out.iter().position(|effect| matches!(effect, Effect::Inspect { .. })) {
                let Effect::Inspect { request, .. } = self.out.remove(at) else { unreachable!() };
                let mut world = World { now: self.now, ids: &mut self.ids, out: &mut self.out };
                self.queue.on_inspected(request, Ok(self.target.clone()), &mut world);
            }
            for effect in self.out.drain(..) {
                match effect {
                    Effect::Fetch { id, job } => self.running.push((id, *job)),
                    Effect::Walk { request, source, left } => {
                        self.walks.push((request, source));
                        self.left = left.iter().map(|folder| folder.path.shown().to_string()).collect();
                    }
                    Effect::MakeFolders { request, folders, .. } => self.making.push((request, folders)),
                    Effect::Store(StoreRequest::Queue(changes)) => {
                        for (place, item) in changes {
                            match item {
                                Some(item) => drop(self.kept.insert(place, item)),
                                None => drop(self.kept.remove(&place)),
                            }
                        }
                    }
                    Effect::Store(StoreRequest::Partial(kept)) => self.partials.push(*kept),
                    Effect::Store(StoreRequest::DropPartial { source, to }) => {
                        self.partials.retain(|kept| (&kept.source, &kept.to) != (&source, &to));
                    }
                    other => self.asked.push(other),
                }
            }
            result
        }

        fn file(&mut self, source: &str, size: Option<u64>) -> ItemId {
            let new = NewFile { size, ..NewFile::new(Source::parse(source).unwrap()) };
            self.act(|queue, world| queue.add_file(new, world))
        }

        fn folder(&mut self, source: &str) -> ItemId {
            let source = Source::parse(source).unwrap();
            self.act(|queue, world| queue.add_folder(&source, None, world))
        }

        /// The folder that is looked through has these entries; a size of none is a folder.
        fn lists(&mut self, folder: &str, entries: &[(&str, Option<u64>)]) {
            let request = self.walks.last().unwrap().0;
            let entry = |(name, size): &(&str, Option<u64>)| Entry {
                name: clean_line(name.as_bytes()),
                raw: Raw(name.as_bytes().to_vec().into()),
                kind: if size.is_none() { Kind::Dir } else { Kind::File },
                size: *size,
                modified: None,
                may_be_folder: false,
                is_link: false,
            };
            let entries = entries.iter().map(entry).collect();
            let listing = Listing {
                source: Source::parse(folder).unwrap(),
                entries,
                is_cut: false,
                unlisted: crate::event::Unlisted::default(),
            };
            self.act(|queue, world| queue.on_walk(request, WalkEvent::Found(listing), world));
        }

        fn walk_ends(&mut self) {
            let (request, _) = self.walks.pop().unwrap();
            self.act(|queue, world| queue.on_walk(request, WalkEvent::Ended, world));
        }

        /// The folders that are to be made are there, but for so many of them.
        fn makes(&mut self, missed: usize) -> Vec<PathBuf> {
            let (request, folders) = self.making.pop().unwrap();
            let failed = folders.iter().take(missed).map(|folder| (folder.clone(), Fault::Reset)).collect();
            self.act(|queue, world| queue.on_folders_made(request, failed, world));
            folders
        }

        fn names(&self) -> Vec<String> {
            self.running.iter().map(|(_, job)| String::from_utf8(job.source.path.last()).unwrap()).collect()
        }

        fn hears(&mut self, id: TransferId, event: TransferEvent) {
            self.act(|queue, world| queue.on_transfer(id, event, world));
        }

        fn starts(&mut self, at: usize, total: Option<u64>) {
            let id = self.running[at].0;
            let partial = Partial { validator: None, total };
            self.hears(
                id,
                TransferEvent::Started {
                    total,
                    from: 0,
                    anew: None,
                    partial,
                    sameness: crate::event::Sameness::Certain,
                },
            );
        }

        fn ends(&mut self, at: usize, event: TransferEvent) -> Job {
            let (id, job) = self.running.remove(at);
            self.hears(id, event);
            job
        }

        fn finishes(&mut self, at: usize, bytes: u64) -> Job {
            let path = Some(self.running[at].1.to.clone());
            let took = Duration::from_secs(1);
            self.ends(
                at,
                TransferEvent::Finished(Finished { path, bytes, took, proofs: Vec::new(), is_page: false }),
            )
        }

        fn state(&self, id: ItemId) -> ItemState<'_> {
            self.queue.item_of(id).unwrap().state()
        }

        /// A second run with what this one kept.
        fn restarts(&mut self) -> Self {
            self.act(|queue, world| queue.keep_at_end(world.out));
            self.restored()
        }

        /// Dies without saying so, and is started again: the store knows what that means for what was under way.
        fn crashes(&mut self) -> Self {
            self.act(|queue, world| queue.keep_now(world.out));
            let going = self.kept.values_mut().filter(|item| item.state == KeptState::Going);
            going.for_each(|item| item.state = KeptState::Crashed);
            self.restored()
        }

        fn restored(&self) -> Self {
            let mut next = Self::new(2);
            next.now = self.now;
            (next.kept, next.partials) = (self.kept.clone(), self.partials.clone());
            let (items, partials) = (self.kept.values().cloned().collect(), self.partials.clone());
            next.act(|queue, world| queue.restore(items, partials, world));
            next
        }
    }

    #[test]
    fn a_file_of_a_folder_that_is_a_folder_itself_is_looked_through_when_all_else_was() {
        let mut sim = Sim::new(4);
        let id = sim.folder("http://h/top/");
        sim.lists("http://h/top/", &[("a", Some(1)), ("late", Some(1)), ("last", Some(1))]);
        let late = sim.names().iter().position(|name| name == "late").unwrap();
        sim.ends(late, TransferEvent::Failed(Fault::IsFolder));
        assert_eq!(sim.walks.len(), 1, "the walk that is under way comes to its end first");
        sim.walk_ends();
        assert_eq!((sim.walks.len(), &sim.left[..]), (1, &["/top/late/".to_owned()][..]));
        sim.lists("http://h/top/late/", &[("x", Some(1))]);
        sim.walk_ends();
        assert!(sim.walks.is_empty());
        let last = sim.names().iter().position(|name| name == "last").unwrap();
        sim.ends(last, TransferEvent::Failed(Fault::IsFolder));
        assert_eq!(sim.left, ["/top/last/"], "it is looked through as soon as it is known");
        sim.lists("http://h/top/last/", &[]);
        sim.walk_ends();
        assert_eq!(sim.makes(0).len(), 1);
        let x = sim.names().iter().position(|name| name == "x").unwrap();
        assert!(sim.finishes(x, 1).to.ends_with("top/late/x"));
        sim.finishes(0, 1);
        let counts = sim.queue.item_of(id).unwrap().counts();
        assert_eq!((counts.files, counts.done, counts.failed), (2, 2, 0));
        assert!(matches!(sim.state(id), ItemState::Ended(End::Finished(_))));
    }

    #[test]
    fn a_folder_that_was_taken_for_a_file_is_asked_for_by_one_walk_whatever_comes_of_it() {
        let mut sim = Sim::new(4);
        sim.folder("http://h/top/");
        sim.lists("http://h/top/", &[("in", None), ("in", Some(1)), ("late", Some(1))]);
        sim.lists("http://h/top/in/", &[("x", Some(1))]);
        sim.walk_ends();
        for name in ["in", "late"] {
            let at = sim.names().iter().position(|running| running == name).unwrap();
            sim.ends(at, TransferEvent::Failed(Fault::IsFolder));
            let expected = usize::from(name == "late");
            assert_eq!(sim.walks.len(), expected, "{name}: what is listed already is not asked for again");
        }
        assert_eq!(sim.left, ["/top/late/"]);
        sim.lists("http://h/elsewhere/late/", &[("y", Some(1))]);
        sim.walk_ends();
        assert!(sim.walks.is_empty());
        assert_eq!(sim.names(), ["x"]);
    }

    #[test]
    fn a_file_that_was_asked_for_by_its_name_stays_one_where_it_is_a_folder() {
        for is_listed in [false, true] {
            let mut sim = Sim::new(4);
            let new = NewFile { is_listed, ..NewFile::new(Source::parse("http://h/a").unwrap()) };
            let id = sim.act(|queue, world| queue.add_file(new, world));
            assert_eq!(sim.running[0].1.is_listed, is_listed);
            sim.ends(0, TransferEvent::Failed(Fault::IsFolder));
            let failed = matches!(sim.state(id), ItemState::Ended(End::Failed(Fault::IsFolder)));
            assert_eq!((failed, sim.walks.len()), (!is_listed, usize::from(is_listed)));
        }
    }

    #[test]
    fn a_file_that_was_picked_from_a_list_may_turn_out_to_be_a_folder_after_a_restart_too() {
        let mut sim = Sim::new(4);
        let new = NewFile { is_listed: true, ..NewFile::new(Source::parse("http://h/a").unwrap()) };
        sim.act(|queue, world| queue.add_file(new, world));
        let mut sim = sim.restarts();
        assert!(sim.running[0].1.is_listed);
        sim.ends(0, TransferEvent::Failed(Fault::IsFolder));
        assert_eq!(sim.walks.len(), 1);
    }

    #[test]
    fn small_files_go_beside_the_large_ones_which_wait_for_each_other() {
        let mut sim = Sim::new(1);
        sim.file("http://h/large", Some(LARGE));
        sim.file("http://h/next", Some(LARGE));
        for n in 0..20 {
            sim.file(&format!("http://h/{n}"), Some(9));
        }
        assert_eq!(sim.names(), ["large", "0", "1", "2", "3", "4", "5", "6", "7"]);
        sim.finishes(8, 9);
        sim.finishes(0, LARGE);
        assert_eq!(sim.names()[7..], ["8", "next"]);
    }

    #[test]
    fn while_small_files_are_brought_onto_the_disk_others_are_asked_for_but_not_without_end() {
        let mut sim = Sim::new(1);
        for n in 0..200 {
            sim.file(&format!("http://h/{n}"), Some(9));
        }
        assert_eq!(sim.running.len(), 8);
        for at in 0..64 {
            sim.hears(sim.running[at].0, TransferEvent::Finishing);
            assert_eq!(sim.running.len(), if at < 63 { 9 + at } else { 71 });
        }
        sim.finishes(0, 9);
        assert_eq!(sim.running.len(), 71);
        sim.ends(0, TransferEvent::Failed(Fault::Reset));
        assert_eq!(sim.running.len(), 70);
        sim.file("http://h/large", Some(LARGE));
        sim.file("http://h/next", Some(LARGE));
        sim.hears(sim.running[70].0, TransferEvent::Finishing);
        assert_eq!(sim.names().last().unwrap(), "large", "of large ones the disk has enough to do");
    }

    #[test]
    fn no_server_is_asked_for_too_many_at_once_and_one_that_may_be_plain_for_one() {
        let mut sim = Sim::new(64);
        for n in 0..200 {
            sim.file(&format!("http://h/{n}"), Some(9));
        }
        assert_eq!(sim.running.len(), 64);
        let mut sim = Sim::new(4);
        for n in 0..60 {
            sim.file(&format!("http://h/{n}"), Some(9));
        }
        assert_eq!(sim.running.len(), 32);
        for text in ["plain://p/a", "plain://p/b", "p/c"] {
            sim.file(text, None);
        }
        assert_eq!(sim.names()[32..], ["a"]);
        sim.ends(32, TransferEvent::Failed(Fault::NothingSent));
        assert_eq!(sim.names()[32..], ["b"]);
    }

    #[test]
    fn a_folder_is_downloaded_while_it_is_looked_through_and_has_a_total_at_the_end() {
        let mut sim = Sim::new(2);
        let id = sim.folder("http://h/slides");
        assert_eq!(sim.state(id), ItemState::Listing);
        sim.lists("http://h/slides/", &[("a", Some(9)), ("sub", None), ("x:y", Some(LARGE))]);
        let to: Vec<_> = sim.running.iter().map(|(_, job)| job.to.clone()).collect();
        assert_eq!(to, [Path::new("/dl/slides/x:y"), Path::new("/dl/slides/a")]);
        let item = sim.queue.item_of(id).unwrap();
        assert_eq!((item.total(), item.percent(), item.is_final()), (Some(LARGE + 9), None, false));
        sim.lists("http://h/slides/sub/", &[("b", Some(1))]);
        assert_eq!(sim.running[2].1.to, Path::new("/dl/slides/sub/b"));
        assert_eq!(sim.running[2].1.source.to_string(), "http://h/slides/sub/b");
        sim.finishes(1, 9);
        sim.walk_ends();
        assert_eq!(sim.queue.percent(), Some(0));
        sim.finishes(1, 1);
        sim.finishes(0, LARGE);
        let ItemState::Ended(End::Finished(end)) = sim.state(id) else { panic!("{:?}", sim.state(id)) };
        assert_eq!((end.path.as_deref(), end.bytes), (Some(Path::new("/dl/slides")), LARGE + 10));
        assert_eq!(sim.queue.open(), 0);
    }

    /// Where the files that run are to be, below the folder for downloads, in order of their names.
    fn places(sim: &Sim) -> Vec<&str> {
        let inside = |job: &Job| job.to.strip_prefix("/dl").unwrap().to_path_buf();
        let mut places: Vec<_> = sim.running.iter().map(|(_, job)| inside(job)).collect();
        places.sort();
        places.into_iter().map(|path| &*path.into_os_string().into_string().unwrap().leak()).collect()
    }

    #[test]
    fn a_tree_has_the_names_that_it_has_on_the_server() {
        let mut sim = Sim::new(9);
        sim.folder("http://h/d");
        let names = ["A", "a", "b:c?", ".hidden", "e\u{301}", "\u{e9}", "❤\u{fe0f}"];
        sim.lists("http://h/d/", &names.map(|name| (name, Some(LARGE))));
        let mut expected = names.map(|name| format!("d/{name}"));
        expected.sort();
        assert_eq!(places(&sim), expected);
        assert_eq!(sim.queue.nth(0).unwrap().renamed(), &Renamed::default());
        assert!(sim.running.iter().all(|(_, job)| job.base == Path::new("/dl")));
    }

    #[test]
    fn what_the_disk_cannot_hold_is_renamed_and_that_is_said() {
        let mut sim = Sim::new(9);
        sim.target.rules.refused = b":".to_vec();
        sim.target.rules.folds = true;
        sim.folder("http://h/d");
        sim.lists(
            "http://h/d/",
            &[("A", Some(LARGE)), ("a", Some(LARGE)), ("x:y", Some(LARGE)), ("x_y", None)],
        );
        assert_eq!(places(&sim), ["d/A", "d/a (1)", "d/x_y"]);
        let renamed: Vec<_> =
            sim.queue.nth(0).unwrap().renamed().names.iter().map(|(name, here)| (&**name, &**here)).collect();
        assert_eq!(renamed, [("a", "a (1)"), ("x:y", "x_y"), ("x_y", "x_y (1)")]);
    }

    #[test]
    fn a_folder_that_was_there_gets_no_hidden_names_at_its_top_unless_the_user_says_so() {
        for (is_occupied, hidden, left_out) in
            [(true, false, vec![".ssh", ".x"]), (true, true, vec![]), (false, false, vec![])]
        {
            let mut sim = Sim::new(9);
            sim.target.is_occupied = is_occupied;
            sim.queue.settings.hidden = hidden;
            let id = sim.folder("http://h/d");
            sim.lists(
                "http://h/d/",
                &[(".x", Some(LARGE)), (".ssh", None), ("sub", None), ("y", Some(LARGE))],
            );
            sim.lists("http://h/d/sub/", &[(".z", Some(LARGE))]);
            let failures: Vec<_> = sim.queue.item_of(id).unwrap().failures().iter().collect();
            assert!(failures.iter().all(|failure| failure.fault == Fault::HiddenName));
            assert_eq!(failures.iter().map(|failure| &*failure.path).collect::<Vec<_>>(), left_out);
            let mut expected = vec!["d/sub/.z", "d/y"];
            if left_out.is_empty() {
                expected.insert(0, "d/.x");
            }
            assert_eq!(places(&sim), expected);
        }
    }

    #[test]
    fn a_folder_that_was_made_for_the_download_keeps_its_hidden_names_when_it_is_tried_again() {
        let mut sim = Sim::new(9);
        let id = sim.folder("http://h/d");
        sim.lists("http://h/d/", &[(".x", Some(LARGE))]);
        sim.act(|queue, world| queue.cancel(id, world));
        sim.ends(0, TransferEvent::Cancelled);
        sim.target.is_occupied = true;
        sim.act(|queue, world| queue.retry(id, world));
        sim.lists("http://h/d/", &[(".x", Some(LARGE))]);
        assert_eq!(places(&sim), ["d/.x"]);
    }

    #[test]
    fn a_folder_that_was_made_for_the_download_is_its_own_after_a_restart_too() {
        let mut sim = Sim::new(9);
        sim.folder("http://h/d");
        sim.lists("http://h/d/", &[("x", Some(LARGE))]);
        let mut again = sim.restarts();
        again.target.is_occupied = true;
        again.act(Queue::resume_all);
        again.lists("http://h/d/", &[(".x", Some(LARGE))]);
        assert_eq!(places(&again), ["d/.x"]);
    }

    #[test]
    fn a_place_where_no_folder_can_be_fails_the_download() {
        let mut sim = Sim::new(9);
        let id = sim.folder("http://h/d");
        let request = RequestId(sim.walks[0].0.0 - 1);
        // Late news of the inspection changes nothing.
        sim.act(|queue, world| queue.on_inspected(request, Err(Fault::DiskFull), world));
        assert_eq!(sim.state(id), ItemState::Listing);
        let mut queue = Queue::new(settings(1));
        let (mut ids, mut out) = (Ids::default(), Vec::new());
        let mut world = World { now: sim.now, ids: &mut ids, out: &mut out };
        let id = queue.add_folder(&Source::parse("http://h/d").unwrap(), None, &mut world);
        let Some(Effect::Inspect { request, to, base }) = world.out.pop() else { panic!() };
        assert_eq!((&*to, &*base), (Path::new("/dl/d"), Path::new("/dl")));
        let fault = Fault::NotRegular("/dl/d".into());
        queue.on_inspected(request, Err(fault.clone()), &mut world);
        assert_eq!(queue.item_of(id).unwrap().state(), ItemState::Ended(&End::Failed(fault)));
    }

    #[test]
    fn folders_in_which_nothing_is_are_made_when_all_is_found() {
        let mut sim = Sim::new(2);
        let id = sim.folder("http://h/d");
        sim.lists("http://h/d/", &[("bare", None), ("full", None), ("x:y", None)]);
        sim.lists("http://h/d/full/", &[("a", Some(1))]);
        sim.lists("http://h/d/bare/", &[]);
        sim.lists("http://h/d/x:y/", &[("..", Some(1))]);
        sim.finishes(0, 1);
        sim.walk_ends();
        assert_eq!(sim.state(id), ItemState::Listing);
        assert_eq!(sim.makes(1), [Path::new("/dl/d/bare"), Path::new("/dl/d/x:y")]);
        assert_eq!(sim.state(id), ItemState::Ended(&End::Partly));
        let failures: Vec<_> = sim.queue.item_of(id).unwrap().failures().iter().map(|f| &*f.path).collect();
        assert_eq!(failures, ["x:y/..", "bare"]);
    }

    #[test]
    fn a_folder_that_is_stopped_is_looked_through_no_further_and_goes_on_with_what_is_left() {
        let mut sim = Sim::new(2);
        let id = sim.folder("http://h/d");
        sim.lists("http://h/d/", &[("a", None), ("b", None), ("c", None)]);
        sim.lists("http://h/d/b/", &[]);
        let (request, _) = sim.walks[0];
        let refused = Source::parse("http://h/d/c/").unwrap();
        sim.act(|queue, world| queue.on_walk(request, WalkEvent::Missed(refused, Fault::Status(500)), world));
        sim.act(|queue, world| queue.pause(id, world));
        assert_eq!((&sim.asked[..], sim.state(id)), (&[Effect::Forget(request)][..], ItemState::Paused));
        // What was on its way then comes again.
        sim.lists("http://h/d/a/", &[("x", Some(LARGE))]);
        assert!(sim.running.is_empty() && sim.queue.is_at_rest());
        sim.walks.clear();
        sim.act(|queue, world| queue.resume(id, world));
        assert_eq!(sim.left, ["/d/a/"]);
        sim.lists("http://h/d/a/", &[("x", Some(LARGE))]);
        sim.act(|queue, world| queue.pause(id, world));
        sim.ends(0, TransferEvent::Paused);
        sim.walks.clear();
        sim.act(|queue, world| queue.resume(id, world));
        assert!(sim.walks.is_empty(), "nothing is left to be listed");
        assert_eq!(sim.makes(0), [Path::new("/dl/d/b")]);
        sim.finishes(0, LARGE);
        assert_eq!(sim.state(id), ItemState::Ended(&End::Partly));
    }

    #[test]
    fn folders_that_are_being_made_when_it_is_stopped_are_made_when_it_goes_on() {
        let mut sim = Sim::new(2);
        let id = sim.folder("http://h/d");
        sim.lists("http://h/d/", &[]);
        sim.walk_ends();
        sim.act(|queue, world| queue.pause(id, world));
        sim.makes(0);
        assert_eq!(sim.state(id), ItemState::Paused, "late news");
        sim.act(|queue, world| queue.resume(id, world));
        assert_eq!(sim.makes(0), [Path::new("/dl/d")]);
        let folder = sim.folder("http://h/e");
        sim.lists("http://h/e/", &[]);
        sim.walk_ends();
        let (request, _) = sim.making.remove(0);
        sim.act(|queue, world| queue.on_walk(request, WalkEvent::Failed(Fault::Busy), world));
        sim.now += BEAT;
        sim.act(Queue::wake);
        sim.makes(0);
        assert_eq!(sim.state(folder), ItemState::Ended(&End::Empty));
    }

    #[test]
    fn of_a_folder_in_which_no_file_is_the_folder_is_made() {
        let mut sim = Sim::new(2);
        let id = sim.folder("http://h/d");
        sim.lists("http://h/d/", &[]);
        sim.walk_ends();
        assert_eq!(sim.makes(0), [Path::new("/dl/d")]);
        assert_eq!(sim.state(id), ItemState::Ended(&End::Empty));
        sim.folder("http://h/e");
        let (request, _) = sim.walks.pop().unwrap();
        let source = Source::parse("http://h/e/").unwrap();
        sim.act(|queue, world| {
            queue.on_walk(request, WalkEvent::Missed(source, Fault::Status(500)), world);
            queue.on_walk(request, WalkEvent::Ended, world);
        });
        assert_eq!(sim.making, [], "of one that could not be listed it is not known that nothing is in it");
    }

    #[test]
    fn nothing_of_a_listing_leads_out_of_the_folder() {
        let mut sim = Sim::new(2);
        let id = sim.folder("http://h/top/");
        sim.lists("http://h/top/", &[("..", None), ("../x", Some(1)), ("/etc", Some(1)), ("a\0b", Some(1))]);
        for elsewhere in ["http://h/", "http://h/other/", "http://g/top/sub/", "http://h/top/"] {
            sim.lists(elsewhere, &[("evil", Some(1))]);
        }
        sim.walk_ends();
        assert_eq!(sim.makes(0), [Path::new("/dl/top")]);
        assert!(sim.running.is_empty());
        assert_eq!(sim.queue.item_of(id).unwrap().counts().failed, 8);
        assert_eq!(sim.state(id), ItemState::Ended(&End::Partly));
    }

    #[test]
    fn what_failed_in_a_folder_is_tried_again_alone() {
        let mut sim = Sim::new(2);
        let id = sim.folder("http://h/d");
        sim.lists("http://h/d/", &[("a", Some(1)), ("b", Some(2)), ("c", Some(3))]);
        sim.walk_ends();
        sim.finishes(0, 1);
        sim.ends(0, TransferEvent::Failed(Fault::Reset));
        sim.finishes(0, 3);
        let item = sim.queue.item_of(id).unwrap();
        assert_eq!(item.state(), ItemState::Ended(&End::Partly));
        assert_eq!((&*item.failures()[0].path, &item.failures()[0].fault), ("b", &Fault::Reset));
        sim.act(|queue, world| queue.retry(id, world));
        assert_eq!(sim.names(), ["b"]);
        sim.finishes(0, 2);
        let ItemState::Ended(End::Finished(end)) = sim.state(id) else { panic!("{:?}", sim.state(id)) };
        assert_eq!(end.bytes, 6);
    }

    #[test]
    fn where_a_folder_could_not_be_listed_all_is_looked_through_again_and_kept_where_it_is_the_same() {
        let mut sim = Sim::new(2);
        sim.queue.settings.conflict = Conflict::Rename;
        let id = sim.folder("http://h/d");
        sim.lists("http://h/d/", &[("a", Some(1)), ("sub", None)]);
        let (request, _) = sim.walks[0];
        let sub = Source::parse("http://h/d/sub/").unwrap();
        sim.act(|queue, world| queue.on_walk(request, WalkEvent::Missed(sub, Fault::Status(500)), world));
        sim.walk_ends();
        assert_eq!(sim.running[0].1.conflict, Conflict::Rename);
        sim.finishes(0, 1);
        assert_eq!(&*sim.queue.item_of(id).unwrap().failures()[0].path, "sub/");
        sim.act(|queue, world| queue.retry(id, world));
        sim.lists("http://h/d/", &[("a", Some(1))]);
        sim.walk_ends();
        assert_eq!(sim.running[0].1.conflict, Conflict::Ask, "what came already is not downloaded once more");
        sim.ends(0, TransferEvent::Failed(Fault::exists("/dl/d/a".into())));
        assert_eq!(sim.running[0].1.conflict, Conflict::Rename, "another file gets a number, as was said");
        let kept = TransferEvent::Kept { path: "/dl/d/a".into(), why: Kept::Same };
        sim.ends(0, kept);
        assert!(matches!(sim.state(id), ItemState::Ended(End::Finished(_))));
    }

    #[test]
    fn a_full_disk_stops_all_and_loses_nothing() {
        let mut sim = Sim::new(2);
        let (a, b) = (sim.file("http://h/a", Some(LARGE)), sim.file("http://h/b", Some(LARGE)));
        sim.file("http://h/c", Some(LARGE));
        let other = sim.running[1].0;
        sim.ends(0, TransferEvent::Failed(Fault::DiskFull));
        assert_eq!(sim.asked, [Effect::Pause(other)]);
        sim.ends(0, TransferEvent::Paused);
        assert_eq!(sim.queue.held(), Some(&Fault::DiskFull));
        assert_eq!(
            (sim.names(), sim.state(a), sim.state(b)),
            (vec![], ItemState::Waiting, ItemState::Waiting)
        );
        sim.act(Queue::resume_all);
        assert_eq!((sim.names(), sim.queue.held()), (vec!["a".to_owned(), "b".to_owned()], None));
    }

    #[test]
    fn the_answer_for_all_holds_for_those_of_whom_it_is_found_out_later() {
        let mut sim = Sim::new(2);
        let ids: Vec<_> =
            ["a", "b", "c"].map(|name| sim.file(&format!("http://h/{name}"), Some(LARGE))).into();
        sim.ends(0, TransferEvent::Failed(Fault::exists("/dl/a".into())));
        assert!(matches!(sim.state(ids[0]), ItemState::Conflict(clash) if clash.path == *"/dl/a"));
        let question = sim.queue.question().unwrap();
        assert_eq!((question.item, question.left, question.comes.size), (ids[0], 1, Some(LARGE)));
        sim.act(|queue, world| queue.answer(ids[0], Conflict::Skip, true, world));
        sim.ends(0, TransferEvent::Failed(Fault::exists("/dl/b".into())));
        assert_eq!(sim.queue.question(), None);
        let jobs: Vec<_> =
            sim.names().into_iter().zip(sim.running.iter().map(|(_, job)| job.conflict)).collect();
        assert_eq!(jobs, [("c".to_owned(), Conflict::Ask), ("a".to_owned(), Conflict::Skip)]);
        sim.finishes(0, 1);
        assert_eq!((sim.names(), sim.running[1].1.conflict), (vec!["a".into(), "b".into()], Conflict::Skip));
    }

    #[test]
    fn what_wants_credentials_waits_for_them_and_goes_on_with_them() {
        let mut sim = Sim::new(2);
        let file = sim.file("http://h/a", Some(LARGE));
        let folder = sim.folder("http://h/d");
        let origin = Source::parse("http://h").unwrap().origin();
        let fault = || Fault::Unauthorized { origin: Box::new(origin.clone()), realm: clean_line(b"lab") };
        sim.ends(0, TransferEvent::Failed(fault()));
        let (request, source) = sim.walks.pop().unwrap();
        sim.act(|queue, world| queue.on_walk(request, WalkEvent::Missed(source, fault()), world));
        assert_eq!(sim.asked, [Effect::Forget(request)]);
        assert_eq!(sim.queue.wants_credentials(), [(origin.clone(), clean_line(b"lab"))]);
        assert!(sim.running.is_empty() && sim.walks.is_empty());
        sim.act(|queue, world| queue.retry_origin(&origin, world));
        assert_eq!((sim.names(), sim.walks.len()), (vec!["a".into()], 1));
        sim.ends(0, TransferEvent::Failed(fault()));
        sim.act(|queue, world| queue.refuse_origin(&origin, world));
        assert_eq!(sim.state(file), ItemState::Ended(&End::Failed(fault())));
        assert!(matches!(sim.state(folder), ItemState::Listing));
        assert_eq!(sim.queue.wants_credentials(), Vec::<(_, Clean)>::new());
    }

    #[test]
    fn what_is_stopped_while_its_server_wants_credentials_has_them_when_it_goes_on() {
        let mut sim = Sim::new(2);
        let origin = Source::parse("http://h").unwrap().origin();
        let ids = ["http://h/a", "http://h/b"].map(|source| sim.file(source, Some(LARGE)));
        for id in ids {
            let fault = Fault::Unauthorized { origin: Box::new(origin.clone()), realm: clean_line(b"lab") };
            sim.ends(0, TransferEvent::Failed(fault));
            assert!(matches!(sim.state(id), ItemState::Unauthorized(..)));
        }
        sim.act(|queue, world| queue.pause(ids[1], world));
        sim.act(|queue, world| queue.retry_origin(&origin, world));
        assert_eq!((sim.names(), sim.state(ids[1])), (vec!["a".to_owned()], ItemState::Paused));
        sim.act(|queue, world| queue.resume(ids[1], world));
        assert_eq!(sim.names(), ["a", "b"]);
    }

    #[test]
    fn where_something_is_to_be_is_taken_as_it_is_said_unless_it_is_taken() {
        use std::os::unix::ffi::OsStrExt;
        let odd = Path::new(std::ffi::OsStr::from_bytes(b"/to/\xff.bin"));
        let mut sim = Sim::new(2);
        let source = |name: &str| Source::parse(&format!("http://h/{name}")).unwrap();
        let mut to = |name: &str, to: &Path| {
            let new = NewFile { to: Some(to.to_path_buf()), ..NewFile::new(source(name)) };
            let id = sim.act(|queue, world| queue.add_file(new, world));
            sim.queue.item_of(id).unwrap().to.clone()
        };
        assert_eq!(to("a", odd), odd);
        assert_eq!(to("b", odd), Path::new(std::ffi::OsStr::from_bytes(b"/to/\xff (1).bin")));
        for top in ["/", "/"] {
            let id = sim.act(|queue, world| queue.add_folder(&source("d"), Some(top.into()), world));
            assert_eq!(sim.queue.item_of(id).unwrap().to, Path::new("/"));
            sim.act(|queue, world| queue.cancel(id, world));
        }
    }

    #[test]
    fn what_is_moved_up_is_next() {
        let mut sim = Sim::new(1);
        sim.file("http://h/a", Some(LARGE));
        sim.file("http://h/b", Some(LARGE));
        let c = sim.file("http://h/c", Some(LARGE));
        sim.act(|queue, world| queue.shift(c, true, world));
        sim.finishes(0, LARGE);
        assert_eq!(sim.names(), ["c"]);
        let order: Vec<_> = sim.queue.items().map(|item| item.name.to_string()).collect();
        assert_eq!(order, ["a", "c", "b"]);
        assert_eq!(sim.queue.line_of(c), Some(1));
        let shown: Vec<_> = sim.restarts().queue.items().map(|item| item.name.to_string()).collect();
        assert_eq!(shown, ["c", "b"]);
    }

    #[test]
    fn what_is_begun_again_anyway_is_not_remembered() {
        let mut sim = Sim::new(2);
        for (name, size, known) in [("a", OVERLAP, 0), ("b", OVERLAP + 1, 1), ("c", LARGE, 2)] {
            sim.file(&format!("http://h/{name}"), Some(size));
            sim.starts(sim.running.len() - 1, Some(size));
            assert_eq!(sim.queue.partials.len(), known, "{name}");
        }
        assert_eq!(sim.partials.len(), 1, "nor is what is small, by a later run");
    }

    #[test]
    fn what_is_cancelled_leaves_nothing_and_what_was_stopped_before_is_removed() {
        let mut sim = Sim::new(2);
        let id = sim.file("http://h/a", Some(LARGE));
        sim.starts(0, Some(LARGE));
        let running = sim.running[0].0;
        sim.hears(running, TransferEvent::Progress { bytes: 9 });
        assert_eq!(sim.partials.len(), 1);
        sim.act(|queue, world| queue.pause(id, world));
        assert_eq!(sim.asked, [Effect::Pause(running)]);
        assert!(matches!(sim.state(id), ItemState::Running(_)), "not before it is true");
        sim.ends(0, TransferEvent::Paused);
        assert_eq!((sim.state(id), sim.queue.item_of(id).unwrap().bytes()), (ItemState::Paused, 9));
        sim.act(|queue, world| queue.cancel(id, world));
        let source = Source::parse("http://h/a").unwrap();
        assert_eq!(sim.asked[1..], [Effect::Discard(vec![(source, "/dl/a".into())])]);
        assert_eq!((sim.state(id), sim.partials.len()), (ItemState::Ended(&End::Cancelled), 0));
        sim.act(|queue, world| queue.keep_now(world.out));
        assert!(sim.kept.is_empty());
        sim.act(|queue, world| queue.clear(&queue.done(), world));
        assert!(sim.queue.is_empty());
    }

    #[test]
    fn clearing_away_what_failed_leaves_alone_what_a_later_download_of_the_same_has() {
        let fails_and_begins_again = |sim: &mut Sim, asked: fn(&mut Sim) -> ItemId| {
            let failed = asked(sim);
            sim.starts(0, Some(LARGE));
            sim.ends(0, TransferEvent::Failed(Fault::Reset));
            sim.act(|queue, world| queue.retry(failed, world));
            sim.starts(0, Some(LARGE));
            sim.ends(0, TransferEvent::Failed(Fault::Reset));
            failed
        };
        let file: fn(&mut Sim) -> ItemId = |sim| sim.file("http://h/a", Some(LARGE));
        let folder: fn(&mut Sim) -> ItemId = |sim| {
            let id = sim.folder("http://h/d");
            sim.lists("http://h/d/", &[("x", Some(LARGE))]);
            sim.walk_ends();
            id
        };
        for asked in [file, folder] {
            let mut sim = Sim::new(2);
            let failed = fails_and_begins_again(&mut sim, asked);
            let next = asked(&mut sim);
            assert_ne!(next, failed);
            assert!(sim.running[0].1.partial.is_some());
            sim.act(|queue, world| queue.remove(failed, world));
            assert_eq!((&sim.asked[..], sim.partials.len()), (&[][..], 1));
            assert_eq!((sim.queue.len(), sim.queue.partials.len()), (1, 1));
            // What nobody else has goes with it.
            sim.ends(0, TransferEvent::Failed(Fault::Reset));
            sim.act(|queue, world| queue.remove(next, world));
            assert!(matches!(&sim.asked[..], [Effect::Discard(left)] if left.len() == 1));
            assert!(sim.partials.is_empty());
        }
    }

    #[test]
    fn clearing_a_folder_away_leaves_alone_what_comes_from_elsewhere_into_one_of_its_name() {
        let mut sim = Sim::new(2);
        let failed = sim.folder("http://h/d");
        sim.lists("http://h/d/", &[("x", Some(LARGE))]);
        sim.walk_ends();
        sim.starts(0, Some(LARGE));
        sim.ends(0, TransferEvent::Failed(Fault::Reset));
        sim.folder("http://g/d");
        sim.lists("http://g/d/", &[("x", Some(LARGE))]);
        sim.starts(0, Some(LARGE));
        assert_eq!(sim.partials.len(), 2);
        sim.act(|queue, world| queue.remove(failed, world));
        let left: Vec<_> = sim.partials.iter().map(|kept| kept.source.to_string()).collect();
        assert_eq!(left, ["http://g/d/x"]);
    }

    #[test]
    fn what_failed_while_it_was_being_stopped_runs_when_it_is_tried_again() {
        let mut sim = Sim::new(2);
        let id = sim.file("http://h/a", Some(LARGE));
        sim.act(|queue, world| queue.pause(id, world));
        sim.ends(0, TransferEvent::Failed(Fault::Reset));
        assert!(matches!(sim.state(id), ItemState::Ended(End::Failed(_))));
        sim.act(|queue, world| queue.retry(id, world));
        assert_eq!((sim.state(id), sim.names()), (ItemState::Running(&Phase::Asking), vec!["a".to_owned()]));
    }

    #[test]
    fn what_is_here_is_counted_once_however_often_the_rest_is_tried_again() {
        let mut sim = Sim::new(4);
        let id = sim.folder("http://h/d");
        sim.lists("http://h/d/", &[("a", Some(1)), ("b", Some(2)), ("c", Some(3))]);
        sim.walk_ends();
        sim.finishes(0, 1);
        sim.finishes(0, 2);
        sim.ends(0, TransferEvent::Failed(Fault::Reset));
        assert_eq!(sim.queue.ended(), Ended { here: 2, failed: 1 });
        sim.act(|queue, world| queue.retry(id, world));
        sim.ends(0, TransferEvent::Failed(Fault::Reset));
        assert_eq!(sim.queue.ended(), Ended { here: 2, failed: 2 });
        sim.act(|queue, world| queue.retry(id, world));
        sim.finishes(0, 3);
        assert_eq!(sim.queue.ended(), Ended { here: 3, failed: 2 });
    }

    #[test]
    fn what_a_run_that_was_killed_may_have_left_is_removed_where_it_is_cancelled() {
        let mut sim = Sim::new(2);
        let waits = sim.file("http://h/a", Some(1));
        sim.act(|queue, world| queue.pause(waits, world));
        for path in ["b", "c"] {
            sim.file(&format!("http://h/{path}"), Some(1));
        }
        sim.folder("http://h/d/");
        let mut sim = sim.restarts();
        assert_eq!(sim.names(), ["b", "c"]);
        sim.file("http://h/new", None);
        sim.act(Queue::cancel_all);
        let stopped = sim.asked.len();
        // Whoever is told in time to leave nothing does so itself.
        sim.ends(2, TransferEvent::Cancelled);
        sim.ends(1, TransferEvent::Paused);
        sim.ends(0, TransferEvent::Cancelled);
        let left = |effect: &Effect| -> Vec<String> {
            let Effect::Discard(left) = effect else { return Vec::new() };
            left.iter().map(|(asked, to)| format!("{asked} {}", to.display())).collect()
        };
        let now: Vec<_> = sim.asked[..stopped].iter().flat_map(left).collect();
        assert_eq!(now, ["http://h/a /dl/a", "http://h/d/ /dl/d"]);
        let then: Vec<_> = sim.asked[stopped..].iter().flat_map(left).collect();
        assert_eq!(then, ["http://h/c /dl/c"]);
    }

    #[test]
    fn after_a_restart_what_was_not_done_goes_on_but_not_what_was_stopped() {
        let mut sim = Sim::new(2);
        sim.file("http://h/a", Some(LARGE));
        sim.folder("http://h/d/");
        sim.lists("http://h/d/", &[("x", Some(LARGE))]);
        let paused = sim.file("http://h/p", Some(LARGE));
        let failed = sim.file("http://h/f", Some(1));
        sim.file("http://h/done", Some(2));
        sim.starts(0, Some(LARGE));
        sim.act(|queue, world| queue.pause(paused, world));
        sim.finishes(3, 2);
        sim.ends(2, TransferEvent::Failed(Fault::Reset));
        assert!(matches!(sim.state(failed), ItemState::Ended(End::Failed(_))));
        let mut sim = sim.restarts();
        let states: Vec<_> = sim.queue.items().map(|item| (item.name.to_string(), item.state())).collect();
        let asking = ItemState::Running(&Phase::Asking);
        let failed = End::Failed(Fault::EarlierRun);
        let failed = ItemState::Ended(&failed);
        let wanted = [("a", asking), ("d", ItemState::Listing), ("p", ItemState::Paused), ("f", failed)];
        assert_eq!(states, wanted.map(|(name, state)| (name.to_owned(), state)));
        assert_eq!(sim.queue.open(), 3);
        assert_eq!(sim.running[0].1.partial, Some(Partial { validator: None, total: Some(LARGE) }));
        sim.lists("http://h/d/", &[("x", Some(LARGE))]);
        assert_eq!(sim.running[1].1.to, Path::new("/dl/d/x"));
        sim.finishes(0, LARGE);
        assert!(sim.partials.is_empty(), "what is whole is not gone on with");
    }

    #[test]
    fn after_a_crash_what_was_under_way_waits_for_the_user_also_in_later_runs_and_goes_on_when_it_is_told_to()
    {
        let mut sim = Sim::new(1);
        sim.file("http://h/a", Some(LARGE));
        sim.folder("http://h/d/");
        let paused = sim.file("http://h/p", Some(LARGE));
        sim.starts(0, Some(LARGE));
        sim.act(|queue, world| queue.pause(paused, world));
        let mut sim = sim.crashes();
        let states = |sim: &Sim| -> Vec<bool> {
            sim.queue.items().map(|item| item.state() == ItemState::Crashed).collect()
        };
        assert_eq!((sim.running.len(), sim.walks.len(), sim.queue.open()), (0, 0, 3));
        assert_eq!(states(&sim), [true, true, false]);
        sim.assert_sound();
        // It is in order this time.
        let mut sim = sim.restarts();
        assert_eq!((sim.running.len(), sim.walks.len()), (0, 0));
        assert_eq!(states(&sim), [true, true, false]);
        let first = sim.queue.nth(0).unwrap().id;
        sim.act(|queue, world| queue.resume(first, world));
        assert_eq!((sim.names(), sim.walks.len()), (vec!["a".to_owned()], 0));
        assert_eq!(sim.running[0].1.partial, Some(Partial { validator: None, total: Some(LARGE) }));
        sim.act(Queue::resume_all);
        assert!(sim.queue.items().all(|item| !item.is_paused()));
        sim.assert_sound();
        let sim = sim.restarts();
        assert_eq!(sim.walks.len(), 1, "it goes on by itself again");
    }

    #[test]
    fn after_a_restart_it_is_known_how_much_is_here_until_it_turns_out_to_be_otherwise() {
        let mut sim = Sim::new(3);
        for (name, size) in [("paused", Some(LARGE)), ("failed", Some(LARGE)), ("going", None)] {
            sim.file(&format!("http://h/{name}"), size);
        }
        for at in 0..3 {
            sim.starts(at, Some(LARGE));
            sim.hears(sim.running[at].0, TransferEvent::Progress { bytes: LARGE / 10 });
        }
        let paused = sim.queue.nth(0).unwrap().id;
        sim.act(|queue, world| queue.pause(paused, world));
        // What was on its way when it was stopped counts too.
        sim.hears(sim.running[0].0, TransferEvent::Progress { bytes: LARGE / 5 });
        sim.ends(0, TransferEvent::Paused);
        sim.ends(0, TransferEvent::Failed(Fault::Reset));
        let mut sim = sim.restarts().restarts();
        let here: Vec<_> = sim.queue.items().map(|item| (item.bytes(), item.percent())).collect();
        assert_eq!(here, [(LARGE / 5, Some(20)), (0, None), (LARGE / 10, Some(10))]);
        assert_eq!(sim.names(), ["going"]);
        assert_eq!(sim.queue.percent(), Some(10));
        sim.assert_sound();
        sim.starts(0, Some(LARGE));
        assert_eq!(sim.queue.percent(), Some(0), "it begins with the first byte");
        sim.act(Queue::retry_all);
        assert_eq!(sim.queue.nth(1).unwrap().bytes(), LARGE / 10);
        sim.assert_sound();
    }

    #[test]
    fn after_a_restart_a_folder_that_failed_or_of_which_some_did_is_looked_through_again_when_it_is_tried_again()
     {
        let mut sim = Sim::new(2);
        sim.folder("http://h/d");
        sim.lists("http://h/d/", &[("a", Some(1)), ("b", Some(1))]);
        sim.walk_ends();
        sim.finishes(0, 1);
        sim.ends(0, TransferEvent::Failed(Fault::Reset));
        sim.folder("http://h/e");
        let (request, _) = sim.walks.pop().unwrap();
        sim.act(|queue, world| queue.on_walk(request, WalkEvent::Failed(Fault::Reset), world));
        let mut sim = sim.restarts().restarts();
        let failed = End::Failed(Fault::EarlierRun);
        assert!(sim.queue.items().all(|item| item.state() == ItemState::Ended(&failed)));
        assert!((sim.queue.len(), sim.queue.open()) == (2, 0) && sim.walks.is_empty());
        sim.assert_sound();
        sim.act(Queue::retry_all);
        let folders: Vec<_> = sim.walks.iter().map(|(_, folder)| folder.to_string()).collect();
        assert_eq!(folders, ["http://h/d/", "http://h/e/"]);
        sim.assert_sound();
    }

    #[test]
    fn after_a_restart_what_failed_and_was_asked_for_again_goes_on() {
        let mut sim = Sim::new(2);
        sim.file("http://h/f", Some(LARGE));
        sim.ends(0, TransferEvent::Failed(Fault::Reset));
        sim.file("http://g/f", Some(LARGE));
        let again = sim.file("http://h/f", Some(LARGE));
        sim.starts(1, Some(LARGE));
        let to = sim.queue.item_of(again).unwrap().to.clone();
        let mut sim = sim.restarts();
        let sources: Vec<_> = sim.running.iter().map(|(_, job)| job.source.to_string()).collect();
        assert_eq!(sources, ["http://g/f", "http://h/f"]);
        let job = &sim.running[1].1;
        assert_eq!((&job.to, job.partial.is_some()), (&to, true), "where it was");
        assert_eq!((sim.queue.len(), sim.restarts().queue.len()), (2, 2), "once");
    }

    #[test]
    fn after_a_restart_what_goes_on_keeps_its_name_and_what_failed_gets_another() {
        let mut sim = Sim::new(2);
        sim.file("http://a/f", Some(LARGE));
        sim.ends(0, TransferEvent::Failed(Fault::Reset));
        let going = sim.file("http://b/f", Some(LARGE));
        sim.starts(0, Some(LARGE));
        let to = sim.queue.item_of(going).unwrap().to.clone();
        let mut sim = sim.restarts();
        let job = &sim.running[0].1;
        assert_eq!((&job.to, job.partial.is_some()), (&to, true));
        sim.act(Queue::retry_all);
        let lines: Vec<_> = sim.queue.items().map(|item| (item.source.to_string(), item.to != to)).collect();
        assert_eq!(lines, [("http://a/f".to_owned(), true), ("http://b/f".to_owned(), false)]);
        sim.assert_sound();
        assert_eq!(sim.restarts().running[1].1.to, to, "and so it stays");
    }

    #[test]
    fn what_changes_is_kept_a_moment_later_and_nothing_wakes_an_idle_queue() {
        let mut sim = Sim::new(2);
        sim.file("http://h/a", Some(LARGE));
        assert!(sim.kept.is_empty());
        assert_eq!(sim.queue.deadline(), Some(sim.now + Duration::from_millis(200)));
        sim.now += Duration::from_millis(200);
        sim.act(Queue::wake);
        assert_eq!(sim.kept.len(), 1);
        assert_eq!(sim.queue.deadline(), Some(sim.now + Duration::from_millis(800)));
        sim.finishes(0, LARGE);
        sim.now += Duration::from_millis(200);
        sim.act(Queue::wake);
        assert_eq!((sim.kept.len(), sim.queue.deadline()), (0, None));
    }

    #[test]
    fn whoever_has_no_room_is_asked_again_a_moment_later() {
        let mut sim = Sim::new(2);
        sim.file("http://h/a", Some(LARGE));
        sim.ends(0, TransferEvent::Failed(Fault::Busy));
        assert!(sim.running.is_empty());
        sim.now += BEAT;
        sim.act(Queue::wake);
        assert_eq!(sim.names(), ["a"]);
        sim.folder("http://h/d");
        let (request, _) = sim.walks.pop().unwrap();
        sim.act(|queue, world| queue.on_walk(request, WalkEvent::Failed(Fault::Busy), world));
        assert!(sim.walks.is_empty());
        sim.now += BEAT;
        sim.act(Queue::wake);
        assert_eq!(sim.walks.len(), 1);
    }

    #[test]
    fn what_says_what_a_file_has_to_be_is_named_where_it_stands_beside_it() {
        let mut sim = Sim::new(4);
        sim.folder("http://h/d");
        sim.lists(
            "http://h/d/",
            &[("SHA256SUMS", Some(1)), ("a", Some(1)), ("a.sha512", Some(1)), ("b", Some(1))],
        );
        let sums: Vec<_> = sim
            .running
            .iter()
            .map(|(_, job)| job.sums.iter().map(|sums| sums.path.shown().to_string()).collect::<Vec<_>>())
            .collect();
        let all = "/d/SHA256SUMS";
        assert_eq!(sums, [vec![], vec![all, "/d/a.sha512"], vec![all], vec![all]]);
    }

    #[test]
    fn twenty_thousand_files_are_no_burden() {
        let mut sim = Sim::new(4);
        let names: Vec<String> = (0..20_000).map(|n| format!("{n:06}")).collect();
        let entries: Vec<_> = names.iter().map(|name| (name.as_str(), Some(1))).collect();
        let id = sim.folder("http://h/d");
        sim.lists("http://h/d/", &entries);
        sim.walk_ends();
        while !sim.running.is_empty() {
            sim.finishes(0, 1);
        }
        assert_eq!(sim.queue.item_of(id).unwrap().counts().done, 20_000);
        assert_eq!(sim.queue.percent(), None);
    }

    /// Something that may happen to a queue; the numbers choose among what there is.
    #[derive(Debug, Clone)]
    enum Step {
        File(u8, u64),
        Folder(u8),
        List(u8, Vec<(u8, Option<u64>)>),
        EndWalk,
        Make(usize),
        Hear(usize, u8),
        Do(u8, usize),
        Pass(u16),
    }

    fn step() -> impl Strategy<Value = Step> {
        let size = prop_oneof![Just(Some(1)), Just(Some(LARGE)), Just(Some(u64::MAX))];
        prop_oneof![
            (0..12_u8, size.clone().prop_map(Option::unwrap_or_default))
                .prop_map(|(n, size)| Step::File(n, size)),
            (0..4_u8).prop_map(Step::Folder),
            (0..5_u8, proptest::collection::vec((0..11_u8, prop_oneof![size, Just(None)]), 0..9))
                .prop_map(|(at, entries)| Step::List(at, entries)),
            Just(Step::EndWalk),
            (0..3_usize).prop_map(Step::Make),
            (any::<usize>(), 0..13_u8).prop_map(|(at, how)| Step::Hear(at, how)),
            (any::<usize>(), 0..13_u8).prop_map(|(at, how)| Step::Hear(at, how)),
            (0..16_u8, any::<usize>()).prop_map(|(what, at)| Step::Do(what, at)),
            (0..2000_u16).prop_map(Step::Pass),
        ]
    }

    impl Sim {
        fn does(&mut self, step: Step) {
            const NAMES: [&str; 11] =
                ["a", "A", "a:", "a_", "b", "..", "c/d", "sub", "SUB", "\u{e9}", "E\u{301}"];
            match step {
                Step::File(n, size) => {
                    let server = ["http://h/x", "plain://p/x", "p/X", "https://h/x"][usize::from(n % 4)];
                    self.file(&format!("{server}{}", n / 4), Some(size).filter(|size| size % 7 > 0));
                }
                Step::Folder(n) => {
                    self.folder(["http://h/d/", "http://h/D/", "g/d", "http://h/"][usize::from(n)]);
                }
                Step::List(at, entries) if !self.walks.is_empty() => {
                    let top = self.walks.last().unwrap().1.spoken(crate::wire::source::Scheme::Http);
                    let inner = ["", "", "sub/", "SUB/", "sub/sub/"][usize::from(at)];
                    let folder = format!("{top}{inner}");
                    let entries: Vec<_> =
                        entries.iter().map(|(n, size)| (NAMES[usize::from(*n)], *size)).collect();
                    self.lists(&folder, &entries);
                }
                Step::EndWalk if !self.walks.is_empty() => self.walk_ends(),
                Step::Make(missed) if !self.making.is_empty() => drop(self.makes(missed)),
                Step::Hear(at, how) if !self.running.is_empty() => self.hear_of(at % self.running.len(), how),
                Step::Do(what, at) if !self.queue.is_empty() => self.command(what, at),
                Step::Pass(millis) => {
                    self.now += Duration::from_millis(u64::from(millis));
                    self.act(Queue::wake);
                }
                Step::List(..) | Step::EndWalk | Step::Make(_) | Step::Hear(..) | Step::Do(..) => {}
            }
        }

        fn hear_of(&mut self, at: usize, how: u8) {
            let (id, to) = (self.running[at].0, self.running[at].1.to.clone());
            let origin = Box::new(self.running[at].1.source.origin());
            match how {
                0 => self.starts(at, Some(LARGE)),
                1 => self.starts(at, None),
                2 => self.hears(id, TransferEvent::Progress { bytes: 70 }),
                3 => self.hears(id, TransferEvent::Progress { bytes: u64::MAX }),
                4 => drop(self.ends(at, TransferEvent::Paused)),
                5 => drop(self.ends(at, TransferEvent::Cancelled)),
                6 => drop(self.ends(at, TransferEvent::Failed(Fault::Reset))),
                7 => drop(self.ends(at, TransferEvent::Failed(Fault::exists(to)))),
                8 => drop(self.ends(at, TransferEvent::Failed(Fault::DiskFull))),
                9 => {
                    let fault = Fault::Unauthorized { origin, realm: Clean::default() };
                    self.ends(at, TransferEvent::Failed(fault));
                }
                10 => drop(self.ends(at, TransferEvent::Kept { path: to, why: Kept::Same })),
                11 => self.hears(id, TransferEvent::Finishing),
                _ => drop(self.finishes(at, 70)),
            }
        }

        fn command(&mut self, what: u8, at: usize) {
            let id = self.queue.nth(at % self.queue.len()).unwrap().id;
            let origin = Source::parse("http://h").unwrap().origin();
            self.act(|queue, world| match what {
                0 | 1 => queue.pause(id, world),
                2 | 3 => queue.resume(id, world),
                4 => queue.cancel(id, world),
                5 => queue.retry(id, world),
                6 => queue.shift(id, true, world),
                7 => queue.shift(id, false, world),
                8 => queue.pause_all(world),
                9 => queue.resume_all(world),
                10 => queue.retry_all(world),
                11 => queue.answer(id, Conflict::Rename, at.is_multiple_of(2), world),
                12 => queue.retry_origin(&origin, world),
                13 => queue.refuse_origin(&origin, world),
                14 if queue.restore_cleared(world) == 0 => {
                    queue.clear(&queue.done(), world);
                }
                14 => {}
                _ => queue.remove(id, world),
            });
        }

        /// What must hold whatever happened.
        fn assert_sound(&self) {
            let mut totals = Totals::default();
            let mut places = HashSet::new();
            for item in self.queue.items() {
                let alive = || {
                    let waiting = item.waiting.clone().take_all();
                    let running = item.running.values().map(|running| running.file.clone());
                    let asked = item.asked.iter().map(|(file, _)| file.clone());
                    waiting.into_iter().chain(running).chain(asked).chain(item.denied.iter().cloned())
                };
                let counts = item.counts;
                let partly: u128 = alive().map(|file| u128::from(file.here)).sum();
                let known: u128 = alive().filter_map(|file| file.size).map(u128::from).sum();
                assert_eq!((counts.partly, counts.known), (partly, known + counts.here), "{item:?}");
                assert_eq!(counts.unmeasured, alive().filter(|file| file.size.is_none()).count() as u64);
                let failed = item.failures.iter().filter(|failure| failure.file.is_some()).count() as u64;
                let accounted = counts.done + counts.kept + failed + alive().count() as u64;
                assert!(item.cancelled || counts.files == accounted, "a file is lost: {item:?}");
                assert_eq!(item.is_open(), !item.is_exhausted(), "{item:?}");
                if item.is_open() {
                    for file in alive() {
                        let place = item.goal_of(&file).1;
                        assert!(
                            place.starts_with("/dl/") && places.insert(place),
                            "one name twice: {item:?}"
                        );
                    }
                    totals.open += 1;
                    totals.paused += usize::from(item.paused);
                    if !item.paused {
                        totals.bytes += counts.here + partly;
                        totals.known += counts.known;
                        totals.uncertain += usize::from(item.total().is_none() || !item.is_final());
                    }
                }
            }
            assert_eq!(self.queue.totals(), totals);
            assert!(self.queue.order.is_sorted());
            let asked = self.queue.items().flat_map(|item| item.running.values()).filter(|run| !run.came);
            let mut plain: Vec<_> = asked.map(|run| &run.goal.0).collect();
            plain.retain(|source| *source.endpoint.host.to_string() == *"p");
            assert!(plain.len() <= 1, "{plain:?}");
            let large =
                self.queue.items().flat_map(|item| item.running.values()).filter(|run| !run.small).count();
            assert!(large <= 2);
            assert_eq!(self.running.len(), self.queue.running.len());
        }
    }

    proptest! {
        #[test]
        fn whatever_happens_no_file_is_lost_or_overwritten_and_the_sums_are_right(
            steps in proptest::collection::vec(step(), 0..60)
        ) {
            let mut sim = Sim::new(2);
            for step in steps {
                sim.does(step);
                sim.assert_sound();
            }
            // In the end all comes to an end.
            for _ in 0..10_000 {
                sim.act(Queue::resume_all);
                while let Some(id) = sim.queue.question().map(|question| question.item) {
                    sim.act(|queue, world| queue.answer(id, Conflict::Overwrite, true, world));
                }
                for (origin, _) in sim.queue.wants_credentials() {
                    sim.act(|queue, world| queue.refuse_origin(&origin, world));
                }
                if !sim.walks.is_empty() {
                    sim.walk_ends();
                } else if !sim.making.is_empty() {
                    sim.makes(0);
                } else if !sim.running.is_empty() {
                    sim.finishes(0, 70);
                } else {
                    break;
                }
                sim.assert_sound();
            }
            prop_assert_eq!(sim.queue.open(), 0);
        }
    }

    fn retrying(fault: Fault) -> TransferEvent {
        TransferEvent::Retrying { fault, attempt: 2, last: None, after: Duration::from_secs(1) }
    }

    #[test]
    fn all_files_of_a_server_that_goes_away_wait_once_and_the_rest_is_not_tried() {
        let mut sim = Sim::new(2);
        let id = sim.folder("http://h/d");
        let names: Vec<String> = (0..4000).map(|n| format!("{n:04}")).collect();
        let entries: Vec<_> = names.iter().map(|name| (&**name, Some(1))).collect();
        sim.lists("http://h/d/", &entries);
        sim.walk_ends();
        let other = sim.file("http://other/a", Some(LARGE));
        sim.finishes(0, 1);
        let count = sim.running.len();
        for at in 0..count - 1 {
            sim.hears(sim.running[at].0, retrying(Fault::Refused));
        }
        assert_eq!(sim.running.len(), count, "nothing more is begun while it does not answer");
        sim.ends(0, TransferEvent::Failed(Fault::Refused));
        assert_eq!(sim.asked.len(), count - 2, "those that run are tried no further");
        while sim.running.len() > 1 {
            let at = usize::from(sim.names()[0] == "a");
            sim.ends(at, TransferEvent::Paused);
        }
        let item = sim.queue.item_of(id).unwrap();
        assert_eq!(item.state(), ItemState::Ended(&End::Partly));
        let counts = item.counts();
        // One waited to the end.
        assert_eq!((counts.done, counts.failed, counts.untried), (1, 3999, 3998));
        assert_eq!(sim.queue.untried().count() as u64, counts.untried);
        let last = item.failures().iter().find(|failure| matches!(failure.fault, Fault::NotTried { .. }));
        assert_eq!(last.unwrap().fault, Fault::NotTried { files: counts.untried });
        assert_eq!(sim.names(), ["a"], "another server is not affected");
        sim.finishes(0, LARGE);
        assert!(matches!(sim.state(other), ItemState::Ended(End::Finished(_))));
        sim.act(|queue, world| queue.retry(id, world));
        for _ in 0..3999 {
            sim.finishes(0, 1);
        }
        assert!(matches!(sim.state(id), ItemState::Ended(End::Finished(_))), "all of it is tried again");
    }

    #[test]
    fn a_server_that_comes_back_lets_everything_go_on() {
        let mut sim = Sim::new(1);
        for n in 0..30 {
            sim.file(&format!("http://h/{n}"), Some(9));
        }
        sim.finishes(0, 9);
        for (id, _) in sim.running.clone() {
            sim.hears(id, retrying(Fault::Unreachable));
        }
        sim.ends(0, TransferEvent::Paused);
        assert_eq!(sim.running.len(), 7);
        sim.starts(0, Some(9));
        assert_eq!(sim.running.len(), 8);
        while !sim.running.is_empty() {
            sim.finishes(0, 9);
        }
        assert_eq!(sim.queue.open(), 0);
        assert_eq!(sim.queue.ended(), Ended { here: 30, failed: 0 });
    }

    #[test]
    fn while_a_server_is_away_one_download_at_a_time_finds_out_whether_it_is_back() {
        let mut sim = Sim::new(1);
        let (a, _) = (sim.file("http://h/a", Some(LARGE)), sim.file("http://h/b", Some(LARGE)));
        sim.starts(0, Some(LARGE));
        sim.hears(sim.running[0].0, retrying(Fault::Refused));
        sim.act(|queue, world| queue.cancel(a, world));
        sim.ends(0, TransferEvent::Cancelled);
        assert_eq!(sim.names(), ["b"]);
        sim.file("http://h/small", Some(1));
        assert_eq!(sim.names(), ["b"]);
        sim.starts(0, Some(LARGE));
        assert_eq!(sim.names(), ["b", "small"]);
    }

    #[test]
    fn what_the_user_stopped_is_not_given_up_and_what_is_asked_for_later_is_tried() {
        let mut sim = Sim::new(1);
        sim.file("http://h/a", Some(LARGE));
        let paused = sim.file("http://h/b", Some(LARGE));
        let c = sim.file("http://h/c", Some(LARGE));
        sim.act(|queue, world| queue.pause(paused, world));
        sim.ends(0, TransferEvent::Failed(Fault::Refused));
        assert_eq!(sim.state(paused), ItemState::Paused);
        assert_eq!(sim.state(c), ItemState::Ended(&End::Failed(Fault::NotTried { files: 1 })));
        assert_eq!(sim.queue.untried().map(|source| source.to_string()).collect::<Vec<_>>(), ["http://h/c"]);
        sim.act(|queue, world| queue.retry(c, world));
        assert_eq!(sim.names(), ["c"]);
    }

    #[test]
    fn a_server_that_takes_requests_and_answers_none_is_given_up_too() {
        let hung = || Fault::TimedOut(crate::event::Stage::Answer, Duration::from_secs(10));
        let mut sim = Sim::new(2);
        for n in 0..100 {
            sim.file(&format!("http://h/{n}"), Some(9));
        }
        assert_eq!(sim.running.len(), 16);
        for (id, _) in sim.running.clone() {
            for _ in 0..5 {
                sim.hears(id, retrying(hung()));
            }
        }
        for _ in 0..4 {
            sim.ends(0, TransferEvent::Failed(hung()));
        }
        assert_eq!(sim.running.len(), 12, "none is begun in the place of those that failed");
        while !sim.running.is_empty() {
            sim.ends(0, TransferEvent::Paused);
        }
        assert_eq!(sim.queue.open(), 0);
        assert_eq!(sim.queue.untried().count(), 84);
    }

    #[test]
    fn some_files_that_the_server_cannot_send_leave_the_others_alone() {
        let mut sim = Sim::new(1);
        for n in 0..40 {
            sim.file(&format!("http://h/{n}"), Some(9));
        }
        for _ in 0..20 {
            sim.hears(sim.running[0].0, retrying(Fault::Status(503)));
            sim.ends(0, TransferEvent::Failed(Fault::Status(503)));
            sim.finishes(0, 9);
        }
        assert_eq!((sim.queue.ended().here, sim.queue.untried().count()), (20, 0));
    }

    #[test]
    fn a_walk_that_ends_because_its_server_is_away_ends_the_waiting_for_it() {
        let mut sim = Sim::new(1);
        let id = sim.folder("http://h/d");
        sim.lists("http://h/d/", &[("a", Some(LARGE)), ("b", Some(LARGE)), ("sub", None)]);
        let next: Vec<_> = (0..3).map(|n| sim.folder(&format!("http://h/{n}"))).collect();
        sim.hears(sim.running[0].0, retrying(Fault::Refused));
        let (request, _) = sim.walks[0];
        sim.act(|queue, world| queue.on_walk(request, WalkEvent::Failed(Fault::NotWalked), world));
        sim.ends(0, TransferEvent::Paused);
        assert_eq!(sim.state(id), ItemState::Ended(&End::Partly));
        assert_eq!(sim.queue.item_of(id).unwrap().counts().untried, 2);
        assert_eq!(sim.state(next[2]), ItemState::Ended(&End::Failed(Fault::NotWalked)));
    }
}
