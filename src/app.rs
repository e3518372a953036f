//! The pure state machine: what becomes of each event.
//!
//! [`State::update`] takes an event and the time, changes the state, and says what the world has to do. It does no
//! I/O, reads no clock, and cannot fail.

use std::net::SocketAddr;
use std::time::Instant;

use crate::effect::{Effect, Memory, NotifySettings, Recent};
use crate::event::{Event, Key, Now, Size};
use crate::text::Clean;
use crate::wire::peer::Peer;
use crate::wire::source::Source;

pub mod acting;
mod announce;
pub mod bar;
pub mod chat;
pub mod confirm;
pub mod conversation;
pub mod crumbs;
pub mod field;
pub mod files;
pub mod find;
pub mod folder;
pub mod inspected;
pub mod keys;
pub mod layout;
mod leaving;
pub mod message;
pub mod mouse;
mod notice;
pub mod overlay;
pub mod peers;
pub mod previewed;
pub mod queue;
pub mod share;
pub mod sign_in;
pub mod traffic;
pub mod transfers;
mod turn;
mod typing;
pub mod unlisted;

use chat::{Chat, ChatFocus};
use files::Files;
use keys::{Global, Keymap, walked};
pub use notice::Notice;
use overlay::{GoTo, Overlay};
use peers::Setting;
use queue::QueueSettings;
use share::Share;
use traffic::{Pane, Traffic};
pub use turn::Ids;
use turn::Turn;

/// The two halves of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    /// Talking.
    #[default]
    Chat,
    /// Browsing and downloading.
    Files,
}

/// Who we are, as the header says.
#[derive(Debug, Clone)]
pub struct Me {
    /// The user's name; empty where none was given.
    pub name: Clean,
    /// What others can write to.
    pub address: SocketAddr,
    /// Where downloads go.
    pub download_dir: Clean,
}

/// Everything that the program knows.
#[derive(Debug, Clone)]
pub struct State {
    /// Who we are.
    pub me: Me,
    /// Which half is in front.
    pub tab: Tab,
    /// The chat tab.
    pub chat: Chat,
    /// The files tab.
    pub files: Files,
    /// The folder that is shared.
    pub share: Share,
    /// What is known again after a restart.
    pub recent: Recent,
    /// What lies over the screen.
    pub overlay: Option<Overlay>,
    /// What went over the wire.
    pub traffic: Traffic,
    /// What has to be said once.
    pub notice: Option<Notice>,
    /// How a user who is not looking is told.
    pub notify: NotifySettings,
    /// Which key does what.
    pub keymap: Keymap,
    /// The first of two keys that stand for something together; the second is waited for.
    pub first_key: Option<Key>,
    /// The screen.
    pub size: Size,
    /// When something happened last.
    pub at: Instant,
    /// The present time zone, in which times are shown.
    pub zone: jiff::tz::TimeZone,
    /// The present day there.
    pub today: jiff::civil::Date,
    /// Whether messages are kept for the next run.
    pub keeps: bool,
    /// Whether what the store has ends with the program, for its file cannot be used.
    pub forgets: bool,
    focused: bool,
    ids: Ids,
}

impl State {
    /// The state at the start.
    #[must_use]
    pub fn new(me: Me, keymap: Keymap, downloads: QueueSettings, now: &Now) -> Self {
        Self {
            me,
            tab: Tab::default(),
            chat: Chat::default(),
            files: Files::new(downloads),
            share: Share::default(),
            recent: Recent::default(),
            overlay: None,
            traffic: Traffic::default(),
            notice: None,
            notify: NotifySettings::default(),
            keymap,
            first_key: None,
            size: Size::default(),
            at: now.instant,
            zone: now.wall.time_zone().clone(),
            today: now.wall.date(),
            keeps: true,
            forgets: false,
            focused: true,
            ids: Ids::default(),
        }
    }

