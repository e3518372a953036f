//! A field as it is shown on so many columns: its own text may hold what no cell can.

use std::collections::HashMap;
use std::ops::Range;

use super::Field;
use crate::text::caret::{offset_at, position_of};
use crate::text::width::{graphemes, simple_cells};
use crate::text::wrap::{Spaces, wrap};
use crate::text::{Clean, clean_text};

/// A field's text, or the part of it around the caret, fit to be shown, in lines.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The text, fit to be shown.
    pub text: String,
    /// Its display lines.
    pub lines: Vec<Range<usize>>,
    /// Row and column of the caret.
    pub caret: (usize, usize),
    /// The pieces of the text, in order and without gaps.
    pieces: Vec<Piece>,
}

/// A piece of the text: clusters that are shown as they are, or one that is shown as something else.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Where it begins in the field.
    field: usize,
    /// Where it begins here.
    shown: usize,
    as_it_is: bool,
}

impl Shown {
    /// The part of `field` in this range, with the caret in it.
    fn new(field: &str, range: Range<usize>, caret: usize, columns: usize) -> Self {
        let mut text = String::with_capacity(range.len());
        let mut pieces: Vec<Piece> = Vec::new();
        let mut shown_caret = None;
        // Cleaning takes a while, and who writes one emoji a thousand times means to see it at once.
        let mut cleaned: HashMap<&str, Clean> = HashMap::new();
        for (at, cluster, _) in graphemes(&field[range.clone()]) {
            let as_it_is = stays(cluster);
            if !as_it_is || pieces.last().is_none_or(|piece| !piece.as_it_is) {
                pieces.push(Piece { field: range.start + at, shown: text.len(), as_it_is });
            }
            if range.start + at == caret {
                shown_caret = Some(text.len());
            }
            if as_it_is {
                text.push_str(cluster);
            } else {
                text.push_str(cleaned.entry(cluster).or_insert_with(|| clean_text(cluster.as_bytes())));
            }
        }
        pieces.push(Piece { field: range.end, shown: text.len(), as_it_is: false });
        let lines = wrap(&text, columns, Spaces::Keep);
        let caret = position_of(&text, &lines, shown_caret.unwrap_or(text.len()));
        Self { text, lines, caret, pieces }
    }

    /// The offset in the field that is nearest to this row and column.
    #[must_use]
    pub fn offset_at(&self, row: usize, column: usize) -> usize {
        let shown = offset_at(&self.text, &self.lines, row, column);
        let at = self.pieces.partition_point(|piece| piece.shown <= shown).saturating_sub(1);
        let inside = |piece: &Piece| if piece.as_it_is { shown - piece.shown } else { 0 };
        self.pieces.get(at).map_or(0, |piece| piece.field + inside(piece))
    }
}

/// Whether it is known, without cleaning it, that a cluster is shown as it is: true of most.
fn stays(cluster: &str) -> bool {
    let mut chars = cluster.chars();
    let stays = |c| c == '\n' || simple_cells(c).is_some();
    chars.next().is_some_and(stays) && chars.next().is_none()
}

impl Field {
    /// The text and the caret as they are shown on so many columns.
    #[must_use]
    pub fn shown(&self, columns: usize) -> Shown {
        Shown::new(&self.text, 0..self.text.len(), self.caret, columns)
    }

    /// The same of the part of a long text that so many rows can show, and of at least a line above it and one below it
    /// where there are such: for keys that have to be answered at once. A row is then counted from that part's first.
    #[must_use]
    pub fn shown_on(&self, columns: usize, rows: usize) -> Shown {
        // Each paragraph has at least one line.
        let (before, behind) = self.text.split_at(self.caret);
        let start = before.rmatch_indices('\n').nth(rows + 1).map_or(0, |(at, _)| at + 1);
        let end = behind.match_indices('\n').nth(rows + 1).map_or(self.text.len(), |(at, _)| self.caret + at);
        Shown::new(&self.text, start..end, self.caret, columns)
    }

    /// How many display lines the text has on so many columns, counted up to `most`: does not look at the rest of a
    /// long text.
    #[must_use]
    pub fn lines(&self, columns: usize, most: usize) -> usize {
        // No cluster is shown on less than one cell, and so many do not fit into `most` lines.
        let more = most.saturating_mul(columns.max(1)).saturating_add(1);
        let end = graphemes(&self.text).nth(more).map_or(self.text.len(), |(at, _, _)| at);
        Shown::new(&self.text, 0..end, 0, columns).lines.len().min(most)
    }
}
