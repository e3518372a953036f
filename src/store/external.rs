//! Change detection: what other programs stored in the same file, found by comparing it with what this program knows. Asks
//! SQLite's `data_version` first, which only moves when another connection commits. Must never report what this program
//! wrote itself.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, params};

use super::read::{Reading, peer_in};
use super::{known, state};
use crate::effect::{Contact, Known, PAGE, Recent, StoreRequest};
use crate::event::{Delivery, ExternalChanges, PeerChanges, RequestId, RowId, Stored};
use crate::wire::peer::Peer;

/// All messages in one report together have about so many bytes; of more, the program reads what it needs.
const REPORT_BYTES: usize = 4 << 20;
/// The most older messages in one report that are in another state.
const REPORT_STATES: usize = 4096;

/// A message, what became of it, and whether it waits in the outbox.
type State = (RowId, Delivery, bool);

/// What this program knows of the file.
#[derive(Debug)]
pub(super) struct Observed {
    /// SQLite's `data_version` when it was last compared; none: not yet.
    version: Option<i64>,
    peers: HashMap<Peer, Seen>,
    /// The newest message, and the newest entry of the history of messages.
    message: RowId,
    history: i64,
    recent: Lately,
    /// The last request of this program's to change a contact that is committed.
    request: RequestId,
}

/// What was used lately, and how that is written: as long as it is written in the same way it is the same.
#[derive(Debug, Default)]
struct Lately {
    json: String,
    recent: Recent,
}

impl Lately {
    /// As it is now, where it is another one.
    fn read_anew(&self, connection: &Connection) -> Result<Option<Self>> {
        let json = known::recent_json(connection)?;
        if json == self.json {
            return Ok(None);
        }
        let recent = known::recent(connection)?.unwrap_or_default();
        Ok(Some(Self { json, recent }))
    }
}

/// What is compared of a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) contact: Contact,
    pub(super) newest: u64,
    pub(super) heard_at: Option<Timestamp>,
}

/// Where a program begins to compare: what it was told of the file.
#[derive(Debug)]
pub(super) struct Start {
    peers: HashMap<Peer, Seen>,
    message: RowId,
    history: i64,
    recent: Lately,
}

/// What this program did to the file in one transaction.
#[derive(Debug)]
pub(super) struct Own {
    message: RowId,
    history: i64,
    peers: HashMap<Peer, Option<Seen>>,
    request: Option<RequestId>,
    recent: Option<Lately>,
}

impl Start {
    /// What is in the file, of which the program is told `known`. Both must be read in one transaction.
    pub(super) fn read(connection: &Connection, known: &[Known]) -> Result<Self> {
        let seen = |known: &Known| {
            let heard_at = known.heard.map(|(_, at)| at);
            (known.contact.peer, Seen { contact: known.contact.clone(), newest: known.newest, heard_at })
        };
        let peers = known.iter().map(seen).collect();
        let (message, history) = newest(connection)?;
        let recent = Lately::default().read_anew(connection)?.unwrap_or_default();
        Ok(Self { peers, message, history, recent })
    }
}

impl Observed {
    pub(super) fn new(start: Start) -> Self {
        let Start { peers, message, history, recent } = start;
        Self { version: None, peers, message, history, recent, request: RequestId(0) }
    }

