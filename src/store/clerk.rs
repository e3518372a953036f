//! The thread that owns a connection: it takes all that waits into one transaction, says what is on disk only when it is,
//! and keeps trying what is not. Nothing wakes it while there is nothing to do.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Result, TransactionBehavior};
use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;

use super::external::{Observed, Start};
use super::read::Reading;
use super::watch::Written;
use super::{fault, session, write};
use crate::effect::{ContactChange, KeptItem, StoreRequest};
use crate::event::{Event, ExternalChanges, Fault, RowId, Saved, StoreEvent};

/// How long after a failure what is not on disk yet is tried again.
const AGAIN: Duration = Duration::from_secs(3);
/// When what other programs store is looked at again after somebody wrote to the file: what is written there can be seen
/// only once it is synced and committed, of which no system tells. Nor is it looked at more often than the first says.
const LOOK_AFTER: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1600),
    Duration::from_millis(6400),
];
/// The most requests in one transaction.
const BATCH: usize = 1024;
/// What a disk that fails may keep waiting; what is beyond is never kept.
const PENDING: usize = 10_000;
const PENDING_BYTES: usize = 16 << 20;

/// What the thread works with.
#[derive(Debug)]
pub(super) struct Clerk {
    pub(super) connection: Connection,
    /// Where the file is, to name it.
    pub(super) path: PathBuf,
    /// The newest message when the program began.
    pub(super) began: RowId,
    /// Above so many pages (4,096 bytes each) the oldest messages are thrown away; none where they never are.
    pub(super) room: Option<i64>,
    pub(super) events: Sender<Event>,
    /// Says at the end that the program which owns the queue came to it in order; none where it is another one's queue.
    pub(super) session: Option<oneshot::Receiver<()>>,
    /// What is known of what other programs store, and how it is heard that one did; none where nobody wants to know.
    observed: Option<(Observed, Written)>,
    /// When that is looked at; none where nothing is new.
    look_at: Option<Instant>,
    /// How often it was looked at since somebody wrote.
    looks: usize,
    /// What they stored, and is not yet said.
    external: Vec<ExternalChanges>,
    pending: VecDeque<Pending>,
    bytes: usize,
    /// Why what is pending is not on disk.
    failed: Option<Fault>,
    /// Whether something was given up, and why.
    lost: Option<Fault>,
}

/// What the thread is told.
#[derive(Debug)]
pub(super) enum Order {
    /// To do this.
    Do(StoreRequest),
    /// That somebody wrote to the file.
    Look,
}

impl Order {
    /// What it is to do.
    pub(super) fn request(self) -> Option<StoreRequest> {
        match self {
            Self::Do(request) => Some(request),
            Self::Look => None,
        }
    }
}

/// Something that is to be kept and is not yet.
#[derive(Debug)]
struct Pending {
    request: StoreRequest,
    /// Whether it was said that it is not.
    told: bool,
}

impl Clerk {
    pub(super) fn new(
        connection: Connection,
        path: PathBuf,
        began: RowId,
        room: Option<i64>,
        events: Sender<Event>,
    ) -> Self {
        Self {
            connection,
            path,
            began,
            room,
            events,
            session: None,
            observed: None,
            look_at: None,
            looks: 0,
            external: Vec::new(),
            pending: VecDeque::new(),
            bytes: 0,
            failed: None,
            lost: None,
        }
    }

    /// The same, which says what other programs store, too.
    pub(super) fn observing(self, start: Start, written: Written) -> Self {
        Self { observed: Some((Observed::new(start), written)), look_at: Some(clock()), ..self }
    }

