//! The downloads that were asked for: which wait, which run, how fast, and what became of them. Any number of files and
//! of whole folders. Decides what is started when, and under which name it comes here; moves no byte itself, and knows
//! neither keys nor a screen, so that a command can drive it too.
//!
//! What is asked for becomes an [`Item`]: a file is one with one file. A folder is looked through ([`Effect::Walk`])
//! while what was found in it is downloaded. Empty folders are not made.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Ids;
use crate::effect::{Conflict, Effect, Job, Partial};
use crate::event::{Fault, RequestId, TransferId};
use crate::text::clean_line;
use crate::wire::digest::Checksum;
use crate::wire::source::Source;

mod books;
mod counts;
mod file;
mod item;
mod keeping;
mod names;
mod news;
mod orders;
mod pace;
mod shown;
mod tree;

use books::Books;
pub use books::Totals;
pub use counts::Counts;
use file::{File, Waiting};
pub use item::{End, Failure, Item, ItemId, ItemState, Phase, Running};
use names::{Names, name_here};
use pace::{History, Pace};
pub use shown::Question;
pub(in crate::app) use tree::sums_beside;
use tree::{Tree, Walk};

/// How often the speeds are measured while something is under way.
const BEAT: Duration = Duration::from_secs(1);

/// How downloads are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSettings {
    /// Where files and folders go.
    pub dir: PathBuf,
    /// Put before the name of each file.
    pub prefix: String,
    /// What becomes of a file where something of its name is there already.
    pub conflict: Conflict,
    /// Large files that may run at once; at least 1. Small ones may run beside them.
    pub at_once: usize,
    /// Bytes a second that all together may take; none: as many as come.
    pub rate: Option<NonZeroU64>,
}

/// A file that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Which file of which server.
    pub source: Source,
    /// Where it is to be; where nothing is said, in the usual folder under its own name.
    pub to: Option<PathBuf>,
    /// Its length in bytes, where the server's list says it.
    pub size: Option<u64>,
    /// What its content has to be, as the user says.
    pub checksum: Option<Checksum>,
    /// Files on the server that may say what its content has to be.
    pub sums: Vec<Source>,
}

