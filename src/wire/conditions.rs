//! The conditions of a request (RFC 9110, section 13), judged by what is there: a file, a list, anything that has a tag or
//! a time. No I/O.

use hyper::header::{
    HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE,
};
use hyper::{HeaderMap, Method};
use jiff::Timestamp;

use super::range::{Validator, http_date, to_http_date};

/// What there is now of what a request is about.
#[derive(Debug, Clone, Copy)]
pub struct Current<'a> {
    /// Its tag, as the `ETag` field has it.
    pub etag: Option<&'a str>,
    /// When it changed last. Fields have it in whole seconds, and so it is compared.
    pub modified: Option<Timestamp>,
}

/// What the conditions make of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It is to be done.
    Proceed,
    /// The client has it already: 304.
    NotModified,
    /// It is not what the client takes it for: 412.
    Failed,
}

impl Judgement {
    /// Of a request that would make what is not there yet: `If-Match` asks for something that is (RFC 9110, section
    /// 13.1.1), and nothing else stands in its way.
    #[must_use]
    pub fn of_new(headers: &HeaderMap) -> Self {
        if headers.contains_key(IF_MATCH) { Self::Failed } else { Self::Proceed }
    }
}

impl Current<'_> {
    /// Judges all conditions but `If-Range`, in the order of RFC 9110, section 13.2.2. A time that cannot be read is no
    /// condition (sections 13.1.3 and 13.1.4); a tag that cannot be read is none that matches.
    #[must_use]
    pub fn judge(&self, method: &Method, headers: &HeaderMap) -> Judgement {
        match self.is_among(headers, &IF_MATCH, is_strongly) {
            Some(false) => return Judgement::Failed,
            None if self.has_changed_since(headers, &IF_UNMODIFIED_SINCE) == Some(true) => {
                return Judgement::Failed;
            }
            Some(true) | None => {}
        }
        let reads = matches!(*method, Method::GET | Method::HEAD);
        match self.is_among(headers, &IF_NONE_MATCH, is_weakly) {
            Some(true) if reads => Judgement::NotModified,
            Some(true) => Judgement::Failed,
            None if reads && self.has_changed_since(headers, &IF_MODIFIED_SINCE) == Some(false) => {
                Judgement::NotModified
            }
            Some(false) | None => Judgement::Proceed,
        }
    }

    /// The `Range` field, where it counts: in a GET (RFC 9110, section 14.2), once, and where `If-Range` allows it.
    #[must_use]
    pub fn range<'a>(&self, method: &Method, headers: &'a HeaderMap, now: Timestamp) -> Option<&'a str> {
        only(headers, &RANGE).filter(|_| *method == Method::GET && self.allows_part(headers, now))
    }

    /// There is no `If-Range`, or it has the strong validator of what is there (RFC 9110, section 13.1.5). A time is one once
    /// the second that it names is over.
    fn allows_part(&self, headers: &HeaderMap, now: Timestamp) -> bool {
        if !headers.contains_key(IF_RANGE) {
            return true;
        }
        let modified = self.modified.and_then(to_http_date);
        let by_tag = Validator::from_fields(self.etag, None, None);
        let by_time = Validator::from_fields(None, modified.as_deref(), to_http_date(now).as_deref());
        let asked = only(headers, &IF_RANGE).and_then(Validator::from_kept);
        asked.is_some_and(|asked| asked.if_range().is_some() && [by_tag, by_time].contains(&Some(asked)))
    }

    /// Whether the field names what is there; none where there is no such field.
    fn is_among(
        &self,
        headers: &HeaderMap,
        name: &HeaderName,
        same: fn(Tag<'_>, Tag<'_>) -> bool,
    ) -> Option<bool> {
        if !headers.contains_key(name) {
            return None;
        }
        let own = self.etag.and_then(|tag| Tags(tag.as_bytes()).next());
        Some(headers.get_all(name).iter().any(|line| {
            let line = line.as_bytes();
            line == b"*" || own.is_some_and(|own| Tags(line).any(|tag| same(own, tag)))
        }))
    }

    /// None where one of the two times is not known.
    fn has_changed_since(&self, headers: &HeaderMap, name: &HeaderName) -> Option<bool> {
        let since = http_date(only(headers, name)?)?;
        Some(self.modified?.as_second() > since.as_second())
    }
}

