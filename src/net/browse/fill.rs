//! What a server says of files without sending them (HEAD, RFC 9110, section 9.3.2): their lengths and times. Must never
//! ask for the content of one, nor ask a plain server, which would send it.

use std::future::Future;

use futures_util::{StreamExt, stream};
use hyper::StatusCode;

use crate::event::Facts;
use crate::net::http::{Client, Question};
use crate::wire::source::{Scheme, Source};

/// Questions of one list that may wait for an answer at the same time.
const AT_ONCE: usize = 4;

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

async fn ask(source: &Source, client: &Client) -> Option<Facts> {
    if !matches!(source.scheme, Scheme::Http | Scheme::Https) {
        return None;
    }
    let answer = client.ask(source, &Question::head("*/*")).await.ok()??;
    // What is refused is something else than the file.
    let facts = (answer.status == StatusCode::OK).then(|| answer.facts());
    answer.body.skip().await;
    facts
}
