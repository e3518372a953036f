//! From a data directory to connections. Never leaves half a file under its name, and never writes to one that is not
//! ours, of a later version, or damaged: then a store in memory stands in for it.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Result as SqlResult};

use super::claim::Claim;
use super::schema::{self, APPLICATION, STEPS};
use super::{external, fault, known, recent, session, transfers, write};
use crate::effect::{KeptState, Memory};
use crate::event::{Fault, RowId};
use crate::text::clean_line;

/// The file's name in the data directory.
const FILE: &str = "hobnob.db";
/// How long a connection waits for another program that writes.
const PATIENCE: Duration = Duration::from_secs(5);
/// What a connection keeps of the file in memory, in KiB (SQLite has it negative).
const CACHE: i64 = -2048;
/// The log is cut to so many bytes when it is written anew.
const LOG: i64 = 4 << 20;
/// The first bytes of every SQLite file, and where two numbers stand behind them.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const HEADER: usize = 100;
const USER_VERSION: usize = 60;
const APPLICATION_ID: usize = 68;
/// What needs no encoding in a `file:` URI.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// The file, or what stands in for it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) writer: Connection,
    /// None where the writer reads too.
    pub(super) reader: Option<Connection>,
    /// The newest message.
    pub(super) newest: RowId,
    pub(super) memory: Memory,
    /// Why nothing is kept; none where everything is.
    pub(super) fault: Option<Fault>,
    /// None where the queue of downloads is not this program's.
    pub(super) queue: Option<Claim>,
    /// Where to begin to look for what other programs store; none where no other program can.
    pub(super) external: Option<external::Start>,
}

/// Opens the file in this folder, and claims its queue. Both are made where they are missing.
pub(super) fn open(dir: &Path, claim: impl FnOnce(&Path) -> Option<Claim>) -> Result<Place, Fault> {
    let path = dir.join(FILE);
    file(dir, &path, claim).or_else(|fault| in_memory(path.clone(), fault))
}

/// Opens the file, and only to read it. None where there is none.
pub(super) fn open_to_read(dir: &Path) -> Result<Option<Connection>, Fault> {
    let path = dir.join(FILE);
    if !exists(&path)? {
        return Ok(None);
    }
    // Not as a file that cannot be written: what SQLite puts beside it would be left there.
    let connection = match writable(&path) {
        Err(Fault::Disk(_)) => read_only(&path),
        opened => opened,
    }?;
    connection.pragma_update(None, "query_only", true).map_err(|error| fault(&path, &error))?;
    Ok(Some(connection))
}

fn file(dir: &Path, path: &Path, claim: impl FnOnce(&Path) -> Option<Claim>) -> Result<Place, Fault> {
    if !exists(path)? {
        create(dir, path).map_err(|error| match error {
            Problem::Disk(error) => disk(dir, &error),
            Problem::Sql(error) => fault(path, &error),
        })?;
    }
    let (writer, reader, fault) = match writable(path) {
        Ok(writer) => (writer, connect(path, OpenFlags::default()), None),
        // The rights forbid it: what is there can be read all the same.
        Err(why @ Fault::Disk(_)) => (read_only(path)?, read_only_again(path), Some(why)),
        Err(fault) => return Err(fault),
    };
    let wrong = |error| super::fault(path, &error);
    let reader = reader.map_err(wrong)?;
    let (mut memory, external) = known::memory(&reader).map_err(wrong)?;
    // Whoever had it before has written it to its end by then.
    let queue = claim(dir);
    if queue.is_some() {
        memory.queue = transfers::queue(&reader).map_err(wrong)?;
        if session::crashed(&reader).map_err(wrong)? {
            let going = memory.queue.iter_mut().filter(|item| item.state == KeptState::Going);
            going.for_each(|item| item.state = KeptState::Crashed);
        }
    }
    let newest = newest(&reader).map_err(wrong)?;
    let (path, reader, external) = (path.to_path_buf(), Some(reader), Some(external));
    Ok(Place { path, writer, reader, newest, memory, fault, queue, external })
}

fn newest(connection: &Connection) -> SqlResult<RowId> {
    connection.query_row("SELECT coalesce(max(id), 0) FROM message", [], |row| row.get(0)).map(RowId)
}

/// A store that ends with the program.
fn in_memory(path: PathBuf, why: Fault) -> Result<Place, Fault> {
    let opened = Connection::open_in_memory().and_then(|mut connection| {
        schema::migrate(&mut connection, STEPS)?;
        configure(&connection)?;
        Ok(connection)
    });
    let writer = opened.map_err(|error| fault(&path, &error))?;
    Ok(Place {
        path,
        writer,
        reader: None,
        newest: RowId(0),
        memory: Memory::default(),
        fault: Some(why),
        queue: None,
        external: None,
    })
}

