//! The files of a form (`multipart/form-data`, RFC 7578), as browsers send them.
//!
//! Owns what of a form is a file, and from whose pages forms are taken; must never hold a whole form in memory.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _, future};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, LOCATION, ORIGIN};
use hyper::{HeaderMap, Response, StatusCode};
use multer::Multipart;

use super::arriving::Arriving;
use super::{Refusal, Terms, add};
use crate::serve::Site;
use crate::serve::reply::{Content, set, text};
use crate::text::clean_line;
use crate::wire::source::Path;

/// Bytes of a form that may come without any of a file: more than any head of a part has.
const AHEAD: usize = 4 * 1024 * 1024;

/// Puts the files of a form into a folder. The answer has a line for each, and leads a browser back to the folder.
pub(super) async fn post(
    site: &Arc<Site>,
    terms: &Terms,
    folder: &[u8],
    arriving: Arriving,
) -> Result<Response<Content>, Refusal> {
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
    let mut said = String::new();
    let mut refusal = None;
    while refusal.is_none()
        && let Some(field) = form.next_field().await.map_err(why)?
    {
        ahead.forget();
        let Some(name) = field.file_name().filter(|name| !name.is_empty()) else { continue };
        // As browsers and curl write it (HTML Standard, section 4.10.21.8).
        let name = name.replace("%22", "\"");
        let added = if name.contains('/') {
            Err(Refusal(StatusCode::FORBIDDEN))
        } else {
            let bytes = field.map_err(why).inspect_ok(|_| ahead.forget());
            add(site, terms, &[folder, name.as_bytes()].concat(), None, bytes).await
        };
        refusal = added.err();
        let status = refusal.map_or(StatusCode::CREATED, |Refusal(status)| status);
        // Writing to a string cannot fail.
        let _ = writeln!(said, "{status}: {}", clean_line(name.as_bytes()));
    }
    if said.is_empty() {
        return Err(Refusal(StatusCode::BAD_REQUEST));
    }
    if let Some(Refusal(status)) = refusal {
        return Ok(text(status, said));
    }
    let mut response = text(StatusCode::SEE_OTHER, said);
    set(&mut response, LOCATION, Path::from_name(folder).folder().encoded())?;
    Ok(response)
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
