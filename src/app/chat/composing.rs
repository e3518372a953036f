//! Writing a message: what the keys and a paste do to the draft, and sending it. Knows nothing of what becomes of a
//! message once it is sent.

use super::{Chat, ChatFocus};
use crate::app::conversation::Conversation;
use crate::app::field::{FIELD_LIMIT, without_controls};
use crate::app::keys::{self, Compose, Edit, Move, Paste};
use crate::app::{Notice, Turn, layout};
use crate::effect::Effect;
use crate::event::{Fault, Key};
use crate::wire::chat::DATAGRAM_LIMIT;
use crate::wire::peer::Peer;

/// Messages that several lines may become at once: the worker that sends them has 256 places in its queue.
pub const SEPARATE_LIMIT: usize = 200;

/// Several lines that were pasted, of which the user is asked what to do with them.
#[derive(Debug, Clone)]
pub struct Pasted {
    /// As they are put into the draft.
    pub text: String,
    /// How many messages they and the draft become if each line is one.
    pub messages: usize,
    /// To whom they are to go.
    to: Peer,
}

impl Pasted {
    /// Whether each line may become a message of its own.
    #[must_use]
    pub fn may_be_separate(&self) -> bool {
        self.messages <= SEPARATE_LIMIT
    }
}

impl Chat {
    /// A text was pasted: into the address or the search where that is being typed, else into the message. `false` where there is no
    /// room for it.
    pub(in crate::app) fn paste(&mut self, text: &str, turn: &mut Turn<'_>) -> bool {
        if self.focus == ChatFocus::Address {
            self.cancel_resolving(turn);
            self.bar.paste(text)
        } else if self.focus == ChatFocus::Find {
            self.paste_into_search(text, turn)
        } else if self.filter().is_some() {
            self.filter_changed();
            self.list.filter.as_mut().is_none_or(|filter| filter.paste_line(text))
        } else {
            self.focus = ChatFocus::Composer;
            self.begin_to_write(turn);
            self.draft_mut().paste(&without_end(text))
        }
    }

    /// What has to be asked before a text is pasted: several lines may be meant as one message or as several. There is
    /// nothing to ask where they cannot be sent anyway.
    pub(in crate::app) fn question_before_paste(&self, text: &str, turn: &Turn<'_>) -> Option<Pasted> {
        let elsewhere = matches!(self.focus, ChatFocus::Address | ChatFocus::Find) || self.filter().is_some();
        let unaddressed =
            if self.draft().is_empty() { self.is_front_unread(turn) } else { self.is_unaddressed() };
        let to = self.conversation().filter(|_| !elsewhere && !unaddressed)?.peer();
        let text = without_end(text);
        let (before, behind) = self.draft().text().split_at(self.draft().caret());
        let fits = before.len() + text.len() + behind.len() <= FIELD_LIMIT;
        let messages = messages_in(&[before, &text, behind].concat()).count();
        (fits && text.contains('\n')).then_some(Pasted { text, messages, to })
    }

    /// The answer: what was pasted is put in at the caret, and perhaps sent, with what was written around it. `false`
    /// where that is not among the answers.
    pub(in crate::app) fn answer_paste(
        &mut self,
        pasted: &Pasted,
        answer: Paste,
        turn: &mut Turn<'_>,
    ) -> bool {
        if answer == Paste::SendLines && !pasted.may_be_separate() {
            return false;
        }
        // Another peer may have come to the front meanwhile.
        if self.conversation().is_none_or(|conversation| conversation.peer() != pasted.to) {
            self.open(pasted.to, None);
        }
        self.focus = ChatFocus::Composer;
        // The question stood where whoever is in front was named.
        self.unaddressed = false;
        if !self.draft_mut().paste(&pasted.text) {
            *turn.notice = Some(Notice::TooLongToPaste);
            return true;
        }
        match answer {
            Paste::Insert => {}
            Paste::Send => self.send(turn),
            Paste::SendLines => self.send_lines(turn),
        }
        true
    }

    /// Puts a word into the message at the caret, with blanks between it and what stands around it.
    pub(in crate::app) fn mention(&mut self, word: &str, turn: &mut Turn<'_>) {
        self.focus = ChatFocus::Composer;
        self.begin_to_write(turn);
        let draft = self.draft_mut();
        let (before, behind) = draft.text().split_at(draft.caret());
        let blank = |apart: bool| if apart { "" } else { " " };
        let first = blank(before.is_empty() || before.ends_with(char::is_whitespace));
        let last = blank(behind.is_empty() || behind.starts_with(char::is_whitespace));
        if !draft.paste(&format!("{first}{word}{last}")) {
            *turn.notice = Some(Notice::TooLongToPaste);
        }
    }

