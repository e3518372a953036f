//! Downloads: what is on disk afterwards, and what is not.

use std::ffi::OsStr;
use std::fs;
use std::future::pending;
use std::future::ready;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hobnob::effect::{Conflict, Job, Naming};
use hobnob::event::{Fault, Finished, TransferEvent};
use hobnob::net::Timeouts;
use hobnob::net::fetch::{End, Engine, System};
use hobnob::net::http::Client;
use hobnob::wire::name::{NameRules, exact_name};
use hobnob::wire::source::Source;
use tempfile::TempDir;

use crate::support::server::PATIENT;

mod conflict;
mod contradictions;
mod faults;
mod ranged;
mod resume;
mod retry;
mod stream;
mod verify;
mod whole;
mod worker;

/// Too short for anything that does not come.
const BRIEF: Duration = Duration::from_millis(50);

/// One that tries once.
fn engine(timeouts: Timeouts) -> Engine {
    Engine::new(Client::new(timeouts), 0, Arc::new(System))
}

/// A file, under a safe form of its name, into a folder.
fn job(source: Source, dir: &Path) -> Job {
    let to = dir.join(OsStr::from_bytes(&exact_name(&source.path.last(), &NameRules::default())));
    Job {
        asked: source.clone(),
        source,
        to,
        base: dir.to_path_buf(),
        naming: Naming::Given,
        conflict: Conflict::Rename,
        checksum: None,
        sums: Vec::new(),
        sums_are_guessed: true,
        is_listed: false,
        partial: None,
    }
}

/// How it ends, and what is heard before.
async fn run(engine: &Engine, job: &mut Job) -> (End, Vec<TransferEvent>) {
    let mut heard = Vec::new();
    let report = |event| {
        heard.push(event);
        ready(())
    };
    let end = engine.fetch(job, pending(), report).await;
    (end, heard)
}

async fn fetch_with(source: Source, dir: &Path, timeouts: Timeouts) -> Result<Finished, Fault> {
    match run(&engine(timeouts), &mut job(source, dir)).await.0 {
        End::Finished(finished) => Ok(finished),
        End::Failed(fault) => Err(fault),
        other => panic!("{other:?}"),
    }
}

async fn fetch_into(dir: &TempDir, source: Source) -> Result<Finished, Fault> {
    fetch_with(source, dir.path(), PATIENT).await
}

fn read(dir: &TempDir, name: &str) -> Vec<u8> {
    fs::read(dir.path().join(name)).unwrap()
}

fn at(dir: &TempDir, name: &str) -> PathBuf {
    dir.path().join(name)
}
