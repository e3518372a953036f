//! `hobnob ls`: what a folder of a file server holds, or it and all that are in it, for people and for programs.
//! Never writes a name to the terminal other than clean, or escaped within JSON.

use std::future::ready;
use std::mem;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::{Context, Ending, password, stop_signal, written};
use crate::event::{Fault, Listing, WalkEvent};
use crate::locale::fill;
use crate::net::browse::{Listed, stream, walk};
use crate::net::http::Client;
use crate::view::wording;
use crate::wire::listing::{Entry, Kind, Take};
use crate::wire::source::Source;

mod options;
mod output;
mod sizes;
mod sort;

pub use options::Ls;
use output::Output;

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
    let client = Client::new(options.timeouts(context.config.timeouts))
        .with_insecure_redirects(options.insecure_redirects || context.config.insecure_redirects);
    client.authorize(source.origin(), credentials.as_ref());
    let missed = if options.recursive {
        list_tree(context, &client, &source, options).await?
    } else {
        list_folder(context, &client, &source, options).await?
    };
    // The last one is said by whoever ends the program.
    let mut failures = missed.into_iter().map(|(source, fault)| context.failed(&source.to_string(), &fault));
    let last = failures.next_back();
    for failure in failures {
        failure.say();
    }
    last.map_or(Ok(()), Err)
}

/// An entry, the way to it from the folder that was asked for, each step with its slash, and the folder that it is in.
struct Row {
    way: Arc<[u8]>,
    folder: Arc<Source>,
    entry: Entry,
}

impl Row {
    /// Where it is.
    fn source(&self) -> Source {
        let path = self.folder.path.join(&self.entry.raw.0);
        self.folder.at(if self.entry.kind == Kind::Dir { path.folder() } else { path })
    }
}

/// Writes the list while it comes, or where more has to be known of it first, when all of it came; what is missing of it.
async fn list_folder(
    context: &Context,
    client: &Client,
    source: &Source,
    options: &Ls,
) -> Result<Vec<(Source, Fault)>, Ending> {
    let (batches, mut came) = mpsc::channel::<Vec<Row>>(BATCHES);
    let listed = if options.needs_all_rows() {
        let collecting = async {
            let mut all = Vec::new();
            while let Some(rows) = came.recv().await {
                all.extend(rows);
            }
            all
        };
        let (listed, rows) = tokio::join!(read_folder(context, client, source, batches), collecting);
        if matches!(listed, Ok(Some(_))) || !rows.is_empty() {
            write_all(context, client, rows, options).await?;
        }
        listed
    } else {
        let mut output = Output::new(options.json);
        // A reader who takes nothing for a while does not keep a signal from us.
        let writing = spawn_blocking(move || {
            while let Some(rows) = came.blocking_recv() {
                output.write(&rows)?;
            }
            output.finish()
        });
        let listed = read_folder(context, client, source, batches).await;
        written(&context.words, writing.await.unwrap_or_else(|killed| Err(killed.into())))?;
        listed
    };
    match listed {
        Ok(Some(Listed { source, list })) => {
            context.say_left_out(&source, list.left_out as u64);
            let after = list.entries;
            let cut = list.is_cut.then(|| (source.clone(), Fault::CutShort { after }));
            let unnamed = (list.unnamed > 0).then_some((source, Fault::Unnamed { links: list.unnamed }));
            Ok(cut.into_iter().chain(unnamed).collect())
        }
        Ok(None) => Err(no_lists(context, source)),
        // That is no failure.
        Err(Fault::NobodyReads) => Ok(Vec::new()),
        Err(fault) => Err(context.failed(&source.to_string(), &fault)),
    }
}

/// Sends the rows of a folder to `batches`, and none at last where there was a list; asks the user who it is for.
async fn read_folder(
    context: &Context,
    client: &Client,
    source: &Source,
    batches: mpsc::Sender<Vec<Row>>,
) -> Result<Option<Listed>, Fault> {
    let listed = loop {
        match stream(source, client, Batches::new(batches.clone(), source)).await {
            Err(fault) if password::told(context, client, &fault).await => {}
            listed => break listed,
        }
    };
    let (listed, _) = listed?;
    if listed.is_some() {
        // The list of an empty folder is written, too.
        let _ = batches.send(Vec::new()).await;
    }
    Ok(listed)
}

/// Entries on their way to the output, some at a time.
struct Batches {
    batch: Vec<Row>,
    out: mpsc::Sender<Vec<Row>>,
    way: Arc<[u8]>,
    folder: Arc<Source>,
}