/// The field, where it is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next()?;
    lines.next().is_none().then(|| first.to_str().ok())?
}

/// An `entity-tag` (RFC 9110, section 8.8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tag<'a> {
    is_weak: bool,
    /// Between the quotes.
    opaque: &'a [u8],
}

/// The strong comparison (RFC 9110, section 8.8.3.2).
fn is_strongly(own: Tag<'_>, other: Tag<'_>) -> bool {
    !own.is_weak && own == other
}

/// The weak comparison (RFC 9110, section 8.8.3.2).
fn is_weakly(own: Tag<'_>, other: Tag<'_>) -> bool {
    own.opaque == other.opaque
}

/// The tags of a list, up to the first that is none.
#[derive(Debug, Clone)]
struct Tags<'a>(&'a [u8]);

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        let between = self.0.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b',')).count();
        let tag = &self.0[between..];
        let weak = tag.strip_prefix(b"W/");
        let quoted = weak.unwrap_or(tag).strip_prefix(b"\"")?;
        let end = quoted.iter().position(|byte| *byte == b'"')?;
        self.0 = &quoted[end + 1..];
        Some(Tag { is_weak: weak.is_some(), opaque: &quoted[..end] })
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    const CHANGED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    fn fields(fields: &[(&'static str, &str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        fields.iter().map(field).fold(HeaderMap::new(), |mut headers, (name, value)| {
            headers.append(name, value);
            headers
        })
    }

    fn current(etag: Option<&str>) -> Current<'_> {
        // Within the second that the field names.
        Current { etag, modified: Some("1994-11-06T08:49:37.9Z".parse().unwrap()) }
    }

    #[track_caller]
    fn judged(method: &Method, given: &[(&'static str, &str)], expected: Judgement) {
        let judged = current(Some("\"a,b\"")).judge(method, &fields(given));
        assert_eq!(judged, expected, "{method} {given:?}");
    }

    #[test]
    fn each_condition_is_judged_by_what_is_there() {
        use Judgement::{Failed, NotModified, Proceed};
        for (name, value, get, put) in [
            ("if-match", "\"a,b\"", Proceed, Proceed),
            ("if-match", "*", Proceed, Proceed),
            ("if-match", "\"x\" , \"a,b\"", Proceed, Proceed),
            ("if-match", "W/\"a,b\"", Failed, Failed),
            ("if-match", "\"x\"", Failed, Failed),
            ("if-match", "a,b", Failed, Failed),
            ("if-match", "", Failed, Failed),
            ("if-none-match", "\"a,b\"", NotModified, Failed),
            ("if-none-match", "W/\"a,b\"", NotModified, Failed),
            ("if-none-match", "*", NotModified, Failed),
            ("if-none-match", ",, W/\"x\",\"a,b\"", NotModified, Failed),
            ("if-none-match", "\"x\"", Proceed, Proceed),
            ("if-none-match", "\"a", Proceed, Proceed),
            ("if-none-match", "x, \"a,b\"", Proceed, Proceed),
            ("if-unmodified-since", CHANGED, Proceed, Proceed),
            ("if-unmodified-since", AFTER, Proceed, Proceed),
            ("if-unmodified-since", BEFORE, Failed, Failed),
            ("if-unmodified-since", "yesterday", Proceed, Proceed),
            ("if-modified-since", CHANGED, NotModified, Proceed),
            ("if-modified-since", "Sunday, 06-Nov-94 08:49:37 GMT", NotModified, Proceed),
            ("if-modified-since", "Sun Nov  6 08:49:37 1994", NotModified, Proceed),
            ("if-modified-since", AFTER, NotModified, Proceed),
            ("if-modified-since", BEFORE, Proceed, Proceed),
            ("if-modified-since", "yesterday", Proceed, Proceed),
        ] {
            judged(&Method::GET, &[(name, value)], get);
            judged(&Method::HEAD, &[(name, value)], get);
            judged(&Method::PUT, &[(name, value)], put);
        }
    }

    #[test]
    fn a_tag_counts_before_a_time_and_what_must_be_before_what_must_not() {
        use Judgement::{Failed, NotModified, Proceed};
        let (same, other) = ("\"a,b\"", "\"x\"");
        for (given, expected) in [
            (&[][..], Proceed),
            (&[("if-match", same), ("if-unmodified-since", BEFORE)], Proceed),
            (&[("if-match", other), ("if-unmodified-since", AFTER)], Failed),
            (&[("if-none-match", other), ("if-modified-since", AFTER)], Proceed),
            (&[("if-none-match", same), ("if-modified-since", BEFORE)], NotModified),
            (&[("if-match", other), ("if-none-match", same)], Failed),
            (&[("if-match", same), ("if-none-match", same)], NotModified),
            (&[("if-unmodified-since", BEFORE), ("if-none-match", same)], Failed),
            (&[("if-none-match", other), ("if-none-match", same)], NotModified),
            (&[("if-modified-since", AFTER), ("if-modified-since", AFTER)], Proceed),
        ] {
            judged(&Method::GET, given, expected);
        }
    }

    #[test]
    fn what_has_no_tag_matches_none_and_what_has_no_time_has_not_changed_since_any() {
        let bare = Current { etag: None, modified: None };
        for (name, value, expected) in [
            ("if-match", "\"\"", Judgement::Failed),
            ("if-match", "*", Judgement::Proceed),
            ("if-none-match", "\"\"", Judgement::Proceed),
            ("if-none-match", "*", Judgement::NotModified),
            ("if-unmodified-since", BEFORE, Judgement::Proceed),
            ("if-modified-since", AFTER, Judgement::Proceed),
        ] {
            assert_eq!(bare.judge(&Method::GET, &fields(&[(name, value)])), expected, "{name}: {value}");
        }
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        for value in ["\"\"", CHANGED] {
            let headers = fields(&[("range", "bytes=0-1"), ("if-range", value)]);
            assert_eq!(bare.range(&Method::GET, &headers, now), None, "{value}");
        }
    }

    #[test]
    fn what_is_not_there_is_made_unless_it_has_to_be_there() {
        for (name, value, expected) in [
            ("if-match", "*", Judgement::Failed),
            ("if-match", "\"x\"", Judgement::Failed),
            ("if-none-match", "*", Judgement::Proceed),
            ("if-none-match", "\"x\"", Judgement::Proceed),
            ("if-unmodified-since", BEFORE, Judgement::Proceed),
        ] {
            assert_eq!(Judgement::of_new(&fields(&[(name, value)])), expected, "{name}: {value}");
        }
    }

    #[test]
    fn a_part_is_for_who_has_the_rest_of_the_same_version() {
        let now = "1994-11-06T08:49:38Z".parse().unwrap();
        let at_once = "1994-11-06T08:49:37.95Z".parse().unwrap();
        for (given, etag, now, expected) in [
            (&[][..], Some("\"a\""), now, true),
            (&["\"a\""], Some("\"a\""), at_once, true),
            (&["\"b\""], Some("\"a\""), now, false),
            (&["W/\"a\""], Some("\"a\""), now, false),
            (&["W/\"a\""], Some("W/\"a\""), now, false),
            (&["\"a\", \"b\""], Some("\"a\""), now, false),
            (&["\"a\"", "\"a\""], Some("\"a\""), now, false),
            (&["*"], Some("\"a\""), now, false),
            (&[""], Some("\"a\""), now, false),
            (&[CHANGED], Some("\"a\""), now, true),
            (&[CHANGED], None, now, true),
            (&[CHANGED], None, at_once, false),
            (&[BEFORE], None, now, false),
            (&[AFTER], None, now, false),
        ] {
            let if_range = given.iter().map(|value| ("if-range", *value));
            let headers: Vec<_> = if_range.chain([("range", "bytes=0-1")]).collect();
            let headers = fields(&headers);
            let range = current(etag).range(&Method::GET, &headers, now);
            assert_eq!(range, expected.then_some("bytes=0-1"), "{given:?} {etag:?} {now}");
        }
        let ask =
            |method, headers: &[_]| current(None).range(&method, &fields(headers), now).map(str::to_owned);
        assert_eq!(ask(Method::HEAD, &[("range", "bytes=0-1")]), None);
        assert_eq!(ask(Method::GET, &[("range", "bytes=0-1"), ("range", "bytes=2-3")]), None);
        assert_eq!(ask(Method::GET, &[]), None);
    }
}
