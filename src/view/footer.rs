//! The last row: the keys that matter where the input goes, or something that has to be said once.

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use ratatui::widgets::{Clear, Widget};

use super::paint::{self, Piece};
use super::{Look, share, transfers, wording};
use crate::app::chat::ChatFocus;
use crate::app::conversation::Conversation;
use crate::app::files::{Files, FilesFocus, Place};
use crate::app::keys::{
    self, Act, Browse, Compose, Edit, Global, Keymap, Look as LookAt, Move, PeerAct, Transfer, Watch,
};
use crate::app::layout::{Area, Frame};
use crate::app::message::Message;
use crate::app::overlay::Overlay;
use crate::app::peers::Question;
use crate::app::queue::Item;
use crate::app::{Notice, State, Tab};
use crate::event::{Delivery, Key};
use crate::locale::{HintWords, Words, fill};
use crate::text::links::links;
use crate::text::size;
use crate::text::width::{ellipsis_middle, width};
use crate::text::wrap::{Spaces, wrap};
use crate::wire::chat::DATAGRAM_LIMIT;
use crate::wire::peer::Peer;

/// The most columns of a name in a sentence.
const NAME_COLUMNS: usize = 40;
/// Columns between two hints.
const GAP: u16 = 3;

/// The key line, or the notice in its place.
pub(super) fn draw(state: &State, look: &Look, areas: &Frame, buffer: &mut Buffer) {
    if let Some(notice) = &state.notice {
        return say(&notice_text(state, &look.words, notice), look.theme.warning, areas, buffer);
    }
    let Some(row) = areas.footer else { return };
    let mut rest = paint::inset(row, 1);
    for (key, label) in fitting(hints(state, &look.words.hint), usize::from(rest.width) - 1) {
        let pieces: [Piece<'_>; 3] = [(&key, look.theme.key), (" ", look.theme.dim), (label, look.theme.dim)];
        rest = paint::inset(rest, paint::left(buffer, rest, &pieces) + GAP);
    }
}

/// A sentence in the place of the key line. Where it does not fit there, or there is none, it takes the first rows of
/// the tab, for what is being typed is further down: none of it is cut.
fn say(sentence: &str, style: Style, areas: &Frame, buffer: &mut Buffer) {
    let lines = wrap(sentence, usize::from(areas.body.width.saturating_sub(2)), Spaces::Hang);
    let place = areas.footer.filter(|_| lines.len() == 1).unwrap_or(areas.body);
    for (y, range) in (place.y..place.y + place.height).zip(lines) {
        let row = Area { y, height: 1, ..place };
        Clear.render(row.into(), buffer);
        paint::left(buffer, paint::inset(row, 1), &[(&sentence[range], style)]);
    }
}

/// The hints for which there is room, none of them cut: the last one, which is the way to all the other keys, then the
/// others from the first on.
fn fitting(hints: Vec<Hint<'_>>, columns: usize) -> Vec<(String, &str)> {
    let mut shown: Vec<_> =
        hints.into_iter().filter_map(|(key, label)| Some((key?.to_string(), label))).collect();
    let cells = |(key, label): &(String, &str)| width(key) + 1 + width(label);
    let Some(last) = shown.pop() else { return shown };
    let mut left = columns.saturating_sub(cells(&last));
    let fit = shown.iter().take_while(|hint| {
        let room = left.checked_sub(cells(hint) + usize::from(GAP));
        left = room.unwrap_or(0);
        room.is_some()
    });
    shown.truncate(fit.count());
    shown.push(last);
    shown
}

fn notice_text(state: &State, words: &Words, notice: &Notice) -> String {
    let words_of = &words.notice;
    match notice {
        Notice::PortTaken { wanted, got } => {
            fill(&words_of.port_taken, &[("wanted", &wanted.to_string()), ("got", &got.to_string())])
        }
        Notice::NoPeer if state.chat.conversations.is_empty() => words_of.no_peer.clone(),
        Notice::NoPeer => fill(&words_of.no_peer_chosen, &[("key", &key_of(state, Global::NextPeer))]),
        Notice::TooLongToSend(over) => {
            let (limit, over) = (size::bytes_exact(DATAGRAM_LIMIT as u64), size::bytes_exact(*over as u64));
            fill(&words_of.too_long_to_send, &[("limit", &limit), ("over", &over)])
        }
        Notice::TooLongToPaste => words_of.too_long_to_paste.clone(),
        Notice::NotAFile => words_of.not_a_file.clone(),
        Notice::NothingSelected => words_of.nothing_selected.clone(),
        Notice::Bookmark(source, on) => {
            let key = keys::first_key(&state.keymap.entries, Browse::Bookmark).map(|key| key.to_string());
            let source = ellipsis_middle(source, usize::from(state.size.width) / 2);
            let values = [("folder", &*source), ("key", &*key.unwrap_or_default())];
            fill(if *on { &words_of.bookmarked } else { &words_of.not_bookmarked }, &values)
        }
        Notice::NotAll(fault) => wording::fault(words, fault),
        Notice::NotMeasured(fault) => {
            fill(&words_of.not_measured, &[("reason", &wording::fault(words, fault))])
        }
        Notice::NotForPreview => words_of.not_for_preview.clone(),
        Notice::NotAFolder => words_of.not_a_folder.clone(),
        Notice::HowToQuit => fill(&words_of.how_to_quit, &[("key", &key_of(state, Global::Quit))]),
        Notice::Copied => words_of.copied.clone(),
        Notice::NotCopied(fault) => fill(&words_of.not_copied, &[("reason", &wording::fault(words, fault))]),
        Notice::Opened(url) => {
            // More than a row of it helps nobody.
            let url = ellipsis_middle(url, usize::from(state.size.width));
            fill(&words_of.opened, &[("url", &url)])
        }
        Notice::NotOpened(fault) => fill(&words_of.not_opened, &[("reason", &wording::fault(words, fault))]),
        Notice::MayRun(name) => about(state, &words_of.may_run, name),
        Notice::NotHere(name) => about(state, &words_of.not_here, name),
        Notice::Asked(name) => about(state, &words_of.asked, name),
        Notice::Unauthorized(server) => about(state, &words_of.unauthorized, server),
        Notice::Downloads { here, failed } => {
            let sentence = match (here, failed) {
                (1, 0) => &words_of.one_here,
                (_, 0) => &words_of.here,
                (0, _) => &words_of.all_failed,
                _ => &words_of.here_and_failed,
            };
            let (here, failed) = (size::grouped(*here), size::grouped(*failed));
            let key = key_of(state, Global::FilesTab);
            fill(sentence, &[("count", &here), ("failed", &failed), ("key", &key)])
        }
        Notice::NotShared(fault) => {
            fill(&words_of.not_shared, &[("reason", &wording::share_fault(words, fault))])
        }
        Notice::NotEdited(fault) => fill(&words_of.not_edited, &[("reason", &wording::fault(words, fault))]),
        Notice::SocketDown(fault) => {
            fill(&words_of.socket_down, &[("reason", &wording::fault(words, fault))])
        }
        Notice::NotSaved(fault) => fill(&words_of.not_saved, &[("reason", &wording::fault(words, fault))]),
        Notice::NotRead(fault) => fill(&words_of.not_read, &[("reason", &wording::fault(words, fault))]),
        Notice::NotSearched(fault) => {
            fill(&words_of.not_searched, &[("reason", &wording::fault(words, fault))])
        }
        Notice::Muted(peer, on) => {
            let values = peer_and_key(state, *peer, Global::MutePeer);
            let sentence = if *on { &words_of.muted } else { &words_of.unmuted };
            fill(sentence, &[("peer", &values.0), ("key", &values.1)])
        }
        Notice::Blocked(peer, on) => {
            let values = peer_and_key(state, *peer, Global::BlockPeer);
            let sentence = if *on { &words_of.blocked } else { &words_of.unblocked };
            fill(sentence, &[("peer", &values.0), ("key", &values.1)])
        }
        Notice::Cleared(count) => transfers::hints::cleared(state, words_of, *count),
        Notice::Noisy(peer) => {
            let (peer, mute) = peer_and_key(state, *peer, Global::MutePeer);
            let block = key_of(state, Global::BlockPeer);
            fill(&words_of.noisy, &[("peer", &peer), ("mute", &mute), ("block", &block)])
        }
        Notice::NameShared { name, other } => {
            fill(&words_of.name_shared, &[("name", name), ("other", &other.to_string())])
        }
        Notice::NameMoved { name, before, now } => {
            let (before, now) = (before.to_string(), now.to_string());
            fill(&words_of.name_moved, &[("name", name), ("before", &before), ("now", &now)])
        }
        Notice::QueueElsewhere => words_of.queue_elsewhere.clone(),
        Notice::NotRemembered(fault) => {
            fill(&words_of.not_remembered, &[("reason", &wording::fault(words, fault))])
        }
    }
}

/// A sentence about a file or a server, whose name has half a row at most.
fn about(state: &State, sentence: &str, name: &str) -> String {
    let name = ellipsis_middle(name, usize::from(state.size.width) / 2);
    let key = keys::first_key(&state.keymap.transfers, Transfer::Answer).map(|key| key.to_string());
    // Where it is a key, and not a letter that is typed.
    let types = !matches!(state.files.focus, FilesFocus::Entries | FilesFocus::Transfers);
    let keys = [
        (state.tab == Tab::Chat).then(|| key_of(state, Global::FilesTab)),
        types.then(|| key_of(state, Global::NextPane)),
        key,
    ];
    let keys: Vec<String> = keys.into_iter().flatten().collect();
    fill(sentence, &[("name", &name), ("keys", &keys.join(" "))])
}

fn key_of(state: &State, action: Global) -> String {
    keys::first_key(&state.keymap.global, action).map(|key| key.to_string()).unwrap_or_default()
}

/// What the peer is called, as far as a sentence has room for it, and the key for this.
fn peer_and_key(state: &State, peer: Peer, action: Global) -> (String, String) {
    let title = state.chat.with(peer).map_or_else(|| peer.to_string(), Conversation::title);
    (ellipsis_middle(&title, NAME_COLUMNS).into_owned(), key_of(state, action))
}

pub(super) type Hint<'a> = (Option<Key>, &'a str);

