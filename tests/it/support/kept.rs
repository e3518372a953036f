//! A store that keeps everything in memory and answers at once, for screens.

use std::collections::BTreeMap;
use std::path::Path;

use hobnob::effect::{Contact, KeptItem, KeptPartial, Known, Memory, PAGE, Part, Recent, StoreRequest};
use hobnob::event::{
    Delivery, Details, Fault, Found, Hit, MessageId, Page, RequestId, RowId, Saved, StoreEvent, Stored,
};
use hobnob::text::clean_text;
use hobnob::text::find::Query;
use hobnob::wire::Raw;
use hobnob::wire::peer::Peer;
use hobnob::wire::source::Source;
use jiff::Timestamp;

/// So many hits are counted, and no more.
const COUNTED: usize = 10_000;

/// What is kept.
#[derive(Default)]
pub(crate) struct Kept {
    rows: Vec<Row>,
    contacts: BTreeMap<Peer, Contact>,
    recent: Recent,
    draft: String,
    pub(crate) queue: BTreeMap<u64, KeptItem>,
    pub(crate) partials: Vec<KeptPartial>,
    /// Why nothing more is kept.
    pub(crate) broken: Option<Fault>,
    /// Why nothing can be searched.
    pub(crate) unsearchable: Option<Fault>,
    /// What was found, where the answers are not given at once.
    pub(crate) held: Option<Vec<StoreEvent>>,
}

struct Row {
    peer: Peer,
    stored: Stored,
    bytes: Raw,
    waiting: bool,
    history: Vec<(Timestamp, Delivery)>,
}

impl Kept {
    /// What a program that starts now is given.
    pub(crate) fn memory(&self) -> Memory {
        let mut peers: Vec<Peer> =
            self.rows.iter().map(|row| row.peer).chain(self.contacts.keys().copied()).collect();
        peers.sort();
        peers.dedup();
        let mut known: Vec<Known> = peers.into_iter().map(|peer| self.known(peer)).collect();
        known.sort_by_key(|known| std::cmp::Reverse(known.latest));
        Memory {
            recent: self.recent.clone(),
            known,
            draft: self.draft.clone(),
            queue: self.queue.values().cloned().collect(),
            partials: self.partials.clone(),
        }
    }