/// Whether there is a file, and it is ours as far as its first bytes say. They are read before SQLite is let near it:
/// it would tidy up.
fn exists(path: &Path) -> Result<bool, Fault> {
    let damaged = |what: &str| Err(Fault::Damaged(path.to_path_buf(), clean_line(what.as_bytes())));
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(disk(path, &error)),
        // Whoever opens a pipe waits for somebody to write into it.
        Ok(found) if !found.is_file() => return Err(disk(path, &io::Error::other("not a file"))),
        Ok(_) => {}
    }
    let mut header = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEADER as u64).read_to_end(&mut header));
    read.map_err(|error| disk(path, &error))?;
    if header.len() < HEADER || !header.starts_with(MAGIC) {
        return damaged("file is not a database");
    }
    let number = |at: usize| header[at..at + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
    if number(APPLICATION_ID) != APPLICATION {
        return damaged("database of another program");
    }
    of_this_version(path, number(USER_VERSION)).map(|()| true)
}

fn of_this_version(path: &Path, version: u32) -> Result<(), Fault> {
    let version = u64::from(version);
    let later = version > schema::version();
    if later { Err(Fault::OtherVersion(path.to_path_buf(), version)) } else { Ok(()) }
}

enum Problem {
    Disk(io::Error),
    Sql(rusqlite::Error),
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// Makes the folder and the file. Nobody but the user can look into either. What an earlier version left is taken over.
fn create(dir: &Path, path: &Path) -> Result<(), Problem> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let file = tempfile::Builder::new().prefix(".hobnob-").suffix(".db").tempfile_in(dir)?;
    let mut connection = Connection::open(file.path())?;
    schema::migrate(&mut connection, STEPS)?;
    let earlier = recent::of_earlier_version(dir);
    if let Some(earlier) = &earlier {
        write::keep_recent(&connection, earlier)?;
    }
    // The file says so from then on.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error)?;
    match file.persist_noclobber(path) {
        // Another program was faster.
        Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(failed) => return Err(failed.error.into()),
        Ok(_) => {}
    }
    File::open(dir)?.sync_all()?;
    if earlier.is_some() {
        // Where it cannot be removed, nobody reads it any more.
        let _ = fs::remove_file(dir.join(recent::FILE));
    }
    Ok(())
}

/// A connection that writes, to a file of this version.
fn writable(path: &Path) -> Result<Connection, Fault> {
    let wrong = |error| fault(path, &error);
    let mut connection = connect(path, OpenFlags::default()).map_err(wrong)?;
    // Until it is known to be ours it stays as it is.
    let tidying = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    connection.set_db_config(tidying, true).map_err(wrong)?;
    of_this_version(path, version(&connection).map_err(wrong)?)?;
    if connection.is_readonly("main").map_err(wrong)? {
        return Err(Fault::Disk(clean_line(b"attempt to write a readonly database")));
    }
    schema::migrate(&mut connection, STEPS).map_err(wrong)?;
    connection.set_db_config(tidying, false).map_err(wrong)?;
    Ok(connection)
}

/// A connection that reads, to a file of this version.
fn read_only(path: &Path) -> Result<Connection, Fault> {
    let wrong = |error| fault(path, &error);
    let connection = read_only_again(path).map_err(wrong)?;
    let found = u64::from(version(&connection).map_err(wrong)?);
    if found == schema::version() {
        Ok(connection)
    } else {
        Err(Fault::OtherVersion(path.to_path_buf(), found))
    }
}

fn read_only_again(path: &Path) -> SqlResult<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = connect(path, flags).and_then(|connection| version(&connection).map(|_| connection));
    let forbidden = [ErrorCode::CannotOpen, ErrorCode::ReadOnly];
    match opened {
        Err(error) if error.sqlite_error_code().is_some_and(|code| forbidden.contains(&code)) => {
            // The files beside it that other programs are kept off with cannot be made. Where there is no log, all is in
            // the file itself, and whoever cannot write beside it has nobody to share it with.
            let log = fs::metadata(path.with_extension("db-wal")).is_ok_and(|log| log.len() > 0);
            if log {
                return Err(error);
            }
            let encoded = percent_encode(path.as_os_str().as_bytes(), PLAIN);
            let uri = format!("file:{encoded}?immutable=1");
            connect(Path::new(&uri), flags | OpenFlags::SQLITE_OPEN_URI)
        }
        opened => opened,
    }
}

fn version(connection: &Connection) -> SqlResult<u32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn connect(path: &Path, flags: OpenFlags) -> SqlResult<Connection> {
    let flags = flags.difference(OpenFlags::SQLITE_OPEN_CREATE);
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> SqlResult<()> {
    connection.busy_timeout(PATIENCE)?;
    // A commit is on disk when it returns.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is deleted is overwritten.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", CACHE)?;
    connection.query_row(&format!("PRAGMA journal_size_limit = {LOG}"), [], |_| Ok(()))?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

fn disk(path: &Path, error: &io::Error) -> Fault {
    let fault = Fault::from_disk(error);
    if let Fault::Disk(said) = &fault {
        return Fault::Disk(clean_line(format!("{}: {said}", path.display()).as_bytes()));
    }
    fault
}