    /// What becomes of an event. What the world has to do is put behind what `out` holds already.
    pub fn update(&mut self, now: &Now, event: Event, out: &mut Vec<Effect>) {
        if let Event::Resized(size) = event {
            self.size = size;
        }
        self.traffic.log.note_event(&event, now);
        self.turn(now, out, |state, turn| {
            match event {
                Event::Key(key) => {
                    turn.said = turn.notice.take();
                    state.on_key(key, turn);
                }
                Event::Paste(text) => state.on_paste(&text, turn),
                Event::Mouse(mouse) => state.on_mouse(mouse, turn),
                Event::Focused(focused) => state.focused = focused,
                Event::Chat(event) => state.chat.on_event(event, turn),
                Event::Resolved(request, answer) => state.chat.resolved(request, answer, turn),
                Event::Browse(request, event) => state.on_browse(request, event, turn),
                Event::Walk(request, event) => state.files.on_walk(request, event, turn),
                Event::FoldersMade(request, missed) => state.files.on_folders_made(request, missed, turn),
                Event::Inspected(request, found) => state.files.transfers.on_inspected(request, found, turn),
                Event::Previewed(request, answer) => state.on_preview(request, answer),
                Event::Filled(request, nth, facts) => state.files.on_filled(request, nth, facts),
                Event::Transfer(id, event) => state.files.on_transfer(id, event, turn),
                Event::Share(id, event) => state.on_share(id, event, turn),
                Event::FoldersFound(request, answer) => state.on_folders_found(request, answer),
                Event::Store(event) => {
                    if let Some(event) = state.learn(event, turn) {
                        state.on_store(event, turn);
                    }
                }
                Event::Edited(answer) => state.chat.edited(answer, turn),
                Event::Copied => *turn.notice = Some(Notice::Copied),
                Event::NotCopied(fault) => *turn.notice = Some(Notice::NotCopied(fault)),
                Event::MayRun { path, program } => state.ask_to_open(path, program, turn),
                Event::NotOpened(fault) => *turn.notice = Some(Notice::NotOpened(fault)),
                Event::Resized(_) => {}
                Event::Wake => state.files.transfers.queue.wake(&mut turn.world()),
            }
            let in_view = state.tab == Tab::Files && !state.traffic.covers(state.size);
            state.files.follow(in_view, turn);
            state.follow_inspected();
            state.leave_settings();
            state.leave_dialogue();
            state.leave_confirmation();
            state.fit_preview();
            state.tell_of_transfers(turn);
            turn.watching = state.is_watching();
            state.ask_what_waits();
            state.chat.follow(turn);
        });
    }

    /// The program ends: what is not yet kept is given to the store.
    pub fn end(&mut self, out: &mut Vec<Effect>) {
        self.chat.keep_held(&mut self.ids, out);
        self.chat.keep_now(&mut self.ids, out);
        self.files.transfers.queue.keep_at_end(out);
    }

    /// What is known from earlier runs. The peer that was spoken with last is in front, and downloads go on.
    pub fn remember(&mut self, memory: Memory, now: &Now, out: &mut Vec<Effect>) {
        for (origin, credentials) in memory.recent.credentials() {
            out.push(Effect::Authorize { origin: origin.clone(), credentials: Some(credentials.clone()) });
        }
        self.recent = memory.recent;
        self.chat.remember(memory.known, &memory.draft);
        self.chat.select_latest();
        let (queue, partials) = (memory.queue, memory.partials);
        self.turn(now, out, |state, turn| state.files.transfers.restore(queue, partials, turn));
    }

    fn is_watching(&self) -> bool {
        let covered = self.chat.layout(self.tab_size()).is_some_and(|areas| areas.is_list_alone());
        let open = self.overlay.is_none() && !self.traffic.covers(self.size) && !covered;
        self.tab == Tab::Chat && self.focused && open
    }

    /// Makes a peer known under a name. The first one is in front.
    pub fn introduce(&mut self, address: SocketAddr, name: Clean) {
        let front = self.chat.current;
        self.chat.open(Peer::Address(address), Some(name));
        if let Some(front) = front {
            self.chat.select(front);
        }
        self.chat.put_in_order();
    }

    /// Talks to this peer, as if its address had been typed.
    pub fn start_with_peer(&mut self, address: &str, now: &Now, out: &mut Vec<Effect>) {
        self.turn(now, out, |state, turn| state.open_peer(address, turn));
    }

    /// Opens this server.
    pub fn start_with_server(&mut self, source: Source, now: &Now, out: &mut Vec<Effect>) {
        self.turn(now, out, |state, turn| state.files.browse(source, turn));
    }

    /// The parts borrow what they need, while the rest of the state stays in reach.
    fn turn(&mut self, now: &Now, out: &mut Vec<Effect>, act: impl FnOnce(&mut Self, &mut Turn<'_>)) {
        let keymap = std::mem::take(&mut self.keymap);
        let mut ids = std::mem::take(&mut self.ids);
        let mut notice = self.notice.take();
        let mut recent = std::mem::take(&mut self.recent);
        let size = self.tab_size();
        let asked = out.len();
        let watching = self.is_watching();
        act(
            self,
            &mut Turn {
                now,
                size,
                keymap: &keymap,
                ids: &mut ids,
                notice: &mut notice,
                recent: &mut recent,
                watching,
                notify: self.notify,
                said: None,
                out: &mut *out,
            },
        );
        self.traffic.log.note_effects(&out[asked..], now);
        self.at = now.instant;
        self.zone = now.wall.time_zone().clone();
        self.today = now.wall.date();
        (self.keymap, self.ids, self.notice, self.recent) = (keymap, ids, notice, recent);
    }

    /// The next moment at which something on the screen changes by itself; none where nothing does.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let (queue, share) = (self.files.transfers.queue.deadline(), self.share.deadline(self.at));
        let deadlines = [queue, share, self.chat.deadline(), self.files.deadline()];
        deadlines.into_iter().flatten().min()
    }

