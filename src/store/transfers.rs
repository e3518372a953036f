//! The downloads: what is not done, and what is needed to go on with files of which a part is here. Owns how that is
//! written; never trusts what it reads, and never has a password in it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rusqlite::{Connection, Result, Row, params};

use crate::effect::{Conflict, KeptItem, KeptPartial, KeptState, NamedBy, Partial};
use crate::wire::address::Endpoint;
use crate::wire::range::Validator;
use crate::wire::source::{Path as Remote, Scheme, Source};

/// What stands in the column `paused`.
const GOING: i64 = 0;
const PAUSED: i64 = 1;
/// Earlier versions take it for paused.
const CRASHED: i64 = 2;

/// What stands in the column `named_by`.
const BY_USER: i64 = 0;
const BY_LIST: i64 = 1;
const BY_SERVER: i64 = 2;

/// So many files of which a part is here are known; of more, those that were begun last.
const PARTIALS: i64 = 10_000;

/// Keeps what stands in these places of the queue.
pub(super) fn keep_queue(connection: &Connection, changes: &[(u64, Option<KeptItem>)]) -> Result<()> {
    for (place, item) in changes {
        match item {
            Some(item) => keep_item(connection, *place, item)?,
            None => {
                connection.prepare_cached("DELETE FROM transfer WHERE place = ?1")?.execute([place])?;
            }
        }
    }
    Ok(())
}

fn keep_item(connection: &Connection, place: u64, item: &KeptItem) -> Result<()> {
    let sums: Vec<String> = item.sums.iter().map(written).collect();
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO transfer (place, source, target, size, conflict, checksum, sums, paused, here, failed,
                named_by, owns_folder)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            place,
            written(&item.source),
            item.to.as_os_str().as_bytes(),
            length(item.size),
            word(item.conflict),
            item.checksum.as_ref().map(ToString::to_string),
            sums.join("\n"),
            match item.state {
                KeptState::Going | KeptState::Failed => GOING,
                KeptState::Paused => PAUSED,
                KeptState::Crashed => CRASHED,
            },
            length(Some(item.here)).unwrap_or_default(),
            item.state == KeptState::Failed,
            match item.named_by {
                NamedBy::User => BY_USER,
                NamedBy::List => BY_LIST,
                NamedBy::Server => BY_SERVER,
            },
            item.owns_folder,
        ])?;
    Ok(())
}

/// What goes on by itself was stopped by a crash.
pub(super) fn stop_all(connection: &Connection) -> Result<()> {
    let sql = "UPDATE transfer SET paused = ?1 WHERE paused = ?2 AND NOT failed";
    connection.execute(sql, [CRASHED, GOING])?;
    Ok(())
}

/// Keeps what is needed to go on with a file.
pub(super) fn keep_partial(connection: &Connection, kept: &KeptPartial) -> Result<()> {
    let KeptPartial { source, to, partial } = kept;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO partial (source, target, validator, total) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            written(source),
            to.as_os_str().as_bytes(),
            partial.validator.as_ref().map(ToString::to_string),
            length(partial.total),
        ])?;
    // What nobody ever went on with does not pile up.
    connection
        .prepare_cached("DELETE FROM partial WHERE id <= (SELECT max(id) FROM partial) - ?1")?
        .execute([PARTIALS])?;
    Ok(())
}

/// Keeps no more of it.
pub(super) fn drop_partial(connection: &Connection, source: &Source, to: &Path) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM partial WHERE source = ?1 AND target = ?2")?
        .execute(params![written(source), to.as_os_str().as_bytes()])?;
    Ok(())
}

