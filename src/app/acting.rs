//! Acting on a message: opening what it links to, copying it, quoting it, sending it again, looking at all that is
//! known of it. Opens nothing before a key or a click asks for just that.

use super::chat::ChatFocus;
use super::conversation::Conversation;
use super::inspected::Inspected;
use super::keys::{self, Act, Keymap, Move};
use super::message::Message;
use super::overlay::Overlay;
use super::{Notice, State, Tab, Turn, layout, walked};
use crate::effect::{Effect, StoreRequest};
use crate::event::{Delivery, Key, RequestId, Size, StoreEvent};
use crate::text::links::links;
use crate::text::{Clean, clean_line};
use crate::wire::source::{Scheme, Source};

/// The links of a message, one of which is to be opened.
#[derive(Debug, Clone)]
pub struct Links {
    /// The URLs, in the order in which the message has them; none twice.
    pub urls: Vec<Clean>,
    /// Which of them is selected.
    pub selected: usize,
}

impl Links {
    /// The links of a text.
    #[must_use]
    pub fn of(text: &Clean) -> Self {
        let mut urls: Vec<Clean> = Vec::new();
        for link in links(text) {
            let url = clean_line(text[link].as_bytes());
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        Self { urls, selected: 0 }
    }

    /// The first link in view where there is room for so many rows.
    #[must_use]
    pub fn top(&self, rows: u16) -> usize {
        (self.selected + 1).saturating_sub(usize::from(rows).max(1))
    }

    /// Moves the selection.
    pub(super) fn walk(&mut self, action: Move) {
        self.selected = walked(action, self.selected, self.urls.len(), self.urls.len());
    }

    /// The link in this cell of the screen.
    pub(super) fn url_at(&self, column: u16, row: u16, size: Size) -> Option<Clean> {
        let inside = layout::inside(layout::links(size, self.urls.len())?);
        let row = inside.contains(column, row).then(|| usize::from(row - inside.y))?;
        self.urls.get(self.top(inside.height) + row).cloned()
    }
}

impl State {
    /// The message that is selected, while the conversation is walked through.
    #[must_use]
    pub fn selected_message(&self) -> Option<&Message> {
        let walking =
            self.tab == Tab::Chat && matches!(self.chat.focus, ChatFocus::Messages | ChatFocus::Clicked);
        self.chat.conversation().filter(|_| walking).and_then(Conversation::selected_message)
    }

    /// Whether a message is known again when the program is started the next time.
    #[must_use]
    pub fn is_on_disk(&self, message: &Message) -> bool {
        message.row.is_some() && !self.forgets
    }

    /// What a key does with the selected message.
    pub(super) fn act_of(&self, key: Key, keymap: &Keymap) -> Option<Act> {
        let selected = self.selected_message().is_some();
        let writes = self.chat.focus == ChatFocus::Clicked && key.types().is_some();
        keys::action(&keymap.messages, key).filter(|act| match act {
            _ if writes => false,
            Act::OlderHit | Act::NewerHit => self.walks_hits(),
            Act::Open | Act::Copy | Act::Quote | Act::Resend | Act::Details => selected,
        })
    }

    /// Whether the keys walk through what a search found.
    fn walks_hits(&self) -> bool {
        self.is_in_tab()
            && self.overlay.is_none()
            && self.tab == Tab::Chat
            && self.chat.focus == ChatFocus::Messages
            && self.chat.search.is_some()
    }

    /// Does it.
    pub(super) fn act_on_message(&mut self, act: Act, turn: &mut Turn<'_>) {
        if matches!(act, Act::OlderHit | Act::NewerHit) {
            let direction = if act == Act::OlderHit { Move::Down } else { Move::Up };
            return self.chat.walk_hits(direction, turn);
        }
        let Some(message) = self.selected_message() else { return };
        let kept = !matches!(message.delivery, Delivery::Folded(_));
        match act {
            Act::Open => self.open_message(turn),
            Act::Details => self.inspect(turn),
            Act::Copy if kept => turn.out.push(Effect::Copy(message.text.clone())),
            Act::Quote if kept => {
                let text = message.text.clone();
                self.chat.quote(&text, turn);
            }
            // Of what was not kept there is nothing to copy.
            Act::Copy | Act::Quote | Act::OlderHit | Act::NewerHit => {}
            Act::Resend => self.chat.resend_selected(turn),
        }
    }

    /// Opens the link of the selected message. Where there are several the user chooses; where there is none, there is
    /// still something to know.
    fn open_message(&mut self, turn: &mut Turn<'_>) {
        let Some(message) = self.selected_message() else { return };
        let mut links = Links::of(&message.text);
        match links.urls.len() {
            0 => self.inspect(turn),
            1 => {
                let url = links.urls.swap_remove(0);
                self.open_link(&url, turn);
            }
            _ => self.overlay = Some(Overlay::Links(links)),
        }
    }

