//! That whatever bytes come, what is shown of them cannot hurt a terminal.
#![no_main]

use hobnob::text::width::graphemes;
use hobnob::text::{Clean, clean_line, clean_text, is_showable};
use libfuzzer_sys::fuzz_target;

/// What the documentation of [`Clean`] promises.
const GRAPHEME_CHARS: usize = 16;
const GRAPHEME_CELLS: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    let (text, line) = (clean_text(bytes), clean_line(bytes));
    assert!(!line.contains('\n'));
    for clean in [&text, &line] {
        assert_harmless(clean);
        assert_eq!(clean.is_empty(), bytes.is_empty());
    }
    assert_eq!(clean_text(text.as_bytes()), text);
    assert_eq!(clean_line(line.as_bytes()), line);
});

fn assert_harmless(clean: &Clean) {
    for c in clean.chars() {
        // The joiners stay where they join.
        assert!(is_showable(c) || matches!(c, '\n' | '\u{200C}' | '\u{200D}'), "{c:?} in {clean:?}");
    }
    for (_, grapheme, cells) in graphemes(clean) {
        assert!(grapheme == "\n" || (1..=GRAPHEME_CELLS).contains(&cells), "{grapheme:?} in {clean:?}");
        assert!(grapheme.chars().count() <= GRAPHEME_CHARS, "{grapheme:?} in {clean:?}");
    }
}