/// The downloads that are not done, in their order. What makes no sense is left out.
pub(super) fn queue(connection: &Connection) -> Result<Vec<KeptItem>> {
    let mut rows = connection.prepare(
        "SELECT place, source, target, size, conflict, checksum, sums, paused, here, failed, named_by, owns_folder
        FROM transfer ORDER BY place",
    )?;
    let rows = rows.query_map([], |row| Ok(item_in(row)))?;
    Ok(rows.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

fn item_in(row: &Row<'_>) -> Option<KeptItem> {
    let sums = text(row, 6)?;
    Some(KeptItem {
        place: row.get(0).ok()?,
        source: read(text(row, 1)?)?,
        to: target(row, 2)?,
        size: row.get(3).ok()?,
        conflict: conflict(text(row, 4)?),
        checksum: match row.get_ref(5).ok()?.as_str_or_null().ok()? {
            // Nothing is taken for right that was to be checked.
            Some(checksum) => Some(checksum.parse().ok()?),
            None => None,
        },
        sums: sums.lines().filter_map(read).collect(),
        here: row.get(8).ok()?,
        named_by: match row.get(10).ok()? {
            BY_SERVER => NamedBy::Server,
            BY_LIST => NamedBy::List,
            _ => NamedBy::User,
        },
        owns_folder: row.get(11).ok()?,
        state: match (row.get(9).ok()?, row.get(7).ok()?) {
            (true, _) => KeptState::Failed,
            (false, GOING) => KeptState::Going,
            (false, CRASHED) => KeptState::Crashed,
            (false, _) => KeptState::Paused,
        },
    })
}

/// What is needed to go on with files of which a part is here. What makes no sense is left out.
pub(super) fn partials(connection: &Connection) -> Result<Vec<KeptPartial>> {
    let mut rows = connection.prepare("SELECT source, target, validator, total FROM partial ORDER BY id")?;
    let rows = rows.query_map([], |row| Ok(partial_in(row)))?;
    Ok(rows.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

fn partial_in(row: &Row<'_>) -> Option<KeptPartial> {
    let validator = match row.get_ref(2).ok()?.as_str_or_null().ok()? {
        Some(validator) => Some(Validator::from_kept(validator)?),
        None => None,
    };
    let partial = Partial { validator, total: row.get(3).ok()? };
    Some(KeptPartial { source: read(text(row, 0)?)?, to: target(row, 1)?, partial })
}

fn text<'row>(row: &'row Row<'_>, column: usize) -> Option<&'row str> {
    row.get_ref(column).ok()?.as_str().ok()
}

/// A path from the top on that leads nowhere else on its way.
fn target(row: &Row<'_>, column: usize) -> Option<PathBuf> {
    let path = PathBuf::from(OsStr::from_bytes(row.get_ref(column).ok()?.as_blob().ok()?));
    let plain = |part: Component<'_>| matches!(part, Component::RootDir | Component::Normal(_));
    let sound = path.is_absolute() && path.file_name().is_some() && path.components().all(plain);
    sound.then_some(path)
}

/// No file is longer than a database can say.
fn length(bytes: Option<u64>) -> Option<i64> {
    bytes.and_then(|bytes| i64::try_from(bytes).ok())
}

/// With every byte of its path: encoded as a request carries it.
fn written(source: &Source) -> String {
    let scheme = match source.scheme {
        Scheme::Probe => "probe",
        Scheme::Http => "http",
        Scheme::Https => "https",
        Scheme::Plain => "plain",
    };
    format!("{scheme}://{}{}", source.endpoint, source.path.encoded())
}

/// What [`written`] wrote.
fn read(text: &str) -> Option<Source> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = match scheme {
        "probe" => Scheme::Probe,
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        "plain" => Scheme::Plain,
        _ => return None,
    };
    let (endpoint, path) = rest.split_at(rest.find('/')?);
    let endpoint: Endpoint = endpoint.parse().ok()?;
    Some(Source { scheme, endpoint, path: Remote::from_url(path) })
}

fn word(conflict: Conflict) -> &'static str {
    match conflict {
        Conflict::Ask => "ask",
        Conflict::Rename => "rename",
        Conflict::Overwrite => "overwrite",
        Conflict::Skip => "skip",
        Conflict::Resume => "resume",
        Conflict::Newer => "newer",
    }
}

/// What [`word`] said. Whoever says anything else is asked.
fn conflict(word: &str) -> Conflict {
    let all = [Conflict::Rename, Conflict::Overwrite, Conflict::Skip, Conflict::Resume, Conflict::Newer];
    all.into_iter().find(|conflict| self::word(*conflict) == word).unwrap_or(Conflict::Ask)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strum::VariantArray;

    use super::*;

    #[test]
    fn every_policy_is_read_as_it_was_written() {
        for policy in Conflict::VARIANTS {
            assert_eq!(conflict(word(*policy)), *policy);
        }
        assert_eq!(conflict("smash"), Conflict::Ask);
    }

    #[test]
    fn a_source_is_read_as_it_was_written_with_its_query() {
        for text in [
            "http://h/a%20b?x=%2F",
            "https://[::1]:9/",
            "plain://h/a?b",
            "h/100%.txt",
            "http://[fe80::1%25eth0]/",
        ] {
            let source = Source::parse(text).unwrap();
            assert_eq!(read(&written(&source)), Some(source), "{text}");
        }
        for text in ["", "http://", "http://h", "ftp://h:1/", "http://h:x/a", "://h:1/"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_byte_of_a_name_comes_back(name in proptest::collection::vec(any::<u8>(), 0..40)) {
            let source = Source::parse("http://h").unwrap();
            let source = source.at(source.path.join(&name));
            prop_assert_eq!(read(&written(&source)), Some(source));
        }
    }
}
