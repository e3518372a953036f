//! What is said of downloads to a user who does not see them. Each thing once.

use crate::app::queue::Ended;
use crate::app::{Notice, State, Tab, Turn};
use crate::text::clean_line;

/// What was known of the downloads when something was last said, or had not to be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told {
    open: usize,
    asked: bool,
    /// Whether a server wanted to know who asks.
    denied: bool,
    /// When nothing was open last.
    begun: Ended,
    ended: Ended,
}

impl State {
    /// Says what happened to the downloads, where the user does not see it: that all are at their ends, or that one failed
    /// while others go on. That the user is asked for something is said wherever one is, for downloads wait for the answer.
    pub(in crate::app) fn tell_of_transfers(&mut self, turn: &mut Turn<'_>) {
        let seen = self.tab == Tab::Files;
        let queue = &self.files.transfers.queue;
        let (open, ended, question) = (queue.open(), queue.ended(), queue.question());
        let wants = queue.wants_credentials();
        let told = self.files.transfers.told;
        let begun = if told.open == 0 { told.ended } else { told.begun };
        let here = ended.here.saturating_sub(begun.here);
        let failed = ended.failed.saturating_sub(begun.failed);
        if open == 0 && told.open > 0 && here + failed > 0 && !seen {
            *turn.notice = Some(Notice::Downloads { here, failed });
        } else if open > 0 && ended.failed > told.ended.failed && !seen {
            *turn.notice = Some(Notice::Downloads { here: 0, failed });
        }
        if let Some((origin, _)) = wants.first().filter(|_| !told.denied) {
            *turn.notice = Some(Notice::Unauthorized(clean_line(origin.to_string().as_bytes())));
        }
        if let Some(question) = question.as_ref().filter(|_| !told.asked) {
            *turn.notice = Some(Notice::Asked(clean_line(&question.source.path.last())));
        }
        self.files.transfers.told =
            Told { open, asked: question.is_some(), denied: !wants.is_empty(), begun, ended };
    }
}
