//! The plain chat datagram: one datagram is one UTF-8 text, with no framing and no line feed.
//!
//! Owns the limits and how a long text is cut; must never change a text.

use crate::text::cut::fit_bytes;

/// The most bytes of text in one datagram of ours: what a course program reads of one.
pub const DATAGRAM_TEXT_LIMIT: usize = 1024;

/// The most bytes that a UDP datagram over IPv4 can carry (RFC 768, RFC 791): 65,535 less 20 and 8 of headers.
pub const DATAGRAM_LIMIT: usize = 65_507;

/// The texts of the datagrams that carry `text`: each at most [`DATAGRAM_TEXT_LIMIT`] bytes, together `text`, cut
/// between grapheme clusters so that no receiver sees half a character. (A single cluster that is longer is cut
/// between code points.) An empty text is one empty datagram.
pub fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (part, after) = text.split_at(fit_bytes(text, DATAGRAM_TEXT_LIMIT).len());
        rest = (!after.is_empty()).then_some(after);
        Some(part)
    })
}

/// How many datagrams carry `text`.
#[must_use]
pub fn parts(text: &str) -> usize {
    split(text).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_text_is_one_datagram_and_so_is_an_empty_one() {
        assert_eq!(split("你好").collect::<Vec<_>>(), ["你好"]);
        assert_eq!(split("").collect::<Vec<_>>(), [""]);
        assert_eq!(parts(&"x".repeat(DATAGRAM_TEXT_LIMIT)), 1);
        assert_eq!(parts(&"x".repeat(DATAGRAM_TEXT_LIMIT + 1)), 2);
    }

    #[test]
    fn no_character_is_cut_in_two() {
        let text = "你好".repeat(500);
        let lengths: Vec<usize> = split(&text).map(str::len).collect();
        assert_eq!(lengths, [1023, 1023, 954]);
    }

    #[test]
    fn no_emoji_is_cut_in_two() {
        let text = format!("{}👨‍👩‍👧‍👦!", "x".repeat(1010));
        assert_eq!(split(&text).last(), Some("👨‍👩‍👧‍👦!"));
    }

    #[test]
    fn a_cluster_that_is_too_long_is_cut_between_code_points() {
        let text = format!("e{}", "\u{301}".repeat(1000));
        let lengths: Vec<usize> = split(&text).map(str::len).collect();
        assert_eq!(lengths, [1023, 978]);
    }

    fn long_text() -> impl Strategy<Value = String> {
        let part =
            proptest::sample::select(["a", "é", "你", "👨‍👩‍👧", "\r\n", "e\u{301}", "\u{301}", "🇩"].as_slice());
        let run = (part, 1..600_usize).prop_map(|(part, times)| part.repeat(times));
        proptest::collection::vec(run, 0..8).prop_map(|runs| runs.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_parts_are_the_text(text in long_text()) {
            prop_assert_eq!(split(&text).collect::<String>(), text.as_str());
            prop_assert!(split(&text).all(|part| part.len() <= DATAGRAM_TEXT_LIMIT));
            prop_assert!(parts(&text) == 1 || split(&text).all(|part| !part.is_empty()));
        }
    }
}
