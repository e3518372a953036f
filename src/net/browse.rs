//! What a server has: asks for folders' lists, and for the addresses of names. Owns the tasks that wait for answers;
//! must never read a file as if it was a list.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::{HeaderMap, StatusCode, header};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet, spawn_blocking};

use super::http::{Answer, Client, Question};
use super::resolve;
use crate::event::{BrowseEvent, Event, Fault, Listing, RequestId, WalkEvent};
use crate::wire::address::Endpoint;
use crate::wire::listing::{
    self, ENTRY_LIMIT, Entry, Form, Kind, List, ListingError, NAMES_LIMIT, Reading, TOTAL, Take,
};
use crate::wire::source::{Path, Scheme, Source};

mod body_reader;
mod fill;
mod kinds;
mod preview;
mod same;
mod walk;

use body_reader::BodyReader;
use same::Same;

pub use fill::{fill, measure};
pub use preview::{Highlighting, content, preview};
pub use walk::walk;

/// The most bytes of a list that are none of its entries', and what belongs to an entry: a name of 255 bytes, each written
/// as six, twice. They are not kept in memory.
const LIST_LIMIT: u64 = 64 << 20;
const ENTRY_BYTES: u64 = 4096;
/// Pieces of a list that may wait to be read. What a connection gives at a time is at most some 400 kB.
const PIECES: usize = 8;
/// Questions that may wait for an answer at the same time.
const IN_FLIGHT: usize = 32;
/// Texts that may be highlighted at the same time.
const HIGHLIGHTED: usize = 2;

/// What there is at a source.
#[derive(Debug)]
pub enum Browsed {
    /// A folder, and what it holds.
    Listed(Listing),
    /// A plain server: it has no lists.
    Plain,
}

/// Asks a server for the list of a folder. Dropping the future ends it.
///
/// A server that has its list somewhere else than at the folder's own path, or in a form that is not known, is asked
/// again for each of these reasons, once.
pub async fn browse(source: &Source, client: &Client) -> Result<Browsed, Fault> {
    let (listed, mut entries) = stream(source, client, Vec::new()).await?;
    let Some(Listed { source, list }) = listed else { return Ok(Browsed::Plain) };
    for entry in &mut entries {
        entry.may_be_folder = !list.marks_folders && entry.kind == Kind::File;
    }
    Ok(Browsed::Listed(Listing { source, entries, is_cut: list.is_cut }))
}

/// A folder whose list came to its end.
#[derive(Debug)]
pub struct Listed {
    /// Where it is, after probing and redirects.
    pub source: Source,
    /// What is known of its list.
    pub list: List,
}

/// The same, but each entry goes to `taker` as it comes, on a thread that may be kept waiting; that is given back. None
/// from a plain server. Where it fails some may have come.
pub async fn stream<T: Take + Send + 'static>(
    source: &Source,
    client: &Client,
    taker: T,
) -> Result<(Option<Listed>, T), Fault> {
    if source.scheme == Scheme::Plain {
        return Ok((None, taker));
    }
    let (asked, taker) = ask(source, client, taker).await?;
    let Some((folder, reading)) = asked else { return Ok((None, taker)) };
    match reading {
        Reading::List(list) => Ok((Some(Listed { source: folder, list }), taker)),
        Reading::Elsewhere(query) => {
            let there = folder.at(Path::from_url(&format!("{}?{query}", folder.path.encoded())));
            match ask(&there, client, taker).await? {
                (Some((source, Reading::List(list))), taker) => Ok((Some(Listed { source, list }), taker)),
                (Some((_, Reading::Elsewhere(_) | Reading::Maybe(_))) | None, _) => Err(Fault::NoListing),
            }
        }
        Reading::Maybe(names) => match ask(&folder, client, Same::new(names, taker)).await {
            Ok((Some((source, Reading::List(list))), same)) if same.is_same() => {
                Ok((Some(Listed { source, list }), same.taker))
            }
            // A page, and a folder of its name beside it.
            Ok(_) | Err(Fault::NoListing | Fault::Status(400..=499)) => Err(Fault::IsFile),
            Err(fault) => Err(fault),
        },
    }
}