/// The keys that matter here, the most useful first; the way to all the other keys is the last.
fn hints<'a>(state: &State, words: &'a HintWords) -> Vec<Hint<'a>> {
    let map = &state.keymap;
    let global = |action: Global| keys::first_key(&map.global, action);
    let mut hints: Vec<Hint<'a>> = match (&state.overlay, state.tab) {
        (Some(Overlay::Help(_)), _) => {
            return vec![
                (keys::first_key(&map.list, Move::Down), &words.scroll),
                (global(Global::Back), &words.back),
            ];
        }
        (Some(Overlay::GoTo(_)), _) => vec![
            (keys::first_key(&map.field, Edit::Accept), &words.accept),
            (keys::first_key(&map.field, Edit::Down), &words.choose),
            (keys::first_key(&map.field, Edit::DeleteRight), &words.forget),
        ],
        (Some(Overlay::Find(_)), _) => vec![
            (keys::first_key(&map.field, Edit::Accept), &words.accept),
            (keys::first_key(&map.field, Edit::Down), &words.choose),
            (global(Global::Find), &words.here),
        ],
        (Some(Overlay::Links(_)), _) => vec![
            (keys::first_key(&map.messages, Act::Open), &words.open_link),
            (keys::first_key(&map.list, Move::Down), &words.choose),
        ],
        (Some(Overlay::Details(_)), _) => vec![(keys::first_key(&map.list, Move::Down), &words.scroll)],
        (Some(Overlay::Peer(menu)), _) => match menu.question {
            Question::Row => vec![
                (keys::first_key(&map.peers, PeerAct::Choose), &words.change),
                (keys::first_key(&map.list, Move::Up), &words.choose),
            ],
            Question::Name(_) => vec![(keys::first_key(&map.field, Edit::Accept), &words.accept)],
            Question::Block | Question::Forget => Vec::new(),
        },
        (Some(Overlay::Preview(_)), _) => vec![
            (keys::first_key(&map.preview, LookAt::Get), &words.download),
            (keys::first_key(&map.list, Move::Down), &words.scroll),
        ],
        (Some(Overlay::SignIn(_)), _) => vec![
            (keys::first_key(&map.field, Edit::Accept), &words.accept),
            (global(Global::NextPane), &words.next_field),
        ],
        (Some(Overlay::Share(sharing)), _) => share::hints(state, sharing, words),
        (Some(Overlay::Transfer(dialogue)), _) => transfers::hints::dialogue(dialogue, map, words),
        (Some(Overlay::Quit | Overlay::Confirm(_) | Overlay::Paste(_) | Overlay::Addressee(_)), _) => {
            Vec::new()
        }
        (None, _) if !state.is_in_tab() => traffic_hints(map, words),
        (None, Tab::Chat) if state.first_key.is_some() => {
            return vec![(keys::first_key(&map.composer, Compose::Editor), &words.editor)];
        }
        (None, Tab::Chat) => match state.selected_message().filter(|_| state.chat.search.is_none()) {
            Some(message) => message_hints(state, message, words),
            None => chat_hints(state, map, words),
        },
        (None, Tab::Files) => files_hints(&state.files, map, words),
    };
    if state.is_in_tab() {
        hints.push((global(Global::GoTo), &words.go_to));
        hints.push((global(Global::Address), &words.address));
        if state.tab == Tab::Chat && state.chat.search.is_none() {
            hints.push((global(Global::Find), &words.find));
        }
        hints.push(match state.tab {
            Tab::Chat => (global(Global::FilesTab), &words.files),
            Tab::Files => (global(Global::ChatTab), &words.chat),
        });
        hints.push((global(Global::NextPane), &words.next_pane));
        hints.push((global(Global::Share), &words.share));
    } else {
        hints.push((global(Global::Back), &words.back));
    }
    hints.push((global(Global::Help), &words.help));
    hints
}

