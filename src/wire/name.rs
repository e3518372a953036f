//! Names that are safe to give a file here.
//!
//! Owns what a name from the network becomes before a file is made under it: one path component that is valid and
//! harmless on Linux, macOS and Windows. Must never touch a disk, and never give a name that leads anywhere.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation;

use crate::text::cut::fit_bytes;
use crate::text::is_showable;

/// The most bytes of a name that any of the three systems takes in one path component.
pub const COMPONENT_LIMIT: usize = 255;

/// The most bytes that [`safe_name`] gives: the rest is for a prefix, a number, and the partial file's affixes.
pub const NAME_LIMIT: usize = 220;

/// The most bytes of an ending that is kept when a name is shortened.
const EXTENSION_LIMIT: usize = 16;

/// The most bytes of the name of a device, such as `CONOUT$`.
const DEVICE_LIMIT: usize = 7;

/// What takes the place of a character that cannot stay.
const STAND_IN: char = '_';

/// What to call a file here that is called `raw` (one path component) there. Applied to its own result it changes
/// nothing, and it leaves ordinary names alone, whatever their language.
///
/// - Separators, what Windows forbids, and characters that cannot be seen become `_`; a byte that is not UTF-8
///   becomes `%FF`.
/// - White space around the name and dots at its end go. A name that begins with a dot, a dash, a tilde or a
///   combining mark, that is reserved on Windows (`CON`, `nul.txt`), or of which nothing is left, gets `_` in front.
/// - At most [`NAME_LIMIT`] bytes, cut between grapheme clusters, with its extension kept.
#[must_use]
pub fn safe_name(raw: &[u8]) -> String {
    let mut shown = String::with_capacity(raw.len());
    for chunk in raw.utf8_chunks() {
        shown.extend(chunk.valid().chars().filter(|c| !is_variation(*c)).map(stand_in));
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(shown, "%{byte:02X}");
        }
    }
    let short = shortened(trimmed_end(shown.trim_start()), NAME_LIMIT);
    let name = trimmed_end(&short);
    if !needs_prefix(name) {
        return name.to_owned();
    }
    let prefixed = format!("_{name}");
    trimmed_end(&shortened(&prefixed, NAME_LIMIT)).to_owned()
}

/// `name` as the `n`th of that name: `notes (1).pdf`, `archive (1).tar.gz`. Never over [`COMPONENT_LIMIT`] bytes.
#[must_use]
pub fn numbered(name: &str, n: u32) -> String {
    fitted(name, COMPONENT_LIMIT, &format!(" ({n})"))
}

/// What a file of that name is called whose content is not what it has to be. Never over [`COMPONENT_LIMIT`] bytes.
#[must_use]
pub fn damaged(name: &str) -> String {
    const ENDING: &str = ".damaged";
    format!("{}{ENDING}", fit_bytes(name, COMPONENT_LIMIT - ENDING.len()))
}

/// Emoji and text presentation: what is left without them is the same emoji.
fn is_variation(c: char) -> bool {
    matches!(c, '\u{FE0E}' | '\u{FE0F}')
}

fn stand_in(c: char) -> char {
    let forbidden = matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    if forbidden || !is_showable(c) { STAND_IN } else { c }
}

fn trimmed_end(name: &str) -> &str {
    name.trim_end_matches(|c: char| c == '.' || c.is_whitespace())
}

fn needs_prefix(name: &str) -> bool {
    // A mark at the beginning would be drawn onto whatever is written before the name.
    let loose_mark = || {
        !name.starts_with(|c: char| c.is_ascii()) && format!("_{name}").graphemes(true).next() != Some("_")
    };
    name.is_empty() || name.starts_with(['.', '-', '~']) || loose_mark() || is_reserved(name)
}