    fn on_key(&mut self, key: Key, turn: &mut Turn<'_>) {
        if let Some(first) = self.first_key.take() {
            // Two keys that mean nothing together do nothing.
            if self.is_composing() {
                self.chat.on_key(key.pressed_after(first), turn);
            }
            return;
        }
        if self.is_composing() && keys::is_first(&turn.keymap.composer, key) {
            self.first_key = Some(key);
            return;
        }
        // Where text is typed, what types a character or edits the text does just that.
        let narrower = self.is_typing() && keys::action(&turn.keymap.field, key).is_some()
            || self.is_composing() && keys::action(&turn.keymap.composer, key).is_some();
        match keys::action(&turn.keymap.global, key).filter(|_| !narrower) {
            Some(action) => self.act(action, turn),
            None if self.overlay.is_some() => self.on_overlay_key(key, turn),
            None if self.traffic.pane == Pane::Focused => self.on_traffic_key(key, turn),
            None => match self.tab {
                Tab::Chat if self.chat.focus == ChatFocus::Peers => self.on_peers_key(key, turn),
                Tab::Chat => match self.act_of(key, turn.keymap) {
                    Some(act) => self.act_on_message(act, turn),
                    None => self.chat.on_key(key, turn),
                },
                Tab::Files if self.files.previews(key, turn) => self.preview(turn),
                Tab::Files => self.on_files_key(key, turn),
            },
        }
    }

    fn act(&mut self, action: Global, turn: &mut Turn<'_>) {
        match action {
            Global::Help => {
                let open = matches!(self.overlay, Some(Overlay::Help(_)));
                self.overlay = (!open).then_some(Overlay::Help(0));
            }
            Global::GoTo => {
                let open = matches!(self.overlay, Some(Overlay::GoTo(_)));
                self.overlay = (!open).then(|| Overlay::GoTo(GoTo::default()));
            }
            Global::Find => self.find(turn),
            Global::Share => self.show_share(turn),
            Global::Traffic => {
                self.overlay = None;
                self.traffic.toggle();
            }
            Global::Back if self.close_overlay(turn) => {}
            Global::Back if self.traffic.pane == Pane::Focused => self.traffic.back(),
            Global::Quit => self.quit(turn),
            Global::Interrupt => self.interrupt(turn),
            Global::Redraw => turn.out.push(Effect::Redraw),
            Global::Suspend => turn.out.push(Effect::Suspend),
            Global::Back => match self.tab {
                Tab::Chat => self.chat.back(),
                Tab::Files => self.files.back(turn),
            },
            Global::NextPane if self.overlay.is_some() => self.next_question(turn),
            Global::NextPane if self.complete_address(turn) => {}
            Global::NextPane => self.next_pane(),
            Global::ChatTab => self.show(Tab::Chat),
            Global::FilesTab => self.show(Tab::Files),
            Global::Address => self.edit_address(),
            Global::Resend => {
                self.show(Tab::Chat);
                self.chat.resend_all(turn);
            }
            Global::PeerFiles => self.open_peers_files(turn),
            Global::PeerSettings => self.show_settings(turn),
            Global::MutePeer => self.switch(Setting::Muted, Notice::Muted, turn),
            Global::BlockPeer => self.block(turn),
            Global::PreviousPeer => self.in_chat(|chat| chat.step(-1)),
            Global::NextPeer => self.in_chat(|chat| chat.step(1)),
            Global::NextUnread => self.in_chat(Chat::next_unread),
            Global::Peer1 => self.in_chat(|chat| chat.select_shown(0)),
            Global::Peer2 => self.in_chat(|chat| chat.select_shown(1)),
            Global::Peer3 => self.in_chat(|chat| chat.select_shown(2)),
            Global::Peer4 => self.in_chat(|chat| chat.select_shown(3)),
            Global::Peer5 => self.in_chat(|chat| chat.select_shown(4)),
            Global::Peer6 => self.in_chat(|chat| chat.select_shown(5)),
            Global::Peer7 => self.in_chat(|chat| chat.select_shown(6)),
            Global::Peer8 => self.in_chat(|chat| chat.select_shown(7)),
            Global::Peer9 => self.in_chat(|chat| chat.select_shown(8)),
        }
    }

    fn show(&mut self, tab: Tab) {
        self.overlay = None;
        self.traffic.leave(self.size);
        self.tab = tab;
    }

    fn in_chat(&mut self, act: impl FnOnce(&mut Chat)) {
        self.show(Tab::Chat);
        act(&mut self.chat);
    }

    fn edit_address(&mut self) {
        self.overlay = None;
        self.traffic.leave(self.size);
        match self.tab {
            Tab::Chat => self.chat.edit_address(),
            Tab::Files => self.files.edit_address(),
        }
    }

    fn open_peer(&mut self, address: &str, turn: &mut Turn<'_>) {
        self.show(Tab::Chat);
        self.chat.edit_address();
        self.chat.bar.show(address);
        self.chat.accept_address(turn);
    }
}
