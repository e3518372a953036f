//! Writing a message: what the keys and a paste do to the draft, and sending it. Knows nothing of what becomes of a
//! message once it is sent.

use super::{Chat, ChatFocus};
use crate::app::conversation::Conversation;
use crate::app::keys::{self, Compose, Edit, Move};
use crate::app::{Notice, Turn, layout};
use crate::effect::Effect;
use crate::event::{Fault, Key};

impl Chat {
    /// A text was pasted: into the address where that is being typed, else into the message. `false` where there is no
    /// room for it.
    pub(in crate::app) fn paste(&mut self, text: &str, turn: &mut Turn<'_>) -> bool {
        if self.focus == ChatFocus::Address {
            self.cancel_resolving(turn);
            self.bar.problem = None;
            self.bar.field.paste_line(text)
        } else {
            self.focus = ChatFocus::Composer;
            self.draft_mut().paste(text)
        }
    }

    /// A key in the message.
    pub(super) fn compose(&mut self, key: Key, turn: &mut Turn<'_>) {
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
        self.edited_for = self.conversation().map(|conversation| conversation.peer());
        turn.out.push(Effect::Edit(self.draft().text().to_owned()));
    }

    /// The user's editor ended: its text takes the place of the draft that it was given, whoever is in front by now.
    pub(in crate::app) fn edited(&mut self, answer: Result<String, Fault>, turn: &mut Turn<'_>) {
        let at = self.edited_for.take().and_then(|peer| self.position(peer));
        let draft = match at.and_then(|at| self.conversations.get_mut(at)) {
            Some(conversation) => &mut conversation.draft,
            None => &mut self.orphan,
        };
        match answer {
            // Editors end a file with a line feed, which nobody means to send.
            Ok(text) => draft.replace(text.trim_end_matches(['\r', '\n'])),
            Err(fault) => *turn.notice = Some(Notice::NotEdited(fault)),
        }
    }

    fn caret_up(&mut self, turn: &Turn<'_>) {
        let shown = self.draft().shown(usize::from(layout::composer_width(turn.size)));
        match shown.caret.0.checked_sub(1) {
            Some(row) => self.draft_mut().move_to(shown.offset_at(row, shown.caret.1)),
            None => self.conversation_mut().into_iter().for_each(Conversation::recall_older),
        }
    }

    fn caret_down(&mut self, turn: &Turn<'_>) {
        let shown = self.draft().shown(usize::from(layout::composer_width(turn.size)));
        if shown.caret.0 + 1 < shown.lines.len() {
            self.draft_mut().move_to(shown.offset_at(shown.caret.0 + 1, shown.caret.1));
        } else if let Some(conversation) = self.conversation_mut() {
            conversation.recall_newer();
        }
    }

    fn send(&mut self, turn: &mut Turn<'_>) {
        if self.draft().text().trim().is_empty() {
            return;
        }
        let Some(conversation) = self.conversation_mut() else {
            *turn.notice = Some(Notice::NoPeer);
            self.edit_address();
            return;
        };
        let text = conversation.draft.take();
        self.post(text, turn);
    }
}
