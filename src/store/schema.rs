//! The tables, and how a file of an earlier version gets them. Owns what tells our file from any other.

use rusqlite::{Connection, Result, TransactionBehavior};

/// In the header of the file (`PRAGMA application_id`): "hobn".
pub(super) const APPLICATION: u32 = 0x686f_626e;

/// What leads from each version (`PRAGMA user_version`) to the next; the first from an empty file. What was released
/// once is never changed: another step is put behind it.
pub(super) const STEPS: &[&str] = &[FIRST, SECOND, THIRD, FOURTH];

const FIRST: &str = "
-- A peer: what is kept of it beside the messages, and what would take long to find among them.
CREATE TABLE peer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    peer TEXT NOT NULL UNIQUE,
    name TEXT,
    named INTEGER NOT NULL DEFAULT 0,
    invited INTEGER NOT NULL DEFAULT 0,
    pinned INTEGER NOT NULL DEFAULT 0,
    muted INTEGER NOT NULL DEFAULT 0,
    blocked INTEGER NOT NULL DEFAULT 0,
    silent INTEGER NOT NULL DEFAULT 0,
    draft TEXT NOT NULL DEFAULT '',
    read INTEGER NOT NULL DEFAULT 0,
    -- The newest message, and when it was.
    newest INTEGER NOT NULL DEFAULT 0,
    latest INTEGER,
    -- How many messages are the peer's own, the newest of them, and when it came.
    theirs INTEGER NOT NULL DEFAULT 0,
    heard INTEGER NOT NULL DEFAULT 0,
    heard_at INTEGER,
    chosen INTEGER NOT NULL AS (pinned OR invited OR muted OR blocked OR silent OR named OR draft <> '') STORED
) STRICT;
CREATE INDEX peer_chosen ON peer (chosen, latest);

CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    peer INTEGER NOT NULL REFERENCES peer ON DELETE CASCADE,
    nth INTEGER NOT NULL,
    -- Microseconds since 1970.
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    detail TEXT,
    -- 0: no. 1: in the outbox. 2: on its way; where nothing else is heard of it until the program ends, in the outbox.
    waiting INTEGER NOT NULL,
    broadcast INTEGER NOT NULL,
    -- How many messages of the conversation are the peer's own, up to this one.
    theirs INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (peer, nth)
) STRICT;
CREATE INDEX message_waiting ON message (peer, id) WHERE waiting > 0;

-- What became of each message of ours, and when.
CREATE TABLE history (
    message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    detail TEXT
) STRICT;
CREATE INDEX history_message ON history (message);

-- The words of each message, and a word that stands for its peer. They come in lower case and between blanks, and all
-- that is to be a word has to be one to the tokenizer.
CREATE VIRTUAL TABLE words USING fts5 (
    peer, text,
    content = '', contentless_delete = 1, prefix = '1 2 3',
    tokenize = \"ascii tokenchars '!#$%&()*+,-./:;<=>?@[\\]^_`{|}~'\"
);

CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

const SECOND: &str = "
-- A download that is not done, by its place in the queue.
CREATE TABLE transfer (
    place INTEGER PRIMARY KEY,
    -- Its path is encoded as a request carries it; that of a folder ends in a slash.
    source TEXT NOT NULL,
    target BLOB NOT NULL,
    size INTEGER,
    conflict TEXT NOT NULL,
    checksum TEXT,
    -- One source a line.
    sums TEXT NOT NULL,
    paused INTEGER NOT NULL
) STRICT;

-- A file of which a part is here.
CREATE TABLE partial (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    target BLOB NOT NULL,
    validator TEXT,
    total INTEGER,
    UNIQUE (source, target)
) STRICT;
";

const THIRD: &str = "
-- Bytes of the file that were here when that was last looked at.
ALTER TABLE transfer ADD COLUMN here INTEGER NOT NULL DEFAULT 0;
-- It did not work. What failed before was kept as paused.
ALTER TABLE transfer ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;
";

const FOURTH: &str = "
-- Who says what the file is called: 0 the user, 1 a list, 2 the server.
ALTER TABLE transfer ADD COLUMN named_by INTEGER NOT NULL DEFAULT 0;
-- Whether the folder that it goes to was made for it.
ALTER TABLE transfer ADD COLUMN owns_folder INTEGER NOT NULL DEFAULT 0;
";

/// The version of this program's files.
pub(super) fn version() -> u64 {
    STEPS.len() as u64
}

/// Leads the file to the version that all these steps lead to.
pub(super) fn migrate(connection: &mut Connection, steps: &[&str]) -> Result<()> {
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another program may have been faster.
    let version: u32 = step.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let missing = steps.get(version as usize..).unwrap_or_default();
    for sql in missing {
        step.execute_batch(sql)?;
    }
    if !missing.is_empty() {
        step.pragma_update(None, "application_id", APPLICATION)?;
        step.pragma_update(None, "user_version", steps.len())?;
    }
    step.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_any_earlier_version_gets_the_steps_that_it_lacks_and_each_once() {
        let steps = ["CREATE TABLE a (b)", "INSERT INTO a VALUES (1)", "UPDATE a SET b = b + 1"];
        for done in 0..=steps.len() {
            let mut file = Connection::open_in_memory().unwrap();
            migrate(&mut file, &steps[..done]).unwrap();
            migrate(&mut file, &steps).unwrap();
            migrate(&mut file, &steps).unwrap();
            let found = file.query_row("SELECT b, (SELECT * FROM pragma_user_version) FROM a", [], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
            });
            assert_eq!(found, Ok((2, 3)));
        }
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let mut file = Connection::open_in_memory().unwrap();
        assert!(migrate(&mut file, &["CREATE TABLE a (b)", "nonsense"]).is_err());
        let tables: i64 = file.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 0);
    }
}
