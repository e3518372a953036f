//! What lies over the screen: the keys, the search for a peer or a server, a question.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Position;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Widget};

use super::paint::{self, Piece};
use super::{Look, bars, confirm, details, find, links, peer_menu, preview, share, sign_in, transfers};
use crate::app::State;
use crate::app::chat::{Addressee, Pasted};
use crate::app::conversation::Conversation;
use crate::app::keys::{self, Answer, Global, HelpLine, Keymap, Paste};
use crate::app::layout::{self, Area};
use crate::app::overlay::{GoTo, Goal, Overlay};
use crate::app::queue::Totals;
use crate::event::Key;
use crate::locale::fill;
use crate::text::cut::fit_bytes;
use crate::text::width::{ellipsis, ellipsis_middle, pad_to, width};
use crate::text::wrap::{Spaces, wrap};
use crate::text::{clean_line, size};

/// The most lines of what was pasted that are shown.
const PREVIEW: u16 = 8;

/// Draws it over the body; the caret, where something is typed into it.
pub(super) fn draw(
    state: &State,
    overlay: &Overlay,
    look: &Look,
    body: Area,
    buffer: &mut Buffer,
) -> Option<Position> {
    match overlay {
        Overlay::Help(top) => {
            help(&state.keymap, *top, look, body, buffer);
            None
        }
        Overlay::GoTo(goto) => Some(go_to(state, goto, look, body, buffer)),
        Overlay::Find(search) => find::everywhere(state, search, look, buffer),
        Overlay::Peer(menu) => peer_menu::draw(state, menu, look, body, buffer),
        Overlay::SignIn(dialogue) => sign_in::draw(dialogue, state.size, look, buffer),
        Overlay::Preview(previewed) => {
            preview::draw(state, previewed, look, buffer);
            None
        }
        Overlay::Quit => {
            let sentence = quit(state, look);
            question(state, &look.words.overlay.quit, &sentence, look, body, buffer);
            None
        }
        Overlay::Confirm(what) => {
            confirm::draw(state, what, look, body, buffer);
            None
        }
        Overlay::Addressee(Addressee { to, .. }) => {
            let words = &look.words.overlay;
            let title = state.chat.with(*to).map_or_else(|| to.to_string(), Conversation::title);
            let peer = if title == to.to_string() { title } else { format!("{title} ({to})") };
            let sentence = fill(&words.addressee_question, &[("peer", &ellipsis_middle(&peer, 60))]);
            question(state, &words.addressee, &sentence, look, body, buffer);
            None
        }
        Overlay::Share(sharing) => share::draw(state, sharing, look, buffer),
        Overlay::Links(urls) => {
            links::draw(state, urls, look, buffer);
            None
        }
        Overlay::Details(inspected) => {
            details::draw(state, inspected, look, body, buffer);
            None
        }
        Overlay::Transfer(dialogue) => transfers::dialogues::draw(state, dialogue, look, body, buffer),
        Overlay::Paste(pasted) => {
            paste(state, pasted, look, body, buffer);
            None
        }
    }
}

/// A box over everything below; what is inside its border.
pub(super) fn boxed(title: &str, area: Area, look: &Look, buffer: &mut Buffer) -> Area {
    Clear.render(area.into(), buffer);
    // A character that begins left of the box and reaches into it would hide its border.
    for y in area.y..area.y + area.height {
        for x in 0..area.x {
            let reaches = |cell: &&mut Cell| usize::from(x) + width(cell.symbol()) > usize::from(area.x);
            if let Some(cell) = buffer.cell_mut((x, y)).filter(reaches) {
                cell.set_symbol(" ");
            }
        }
    }
    Block::bordered()
        .border_style(look.theme.border_focused)
        .title(Line::styled(format!(" {title} "), look.theme.title))
        .render(area.into(), buffer);
    layout::inside(area)
}

