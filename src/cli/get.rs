//! `hobnob get`: downloads files, one after the other. Prints the path of each on stdout when it is whole, and
//! nothing else there; shows progress on stderr where that is a terminal.

use std::fs::{self, File};
use std::future::ready;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};

use super::{Context, Ending, Get, cannot_write, written};
use crate::effect::{Conflict, Job};
use crate::event::{Fault, Finished, TransferEvent};
use crate::locale::fill;
use crate::net::fetch::{End, Engine, Stop, System};
use crate::net::http::Client;
use crate::text::clean_line;
use crate::view::wording;
use crate::wire::name::safe_name;
use crate::wire::source::{Path, Source};

const KNOWN_LENGTH: &str = "{msg:24!} {wide_bar} {percent:>3}%  {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta}";
const UNKNOWN_LENGTH: &str = "{msg:24!} {spinner} {decimal_bytes}  {decimal_bytes_per_sec}";
const SPIN_EVERY: Duration = Duration::from_millis(100);

/// Downloads what was asked for. Goes on after a failure, and fails in the end.
pub(super) async fn run(context: &Context, options: &Get) -> Result<(), Ending> {
    let words = &context.words;
    let mut server = Source::parse(&options.source)
        .map_err(|error| Ending::Usage(wording::address_error(words, &error)))?;
    let paths = wanted(context, options, &server)?;
    let client = Client::new(context.config.timeouts);
    let mut stopped = pin!(stop_signal()?);
    let mut failure = None;
    let engine = Engine::new(client, context.config.retries, Arc::new(System));
    for path in paths {
        let mut source = server.at(path);
        let bar = ProgressBar::no_length().with_message(clean_line(&source.path.last()).to_string());
        let to = destination(context, options, &source);
        let to = to.map_err(|error| cannot_write(&context.words, &error))?;
        let is_stream = matches!(to, Destination::Stream(_));
        let report = |event| {
            show(&bar, &event);
            ready(())
        };
        let stop = stopped.as_mut();
        let ended = match to {
            Destination::Stream(stream) => engine.stream(&mut source, stream, stop, report).await,
            Destination::File(to, conflict) => {
                let mut job = Job { source, to, conflict, checksum: None, sums: Vec::new(), partial: None };
                let ended = engine.fetch(&mut job, stop, report).await;
                source = job.source;
                ended
            }
        };
        bar.finish_and_clear();
        // What was found out about the server holds for the next file.
        server.scheme = source.scheme;
        let failed = match ended {
            End::Finished(Finished { path: Some(path), .. }) | End::Kept(path, _)
                if options.output.is_none() =>
            {
                let line = [path.as_os_str().as_bytes(), b"\n"].concat();
                written(words, io::stdout().write_all(&line))?;
                continue;
            }
            End::Finished(_) | End::Kept(..) => continue,
            End::Cancelled | End::Paused => return Err(Ending::Failed(words.command.stopped.clone())),
            // Its reader has enough.
            End::Failed(Fault::NobodyReads) if is_stream => return Ok(()),
            End::Failed(Fault::Disk(reason)) if is_stream => {
                Ending::Failed(fill(&words.command.output_failed, &[("reason", &reason)]))
            }
            End::Failed(fault) => context.failed(&source.to_string(), &fault),
        };
        // The last failure is said by whoever ends the program.
        if let Some(earlier) = failure.replace(failed) {
            earlier.say();
        }
    }
    failure.map_or(Ok(()), Err)
}

/// The paths on the server; without names, the source's own.
fn wanted(context: &Context, options: &Get, server: &Source) -> Result<Vec<Path>, Ending> {
    let words = &context.words.command;
    if options.names.len() > 1 && options.output.is_some() {
        return Err(Ending::Usage(words.one_output.clone()));
    }
    if !options.names.is_empty() {
        return Ok(options.names.iter().map(|name| server.path.join(name.as_bytes())).collect());
    }
    if server.path.last().is_empty() {
        let source = clean_line(options.source.trim().as_bytes());
        return Err(Ending::Usage(fill(&words.no_name, &[("source", &source)])));
    }
    Ok(vec![server.path.clone()])
}

/// Where a file goes.
enum Destination {
    Stream(Box<dyn Write + Send>),
    File(PathBuf, Conflict),
}

fn destination(context: &Context, options: &Get, source: &Source) -> io::Result<Destination> {
    Ok(match &options.output {
        // Without the buffer of `io::Stdout`, which looks for line feeds.
        Some(file) if file.as_os_str() == "-" => {
            Destination::Stream(Box::new(File::from(io::stdout().as_fd().try_clone_to_owned()?)))
        }
        // A device or a pipe is written to, not replaced.
        Some(file) if fs::metadata(file).is_ok_and(|there| !there.is_file() && !there.is_dir()) => {
            Destination::Stream(Box::new(File::options().write(true).open(file)?))
        }
        Some(file) => Destination::File(file.clone(), Conflict::Ask),
        None => {
            let name = [context.config.prefix.as_bytes(), &source.path.last()].concat();
            let dir = options.to.clone().unwrap_or_else(|| PathBuf::from("."));
            Destination::File(dir.join(safe_name(&name)), Conflict::Rename)
        }
    })
}

fn show(bar: &ProgressBar, event: &TransferEvent) {
    let style =
        |template| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    match event {
        TransferEvent::Started { total: Some(total), .. } => {
            bar.set_style(style(KNOWN_LENGTH));
            bar.set_length(*total);
        }
        TransferEvent::Started { total: None, .. } => {
            bar.set_style(style(UNKNOWN_LENGTH));
            bar.enable_steady_tick(SPIN_EVERY);
        }
        TransferEvent::Progress { bytes } => bar.set_position(*bytes),
        TransferEvent::Retrying { .. }
        | TransferEvent::Verifying { .. }
        | TransferEvent::Finishing
        | TransferEvent::Finished(_)
        | TransferEvent::Kept { .. }
        | TransferEvent::Failed(_)
        | TransferEvent::Paused
        | TransferEvent::Cancelled => {}
    }
}

/// Ends when the user, or the system, wants us to stop. From here on the signals do not end the program by themselves,
/// so that it can remove its partial file.
fn stop_signal() -> io::Result<impl Future<Output = Stop>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        Stop::Cancel
    })
}
