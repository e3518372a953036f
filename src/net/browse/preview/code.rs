//! The lines of a text, and which pieces of a program's text are what. Must never take long over a text that was made to
//! take long: it looks at no line that is very long, and stops after a while.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use syntect::parsing::{ParseState, ScopeStack, SyntaxReference, SyntaxSet};

use crate::event::{Content, Paint, TextLine};
use crate::text::clean_line;
use crate::text::cut::fit_bytes;

/// The most lines of a text, and the most bytes of a line, that are shown.
const LINES: usize = 20_000;
const LINE: usize = 8192;
/// The most bytes of a line that is told apart, and how long all of them may take.
const PAINTED: usize = 1000;
const PATIENCE: Duration = Duration::from_millis(500);
/// So many bytes decide whether it is a text; of these so many may be none, of a hundred.
const LOOKED_AT: usize = 8192;
const WRONG: usize = 5;

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// The lines of a text; none where it is no text.
pub(super) fn lines(bytes: &[u8], is_whole: bool) -> Option<Vec<TextLine>> {
    let bytes = decoded(bytes)?;
    let bytes = if is_whole { &bytes[..] } else { whole_characters(&bytes) };
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').take(LINES + 1).collect();
    if lines.len() > LINES || lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    let line = |line: &[u8]| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let cut = &line[..line.len().min(LINE)];
        let cut = if cut.len() < line.len() { whole_characters(cut) } else { cut };
        let mut text = cut.to_vec();
        if cut.len() < line.len() {
            text.extend_from_slice("…".as_bytes());
        }
        TextLine { text: clean_line(&text), pieces: Vec::new() }
    };
    Some(lines.into_iter().map(line).collect())
}

/// The bytes of a text in UTF-8, or mostly, without a byte order mark; none where they are no text.
fn decoded(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    if let Some(text) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return Some(Cow::Borrowed(text));
    }
    let sixteen = |read: fn([u8; 2]) -> u16| {
        let units = bytes[2..].chunks_exact(2).map(|two| read([two[0], two[1]])).collect::<Vec<u16>>();
        Cow::Owned(String::from_utf16_lossy(&units).into_bytes())
    };
    match bytes {
        [0xff, 0xfe, ..] => return Some(sixteen(u16::from_le_bytes)),
        [0xfe, 0xff, ..] => return Some(sixteen(u16::from_be_bytes)),
        _ => {}
    }
    let looked_at = whole_characters(&bytes[..bytes.len().min(LOOKED_AT)]);
    let wrong: usize = looked_at.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    let acts = |byte: &&u8| **byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    let wrong = wrong + looked_at.iter().filter(acts).count();
    (!looked_at.contains(&0) && wrong * 100 <= looked_at.len() * WRONG).then_some(Cow::Borrowed(bytes))
}

/// The bytes without the beginning of a character at their end.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    let back = (1..=bytes.len().min(3)).find(|back| bytes[bytes.len() - back] >= 0xc0);
    let cut = back.filter(|back| std::str::from_utf8(&bytes[bytes.len() - back..]).is_err());
    &bytes[..bytes.len() - cut.unwrap_or(0)]
}

/// The same text with its pieces, where its language is known by its name or its first line, and as far as there is time.
pub(super) fn paint(name: &str, lines: Vec<TextLine>) -> Content {
    #[expect(clippy::disallowed_methods, reason = "how long this takes is nobody else's business")]
    let now = Instant::now;
    let end = now() + PATIENCE;
    paint_until(|| now() >= end, name, lines)
}

fn paint_until(is_late: impl Fn() -> bool, name: &str, mut lines: Vec<TextLine>) -> Content {
    let first = lines.first().map(|line| fit_bytes(&line.text, 200));
    let Some(syntax) = syntax(name, first.unwrap_or_default()) else { return Content::Text(lines, None) };
    let mut state = ParseState::new(syntax);
    let mut scopes = ScopeStack::new();
    for line in &mut lines {
        if is_late() || line.text.len() > PAINTED {
            break;
        }
        let Some(pieces) = pieces(&line.text, &mut state, &mut scopes) else { break };
        line.pieces = pieces;
    }
    Content::Text(lines, Some(clean_line(syntax.name.as_bytes())))
}

fn syntax(name: &str, first_line: &str) -> Option<&'static SyntaxReference> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    let known = ending.and_then(|ending| SYNTAXES.find_syntax_by_extension(ending));
    let known = known.or_else(|| SYNTAXES.find_syntax_by_extension(name));
    let known = known.or_else(|| SYNTAXES.find_syntax_by_first_line(first_line));
    known.filter(|syntax| syntax.name != SYNTAXES.find_syntax_plain_text().name)
}

