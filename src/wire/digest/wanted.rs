//! Which digests a request asks for, and how an answer says them. No I/O.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::HeaderMap;
use hyper::header::HeaderName;

/// A field in which an answer says digests: the first two of the whole file, also where it has a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestField {
    /// `Repr-Digest` (RFC 9530, section 3).
    ReprDigest,
    /// `Digest` (RFC 3230, section 4.3.2), which came before it.
    Digest,
    /// `Content-Digest` (RFC 9530, section 2): of the body as it was sent, which may be a part.
    ContentDigest,
}

impl DigestField {
    /// The fields that a request asks for with SHA-256, by `Want-Repr-Digest` (RFC 9530, section 4) and `Want-Digest`
    /// (RFC 3230, section 4.3.1). A preference of 0 is none, and so is one that cannot be read.
    pub fn wanted(headers: &HeaderMap) -> impl Iterator<Item = Self> {
        let new = members(headers, "want-repr-digest", '=');
        // Of a member that comes twice the last one counts (RFC 8941, section 3.2).
        let new = new.filter(|(name, _)| *name == "sha-256").last();
        let old = members(headers, "want-digest", ';');
        let old = old.filter(|(name, rest)| name.eq_ignore_ascii_case("sha-256") && !is_refusal(rest)).last();
        let new = new.filter(|(_, preference)| is_wish(preference));
        new.map(|_| Self::ReprDigest).into_iter().chain(old.map(|_| Self::Digest))
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> HeaderName {
        HeaderName::from_static(match self {
            Self::ReprDigest => "repr-digest",
            Self::Digest => "digest",
            Self::ContentDigest => "content-digest",
        })
    }

    /// Its name as RFC 9530 and RFC 3230 write it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::ReprDigest => "Repr-Digest",
            Self::Digest => "Digest",
            Self::ContentDigest => "Content-Digest",
        }
    }

    /// What it says of a file with this SHA-256.
    #[must_use]
    pub fn value(self, sha256: &[u8; 32]) -> String {
        let sum = BASE64_STANDARD.encode(sha256);
        match self {
            Self::ReprDigest | Self::ContentDigest => format!("sha-256=:{sum}:"),
            Self::Digest => format!("SHA-256={sum}"),
        }
    }
}

/// How long a request waits for what takes time, such as a digest, in whole seconds (RFC 7240, section 4.3: `Prefer: wait`);
/// none where it does not say. 0: it would rather have its answer without.
#[must_use]
pub fn preferred_wait(headers: &HeaderMap) -> Option<Duration> {
    // Of a preference that comes twice the first one counts (section 2).
    let (_, seconds) = members(headers, "prefer", '=').find(|(name, _)| name.eq_ignore_ascii_case("wait"))?;
    let seconds = seconds.split(';').next()?.trim().trim_matches('"');
    seconds.parse().ok().map(Duration::from_secs)
}

/// The members of a list: the name of each, and what follows it.
fn members<'a>(
    headers: &'a HeaderMap,
    field: &'static str,
    divider: char,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let lines = headers.get_all(field).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(move |member| {
        let (name, rest) = member.split_once(divider).unwrap_or((member, ""));
        (name.trim(), rest.trim())
    })
}

/// From 1 to 10; parameters may follow.
fn is_wish(preference: &str) -> bool {
    let number = preference.split(';').next().unwrap_or_default().trim();
    number.parse().is_ok_and(|number: u8| (1..=10).contains(&number))
}

/// A weight of 0 (RFC 9110, section 12.4.2).
fn is_refusal(parameters: &str) -> bool {
    let weight = |parameter: &str| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().ok())
    };
    // Negated, so that what is no number refuses too.
    parameters.split(';').filter_map(weight).any(|weight| !weight.is_some_and(|weight| weight > 0.0))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::super::Checksum;
    use super::*;

    fn wanted(field: &'static str, value: &str) -> Vec<DigestField> {
        let mut headers = HeaderMap::new();
        headers.insert(field, HeaderValue::from_str(value).unwrap());
        DigestField::wanted(&headers).collect()
    }

    #[test]
    fn sha_256_is_said_to_who_wants_it() {
        for value in [
            "sha-256=1",
            "sha-512=10, sha-256=3",
            "sha-256=10;a=b",
            "unixsum=0,sha-256=1",
            "sha-256=0, sha-256=1",
        ] {
            assert_eq!(wanted("want-repr-digest", value), [DigestField::ReprDigest], "{value}");
        }
        for value in [
            "",
            "sha-512=3",
            "sha-256",
            "sha-256=0",
            "sha-256=11",
            "sha-256=-1",
            "sha-256=x",
            "SHA-256=1",
            "sha-256=1, sha-256=0",
        ] {
            assert_eq!(wanted("want-repr-digest", value), [], "{value}");
        }
        for value in [
            "SHA-256",
            "sha-256",
            "SHA-512;q=1, SHA-256;q=1, SHA;q=0.1",
            "SHA-256 ; q=0.001",
            "MD5;q=0,SHA-256",
        ] {
            assert_eq!(wanted("want-digest", value), [DigestField::Digest], "{value}");
        }
        for value in ["", "MD5", "SHA-256;q=0", "SHA-256;Q=0.000", "SHA-256;q=x", "SHA-256=1"] {
            assert_eq!(wanted("want-digest", value), [], "{value}");
        }
    }

    #[test]
    fn how_long_a_request_waits_is_read_as_rfc_7240_has_it() {
        let seconds = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", HeaderValue::from_str(value).unwrap());
            preferred_wait(&headers).map(|wait| wait.as_secs())
        };
        for (value, expected) in [
            ("wait=0", Some(0)),
            ("respond-async, Wait=100; foo=\"bar\"", Some(100)),
            ("wait=\"7\", wait=8", Some(7)),
            ("wait", None),
            ("wait=-1", None),
            ("wait=x", None),
            ("", None),
        ] {
            assert_eq!(seconds(value), expected, "{value}");
        }
        assert_eq!(preferred_wait(&HeaderMap::new()), None);
    }

    #[test]
    fn what_is_said_is_what_a_client_reads() {
        let sum = std::array::from_fn(|n| u8::try_from(n).unwrap());
        for field in [DigestField::ReprDigest, DigestField::Digest, DigestField::ContentDigest] {
            assert_eq!(Checksum::from_field(&field.value(&sum)), [Checksum::Sha256(sum)], "{field:?}");
        }
    }
}
