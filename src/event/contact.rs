//! Contacts: what is remembered of a peer beside its messages, and each change to it by itself, so that two programs on
//! one data directory do not undo each other. Data only.

use jiff::Timestamp;

use super::draft::merged_draft;
use super::{Change, Delivery, RequestId, RowId, Stored};
use crate::text::Clean;
use crate::wire::peer::Peer;

/// What is kept of a peer beside the messages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of the user's, whatever the others are")]
pub struct Contact {
    /// Whom it is about.
    pub peer: Peer,
    /// What the peer is called: by the name that its address was typed as, or by the one that the user gave it.
    pub name: Option<Clean>,
    /// Whether the user gave it that name.
    pub named: bool,
    /// Whether the user asked for the conversation, by an address or a name, or wrote to the peer.
    pub invited: bool,
    /// Whether it stays at the top of the list.
    pub pinned: bool,
    /// Whether nothing that comes in it is announced or counted.
    pub muted: bool,
    /// Whether what the peer sends is thrown away.
    pub blocked: bool,
    /// Which ways of announcing are turned off for this peer.
    pub silent: Silent,
    /// What is being written.
    pub draft: String,
    /// The last message that was read; 0 where none was.
    pub read: u64,
}

/// Which ways of announcing are turned off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Silent {
    /// The terminal's bell.
    pub bell: bool,
    /// The desktop's notification.
    pub desktop: bool,
    /// The count in the window's title.
    pub title: bool,
}

/// One change to a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactChange {
    /// See [`Contact::name`] and [`Contact::named`].
    Name(Option<Clean>, bool),
    /// See [`Contact::invited`].
    Invited(bool),
    /// See [`Contact::pinned`].
    Pinned(bool),
    /// See [`Contact::muted`].
    Muted(bool),
    /// See [`Contact::blocked`].
    Blocked(bool),
    /// See [`Silent::bell`].
    SilentBell(bool),
    /// See [`Silent::desktop`].
    SilentDesktop(bool),
    /// See [`Silent::title`].
    SilentTitle(bool),
    /// The draft that was made of another one.
    Draft {
        /// What was known to be stored when this was written. Where something else is by now, see
        /// [`merged_draft`](super::merged_draft).
        before: String,
        /// The draft.
        text: String,
    },
    /// Everything up to this message was read. Read marks only advance.
    Read(u64),
}

impl ContactChange {
    /// Whether both change the same field.
    #[must_use]
    pub fn has_field_of(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl Contact {
    /// What there is to be kept of a peer at first.
    #[must_use]
    pub fn new(peer: Peer) -> Self {
        Self {
            peer,
            name: None,
            named: false,
            invited: false,
            pinned: false,
            muted: false,
            blocked: false,
            silent: Silent::default(),
            draft: String::new(),
            read: 0,
        }
    }

    /// What leads from an earlier version of it to this one.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<ContactChange> {
        let Self { peer: _, name, named, invited, pinned, muted, blocked, silent, draft, read } = self;
        let mut changes = Vec::new();
        if (name, named) != (&before.name, &before.named) {
            changes.push(ContactChange::Name(name.clone(), *named));
        }
        for (now, then, change) in [
            (*invited, before.invited, ContactChange::Invited as fn(bool) -> ContactChange),
            (*pinned, before.pinned, ContactChange::Pinned),
            (*muted, before.muted, ContactChange::Muted),
            (*blocked, before.blocked, ContactChange::Blocked),
            (silent.bell, before.silent.bell, ContactChange::SilentBell),
            (silent.desktop, before.silent.desktop, ContactChange::SilentDesktop),
            (silent.title, before.silent.title, ContactChange::SilentTitle),
        ] {
            if now != then {
                changes.push(change(now));
            }
        }
        if *draft != before.draft {
            changes.push(ContactChange::Draft { before: before.draft.clone(), text: draft.clone() });
        }
        if *read > before.read {
            changes.push(ContactChange::Read(*read));
        }
        changes
    }

    /// Makes a change.
    pub fn apply(&mut self, change: &ContactChange) {
        match change {
            ContactChange::Name(name, named) => (self.name, self.named) = (name.clone(), *named),
            ContactChange::Invited(invited) => self.invited = *invited,
            ContactChange::Pinned(pinned) => self.pinned = *pinned,
            ContactChange::Muted(muted) => self.muted = *muted,
            ContactChange::Blocked(blocked) => self.blocked = *blocked,
            ContactChange::SilentBell(silent) => self.silent.bell = *silent,
            ContactChange::SilentDesktop(silent) => self.silent.desktop = *silent,
            ContactChange::SilentTitle(silent) => self.silent.title = *silent,
            ContactChange::Draft { before, text } => {
                self.draft = merged_draft(before, text, &self.draft);
            }
            ContactChange::Read(read) => self.read = self.read.max(*read),
        }
    }
}

/// A peer as it is known at the start of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What is kept of it.
    pub contact: Contact,
    /// Which message of the conversation is the newest; 0 where there is none.
    pub newest: u64,
    /// When that was.
    pub latest: Option<Timestamp>,
    /// Which message of the peer's own is the newest, and when it came.
    pub heard: Option<(u64, Timestamp)>,
    /// Messages of the peer's that were not read.
    pub unread: usize,
    /// Messages that wait in the outbox.
    pub waiting: usize,
}

/// What other programs on the same data directory stored since it was last looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalChanges {
    /// The last request of this program's to change a contact that was committed before this was read: those that it made
    /// later are committed after it, and win.
    pub after: RequestId,
    /// The newest message that was on disk then.
    pub up_to: RowId,
    /// The peers of which something is new or different.
    pub peers: Vec<PeerChanges>,
    /// The peers that were forgotten.
    pub forgotten: Vec<Peer>,
    /// What changed of what was used lately.
    pub recent: Vec<Change>,
}

/// What other programs stored of one peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerChanges {
    /// What is known of it now.
    pub known: Known,
    /// What changed of its contact.
    pub contact: Vec<ContactChange>,
    /// The newest of the new messages, oldest first, without a gap between them; those before them can be read.
    pub messages: Vec<Stored>,
    /// Which older messages are in another state now: in which, and whether they wait in the outbox.
    pub deliveries: Vec<(RowId, Delivery, bool)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::clean_line;

    fn contact() -> Contact {
        Contact::new(Peer::Broadcast(1))
    }

    #[test]
    fn each_change_is_made_by_itself_and_all_of_them_lead_to_the_other_version() {
        let wished = Contact {
            name: Some(clean_line(b"lin")),
            named: true,
            invited: true,
            pinned: true,
            muted: true,
            blocked: true,
            silent: Silent { bell: true, desktop: true, title: true },
            draft: "half".to_owned(),
            read: 7,
            ..contact()
        };
        let changes = wished.changes_since(&contact());
        assert_eq!(changes.len(), 10);
        let mut made = contact();
        for change in &changes {
            made.apply(change);
        }
        assert_eq!(made, wished);
        assert_eq!(wished.changes_since(&wished), []);
        for change in &changes {
            let mut one = contact();
            one.apply(change);
            assert_eq!(one.changes_since(&contact()), std::slice::from_ref(change));
        }
    }

    #[test]
    fn a_read_mark_never_goes_back() {
        let mut contact = Contact { read: 9, ..contact() };
        contact.apply(&ContactChange::Read(5));
        assert_eq!(contact.read, 9);
        assert_eq!(Contact { read: 5, ..contact.clone() }.changes_since(&contact), []);
    }
}
