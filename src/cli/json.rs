//! JSON as the commands print it: lossless for programs, harmless for a terminal. Owns which characters are written
//! as `\uXXXX` (RFC 8259, section 7); never changes what a parser reads.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::text::is_showable;

/// Writes one value in one line, without the line feed.
pub fn write(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Harmless)).map_err(io::Error::from)
}

/// Compact JSON in which every character that a terminal might act upon, hide or reorder by is escaped.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(|character| !is_showable(character)) {
            let (before, from) = rest.split_at(at);
            out.write_all(before.as_bytes())?;
            let mut behind = from.chars();
            for unit in behind.by_ref().take(1).flat_map(|one| one.encode_utf16(&mut [0; 2]).to_vec()) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = behind.as_str();
        }
        out.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = Vec::new();
        write(&mut out, &text).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_terminal_sees_no_control_and_a_parser_sees_every_character() {
        for (text, json) in [
            ("你好 é 👋", r#""你好 é 👋""#),
            ("\x1b[2J\x07\x7f", r#""\u001b[2J\u0007\u007f""#),
            ("a\u{9b}31m", r#""a\u009b31m""#),
            ("gpj\u{202e}exe", r#""gpj\u202eexe""#),
            ("\u{2028}\u{200d}\u{feff}", r#""\u2028\u200d\ufeff""#),
            ("\u{e0041}", r#""\udb40\udc41""#),
            ("\"\\\n", r#""\"\\\n""#),
        ] {
            assert_eq!(written(text), json);
            assert_eq!(serde_json::from_str::<String>(json).unwrap(), text);
        }
    }
}
