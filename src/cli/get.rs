//! `hobnob get`: downloads files and whole folders, some at once. Prints the path of each file on stdout when it is whole,
//! and nothing else there; shows progress on stderr where that is a terminal. What is stopped goes on with the same
//! command.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write as _};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path as FilePath, PathBuf};
use std::pin::{Pin, pin};
use std::sync::Arc;

use super::{Context, Ending, password, stop_signal};
use crate::app::queue::{NewFile, sums_beside};
use crate::config::absolute;
use crate::event::{Fault, TransferEvent};
use crate::locale::fill;
use crate::net::fetch::{End, Engine, Stop, System};
use crate::net::http::Client;
use crate::text::clean_line;
use crate::view::wording;
use crate::wire::digest::Checksum;
use crate::wire::source::{Path, Scheme, Source};

mod bars;
mod downloads;
mod options;
mod output;
mod report;

use downloads::Downloads;
pub use options::Get;

/// Downloads what was asked for. Goes on after a failure, and fails in the end.
pub(super) async fn run(context: &Context, options: &Get) -> Result<(), Ending> {
    let (mut server, credentials) = Source::parse_with_credentials(&options.source)
        .map_err(|error| Ending::Usage(wording::address_error(&context.words, &error)))?;
    check(context, options, &server)?;
    let client = Client::new(options.timeouts(context.config.timeouts))
        .with_insecure_redirects(options.insecure_redirects || context.config.insecure_redirects);
    client.authorize(server.origin(), credentials.as_ref());
    if server.scheme == Scheme::Probe {
        server.scheme = spoken(context, &client, &server).await?;
    }
    let wanted = wanted(options, &server);
    let stopped = pin!(stop_signal()?);
    let retries = options.retries.unwrap_or(context.config.retries);
    let engine = Engine::new(client.clone(), retries, Arc::new(System));
    if let (Some(file), [Wanted::File(source)]) = (&options.output, &wanted[..])
        && let Some(stream) = Stream::of(file)
    {
        engine.limit_rate(options.limit_rate.or(context.config.limit_rate));
        let asked = (source.clone(), options.checksum.clone());
        return pour(context, (&client, &engine), asked, stream, stopped).await;
    }
    // What is kept for a later run holds wherever that is started.
    let dir = absolute(options.dir());
    let mut downloads = Downloads::start(context, options, dir.clone(), client, engine)?;
    for wanted in wanted {
        match wanted {
            Wanted::Folder(source) => {
                // All that a server has goes into the folder that was named, and a folder of it into one of its name there.
                let to = source.path.last().is_empty().then(|| dir.clone());
                downloads.add_folder(&source, to);
            }
            Wanted::File(source) => {
                let sums = if options.verify { beside(&source) } else { Vec::new() };
                let (to, checksum) = (options.output.as_deref().map(absolute), options.checksum.clone());
                let named_by_server = options.names.is_empty();
                let sums_are_guessed = true;
                let file = NewFile::new(source);
                downloads.add_file(NewFile { to, checksum, sums, sums_are_guessed, named_by_server, ..file });
            }
        }
    }
    Box::pin(downloads.run(stopped)).await
}

/// What was asked for.
enum Wanted {
    File(Source),
    /// With all that is in it.
    Folder(Source),
}

/// Finds out what a server speaks, once for all files: one short question, which a plain server takes for a name that it
/// does not have.
async fn spoken(context: &Context, client: &Client, server: &Source) -> Result<Scheme, Ending> {
    match client.speaks_http(server).await {
        Ok(true) => Ok(Scheme::Http),
        Ok(false) => Ok(Scheme::Plain),
        Err(fault) => Err(context.failed(&server.to_string(), &fault)),
    }
}

/// Whether what was written makes sense.
fn check(context: &Context, options: &Get, server: &Source) -> Result<(), Ending> {
    let words = &context.words.command;
    let single = options.names.len() <= 1 && !options.recursive;
    if options.output.is_some() && !single {
        return Err(Ending::Usage(words.one_output.clone()));
    }
    let names_folder =
        |path: &&PathBuf| [&b"/"[..], b"/."].iter().any(|end| path.as_os_str().as_bytes().ends_with(end));
    if let Some(path) = options.output.as_ref().filter(names_folder) {
        let path = wording::shown_path(path);
        return Err(Ending::Usage(fill(&words.output_folder, &[("path", &path)])));
    }
    if let Some(output) = options.output.as_ref().filter(|_| options.verify)
        && Stream::of(output).is_some()
    {
        return Err(Ending::Usage(words.verify_stream.clone()));
    }
    if options.checksum.is_some() && !single {
        return Err(Ending::Usage(words.one_checksum.clone()));
    }
    // With a name of its own here, it may be a file all the same.
    let no_name = options.names.is_empty() && server.path.is_folder() && options.output.is_none();
    if no_name && !options.recursive {
        return Err(Ending::Usage(fill(&words.no_name, &[("source", &server.to_string())])));
    }
    Ok(())
}

