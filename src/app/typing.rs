//! Whether the input goes into a text, and into which: what decides whether a key types, and where a paste goes.

use super::chat::ChatFocus;
use super::files::FilesFocus;
use super::overlay::Overlay;
use super::{Notice, State, Tab, Turn};

impl State {
    pub(super) fn is_composing(&self) -> bool {
        self.is_in_tab() && self.tab == Tab::Chat && self.chat.focus == ChatFocus::Composer
    }

    /// Whether the input goes into a text.
    #[must_use]
    pub fn is_typing(&self) -> bool {
        match (&self.overlay, self.tab) {
            (Some(overlay), _) => overlay.is_typed_into(),
            (None, _) if !self.is_in_tab() => false,
            (None, Tab::Chat) => match self.chat.focus {
                ChatFocus::Composer | ChatFocus::Address | ChatFocus::Find => true,
                ChatFocus::Peers => self.chat.filter().is_some(),
                ChatFocus::Messages | ChatFocus::Clicked => false,
            },
            (None, Tab::Files) => {
                use FilesFocus::{Address, Filter, Name, Path};
                matches!(self.files.focus, Name | Filter | Address | Path)
            }
        }
    }

    pub(super) fn on_paste(&mut self, text: &str, turn: &mut Turn<'_>) {
        if self.overlay.is_none() {
            self.traffic.leave(self.size);
        }
        let fits = match (&mut self.overlay, self.tab) {
            (Some(overlay), _) => overlay.paste(text, turn),
            (None, Tab::Chat) => match self.chat.question_before_paste(text, turn) {
                Some(question) => {
                    self.overlay = Some(Overlay::Paste(question));
                    true
                }
                None => self.chat.paste(text, turn),
            },
            (None, Tab::Files) => self.files.paste(text),
        };
        if !fits {
            *turn.notice = Some(Notice::TooLongToPaste);
        }
    }
}