    fn of(&self, peer: Peer) -> impl DoubleEndedIterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.peer == peer)
    }

    fn known(&self, peer: Peer) -> Known {
        let contact = self.contacts.get(&peer).cloned().unwrap_or_else(|| Contact::new(peer));
        let newest = self.of(peer).next_back();
        let received = |row: &&Row| row.stored.delivery == Delivery::Received;
        Known {
            newest: newest.map_or(0, |row| row.stored.nth),
            latest: newest.map(|row| row.stored.at),
            heard: self.of(peer).rfind(received).map(|row| (row.stored.nth, row.stored.at)),
            unread: self.of(peer).filter(received).filter(|row| row.stored.nth > contact.read).count(),
            waiting: self.of(peer).filter(|row| row.waiting).count(),
            contact,
        }
    }

    /// The program ended: what was on its way waits from now on.
    pub(crate) fn ends(&mut self) {
        for row in self.rows.iter_mut().filter(|row| row.stored.delivery == Delivery::Queued) {
            (row.waiting, row.stored.waiting) = (true, true);
        }
    }

    /// Does what is asked; what comes back.
    pub(crate) fn tell(&mut self, request: StoreRequest) -> Option<StoreEvent> {
        match request {
            StoreRequest::Save(message) => {
                if let Some(fault) = &self.broken {
                    return Some(StoreEvent::Unsaved(vec![(message.peer, message.id)], fault.clone()));
                }
                let saved = self.save(message.id, message.peer, |row, nth| Row {
                    peer: message.peer,
                    waiting: false,
                    history: vec![(message.at, message.delivery.clone())],
                    stored: stored(row, nth, &message),
                    bytes: message.bytes.clone(),
                });
                Some(StoreEvent::Saved(vec![saved]))
            }
            StoreRequest::Update { row, at, delivery, waiting } => {
                let kept = self.rows.iter_mut().find(|kept| kept.stored.row == row)?;
                kept.stored.delivery = delivery.clone();
                kept.waiting = waiting;
                kept.stored.waiting = waiting;
                kept.history.push((at, delivery));
                None
            }
            StoreRequest::Contact { peer, changes, .. } => {
                let contact = self.contacts.entry(peer).or_insert_with(|| Contact::new(peer));
                for change in &changes {
                    contact.apply(change);
                }
                None
            }
            StoreRequest::Forget(peer) => {
                self.rows.retain(|row| row.peer != peer);
                self.contacts.remove(&peer);
                None
            }
            StoreRequest::Recent(change) => {
                self.recent.change(&change);
                None
            }
            StoreRequest::Draft { before, text } => {
                self.draft = hobnob::event::merged_draft(&before, &text, &self.draft);
                None
            }
            StoreRequest::Queue(changes) => {
                for (place, item) in changes {
                    match item {
                        Some(item) => drop(self.queue.insert(place, item)),
                        None => drop(self.queue.remove(&place)),
                    }
                }
                None
            }
            StoreRequest::Partial(kept) => {
                self.drop_partial(&kept.source, &kept.to);
                self.partials.push(*kept);
                None
            }
            StoreRequest::DropPartial { source, to } => {
                self.drop_partial(&source, &to);
                None
            }
            StoreRequest::Page { request, peer, part } => Some(self.page(request, peer, part)),
            StoreRequest::Find { request, peer, text, before } => {
                let answer = match &self.unsearchable {
                    Some(fault) => StoreEvent::Unreadable(request, fault.clone()),
                    None => self.find(request, peer, &text, before),
                };
                match &mut self.held {
                    Some(held) => held.push(answer),
                    None => return Some(answer),
                }
                None
            }
            StoreRequest::Details { request, row } => {
                let kept = self.rows.iter().find(|kept| kept.stored.row == row)?;
                let details = Details { row, bytes: kept.bytes.clone(), history: kept.history.clone() };
                Some(StoreEvent::Details(request, Box::new(details)))
            }
            StoreRequest::Outbox { request, peer } => {
                let waiting = self.of(peer).filter(|row| row.waiting).map(|row| row.stored.clone());
                Some(StoreEvent::Outbox(request, waiting.collect()))
            }
        }
    }

    fn drop_partial(&mut self, source: &Source, to: &Path) {
        self.partials.retain(|kept| (&kept.source, kept.to.as_path()) != (source, to));
    }

    fn save(&mut self, id: MessageId, peer: Peer, make: impl FnOnce(RowId, u64) -> Row) -> Saved {
        let row = RowId(self.rows.last().map_or(1, |last| last.stored.row.0 + 1));
        let nth = self.of(peer).next_back().map_or(1, |last| last.stored.nth + 1);
        self.rows.push(make(row, nth));
        Saved { id, peer, row, nth }
    }

    fn page(&self, request: RequestId, peer: Peer, part: Part) -> StoreEvent {
        let half = PAGE as u64 / 2;
        let (from, to) = match part {
            Part::Before(nth) => (nth.saturating_sub(PAGE as u64), nth - 1),
            Part::After(nth) => (nth + 1, nth + PAGE as u64),
            Part::Around(nth) => (nth.saturating_sub(half), nth + half - 1),
        };
        let among = self.of(peer).filter(|row| (from..=to).contains(&row.stored.nth));
        let messages = among.map(|row| row.stored.clone()).collect();
        StoreEvent::Page(request, Page { peer, messages })
    }

    fn find(&self, request: RequestId, peer: Option<Peer>, text: &str, before: Option<RowId>) -> StoreEvent {
        let wanted = Query::parse(text);
        let fits = |row: &&Row| {
            peer.is_none_or(|peer| peer == row.peer)
                && before.is_none_or(|before| row.stored.row < before)
                && !wanted.matches(&row.stored.text).is_empty()
        };
        let hits: Vec<Hit> = self
            .rows
            .iter()
            .rev()
            .filter(fits)
            .map(|row| Hit { peer: row.peer, message: row.stored.clone() })
            .collect();
        let total = hits.len().min(COUNTED);
        let more = hits.len() > COUNTED;
        StoreEvent::Found(request, Found { hits: hits.into_iter().take(256).collect(), total, more })
    }
}

fn stored(row: RowId, nth: u64, message: &hobnob::effect::NewMessage) -> Stored {
    let text = clean_text(&message.bytes.0);
    let raw = (message.bytes.0 != text.as_bytes()).then(|| message.bytes.clone());
    let (at, delivery, broadcast) = (message.at, message.delivery.clone(), message.broadcast);
    Stored { row, nth, at, delivery, text, raw, waiting: false, broadcast }
}
