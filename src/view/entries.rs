//! What a server has: the entries of a folder, or the name to type for a plain server.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::paint::{self, Piece};
use super::{Look, bars, wording};
use crate::app::State;
use crate::app::files::{FilesFocus, Place};
use crate::app::folder::{Folder, Line, Sort};
use crate::app::keys::{self, Browse, Global};
use crate::app::layout::{Area, FilesLayout};
use crate::app::unlisted::Unlisted;
use crate::locale::fill;
use crate::text::size;
use crate::text::width::{ellipsis_middle, pad_to};
use crate::wire::listing::{Entry, Kind};

/// The columns for a size and for a time, with the blanks before them.
const SIZE: u16 = 11;
const MODIFIED: u16 = 19;
/// From this width on there is room for the time.
const WIDE: u16 = 60;

/// The list; the caret, where something is typed into it.
pub(super) fn draw(state: &State, look: &Look, areas: &FilesLayout, buffer: &mut Buffer) -> Option<Position> {
    if let Some((source, fault)) = &state.files.failed {
        let reason = format!("{source}: {}", wording::fault(&look.words, fault));
        let hint = failed_hint(state, look);
        paint::middle(buffer, areas.entries, &[(&reason, look.theme.error), (&hint, look.theme.dim)]);
        return None;
    }
    let caret = match &state.files.place {
        Place::Nowhere => {
            no_server(state, look, areas.entries, buffer);
            None
        }
        Place::Folder(folder) => draw_folder(state, folder, look, areas, buffer),
        Place::Unlisted(server) => draw_unlisted(state, server, look, areas, buffer),
    };
    if state.files.pending.is_some() {
        // It is what was open before, and not what the bar above names.
        paint::tint(buffer, areas.entries, look.theme.dim);
    }
    caret
}

fn failed_hint(state: &State, look: &Look) -> String {
    let key = |key: Option<crate::event::Key>| key.map(|key| key.to_string()).unwrap_or_default();
    let again = key(keys::first_key(&state.keymap.entries, Browse::Reload));
    let address = key(keys::first_key(&state.keymap.global, Global::Address));
    let back = key(keys::first_key(&state.keymap.global, Global::Back));
    fill(&look.words.files.failed_hint, &[("again", &again), ("address", &address), ("back", &back)])
}

fn no_server(state: &State, look: &Look, area: Area, buffer: &mut Buffer) {
    if state.files.pending.is_some() {
        return paint::middle(buffer, area, &[(&look.words.files.asking, look.theme.dim)]);
    }
    let key =
        keys::first_key(&state.keymap.global, Global::Address).map(|key| key.to_string()).unwrap_or_default();
    let hint = fill(&look.words.files.no_server_hint, &[("key", &key)]);
    paint::middle(buffer, area, &[(&look.words.files.no_server, look.theme.title), (&hint, look.theme.text)]);
}

fn draw_folder(
    state: &State,
    folder: &Folder,
    look: &Look,
    areas: &FilesLayout,
    buffer: &mut Buffer,
) -> Option<Position> {
    let typing = state.files.focus == FilesFocus::Filter && state.is_in_tab();
    let caret = if typing || !folder.filter.is_empty() {
        let caret = filter(folder, look, areas.head, buffer);
        typing.then_some(caret)
    } else {
        head(folder.sort, look, areas.head, buffer);
        None
    };
    if folder.rows() == 0 || folder.count_shown() == 0 {
        let words = &look.words.files;
        let sentence = if folder.count() == 0 { &words.empty } else { &words.no_match };
        paint::middle(buffer, areas.entries, &[(sentence, look.theme.dim)]);
    }
    for nth in 0..areas.entries.height {
        let at = folder.top() + usize::from(nth);
        let Some(line) = folder.line(at) else { break };
        let row = paint::row(areas.entries, nth);
        let here = folder.selected == at;
        let focused = matches!(state.files.focus, FilesFocus::Entries | FilesFocus::Filter);
        if here && focused {
            paint::tint(buffer, row, look.theme.selected);
        }
        let mark = if here { "▌" } else { " " };
        let tick = if folder.is_marked(at) { "✓ " } else { "  " };
        let used = paint::left(buffer, row, &[(mark, look.theme.mark), (tick, look.theme.good)]);
        let rest = paint::inset(row, used);
        match line {
            Line::Parent => {
                paint::left(buffer, rest, &[("../", look.theme.folder)]);
            }
            Line::Entry(entry) => draw_entry(state, entry, look, rest, buffer),
        }
    }
    caret
}

