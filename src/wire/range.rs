//! Parts of files (RFC 9110, section 14), and what tells one version of a file from another (section 8.8). No I/O.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};
use jiff::tz::TimeZone;

mod delivery;
mod lengths;
mod select;

pub use delivery::{Delivery, DeliveryError};
pub use lengths::{Identity, Lengths};
pub use select::{PARTS_LIMIT, Selection, Span, select};

/// How much later than the last change an answer has to be, so that no second change can hide behind the same time
/// (RFC 9110, section 8.8.2.2).
const SETTLED: Duration = Duration::from_secs(1);

/// What tells one version of a file from another (RFC 9110, section 8.8).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Validator(Kind);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Kind {
    /// It changes whenever the content does (section 8.8.1): in the form of the `If-Range` field.
    Strong(String),
    /// Both fields as they came, of which at least one did: the content may change without them.
    Weak { etag: Option<String>, modified: Option<String> },
}

/// What stands before each of the two fields of a weak validator, where it is kept. No field that is strong begins with it.
const WEAK: char = '~';

impl Validator {
    /// From what was kept of it; none where no header field could hold that.
    #[must_use]
    pub fn from_kept(text: &str) -> Option<Self> {
        let sound = !text.is_empty() && text.bytes().all(|byte| (b' '..0x7f).contains(&byte) || byte >= 0x80);
        let text = Some(text).filter(|_| sound)?;
        let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Some(Self(match text.strip_prefix(WEAK) {
            Some(rest) => {
                let (modified, etag) = rest.split_once(WEAK)?;
                let (modified, etag) = (said(modified), said(etag));
                if modified.is_none() && etag.is_none() {
                    return None;
                }
                Kind::Weak { etag, modified }
            }
            None if text.starts_with("W/") => Kind::Weak { etag: said(text), modified: None },
            None => Kind::Strong(text.to_owned()),
        }))
    }

    /// From an answer's `ETag`, `Last-Modified` and `Date`; none where there is neither of the first two. A tag that is not
    /// weak makes a strong one, and where the server gave the file no tag, a time does that has settled (RFC 9110, sections
    /// 13.1.5 and 8.8.2.2).
    #[must_use]
    pub fn from_fields(etag: Option<&str>, modified: Option<&str>, date: Option<&str>) -> Option<Self> {
        let sound = |text: &str| !text.is_empty() && !text.contains(WEAK) && Self::from_kept(text).is_some();
        let etag = etag.filter(|etag| sound(etag));
        let modified = modified.filter(|modified| sound(modified) && http_date(modified).is_some());
        let is_strong = |tag: &&str| tag.len() >= 2 && tag.starts_with('"') && tag.ends_with('"');
        let is_settled = |modified: &&str| {
            let changed = http_date(modified)?.checked_add(SETTLED).ok()?;
            Some(changed <= http_date(date?)?)
        };
        let strong = match etag {
            Some(_) => etag.filter(is_strong),
            None => modified.filter(|modified| is_settled(modified) == Some(true)),
        };
        match (strong, etag, modified) {
            (Some(strong), ..) => Some(Self(Kind::Strong(strong.to_owned()))),
            (None, None, None) => None,
            (None, etag, modified) => Some(Self(Kind::Weak {
                etag: etag.map(str::to_owned),
                modified: modified.map(str::to_owned),
            })),
        }
    }

    /// What the `If-Range` field says of it; none where it is weak, which that field must not be (RFC 9110, section 13.1.5).
    #[must_use]
    pub fn if_range(&self) -> Option<&str> {
        match &self.0 {
            Kind::Strong(text) => Some(text),
            Kind::Weak { .. } => None,
        }
    }

    /// What it says of the version that it was made of.
    #[must_use]
    pub fn identity(&self) -> Identity {
        match &self.0 {
            Kind::Strong(text) if text.starts_with('"') => {
                Identity { etag: Some(text.clone()), modified: None }
            }
            Kind::Strong(text) => Identity { etag: None, modified: Some(text.clone()) },
            Kind::Weak { etag, modified } => Identity { etag: etag.clone(), modified: modified.clone() },
        }
    }