/// What can be done with the selected message.
fn message_hints<'a>(state: &State, message: &Message, words: &'a HintWords) -> Vec<Hint<'a>> {
    let map = &state.keymap;
    let act = |action: Act| keys::first_key(&map.messages, action);
    let mut hints: Vec<Hint<'a>> = Vec::new();
    if message.delivery.is_undelivered() {
        hints.push((act(Act::Resend), &words.resend));
    }
    if !links(&message.text).is_empty() {
        hints.push((act(Act::Open), &words.open_link));
    }
    if !matches!(message.delivery, Delivery::Folded(_)) {
        hints.push((act(Act::Copy), &words.copy));
        hints.push((act(Act::Quote), &words.quote));
    }
    hints.push((act(Act::Details), &words.details));
    hints.push((keys::first_key(&map.list, Move::Up), &words.choose));
    hints.push((keys::first_key(&map.global, Global::Back), &words.write));
    // After a click letters are written.
    hints.retain(|(key, _)| state.chat.focus != ChatFocus::Clicked || key.and_then(Key::types).is_none());
    hints
}

fn chat_hints<'a>(state: &State, map: &Keymap, words: &'a HintWords) -> Vec<Hint<'a>> {
    match state.chat.focus {
        ChatFocus::Composer => vec![
            (keys::first_key(&map.composer, Compose::Send), &words.send),
            (keys::first_key(&map.composer, Compose::Newline), &words.newline),
            (keys::first_key(&map.global, Global::NextPeer), &words.peers),
        ],
        ChatFocus::Find => vec![
            (keys::first_key(&map.field, Edit::Up), &words.older_hit),
            (keys::first_key(&map.field, Edit::Down), &words.newer_hit),
            (keys::first_key(&map.global, Global::Back), &words.back),
            (keys::first_key(&map.global, Global::Find), &words.everywhere),
            (keys::first_key(&map.field, Edit::Accept), &words.accept),
        ],
        ChatFocus::Messages if state.chat.search.is_some() => vec![
            (keys::first_key(&map.messages, Act::OlderHit), &words.older_hit),
            (keys::first_key(&map.messages, Act::NewerHit), &words.newer_hit),
            (keys::first_key(&map.global, Global::Back), &words.back),
        ],
        ChatFocus::Messages | ChatFocus::Clicked => vec![
            (keys::first_key(&map.list, Move::Up), &words.scroll),
            (keys::first_key(&map.global, Global::Back), &words.write),
        ],
        ChatFocus::Address => {
            let begun = state.chat.completion(&state.recent);
            let complete = begun.map(|_| (keys::first_key(&map.global, Global::NextPane), &*words.complete));
            complete.into_iter().chain(typing_hints(map, words)).collect()
        }
        ChatFocus::Peers if state.chat.filter().is_some() => vec![
            (keys::first_key(&map.field, Edit::Accept), &words.talk),
            (keys::first_key(&map.field, Edit::Down), &words.choose),
            (keys::first_key(&map.global, Global::Back), &words.back),
        ],
        ChatFocus::Peers => {
            let act = |act: PeerAct| keys::first_key(&map.peers, act);
            vec![
                (act(PeerAct::Choose), &words.talk),
                (act(PeerAct::Filter), &words.filter),
                (act(PeerAct::Settings), &words.settings),
                (act(PeerAct::Name), &words.name),
                (act(PeerAct::Pin), &words.pin),
                (act(PeerAct::Mute), &words.mute),
                (act(PeerAct::Block), &words.block),
                (act(PeerAct::Forget), &words.forget),
            ]
        }
    }
}

