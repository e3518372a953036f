//! What is kept, for a command that only reads it, beside programs that write. Must never make or change anything.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Result as SqlResult, params_from_iter};

use super::read::{HIT, Reading, hit};
use super::{fault, open};
use crate::event::{Delivery, Fault, Hit, RowId};
use crate::text::find::Query;
use crate::wire::peer::Peer;

/// A store that is only read.
#[derive(Debug)]
pub struct History {
    connection: Connection,
    path: PathBuf,
}

/// Which messages are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'text> {
    /// Of which conversation; of all where none is named.
    pub peer: Option<Peer>,
    /// With these words, as they were typed.
    pub text: Option<&'text str>,
    /// From this moment on.
    pub since: Option<Timestamp>,
    /// The newest of them, so many at most.
    pub limit: u64,
}

impl History {
    /// Opens what is kept in this folder; none where nothing is.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn open(dir: &Path) -> Result<Option<Self>, Fault> {
        let connection = open::open_to_read(dir)?;
        Ok(connection.map(|connection| Self { connection, path: dir.to_path_buf() }))
    }

    /// The peer of this name or address; none where nothing is kept of one.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn peer(&self, text: &str) -> Result<Option<Peer>, Fault> {
        let address = text.parse::<Peer>().map_or_else(|_| text.to_owned(), |peer| peer.to_string());
        let sql = "SELECT peer FROM peer WHERE name = ?1 OR peer = ?2 ORDER BY name IS ?1 DESC, latest DESC LIMIT 1";
        let found =
            self.connection.query_row(sql, [text, &address], |row| row.get::<_, String>(0)).optional();
        let found = found.map_err(|error| fault(&self.path, &error))?;
        Ok(found.and_then(|peer| peer.parse().ok()))
    }

    /// Where those messages are, oldest first.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn rows(&self, wanted: Wanted<'_>) -> Result<Vec<RowId>, Fault> {
        self.rows_of(wanted).map_err(|error| fault(&self.path, &error))
    }

    fn rows_of(&self, wanted: Wanted<'_>) -> SqlResult<Vec<RowId>> {
        let reading = Reading { connection: &self.connection, began: RowId(0) };
        let mut tables = "message";
        let (mut conditions, mut values) = (vec!["1"], Vec::<Value>::new());
        if let Some(text) = wanted.text {
            let Some(expression) = reading.expression(wanted.peer, &Query::parse(text))? else {
                return Ok(Vec::new());
            };
            tables = "words CROSS JOIN message ON message.id = words.rowid";
            conditions.push("words MATCH ?");
            values.push(expression.into());
        } else if let Some(peer) = wanted.peer {
            conditions.push("message.peer = (SELECT id FROM peer WHERE peer.peer = ?)");
            values.push(peer.to_string().into());
        }
        if let Some(since) = wanted.since {
            conditions.push("message.at >= ?");
            values.push(since.as_microsecond().into());
        }
        let order = match (wanted.text, wanted.peer) {
            (Some(_), _) => "words.rowid",
            (None, Some(_)) => "message.nth",
            (None, None) => "message.id",
        };
        values.push(i64::try_from(wanted.limit).unwrap_or(i64::MAX).into());
        let conditions = conditions.join(" AND ");
        let sql = format!("SELECT message.id FROM {tables} WHERE {conditions} ORDER BY {order} DESC LIMIT ?");
        let mut statement = self.connection.prepare(&sql)?;
        let rows = statement.query_map(params_from_iter(values), |row| row.get(0).map(RowId))?;
        let mut rows = rows.collect::<SqlResult<Vec<_>>>()?;
        rows.reverse();
        Ok(rows)
    }

    /// The message that is there, and whether its peer has written since it was sent; none where it is forgotten.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn message(&self, row: RowId) -> Result<Option<(Hit, bool)>, Fault> {
        let sql = format!("{HIT} WHERE message.id = ?1");
        let read = || {
            self.connection.prepare_cached(&sql)?.query_row([row.0], |row| {
                let (hit, heard) = (hit(row, RowId(0))?, row.get::<_, u64>(9)?);
                let back = hit.message.delivery == Delivery::Sent && heard > hit.message.nth;
                Ok((hit, back))
            })
        };
        read().optional().map_err(|error| fault(&self.path, &error))
    }
}
