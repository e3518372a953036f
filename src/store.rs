//! What is kept from one run to the next: messages, peers, and what was used lately, in one SQLite file in the data
//! directory. Owns the file and the threads that read and write it; must never write to a file that it could not read,
//! nor say that something is kept before it is.
//!
//! Two threads with a connection each: a page is read while another thread waits for the disk. Where the file cannot
//! be used, a store in memory answers in its place, and it is said why.

use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use std::{io, thread};

use rusqlite::{Error, ErrorCode};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::effect::{Memory, StoreRequest};
use crate::event::{Event, Fault, StoreEvent};
use crate::text::clean_line;

mod claim;
mod clerk;
mod external;
mod history;
mod known;
mod open;
mod read;
mod recent;
mod schema;
mod session;
mod state;
mod transfers;
mod watch;
mod write;

use claim::Claim;
use clerk::{Clerk, Order};
pub use history::{History, Wanted};
use watch::{Watch, Written};

/// Requests that may wait for a thread: more than all peers together can have the chat keep at once.
const QUEUE: usize = 8192;
/// What a store in memory may take, in pages of 4,096 bytes.
const PAGES_IN_MEMORY: i64 = 4096;
/// How long the end of the program waits for the disk.
const PATIENCE: Duration = Duration::from_secs(3);

/// A store that can be started, and what is in it.
#[derive(Debug)]
pub struct Opened {
    /// What is known from earlier runs.
    pub memory: Memory,
    /// Why nothing is kept from now on; none where everything is. What is in the file may be known all the same.
    pub fault: Option<Fault>,
    place: open::Place,
}

/// Opens the store in this folder, which is made where it is missing. Where the file cannot be used ([`Opened::fault`]),
/// it is left as it is, and a store in memory stands in for it that ends with the program. Of the queue of downloads
/// nothing is known, and nothing is kept.
///
/// # Errors
///
/// There is no memory for that.
pub fn open(dir: &Path) -> Result<Opened, Fault> {
    open::open(dir, |_| None).map(Opened::new)
}

/// The same for a program that goes on with the queue of downloads: it is that program's alone until the store ends.
/// Where another one that runs has it ([`Opened::owns_queue`]), nothing of it is known, and nothing is kept.
///
/// # Errors
///
/// There is no memory for that.
pub fn open_with_queue(dir: &Path) -> Result<Opened, Fault> {
    open::open(dir, Claim::take).map(Opened::new)
}

impl Opened {
    fn new(mut place: open::Place) -> Self {
        Self { memory: std::mem::take(&mut place.memory), fault: place.fault.take(), place }
    }

    /// Whether the queue of downloads is this program's.
    #[must_use]
    pub fn owns_queue(&self) -> bool {
        self.place.queue.is_some()
    }

    /// Whether what is put into it ends with the program.
    #[must_use]
    pub fn is_in_memory(&self) -> bool {
        self.place.reader.is_none()
    }

    /// Starts its threads. What they have to say goes through `events`.
    pub fn start(self, events: mpsc::Sender<Event>) -> io::Result<Store> {
        self.start_threads(events, false)
    }

    /// The same, and what other programs store in the same file is said, too ([`StoreEvent::External`]). Nothing wakes up
    /// for that while no program writes.
    pub fn start_observing(self, events: mpsc::Sender<Event>) -> io::Result<Store> {
        self.start_threads(events, true)
    }

    fn start_threads(self, events: mpsc::Sender<Event>, observing: bool) -> io::Result<Store> {
        let open::Place { path, writer, reader, newest, queue, external, .. } = self.place;
        let room = if reader.is_none() { Some(PAGES_IN_MEMORY) } else { None };
        let reads = reader
            .map(|reader| start(Clerk::new(reader, path.clone(), newest, None, events.clone())))
            .transpose()?;
        let mut session = None;
        let mut clerk = Clerk::new(writer, path.clone(), newest, room, events);
        if queue.is_some() {
            // Where the disk does not take it, it takes nothing of the queue either.
            let _ = session::begin(&clerk.connection);
            let (end, ended) = oneshot::channel();
            (session, clerk.session) = (Some(end), Some(ended));
        }
        let Some(external) = external.filter(|_| observing) else {
            return Ok(Store { watch: None, writes: start(clerk)?, reads, queue, session });
        };
        let written = Written::default();
        let writes = start(clerk.observing(external, written.clone()))?;
        let orders = writes.orders.clone();
        // Where too much waits already, it is looked at after that.
        let watch = Watch::start(&path, written, move || drop(orders.try_send(Order::Look)));
        Ok(Store { watch, writes, reads, queue, session })
    }
}

