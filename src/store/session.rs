//! Crash detection: a marker in the database as long as a program runs that owns the queue of downloads. Where one finds it that
//! opens the queue, the program before it died without saying so: it was killed, it overflowed its stack, or the power failed.

use rusqlite::{Connection, OptionalExtension, Result};

use super::transfers;

const KEY: &str = "session";

/// Whether the program before this one died without saying so.
pub(super) fn crashed(connection: &Connection) -> Result<bool> {
    let found = connection.query_row("SELECT 1 FROM kept WHERE key = ?1", [KEY], |_| Ok(())).optional()?;
    Ok(found.is_some())
}

/// A program begins to work on the queue. What was under way when the one before died waits from now on.
pub(super) fn begin(connection: &Connection) -> Result<()> {
    if crashed(connection)? {
        transfers::stop_all(connection)?;
    }
    connection.execute("INSERT OR REPLACE INTO kept (key, value) VALUES (?1, 'open')", [KEY])?;
    Ok(())
}

/// It came to its end.
pub(super) fn end(connection: &Connection) -> Result<()> {
    connection.execute("DELETE FROM kept WHERE key = ?1", [KEY])?;
    Ok(())
}
