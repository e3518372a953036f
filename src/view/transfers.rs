//! The downloads: a gauge where the length is known, a spinner where it is not, and where the file is at the end.

use std::path::Path;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::paint::{self, Piece};
use super::{Look, wording};
use crate::app::State;
use crate::app::files::FilesFocus;
use crate::app::layout::{Area, FilesLayout};
use crate::app::queue::{End, Item, ItemState, Phase};
use crate::event::Finished;
use crate::locale::fill;
use crate::text::size;
use crate::text::width::{ellipsis_middle, pad_to, width};

/// From this width on there is room for a gauge with all its facts.
const WIDE: u16 = 60;
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/// Blocks that fill eighths of a cell.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// The rule and the rows below it.
pub(super) fn draw(state: &State, look: &Look, areas: &FilesLayout, buffer: &mut Buffer) {
    let Some(rule) = areas.rule else { return };
    let theme = &look.theme;
    let focused = state.files.focus == FilesFocus::Transfers;
    let line = "─".repeat(usize::from(rule.width));
    let border = if focused { theme.border_focused } else { theme.border };
    paint::left(buffer, rule, &[(&line, border)]);
    let title = format!(" {} ", look.words.files.transfers);
    paint::left(buffer, paint::inset(rule, 1), &[(&title, theme.title)]);
    let transfers = &state.files.transfers;
    let rows = usize::from(areas.transfers.height);
    let top = transfers.top(rows);
    if transfers.queue.len() > rows {
        let (shown, count) = (rows.to_string(), transfers.queue.len().to_string());
        let of = fill(&look.words.files.of, &[("shown", &shown), ("count", &count)]);
        let of = format!(" {of} ");
        paint::right(buffer, rule, &[(&of, theme.dim), ("─", border)]);
    }
    for (nth, item) in (0..).zip(transfers.queue.lines(top, rows)) {
        let row = paint::row(areas.transfers, nth);
        let here = top + usize::from(nth) == transfers.selected;
        if here && focused {
            paint::tint(buffer, row, theme.selected);
        }
        let mark = if here { "▌" } else { " " };
        paint::left(buffer, row, &[(mark, theme.mark)]);
        draw_one(item, &state.me.download_dir, look, paint::inset(row, 1), buffer);
    }
}

fn draw_one(item: &Item, download_dir: &str, look: &Look, area: Area, buffer: &mut Buffer) {
    let theme = &look.theme;
    let name_width = (area.width / 4).clamp(16, 40);
    let name = ellipsis_middle(&item.name, usize::from(name_width - 2));
    let state = item.state();
    let sign: Piece<'_> = match state {
        ItemState::Ended(End::Finished(_) | End::Kept { .. } | End::Empty) => ("✓ ", theme.good),
        ItemState::Ended(End::Failed(_) | End::Partly | End::Cancelled) => ("✗ ", theme.error),
        ItemState::Running(Phase::Transferring) if item.total().is_none() => {
            (SPINNER[item.beat % SPINNER.len()], theme.gauge)
        }
        ItemState::Waiting
        | ItemState::Listing
        | ItemState::Running(_)
        | ItemState::Paused
        | ItemState::Conflict(_)
        | ItemState::Unauthorized(..) => ("  ", theme.dim),
    };
    paint::left(buffer, area, &[sign]);
    paint::left(buffer, paint::columns(area, 2, name_width - 2), &[(&name, theme.text)]);
    let rest = paint::inset(area, name_width + 1);
    let words = &look.words.files;
    match state {
        ItemState::Running(Phase::Asking) | ItemState::Listing => one(&words.asked, theme.dim, rest, buffer),
        ItemState::Running(_) => running(item, look, rest, buffer),
        ItemState::Waiting
        | ItemState::Paused
        | ItemState::Conflict(_)
        | ItemState::Unauthorized(..)
        | ItemState::Ended(End::Empty | End::Partly | End::Kept { .. }) => {
            one(&words.waiting, theme.dim, rest, buffer);
        }
        ItemState::Ended(End::Cancelled) => one(&words.cancelled, theme.dim, rest, buffer),
        ItemState::Ended(End::Failed(fault)) => {
            let reason = wording::fault(&look.words, fault);
            let sentence = fill(&words.failed, &[("reason", &reason)]);
            one(wording::fitting(&sentence, usize::from(rest.width)), theme.error, rest, buffer);
        }
        ItemState::Ended(End::Finished(finished)) => {
            saved(finished, download_dir, look, area, rest, buffer);
        }
    }
}

