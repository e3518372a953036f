//! Local file names: what a name that a server gave becomes before a file is made under it.
//!
//! An exact name keeps all that the target file system can hold; only what leads elsewhere or would act on a terminal is
//! replaced. A portable name is valid and harmless on Linux, macOS and Windows. Must never touch a disk, and never give
//! anything but one path component (no path traversal).

use std::borrow::Cow;
use std::fmt::Write as _;
use std::str;

use serde::Deserialize;
use unicode_segmentation::UnicodeSegmentation;

use crate::text::cut::fit_bytes;
use crate::text::is_showable;

/// The most bytes of a name that any of the three systems takes in one path component.
pub const COMPONENT_LIMIT: usize = 255;

/// The most bytes that [`portable_name`] gives: the rest is for a prefix, a number, and the partial file's affixes.
pub const PORTABLE_LIMIT: usize = 220;

/// The most bytes of an ending that is kept when a name is shortened.
const EXTENSION_LIMIT: usize = 16;

/// The most bytes of the name of a device, such as `CONOUT$`.
const DEVICE_LIMIT: usize = 7;

/// What takes the place of a character that cannot stay.
const STAND_IN: char = '_';

/// How much of a foreign name is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum NamePolicy {
    /// All that the file system here can hold: see [`exact_name`].
    #[default]
    Exact,
    /// What every system can hold: see [`portable_name`].
    Portable,
}

/// What a file system does with names, as far as it was asked. By default it holds whatever Linux can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameRules {
    /// ASCII characters that it refuses.
    pub refused: Vec<u8>,
    /// Whether it refuses or drops a dot or a space at the end.
    pub trims_end: bool,
    /// Whether it refuses what is not UTF-8.
    pub utf8_only: bool,
    /// The most bytes that it takes.
    pub longest: usize,
    /// Whether it takes names for the same that differ only in case or in Unicode composition.
    pub folds: bool,
}

impl Default for NameRules {
    fn default() -> Self {
        Self {
            refused: Vec::new(),
            trims_end: false,
            utf8_only: false,
            longest: COMPONENT_LIMIT,
            folds: false,
        }
    }
}

/// What to call a file here that is called `raw` (one path component) there, with `prefix` before it.
#[must_use]
pub fn local_name(prefix: &str, raw: &[u8], policy: NamePolicy, rules: &NameRules) -> Vec<u8> {
    let name = [prefix.as_bytes(), raw].concat();
    match policy {
        NamePolicy::Exact => exact_name(&name, rules),
        NamePolicy::Portable => portable_name(&name).into_bytes(),
    }
}

/// `raw` with as little changed as can be. Applied to its own result it changes nothing.
///
/// - A slash, control characters, bidi controls (Unicode's `Bidi_Control`), and what the file system refuses become `_`.
/// - Bytes that are not UTF-8 stay, or become `%FF` where the file system refuses them.
/// - An empty name, `.` and `..` become `_`.
/// - At most [`NameRules::longest`] bytes, cut between grapheme clusters, with its extension kept.
#[must_use]
pub fn exact_name(raw: &[u8], rules: &NameRules) -> Vec<u8> {
    let mut name = Vec::with_capacity(raw.len());
    for chunk in raw.utf8_chunks() {
        for c in chunk.valid().chars() {
            let refused = u8::try_from(c).is_ok_and(|byte| rules.refused.contains(&byte));
            let kept = if c == '/' || c.is_control() || is_bidi_control(c) || refused { STAND_IN } else { c };
            name.extend_from_slice(kept.encode_utf8(&mut [0; 4]).as_bytes());
        }
        if rules.utf8_only {
            let written = chunk.invalid().iter().flat_map(|byte| format!("%{byte:02X}").into_bytes());
            name.extend(written);
        } else {
            name.extend_from_slice(chunk.invalid());
        }
    }
    if matches!(&name[..], b"" | b"." | b"..") {
        return vec![b'_'];
    }
    if name.len() > rules.longest {
        name = fitted(&name, rules.longest, "");
    }
    if rules.trims_end
        && let Some(last @ (b'.' | b' ')) = name.last_mut()
    {
        *last = b'_';
    }
    name
}

