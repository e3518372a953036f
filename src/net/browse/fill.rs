//! What a server says of files without sending them (HEAD, RFC 9110, section 9.3.2): their lengths and times. Must never
//! read the content of one, nor ask a plain server, which would send it.

use std::future::Future;

use futures_util::{StreamExt, stream};
use hyper::StatusCode;
use hyper::header::{self, HeaderValue};

use crate::event::Facts;
use crate::net::http::{Client, Question};
use crate::wire::range::ContentRange;
use crate::wire::source::{Scheme, Source};

/// Questions of one list that may wait for an answer at the same time.
const AT_ONCE: usize = 4;
/// The same where the user waits for the answers.
const MEASURED_AT_ONCE: usize = 16;

/// Asks about each of these files, some at once, and reports what is said of which, counted from 0. Of a file of which
/// nothing is said, that is reported. Dropping the future ends it.
pub async fn fill<F: Future<Output = ()>>(
    files: Vec<Source>,
    client: &Client,
    report: impl Fn(usize, Facts) -> F,
) {
    stream::iter(files.into_iter().enumerate())
        .for_each_concurrent(AT_ONCE, async |(nth, source)| {
            let facts = ask(&source, client).await.unwrap_or_default();
            report(nth, facts).await;
        })
        .await;
}

/// The same where the user asked for it: more at once, and where a server does not say it of a file's head (HEAD), it is
/// asked for the file's first byte, and for no more.
pub async fn measure<F: Future<Output = ()>>(
    files: Vec<Source>,
    client: &Client,
    report: impl Fn(usize, Facts) -> F,
) {
    stream::iter(files.into_iter().enumerate())
        .for_each_concurrent(MEASURED_AT_ONCE, async |(nth, source)| {
            let mut facts = ask(&source, client).await;
            if facts.is_none_or(|facts| facts.size.is_none()) {
                facts = ask_first_byte(&source, client).await.or(facts);
            }
            report(nth, facts.unwrap_or_default()).await;
        })
        .await;
}

async fn ask(source: &Source, client: &Client) -> Option<Facts> {
    if !matches!(source.scheme, Scheme::Http | Scheme::Https) {
        return None;
    }
    let answer = client.ask(source, &Question::head("*/*")).await.ok()??;
    // What is refused is something else than the file.
    let facts = answer.is_whole().then(|| answer.facts());
    answer.body.skip().await;
    facts
}

async fn ask_first_byte(source: &Source, client: &Client) -> Option<Facts> {
    if !matches!(source.scheme, Scheme::Http | Scheme::Https) {
        return None;
    }
    let question = Question::get("*/*").with(header::RANGE, HeaderValue::from_static("bytes=0-0"));
    let answer = client.ask(source, &question).await.ok()??;
    match answer.content_range() {
        Some(ContentRange::Part { total, .. }) if answer.status == StatusCode::PARTIAL_CONTENT => {
            Some(Facts { size: total, modified: answer.modified() })
        }
        // An empty file has no first byte.
        Some(ContentRange::Unsatisfied(total)) => {
            Some(Facts { size: Some(total), modified: answer.modified() })
        }
        // Its content is not read.
        _ => answer.is_whole().then(|| answer.facts()),
    }
}
