//! The chat tab: the conversations, which of them is in front, and what the keys do to it.

use std::net::{IpAddr, SocketAddr};

use super::Turn;
use super::bar::{AddressBar, Problem};
use super::conversation::{Conversation, Peer};
use super::field::Field;
use super::keys::{self, Edit, Move};
use super::layout::{self, ChatLayout, Columns};
use crate::effect::Effect;
use crate::event::{Fault, Key, RequestId};
use crate::text::Clean;
use crate::wire::address::{Endpoint, Host};

mod composing;
mod incoming;

/// Where the input goes on this tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChatFocus {
    /// Into the message.
    #[default]
    Composer,
    /// Walking through the conversation.
    Messages,
    /// Into the address of a peer.
    Address,
}

/// The chat tab.
#[derive(Debug, Clone, Default)]
pub struct Chat {
    /// In the order in which they were opened.
    pub conversations: Vec<Conversation>,
    /// Which of them is in front.
    pub current: Option<usize>,
    /// Where the input goes.
    pub focus: ChatFocus,
    /// The peer's address.
    pub bar: AddressBar,
    /// Messages of strangers whose conversations gave way to newer ones.
    pub turned_away: u64,
    /// What was written before there was anybody to send it to.
    orphan: Field,
}

impl Chat {
    /// The conversation in front.
    #[must_use]
    pub fn conversation(&self) -> Option<&Conversation> {
        self.conversations.get(self.current?)
    }

    fn conversation_mut(&mut self) -> Option<&mut Conversation> {
        self.conversations.get_mut(self.current?)
    }

    /// What is being written.
    #[must_use]
    pub fn draft(&self) -> &Field {
        self.conversation().map_or(&self.orphan, |conversation| &conversation.draft)
    }

    /// The same, to be changed.
    pub fn draft_mut(&mut self) -> &mut Field {
        match self.current.and_then(|at| self.conversations.get_mut(at)) {
            Some(conversation) => &mut conversation.draft,
            None => &mut self.orphan,
        }
    }

    /// The column of peers on so many rows: which conversation stands in each, and which of its rows. The one in
    /// front is always among them.
    #[must_use]
    pub fn peer_rows(&self, height: usize) -> Vec<(usize, usize)> {
        // A name has its address below it.
        let own = |at: &usize| 1 + usize::from(self.conversations[*at].name.is_some());
        let current = self.current.unwrap_or(0);
        let mut room = height;
        // As far back from the one in front as there is room above it.
        let above = (0..=current.min(self.conversations.len().saturating_sub(1))).rev();
        let first = above
            .take_while(|at| {
                let fits = self.conversations.get(*at).is_some() && room >= own(at);
                room = room.saturating_sub(if fits { own(at) } else { room });
                fits
            })
            .last()
            .unwrap_or(current);
        let rows = (first..self.conversations.len()).flat_map(|at| (0..own(&at)).map(move |row| (at, row)));
        rows.take(height).collect()
    }

