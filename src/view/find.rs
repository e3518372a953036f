//! A search: the line where its words are typed, what of the conversation it found, and the list of what was found in all
//! of them.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::Style;

use super::paint::{self, Piece};
use super::{Look, bars, overlays, wording};
use crate::app::State;
use crate::app::chat::ChatFocus;
use crate::app::conversation::{Conversation, Row};
use crate::app::find::{Excerpt, Outcome, Search};
use crate::app::layout::{self, Area, HitsLayout};
use crate::locale::fill;
use crate::text::size::grouped;
use crate::text::width::{ellipsis_middle, graphemes, width};

/// Columns for whom a message was exchanged with.
const NAME: u16 = 18;

/// The line of the search in the conversation in front; the caret, where that is in it.
pub(super) fn line(state: &State, look: &Look, area: Area, buffer: &mut Buffer) -> Option<Position> {
    let search = state.chat.search.as_ref()?;
    let typing = state.chat.focus == ChatFocus::Find && state.is_in_tab();
    let label = format!(" {}  ", look.words.find.here);
    let style = if typing { look.theme.title } else { look.theme.dim };
    let rest = paint::inset(area, paint::left(buffer, area, &[(&label, style)]));
    let room = Area { width: rest.width - 1, ..rest };
    let caret = field(search, look, room, buffer);
    typing.then_some(caret)
}

/// What is typed, and at the right what there is to say of it; the caret.
fn field(search: &Search, look: &Look, area: Area, buffer: &mut Buffer) -> Position {
    let (words, theme) = (&look.words.find, &look.theme);
    let (outcome, style) = match search.outcome() {
        Outcome::Blank => (String::new(), theme.dim),
        Outcome::Searching => (words.searching.clone(), theme.dim),
        Outcome::Nothing => (words.nothing.clone(), theme.warning),
        Outcome::Unreadable(_) => (words.unreadable.clone(), theme.error),
        Outcome::Found(at, total, more) => {
            let total = format!("{}{}", grouped(total as u64), if more { "+" } else { "" });
            let values = [("at", &*grouped(at as u64)), ("total", &total)];
            (fill(&words.count, &values), theme.title)
        }
    };
    let used = paint::right(buffer, area, &[(&outcome, style)]);
    let room = Area { width: area.width.saturating_sub(used + 2).max(1), ..area };
    let caret = bars::one_line(&search.field, theme.text, room, buffer);
    if search.field.is_empty() {
        paint::left(buffer, room, &[(&words.placeholder, theme.dim)]);
    }
    caret
}

/// Sets off in the conversation in front what its search looks for.
pub(super) struct Highlight<'a> {
    search: Option<(&'a Conversation, &'a Search)>,
    style: Style,
    /// The message whose rows are drawn, and where in it the matches are.
    found: Option<(usize, Vec<Range<usize>>)>,
}

impl<'a> Highlight<'a> {
    pub(super) fn new(state: &'a State, look: &Look) -> Self {
        let search = state.chat.conversation().zip(state.chat.search.as_ref());
        Self { search, style: look.theme.found, found: None }
    }

    /// The same row of the same message as it was drawn before.
    pub(super) fn row(&mut self, at: usize, row: &Row, line: Area, buffer: &mut Buffer) {
        let (Some((conversation, search)), Row::Text(range, _)) = (self.search, row) else { return };
        let Some(message) = conversation.messages().get(at) else { return };
        let found = match self.found.take().filter(|(drawn, _)| *drawn == at) {
            Some((_, found)) => found,
            None => search.query().matches(&message.text),
        };
        let (from, columns) = layout::columns(line.width).text;
        let place = paint::columns(line, from, columns);
        mark(&message.text, range.clone(), &found, place, self.style, buffer);
        self.found = Some((at, found));
    }
}

fn cells(text: &str) -> u16 {
    u16::try_from(width(text)).unwrap_or(u16::MAX)
}