fn files_hints<'a>(files: &Files, map: &Keymap, words: &'a HintWords) -> Vec<Hint<'a>> {
    let entries = |action: Browse| keys::first_key(&map.entries, action);
    let runs = files.transfers.selected().is_some_and(Item::is_open);
    match files.focus {
        // Nothing to walk through; what to do instead stands in the middle of the screen.
        FilesFocus::Entries if files.failed.is_some() || !matches!(files.place, Place::Folder(_)) => {
            Vec::new()
        }
        FilesFocus::Entries => vec![
            (entries(Browse::Open), &words.open),
            (entries(Browse::Mark), &words.mark),
            (entries(Browse::Get), &words.get),
            (entries(Browse::Filter), &words.filter),
            (entries(Browse::Sort), &words.sort),
            (entries(Browse::Cancel).filter(|_| runs), &words.cancel),
            (entries(Browse::Preview), &words.preview),
            (entries(Browse::Jump), &words.jump),
            (entries(Browse::Hidden), &words.hidden),
            (entries(Browse::Bookmark), &words.bookmark),
            (entries(Browse::Parent), &words.parent),
            (entries(Browse::Reload), &words.reload),
        ],
        FilesFocus::Name => {
            let back =
                files.is_dead_end().then(|| (keys::first_key(&map.global, Global::Back), &*words.back));
            let download = (keys::first_key(&map.field, Edit::Accept), &*words.download);
            let choose = (keys::first_key(&map.field, Edit::Down), &*words.choose);
            back.into_iter().chain([download, choose]).collect()
        }
        FilesFocus::Transfers => transfers::hints::selected(files, map, words),
        FilesFocus::Path => {
            let complete = (keys::first_key(&map.global, Global::NextPane), &*words.complete);
            [complete].into_iter().chain(typing_hints(map, words)).collect()
        }
        FilesFocus::Filter | FilesFocus::Address => typing_hints(map, words),
    }
}

fn traffic_hints<'a>(map: &Keymap, words: &'a HintWords) -> Vec<Hint<'a>> {
    vec![
        (keys::first_key(&map.list, Move::Up), &words.choose),
        (keys::first_key(&map.traffic, Watch::Details), &words.details),
        (keys::first_key(&map.traffic, Watch::OnlyPeer), &words.only_peer),
        (keys::first_key(&map.traffic, Watch::Clear), &words.clear),
        (keys::first_key(&map.global, Global::NextPane), &words.next_pane),
    ]
}

fn typing_hints<'a>(map: &Keymap, words: &'a HintWords) -> Vec<Hint<'a>> {
    vec![
        (keys::first_key(&map.field, Edit::Accept), &words.accept),
        (keys::first_key(&map.global, Global::Back), &words.back),
    ]
}
