//! The files of a form (`multipart/form-data`, RFC 7578), as browsers send them.
//!
//! Owns what of a form is a file, and from whose pages forms are taken; must never hold a whole form in memory.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _, future};
use hyper::header::{
    ACCEPT, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderValue, LOCATION, ORIGIN,
    VARY,
};
use hyper::{HeaderMap, Response, StatusCode};
use multer::Multipart;
use serde::Serialize;

use super::arriving::Arriving;
use super::partial::Placed;
use super::{Refusal, Terms, add};
use crate::serve::Site;
use crate::serve::page::{self, Language, uploaded};
use crate::serve::reply::{Content, insert, set, text};
use crate::text::clean_line;
use crate::wire::source::Path;

/// Bytes of a form that may come without any of a file: more than any head of a part has.
const AHEAD: usize = 4 * 1024 * 1024;

/// Files of one form: their names are kept until all of it has come.
const MOST_FILES: usize = 10_000;

/// What became of one file of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::serve) struct Outcome {
    /// As the form has it.
    pub(in crate::serve) name: String,
    /// 201 where it is stored, 204 where it took the place of another one, otherwise why not.
    pub(in crate::serve) status: StatusCode,
}

/// What became of a form.
#[derive(Debug, Default)]
struct Taken {
    outcomes: Vec<Outcome>,
    /// Why nothing is known of the rest of it, where it did not come to its end.
    broken: Option<StatusCode>,
}

/// Puts the files of a form into a folder: each by itself, so that one which is refused stands in no other's way. The
/// answer says what became of each, in JSON, as a page or in lines, as `Accept` asks for it. Where all are stored, a
/// browser is led back to the folder; otherwise the status is the highest of those that are no success.
pub(super) async fn post(
    site: &Arc<Site>,
    terms: &Terms,
    folder: &[u8],
    arriving: Arriving,
) -> Result<Response<Content>, Refusal> {
    let taken = take(site, terms, folder, arriving)
        .await
        .unwrap_or_else(|Refusal(status)| Taken { outcomes: Vec::new(), broken: Some(status) });
    let headers = &terms.headers;
    let refused = taken.outcomes.iter().map(|outcome| outcome.status).chain(taken.broken);
    let refused = refused.filter(|status| !status.is_success()).max();
    let accepts = |wanted: &str| {
        let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        accepted.into_iter().any(|accepted| accepted.to_ascii_lowercase().contains(wanted))
    };
    let mut response = if accepts("application/json") {
        let mut response = text(refused.unwrap_or(StatusCode::CREATED), taken.json()?);
        insert(&mut response, CONTENT_TYPE, "application/json");
        response
    } else if let Some(status) = refused
        && accepts("text/html")
    {
        let language = Language::wanted(headers);
        let page = uploaded(&taken.outcomes, taken.broken.map(|status| status.as_u16()), language);
        let mut response = text(status, page);
        insert(&mut response, CONTENT_TYPE, "text/html; charset=utf-8");
        insert(&mut response, CONTENT_LANGUAGE, language.tag());
        set(&mut response, CONTENT_SECURITY_POLICY, page::policy())?;
        response
    } else if let Some(status) = refused {
        text(status, taken.lines())
    } else {
        let mut response = text(StatusCode::SEE_OTHER, taken.lines());
        set(&mut response, LOCATION, Path::from_name(folder).folder().encoded())?;
        response
    };
    insert(&mut response, VARY, "Accept, Accept-Language");
    Ok(response)
}

async fn take(site: &Arc<Site>, terms: &Terms, folder: &[u8], arriving: Arriving) -> Result<Taken, Refusal> {
    let headers = &terms.headers;
    if is_foreign(headers) {
        return Err(Refusal(StatusCode::FORBIDDEN));
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| Refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE))?;
    let is_folder = site.root.name(folder).ok_or(Refusal(StatusCode::FORBIDDEN))?.is_folder;
    if !is_folder {
        return Err(Refusal(StatusCode::CONFLICT));
    }
    let ahead = Ahead::default();
    let mut form = Multipart::new(ahead.watched(arriving.stream()), boundary);
    let mut taken = Taken::default();
    while taken.broken.is_none() {
        let mut field = match form.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => break,
            Err(error) => {
                taken.broken = Some(why(error).0);
                break;
            }
        };
        ahead.forget();
        let Some(name) = field.file_name().filter(|name| !name.is_empty()) else { continue };
        if taken.outcomes.len() >= MOST_FILES {
            taken.broken = Some(StatusCode::PAYLOAD_TOO_LARGE);
            break;
        }
        // As browsers and curl write it (HTML Standard, section 4.10.21.8).
        let name = name.replace("%22", "\"");
        // Some browsers of Windows have the whole path in it.
        let added = if name.contains(['/', '\\']) {
            Err(Refusal(StatusCode::FORBIDDEN))
        } else {
            let bytes = (&mut field).map_err(why).inspect_ok(|_| ahead.forget());
            add(site, terms, &[folder, name.as_bytes()].concat(), None, bytes).await
        };
        let status = match added {
            Ok(Placed::New) => StatusCode::CREATED,
            Ok(Placed::Instead) => StatusCode::NO_CONTENT,
            Err(Refusal(status)) => status,
        };
        taken.outcomes.push(Outcome { name, status });
        // What is refused is read to its end all the same: the next file stands behind it.
        while taken.broken.is_none() {
            match field.chunk().await {
                Ok(Some(_)) => ahead.forget(),
                Ok(None) => break,
                Err(error) => taken.broken = Some(why(error).0),
            }
        }
    }
    if taken.outcomes.is_empty() {
        taken.broken = taken.broken.or(Some(StatusCode::BAD_REQUEST));
    }
    Ok(taken)
}

