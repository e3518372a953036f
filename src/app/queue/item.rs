//! One line of the queue: a file, or a folder with all that is in it, and how far it is. Starts nothing, and asks nobody
//! for anything.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::books::LaneId;
use super::counts::{Counts, percent, saturated};
use super::file::{File, Goal, Waiting};
use super::pace::{Pace, time_left};
use super::renamed::Renamed;
use super::tree::{Tree, Walk};
use crate::effect::{Conflict, NamedBy};
use crate::event::{Anew, Clash, Fault, Finished, Kept, Sameness, TransferId};
use crate::text::Clean;
use crate::wire::digest::Checksum;
use crate::wire::source::{Origin, Source};

/// One line of the queue, as long as the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId(pub(super) u64);

/// That a file was gone on with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resumed {
    /// Bytes that were here.
    pub(super) from: u64,
    /// How it is known that they belong to what comes.
    pub(super) sameness: Sameness,
}

/// A file or a folder that was asked for.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each may be true whatever the others are")]
pub struct Item {
    /// Its number.
    pub id: ItemId,
    /// Which file or folder of which server.
    pub source: Source,
    /// Where it is to be; a file may get another name at its end.
    pub to: PathBuf,
    /// What it is called on the server.
    pub name: Clean,
    /// What becomes of a file of it where something is there already.
    pub conflict: Conflict,
    /// What the content of the file has to be, as the user says.
    pub checksum: Option<Checksum>,
    /// Changes while it runs: for a spinner.
    pub beat: usize,
    /// Where it stands in the queue: grows from one to the next.
    pub(super) place: u64,
    pub(super) lane: LaneId,
    /// Where a checksum of the file may stand.
    pub(super) sums: Vec<Source>,
    /// Whether nobody has seen those in a list.
    pub(super) sums_are_guessed: bool,
    /// Whether its name was read in a list: it may turn out to be a folder.
    pub(super) is_listed: bool,
    /// What the file's size is, as its folder said.
    pub(super) size: Option<u64>,
    pub(super) tree: Option<Box<Tree>>,
    pub(super) waiting: Waiting,
    pub(super) running: BTreeMap<TransferId, Running>,
    /// Files of which something is there already: the user is asked, and what is there.
    pub(super) asked: Vec<(File, Box<Clash>)>,
    /// Files for which the server wants to know who asks.
    pub(super) denied: Vec<File>,
    /// Which server wants to know that, and what it calls that for which it does.
    pub(super) realm: Option<(Box<Origin>, Clean)>,
    pub(super) failures: Vec<Failure>,
    /// Files that failed, beyond those.
    pub(super) failed: Vec<File>,
    /// Files that were not tried, because their server did not answer.
    pub(super) untried: Vec<File>,
    pub(super) counts: Counts,
    /// Files that were here when it last came to its end: they are counted among all that ended.
    pub(super) ended: u64,
    pub(super) paused: bool,
    /// Where it is paused, what did that.
    pub(super) paused_by: PausedBy,
    pub(super) cancelled: bool,
    /// Whether some of it may be here from an earlier run.
    pub(super) again: bool,
    pub(super) end: Option<End>,
    pub(super) begun: Option<Instant>,
    pub(super) anew: Option<Anew>,
    pub(super) resumed: Option<Resumed>,
    pub(super) unread: Vec<(Clean, Fault)>,
    /// Who says what it is called, where it is a file.
    pub(super) named_by: NamedBy,
    pub(super) folder: FolderOrigin,
    pub(super) renamed: Renamed,
    pub(super) pace: Pace,
}

/// Where the folder of an item comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum FolderOrigin {
    /// It was there before, with something in it, or was not looked at yet.
    #[default]
    Found,
    /// It was made for the item.
    Made,
}

/// What paused an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PausedBy {
    User,
    /// The program crashed with it, in an earlier run.
    Crash,
}

/// How far an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemState<'a> {
    /// For its turn.
    Waiting,
    /// It is looked up what is in the folder, and nothing of it runs yet.
    Listing,
    /// It is under way; of a folder's files, the one that says most.
    Running(&'a Phase),
    /// The user stopped it, to go on later.
    Paused,
    /// The program crashed with it; the user may go on with it.
    Crashed,
    /// Something is there already, and the user is asked what becomes of it.
    Conflict(&'a Clash),
    /// This server wants to know who asks, for what it calls by this name.
    Unauthorized(&'a Origin, &'a Clean),
    /// It is at its end.
    Ended(&'a End),
}

/// What a download does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// The server was asked.
    Asking,
    /// Bytes come.
    Transferring,
    /// It did not work, and is tried again.
    Retrying {
        /// Why it did not work.
        fault: Fault,
        /// Which try comes next: 2 is the first one again.
        attempt: u32,
        /// The last try that there is, where none before it gets any further; none where it is tried for a time.
        last: Option<u32>,
        /// When.
        at: Instant,
    },
    /// So many bytes were compared with what the file has to be.
    Verifying(u64),
    /// It is brought onto the disk and given its name.
    Finishing,
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It is whole. A folder has no proof; its bytes are those of the files that came.
    Finished(Finished),
    /// What is there already stays.
    Kept {
        /// Where it is.
        path: PathBuf,
        /// Why.
        why: Kept,
    },
    /// There is not one file in the folder: only folders were made.
    Empty,
    /// Of the folder some failed: see [`Item::failures`].
    Partly,
    /// It did not work.
    Failed(Fault),
    /// The user stopped it; nothing is left of what was not whole.
    Cancelled,
}

/// A file or a folder in a folder that could not be downloaded.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Its path from the folder on that was asked for.
    pub path: Clean,
    /// Why.
    pub fault: Fault,
    /// None where a folder could not be listed.
    pub(super) file: Option<File>,
}

