//! The pane of the downloads: a line for all of them together, and one for each.

use std::path::Path;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::Look;
use super::paint;
use super::wording::shown_path;
use crate::app::State;
use crate::app::files::FilesFocus;
use crate::app::keys::{self, Transfer};
use crate::app::layout::{Area, FilesLayout};
use crate::app::transfers::Row;
use crate::text::width::{pad_to, width};

pub(super) mod dialogues;
pub(super) mod gauge;
mod heading;
pub(super) mod hints;
mod note;
mod row;

/// The rule and the rows below it.
pub(super) fn draw(state: &State, look: &Look, areas: &FilesLayout, buffer: &mut Buffer) {
    let Some(rule) = areas.rule else { return };
    let theme = &look.theme;
    let focused = state.files.focus == FilesFocus::Transfers;
    let rows = state.files.transfer_rows(state.tab_size());
    heading::draw(state, look, rule, buffer);
    for (nth, row) in (0..areas.transfers.height).zip(rows) {
        let area = paint::row(areas.transfers, nth);
        match row {
            Row::Item(item, here) => {
                if here && focused {
                    paint::tint(buffer, area, theme.selected);
                }
                paint::left(buffer, area, &[(if here { "▌" } else { " " }, theme.mark)]);
                row::item(state, item, look, paint::inset(area, 1), buffer);
            }
            Row::Note(item) => note::draw(state, item, look, paint::inset(area, 3), buffer),
            Row::File(item, nth) => {
                if let Some(running) = item.running().nth(nth) {
                    row::file(state, running, look, paint::inset(area, 3), buffer);
                }
            }
        }
    }
}

/// The first key for this, by its name.
fn key(state: &State, action: Transfer) -> String {
    keys::first_key(&state.keymap.transfers, action).map(|key| key.to_string()).unwrap_or_default()
}

/// A path, with the folder for downloads written as in the header.
fn place(state: &State, path: &Path) -> String {
    match path.strip_prefix(state.files.transfers.queue.dir()) {
        Ok(inside) => format!("{}/{}", state.me.download_dir, shown_path(inside)),
        Err(_) => shown_path(path).to_string(),
    }
}

/// A time as people read it on a clock, on 8 columns at most: `0:14`, `1:02:03`; in days where it is long.
pub(super) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 99 {
        let days = hours / 24;
        if days > 999 { ">999 d".to_owned() } else { format!("{days} d") }
    } else if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// The text at the right end of so many columns.
pub(super) fn right_in(text: &str, columns: usize) -> String {
    pad_to("", columns.saturating_sub(width(text))) + text
}

fn one(text: &str, style: Style, area: Area, buffer: &mut Buffer) {
    paint::left(buffer, area, &[(text, style)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_on_a_clock() {
        for (seconds, shown) in [
            (0, "0:00"),
            (14, "0:14"),
            (75, "1:15"),
            (3723, "1:02:03"),
            (359_999, "99:59:59"),
            (360_000, "4 d"),
            (u64::MAX, ">999 d"),
        ] {
            assert_eq!(clock(Duration::from_secs(seconds)), shown);
        }
    }
}