/// The JSON form of what became of one file.
#[derive(Serialize)]
struct Written<'a> {
    name: &'a str,
    status: u16,
    /// Whether it is in the folder under this name, whole and on the disk.
    stored: bool,
}

/// The JSON form of what became of all.
#[derive(Serialize)]
struct Report<'a> {
    files: Vec<Written<'a>>,
    /// Whether the form came to its end, so that these are all of its files.
    complete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

impl Taken {
    fn json(&self) -> Result<String, Refusal> {
        let files = self.outcomes.iter().map(|Outcome { name, status }| {
            let stored = status.is_success();
            Written { name, status: status.as_u16(), stored }
        });
        let status = self.broken.map(|status| status.as_u16());
        let report = Report { files: files.collect(), complete: self.broken.is_none(), status };
        serde_json::to_string(&report).map_err(|_| Refusal(StatusCode::INTERNAL_SERVER_ERROR))
    }

    /// A line for each file, and one for the end of a form that broke off.
    fn lines(&self) -> String {
        let mut lines = String::new();
        for Outcome { name, status } in &self.outcomes {
            // Writing to a string cannot fail.
            let _ = writeln!(lines, "{status}: {}", clean_line(name.as_bytes()));
        }
        if let Some(status) = self.broken {
            let _ = writeln!(lines, "{status}");
        }
        lines
    }
}

/// Whether a browser sends what somebody else's page made it send. PUT needs no such question: a browser asks before it
/// sends that from elsewhere (CORS, Fetch Standard, section 4.8), and is never told that it may.
fn is_foreign(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    let authority = |origin: &HeaderValue| Some(origin.to_str().ok()?.split_once("://")?.1.to_owned());
    headers.get(ORIGIN).is_some_and(|origin| {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        authority(origin).as_deref() != host
    })
}

/// How much of a form has come since something became of it. The parser keeps what it cannot make sense of yet, and
/// would do so without end.
#[derive(Debug, Clone, Default)]
struct Ahead(Arc<AtomicUsize>);

impl Ahead {
    fn watched(
        &self,
        bytes: impl Stream<Item = Result<Bytes, Refusal>> + Send + 'static,
    ) -> impl Stream<Item = Result<Bytes, Refusal>> + Send + 'static {
        let Self(ahead) = self.clone();
        bytes.and_then(move |bytes| {
            let ahead = ahead.fetch_add(bytes.len(), Ordering::Relaxed) + bytes.len();
            let refusal = Refusal(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
            future::ready(if ahead > AHEAD { Err(refusal) } else { Ok(bytes) })
        })
    }

    fn forget(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// What went wrong with a form: what we said ourselves, or that it is none.
fn why(error: multer::Error) -> Refusal {
    let own = if let multer::Error::StreamReadFailed(error) = error {
        error.downcast().ok().map(|refusal| *refusal)
    } else {
        None
    };
    own.unwrap_or(Refusal(StatusCode::BAD_REQUEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_somebody_elses_page_is_foreign() {
        for (fields, foreign) in [
            (&[("host", "box:7890")][..], false),
            (&[("host", "box:7890"), ("origin", "http://box:7890")], false),
            (&[("host", "box:7890"), ("origin", "http://box")], true),
            (&[("host", "box:7890"), ("origin", "https://evil.example")], true),
            (&[("host", "box:7890"), ("origin", "null")], true),
            (&[("origin", "http://box")], true),
            (&[("host", "box"), ("origin", "http://proxy"), ("sec-fetch-site", "same-origin")], false),
            (&[("host", "box"), ("origin", "http://box"), ("sec-fetch-site", "cross-site")], true),
            (&[("host", "box"), ("sec-fetch-site", "same-site")], true),
        ] {
            let headers = fields
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
                .collect::<HeaderMap>();
            assert_eq!(is_foreign(&headers), foreign, "{fields:?}");
        }
    }
}
