//! Bars: how much is here, and how fast it came.

use ratatui::buffer::Buffer;
use ratatui::symbols::bar;

use crate::app::layout::Area;
use crate::text::width::width;
use crate::view::{Look, paint};

/// Blocks that fill eighths of a cell.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/// Bars that fill eighths of a cell from below.
const LEVELS: [&str; 9] = [
    bar::NINE_LEVELS.empty,
    bar::NINE_LEVELS.one_eighth,
    bar::NINE_LEVELS.one_quarter,
    bar::NINE_LEVELS.three_eighths,
    bar::NINE_LEVELS.half,
    bar::NINE_LEVELS.five_eighths,
    bar::NINE_LEVELS.three_quarters,
    bar::NINE_LEVELS.seven_eighths,
    bar::NINE_LEVELS.full,
];

/// A bar that is filled to an eighth of a cell.
pub(in crate::view) fn draw(part: u64, whole: u64, look: &Look, area: Area, buffer: &mut Buffer) {
    let cells = u128::from(area.width);
    let eighths = (u128::from(part) * cells * 8).checked_div(u128::from(whole)).unwrap_or(0).min(cells * 8);
    let eighths = usize::try_from(eighths).unwrap_or(0);
    let full = "█".repeat(eighths / 8);
    let part = EIGHTHS[eighths % 8];
    let rest = "─".repeat(usize::from(area.width).saturating_sub(width(&full) + width(part)));
    let theme = &look.theme;
    paint::left(buffer, area, &[(&full, theme.gauge), (part, theme.gauge), (&rest, theme.gauge_rest)]);
}

/// Speeds, the oldest first, as bars on so many columns, the highest of which is full. Where there are more of them than
/// columns, neighbours share one, and it shows their mean.
pub(super) fn bars(speeds: impl ExactSizeIterator<Item = u64>, columns: usize) -> String {
    let speeds: Vec<u64> = speeds.collect();
    let together = speeds.len().div_ceil(columns.max(1)).max(1);
    let means: Vec<u128> = speeds
        .rchunks(together)
        .rev()
        .map(|some| some.iter().map(|speed| u128::from(*speed)).sum::<u128>() / some.len() as u128)
        .collect();
    let most = means.iter().copied().max().unwrap_or(0);
    // What came at all is seen.
    let level = |mean: u128| (mean * 8).checked_div(most).map_or(0, |level| level.max(u128::from(mean > 0)));
    means.into_iter().map(|mean| LEVELS[usize::try_from(level(mean)).unwrap_or(0).min(8)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_speed_fills_its_bar_and_the_lowest_is_still_seen() {
        assert_eq!(bars([0, 1, 400, 800].into_iter(), 10), " ▁▄█");
        assert_eq!(bars([u64::MAX, u64::MAX / 2].into_iter(), 2), "█▃");
        assert_eq!(bars([0, 0].into_iter(), 2), "  ");
        assert_eq!(bars([].into_iter(), 2), "");
    }

    #[test]
    fn more_seconds_than_columns_share_them() {
        assert_eq!(bars([8, 0, 4, 4, 8, 8].into_iter(), 3), "▄▄█");
        assert_eq!(bars((0..60).map(|_| 5), 20).chars().count(), 20);
        assert_eq!(bars([1, 2].into_iter(), 0), "█");
    }
}
