//! Which entries of a list that marks no folders are folders: asks about each (HEAD, then the list itself where that may
//! be one). Must never ask for the content of a file that is no page.

use futures_util::{StreamExt, stream};
use hyper::{StatusCode, header};

use super::breaker::Breaker;
use super::list::is_no_list;
use super::{Browsed, browse};
use crate::event::{Fault, Listing};
use crate::net::http::{Client, Question};
use crate::wire::listing::{self, Form, Kind};
use crate::wire::source::Source;

/// Questions about one list that may wait for an answer at the same time.
const AT_ONCE: usize = 4;

/// Finds out which of the entries that may be folders are, as long as the server is not given up. Those of which that could
/// not be decided stay files that may be folders; which they are, and why.
pub(super) async fn find_folders(
    listing: &mut Listing,
    client: &Client,
    breaker: &Breaker<'_>,
) -> Vec<(Source, Fault)> {
    let unsure = listing.entries.iter().enumerate().filter(|(_, entry)| entry.may_be_folder);
    let folder = &listing.source;
    let unsure: Vec<(usize, Source)> =
        unsure.map(|(at, entry)| (at, folder.at(folder.path.join(&entry.raw.0)))).collect();
    let mut answers = stream::iter(unsure)
        .map(|(at, source)| async move {
            let is_folder = breaker.ask(|| is_folder(&source, client)).await;
            (at, source, is_folder)
        })
        .buffer_unordered(AT_ONCE);
    let (mut folders, mut decided, mut undecided) = (Vec::new(), Vec::new(), Vec::new());
    while let Some((at, source, is_folder)) = answers.next().await {
        match is_folder {
            Ok(true) => folders.push(at),
            Ok(false) => decided.push(at),
            // That is said once for all of them.
            Err(Fault::NotTried { .. }) => {}
            Err(fault) => undecided.push((source, fault)),
        }
    }
    drop(answers);
    for at in folders {
        if let Some(entry) = listing.entries.get_mut(at) {
            (entry.kind, entry.size, entry.may_be_folder) = (Kind::Dir, None, false);
        }
    }
    for at in decided {
        if let Some(entry) = listing.entries.get_mut(at) {
            entry.may_be_folder = false;
        }
    }
    undecided
}

/// Whether it is a folder: it is sent on to its own path with a slash, or what there is is a list.
async fn is_folder(source: &Source, client: &Client) -> Result<bool, Fault> {
    match client.ask(source, &Question::head(listing::ACCEPT)).await {
        Ok(Some(answer)) => {
            let is_sent_on = answer.source.path.is_folder();
            let is_own = answer.source.path.name() == source.path.folder().name();
            let media_type = answer.text(&header::CONTENT_TYPE);
            let is_page = media_type.is_none_or(|media_type| Form::of(media_type).is_some());
            let status = answer.status;
            answer.body.skip().await;
            if status == StatusCode::OK && (is_sent_on || !is_page) {
                return Ok(is_sent_on && is_own);
            }
            let fault = Fault::Status(status.as_u16());
            if fault.outage().is_some() {
                return Err(fault);
            }
        }
        // Some servers do not answer HEAD.
        Ok(None) | Err(Fault::Closed | Fault::Reset | Fault::Garbled) => {}
        Err(Fault::Unauthorized { .. }) => return Ok(false),
        Err(fault) => return Err(fault),
    }
    match browse(source, client).await {
        Ok(Browsed::Listed(_)) => Ok(true),
        // What cannot be had is no folder that can be listed; as a file it says the same again.
        Ok(Browsed::Plain) | Err(Fault::Unauthorized { .. }) => Ok(false),
        Err(fault) if is_no_list(&fault) => Ok(false),
        Err(fault) => Err(fault),
    }
}
