//! The chat tab: the conversations, which of them is in front, and what the keys do to it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;

use super::announce::Announcer;
use super::bar::{AddressBar, Problem};
use super::conversation::{Conversation, Pane};
use super::field::Field;
use super::find::Search;
use super::keys::{self, Edit, Move};
use super::layout::{self, ChatLayout, Columns};
use super::{Notice, Turn};
use crate::effect::{Change, Effect, StoreRequest};
use crate::event::{Fault, Key, MessageId, RequestId};
use crate::text::Clean;
use crate::wire::address::Endpoint;
use crate::wire::peer::Peer;

mod addressee;
mod blocking;
mod composing;
mod conversations;
mod incoming;
mod keeping;
mod known;
mod order;
mod outgoing;
mod peers;
mod pointing;

use outgoing::Flight;
pub use peers::{PeerList, PeerRow};

pub use addressee::Addressee;
pub use composing::{Pasted, SEPARATE_LIMIT};
pub use conversations::Conversations;
pub(super) use conversations::Open;

/// Where the input goes on this tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChatFocus {
    /// Into the message.
    #[default]
    Composer,
    /// Walking through the conversation.
    Messages,
    /// To a message that was clicked, as long as nothing is typed: that is written into the composer.
    Clicked,
    /// Into the address of a peer.
    Address,
    /// Into the words that are looked for.
    Find,
    /// Walking through the list of peers.
    Peers,
}

impl ChatFocus {
    /// Whether the message that is selected is shown to be.
    #[must_use]
    pub fn selects(self) -> bool {
        matches!(self, Self::Messages | Self::Clicked | Self::Find)
    }
}

/// The chat tab.
#[derive(Debug, Clone, Default)]
pub struct Chat {
    /// All of them, each with its number.
    pub conversations: Conversations,
    /// Which of them is in front.
    pub current: Option<usize>,
    /// Where the input goes.
    pub focus: ChatFocus,
    /// The peer's address.
    pub bar: AddressBar,
    /// The search in the conversation in front, while its line is open.
    pub search: Option<Search>,
    /// Messages of strangers whose conversations gave way to newer ones before they were on disk.
    pub turned_away: u64,
    /// Datagrams that the system had no room for; nobody knows whose.
    pub overflowed: u64,
    /// The list of peers.
    pub list: PeerList,
    /// Whose messages are thrown away.
    blocking: blocking::Blocking,
    /// Whom the user was told of.
    announcer: Announcer,
    /// Messages of ours of which the network may still have something to say.
    flights: BTreeMap<MessageId, Flight>,
    /// When what changed of the peers is given to the store.
    keep_at: Option<Instant>,
    /// The questions for parts of conversations that are under way, and whose these are.
    pages: BTreeMap<RequestId, Peer>,
    /// The question for what waits to be sent again that is under way, and whose that is.
    resending: Option<(RequestId, Peer)>,
    /// What was begun before anybody was chosen to get it. It is in the composer where there is no conversation, or
    /// where `unaddressed` says so, and is sent to nobody without a question.
    orphan: Field,
    /// What is kept of that for the next run.
    kept_orphan: String,
    unaddressed: bool,
    /// The conversation in front came there by itself: whoever wrote first.
    came_by_itself: bool,
    /// Since when the conversation in front is before the user's eyes.
    seen_since: Option<Instant>,
    /// What has to be asked before something is sent.
    pub(super) asks: Option<Addressee>,
    /// Whose draft the user's editor has; none: the one for nobody yet.
    edited_for: Option<Peer>,
}

impl Chat {
    /// The conversation in front.
    #[must_use]
    pub fn conversation(&self) -> Option<&Conversation> {
        self.conversations.get(self.current?)
    }

