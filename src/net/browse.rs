//! What a server has: asks for folders' lists, and for the addresses of names. Owns the tasks that wait for answers;
//! must never read a file as if it was a list.

use std::collections::HashMap;

use bytes::BytesMut;
use hyper::{HeaderMap, StatusCode, header};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::http::{Answer, Client, Question};
use super::resolve;
use crate::event::{BrowseEvent, Event, Fault, Listing, RequestId, WalkEvent};
use crate::wire::address::Endpoint;
use crate::wire::listing::{self, ENTRY_LIMIT, ListingError};
use crate::wire::source::{Scheme, Source};

mod walk;

pub use walk::walk;

/// The most bytes of a list: 335 for each of [`ENTRY_LIMIT`] entries, which is enough for names of 100 bytes.
const LIST_LIMIT: u64 = 64 * 1024 * 1024;
/// Questions that may wait for an answer at the same time.
const IN_FLIGHT: usize = 32;

/// What there is at a source.
#[derive(Debug)]
pub enum Browsed {
    /// A folder, and what it holds.
    Listed(Listing),
    /// A plain server: it has no lists.
    Plain,
}

/// Asks a server for the list of a folder. Dropping the future ends it.
pub async fn browse(source: &Source, client: &Client) -> Result<Browsed, Fault> {
    if source.scheme == Scheme::Plain {
        return Ok(Browsed::Plain);
    }
    match client.ask(source, &Question::get("application/json")).await? {
        None => Ok(Browsed::Plain),
        Some(answer) if answer.status == StatusCode::OK => read(answer).await.map(Browsed::Listed),
        Some(answer) => Err(answer.refusal().await),
    }
}

async fn read(mut answer: Answer) -> Result<Listing, Fault> {
    let is_folder = answer.source.path.is_folder();
    let other = if is_folder { Fault::NoListing } else { Fault::IsFile };
    if !is_json(&answer.headers) {
        return Err(other);
    }
    let too_large = Fault::TooLarge { limit: LIST_LIMIT };
    if answer.body.announced().is_some_and(|bytes| bytes > LIST_LIMIT) {
        return Err(too_large);
    }
    let mut json = BytesMut::new();
    while let Some(bytes) = answer.body.next().await? {
        if (json.len() + bytes.len()) as u64 > LIST_LIMIT {
            return Err(too_large);
        }
        json.extend_from_slice(&bytes);
    }
    // A long list takes longer to read than the other tasks of this thread should wait.
    let entries = tokio::task::spawn_blocking(move || listing::parse_json(&json)).await;
    let entries = match entries {
        Ok(Err(ListingError::TooMany)) => return Err(Fault::TooMany { limit: ENTRY_LIMIT }),
        // JSON under a file's name that lists nothing is some other JSON.
        Ok(Ok(entries)) if is_folder || !entries.is_empty() => entries,
        Ok(_) | Err(_) => return Err(other),
    };
    let source = answer.source.at(answer.source.path.folder());
    Ok(Listing { source, entries })
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
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

/// Answers commands until there can be no more. A question too many is answered with [`Fault::Busy`].
pub async fn run(mut commands: mpsc::Receiver<BrowseCommand>, events: mpsc::Sender<Event>, client: Client) {
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
            Some(BrowseCommand::Walk { request, source }) => {
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
                        walk(&source, &client, report).await;
                    }
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
