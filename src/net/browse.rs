//! What a server has: asks for folders' lists, and for the addresses of names. Owns the tasks that wait for answers;
//! must never read a file as if it was a list.

use std::collections::HashMap;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::http::Client;
use super::resolve;
use crate::event::{BrowseEvent, Event, Fault, Listing, RequestId, Unlisted, WalkEvent};
use crate::wire::address::Endpoint;
use crate::wire::listing::Kind;
use crate::wire::source::Source;

mod body_reader;
mod breaker;
mod cycle;
mod decide;
mod fill;
mod kinds;
mod list;
mod preview;
mod same;
mod walk;

pub use fill::{fill, measure};
pub use list::{Listed, stream};
pub use preview::{Highlighting, content, preview};
pub use walk::walk;

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
    let unlisted = Unlisted { by_server: list.left_out, by_link: list.unnamed };
    Ok(Browsed::Listed(Listing { source, entries, is_cut: list.is_cut, unlisted }))
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