    /// What other programs stored since it was last looked at, if anything. Within a transaction, before anything is
    /// written in it.
    pub(super) fn look(&mut self, reading: Reading<'_>) -> Result<Option<ExternalChanges>> {
        let connection = reading.connection;
        let version = connection.query_row("PRAGMA data_version", [], |row| row.get(0))?;
        if self.version == Some(version) {
            return Ok(None);
        }
        let (message, history) = newest(connection)?;
        let lately = self.recent.read_anew(connection)?;
        let mut peers: HashMap<Peer, PeerChanges> = HashMap::new();
        let seen = known::seen(connection)?;
        let mut gone: Vec<Peer> = Vec::new();
        for peer in self.peers.keys().filter(|peer| !seen.contains_key(peer)) {
            if !known::is_known(connection, *peer)? {
                gone.push(*peer);
            }
        }
        for (peer, now) in &seen {
            let before = self.peers.get(peer);
            if before == Some(now) {
                continue;
            }
            let Some(known) = known::running(connection, *peer, reading.began)? else { continue };
            let nothing = Contact::new(*peer);
            let contact = now.contact.changes_since(before.map_or(&nothing, |before| &before.contact));
            let mut changes = PeerChanges { known, contact, messages: Vec::new(), deliveries: Vec::new() };
            let unseen = before.is_none_or(|before| before.newest == now.newest);
            if before.is_some() && unseen && before.is_some_and(|before| before.heard_at != now.heard_at) {
                changes.deliveries.extend(last_folded(connection, *peer)?);
            }
            peers.insert(*peer, changes);
        }
        let mut bytes = 0;
        for changes in peers.values_mut().filter(|_| message > self.message) {
            if bytes > REPORT_BYTES {
                break;
            }
            changes.messages = reading.newer(changes.known.contact.peer, self.message)?;
            bytes += changes.messages.iter().map(|message| message.text.len()).sum::<usize>();
        }
        for (peer, delivery) in self.states(connection)? {
            let known = known::running(connection, peer, reading.began)?;
            if let (false, Some(known)) = (peers.contains_key(&peer), known) {
                let (contact, messages) = (Vec::new(), Vec::new());
                peers.insert(peer, PeerChanges { known, contact, messages, deliveries: Vec::new() });
            }
            if let Some(changes) = peers.get_mut(&peer) {
                changes.deliveries.push(delivery);
            }
        }
        for peer in &gone {
            self.peers.remove(peer);
        }
        self.peers.extend(seen);
        (self.version, self.message, self.history) = (Some(version), message, history);
        let mut peers: Vec<PeerChanges> = peers.into_values().collect();
        peers.sort_by_key(|changes| changes.known.latest);
        let recent = match lately {
            Some(lately) => {
                let before = std::mem::replace(&mut self.recent, lately);
                self.recent.recent.changes_since(&before.recent)
            }
            None => Vec::new(),
        };
        let changes = ExternalChanges { after: self.request, up_to: message, peers, forgotten: gone, recent };
        let is_new = !changes.peers.is_empty() || !changes.forgotten.is_empty() || !changes.recent.is_empty();
        Ok(is_new.then_some(changes))
    }

    /// Which older messages are in another state than before.
    fn states(&self, connection: &Connection) -> Result<Vec<(Peer, State)>> {
        let mut rows = connection.prepare_cached(
            "SELECT peer.peer, message.id, message.state, message.detail, message.waiting
            FROM message JOIN peer ON peer.id = message.peer
            WHERE message.id <= ?1 AND message.id IN (SELECT message FROM history WHERE rowid > ?2)
            ORDER BY message.id DESC LIMIT ?3",
        )?;
        let rows = rows.query_map(params![self.message.0, self.history, REPORT_STATES], |row| {
            Ok((peer_in(row, 0)?, delivery_in(row, 1)?))
        })?;
        let known =
            |row: Result<(Peer, Option<_>)>| row.map(|(peer, found)| Some((peer, found?))).transpose();
        rows.filter_map(known).collect()
    }

