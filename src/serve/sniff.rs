//! Which protocol a connection speaks, judged by its first bytes.
//!
//! A complete request line of HTTP/1.x (RFC 9112, section 3) is HTTP; anything else is the name of a plain request:
//!
//! ```text
//! request-line = method SP target SP "HTTP/1." DIGIT [ CR ] LF
//! method       = 1*tchar                ; RFC 9110, section 5.6.2
//! target       = 1*( %x21-7E / %x80-FF )
//! ```
//!
//! So a request line is known by its last byte and not before, and a name by the first byte that no request line has in
//! its place. `GET x` is a name, and could become a request line too, until more comes or nothing does. Each verdict but
//! [`Verdict::More`] holds whatever follows. How long more is waited for, and that the name of a file is answered at
//! once, is the rule of `connection`.
//!
//! Owns this rule alone; must never read from a connection.

/// What the first bytes of a connection are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They begin with a complete HTTP/1.x request line.
    Http,
    /// They can never become one: they are a plain file name, or the beginning of one.
    Plain,
    /// They are the beginning of a request line, or a plain file name that looks like it.
    More,
}

/// Judges the bytes that have come so far.
#[must_use]
pub fn sniff(bytes: &[u8]) -> Verdict {
    request_line(bytes).unwrap_or_else(|verdict| verdict)
}

/// `METHOD SP target SP HTTP/1.x CRLF`; as RFC 9112, section 2.2 allows, a lone LF will do.
fn request_line(bytes: &[u8]) -> Result<Verdict, Verdict> {
    let rest = word(bytes, is_token)?;
    let rest = word(rest, |byte| byte > b' ' && byte != 0x7f)?;
    let rest = literal(rest, b"HTTP/1.")?;
    match rest {
        [] => Ok(Verdict::More),
        [digit, rest @ ..] if digit.is_ascii_digit() => match rest {
            [] | [b'\r'] => Ok(Verdict::More),
            [b'\n', ..] | [b'\r', b'\n', ..] => Ok(Verdict::Http),
            [..] => Ok(Verdict::Plain),
        },
        [..] => Ok(Verdict::Plain),
    }
}

/// What follows one or more bytes of a kind and a space.
fn word(bytes: &[u8], of_its_kind: impl Fn(u8) -> bool) -> Result<&[u8], Verdict> {
    match bytes.iter().position(|byte| !of_its_kind(*byte)) {
        None => Err(Verdict::More),
        Some(end @ 1..) if bytes[end] == b' ' => Ok(&bytes[end + 1..]),
        Some(_) => Err(Verdict::Plain),
    }
}

fn literal<'a>(bytes: &'a [u8], expected: &[u8]) -> Result<&'a [u8], Verdict> {
    match bytes.strip_prefix(expected) {
        Some(rest) => Ok(rest),
        None if expected.starts_with(bytes) => Err(Verdict::More),
        None => Err(Verdict::Plain),
    }
}

/// What a method is made of (`tchar`, RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_line_is_http_from_its_last_byte_on_and_undecided_at_every_split_before() {
        for line in [
            "GET / HTTP/1.1\r\n",
            "GET / HTTP/1.0\n",
            "HEAD /a%20b?c HTTP/1.1\r\n",
            "GET http://box:7890/x HTTP/1.1\r\n",
            "OPTIONS * HTTP/1.1\r\n",
            "M-SEARCH /你好 HTTP/1.9\r\n",
        ] {
            for split in 0..line.len() {
                assert_eq!(sniff(&line.as_bytes()[..split]), Verdict::More, "{line:?} cut at {split}");
            }
            assert_eq!(sniff(line.as_bytes()), Verdict::Http, "{line:?}");
            assert_eq!(sniff(format!("{line}Host: box\r\n\r\n").as_bytes()), Verdict::Http, "{line:?}");
        }
    }

    #[test]
    fn what_cannot_become_a_request_line_is_a_name_from_the_byte_that_decides_on() {
        for (bytes, decided) in [
            (&b"/etc/passwd"[..], 1),
            (b"sub/a.txt", 4),
            (b" GET / HTTP/1.1\r\n", 1),
            (b"GET  / HTTP/1.1\r\n", 5),
            (b"GET /\r\n", 6),
            (b"GET / HTTP/2.0\r\n", 12),
            (b"GET / HTTP/1.x\r\n", 14),
            (b"GET / HTTP/1.10\r\n", 15),
            (b"GET / http/1.1\r\n", 7),
            (b"GET / HTTP/1.1\r\r", 16),
            (b"a.txt\n", 6),
            ("讲义.pdf".as_bytes(), 1),
            (b"\x16\x03\x01\x02", 1),
            (b"\0", 1),
        ] {
            for split in 0..=bytes.len() {
                let expected = if split < decided { Verdict::More } else { Verdict::Plain };
                assert_eq!(sniff(&bytes[..split]), expected, "{} cut at {split}", bytes.escape_ascii());
            }
        }
    }

    #[test]
    fn an_ordinary_name_could_still_become_a_request_line_at_every_split() {
        for name in ["notes.pdf", "GET", "GET x", "GET x HTTP/1.1", "my notes.txt", "a b HTTP/1.1", "a /你好"]
        {
            for split in 0..=name.len() {
                assert_eq!(sniff(&name.as_bytes()[..split]), Verdict::More, "{name} cut at {split}");
            }
        }
    }

    #[test]
    fn with_any_other_byte_in_any_place_a_request_line_stays_one_or_is_a_name() {
        let line = b"GET / HTTP/1.1\r\n";
        for at in 0..line.len() {
            for byte in 0..=u8::MAX {
                let mut bytes = line.to_vec();
                bytes[at] = byte;
                let is_target = byte > b' ' && byte != 0x7f;
                let stays = match at {
                    0..=2 => is_token(byte),
                    4 => is_target,
                    13 => byte.is_ascii_digit(),
                    _ => byte == line[at],
                };
                // The method or the target ends too early or too late, or the line too early, which may still be right.
                let is_open = match at {
                    1 | 2 => byte == b' ',
                    3 => is_token(byte),
                    5 => is_target,
                    14 => byte == b'\n',
                    _ => false,
                };
                let shown = bytes.escape_ascii();
                assert_eq!(sniff(&bytes[..at]), Verdict::More, "{shown}");
                assert_eq!(sniff(&bytes[..=at]) == Verdict::Plain, !stays && !is_open, "{shown}");
                let expected =
                    if stays || (at, byte) == (14, b'\n') { Verdict::Http } else { Verdict::Plain };
                assert_eq!(sniff(&bytes), expected, "{shown}");
            }
        }
    }
}
