//! Telling a user who is not looking that somebody wrote. Owns how often, and of what; never how a terminal shows it.

use std::time::{Duration, Instant};

use crate::app::conversation::Conversation;
use crate::effect::{Notification, NotifySettings};
use crate::text::clean_line;
use crate::text::width::ellipsis;
use crate::wire::peer::Peer;

/// A peer is announced at most so often: what it says meanwhile is seen together with what was announced.
const EACH: Duration = Duration::from_secs(2);
/// All peers together are announced at most so often. A flood must not ring a thousand times.
const ALL: Duration = Duration::from_secs(1);
/// The most cells of a message that are shown.
const TEXT_COLUMNS: usize = 200;

/// When whom was announced.
#[derive(Debug, Clone, Default)]
pub(super) struct Announcer {
    /// Not long ago; so there are few.
    announced: Vec<(Peer, Instant)>,
}

impl Announcer {
    /// How the newest message of this conversation is announced now, if it is.
    pub(super) fn announce(
        &mut self,
        conversation: &Conversation,
        settings: NotifySettings,
        now: Instant,
    ) -> Option<Notification> {
        let contact = &conversation.contact;
        let bell = settings.bell && !contact.silent.bell;
        let desktop = settings.desktop && !contact.silent.desktop;
        if contact.muted || !(bell || desktop) || !self.may(contact.peer, now) {
            return None;
        }
        let first_line = || Some(conversation.newest().back()?.text.lines().next()?.trim().to_owned());
        let shown = first_line().filter(|_| settings.text).unwrap_or_default();
        let text = clean_line(ellipsis(&shown, TEXT_COLUMNS).as_bytes());
        let title = clean_line(conversation.title().as_bytes());
        Some(Notification { bell, desktop: desktop.then_some((title, text)) })
    }

    fn may(&mut self, peer: Peer, now: Instant) -> bool {
        self.announced.retain(|(_, at)| now < *at + EACH);
        let just = |(before, at): &(Peer, Instant)| *before == peer || now < *at + ALL;
        if self.announced.iter().any(just) {
            return false;
        }
        self.announced.push((peer, now));
        true
    }
}
