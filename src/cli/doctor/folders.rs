//! The folders that hobnob writes to, and what it kept there.

use std::io;
use std::path::Path;

use nix::sys::statvfs::statvfs;

use super::report::{Finding, Topic};
use crate::cli::Context;
use crate::event::system_words;
use crate::locale::{DoctorWords, fill};
use crate::store::History;
use crate::text::size::bytes;
use crate::view::wording;

/// With less room than this, in bytes, the disk is as good as full.
const LITTLE: u64 = 100_000_000;

/// The data directory with what is in it, and the download folder.
pub(super) fn look(context: &Context) -> Vec<Finding> {
    let words = &context.words.doctor;
    let (data, downloads) = (&context.data_dir, &context.config.download_dir);
    let mut findings = vec![folder(words, data, &words.choose_data_dir)];
    findings.push(kept(context));
    findings.push(folder(words, downloads, &words.choose_download_dir));
    findings
}

fn folder(words: &DoctorWords, dir: &Path, otherwise: &str) -> Finding {
    let path = wording::shown_path(dir);
    // One that is missing is made in the nearest that is there.
    let there = dir.ancestors().find(|path| path.exists()).unwrap_or_else(|| Path::new("."));
    // A file that has no name and is gone when it is closed.
    if let Err(error) = tempfile::tempfile_in(there) {
        let found = fill(&words.unwritable, &[("path", &*path), ("reason", &system_words(&error))]);
        return Topic::Files.broken(found, Some(otherwise.to_owned()));
    }
    let size = match free(there) {
        Ok(size) => size,
        Err(error) => {
            let found = fill(&words.unwritable, &[("path", &*path), ("reason", &system_words(&error))]);
            return Topic::Files.warning(found, otherwise.to_owned());
        }
    };
    let shown = bytes(size);
    let values = [("path", &*path), ("size", &*shown)];
    if size < LITTLE {
        Topic::Files.warning(fill(&words.little_room, &values), words.make_room.clone())
    } else {
        Topic::Files.ok(fill(if there == dir { &words.writable } else { &words.to_be_made }, &values))
    }
}

/// Bytes that this user may still write to the disk of this folder.
fn free(dir: &Path) -> io::Result<u64> {
    let disk = statvfs(dir)?;
    Ok((disk.blocks_available() as u64).saturating_mul(disk.fragment_size() as u64))
}

fn kept(context: &Context) -> Finding {
    let words = &context.words.doctor;
    match History::open(&context.data_dir) {
        Ok(None) => Topic::Files.ok(words.no_store.clone()),
        Ok(Some(_)) => Topic::Files.ok(words.store.clone()),
        Err(fault) => {
            let reason = wording::fault(&context.words, &fault);
            Topic::Files.broken(fill(&words.bad_store, &[("reason", &reason)]), None)
        }
    }
}
