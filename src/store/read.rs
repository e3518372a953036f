//! What is read of the messages. Owns how a row becomes a message again; must never write.

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{CachedStatement, Connection, Error, OptionalExtension, Params, Result, Row, params};

use super::{state, write};
use crate::effect::{PAGE, Part};
use crate::event::{Delivery, Details, Found, Hit, Page, RowId, Stored};
use crate::text::clean_text;
use crate::text::find::Query;
use crate::wire::Raw;
use crate::wire::peer::Peer;

/// The most bytes of messages in one answer, so that the memory that it takes has a limit too. One message may have more.
const ANSWER_BYTES: usize = 1 << 19;
/// The most hits in one answer.
const HITS: usize = 256;
/// So many hits are counted, and no more.
const COUNTED: usize = 10_000;
/// What [`stored`] reads.
const COLUMNS: &str = "message.id, message.nth, message.at, message.state, message.detail, message.broadcast,
    message.bytes, message.waiting";

/// What [`hit`] reads.
pub(super) const HIT: &str =
    "SELECT message.id, message.nth, message.at, message.state, message.detail, message.broadcast,
    message.bytes, message.waiting, peer.peer, peer.heard
    FROM message JOIN peer ON peer.id = message.peer";

/// Reads through a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'connection> {
    pub(super) connection: &'connection Connection,
    /// The newest message when the program began. What was under way by then is no more.
    pub(super) began: RowId,
}

impl Reading<'_> {
    pub(super) fn page(&self, peer: Peer, part: Part) -> Result<Page> {
        let messages = match part {
            Part::Before(nth) => self.before(peer, nth, PAGE)?,
            Part::After(nth) => self.after(peer, nth, PAGE)?,
            Part::Around(nth) => {
                let side = (PAGE - 1) / 2;
                let mut messages = self.before(peer, nth, side)?;
                messages.extend(self.after(peer, nth.saturating_sub(1), side + 1)?);
                messages
            }
        };
        Ok(Page { peer, messages })
    }

    pub(super) fn before(&self, peer: Peer, nth: u64, limit: usize) -> Result<Vec<Stored>> {
        let mut messages = self.slice("nth < ?2 ORDER BY nth DESC", peer, nth, limit)?;
        messages.reverse();
        Ok(messages)
    }

    fn after(&self, peer: Peer, nth: u64, limit: usize) -> Result<Vec<Stored>> {
        self.slice("nth > ?2 ORDER BY nth", peer, nth, limit)
    }

    fn slice(&self, which: &str, peer: Peer, nth: u64, limit: usize) -> Result<Vec<Stored>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM message
            WHERE peer = (SELECT id FROM peer WHERE peer.peer = ?1) AND {which} LIMIT ?3"
        );
        let statement = self.connection.prepare_cached(&sql)?;
        let nth = i64::try_from(nth).unwrap_or(i64::MAX);
        self.messages(statement, params![peer.to_string(), nth, limit])
    }

    fn messages(&self, mut statement: CachedStatement<'_>, parameters: impl Params) -> Result<Vec<Stored>> {
        let mut rows = statement.query(parameters)?;
        let (mut messages, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let message = stored(row, self.began)?;
            bytes += message.text.len();
            if bytes > ANSWER_BYTES && !messages.is_empty() {
                break;
            }
            messages.push(message);
        }
        Ok(messages)
    }

    /// What waits in the outbox, oldest first; no more than fits into a page.
    pub(super) fn outbox(&self, peer: Peer) -> Result<Vec<Stored>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM message
            WHERE peer = (SELECT id FROM peer WHERE peer.peer = ?1) AND waiting > 0
                AND (waiting = ?2 OR id <= ?3) ORDER BY id LIMIT ?4"
        );
        let statement = self.connection.prepare_cached(&sql)?;
        self.messages(statement, params![peer.to_string(), write::WAITING, self.began.0, PAGE])
    }

    pub(super) fn details(&self, row: RowId) -> Result<Details> {
        let (bytes, at, first) = self
            .connection
            .prepare_cached("SELECT bytes, at, state, detail FROM message WHERE id = ?1")?
            .query_row([row.0], |row| {
                Ok((Raw(Bytes::from(row.get::<_, Vec<u8>>(0)?)), time(row, 1)?, delivery(row, 2)?))
            })?;
        let mut history: Vec<_> = self
            .connection
            .prepare_cached("SELECT at, state, detail FROM history WHERE message = ?1 ORDER BY rowid")?
            .query_map([row.0], |row| Ok((time(row, 0)?, delivery(row, 1)?)))?
            .collect::<Result<_>>()?;
        if history.is_empty() {
            history.push((at, first));
        }
        Ok(Details { row, bytes, history })
    }

    pub(super) fn find(&self, peer: Option<Peer>, text: &str, before: Option<RowId>) -> Result<Found> {
        // Nothing is forgotten between the search and the reading.
        let _snapshot = self.connection.unchecked_transaction()?;
        let mut found = Found { hits: Vec::new(), total: 0, more: false };
        let Some(expression) = self.expression(peer, &Query::parse(text))? else { return Ok(found) };
        let before = before.map_or(i64::MAX, |row| row.0);
        let rows: Vec<i64> = self
            .connection
            .prepare_cached(
                "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3",
            )?
            .query_map(params![expression, before, COUNTED + 1], |row| row.get(0))?
            .collect::<Result<_>>()?;
        found.total = rows.len().min(COUNTED);
        found.more = rows.len() > COUNTED;
        let mut read = self.connection.prepare_cached(&format!("{HIT} WHERE message.id = ?1"))?;
        let mut bytes = 0;
        for row in rows.into_iter().take(HITS) {
            let hit = read.query_row([row], |row| hit(row, self.began))?;
            bytes += hit.message.text.len();
            if bytes > ANSWER_BYTES && !found.hits.is_empty() {
                break;
            }
            found.hits.push(hit);
        }
        Ok(found)
    }

    /// The query as the index understands it; none where it cannot find anything. No word needs quoting: what quotes is
    /// no part of any.
    pub(super) fn expression(&self, peer: Option<Peer>, query: &Query) -> Result<Option<String>> {
        if query.is_empty() {
            return Ok(None);
        }
        let phrase = |(words, open): (&[String], bool)| {
            format!("\"{}\"{}", words.join(" "), if open { " *" } else { "" })
        };
        let text = query.phrases().map(phrase).collect::<Vec<_>>().join(" AND ");
        let Some(peer) = peer else { return Ok(Some(format!("text : ({text})"))) };
        let known: Option<i64> = self
            .connection
            .prepare_cached("SELECT id FROM peer WHERE peer = ?1")?
            .query_row([peer.to_string()], |row| row.get(0))
            .optional()?;
        Ok(known.map(|peer| format!("peer : {} AND text : ({text})", write::peer_word(peer))))
    }
}