/// Characters that change the direction of what is written after them: Unicode's `Bidi_Control`.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// `raw` as all three systems take it. Applied to its own result it changes nothing, and it leaves ordinary names alone,
/// whatever their language.
///
/// - Separators, what Windows forbids, and characters that cannot be seen become `_`; a byte that is not UTF-8
///   becomes `%FF`.
/// - White space around the name and dots at its end go. A name that begins with a dot, a dash, a tilde or a
///   combining mark, that is reserved on Windows (`CON`, `nul.txt`), or of which nothing is left, gets `_` in front.
/// - At most [`PORTABLE_LIMIT`] bytes, cut between grapheme clusters, with its extension kept.
#[must_use]
pub fn portable_name(raw: &[u8]) -> String {
    let mut shown = String::with_capacity(raw.len());
    for chunk in raw.utf8_chunks() {
        shown.extend(chunk.valid().chars().filter(|c| !is_variation(*c)).map(stand_in));
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(shown, "%{byte:02X}");
        }
    }
    let short = shortened(trimmed_end(shown.trim_start()), PORTABLE_LIMIT);
    let name = trimmed_end(&short);
    if !needs_prefix(name) {
        return name.to_owned();
    }
    let prefixed = format!("_{name}");
    trimmed_end(&shortened(&prefixed, PORTABLE_LIMIT)).to_owned()
}

/// `name` as the `n`th of that name: `notes (1).pdf`, `archive (1).tar.gz`. Never over [`COMPONENT_LIMIT`] bytes.
#[must_use]
pub fn numbered(name: &[u8], n: u32) -> Vec<u8> {
    fitted(name, COMPONENT_LIMIT, &format!(" ({n})"))
}

/// What a file of that name is called whose content is not what it has to be. Never over [`COMPONENT_LIMIT`] bytes.
#[must_use]
pub fn damaged(name: &[u8]) -> Vec<u8> {
    const ENDING: &[u8] = b".damaged";
    [fit(name, COMPONENT_LIMIT - ENDING.len()), ENDING].concat()
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
    if name.len() <= limit {
        return Cow::Borrowed(name);
    }
    // What is cut from UTF-8 between code points is UTF-8.
    Cow::Owned(String::from_utf8_lossy(&fitted(name.as_bytes(), limit, "")).into_owned())
}

/// `name` with `suffix` before its extension, the rest of it shortened where the whole is over `limit` bytes.
fn fitted(name: &[u8], limit: usize, suffix: &str) -> Vec<u8> {
    let (stem, extension) = name.split_at(extension_start(name));
    let room = limit.saturating_sub(suffix.len() + extension.len());
    [fit(stem, room), suffix.as_bytes(), extension].concat()
}

/// As much of a name as fits: of text, to the end of a grapheme cluster.
fn fit(name: &[u8], limit: usize) -> &[u8] {
    str::from_utf8(name)
        .map_or_else(|_| &name[..name.len().min(limit)], |text| fit_bytes(text, limit).as_bytes())
}

/// Where the extension begins, its dot included; the name's length where it has none.
fn extension_start(name: &[u8]) -> usize {
    let dot_of =
        |name: &[u8]| name.iter().rposition(|byte| *byte == b'.').filter(|dot| is_extension(name, *dot));
    let Some(dot) = dot_of(name) else { return name.len() };
    let inner = dot_of(&name[..dot]).filter(|inner| name[*inner..dot].eq_ignore_ascii_case(b".tar"));
    inner.unwrap_or(dot)
}

