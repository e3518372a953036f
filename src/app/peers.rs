//! What the keys do to a peer: in the list of peers, in what is set for one of them, and from anywhere.

use strum::VariantArray;

use super::chat::ChatFocus;
use super::conversation::Conversation;
use super::field::Field;
use super::keys::{self, Answer, Edit, Move, PeerAct, walked};
use super::overlay::Overlay;
use super::{Notice, State, Tab, Turn};
use crate::effect::Contact;
use crate::event::Key;
use crate::wire::address::Endpoint;
use crate::wire::peer::Peer;
use crate::wire::source::Source;

/// What is set for a peer, over the screen.
#[derive(Debug, Clone)]
pub struct PeerMenu {
    /// For whom.
    pub peer: Peer,
    /// Which row is selected.
    pub selected: usize,
    /// What is asked.
    pub question: Question,
    /// Whether nothing but the question was wanted.
    alone: bool,
}

/// What is asked about a peer.
#[derive(Debug, Clone)]
pub enum Question {
    /// Which of the rows is to be changed.
    Row,
    /// What it is to be called.
    Name(Field),
    /// Whether it is really to be blocked.
    Block,
    /// Whether it is really to be forgotten.
    Forget,
}

/// A row of what is set for a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray)]
pub enum Setting {
    /// What it is called.
    Name,
    /// Whether it stays at the top of the list.
    Pinned,
    /// Whether nothing of it is announced or counted.
    Muted,
    /// Whether what it sends is thrown away.
    Blocked,
    /// Whether the bell may ring.
    Bell,
    /// Whether the desktop may show that it wrote.
    Desktop,
    /// Whether the window's title counts what was not read.
    Title,
    /// Forgets it.
    Forget,
}

impl Setting {
    /// The rows for a peer. Nobody ever hears from everyone: what comes back has a sender.
    #[must_use]
    pub fn of(peer: Peer) -> &'static [Self] {
        match peer {
            Peer::Address(_) => Self::VARIANTS,
            Peer::Broadcast(_) => &[Self::Name, Self::Pinned, Self::Forget],
        }
    }

    /// Whether it is set; none for what is not just on or off.
    #[must_use]
    pub fn is_on(self, contact: &Contact) -> Option<bool> {
        match self {
            Self::Pinned => Some(contact.pinned),
            Self::Muted => Some(contact.muted),
            Self::Blocked => Some(contact.blocked),
            Self::Bell => Some(!contact.silent.bell),
            Self::Desktop => Some(!contact.silent.desktop),
            Self::Title => Some(!contact.silent.title),
            Self::Name | Self::Forget => None,
        }
    }

    fn switch(self, contact: &mut Contact) {
        let switched = match self {
            Self::Pinned => &mut contact.pinned,
            Self::Muted => &mut contact.muted,
            Self::Bell => &mut contact.silent.bell,
            Self::Desktop => &mut contact.silent.desktop,
            Self::Title => &mut contact.silent.title,
            Self::Name | Self::Blocked | Self::Forget => return,
        };
        *switched = !*switched;
    }

    /// The row that a key stands for.
    #[must_use]
    pub fn of_key(act: PeerAct) -> Option<Self> {
        match act {
            PeerAct::Name => Some(Self::Name),
            PeerAct::Pin => Some(Self::Pinned),
            PeerAct::Mute => Some(Self::Muted),
            PeerAct::Block => Some(Self::Blocked),
            PeerAct::Forget => Some(Self::Forget),
            PeerAct::Choose | PeerAct::Settings | PeerAct::Filter => None,
        }
    }
}

impl PeerMenu {
    fn new(peer: Peer) -> Self {
        Self { peer, selected: 0, question: Question::Row, alone: false }
    }
}

