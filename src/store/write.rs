//! What becomes of a request to keep something, within a transaction of the caller's. Must never be called outside one.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, ToSql, params};

use super::{known, recent, state, transfers};
use crate::effect::{Change, NewMessage, Recent, Silent, StoreRequest};
use crate::event::{ContactChange, Delivery, RowId, Saved, merged_draft};
use crate::text::clean_text;
use crate::text::find::words;
use crate::wire::peer::Peer;

/// Waits for somebody to send it.
pub(super) const WAITING: i64 = 1;
/// On its way.
pub(super) const UNDER_WAY: i64 = 2;

/// How the ways of announcing that are turned off are written.
const BELL: u8 = 1;
const DESKTOP: u8 = 2;
const TITLE: u8 = 4;

/// Does what is asked for. A message that is kept has its place from then on.
pub(super) fn apply(connection: &Connection, request: &StoreRequest) -> Result<Option<Saved>> {
    match request {
        StoreRequest::Save(message) => return save(connection, message).map(Some),
        StoreRequest::Update { row, at, delivery, waiting } => {
            update(connection, *row, *at, delivery, *waiting)?;
        }
        StoreRequest::Contact { peer, changes, .. } => change_contact(connection, *peer, changes)?,
        StoreRequest::Forget(peer) => forget(connection, *peer)?,
        StoreRequest::Recent(change) => change_recent(connection, change)?,
        StoreRequest::Draft { before, text } => {
            keep_text(connection, "draft", &merged_draft(before, text, &known::draft(connection)?))?;
        }
        StoreRequest::Queue(changes) => transfers::keep_queue(connection, changes)?,
        StoreRequest::Partial(kept) => transfers::keep_partial(connection, kept)?,
        StoreRequest::DropPartial { source, to } => transfers::drop_partial(connection, source, to)?,
        // They keep nothing.
        StoreRequest::Page { .. }
        | StoreRequest::Find { .. }
        | StoreRequest::Details { .. }
        | StoreRequest::Outbox { .. } => {}
    }
    Ok(None)
}

/// The word that stands for a peer in the index.
pub(super) fn peer_word(peer: i64) -> String {
    format!("p{peer}")
}