/// Whether what begins at `dot` looks like an ending and not like a part of a sentence.
fn is_extension(name: &[u8], dot: usize) -> bool {
    let ending = &name[dot + 1..];
    let is_word = || str::from_utf8(ending).is_ok_and(|ending| !ending.contains(char::is_whitespace));
    dot > 0 && !ending.is_empty() && ending.len() < EXTENSION_LIMIT && is_word()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn becomes(raw: impl AsRef<[u8]>, expected: &str) {
        assert_eq!(portable_name(raw.as_ref()), expected);
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
        assert_eq!(damaged(b"a.txt"), b"a.txt.damaged");
        let long = damaged(&b"x".repeat(COMPONENT_LIMIT));
        assert_eq!((long.len(), long.ends_with(b"xx.damaged")), (COMPONENT_LIMIT, true));
    }

    #[track_caller]
    fn exact(raw: impl AsRef<[u8]>, expected: impl AsRef<[u8]>) {
        assert_eq!(
            exact_name(raw.as_ref(), &NameRules::default()).escape_ascii().to_string(),
            expected.as_ref().escape_ascii().to_string()
        );
    }

    #[test]
    fn an_exact_name_is_all_that_linux_can_hold() {
        for name in [
            "a:b",
            "file?name",
            "q\"q",
            "plain<b>",
            "back\\slash",
            "a|b*c",
            ".gitignore",
            "...",
            "-rf",
            "~",
            "CON",
            "nul.txt",
            " a ",
            "a.",
            "❤\u{fe0f}.png",
            "👨\u{200d}👩\u{200d}👧.png",
            "\u{301}x",
            "x\u{200b}y",
        ] {
            exact(name, name);
        }
        exact(b"caf\xe9.txt", b"caf\xe9.txt");
        exact("x".repeat(255), "x".repeat(255));
        exact("字".repeat(85), "字".repeat(85));
    }

    #[test]
    fn an_exact_name_leads_nowhere_and_does_nothing_to_a_terminal() {
        exact("a/b", "a_b");
        exact("a\0b\nc\x1b[2J\x7f\u{9b}", "a_b_c_[2J__");
        exact("gpj.\u{202e}exe\u{200f}\u{2066}\u{61c}", "gpj._exe___");
        for name in ["", ".", ".."] {
            exact(name, "_");
        }
        exact(format!("{}.tar.gz", "字".repeat(100)), format!("{}.tar.gz", "字".repeat(82)));
        exact([&b"\xff".repeat(300)[..], b".pdf"].concat(), [&b"\xff".repeat(251)[..], b".pdf"].concat());
    }

    #[test]
    fn what_the_file_system_refuses_is_replaced_and_nothing_else() {
        let rules =
            NameRules { refused: b":?".to_vec(), trims_end: true, utf8_only: true, longest: 10, folds: true };
        for (raw, expected) in [
            (&b"a:b?c<d"[..], &b"a_b_c<d"[..]),
            (b"a.", b"a_"),
            (b"a ", b"a_"),
            (b"\xe9", b"%E9"),
            (b"0123456789ab.c", b"01234567.c"),
            (b".a", b".a"),
        ] {
            assert_eq!(exact_name(raw, &rules), expected, "{}", raw.escape_ascii());
        }
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
        becomes("x".repeat(300), &"x".repeat(PORTABLE_LIMIT));
        becomes(format!("a.{}", "x".repeat(300)), &format!("a.{}", "x".repeat(PORTABLE_LIMIT - 2)));
        becomes(format!("e{}", "\u{301}".repeat(200)), &format!("e{}", "\u{301}".repeat(109)));
    }

    #[test]
    fn a_number_goes_before_the_extension() {
        assert_eq!(numbered(b"notes.pdf", 1), b"notes (1).pdf");
        assert_eq!(numbered(b"archive.tar.gz", 2), b"archive (2).tar.gz");
        assert_eq!(numbered(b"Makefile", 999), b"Makefile (999)");
        assert_eq!(numbered(b"Dr. Smith", 1), b"Dr. Smith (1)");
        assert_eq!(numbered(b"v1.2.tgz", 1), b"v1.2 (1).tgz");
        assert_eq!(numbered(b".profile", 1), b".profile (1)");
    }

    #[test]
    fn a_number_never_makes_a_name_too_long() {
        let name = numbered(format!("{}.pdf", "字".repeat(83)).as_bytes(), u32::MAX);
        assert_eq!(name, format!("{} (4294967295).pdf", "字".repeat(79)).into_bytes());
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
        fn any_bytes_become_a_portable_name_that_stays(raw in hostile()) {
            let name = portable_name(&raw);
            prop_assert_eq!(&portable_name(name.as_bytes()), &name);
            prop_assert!(!name.is_empty() && name.len() <= PORTABLE_LIMIT);
            prop_assert!(!name.starts_with(['.', '-', '~', ' ']) && !name.ends_with(['.', ' ']));
            prop_assert!(!name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|']));
            prop_assert!(name.chars().all(is_showable));
            prop_assert!(!is_reserved(&name));
            prop_assert_eq!(std::path::Path::new(&name).file_name(), Some(name.as_ref()));
        }

        #[test]
        fn any_bytes_become_one_component_that_stays(raw in hostile(), trims_end: bool, utf8_only: bool) {
            let rules = NameRules { refused: b":?".to_vec(), trims_end, utf8_only, ..NameRules::default() };
            let name = exact_name(&raw, &rules);
            prop_assert_eq!(&exact_name(&name, &rules), &name);
            prop_assert!(!matches!(&name[..], b"" | b"." | b"..") && name.len() <= COMPONENT_LIMIT);
            prop_assert!(!name.iter().any(|byte| matches!(byte, 0..32 | 127 | b'/' | b':' | b'?')));
        }

        #[test]
        fn a_numbered_name_is_as_safe(raw in hostile(), n in 1..1000_u32) {
            let name = numbered(portable_name(&raw).as_bytes(), n);
            let name = String::from_utf8(name).unwrap();
            prop_assert!(name.len() <= PORTABLE_LIMIT + " (999)".len());
            let number = format!(" ({n})");
            prop_assert!(!is_reserved(&name) && name.contains(&number));
        }
    }
}
