//! Widths in terminal cells.
//!
//! Owns measuring and cutting by cells. Agrees with what ratatui advances, grapheme cluster by grapheme cluster;
//! must never measure a part of a cluster: the width of a family emoji is 2, that of its characters 8.

use std::borrow::Cow;

#[cfg(test)]
use proptest::strategy::Strategy as _;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

const ELLIPSIS: char = '…';

/// The cells that `text` takes in one row. Control characters (line feeds too) take none, as ratatui drops them.
#[must_use]
pub fn width(text: &str) -> usize {
    graphemes(text).map(|(_, _, cells)| cells).sum()
}

/// The grapheme clusters of `text`: byte offset, cluster, cells.
pub fn graphemes(text: &str) -> impl Iterator<Item = (usize, &str, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let (grapheme, cells) = first_simple(rest).or_else(|| {
            let grapheme = rest.graphemes(true).next()?;
            Some((grapheme, cells(grapheme)))
        })?;
        let offset = at;
        at += grapheme.len();
        Some((offset, grapheme, cells))
    })
}

/// The first character and its cells, where no table is needed to know that it is a whole cluster: a shortcut that
/// makes a long text, which mostly has only such characters, several times as quick to measure.
fn first_simple(text: &str) -> Option<(&str, usize)> {
    if let [first @ b' '..=b'~', rest @ ..] = text.as_bytes()
        && rest.first().is_none_or(|next| matches!(next, b' '..=b'~' | b'\n'))
    {
        debug_assert_eq!(simple_cells(char::from(*first)), Some(1));
        return Some((&text[..1], 1));
    }
    let mut chars = text.chars();
    let cells = simple_cells(chars.next()?)?;
    let rest = chars.as_str();
    let alone = chars.next().is_none_or(|next| next == '\n' || simple_cells(next).is_some());
    alone.then(|| (&text[..text.len() - rest.len()], cells))
}