    /// A key in the message.
    pub(super) fn compose(&mut self, key: Key, turn: &mut Turn<'_>) {
        self.begin_to_write(turn);
        match keys::action(&turn.keymap.composer, key) {
            Some(Compose::Send) => self.send(turn),
            Some(Compose::Editor) => self.open_editor(turn),
            Some(Compose::Newline) => self.draft_mut().insert('\n'),
            Some(Compose::PageUp) => self.scroll(Move::PageUp, turn),
            Some(Compose::PageDown) => self.scroll(Move::PageDown, turn),
            Some(Compose::Last) => self.scroll(Move::Last, turn),
            None => match keys::action(&turn.keymap.field, key) {
                Some(Edit::Up) => self.caret_up(turn),
                Some(Edit::Down) => self.caret_down(turn),
                edit => self.draft_mut().on_key(key, edit),
            },
        }
    }

    fn open_editor(&mut self, turn: &mut Turn<'_>) {
        let addressed = self.conversation().filter(|_| !self.is_unaddressed());
        self.edited_for = addressed.map(Conversation::peer);
        turn.out.push(Effect::Edit(self.draft().text().to_owned()));
    }

    /// The user's editor ended: its text takes the place of the draft that it was given, whoever is in front by now.
    pub(in crate::app) fn edited(&mut self, answer: Result<String, Fault>, turn: &mut Turn<'_>) {
        let at = self.edited_for.take().and_then(|peer| self.position(peer));
        let draft = if let Some(draft) = at.and_then(|at| self.conversations.draft_mut(at)) {
            draft
        } else {
            self.unaddressed |= self.conversation().is_none_or(|open| open.draft.is_empty());
            &mut self.orphan
        };
        match answer {
            // Editors end a file with a line feed, which nobody means to send.
            Ok(text) => draft.replace(text.trim_end_matches(['\r', '\n'])),
            Err(fault) => *turn.notice = Some(Notice::NotEdited(fault)),
        }
    }

    fn caret_up(&mut self, turn: &Turn<'_>) {
        let shown = self.draft().shown_on(usize::from(layout::composer_width(turn.size)), 1);
        match shown.caret.0.checked_sub(1) {
            Some(row) => self.draft_mut().move_to(shown.offset_at(row, shown.caret.1)),
            None if self.is_unaddressed() && !self.draft().is_empty() => {}
            None => self.conversation_mut().into_iter().for_each(|mut open| open.recall_older()),
        }
    }

    fn caret_down(&mut self, turn: &Turn<'_>) {
        let shown = self.draft().shown_on(usize::from(layout::composer_width(turn.size)), 1);
        if shown.caret.0 + 1 < shown.lines.len() {
            self.draft_mut().move_to(shown.offset_at(shown.caret.0 + 1, shown.caret.1));
        } else if let (false, Some(mut conversation)) = (self.is_unaddressed(), self.conversation_mut()) {
            conversation.recall_newer();
        }
    }

    fn send(&mut self, turn: &mut Turn<'_>) {
        let text = self.draft().text();
        let text = (!text.trim().is_empty()).then(|| text.to_owned());
        self.send_all(text.into_iter().collect(), turn);
    }

    /// Each line of the draft as a message of its own, but for empty ones.
    fn send_lines(&mut self, turn: &mut Turn<'_>) {
        let lines = messages_in(self.draft().text()).map(str::to_owned).collect();
        self.send_all(lines, turn);
    }

    /// Sends what the draft consists of: all of it, or nothing, and then the draft stays and the reason is said.
    fn send_all(&mut self, texts: Vec<String>, turn: &mut Turn<'_>) {
        if texts.is_empty() {
            return;
        }
        if self.conversation().is_none() {
            *turn.notice = Some(Notice::NoPeer);
            self.edit_address();
            return;
        }
        if let Some(long) = texts.iter().find(|text| text.len() > DATAGRAM_LIMIT) {
            *turn.notice = Some(Notice::TooLongToSend(long.len() - DATAGRAM_LIMIT));
            return;
        }
        if self.unaddressed {
            return self.ask_for_addressee(texts);
        }
        self.draft_mut().take();
        for text in texts {
            self.post(text, turn);
        }
    }
}

/// A text as it is pasted into a message: what is copied as a line often ends in a line feed that nobody means.
fn without_end(text: &str) -> String {
    without_controls(text).trim_end_matches('\n').to_owned()
}

fn messages_in(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').filter(|line| !line.trim().is_empty())
}