    pub(super) fn conversation_mut(&mut self) -> Option<Open<'_>> {
        self.conversations.get_mut(self.current?)
    }

    /// Whether a part of the conversation in front is still to come from the disk.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        self.conversation().is_some_and(Conversation::is_reading)
    }

    /// The tab's regions; none on a screen that is too small.
    #[must_use]
    pub fn layout(&self, size: crate::event::Size) -> Option<ChatLayout> {
        let columns = usize::from(layout::composer_width(size));
        let lines = self.draft().lines(columns, usize::from(layout::composer_lines(size)));
        let areas = layout::chat(size, lines)?;
        let areas = if self.search.is_some() { areas.with_search() } else { areas };
        Some(if self.focus == ChatFocus::Peers { areas.with_list() } else { areas })
    }

    pub(super) fn pane(&self, turn: &Turn<'_>) -> Option<(Columns, usize)> {
        let messages = self.layout(turn.size)?.messages;
        Some((layout::columns(messages.width), usize::from(messages.height)))
    }

    /// Brings the conversation with this peer to the front, and opens it where there is none. The number of another peer
    /// that has the same name, if there is one.
    pub fn open(&mut self, peer: Peer, name: Option<Clean>) -> Option<Peer> {
        let at = self.position(peer).unwrap_or_else(|| self.add(Conversation::new(peer)));
        let same =
            |other: &&Conversation| name.is_some() && other.name() == name.as_ref() && other.peer() != peer;
        let namesake = self.conversations.iter().find(same).map(Conversation::peer);
        if let Some(mut conversation) = self.conversations.get_mut(at) {
            conversation.change(|contact| {
                contact.invited = true;
                // The name that the user gave is better than the one that the address was typed as.
                if !contact.named {
                    contact.name = name.or_else(|| contact.name.take());
                }
            });
        }
        self.select(at);
        namesake
    }

    pub(super) fn add(&mut self, conversation: Conversation) -> usize {
        self.touch_order();
        self.conversations.push(conversation)
    }

    pub(super) fn position(&self, peer: Peer) -> Option<usize> {
        self.conversations.position(peer)
    }

    /// The conversation with this peer.
    #[must_use]
    pub fn with(&self, peer: Peer) -> Option<&Conversation> {
        self.conversations.get(self.conversations.position(peer)?)
    }

    /// The same, to be changed.
    pub(super) fn with_mut(&mut self, peer: Peer) -> Option<Open<'_>> {
        self.conversations.get_mut(self.conversations.position(peer)?)
    }

    /// Brings the conversation with this number to the front, if there is one.
    pub fn select(&mut self, at: usize) {
        if self.conversations.get(at).is_none() {
            return;
        }
        if self.current != Some(at) {
            if let Some(mut left) = self.conversation_mut() {
                left.leave();
            }
            self.current = Some(at);
            self.conversations.get_mut(at).into_iter().for_each(|mut open| open.arrive());
        }
        self.came_by_itself = false;
        self.unaddressed = !self.orphan.is_empty() && self.conversations[at].draft.is_empty();
        self.focus = ChatFocus::Composer;
    }

    /// Begins to type a peer's address.
    pub fn edit_address(&mut self) {
        if std::mem::replace(&mut self.focus, ChatFocus::Address) == ChatFocus::Address {
            // What is typed already, and perhaps looked up, stays.
            return;
        }
        if let Some(conversation) = self.conversation() {
            let address = conversation.peer().to_string();
            self.bar.offer(&address);
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
                self.open_as(Peer::Address(address), Some(endpoint.host.shown()), turn);
                turn.remember(Change::Peer(endpoint));
            }
            Ok(None) => self.bar.problem = Some(Problem::Fault(Fault::Unresolved)),
            Err(fault) => self.bar.problem = Some(Problem::Fault(fault)),
        }
    }

    /// Takes the address that was typed.
    pub(super) fn accept_address(&mut self, turn: &mut Turn<'_>) {
        let typed = self.bar.field.text().trim();
        let endpoint = typed.parse::<Endpoint>();
        let literal = endpoint.as_ref().ok().and_then(Peer::literal);
        if let Some(peer) = self.called(typed).filter(|_| literal.is_none()) {
            self.cancel_resolving(turn);
            if let Some(address) = peer.address() {
                turn.remember(Change::Peer(address.into()));
            }
            return self.open_as(peer, None, turn);
        }
        match endpoint {
            Err(error) => self.bar.problem = Some(Problem::Address(error)),
            Ok(endpoint) => {
                self.cancel_resolving(turn);
                if let Some(peer) = literal {
                    turn.remember(Change::Peer(endpoint));
                    return self.open_as(peer, None, turn);
                }
                let request = turn.ids.request();
                self.bar.pending = Some((request, endpoint.clone()));
                turn.out.push(Effect::Resolve { request, endpoint });
            }
        }
    }

    /// Opens the conversation, and says so where a name that was another peer's leads to it.
    fn open_as(&mut self, peer: Peer, name: Option<Clean>, turn: &mut Turn<'_>) {
        let named = name.clone();
        if let (Some(before), Some(name)) = (self.open(peer, name), named) {
            *turn.notice = Some(Notice::NameMoved { name, before, now: peer });
        }
    }

    fn cancel_resolving(&mut self, turn: &mut Turn<'_>) {
        if let Some((request, _)) = self.bar.pending.take() {
            turn.out.push(Effect::Forget(request));
        }
    }

    /// The way back: from an address to the composer, from a search to what it found, from the conversation to its end.
    pub(super) fn back(&mut self) {
        if self.focus == ChatFocus::Peers && self.list.filter.take().is_some() {
            return self.filter_changed();
        } else if matches!(self.focus, ChatFocus::Peers | ChatFocus::Address) {
            // What is read stays where it is.
        } else if self.end_search().is_some() {
            return;
        } else if let Some(mut conversation) = self.conversation_mut() {
            conversation.selected = None;
            conversation.show_newest();
        }
        self.focus = ChatFocus::Composer;
    }

    /// After whatever happened: what has to be read from disk is asked for, and what is in view was seen
    /// where somebody watches. An address that is not typed on is thrown away, with the question for it.
    pub(super) fn follow(&mut self, turn: &mut Turn<'_>) {
        if self.focus != ChatFocus::Address {
            self.cancel_resolving(turn);
            self.bar = AddressBar::default();
        }
        if turn.watching {
            self.seen_since.get_or_insert(turn.now.instant);
        } else {
            self.seen_since = None;
        }
        self.follow_search();
        self.put_in_order();
        self.keep(turn);
        self.follow_blocking(turn);
        if self.current.is_none() {
            return;
        }
        let Some((columns, height)) = self.pane(turn) else { return };
        let pane = Pane { columns: &columns, zone: turn.now.wall.time_zone(), height };
        let Some(mut conversation) = self.conversation_mut() else { return };
        conversation.settle(pane);
        if turn.watching {
            conversation.look(pane);
        }
        if let Some(part) = conversation.wanted(height) {
            let (request, peer) = (turn.ids.request(), conversation.peer());
            conversation.ask(request, part);
            drop(conversation);
            self.pages.insert(request, peer);
            turn.out.push(Effect::Store(StoreRequest::Page { request, peer, part }));
        }
    }

    /// The next pane; whether that is the first one again.
    pub fn next_pane(&mut self) -> bool {
        self.focus = match self.focus {
            ChatFocus::Composer | ChatFocus::Find | ChatFocus::Clicked => ChatFocus::Messages,
            ChatFocus::Messages if !self.conversations.is_empty() => {
                self.enter_list();
                ChatFocus::Peers
            }
            ChatFocus::Messages | ChatFocus::Peers | ChatFocus::Address => ChatFocus::Composer,
        };
        self.focus == ChatFocus::Composer
    }

    /// A key that no global action took.
    pub(super) fn on_key(&mut self, key: Key, turn: &mut Turn<'_>) {
        match self.focus {
            ChatFocus::Composer => self.compose(key, turn),
            ChatFocus::Messages | ChatFocus::Clicked => self.on_message_key(key, turn),
            ChatFocus::Find => self.on_find_key(key, turn),
            // What is done to a peer may ask something over the screen.
            ChatFocus::Peers => {}
            ChatFocus::Address => match keys::action(&turn.keymap.field, key) {
                Some(Edit::Accept) => self.accept_address(turn),
                Some(Edit::Right) if self.complete(turn) => {}
                Some(Edit::Up) => self.step(-1),
                Some(Edit::Down) => self.step(1),
                edit => {
                    self.cancel_resolving(turn);
                    self.bar.on_key(key, edit);
                }
            },
        }
    }

    /// A key while the messages are walked through, which does nothing with the selected one.
    fn on_message_key(&mut self, key: Key, turn: &mut Turn<'_>) {
        let writes = self.focus == ChatFocus::Clicked && key.types().is_some();
        match keys::action(&turn.keymap.list, key).filter(|_| !writes) {
            Some(action) => {
                self.focus = ChatFocus::Messages;
                self.scroll(action, turn);
            }
            // Whoever types means to write.
            None if key.types().is_some() => {
                self.focus = ChatFocus::Composer;
                self.compose(key, turn);
            }
            None => {}
        }
    }

    /// Scrolls the conversation in front.
    pub(super) fn scroll(&mut self, action: Move, turn: &Turn<'_>) {
        let Some((columns, height)) = self.pane(turn) else { return };
        let pane = Pane { columns: &columns, zone: turn.now.wall.time_zone(), height };
        let screenful = height.saturating_sub(1).max(1);
        let selecting = self.focus == ChatFocus::Messages;
        let Some(mut conversation) = self.conversation_mut() else { return };
        match action {
            Move::Up | Move::Down if selecting => conversation.select_next(action == Move::Up, pane),
            Move::Up => conversation.scroll_up(1, pane),
            Move::Down => conversation.scroll_down(1, pane),
            Move::PageUp => conversation.scroll_up(screenful, pane),
            Move::PageDown => conversation.scroll_down(screenful, pane),
            Move::First => conversation.scroll_to_oldest(pane),
            Move::Last => conversation.show_newest(),
        }
        if !matches!(action, Move::Up | Move::Down) {
            conversation.selected = None;
        }
    }
}
