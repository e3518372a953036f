//! Widths in terminal cells.
//!
//! Owns measuring and cutting by cells. Agrees with what ratatui advances, grapheme cluster by grapheme cluster;
//! must never measure a part of a cluster: the width of a family emoji is 2, that of its characters 8.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

const ELLIPSIS: char = '…';

/// The cells that `text` takes in one row. Control characters (line feeds too) take none, as ratatui drops them.
#[must_use]
pub fn width(text: &str) -> usize {
    graphemes(text).map(|(_, _, cells)| cells).sum()
}

/// The grapheme clusters of `text`: byte offset, cluster, cells.
#[must_use]
pub fn graphemes(text: &str) -> impl DoubleEndedIterator<Item = (usize, &str, usize)> {
    text.grapheme_indices(true).map(|(offset, grapheme)| (offset, grapheme, cells(grapheme)))
}

fn cells(grapheme: &str) -> usize {
    if grapheme.contains(char::is_control) {
        return 0;
    }
    // Terminals give the half-width voicing marks a cell of their own, though UAX #29 has them extend a letter.
    let voicing_marks = grapheme.chars().filter(|c| matches!(c, '\u{FF9E}' | '\u{FF9F}')).count();
    grapheme.width() + voicing_marks
}

/// The longest beginning of `text` that fits into `columns` cells, and how many of them it takes.
#[must_use]
pub fn fit(text: &str, columns: usize) -> (&str, usize) {
    let mut used = 0;
    for (offset, _, cells) in graphemes(text) {
        if used + cells > columns {
            return (&text[..offset], used);
        }
        used += cells;
    }
    (text, used)
}

/// The longest end of `text` that fits into `columns` cells.
fn fit_end(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (offset, grapheme, cells) in graphemes(text).rev() {
        if used + cells > columns {
            return &text[offset + grapheme.len()..];
        }
        used += cells;
    }
    text
}

/// `text`, or its beginning and an ellipsis where it is wider than `columns` cells.
#[must_use]
pub fn ellipsis(text: &str, columns: usize) -> Cow<'_, str> {
    shortened(text, columns, 0)
}

/// `text`, or its beginning, an ellipsis and its end where it is wider than `columns` cells: for file names, of
/// which the end tells the kind.
#[must_use]
pub fn ellipsis_middle(text: &str, columns: usize) -> Cow<'_, str> {
    shortened(text, columns, columns.saturating_sub(1) / 2)
}

fn shortened(text: &str, columns: usize, end_columns: usize) -> Cow<'_, str> {
    if fit(text, columns).0.len() == text.len() {
        return Cow::Borrowed(text);
    }
    let Some(room) = columns.checked_sub(1) else {
        return Cow::Borrowed("");
    };
    let (start, _) = fit(text, room - end_columns);
    let mut short = String::from(start);
    short.push(ELLIPSIS);
    short.push_str(fit_end(text, end_columns));
    Cow::Owned(short)
}

/// `text` followed by spaces up to `columns` cells; a wider text stays as it is.
#[must_use]
pub fn pad_to(text: &str, columns: usize) -> String {
    let spaces = columns.saturating_sub(width(text));
    format!("{text}{:spaces$}", "")
}
