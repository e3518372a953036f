//! `hobnob serve`: the file server, with its log on stderr.
//!
//! stdout gets one line, for scripts: the URL of the server, with the port that it got. Owns the wording of the log;
//! must never write other people's text but as `Clean`, nor hold the server up while it writes.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::{Context, Ending, cannot_write};
use crate::config::ServeSettings;
use crate::event::system_words;
use crate::locale::{Words, fill};
use crate::net::chat::BindError;
use crate::net::interfaces::all_reachable;
use crate::serve::{Access, BindFault, Identity, Options, Served, Server, Uploads};
use crate::view::wording;
use crate::wire::address::DEFAULT_PORT;

mod options;

pub use options::Serve;

/// Lines of the log that wait to be written.
const LINES_AHEAD: usize = 256;

/// How long the last of them may take, once the server has ended.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Serves the folder until SIGINT or SIGTERM.
pub(super) async fn run(context: &Context, arguments: &Serve) -> Result<(), Ending> {
    let words = &context.words;
    let zone = TimeZone::system();
    let ServeSettings { access, limits } = context.config.serve.clone();
    let access = Access {
        credentials: arguments.credentials(context)?,
        private: arguments.private(context),
        ..access
    };
    let identity = arguments.identity(context)?;
    let (uploads, fingerprint) =
        (access.uploads, identity.as_ref().map(Identity::fingerprint).map(str::to_owned));
    let options = Options {
        root: arguments.dir.clone(),
        bind: arguments.addresses(),
        port: arguments.socket.port.unwrap_or(DEFAULT_PORT),
        zone: zone.clone(),
        limits,
        access,
        identity,
    };
    let server = Server::bind(options).map_err(|fault| failed(context, fault))?;
    let start = Start {
        folder: arguments.dir.canonicalize().unwrap_or_else(|_| arguments.dir.clone()),
        scheme: if fingerprint.is_some() { "https" } else { "http" },
        fingerprint,
        speaks_plain: server.speaks_plain(),
        uploads,
    };
    let failed = |error: io::Error| cannot_write(words, &error);
    // Before the URL is out: whoever reads it may stop the server at once.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let reachable: Vec<_> = server.addresses().into_iter().flat_map(all_reachable).collect();
    let (log, requests) = mpsc::channel(LINES_AHEAD);
    let lines = Lines { words: words.clone(), zone };
    let serving = lines.start(&start, &reachable);
    let writer = spawn_blocking(move || {
        lines.write(&serving, requests);
        lines
    });
    announce(start.scheme, &reachable).map_err(failed)?;
    let stop = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let untold = server.run(log, stop).await;
    // A log that cannot be written, or that nobody reads, is no reason to fail or to stay.
    let written = async {
        let lines = writer.await?;
        spawn_blocking(move || io::stderr().write_all(lines.untold(untold).as_bytes())).await
    };
    let _ = timeout(LAST_LINES, written).await;
    Ok(())
}

fn failed(context: &Context, fault: BindFault) -> Ending {
    match fault {
        BindFault::Folder { path, reason } => {
            let values = [("path", &*wording::shown_path(&path)), ("reason", &system_words(&reason))];
            Ending::Failed(fill(&context.words.command.no_directory, &values))
        }
        BindFault::Unwritable { path, reason } => {
            let values = [("path", &*wording::shown_path(&path)), ("reason", &system_words(&reason))];
            Ending::Failed(fill(&context.words.serve.unwritable, &values))
        }
        BindFault::Address { address, reason } => context.cannot_bind(&BindError::new(address, reason)),
    }
}

/// Says on stdout where scripts on this machine reach the server.
fn announce(scheme: &str, reachable: &[SocketAddr]) -> io::Result<()> {
    if let Some(first) = reachable.first() {
        let mut out = io::stdout();
        writeln!(out, "{}", url(scheme, first))?;
        out.flush()?;
    }
    Ok(())
}

fn url(scheme: &str, address: &SocketAddr) -> String {
    format!("{scheme}://{address}/")
}

/// What is said once, when the server has begun to listen.
struct Start {
    folder: PathBuf,
    scheme: &'static str,
    /// The certificate's, where there is one.
    fingerprint: Option<String>,
    /// Whether the plain protocol is answered.
    speaks_plain: bool,
    uploads: Option<Uploads>,
}