    /// Until nobody asks for anything any more. Why something is not on disk then, if something is not.
    pub(super) fn run(mut self, orders: &Receiver<Order>) -> Option<Fault> {
        loop {
            let again = (!self.pending.is_empty()).then_some(AGAIN);
            let look = self.look_at.map(|at| at.saturating_duration_since(clock()));
            let first = match again.into_iter().chain(look).min() {
                None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(wait) => orders.recv_timeout(wait),
            };
            let reads = match first {
                Ok(first) => {
                    let orders = [first].into_iter().chain(orders.try_iter()).take(BATCH);
                    self.take(orders.filter_map(Order::request))
                }
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            self.write();
            self.look();
            self.read(&reads);
        }
        self.write();
        if self.session.take().is_some_and(|mut ended| ended.try_recv().is_ok()) {
            // Where the disk does not take it, the next program is more careful than it needs to be.
            let _ = session::end(&self.connection);
        }
        self.failed.or(self.lost)
    }

    /// Says what other programs stored, if it is time for that.
    fn look(&mut self) {
        let Some((observed, written)) = &mut self.observed else { return };
        if written.take() {
            let soon = clock() + LOOK_AFTER[0];
            self.look_at = Some(self.look_at.map_or(soon, |at| at.min(soon)));
            self.looks = 1;
        }
        if self.look_at.is_none_or(|at| clock() < at) {
            return;
        }
        let looked = self.connection.unchecked_transaction().and_then(|snapshot| {
            let reading = Reading { connection: &snapshot, began: self.began };
            observed.look(reading)
        });
        // What cannot be read now can be read when the next one writes.
        self.external.extend(looked.ok().flatten());
        self.look_at = LOOK_AFTER.get(self.looks).map(|wait| clock() + *wait);
        self.looks += 1;
        self.say_external();
    }

    fn say_external(&mut self) {
        for changes in std::mem::take(&mut self.external) {
            self.say(StoreEvent::External(Box::new(changes)));
        }
    }

    /// Puts what is to be kept behind what is pending, and gives back what is to be read.
    fn take(&mut self, requests: impl Iterator<Item = StoreRequest>) -> Vec<StoreRequest> {
        let mut reads = Vec::new();
        for request in requests {
            if request.reads() {
                reads.push(request);
            } else {
                self.bytes += weight(&request);
                self.pending.push_back(Pending { request, told: false });
            }
        }
        reads
    }

    fn write(&mut self) {
        while !self.pending.is_empty() {
            let committed = self.commit();
            // Before what this program wrote behind it.
            self.say_external();
            match committed {
                Ok(saved) => {
                    self.failed = None;
                    if !saved.is_empty() {
                        self.say(StoreEvent::Saved(saved));
                    }
                }
                Err(error) => {
                    let fault = fault(&self.path, &error);
                    self.failed = Some(fault.clone());
                    self.say_unsaved(&fault);
                    self.give_up(&fault);
                    return;
                }
            }
        }
    }

    /// Puts the oldest of what is pending on disk, in one transaction.
    fn commit(&mut self) -> Result<Vec<Saved>> {
        let batch = self.pending.len().min(BATCH);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let reading = Reading { connection: &transaction, began: self.began };
        if let Some((observed, _)) = &mut self.observed {
            self.external.extend(observed.look(reading)?);
        }
        let mut saved = Vec::new();
        for pending in self.pending.iter().take(batch) {
            saved.extend(write::apply(&transaction, &pending.request)?);
        }
        let requests = self.pending.iter().take(batch).map(|pending| &pending.request);
        let own = self.observed.as_ref().map(|(observed, _)| observed.own(reading, requests)).transpose()?;
        transaction.commit()?;
        if let (Some((observed, _)), Some((own, merged))) = (&mut self.observed, own) {
            observed.settle(own);
            self.external.extend(merged);
        }
        let mut forgot = false;
        for done in self.pending.drain(..batch) {
            self.bytes -= weight(&done.request);
            forgot |= matches!(done.request, StoreRequest::Forget(_));
        }
        if forgot {
            // Nor is it left in the log. A program that reads just now keeps it there until the log is written anew.
            let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
        if let Some(room) = self.room {
            self.shed(room)?;
        }
        Ok(saved)
    }

    fn shed(&self, room: i64) -> Result<()> {
        let pages = |pragma: &str| self.connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
        if pages("PRAGMA page_count")? - pages("PRAGMA freelist_count")? > room {
            write::shed(&self.connection)?;
        }
        Ok(())
    }

    /// Says once of everything that it is not on disk.
    fn say_unsaved(&mut self, fault: &Fault) {
        let mut messages = Vec::new();
        let mut others = false;
        for pending in self.pending.iter_mut().filter(|pending| !pending.told) {
            pending.told = true;
            if let StoreRequest::Save(message) = &pending.request {
                messages.push((message.peer, message.id));
            } else {
                others = true;
            }
        }
        if !messages.is_empty() {
            self.say(StoreEvent::Unsaved(messages, fault.clone()));
        }
        if others {
            self.say(StoreEvent::Failed(fault.clone()));
        }
    }

    /// Drops the newest of what is pending where it is too much.
    fn give_up(&mut self, fault: &Fault) {
        while self.pending.len() > PENDING || self.bytes > PENDING_BYTES {
            let Some(dropped) = self.pending.pop_back() else { break };
            self.bytes -= weight(&dropped.request);
            self.lost = Some(fault.clone());
        }
    }

    fn read(&self, requests: &[StoreRequest]) {
        let reading = Reading { connection: &self.connection, began: self.began };
        for (nth, request) in requests.iter().enumerate() {
            let overtaken = matches!(request, StoreRequest::Find { .. })
                && requests[nth + 1..].iter().any(|later| matches!(later, StoreRequest::Find { .. }));
            if !overtaken {
                self.answer(reading, request);
            }
        }
    }

    fn answer(&self, reading: Reading<'_>, request: &StoreRequest) {
        let (request, answer) = match request {
            StoreRequest::Page { request, peer, part } => {
                (*request, reading.page(*peer, *part).map(|page| StoreEvent::Page(*request, page)))
            }
            StoreRequest::Find { request, peer, text, before } => {
                let found = reading.find(*peer, text, *before);
                (*request, found.map(|found| StoreEvent::Found(*request, found)))
            }
            StoreRequest::Details { request, row } => {
                let details = reading.details(*row);
                (*request, details.map(|details| StoreEvent::Details(*request, Box::new(details))))
            }
            StoreRequest::Outbox { request, peer } => {
                let waiting = reading.outbox(*peer);
                (*request, waiting.map(|waiting| StoreEvent::Outbox(*request, waiting)))
            }
            StoreRequest::Save(_)
            | StoreRequest::Update { .. }
            | StoreRequest::Contact { .. }
            | StoreRequest::Forget(_)
            | StoreRequest::Recent(_)
            | StoreRequest::Draft { .. }
            | StoreRequest::Queue(_)
            | StoreRequest::Partial(_)
            | StoreRequest::DropPartial { .. } => return,
        };
        let unreadable = |error| StoreEvent::Unreadable(request, fault(&self.path, &error));
        self.say(answer.unwrap_or_else(unreadable));
    }

    fn say(&self, event: StoreEvent) {
        // At the end of the program there is nobody left to tell.
        let _ = self.events.blocking_send(Event::Store(event));
    }
}

/// About how many bytes of memory it takes while it waits.
fn weight(request: &StoreRequest) -> usize {
    let more = if let StoreRequest::Save(message) = request {
        message.bytes.0.len()
    } else if let StoreRequest::Contact { changes, .. } = request {
        let text = |change: &ContactChange| match change {
            ContactChange::Draft { before, text } => before.len() + text.len(),
            ContactChange::Name(..)
            | ContactChange::Invited(_)
            | ContactChange::Pinned(_)
            | ContactChange::Muted(_)
            | ContactChange::Blocked(_)
            | ContactChange::SilentBell(_)
            | ContactChange::SilentDesktop(_)
            | ContactChange::SilentTitle(_)
            | ContactChange::Read(_) => size_of::<ContactChange>(),
        };
        changes.iter().map(text).sum()
    } else if let StoreRequest::Draft { before, text } = request {
        before.len() + text.len()
    } else if let StoreRequest::Queue(changes) = request {
        changes.len() * size_of::<(u64, Option<KeptItem>)>()
    } else {
        0
    };
    size_of::<Pending>() + more
}

#[expect(clippy::disallowed_methods, reason = "this thread waits by itself")]
fn clock() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;
    use tokio::sync::mpsc::channel;

    use super::super::schema;
    use super::*;
    use crate::effect::{NewMessage, PAGE, Part};
    use crate::event::{Delivery, MessageId};
    use crate::wire::Raw;
    use crate::wire::peer::Peer;

    #[test]
    fn where_there_is_no_more_room_the_oldest_messages_go() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection, schema::STEPS).unwrap();
        let (events, _said) = channel(1000);
        let mut clerk = Clerk::new(connection, PathBuf::new(), RowId(0), Some(100), events);
        let peer = Peer::Broadcast(1);
        for id in 1..=200 {
            let message = NewMessage {
                id: MessageId(id),
                peer,
                at: Timestamp::UNIX_EPOCH,
                delivery: Delivery::Received,
                bytes: Raw(Bytes::from("3000 of these ".repeat(214))),
                broadcast: false,
            };
            let reads = clerk.take([StoreRequest::Save(Box::new(message))].into_iter());
            assert!(reads.is_empty());
            clerk.write();
        }
        let reading = Reading { connection: &clerk.connection, began: RowId(0) };
        let kept: Vec<u64> = reading
            .page(peer, Part::Before(u64::MAX))
            .unwrap()
            .messages
            .iter()
            .map(|message| message.nth)
            .collect();
        assert!((10..100).contains(&kept.len()) && kept.len() < PAGE, "{}", kept.len());
        assert_eq!(kept, (201 - kept.len() as u64..=200).collect::<Vec<_>>());
        assert_eq!(reading.find(None, "these", None).unwrap().total, kept.len());
    }
}