    /// Opens a folder or a file of a server that we can speak with, and gives all else to the system: what is on the
    /// web is mostly to be read, and behind `https` there is little else.
    fn open_link(&mut self, url: &Clean, turn: &mut Turn<'_>) {
        if let Ok(source) = Source::parse(url)
            && source.scheme != Scheme::Https
        {
            self.show(Tab::Files);
            self.files.browse(source, turn);
        } else {
            turn.out.push(Effect::Open(url.to_string()));
            *turn.notice = Some(Notice::Opened(url.clone()));
        }
    }

    /// A click on this cell of the conversation: it opens a link, selects a message, or opens the one that is selected.
    pub(super) fn click_message(&mut self, column: u16, row: u16, turn: &mut Turn<'_>) {
        let before = self.selected_message().map(|message| message.nth);
        self.chat.focus = ChatFocus::Clicked;
        let Some((place, link)) = self.chat.message_at(column, row, turn) else { return };
        self.chat.select_place(place);
        let now = self.selected_message().map(|message| message.nth);
        match link {
            Some(url) => self.open_link(&url, turn),
            None if now.is_some() && now == before => self.open_message(turn),
            None => {}
        }
    }

    /// A key while one of several links is chosen.
    pub(super) fn on_links_key(&mut self, mut links: Links, key: Key, turn: &mut Turn<'_>) {
        if keys::action(&turn.keymap.messages, key) == Some(Act::Open) {
            return self.open_chosen(links.urls.get(links.selected).cloned(), turn);
        }
        if let Some(action) = keys::action(&turn.keymap.list, key) {
            links.walk(action);
        }
        self.overlay = Some(Overlay::Links(links));
    }

    /// Opens one of several links, if one was hit.
    pub(super) fn open_chosen(&mut self, url: Option<Clean>, turn: &mut Turn<'_>) {
        if let Some(url) = url {
            self.overlay = None;
            self.open_link(&url, turn);
        }
    }

    /// Shows all that is known of the selected message. What became of it, and when, is asked of the store.
    fn inspect(&mut self, turn: &mut Turn<'_>) {
        let Some(message) = self.selected_message() else { return };
        let Some(conversation) = self.chat.conversation() else { return };
        let asked = message.row.map(|row| (turn.ids.request(), row));
        if let Some((request, row)) = asked {
            turn.out.push(Effect::Store(StoreRequest::Details { request, row }));
        }
        let inspected = Inspected::new(conversation, message, asked.map(|(request, _)| request));
        self.overlay = Some(Overlay::Details(Box::new(inspected)));
    }

    /// A key while all that is known of a message is shown.
    pub(super) fn on_details_key(&mut self, mut inspected: Box<Inspected>, key: Key, turn: &Turn<'_>) {
        if matches!(keys::action(&turn.keymap.messages, key), Some(Act::Details | Act::Open)) {
            return;
        }
        if let Some(action) = keys::action(&turn.keymap.list, key) {
            inspected.walk(action, self.size);
        }
        self.overlay = Some(Overlay::Details(inspected));
    }

    /// Whether this question is about the message of which all is shown.
    pub(super) fn inspects(&self, request: RequestId) -> bool {
        matches!(&self.overlay, Some(Overlay::Details(inspected)) if inspected.asked == Some(request))
    }

    /// News from the store about the message of which all is shown; anything else is given back.
    pub(super) fn learn(&mut self, event: StoreEvent, turn: &mut Turn<'_>) -> Option<StoreEvent> {
        match event {
            StoreEvent::Details(request, details) if self.inspects(request) => {
                if let Some(Overlay::Details(inspected)) = &mut self.overlay {
                    inspected.learn(*details);
                }
                None
            }
            StoreEvent::Unreadable(request, fault) if self.inspects(request) => {
                *turn.notice = Some(Notice::NotRead(fault));
                None
            }
            event @ (StoreEvent::Details(..)
            | StoreEvent::Unreadable(..)
            | StoreEvent::Saved(_)
            | StoreEvent::Unsaved(..)
            | StoreEvent::Failed(_)
            | StoreEvent::Page(..)
            | StoreEvent::Found(..)
            | StoreEvent::Outbox(..)
            | StoreEvent::External(_)) => Some(event),
        }
    }

    /// What becomes of the message while it is looked at.
    pub(super) fn follow_inspected(&mut self) {
        let Some(Overlay::Details(inspected)) = &mut self.overlay else { return };
        let message = self.chat.conversation().and_then(Conversation::selected_message);
        if let Some(message) = message.filter(|message| message.id == inspected.message.id) {
            inspected.follow(message);
        }
    }
}