/// A thread.
#[derive(Debug)]
struct Way {
    orders: SyncSender<Order>,
    ended: oneshot::Receiver<Option<Fault>>,
}

fn start(clerk: Clerk) -> io::Result<Way> {
    let (orders, waiting) = sync_channel(QUEUE);
    let (end, ended) = oneshot::channel();
    // Not a thread of the runtime's, which would wait for a disk that hangs.
    thread::Builder::new().name("store".to_owned()).spawn(move || {
        // Nobody listens where the program did not wait for the end.
        let _ = end.send(clerk.run(&waiting));
    })?;
    Ok(Way { orders, ended })
}

/// A store at work.
#[derive(Debug)]
pub struct Store {
    /// None where nobody wants to know what other programs store. It must end before the thread that it wakes.
    watch: Option<Watch>,
    writes: Way,
    /// None where one thread does both.
    reads: Option<Way>,
    /// None where the queue of downloads is not this program's.
    queue: Option<Claim>,
    /// Says that the program which owns the queue came to its end in order.
    session: Option<oneshot::Sender<()>>,
}

impl Store {
    /// The program panicked: what is under way does not go on by itself in the next one. Still to be ended.
    pub fn crashed(&mut self) {
        self.session = None;
    }

    /// Asks for this. Never waits: where too much waits for the disk already, what comes back says that it was not taken
    /// ([`Fault::Busy`]). Nobody tries it again then. A queue of downloads that is not this program's is left as it is.
    #[must_use]
    pub fn tell(&self, request: StoreRequest) -> Option<Event> {
        let refused = match self.hand_over(request)? {
            StoreRequest::Save(message) => StoreEvent::Unsaved(vec![(message.peer, message.id)], Fault::Busy),
            StoreRequest::Update { .. }
            | StoreRequest::Contact { .. }
            | StoreRequest::Forget(_)
            | StoreRequest::Recent(_)
            | StoreRequest::Draft { .. }
            | StoreRequest::Queue(_)
            | StoreRequest::Partial(_)
            | StoreRequest::DropPartial { .. } => StoreEvent::Failed(Fault::Busy),
            StoreRequest::Page { request, .. }
            | StoreRequest::Find { request, .. }
            | StoreRequest::Details { request, .. }
            | StoreRequest::Outbox { request, .. } => StoreEvent::Unreadable(request, Fault::Busy),
        };
        Some(Event::Store(refused))
    }

    /// The same for who tries it again: what was not taken comes back as it is.
    #[must_use]
    pub fn hand_over(&self, request: StoreRequest) -> Option<StoreRequest> {
        if matches!(request, StoreRequest::Queue(_)) && self.queue.is_none() {
            return None;
        }
        let way = self.reads.as_ref().filter(|_| request.reads()).unwrap_or(&self.writes);
        match way.orders.try_send(Order::Do(request)) {
            Err(TrySendError::Full(order) | TrySendError::Disconnected(order)) => order.request(),
            Ok(()) => None,
        }
    }

    /// Waits until all that was taken is on disk, but no longer than three seconds.
    ///
    /// # Errors
    ///
    /// Something is not, and why; [`Fault::Busy`] where the time is up.
    pub async fn end(self) -> Result<(), Fault> {
        // The next program that has the queue finds all that was taken of it.
        let Self { watch, writes, reads, queue: _queue, session } = self;
        drop(watch);
        // It hears of it when it has written all.
        let _ = session.map(|session| session.send(()));
        let ends = async {
            for Way { orders, ended } in reads.into_iter().chain([writes]) {
                drop(orders);
                if let Some(fault) = ended.await.unwrap_or(Some(Fault::Busy)) {
                    return Err(fault);
                }
            }
            Ok(())
        };
        timeout(PATIENCE, ends).await.unwrap_or(Err(Fault::Busy))
    }
}

/// The reason behind an error of SQLite's, with the file at `path`.
#[expect(clippy::wildcard_enum_match_arm, reason = "it says itself what it is")]
fn fault(path: &Path, error: &Error) -> Fault {
    let said = match error {
        Error::SqliteFailure(_, Some(said)) | Error::SqlInputError { msg: said, .. } => said.clone(),
        error => error.to_string(),
    };
    let said = clean_line(said.as_bytes());
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Fault::DiskFull,
        // What is no error of the system's is that something in the file makes no sense.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) => {
            Fault::Damaged(path.to_path_buf(), said)
        }
        None if *error != Error::QueryReturnedNoRows => Fault::Damaged(path.to_path_buf(), said),
        Some(_) | None => Fault::Disk(said),
    }
}