impl State {
    /// A key in the list of peers.
    pub(super) fn on_peers_key(&mut self, key: Key, turn: &mut Turn<'_>) {
        let rows = self.chat.layout(turn.size).and_then(|areas| areas.peers).map_or(1, |area| area.height);
        let step = keys::action(&turn.keymap.list, key);
        if let Some(filter) = &mut self.chat.list.filter {
            match (keys::action(&turn.keymap.field, key), step) {
                (Some(Edit::Accept), _) => self.talk_to_selected(),
                (Some(Edit::Up), _) => self.chat.walk_peers(Move::Up, 1),
                (Some(Edit::Down), _) => self.chat.walk_peers(Move::Down, 1),
                (None, Some(step)) if key.types().is_none() => self.chat.walk_peers(step, rows.into()),
                (edit, _) => {
                    filter.on_key(key, edit);
                    self.chat.filter_changed();
                }
            }
            return;
        }
        let selected = self.chat.selected_peer();
        match (keys::action(&turn.keymap.peers, key), selected) {
            (None, _) => step.into_iter().for_each(|step| self.chat.walk_peers(step, rows.into())),
            (Some(PeerAct::Filter), _) => self.chat.list.filter = Some(Field::default()),
            (Some(PeerAct::Choose), _) => self.talk_to_selected(),
            (Some(_), None) => {}
            (Some(PeerAct::Settings), Some(peer)) => self.overlay = Some(Overlay::Peer(PeerMenu::new(peer))),
            (Some(act), Some(peer)) => {
                let menu = PeerMenu { alone: true, ..PeerMenu::new(peer) };
                self.set(menu, Setting::of_key(act), turn);
            }
        }
    }

    fn talk_to_selected(&mut self) {
        if let Some(at) = self.chat.selected() {
            self.chat.select(at);
        }
    }

    /// A key while it is shown what is set for a peer.
    pub(super) fn on_peer_menu_key(&mut self, mut menu: PeerMenu, key: Key, turn: &mut Turn<'_>) {
        match &mut menu.question {
            Question::Row => {
                let rows = Setting::of(menu.peer);
                if let Some(act) = keys::action(&turn.keymap.peers, key) {
                    let here = || rows.get(menu.selected).copied();
                    let chosen = matches!(act, PeerAct::Choose | PeerAct::Settings).then(here);
                    let chosen = chosen.unwrap_or_else(|| Setting::of_key(act));
                    return self.set(menu, chosen, turn);
                }
                if let Some(step) = keys::action(&turn.keymap.list, key) {
                    menu.selected = walked(step, menu.selected, rows.len(), rows.len());
                }
            }
            Question::Name(field) => match keys::action(&turn.keymap.field, key) {
                Some(Edit::Accept) => {
                    self.chat.call(menu.peer, field.text(), turn);
                    menu.question = Question::Row;
                    self.overlay = (!menu.alone).then_some(Overlay::Peer(menu));
                    return;
                }
                edit => field.on_key(key, edit),
            },
            Question::Block => match keys::deliberate(&turn.keymap.question, key) {
                Some(answer) => {
                    if answer == Answer::Yes {
                        self.chat.block(menu.peer, true, turn);
                    }
                    menu.question = Question::Row;
                    self.overlay = (!menu.alone).then_some(Overlay::Peer(menu));
                    return;
                }
                // Whoever goes on typing did not mean to block: in most terminals the key that asks is the same as Esc with a
                // letter right behind it.
                None if menu.alone && self.is_composing() && key.types().is_some() => {
                    return self.on_key(key, turn);
                }
                None => {}
            },
            Question::Forget => match keys::deliberate(&turn.keymap.question, key) {
                Some(Answer::Yes) => return self.chat.forget(menu.peer, turn),
                Some(Answer::No) if menu.alone => return,
                Some(Answer::No) => menu.question = Question::Row,
                None => {}
            },
        }
        self.overlay = Some(Overlay::Peer(menu));
    }

