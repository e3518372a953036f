//! Bytes in, text that cannot hurt a terminal out.
//!
//! Owns [`Clean`], and is the only place that makes one. Must never let a character through that moves the caret,
//! turns the direction of writing, or takes room without being seen. What is not let through is shown instead
//! (`␛`, `<U+202E>`, `\xff`), so that nothing disappears without a trace.

use std::fmt;
use std::fmt::Write as _;
use std::ops::Deref;

use unicode_segmentation::UnicodeSegmentation;

use super::visible::{self, DOTTED_CIRCLE, ZWJ, ZWNJ, is_showable};
use super::width::width;

/// The most code points that a grapheme cluster may have. The longest emoji in use has 10, the longest Indic
/// cluster about as many.
const GRAPHEME_CHARS: usize = 16;
/// The most cells that a grapheme cluster may take. Emoji and Han take two, an Indic cluster one for each
/// consonant; runs of leading Hangul jamo would be without end.
const GRAPHEME_CELLS: usize = 8;
/// Tabs have no place on a grid of cells.
const TAB: &str = "    ";

/// Text that can be shown as it is, cell by cell.
///
/// - No control characters but the line feed (and that only from [`clean_text`]), no bidi controls, nothing
///   invisible. The exceptions are U+200D and U+200C where they join: inside an emoji, and between letters of
///   scripts that need them.
/// - No grapheme cluster is without width; none has more than 16 code points or takes more than 8 cells.
/// - Variation selectors are left out: they change no meaning, and ratatui 0.30.2 shifts a row after U+FE0F.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Clean(String);

impl Clean {
    /// A piece of it, which is clean too where it is a row of whole grapheme clusters.
    #[must_use]
    pub(crate) fn piece(&self, clusters: std::ops::Range<usize>) -> Self {
        Self(self.0[clusters].to_owned())
    }
}

impl Deref for Clean {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Clean {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Clean {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

/// A text of several lines: keeps line feeds, and takes CR LF for one.
#[must_use]
pub fn clean_text(bytes: &[u8]) -> Clean {
    clean(bytes, true)
}

/// One line: a line feed is shown as `␊`.
#[must_use]
pub fn clean_line(bytes: &[u8]) -> Clean {
    clean(bytes, false)
}

fn clean(bytes: &[u8], lines: bool) -> Clean {
    // Most of what there is: nothing to be done, and soon seen.
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') || lines && *byte == b'\n';
    if bytes.iter().all(is_plain)
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return Clean(text.to_owned());
    }
    let mut revealer = Revealer {
        out: String::with_capacity(bytes.len()),
        lines,
        escaping: std::str::from_utf8(bytes).is_err(),
        bare: true,
    };
    for chunk in bytes.utf8_chunks() {
        revealer.text(chunk.valid());
        for byte in chunk.invalid() {
            revealer.show(format_args!("\\x{byte:02x}"));
        }
    }
    Clean(bounded(&revealer.out))
}

/// The first pass: every character that must not be written becomes something that may.
struct Revealer {
    out: String,
    /// Line feeds stay.
    lines: bool,
    /// Some byte is shown as `\xff`, so a backslash that was sent must be told from ours.
    escaping: bool,
    /// What was written last is no base for a mark: nothing, white space, or a code of ours.
    bare: bool,
}

impl Revealer {
    fn text(&mut self, text: &str) {
        for (offset, grapheme) in text.grapheme_indices(true) {
            if let Some(letters) = visible::flag_letters(grapheme) {
                // Most terminals know no subdivision flags and would show any of them as a black flag.
                self.out.push('\u{1F3F4}');
                self.show(format_args!("<{letters}>"));
            } else {
                let following = text[offset + grapheme.len()..].chars().next();
                self.grapheme(grapheme, following);
            }
        }
    }

    fn grapheme(&mut self, grapheme: &str, following: Option<char>) {
        let mut before = None;
        let mut chars = grapheme.chars().peekable();
        while let Some(c) = chars.next() {
            let inside = chars.peek().copied();
            if !self.left_out(c, before, inside) {
                self.char(c, before, inside, following);
            }
            before = Some(c);
        }
    }

    /// The CR of CR LF, and one variation selector after something that can vary.
    fn left_out(&self, c: char, before: Option<char>, inside: Option<char>) -> bool {
        match before {
            None => self.lines && c == '\r' && inside == Some('\n'),
            Some(before) => !self.bare && is_showable(before) && visible::is_variation_selector(c),
        }
    }

