//! What a server has: the entries of a folder, or the name to type for a plain server.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::paint::{self, Piece};
use super::{Look, bars, wording};
use crate::app::State;
use crate::app::files::{FilesFocus, Place};
use crate::app::folder::{Column, Extent, Finder, Folder, Line, Sort};
use crate::app::keys::{self, Browse, Global};
use crate::app::layout::{Area, FilesLayout};
use crate::app::unlisted;
use crate::event::Unlisted;
use crate::locale::fill;
use crate::text::size;
use crate::text::width::{ellipsis_middle, graphemes, pad_to};
use crate::wire::listing::{Entry, Kind};

/// The list; the caret, where something is typed into it.
pub(super) fn draw(state: &State, look: &Look, areas: &FilesLayout, buffer: &mut Buffer) -> Option<Position> {
    if let Some((source, fault)) = &state.files.failed {
        let reason = format!("{source}: {}", wording::fault(&look.words, fault));
        let hint = failed_hint(state, look);
        paint::middle(buffer, areas.entries, &[(&reason, look.theme.error), (&hint, look.theme.dim)]);
        // Who was typing when that was heard sees what is typed.
        return match &state.files.place {
            Place::Folder(folder) if is_filtering(state) => Some(filter(folder, look, areas.head, buffer)),
            Place::Folder(_) | Place::Nowhere | Place::Unlisted(_) => None,
        };
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

fn is_filtering(state: &State) -> bool {
    state.files.focus == FilesFocus::Filter && state.is_in_tab()
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
    let typing = is_filtering(state);
    let caret = if typing || !folder.filter.is_empty() {
        let caret = filter(folder, look, areas.head, buffer);
        typing.then_some(caret)
    } else {
        head(folder.arrangement().sort, look, areas.head, buffer);
        None
    };
    if folder.rows() == 0 || folder.count_shown() == 0 {
        let words = &look.words.files;
        let sentence = match (folder.count(), folder.count_hidden()) {
            (0, 0) => match &unlisted(folder, look)[..] {
                [] => words.empty.clone(),
                facts => fill(&words.nothing_listed, &[("reason", &facts.join(" · "))]),
            },
            (0, count) => {
                let key = keys::first_key(&state.keymap.entries, Browse::Hidden).map(|key| key.to_string());
                let values = [("count", &*count.to_string()), ("key", &key.unwrap_or_default())];
                fill(&words.all_hidden, &values)
            }
            _ => words.no_match.clone(),
        };
        paint::middle(buffer, areas.entries, &[(&sentence, look.theme.dim)]);
    }
    let mut finder = folder.finder();
    let bookmarks = state.recent.bookmarks();
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
        match line {
            Line::Parent => {
                paint::left(buffer, paint::inset(row, used), &[("../", look.theme.folder)]);
            }
            Line::Entry(entry) => {
                let is_bookmark = entry.kind == Kind::Dir && bookmarks.contains(&folder.inside(entry));
                draw_entry(
                    state,
                    (entry, is_bookmark, folder.extent(at)),
                    finder.as_mut(),
                    look,
                    row,
                    buffer,
                );
            }
        }
    }
    caret
}

fn draw_entry(
    state: &State,
    (entry, is_bookmark, extent): (&Entry, bool, Option<Extent>),
    finder: Option<&mut Finder>,
    look: &Look,
    row: Area,
    buffer: &mut Buffer,
) {
    let theme = &look.theme;
    let (name, size, modified) = FilesLayout::columns(row);
    let (style, slash) = match entry.kind {
        Kind::Dir => (theme.folder, "/"),
        Kind::File => (theme.text, ""),
        Kind::Other => (theme.dim, ""),
    };
    let behind = slash.len() + if is_bookmark { 2 } else { 0 };
    let shown = ellipsis_middle(&entry.name, usize::from(name.width).saturating_sub(behind));
    let found = finder.map(|finder| finder.places(&entry.name)).unwrap_or_default();
    let mut pieces: Vec<Piece<'_>> = pieces(&entry.name, &shown, found)
        .map(|(piece, is_found)| (piece, if is_found { style.patch(theme.found) } else { style }))
        .collect();
    pieces.push((slash, style));
    if is_bookmark {
        pieces.push((" ★", theme.mark));
    }
    paint::left(buffer, name, &pieces);
    let bytes = entry.size.filter(|_| entry.kind == Kind::File).map(size::bytes);
    let special = (entry.kind == Kind::Other).then(|| look.words.files.special.clone());
    let bytes = bytes.or(extent.map(extent_text)).or(special).unwrap_or_default();
    let style = if extent.is_some_and(|extent| extent.grows) { theme.warning } else { theme.text };
    paint::right(buffer, size, &[(&bytes, style)]);
    if let Some(area) = modified {
        let modified = entry.modified.map(|at| time(at, state)).unwrap_or_default();
        paint::right(buffer, area, &[(&modified, theme.dim)]);
    }
}

/// What is in the folder and not in its list, and why.
pub(super) fn unlisted(folder: &Folder, look: &Look) -> Vec<String> {
    let words = &look.words.files;
    let Unlisted { by_server, by_link } = folder.unlisted();
    let facts = [(by_server, &words.unshared), (by_link, &words.query_only)].into_iter();
    let some = facts.filter(|(count, _)| *count > 0);
    some.map(|(count, sentence)| fill(sentence, &[("count", &size::grouped(count as u64))])).collect()
}

/// `≥` where there may be more, `…` where it still grows.
pub(super) fn extent_text(extent: Extent) -> String {
    let at_least = if extent.or_more || extent.grows { "≥" } else { "" };
    let grows = if extent.grows { "…" } else { "" };
    format!("{at_least}{}{grows}", size::bytes(extent.bytes))
}

/// The name as it is shown, whole or without its middle, cut where what was found in it begins or ends.
fn pieces<'a>(name: &str, shown: &'a str, found: &[u32]) -> impl Iterator<Item = (&'a str, bool)> {
    let clusters: Vec<(usize, &str)> = graphemes(shown).map(|(offset, text, _)| (offset, text)).collect();
    let all = graphemes(name).count();
    let same = graphemes(name).zip(&clusters).take_while(|((_, one, _), (_, other))| one == other).count();
    // What stands behind the gap is counted from the end.
    let is_found = |nth: usize| {
        let place = if nth < same { nth } else { all + nth - clusters.len() };
        nth != same && u32::try_from(place).is_ok_and(|place| found.binary_search(&place).is_ok())
    };
    let mut cuts: Vec<(usize, bool)> = Vec::new();
    for (nth, (offset, _)) in clusters.iter().enumerate() {
        if cuts.last().is_none_or(|(_, before)| *before != is_found(nth)) {
            cuts.push((*offset, is_found(nth)));
        }
    }
    let ends: Vec<usize> = cuts.iter().skip(1).map(|(offset, _)| *offset).chain([shown.len()]).collect();
    cuts.into_iter().zip(ends).map(|((from, is_found), to)| (&shown[from..to], is_found))
}

