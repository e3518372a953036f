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
use crate::wire::listing::{self, ENTRY_LIMIT, Form, List, ListingError, Reading};
use crate::wire::source::{Path, Scheme, Source};

mod fill;
mod preview;
mod walk;

pub use fill::fill;
pub use preview::preview;
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
///
/// A server that has its list somewhere else than at the folder's own path is asked twice, never more often.
pub async fn browse(source: &Source, client: &Client) -> Result<Browsed, Fault> {
    if source.scheme == Scheme::Plain {
        return Ok(Browsed::Plain);
    }
    let Some((folder, reading)) = ask(source, client).await? else { return Ok(Browsed::Plain) };
    let query = match reading {
        Reading::List(list) => return Ok(listed(folder, list)),
        Reading::Elsewhere(query) => query,
    };
    let there = folder.at(Path::from_url(&format!("{}?{query}", folder.path.encoded())));
    match ask(&there, client).await? {
        Some((folder, Reading::List(list))) => Ok(listed(folder, list)),
        Some((_, Reading::Elsewhere(_))) | None => Err(Fault::NoListing),
    }
}

fn listed(source: Source, List { entries, is_cut }: List) -> Browsed {
    Browsed::Listed(Listing { source, entries, is_cut })
}

/// What the server answered, and the folder that it is about; none from a plain server.
async fn ask(source: &Source, client: &Client) -> Result<Option<(Source, Reading)>, Fault> {
    let Some(answer) = client.ask(source, &Question::get(listing::ACCEPT)).await? else { return Ok(None) };
    if answer.status != StatusCode::OK {
        return Err(answer.refusal().await);
    }
    let folder = answer.source.at(answer.source.path.folder());
    let reading = read(answer).await?;
    Ok(Some((folder, reading)))
}

async fn read(mut answer: Answer) -> Result<Reading, Fault> {
    let page = answer.source;
    let other = if page.path.is_folder() { Fault::NoListing } else { Fault::IsFile };
    let media_type = answer.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let Some(form) = media_type.and_then(Form::of) else { return Err(other) };
    if is_encoded(&answer.headers) {
        return Err(Fault::Encoded);
    }
    let too_large = Fault::TooLarge { limit: LIST_LIMIT };
    if answer.body.announced().is_some_and(|bytes| bytes > LIST_LIMIT) {
        return Err(too_large);
    }
    let mut content = BytesMut::new();
    while let Some(bytes) = answer.body.next().await? {
        if (content.len() + bytes.len()) as u64 > LIST_LIMIT {
            return Err(too_large);
        }
        content.extend_from_slice(&bytes);
    }
    // A long list takes longer to read than the other tasks of this thread should wait.
    match tokio::task::spawn_blocking(move || listing::read(&page, form, &content)).await {
        Ok(Ok(reading)) => Ok(reading),
        Ok(Err(ListingError::TooMany)) => Err(Fault::TooMany { limit: ENTRY_LIMIT }),
        Ok(Err(ListingError::NoList)) | Err(_) => Err(other),
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
                let task = async move {
                    let answer = if busy { Err(Fault::Busy) } else { preview(&source, &client).await };
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
