//! What is kept in the data directory: messages, peers, what was used lately, and the files that are left alone.

use std::io;
use std::path::Path;

use bytes::Bytes;
use hobnob::effect::{Change, Contact, Memory, NewMessage, Part, Recent, StoreRequest};
use hobnob::event::{
    Delivery, Details, Event, Fault, Found, MessageId, RequestId, RowId, Saved, StoreEvent, Stored,
};
use hobnob::store::{Opened, Store, open_with_queue};
use hobnob::wire::Raw;
use hobnob::wire::peer::Peer;
use hobnob::wire::source::{Path as Name, Source};
use jiff::Timestamp;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

use crate::support::peer::PATIENCE;

mod external;
mod files;
mod messages;
mod program;
mod search;
mod transfers;

/// A store at work, and what it says.
struct Keeper {
    store: Store,
    said: Receiver<Event>,
    memory: Memory,
    fault: Option<Fault>,
    ids: u64,
}

impl Keeper {
    fn new(dir: &Path) -> Self {
        Self::started(dir, Opened::start)
    }

    /// One that says what others store, too.
    fn observing(dir: &Path) -> Self {
        Self::started(dir, Opened::start_observing)
    }

    fn started(dir: &Path, start: impl FnOnce(Opened, Sender<Event>) -> io::Result<Store>) -> Self {
        let opened = open_with_queue(dir).unwrap();
        let (memory, fault) = (opened.memory.clone(), opened.fault.clone());
        let (events, said) = channel(16);
        Self { store: start(opened, events).unwrap(), said, memory, fault, ids: 0 }
    }

    /// Where everything is kept.
    fn sound(dir: &Path) -> Self {
        let keeper = Self::new(dir);
        assert_eq!(keeper.fault, None);
        keeper
    }

    fn tell(&self, request: StoreRequest) {
        let refused = self.store.tell(request);
        assert!(refused.is_none(), "{refused:?}");
    }

    async fn next(&mut self) -> StoreEvent {
        match timeout(PATIENCE, self.said.recv()).await.unwrap() {
            Some(Event::Store(event)) => event,
            other => panic!("{other:?}"),
        }
    }

    async fn save(&mut self, message: NewMessage) -> Saved {
        self.tell(StoreRequest::Save(Box::new(message)));
        match self.next().await {
            StoreEvent::Saved(saved) => *saved.first().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// Keeps a text of this peer's.
    async fn receive(&mut self, peer: Peer, text: &str) -> Saved {
        self.ids += 1;
        self.save(message(self.ids, peer, Delivery::Received, text.as_bytes())).await
    }

    /// Keeps a text to this peer.
    async fn write(&mut self, peer: Peer, delivery: Delivery, text: &str) -> Saved {
        self.ids += 1;
        self.save(message(self.ids, peer, delivery, text.as_bytes())).await
    }

    async fn page(&mut self, peer: Peer, part: Part) -> Vec<Stored> {
        self.tell(StoreRequest::Page { request: RequestId(1), peer, part });
        match self.next().await {
            StoreEvent::Page(RequestId(1), page) if page.peer == peer => page.messages,
            other => panic!("{other:?}"),
        }
    }

    async fn find(&mut self, peer: Option<Peer>, text: &str) -> Found {
        self.find_before(peer, text, None).await
    }

    async fn find_before(&mut self, peer: Option<Peer>, text: &str, before: Option<RowId>) -> Found {
        self.tell(StoreRequest::Find { request: RequestId(2), peer, text: text.to_owned(), before });
        match self.next().await {
            StoreEvent::Found(RequestId(2), found) => found,
            other => panic!("{other:?}"),
        }
    }

    async fn details(&mut self, row: RowId) -> Details {
        self.tell(StoreRequest::Details { request: RequestId(3), row });
        match self.next().await {
            StoreEvent::Details(RequestId(3), details) => *details,
            other => panic!("{other:?}"),
        }
    }

    async fn outbox(&mut self, peer: Peer) -> Vec<Stored> {
        self.tell(StoreRequest::Outbox { request: RequestId(4), peer });
        match self.next().await {
            StoreEvent::Outbox(RequestId(4), waiting) => waiting,
            other => panic!("{other:?}"),
        }
    }

    /// The same for one whose events nobody waits for.
    async fn end_quietly(mut self) {
        self.said.close();
        self.end().await;
    }

    /// Ends it, and with it everything that it was told.
    async fn end(self) {
        assert_eq!(self.store.end().await, Ok(()));
    }
}

fn message(id: u64, peer: Peer, delivery: Delivery, bytes: &[u8]) -> NewMessage {
    NewMessage {
        id: MessageId(id),
        peer,
        at: at(id),
        delivery,
        bytes: Raw(Bytes::copy_from_slice(bytes)),
        broadcast: false,
    }
}

/// A moment of the past, with microseconds.
fn at(number: u64) -> Timestamp {
    Timestamp::from_microsecond(1_790_000_000_000_001 + i64::try_from(number).unwrap() * 1_000_001).unwrap()
}

fn peer(text: &str) -> Peer {
    text.parse().unwrap()
}

fn lin() -> Peer {
    peer("127.0.0.1:7890")
}

fn texts(messages: &[Stored]) -> Vec<&str> {
    messages.iter().map(|message| &*message.text).collect()
}

fn hits(found: &Found) -> Vec<&str> {
    found.hits.iter().map(|hit| &*hit.message.text).collect()
}

/// A server, two names of it that are no UTF-8 and hard to write, and a peer.
fn some_changes() -> Vec<Change> {
    let server = source("plain://127.0.0.1:9");
    let names = [&b"caf\xe9 100%?#\"\\.txt"[..], "讲义/一.pdf".as_bytes()];
    let mut changes =
        vec![Change::Server(source("http://电脑.local/folder/")), Change::Server(server.clone())];
    changes.extend(names.map(|name| Change::Name(server.at(Name::from_name(name)))));
    changes.push(Change::Peer("[fe80::1%25]:9".parse().unwrap()));
    changes
}

fn some_recent() -> Recent {
    let mut recent = Recent::default();
    assert!(some_changes().iter().all(|change| recent.change(change)));
    recent
}

fn source(text: &str) -> Source {
    Source::parse(text).unwrap()
}

fn contact(peer: Peer) -> Contact {
    Contact::new(peer)
}

/// Keeps all of it that is not as it is at first.
fn contact_request(contact: &Contact) -> StoreRequest {
    let changes = contact.changes_since(&Contact::new(contact.peer));
    StoreRequest::Contact { request: RequestId(1), peer: contact.peer, changes }
}