fn saved(finished: &Finished, download_dir: &str, look: &Look, area: Area, rest: Area, buffer: &mut Buffer) {
    let (theme, words) = (&look.theme, &look.words.files);
    let size = size::bytes(finished.bytes);
    // As the header writes the folder.
    let name = finished.path.as_ref().and_then(|path| path.file_name());
    let name = name.map(|name| wording::shown_path(Path::new(name))).unwrap_or_default();
    let path = format!("{download_dir}/{name}");
    let time = format!("  {} ", clock(finished.took));
    let used = if area.width >= WIDE { paint::right(buffer, rest, &[(&time, theme.dim)]) } else { 0 };
    let room = Area { width: rest.width.saturating_sub(used), ..rest };
    let around = width(&fill(&words.saved, &[("size", &size), ("path", "")]));
    let path = ellipsis_middle(&path, usize::from(room.width).saturating_sub(around)).into_owned();
    one(&fill(&words.saved, &[("size", &size), ("path", &path)]), theme.text, room, buffer);
}

fn one(text: &str, style: Style, area: Area, buffer: &mut Buffer) {
    paint::left(buffer, area, &[(text, style)]);
}

fn running(item: &Item, look: &Look, area: Area, buffer: &mut Buffer) {
    let theme = &look.theme;
    let bytes = size::bytes(item.bytes());
    let speed = item.speed().map(|speed| format!("{}/s", size::bytes(speed))).unwrap_or_default();
    let (Some(total), Some(percent)) = (item.total(), item.percent()) else {
        let facts = format!("{bytes}  {speed}");
        let fact = if item.total().is_none() { look.words.files.no_length.as_str() } else { "" };
        return paint::both(buffer, area, &[(&facts, theme.text)], (fact, theme.dim));
    };
    let wide = area.width >= WIDE - 20;
    let left = item.time_left().map(clock).unwrap_or_default();
    let facts = if wide {
        let done = format!("{bytes}/{}", size::bytes(total));
        format!("{percent:>4}%  {}  {}  {:>6} ", pad_to(&done, 15), pad_to(&speed, 10), left)
    } else {
        format!("{percent:>4}% {speed} ")
    };
    let used = paint::right(buffer, area, &[(&facts, theme.text)]);
    let room = Area { width: area.width.saturating_sub(used), ..area };
    gauge(item.bytes(), total, look, room, buffer);
}

/// A bar that is filled to an eighth of a cell.
fn gauge(part: u64, whole: u64, look: &Look, area: Area, buffer: &mut Buffer) {
    let cells = u128::from(area.width);
    let eighths = (u128::from(part) * cells * 8).checked_div(u128::from(whole)).unwrap_or(0).min(cells * 8);
    let eighths = usize::try_from(eighths).unwrap_or(0);
    let full = "█".repeat(eighths / 8);
    let part = EIGHTHS[eighths % 8];
    let rest = "─".repeat(usize::from(area.width) - width(&full) - width(part));
    let theme = &look.theme;
    paint::left(buffer, area, &[(&full, theme.gauge), (part, theme.gauge), (&rest, theme.gauge_rest)]);
}

/// A time as people read it on a clock: `0:14`, `1:02:03`.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_on_a_clock() {
        for (seconds, shown) in
            [(0, "0:00"), (14, "0:14"), (75, "1:15"), (3723, "1:02:03"), (360_000, "100:00:00")]
        {
            assert_eq!(clock(Duration::from_secs(seconds)), shown);
        }
    }
}
