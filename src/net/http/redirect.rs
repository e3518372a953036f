//! Redirects: where an answer points that sends us elsewhere (RFC 9110, section 10.2.2), and what it sets for the way. Never
//! leads out of http and https.

use hyper::header::{self, HeaderMap, HeaderValue};

use crate::event::Fault;
use crate::text::clean_line;
use crate::wire::cookies::Jar;
use crate::wire::range::http_date;
use crate::wire::source::Source;

/// What to ask for instead of `from`; none where the answer does not say.
pub(super) fn target(from: &Source, headers: &HeaderMap) -> Result<Option<Source>, Fault> {
    let Some(location) = headers.get(header::LOCATION) else { return Ok(None) };
    let there = str::from_utf8(location.as_bytes()).ok().and_then(|location| from.resolve(location));
    there.map(Some).ok_or_else(|| Fault::Redirected(clean_line(location.as_bytes())))
}

/// Takes in the cookies that are to be told on the rest of the way.
pub(super) fn note_cookies(from: &Source, headers: &HeaderMap, cookies: &mut Jar) {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let now = headers.get(header::DATE).and_then(text).and_then(|date| http_date(&date));
    for field in headers.get_all(header::SET_COOKIE).iter().filter_map(text) {
        cookies.set(from, &field, now);
    }
}
