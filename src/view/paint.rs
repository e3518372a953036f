//! Putting text into cells. Everything that is written goes through here, so that nothing is ever cut inside a
//! character or drawn outside its region.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::layout::Area;
use crate::text::width::{ellipsis, width};

/// A piece of a line.
pub(super) type Piece<'a> = (&'a str, Style);

impl From<Area> for Rect {
    fn from(area: Area) -> Self {
        Self { x: area.x, y: area.y, width: area.width, height: area.height }
    }
}

/// Writes the pieces one after the other from the left; what does not fit ends in `…`. Returns the columns used.
pub(super) fn left(buffer: &mut Buffer, area: Area, pieces: &[Piece<'_>]) -> u16 {
    let mut used = 0;
    for (text, style) in pieces {
        let room = usize::from(area.width - used);
        if room == 0 || area.height == 0 {
            break;
        }
        let shown = ellipsis(text, room);
        buffer.set_stringn(area.x + used, area.y, &shown, room, *style);
        used += u16::try_from(width(&shown)).unwrap_or(area.width).min(area.width - used);
    }
    used
}

/// Writes the pieces so that they end at the right. Returns the columns used.
pub(super) fn right(buffer: &mut Buffer, area: Area, pieces: &[Piece<'_>]) -> u16 {
    let wanted: usize = pieces.iter().map(|(text, _)| width(text)).sum();
    let wanted = u16::try_from(wanted).unwrap_or(area.width).min(area.width);
    left(buffer, Area { x: area.x + area.width - wanted, width: wanted, ..area }, pieces)
}

/// Writes a line on the left, and facts divided by ` · ` on the right: as many of them as there is room for, so that
/// none is cut.
pub(super) fn both(buffer: &mut Buffer, area: Area, on_left: &[Piece<'_>], (facts, style): Piece<'_>) {
    let rest = inset(area, left(buffer, area, on_left) + 2);
    if let Some(facts) = whole_facts(facts, usize::from(rest.width).saturating_sub(1)) {
        right(buffer, rest, &[(facts, style), (" ", style)]);
    }
}

/// As many of the facts, divided by ` · `, as there are columns for; none where the first one does not fit.
pub(super) fn whole_facts(mut facts: &str, columns: usize) -> Option<&str> {
    while width(facts) > columns {
        (facts, _) = facts.rsplit_once(" · ")?;
    }
    Some(facts)
}

/// Writes lines in the middle of a region, each in the middle of its row; long ones are wrapped.
pub(super) fn middle(buffer: &mut Buffer, area: Area, lines: &[Piece<'_>]) {
    let columns = usize::from(area.width.saturating_sub(4));
    let mut rows = Vec::new();
    for (text, style) in lines {
        let ranges = crate::text::wrap::wrap(text, columns, crate::text::wrap::Spaces::Hang);
        rows.extend(ranges.into_iter().map(|range| (&text[range], *style)));
    }
    let height = u16::try_from(rows.len()).unwrap_or(area.height).min(area.height);
    let top = area.y + (area.height - height) / 2;
    for (row, piece) in (top..top + height).zip(rows) {
        let used = u16::try_from(width(piece.0)).unwrap_or(area.width).min(area.width);
        left(buffer, Area { x: area.x + (area.width - used) / 2, y: row, width: used, height: 1 }, &[piece]);
    }
}

/// One row of a region.
pub(super) fn row(area: Area, nth: u16) -> Area {
    Area { y: area.y + nth, height: u16::from(nth < area.height), ..area }
}

/// The region without so many columns at its left.
pub(super) fn inset(area: Area, columns: u16) -> Area {
    let columns = columns.min(area.width);
    Area { x: area.x + columns, width: area.width - columns, ..area }
}

/// So many columns of the region from its left.
pub(super) fn columns(area: Area, from: u16, width: u16) -> Area {
    let rest = inset(area, from);
    Area { width: width.min(rest.width), ..rest }
}

/// Gives all cells of a region this style.
pub(super) fn tint(buffer: &mut Buffer, area: Area, style: Style) {
    buffer.set_style(area.into(), style);
}