impl Failure {
    /// Whether it is about all of the folder: that one was not listed, or not to its end.
    #[must_use]
    pub fn is_of(&self, folder: &Item) -> bool {
        self.file.is_none() && self.path == folder.name
    }
}

/// A download under way.
#[derive(Debug, Clone)]
pub struct Running {
    pub(super) file: File,
    /// Which file of which server that is, and where it is to be.
    pub(super) goal: Goal,
    /// What it is called on the server, from the folder on that was asked for.
    pub name: Clean,
    /// What it does.
    pub phase: Phase,
    /// Whether it takes one of the places for small files.
    pub(super) small: bool,
    /// Whether it has given that place back, because all of it came.
    pub(super) came: bool,
    /// What it was told to do where something is there already.
    pub(super) conflict: Conflict,
    pub(super) lane: LaneId,
    /// Why it is stopped and not tried any more: its server does not answer.
    pub(super) given_up: Option<Fault>,
}

impl Running {
    /// Its bytes that are here.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.file.here
    }

    /// Its length, where that is known.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.file.size
    }
}

impl Item {
    /// How far it is.
    #[must_use]
    pub fn state(&self) -> ItemState<'_> {
        if let Some(end) = &self.end {
            return ItemState::Ended(end);
        }
        let transferring = |running: &&Running| running.phase == Phase::Transferring;
        let running = self.running.values().find(transferring).or(self.running.values().next());
        if let Some(running) = running {
            return ItemState::Running(&running.phase);
        }
        if let Some((_, clash)) = self.asked.first() {
            return ItemState::Conflict(clash);
        }
        match &self.realm {
            _ if self.paused && self.paused_by == PausedBy::Crash => ItemState::Crashed,
            _ if self.paused => ItemState::Paused,
            Some((origin, realm)) => ItemState::Unauthorized(origin, realm),
            None if self.is_walking() => ItemState::Listing,
            None => ItemState::Waiting,
        }
    }

    /// Whether it is a folder.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.tree.is_some()
    }

    /// Whether it still needs anything.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// Whether it is at its end, and nothing of it is left to be tried again: it came, was there, or was cancelled.
    #[must_use]
    pub(super) fn is_done(&self) -> bool {
        !matches!(self.end, None | Some(End::Failed(_) | End::Partly))
    }

    /// Whether the user, or a crash, stopped it; what of it is under way may still have to end.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Whether all of it has been found: only then does a folder's total stay.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.tree.as_ref().is_none_or(|tree| tree.walk == Walk::Ended)
    }

    pub(super) fn is_walking(&self) -> bool {
        self.tree.as_ref().is_some_and(|tree| matches!(tree.walk, Walk::UnderWay(_)))
    }

    /// Files found, done and failed.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What failed in a folder, the first of them; [`Counts::failed`] says how many there are.
    #[must_use]
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// What is under way, in the order in which it began.
    #[must_use]
    pub fn running(&self) -> impl ExactSizeIterator<Item = &Running> {
        self.running.values()
    }

    /// Why its last file started over, where one did.
    #[must_use]
    pub fn anew(&self) -> Option<Anew> {
        self.anew
    }

    /// Bytes that its last file goes on from, where it does not begin with the first.
    #[must_use]
    pub fn resumed(&self) -> Option<u64> {
        self.resumed.map(|resumed| resumed.from)
    }

    /// What is called otherwise here than on the server, because it cannot have that name here.
    #[must_use]
    pub fn renamed(&self) -> &Renamed {
        &self.renamed
    }

    /// Bytes of files that are not whole: what is deleted where it is cancelled.
    #[must_use]
    pub fn partial_bytes(&self) -> u64 {
        saturated(self.counts.partly)
    }

    /// Bytes that are here of files that are not whole, also of those that failed.
    #[must_use]
    pub fn left_here(&self) -> u64 {
        let failed = self.failures.iter().filter_map(|failure| failure.file.as_ref());
        let failed = failed.chain(&self.failed).chain(&self.untried).map(|file| u128::from(file.here));
        saturated(self.counts.partly + failed.sum::<u128>())
    }

    /// Bytes that are here.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        saturated(self.counts.here + self.counts.partly)
    }

    /// Bytes of all files that were found, where all lengths are known.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        (self.counts.unmeasured == 0).then_some(saturated(self.counts.known))
    }

    /// How much of it is here, in hundredths; none where the length is not known.
    #[must_use]
    pub fn percent(&self) -> Option<u64> {
        percent(self.bytes(), self.total().filter(|_| self.is_final())?)
    }

    /// Bytes a second, smoothed; none before there is anything to measure.
    #[must_use]
    pub fn speed(&self) -> Option<u64> {
        self.pace.speed()
    }

    /// How long it will take at the present speed; none where that cannot be said.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let total = self.total().filter(|_| self.is_final())?;
        time_left(total.checked_sub(self.bytes())?, self.speed())
    }

    pub(super) fn goal_of(&self, file: &File) -> Goal {
        match &self.tree {
            Some(tree) => (tree.source_of(file), tree.path_of(file)),
            None => (self.source.clone(), self.to.clone()),
        }
    }

    pub(super) fn name_of(&self, file: &File) -> Clean {
        self.tree.as_ref().map_or_else(|| self.name.clone(), |tree| tree.name_of(file))
    }

    pub(super) fn sums_of(&self, file: &File) -> Vec<Source> {
        self.tree.as_ref().map_or_else(|| self.sums.clone(), |tree| tree.sums_of(file))
    }
}
