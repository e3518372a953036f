//! Two programs on one data directory: each writes only what it changed, and hears what the other one stored.

use hobnob::effect::{Change, ContactChange};
use hobnob::event::{ExternalChanges, PeerChanges};
use hobnob::wire::credentials::Credentials;
use hobnob::wire::source::Source;
use tempfile::tempdir;

use super::*;

impl Keeper {
    /// What another program stored, as soon as it is said.
    async fn external(&mut self) -> ExternalChanges {
        match self.next().await {
            StoreEvent::External(changes) => *changes,
            other => panic!("{other:?}"),
        }
    }

    /// The same, where it is about one peer only.
    async fn about_one(&mut self) -> PeerChanges {
        let changes = self.external().await;
        assert_eq!(changes.forgotten, []);
        let [peer] = <[PeerChanges; 1]>::try_from(changes.peers).unwrap();
        peer
    }

    fn changes(&self, request: u64, change: ContactChange) {
        let (request, changes) = (RequestId(request), vec![change]);
        self.tell(StoreRequest::Contact { request, peer: lin(), changes });
    }
}

fn draft(before: &str, text: &str) -> ContactChange {
    ContactChange::Draft { before: before.to_owned(), text: text.to_owned() }
}

#[tokio::test]
async fn each_program_writes_only_what_it_changed_and_hears_of_the_rest() {
    let place = tempdir().unwrap();
    let (mut one, mut two) = (Keeper::observing(place.path()), Keeper::observing(place.path()));
    one.changes(1, ContactChange::Blocked(true));
    let heard = two.about_one().await;
    assert_eq!(heard.contact, [ContactChange::Blocked(true)]);
    assert!(heard.known.contact.blocked && heard.messages.is_empty());
    two.changes(1, draft("", "half"));
    assert_eq!(one.about_one().await.contact, [draft("", "half")]);
    one.changes(2, ContactChange::SilentBell(true));
    assert_eq!(two.about_one().await.contact, [ContactChange::SilentBell(true)]);
    two.changes(2, ContactChange::SilentTitle(true));
    assert_eq!(one.about_one().await.contact, [ContactChange::SilentTitle(true)]);
    one.changes(3, ContactChange::Read(9));
    assert_eq!(two.about_one().await.contact, [ContactChange::Read(9)]);
    // A mark that is behind moves nothing, and is no news.
    two.changes(3, ContactChange::Read(5));
    two.changes(4, ContactChange::Pinned(true));
    assert_eq!(one.about_one().await.contact, [ContactChange::Pinned(true)]);
    one.end().await;
    two.end().await;
    let again = Keeper::sound(place.path());
    let known = &again.memory.known[0].contact;
    assert!(
        known.blocked && known.pinned && known.silent.bell && known.silent.title && !known.silent.desktop
    );
    assert_eq!((known.draft.as_str(), known.read), ("half", 9));
    again.end().await;
}

#[tokio::test]
async fn messages_and_what_becomes_of_them_are_said_with_what_is_unread() {
    let place = tempdir().unwrap();
    let (mut one, mut two) = (Keeper::observing(place.path()), Keeper::sound(place.path()));
    two.receive(lin(), "hello").await;
    let heard = one.about_one().await;
    assert_eq!((texts(&heard.messages), heard.known.unread, heard.known.newest), (vec!["hello"], 1, 1));
    // Its own are not said, and those before them first.
    two.receive(lin(), "before").await;
    one.ids = 100;
    one.tell(StoreRequest::Save(Box::new(message(101, lin(), Delivery::Received, b"own"))));
    let heard = one.about_one().await;
    assert_eq!((texts(&heard.messages), heard.known.newest), (vec!["before"], 2));
    let StoreEvent::Saved(saved) = one.next().await else { panic!() };
    assert_eq!(saved[0].nth, 3);
    let sent = two.write(lin(), Delivery::Queued, "sent").await;
    let heard = one.about_one().await;
    assert_eq!((texts(&heard.messages), heard.known.waiting), (vec!["sent"], 0), "another program sends it");
    two.tell(StoreRequest::Update { row: sent.row, at: at(9), delivery: Delivery::Refused, waiting: true });
    let heard = one.about_one().await;
    assert_eq!((heard.deliveries, heard.known.waiting), (vec![(sent.row, Delivery::Refused, true)], 1));
    two.tell(StoreRequest::Forget(lin()));
    assert_eq!(one.external().await.forgotten, [lin()]);
    one.end().await;
    two.end().await;
}

