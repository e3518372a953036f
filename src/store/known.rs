//! What is known at the start of the program. Looks each peer up, and never at all messages.

use rusqlite::{Connection, OptionalExtension, Result, Row};

use super::read::{peer_in, time};
use super::{recent, transfers, write};
use crate::effect::{Contact, Known, Memory, Recent};
use crate::text::clean_line;

/// So many peers are known that the user has done nothing about but read; of more, those that wrote last.
const STRANGERS: i64 = 1000;

/// All of it, but for the queue of downloads.
pub(super) fn memory(connection: &Connection) -> Result<Memory> {
    let _snapshot = connection.unchecked_transaction()?;
    let mut known = Vec::new();
    for (chosen, limit) in [(true, i64::MAX), (false, STRANGERS)] {
        let mut rows = connection.prepare(
            "SELECT peer, name, invited, pinned, muted, blocked, silent, draft, read, newest, latest, heard, heard_at,
                theirs - coalesce((SELECT theirs FROM message
                    WHERE message.peer = peer.id AND nth <= read ORDER BY nth DESC LIMIT 1), 0),
                (SELECT count(*) FROM message WHERE message.peer = peer.id AND waiting > 0),
                named
            FROM peer WHERE chosen = ?1 ORDER BY latest DESC LIMIT ?2",
        )?;
        let rows = rows.query_map((chosen, limit), known_in)?.collect::<Result<Vec<_>>>()?;
        known.extend(rows);
    }
    known.sort_by_key(|known| std::cmp::Reverse(known.latest));
    Ok(Memory {
        recent: recent(connection)?.unwrap_or_default(),
        known,
        queue: Vec::new(),
        partials: transfers::partials(connection)?,
    })
}

fn known_in(row: &Row<'_>) -> Result<Known> {
    let name: Option<String> = row.get(1)?;
    let contact = Contact {
        peer: peer_in(row, 0)?,
        name: name.map(|name| clean_line(name.as_bytes())),
        named: row.get(15)?,
        invited: row.get(2)?,
        pinned: row.get(3)?,
        muted: row.get(4)?,
        blocked: row.get(5)?,
        silent: write::read_silent(row.get(6)?),
        draft: row.get(7)?,
        read: row.get(8)?,
    };
    let timed = |column| row.get_ref(column).is_ok_and(|value| value != rusqlite::types::ValueRef::Null);
    let heard: u64 = row.get(11)?;
    Ok(Known {
        contact,
        newest: row.get(9)?,
        latest: timed(10).then(|| time(row, 10)).transpose()?,
        heard: timed(12).then(|| time(row, 12)).transpose()?.map(|at| (heard, at)),
        unread: row.get(13)?,
        waiting: row.get(14)?,
    })
}

/// What was used lately; none where nothing was kept yet.
pub(super) fn recent(connection: &Connection) -> Result<Option<Recent>> {
    let json: Option<String> = connection
        .query_row("SELECT value FROM kept WHERE key = 'recent'", [], |row| row.get(0))
        .optional()?;
    let read = |json: String| {
        recent::from_json(json.as_bytes())
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    };
    json.map(read).transpose()
}
