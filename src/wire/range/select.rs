//! What a request's `Range` field selects of a file (RFC 9110, sections 14.1.2 and 14.2). No I/O.

/// The most parts that are sent in one answer.
pub const PARTS_LIMIT: usize = 16;

/// Bytes of a file that follow each other: at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first byte's place.
    pub first: u64,
    /// The last byte's; never before the first.
    pub last: u64,
}

impl Span {
    /// In bytes.
    #[must_use]
    pub fn length(self) -> u64 {
        self.last - self.first + 1
    }
}

/// What is to be sent of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All of it, as if there were no `Range` field.
    Whole,
    /// At least one part of it and at most [`PARTS_LIMIT`], that neither overlap nor touch.
    Parts(Vec<Span>),
    /// It has none of the bytes that were asked for.
    Unsatisfiable,
}

/// Reads a `Range` field for a file of `length` bytes. It never fails: a field that is not valid, or not in bytes, is
/// to be ignored (RFC 9110, section 14.2).
///
/// Ranges that overlap or touch become one, in the place of the first of them; otherwise parts keep the order in which
/// they were asked for, as some clients mean it (section 15.3.7.2). Numbers of any size are understood.
///
/// Who asks for more than [`PARTS_LIMIT`] parts even then gets the whole file: a server may ignore such a field (sections
/// 14.2 and 17.15), and the whole costs it no more than any other download. Refusing with 416 would tell an honest
/// client that the file ends before what it asks for.
#[must_use]
pub fn select(field: &str, length: u64) -> Selection {
    let Some(ranges) = ranges(field) else { return Selection::Whole };
    // The end of an empty file is all of it, and no `Content-Range` can say so.
    if length == 0 && ranges.iter().any(|range| matches!(range, Range::Suffix(1..))) {
        return Selection::Whole;
    }
    let parts = merged(ranges.iter().filter_map(|range| range.within(length)).collect());
    match parts.len() {
        0 => Selection::Unsatisfiable,
        1..=PARTS_LIMIT => Selection::Parts(parts),
        _ => Selection::Whole,
    }
}

/// A `range-spec` (RFC 9110, section 14.1.1).
#[derive(Debug, Clone, Copy)]
enum Range {
    From { first: u64, last: Option<u64> },
    Suffix(u64),
}

impl Range {
    fn read(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-')?;
        if first.is_empty() {
            return number(last).map(Self::Suffix);
        }
        let first = number(first)?;
        let last = if last.is_empty() { None } else { Some(number(last)?) };
        last.is_none_or(|last| first <= last).then_some(Self::From { first, last })
    }

    /// What a file of this length has of it.
    fn within(self, length: u64) -> Option<Span> {
        let end = length.checked_sub(1)?;
        match self {
            Self::From { first, last } => {
                (first <= end).then(|| Span { first, last: last.map_or(end, |last| last.min(end)) })
            }
            Self::Suffix(bytes) => {
                (bytes > 0).then(|| Span { first: length.saturating_sub(bytes), last: end })
            }
        }
    }
}

/// All ranges of the field; none where a single one of them is not valid, or there is none.
fn ranges(field: &str) -> Option<Vec<Range>> {
    let (unit, set) = field.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let members = set.split(',').map(|member| member.trim_matches([' ', '\t']));
    // Empty members of a list mean nothing (RFC 9110, section 5.6.1.2).
    let ranges: Vec<_> =
        members.filter(|member| !member.is_empty()).map(Range::read).collect::<Option<_>>()?;
    (!ranges.is_empty()).then_some(ranges)
}

/// Digits and nothing else. What is larger than any file is as large as can be.
fn number(digits: &str) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.bytes().try_fold(0_u64, |number, digit| {
        digit.is_ascii_digit().then(|| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
    })
}