#[tokio::test]
async fn of_many_messages_the_newest_are_said_and_none_twice() {
    let place = tempdir().unwrap();
    let (mut one, two) = (Keeper::observing(place.path()), Keeper::sound(place.path()));
    for number in 1..=600 {
        two.tell(StoreRequest::Save(Box::new(message(number, lin(), Delivery::Received, b"x"))));
    }
    two.end_quietly().await;
    let (mut newest, mut said) = (0, 0);
    while newest < 600 {
        let heard = one.about_one().await;
        assert!(heard.messages.iter().all(|message| message.nth > newest));
        assert!(heard.messages.windows(2).all(|pair| pair[0].nth + 1 == pair[1].nth));
        newest = heard.messages.last().unwrap().nth;
        said += heard.messages.len();
    }
    assert!(said <= 600);
    one.end().await;
}

#[tokio::test]
async fn of_a_draft_that_is_written_in_both_nothing_is_lost_and_both_hear_of_it() {
    let place = tempdir().unwrap();
    let (mut one, mut two) = (Keeper::observing(place.path()), Keeper::observing(place.path()));
    one.changes(1, draft("", "from one"));
    two.about_one().await;
    // It was written before that was heard.
    two.changes(7, draft("", "from two"));
    let merged = "from one\nfrom two";
    let heard = two.external().await;
    assert_eq!(heard.after, RequestId(7));
    assert_eq!(heard.peers[0].contact, [draft("from two", merged)]);
    assert_eq!(one.about_one().await.contact, [draft("from one", merged)]);
    one.end().await;
    two.end().await;
}

fn source(text: &str) -> Source {
    Source::parse(text).unwrap()
}

#[tokio::test]
async fn what_was_used_lately_is_said_as_far_as_another_program_changed_it() {
    let place = tempdir().unwrap();
    let (mut one, mut two) = (Keeper::observing(place.path()), Keeper::observing(place.path()));
    let (slides, notes) = (source("http://box/slides/"), source("http://box/notes/"));
    let credentials = Credentials::new("lin".into(), "geheim".into());
    for change in [
        Change::Bookmark(slides.clone()),
        Change::Peer("10.0.0.7:7890".parse().unwrap()),
        Change::Credentials(slides.origin(), credentials),
        Change::NoBookmark(slides.clone()),
    ] {
        one.tell(StoreRequest::Recent(change.clone()));
        let heard = two.external().await;
        assert_eq!((heard.recent, heard.peers.len()), (vec![change], 0));
    }
    // Neither loses what the other one made at the same time, nor hears of its own.
    one.tell(StoreRequest::Recent(Change::Bookmark(slides.clone())));
    two.tell(StoreRequest::Recent(Change::Bookmark(notes.clone())));
    let heard = [one.external().await.recent, two.external().await.recent];
    assert!(heard[0].contains(&Change::Bookmark(notes.clone())), "{heard:?}");
    assert!(heard[1].contains(&Change::Bookmark(slides.clone())), "{heard:?}");
    one.end().await;
    two.end().await;
    let again = Keeper::sound(place.path());
    assert_eq!(again.memory.recent.bookmarks().len(), 2);
    again.end().await;
}

#[tokio::test]
async fn a_text_for_nobody_yet_that_is_written_in_both_is_kept_of_both() {
    let place = tempdir().unwrap();
    let (one, two) = (Keeper::observing(place.path()), Keeper::observing(place.path()));
    for (keeper, text) in [(one, "from one"), (two, "from two")] {
        keeper.tell(StoreRequest::Draft { before: String::new(), text: text.to_owned() });
        keeper.end_quietly().await;
    }
    let again = Keeper::sound(place.path());
    assert_eq!(again.memory.draft, "from one\nfrom two");
    again.end().await;
}
