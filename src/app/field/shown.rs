//! A field as it is shown on so many columns: its own text may hold what no cell can.

use std::ops::Range;

use super::Field;
use crate::text::caret::{offset_at, position_of};
use crate::text::clean_text;
use crate::text::width::{graphemes, simple_cells};
use crate::text::wrap::{Spaces, wrap};

/// A field's text, fit to be shown, in lines.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The text, fit to be shown.
    pub text: String,
    /// Its display lines.
    pub lines: Vec<Range<usize>>,
    /// Row and column of the caret.
    pub caret: (usize, usize),
    /// Where each cluster begins: in the field, and here.
    places: Vec<(usize, usize)>,
}

impl Shown {
    fn new(field: &str, caret: usize, columns: usize) -> Self {
        let mut text = String::with_capacity(field.len());
        let mut places = Vec::with_capacity(field.len() + 1);
        let mut shown_caret = None;
        for (at, cluster, _) in graphemes(field) {
            places.push((at, text.len()));
            if at == caret {
                shown_caret = Some(text.len());
            }
            if stays(cluster) {
                text.push_str(cluster);
            } else {
                text.push_str(&clean_text(cluster.as_bytes()));
            }
        }
        places.push((field.len(), text.len()));
        let lines = wrap(&text, columns, Spaces::Keep);
        let caret = position_of(&text, &lines, shown_caret.unwrap_or(text.len()));
        Self { text, lines, caret, places }
    }

    /// The offset in the field that is nearest to this row and column.
    #[must_use]
    pub fn offset_at(&self, row: usize, column: usize) -> usize {
        let shown = offset_at(&self.text, &self.lines, row, column);
        let at = self.places.partition_point(|(_, begins)| *begins <= shown).saturating_sub(1);
        self.places.get(at).map_or(0, |(field, _)| *field)
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
        Shown::new(&self.text, self.caret, columns)
    }

    /// How many display lines the text has on so many columns, counted up to `most`: does not look at the rest of a
    /// long text.
    #[must_use]
    pub fn lines(&self, columns: usize, most: usize) -> usize {
        // No cluster is shown on less than one cell, and so many do not fit into `most` lines.
        let more = most.saturating_mul(columns.max(1)).saturating_add(1);
        let end = graphemes(&self.text).nth(more).map_or(self.text.len(), |(at, _, _)| at);
        Shown::new(&self.text[..end], 0, columns).lines.len().min(most)
    }
}
