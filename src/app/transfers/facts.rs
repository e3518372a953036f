//! What there is to say of one download, piece by piece, in the order in which it is said. Knows no words.

use std::path::Path;

use super::acting::place_of;
use crate::app::queue::{End, Failure, Item, ItemState, Queue, Renamed, Running};
use crate::event::{Anew, Fault, Finished, Proof, Sameness};
use crate::text::Clean;

/// What the state of a download leaves to be said, or which key helps.
#[derive(Debug, Clone, Copy)]
pub enum Note<'a> {
    /// A key answers what is asked about one of its files.
    Answer,
    /// This says what its content has to be, and could not be compared: why.
    Unread(&'a Clean, &'a Fault),
    /// Why it failed.
    Failed(&'a Fault),
    /// What its content was compared with.
    Proofs(&'a [Proof]),
    /// A key shows what failed in the folder.
    Details,
    /// Keys open it, and show where it is.
    Open,
    /// A key tries it again.
    Retry,
    /// Where that is which is there already.
    There(&'a Path),
    /// What the server calls that for which it wants to know who asks.
    Realm(&'a Clean),
    /// The program crashed while it was under way.
    Crashed,
    /// A key goes on with it.
    Resume,
    /// Why it starts over.
    Anew(Anew),
    /// What is called otherwise here than on the server.
    Renamed(&'a Renamed),
    /// From which of its bytes on it goes on.
    Resumed(u64),
    /// It went on without certainty that all of it is of one version: what was compared.
    Uncertain(Sameness),
    /// Where it is to be.
    Into,
}

/// One thing that is known of a download: it is scrolled past as one.
#[derive(Debug, Clone, Copy)]
pub enum Fact<'a> {
    /// What it is called on the server.
    Name,
    /// Where it comes from.
    From,
    /// Where it is to be.
    Into,
    /// What its state leaves to be said.
    Note(Note<'a>),
    /// How many files of the folder are here, and how many are under way.
    Files,
    /// What is under way.
    Running(&'a Running),
    /// Something that is called otherwise here than on the server, and how.
    NameHere(&'a Clean, &'a Clean),
    /// How many failed; those that are known follow.
    Failures,
    /// What failed in the folder, and why.
    Failure(&'a Failure),
}

/// What there is to say below its row, the most urgent first.
#[must_use]
pub fn notes<'a>(item: &'a Item, queue: &Queue) -> Vec<Note<'a>> {
    let mut notes = Vec::new();
    // Where nothing else is to be said of it, its row says so already.
    let is_said = matches!(item.state(), ItemState::Conflict(_));
    if !is_said && queue.question_of(item.id).is_some() {
        notes.push(Note::Answer);
    }
    match item.state() {
        ItemState::Ended(end) => {
            if matches!(end, End::Finished(_) | End::Kept { .. } | End::Partly) {
                notes.extend(item.unread().iter().map(|(sums, fault)| Note::Unread(sums, fault)));
            }
            match end {
                End::Failed(fault) => notes.push(Note::Failed(fault)),
                End::Finished(Finished { proofs, .. }) if !proofs.is_empty() => {
                    notes.push(Note::Proofs(proofs));
                }
                End::Finished(_) if item.sameness() != Sameness::Certain => {
                    notes.push(Note::Uncertain(item.sameness()));
                }
                End::Partly => notes.push(Note::Details),
                End::Finished(_) | End::Kept { .. } | End::Empty | End::Cancelled => {}
            }
            if !item.renamed().names.is_empty() {
                notes.push(Note::Renamed(item.renamed()));
            }
            if place_of(item).is_some() {
                notes.push(Note::Open);
            }
            if matches!(end, End::Failed(_) | End::Partly | End::Cancelled | End::Empty) {
                notes.push(Note::Retry);
            }
        }
        ItemState::Conflict(clash) => notes.push(Note::There(&clash.path)),
        ItemState::Unauthorized(_, realm) => notes.push(Note::Realm(realm)),
        ItemState::Paused | ItemState::Crashed => notes.extend([Note::Resume, Note::Into]),
        ItemState::Waiting | ItemState::Listing | ItemState::Running(_) => {
            if let Some(anew) = item.anew() {
                notes.push(Note::Anew(anew));
            } else if let Some(from) = item.resumed().filter(|_| !item.is_folder()) {
                notes.push(Note::Resumed(from));
            }
            if item.sameness() != Sameness::Certain && !item.is_folder() {
                notes.push(Note::Uncertain(item.sameness()));
            }
            notes.push(Note::Into);
        }
    }
    notes
}

/// All that is known of it.
#[must_use]
pub fn facts<'a>(item: &'a Item, queue: &Queue) -> Vec<Fact<'a>> {
    let mut facts = vec![Fact::Name];
    // Its row says so, as far as it has room for that.
    facts.extend((item.state() == ItemState::Crashed).then_some(Fact::Note(Note::Crashed)));
    facts.extend([Fact::From, Fact::Into]);
    let notes = notes(item, queue).into_iter().filter(|note| !matches!(note, Note::Into));
    facts.extend(notes.map(Fact::Note));
    if item.is_folder() {
        facts.push(Fact::Files);
    }
    facts.extend(item.running().map(Fact::Running));
    if item.is_folder() {
        facts.extend(item.renamed().names.iter().map(|(name, here)| Fact::NameHere(name, here)));
    }
    if !item.failures().is_empty() {
        facts.push(Fact::Failures);
    }
    facts.extend(item.failures().iter().map(Fact::Failure));
    facts
}