fn help(keymap: &Keymap, top: usize, look: &Look, body: Area, buffer: &mut Buffer) {
    let width = body.width.min(90);
    let area = Area { x: body.x + (body.width - width) / 2, width, ..body };
    let inside = boxed(&look.words.overlay.help, area, look, buffer);
    let empty = std::collections::BTreeMap::new();
    for (nth, line) in keymap.help().iter().skip(top).take(usize::from(inside.height)).enumerate() {
        let row = paint::row(inside, u16::try_from(nth).unwrap_or(inside.height));
        match line {
            HelpLine::Place(place) => {
                let title = look.words.places.get(*place).map_or(*place, String::as_str);
                paint::left(buffer, row, &[(title, look.theme.title)]);
            }
            HelpLine::Action(place, action, keys) => {
                let words = look.words.actions.get(*place).unwrap_or(&empty);
                let what = words.get(action).map_or(action.as_str(), String::as_str);
                let keys: Vec<String> = keys.iter().map(Key::to_string).collect();
                let wide = usize::from(inside.width / 3).clamp(12, 28);
                let keys = pad_to(&ellipsis(&keys.join(" "), wide), wide);
                let pieces: [Piece<'_>; 3] =
                    [(&keys, look.theme.key), ("  ", look.theme.text), (what, look.theme.text)];
                paint::left(buffer, row, &pieces);
            }
        }
    }
}

fn go_to(state: &State, goto: &GoTo, look: &Look, body: Area, buffer: &mut Buffer) -> Position {
    let words = &look.words.overlay;
    let theme = &look.theme;
    let goals = goto.goals(&state.chat, &state.recent);
    let selected = goto.selected(&goals);
    let width = body.width.min(70);
    let rows = u16::try_from(goals.len()).unwrap_or(u16::MAX).clamp(1, 12);
    let height = (rows + 3).min(body.height);
    let area = Area { x: body.x + (body.width - width) / 2, y: body.y, width, height };
    let inside = boxed(&words.go_to, area, look, buffer);
    let caret = bars::one_line(&goto.field, theme.text, paint::row(inside, 0), buffer);
    if goto.field.is_empty() {
        paint::left(buffer, paint::row(inside, 0), &[(&words.go_to_hint, theme.dim)]);
    }
    if goals.is_empty() {
        paint::left(buffer, paint::row(inside, 1), &[(&words.nothing_found, theme.dim)]);
    }
    let height = usize::from(inside.height.saturating_sub(1)).max(1);
    let first = (selected + 1).saturating_sub(height);
    for (nth, goal) in goals.iter().enumerate().skip(first).take(height) {
        let row = paint::row(inside, u16::try_from(nth - first + 1).unwrap_or(0));
        let here = nth == selected;
        if here {
            paint::tint(buffer, row, theme.selected);
        }
        let (kind, text) = match goal {
            Goal::Conversation(peer) => {
                let name = state.chat.with(*peer).and_then(Conversation::name);
                let name = name.map(|name| format!("{name} ")).unwrap_or_default();
                (&words.peer, format!("{name}{peer}"))
            }
            Goal::Peer(endpoint) => (&words.peer, endpoint.to_string()),
            Goal::Bookmark(source) => (&words.bookmark, format!("★ {source}")),
            Goal::Server(source) => (&words.server, source.to_string()),
            Goal::Folder(source) => (&words.folder, source.to_string()),
            Goal::NewPeer(endpoint) => (&words.new_peer, endpoint.to_string()),
            Goal::NewServer(source) => (&words.new_server, source.to_string()),
        };
        let used = paint::right(buffer, row, &[(kind, theme.dim)]);
        let room = Area { width: row.width.saturating_sub(used + 1), ..row };
        let shown = ellipsis_middle(&text, usize::from(room.width.saturating_sub(2)));
        let mark = if here { "▌ " } else { "  " };
        paint::left(buffer, room, &[(mark, theme.mark), (&shown, theme.text)]);
    }
    caret
}

/// What leaving would break off or put off.
fn quit(state: &State, look: &Look) -> String {
    let words = &look.words.overlay;
    let Totals { open, paused, .. } = state.files.transfers.queue.totals();
    let sentence = match paused {
        _ if open == 0 => &words.quit_sure,
        _ if !state.files.transfers.kept => &words.quit_losing,
        0 => &words.quit_going,
        _ if paused == open => &words.quit_paused,
        _ => &words.quit_some_paused,
    };
    let question = fill(sentence, &[("count", &open.to_string()), ("paused", &paused.to_string())]);
    match state.share.takers() {
        0 => question,
        takers => fill(&words.quit_taking, &[("count", &takers.to_string()), ("question", &question)]),
    }
}

/// A question that is answered with yes or no.
pub(super) fn question(
    state: &State,
    title: &str,
    sentence: &str,
    look: &Look,
    body: Area,
    buffer: &mut Buffer,
) {
    let words = &look.words;
    let key = |answer: Answer| {
        keys::first_key(&state.keymap.question, answer).map(|key| key.to_string()).unwrap_or_default()
    };
    let answers =
        format!("{} {}     {} {}", key(Answer::Yes), words.hint.yes, key(Answer::No), words.hint.no);
    let width = body.width.min(60);
    // A sentence of some lines, an answer, the border.
    let lines = wrap(sentence, usize::from(width.saturating_sub(8)), Spaces::Hang).len();
    let height = u16::try_from(lines + 3).unwrap_or(body.height).max(6).min(body.height);
    let y = body.y + (body.height - height) / 2;
    let area = Area { x: body.x + (body.width - width) / 2, y, width, height };
    let inside = boxed(title, area, look, buffer);
    paint::middle(buffer, inside, &[(sentence, look.theme.warning), (&answers, look.theme.key)]);
}

/// How much was pasted, how it begins, and what can be done with it.
fn paste(state: &State, pasted: &Pasted, look: &Look, body: Area, buffer: &mut Buffer) {
    let (words, theme) = (&look.words.overlay, &look.theme);
    let lines = pasted.text.split('\n').count();
    let count = pasted.messages.to_string();
    let separate = if pasted.may_be_separate() { &words.send_lines } else { &words.too_many_lines };
    let answer = |answer| keys::first_key(&state.keymap.paste, answer);
    let back = keys::first_key(&state.keymap.global, Global::Back);
    let answers = [
        (answer(Paste::Insert), words.insert.clone(), theme.key),
        (answer(Paste::Send), words.send_as_one.clone(), theme.key),
        (
            answer(Paste::SendLines),
            fill(separate, &[("count", &count)]),
            if pasted.may_be_separate() { theme.key } else { theme.dim },
        ),
        (back, words.take_nothing.clone(), theme.key),
    ];
    let bytes = size::bytes_exact(pasted.text.len() as u64);
    let title = fill(&words.pasted, &[("lines", &size::grouped(lines as u64)), ("bytes", &bytes)]);
    let rows = u16::try_from(lines).unwrap_or(u16::MAX).min(PREVIEW);
    // The border, and a blank row above and below the preview where there is room for them.
    let height = (rows + 2 + 4 + 2).min(body.height);
    let width = body.width.min(70);
    let (x, y) = (body.x + (body.width - width) / 2, body.y + (body.height - height) / 2);
    let inside = boxed(&title, Area { x, y, width, height }, look, buffer);
    let last = inside.height.saturating_sub(4);
    let (first, end) = if last >= rows + 2 { (1, last - 1) } else { (0, last) };
    let shown = usize::from(end.saturating_sub(first));
    for (at, line) in (first..end).zip(pasted.text.split('\n')) {
        let goes_on = lines > shown && at + 1 == end;
        // Of a line that is longer than any screen only the beginning is looked at.
        let line = clean_line(if goes_on { "…" } else { fit_bytes(line, 4096) }.as_bytes());
        paint::left(buffer, paint::row(inside, at), &[(&line, theme.text)]);
    }
    for (at, (key, what, style)) in (last..).zip(answers) {
        let key = pad_to(&key.map(|key| key.to_string()).unwrap_or_default(), 6);
        paint::left(buffer, paint::row(inside, at), &[(&key, style), (" ", theme.text), (&what, theme.text)]);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use strum::VariantArray;

    use super::*;
    use crate::locale::Language;

    #[test]
    fn every_place_and_action_is_explained_in_every_language_and_nothing_else() {
        let keymap = Keymap::preset().unwrap();
        let lines = keymap.help();
        let (mut actions, mut places) = (BTreeSet::new(), BTreeSet::new());
        for line in &lines {
            let new = match line {
                HelpLine::Place(place) => places.insert((*place).to_owned()),
                HelpLine::Action(place, action, _) => actions.insert(((*place).to_owned(), action.clone())),
            };
            assert!(new, "{line:?} stands twice");
        }
        for language in Language::VARIANTS {
            let words = language.words().unwrap();
            let explained = words.actions.iter();
            let explained =
                explained.flat_map(|(place, own)| own.keys().map(|name| (place.clone(), name.clone())));
            assert_eq!(explained.collect::<BTreeSet<_>>(), actions, "{language}");
            assert_eq!(words.places.keys().cloned().collect::<BTreeSet<_>>(), places, "{language}");
        }
    }
}