fn merged(spans: Vec<Span>) -> Vec<Span> {
    let mut asked: Vec<(usize, Span)> = spans.into_iter().enumerate().collect();
    asked.sort_unstable_by_key(|(order, span)| (span.first, *order));
    let mut merged: Vec<(usize, Span)> = Vec::new();
    for (order, span) in asked {
        match merged.last_mut() {
            Some((place, before)) if span.first.saturating_sub(before.last) <= 1 => {
                before.last = before.last.max(span.last);
                *place = order.min(*place);
            }
            _ => merged.push((order, span)),
        }
    }
    merged.sort_unstable_by_key(|(order, _)| *order);
    merged.into_iter().map(|(_, span)| span).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(spans: &[(u64, u64)]) -> Selection {
        Selection::Parts(spans.iter().map(|(first, last)| Span { first: *first, last: *last }).collect())
    }

    #[test]
    fn one_range_is_given_as_far_as_the_file_goes() {
        for (field, expected) in [
            ("bytes=0-0", parts(&[(0, 0)])),
            ("bytes=0-4", parts(&[(0, 4)])),
            ("bytes=5-", parts(&[(5, 9)])),
            ("bytes=0-", parts(&[(0, 9)])),
            ("bytes=-3", parts(&[(7, 9)])),
            ("bytes=-10", parts(&[(0, 9)])),
            ("bytes=-11", parts(&[(0, 9)])),
            ("bytes=9-9", parts(&[(9, 9)])),
            ("bytes=9-10", parts(&[(9, 9)])),
            ("bytes=0-18446744073709551616", parts(&[(0, 9)])),
            ("bytes=-18446744073709551616", parts(&[(0, 9)])),
            ("bytes=00000000000000000000000-0000000000000000000000001", parts(&[(0, 1)])),
            ("Bytes=1-2", parts(&[(1, 2)])),
            ("bytes=\t1-2 ", parts(&[(1, 2)])),
        ] {
            assert_eq!(select(field, 10), expected, "{field}");
        }
    }

    #[test]
    fn what_the_file_does_not_have_cannot_be_given() {
        for field in [
            "bytes=10-",
            "bytes=10-20",
            "bytes=-0",
            "bytes=-0,10-",
            "bytes=18446744073709551616-",
            "bytes=18446744073709551615-18446744073709551616",
        ] {
            assert_eq!(select(field, 10), Selection::Unsatisfiable, "{field}");
        }
        for field in ["bytes=0-", "bytes=0-0", "bytes=-0"] {
            assert_eq!(select(field, 0), Selection::Unsatisfiable, "{field} of nothing");
        }
        assert_eq!(select("bytes=-5", 0), Selection::Whole);
    }

    #[test]
    fn a_field_that_is_not_valid_is_ignored_as_a_whole() {
        for field in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=5",
            "bytes=4-3",
            "bytes=--3",
            "bytes=+1-2",
            "bytes=1-+2",
            "bytes=1 -2",
            "bytes=0x1-2",
            "bytes=1-2-3",
            "bytes=1-2;3-4",
            "bytes=0-1,5-4",
            "bytes=0-1,x",
            "bytes =0-1",
            " bytes=0-1",
            "lines=0-1",
            "bytes:0-1",
            "bytes=١-٢",
        ] {
            assert_eq!(select(field, 10), Selection::Whole, "{field}");
        }
    }

    #[test]
    fn ranges_that_overlap_or_touch_are_one_and_the_others_stay_in_their_order() {
        for (field, expected) in [
            ("bytes=0-1,4-5", parts(&[(0, 1), (4, 5)])),
            ("bytes=4-5 , 0-1", parts(&[(4, 5), (0, 1)])),
            ("bytes=,0-1,,4-5,", parts(&[(0, 1), (4, 5)])),
            ("bytes=0-3,2-5", parts(&[(0, 5)])),
            ("bytes=0-3,4-5", parts(&[(0, 5)])),
            ("bytes=2-5,0-3", parts(&[(0, 5)])),
            ("bytes=0-9,2-3,-1", parts(&[(0, 9)])),
            ("bytes=8-9,0-1,3-4,1-2", parts(&[(8, 9), (0, 4)])),
            ("bytes=5-5,5-5,5-5", parts(&[(5, 5)])),
            ("bytes=0-0,50-60,-1", parts(&[(0, 0), (9, 9)])),
            ("bytes=50-60,-1", parts(&[(9, 9)])),
            ("bytes=0-18446744073709551615,18446744073709551615-", parts(&[(0, 9)])),
        ] {
            assert_eq!(select(field, 10), expected, "{field}");
        }
    }

    #[test]
    fn more_parts_than_are_sent_at_once_are_the_whole_file() {
        let ranges = |count: u64, step: u64, width: u64| {
            let ranges: Vec<_> =
                (0..count).map(|n| format!("{}-{}", n * step, n * step + width - 1)).collect();
            format!("bytes={}", ranges.join(","))
        };
        let Selection::Parts(most) = select(&ranges(16, 2, 1), 1000) else { panic!("16 parts are sent") };
        assert_eq!(most.len(), PARTS_LIMIT);
        assert_eq!(select(&ranges(17, 2, 1), 1000), Selection::Whole);
        assert_eq!(select(&ranges(10_000, 2, 1), 1_000_000), Selection::Whole);
        assert_eq!(select(&ranges(10_000, 2, 2), 1_000_000), parts(&[(0, 19_999)]));
        assert_eq!(
            select(&ranges(10_000, 2, 1), 20),
            parts(&std::array::from_fn::<_, 10, _>(|n| {
                let place = n as u64 * 2;
                (place, place)
            }))
        );
    }

    proptest! {
        #[test]
        fn whatever_is_asked_for_only_what_the_file_has_is_given_and_no_byte_twice(
            field in "bytes=([0-9]{0,3}-[0-9]{0,3},?){1,8}|.{0,40}",
            length in 0_u64..300,
        ) {
            if let Selection::Parts(mut parts) = select(&field, length) {
                prop_assert!(!parts.is_empty() && parts.len() <= PARTS_LIMIT);
                parts.sort_by_key(|part| part.first);
                prop_assert!(parts.iter().all(|part| part.first <= part.last && part.last < length));
                prop_assert!(parts.windows(2).all(|two| two[0].last + 1 < two[1].first));
            }
        }
    }
}