/// To the minute, where the user is.
pub(super) fn time(at: Timestamp, state: &State) -> String {
    at.to_zoned(state.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The heads of the columns, with a mark at the one that sorts: whether what is small, or early, comes first.
fn head(sort: Sort, look: &Look, area: Area, buffer: &mut Buffer) {
    let words = &look.words.files;
    let arrow = if sort.ascends() { "▴" } else { "▾" };
    let titled = |title: &str, by: Column| {
        if sort.column == by { format!("{title} {arrow}") } else { title.to_owned() }
    };
    let (name, size, modified) = FilesLayout::columns(area);
    let style = look.theme.dim;
    paint::left(buffer, name, &[(&titled(&words.name, Column::Name), style)]);
    paint::right(buffer, size, &[(&titled(&words.size, Column::Size), style)]);
    if let Some(area) = modified {
        paint::right(buffer, area, &[(&titled(&words.modified, Column::Modified), style)]);
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
    server: &unlisted::Unlisted,
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
    let selected = server.selected(&offered);
    let first = selected.map_or(0, |at| (at + 1).saturating_sub(height));
    for (nth, (name, _)) in offered.iter().enumerate().skip(first).take(height) {
        let row = paint::row(areas.entries, u16::try_from(nth - first).unwrap_or(0));
        let here = selected == Some(nth);
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
