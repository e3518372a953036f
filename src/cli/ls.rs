//! `hobnob ls`: what a folder of a file server holds, for people and for programs.
//! Never writes a name to the terminal other than clean, or escaped within JSON.

use std::borrow::Cow;
use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{Context, Ending, Ls, json, written};
use crate::event::Listing;
use crate::locale::fill;
use crate::net::browse::{Browsed, browse};
use crate::text::size;
use crate::text::width::{pad_to, width};
use crate::view::wording;
use crate::wire::listing::{Entry, Kind};
use crate::wire::source::Source;

/// Lists a folder.
pub(super) async fn run(context: &Context, options: &Ls) -> Result<(), Ending> {
    let words = &context.words;
    let source = Source::parse(&options.source)
        .map_err(|error| Ending::Usage(wording::address_error(words, &error)))?;
    let listing = match browse(&source, &context.config.timeouts).await {
        Ok(Browsed::Listed(listing)) => listing,
        Ok(Browsed::Plain) => {
            let server = source.endpoint.to_string();
            return Err(Ending::Failed(fill(&words.command.no_lists, &[("server", &server)])));
        }
        Err(fault) => return Err(context.failed(&source.to_string(), &fault)),
    };
    written(words, if options.json { write_json(&listing) } else { write_columns(&listing) })
}

/// An entry as `--json` shows it.
#[derive(Serialize)]
struct Row<'a> {
    name: Cow<'a, str>,
    kind: &'static str,
    size: Option<u64>,
    modified: Option<Timestamp>,
}

fn write_json(listing: &Listing) -> io::Result<()> {
    let rows = listing.entries.iter().map(|entry| Row {
        // The name itself, where JSON can hold it.
        name: str::from_utf8(&entry.raw.0).map_or_else(|_| Cow::Borrowed(&*entry.name), Cow::Borrowed),
        kind: match entry.kind {
            Kind::Dir => "dir",
            Kind::File => "file",
            Kind::Other => "other",
        },
        size: entry.size,
        modified: entry.modified,
    });
    let mut out = io::BufWriter::new(io::stdout().lock());
    json::write(&mut out, &rows.collect::<Vec<_>>())?;
    writeln!(out)?;
    out.flush()
}

fn write_columns(listing: &Listing) -> io::Result<()> {
    let zone = TimeZone::system();
    let rows = listing.entries.iter().map(|entry| columns(entry, &zone)).collect::<Vec<_>>();
    let widest =
        |column: fn(&[String; 3]) -> &str| rows.iter().map(|row| width(column(row))).max().unwrap_or(0);
    let (names, sizes) = (widest(|row| &row[0]), widest(|row| &row[1]));
    let mut out = io::BufWriter::new(io::stdout().lock());
    for [name, size, modified] in &rows {
        let line = format!("{}  {size:>sizes$}  {modified}", pad_to(name, names));
        writeln!(out, "{}", line.trim_end())?;
    }
    out.flush()
}

/// Name, size and time of change; what is not known is left empty.
fn columns(entry: &Entry, zone: &TimeZone) -> [String; 3] {
    let slash = if entry.kind == Kind::Dir { "/" } else { "" };
    let size = entry.size.map(size::bytes);
    let modified = entry.modified.map(|at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string());
    [format!("{}{slash}", entry.name), size.unwrap_or_default(), modified.unwrap_or_default()]
}
