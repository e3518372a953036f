//! Whether a page at a path without a slash at its end is the list of a folder or a document with links: asks for the path
//! with the slash, and where there is nothing, for what the links name (HEAD). Must never decide by a guess: what is not
//! certain is [`Fault::Undecided`].

use hyper::StatusCode;

use super::list::{Asked, Found, Listed, ask, ask_as, is_no_list};
use super::same::Same;
use crate::event::Fault;
use crate::net::http::{Client, Question};
use crate::wire::Raw;
use crate::wire::listing::{Maybe, Role, Take};
use crate::wire::source::Source;

/// Names of a page that are looked for on the server.
const SAMPLES: usize = 3;
/// A name that no folder has. What answers to it answers to anything.
const NO_NAME: &[u8] = b"hobnob-asks-whether-any-name-is-here-7d1f0c";

/// Where the things are that a page names, without saying where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the folder that has the page's name.
    Below,
    /// Beside the page, or nowhere.
    Beside,
    /// In both.
    Both,
}

/// Reads the list of which this page may be one. [`Role::Folder`] where something else says that it is.
pub(super) async fn decide<T: Take + Send + 'static>(
    page: &Source,
    role: Role,
    maybe: Maybe,
    client: &Client,
    taker: T,
) -> Asked<Listed, T> {
    let folder = page.at(page.path.folder());
    let is_relative = maybe.below.is_empty();
    let names = if is_relative { &maybe.relative } else { &maybe.below };
    let place = match (role, is_relative, maybe.is_list) {
        (_, true, false) => place(page, &folder, names, client).await?,
        (_, _, _) => Place::Below,
    };
    if place == Place::Beside {
        return Ok((Err(Fault::IsFile), taker));
    }
    let mut taker = taker;
    // The folder itself was asked for already.
    if role == Role::Unknown {
        let (found, same) = ask(&folder, Role::Folder, client, Same::new(names.clone(), taker)).await?;
        let is_same = same.is_same();
        taker = same.taker;
        match found.map(|found| found.and_then(Found::listed)) {
            Ok(listed @ Some(_)) if is_same => return Ok((Ok(listed), taker)),
            // A page, and a folder of its name beside it.
            Ok(Some(_)) => return Ok((Err(Fault::IsFile), taker)),
            Ok(None) => {}
            Err(fault) if is_no_list(&fault) => {}
            // Some servers fail where there is a slash behind a file's name.
            Err(Fault::Status(_)) if !maybe.is_named => {}
            Err(fault) => return Err(fault),
        }
        if place == Place::Both {
            return Ok((Err(Fault::Undecided), taker));
        }
        if !is_relative && !maybe.is_named && !maybe.is_list {
            // A document may have its parts below itself.
            let is_there = any(&folder, &names[..names.len().min(SAMPLES)], client).await?;
            let fault = if is_there { Fault::Undecided } else { Fault::IsFile };
            return Ok((Err(fault), taker));
        }
    }
    let base = if is_relative { &folder } else { page };
    let (found, taker) = ask_as(page, base, client, taker).await?;
    let listed = found.and_then(|found| match found {
        Some(found) => found.listed().map(Some).ok_or(Fault::NoListing),
        None => Ok(None),
    });
    Ok((listed, taker))
}

/// Where the things of these names are.
async fn place(page: &Source, folder: &Source, names: &[Raw], client: &Client) -> Result<Place, Fault> {
    let Some(beside) = page.path.parent() else { return Ok(Place::Beside) };
    let beside = page.at(beside);
    let mut place = Place::Beside;
    for name in names.iter().take(SAMPLES) {
        if !exists(&folder.at(folder.path.join(&name.0)), client).await? {
            continue;
        }
        if exists(&folder.at(folder.path.join(NO_NAME)), client).await? {
            return Ok(Place::Beside);
        }
        if !exists(&beside.at(beside.path.join(&name.0)), client).await? {
            return Ok(Place::Below);
        }
        place = Place::Both;
    }
    Ok(place)
}

/// Whether the folder has something of one of these names, and does not answer to any name.
async fn any(folder: &Source, names: &[Raw], client: &Client) -> Result<bool, Fault> {
    for name in names {
        if exists(&folder.at(folder.path.join(&name.0)), client).await? {
            return Ok(!exists(&folder.at(folder.path.join(NO_NAME)), client).await?);
        }
    }
    Ok(false)
}

/// Whether the server has something there.
async fn exists(source: &Source, client: &Client) -> Result<bool, Fault> {
    match client.ask(source, &Question::head("*/*")).await {
        Ok(Some(answer)) => {
            let (status, is_there) = (answer.status, answer.is_whole());
            answer.body.skip().await;
            if !matches!(status, StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED) {
                return refused(status, is_there);
            }
        }
        Ok(None) => return Ok(false),
        Err(Fault::Unauthorized { .. }) => return Ok(true),
        Err(Fault::Redirected(_) | Fault::InsecureRedirect(_) | Fault::RedirectedTooOften) => {
            return Ok(false);
        }
        // Some servers do not answer HEAD.
        Err(Fault::Closed | Fault::Reset | Fault::Garbled) => {}
        Err(fault) => return Err(fault),
    }
    let Some(answer) = client.ask(source, &Question::get("*/*")).await? else { return Ok(false) };
    refused(answer.status, answer.is_whole())
}

fn refused(status: StatusCode, is_there: bool) -> Result<bool, Fault> {
    let fault = Fault::Status(status.as_u16());
    if fault.outage().is_some() { Err(fault) } else { Ok(is_there) }
}
