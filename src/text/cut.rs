//! Cutting by bytes, for what goes over a wire or onto a disk.

use unicode_segmentation::UnicodeSegmentation;

/// The longest beginning of `text` that has at most `limit` bytes and ends between two grapheme clusters; where
/// not even the first cluster fits, the longest that ends between two code points.
#[must_use]
pub fn fit_bytes(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    // Whether a place is between two clusters depends on what is before it and on the one character after it.
    let window = &text[..text.ceil_char_boundary(limit + 1)];
    let end =
        window.grapheme_indices(true).map(|(offset, _)| offset).next_back().filter(|&offset| offset > 0);
    &text[..end.unwrap_or_else(|| text.floor_char_boundary(limit))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_left_whole() {
        assert_eq!(fit_bytes("你好", 6), "你好");
        assert_eq!(fit_bytes("", 0), "");
    }

    #[test]
    fn a_cluster_is_not_cut_where_the_one_before_it_fits() {
        assert_eq!(fit_bytes("你好", 5), "你");
        assert_eq!(fit_bytes("ae\u{301}\u{302}", 5), "a");
        assert_eq!(fit_bytes("a👨‍👩‍👧b", 18), "a");
        assert_eq!(fit_bytes("a👨‍👩‍👧b", 19), "a👨‍👩‍👧");
        assert_eq!(fit_bytes("🇩🇪🇫🇷", 15), "🇩🇪");
    }

    #[test]
    fn a_cluster_that_is_too_long_by_itself_is_cut_between_code_points() {
        assert_eq!(fit_bytes("e\u{301}\u{302}\u{303}", 4), "e\u{301}");
        assert_eq!(fit_bytes("你", 2), "");
    }
}