    fn char(&mut self, c: char, before: Option<char>, inside: Option<char>, following: Option<char>) {
        match c {
            '\n' if self.lines => self.plain(c),
            '\t' => {
                self.out.push_str(TAB);
                self.bare = true;
            }
            '\\' if self.escaping => {
                self.out.push_str("\\\\");
                self.bare = false;
            }
            '\0'..='\x1F' => self.picture(u32::from(c)),
            '\x7F' => self.picture(0x21),
            ZWJ | ZWNJ if self.joiner_stays(c, before, inside, following) => self.out.push(c),
            _ if is_showable(c) => self.plain(c),
            _ => self.show(format_args!("{}", Code(c))),
        }
    }

    fn plain(&mut self, c: char) {
        if self.bare && visible::attaches(c) {
            self.out.push(DOTTED_CIRCLE);
        }
        self.out.push(c);
        self.bare = c.is_whitespace();
    }

    fn picture(&mut self, index: u32) {
        self.out.extend(char::from_u32(0x2400 + index));
        self.bare = true;
    }

    fn show(&mut self, code: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.out.write_fmt(code);
        self.bare = true;
    }

    fn joiner_stays(
        &self,
        c: char,
        before: Option<char>,
        inside: Option<char>,
        following: Option<char>,
    ) -> bool {
        // That the cluster goes on with a character that would otherwise begin one: an emoji, an Indic conjunct.
        let joins_cluster =
            c == ZWJ && inside.is_some_and(|next| is_showable(next) && !visible::attaches(next));
        !self.bare
            && before
                .is_some_and(|before| joins_cluster || visible::joiner_works(before, inside.or(following)))
    }
}

/// A character by its number.
struct Code(char);

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "<U+{:04X}>", u32::from(self.0))
    }
}

/// The second pass: clusters of no width, and of absurd length or width.
fn bounded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for grapheme in text.graphemes(true) {
        if grapheme.len() == 1 {
            out.push_str(grapheme);
        } else {
            push_bounded(&mut out, grapheme);
        }
    }
    out
}

fn push_bounded(out: &mut String, grapheme: &str) {
    let count = grapheme.chars().count();
    let space = grapheme.chars().next_back().filter(|c| c.is_whitespace());
    if count > 1 && space.is_some() {
        // Signs that stand before a letter, without one. A line that ends here would lose the space and show nothing.
        let signs = grapheme.trim_end();
        out.extend(signs.chars().map(|c| Code(c).to_string()));
        return out.push_str(&grapheme[signs.len()..]);
    }
    if count > GRAPHEME_CHARS {
        return push_cut(out, grapheme, count);
    }
    match width(grapheme) {
        0 => out.extend(grapheme.chars().map(|c| Code(c).to_string())),
        1..=2 => out.push_str(grapheme),
        cells => match unjoined(grapheme) {
            Some(parts) => parts.graphemes(true).for_each(|part| push_bounded(out, part)),
            None if cells > GRAPHEME_CELLS => push_cut(out, grapheme, count),
            None => out.push_str(grapheme),
        },
    }
}

/// An emoji sequence without its joiners, for those of which nobody can tell how many cells they take: what is
/// not a known sequence of two cells (or was one with U+FE0F) is drawn joined here and side by side there.
fn unjoined(grapheme: &str) -> Option<String> {
    let mut parts = String::with_capacity(grapheme.len());
    let mut chars = grapheme.chars().peekable();
    while let Some(c) = chars.next() {
        if c != ZWJ || chars.peek().copied().is_none_or(visible::is_joining_letter) {
            parts.push(c);
        }
    }
    (parts.len() < grapheme.len()).then_some(parts)
}

/// As much of the beginning as is allowed, then how many code points are left out: `e̊̊̊<+985>`.
fn push_cut(out: &mut String, grapheme: &str, count: usize) {
    let mut kept = GRAPHEME_CHARS.min(count);
    let mut prefix: String = grapheme.chars().take(kept).collect();
    while kept > 0 && !stands_alone(&prefix) {
        prefix.pop();
        kept -= 1;
    }
    out.push_str(&prefix);
    // Writing to a string cannot fail.
    let _ = write!(out, "<+{}>", count - kept);
}

