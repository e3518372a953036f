//! `Content-Disposition`: that an answer is to be saved as a file, and under which name (RFC 6266, RFC 8187), written and
//! read. No I/O.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

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

/// The name in a `Content-Disposition`: of `filename*` before `filename`, its last path component. It is a foreign name,
/// and may be any bytes but none, `.` and `..`. None where it has no name that can be read.
#[must_use]
pub fn file_name(field: &[u8]) -> Option<Vec<u8>> {
    let parameters = parameters(field);
    let of = |wanted: &str| parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted.as_bytes()));
    let extended = of("filename*").and_then(|(_, value)| extended(value));
    let name = extended.or_else(|| of("filename").map(|(_, value)| as_utf8(value)))?;
    let name = name.rsplit(|byte| matches!(byte, b'/' | b'\\')).next()?.trim_ascii();
    (!matches!(name, b"" | b"." | b"..")).then(|| name.to_vec())
}

/// The parameters of a field, whose values are tokens or quoted strings (RFC 9110, section 5.6.6), in their order. What
/// stands before the first semicolon is none, unless it has a value.
fn parameters(field: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    let mut rest = field;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'=' | b';')).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let Some((&b'=', after)) = after.split_first() else {
            rest = after.get(1..).unwrap_or_default();
            continue;
        };
        let (value, after) = value(after.trim_ascii_start());
        found.push((name.trim_ascii().to_vec(), value));
        let next = after.iter().position(|byte| *byte == b';').map_or(after.len(), |at| at + 1);
        rest = &after[next..];
    }
    found
}

/// A token or a quoted string, and what comes after it.
fn value(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let Some((&b'"', quoted)) = text.split_first() else {
        let (value, after) = text.split_at(text.iter().position(|byte| *byte == b';').unwrap_or(text.len()));
        return (value.trim_ascii().to_vec(), after);
    };
    let mut value = Vec::new();
    let mut bytes = quoted.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return (value, &quoted[at + 1..]),
            // Servers write paths of Windows without doubling anything: only a quote or a backslash is escaped.
            b'\\' => match quoted.get(at + 1) {
                Some(next @ (b'"' | b'\\')) => {
                    value.push(*next);
                    bytes.next();
                }
                Some(_) | None => value.push(b'\\'),
            },
            byte => value.push(*byte),
        }
    }
    (value, &[])
}

/// An `ext-value` (RFC 8187, section 3.2): `UTF-8'en'%e2%82%ac%20rates`. None where its character set is not known.
#[must_use]
pub fn extended(value: &[u8]) -> Option<Vec<u8>> {
    let mut parts = value.splitn(3, |byte| *byte == b'\'');
    let (charset, _, text) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes: Vec<u8> = percent_decode(text).collect();
    if charset.eq_ignore_ascii_case(b"UTF-8") {
        String::from_utf8(bytes).ok().map(String::into_bytes)
    } else if charset.eq_ignore_ascii_case(b"ISO-8859-1") {
        Some(latin(&bytes))
    } else {
        None
    }
}

/// What a field should hold is ISO-8859-1, and what servers write into it is UTF-8 where it can be that.
fn as_utf8(value: &[u8]) -> Vec<u8> {
    if std::str::from_utf8(value).is_ok() { value.to_vec() } else { latin(value) }
}

fn latin(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes()
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

    #[test]
    fn the_name_is_read_in_every_form_that_servers_write() {
        for (field, name) in [
            ("attachment; filename=\"report.pdf\"", Some("report.pdf")),
            ("attachment; filename=report.pdf", Some("report.pdf")),
            ("ATTACHMENT;FILENAME = report.pdf ;x=y", Some("report.pdf")),
            ("inline; filename=\"a;b=c.txt\"; size=7", Some("a;b=c.txt")),
            ("attachment; filename=\"a \\\"b\\\" c\"", Some("a \"b\" c")),
            ("attachment; filename=x.txt; filename*=UTF-8''%e2%82%ac%20rates.txt", Some("€ rates.txt")),
            ("attachment; filename*=utf-8'en'%E8%AE%B2.pdf; filename=x.txt", Some("讲.pdf")),
            ("attachment; filename*=iso-8859-1''%A3.txt", Some("£.txt")),
            ("attachment; filename*=UTF-8''%ff; filename=good.txt", Some("good.txt")),
            ("attachment; filename*=koi8-r''%ff; filename=good.txt", Some("good.txt")),
            ("attachment; filename*=nonsense; filename=good.txt", Some("good.txt")),
            ("filename=bare.txt", Some("bare.txt")),
            ("attachment; filename=讲义.pdf", Some("讲义.pdf")),
            ("attachment; filename=\"../../etc/passwd\"", Some("passwd")),
            ("attachment; filename=\"C:\\dir\\x.txt\"", Some("x.txt")),
            ("attachment; filename*=UTF-8''..%2F..%2Fx", Some("x")),
            ("attachment; filename=\"unclosed.txt", Some("unclosed.txt")),
            ("attachment; filename=\"\"", None),
            ("attachment; filename=..", None),
            ("attachment; filename=\"a/\"", None),
            ("attachment", None),
            ("", None),
            ("attachment; not-a-filename=x", None),
        ] {
            let read = file_name(field.as_bytes());
            assert_eq!(read.as_deref(), name.map(str::as_bytes), "{field}");
        }
        assert_eq!(file_name(b"attachment; filename=caf\xe9.txt").as_deref(), Some("café.txt".as_bytes()));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for name in ["notes.pdf", "讲义 1.pdf", "\"x\"'%41.txt", "a;b=c"] {
            assert_eq!(file_name(attachment(name.as_bytes()).as_bytes()).as_deref(), Some(name.as_bytes()));
        }
    }
}
