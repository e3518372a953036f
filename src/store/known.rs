//! What is known at the start of the program. Looks each peer up, and never at all messages.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Result, Row};

use super::external::{self, Seen};
use super::read::{peer_in, time};
use super::{recent, transfers, write};
use crate::effect::{Contact, Known, Memory, Recent};
use crate::event::RowId;
use crate::text::clean_line;
use crate::wire::peer::Peer;

/// So many peers are known that the user has done nothing about but read; of more, those that wrote last.
const STRANGERS: i64 = 1000;

/// What is compared of a peer.
const CONTACT: &str = "peer, name, invited, pinned, muted, blocked, silent, draft, read, newest, latest, heard, heard_at, named";
/// What [`known_in`] reads, given until which message what is under way counts as waiting (`?1`).
const KNOWN: &str = ",
    theirs - coalesce((SELECT theirs FROM message
        WHERE message.peer = peer.id AND nth <= read ORDER BY nth DESC LIMIT 1), 0),
    (SELECT count(*) FROM message WHERE message.peer = peer.id AND waiting > 0 AND (waiting = 1 OR message.id <= ?1))";

/// All of it, but for the queue of downloads, and where to begin to look for what other programs store.
pub(super) fn memory(connection: &Connection) -> Result<(Memory, external::Start)> {
    let _snapshot = connection.unchecked_transaction()?;
    let mut known = Vec::new();
    for (chosen, limit) in [(true, i64::MAX), (false, STRANGERS)] {
        let sql =
            format!("SELECT {CONTACT} {KNOWN} FROM peer WHERE chosen = ?2 ORDER BY latest DESC LIMIT ?3");
        let mut rows = connection.prepare(&sql)?;
        let rows = rows.query_map((i64::MAX, chosen, limit), known_in)?.collect::<Result<Vec<_>>>()?;
        known.extend(rows);
    }
    known.sort_by_key(|known| std::cmp::Reverse(known.latest));
    let start = external::Start::read(connection, &known)?;
    let memory = Memory {
        recent: recent(connection)?.unwrap_or_default(),
        known,
        draft: draft(connection)?,
        queue: Vec::new(),
        partials: transfers::partials(connection)?,
    };
    Ok((memory, start))
}

/// A peer as it is while programs run: of what is under way only that waits which was when this program began.
pub(super) fn running(connection: &Connection, peer: Peer, began: RowId) -> Result<Option<Known>> {
    let sql = format!("SELECT {CONTACT} {KNOWN} FROM peer WHERE peer.peer = ?2");
    connection.prepare_cached(&sql)?.query_row((began.0, peer.to_string()), known_in).optional()
}

/// What is compared of all peers that a program knows.
pub(super) fn seen(connection: &Connection) -> Result<HashMap<Peer, Seen>> {
    let mut all = HashMap::new();
    for (chosen, limit) in [(true, i64::MAX), (false, STRANGERS)] {
        let sql = format!("SELECT {CONTACT} FROM peer WHERE chosen = ?1 ORDER BY latest DESC LIMIT ?2");
        let mut rows = connection.prepare_cached(&sql)?;
        let rows = rows.query_map((chosen, limit), seen_in)?;
        for seen in rows {
            let seen = seen?;
            all.insert(seen.contact.peer, seen);
        }
    }
    Ok(all)
}

/// What is compared of this peer; none where it is not known.
pub(super) fn seen_of(connection: &Connection, peer: Peer) -> Result<Option<Seen>> {
    let sql = format!("SELECT {CONTACT} FROM peer WHERE peer.peer = ?1");
    connection.prepare_cached(&sql)?.query_row([peer.to_string()], seen_in).optional()
}

/// Whether anything is kept of this peer.
pub(super) fn is_known(connection: &Connection, peer: Peer) -> Result<bool> {
    connection.prepare_cached("SELECT 1 FROM peer WHERE peer = ?1")?.exists([peer.to_string()])
}

/// Whose conversation this message belongs to.
pub(super) fn peer_of(connection: &Connection, message: RowId) -> Result<Option<Peer>> {
    connection
        .prepare_cached(
            "SELECT peer.peer FROM peer JOIN message ON message.peer = peer.id WHERE message.id = ?1",
        )?
        .query_row([message.0], |row| peer_in(row, 0))
        .optional()
}

fn seen_in(row: &Row<'_>) -> Result<Seen> {
    let heard_at = is_there(row, 12).then(|| time(row, 12)).transpose()?;
    Ok(Seen { contact: contact_in(row)?, newest: row.get(9)?, heard_at })
}

fn is_there(row: &Row<'_>, column: usize) -> bool {
    row.get_ref(column).is_ok_and(|value| value != rusqlite::types::ValueRef::Null)
}

fn contact_in(row: &Row<'_>) -> Result<Contact> {
    let name: Option<String> = row.get(1)?;
    Ok(Contact {
        peer: peer_in(row, 0)?,
        name: name.map(|name| clean_line(name.as_bytes())),
        named: row.get(13)?,
        invited: row.get(2)?,
        pinned: row.get(3)?,
        muted: row.get(4)?,
        blocked: row.get(5)?,
        silent: write::read_silent(row.get(6)?),
        draft: row.get(7)?,
        read: row.get(8)?,
    })
}

fn known_in(row: &Row<'_>) -> Result<Known> {
    let heard: u64 = row.get(11)?;
    Ok(Known {
        contact: contact_in(row)?,
        newest: row.get(9)?,
        latest: is_there(row, 10).then(|| time(row, 10)).transpose()?,
        heard: is_there(row, 12).then(|| time(row, 12)).transpose()?.map(|at| (heard, at)),
        unread: row.get(14)?,
        waiting: row.get(15)?,
    })
}

/// What was begun for a peer that was not chosen yet.
pub(super) fn draft(connection: &Connection) -> Result<String> {
    kept(connection, "draft").map(Option::unwrap_or_default)
}

/// The text that is kept under this key; none where none is.
fn kept(connection: &Connection, key: &str) -> Result<Option<String>> {
    let mut found = connection.prepare_cached("SELECT value FROM kept WHERE key = ?1")?;
    found.query_row([key], |row| row.get(0)).optional()
}

/// How what was used lately is written; empty where nothing was kept yet.
pub(super) fn recent_json(connection: &Connection) -> Result<String> {
    kept(connection, "recent").map(Option::unwrap_or_default)
}

/// What was used lately; none where nothing was kept yet.
pub(super) fn recent(connection: &Connection) -> Result<Option<Recent>> {
    let json = kept(connection, "recent")?;
    let read = |json: String| {
        recent::from_json(json.as_bytes())
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    };
    json.map(read).transpose()
}