    /// Changes what is set, or asks what has to be asked for that.
    fn set(&mut self, mut menu: PeerMenu, setting: Option<Setting>, turn: &mut Turn<'_>) {
        let rows = Setting::of(menu.peer);
        let known = setting.and_then(|setting| rows.iter().position(|row| *row == setting));
        let row = known.map(|at| (at, rows[at]));
        menu.selected = row.map_or(menu.selected, |(at, _)| at);
        match row {
            Some((_, Setting::Name)) => {
                let name = self.chat.with(menu.peer).and_then(Conversation::name).map_or("", |name| name);
                menu.question = Question::Name(Field::with(name));
            }
            Some((_, Setting::Forget)) => menu.question = Question::Forget,
            Some((_, Setting::Blocked)) if !self.chat.is_blocked(menu.peer) => {
                menu.question = Question::Block;
            }
            Some((_, Setting::Blocked)) => {
                self.chat.block(menu.peer, false, turn);
                if menu.alone {
                    return;
                }
            }
            Some((_, setting)) => {
                self.chat.wish(menu.peer, |contact| setting.switch(contact));
                if menu.alone {
                    return;
                }
            }
            None if menu.alone => return,
            None => {}
        }
        self.overlay = Some(Overlay::Peer(menu));
    }

    /// What is set for a peer cannot be shown any more where that is not known any more.
    pub(super) fn leave_settings(&mut self) {
        let chat = &self.chat;
        self.overlay.take_if(|over| matches!(over, Overlay::Peer(menu) if chat.with(menu.peer).is_none()));
    }

    /// Completes the address of a peer, or a path, that is being typed, where something is known that begins like that.
    pub(super) fn complete_address(&mut self, turn: &mut Turn<'_>) -> bool {
        match self.tab {
            _ if !self.is_in_tab() => false,
            Tab::Chat => self.chat.focus == ChatFocus::Address && self.chat.complete(turn),
            Tab::Files => self.files.complete_path(),
        }
    }

    /// The peer that a key is about wherever the input goes: the one of whom it was just said that it sends too much or is
    /// blocked, the one whose settings are open, the one that is selected in the list, or the one in front.
    fn meant(&self, turn: &Turn<'_>) -> Option<Peer> {
        let open = self.overlay.as_ref().and_then(Overlay::peer);
        turn.noisy().or_else(|| turn.blocked()).or(open).or_else(|| self.chat.selected_peer())
    }

    /// A server is looked for where the peer is: hobnob serves files on the port number of its chat.
    pub(super) fn open_peers_files(&mut self, turn: &mut Turn<'_>) {
        let Some(address) = self.chat.conversation().and_then(Conversation::address) else {
            *turn.notice = Some(Notice::NoPeer);
            return;
        };
        self.show(Tab::Files);
        self.files.browse(Source::top(Endpoint::from(address)), turn);
    }

    /// Shows what is set for the peer, or not any more.
    pub(super) fn show_settings(&mut self, turn: &mut Turn<'_>) {
        if matches!(self.overlay, Some(Overlay::Peer(_))) {
            self.overlay = None;
        } else if let Some(peer) = self.meant(turn) {
            self.overlay = Some(Overlay::Peer(PeerMenu::new(peer)));
        } else {
            *turn.notice = Some(Notice::NoPeer);
        }
    }

    /// Asks whether the peer is to be blocked; one that is blocked is not any more.
    pub(super) fn block(&mut self, turn: &mut Turn<'_>) {
        let Some(peer) = self.meant(turn) else {
            *turn.notice = Some(Notice::NoPeer);
            return;
        };
        if !Setting::of(peer).contains(&Setting::Blocked) {
            return;
        }
        if self.chat.is_blocked(peer) {
            self.chat.block(peer, false, turn);
        } else {
            let menu = PeerMenu { alone: true, question: Question::Block, ..PeerMenu::new(peer) };
            self.overlay = Some(Overlay::Peer(menu));
        }
    }

    /// Changes what is set for the peer, and says what it is now.
    pub(super) fn switch(&mut self, setting: Setting, said: fn(Peer, bool) -> Notice, turn: &mut Turn<'_>) {
        let Some(peer) = self.meant(turn) else {
            *turn.notice = Some(Notice::NoPeer);
            return;
        };
        if !Setting::of(peer).contains(&setting) {
            return;
        }
        self.chat.wish(peer, |contact| setting.switch(contact));
        let on = self.chat.with(peer).and_then(|open| setting.is_on(&open.contact));
        *turn.notice = on.map(|on| said(peer, on));
    }
}
