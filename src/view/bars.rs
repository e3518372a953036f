//! The two rows at the top: the tabs and who we are; whom or what the tab is about, or the address that is being typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{Clear, Widget};

use super::paint::{self, Piece};
use super::{Look, entries, share, wording};
use crate::app::bar::{AddressBar, Problem};
use crate::app::chat::ChatFocus;
use crate::app::conversation::Conversation;
use crate::app::field::Field;
use crate::app::files::{FilesFocus, Place};
use crate::app::keys::{self, Global};
use crate::app::layout::{self, Area, Frame};
use crate::app::{State, Tab};
use crate::locale::fill;
use crate::text::size::grouped;
use crate::text::width::{ellipsis_middle, graphemes, pad_to, width};
use crate::text::wrap::{Spaces, wrap};
use crate::wire::peer::Peer;
use crate::wire::source::Scheme;

/// From this width on there is room behind the tabs.
const WIDE: u16 = 60;

/// The tabs, that something is shared, and who we are.
pub(super) fn header(state: &State, look: &Look, areas: &Frame, buffer: &mut Buffer) {
    let words = &look.words;
    let theme = &look.theme;
    let mark = share::mark(state);
    let beside = areas.header.width >= WIDE;
    // Where there is room for one of them, it is the one that changes.
    match mark.as_deref().filter(|_| !beside) {
        Some(mark) => paint::left(buffer, areas.header, &[(" ", theme.title), (mark, theme.unread)]),
        None => paint::left(buffer, areas.header, &[(" hobnob", theme.title)]),
    };
    let titles = [
        (Tab::Chat, areas.chat_tab, Global::ChatTab, &words.frame.chat, chat_count(state)),
        (Tab::Files, areas.files_tab, Global::FilesTab, &words.frame.files, files_count(state)),
    ];
    for (tab, area, action, title, count) in titles {
        let key =
            keys::first_key(&state.keymap.global, action).map(|key| key.to_string()).unwrap_or_default();
        let style = if state.tab == tab { theme.tab_selected } else { theme.tab };
        let counted = if state.tab == tab { style } else { theme.unread };
        let title = format!(" {key} {title}");
        let pieces = [(title.as_str(), style), (count.as_str(), counted), (" ", style)];
        paint::left(buffer, area, &pieces);
    }
    let mut rest = paint::inset(areas.header, areas.files_tab.x + areas.files_tab.width + 1);
    if let Some(mark) = mark.filter(|_| beside) {
        rest = paint::inset(rest, paint::left(buffer, rest, &[(&mark, theme.unread), ("  ", theme.dim)]));
    }
    let about = match state.tab {
        Tab::Chat if state.me.name.is_empty() => state.me.address.to_string(),
        Tab::Chat => format!("{} · {}", state.me.name, state.me.address),
        Tab::Files => {
            let around = width(&fill(&words.frame.saving_to, &[("path", "")])) + 1;
            let path =
                ellipsis_middle(&state.me.download_dir, usize::from(rest.width).saturating_sub(around));
            fill(&words.frame.saving_to, &[("path", &path)])
        }
    };
    paint::right(buffer, rest, &[(&about, theme.dim), (" ", theme.dim)]);
}

fn chat_count(state: &State) -> String {
    match state.chat.unread() {
        0 => String::new(),
        unread @ 1..=99 => format!(" ●{unread}"),
        _ => " ●99+".to_owned(),
    }
}

fn files_count(state: &State) -> String {
    let transfers = &state.files.transfers.queue;
    match (transfers.open(), transfers.percent()) {
        (0, _) => String::new(),
        (open, None) => format!(" ↓{open}"),
        (open, Some(percent)) => format!(" ↓{open} {percent}%"),
    }
}

/// Whom or what the tab is about; the caret, where its address is being typed.
pub(super) fn address(state: &State, look: &Look, area: Area, buffer: &mut Buffer) -> Option<Position> {
    let words = &look.words;
    let files = &state.files;
    let (label, bar, typing) = match state.tab {
        Tab::Chat => (&words.frame.to, &state.chat.bar, state.chat.focus == ChatFocus::Address),
        Tab::Files if files.focus == FilesFocus::Path => (&words.files.path, &files.path, true),
        Tab::Files => (&words.frame.from, &files.bar, files.focus == FilesFocus::Address),
    };
    let label = format!(" {label}  ");
    if typing {
        let rest = paint::inset(area, paint::left(buffer, area, &[(&label, look.theme.title)]));
        let room = Area { width: rest.width.saturating_sub(1), ..rest };
        let text = look.theme.text;
        let style = if bar.is_selected { text.add_modifier(Modifier::REVERSED) } else { text };
        let caret = one_line(&bar.field, style, room, buffer);
        let completion = match state.tab {
            Tab::Chat => state.chat.completion(&state.recent),
            Tab::Files => files.completion().map(str::to_owned),
        };
        if let Some(completion) = completion {
            let behind = paint::inset(room, caret.x - room.x);
            paint::left(buffer, behind, &[(&completion, look.theme.dim)]);
        }
        return Some(caret);
    }
    match state.tab {
        Tab::Chat => chat_address(state, look, &label, area, buffer),
        Tab::Files => files_address(state, look, &label, area, buffer),
    }
    None
}

