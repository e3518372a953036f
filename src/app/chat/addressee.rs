//! Who gets what is being written: the peer that the screen named when its first character was typed. A text that was
//! begun before that, or under somebody who came to the front by itself, is sent to nobody without a question.

use std::time::Duration;

use super::Chat;
use crate::app::Turn;
use crate::app::conversation::Conversation;
use crate::app::field::Field;
use crate::wire::peer::Peer;

/// Nobody has read sooner who came to the front by itself.
const READ_AFTER: Duration = Duration::from_secs(1);

/// A text that is to be sent to somebody whom the screen did not name when it was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// To whom.
    pub to: Peer,
    /// What: as one message, or as several.
    texts: Vec<String>,
}

impl Chat {
    /// Whether what is in the composer was begun before anybody was chosen to get it.
    #[must_use]
    pub fn is_unaddressed(&self) -> bool {
        self.current.is_none() || self.unaddressed
    }

    /// What is being written.
    #[must_use]
    pub fn draft(&self) -> &Field {
        let addressed = self.conversation().filter(|_| !self.is_unaddressed());
        addressed.map_or(&self.orphan, |conversation| &conversation.draft)
    }

    /// The same, to be changed.
    pub fn draft_mut(&mut self) -> &mut Field {
        let addressed = self.current.filter(|_| !self.unaddressed);
        match addressed.and_then(|at| self.conversations.draft_mut(at)) {
            Some(draft) => draft,
            None => &mut self.orphan,
        }
    }

    /// Something is about to be written into the composer: where nothing stands in it yet, it is decided to whom it goes.
    pub(super) fn begin_to_write(&mut self, turn: &Turn<'_>) {
        if self.draft().is_empty() {
            self.unaddressed = self.is_front_unread(turn);
        }
    }

    /// Whether the user cannot have read yet who is in front.
    pub(super) fn is_front_unread(&self, turn: &Turn<'_>) -> bool {
        let read = self.seen_since.is_some_and(|since| turn.now.instant >= since + READ_AFTER);
        self.came_by_itself && !read
    }

    /// Somebody is in front whom the user did not choose.
    pub(super) fn came_to_the_front(&mut self) {
        (self.came_by_itself, self.seen_since) = (true, None);
    }

    /// Asks whether these texts, which were begun for nobody, are to go to the peer in front.
    pub(super) fn ask_for_addressee(&mut self, texts: Vec<String>) {
        let front = self.conversation().map(Conversation::peer);
        self.asks = front.map(|to| Addressee { to, texts });
    }

    /// The user says that they are.
    pub(in crate::app) fn send_to(&mut self, question: Addressee, turn: &mut Turn<'_>) {
        let Addressee { to, texts } = question;
        if self.conversation().map(Conversation::peer) != Some(to) {
            return;
        }
        self.orphan.take();
        self.unaddressed = false;
        for text in texts {
            self.post(text, turn);
        }
    }
}