/// The cells of a letter, an ideograph or a sign that is shown as it is and never joins another such character to one
/// cluster (it has the `Grapheme_Cluster_Break` property `Other`, UAX #29); none of all other characters.
#[must_use]
pub fn simple_cells(c: char) -> Option<usize> {
    match c {
        ' '..='~' | 'À'..='ɏ' | 'Α'..='Ω' | 'α'..='ω' | 'А'..='я' => Some(1),
        '、'..='〟' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '㐀'..='䶿' | '一'..='鿿' | '！'..='～' => {
            Some(2)
        }
        _ => None,
    }
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
    for (offset, grapheme) in text.grapheme_indices(true).rev() {
        let cells = cells(grapheme);
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

/// Texts that are likely to find fault: every kind of character that clusters, joins, hides, breaks or is wide.
#[cfg(test)]
pub(super) fn samples() -> impl proptest::strategy::Strategy<Value = String> {
    raw_samples().prop_map(|text| super::clean_text(text.as_bytes()).to_string())
}

/// The same, as they might come: not clean.
#[cfg(test)]
pub(crate) fn raw_samples() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    const PARTS: [&str; 68] = [
        "a",
        "b ",
        " ",
        "  ",
        "\n",
        "\r\n",
        "\r",
        "\t",
        "\\",
        "\u{1b}[2J",
        "\u{9b}",
        "<",
        "你",
        "，",
        "（",
        "。",
        "한",
        "\u{1100}",
        "\u{1161}",
        "\u{11a8}",
        "ｶ",
        "\u{ff9e}",
        "e\u{301}",
        "\u{301}",
        "\u{20e3}",
        "1",
        "👨",
        "👩",
        "❤",
        "🔥",
        "🏴",
        "🇬",
        "🇧",
        "\u{1f3fb}",
        "\u{200d}",
        "\u{200c}",
        "\u{fe0f}",
        "\u{fe00}",
        "\u{e0100}",
        "\u{e0067}",
        "\u{e007f}",
        "\u{202e}",
        "\u{2066}",
        "\u{2028}",
        "\u{feff}",
        "\u{34f}",
        "\u{115f}",
        "\u{3164}",
        "\u{fdd0}",
        "\u{fffb}",
        "क",
        "\u{94d}",
        "ष",
        "\u{93f}",
        "ल",
        "ا",
        "ل",
        "\u{600}",
        "\u{605}",
        "\u{d4e}",
        "\u{d4d}",
        "ن",
        "\u{a0}",
        "\u{3000}",
        "\u{2800}",
        "\u{17d8}",
        "\u{e33}",
        "-",
    ];
    let part = prop_oneof![
        8 => proptest::sample::select(PARTS.as_slice()).prop_map(String::from),
        1 => any::<char>().prop_map(String::from),
        1 => (proptest::sample::select(PARTS.as_slice()), 1..24_usize).prop_map(|(part, times)| part.repeat(times)),
    ];
    proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

/// Every character that Unicode has given a meaning to (the planes between hold none).
#[cfg(test)]
pub(super) fn all_chars() -> impl Iterator<Item = char> {
    ('\0'..'\u{34000}').chain('\u{E0000}'..'\u{E1000}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;
    use ratatui::text::Span;
    use ratatui::widgets::Widget;

    use super::*;
    use crate::text::clean_text;

    #[test]
    fn whole_clusters_are_measured() {
        let widths = ["", "hello", "你好", "e\u{301}", "👨‍👩‍👧‍👦", "🇩🇪", "👍🏽", "ｶ\u{ff9e}", "لا", "1\n2"].map(width);
        assert_eq!(widths, [0, 5, 4, 1, 2, 2, 2, 2, 2, 2]);
    }

    #[test]
    fn a_text_is_cut_between_clusters() {
        assert_eq!(fit("你好吗", 5), ("你好", 4));
        assert_eq!(fit("ae\u{301}b", 2), ("ae\u{301}", 2));
        assert_eq!(fit("abc", 0), ("", 0));
    }

    #[test]
    fn an_ellipsis_stands_for_what_does_not_fit() {
        assert_eq!(ellipsis("hello", 5), "hello");
        assert_eq!(ellipsis("hello", 4), "hel…");
        assert_eq!(ellipsis("你好吗", 4), "你…");
        assert_eq!(ellipsis("hello", 1), "…");
        assert_eq!(ellipsis("hello", 0), "");
    }

    #[test]
    fn a_file_name_keeps_its_ending() {
        assert_eq!(ellipsis_middle("notes.pdf", 9), "notes.pdf");
        assert_eq!(ellipsis_middle("lecture-notes-2026.pdf", 14), "lecture…26.pdf");
        assert_eq!(ellipsis_middle("第一讲：网络编程.pdf", 12), "第一讲….pdf");
        assert_eq!(ellipsis_middle("hello", 1), "…");
        assert_eq!(ellipsis_middle("hello", 0), "");
    }

    #[test]
    fn padding_fills_up_and_never_cuts() {
        assert_eq!(pad_to("你", 4), "你  ");
        assert_eq!(pad_to("hello", 3), "hello");
    }

    #[test]
    fn the_shortcut_is_taken_only_where_it_leads_to_the_same() {
        for c in all_chars().filter(|c| simple_cells(*c).is_some()) {
            let text = c.to_string();
            assert_eq!(simple_cells(c), Some(cells(&text)), "{c:?}");
            assert_eq!(*clean_text(text.as_bytes()), text);
            for other in ['a', '、', '一', 'é', '～', '\n'] {
                assert_eq!(format!("{c}{other}").graphemes(true).count(), 2, "{c:?}{other:?}");
                assert_eq!(format!("{other}{c}").graphemes(true).count(), 2, "{other:?}{c:?}");
            }
        }
    }

    /// A shift of one cell in ratatui moves everything to the right of it.
    #[track_caller]
    fn assert_ratatui_advances_the_same(text: &str) {
        let cells = width(text);
        let area = Rect::new(0, 0, u16::try_from(cells).unwrap() + 1, 1);
        let mut buffer = Buffer::empty(area);
        assert_eq!(
            usize::from(buffer.set_stringn(0, 0, text, usize::MAX, Style::new()).0),
            cells,
            "{text:?}"
        );
        let mut spans = Buffer::empty(area);
        Span::raw(text).render(area, &mut spans);
        assert_eq!(spans, buffer, "{text:?}");
    }

    #[test]
    fn ratatui_advances_as_many_cells_for_every_character() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 9, 1));
        for c in all_chars() {
            let text = c.to_string();
            let (column, _) = buffer.set_stringn(0, 0, &text, usize::MAX, Style::new());
            assert_eq!(usize::from(column), width(&text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn clusters_are_those_of_the_standard(text in raw_samples()) {
            let found: Vec<_> = graphemes(&text).collect();
            let expected: Vec<_> =
                text.grapheme_indices(true).map(|(at, cluster)| (at, cluster, cells(cluster))).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn ratatui_advances_as_many_cells_for_every_clean_text(text in samples()) {
            assert_ratatui_advances_the_same(&text);
        }

        #[test]
        fn what_is_cut_fits(text in samples(), columns in 0_usize..40) {
            let (start, used) = fit(&text, columns);
            prop_assert!(text.starts_with(start));
            prop_assert!(used == width(start) && used <= columns);
            prop_assert!(width(&ellipsis(&text, columns)) <= columns);
            prop_assert!(width(&ellipsis_middle(&text, columns)) <= columns);
            prop_assert_eq!(width(&pad_to(&text, columns)), columns.max(width(&text)));
        }
    }
}
