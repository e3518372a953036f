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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation;

    use super::*;
    use crate::text::width::{samples, width};

    fn lines(text: &str, columns: usize, spaces: Spaces) -> Vec<&str> {
        wrap(text, columns, spaces).into_iter().map(|line| &text[line]).collect()
    }

    #[track_caller]
    fn reads(text: &str, columns: usize, expected: &[&str]) {
        assert_eq!(lines(text, columns, Spaces::Hang), expected);
    }

    #[test]
    fn there_is_always_a_line_and_one_after_a_line_feed() {
        for spaces in [Spaces::Hang, Spaces::Keep] {
            assert_eq!(lines("", 10, spaces), [""]);
            assert_eq!(lines("a\n", 10, spaces), ["a", ""]);
            assert_eq!(lines("\n\na", 10, spaces), ["", "", "a"]);
        }
    }

    #[test]
    fn words_stay_whole_and_spaces_hang() {
        reads("got it, downloading now", 12, &["got it,", "downloading", "now"]);
        reads("one  two", 4, &["one", "two"]);
        reads("  two", 9, &["  two"]);
        reads("one   ", 4, &["one"]);
        reads("     ", 3, &[""]);
    }

    #[test]
    fn chinese_wraps_between_characters_and_no_line_begins_with_a_comma() {
        reads("你好，文件在服务器上", 6, &["你好，", "文件在", "服务器", "上"]);
        reads("你好吗，文件", 6, &["你好", "吗，文", "件"]);
        reads("见见（附件）。", 6, &["见见", "（附", "件）。"]);
        reads("文件notes在这", 8, &["文件", "notes在", "这"]);
    }

    #[test]
    fn a_word_that_is_longer_than_a_line_is_cut_between_clusters() {
        reads("abcdefgh", 3, &["abc", "def", "gh"]);
        reads("see http://192.168.1.5:7890/slides/", 26, &["see", "http://192.168.1.5:7890/", "slides/"]);
        reads("see http://192.168.1.5:7890/slides/", 16, &["see", "http://192.168.1", ".5:7890/slides/"]);
        reads("e\u{301}e\u{301}e\u{301}", 2, &["e\u{301}e\u{301}", "e\u{301}"]);
        reads("👨‍👩‍👧👨‍👩‍👧", 3, &["👨‍👩‍👧", "👨‍👩‍👧"]);
    }

    #[test]
    fn arabic_wraps_at_spaces_in_logical_order() {
        reads("مرحبا بالعالم", 8, &["مرحبا", "بالعالم"]);
    }

    #[test]
    fn no_break_spaces_hold() {
        reads("a 12\u{a0}MB", 5, &["a", "12\u{a0}MB"]);
    }

    #[test]
    fn a_column_too_few_gives_a_line_to_each_cluster() {
        for columns in [0, 1] {
            reads("你a好", columns, &["你", "a", "好"]);
        }
    }

    #[test]
    fn in_the_editor_every_space_has_a_place() {
        assert_eq!(lines("one  two", 6, Spaces::Keep), ["one  ", "two"]);
        assert_eq!(lines("one     two", 5, Spaces::Keep), ["one  ", "   ", "two"]);
    }

    #[test]
    fn in_the_editor_a_full_last_line_has_an_empty_one_after_it() {
        assert_eq!(lines("hello", 5, Spaces::Keep), ["hello", ""]);
        assert_eq!(lines("hello\nyou", 5, Spaces::Keep), ["hello", "", "you"]);
        assert_eq!(lines("你好", 5, Spaces::Keep), ["你好"]);
    }

    /// The definition, in quadratic time: each line ends at the last place where it may and fits; where there is
    /// none, at the last place between clusters where it fits. The first cluster of a line always fits.
    fn reference(text: &str, columns: usize, spaces: Spaces) -> Vec<&str> {
        let trimmed = |line| match spaces {
            Spaces::Hang => str::trim_end_matches(line, is_breaking_space),
            Spaces::Keep => line,
        };
        let mut lines = Vec::new();
        for paragraph in text.split('\n') {
            let ends: Vec<usize> =
                paragraph.grapheme_indices(true).map(|(at, part)| at + part.len()).collect();
            let allowed: Vec<usize> =
                linebreaks(paragraph).map(|(at, _)| at).filter(|at| ends.contains(at)).collect();
            let mut start = 0;
            loop {
                let room =
                    columns.max(graphemes(&paragraph[start..]).next().map_or(0, |(_, _, cells)| cells));
                let fits = |&&end: &&usize| end > start && width(trimmed(&paragraph[start..end])) <= room;
                let end = allowed.iter().rfind(fits).or_else(|| ends.iter().rfind(fits));
                let end = end.copied().unwrap_or(paragraph.len());
                lines.push(trimmed(&paragraph[start..end]));
                if end == paragraph.len() {
                    break;
                }
                start = end;
            }
            if spaces == Spaces::Keep && width(lines.last().unwrap()) >= columns {
                lines.push("");
            }
        }
        lines
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn lines_are_those_of_the_definition(text in samples(), columns in 1_usize..24) {
            for spaces in [Spaces::Hang, Spaces::Keep] {
                prop_assert_eq!(lines(&text, columns, spaces), reference(&text, columns, spaces));
            }
        }

        #[test]
        fn what_is_edited_loses_nothing(text in samples(), columns in 0_usize..24) {
            let mut end = 0;
            for line in wrap(&text, columns, Spaces::Keep) {
                prop_assert!(line.start == end || (line.start == end + 1 && text.as_bytes()[end] == b'\n'));
                end = line.end;
            }
            prop_assert_eq!(end, text.len());
        }
    }
}