fn chat_address(state: &State, look: &Look, label: &str, area: Area, buffer: &mut Buffer) {
    let (words, theme) = (&look.words, &look.theme);
    let Some(conversation) = state.chat.conversation() else {
        paint::left(buffer, area, &[(label, theme.title), (&words.frame.nobody, theme.dim)]);
        return;
    };
    let (facts, style) = chat_facts(state, conversation, look);
    // Who walks through the messages reads the date of each.
    let dated = conversation.selected_message().filter(|_| state.chat.focus.selects());
    let date = dated.and(facts.split(" · ").next()).map_or(0, |date| width(date) + 3);
    let room = usize::from(area.width).saturating_sub(width(label) + date);
    let whole = conversation.peer().to_string();
    let address = match conversation.name() {
        Some(_) if width(&whole) > room => String::new(),
        _ => ellipsis_middle(&whole, room).into_owned(),
    };
    // Where both do not fit, the name gives way.
    let room = room.saturating_sub(width(&address) + 2);
    let name = conversation.name().map(|name| format!("{} ", ellipsis_middle(name, room)));
    let name = name.unwrap_or_default();
    let pieces = [(label, theme.title), (name.as_str(), theme.peer), (address.as_str(), theme.text)];
    paint::both(buffer, area, &pieces, (&facts, style));
}

