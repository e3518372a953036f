//! Which characters can be seen, and which invisible ones do something that can be seen.
//!
//! Knows single characters only; must never look at more of a text than a neighbour.

use unicode_segmentation::UnicodeSegmentation;

/// Joins emoji into one picture, and letters of joining scripts.
pub(super) const ZWJ: char = '\u{200D}';
/// Keeps letters of joining scripts apart.
pub(super) const ZWNJ: char = '\u{200C}';
/// The base that Unicode suggests for a mark that has none.
pub(super) const DOTTED_CIRCLE: char = '\u{25CC}';

/// Whether `c` may be written to a terminal as it is: not a control character (C0, C1, DEL), not a bidi control,
/// not a line or paragraph separator, not default-ignorable (invisible: Unicode's `Default_Ignorable_Code_Point`),
/// not a noncharacter.
///
/// The joiners U+200C and U+200D are not showable by themselves; [`Clean`](super::Clean) holds them only where
/// they join.
#[must_use]
pub fn is_showable(c: char) -> bool {
    !(c.is_control() || is_default_ignorable(c) || is_format(c) || is_noncharacter(c))
}

/// `Default_Ignorable_Code_Point` of Unicode 17 (a property that hardly ever changes: whole blocks are set aside).
fn is_default_ignorable(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Line and paragraph separator, interlinear annotation, Egyptian hieroglyph format controls.
fn is_format(c: char) -> bool {
    matches!(c, '\u{2028}'..='\u{2029}' | '\u{FFF9}'..='\u{FFFB}' | '\u{13430}'..='\u{1343F}')
}

fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || u32::from(c) & 0xFFFE == 0xFFFE
}

/// Characters that only choose among the shapes of the one before them.
pub(super) fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{180B}'..='\u{180D}' | '\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Whether `c`, put after an ordinary character, would be drawn onto it (UAX #29: Extend, `SpacingMark`).
pub(super) fn attaches(c: char) -> bool {
    if c < '\u{300}' {
        return false;
    }
    let pair = String::from_iter([DOTTED_CIRCLE, c]);
    pair.graphemes(true).nth(1).is_none()
}

/// Whether the joiner after `before` does something: RFC 5892, appendix A.1 and A.2, with the joining types of
/// single letters taken for those of their scripts (Arabic to Sinhala, Myanmar, Khmer, Mongolian).
pub(super) fn joiner_works(before: char, after: Option<char>) -> bool {
    is_virama(before) || (is_joining_letter(before) && after.is_some_and(is_joining_letter))
}

/// A letter or vowel sign of a script whose letters join.
pub(super) fn is_joining_letter(c: char) -> bool {
    let script = matches!(c,
        '\u{600}'..='\u{77F}' | '\u{7C0}'..='\u{7FF}' | '\u{840}'..='\u{DFF}' | '\u{1000}'..='\u{109F}'
        | '\u{1780}'..='\u{18AA}');
    // U+0D4E stands before a letter and is nothing without it.
    script && (c.is_alphabetic() || is_virama(c)) && c != '\u{D4E}'
}

/// The sign that takes a consonant's vowel away (canonical combining class 9) in the Indic scripts in daily use.
fn is_virama(c: char) -> bool {
    matches!(c,
        '\u{94D}' | '\u{9CD}' | '\u{A4D}' | '\u{ACD}' | '\u{B4D}' | '\u{BCD}' | '\u{C4D}' | '\u{CCD}'
        | '\u{D3B}'..='\u{D3C}' | '\u{D4D}' | '\u{DCA}' | '\u{1039}'..='\u{103A}' | '\u{17D2}')
}

/// The letters of a subdivision flag (a black flag followed by tag characters and a cancel tag, UTS #51 ED-14a),
/// for example `gbsct`; `None` for everything else.
pub(super) fn flag_letters(grapheme: &str) -> Option<String> {
    let tags = grapheme.strip_prefix('\u{1F3F4}')?.strip_suffix('\u{E007F}')?;
    let letters: Option<String> = tags.chars().map(tag_letter).collect();
    letters.filter(|letters| (3..=6).contains(&letters.len()))
}

fn tag_letter(c: char) -> Option<char> {
    let letter = char::from_u32(u32::from(c).checked_sub(0xE0000)?)?;
    (letter.is_ascii_lowercase() || letter.is_ascii_digit()).then_some(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_numbers_are_showable_but_for_the_fillers() {
        let hidden: Vec<char> =
            ('\0'..=char::MAX).filter(|c| c.is_alphanumeric() && !is_showable(*c)).collect();
        assert_eq!(hidden, ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}']);
    }
}
