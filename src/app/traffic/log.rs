//! What went over the wire, as far as the program hears of it: made of the events and effects that pass through the
//! state. Owns how much of it is kept; must never hold more of a datagram than its beginning.

use std::collections::VecDeque;
use std::net::SocketAddr;

use jiff::Timestamp;

use super::record::{BYTE_LIMIT, Carrier, Fate, Kept, Loss, Only, Record, What, Whom};
use crate::effect::Effect;
use crate::event::{BrowseEvent, ChatEvent, Event, Fault, MessageId, Now, RequestId, TransferEvent};
use crate::text::cut::fit_bytes;
use crate::text::{Clean, clean_line};
use crate::wire::chat::{parts, split};
use crate::wire::peer::Peer;
use crate::wire::source::Source;

/// The most records; beyond it the oldest gives way.
pub const RECORD_LIMIT: usize = 500;
/// Of the addresses of a name, so many are kept.
const ADDRESS_LIMIT: usize = 8;

/// The last records, oldest first. Takes a megabyte at most.
#[derive(Debug, Clone, Default)]
pub struct Log {
    records: VecDeque<Record>,
    /// How many there ever were.
    count: u64,
}

impl Log {
    /// The records of this machine, or all, oldest first.
    pub fn of<'a>(&'a self, only: Option<&'a Only>) -> impl Iterator<Item = &'a Record> {
        self.records.iter().filter(move |record| only.is_none_or(|only| only.has(record)))
    }

    /// The record with this number.
    #[must_use]
    pub fn record(&self, nth: u64) -> Option<&Record> {
        let first = self.records.front()?.nth;
        self.records.get(usize::try_from(nth.checked_sub(first)?).ok()?)
    }