/// What the server answered, and the folder that it is about; none from a plain server.
async fn ask<T: Take + Send + 'static>(
    source: &Source,
    client: &Client,
    taker: T,
) -> Result<(Option<(Source, Reading)>, T), Fault> {
    let Some(answer) = client.ask(source, &Question::get(listing::ACCEPT)).await? else {
        return Ok((None, taker));
    };
    let taker = match (answer.status, form(&answer)) {
        (StatusCode::NOT_ACCEPTABLE, _) => {
            answer.body.skip().await;
            taker
        }
        (_, Some(Form::Json)) => match take(answer, taker).await? {
            (Ok(found), taker) => return Ok((Some(found), taker)),
            // Of other kinds of JSON nothing is read. The server may have a page for people, too.
            (Err(_), taker) => taker,
        },
        (_, _) => return found(take(answer, taker).await?),
    };
    match client.ask(source, &Question::get(listing::ACCEPT_PAGE)).await? {
        Some(answer) => found(take(answer, taker).await?),
        None => Ok((None, taker)),
    }
}

fn found<T>(
    (found, taker): (Result<(Source, Reading), Fault>, T),
) -> Result<(Option<(Source, Reading)>, T), Fault> {
    found.map(|found| (Some(found), taker))
}

/// Reads an answer. Where it is no list and nothing of it was handed on, the taker comes back with the fault.
async fn take<T: Take + Send + 'static>(
    answer: Answer,
    mut taker: T,
) -> Result<(Result<(Source, Reading), Fault>, T), Fault> {
    if !answer.is_whole() {
        return Err(answer.refusal().await);
    }
    let folder = answer.source.at(answer.source.path.folder());
    taker.begin(&folder);
    let (reading, taker) = read(answer, taker).await?;
    Ok((reading.map(|reading| (folder, reading)), taker))
}

fn form(answer: &Answer) -> Option<Form> {
    answer.text(&header::CONTENT_TYPE).and_then(Form::of)
}

async fn read<T: Take + Send + 'static>(
    mut answer: Answer,
    taker: T,
) -> Result<(Result<Reading, Fault>, T), Fault> {
    let total = answer.text(&TOTAL).and_then(|total| total.parse().ok());
    let form = form(&answer);
    let page = answer.source;
    let other = if page.path.is_folder() { Fault::NoListing } else { Fault::IsFile };
    let Some(form) = form else { return Ok((Err(other), taker)) };
    if is_encoded(&answer.headers) {
        return Err(Fault::Encoded);
    }
    let too_large = |limit| Fault::TooLarge { limit };
    let most = |entries: usize| LIST_LIMIT + ENTRY_BYTES * entries as u64;
    if answer.body.announced().is_some_and(|bytes| bytes > most(ENTRY_LIMIT)) {
        return Err(too_large(LIST_LIMIT));
    }
    let count = Arc::new(AtomicUsize::new(0));
    let mut counted = Counted { taker, count: Arc::clone(&count) };
    let (pieces, content) = mpsc::channel(PIECES);
    // A long list takes longer to read than the other tasks of this thread should wait.
    let reading = spawn_blocking(move || {
        (listing::read(&page, form, BodyReader::new(content), &mut counted), counted.taker)
    });
    let mut came = 0;
    loop {
        let bytes = answer.body.next().await?;
        came += bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
        if came > most(count.load(Ordering::Relaxed)) {
            return Err(too_large(LIST_LIMIT));
        }
        let is_end = bytes.is_none();
        let is_known = pieces.send(bytes).await.is_err();
        if is_end {
            break;
        }
        if is_known {
            // Its connection may serve the next question.
            answer.body.skip().await;
            break;
        }
    }
    match reading.await {
        Ok((Ok(Reading::List(list)), taker)) => {
            let is_cut = total.map_or(list.is_cut, |total: usize| list.entries < total);
            Ok((Ok(Reading::List(List { is_cut, ..list })), taker))
        }
        Ok((Ok(reading @ (Reading::Elsewhere(_) | Reading::Maybe(_))), taker)) => Ok((Ok(reading), taker)),
        Ok((Err(ListingError::Unwanted), _)) => Err(Fault::NobodyReads),
        Ok((Err(ListingError::TooMany), _)) => Err(Fault::TooMany { limit: ENTRY_LIMIT }),
        Ok((Err(ListingError::TooLarge), _)) => Err(too_large(NAMES_LIMIT as u64)),
        Ok((Err(ListingError::NoList), taker)) if count.load(Ordering::Relaxed) == 0 => {
            Ok((Err(other), taker))
        }
        Ok((Err(ListingError::NoList), _)) | Err(_) => Err(other),
    }
}

/// Counts what it hands on.
struct Counted<T> {
    taker: T,
    count: Arc<AtomicUsize>,
}

impl<T: Take> Take for Counted<T> {
    fn begin(&mut self, folder: &Source) {
        self.taker.begin(folder);
    }

    fn take(&mut self, entry: Entry) -> ControlFlow<()> {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.taker.take(entry)
    }

    fn end(&mut self) {
        self.taker.end();
    }
}