    /// Whether an answer with these fields is of another version. One that does not say is of this one.
    #[must_use]
    pub fn differs(&self, etag: Option<&str>, modified: Option<&str>) -> bool {
        let known = self.identity();
        let differ = |known: Option<String>, said: Option<&str>| known.zip(said).is_some_and(|(a, b)| a != b);
        differ(known.etag, etag) || differ(known.modified, modified)
    }
}

impl fmt::Display for Validator {
    /// As it is kept.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Strong(text) => out.write_str(text),
            Kind::Weak { etag, modified } => {
                let [modified, etag] = [modified, etag].map(|field| field.as_deref().unwrap_or_default());
                write!(out, "{WEAK}{modified}{WEAK}{etag}")
            }
        }
    }
}

/// Two forms of a time that are not to be sent any more, and still to be understood (RFC 9110, section 5.6.7).
const OLD_DATES: [&str; 2] = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// A time as header fields have it (RFC 9110, section 5.6.7).
#[must_use]
pub fn http_date(text: &str) -> Option<Timestamp> {
    let old = |format| TimeZone::UTC.to_timestamp(DateTime::strptime(format, text).ok()?).ok();
    DateTimeParser::new().parse_timestamp(text).ok().or_else(|| OLD_DATES.into_iter().find_map(old))
}

/// In the form that is to be sent, to the second; none before the year 0, of which it cannot be said.
#[must_use]
pub fn to_http_date(time: Timestamp) -> Option<String> {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok()
}

/// What a `Content-Range` field says (RFC 9110, section 14.4), in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentRange {
    /// The body is this part of the file.
    Part {
        /// The first byte's place.
        first: u64,
        /// The last byte's.
        last: u64,
        /// The length of the whole file.
        total: Option<u64>,
    },
    /// The file has no such part: its whole length.
    Unsatisfied(u64),
}

/// It is no `Content-Range` of bytes, or one that contradicts itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a content range in bytes")]
pub struct ContentRangeError;

impl FromStr for ContentRange {
    type Err = ContentRangeError;

    fn from_str(text: &str) -> Result<Self, ContentRangeError> {
        let parsed = || {
            let (unit, rest) = text.trim().split_once(' ')?;
            let (range, total) = rest.trim().split_once('/')?;
            let total = if total == "*" { None } else { Some(number(total)?) };
            if !unit.eq_ignore_ascii_case("bytes") {
                return None;
            }
            if range == "*" {
                return total.map(Self::Unsatisfied);
            }
            let (first, last) = range.split_once('-')?;
            let (first, last) = (number(first)?, number(last)?);
            let sound = first <= last && total.is_none_or(|total| last < total);
            sound.then_some(Self::Part { first, last, total })
        };
        parsed().ok_or(ContentRangeError)
    }
}

impl fmt::Display for ContentRange {
    /// Writes it as it is read.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Part { first, last, total: Some(total) } => write!(out, "bytes {first}-{last}/{total}"),
            Self::Part { first, last, total: None } => write!(out, "bytes {first}-{last}/*"),
            Self::Unsatisfied(total) => write!(out, "bytes */{total}"),
        }
    }
}

