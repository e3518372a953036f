//! The order of names as people expect it: without regard to case, and numbers in them by their value. No I/O.

use std::cmp::Ordering;
use std::iter;

/// The most bytes of a character in lower case.
const LOWER: usize = 12;

/// What stands for a name when it is sorted, byte by byte: lower case, and before the digits of a number (its leading
/// zeros left out) how many there are, so that a larger one comes later.
pub fn key(name: &str) -> impl Iterator<Item = u8> {
    let mut rest = name;
    let pieces = iter::from_fn(move || {
        let first = rest.chars().next()?;
        let mut head = [0; LOWER];
        let mut length = 0;
        let mut digits = "";
        if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            digits = rest[..end].trim_start_matches('0');
            rest = &rest[end..];
            // A digit first: among other characters a number stands where its digits would.
            head[0] = b'0';
            head[1] = u8::try_from(digits.len()).unwrap_or(u8::MAX);
            length = 2;
        } else if first.is_ascii() {
            rest = &rest[1..];
            head[0] = u8::try_from(first.to_ascii_lowercase()).unwrap_or_default();
            length = 1;
        } else {
            first.to_lowercase().for_each(|c| length += c.encode_utf8(&mut head[length..]).len());
            rest = &rest[first.len_utf8()..];
        }
        Some(head.into_iter().take(length).chain(digits.bytes()))
    });
    pieces.flatten()
}

/// Which of two names comes first, by their keys, of which no more is made than where they begin to differ.
#[must_use]
pub fn compare(one: &str, other: &str) -> Ordering {
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let same = &one[..one.floor_char_boundary(same)];
    let start = same.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    key(&one[start..]).cmp(key(&other[start..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_in_the_order_that_people_expect() {
        for [first, second] in
            [["a2", "a10"], ["A2", "a10"], ["a", "a0"], ["2.b", "10.a"], ["é", "Ê"], ["a2x1", "a19"]]
        {
            assert_eq!(compare(first, second), Ordering::Less, "{first} {second}");
        }
        assert_eq!(compare("Ä01", "ä1"), Ordering::Equal);
    }

    proptest! {
        #[test]
        fn what_two_names_begin_with_alike_does_not_change_their_order(
            start in "[aA0-9éÉ\u{130}]{0,6}", one in "[aA0-9éÊ]{0,6}", other in "[aA0-9éÊ]{0,6}",
        ) {
            let (one, other) = (format!("{start}{one}"), format!("{start}{other}"));
            prop_assert_eq!(compare(&one, &other), key(&one).cmp(key(&other)));
        }
    }
}
