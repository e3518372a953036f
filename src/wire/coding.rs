//! Content codings of an answer (RFC 9110, section 8.4): whether its body is the file as it is stored. No I/O.

use hyper::HeaderMap;
use hyper::header::CONTENT_ENCODING;

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

/// Whether the body of an answer is in a coding that the file of this name is not stored in: its bytes are not the file's.
#[must_use]
pub fn is_encoded(headers: &HeaderMap, name: &[u8]) -> bool {
    let lines = headers.get_all(CONTENT_ENCODING).iter();
    let codings = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let mut codings = codings.map(<[u8]>::trim_ascii).filter(|coding| {
        // RFC 9110, section 8.4.1: it says that there is none.
        !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity")
    });
    match (codings.next(), codings.next()) {
        (None, _) => false,
        (Some(coding), None) => !is_stored(coding, name),
        (Some(_), Some(_)) => true,
    }
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
        is_encoded(&headers, name.as_bytes())
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
}