fn pieces(text: &str, state: &mut ParseState, scopes: &mut ScopeStack) -> Option<Vec<(usize, Paint)>> {
    let operations = state.parse_line(&format!("{text}\n"), &SYNTAXES).ok()?;
    let mut pieces: Vec<(usize, Paint)> = Vec::new();
    let mut push = |end: usize, paint: Paint| match pieces.last_mut() {
        Some(last) if last.1 == paint => last.0 = last.0.max(end),
        Some(last) if last.0 >= end => {}
        None if end == 0 => {}
        Some(_) | None => pieces.push((end, paint)),
    };
    for (at, operation) in operations {
        push(at.min(text.len()), paint_of(scopes));
        scopes.apply(&operation).ok()?;
    }
    push(text.len(), paint_of(scopes));
    Some(pieces)
}

/// What the innermost scope that says anything says.
fn paint_of(scopes: &ScopeStack) -> Paint {
    const KNOWN: [(&str, Paint); 9] = [
        ("comment", Paint::Comment),
        ("string", Paint::Literal),
        ("constant", Paint::Constant),
        ("keyword.operator", Paint::Plain),
        ("keyword", Paint::Keyword),
        ("storage", Paint::Keyword),
        ("entity", Paint::Name),
        ("support", Paint::Name),
        ("markup.heading", Paint::Name),
    ];
    let said = scopes.scopes.iter().rev().find_map(|scope| {
        let name = scope.build_string();
        KNOWN.iter().find(|(beginning, _)| name.starts_with(beginning)).map(|(_, paint)| *paint)
    });
    said.unwrap_or(Paint::Plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(bytes: &[u8], is_whole: bool) -> Option<Vec<String>> {
        Some(lines(bytes, is_whole)?.into_iter().map(|line| line.text.to_string()).collect())
    }

    #[test]
    fn the_ends_of_lines_and_byte_order_marks_are_no_part_of_a_text() {
        assert_eq!(shown(b"\xef\xbb\xbfa\r\nb\n\nc\n", true).unwrap(), ["a", "b", "", "c"]);
        assert_eq!(shown(b"\xff\xfea\0\n\0-N", true).unwrap(), ["a", "中"]);
        assert_eq!(shown("讲👨‍👩‍👧".as_bytes(), true).unwrap(), ["讲👨‍👩‍👧"]);
        assert_eq!(shown(b"", true).unwrap(), [""; 0]);
    }

    #[test]
    fn a_text_that_was_cut_ends_with_a_whole_character() {
        assert_eq!(shown(&"讲讲".as_bytes()[..5], false).unwrap(), ["讲"]);
        let long = shown("讲".repeat(LINE).as_bytes(), true).unwrap().remove(0);
        assert!(long.ends_with("讲…") && long.len() <= LINE + 3, "{}", long.len());
    }

    #[test]
    fn what_is_mostly_no_text_is_none_and_a_wrong_byte_does_not_make_it_one() {
        assert_eq!(shown(b"\x7fELF\0\0\0\x01", true), None);
        assert_eq!(shown(&[0x80; 100], true), None);
        assert_eq!(
            shown(b"Gr\xfc\xdfe aus einer alten Datei, die sonst niemand lesen kann", true).unwrap().len(),
            1
        );
    }

    #[test]
    fn the_pieces_of_a_program_are_told_apart() {
        let text = lines(b"// a comment\nfn main() { let a = \"b\"; 12 }\n", true).unwrap();
        let painted = paint_until(|| false, "x.rs", text.clone());
        let Content::Text(lines, Some(language)) = painted else { panic!("no language") };
        let Content::Text(plain, _) = paint_until(|| true, "x.rs", text.clone()) else { panic!("no text") };
        let is_plain = |line: &TextLine| line.pieces.is_empty() && !line.text.is_empty();
        assert!(plain.len() == text.len() && plain.iter().all(is_plain), "without time it is shown as it is");
        assert_eq!(&*language, "Rust");
        let pieces = |nth: usize| {
            let line: &TextLine = &lines[nth];
            let mut from = 0;
            line.pieces.iter().map(move |(to, paint)| {
                let piece = &line.text[from..*to];
                from = *to;
                (piece.trim().to_owned(), *paint)
            })
        };
        assert!(pieces(0).all(|(_, paint)| paint == Paint::Comment));
        for expected in [
            ("fn", Paint::Keyword),
            ("main", Paint::Name),
            ("\"b\"", Paint::Literal),
            ("12", Paint::Constant),
        ] {
            assert!(pieces(1).any(|(piece, paint)| (&*piece, paint) == expected), "{expected:?}");
        }
    }

    proptest! {
        #[test]
        fn pieces_end_at_characters_and_come_in_order(text in "\\PC{0,40}", name in "x\\.(rs|py|md|html|sh|json)") {
            let Content::Text(lines, _) = paint(&name, lines(text.as_bytes(), true).unwrap_or_default()) else {
                panic!("no text")
            };
            for line in lines {
                prop_assert!(line.pieces.windows(2).all(|two| two[0].0 < two[1].0));
                prop_assert!(line.pieces.iter().all(|(end, _)| line.text.is_char_boundary(*end)));
            }
        }
    }
}