fn stored(row: &Row<'_>, began: RowId) -> Result<Stored> {
    let id = RowId(row.get(0)?);
    let waiting: i64 = row.get(7)?;
    let bytes = row.get_ref(6)?.as_blob()?;
    let text = clean_text(bytes);
    let raw = (text.as_bytes() != bytes).then(|| Raw(Bytes::copy_from_slice(bytes)));
    Ok(Stored {
        row: id,
        nth: row.get(1)?,
        at: time(row, 2)?,
        delivery: delivery(row, 3)?,
        text,
        raw,
        waiting: waiting == write::WAITING || (waiting == write::UNDER_WAY && id <= began),
        broadcast: row.get(5)?,
    })
}

/// A message with its peer, from a row of [`HIT`].
pub(super) fn hit(row: &Row<'_>, began: RowId) -> Result<Hit> {
    Ok(Hit { peer: peer_in(row, 8)?, message: stored(row, began)? })
}

/// A column that makes no sense.
fn wrong(column: usize, what: &str) -> Error {
    Error::FromSqlConversionFailure(column, Type::Text, what.into())
}

pub(super) fn time(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    Timestamp::from_microsecond(row.get(column)?).map_err(|_| wrong(column, "no time"))
}

pub(super) fn peer_in(row: &Row<'_>, column: usize) -> Result<Peer> {
    row.get_ref(column)?.as_str()?.parse().map_err(|_| wrong(column, "no peer"))
}

fn delivery(row: &Row<'_>, column: usize) -> Result<Delivery> {
    let word = row.get_ref(column)?.as_str()?;
    let detail = row.get_ref(column + 1)?.as_str_or_null()?;
    state::read(word, detail).ok_or_else(|| wrong(column, "no state"))
}
