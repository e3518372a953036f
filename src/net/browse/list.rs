//! The list of one folder: asks the server for it as JSON, then as a page, and reads the answer as a stream. Must never read
//! a file as if it was a list.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use hyper::header;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::body_reader::BodyReader;
use super::decide::decide;
use crate::event::Fault;
use crate::net::http::{Answer, Client, Question};
use crate::wire::coding::foreign;
use crate::wire::listing::{
    self, ENTRY_LIMIT, Entry, Form, LEFT_OUT, List, ListingError, NAMES_LIMIT, Reading, Role, TOTAL, Take,
};
use crate::wire::source::{Path, Scheme, Source};

/// The most bytes of a list that are none of its entries', and what belongs to an entry: a name of 255 bytes, each written
/// as six, twice. They are not kept in memory.
const LIST_LIMIT: u64 = 64 << 20;
const ENTRY_BYTES: u64 = 4096;
/// Pieces of a list that may wait to be read. What a connection gives at a time is at most some 400 kB.
const PIECES: usize = 8;

/// A folder whose list came to its end.
#[derive(Debug)]
pub struct Listed {
    /// Where it is, after probing and redirects.
    pub source: Source,
    /// What is known of its list.
    pub list: List,
}

/// What came of a question: none from a plain server; an error where it is no list, and nothing of it was handed on, so
/// that the taker is as it was.
pub(super) type Asked<F, T> = Result<(Result<Option<F>, Fault>, T), Fault>;

/// What the server answered.
pub(super) struct Found {
    /// What was asked for, after probing and redirects.
    page: Source,
    pub(super) reading: Reading,
}

impl Found {
    /// Which folder it is about.
    pub(super) fn listed(self) -> Option<Listed> {
        let Reading::List(list) = self.reading else { return None };
        Some(Listed { source: self.page.at(self.page.path.folder()), list })
    }
}

/// Asks for the list of a folder. Each entry goes to `taker` as it comes, on a thread that may be kept waiting; that is
/// given back. None from a plain server. Where it fails some may have come.
///
/// A folder that does not answer under its path with a slash at the end is asked for without that slash.
pub async fn stream<T: Take + Send + 'static>(
    source: &Source,
    client: &Client,
    taker: T,
) -> Result<(Option<Listed>, T), Fault> {
    let role = Role::of(source);
    match list(source, role, client, taker).await? {
        (Err(fault), taker) if is_no_list(&fault) && role == Role::Folder => {
            let Some(bare) = source.path.without_slash() else { return Err(fault) };
            match list(&source.at(bare), role, client, taker).await? {
                (Ok(Some(listed)), taker) => Ok((Some(listed), taker)),
                (Ok(None) | Err(_), _) => Err(fault),
            }
        }
        (listed, taker) => Ok((listed?, taker)),
    }
}

/// Whether the server says that there is no such list, and not that it has no time to look.
pub(super) fn is_no_list(fault: &Fault) -> bool {
    matches!(fault, Fault::NoListing | Fault::IsFile | Fault::Status(400..=499)) && fault.outage().is_none()
}

/// The same without another try.
async fn list<T: Take + Send + 'static>(
    source: &Source,
    role: Role,
    client: &Client,
    taker: T,
) -> Asked<Listed, T> {
    if source.scheme == Scheme::Plain {
        return Ok((Ok(None), taker));
    }
    let (found, taker) = ask(source, role, client, taker).await?;
    let found = match found {
        Ok(Some(found)) => found,
        Ok(None) => return Ok((Ok(None), taker)),
        Err(fault) => return Ok((Err(fault), taker)),
    };
    match found.reading {
        Reading::List(_) => Ok((Ok(found.listed()), taker)),
        Reading::Elsewhere(query) => {
            let folder = found.page.path.folder();
            let there = found.page.at(Path::from_url(&format!("{}?{query}", folder.encoded())));
            let (found, taker) = ask(&there, Role::Folder, client, taker).await?;
            let listed = found.and_then(|found| match found {
                Some(found) => found.listed().map(Some).ok_or(Fault::NoListing),
                None => Ok(None),
            });
            Ok((listed, taker))
        }
        Reading::Maybe(maybe) => decide(&found.page, role, maybe, client, taker).await,
    }
}

/// Asks for a list, in the form that says most and, where there is none, as a page for people.
pub(super) async fn ask<T: Take + Send + 'static>(
    source: &Source,
    role: Role,
    client: &Client,
    taker: T,
) -> Asked<Found, T> {
    let Some(answer) = client.ask(source, &Question::get(listing::ACCEPT)).await? else {
        return Ok((Ok(None), taker));
    };
    let is_json = form(&answer) == Some(Form::Json);
    let is_counted = answer.headers.contains_key(TOTAL);
    let (first, taker) = take(source, answer, role, taker).await?;
    match &first {
        // A server may fail where it is asked for JSON, or have nothing in it, and have a page for people.
        Err(fault) if is_json || is_of_the_form(fault) => {}
        Ok(found) if is_json && !is_counted && is_empty(&found.reading) => {}
        Ok(_) | Err(_) => return Ok((first.map(Some), taker)),
    }
    let Some(answer) = client.ask(source, &Question::get(listing::ACCEPT_PAGE)).await? else {
        return Ok((Ok(None), taker));
    };
    let (second, taker) = take(source, answer, role, taker).await?;
    let found = match (first, second) {
        (Ok(first), Ok(second)) if is_empty(&second.reading) => Ok(first),
        (Ok(first), Err(_)) => Ok(first),
        (_, second) => second,
    };
    Ok((found.map(Some), taker))
}