    /// What these requests, which were just done in this transaction, made of the file. What became of a contact beside
    /// what was asked for (a draft that was merged with another program's) is reported.
    pub(super) fn own<'a>(
        &self,
        reading: Reading<'_>,
        requests: impl Iterator<Item = &'a StoreRequest>,
    ) -> Result<(Own, Option<ExternalChanges>)> {
        let connection = reading.connection;
        let (message, history) = newest(connection)?;
        let mut own = Own { message, history, peers: HashMap::new(), request: None, recent: None };
        let mut expected: HashMap<Peer, Contact> = HashMap::new();
        for request in requests {
            let peer = match request {
                StoreRequest::Save(message) => Some(message.peer),
                StoreRequest::Contact { request, peer, changes } => {
                    own.request = Some(*request);
                    let known = || self.peers.get(peer).map(|seen| seen.contact.clone());
                    let contact =
                        expected.entry(*peer).or_insert_with(|| known().unwrap_or(Contact::new(*peer)));
                    for change in changes {
                        contact.apply(change);
                        // As it was asked for, not as it was merged.
                        if let crate::event::ContactChange::Draft { text, .. } = change {
                            contact.draft.clone_from(text);
                        }
                    }
                    Some(*peer)
                }
                StoreRequest::Update { row, delivery: Delivery::Folded(_), .. } => {
                    known::peer_of(connection, *row)?
                }
                StoreRequest::Forget(peer) => {
                    expected.remove(peer);
                    Some(*peer)
                }
                StoreRequest::Recent(_) => {
                    own.recent = self.recent.read_anew(connection)?;
                    None
                }
                StoreRequest::Update { .. }
                | StoreRequest::Draft { .. }
                | StoreRequest::Queue(_)
                | StoreRequest::Partial(_)
                | StoreRequest::DropPartial { .. }
                | StoreRequest::Page { .. }
                | StoreRequest::Find { .. }
                | StoreRequest::Details { .. }
                | StoreRequest::Outbox { .. } => None,
            };
            if let Some(peer) = peer {
                own.peers.insert(peer, None);
            }
        }
        let mut merged = Vec::new();
        for (peer, seen) in &mut own.peers {
            *seen = known::seen_of(connection, *peer)?;
            let (Some(seen), Some(expected)) = (seen, expected.get(peer)) else { continue };
            let contact = seen.contact.changes_since(expected);
            if !contact.is_empty()
                && let Some(known) = known::running(connection, *peer, reading.began)?
            {
                merged.push(PeerChanges { known, contact, messages: Vec::new(), deliveries: Vec::new() });
            }
        }
        let after = own.request.unwrap_or(self.request);
        let (forgotten, recent) = (Vec::new(), Vec::new());
        let changes = ExternalChanges { after, up_to: message, peers: merged, forgotten, recent };
        Ok((own, (!changes.peers.is_empty()).then_some(changes)))
    }

    /// That transaction is committed.
    pub(super) fn settle(&mut self, own: Own) {
        for (peer, seen) in own.peers {
            match seen {
                Some(seen) => drop(self.peers.insert(peer, seen)),
                None => drop(self.peers.remove(&peer)),
            }
        }
        (self.message, self.history) = (own.message, own.history);
        if let Some(recent) = own.recent {
            self.recent = recent;
        }
        self.request = own.request.unwrap_or(self.request);
    }
}

fn newest(connection: &Connection) -> Result<(RowId, i64)> {
    let sql =
        "SELECT (SELECT coalesce(max(id), 0) FROM message), (SELECT coalesce(max(rowid), 0) FROM history)";
    connection.prepare_cached(sql)?.query_row([], |row| Ok((RowId(row.get(0)?), row.get(1)?)))
}

/// The message that counts what is not kept of a peer that sends too much: it grows where it stands.
fn last_folded(connection: &Connection, peer: Peer) -> Result<Option<State>> {
    let sql = "SELECT id, state, detail, waiting FROM message
        WHERE peer = (SELECT id FROM peer WHERE peer.peer = ?1) AND state = 'folded' AND nth > (
            SELECT newest FROM peer WHERE peer.peer = ?1) - ?2
        ORDER BY nth DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row(params![peer.to_string(), PAGE], |row| delivery_in(row, 0)).optional()?;
    Ok(found.flatten())
}

fn delivery_in(row: &rusqlite::Row<'_>, column: usize) -> Result<Option<State>> {
    let id = RowId(row.get(column)?);
    let detail = row.get_ref(column + 2)?.as_str_or_null()?;
    let delivery = state::read(row.get_ref(column + 1)?.as_str()?, detail);
    let waiting = row.get::<_, i64>(column + 3)? == super::write::WAITING;
    Ok(delivery.map(|delivery| (id, delivery, waiting)))
}

impl Reading<'_> {
    /// The newest messages of a peer behind this one of any conversation, oldest first; no more than fits into a page.
    fn newer(&self, peer: Peer, than: RowId) -> Result<Vec<Stored>> {
        let mut messages = self.before(peer, u64::MAX, PAGE)?;
        messages.retain(|message| message.row > than);
        Ok(messages)
    }
}