fn save(connection: &Connection, message: &NewMessage) -> Result<Saved> {
    let peer = message.peer.to_string();
    let at = message.at.as_microsecond();
    let ours = message.delivery.is_ours();
    connection
        .prepare_cached("INSERT INTO peer (peer) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([&peer])?;
    let (peer, nth, theirs): (i64, u64, i64) = connection
        .prepare_cached(
            "UPDATE peer SET newest = newest + 1, latest = ?2, theirs = theirs + ?3,
                heard = CASE ?3 WHEN 1 THEN newest + 1 ELSE heard END,
                heard_at = CASE ?3 WHEN 1 THEN ?2 ELSE heard_at END
            WHERE peer = ?1 RETURNING id, newest, theirs",
        )?
        .query_row(params![peer, at, !ours], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let (state, detail) = state::written(&message.delivery);
    let waiting = if message.delivery == Delivery::Queued { UNDER_WAY } else { 0 };
    let bytes: &[u8] = &message.bytes.0;
    let row = connection
        .prepare_cached(
            "INSERT INTO message (peer, nth, at, state, detail, waiting, broadcast, theirs, bytes)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .insert(params![peer, nth, at, state, detail, waiting, message.broadcast, theirs, bytes])?;
    if ours {
        remember_state(connection, RowId(row), at, &message.delivery)?;
    }
    let text = clean_text(bytes);
    let words: Vec<String> = words(&text).map(|word| word.folded).collect();
    if !words.is_empty() {
        connection
            .prepare_cached("INSERT INTO words (rowid, peer, text) VALUES (?1, ?2, ?3)")?
            .execute(params![row, peer_word(peer), words.join(" ")])?;
    }
    Ok(Saved { id: message.id, peer: message.peer, row: RowId(row), nth })
}

fn update(
    connection: &Connection,
    row: RowId,
    at: Timestamp,
    delivery: &Delivery,
    waiting: bool,
) -> Result<()> {
    let at = at.as_microsecond();
    let (state, detail) = state::written(delivery);
    let waiting = if waiting { WAITING } else { 0 };
    let known = connection
        .prepare_cached("UPDATE message SET state = ?2, detail = ?3, waiting = ?4 WHERE id = ?1")?
        .execute(params![row.0, state, detail, waiting])?;
    if known == 0 {
        // Forgotten meanwhile.
        Ok(())
    } else if delivery.is_ours() {
        remember_state(connection, row, at, delivery)
    } else {
        connection
            .prepare_cached(
                "UPDATE peer SET heard_at = max(heard_at, ?2)
                WHERE id = (SELECT peer FROM message WHERE id = ?1)",
            )?
            .execute(params![row.0, at])?;
        Ok(())
    }
}

fn remember_state(connection: &Connection, row: RowId, at: i64, delivery: &Delivery) -> Result<()> {
    let (state, detail) = state::written(delivery);
    connection
        .prepare_cached("INSERT INTO history (message, at, state, detail) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![row.0, at, state, detail])?;
    Ok(())
}

/// Writes just what changed: another program may have changed something else of the same peer.
fn change_contact(connection: &Connection, peer: Peer, changes: &[ContactChange]) -> Result<()> {
    let peer = peer.to_string();
    connection
        .prepare_cached("INSERT INTO peer (peer) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([&peer])?;
    let set = |sql: &str, value: &dyn ToSql| {
        let sql = format!("UPDATE peer SET {sql} WHERE peer = ?1");
        connection.prepare_cached(&sql)?.execute(params![peer, value]).map(drop)
    };
    let set_silent = |bit: u8, silent: bool| {
        let sql = format!("silent = CASE WHEN ?2 THEN silent | {bit} ELSE silent & ~{bit} END");
        set(&sql, &silent)
    };
    for change in changes {
        match change {
            ContactChange::Name(name, named) => {
                set("name = ?2", &name.as_deref())?;
                set("named = ?2", named)?;
            }
            ContactChange::Invited(invited) => set("invited = ?2", invited)?,
            ContactChange::Pinned(pinned) => set("pinned = ?2", pinned)?,
            ContactChange::Muted(muted) => set("muted = ?2", muted)?,
            ContactChange::Blocked(blocked) => set("blocked = ?2", blocked)?,
            ContactChange::SilentBell(silent) => set_silent(BELL, *silent)?,
            ContactChange::SilentDesktop(silent) => set_silent(DESKTOP, *silent)?,
            ContactChange::SilentTitle(silent) => set_silent(TITLE, *silent)?,
            ContactChange::Draft { before, text } => {
                let stored: String = connection
                    .prepare_cached("SELECT draft FROM peer WHERE peer = ?1")?
                    .query_row([&peer], |row| row.get(0))?;
                set("draft = ?2", &merged_draft(before, text, &stored))?;
            }
            ContactChange::Read(read) => set("read = max(read, ?2)", read)?,
        }
    }
    Ok(())
}

/// The ways of announcing that are turned off.
pub(super) fn read_silent(bits: u8) -> Silent {
    Silent { bell: bits & BELL != 0, desktop: bits & DESKTOP != 0, title: bits & TITLE != 0 }
}

fn forget(connection: &Connection, peer: Peer) -> Result<()> {
    let known: Option<i64> = connection
        .prepare_cached("SELECT id FROM peer WHERE peer = ?1")?
        .query_row([peer.to_string()], |row| row.get(0))
        .optional()?;
    let Some(peer) = known else { return Ok(()) };
    connection
        .execute("DELETE FROM words WHERE rowid IN (SELECT id FROM message WHERE peer = ?1)", [peer])?;
    // What belongs to it goes with it.
    connection.execute("DELETE FROM peer WHERE id = ?1", [peer])?;
    compact(connection)
}

/// Keeps the index only of the messages that there are. Until then it just has the others crossed out.
fn compact(connection: &Connection) -> Result<()> {
    connection.execute("INSERT INTO words (words) VALUES ('optimize')", []).map(drop)
}

/// Throws the oldest part of all messages away, an eighth.
pub(super) fn shed(connection: &Connection) -> Result<()> {
    let oldest = "SELECT id FROM message ORDER BY id LIMIT (SELECT count(*) / 8 + 1 FROM message)";
    connection.execute(&format!("DELETE FROM words WHERE rowid IN ({oldest})"), [])?;
    connection.execute(&format!("DELETE FROM message WHERE id IN ({oldest})"), [])?;
    compact(connection)
}

/// Another program may have changed something else since this one began.
fn change_recent(connection: &Connection, change: &Change) -> Result<()> {
    let mut recent = known::recent(connection)?.unwrap_or_default();
    if recent.change(change) { keep_recent(connection, &recent) } else { Ok(()) }
}

pub(super) fn keep_recent(connection: &Connection, recent: &Recent) -> Result<()> {
    let json =
        recent::to_json(recent).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    keep_text(connection, "recent", &json)
}

fn keep_text(connection: &Connection, key: &str, text: &str) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO kept (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2")?
        .execute([key, text])?;
    Ok(())
}
