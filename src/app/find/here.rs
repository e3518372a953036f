//! The search in the conversation in front: the line where it is typed, and the walk from hit to hit.

use super::{Aim, Outcome, Search};
use crate::app::chat::{Chat, ChatFocus};
use crate::app::conversation::{Conversation, Pane};
use crate::app::field::Field;
use crate::app::keys::{self, Edit, Move};
use crate::app::{Notice, Turn};
use crate::effect::{Contact, Known};
use crate::event::{Fault, Found, Key, RequestId};
use crate::wire::peer::Peer;

impl Chat {
    /// Goes on with the search in the conversation in front, or begins one with what is in the field; from what is in
    /// view on. `false` where there is no conversation.
    pub(in crate::app) fn search_here(&mut self, field: Option<Field>, turn: &mut Turn<'_>) -> bool {
        let Some(peer) = self.conversation().map(Conversation::peer) else { return false };
        let from = self.last_in_view(turn);
        if let Some(search) = &mut self.search {
            search.from = from;
        } else {
            let mut search = Search::new(Some((peer, from)), field.unwrap_or_default());
            search.follow_field(Aim::First, turn);
            self.search = Some(search);
        }
        self.focus = ChatFocus::Find;
        true
    }

    /// Brings a hit of a search in all conversations into view, and goes on with the search there.
    pub(super) fn search_at(&mut self, hit: (Peer, u64), field: Field, turn: &mut Turn<'_>) {
        let (peer, nth) = hit;
        let at = self.position(peer).unwrap_or_else(|| {
            let contact = Contact::new(peer);
            let known = Known { contact, newest: nth, latest: None, heard: None, unread: 0, waiting: 0 };
            self.add(Conversation::known(known))
        });
        self.select(at);
        let mut search = Search::new(Some(hit), field);
        search.follow_field(Aim::Locate, turn);
        if let Some(mut conversation) = self.conversations.get_mut(at) {
            conversation.reveal_words(nth, &search.query);
        }
        self.search = Some(search);
        self.focus = ChatFocus::Messages;
    }

    /// Ends the search; what was typed, where there was one. The view stays where it is.
    pub(in crate::app) fn end_search(&mut self) -> Option<Field> {
        if self.focus == ChatFocus::Find {
            self.focus = ChatFocus::Composer;
        }
        self.search.take().map(|search| search.field)
    }

    /// A search is about the conversation in which it was begun.
    pub(in crate::app) fn follow_search(&mut self) {
        let front = self.conversation().map(Conversation::peer);
        if self.search.as_ref().is_some_and(|search| search.scope != front) {
            self.end_search();
        }
    }

    /// A key while words are typed.
    pub(in crate::app) fn on_find_key(&mut self, key: Key, turn: &mut Turn<'_>) {
        let Some(search) = &mut self.search else { return };
        let list = keys::action(&turn.keymap.list, key).filter(|_| key.types().is_none());
        match (keys::action(&turn.keymap.field, key), list) {
            (Some(Edit::Accept), _) => match search.outcome() {
                Outcome::Searching | Outcome::Found(..) => self.focus = ChatFocus::Messages,
                Outcome::Unreadable(_) => search.follow_field(Aim::First, turn),
                Outcome::Blank | Outcome::Nothing => {}
            },
            (Some(Edit::Up), _) => self.walk_hits(Move::Down, turn),
            (Some(Edit::Down), _) => self.walk_hits(Move::Up, turn),
            (None, Some(page @ (Move::PageUp | Move::PageDown))) => self.scroll(page, turn),
            (edit, _) => search.on_key(key, edit, turn),
        }
    }

    /// A text was pasted into the search; `false` where there is no room for it.
    pub(in crate::app) fn paste_into_search(&mut self, text: &str, turn: &mut Turn<'_>) -> bool {
        self.search.as_mut().is_none_or(|search| search.paste(text, turn))
    }

    /// Goes to the next hit. They are a list of which the newest is the first.
    pub(in crate::app) fn walk_hits(&mut self, action: Move, turn: &mut Turn<'_>) {
        let Some(search) = &mut self.search else { return };
        search.step(action, 1, turn);
        let nth = search.hits.get(search.at).map(|hit| hit.nth);
        self.reveal_hit(nth);
    }

    fn reveal_hit(&mut self, nth: Option<u64>) {
        let Some(words) = self.search.as_ref().map(|search| search.query.clone()) else { return };
        if let (Some(nth), Some(mut conversation)) = (nth, self.conversation_mut()) {
            conversation.reveal_words(nth, &words);
        }
    }

    /// What was found; dropped where nobody waits for it any more.
    pub(super) fn found(&mut self, request: RequestId, found: Found, turn: &mut Turn<'_>) {
        let Some(search) = &mut self.search else { return };
        let Some(aim) = search.aim_of(request) else { return };
        let nth = search.answered(aim, found, turn);
        self.reveal_hit(nth);
    }

    /// There is no answer, and why; `false` where nobody here waits for it.
    pub(super) fn not_found(&mut self, request: RequestId, fault: &Fault, turn: &mut Turn<'_>) -> bool {
        let Some(search) = &mut self.search else { return false };
        let mine = search.aim_of(request).is_some();
        if mine {
            search.fault = Some(fault.clone());
            *turn.notice = Some(Notice::NotSearched(fault.clone()));
        }
        mine
    }

    /// The number of the last message in view; where that is the newest, of any that may come.
    fn last_in_view(&self, turn: &Turn<'_>) -> u64 {
        let (Some(conversation), Some((columns, height))) = (self.conversation(), self.pane(turn)) else {
            return u64::MAX;
        };
        let zone = turn.now.wall.time_zone();
        let window = conversation.window(Pane { columns: &columns, zone, height });
        let last = window.rows.last().filter(|_| window.below > 0);
        last.and_then(|(at, _)| conversation.messages().get(*at)).map_or(u64::MAX, |message| message.nth)
    }
}