/// How the log is written.
struct Lines {
    words: Words,
    zone: TimeZone,
}

impl Lines {
    /// Writes the whole log, but for what only the end of the server tells. What has come while lines were written is
    /// written together.
    fn write(&self, serving: &str, mut requests: mpsc::Receiver<Served>) {
        // Where nobody reads stderr, the server works all the same.
        let _ = writeln!(io::stderr(), "{serving}");
        let mut waiting = Vec::new();
        while requests.blocking_recv_many(&mut waiting, LINES_AHEAD) > 0 {
            let lines =
                waiting.drain(..).map(|served| self.untold(served.untold) + &self.line(&served) + "\n");
            let _ = io::stderr().write_all(lines.collect::<String>().as_bytes());
        }
    }

    /// A line about requests that were not told, where there are any.
    fn untold(&self, count: u64) -> String {
        if count == 0 {
            return String::new();
        }
        fill(&self.words.serve.untold, &[("count", &count.to_string())]) + "\n"
    }

    /// Where the server can be reached, and what is not as it usually is.
    fn start(&self, start: &Start, reachable: &[SocketAddr]) -> String {
        let words = &self.words.serve;
        let urls = reachable.iter().map(|address| url(start.scheme, address)).collect::<Vec<_>>().join(" ");
        let values = [("path", &*wording::shown_path(&start.folder)), ("urls", &urls)];
        let mut lines = vec![fill(&words.serving, &values)];
        if let Some(fingerprint) = &start.fingerprint {
            lines.push(fill(&words.fingerprint, &[("fingerprint", fingerprint)]));
        }
        if !start.speaks_plain {
            lines.push(words.no_plain.clone());
        }
        lines.extend(start.uploads.map(|uploads| {
            if uploads.overwrite { words.overwriting.clone() } else { words.uploading.clone() }
        }));
        lines.join("\n")
    }

    /// `2026-11-02 09:14:05 127.0.0.1:51812 GET /a.txt: 200, 3.1 MB, 0.042 s`
    fn line(&self, served: &Served) -> String {
        let at = served.at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
        let request = wording::request(&served.request);
        let facts = wording::served_facts(&self.words, served);
        format!("{at} {} {request}: {}", served.peer, facts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::Language;
    use crate::serve::{Answer, End, Request};
    use crate::text::clean_line;

    #[test]
    fn a_line_says_who_asked_for_what_and_what_became_of_it() {
        let lines = Lines { words: Language::En.words().unwrap(), zone: TimeZone::UTC };
        let served = Served {
            at: "2026-11-02T09:14:05Z".parse().unwrap(),
            peer: "[::1]:51812".parse().unwrap(),
            request: Request::Http { method: clean_line(b"GET"), path: clean_line(b"/a b\n\x1b[2J") },
            answer: Answer::Status(200),
            end: End::Whole,
            bytes: 3_100_000,
            received: 0,
            took: Duration::from_millis(42),
            untold: 0,
        };
        let line = lines.line(&served);
        assert!(line.starts_with("2026-11-02 09:14:05 [::1]:51812 GET /a b"), "{line}");
        assert!(line.ends_with(": 200, 3.1 MB, 0.042 s"), "{line}");
        assert!(!line.contains(char::is_control), "{line}");

        let plain = |answer, end| Served {
            request: Request::Plain(clean_line(b"a.txt")),
            answer,
            end,
            ..served.clone()
        };
        for (answer, end, facts) in [
            (Answer::File, End::Whole, "PLAIN a.txt: 3.1 MB, 0.042 s"),
            (Answer::Nothing, End::Whole, "PLAIN a.txt: no such file, 3.1 MB, 0.042 s"),
            (Answer::File, End::BrokenOff, "3.1 MB, 0.042 s, broken off"),
            (Answer::File, End::Stalled, "3.1 MB, 0.042 s, cut off because the client took nothing"),
            (Answer::Unanswered, End::BrokenOff, "PLAIN a.txt: 0.042 s, broken off"),
            (Answer::File, End::CutOff, "3.1 MB, 0.042 s, cut off because the server stopped"),
        ] {
            let line = lines.line(&plain(answer, end));
            assert!(line.ends_with(facts), "{line}");
        }
    }
}
