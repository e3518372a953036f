//! The downloads: which wait, which run, how fast, and what became of them. Decides how many run at once; moves no
//! byte itself.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Turn;
use super::keys::{self, Move, Transfer as Action};
use crate::effect::{Conflict, Effect, Job};
use crate::event::{Fault, Finished, Key, TransferEvent, TransferId};
use crate::text::{Clean, clean_line};
use crate::wire::source::{Scheme, Source};

/// Over how long the speed is measured.
const SPEED_WINDOW: Duration = Duration::from_secs(4);
/// How often the speed is measured anew while nothing comes.
const SPEED_INTERVAL: Duration = Duration::from_secs(1);

/// The downloads, in the order in which they were asked for.
#[derive(Debug, Clone)]
pub struct Transfers {
    /// The oldest first.
    pub list: Vec<Transfer>,
    /// Which of them the keys mean.
    pub selected: usize,
    /// How many may run at once.
    at_once: usize,
}

/// One download.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// Its number.
    pub id: TransferId,
    /// Which file of which server.
    pub source: Source,
    /// What it is called there.
    pub name: Clean,
    /// How far it is.
    pub state: TransferState,
    /// Its length in bytes, where the server announced one.
    pub total: Option<u64>,
    /// Bytes that are on disk.
    pub bytes: u64,
    /// Bytes a second, measured over the last seconds; none before there is anything to measure.
    pub speed: Option<u64>,
    /// Changes while it runs: for the spinner.
    pub beat: usize,
    samples: VecDeque<(Instant, u64)>,
}

/// How far a download is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferState {
    /// For another to end.
    Waiting,
    /// The server was asked.
    Asking,
    /// Bytes come.
    Running,
    /// It is whole and has its name.
    Finished {
        /// Where it is.
        path: PathBuf,
        /// From the request to the end.
        took: Duration,
    },
    /// It did not work; nothing is left of it.
    Failed(Fault),
    /// The user stopped it; nothing is left of it.
    Cancelled,
}

impl Transfer {
    fn is_active(&self) -> bool {
        matches!(self.state, TransferState::Asking | TransferState::Running)
    }

    /// Whether it still needs anything.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_active() || self.state == TransferState::Waiting
    }

    /// How much of it is here, in hundredths; none where the length is not known.
    #[must_use]
    pub fn percent(&self) -> Option<u64> {
        percent(self.bytes, self.total?)
    }

    /// How long it will take at the present speed; none where that cannot be said.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let left = self.total?.checked_sub(self.bytes)?;
        self.speed.filter(|speed| *speed > 0).map(|speed| Duration::from_secs(left.div_ceil(speed)))
    }

    fn measure(&mut self, now: Instant) {
        self.beat = self.beat.wrapping_add(1);
        // Ten samples a second say enough.
        if self.samples.back().is_none_or(|(at, _)| now.duration_since(*at) >= Duration::from_millis(100)) {
            self.samples.push_back((now, self.bytes));
        }
        while self.samples.len() > 2
            && self.samples.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= SPEED_WINDOW)
        {
            self.samples.pop_front();
        }
        let Some((since, bytes)) = self.samples.front() else { return };
        let passed = now.duration_since(*since).as_millis();
        if passed >= 200 {
            let speed = u128::from(self.bytes.saturating_sub(*bytes)) * 1000 / passed;
            self.speed = Some(u64::try_from(speed).unwrap_or(u64::MAX));
        }
    }
}

/// `part` of `whole` in hundredths, rounded down: 100 only when all is there.
fn percent(part: u64, whole: u64) -> Option<u64> {
    let hundredths = (u128::from(part) * 100).checked_div(u128::from(whole))?;
    Some(u64::try_from(hundredths).unwrap_or(u64::MAX).min(100))
}

