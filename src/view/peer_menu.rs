//! What is set for a peer, over the screen. The marks that stand before the peers in the list are explained here.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::paint::{self, Piece};
use super::peers::{BLOCKED, MUTED, PINNED};
use super::{Look, bars, overlays};
use crate::app::State;
use crate::app::conversation::Conversation;
use crate::app::keys::{self, Global, PeerAct};
use crate::app::layout::Area;
use crate::app::peers::{PeerMenu, Question, Setting};
use crate::locale::fill;
use crate::text::size::grouped;
use crate::text::width::{ellipsis_middle, pad_to, width};

/// The most columns of a name in the question.
const NAME_COLUMNS: usize = 40;
/// The most columns of the box.
const WIDTH: u16 = 60;

/// Draws it; the caret, where a name is typed.
pub(super) fn draw(
    state: &State,
    menu: &PeerMenu,
    look: &Look,
    body: Area,
    buffer: &mut Buffer,
) -> Option<Position> {
    let conversation = state.chat.with(menu.peer)?;
    let words = &look.words.peer;
    let title = box_title(conversation, body);
    match &menu.question {
        Question::Row => {
            rows(state, conversation, menu.selected, look, body, buffer);
            None
        }
        Question::Name(field) => {
            let inside = overlays::boxed(&title, place(body, 2), look, buffer);
            let caret = bars::one_line(field, look.theme.text, paint::row(inside, 0), buffer);
            paint::left(buffer, paint::row(inside, 1), &[(&words.naming, look.theme.dim)]);
            Some(caret)
        }
        Question::Block => {
            let peer = conversation.title();
            let key = keys::first_key(&state.keymap.global, Global::BlockPeer).map(|key| key.to_string());
            let peer = ellipsis_middle(&peer, NAME_COLUMNS);
            let values = [("peer", &*peer), ("key", &*key.unwrap_or_default())];
            let sentence = fill(&words.block_question, &values);
            overlays::question(state, &title, &sentence, look, body, buffer);
            None
        }
        Question::Forget => {
            let (count, peer) = (grouped(conversation.count()), conversation.title());
            let values = [("count", &*count), ("peer", &*ellipsis_middle(&peer, NAME_COLUMNS))];
            let sentence = fill(&words.forget_question, &values);
            overlays::question(state, &title, &sentence, look, body, buffer);
            None
        }
    }
}

/// A box in the middle of the body, with room for so many rows.
fn place(body: Area, rows: usize) -> Area {
    let width = body.width.min(WIDTH);
    let height = u16::try_from(rows + 2).unwrap_or(body.height).min(body.height);
    let (x, y) = (body.x + (body.width - width) / 2, body.y + (body.height - height) / 2);
    Area { x, y, width, height }
}

/// The name, which gives way, and the address.
fn box_title(conversation: &Conversation, body: Area) -> String {
    let address = conversation.peer().to_string();
    let room = usize::from(body.width.min(WIDTH)).saturating_sub(width(&address) + 5);
    let name = conversation.name().map(|name| format!("{} ", ellipsis_middle(name, room)));
    format!("{}{address}", name.unwrap_or_default())
}

fn rows(
    state: &State,
    conversation: &Conversation,
    selected: usize,
    look: &Look,
    body: Area,
    buffer: &mut Buffer,
) {
    let (words, theme) = (&look.words.peer, &look.theme);
    let settings = Setting::of(conversation.peer());
    let inside = overlays::boxed(&box_title(conversation, body), place(body, settings.len()), look, buffer);
    let height = usize::from(inside.height).max(1);
    let first = (selected + 1).saturating_sub(height);
    for (nth, setting) in settings.iter().enumerate().skip(first).take(height) {
        let row = paint::row(inside, u16::try_from(nth - first).unwrap_or(inside.height));
        let here = nth == selected;
        if here {
            paint::tint(buffer, row, theme.selected);
        }
        let (act, sign, label) = match setting {
            Setting::Name => (Some(PeerAct::Name), " ", &words.name),
            Setting::Pinned => (Some(PeerAct::Pin), PINNED, &words.pinned),
            Setting::Muted => (Some(PeerAct::Mute), MUTED, &words.muted),
            Setting::Blocked => (Some(PeerAct::Block), BLOCKED, &words.blocked),
            Setting::Bell => (None, " ", &words.bell),
            Setting::Desktop => (None, " ", &words.desktop),
            Setting::Title => (None, " ", &words.title),
            Setting::Forget => (Some(PeerAct::Forget), " ", &words.forget),
        };
        let key = act.and_then(|act| keys::first_key(&state.keymap.peers, act)).map(|key| key.to_string());
        let key = pad_to(&key.unwrap_or_default(), 2);
        let mark = if here { "▌" } else { " " };
        let value = match setting.is_on(&conversation.contact) {
            Some(true) => "[x]".to_owned(),
            Some(false) => "[ ]".to_owned(),
            None if *setting == Setting::Name => {
                let room = usize::from(row.width / 2);
                let name = conversation.name().map_or(&*words.no_name, |name| name);
                ellipsis_middle(name, room).into_owned()
            }
            None => String::new(),
        };
        let used = paint::right(buffer, row, &[(&value, theme.text)]);
        let room = Area { width: row.width.saturating_sub(used + 1), ..row };
        let pieces: [Piece<'_>; 6] = [
            (mark, theme.mark),
            (&key, theme.key),
            (" ", theme.text),
            (sign, theme.mark),
            (" ", theme.text),
            (label, theme.text),
        ];
        paint::left(buffer, room, &pieces);
    }
}