/// What there is to be had: the names in the folder that was named, or, without names, just that.
fn wanted(options: &Get, server: &Source) -> Vec<Wanted> {
    let paths = match &options.names[..] {
        [] => vec![server.path.clone()],
        names => names.iter().map(|name| server.path.folder().join(name.as_bytes())).collect(),
    };
    let folder = |path: Path| Wanted::Folder(server.at(path.folder()));
    let file = |path: Path| Wanted::File(server.at(path));
    let paths = paths.into_iter();
    if options.recursive { paths.map(folder).collect() } else { paths.map(file).collect() }
}

/// Where on the server there may be something that says what the content of a file has to be, where the user wants that to
/// be looked for: first what is asked for once for all files of a folder. A plain server would have to send such files whole, and says nothing of those that it
/// does not have.
fn beside(source: &Source) -> Vec<Source> {
    let Some(folder) = source.path.parent().filter(|_| source.scheme != Scheme::Plain) else {
        return Vec::new();
    };
    // Nobody has seen them: of what they may be called only the most usual is asked for.
    let is_usual = |name: &[u8]| name == b"SHA256SUMS" || name.ends_with(b".sha256");
    sums_beside(&source.at(folder), &source.path.last(), is_usual)
}

/// What a file goes into that is no file.
#[derive(Clone)]
enum Stream {
    Output,
    /// A device or a pipe, which is written to, not replaced.
    Special(PathBuf),
}

impl Stream {
    fn of(file: &FilePath) -> Option<Self> {
        if file.as_os_str() == "-" {
            return Some(Self::Output);
        }
        let is_special = fs::metadata(file).is_ok_and(|there| !there.is_file() && !there.is_dir());
        is_special.then(|| Self::Special(file.to_path_buf()))
    }

    /// Waits, where it is a pipe, until somebody reads from it.
    fn open(self) -> io::Result<File> {
        match self {
            // Without the buffer of `io::Stdout`, which looks for line feeds.
            Self::Output => Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?)),
            Self::Special(path) => File::options().write(true).open(path),
        }
    }
}

/// Downloads a file into a stream. Whoever sits at the terminal is asked for a name and a password where the server wants
/// them.
async fn pour(
    context: &Context,
    (client, engine): (&Client, &Engine),
    (mut source, checksum): (Source, Option<Checksum>),
    stream: Stream,
    mut stopped: Pin<&mut impl Future<Output = ()>>,
) -> Result<(), Ending> {
    let words = &context.words.command;
    let mut unread = Vec::new();
    let ended = loop {
        let bar = io::stderr().is_terminal().then(|| bars::Single::new(&clean_line(&source.path.last())));
        let report = |event| {
            if let Some(bar) = &bar {
                bar.show(&event);
            }
            if let TransferEvent::Unread { sums, fault, .. } = &event {
                unread.push(wording::unread(&context.words, sums, fault));
            }
            std::future::ready(())
        };
        let stop = async {
            stopped.as_mut().await;
            Stop::Pause
        };
        let (sum, into) = (checksum.clone(), stream.clone());
        let ended = engine.stream(&mut source, sum, || into.open(), stop, report).await;
        drop(bar);
        let End::Failed(fault) = &ended else { break ended };
        tokio::select! {
            told = password::told(context, client, fault) => if !told { break ended },
            () = stopped.as_mut() => break End::Paused,
        }
    };
    for reason in unread {
        say(&source, &reason);
    }
    if let End::Finished(file) = &ended
        && !file.proofs.is_empty()
        && io::stderr().is_terminal()
    {
        say(&source, &wording::proofs(&context.words, &file.proofs));
    }
    match ended {
        // A reader who closed it has enough.
        End::Finished(_) | End::Kept(..) | End::Failed(Fault::NobodyReads) => Ok(()),
        End::Paused | End::Cancelled => Err(Ending::Failed(words.stream_stopped.clone())),
        End::Failed(Fault::Disk(reason)) => {
            Err(Ending::Failed(fill(&words.output_failed, &[("reason", &reason)])))
        }
        End::Failed(fault) => Err(context.failed(&source.to_string(), &fault)),
    }
}

/// Something about a file, on stderr.
fn say(source: &Source, what: &str) {
    // Where stderr is gone there is nobody to tell.
    let _ = writeln!(io::stderr(), "hobnob: {}", clean_line(format!("{source}: {what}").as_bytes()));
}