impl NewFile {
    /// A file of which nothing more is known.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self { source, to: None, size: None, checksum: None, sums: Vec::new() }
    }
}

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
    items: HashMap<ItemId, Item>,
    /// By their places, each of which is used once.
    order: Vec<(u64, ItemId)>,
    last: u64,
    /// The items that are not at their end.
    open: HashMap<Source, ItemId>,
    running: HashMap<TransferId, ItemId>,
    walks: HashMap<RequestId, ItemId>,
    books: Books,
    /// What the items that are not at their end are called here.
    names: Names,
    /// What is needed to go on with files of which a part is here, and whether that is kept.
    partials: HashMap<(Source, PathBuf), (Partial, bool)>,
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
            settings,
            items: HashMap::new(),
            order: Vec::new(),
            last: 0,
            open: HashMap::new(),
            running: HashMap::new(),
            walks: HashMap::new(),
            names: Names::default(),
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
        let NewFile { source, to, size, checksum, sums } = new;
        if let Some(known) = self.open.get(&source) {
            return *known;
        }
        let to = match to {
            Some(to) => self.free_path(&to),
            None => {
                self.free_path(&self.settings.dir.join(name_here(&self.settings.prefix, &source.path.last())))
            }
        };
        let mut item = self.item(source, to, None);
        (item.size, item.checksum, item.sums) = (size, checksum, sums);
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
        let own = || {
            let name = source.path.last();
            // The top folder of a server has no name.
            let name = if name.is_empty() { source.endpoint.host.to_string().into_bytes() } else { name };
            self.settings.dir.join(name_here("", &name))
        };
        let to = to.unwrap_or_else(own);
        let to = self.free_path(&to);
        let tree = Box::new(Tree::new(&source, &to));
        let item = self.item(source, to, Some(tree));
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
            size: None,
            tree,
            waiting: Waiting::default(),
            running: std::collections::BTreeMap::new(),
            asked: Vec::new(),
            denied: Vec::new(),
            realm: None,
            failures: Vec::new(),
            failed: Vec::new(),
            counts: Counts::default(),
            paused: false,
            cancelled: false,
            again: false,
            end: None,
            begun: None,
            anew: None,
            resumed: None,
            pace: Pace::default(),
        }
    }

    /// The path, or a numbered one where that is taken.
    fn free_path(&mut self, path: &std::path::Path) -> PathBuf {
        let folder = path.parent().unwrap_or(std::path::Path::new(""));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        folder.join(self.names.take(folder, &name))
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
        let source = self.change(id, |item| {
            item.begun.get_or_insert(world.now);
            let tree = item.tree.as_mut()?;
            tree.walk = Walk::UnderWay(request);
            Some(item.source.clone())
        });
        if let Some(source) = source.flatten() {
            self.walks.insert(request, id);
            self.books.walk_started();
            world.out.push(Effect::Walk { request, source });
        }
    }

    fn start(&mut self, id: ItemId, small: bool, world: &mut World<'_>) {
        let transfer = world.ids.transfer();
        let started = self.change(id, |item| {
            let file = item.waiting.pop(small)?;
            // What came already is not downloaded once more.
            let careful = item.again && matches!(item.conflict, Conflict::Rename | Conflict::Overwrite);
            let conflict = file.how.unwrap_or(if careful { Conflict::Ask } else { item.conflict });
            let job = Job {
                source: item.source_of(&file),
                to: item.path_of(&file),
                conflict,
                checksum: item.checksum.clone(),
                sums: item.sums_of(&file),
                partial: None,
            };
            item.pace.begin(world.now);
            item.begun.get_or_insert(world.now);
            let (name, phase, lane) = (item.name_of(&file), Phase::Asking, item.lane);
            item.running.insert(transfer, Running { file, name, phase, small, conflict, lane });
            Some((job, lane))
        });
        let Some((mut job, lane)) = started.flatten() else { return };
        job.partial =
            self.partials.get(&(job.source.clone(), job.to.clone())).map(|(partial, _)| partial.clone());
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
        let ended = self.change(id, |item| {
            item.end = Some(end);
            item.pace.end();
            (item.place, item.to.clone(), item.source.clone(), item.counts)
        });
        if let Some((place, to, source, counts)) = ended {
            self.ended.here += counts.done + counts.kept;
            self.ended.failed += counts.failed;
            self.open.remove(&source);
            self.names.give_back(&to);
            self.note(place, world.now);
        }
    }

    /// Measures, and keeps what changed, where the moment for that has come.
    fn keep_time(&mut self, world: &mut World<'_>) {
        let now = world.now;
        if !self.books.is_busy() {
            if self.beaten.take().is_some() {
                self.pace.end();
            }
        } else if let Some(beaten) = self.beaten {
            let passed = now.saturating_duration_since(beaten);
            if passed >= BEAT {
                self.beat(passed, now);
            }
        } else {
            self.beaten = Some(now);
        }
        if self.keep_at.is_some_and(|at| at <= now) {
            self.keep_now(world.out);
        }
    }

    fn beat(&mut self, passed: Duration, now: Instant) {
        self.beaten = Some(now);
        self.pace.add(0, now);
        self.history.close(passed);
        let busy: BTreeSet<ItemId> = self.running.values().chain(self.walks.values()).copied().collect();
        for id in busy {
            if let Some(item) = self.items.get_mut(&id) {
                item.beat = item.beat.wrapping_add(1);
                item.pace.listen(now);
            }
        }
    }

    /// The moment that [`Queue::deadline`] named has come.
    pub fn wake(&mut self, world: &mut World<'_>) {
        self.settle(world);
    }

    /// When something changes by itself: none while nothing is under way and everything is kept.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let beat = self.beaten.map(|at| at + BEAT);
        [beat, self.keep_at, self.busy_until].into_iter().flatten().min()
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
        proof: None,
    })
}
