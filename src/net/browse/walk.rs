//! Walks through the folders of a server. Never leaves the folder where the walk began, asks for no folder twice, and
//! always comes to an end: a tree that goes on for ever (links that lead back into it) is cut off, and it is said where.
//! A folder that redirects to another one is not followed: that one is listed under its own path, or not at all.

use std::collections::HashSet;

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::breaker::Breaker;
use super::cycle::Seen;
use super::kinds::find_folders;
use super::{Browsed, browse};
use crate::effect::{WALK_BYTES, WALK_DEPTH, WALK_FOLDERS};
use crate::event::{Fault, Listing, WalkEvent};
use crate::net::http::Client;
use crate::text::clean_line;
use crate::wire::listing::Kind;
use crate::wire::source::Source;

/// Folders that are asked for at the same time.
const AT_ONCE: usize = 8;

/// Lists a folder and all that are in it; where some of these are `left` of an earlier walk that did not come to its end,
/// only them and all that are in them. `report` hears of each, and that it is over. Each folder comes after the one
/// that it is in. A list that fails in a way that may pass is asked for again, so many `retries` times; a server that does
/// not answer any more is waited for once, and then the folders that are left are not asked for ([`Fault::NotWalked`]).
///
/// Dropping the future ends the walk.
pub async fn walk<R, F>(source: &Source, left: Vec<Source>, client: &Client, retries: u32, mut report: R)
where
    R: FnMut(WalkEvent) -> F,
    F: Future<Output = ()>,
{
    let breaker = &Breaker::new(client, source.endpoint.clone(), retries);
    let ask = |source: Source, depth: usize| async move {
        let answer = breaker.ask(|| browse(&source, client)).await;
        (source, depth, with_folders(answer, client, breaker).await)
    };
    let mut seen = Seen::default();
    let mut asked = FuturesUnordered::new();
    let mut top = (!left.is_empty()).then(|| source.clone());
    let begun = if left.is_empty() { vec![source.clone()] } else { left };
    let mut known: HashSet<Vec<u8>> = begun.iter().map(key).collect();
    let mut folders = begun.len();
    let mut bytes = 0;
    // What is to be asked for next comes last: a folder is finished before another is begun, and little has to wait.
    let mut waiting: Vec<(Source, usize)> =
        begun.into_iter().rev().map(|folder| (folder.clone(), depth(source, &folder))).collect();
    while asked.len() < AT_ONCE
        && let Some((folder, depth)) = waiting.pop()
    {
        asked.push(ask(folder, depth));
    }
    while let Some((source, depth, answer)) = asked.next().await {
        let mut is_left = false;
        let found = match answer {
            // The server may lead us elsewhere at first: from there on nothing leads out again, nor to another folder.
            Ok((Browsed::Listed(listing), undecided))
                if top.as_ref().is_none_or(|top| {
                    stays_in(top, &listing.source) && key(&listing.source) == key(&source)
                }) =>
            {
                Ok((listing, undecided))
            }
            Ok((Browsed::Listed(elsewhere), _)) => {
                Err(Fault::Redirected(clean_line(elsewhere.source.to_string().as_bytes())))
            }
            Ok((Browsed::Plain, _)) => Err(Fault::NoListing),
            Err(fault) => Err(fault),
        };
        match found {
            Ok((listing, _)) if seen.note(&listing) => {
                report(WalkEvent::Missed(source, Fault::Loop)).await;
            }
            Ok((listing, undecided)) => {
                top.get_or_insert_with(|| {
                    known.insert(key(&listing.source));
                    listing.source.clone()
                });
                is_left = listing.entries.iter().any(|entry| entry.may_be_folder);
                let more = listing.folder_bytes();
                let fits = depth < WALK_DEPTH && bytes + more <= WALK_BYTES;
                bytes += if fits { more } else { 0 };
                let room = if fits { WALK_FOLDERS.saturating_sub(folders) } else { 0 };
                let (taken, left_out) = {
                    let mut inner = inner(&listing).filter(|folder| known.insert(key(folder)));
                    (inner.by_ref().take(room).collect::<Vec<_>>(), inner.next())
                };
                report(WalkEvent::Found(listing)).await;
                for (source, fault) in undecided {
                    report(WalkEvent::Undecided(source, fault)).await;
                }
                if let Some(left_out) = left_out {
                    let fault =
                        Fault::TooDeep { depth: WALK_DEPTH, folders: WALK_FOLDERS, bytes: WALK_BYTES };
                    report(WalkEvent::Missed(left_out, fault)).await;
                }
                folders += taken.len();
                waiting.extend(taken.into_iter().rev().map(|folder| (folder, depth + 1)));
            }
            // That is said once for all of them.
            Err(Fault::NotTried { .. }) => is_left = true,
            Err(fault) => report(WalkEvent::Missed(source, fault)).await,
        }
        if breaker.is_open() && (is_left || !(asked.is_empty() && waiting.is_empty())) {
            return report(WalkEvent::Failed(Fault::NotWalked)).await;
        }
        while asked.len() < AT_ONCE
            && let Some((folder, depth)) = waiting.pop()
        {
            asked.push(ask(folder, depth));
        }
    }
    report(WalkEvent::Ended).await;
}

/// A list in which folders are told from files; of which things in it that could not be decided, and why.
async fn with_folders(
    answer: Result<Browsed, Fault>,
    client: &Client,
    breaker: &Breaker<'_>,
) -> Result<(Browsed, Vec<(Source, Fault)>), Fault> {
    Ok(match answer? {
        Browsed::Listed(mut listing) => {
            let undecided = find_folders(&mut listing, client, breaker).await;
            (Browsed::Listed(listing), undecided)
        }
        Browsed::Plain => (Browsed::Plain, Vec::new()),
    })
}

/// The folders in a folder.
fn inner(listing: &Listing) -> impl Iterator<Item = Source> {
    let source = &listing.source;
    let folders = listing.entries.iter().filter(|entry| entry.kind == Kind::Dir);
    folders.map(|entry| source.at(source.path.join(&entry.raw.0).folder()))
}

/// How many folders deep a folder is in another.
fn depth(top: &Source, folder: &Source) -> usize {
    let slashes = |source: &Source| source.path.folder().encoded().matches('/').count();
    slashes(folder).saturating_sub(slashes(top))
}

/// How a folder is known on its server: whichever way its path is encoded, with the slash or without.
fn key(source: &Source) -> Vec<u8> {
    source.path.folder().name()
}

fn stays_in(top: &Source, folder: &Source) -> bool {
    top.scheme == folder.scheme && top.holds(folder)
}