impl Batches {
    fn new(out: mpsc::Sender<Vec<Row>>, folder: &Source) -> Self {
        Self { batch: Vec::new(), out, way: Arc::default(), folder: Arc::new(folder.clone()) }
    }
}

impl Take for Batches {
    fn begin(&mut self, folder: &Source) {
        self.folder = Arc::new(folder.clone());
    }

    fn take(&mut self, entry: Entry) -> ControlFlow<()> {
        self.batch.push(Row { way: self.way.clone(), folder: self.folder.clone(), entry });
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

/// Writes all that can be listed, sorted by its path where no other order was asked for; what cannot. Where nothing can,
/// that is an error.
async fn list_tree(
    context: &Context,
    client: &Client,
    source: &Source,
    options: &Ls,
) -> Result<Vec<(Source, Fault)>, Ending> {
    let Tree { is_listed, mut found, missed, left_out } = loop {
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
    context.say_left_out(source, left_out);
    found.sort_by(|one: &Row, other: &Row| {
        (&one.way, &one.entry.raw.0).cmp(&(&other.way, &other.entry.raw.0))
    });
    write_all(context, client, found, options).await?;
    Ok(missed)
}

/// Writes rows of which none are missing, with the sizes and in the order that were asked for.
async fn write_all(
    context: &Context,
    client: &Client,
    mut rows: Vec<Row>,
    options: &Ls,
) -> Result<(), Ending> {
    if options.sizes {
        sizes::ask(&mut rows, client).await;
    }
    if let Some(key) = options.sort {
        sort::sort(&mut rows, key, options.reverse);
    }
    let mut output = Output::new(options.json);
    let writing = spawn_blocking(move || {
        output.write(&rows)?;
        output.finish()
    });
    written(&context.words, writing.await.unwrap_or_else(|killed| Err(killed.into())))
}

/// What is in a folder and in all that are in it.
struct Tree {
    /// Whether at least the folder itself was.
    is_listed: bool,
    found: Vec<Row>,
    missed: Vec<(Source, Fault)>,
    /// Things in them that the server says are not in its lists.
    left_out: u64,
}

async fn tree(context: &Context, client: &Client, source: &Source) -> Tree {
    let mut top: Option<Vec<u8>> = None;
    let (mut found, mut missed, mut left_out) = (Vec::new(), Vec::new(), 0);
    let report = |event| {
        match event {
            WalkEvent::Found(listing) => {
                let path = listing.source.path.name();
                let top = top.get_or_insert_with(|| path.clone());
                let way = path.strip_prefix(top.as_slice()).unwrap_or_default();
                left_out += listing.unlisted.by_server as u64;
                missed.extend(incomplete(&listing));
                if listing.entries.len() > ENTRIES - found.len() {
                    missed.push((listing.source, Fault::TooMany { limit: ENTRIES }));
                } else {
                    found.extend(rows(listing, way));
                }
            }
            WalkEvent::Missed(source, fault) | WalkEvent::Undecided(source, fault) => {
                missed.push((source, fault));
            }
            WalkEvent::Failed(fault) => missed.push((source.clone(), fault)),
            WalkEvent::Ended => {}
        }
        ready(())
    };
    walk(source, Vec::new(), client, context.config.retries, report).await;
    Tree { is_listed: top.is_some(), found, missed, left_out }
}

/// Of which folder there may be, or is, more than is listed.
fn incomplete(listing: &Listing) -> impl Iterator<Item = (Source, Fault)> {
    let (after, links) = (listing.entries.len(), listing.unlisted.by_link);
    let cut = listing.is_cut.then_some(Fault::CutShort { after });
    let unnamed = (links > 0).then_some(Fault::Unnamed { links });
    let source = listing.source.clone();
    cut.into_iter().chain(unnamed).map(move |fault| (source.clone(), fault))
}

fn no_lists(context: &Context, source: &Source) -> Ending {
    let server = source.endpoint.to_string();
    Ending::Failed(fill(&context.words.command.no_lists, &[("server", &server)]))
}

fn rows(listing: Listing, way: &[u8]) -> impl Iterator<Item = Row> {
    let (way, folder): (Arc<[u8]>, _) = (way.into(), Arc::new(listing.source));
    listing.entries.into_iter().map(move |entry| Row { way: way.clone(), folder: folder.clone(), entry })
}
