//! The conversation.

use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::find::Highlight;
use super::paint::{self, Piece};
use super::{Link, Look, wording};
use crate::app::State;
use crate::app::chat::ChatFocus;
use crate::app::conversation::{Conversation, Pane, Row};
use crate::app::keys::{self, Global};
use crate::app::layout::{self, Area, Columns};
use crate::app::message::Message;
use crate::event::Delivery;
use crate::locale::fill;
use crate::text::links::links;
use crate::text::size::grouped;
use crate::text::width::width;

/// What is in view of the conversation in front, and which of its cells show a link.
pub(super) fn draw(state: &State, look: &Look, area: Area, buffer: &mut Buffer, shown_links: &mut Vec<Link>) {
    let Some(conversation) = state.chat.conversation() else { return no_peer(state, look, area, buffer) };
    if conversation.is_empty() {
        return paint::middle(buffer, area, &[(&look.words.chat.no_messages, look.theme.dim)]);
    }
    let columns = layout::columns(area.width);
    let height = usize::from(area.height);
    let window = conversation.window(Pane { columns: &columns, zone: &state.zone, height });
    let mut highlight = Highlight::new(state, look);
    let mut shown: Vec<usize> = window.rows.iter().map(|(place, _)| *place).collect();
    shown.dedup();
    let links = shown.into_iter().flat_map(|place| {
        let text = conversation.messages().get(place).map(|message| &*message.text);
        links(text.unwrap_or_default()).into_iter().map(move |link| (place, link))
    });
    let pane = Painter { state, look, conversation, columns, links: links.collect() };
    for (nth, (message, row)) in window.rows.iter().enumerate() {
        let line = paint::row(area, u16::try_from(nth).unwrap_or(area.height));
        pane.row(*message, row, line, buffer);
        for link in pane.links_of(*message, row, line) {
            let cells = Area { x: link.columns.start, width: link.columns.end - link.columns.start, ..line };
            paint::tint(buffer, cells, look.theme.link);
            shown_links.push(link);
        }
        highlight.row(*message, row, line, buffer);
    }
    let bottom = paint::row(area, area.height - 1);
    if window.below > 0 {
        let more = fill(&look.words.chat.more_below, &[("count", &window.below.to_string())]);
        paint::right(buffer, bottom, &[(&more, look.theme.unread), (" ", look.theme.text)]);
    } else if matches!(state.chat.focus, ChatFocus::Messages | ChatFocus::Clicked)
        && window.rows.len() < height
    {
        // Shows where the keys go while there is nothing to scroll.
        paint::left(buffer, bottom, &[("▌", look.theme.mark)]);
    }
}

fn no_peer(state: &State, look: &Look, area: Area, buffer: &mut Buffer) {
    let words = &look.words.chat;
    let key =
        keys::first_key(&state.keymap.global, Global::Address).map(|key| key.to_string()).unwrap_or_default();
    let hint = fill(&words.no_peer_hint, &[("key", &key)]);
    let wait = fill(&words.no_peer_wait, &[("address", &state.me.address.to_string())]);
    let theme = &look.theme;
    paint::middle(buffer, area, &[(&words.no_peer, theme.title), (&hint, theme.text), (&wait, theme.dim)]);
}

struct Painter<'a> {
    state: &'a State,
    look: &'a Look,
    conversation: &'a Conversation,
    columns: Columns,
    /// The links in view, each with the place of its message.
    links: Vec<(usize, Range<usize>)>,
}