    /// How many gave way to newer ones.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.count - self.records.len() as u64
    }

    /// Forgets them all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn add(&mut self, at: Timestamp, whom: Whom, what: What) {
        if self.records.len() == RECORD_LIMIT {
            self.records.pop_front();
        }
        self.count += 1;
        self.records.push_back(Record { nth: self.count, at, whom, what });
    }

    /// Something is about to be told to the state.
    pub(in crate::app) fn note_event(&mut self, event: &Event, now: &Now) {
        let at = now.wall.timestamp();
        if let Event::Chat(event) = event {
            self.note_chat(event, at);
        } else if let Event::Resolved(request, answer) = event {
            let what = match answer {
                Ok(addresses) => What::Resolved(addresses.iter().take(ADDRESS_LIMIT).copied().collect()),
                Err(fault) => What::Unresolved(fault.clone()),
            };
            self.add(at, self.asked(*request).0, what);
        } else if let Event::Browse(request, answer) = event {
            let what = match answer {
                BrowseEvent::Listed(listing) => What::Listed(listing.entries.len()),
                BrowseEvent::Plain => What::Plain,
                BrowseEvent::Failed(fault) => What::Failed(fault.clone()),
            };
            self.add(at, self.asked(*request).0, what);
        } else if let Event::Transfer(id, event) = event {
            let what = match event {
                TransferEvent::Named(_)
                | TransferEvent::Progress { .. }
                | TransferEvent::Retrying { .. }
                | TransferEvent::Verifying { .. }
                | TransferEvent::Unread { .. }
                | TransferEvent::Finishing
                | TransferEvent::Kept { .. } => return,
                TransferEvent::Started { total, .. } => What::Started(*total),
                TransferEvent::Finished(file) => What::Finished(file.bytes, file.took),
                TransferEvent::Failed(fault) => What::Failed(fault.clone()),
                TransferEvent::Paused | TransferEvent::Cancelled => What::Stopped(Carrier::Tcp),
            };
            let (whom, _) = self.question(|what| matches!(what, What::Fetch(of, _) if of == id));
            self.add(at, whom, what);
        }
    }

    fn note_chat(&mut self, event: &ChatEvent, at: Timestamp) {
        match event {
            ChatEvent::Received(datagram) => {
                let bytes = Kept::of(&datagram.raw.0);
                let what = What::Received { bytes, broadcast: datagram.broadcast };
                self.add(datagram.at, Whom::Peer(Peer::Address(datagram.from)), what);
            }
            ChatEvent::Sent(id) => _ = self.settle(*id, Fate::Sent),
            ChatEvent::Refused(id) => {
                let (whom, _) = self.settle(*id, Fate::Sent);
                self.add(at, whom, What::Bounced(Fault::Refused));
            }
            ChatEvent::Failed(id, fault) => {
                // What the network had already came back from there.
                let (whom, sent) = self.settle(*id, Fate::Failed);
                let what = if sent { What::Bounced } else { What::NotSent };
                self.add(at, whom, what(fault.clone()));
            }
            ChatEvent::Folded(from, count) => self.lose(Some(*from), Loss::Folded, *count, at),
            ChatEvent::Blocked(from, count) => self.lose(Some(*from), Loss::Blocked, *count, at),
            ChatEvent::Overflowed(count) => self.lose(None, Loss::Overflowed, *count, at),
            ChatEvent::Down(fault) => self.add(at, Whom::Unknown, What::Down(fault.clone())),
        }
    }

    /// One record for what goes on and on.
    fn lose(&mut self, from: Option<SocketAddr>, loss: Loss, count: u64, at: Timestamp) {
        let whom = from.map_or(Whom::Unknown, |from| Whom::Peer(Peer::Address(from)));
        let again = self.records.back_mut().filter(|last| last.whom == whom);
        if let Some(Record { at: last, what: What::Lost(of, so_far), .. }) = again
            && *of == loss
        {
            (*last, *so_far) = (at, so_far.saturating_add(count));
            return;
        }
        self.add(at, whom, What::Lost(loss, count));
    }

    /// To whom the message went, and whether the network has had it. Of its datagrams that wait, this is what became.
    fn settle(&mut self, message: MessageId, became: Fate) -> (Whom, bool) {
        let (mut whom, mut had) = (Whom::Unknown, false);
        for record in self.records.iter_mut().rev() {
            let What::Sent { id, fate, part: (part, _), .. } = &mut record.what else { continue };
            if *id == message {
                whom = record.whom.clone();
                had |= *fate == Fate::Sent;
                *fate = if had { *fate } else { became };
                if *part == 1 {
                    break;
                }
            }
        }
        (whom, had)
    }

    fn asked(&self, request: RequestId) -> (Whom, Carrier) {
        self.question(|what| matches!(what, What::Lookup(of) | What::List(of, _) if *of == request))
    }

    /// Of whom that was asked, and how; it may have given way to newer records.
    fn question(&self, is_it: impl Fn(&What) -> bool) -> (Whom, Carrier) {
        let asked = self.records.iter().rev().find(|record| is_it(&record.what));
        asked.map_or((Whom::Unknown, Carrier::Tcp), |record| (record.whom.clone(), record.carrier()))
    }

    /// The state asked the world for this.
    pub(in crate::app) fn note_effects(&mut self, effects: &[Effect], now: &Now) {
        let at = now.wall.timestamp();
        for effect in effects {
            if let Effect::Send { id, to, text } = effect {
                self.note_message(*id, *to, text, at);
            } else if let Effect::Resolve { request, endpoint } = effect {
                self.add(at, Whom::Host(endpoint.clone()), What::Lookup(*request));
            } else if let Effect::Browse { request, source } = effect {
                self.add(at, Whom::Host(source.endpoint.clone()), What::List(*request, shown(source)));
            } else if let Effect::Fetch { id, job } = effect {
                let source = &job.source;
                self.add(at, Whom::Host(source.endpoint.clone()), What::Fetch(*id, shown(source)));
            } else if let Effect::Forget(request) = effect {
                let (whom, carrier) = self.asked(*request);
                self.add(at, whom, What::Stopped(carrier));
            }
        }
    }

    fn note_message(&mut self, id: MessageId, to: Peer, text: &str, at: Timestamp) {
        let count = parts(text);
        for (nth, part) in split(text).enumerate() {
            let (bytes, part) = (Kept::of(part.as_bytes()), (nth + 1, count));
            self.add(at, Whom::Peer(to), What::Sent { id, bytes, part, fate: Fate::Queued });
        }
    }
}

/// The path that a server is asked for.
fn shown(source: &Source) -> Clean {
    let path = source.path.shown();
    clean_line(fit_bytes(&path, BYTE_LIMIT).as_bytes())
}
