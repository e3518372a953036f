//! Sizes and times that a list lacks: asks the server about each such file. Where it does not say so either, that stays
//! unknown.

use std::future::ready;
use std::sync::{Mutex, PoisonError};

use super::Row;
use crate::net::browse::measure;
use crate::net::http::Client;
use crate::wire::listing::{Entry, Kind};
use crate::wire::source::Source;

/// Asks about the files of which the list does not say how large they are, or when they were changed.
pub(super) async fn ask(rows: &mut [Row], client: &Client) {
    let lacks =
        |entry: &Entry| entry.kind == Kind::File && (entry.size.is_none() || entry.modified.is_none());
    let (lacking, files): (Vec<usize>, Vec<Source>) = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| lacks(&row.entry))
        .map(|(nth, row)| (nth, row.source()))
        .unzip();
    let found = Mutex::new(Vec::with_capacity(files.len()));
    let report = |nth: usize, facts| {
        found.lock().unwrap_or_else(PoisonError::into_inner).push((lacking[nth], facts));
        ready(())
    };
    measure(files, client, report).await;
    for (nth, facts) in found.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let entry = &mut rows[nth].entry;
        entry.size = entry.size.or(facts.size);
        entry.modified = entry.modified.or(facts.modified);
    }
}
