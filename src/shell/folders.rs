//! The worker that looks for folders on this machine among which the user chooses one. Telling it never waits.
//!
//! It opens no file, and nothing becomes of what it finds but what is shown. A question makes the one before it worthless.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use crate::app::bar::behind;
use crate::config::expand_home;
use crate::event::{Event, FolderName, Folders, RequestId, ShareFault, system_words};
use crate::text::clean_line;
use crate::text::natural;

/// Questions that may be waiting.
const QUESTIONS: usize = 16;
/// Folders that are read at the same time: disks that do not answer hold no more threads than these.
const READERS: usize = 4;
/// Folders that are told of one folder; others are counted.
pub const NAMES: usize = 10_000;

/// The worker that looks for folders.
#[derive(Debug)]
pub struct FolderWorker {
    questions: Sender<Question>,
}

/// In which folder to look, and how those begin that are looked for.
#[derive(Debug)]
struct Question {
    request: RequestId,
    folder: PathBuf,
    beginning: String,
}

type Answer = Result<Folders, ShareFault>;

impl FolderWorker {
    /// Starts it; what it finds goes through `events`.
    #[must_use]
    pub fn start(events: &Sender<Event>) -> Self {
        let (questions, queue) = channel(QUESTIONS);
        tokio::spawn(work(queue, events.clone()));
        Self { questions }
    }

    /// Asks it for the folders in this one (`~` is the user's own) that begin so, however they are capitalised. What it
    /// has no room for comes back.
    #[must_use]
    pub fn find(&self, request: RequestId, folder: PathBuf, beginning: String) -> Option<Event> {
        let told = self.questions.try_send(Question { request, folder, beginning });
        told.err().map(|_| Event::FoldersFound(request, Err(ShareFault::Busy)))
    }
}

/// Answers the latest question; there is no answer to one that another came after.
async fn work(mut questions: Receiver<Question>, events: Sender<Event>) {
    let readers = Arc::new(Semaphore::new(READERS));
    let mut next = questions.recv().await;
    while let Some(question) = next {
        let request = question.request;
        next = tokio::select! {
            biased;
            later = questions.recv() => later,
            found = answer(question, &readers) => {
                // Where nobody listens any more, the program ends.
                let _ = events.send(Event::FoldersFound(request, found)).await;
                questions.recv().await
            }
        };
    }
}

/// Reads the folder where a disk may take its time. Whoever drops this waits no more, and the reading ends soon.
async fn answer(question: Question, readers: &Arc<Semaphore>) -> Answer {
    let Question { request: _, folder, beginning } = question;
    let reader = Arc::clone(readers).acquire_owned().await;
    let (answer, answered) = oneshot::channel();
    spawn_blocking(move || {
        let found = read(&expand_home(&folder), &beginning, &answer);
        drop(reader);
        let _ = answer.send(found);
    });
    answered.await.unwrap_or(Err(ShareFault::Busy))
}

/// The folders in a folder that begin so, as far as anybody waits for the answer.
fn read(folder: &Path, beginning: &str, answer: &oneshot::Sender<Answer>) -> Answer {
    let fault =
        |error: io::Error| ShareFault::Folder { path: folder.to_owned(), reason: system_words(&error) };
    let mut found = Folders::default();
    for entry in folder.read_dir().map_err(fault)? {
        if answer.is_closed() {
            break;
        }
        let entry = entry.map_err(fault)?;
        // What is not UTF-8, or has control characters, cannot be typed.
        let name = entry.file_name().into_string().ok().filter(|name| !name.contains(char::is_control));
        let Some(name) = name.filter(|name| is_meant(name, beginning)) else { continue };
        let is_folder = match entry.file_type() {
            Ok(kind) if kind.is_symlink() => entry.path().is_dir(),
            Ok(kind) => kind.is_dir(),
            Err(_) => false,
        };
        if !is_folder {
            continue;
        }
        if found.names.len() < NAMES {
            found.names.push(FolderName { shown: clean_line(name.as_bytes()), name });
        } else {
            found.more += 1;
        }
    }
    found.names.sort_by(|one, other| natural::compare(&one.name, &other.name));
    Ok(found)
}

/// Whether somebody who types this may mean that name. Hidden folders are those of whom the dot is typed.
fn is_meant(name: &str, beginning: &str) -> bool {
    behind(name, beginning).is_some() && name.starts_with('.') == beginning.starts_with('.')
}
