//! What a request for a file is answered with: all of it, parts of it, or why not.
//!
//! Owns the fields that say what a file is, and which version of it. A file that is compressed already is served as what
//! it is: there is no `Content-Encoding`, and what arrives is what lies here.

use std::io;

use hyper::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    LAST_MODIFIED, X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use jiff::Timestamp;
use mime_guess::mime::{APPLICATION, Mime, PDF, TEXT};

use super::multipart::Multipart;
use super::{Content, failure, insert, nothing, set};
use crate::serve::beneath::Opened;
use crate::wire::attachment::attachment;
use crate::wire::conditions::{Current, Judgement};
use crate::wire::range::{ContentRange, Selection, Span, select, to_http_date};

/// `name` is the decoded path.
#[expect(
    clippy::disallowed_methods,
    reason = "what a time says of a file depends on what time it is: whether it is a strong validator, and true"
)]
pub(super) fn answer(name: &[u8], opened: Opened, request: &Parts) -> io::Result<Response<Content>> {
    let now = Timestamp::now();
    let etag = opened.version.etag();
    let modified = opened.version.modified();
    let current = Current { etag: Some(&etag), modified };
    let mut response = match current.judge(&request.method, &request.headers) {
        Judgement::Failed => failure(StatusCode::PRECONDITION_FAILED),
        Judgement::NotModified => nothing(StatusCode::NOT_MODIFIED),
        Judgement::Proceed => {
            let range = current.range(&request.method, &request.headers, now);
            let selection = range.map_or(Selection::Whole, |range| select(range, opened.version.length));
            content(name, opened, &selection, request.uri.query())?
        }
    };
    insert(&mut response, ACCEPT_RANGES, "bytes");
    set(&mut response, ETAG, &etag)?;
    // Never later than now (RFC 9110, section 8.8.2.1).
    if let Some(modified) = modified.map(|modified| modified.min(now)).and_then(to_http_date) {
        set(&mut response, LAST_MODIFIED, &modified)?;
    }
    Ok(response)
}

fn content(
    name: &[u8],
    opened: Opened,
    selection: &Selection,
    query: Option<&str>,
) -> io::Result<Response<Content>> {
    let kind = media_type(name);
    let mut response = match selection {
        Selection::Unsatisfiable => {
            let range = ContentRange::Unsatisfied(opened.version.length);
            let mut response = failure(StatusCode::RANGE_NOT_SATISFIABLE);
            set(&mut response, CONTENT_RANGE, &range.to_string())?;
            return Ok(response);
        }
        Selection::Whole => {
            let mut response = Response::new(Content::File(opened));
            set(&mut response, CONTENT_TYPE, &with_charset(&kind))?;
            response
        }
        Selection::Parts(parts) => part_of(opened, parts, &with_charset(&kind))?,
    };
    insert(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    // A page that somebody put here must not act in the name of the server. Chrome shows no PDF in a sandbox, and a PDF
    // is no page.
    if (kind.type_(), kind.subtype()) != (APPLICATION, PDF) {
        insert(&mut response, CONTENT_SECURITY_POLICY, "sandbox");
    }
    if query.is_some_and(wants_download) {
        let last = name.rsplit(|byte| *byte == b'/').next().unwrap_or(name);
        set(&mut response, CONTENT_DISPOSITION, &attachment(last))?;
    }
    Ok(response)
}

fn part_of(mut opened: Opened, parts: &[Span], kind: &str) -> io::Result<Response<Content>> {
    let (content, kind, range) = if let [part] = *parts {
        let total = Some(opened.version.length);
        let range = ContentRange::Part { first: part.first, last: part.last, total };
        opened.turn_to(part);
        (Content::File(opened), kind.to_owned(), Some(range))
    } else {
        // Here each part says its range itself (RFC 9110, section 15.3.7.2).
        let parts = Multipart::new(opened, parts, kind);
        let kind = parts.kind();
        (Content::Parts(parts), kind, None)
    };
    let mut response = Response::new(content);
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    set(&mut response, CONTENT_TYPE, &kind)?;
    if let Some(range) = range {
        set(&mut response, CONTENT_RANGE, &range.to_string())?;
    }
    Ok(response)
}

/// By the name.
fn media_type(name: &[u8]) -> Mime {
    mime_guess::from_path(String::from_utf8_lossy(name).as_ref()).first_or_octet_stream()
}

/// Without it a browser guesses the encoding, and guesses Chinese wrongly.
fn with_charset(kind: &Mime) -> String {
    let charset = if kind.type_() == TEXT { "; charset=utf-8" } else { "" };
    format!("{}{charset}", kind.essence_str())
}

/// `?download`, with a value or without.
fn wants_download(query: &str) -> bool {
    query.split('&').any(|member| member.split('=').next() == Some("download"))
}
