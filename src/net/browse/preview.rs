//! The beginning of a file, to be looked at before it is downloaded: asks for no more than that, and of an archive that
//! has a directory at its end for that; says what it is.
//! Must never unpack anything, write anything, nor keep the other tasks waiting while it reads.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hyper::StatusCode;
use hyper::header::{self, HeaderValue};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::event::{Content, Fault, Preview};
use crate::net::http::{Answer, Body, Client, Question};
use crate::text::clean_line;
use crate::wire::range::ContentRange;
use crate::wire::source::Source;

mod code;
mod known;
mod zip;

use zip::Part;

/// The most bytes that are read.
const LIMIT: usize = 1 << 20;
/// The same as a field (RFC 9110, section 14.1.2).
const RANGE: HeaderValue = HeaderValue::from_static("bytes=0-1048575");
/// As many at its end.
const LAST: HeaderValue = HeaderValue::from_static("bytes=-1048576");
/// How long a text may take to be told apart. What takes longer is shown without.
const PATIENCE: Duration = Duration::from_secs(1);

/// Limits how many texts are highlighted at the same time, each on a thread of its own. One that takes too long cannot be
/// stopped: a text that was made for that holds its thread until the line is through.
#[derive(Debug, Clone)]
pub struct Highlighting(Arc<Semaphore>);

impl Highlighting {
    /// At most so many at the same time; further texts are shown without.
    #[must_use]
    pub fn at_most(threads: usize) -> Self {
        Self(Arc::new(Semaphore::new(threads)))
    }
}

/// Asks for the beginning of a file. Dropping the future ends it.
pub async fn preview(
    source: &Source,
    client: &Client,
    highlighting: &Highlighting,
) -> Result<Preview, Fault> {
    let question = Question::get("*/*");
    let ask = async |question: &Question| client.ask(source, question).await?.ok_or(Fault::Garbled);
    let mut answer = ask(&question.clone().with(header::RANGE, RANGE)).await?;
    if answer.status == StatusCode::RANGE_NOT_SATISFIABLE {
        // An empty file has no part that could be sent.
        answer.body.skip().await;
        answer = ask(&question).await?;
    }
    if !matches!(answer.status, StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
        return Err(answer.refusal().await);
    }
    read(source, client, highlighting, answer).await
}

async fn read(
    source: &Source,
    client: &Client,
    highlighting: &Highlighting,
    mut answer: Answer,
) -> Result<Preview, Fault> {
    let media_type = answer.text(&header::CONTENT_TYPE).map(|kind| clean_line(kind.as_bytes()));
    let modified = answer.modified();
    let version = Version::of(&answer);
    let (bytes, ended) = beginning(&mut answer.body).await?;
    let size = version.size;
    let is_whole = size.map_or(ended, |size| size == bytes.len() as u64);
    if !is_whole && answer.status == StatusCode::PARTIAL_CONTENT && zip::is_zip(&bytes) {
        // Its connection may serve the next question.
        answer.body.skip().await;
        if let Some(content) = by_directory(source, client, &version).await {
            return Ok(Preview { media_type, size, modified, is_whole, content });
        }
    }
    let name = String::from_utf8_lossy(&source.path.last()).into_owned();
    let (shown, named) = (bytes.clone(), name.clone());
    // It takes longer than the other tasks of this thread should wait.
    let permit = highlighting.0.clone().try_acquire_owned().ok();
    let telling = spawn_blocking(move || {
        let content = content(&named, &shown, is_whole, permit.is_some());
        drop(permit);
        content
    });
    let content = match timeout(PATIENCE, telling).await {
        Ok(Ok(content)) => content,
        Ok(Err(_)) | Err(_) => content(&name, &bytes, is_whole, false),
    };
    Ok(Preview { media_type, size, modified, is_whole, content })
}

/// No more of what comes than is looked at, and whether that is its end.
async fn beginning(body: &mut Body) -> Result<(Bytes, bool), Fault> {
    let mut bytes = BytesMut::new();
    while bytes.len() < LIMIT {
        let Some(more) = body.next().await? else { return Ok((bytes.freeze(), true)) };
        bytes.extend_from_slice(&more[..more.len().min(LIMIT - bytes.len())]);
    }
    Ok((bytes.freeze(), false))
}

/// What is in a ZIP archive, as the directory at its end says; none where that cannot be had.
async fn by_directory(source: &Source, client: &Client, version: &Version) -> Option<Content> {
    let last = part(source, client, LAST, version).await?;
    let directory = zip::directory(&last)?;
    let holds = if directory.at >= last.at {
        last
    } else {
        let to = directory.at.saturating_add(LIMIT as u64 - 1);
        let range = HeaderValue::try_from(format!("bytes={}-{to}", directory.at)).ok()?;
        part(source, client, range, version).await?
    };
    let (entries, listed) = spawn_blocking(move || zip::named(&directory, &holds)).await.ok()??;
    Some(Content::Archive(known::said("ZIP"), entries, listed))
}

/// A part of a file; none where the server does not send it, or that of another version.
async fn part(source: &Source, client: &Client, range: HeaderValue, version: &Version) -> Option<Part> {
    let question = Question::get("*/*").with(header::RANGE, range);
    let mut answer = client.ask(source, &question).await.ok()??;
    let same = answer.status == StatusCode::PARTIAL_CONTENT && Version::of(&answer) == *version;
    let Some(ContentRange::Part { first, .. }) = answer.content_range().filter(|_| same) else {
        answer.body.skip().await;
        return None;
    };
    let (bytes, _) = beginning(&mut answer.body).await.ok()?;
    Some(Part { at: first, bytes })
}

/// What tells one version of a file from another, as far as its server says so.
#[derive(Debug, PartialEq, Eq)]
struct Version {
    /// The length of all of the file.
    size: Option<u64>,
    etag: Option<HeaderValue>,
    modified: Option<HeaderValue>,
}

impl Version {
    fn of(answer: &Answer) -> Self {
        let field = |name| answer.headers.get(name).cloned();
        let size = match answer.content_range() {
            _ if answer.status == StatusCode::OK => answer.length,
            Some(ContentRange::Part { total, .. }) => total,
            Some(ContentRange::Unsatisfied(total)) => Some(total),
            None => None,
        };
        Self { size, etag: field(header::ETAG), modified: field(header::LAST_MODIFIED) }
    }
}

/// What these bytes are, the beginning of a file of this name; a text is highlighted if it is to be `painted`. Takes as long
/// as a line of 1,000 bytes may take to highlight, and half a second.
#[must_use]
pub fn content(name: &str, bytes: &Bytes, is_whole: bool, painted: bool) -> Content {
    if let Some(known) = known::known(bytes, is_whole) {
        return known;
    }
    match code::lines(bytes, is_whole) {
        Some(lines) if painted => code::paint(name, lines),
        Some(lines) => Content::Text(lines, None),
        None => Content::Other(known::beginning(bytes)),
    }
}
