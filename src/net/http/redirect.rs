//! Where an answer points that sends us elsewhere (RFC 9110, section 10.2.2). Never leads out of http and https.

use hyper::{HeaderMap, header};

use crate::event::Fault;
use crate::text::clean_line;
use crate::wire::source::Source;

/// What to ask for instead of `from`; none where the answer does not say.
pub(super) fn target(from: &Source, headers: &HeaderMap) -> Result<Option<Source>, Fault> {
    let Some(location) = headers.get(header::LOCATION) else { return Ok(None) };
    let there = str::from_utf8(location.as_bytes()).ok().and_then(|location| from.resolve(location));
    there.map(Some).ok_or_else(|| Fault::Redirected(clean_line(location.as_bytes())))
}