fn draw_entry(state: &State, entry: &Entry, look: &Look, area: Area, buffer: &mut Buffer) {
    let theme = &look.theme;
    let wide = area.width >= WIDE;
    let facts = SIZE + if wide { MODIFIED } else { 0 };
    let room = usize::from(area.width.saturating_sub(facts));
    let (name, style) = match entry.kind {
        Kind::Dir => (format!("{}/", ellipsis_middle(&entry.name, room.saturating_sub(1))), theme.folder),
        Kind::File => (ellipsis_middle(&entry.name, room).into_owned(), theme.text),
        Kind::Other => (ellipsis_middle(&entry.name, room).into_owned(), theme.dim),
    };
    paint::left(buffer, paint::columns(area, 0, area.width.saturating_sub(facts)), &[(&name, style)]);
    let size = entry.size.filter(|_| entry.kind == Kind::File).map(size::bytes).unwrap_or_default();
    let from = area.width.saturating_sub(facts);
    paint::right(buffer, paint::columns(area, from, SIZE - 1), &[(&size, theme.text)]);
    if wide {
        let modified = entry.modified.map(|at| time(at, state)).unwrap_or_default();
        paint::right(buffer, paint::columns(area, from + SIZE, MODIFIED - 1), &[(&modified, theme.dim)]);
    }
}

fn time(at: Timestamp, state: &State) -> String {
    at.to_zoned(state.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The heads of the columns, with a mark at the one that sorts.
fn head(sort: Sort, look: &Look, area: Area, buffer: &mut Buffer) {
    let words = &look.words.files;
    // Names go up the alphabet; sizes and times begin with the largest and the latest.
    let arrow = if sort == Sort::Name { "▴" } else { "▾" };
    let titled =
        |title: &str, by: Sort| if sort == by { format!("{title} {arrow}") } else { title.to_owned() };
    let area = paint::inset(area, 3);
    let wide = area.width >= WIDE;
    let facts = SIZE + if wide { MODIFIED } else { 0 };
    let from = area.width.saturating_sub(facts);
    let style = look.theme.dim;
    paint::left(buffer, paint::columns(area, 0, from), &[(&titled(&words.name, Sort::Name), style)]);
    paint::right(buffer, paint::columns(area, from, SIZE - 1), &[(&titled(&words.size, Sort::Size), style)]);
    if wide {
        let title = titled(&words.modified, Sort::Modified);
        paint::right(buffer, paint::columns(area, from + SIZE, MODIFIED - 1), &[(&title, style)]);
    }
}

fn filter(folder: &Folder, look: &Look, area: Area, buffer: &mut Buffer) -> Position {
    let words = &look.words.files;
    let (shown, count) = (folder.count_shown().to_string(), folder.count().to_string());
    let of = fill(&words.of, &[("shown", &shown), ("count", &count)]);
    let label = format!(" {}  ", words.filter);
    labelled(&label, &folder.filter, &of, look, area, buffer)
}

/// A field with a label before it and a fact behind it.
fn labelled(
    label: &str,
    field: &crate::app::field::Field,
    fact: &str,
    look: &Look,
    area: Area,
    buffer: &mut Buffer,
) -> Position {
    let used = paint::left(buffer, area, &[(label, look.theme.title)]);
    let rest = paint::inset(area, used);
    let used = paint::right(buffer, rest, &[(fact, look.theme.dim), (" ", look.theme.dim)]);
    let room = Area { width: rest.width.saturating_sub(used + 1), ..rest };
    bars::one_line(field, look.theme.text, room, buffer)
}

fn draw_unlisted(
    state: &State,
    server: &Unlisted,
    look: &Look,
    areas: &FilesLayout,
    buffer: &mut Buffer,
) -> Option<Position> {
    let words = &look.words.files;
    let label = format!(" {}  ", words.file_name);
    let caret = labelled(&label, &server.name, "", look, areas.head, buffer);
    let offered = server.offered(&state.recent);
    if offered.is_empty() {
        paint::middle(buffer, areas.entries, &[(&words.no_names, look.theme.dim)]);
    }
    let height = usize::from(areas.entries.height);
    let first = server.selected.saturating_sub(height);
    for (nth, (name, _)) in offered.iter().enumerate().skip(first).take(height) {
        let row = paint::row(areas.entries, u16::try_from(nth - first).unwrap_or(0));
        let here = server.selected == nth + 1;
        if here {
            paint::tint(buffer, row, look.theme.selected);
        }
        let mark = if here { "▌  " } else { "   " };
        let room = usize::from(row.width).saturating_sub(24);
        let name = pad_to(&ellipsis_middle(name, room), room);
        let pieces: [Piece<'_>; 3] =
            [(mark, look.theme.mark), (&name, look.theme.text), (&words.fetched_before, look.theme.dim)];
        paint::left(buffer, row, &pieces);
    }
    (state.files.focus == FilesFocus::Name && state.is_in_tab()).then_some(caret)
}