/// Whether the content is something else than what its media type says, to begin with.
fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// What the worker can be asked for.
#[derive(Debug)]
pub enum BrowseCommand {
    /// List a folder; answered with [`Event::Browse`].
    Browse {
        /// Comes back with the answer.
        request: RequestId,
        /// Which folder.
        source: Source,
    },
    /// List a folder and all that are in it; answered with [`Event::Walk`] until that has ended.
    Walk {
        /// Comes back with the answers.
        request: RequestId,
        /// Which folder.
        source: Source,
        /// The folders in it that are left to be listed, where the walk goes on; none where it begins.
        left: Vec<Source>,
    },
    /// Ask about files without having them sent; answered with [`Event::Filled`] for each.
    Fill {
        /// Comes back with the answers.
        request: RequestId,
        /// Which files.
        files: Vec<Source>,
    },
    /// Ask for the beginning of a file; answered with [`Event::Previewed`].
    Preview {
        /// Comes back with the answer.
        request: RequestId,
        /// Which file.
        source: Source,
    },
    /// Look a host's addresses up; answered with [`Event::Resolved`].
    Resolve {
        /// Comes back with the answer.
        request: RequestId,
        /// Whose.
        endpoint: Endpoint,
    },
    /// An answer to this is of no use any more: stop working on it.
    Forget(RequestId),
}

/// Answers commands until there can be no more. A question too many is answered with [`Fault::Busy`]. On a walk a list is
/// asked for again so many `retries` times.
pub async fn run(
    mut commands: mpsc::Receiver<BrowseCommand>,
    events: mpsc::Sender<Event>,
    client: Client,
    retries: u32,
) {
    let highlighting = Highlighting::at_most(HIGHLIGHTED);
    let mut tasks = JoinSet::new();
    let mut handles: HashMap<RequestId, AbortHandle> = HashMap::new();
    loop {
        let command = tokio::select! {
            command = commands.recv() => command,
            Some(ended) = tasks.join_next() => {
                // One that was aborted has been taken out already.
                if let Ok(request) = ended {
                    handles.remove(&request);
                }
                continue;
            }
        };
        let busy = tasks.len() >= IN_FLIGHT;
        let (events, client) = (events.clone(), client.clone());
        match command {
            None => return,
            Some(BrowseCommand::Forget(request)) => {
                if let Some(task) = handles.remove(&request) {
                    task.abort();
                }
            }
            Some(BrowseCommand::Browse { request, source }) => {
                let task = async move {
                    let answer = if busy { Err(Fault::Busy) } else { browse(&source, &client).await };
                    let event = match answer {
                        Ok(Browsed::Listed(listing)) => BrowseEvent::Listed(listing),
                        Ok(Browsed::Plain) => BrowseEvent::Plain,
                        Err(fault) => BrowseEvent::Failed(fault),
                    };
                    let _ = events.send(Event::Browse(request, event)).await;
                    request
                };
                handles.insert(request, tasks.spawn(task));
            }
            Some(BrowseCommand::Walk { request, source, left }) => {
                let task = async move {
                    let report = |event| {
                        let events = events.clone();
                        async move {
                            let _ = events.send(Event::Walk(request, event)).await;
                        }
                    };
                    if busy {
                        report(WalkEvent::Failed(Fault::Busy)).await;
                    } else {
                        walk(&source, left, &client, retries, report).await;
                    }
                    request
                };
                handles.insert(request, tasks.spawn(task));
            }
            // A screen that stays blank here and there does less harm than a question too many.
            Some(BrowseCommand::Fill { .. }) if busy => {}
            Some(BrowseCommand::Fill { request, files }) => {
                let task = async move {
                    let report = |nth, facts| {
                        let events = events.clone();
                        async move {
                            let _ = events.send(Event::Filled(request, nth, facts)).await;
                        }
                    };
                    fill(files, &client, report).await;
                    request
                };
                handles.insert(request, tasks.spawn(task));
            }
            Some(BrowseCommand::Preview { request, source }) => {
                let highlighting = highlighting.clone();
                let task = async move {
                    let answer =
                        if busy { Err(Fault::Busy) } else { preview(&source, &client, &highlighting).await };
                    let _ = events.send(Event::Previewed(request, answer.map(Box::new))).await;
                    request
                };
                handles.insert(request, tasks.spawn(task));
            }
            Some(BrowseCommand::Resolve { request, endpoint }) => {
                let task = async move {
                    let answer = if busy {
                        Err(Fault::Busy)
                    } else {
                        resolve::resolve(&endpoint, client.timeouts().resolve).await
                    };
                    let _ = events.send(Event::Resolved(request, answer)).await;
                    request
                };
                handles.insert(request, tasks.spawn(task));
            }
        }
    }
}