fn is_empty(reading: &Reading) -> bool {
    matches!(reading, Reading::List(list) if list.entries == 0)
}

/// Whether the server may answer otherwise where another form is asked for.
fn is_of_the_form(fault: &Fault) -> bool {
    matches!(fault, Fault::Status(status) if !matches!(status, 401 | 407)) && fault.outage().is_none()
}

/// Reads an answer.
async fn take<T: Take + Send + 'static>(
    asked: &Source,
    answer: Answer,
    role: Role,
    taker: T,
) -> Result<(Result<Found, Fault>, T), Fault> {
    if !answer.is_whole() {
        let fault = answer.refusal().await;
        return if fault.outage().is_some() { Err(fault) } else { Ok((Err(fault), taker)) };
    }
    let is_elsewhere = !answer.source.path.is_folder() && answer.source.path.folder() != asked.path.folder();
    let role = if answer.source.path.is_folder() {
        Role::Folder
    } else if is_elsewhere {
        // It was sent on to something else.
        Role::Unknown
    } else {
        role
    };
    take_as(answer, role, None, taker).await
}

/// Asks for the page at `page` again, now that it is known to be the list of the folder of that name, and how its links
/// are resolved.
pub(super) async fn ask_as<T: Take + Send + 'static>(
    page: &Source,
    base: &Source,
    client: &Client,
    taker: T,
) -> Asked<Found, T> {
    let Some(answer) = client.ask(page, &Question::get(listing::ACCEPT_PAGE)).await? else {
        return Ok((Ok(None), taker));
    };
    if !answer.is_whole() {
        return Err(answer.refusal().await);
    }
    let (found, taker) = take_as(answer, Role::Folder, Some(base.clone()), taker).await?;
    Ok((found.map(Some), taker))
}

async fn take_as<T: Take + Send + 'static>(
    answer: Answer,
    role: Role,
    base: Option<Source>,
    mut taker: T,
) -> Result<(Result<Found, Fault>, T), Fault> {
    let page = answer.source.clone();
    taker.begin(&page.at(page.path.folder()));
    let base = base.unwrap_or_else(|| page.clone());
    let (reading, taker) = read(answer, role, base, taker).await?;
    Ok((reading.map(|reading| Found { page, reading }), taker))
}

fn form(answer: &Answer) -> Option<Form> {
    answer.text(&header::CONTENT_TYPE).and_then(Form::of)
}

/// The form of an answer that does not say it: as it begins, that is given back, too.
async fn sniff(answer: &mut Answer) -> Result<(Option<Form>, Option<Bytes>), Fault> {
    if !Form::is_sniffed(answer.text(&header::CONTENT_TYPE)) {
        return Ok((None, None));
    }
    while let Some(piece) = answer.body.next().await? {
        if !piece.is_empty() {
            return Ok((Form::sniff(&piece), Some(piece)));
        }
    }
    Ok((None, None))
}

/// Reads an answer; where links lead is seen from `base`. Where it is no list and nothing of it was handed on, the taker
/// comes back with the fault.
async fn read<T: Take + Send + 'static>(
    mut answer: Answer,
    role: Role,
    base: Source,
    taker: T,
) -> Result<(Result<Reading, Fault>, T), Fault> {
    let number = |name| answer.text(name).and_then(|number| number.parse::<usize>().ok());
    let (total, left_out) = (number(&TOTAL), number(&LEFT_OUT).unwrap_or_default());
    let goes_on = answer.text(&header::LINK).is_some_and(|link| link.contains("rel=\"next\""));
    let other = if role == Role::Folder { Fault::NoListing } else { Fault::IsFile };
    if let Some(coding) = foreign(&answer.headers, b"") {
        return Err(Fault::Encoded(coding));
    }
    let (form, mut begun) = match form(&answer) {
        Some(form) => (Some(form), None),
        None => sniff(&mut answer).await?,
    };
    let Some(form) = form else { return Ok((Err(other), taker)) };
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
        (listing::read(&base, role, form, BodyReader::new(content), &mut counted), counted.taker)
    });
    let mut came = 0;
    loop {
        let bytes = match begun.take() {
            Some(begun) => Some(begun),
            None => answer.body.next().await?,
        };
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
            let is_cut = goes_on || total.map_or(list.is_cut, |total: usize| list.entries < total);
            Ok((Ok(Reading::List(List { is_cut, left_out, ..list })), taker))
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