/// What there is to know of the conversation in front, the most urgent first.
fn chat_facts(state: &State, conversation: &Conversation, look: &Look) -> (String, Style) {
    let (words, theme) = (&look.words.chat, &look.theme);
    let counted = |sentence: &str, count: u64| fill(sentence, &[("count", &grouped(count))]);
    let mut style = theme.dim;
    let mut facts = Vec::new();
    if let Some(message) = conversation.selected_message().filter(|_| state.chat.focus.selects()) {
        facts.push(message.at.to_zoned(state.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string());
    }
    if conversation.waiting > 0 {
        let key = keys::first_key(&state.keymap.global, Global::Resend).map(|key| key.to_string());
        let values = [("count", &*conversation.waiting.to_string()), ("key", &key.unwrap_or_default())];
        style = if conversation.is_back { theme.unread } else { theme.warning };
        facts.push(fill(if conversation.is_back { &words.back } else { &words.undelivered }, &values));
    }
    if !state.keeps {
        facts.push(words.nothing_saved.clone());
        style = if style == theme.dim { theme.warning } else { style };
    }
    if conversation.contact.blocked {
        facts.extend(blocked_facts(state, conversation, look));
    }
    if conversation.contact.muted {
        facts.push(words.muted.clone());
    }
    if state.chat.overflowed > 0 {
        facts.push(counted(&words.overflowed, state.chat.overflowed));
    }
    if state.chat.turned_away > 0 {
        facts.push(counted(&words.turned_away, state.chat.turned_away));
    }
    facts.push(match conversation.peer() {
        Peer::Address(_) => words.plain.clone(),
        Peer::Broadcast(_) => words.broadcast_plain.clone(),
    });
    (facts.join(" · "), style)
}

/// What becomes of what a blocked peer sends: how much is held back, how much is lost, and how long which key brings back
/// what is held.
fn blocked_facts(state: &State, conversation: &Conversation, look: &Look) -> Vec<String> {
    let words = &look.words.chat;
    let counted = |sentence: &str, count: u64| fill(sentence, &[("count", &grouped(count))]);
    let Some(held) = state.chat.held_back(conversation.peer()) else {
        return vec![counted(&words.blocked, conversation.blocked)];
    };
    let lost = conversation.blocked.saturating_sub(held);
    let mut facts = vec![counted(&words.held_back, held)];
    if lost > 0 {
        facts.push(counted(&words.not_kept, lost));
    }
    let key = keys::first_key(&state.keymap.global, Global::BlockPeer).filter(|_| held > 0);
    facts.extend(key.map(|key| fill(&words.unblock_hint, &[("key", &key.to_string())])));
    facts
}

fn files_address(state: &State, look: &Look, label: &str, area: Area, buffer: &mut Buffer) {
    let (words, theme) = (&look.words, &look.theme);
    let files = &state.files;
    let asked = files.pending.as_ref().map(|(_, source)| source);
    let way = files.crumbs(layout::way_columns(area));
    if way.is_empty() {
        paint::left(buffer, area, &[(label, theme.title), (&words.frame.nowhere, theme.dim)]);
        return;
    }
    let facts = match &files.place {
        _ if asked.is_some() => words.files.asking.clone(),
        _ if files.failed.is_some() => String::new(),
        Place::Nowhere => String::new(),
        Place::Unlisted(server) if server.source.scheme == Scheme::Plain => words.files.plain.clone(),
        Place::Unlisted(_) => words.files.unreadable.clone(),
        Place::Folder(folder) => {
            let items = if folder.is_cut() { &words.files.items_cut } else { &words.files.items };
            let items = fill(items, &[("count", &folder.count().to_string())]);
            let marked = match folder.count_marked() {
                0 => String::new(),
                count => format!("{} · ", fill(&words.files.marked, &[("count", &count.to_string())])),
            };
            let hidden = match folder.count_hidden() {
                0 => String::new(),
                count => format!(" · {}", fill(&words.files.hidden, &[("count", &count.to_string())])),
            };
            let star = if state.recent.bookmarks().contains(&folder.source) { "★ · " } else { "" };
            let http = [entries::unlisted(folder, look), vec![words.files.http.clone()]].concat().join(" · ");
            let total = folder.total().map(|total| format!(" · {}", entries::extent_text(total)));
            format!("{star}{marked}{http} · {items}{hidden}{}", total.unwrap_or_default())
        }
    };
    let cut = matches!(&files.place, Place::Folder(folder) if folder.is_cut() && files.failed.is_none());
    let style = if asked.is_some() || cut { theme.warning } else { theme.dim };
    let label = pad_to(label, usize::from(layout::FROM));
    // As one text: a part can begin with what belongs to the character before it.
    let way: String = way.iter().map(|crumb| &*crumb.text).collect();
    let pieces: [Piece<'_>; 2] = [(&label, theme.title), (&way, theme.text)];
    paint::both(buffer, area, &pieces, (&facts, style));
}

/// What becomes of the address that was typed, or what is wrong with it, right below it. Returns the rows used.
pub(super) fn answer(state: &State, look: &Look, body: Area, buffer: &mut Buffer) -> u16 {
    let bar: &AddressBar = match state.tab {
        Tab::Chat => &state.chat.bar,
        Tab::Files if state.files.focus == FilesFocus::Path => &state.files.path,
        Tab::Files => &state.files.bar,
    };
    let (sign, sentence, style) = match (&bar.problem, bar.pending.as_ref()) {
        (None, None) => return 0,
        (None, Some(_)) => ("   ", look.words.chat.resolving.clone(), look.theme.dim),
        (Some(Problem::Address(error)), _) => {
            (" ✗ ", wording::address_error(&look.words, error), look.theme.error)
        }
        (Some(Problem::Fault(fault)), _) => (" ✗ ", wording::fault(&look.words, fault), look.theme.error),
    };
    let columns = usize::from(body.width.saturating_sub(4));
    let mut used = 0;
    for range in wrap(&sentence, columns, Spaces::Hang).into_iter().take(3) {
        let row = paint::row(body, used);
        Clear.render(row.into(), buffer);
        let sign = if used == 0 { sign } else { "   " };
        paint::left(buffer, row, &[(sign, style), (&sentence[range], style)]);
        used += 1;
    }
    used
}

/// A field of one line; its text moves so that the caret is in view. Returns the caret's cell.
pub(super) fn one_line(field: &Field, style: Style, area: Area, buffer: &mut Buffer) -> Position {
    // Wide enough that it is one line in any case: a line feed cannot be typed into it.
    let shown = field.shown(usize::MAX);
    let room = usize::from(area.width);
    let hidden = shown.caret.1.saturating_sub(room.saturating_sub(1));
    let cell = |column: usize| area.x + u16::try_from(column - hidden).unwrap_or(area.width);
    let mut column = 0;
    for (_, cluster, cells) in graphemes(&shown.text) {
        if column >= hidden && column + cells <= hidden + room {
            buffer.set_stringn(cell(column), area.y, cluster, cells, style);
        }
        column += cells;
    }
    Position { x: cell(shown.caret.1), y: area.y }
}
