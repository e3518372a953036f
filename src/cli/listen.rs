//! `hobnob listen`: every datagram that arrives, as a line for people or as JSON for programs. Answers nobody.
//! Must never let a datagram look like another line than its own.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::keeping::{Keeping, Kept};
use super::{Context, Ending, Listen, block_on, cannot_write, json};
use crate::effect::{NewMessage, StoreRequest};
use crate::event::{ChatEvent, Datagram, Delivery, Event, MessageId};
use crate::locale::{Words, fill};
use crate::net::Port;
use crate::net::chat::{self, Noise};
use crate::view::wording;
use crate::wire::peer::Peer;

/// How long the output may take to accept the last lines when it is time to end.
const LAST_LINES: Duration = Duration::from_secs(1);
/// How long a line that says whether it is on disk waits for the disk.
const DISK: Duration = Duration::from_millis(250);

/// Prints what arrives, until it is enough, the time is over, or a signal ends it.
pub(super) fn run(context: &Context, listen: &Listen) -> Result<(), Ending> {
    block_on(listen_on(context, listen))
}

async fn listen_on(context: &Context, listen: &Listen) -> Result<(), Ending> {
    let port = Port::Required(listen.socket.port.unwrap_or(context.config.port.number()));
    let sockets = chat::bind(&listen.socket.addresses(&context.config), port)
        .map_err(|error| context.cannot_bind(&error))?;
    let stop = stop(listen.timeout)?;
    announce(context, sockets.addresses());

    let (commands, told) = mpsc::channel(1);
    let (heard, events) = mpsc::channel(64);
    tokio::spawn(chat::run(sockets, told, heard, Noise::Kept));
    let words = context.words.clone();
    let paper = Paper { json: listen.json, wanted: listen.count, zone: TimeZone::system(), words };
    let mut keeping = Keeping::open(context, listen.no_history);
    let runtime = Handle::current();
    // On a thread of its own: an output that nobody reads must not keep a signal waiting.
    let mut printing = spawn_blocking(move || {
        let printed = runtime.block_on(paper.print_all(events, &mut keeping));
        (printed, keeping)
    });
    let printed = tokio::select! {
        printed = &mut printing => printed,
        () = stop => {
            // Without commands the worker ends, and then what has arrived is printed to its end.
            drop(commands);
            let Ok(printed) = timeout(LAST_LINES, printing).await else {
                return Err(cannot_write(&context.words, &io::ErrorKind::TimedOut.into()));
            };
            printed
        }
    };
    let (printed, keeping) = printed.map_err(|panicked| Ending::Failed(panicked.to_string()))?;
    keeping.end().await;
    printed
}

/// The moment at which the time is over or a signal asks for the end. Signals count from now on.
fn stop(limit: Option<Duration>) -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            () = sleep(limit.unwrap_or_default()), if limit.is_some() => {}
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// One line that says where we listen, for people and for scripts that asked for port 0.
fn announce(context: &Context, addresses: &[SocketAddr]) {
    let addresses: Vec<_> = addresses.iter().map(SocketAddr::to_string).collect();
    let line = fill(&context.words.command.listening, &[("addresses", &addresses.join(", "))]);
    // Listening goes on where nobody reads this.
    let _ = writeln!(io::stderr(), "{line}");
}

struct Paper {
    json: bool,
    /// So many datagrams, and no more.
    wanted: Option<u64>,
    zone: TimeZone,
    words: Words,
}

/// A datagram that is not printed yet.
struct Coming {
    id: MessageId,
    datagram: Datagram,
    /// Whether it is on disk, once that is known.
    saved: Option<bool>,
    /// Then it is printed whatever is known.
    due: Instant,
}

