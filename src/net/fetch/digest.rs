//! Digests that a server says of a file (RFC 9530): how they are asked for, and asking again for one that takes time.
//!
//! No byte waits for a digest: the file is asked for with `Prefer: wait=0` (RFC 7240), and a server of our own that does not
//! know the digest yet says so (`Preference-Applied`), hashes while it sends, and is asked again when all has come.

use std::time::Duration;

use hyper::header::{self, HeaderName, HeaderValue};
use tokio::time::sleep;

use super::Engine;
use super::ask::Version;
use crate::event::Fault;
use crate::net::http::{self, Question};
use crate::net::retry::Retries;
use crate::wire::digest::Checksum;
use crate::wire::source::Source;

/// RFC 9530, section 4: what we can check, and which of it we would rather have.
const WANT_REPR_DIGEST: (HeaderName, HeaderValue) =
    (HeaderName::from_static("want-repr-digest"), HeaderValue::from_static("sha-256=2, sha-512=1"));
/// RFC 9530, section 3.
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
/// RFC 3230, section 4.3.2: what servers sent before that.
const DIGEST: HeaderName = HeaderName::from_static("digest");
/// RFC 7240, section 2.
const PREFER: HeaderName = HeaderName::from_static("prefer");
/// RFC 7240, section 3.
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The longest that one question waits for a digest.
const WAIT: Duration = Duration::from_secs(5);
/// How often is asked for a digest that takes time: enough for some terabytes.
const QUESTIONS: usize = 1000;

/// The same question, for the digest too, for which the answer waits so long, in whole seconds.
pub(super) fn wanting(question: Question, wait: Duration) -> Question {
    let (name, value) = WANT_REPR_DIGEST;
    let question = question.with(name, value);
    // Digits are fit for a field.
    match HeaderValue::try_from(format!("wait={}", wait.as_secs())) {
        Ok(wait) => question.with(PREFER, wait),
        Err(_) => question,
    }
}

/// What an answer says of the content of the whole file.
pub(super) fn said(answer: &http::Answer) -> Option<Checksum> {
    [REPR_DIGEST, DIGEST].iter().find_map(|name| {
        let lines = answer.headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
        Checksum::from_field(&lines.collect::<Vec<_>>().join(","))
    })
}

/// Whether an answer without a digest says that it can be asked for again.
pub(super) fn follows(answer: &http::Answer) -> bool {
    answer.text(&PREFERENCE_APPLIED).is_some_and(|applied| applied.trim_start().starts_with("wait="))
}

/// Asks for the digest of a file that has come, which was not known when it began to come; none where the server has another
/// version of it now. As [`sums`](super::sums), it is asked for once more at most where that fails.
pub(super) async fn late(
    engine: &Engine,
    source: &Source,
    version: &Version,
) -> Result<Option<Checksum>, Fault> {
    let mut retries = Retries::new(engine.retries.min(1), Duration::ZERO);
    loop {
        let fault = match ask(engine, source, version).await {
            Ok(said) => return Ok(said),
            Err(fault) => fault,
        };
        sleep(retries.next(fault, Duration::ZERO, 0, true)?.after).await;
    }
}

async fn ask(engine: &Engine, source: &Source, version: &Version) -> Result<Option<Checksum>, Fault> {
    // Well before the client takes it for a server that does not answer.
    let wait = WAIT.min(engine.client.timeouts().answer / 2).max(Duration::from_secs(1));
    let question = wanting(Question::head("*/*"), wait);
    for _ in 0..QUESTIONS {
        let Some(answer) = engine.client.ask(source, &question).await? else { return Ok(None) };
        if !answer.is_whole() {
            return Err(answer.refusal().await);
        }
        let (etag, modified) = (answer.text(&header::ETAG), answer.text(&header::LAST_MODIFIED));
        if version.validator.as_ref().is_none_or(|known| known.differs(etag, modified)) {
            return Ok(None);
        }
        let said = said(&answer);
        if said.is_some() || !follows(&answer) {
            return Ok(said);
        }
    }
    Ok(None)
}
