//! The plain chat datagram: one datagram is one UTF-8 text, with no framing and no line feed.
//!
//! Owns the limits and how a long text is cut; must never change a text.

use crate::text::cut::fit_bytes;

/// The most bytes of text in one datagram of ours: what a course program reads of one.
pub const DATAGRAM_TEXT_LIMIT: usize = 1024;

/// The most bytes that a UDP datagram over IPv4 can carry (RFC 768, RFC 791): 65,535 less 20 and 8 of headers.
pub const DATAGRAM_LIMIT: usize = 65_507;

/// The texts of the datagrams that carry `text`: each at most [`DATAGRAM_TEXT_LIMIT`] bytes, together `text`, cut
/// between grapheme clusters so that no receiver sees half a character. (A single cluster that is longer is cut
/// between code points.) An empty text is one empty datagram.
pub fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (part, after) = text.split_at(fit_bytes(text, DATAGRAM_TEXT_LIMIT).len());
        rest = (!after.is_empty()).then_some(after);
        Some(part)
    })
}

/// How many datagrams carry `text`.
#[must_use]
pub fn parts(text: &str) -> usize {
    split(text).count()
}
