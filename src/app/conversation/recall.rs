//! Input history: Up brings what was sent back into the composer, Down leads back to the draft. Must never put anything
//! in the place of what was typed or changed since.

use super::Conversation;

/// A text that was sent, in the draft's place.
#[derive(Debug, Clone)]
pub(super) struct Recalled {
    /// Which one, counted from the newest.
    nth: usize,
    /// The text as it was put into the composer.
    text: String,
    /// The draft whose place it takes.
    draft: String,
}

impl Conversation {
    /// Puts what was sent before the text that is in the composer into the composer.
    pub fn recall_older(&mut self) {
        let recalled = self.take_recalled();
        let next = recalled.as_ref().map_or(0, |recalled| recalled.nth + 1);
        let Some(text) = self.sent(next) else {
            self.recalled = recalled;
            return;
        };
        let draft = recalled.map_or_else(|| self.draft.text().to_owned(), |recalled| recalled.draft);
        self.put_recalled(next, &text, draft);
    }

    /// The way back: at its end is the draft.
    pub fn recall_newer(&mut self) {
        let Some(Recalled { nth, draft, .. }) = self.take_recalled() else { return };
        match nth.checked_sub(1).and_then(|newer| Some((newer, self.sent(newer)?))) {
            Some((newer, text)) => self.put_recalled(newer, &text, draft),
            None => self.draft.replace(&draft),
        }
    }

    /// What was recalled, where it is still in the composer as it was: what was changed is a draft of its own.
    fn take_recalled(&mut self) -> Option<Recalled> {
        self.recalled.take().filter(|recalled| recalled.text == self.draft.text())
    }

    fn put_recalled(&mut self, nth: usize, text: &str, draft: String) {
        self.draft.replace(text);
        self.recalled = Some(Recalled { nth, text: self.draft.text().to_owned(), draft });
    }

    /// What we sent, counted from the newest, as far as it is in memory.
    fn sent(&self, nth: usize) -> Option<String> {
        let mut ours = self.loaded.tail().iter().rev().filter(|message| message.delivery.is_ours());
        ours.nth(nth).map(|message| message.exact().into_owned())
    }
}