impl Paper {
    /// Until there is enough or no more to come. An output that was closed is fine: its reader has enough.
    async fn print_all(&self, mut events: Receiver<Event>, keeping: &mut Keeping) -> Result<(), Ending> {
        let mut coming = VecDeque::<Coming>::new();
        let (mut taken, mut ended) = (0, false);
        loop {
            while coming.front().is_some_and(|line| line.saved.is_some()) {
                let Some(line) = coming.pop_front() else { break };
                match self.print(&line.datagram, line.saved == Some(true)) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                    Err(error) => return Err(cannot_write(&self.words, &error)),
                }
            }
            let more = !ended && self.wanted != Some(taken);
            if !more && coming.is_empty() {
                return self.enough(taken);
            }
            let due = coming.front().map(|line| line.due);
            tokio::select! {
                event = events.recv(), if more => match event {
                    Some(Event::Chat(ChatEvent::Received(datagram))) => {
                        coming.push_back(self.keep(MessageId(taken), datagram, keeping));
                        taken += 1;
                    }
                    Some(Event::Chat(ChatEvent::Down(fault))) => {
                        return Err(Ending::Failed(wording::fault(&self.words, &fault)));
                    }
                    Some(_) => {}
                    None => ended = true,
                },
                kept = keeping.next() => learn(&mut coming, kept),
                () = sleep_until(due.unwrap_or_else(now)), if due.is_some() => {
                    if let Some(line) = coming.front_mut() {
                        line.saved = Some(false);
                    }
                }
            }
        }
    }

    /// Has a datagram kept. A line for people does not say whether it is, and is printed at once.
    fn keep(&self, id: MessageId, datagram: Datagram, keeping: &mut Keeping) -> Coming {
        let message = NewMessage {
            id,
            peer: Peer::Address(datagram.from),
            at: datagram.at,
            delivery: Delivery::Received,
            bytes: datagram.raw.clone(),
            broadcast: datagram.broadcast,
        };
        let awaited = keeping.tell(StoreRequest::Save(Box::new(message))) && self.json;
        Coming { id, datagram, saved: if awaited { None } else { Some(false) }, due: now() + DISK }
    }

    fn enough(&self, printed: u64) -> Result<(), Ending> {
        let Some(wanted) = self.wanted.filter(|wanted| *wanted != printed) else { return Ok(()) };
        let values = [("got", &*printed.to_string()), ("wanted", &*wanted.to_string())];
        Err(Ending::Failed(fill(&self.words.command.too_few_datagrams, &values)))
    }

    fn print(&self, datagram: &Datagram, saved: bool) -> io::Result<()> {
        let mut line = Vec::new();
        if self.json {
            json::write(&mut line, &Line::of(datagram, saved))?;
            line.push(b'\n');
        } else {
            self.write_for_people(&mut line, datagram)?;
        }
        let mut out = io::stdout().lock();
        out.write_all(&line)?;
        out.flush()
    }

    fn write_for_people(&self, out: &mut impl Write, datagram: &Datagram) -> io::Result<()> {
        let at = datagram.at.to_zoned(self.zone.clone());
        let head = format!("{}  {}  ", at.strftime("%Y-%m-%d %H:%M:%S"), datagram.from);
        let text: &str =
            if datagram.raw.0.is_empty() { &self.words.command.empty_datagram } else { &datagram.text };
        // Nothing but a time stands at the left edge, and nobody else's line feed gets there.
        for (number, line) in text.split('\n').enumerate() {
            let margin = if number == 0 { &*head } else { "" };
            writeln!(out, "{margin:width$}{line}", width = head.len())?;
        }
        Ok(())
    }
}

/// What became of datagrams that were to be kept.
fn learn(coming: &mut VecDeque<Coming>, kept: Kept) {
    let (ids, saved): (Vec<_>, _) = match kept {
        Kept::Saved(saved) => (saved.into_iter().map(|saved| saved.id).collect(), true),
        Kept::Unsaved(ids) => (ids, false),
    };
    let Some(first) = coming.front().map(|line| line.id.0) else { return };
    for id in ids {
        // What is printed already is not among them any more.
        let at = id.0.checked_sub(first).and_then(|at| usize::try_from(at).ok());
        if let Some(line) = at.and_then(|at| coming.get_mut(at)) {
            line.saved = Some(saved);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a line waits for the disk, but not for ever")]
fn now() -> Instant {
    Instant::now()
}

/// A datagram for programs.
#[derive(Serialize)]
struct Line<'datagram> {
    time: Timestamp,
    from: SocketAddr,
    text: &'datagram str,
    bytes: usize,
    valid_utf8: bool,
    broadcast: bool,
    /// Whether it is on disk, as far as that was known when the line was printed.
    saved: bool,
}

impl<'datagram> Line<'datagram> {
    /// The text is exactly what was sent, or, where that is no text, its readable form.
    fn of(datagram: &'datagram Datagram, saved: bool) -> Self {
        let raw = &datagram.raw.0;
        let exact = std::str::from_utf8(raw);
        Self {
            time: datagram.at,
            from: datagram.from,
            text: exact.unwrap_or(&datagram.text),
            bytes: raw.len(),
            valid_utf8: exact.is_ok(),
            broadcast: datagram.broadcast,
            saved,
        }
    }
}
/// A time as it is written on the command line.
pub(super) fn seconds(text: &str) -> Result<std::time::Duration, String> {
    let wrong = || "a number of seconds above 0, such as 2.5".to_owned();
    let seconds: f64 = text.parse().map_err(|_| wrong())?;
    std::time::Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero()).ok_or_else(wrong)
}