/// Whether `text` is one cluster that is allowed, and stays one when `<` follows.
fn stands_alone(text: &str) -> bool {
    !text.ends_with([ZWJ, ZWNJ])
        && (1..=GRAPHEME_CELLS).contains(&width(text))
        && format!("{text}<").graphemes(true).next_back() == Some("<")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::width::{all_chars, graphemes, raw_samples};

    #[track_caller]
    fn becomes(bytes: impl AsRef<[u8]>, expected: &str) {
        assert_eq!(&*clean_text(bytes.as_ref()), expected);
    }

    #[track_caller]
    fn stays(text: &str) {
        becomes(text, text);
    }

    #[test]
    fn ordinary_text_of_every_script_stays_as_it_is() {
        stays("");
        stays("hello, world \\ ~ <b>");
        stays("你好，文件在服务器上。（附件）　한국어 ガ ｶﾞ");
        stays("e\u{301} Việt ไทยน้ำ ქართული");
        stays("مرحبا بالعالم שלום");
        stays("क्षत्रिय स्त्री கொ ශ්\u{200d}රී");
        stays("👍🏽 👨\u{200d}👩\u{200d}👧\u{200d}👦 🇩🇪 👩🏻\u{200d}🚀");
        stays("\u{a0}\u{2009}\u{e0b0}");
    }

    #[test]
    fn lines_are_kept_in_a_text_and_shown_in_a_line() {
        becomes("a\r\nb\n\nc", "a\nb\n\nc");
        assert_eq!(&*clean_line(b"a\r\nb\nc"), "a␍␊b␊c");
    }

    #[test]
    fn control_characters_are_shown_and_do_nothing() {
        becomes("\0\x07\x08\x0b\x0c\r\x1b\x7f", "␀␇␈␋␌␍␛␡");
        becomes("a\tb", "a    b");
        becomes("\u{80}\u{9b}31m", "<U+0080><U+009B>31m");
    }

    #[test]
    fn a_line_cannot_be_forged() {
        becomes("hi\r10:22 me  yes", "hi␍10:22 me  yes");
        becomes("hi\x08\x08no", "hi␈␈no");
        assert_eq!(&*clean_line("hi\u{2028}10:22".as_bytes()), "hi<U+2028>10:22");
    }

    #[test]
    fn what_turns_the_direction_of_writing_is_shown() {
        becomes("gpj.\u{202e}exe", "gpj.<U+202E>exe");
        becomes(
            "\u{61c}\u{200e}\u{200f}\u{202a}\u{2066}\u{2069}",
            "<U+061C><U+200E><U+200F><U+202A><U+2066><U+2069>",
        );
    }

    #[test]
    fn what_cannot_be_seen_is_shown() {
        becomes("a\u{200b}b\u{ad}c\u{feff}", "a<U+200B>b<U+00AD>c<U+FEFF>");
        becomes("\u{115f}\u{3164}\u{ffa0}\u{180e}", "<U+115F><U+3164><U+FFA0><U+180E>");
        becomes("\u{fdd0}\u{10ffff}\u{fff9}\u{e0041}", "<U+FDD0><U+10FFFF><U+FFF9><U+E0041>");
        becomes("\u{605} \u{1161}", "<U+0605> <U+1161>");
    }

    #[test]
    fn joiners_stay_where_they_join() {
        stays("می\u{200c}خواهم");
        stays("अवन\u{94d}\u{200d} र\u{200d}\u{94d}य");
        becomes("a\u{200d}b\u{200c}", "a<U+200D>b<U+200C>");
        becomes("م\u{200c}\u{200c}م", "م<U+200C><U+200C>م");
        becomes("👩\u{200d} 👩\u{200d}", "👩<U+200D> 👩<U+200D>");
    }

    #[test]
    fn one_variation_selector_is_left_out_and_hidden_data_is_not() {
        becomes("☎\u{fe0f} 1\u{fe0f}\u{20e3} 葛\u{e0100}", "☎ 1\u{20e3} 葛");
        becomes("😀\u{fe01}\u{fe02}\u{e0100}", "😀<U+FE02><U+E0100>");
        becomes("\u{fe0f} \u{fe0f}", "<U+FE0F> <U+FE0F>");
    }

    #[test]
    fn an_emoji_of_uncertain_width_is_taken_apart() {
        becomes("❤\u{fe0f}\u{200d}🔥", "❤🔥");
        becomes("🏳\u{fe0f}\u{200d}🌈", "🏳🌈");
    }

    #[test]
    fn the_flag_of_a_part_of_a_country_is_spelt() {
        becomes("🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}", "🏴<gbsct>");
        becomes("🏴\u{e0067}\u{e007f}", "🏴<U+E0067><U+E007F>");
        becomes("a\u{e0067}", "a<U+E0067>");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_shown_without_loss() {
        becomes(b"\xff\xfe", "\\xff\\xfe");
        becomes(b"a\\xff\xff", "a\\\\xff\\xff");
        becomes("a\\xff", "a\\xff");
        becomes(b"\xe4\xbd\xe4\xbd\xa0", "\\xe4\\xbd你");
        becomes(b"\xed\xa0\x80\x9b31m", "\\xed\\xa0\\x80\\x9b31m");
    }

    #[test]
    fn a_mark_without_a_base_gets_one() {
        becomes("\u{301}", "◌\u{301}");
        becomes("a\n\u{301} \u{301}\u{302}", "a\n◌\u{301} ◌\u{301}\u{302}");
        becomes("\x1b\u{301}\u{200b}\u{301}", "␛◌\u{301}<U+200B>◌\u{301}");
        becomes(b"\xff\xcc\x81", "\\xff◌\u{301}");
    }

    #[test]
    fn a_thousand_marks_are_cut_short() {
        let marks = "\u{301}".repeat(1000);
        becomes(format!("e{marks}!"), &format!("e{}<+985>!", "\u{301}".repeat(15)));
        becomes(format!("👩{}", "\u{200d}👩".repeat(40)), &format!("👩{}<+66>", "\u{200d}👩".repeat(7)));
        becomes("\u{1100}".repeat(6), "\u{1100}\u{1100}\u{1100}\u{1100}<+2>");
    }

    #[test]
    fn a_terminal_that_is_sent_it_only_prints() {
        let attacks: [&[u8]; 8] = [
            b"\x1b[2J\x1b[31mred",
            b"\x1b]0;title\x07",
            b"\x1b]8;;http://x\x1b\\link",
            b"\x1b]52;c;aGk=\x07",
            b"\x1bP$q\x1b\\",
            b"\x9b2J\x9d0;t\x9c",
            "\u{9b}2J\u{90}x\u{9c}".as_bytes(),
            b"ok\r\x08\x08\x0b\x0c\x0e\x0f",
        ];
        for attack in attacks {
            let clean = clean_line(attack);
            let mut terminal = vt100::Parser::default();
            terminal.process(clean.as_bytes());
            assert_eq!(terminal.screen().contents(), *clean);
            assert_eq!(usize::from(terminal.screen().cursor_position().1), width(&clean));
        }
    }

    /// What the documentation of [`Clean`] promises, for a text that may hold line feeds.
    #[track_caller]
    fn assert_harmless(text: &str) {
        let chars: Vec<char> = text.chars().collect();
        for (index, &c) in chars.iter().enumerate() {
            if matches!(c, ZWJ | ZWNJ) {
                let neighbours = (index.checked_sub(1).map(|before| chars[before]), chars.get(index + 1));
                assert!(
                    neighbours.0.is_some_and(|before| before > '\u{a8}' && is_showable(before)),
                    "{text:?}"
                );
                assert!(neighbours.1.is_none_or(|&after| is_showable(after) || after == '\n'), "{text:?}");
            } else {
                assert!(c == '\n' || is_showable(c), "{c:?} in {text:?}");
            }
        }
        for (_, grapheme, cells) in graphemes(text) {
            assert!(grapheme == "\n" || (1..=GRAPHEME_CELLS).contains(&cells), "{grapheme:?} in {text:?}");
            assert!(grapheme.chars().count() <= GRAPHEME_CHARS, "{grapheme:?} in {text:?}");
        }
    }

    #[test]
    fn every_character_is_harmless_wherever_it_stands() {
        for c in all_chars() {
            let text = format!("{c}a{c}{c} {c}");
            assert_harmless(&clean_text(text.as_bytes()));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_become_harmless(bytes: Vec<u8>) {
            assert_harmless(&clean_text(&bytes));
            prop_assert!(!clean_line(&bytes).contains('\n'));
            prop_assert_eq!(clean_text(&bytes).is_empty(), bytes.is_empty());
        }

        #[test]
        fn any_text_becomes_harmless_and_then_stays(text in raw_samples()) {
            let clean = clean_text(text.as_bytes());
            assert_harmless(&clean);
            prop_assert_eq!(&clean_text(clean.as_bytes()), &clean);
            let line = clean_line(text.as_bytes());
            assert_harmless(&line);
            prop_assert_eq!(&clean_line(line.as_bytes()), &line);
        }

        /// The escapes are undone by anybody who knows the two rules.
        #[test]
        fn escaped_bytes_can_be_read_back(bytes in "[a-z\\\\]{0,8}".prop_flat_map(|text| {
            proptest::collection::vec(prop_oneof![Just(b'\\'), Just(b'x'), Just(b'f'), 0x80..=0xFF_u8], 0..8)
                .prop_map(move |more| [text.as_bytes(), &more, b"\xff"].concat())
        })) {
            let clean = clean_line(&bytes);
            let mut read = Vec::new();
            let mut rest = &*clean;
            while let Some(c) = rest.chars().next() {
                let (byte, length) = match rest.get(..2) {
                    Some("\\\\") => (Some(b'\\'), 2),
                    Some("\\x") => (u8::from_str_radix(&rest[2..4], 16).ok(), 4),
                    _ => (None, c.len_utf8()),
                };
                match byte {
                    Some(byte) => read.push(byte),
                    None => read.extend_from_slice(&rest.as_bytes()[..length]),
                }
                rest = &rest[length..];
            }
            prop_assume!(!clean.contains("<U+") && !clean.contains('◌'));
            prop_assert_eq!(read, bytes);
        }
    }
}