/// Names of devices on Windows, whatever follows their first dot.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    if stem.len() > DEVICE_LIMIT {
        return false;
    }
    let stem = stem.to_uppercase();
    let numbered_port = |port| {
        stem.strip_prefix(port).is_some_and(|number| {
            let mut digits = number.chars();
            matches!((digits.next(), digits.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
        })
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$")
        || numbered_port("COM")
        || numbered_port("LPT")
}

/// `name`, shortened before its extension where it is over `limit` bytes.
fn shortened(name: &str, limit: usize) -> Cow<'_, str> {
    if name.len() <= limit { Cow::Borrowed(name) } else { Cow::Owned(fitted(name, limit, "")) }
}

/// `name` with `suffix` before its extension, the rest of it shortened where the whole is over `limit` bytes.
fn fitted(name: &str, limit: usize, suffix: &str) -> String {
    let (stem, extension) = name.split_at(extension_start(name));
    let room = limit.saturating_sub(suffix.len() + extension.len());
    let stem = fit_bytes(stem, room);
    format!("{stem}{suffix}{extension}")
}

/// Where the extension begins, its dot included; the name's length where it has none.
fn extension_start(name: &str) -> usize {
    let Some(dot) = name.rfind('.').filter(|&dot| is_extension(name, dot)) else {
        return name.len();
    };
    let inner = name[..dot].rfind('.').filter(|&inner| is_extension(&name[..dot], inner));
    inner.filter(|&inner| name[inner..dot].eq_ignore_ascii_case(".tar")).unwrap_or(dot)
}

/// Whether what begins at `dot` looks like an ending and not like a part of a sentence.
fn is_extension(name: &str, dot: usize) -> bool {
    let ending = &name[dot + 1..];
    dot > 0 && !ending.is_empty() && ending.len() < EXTENSION_LIMIT && !ending.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn becomes(raw: impl AsRef<[u8]>, expected: &str) {
        assert_eq!(safe_name(raw.as_ref()), expected);
    }

    #[test]
    fn an_ordinary_name_stays_as_it_is() {
        for name in [
            "notes.pdf",
            "第一讲：网络编程（附件）.pdf",
            "a b (1) [final], v1.2 & more; it's 100% #1.tar.gz",
            "Makefile",
            "console.log",
            "com10",
            "résumé.doc",
            "re\u{301}sume\u{301}.doc",
            "مرحبا.txt",
            "👍🏽.png",
            "[接收]notes.pdf",
        ] {
            becomes(name, name);
        }
    }

    #[test]
    fn what_is_damaged_is_called_so_however_long_its_name_is() {
        assert_eq!(damaged("a.txt"), "a.txt.damaged");
        let long = damaged(&"x".repeat(COMPONENT_LIMIT));
        assert_eq!((long.len(), long.ends_with("xx.damaged")), (COMPONENT_LIMIT, true));
    }

    #[test]
    fn a_name_leads_nowhere() {
        becomes("../../etc/passwd", "_.._.._etc_passwd");
        becomes("/etc/passwd", "_etc_passwd");
        becomes("C:\\Windows\\x.dll", "C__Windows_x.dll");
        becomes("file.txt:stream", "file.txt_stream");
        for name in ["", ".", "..", "...", " ", " . . "] {
            becomes(name, "_");
        }
    }

    #[test]
    fn a_name_is_no_option_no_home_and_not_hidden() {
        becomes("-rf", "_-rf");
        becomes("~", "_~");
        becomes(".bashrc", "_.bashrc");
        becomes("  .bashrc ", "_.bashrc");
        becomes("\u{301}x", "_\u{301}x");
    }

    #[test]
    fn what_cannot_be_seen_is_replaced() {
        becomes("a\0b\nc\x1b[2J", "a_b_c_[2J");
        becomes("gpj.\u{202e}exe", "gpj._exe");
        becomes("a\u{200b}b\u{9b}.txt", "a_b_.txt");
        becomes("❤\u{fe0f}.png", "❤.png");
        becomes(b"caf\xe9.txt", "caf%E9.txt");
    }

    #[test]
    fn what_windows_reserves_is_not_given() {
        for (name, expected) in [
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("Aux .tar.gz", "_Aux .tar.gz"),
            ("com1", "_com1"),
            ("LPT\u{b9}.x", "_LPT\u{b9}.x"),
            ("conin$", "_conin$"),
            ("CON\u{fe0f}", "_CON"),
            ("PRN.", "_PRN"),
            ("notes.txt. . ", "notes.txt"),
            ("a<b>|\"?*", "a_b_____"),
        ] {
            becomes(name, expected);
        }
    }

    #[test]
    fn a_long_name_is_cut_between_clusters_and_keeps_its_extension() {
        becomes(format!("{}.tar.gz", "字".repeat(100)), &format!("{}.tar.gz", "字".repeat(71)));
        becomes(format!("{}.pdf", "e\u{301}".repeat(100)), &format!("{}.pdf", "e\u{301}".repeat(72)));
        becomes("x".repeat(300), &"x".repeat(NAME_LIMIT));
        becomes(format!("a.{}", "x".repeat(300)), &format!("a.{}", "x".repeat(NAME_LIMIT - 2)));
        becomes(format!("e{}", "\u{301}".repeat(200)), &format!("e{}", "\u{301}".repeat(109)));
    }

    #[test]
    fn a_number_goes_before_the_extension() {
        assert_eq!(numbered("notes.pdf", 1), "notes (1).pdf");
        assert_eq!(numbered("archive.tar.gz", 2), "archive (2).tar.gz");
        assert_eq!(numbered("Makefile", 999), "Makefile (999)");
        assert_eq!(numbered("Dr. Smith", 1), "Dr. Smith (1)");
        assert_eq!(numbered("v1.2.tgz", 1), "v1.2 (1).tgz");
        assert_eq!(numbered(".profile", 1), ".profile (1)");
    }

    #[test]
    fn a_number_never_makes_a_name_too_long() {
        let name = numbered(&format!("{}.pdf", "字".repeat(83)), u32::MAX);
        assert_eq!(name, format!("{} (4294967295).pdf", "字".repeat(79)));
    }

    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let parts: [&[u8]; 26] = [
            b"a",
            b".",
            b"..",
            b" ",
            b"/",
            b"\\",
            b"-",
            b"~",
            b"con",
            b"NUL",
            b"com",
            b"1",
            b".tar",
            b".gz",
            b"\xff",
            b"%",
            b"_",
            b"\n",
            "\u{301}".as_bytes(),
            "\u{600}".as_bytes(),
            "\u{fe0f}".as_bytes(),
            "\u{202e}".as_bytes(),
            "\u{3000}".as_bytes(),
            "字".as_bytes(),
            "👨".as_bytes(),
            "\u{200d}".as_bytes(),
        ];
        let part = prop_oneof![
            (proptest::sample::select(parts.to_vec()), prop_oneof![8 => Just(1), 1 => 1..200_usize])
                .prop_map(|(part, times)| part.repeat(times)),
            proptest::collection::vec(any::<u8>(), 0..4),
        ];
        proptest::collection::vec(part, 0..16).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn any_bytes_become_a_safe_name_that_stays(raw in hostile()) {
            let name = safe_name(&raw);
            prop_assert_eq!(&safe_name(name.as_bytes()), &name);
            prop_assert!(!name.is_empty() && name.len() <= NAME_LIMIT);
            prop_assert!(!name.starts_with(['.', '-', '~', ' ']) && !name.ends_with(['.', ' ']));
            prop_assert!(!name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|']));
            prop_assert!(name.chars().all(is_showable));
            prop_assert!(!is_reserved(&name));
            prop_assert_eq!(std::path::Path::new(&name).file_name(), Some(name.as_ref()));
        }

        #[test]
        fn a_numbered_name_is_as_safe(raw in hostile(), n in 1..1000_u32) {
            let name = numbered(&safe_name(&raw), n);
            prop_assert!(name.len() <= NAME_LIMIT + " (999)".len());
            let number = format!(" ({n})");
            prop_assert!(!is_reserved(&name) && name.contains(&number));
        }
    }
}
