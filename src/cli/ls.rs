//! `hobnob ls`: what a folder of a file server holds, or it and all that are in it, for people and for programs.
//! Never writes a name to the terminal other than clean, or escaped within JSON.

use std::future::ready;
use std::io::{self, Write};
use std::mem;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::{Context, Ending, Ls, json, password, stop_signal, written};
use crate::event::{Fault, Listing, WalkEvent};
use crate::locale::fill;
use crate::net::browse::{Listed, stream, walk};
use crate::net::http::Client;
use crate::text::width::{pad_to, width};
use crate::text::{clean_line, size};
use crate::view::wording;
use crate::wire::listing::{Entry, Kind, Take};
use crate::wire::source::Source;

/// The most files and folders of a tree that are listed.
const ENTRIES: usize = 1_000_000;
/// Entries of a folder that are written together: the columns are as wide as these need. So many of them may wait.
const BATCH: usize = 1000;
const BATCHES: usize = 2;

/// Lists a folder, or with `--recursive` a whole tree; of that, what can be listed. Whoever sits at the terminal is asked
/// for a name and a password where the server wants them, and is given the terminal back as it was when a signal comes.
pub(super) async fn run(context: &Context, options: &Ls) -> Result<(), Ending> {
    let stopped = pin!(stop_signal()?);
    tokio::select! {
        ended = list(context, options) => ended,
        () = stopped => Err(Ending::Failed(context.words.command.stream_stopped.clone())),
    }
}

async fn list(context: &Context, options: &Ls) -> Result<(), Ending> {
    let words = &context.words;
    let (source, credentials) = Source::parse_with_credentials(&options.source)
        .map_err(|error| Ending::Usage(wording::address_error(words, &error)))?;
    let client = Client::new(context.config.timeouts);
    client.authorize(source.origin(), credentials.as_ref());
    let missed = if options.recursive {
        list_tree(context, &client, &source, options.json).await?
    } else {
        list_folder(context, &client, &source, options.json).await?
    };
    // The last one is said by whoever ends the program.
    let mut failures = missed.into_iter().map(|(source, fault)| context.failed(&source.to_string(), &fault));
    let last = failures.next_back();
    for failure in failures {
        failure.say();
    }
    last.map_or(Ok(()), Err)
}

/// An entry, and the way to it from the folder that was asked for, each step with its slash.
struct Row {
    way: Arc<[u8]>,
    entry: Entry,
}

/// Writes the list while it comes; what is missing of it.
async fn list_folder(
    context: &Context,
    client: &Client,
    source: &Source,
    json: bool,
) -> Result<Vec<(Source, Fault)>, Ending> {
    let (batches, mut came) = mpsc::channel::<Vec<Row>>(BATCHES);
    // A reader who takes nothing for a while does not keep a signal from us.
    let writing = spawn_blocking(move || {
        let mut output = Output::new(json);
        while let Some(rows) = came.blocking_recv() {
            output.write(&rows)?;
        }
        output.finish()
    });
    let listed = loop {
        match stream(source, client, Batches::new(batches.clone())).await {
            Err(fault) if password::told(context, client, &fault).await => {}
            listed => break listed,
        }
    };
    let listed = listed.map(|(listed, _)| listed);
    if matches!(listed, Ok(Some(_))) {
        // The list of an empty folder is written, too.
        let _ = batches.send(Vec::new()).await;
    }
    drop(batches);
    written(&context.words, writing.await.unwrap_or_else(|killed| Err(killed.into())))?;
    match listed {
        Ok(Some(Listed { source, list })) => {
            let after = list.entries;
            Ok(list.is_cut.then_some((source, Fault::CutShort { after })).into_iter().collect())
        }
        Ok(None) => Err(no_lists(context, source)),
        // That is no failure.
        Err(Fault::NobodyReads) => Ok(Vec::new()),
        Err(fault) => Err(context.failed(&source.to_string(), &fault)),
    }
}

/// Entries on their way to the output, some at a time.
struct Batches {
    batch: Vec<Row>,
    out: mpsc::Sender<Vec<Row>>,
    way: Arc<[u8]>,
}

impl Batches {
    fn new(out: mpsc::Sender<Vec<Row>>) -> Self {
        Self { batch: Vec::new(), out, way: Arc::default() }
    }
}

