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
        if column < left {
            break;
        }
    }
    if column >= left && !goes_on { line.end } else { last }
}
