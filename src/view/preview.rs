//! A file that is looked at before it is downloaded: what is known of it, and its beginning.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::entries::time;
use super::paint::{self, Piece};
use super::{Look, overlays, wording};
use crate::app::State;
use crate::app::layout::{self, Area};
use crate::app::previewed::Previewed;
use crate::event::{Content, Listed, Paint, Preview, TextLine};
use crate::locale::fill;
use crate::text::hex;
use crate::text::size::{self, grouped};
use crate::text::width::ellipsis_middle;
use crate::text::{Clean, clean_line};
use crate::wire::Raw;

/// Columns of a size in the list of an archive.
const SIZE: usize = 10;

/// Draws it over the body.
pub(super) fn draw(state: &State, previewed: &Previewed, look: &Look, buffer: &mut Buffer) {
    let Some(areas) = layout::preview(state.size) else { return };
    let title = clean_line(&previewed.source.path.last());
    let title = ellipsis_middle(&title, usize::from(areas.frame.width).saturating_sub(6));
    overlays::boxed(&title, areas.frame, look, buffer);
    let preview = match &previewed.answer {
        None => return paint::middle(buffer, areas.content, &[(&look.words.files.asking, look.theme.dim)]),
        Some(Err(fault)) => {
            let reason = wording::fault(&look.words, fault);
            return paint::middle(buffer, areas.content, &[(&reason, look.theme.error)]);
        }
        Some(Ok(preview)) => preview,
    };
    let facts = facts(state, preview, look);
    // What does not fit into the one row is least of all worth knowing.
    let shown = paint::whole_facts(&facts, usize::from(areas.facts.width)).unwrap_or(&facts);
    paint::left(buffer, areas.facts, &[(shown, look.theme.dim)]);
    let rows = previewed.rows(usize::from(areas.content.width));
    if rows == 0 {
        paint::middle(buffer, areas.content, &[(&look.words.preview.empty, look.theme.dim)]);
    }
    for nth in 0..areas.content.height {
        let row = paint::row(areas.content, nth);
        let at = previewed.top + usize::from(nth);
        match &preview.content {
            Content::Text(..) => {
                let Some((line, part)) = previewed.line(at) else { break };
                text_row(line, part, look, row, buffer);
            }
            Content::Archive(_, entries, _) => {
                let Some(entry) = entries.get(at) else { break };
                let bytes = entry.size.map(size::bytes).unwrap_or_default();
                let bytes = format!("{bytes:>SIZE$}  ");
                paint::left(buffer, row, &[(&bytes, look.theme.dim), (&entry.name, look.theme.text)]);
            }
            Content::Picture(_, _, bytes) | Content::Known(_, bytes) | Content::Other(bytes) => {
                hex_row(bytes, at, look, row, buffer);
            }
        }
    }
}

/// What is known of it, divided by ` · `.
fn facts(state: &State, preview: &Preview, look: &Look) -> String {
    let words = &look.words.preview;
    let mut facts: Vec<String> = match &preview.content {
        Content::Text(_, language) => vec![language.as_deref().unwrap_or(&words.text).to_owned()],
        Content::Picture(format, (width, height), _) => vec![format!("{format} {width}×{height}")],
        Content::Archive(format, entries, listed) => {
            let sentence = match listed {
                Listed::Whole => &words.entries,
                Listed::Beginning => &words.entries_so_far,
            };
            let files = entries.iter().filter(|entry| entry.is_file()).count();
            vec![format.to_string(), fill(sentence, &[("count", &grouped(files as u64))])]
        }
        Content::Known(format, _) => vec![format.to_string()],
        Content::Other(_) => vec![words.bytes.clone()],
    };
    facts.extend(preview.size.map(size::bytes));
    let is_all = matches!(preview.content, Content::Archive(_, _, Listed::Whole));
    if !preview.is_whole && !is_all {
        facts.push(words.beginning.clone());
    }
    facts.extend(preview.modified.map(|at| time(at, state)));
    facts.extend(preview.media_type.as_ref().map(Clean::to_string));
    facts.join(" · ")
}

/// A part of a line, in the colours of its pieces.
fn text_row(line: &TextLine, part: Range<usize>, look: &Look, row: Area, buffer: &mut Buffer) {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let mut at = part.start;
    let plain = [(part.end, Paint::Plain)];
    for (to, paint) in line.pieces.iter().chain(&plain) {
        let to = (*to).min(part.end);
        if to > at {
            pieces.push((&line.text[at..to], style(*paint, look)));
            at = to;
        }
    }
    paint::left(buffer, row, &pieces);
}

fn style(paint: Paint, look: &Look) -> Style {
    let theme = &look.theme;
    match paint {
        Paint::Plain => theme.text,
        Paint::Comment => theme.code_comment,
        Paint::Keyword => theme.code_keyword,
        Paint::Literal => theme.code_literal,
        Paint::Constant => theme.code_constant,
        Paint::Name => theme.code_name,
    }
}

fn hex_row(bytes: &Raw, at: usize, look: &Look, row: Area, buffer: &mut Buffer) {
    let per_row = hex::bytes_per_row(usize::from(row.width));
    let Some(shown) = hex::rows(&bytes.0, per_row).nth(at) else { return };
    let digits = format!(" {} ", shown.digits);
    let pieces: [Piece<'_>; 3] =
        [(&shown.offset, look.theme.dim), (&digits, look.theme.text), (&shown.characters, look.theme.peer)];
    paint::left(buffer, row, &pieces);
}