impl Transfers {
    /// None yet; so many may run at once.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        Self { list: Vec::new(), selected: 0, at_once }
    }

    /// Asks for a file.
    pub(super) fn add(&mut self, source: Source, turn: &mut Turn<'_>) {
        let name = clean_line(&source.path.last());
        self.list.push(Transfer {
            id: turn.ids.transfer(),
            source,
            name,
            state: TransferState::Waiting,
            total: None,
            bytes: 0,
            speed: None,
            beat: 0,
            samples: VecDeque::new(),
        });
        self.selected = self.list.len() - 1;
        self.start_waiting(turn);
    }

    /// Starts what waits, as far as it may. A plain server serves one client at a time: it is never asked for a second
    /// file before the first is done.
    fn start_waiting(&mut self, turn: &mut Turn<'_>) {
        let mut active: Vec<Source> = self
            .list
            .iter()
            .filter(|transfer| transfer.is_active())
            .map(|transfer| transfer.source.clone())
            .collect();
        for next in &mut self.list {
            if active.len() >= self.at_once {
                return;
            }
            let server = &next.source.endpoint;
            let busy =
                next.source.scheme == Scheme::Plain && active.iter().any(|other| other.endpoint == *server);
            if next.state == TransferState::Waiting && !busy {
                let job = Job {
                    source: next.source.clone(),
                    to: PathBuf::new(),
                    conflict: Conflict::Rename,
                    checksum: None,
                    sums: Vec::new(),
                    partial: None,
                };
                turn.out.push(Effect::Fetch { id: next.id, job: Box::new(job) });
                next.state = TransferState::Asking;
                active.push(next.source.clone());
            }
        }
    }

    /// News of a download, and which file it is about; late ones are dropped.
    pub(super) fn on_event(
        &mut self,
        id: TransferId,
        event: TransferEvent,
        turn: &mut Turn<'_>,
    ) -> Option<Source> {
        let transfer = self.list.iter_mut().find(|transfer| transfer.id == id && transfer.is_active())?;
        match event {
            TransferEvent::Started { total, .. } => {
                transfer.total = total;
                transfer.state = TransferState::Running;
                transfer.measure(turn.now.instant);
            }
            TransferEvent::Progress { bytes } => {
                transfer.bytes = bytes;
                transfer.measure(turn.now.instant);
            }
            TransferEvent::Finished(Finished { path, bytes, took, .. }) => {
                transfer.bytes = bytes;
                let path = path.unwrap_or_default();
                transfer.state = TransferState::Finished { path, took };
            }
            TransferEvent::Retrying { .. }
            | TransferEvent::Verifying { .. }
            | TransferEvent::Finishing
            | TransferEvent::Kept { .. }
            | TransferEvent::Paused => {}
            TransferEvent::Failed(fault) => transfer.state = TransferState::Failed(fault),
            TransferEvent::Cancelled => transfer.state = TransferState::Cancelled,
        }
        let (source, ended) = (transfer.source.clone(), !transfer.is_open());
        if ended {
            self.start_waiting(turn);
        }
        Some(source)
    }

    /// The moment has come to measure again.
    pub fn wake(&mut self, now: Instant) {
        self.list
            .iter_mut()
            .filter(|transfer| transfer.is_active())
            .for_each(|transfer| transfer.measure(now));
    }

    /// When that is: none while nothing runs.
    #[must_use]
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        self.list.iter().any(Transfer::is_active).then(|| now + SPEED_INTERVAL)
    }

    /// Downloads that are not at their end.
    #[must_use]
    pub fn open(&self) -> usize {
        self.list.iter().filter(|transfer| transfer.is_open()).count()
    }

    /// How much of all that runs or waits is here, in hundredths, where all lengths are known.
    #[must_use]
    pub fn percent(&self) -> Option<u64> {
        let mut open = self.list.iter().filter(|transfer| transfer.is_open());
        let (bytes, total) = open.try_fold((0_u64, 0_u64), |(bytes, total), transfer| {
            Some((bytes.saturating_add(transfer.bytes), total.saturating_add(transfer.total?)))
        })?;
        percent(bytes, total)
    }

    /// A key that no global action took.
    pub(super) fn on_key(&mut self, key: Key, rows: usize, turn: &mut Turn<'_>) {
        if let Some(Action::Cancel) = keys::action(&turn.keymap.transfers, key) {
            self.cancel(turn);
        } else if let Some(action) = keys::action(&turn.keymap.list, key) {
            self.walk(action, rows);
        }
    }

    /// Moves the selection.
    pub fn walk(&mut self, action: Move, rows: usize) {
        self.selected = super::walked(action, self.selected, self.list.len(), rows);
    }

    /// Stops the selected download; one that is at its end already leaves the list.
    pub(super) fn cancel(&mut self, turn: &mut Turn<'_>) {
        let Some(transfer) = self.list.get_mut(self.selected) else { return };
        if transfer.is_active() {
            // It is cancelled when the worker says that nothing is left of it.
            turn.out.push(Effect::Cancel(transfer.id));
        } else if transfer.state == TransferState::Waiting {
            transfer.state = TransferState::Cancelled;
        } else {
            self.list.remove(self.selected);
            self.selected = self.selected.min(self.list.len().saturating_sub(1));
        }
    }

    /// The first of the rows that are in view, for so many of them: the selected one is always in view.
    #[must_use]
    pub fn top(&self, rows: usize) -> usize {
        (self.selected + 1).saturating_sub(rows.max(1))
    }
}
