//! `hobnob history`: what was kept, as lines for people or as JSON for programs. Reads only; must never let a message
//! look like another line than its own.

use std::io::{self, Write};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};
use serde::Serialize;

use super::{Context, Ending, History as Options, json, written};
use crate::event::{Delivery, Fault, Hit};
use crate::locale::fill;
use crate::store::{History, Wanted};
use crate::text::clean_line;
use crate::text::size::grouped;
use crate::view::wording;
use crate::wire::peer::Peer;

/// Prints the newest of what is wanted, oldest first.
pub(super) fn run(context: &Context, options: &Options) -> Result<(), Ending> {
    let words = &context.words.history;
    let failed = |fault: Fault| Ending::Failed(wording::fault(&context.words, &fault));
    let Some(history) = History::open(&context.data_dir).map_err(failed)? else {
        let path = wording::shown_path(&context.data_dir);
        return Err(Ending::Failed(fill(&words.nothing, &[("path", &path)])));
    };
    let mut peer = None;
    if let Some(text) = &options.peer {
        peer = history.peer(text).map_err(failed)?;
        if peer.is_none() {
            let unknown = clean_line(text.as_bytes());
            return Err(Ending::Failed(fill(&words.no_such_peer, &[("peer", &unknown)])));
        }
    }
    let text = options.search.as_deref();
    let wanted = Wanted { peer, text, since: options.since, limit: options.limit };
    let zone = TimeZone::system();
    for row in history.rows(wanted).map_err(failed)? {
        let Some((hit, heard_back)) = history.message(row).map_err(failed)? else { continue };
        let mut line = Vec::new();
        let made = if options.json {
            json::write(&mut line, &Line::of(&hit, heard_back)).and_then(|()| line.write_all(b"\n"))
        } else {
            write_for_people(context, &zone, &mut line, &hit, heard_back)
        };
        let printed = made.and_then(|()| io::stdout().lock().write_all(&line));
        if printed.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            return Ok(());
        }
        written(&context.words, printed)?;
    }
    written(&context.words, io::stdout().lock().flush())
}

/// The moment that is meant: a date, a time in this time zone or in one that is named, or so long ago.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    let wrong = |_| "a date, a time, or how long ago".to_owned();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    if let Ok(ago) = text.parse::<Span>() {
        return now().checked_sub(ago).map(|then| then.timestamp()).map_err(wrong);
    }
    let local: DateTime = text.parse().map_err(wrong)?;
    local.to_zoned(TimeZone::system()).map(|then| then.timestamp()).map_err(wrong)
}

#[expect(clippy::disallowed_methods, reason = "how long ago something was depends on now")]
fn now() -> Zoned {
    Zoned::now()
}

/// As `hobnob listen` writes it. What we sent has an arrow before whom it went to, and what became of it behind.
fn write_for_people(
    context: &Context,
    zone: &TimeZone,
    out: &mut impl Write,
    Hit { peer, message }: &Hit,
    heard_back: bool,
) -> io::Result<()> {
    let words = &context.words.history;
    let at = message.at.to_zoned(zone.clone());
    let state = match &message.delivery {
        Delivery::Queued => Some(words.queued.clone()),
        Delivery::Refused => Some(words.refused.clone()),
        Delivery::Failed(fault) => {
            Some(fill(&words.failed, &[("reason", &wording::fault(&context.words, fault))]))
        }
        Delivery::Sent if heard_back => Some(words.heard_back.clone()),
        Delivery::Sent | Delivery::Received | Delivery::Folded(_) => None,
    };
    let arrow = if message.delivery.is_ours() { "→ " } else { "" };
    let state = state.map(|state| format!(" ({})", clean_line(state.as_bytes()))).unwrap_or_default();
    let head = format!("{}  {arrow}{peer}{state}  ", at.strftime("%Y-%m-%d %H:%M:%S"));
    let folded;
    let text: &str = if let Delivery::Folded(count) = &message.delivery {
        folded = fill(&words.folded, &[("count", &grouped(*count))]);
        &folded
    } else if message.text.is_empty() {
        &context.words.command.empty_datagram
    } else {
        &message.text
    };
    // Nothing but a time stands at the left edge, and nobody else's line feed gets there.
    for (number, line) in text.split('\n').enumerate() {
        let margin = if number == 0 { &*head } else { "" };
        writeln!(out, "{margin:width$}{line}", width = head.chars().count())?;
    }
    Ok(())
}

/// A message for programs.
#[derive(Serialize)]
struct Line<'hit> {
    id: i64,
    time: Timestamp,
    #[serde(serialize_with = "as_text")]
    peer: Peer,
    direction: &'static str,
    state: &'static str,
    text: &'hit str,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
}

impl<'hit> Line<'hit> {
    /// The text is exactly what was sent or received, or, where that is no text, its readable form.
    fn of(Hit { peer, message }: &'hit Hit, heard_back: bool) -> Self {
        let exact = message.raw.as_ref().and_then(|raw| std::str::from_utf8(&raw.0).ok());
        let (state, count) = match message.delivery {
            Delivery::Received => ("received", None),
            Delivery::Folded(count) => ("folded", Some(count)),
            Delivery::Queued => ("queued", None),
            Delivery::Sent if heard_back => ("heard-back", None),
            Delivery::Sent => ("sent", None),
            Delivery::Refused => ("refused", None),
            Delivery::Failed(_) => ("failed", None),
        };
        Self {
            id: message.row.0,
            time: message.at,
            peer: *peer,
            direction: if message.delivery.is_ours() { "out" } else { "in" },
            state,
            text: exact.unwrap_or(&message.text),
            count,
        }
    }
}

fn as_text<S: serde::Serializer>(peer: &Peer, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(peer)
}
