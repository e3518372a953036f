//! An address as a QR code (ISO/IEC 18004), two modules in a cell, one above the other.
//!
//! Dark on light whatever the theme, and even without colours: many readers find no other.

use qrcode::{EcLevel, QrCode};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Style};

use crate::app::layout::Area;
use crate::locale::fill;
use crate::text::width::width;
use crate::view::{Look, paint};

/// Modules of light around the code, as the standard has it (section 5.3.8).
const QUIET: usize = 4;
/// Black on white, of those colours of a terminal that no theme changes.
const DARK_ON_LIGHT: Style = Style::new().fg(Color::Indexed(16)).bg(Color::Indexed(231));

/// Draws the code with the address below it; where there is no room for the code, the address alone.
pub(super) fn draw(url: &str, look: &Look, area: Area, buffer: &mut Buffer) {
    let rows = code(url);
    let columns = rows.first().map_or(0, |row| width(row));
    let height = rows.len() + 1;
    let is_code = columns > 0;
    if !is_code || columns > usize::from(area.width) || height > usize::from(area.height) {
        // The border takes as much again on each side.
        let (wide, high) = ((columns + 4).to_string(), (height + 5).to_string());
        let sentence = fill(&look.words.share.no_room, &[("width", &wide), ("height", &high)]);
        return paint::middle(
            buffer,
            area,
            &[(url, look.theme.title), ("", look.theme.dim), (&sentence, look.theme.dim)],
        );
    }
    let spare = usize::from(area.height) - height;
    let left = u16::try_from((usize::from(area.width) - columns) / 2).unwrap_or(0);
    let top = u16::try_from(spare / 2).unwrap_or(0);
    for (nth, row) in (top..).zip(&rows) {
        paint::left(buffer, paint::inset(paint::row(area, nth), left), &[(row, DARK_ON_LIGHT)]);
    }
    let below = paint::row(area, top + u16::try_from(rows.len()).unwrap_or(area.height));
    paint::middle(buffer, below, &[(url, look.theme.title)]);
}

/// The rows of the code, with the light around it; none for what is too long for any.
fn code(text: &str) -> Vec<String> {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::L) else { return Vec::new() };
    let side = code.width() + 2 * QUIET;
    let is_dark = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < code.width());
        inside(x).zip(inside(y)).is_some_and(|at| code[at] == qrcode::Color::Dark)
    };
    let cell = |x, y| match (is_dark(x, y), is_dark(x, y + 1)) {
        (false, false) => ' ',
        (true, false) => '▀',
        (false, true) => '▄',
        (true, true) => '█',
    };
    (0..side).step_by(2).map(|y| (0..side).map(|x| cell(x, y)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every module as a reader sees it: two from each cell.
    fn modules(rows: &[String]) -> Vec<String> {
        let half = |row: &String, upper: bool| {
            let dark = |c: char| c == '█' || c == if upper { '▀' } else { '▄' };
            row.chars().map(|c| if dark(c) { '#' } else { '.' }).collect()
        };
        rows.iter().flat_map(|row| [half(row, true), half(row, false)]).collect()
    }

    #[test]
    fn the_code_has_its_finders_in_three_corners_and_light_around_it() {
        let modules = modules(&code("http://192.168.1.20:7890/"));
        // Version 2 has 25 modules on each side; one row more is light that fills the last row of cells.
        assert!(modules.iter().all(|row| row.len() == 25 + 2 * QUIET));
        assert_eq!(modules.len(), 25 + 2 * QUIET + 1);
        let light = |row: &&String| row.chars().all(|module| module == '.');
        assert_eq!(modules.iter().take_while(light).count(), QUIET);
        assert_eq!(modules.iter().rev().take_while(light).count(), QUIET + 1);
        let finder = ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"];
        for (x, y) in [(QUIET, QUIET), (QUIET + 18, QUIET), (QUIET, QUIET + 18)] {
            let found: Vec<_> = modules[y..y + 7].iter().map(|row| &row[x..x + 7]).collect();
            assert_eq!(found, finder, "{x} {y}");
        }
    }

    #[test]
    fn what_is_too_long_for_any_code_has_none() {
        assert!(code(&"x".repeat(3000)).is_empty());
    }
}