/// Gives what was found in this part of a text, which stands in the row already, a style of its own.
fn mark(
    text: &str,
    part: Range<usize>,
    found: &[Range<usize>],
    row: Area,
    style: Style,
    buffer: &mut Buffer,
) {
    for range in found {
        let (start, end) = (range.start.max(part.start), range.end.min(part.end));
        if start < end {
            let from = cells(&text[part.start..start]);
            paint::tint(buffer, paint::columns(row, from, cells(&text[start..end])), style);
        }
    }
}

/// The list of what was found in all conversations; the caret.
pub(super) fn everywhere(
    state: &State,
    search: &Search,
    look: &Look,
    buffer: &mut Buffer,
) -> Option<Position> {
    let areas = layout::hits(state.size)?;
    let words = &look.words.find;
    overlays::boxed(&words.everywhere, areas.frame, look, buffer);
    let caret = field(search, look, areas.field, buffer);
    match search.outcome() {
        Outcome::Blank | Outcome::Searching | Outcome::Found(..) => {}
        Outcome::Nothing => paint::middle(buffer, areas.list, &[(&words.nothing_hint, look.theme.dim)]),
        Outcome::Unreadable(fault) => {
            let reason = wording::fault(&look.words, fault);
            paint::middle(buffer, areas.list, &[(&reason, look.theme.error)]);
        }
    }
    for (nth, (hit, here)) in (0..).zip(search.in_view(areas.hits())) {
        let rows = Area { y: areas.list.y + nth * areas.hit, height: areas.hit, ..areas.list };
        one_hit(state, hit, here, &areas, rows, look, buffer);
    }
    Some(caret)
}

/// When, with whom, and what around the match; in two rows where there is no room for it in one.
fn one_hit(
    state: &State,
    hit: &Excerpt,
    here: bool,
    areas: &HitsLayout,
    rows: Area,
    look: &Look,
    buffer: &mut Buffer,
) {
    let theme = &look.theme;
    if here {
        paint::tint(buffer, rows, theme.selected);
    }
    let time = hit.at.to_zoned(state.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let open = state.chat.with(hit.peer);
    let peer = open.map_or_else(|| hit.peer.to_string(), Conversation::title);
    let (arrow, style) = if hit.is_ours { ("→ ", theme.me) } else { ("", theme.peer) };
    let peer = ellipsis_middle(&peer, usize::from(NAME - cells(arrow)));
    let name = format!("{arrow}{peer}");
    let mark = if here { "▌ " } else { "  " };
    let head: [Piece<'_>; 4] = [(mark, theme.mark), (&time, theme.dim), ("  ", theme.text), (&name, style)];
    let used = paint::left(buffer, paint::row(rows, 0), &head);
    let room = match areas.hit {
        1 => paint::inset(rows, used - cells(&name) + NAME + 2),
        _ => paint::inset(paint::row(rows, 1), 2),
    };
    excerpt(hit, room, look, buffer);
}

/// A piece of the message in one line, so that the first match is in it.
fn excerpt(hit: &Excerpt, area: Area, look: &Look, buffer: &mut Buffer) {
    let theme = &look.theme;
    // As long as before, so that what was found stays in its place.
    let text = hit.text.replace('\n', " ");
    let room = usize::from(area.width);
    let first = hit.found.first().cloned().unwrap_or_default();
    let mut start = 0;
    if width(&text[..first.end]) * 3 > room * 2 && width(&text) > room {
        let mut before = width(&text[..first.start]);
        for (at, cluster, cells) in graphemes(&text[..first.start]) {
            if before * 3 <= room {
                break;
            }
            before -= cells;
            start = at + cluster.len();
        }
    }
    let cut = if start > 0 || hit.is_cut { "…" } else { "" };
    let used = paint::left(buffer, area, &[(cut, theme.dim), (&text[start..], theme.text)]);
    // Not the sign that there is more of it.
    let more = width(cut) + width(&text[start..]) > room;
    let shown = paint::columns(area, 0, used.saturating_sub(u16::from(more)));
    let place = paint::inset(shown, u16::from(!cut.is_empty()));
    mark(&text, start..text.len(), &hit.found, place, theme.found, buffer);
}
