//! The files of a form (`multipart/form-data`, RFC 7578), as browsers send them.
//!
//! Owns what of a form is a file, and from whose pages forms are taken; must never hold a whole form in memory.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt as _, TryStreamExt as _, future};
use hyper::header::{
    ACCEPT, CONTENT_DISPOSITION, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderValue,
    LOCATION, ORIGIN, VARY,
};
use hyper::{HeaderMap, Response, StatusCode};
use multer::{Field, Multipart};
use serde::Serialize;
use tokio::sync::mpsc;

use super::arriving::Arriving;
use super::partial::Placed;
use super::pieces::{Ahead, apart, feed, to_the_end};
use super::{Refusal, Terms, add};
use crate::serve::Site;
use crate::serve::page::{self, Language, uploaded};
use crate::serve::reply::{Content, insert, set, text};
use crate::text::clean_line;
use crate::wire::attachment::extended;
use crate::wire::source::Path;

/// Bytes of a boundary (RFC 2046, section 5.1.1): it is looked for as often.
const LONGEST_BOUNDARY: usize = 70;

/// Parts of one form: the names of files are kept until all of it has come.
const MOST_PARTS: usize = 10_000;

/// What became of one file of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::serve) struct Outcome {
    /// As the form has it.
    pub(in crate::serve) name: Vec<u8>,
    /// 201 where it is stored, 204 where it took the place of another one, otherwise why not.
    pub(in crate::serve) status: StatusCode,
    /// Whether the form broke off in the middle of it.
    pub(in crate::serve) broke_off: bool,
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
    if boundary.len() > LONGEST_BOUNDARY {
        return Err(Refusal(StatusCode::BAD_REQUEST));
    }
    let is_folder = site.root.name(folder).ok_or(Refusal(StatusCode::FORBIDDEN))?.is_folder;
    if !is_folder {
        return Err(Refusal(StatusCode::CONFLICT));
    }
    let ahead = Ahead::default();
    let (given, pieces) = mpsc::channel(1);
    let feeding = feed(arriving.stream(), given, ahead.clone()).then(|()| future::pending());
    Ok(apart(feeding, parse(site, terms, folder, boundary, pieces, ahead)).await)
}

/// Stores the files of a form that comes in these pieces.
async fn parse(
    site: &Arc<Site>,
    terms: &Terms,
    folder: &[u8],
    boundary: String,
    pieces: mpsc::Receiver<Bytes>,
    ahead: Ahead,
) -> Taken {
    let mut form = Multipart::new(ahead.watched(to_the_end(pieces)), boundary);
    let mut taken = Taken::default();
    let mut parts = 0;
    while taken.broken.is_none() {
        let mut field = match form.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => break,
            Err(error) => {
                taken.broken = Some(ahead.why(error).0);
                break;
            }
        };
        ahead.forget();
        parts += 1;
        if parts > MOST_PARTS {
            taken.broken = Some(StatusCode::PAYLOAD_TOO_LARGE);
            break;
        }
        if field.headers().is_empty() {
            // The parser takes the part behind an empty head for more of that head.
            taken.broken = Some(StatusCode::BAD_REQUEST);
            break;
        }
        let disposition = field.headers().get(CONTENT_DISPOSITION).map(HeaderValue::as_bytes);
        let Some(name) = disposition.and_then(file_name) else { continue };
        let added = if name.is_empty() {
            // A browser sends this where no file was picked, and nothing in it.
            match is_empty(&mut field).await {
                Ok(true) => continue,
                Ok(false) => Err(Refusal(StatusCode::BAD_REQUEST)),
                Err(error) => Err(ahead.why(error)),
            }
        } else if name.contains(&b'/') {
            Err(Refusal(StatusCode::FORBIDDEN))
        } else {
            let bytes = (&mut field).map_err(|error| ahead.why(error));
            let bytes = bytes.inspect_ok(|_| ahead.forget()).inspect_err(|_| ahead.breaks_off());
            add(site, terms, &[folder, &name].concat(), None, bytes).await
        };
        let status = match added {
            Ok(Placed::New) => StatusCode::CREATED,
            Ok(Placed::Instead) => StatusCode::NO_CONTENT,
            Err(Refusal(status)) => status,
        };
        let broke_off = ahead.has_broken_off();
        taken.outcomes.push(Outcome { name, status, broke_off });
        if broke_off {
            taken.broken = Some(status);
        }
        // What is refused is read to its end all the same: the next file stands behind it.
        while taken.broken.is_none() {
            match field.chunk().await {
                Ok(Some(_)) => ahead.forget(),
                Ok(None) => break,
                Err(error) => taken.broken = Some(ahead.why(error).0),
            }
        }
    }
    if taken.outcomes.is_empty() {
        taken.broken = taken.broken.or(Some(StatusCode::BAD_REQUEST));
    }
    taken
}