impl Painter<'_> {
    fn row(&self, at: usize, row: &Row, line: Area, buffer: &mut Buffer) {
        let theme = &self.look.theme;
        let Some(message) = self.conversation.messages().get(at) else { return };
        let selected = self.state.chat.focus.selects()
            && self.conversation.selected == Some(message.nth)
            && !matches!(row, Row::Day | Row::Unread);
        if selected {
            paint::tint(buffer, line, theme.selected);
            paint::left(buffer, line, &[("▌", theme.mark)]);
        }
        match row {
            Row::Day if at == 0 && self.conversation.dropped() > 0 && message.nth > 1 => {
                let count = self.conversation.dropped().to_string();
                let older = fill(&self.look.words.chat.older_dropped, &[("count", &count)]);
                let text = format!("{older} · {}", day(message.at, &self.state.zone));
                rule(&text, theme.warning, theme.border, line, buffer);
            }
            Row::Day => rule(&day(message.at, &self.state.zone), theme.dim, theme.border, line, buffer),
            Row::Unread => {
                let count = self.conversation.new_messages().to_string();
                let text = fill(&self.look.words.chat.new_messages, &[("count", &count)]);
                rule(&text, theme.unread, theme.unread, line, buffer);
            }
            Row::Text(range, first) => {
                if *first {
                    self.head(message, line, buffer);
                }
                let (from, width) = self.columns.text;
                let place = paint::columns(line, from, width);
                let text = &message.text[range.clone()];
                if message.text.is_empty() {
                    paint::left(buffer, place, &[(&self.look.words.chat.empty, theme.dim)]);
                } else {
                    paint::left(buffer, place, &[(text, theme.text)]);
                }
            }
            Row::Folded(count) => {
                self.head(message, line, buffer);
                let (from, width) = self.columns.text;
                let more = fill(&self.look.words.chat.folded, &[("count", &grouped(*count))]);
                paint::left(buffer, paint::columns(line, from, width), &[(&more, theme.warning)]);
            }
            Row::State => {
                let (from, _) = self.columns.text;
                let (text, style) = self.state_of(message);
                let place = paint::columns(line, from, line.width.saturating_sub(from + 1));
                paint::left(buffer, place, &[(wording::fitting(&text, usize::from(place.width)), style)]);
            }
        }
    }

    /// Which cells of a row are part of a link.
    fn links_of(&self, at: usize, row: &Row, line: Area) -> Vec<Link> {
        let (Row::Text(text, _), Some(message)) = (row, self.conversation.messages().get(at)) else {
            return Vec::new();
        };
        let (left, room) = self.columns.text;
        let place = paint::columns(line, left, room);
        let cells = |part: Range<usize>| u16::try_from(width(&message.text[part])).unwrap_or(place.width);
        let part = |link: &Range<usize>| {
            let (from, to) = (link.start.max(text.start), link.end.min(text.end));
            let part =
                (from < to).then(|| paint::columns(place, cells(text.start..from), cells(from..to)))?;
            Some(Link {
                row: part.y,
                columns: part.x..part.x + part.width,
                url: message.text.piece(link.clone()),
                id: format!("{}-{}", message.id.0, link.start),
            })
        };
        self.links.iter().filter(|(of, _)| *of == at).filter_map(|(_, link)| part(link)).collect()
    }

    /// Time, name, and at the right what became of it.
    fn head(&self, message: &Message, line: Area, buffer: &mut Buffer) {
        let theme = &self.look.theme;
        let time = message.at.to_zoned(self.state.zone.clone()).strftime("%H:%M").to_string();
        paint::left(buffer, paint::inset(line, 1), &[(&time, theme.dim)]);
        let (from, width) = self.columns.name;
        let place = paint::columns(line, from, width);
        let name: Piece<'_> = match (message.delivery.is_ours(), self.conversation.name()) {
            (false, Some(name)) => (name, theme.peer),
            (false, None) => {
                let address = self.conversation.address().map(|address| address.ip().to_string());
                let address = address.unwrap_or_default();
                let shown = crate::text::width::ellipsis_middle(&address, usize::from(width)).into_owned();
                paint::left(buffer, place, &[(&shown, theme.peer)]);
                return self.column(message, line, buffer);
            }
            (true, _) if self.state.me.name.is_empty() => (&self.look.words.chat.me, theme.me),
            (true, _) => (&self.state.me.name, theme.me),
        };
        paint::left(buffer, place, &[name]);
        self.column(message, line, buffer);
    }

    /// At the right what became of it, where it has no line of its own for that.
    fn column(&self, message: &Message, line: Area, buffer: &mut Buffer) {
        if self.columns.state > 0 && !self.conversation.states_itself(message, &self.columns) {
            let (text, style) = self.state_of(message);
            let place = paint::inset(line, line.width - self.columns.state);
            paint::right(buffer, place, &[(&text, style), (" ", style)]);
        }
    }

    fn state_of(&self, message: &Message) -> (String, Style) {
        let (words, theme) = (&self.look.words.chat, &self.look.theme);
        let unsaved = message.unsaved.is_some() || !self.state.keeps && !self.state.is_on_disk(message);
        let (state, style) = match &message.delivery {
            Delivery::Received if message.broadcast => (words.broadcast.clone(), theme.dim),
            Delivery::Received | Delivery::Folded(_) => (String::new(), theme.dim),
            Delivery::Queued => (words.sending.clone(), theme.dim),
            Delivery::Sent if self.conversation.was_heard_since(message) => {
                (words.heard_back.clone(), theme.dim)
            }
            Delivery::Sent => (words.sent.clone(), theme.dim),
            Delivery::Refused => (words.refused.clone(), theme.error),
            Delivery::Failed(fault) => {
                let reason = wording::fault(&self.look.words, fault);
                (fill(&words.failed, &[("reason", &reason)]), theme.error)
            }
        };
        let undelivered = message.delivery.is_undelivered();
        match unsaved {
            true if undelivered => (format!("{} · {state}", words.unsaved), style),
            // In the narrow column this is what matters.
            true => (words.unsaved.clone(), theme.warning),
            false => (state, style),
        }
    }
}

fn day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d").to_string()
}

/// A line through the whole width, with a text in its middle.
fn rule(text: &str, style: Style, line_style: Style, line: Area, buffer: &mut Buffer) {
    let whole = paint::columns(line, 1, line.width.saturating_sub(2));
    let dashes = "─".repeat(usize::from(whole.width));
    paint::left(buffer, whole, &[(&dashes, line_style)]);
    let text = format!(" {text} ");
    let room = whole.width.saturating_sub(u16::try_from(width(&text)).unwrap_or(whole.width));
    paint::left(buffer, paint::inset(whole, room / 2), &[(&text, style)]);
}
