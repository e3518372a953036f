//! Ending the program, or what is being done in it.

use super::keys::{self, Answer};
use super::overlay::Overlay;
use super::{Notice, State, Turn};
use crate::effect::Effect;
use crate::event::Key;

impl State {
    /// Where downloads are not done, or somebody takes something from us, the user is asked first.
    pub(super) fn quit(&mut self, turn: &mut Turn<'_>) {
        if self.files.transfers.queue.open() == 0 && self.share.takers() == 0 {
            turn.out.push(Effect::Quit);
        } else {
            self.overlay = Some(Overlay::Quit);
        }
    }

    /// A key while the user is asked. Enter is an answer only where nothing is lost.
    pub(super) fn on_quit_key(&mut self, key: Key, turn: &mut Turn<'_>) {
        let loses_downloads = self.files.transfers.queue.open() > 0 && !self.files.transfers.kept;
        let answers = &turn.keymap.question;
        let answer = if loses_downloads || self.share.takers() > 0 {
            keys::deliberate(answers, key)
        } else {
            keys::action(answers, key)
        };
        match answer {
            Some(Answer::Yes) => turn.out.push(Effect::Quit),
            Some(Answer::No) => {}
            None => self.overlay = Some(Overlay::Quit),
        }
    }

    /// What Ctrl+C does in a shell: it throws the line away. It never ends the program.
    pub(super) fn interrupt(&mut self, turn: &mut Turn<'_>) {
        if self.close_overlay(turn) {
            return;
        }
        if self.is_composing() && !self.chat.draft().is_empty() {
            self.chat.draft_mut().take();
        } else {
            *turn.notice = Some(Notice::HowToQuit);
        }
    }
}