/// Digits and nothing else.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_of_a_validator_cannot_become_another_field() {
        let read = |text| Validator::from_kept(text).map(|read| read.to_string());
        assert_eq!(read("\"5f-1\"").as_deref(), Some("\"5f-1\""));
        assert_eq!(read(""), None);
        assert_eq!(read("a\r\nHost: b"), None);
    }

    #[test]
    fn a_validator_is_a_strong_tag_or_else_a_time_that_has_settled() {
        const CHANGED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        const SAME_SECOND: &str = CHANGED;
        const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
        for (etag, modified, date, expected) in [
            (Some("\"a\""), None, None, Some("\"a\"")),
            (Some("\"a\""), Some(CHANGED), Some(LATER), Some("\"a\"")),
            (Some("W/\"a\""), None, None, None),
            (Some("W/\"a\""), Some(CHANGED), Some(LATER), None),
            (Some("a"), None, None, None),
            (Some("\""), None, None, None),
            (None, Some(CHANGED), Some(LATER), Some(CHANGED)),
            (None, Some(CHANGED), Some(SAME_SECOND), None),
            (None, Some(CHANGED), None, None),
            (None, Some("yesterday"), Some(LATER), None),
            (None, None, Some(LATER), None),
        ] {
            let made = Validator::from_fields(etag, modified, date);
            let strong = made.as_ref().and_then(Validator::if_range);
            assert_eq!(strong, expected, "{etag:?} {modified:?} {date:?}");
        }
    }

    #[test]
    fn what_makes_no_strong_validator_still_tells_versions_apart() {
        const CHANGED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
        for (etag, modified, other) in [
            (Some("W/\"a\""), Some(CHANGED), (Some("W/\"a\""), Some(LATER))),
            (Some("W/\"a\""), Some(CHANGED), (Some("W/\"b\""), Some(CHANGED))),
            (Some("a~b"), Some(CHANGED), (None, Some(LATER))),
            (Some("unquoted"), None, (Some("\"a\""), None)),
            (None, Some(CHANGED), (None, Some(LATER))),
        ] {
            let made = Validator::from_fields(etag, modified, None).unwrap();
            assert_eq!(Validator::from_kept(&made.to_string()).as_ref(), Some(&made), "{made}");
            assert_eq!(made.if_range(), None, "{made}");
            assert!(!made.differs(etag.filter(|tag| !tag.contains('~')), modified), "{made}");
            assert!(!made.differs(None, None), "{made}");
            assert!(made.differs(other.0, other.1), "{made}: {other:?}");
        }
        for text in ["~", "~~", "~a"] {
            assert_eq!(Validator::from_kept(text), None, "{text}");
        }
        assert_eq!(Validator::from_fields(None, Some("yesterday"), None), None);
    }

    #[test]
    fn another_version_is_known_by_what_the_validator_was_made_of() {
        let tag = Validator::from_kept("\"a\"").unwrap();
        assert!(!tag.differs(Some("\"a\""), Some("whenever")) && !tag.differs(None, Some("whenever")));
        assert!(tag.differs(Some("\"b\""), None) && tag.differs(Some("W/\"a\""), None));
        let time = Validator::from_kept("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert!(!time.differs(Some("\"a\""), None) && time.differs(None, Some("another")));
    }

    #[test]
    fn a_time_is_read_in_its_three_forms_and_written_in_the_first() {
        const TIME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        let time = "1994-11-06T08:49:37Z".parse().unwrap();
        for text in [TIME, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(http_date(text), Some(time), "{text}");
        }
        assert_eq!(to_http_date(time).as_deref(), Some(TIME));
        assert_eq!(to_http_date("-000044-03-15T12:00:00Z".parse().unwrap()), None);
        for text in ["", "0", "1994-11-06", "Sun, 36 Nov 1994 08:49:37 GMT"] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }

    #[test]
    fn a_content_range_is_read_as_it_is_written() {
        for text in ["bytes 0-499/1234", "bytes 0-499/*", "bytes */1234"] {
            assert_eq!(text.parse::<ContentRange>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_content_range_is_read_or_refused() {
        let part = |first, last, total| Ok(ContentRange::Part { first, last, total });
        for (text, expected) in [
            ("bytes 0-499/1234", part(0, 499, Some(1234))),
            ("BYTES 5-5/6", part(5, 5, Some(6))),
            ("bytes 0-499/*", part(0, 499, None)),
            ("bytes */1234", Ok(ContentRange::Unsatisfied(1234))),
            ("bytes */*", Err(ContentRangeError)),
            ("bytes 5-4/10", Err(ContentRangeError)),
            ("bytes 0-10/10", Err(ContentRangeError)),
            ("bytes +1-2/3", Err(ContentRangeError)),
            ("bytes 0-99999999999999999999/*", Err(ContentRangeError)),
            ("lines 0-1/2", Err(ContentRangeError)),
            ("bytes=0-1/2", Err(ContentRangeError)),
            ("", Err(ContentRangeError)),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
    }
}
