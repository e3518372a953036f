//! Names that are safe to give a file here.
//!
//! Owns what a name from the network becomes before a file is made under it: one path component that is valid and
//! harmless on Linux, macOS and Windows. Must never touch a disk, and never give a name that leads anywhere.

use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation;

use crate::text::cut::fit_bytes;
use crate::text::is_showable;

/// The most bytes of a name that any of the three systems takes in one path component.
pub const COMPONENT_LIMIT: usize = 255;

/// The most bytes that [`safe_name`] gives: the rest is for a prefix, a number, and the partial file's affixes.
pub const NAME_LIMIT: usize = 220;

/// The most bytes of an ending that is kept when a name is shortened.
const EXTENSION_LIMIT: usize = 16;

/// What takes the place of a character that cannot stay.
const STAND_IN: char = '_';

/// What to call a file here that is called `raw` (one path component) there. Applied to its own result it changes
/// nothing, and it leaves ordinary names alone, whatever their language.
///
/// - Separators, what Windows forbids, and characters that cannot be seen become `_`; a byte that is not UTF-8
///   becomes `%FF`.
/// - White space around the name and dots at its end go. A name that begins with a dot, a dash, a tilde or a
///   combining mark, that is reserved on Windows (`CON`, `nul.txt`), or of which nothing is left, gets `_` in front.
/// - At most [`NAME_LIMIT`] bytes, cut between grapheme clusters, with its extension kept.
#[must_use]
pub fn safe_name(raw: &[u8]) -> String {
    let mut shown = String::with_capacity(raw.len());
    for chunk in raw.utf8_chunks() {
        shown.extend(chunk.valid().chars().filter(|c| !is_variation(*c)).map(stand_in));
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(shown, "%{byte:02X}");
        }
    }
    let name = trimmed_end(shown.trim_start());
    let prefix = if needs_prefix(name) { "_" } else { "" };
    let name = shortened(&format!("{prefix}{name}"), NAME_LIMIT, "");
    trimmed_end(&name).to_owned()
}

/// `name` as the `n`th of that name: `notes (1).pdf`, `archive (1).tar.gz`. Never over [`COMPONENT_LIMIT`] bytes.
#[must_use]
pub fn numbered(name: &str, n: u32) -> String {
    shortened(name, COMPONENT_LIMIT, &format!(" ({n})"))
}

/// Emoji and text presentation: what is left without them is the same emoji.
fn is_variation(c: char) -> bool {
    matches!(c, '\u{FE0E}' | '\u{FE0F}')
}

fn stand_in(c: char) -> char {
    let forbidden = matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    if forbidden || !is_showable(c) { STAND_IN } else { c }
}

fn trimmed_end(name: &str) -> &str {
    name.trim_end_matches(|c: char| c == '.' || c.is_whitespace())
}

fn needs_prefix(name: &str) -> bool {
    // A mark at the beginning would be drawn onto whatever is written before the name.
    let loose_mark = format!("_{name}").graphemes(true).next() != Some("_");
    name.is_empty() || name.starts_with(['.', '-', '~']) || loose_mark || is_reserved(name)
}

/// Names of devices on Windows, whatever follows their first dot.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    let numbered_port = |port| {
        stem.strip_prefix(port).is_some_and(|number| {
            let mut digits = number.chars();
            matches!((digits.next(), digits.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
        })
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$")
        || numbered_port("COM")
        || numbered_port("LPT")
}

/// `name` with `suffix` before its extension, the rest of it shortened where the whole is over `limit` bytes.
fn shortened(name: &str, limit: usize, suffix: &str) -> String {
    let (stem, extension) = name.split_at(extension_start(name));
    let room = limit.saturating_sub(suffix.len() + extension.len());
    let stem = fit_bytes(stem, room);
    format!("{stem}{suffix}{extension}")
}

/// Where the extension begins, its dot included; the name's length where it has none.
fn extension_start(name: &str) -> usize {
    let Some(dot) = name.rfind('.').filter(|&dot| is_extension(name, dot)) else {
        return name.len();
    };
    let inner = name[..dot].rfind('.').filter(|&inner| is_extension(&name[..dot], inner));
    inner.filter(|&inner| name[inner..dot].eq_ignore_ascii_case(".tar")).unwrap_or(dot)
}

/// Whether what begins at `dot` looks like an ending and not like a part of a sentence.
fn is_extension(name: &str, dot: usize) -> bool {
    let ending = &name[dot + 1..];
    dot > 0 && !ending.is_empty() && ending.len() < EXTENSION_LIMIT && !ending.contains(char::is_whitespace)
}
