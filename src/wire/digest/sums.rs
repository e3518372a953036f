//! Files that say what other files' content has to be, as `sha256sum` and its relatives write them.

use super::Checksum;

/// The most bytes of such a file that are read: more than 100,000 names.
pub const SUMS_LIMIT: u64 = 16 * 1024 * 1024;

/// Names of hash functions at the beginning of a line in BSD's form.
const TAGS: [&str; 5] = ["MD5", "SHA1", "SHA256", "SHA384", "SHA512"];

/// What such a file says of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// The file's name, with folders before it where it is in one, seen from where the sums are; none where the sums
    /// stand alone, as in `notes.pdf.sha256`.
    pub name: Option<Vec<u8>>,
    /// What its content has to be.
    pub checksum: Checksum,
}

/// All that such a file says, in its order; lines of other hashes, and such as are none, say nothing.
///
/// coreutils: `HEX  name`, `HEX *name`, and with `\` in front where the name has line feeds or backslashes in it.
/// BSD: `SHA256 (name) = HEX`. `HEX` alone. The number of digits says which hash it is.
pub fn sums(text: &[u8]) -> impl Iterator<Item = Sum> + '_ {
    text.split(|byte| *byte == b'\n').filter_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        tagged(line).or_else(|| listed(line))
    })
}

/// Whether a text is such a file: in each line that is neither empty nor a comment there is a checksum, be it of another
/// hash; also within a signature of PGP (RFC 9580, section 7). A page that only has one somewhere is none.
#[must_use]
pub fn are_sums(text: &[u8]) -> bool {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let mut armour = None;
    text.split(|byte| *byte == b'\n').all(|line| {
        let line = line.trim_ascii();
        if let Some(what) = line.strip_prefix(b"-----BEGIN PGP ") {
            armour = Some(what == b"SIGNATURE-----");
            return true;
        }
        match armour {
            // Up to an empty line, fields stand before what is signed.
            Some(false) => {
                if line.is_empty() {
                    armour = None;
                }
                true
            }
            Some(true) => {
                if line.starts_with(b"-----END PGP ") {
                    armour = None;
                }
                true
            }
            None => line.is_empty() || matches!(line[0], b'#' | b';') || has_checksum(line),
        }
    })
}

/// Hexadecimal digits as many as MD5, SHA-1 and the hashes of the SHA-2 family have, at one end of a line.
fn has_checksum(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\\").unwrap_or(line);
    let is_hash = |text: &[u8]| {
        matches!(text.len(), 32 | 40 | 56 | 64 | 96 | 128) && text.iter().all(u8::is_ascii_hexdigit)
    };
    let first = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let tagged = line.windows(4).rposition(|four| four == b") = ").is_some_and(|at| is_hash(&line[at + 4..]));
    is_hash(first) || tagged && line[0].is_ascii_alphabetic()
}

fn tagged(line: &[u8]) -> Option<Sum> {
    let (escaped, line) = line.strip_prefix(b"\\").map_or((false, line), |line| (true, line));
    let rest = TAGS.iter().find_map(|tag| line.strip_prefix(tag.as_bytes())?.strip_prefix(b" ("))?;
    let at = rest.windows(4).rposition(|four| four == b") = ")?;
    let checksum = Checksum::from_digits(str::from_utf8(&rest[at + 4..]).ok()?.trim())?;
    Some(Sum { name: Some(name(&rest[..at], escaped)), checksum })
}

fn listed(line: &[u8]) -> Option<Sum> {
    let (escaped, line) = line.strip_prefix(b"\\").map_or((false, line), |line| (true, line));
    let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    let (digits, rest) = line.split_at(end);
    let checksum = Checksum::from_digits(str::from_utf8(digits).ok()?)?;
    let named = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *"));
    match named.filter(|named| !named.is_empty()) {
        Some(named) => Some(Sum { name: Some(name(named, escaped)), checksum }),
        None => rest.trim_ascii().is_empty().then_some(Sum { name: None, checksum }),
    }
}

fn name(written: &[u8], escaped: bool) -> Vec<u8> {
    let written = written.strip_prefix(b"./").unwrap_or(written);
    let mut name = Vec::with_capacity(written.len());
    let mut bytes = written.iter();
    while let Some(byte) = bytes.next() {
        name.push(match (escaped && *byte == b'\\').then(|| bytes.next()).flatten() {
            None => *byte,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(other) => *other,
        });
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_what_is_none_says_nothing() {
        let short = "0f".repeat(32);
        let long = "1e".repeat(64);
        let text = format!(
            "# by hand\n{short}  a.txt\n{long} *sub/b  c.txt\r\n\\{short}  li\\\\ne\\nfeed\n\
             SHA256 (d (1) = .txt) = {short}\nSHA512 (e) = {long}\n{short}\n{}  crc.txt\n\
             {short} one space\nSHA256 (f) = 00\n{short}  ./g\n\n",
            "00".repeat(4)
        );
        let read: Vec<_> = sums(text.as_bytes()).collect();
        let names: Vec<_> = read.iter().map(|sum| sum.name.as_deref()).collect();
        let expected: [Option<&[u8]>; 7] = [
            Some(b"a.txt"),
            Some(b"sub/b  c.txt"),
            Some(b"li\\ne\nfeed"),
            Some(b"d (1) = .txt"),
            Some(b"e"),
            None,
            Some(b"g"),
        ];
        assert_eq!(names, expected);
        let kinds: Vec<_> = read.iter().map(|sum| matches!(sum.checksum, Checksum::Sha512(_))).collect();
        assert_eq!(kinds, [false, true, false, false, true, false, false]);
    }

    #[test]
    fn a_text_with_a_checksum_somewhere_is_no_file_of_them() {
        let (md5, sha256) = ("0f".repeat(16), "0f".repeat(32));
        for text in [
            format!("{sha256}\n"),
            format!("{sha256}  a\r\n{md5}  b\r\n"),
            format!("\u{feff}# by hand\n; too\n\n{sha256} *a\n\\{sha256}  b\\nc\n"),
            format!("MD5 (a) = {md5}\nSHA256 (a b) = {sha256}"),
            format!(
                "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{sha256}  a\n\
                 -----BEGIN PGP SIGNATURE-----\n\niQIzBAEBCgAdFiE=\n-----END PGP SIGNATURE-----\n"
            ),
            String::new(),
        ] {
            assert!(are_sums(text.as_bytes()), "{text}");
        }
        for text in [
            format!("<html>\n{sha256}\n</html>"),
            format!("<p>{sha256}</p>"),
            format!("Not found: {sha256}"),
            format!("not here\n{sha256}  a"),
            format!("{{\"sha256\": \"{sha256}\"}}"),
            format!("{sha256}0  a"),
            format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n<html>\n{sha256}"),
        ] {
            assert!(!are_sums(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_name_need_not_be_utf8() {
        let line = [&b"00".repeat(32)[..], b"  \xff\xfe"].concat();
        assert_eq!(sums(&line).next().unwrap().name.unwrap(), b"\xff\xfe");
    }
}
