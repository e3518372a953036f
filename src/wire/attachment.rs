//! How an answer says that it is to be saved as a file, and under which name (RFC 6266, RFC 8187). No I/O.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is not an `attr-char` (RFC 8187, section 3.2.1).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The `Content-Disposition` of what is to be saved under `name` (one path component), in both forms: all of it for who
/// reads the second one, and what of it is safe in ASCII for who does not. Bytes that are not UTF-8 become `U+FFFD`.
#[must_use]
pub fn attachment(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    // Clients disagree on how a quote, a backslash or a percent sign is to be written here (RFC 6266, appendix D).
    let is_plain = |c: char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '%');
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(&name, ENCODED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_given_in_ascii_and_in_full() {
        for (name, plain, full) in [
            (&b"notes.pdf"[..], "notes.pdf", "notes.pdf"),
            (b"a b;c.txt", "a b;c.txt", "a%20b%3Bc.txt"),
            ("讲义 1.pdf".as_bytes(), "__ 1.pdf", "%E8%AE%B2%E4%B9%89%201.pdf"),
            (b"\"x\"\\%41'.txt", "_x___41'.txt", "%22x%22%5C%2541%27.txt"),
            (b"a\r\nSet-Cookie: b\x7f", "a__Set-Cookie: b_", "a%0D%0ASet-Cookie%3A%20b%7F"),
            (b"\xff.bin", "_.bin", "%EF%BF%BD.bin"),
        ] {
            let expected = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{full}");
            assert_eq!(attachment(name), expected, "{}", name.escape_ascii());
        }
    }
}
