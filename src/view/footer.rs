//! The last row: the keys that matter where the input goes, or something that has to be said once.

use ratatui::buffer::Buffer;

use super::paint::{self, Piece};
use super::{Look, wording};
use crate::app::chat::ChatFocus;
use crate::app::files::FilesFocus;
use crate::app::keys::{self, Browse, Compose, Edit, Global, Keymap, Move, Transfer};
use crate::app::layout::Frame;
use crate::app::overlay::Overlay;
use crate::app::{Notice, State, Tab};
use crate::event::Key;
use crate::locale::{HintWords, Words, fill};
use crate::text::width::width;

/// The key line, or the notice in its place. On a screen too low for it the notice takes the last row there is.
pub(super) fn draw(state: &State, look: &Look, areas: &Frame, buffer: &mut Buffer) {
    if let Some(notice) = &state.notice {
        let row = areas.footer.unwrap_or_else(|| paint::row(areas.body, areas.body.height - 1));
        let sentence = notice_text(state, &look.words, notice);
        ratatui::widgets::Widget::render(ratatui::widgets::Clear, row.into(), buffer);
        paint::left(buffer, row, &[(" ", look.theme.warning), (&sentence, look.theme.warning)]);
        return;
    }
    let Some(row) = areas.footer else { return };
    let mut rest = paint::inset(row, 1);
    for (key, label) in hints(state, &look.words.hint) {
        let Some(key) = key else { continue };
        let key = key.to_string();
        let pieces: [Piece<'_>; 3] = [(&key, look.theme.key), (" ", look.theme.dim), (label, look.theme.dim)];
        // A hint that does not fit is left out, not cut.
        if width(&key) + width(label) + 1 > usize::from(rest.width) {
            break;
        }
        rest = paint::inset(rest, paint::left(buffer, rest, &pieces) + 3);
    }
}

fn notice_text(state: &State, words: &Words, notice: &Notice) -> String {
    let words_of = &words.notice;
    match notice {
        Notice::PortTaken { wanted, got } => {
            fill(&words_of.port_taken, &[("wanted", &wanted.to_string()), ("got", &got.to_string())])
        }
        Notice::NoPeer => words_of.no_peer.clone(),
        Notice::NotAFile => words_of.not_a_file.clone(),
        Notice::HowToQuit => {
            let key = keys::first_key(&state.keymap.global, Global::Quit).map(|key| key.to_string());
            fill(&words_of.how_to_quit, &[("key", &key.unwrap_or_default())])
        }
        Notice::SocketDown(fault) => {
            fill(&words_of.socket_down, &[("reason", &wording::fault(words, fault))])
        }
        Notice::NotRemembered(fault) => {
            fill(&words_of.not_remembered, &[("reason", &wording::fault(words, fault))])
        }
    }
}

type Hint<'a> = (Option<Key>, &'a str);

/// The keys that matter here, the most useful first.
fn hints<'a>(state: &State, words: &'a HintWords) -> Vec<Hint<'a>> {
    let map = &state.keymap;
    let global = |action: Global| keys::first_key(&map.global, action);
    let mut hints: Vec<Hint<'a>> = match (&state.overlay, state.tab) {
        (Some(Overlay::Help(_)), _) => vec![
            (keys::first_key(&map.list, Move::Up), &words.scroll),
            (keys::first_key(&map.list, Move::PageDown), &words.scroll),
        ],
        (Some(Overlay::GoTo(_)), _) => vec![
            (keys::first_key(&map.field, Edit::Accept), &words.accept),
            (keys::first_key(&map.field, Edit::Down), &words.choose),
        ],
        (Some(Overlay::Quit), _) => Vec::new(),
        (None, Tab::Chat) => chat_hints(state.chat.focus, map, words),
        (None, Tab::Files) => files_hints(state.files.focus, map, words),
    };
    if state.overlay.is_some() {
        hints.push((global(Global::Back), &words.back));
        return hints;
    }
    // However little room there is, the way to all the other keys is among the first.
    hints.insert(hints.len().min(6), (global(Global::Help), &words.help));
    hints.push((global(Global::GoTo), &words.go_to));
    hints.push((global(Global::Address), &words.address));
    match state.tab {
        Tab::Chat => hints.push((global(Global::FilesTab), &words.files)),
        Tab::Files => hints.push((global(Global::ChatTab), &words.chat)),
    }
    hints.push((global(Global::NextPane), &words.next_pane));
    hints
}

fn chat_hints<'a>(focus: ChatFocus, map: &Keymap, words: &'a HintWords) -> Vec<Hint<'a>> {
    match focus {
        ChatFocus::Composer => vec![
            (keys::first_key(&map.composer, Compose::Send), &words.send),
            (keys::first_key(&map.composer, Compose::Newline), &words.newline),
            (keys::first_key(&map.global, Global::NextPeer), &words.peers),
        ],
        ChatFocus::Messages => vec![
            (keys::first_key(&map.list, Move::Up), &words.scroll),
            (keys::first_key(&map.global, Global::Back), &words.write),
        ],
        ChatFocus::Address => typing_hints(map, words),
    }
}

fn files_hints<'a>(focus: FilesFocus, map: &Keymap, words: &'a HintWords) -> Vec<Hint<'a>> {
    let entries = |action: Browse| keys::first_key(&map.entries, action);
    match focus {
        FilesFocus::Entries => vec![
            (entries(Browse::Open), &words.open),
            (entries(Browse::Mark), &words.mark),
            (entries(Browse::Get), &words.get),
            (entries(Browse::Filter), &words.filter),
            (entries(Browse::Sort), &words.sort),
            (entries(Browse::Cancel), &words.cancel),
            (entries(Browse::Parent), &words.parent),
            (entries(Browse::Reload), &words.reload),
        ],
        FilesFocus::Name => vec![
            (keys::first_key(&map.field, Edit::Accept), &words.download),
            (keys::first_key(&map.field, Edit::Down), &words.choose),
        ],
        FilesFocus::Transfers => vec![
            (keys::first_key(&map.transfers, Transfer::Cancel), &words.remove),
            (keys::first_key(&map.list, Move::Up), &words.choose),
        ],
        FilesFocus::Filter | FilesFocus::Address => typing_hints(map, words),
    }
}

fn typing_hints<'a>(map: &Keymap, words: &'a HintWords) -> Vec<Hint<'a>> {
    vec![
        (keys::first_key(&map.field, Edit::Accept), &words.accept),
        (keys::first_key(&map.global, Global::Back), &words.back),
    ]
}