impl Take for Batches {
    fn take(&mut self, entry: Entry) -> ControlFlow<()> {
        self.batch.push(Row { way: self.way.clone(), entry });
        if self.batch.len() < BATCH {
            return ControlFlow::Continue(());
        }
        match self.out.blocking_send(mem::take(&mut self.batch)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    fn end(&mut self) {
        if !self.batch.is_empty() {
            // Where nobody takes it nobody misses it.
            let _ = self.out.blocking_send(mem::take(&mut self.batch));
        }
    }
}

/// Writes all that can be listed, sorted by its path; what cannot. Where nothing can, that is an error.
async fn list_tree(
    context: &Context,
    client: &Client,
    source: &Source,
    json: bool,
) -> Result<Vec<(Source, Fault)>, Ending> {
    let Tree { is_listed, mut found, missed } = loop {
        let tree = tree(context, client, source).await;
        match tree.missed.first() {
            // Nothing at all can be seen before the server knows who asks.
            Some((_, fault)) if !tree.is_listed && password::told(context, client, fault).await => {}
            Some(_) | None => break tree,
        }
    };
    if !is_listed {
        let first = missed.into_iter().next();
        return Err(match first {
            Some((source, fault)) if fault != Fault::NoListing => context.failed(&source.to_string(), &fault),
            Some(_) | None => no_lists(context, source),
        });
    }
    found.sort_by(|one: &Row, other: &Row| {
        (&one.way, &one.entry.raw.0).cmp(&(&other.way, &other.entry.raw.0))
    });
    let writing = spawn_blocking(move || {
        let mut output = Output::new(json);
        output.write(&found)?;
        output.finish()
    });
    written(&context.words, writing.await.unwrap_or_else(|killed| Err(killed.into())))?;
    Ok(missed)
}

/// What is in a folder and in all that are in it.
struct Tree {
    /// Whether at least the folder itself was.
    is_listed: bool,
    found: Vec<Row>,
    missed: Vec<(Source, Fault)>,
}

async fn tree(context: &Context, client: &Client, source: &Source) -> Tree {
    let mut top: Option<Vec<u8>> = None;
    let (mut found, mut missed) = (Vec::new(), Vec::new());
    let report = |event| {
        match event {
            WalkEvent::Found(listing) => {
                let path = listing.source.path.name();
                let top = top.get_or_insert_with(|| path.clone());
                let way = path.strip_prefix(top.as_slice()).unwrap_or_default();
                missed.extend(cut_short(&listing));
                if listing.entries.len() > ENTRIES - found.len() {
                    missed.push((listing.source, Fault::TooMany { limit: ENTRIES }));
                } else {
                    found.extend(rows(listing, way));
                }
            }
            WalkEvent::Missed(source, fault) => missed.push((source, fault)),
            WalkEvent::Failed(fault) => missed.push((source.clone(), fault)),
            WalkEvent::Ended => {}
        }
        ready(())
    };
    walk(source, Vec::new(), client, context.config.retries, report).await;
    Tree { is_listed: top.is_some(), found, missed }
}

/// Of which folder there may be more than is listed.
fn cut_short(listing: &Listing) -> Option<(Source, Fault)> {
    let after = listing.entries.len();
    listing.is_cut.then(|| (listing.source.clone(), Fault::CutShort { after }))
}

fn no_lists(context: &Context, source: &Source) -> Ending {
    let server = source.endpoint.to_string();
    Ending::Failed(fill(&context.words.command.no_lists, &[("server", &server)]))
}

fn rows(listing: Listing, way: &[u8]) -> impl Iterator<Item = Row> {
    let way: Arc<[u8]> = way.into();
    listing.entries.into_iter().map(move |entry| Row { way: way.clone(), entry })
}

/// An entry as `--json` shows it.
#[derive(Serialize)]
struct Written {
    name: String,
    kind: &'static str,
    size: Option<u64>,
    modified: Option<Timestamp>,
}

impl Written {
    fn of(Row { way, entry }: &Row) -> Self {
        Self {
            // The name itself, where JSON can hold it.
            name: String::from_utf8([&**way, &*entry.raw.0].concat())
                .unwrap_or_else(|error| clean_line(error.as_bytes()).to_string()),
            kind: match entry.kind {
                Kind::Dir => "dir",
                Kind::File => "file",
                Kind::Other => "other",
            },
            size: entry.size,
            modified: entry.modified,
        }
    }
}

/// A list on its way to standard output, some rows at a time.
enum Output {
    /// One array in one line. What stands before the next row.
    Json(&'static [u8]),
    /// Columns, as wide as what was written so far.
    Columns { zone: TimeZone, names: usize, sizes: usize },
}

impl Output {
    fn new(json: bool) -> Self {
        if json { Self::Json(b"[") } else { Self::Columns { zone: TimeZone::system(), names: 0, sizes: 0 } }
    }

    fn write(&mut self, rows: &[Row]) -> io::Result<()> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        match self {
            Self::Json(before) => {
                if rows.is_empty() && *before == b"[" {
                    out.write_all(before)?;
                    *before = b"";
                }
                for row in rows {
                    out.write_all(before)?;
                    *before = b",";
                    json::write(&mut out, &Written::of(row))?;
                }
            }
            Self::Columns { zone, names, sizes } => {
                for [name, size, _] in rows.iter().map(|row| columns(row, zone)) {
                    *names = width(&name).max(*names);
                    *sizes = width(&size).max(*sizes);
                }
                let (names, sizes) = (*names, *sizes);
                for [name, size, modified] in rows.iter().map(|row| columns(row, zone)) {
                    let line = format!("{}  {size:>sizes$}  {modified}", pad_to(&name, names));
                    writeln!(out, "{}", line.trim_end())?;
                }
            }
        }
        out.flush()
    }

    /// Where nothing at all was written, nothing is.
    fn finish(self) -> io::Result<()> {
        match self {
            Self::Json(b"[") | Self::Columns { .. } => Ok(()),
            Self::Json(_) => io::stdout().write_all(b"]\n"),
        }
    }
}

/// Name, size and time of change; what is not known is left empty.
fn columns(Row { way, entry }: &Row, zone: &TimeZone) -> [String; 3] {
    let slash = if entry.kind == Kind::Dir { "/" } else { "" };
    let size = entry.size.map(size::bytes);
    let modified = entry.modified.map(|at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string());
    [
        format!("{}{}{slash}", clean_line(way), entry.name),
        size.unwrap_or_default(),
        modified.unwrap_or_default(),
    ]
}
