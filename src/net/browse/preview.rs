//! The beginning of a file, to be looked at before it is downloaded: asks for no more than that, and says what it is.
//! Must never unpack anything, write anything, nor keep the other tasks waiting while it reads.

use std::time::Duration;

use bytes::BytesMut;
use hyper::header::{self, HeaderValue};
use hyper::{HeaderMap, StatusCode};
use tokio::time::timeout;

use crate::event::{Content, Fault, Preview};
use crate::net::http::{Answer, Client, Question};
use crate::text::clean_line;
use crate::wire::range::{ContentRange, http_date};
use crate::wire::source::{Scheme, Source};

mod code;
mod known;

/// The most bytes that are read.
const LIMIT: usize = 1 << 20;
/// The same as a field (RFC 9110, section 14.1.2).
const RANGE: HeaderValue = HeaderValue::from_static("bytes=0-1048575");
/// How long a text may take to be told apart. What takes longer is shown without.
const PATIENCE: Duration = Duration::from_secs(1);

/// Asks for the beginning of a file. Dropping the future ends it.
pub async fn preview(source: &Source, client: &Client) -> Result<Preview, Fault> {
    if !matches!(source.scheme, Scheme::Http | Scheme::Https) {
        return Err(Fault::NoListing);
    }
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
    read(source, answer).await
}

async fn read(source: &Source, answer: Answer) -> Result<Preview, Fault> {
    let text = |name| answer.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let media_type = text(header::CONTENT_TYPE).map(|kind| clean_line(kind.as_bytes()));
    let modified = text(header::LAST_MODIFIED).and_then(http_date);
    let size = whole_size(answer.status, answer.length, &answer.headers);
    let mut body = answer.body;
    let mut bytes = BytesMut::new();
    let mut ended = false;
    while bytes.len() < LIMIT {
        let Some(more) = body.next().await? else {
            ended = true;
            break;
        };
        bytes.extend_from_slice(&more[..more.len().min(LIMIT - bytes.len())]);
    }
    let is_whole = size.map_or(ended, |size| size == bytes.len() as u64);
    let bytes = bytes.freeze();
    let name = String::from_utf8_lossy(&source.path.last()).into_owned();
    let (shown, named) = (bytes.clone(), name.clone());
    // It takes longer than the other tasks of this thread should wait.
    let telling = tokio::task::spawn_blocking(move || content(&named, &shown, is_whole, true));
    let content = match timeout(PATIENCE, telling).await {
        Ok(Ok(content)) => content,
        Ok(Err(_)) | Err(_) => content(&name, &bytes, is_whole, false),
    };
    Ok(Preview { media_type, size, modified, is_whole, content })
}

/// The length of all of the file, whichever part of it was sent.
fn whole_size(status: StatusCode, length: Option<u64>, headers: &HeaderMap) -> Option<u64> {
    if status == StatusCode::OK {
        return length;
    }
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?.parse::<ContentRange>().ok()?;
    match range {
        ContentRange::Part { total, .. } => total,
        ContentRange::Unsatisfied(total) => Some(total),
    }
}

/// What these bytes are, the beginning of a file of this name; with its language told apart, if that is to be.
fn content(name: &str, bytes: &bytes::Bytes, is_whole: bool, painted: bool) -> Content {
    if let Some(known) = known::known(bytes) {
        return known;
    }
    match code::lines(bytes, is_whole) {
        Some(lines) if painted => code::paint(name, lines),
        Some(lines) => Content::Text(lines, None),
        None => Content::Other(known::beginning(bytes)),
    }
}
