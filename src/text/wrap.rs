//! Lines of a given width.
//!
//! Owns where a text is broken into display lines: at line feeds, where UAX #14 allows it, and between grapheme
//! clusters where a word is longer than a line. Must never take more than one pass over the text.

use std::ops::Range;

use unicode_linebreak::linebreaks;

use super::width::graphemes;

/// What becomes of white space at the end of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spaces {
    /// For reading: it belongs to no line.
    Hang,
    /// For editing: it takes room like a letter, so that the caret has a place at every offset. A paragraph that
    /// fills its last line has one more, empty line: that is where the caret stands after it.
    Keep,
}

/// The display lines of `text` as byte ranges of it, in order. Line feeds belong to no range. There is always at
/// least one line, and one more after a last line feed.
///
/// No line takes more than `columns` cells, but a cluster that is wider than that has a line of its own; 0
/// columns count as 1.
#[must_use]
pub fn wrap(text: &str, columns: usize, spaces: Spaces) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for paragraph in text.split('\n') {
        let mut breaker = Breaker { paragraph, start, columns: columns.max(1), spaces, lines: &mut lines };
        breaker.run();
        start += paragraph.len() + 1;
    }
    lines
}

/// Breaks one paragraph. Offsets within are those of the paragraph.
struct Breaker<'a> {
    paragraph: &'a str,
    /// Where the paragraph begins in the text.
    start: usize,
    columns: usize,
    spaces: Spaces,
    lines: &'a mut Vec<Range<usize>>,
}

impl Breaker<'_> {
    fn run(&mut self) {
        let mut opportunities = linebreaks(self.paragraph).map(|(offset, _)| offset).peekable();
        // Where the line begins, and the cells since.
        let (mut line, mut used) = (0, 0);
        // The last place where the line may be broken, and the cells since.
        let mut place: Option<(usize, usize)> = None;
        for (offset, grapheme, cells) in graphemes(self.paragraph) {
            // Opportunities inside a cluster are none.
            while opportunities.next_if(|&next| next < offset).is_some() {}
            if opportunities.next_if_eq(&offset).is_some() && offset > line {
                place = Some((offset, 0));
            }
            let hangs = self.spaces == Spaces::Hang && grapheme.chars().all(is_breaking_space);
            if !hangs && used + cells > self.columns {
                if let Some((at, since)) = place.take() {
                    self.push(line, at);
                    (line, used) = (at, since);
                }
                if used + cells > self.columns && offset > line {
                    self.push(line, offset);
                    (line, used) = (offset, 0);
                }
            }
            used += cells;
            place = place.map(|(at, since)| (at, since + cells));
        }
        self.push(line, self.paragraph.len());
        if self.spaces == Spaces::Keep && used >= self.columns {
            self.push(self.paragraph.len(), self.paragraph.len());
        }
    }

    fn push(&mut self, from: usize, to: usize) {
        let line = &self.paragraph[from..to];
        let kept = match self.spaces {
            Spaces::Hang => line.trim_end_matches(is_breaking_space),
            Spaces::Keep => line,
        };
        self.lines.push(self.start + from..self.start + from + kept.len());
    }
}

/// White space at which a line may end: not the no-break spaces.
fn is_breaking_space(c: char) -> bool {
    c.is_whitespace() && !matches!(c, '\u{A0}' | '\u{2007}' | '\u{202F}')
}
