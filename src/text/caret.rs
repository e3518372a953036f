//! The caret's place among the lines of a text that is being edited.
//!
//! Owns the way from a byte offset to a cell and back, over the lines that [`wrap`](super::wrap::wrap) gives with
//! [`Spaces::Keep`](super::wrap::Spaces::Keep). Must never put the caret inside a grapheme cluster.

use std::ops::Range;

use super::width::graphemes;

/// The cell (row, column) of the caret at byte `offset` of `text`. At a place where a line was broken it is the
/// beginning of the next line: the caret stands where the next character goes. An offset inside a cluster counts
/// as that of the cluster, one beyond the text as its end.
#[must_use]
pub fn position_of(text: &str, lines: &[Range<usize>], offset: usize) -> (usize, usize) {
    let row = lines.partition_point(|line| line.start <= offset).saturating_sub(1);
    let Some(line) = lines.get(row) else {
        return (0, 0);
    };
    let column = graphemes(&text[line.clone()])
        .take_while(|(at, grapheme, _)| line.start + at + grapheme.len() <= offset)
        .map(|(_, _, cells)| cells)
        .sum();
    (row, column)
}

/// The byte offset of the caret that is nearest to the cell (row, column): for moving up and down, and for the
/// mouse. Stays in the row where it can: beyond the end of a line that goes on below, it is before its last
/// cluster. A row beyond the last counts as the last.
#[must_use]
pub fn offset_at(text: &str, lines: &[Range<usize>], row: usize, column: usize) -> usize {
    let row = row.min(lines.len().saturating_sub(1));
    let Some(line) = lines.get(row) else {
        return 0;
    };
    let goes_on = lines.get(row + 1).is_some_and(|next| next.start == line.end);
    let mut left = 0;
    let mut last = line.start;
    for (at, _, cells) in graphemes(&text[line.clone()]) {
        last = line.start + at;
        // The nearer edge of the cluster under the column; its left one where both are as near.
        if column <= left + cells / 2 {
            return last;
        }
        left += cells;
    }
    if goes_on { last } else { line.end }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation;

    use super::*;
    use crate::text::width::samples;
    use crate::text::wrap::{Spaces, wrap};

    fn position(text: &str, columns: usize, offset: usize) -> (usize, usize) {
        position_of(text, &wrap(text, columns, Spaces::Keep), offset)
    }

    fn offset(text: &str, columns: usize, row: usize, column: usize) -> usize {
        offset_at(text, &wrap(text, columns, Spaces::Keep), row, column)
    }

    #[test]
    fn the_caret_of_an_empty_text_is_at_the_beginning() {
        assert_eq!(position("", 10, 0), (0, 0));
        assert_eq!(offset("", 10, 3, 3), 0);
    }

    #[test]
    fn the_caret_stands_where_the_next_character_goes() {
        assert_eq!(position("hello", 10, 5), (0, 5));
        assert_eq!(position("你好", 10, 6), (0, 4));
        assert_eq!(position("hello", 5, 5), (1, 0));
        assert_eq!(position("hello\n", 10, 6), (1, 0));
        assert_eq!(position("hello\nyou", 5, 5), (1, 0));
        assert_eq!(position("hello\nyou", 5, 6), (2, 0));
        assert_eq!(position("one two", 4, 4), (1, 0));
    }

    #[test]
    fn an_offset_inside_a_cluster_counts_as_that_of_the_cluster() {
        assert_eq!(position("ae\u{301}b", 10, 2), (0, 1));
        assert_eq!(position("a👨‍👩‍👧b", 10, 5), (0, 1));
    }

    #[test]
    fn a_cell_leads_to_the_nearest_place_between_clusters() {
        assert_eq!(offset("你好吗", 10, 0, 2), 3);
        assert_eq!(offset("你好吗", 10, 0, 3), 3);
        assert_eq!(offset("你好吗", 10, 0, 4), 6);
        assert_eq!(offset("aक\u{94d}ष\u{94d}णb", 10, 0, 2), 1);
        assert_eq!(offset("aक\u{94d}ष\u{94d}णb", 10, 0, 3), 16);
    }

    #[test]
    fn beyond_its_end_a_row_is_not_left() {
        assert_eq!(offset("one two", 4, 0, 9), 3);
        assert_eq!(offset("one\ntwo", 9, 0, 9), 3);
        assert_eq!(offset("one\ntwo", 9, 1, 9), 7);
        assert_eq!(offset("one\ntwo", 9, 7, 1), 5);
    }

    proptest! {
        #[test]
        fn every_place_between_clusters_has_a_cell_of_its_own(text in samples(), columns in 8_usize..30) {
            let lines = wrap(&text, columns, Spaces::Keep);
            let mut previous = None;
            let places = text.grapheme_indices(true).map(|(offset, _)| offset).chain([text.len()]);
            for place in places {
                let (row, column) = position_of(&text, &lines, place);
                prop_assert!(column < columns);
                prop_assert!(Some((row, column)) > previous);
                prop_assert_eq!(offset_at(&text, &lines, row, column), place);
                previous = Some((row, column));
            }
        }
    }
}