/// Whether nothing comes in this part.
async fn is_empty(field: &mut Field<'_>) -> Result<bool, multer::Error> {
    while let Some(bytes) = field.chunk().await? {
        if !bytes.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The JSON form of what became of one file.
#[derive(Serialize)]
struct Written<'a> {
    name: Cow<'a, str>,
    status: u16,
    /// Whether it is in the folder under this name, whole and on the disk.
    stored: bool,
    /// Whether it began to come and did not come whole.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    broke_off: bool,
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
        let files = self.outcomes.iter().map(|Outcome { name, status, broke_off }| {
            let (name, stored) = (String::from_utf8_lossy(name), status.is_success());
            Written { name, status: status.as_u16(), stored, broke_off: *broke_off }
        });
        let status = self.broken.map(|status| status.as_u16());
        let report = Report { files: files.collect(), complete: self.broken.is_none(), status };
        serde_json::to_string(&report).map_err(|_| Refusal(StatusCode::INTERNAL_SERVER_ERROR))
    }

    /// A line for each file, and one for the end of a form that broke off.
    fn lines(&self) -> String {
        let mut lines = String::new();
        for Outcome { name, status, broke_off } in &self.outcomes {
            let end = if *broke_off { " (broke off)" } else { "" };
            // Writing to a string cannot fail.
            let _ = writeln!(lines, "{status}: {}{end}", clean_line(name));
        }
        if let Some(status) = self.broken {
            let _ = writeln!(lines, "{status}: the rest of the form was not read");
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

/// The name in a `Content-Disposition` field (RFC 7578, section 4.2), with whatever bytes it has; none where the part is no
/// file. Browsers and curl write `%22` for a quote (HTML Standard, section 4.10.21.8), other clients a backslash in front of
/// it; any other backslash is one. `filename*` is read before it, although forms should have none: urllib3 and .NET write it.
fn file_name(disposition: &[u8]) -> Option<Vec<u8>> {
    let mut rest = disposition;
    let mut name = None;
    while let Some(start) = rest.iter().position(|byte| *byte == b';') {
        let (key, after) = split_at(&rest[start + 1..], |byte| matches!(byte, b'=' | b';'));
        let Some(value) = after.strip_prefix(b"=").map(<[u8]>::trim_ascii_start) else {
            rest = after;
            continue;
        };
        let value = if let Some(quoted) = value.strip_prefix(b"\"") {
            let (value, after) = unquoted(quoted);
            rest = after;
            value
        } else {
            let (value, after) = split_at(value, |byte| byte == b';');
            rest = after;
            value.trim_ascii_end().to_vec()
        };
        let key = key.trim_ascii();
        if key.eq_ignore_ascii_case(b"filename*")
            && let Some(value) = extended(&value)
        {
            return Some(value);
        }
        if key.eq_ignore_ascii_case(b"filename") && name.is_none() {
            name = Some(match String::from_utf8(value) {
                Ok(value) => value.replace("%22", "\"").into_bytes(),
                Err(error) => error.into_bytes(),
            });
        }
    }
    name
}

fn split_at(bytes: &[u8], is_end: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.iter().position(|byte| is_end(*byte)).unwrap_or(bytes.len()))
}

/// What stands before the quote that ends it, and what comes behind that.
fn unquoted(bytes: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut value = Vec::new();
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'"', _) => break,
            // Unless no other one ends it.
            (b'\\', [b'"', behind @ ..]) if behind.contains(&b'"') => {
                value.push(b'"');
                rest = behind;
            }
            _ => value.push(*first),
        }
    }
    (value, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_is_read_however_it_is_written() {
        for (disposition, name) in [
            (&br#"form-data; name="f"; filename="a.txt""#[..], Some(&b"a.txt"[..])),
            (br"form-data; name=f; FileName = a.txt ; x=y", Some(b"a.txt")),
            (br#"form-data; name="filename=x"; filename="a;b=c""#, Some(b"a;b=c")),
            (br#"form-data; name="f"; filename="q%22q""#, Some(br#"q"q"#)),
            (br#"form-data; name="f"; filename="q\"q""#, Some(br#"q"q"#)),
            (br#"form-data; filename="a\b"; name="f""#, Some(br"a\b")),
            (br#"form-data; name="f"; filename="a\""#, Some(br"a\")),
            (b"form-data; name=\"f\"; filename=\"\xc4\xe3%22.txt\"", Some(b"\xc4\xe3%22.txt")),
            (br#"form-data; name="f"; filename="""#, Some(b"")),
            (br#"form-data; name="f"; filename="open"#, Some(b"open")),
            (br#"form-data; name="f""#, None),
            (br#"form-data; name="f"; filename*=utf-8''st%C3%A4r.txt"#, Some("stär.txt".as_bytes())),
            (br#"form-data; filename="=?utf-8?B?w6Q=?="; filename*=UTF-8''%C3%A4"#, Some("ä".as_bytes())),
            (br"form-data; filename*=koi8-r''%E4; filename=a", Some(b"a")),
            (br"form-data; filename; name", None),
            (b"", None),
        ] {
            assert_eq!(file_name(disposition).as_deref(), name, "{}", disposition.escape_ascii());
        }
    }

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
