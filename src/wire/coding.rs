//! Content and transfer codings of an answer (RFC 9110, section 8.4; RFC 9112, section 7): whether its body is the file as
//! it is stored. No I/O.

use hyper::HeaderMap;
use hyper::header::{CONTENT_ENCODING, HeaderName, TRANSFER_ENCODING};

use crate::text::{Clean, clean_line};

/// The endings of names whose files are in a coding themselves. Servers that take codings from names say so of them, and
/// send the file as it is (Apache with `AddEncoding`, aiohttp, Tomcat).
const STORED: [(&str, &[&str]); 6] = [
    ("gzip", &["gz", "tgz", "taz", "svgz", "vgz", "emz", "wmz", "cpgz"]),
    ("compress", &["z", "taz"]),
    ("bzip2", &["bz2", "tbz", "tbz2"]),
    ("xz", &["xz", "txz"]),
    ("br", &["br"]),
    ("zstd", &["zst", "tzst"]),
];

/// In which content coding the body of an answer is that the file of this name is not stored in: its bytes are not the
/// file's then.
#[must_use]
pub fn foreign(headers: &HeaderMap, name: &[u8]) -> Option<Clean> {
    let codings = codings(headers, &CONTENT_ENCODING);
    match codings[..] {
        [] => None,
        [coding] if is_stored(coding, name) => None,
        _ => Some(clean_line(&codings.join(&b", "[..]))),
    }
}

/// In which transfer codings the body of an answer comes that are not decoded: nobody asked for any.
#[must_use]
pub fn foreign_transfer(headers: &HeaderMap) -> Option<Clean> {
    let codings: Vec<&[u8]> = codings(headers, &TRANSFER_ENCODING)
        .into_iter()
        .filter(|coding| !coding.eq_ignore_ascii_case(b"chunked"))
        .collect();
    (!codings.is_empty()).then(|| clean_line(&codings.join(&b", "[..])))
}

/// All that a field names but `identity`, which says that there is none (RFC 9110, section 8.4.1).
fn codings<'headers>(headers: &'headers HeaderMap, name: &HeaderName) -> Vec<&'headers [u8]> {
    let lines = headers.get_all(name).iter();
    let codings = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let codings = codings.map(<[u8]>::trim_ascii);
    codings.filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity")).collect()
}

fn is_stored(coding: &[u8], name: &[u8]) -> bool {
    let coding = coding.to_ascii_lowercase();
    // RFC 9110, section 8.4.1.3: the two are the same.
    let coding = coding.strip_prefix(b"x-").unwrap_or(&coding);
    let Some(at) = name.iter().rposition(|byte| *byte == b'.') else { return false };
    let ending = name[at + 1..].to_ascii_lowercase();
    STORED.iter().any(|(known, endings)| {
        known.as_bytes() == coding && endings.iter().any(|known| known.as_bytes() == ending)
    })
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn encoded(lines: &[&str], name: &str) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CONTENT_ENCODING, HeaderValue::from_str(line).unwrap());
        }
        foreign(&headers, name.as_bytes()).is_some()
    }

    #[test]
    fn a_body_is_the_file_where_no_coding_was_added_to_it() {
        for (lines, name) in [
            (&[][..], "a.txt"),
            (&["identity"], "a.txt"),
            (&["Identity, "], "a.txt"),
            (&[""], "a.txt"),
            (&["gzip"], "a.tar.gz"),
            (&["x-gzip"], "A.TGZ"),
            (&["GZIP", "identity"], "a.svgz"),
            (&["x-compress"], "a.Z"),
            (&["bzip2"], "a.tar.bz2"),
            (&["br"], "a.js.br"),
            (&["zstd"], "a.zst"),
        ] {
            assert!(!encoded(lines, name), "{lines:?} {name}");
        }
        for (lines, name) in [
            (&["gzip"][..], "a.txt"),
            (&["x-gzip"], "gz"),
            (&["gzip"], "a.bz2"),
            (&["deflate"], "a.txt"),
            (&["br"], "a.gz"),
            (&["gzip, gzip"], "a.gz"),
            (&["gzip", "br"], "a.gz"),
            (&["something"], "a.something"),
        ] {
            assert!(encoded(lines, name), "{lines:?} {name}");
        }
    }

    #[test]
    fn a_coding_that_is_not_decoded_is_named() {
        for (codings, expected) in [
            ("chunked", None),
            ("identity, Chunked", None),
            ("xyz", Some("xyz")),
            ("gzip, chunked", Some("gzip")),
            ("x\u{1b}[31m, br", Some("x<U+001B>[31m, br")),
        ] {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(codings.as_bytes()) {
                headers.insert(TRANSFER_ENCODING, value);
                assert_eq!(foreign_transfer(&headers).as_deref(), expected, "{codings}");
            }
        }
    }
}
