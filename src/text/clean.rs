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