    /// Messages that were not read, in all conversations.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.conversations.iter().map(|conversation| conversation.unread).sum()
    }

    /// The tab's regions; none on a screen that is too small.
    #[must_use]
    pub fn layout(&self, size: crate::event::Size) -> Option<ChatLayout> {
        let columns = usize::from(layout::composer_width(size));
        layout::chat(size, self.draft().shown(columns).lines.len())
    }

    fn pane(&self, turn: &Turn<'_>) -> Option<(Columns, usize)> {
        let messages = self.layout(turn.size)?.messages;
        Some((layout::columns(messages.width), usize::from(messages.height)))
    }

    /// Brings the conversation with this peer to the front, and opens it where there is none.
    pub fn open(&mut self, peer: Peer, name: Option<Clean>) {
        let at = self.position(peer).unwrap_or_else(|| {
            self.conversations.push(Conversation::new(peer, None));
            self.conversations.len() - 1
        });
        self.conversations[at].invited = true;
        if name.is_some() {
            self.conversations[at].name = name;
        }
        self.select(at);
    }

    fn position(&self, peer: Peer) -> Option<usize> {
        self.conversations.iter().position(|conversation| conversation.peer == peer)
    }

    /// Brings the conversation at this place to the front, if there is one.
    pub fn select(&mut self, at: usize) {
        if at >= self.conversations.len() {
            return;
        }
        if self.current != Some(at) {
            if let Some(left) = self.conversation_mut() {
                left.leave();
            }
            self.current = Some(at);
        }
        if !self.orphan.is_empty() && self.draft().is_empty() {
            *self.draft_mut() = std::mem::take(&mut self.orphan);
        }
        self.focus = ChatFocus::Composer;
        self.bar = AddressBar::default();
    }

    /// The conversation before (`-1`) or after (`1`) the one in front, around the ends.
    pub fn step(&mut self, by: isize) {
        let count = self.conversations.len();
        if count > 0 {
            let from = self.current.unwrap_or(0);
            self.select(from.checked_add_signed(by).unwrap_or(count - 1) % count);
        }
    }

    /// The next conversation with something unread.
    pub fn next_unread(&mut self) {
        let from = self.current.map_or(0, |at| at + 1);
        let count = self.conversations.len();
        let mut round = (0..count).map(|step| (from + step) % count);
        if let Some(at) = round.find(|at| self.conversations[*at].unread > 0) {
            self.select(at);
        }
    }

    /// Begins to type a peer's address.
    pub fn edit_address(&mut self) {
        if std::mem::replace(&mut self.focus, ChatFocus::Address) == ChatFocus::Address {
            // What is typed already, and perhaps looked up, stays.
            return;
        }
        self.bar.problem = None;
        if let Some(conversation) = self.conversation() {
            let address = conversation.address().to_string();
            self.bar.show(&address);
        }
    }

    /// The answer to a question for a peer's address.
    pub(super) fn resolved(
        &mut self,
        request: RequestId,
        answer: Result<Vec<SocketAddr>, Fault>,
        turn: &mut Turn<'_>,
    ) {
        let Some(endpoint) = self.bar.answered(request) else { return };
        match answer.map(|addresses| addresses.first().copied()) {
            Ok(Some(address)) => {
                self.open(Peer::Address(address), Some(endpoint.host.shown()));
                turn.remember(|recent| recent.add_peer(endpoint));
            }
            Ok(None) => self.bar.problem = Some(Problem::Fault(Fault::Unresolved)),
            Err(fault) => self.bar.problem = Some(Problem::Fault(fault)),
        }
    }

    /// Takes the address that was typed.
    pub(super) fn accept_address(&mut self, turn: &mut Turn<'_>) {
        match self.bar.field.text().parse::<Endpoint>() {
            Err(error) => self.bar.problem = Some(Problem::Address(error)),
            Ok(endpoint) => {
                self.cancel_resolving(turn);
                if let Some(address) = literal(&endpoint) {
                    turn.remember(|recent| recent.add_peer(endpoint));
                    return self.open(Peer::Address(address), None);
                }
                let request = turn.ids.request();
                self.bar.pending = Some((request, endpoint.clone()));
                turn.out.push(Effect::Resolve { request, endpoint });
            }
        }
    }

    fn cancel_resolving(&mut self, turn: &mut Turn<'_>) {
        if let Some((request, _)) = self.bar.pending.take() {
            turn.out.push(Effect::Forget(request));
        }
    }

    /// The way back: from an address to the composer, from the conversation to its end.
    pub(super) fn back(&mut self, turn: &mut Turn<'_>) {
        if self.focus == ChatFocus::Address {
            self.cancel_resolving(turn);
            self.bar = AddressBar::default();
        } else if let Some(conversation) = self.conversation_mut() {
            conversation.scroll = super::conversation::Scroll::Newest;
        }
        self.focus = ChatFocus::Composer;
    }

    /// Everything in view was seen.
    pub fn read(&mut self) {
        if let Some(conversation) = self.conversation_mut() {
            conversation.read();
        }
    }

    /// The next pane.
    pub fn next_pane(&mut self) {
        self.focus = match self.focus {
            ChatFocus::Composer => ChatFocus::Messages,
            ChatFocus::Messages | ChatFocus::Address => ChatFocus::Composer,
        };
    }

    /// A key that no global action took.
    pub(super) fn on_key(&mut self, key: Key, turn: &mut Turn<'_>) {
        match self.focus {
            ChatFocus::Composer => self.compose(key, turn),
            ChatFocus::Messages => match keys::action(&turn.keymap.list, key) {
                Some(action) => self.scroll(action, turn),
                // Whoever types means to write.
                None if key.types().is_some() => {
                    self.focus = ChatFocus::Composer;
                    self.compose(key, turn);
                }
                None => {}
            },
            ChatFocus::Address => match keys::action(&turn.keymap.field, key) {
                Some(Edit::Accept) => self.accept_address(turn),
                Some(Edit::Up) => self.step(-1),
                Some(Edit::Down) => self.step(1),
                edit => {
                    self.cancel_resolving(turn);
                    self.bar.problem = None;
                    self.bar.field.on_key(key, edit);
                }
            },
        }
    }

    /// Scrolls the conversation in front.
    pub(super) fn scroll(&mut self, action: Move, turn: &Turn<'_>) {
        let Some((columns, height)) = self.pane(turn) else { return };
        let zone = turn.now.wall.time_zone();
        let page = height.saturating_sub(1).max(1);
        let Some(conversation) = self.conversation_mut() else { return };
        match action {
            Move::Up => conversation.scroll_up(1, &columns, zone, height),
            Move::Down => conversation.scroll_down(1, &columns, zone, height),
            Move::PageUp => conversation.scroll_up(page, &columns, zone, height),
            Move::PageDown => conversation.scroll_down(page, &columns, zone, height),
            Move::First => conversation.scroll_to_oldest(&columns, zone, height),
            Move::Last => conversation.scroll = super::conversation::Scroll::Newest,
        }
    }
}

/// The address that needs no resolver.
fn literal(endpoint: &Endpoint) -> Option<SocketAddr> {
    let ip = match &endpoint.host {
        Host::V4(address) => IpAddr::V4(*address),
        Host::V6(address, None) => IpAddr::V6(*address),
        Host::V6(_, Some(_)) | Host::Name(_) => return None,
    };
    Some(SocketAddr::new(ip, endpoint.port))
}
