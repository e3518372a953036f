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
use crate::wire::digest::{Checksum, DigestField};
use crate::wire::source::Source;

/// RFC 9530, section 4: what we would rather have of all that we can check.
const WANT_REPR_DIGEST: (HeaderName, HeaderValue) =
    (HeaderName::from_static("want-repr-digest"), HeaderValue::from_static("sha-256=2, sha-512=1"));
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

/// A digest of a whole file, and the field that says it.
pub(super) type Said = (DigestField, Checksum);

/// All that an answer says of the content of the whole file. `is_whole`: that is its body.
pub(super) fn said(answer: &http::Answer, is_whole: bool) -> Vec<Said> {
    let of_body = is_whole.then_some(DigestField::ContentDigest);
    let mut said = Vec::new();
    for field in [DigestField::ReprDigest, DigestField::Digest].into_iter().chain(of_body) {
        let lines = answer.headers.get_all(field.name()).iter().filter_map(|line| line.to_str().ok());
        let checksums = Checksum::from_field(&lines.collect::<Vec<_>>().join(","));
        note(&mut said, checksums.into_iter().map(|checksum| (field, checksum)));
    }
    said
}

/// Adds what was not said yet.
pub(super) fn note(said: &mut Vec<Said>, more: impl IntoIterator<Item = Said>) {
    for one in more {
        if !said.contains(&one) {
            said.push(one);
        }
    }
}

/// Whether an answer without a digest says that it can be asked for again.
pub(super) fn follows(answer: &http::Answer) -> bool {
    answer.text(&PREFERENCE_APPLIED).is_some_and(|applied| applied.trim_start().starts_with("wait="))
}

/// What came of asking for a digest that takes time.
pub(super) enum Late {
    Said(Vec<Said>),
    /// The server has another version of the file now.
    Changed,
}

/// Asks for the digest of a file that has come, which was not known when it began to come. As [`sums`](super::sums), it is
/// asked for once more at most where that fails.
pub(super) async fn late(engine: &Engine, source: &Source, version: &Version) -> Result<Late, Fault> {
    let mut retries = Retries::new(engine.retries.min(1), Duration::ZERO);
    loop {
        let fault = match ask(engine, source, version).await {
            Ok(late) => return Ok(late),
            Err(fault) => fault,
        };
        sleep(retries.next(fault, Duration::ZERO, 0, true)?.after).await;
    }
}

async fn ask(engine: &Engine, source: &Source, version: &Version) -> Result<Late, Fault> {
    // Well before the client takes it for a server that does not answer.
    let wait = WAIT.min(engine.client.timeouts().answer / 2).max(Duration::from_secs(1));
    let question = wanting(Question::head("*/*"), wait);
    for _ in 0..QUESTIONS {
        let Some(answer) = engine.client.ask(source, &question).await? else { break };
        if !answer.is_whole() {
            return Err(answer.refusal().await);
        }
        let (etag, modified) = (answer.text(&header::ETAG), answer.text(&header::LAST_MODIFIED));
        if version.validator.as_ref().is_none_or(|known| known.differs(etag, modified)) {
            return Ok(Late::Changed);
        }
        let said = said(&answer, false);
        if !said.is_empty() || !follows(&answer) {
            return Ok(Late::Said(said));
        }
    }
    Ok(Late::Said(Vec::new()))
}
