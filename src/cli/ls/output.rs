//! Standard output of `hobnob ls`: rows as columns for people, or as one JSON array for programs, some rows at a time.
//! Never writes a name other than clean, or escaped within JSON.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::Row;
use crate::cli::json;
use crate::text::width::{pad_to, width};
use crate::text::{clean_line, size};
use crate::wire::listing::Kind;

/// An entry as `--json` shows it.
#[derive(Serialize)]
struct Written {
    name: String,
    kind: &'static str,
    size: Option<u64>,
    modified: Option<Timestamp>,
    /// With every byte of its name, as the commands take it.
    url: String,
}

impl Written {
    fn of(row @ Row { way, entry, .. }: &Row) -> Self {
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
            url: row.source().exact(),
        }
    }
}

/// A list on its way to standard output, some rows at a time.
pub(super) enum Output {
    /// One array in one line. What stands before the next row.
    Json(&'static [u8]),
    /// Columns, as wide as what was written so far.
    Columns { zone: TimeZone, names: usize, sizes: usize },
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        if json { Self::Json(b"[") } else { Self::Columns { zone: TimeZone::system(), names: 0, sizes: 0 } }
    }

    pub(super) fn write(&mut self, rows: &[Row]) -> io::Result<()> {
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
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Json(b"[") | Self::Columns { .. } => Ok(()),
            Self::Json(_) => io::stdout().write_all(b"]\n"),
        }
    }
}

/// Name, size and time of change; what is not known is left empty.
fn columns(Row { way, entry, .. }: &Row, zone: &TimeZone) -> [String; 3] {
    let slash = if entry.kind == Kind::Dir { "/" } else { "" };
    let size = entry.size.map(size::bytes);
    let modified = entry.modified.map(|at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string());
    [
        format!("{}{}{slash}", clean_line(way), entry.name),
        size.unwrap_or_default(),
        modified.unwrap_or_default(),
    ]
}
