//! The list of peers.

use jiff::Timestamp;
use jiff::civil::Weekday;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::paint::{self, Piece};
use super::{Look, bars};
use crate::app::State;
use crate::app::chat::{ChatFocus, PeerRow};
use crate::app::conversation::Conversation;
use crate::app::layout::Area;
use crate::locale::PeerWords;
use crate::text::width::{ellipsis_middle, width};

/// Stands before a peer that is pinned. What the marks mean stands beside each setting.
pub(super) const PINNED: &str = "↑";
/// The same for one that is muted.
pub(super) const MUTED: &str = "~";
/// The same for one that is blocked.
pub(super) const BLOCKED: &str = "✗";

/// The peers, and the line that divides them from the conversation; the caret, where it is typed whom to show.
pub(super) fn draw(state: &State, look: &Look, area: Area, buffer: &mut Buffer) -> Option<Position> {
    let theme = &look.theme;
    let focused = state.chat.focus == ChatFocus::Peers && state.is_in_tab();
    let line_style = if focused { theme.border_focused } else { theme.border };
    for nth in 0..area.height {
        let line = Area { x: area.x + area.width, width: 1, ..paint::row(area, nth) };
        if buffer.area.contains(Position { x: line.x, y: line.y }) {
            paint::left(buffer, line, &[("│", line_style)]);
        }
    }
    let (filter, list) = state.chat.list_areas(area);
    let rows = state.chat.peer_rows(usize::from(list.height));
    let selected = state.chat.selected();
    for (nth, row) in rows.iter().enumerate() {
        let place = paint::row(list, u16::try_from(nth).unwrap_or(list.height));
        self::row(state, look, *row, selected == Some(row.at), place, buffer);
    }
    if rows.is_empty() && filter.is_some() {
        paint::left(
            buffer,
            paint::row(list, 0),
            &[(" ", theme.dim), (&look.words.overlay.nothing_found, theme.dim)],
        );
    }
    let (field, place) = (state.chat.filter()?, filter?);
    let used = paint::left(buffer, place, &[("/", theme.key)]);
    let room = paint::inset(place, used);
    Some(bars::one_line(field, theme.text, Area { width: room.width.saturating_sub(1), ..room }, buffer))
}

fn row(state: &State, look: &Look, row: PeerRow, selected: bool, place: Area, buffer: &mut Buffer) {
    let theme = &look.theme;
    let conversation = &state.chat.conversations[row.at];
    if selected {
        paint::tint(buffer, place, theme.selected);
    }
    let mark = match (selected, state.chat.current == Some(row.at)) {
        (true, _) => "▌",
        // Who is in front while another one is walked to.
        (false, true) => "›",
        (false, false) => " ",
    };
    let branch = match (row.is_sibling, row.is_address) {
        (false, false) => "",
        (true, false) => "└ ",
        (false, true) => " ",
        (true, true) => "   ",
    };
    let contact = &conversation.contact;
    let (pinned, muted, blocked) = (contact.pinned, contact.muted, contact.blocked);
    let signs: String = [(pinned, PINNED), (muted, MUTED), (blocked, BLOCKED)]
        .iter()
        .filter(|(on, _)| *on)
        .map(|(_, sign)| *sign)
        .collect();
    let signs = if signs.is_empty() || row.is_address { String::new() } else { format!("{signs} ") };
    // The machine stands above.
    let port = || format!(":{}", conversation.peer().port());
    let (title, style) = match (row.is_address, conversation.name()) {
        (true, _) if row.is_sibling => (port(), theme.dim),
        (true, _) => (conversation.peer().to_string(), theme.dim),
        (false, None) if row.is_sibling => (port(), theme.peer),
        (false, _) => (conversation.title(), theme.peer),
    };
    let style = if blocked { theme.dim } else { style };
    let before: [Piece<'_>; 3] = [(mark, theme.mark), (branch, theme.dim), (&signs, theme.mark)];
    let taken: usize = before.iter().map(|(text, _)| width(text)).sum();
    let facts =
        if row.is_address { [String::new(), String::new()] } else { facts(state, look, conversation) };
    let [heard, unread] = &facts;
    let unread_style = if muted { theme.dim } else { theme.unread };
    // When the peer was heard last gives way to its name.
    let needed = taken + width(&title) + 1 + width(heard) + width(unread);
    let heard = if needed <= usize::from(place.width) { heard } else { "" };
    let used = paint::right(buffer, place, &[(heard, theme.dim), (unread, unread_style)]);
    let room = Area { width: place.width - used, ..place };
    let gap = usize::from(used > 0);
    let shown = ellipsis_middle(&title, usize::from(room.width).saturating_sub(taken + gap));
    let [mark, branch, signs] = before;
    paint::left(buffer, room, &[mark, branch, signs, (&shown, style)]);
}

/// When the peer was heard last, and how much of what it said was not read.
fn facts(state: &State, look: &Look, conversation: &Conversation) -> [String; 2] {
    let heard = conversation.heard.map(|(_, at)| format!("{} ", heard(at, state, &look.words.peer)));
    let unread = Some(conversation.unread).filter(|count| *count > 0).map(|count| format!("{count} "));
    [heard.unwrap_or_default(), unread.unwrap_or_default()]
}

/// The time where it was today, the day of the week where it was in the last seven days, else the date.
fn heard(at: Timestamp, state: &State, words: &PeerWords) -> String {
    let at = at.to_zoned(state.zone.clone());
    let days = (state.today - at.date()).get_days();
    match days {
        0 => at.strftime("%H:%M").to_string(),
        1..=6 => weekday(at.weekday(), words).to_owned(),
        _ if at.year() == state.today.year() => at.strftime("%m-%d").to_string(),
        _ => at.strftime("%Y-%m-%d").to_string(),
    }
}

fn weekday(day: Weekday, words: &PeerWords) -> &str {
    match day {
        Weekday::Monday => &words.monday,
        Weekday::Tuesday => &words.tuesday,
        Weekday::Wednesday => &words.wednesday,
        Weekday::Thursday => &words.thursday,
        Weekday::Friday => &words.friday,
        Weekday::Saturday => &words.saturday,
        Weekday::Sunday => &words.sunday,
    }
}
