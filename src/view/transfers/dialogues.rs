//! What lies over the screen about a download.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::Style;

use super::{note, one, place};
use crate::app::State;
use crate::app::field::Field;
use crate::app::keys::{self, Answer, Settle};
use crate::app::layout::{self, Area};
use crate::app::queue::{Item, ItemId, Question};
use crate::app::transfers::{CHOICES, Dialogue, Fact, Pick, facts};
use crate::locale::fill;
use crate::text::clean_line;
use crate::text::size::{bytes, grouped};
use crate::text::width::{ellipsis_middle, pad_to, width};
use crate::text::wrap::{Spaces, wrap};
use crate::view::entries::time;
use crate::view::paint::Piece;
use crate::view::{Look, bars, overlays, paint, wording};

/// Draws it over the body; the caret, where something is typed.
pub(in crate::view) fn draw(
    state: &State,
    dialogue: &Dialogue,
    look: &Look,
    body: Area,
    buffer: &mut Buffer,
) -> Option<Position> {
    let words = &look.words.transfer;
    let queue = &state.files.transfers.queue;
    match dialogue {
        Dialogue::Conflict { item, selected, for_all, .. } => {
            conflict(state, *item, (*selected, *for_all), look, buffer);
            None
        }
        Dialogue::Limit { field, is_wrong } => limit(state, field, *is_wrong, look, buffer),
        Dialogue::Open { path, program } => {
            let name = clean_line(path.file_name().unwrap_or_default().as_encoded_bytes());
            let sentence = fill(&words.open_question, &[("name", &name), ("program", program)]);
            overlays::question(state, &words.open_title, &sentence, look, body, buffer);
            None
        }
        Dialogue::DotNames(picks) => {
            overlays::question(state, &words.dot_title, &dot_names(state, picks, look), look, body, buffer);
            None
        }
        Dialogue::Details { item, top } => {
            if let Some(item) = queue.item_of(*item) {
                details(state, item, *top, look, body, buffer);
            }
            None
        }
    }
}

/// Whether names that begin with a dot are kept.
fn dot_names(state: &State, picks: &[Pick], look: &Look) -> String {
    let words = &look.words.transfer;
    let columns = usize::from(state.size.width / 3).min(40);
    let Some(first) = picks.first() else { return String::new() };
    let key = keys::first_key(&state.keymap.question, Answer::No).map(|key| key.to_string());
    let (name, safe) = (first.name(), first.safe_name());
    let (name, safe) = (ellipsis_middle(&name, columns), ellipsis_middle(&safe, columns));
    let more = grouped(picks.len().saturating_sub(1) as u64);
    let sentence = if picks.len() == 1 { &words.dot_question } else { &words.dot_question_more };
    let values = [("name", &*name), ("safe", &*safe), ("count", &*more), ("key", &*key.unwrap_or_default())];
    fill(sentence, &values)
}

fn conflict(
    state: &State,
    item: ItemId,
    (selected, for_all): (usize, bool),
    look: &Look,
    buffer: &mut Buffer,
) {
    let (theme, words) = (&look.theme, &look.words.transfer);
    let Some(question) = state.files.transfers.queue.question_of(item) else { return };
    let Some((outside, rows)) = Dialogue::conflict_areas(state.size) else { return };
    let name = clean_line(question.path.file_name().unwrap_or_default().as_encoded_bytes());
    let title = fill(&words.conflict_title, &[("name", &name)]);
    let title = ellipsis_middle(&title, usize::from(outside.width).saturating_sub(6));
    let inside = overlays::boxed(&title, outside, look, buffer);
    let above = Area { height: rows.y.saturating_sub(inside.y), ..inside };
    clash(state, &question, look, above, buffer);
    let top = (selected + 1).saturating_sub(usize::from(rows.height));
    for (nth, (at, choice)) in (0..rows.height).zip(CHOICES.into_iter().enumerate().skip(top)) {
        let row = paint::row(rows, nth);
        if at == selected {
            paint::tint(buffer, row, theme.selected);
        }
        let (switch, what) = match choice {
            Settle::Choose | Settle::Rename => ("", &words.rename),
            Settle::Overwrite => ("", &words.overwrite),
            Settle::Skip => ("", &words.skip),
            Settle::Resume => ("", &words.resume),
            Settle::Newer => ("", &words.newer),
            Settle::ForAll => (if for_all { "[x] " } else { "[ ] " }, &words.for_all),
        };
        let key = keys::first_key(&state.keymap.conflict, choice).map(|key| key.to_string());
        let key = pad_to(&key.unwrap_or_default(), 6);
        let mark = if at == selected { "▌" } else { " " };
        let pieces: [Piece<'_>; 4] =
            [(mark, theme.mark), (&key, theme.key), (switch, theme.text), (what, theme.text)];
        paint::left(buffer, row, &pieces);
    }
}

/// What is there and what comes, each with what is known of it: below it where there is room, else behind it.
fn clash(state: &State, question: &Question<'_>, look: &Look, area: Area, buffer: &mut Buffer) {
    let (theme, words) = (&look.theme, &look.words.transfer);
    let labels = width(&words.there).max(width(&words.comes)) + 2;
    let room = usize::from(area.width).saturating_sub(labels);
    let source = clean_line(question.source.to_string().as_bytes());
    let mut lines: Vec<(&str, String)> = Vec::new();
    for (label, place, known) in [
        (&words.there, place(state, question.path), question.there),
        (&words.comes, source.to_string(), question.comes),
    ] {
        let known = [known.size.map(bytes), known.modified.map(|at| time(at, state))];
        let known = known.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        match room.saturating_sub(width(&known) + 3) {
            _ if known.is_empty() => lines.push((label, place)),
            _ if area.height > 3 => lines.extend([(&**label, place), ("", known)]),
            // Too little of it would be left to be known by; its name is in the title.
            0..10 => lines.push((label, known)),
            room => lines.push((label, format!("{} · {known}", ellipsis_middle(&place, room)))),
        }
    }
    let left = question.left.saturating_sub(1);
    if left > 0 {
        lines.push(("", fill(&words.waiting_too, &[("count", &grouped(left as u64))])));
    }
    for (nth, (label, line)) in (0..area.height).zip(lines) {
        let (label, line) = (pad_to(label, labels), ellipsis_middle(&line, room));
        paint::left(buffer, paint::row(area, nth), &[(&label, theme.dim), (&line, theme.text)]);
    }
}

fn limit(state: &State, field: &Field, is_wrong: bool, look: &Look, buffer: &mut Buffer) -> Option<Position> {
    let (theme, words) = (&look.theme, &look.words.transfer);
    let (hint, style) =
        if is_wrong { (&words.limit_wrong, theme.error) } else { (&words.limit_hint, theme.dim) };
    let columns = state.size.width.min(60).saturating_sub(4);
    let lines = wrap(hint, usize::from(columns), Spaces::Hang);
    let outside = layout::dialogue(state.size, 60, 1 + u16::try_from(lines.len()).unwrap_or(1))?;
    let inside = overlays::boxed(&words.limit_title, outside, look, buffer);
    for (nth, line) in (1..).zip(lines) {
        one(&hint[line], style, paint::row(inside, nth), buffer);
    }
    Some(bars::one_line(field, theme.text, paint::row(inside, 0), buffer))
}

/// All that is known of it: facts, then what is under way, then what failed and why.
fn details(state: &State, item: &Item, top: usize, look: &Look, body: Area, buffer: &mut Buffer) {
    let words = &look.words.transfer;
    let inside = overlays::boxed(&words.details_title, body, look, buffer);
    let columns = usize::from(inside.width);
    let mut rows: Vec<(String, Style)> = Vec::new();
    for fact in facts(item, &state.files.transfers.queue).into_iter().skip(top) {
        for (text, style) in worded(state, item, fact, look) {
            let lines = wrap(&text, columns, Spaces::Hang);
            rows.extend(lines.into_iter().map(|line| (text[line].to_owned(), style)));
        }
        if rows.len() > usize::from(inside.height) {
            break;
        }
    }
    for (nth, (text, style)) in (0..inside.height).zip(rows) {
        one(&text, style, paint::row(inside, nth), buffer);
    }
}

/// One fact, in words.
fn worded(state: &State, item: &Item, fact: Fact<'_>, look: &Look) -> Vec<(String, Style)> {
    let (theme, words) = (&look.theme, &look.words.transfer);
    let counts = item.counts();
    match fact {
        Fact::Name => {
            vec![(item.name.to_string(), if item.is_folder() { theme.folder } else { theme.title })]
        }
        Fact::From => {
            let source = clean_line(item.source.to_string().as_bytes());
            vec![(format!("{}  {source}", words.from), theme.text)]
        }
        Fact::Into => vec![(note::into(state, item, look), theme.text)],
        Fact::Note(note) => vec![note::worded(state, item, note, look)],
        Fact::Files => {
            let more = if item.is_final() { "" } else { "+" };
            let (done, count) = (grouped(counts.done + counts.kept), grouped(counts.files) + more);
            let files = fill(&words.files, &[("done", &done), ("count", &count)]);
            let running = fill(&words.running, &[("count", &grouped(item.running().len() as u64))]);
            vec![(format!("{files} · {}", bytes(item.bytes())), theme.text), (running, theme.title)]
        }
        Fact::Running(running) => {
            let phase = wording::phase(&look.words, &running.phase, state.at);
            let total = running.total().map(|total| format!("/{}", bytes(total))).unwrap_or_default();
            vec![(format!("  {} · {}{total} · {phase}", running.name, bytes(running.bytes())), theme.text)]
        }
        Fact::NameHere(name, here) => {
            let renamed = fill(&words.renamed, &[("name", here)]);
            vec![(format!("  {name}"), theme.text), (format!("    {renamed}"), theme.warning)]
        }
        Fact::Failures => vec![(fill(&words.failures, &[("count", &grouped(counts.failed))]), theme.title)],
        Fact::Failure(failure) => {
            let reason = wording::fault(&look.words, &failure.fault);
            vec![(format!("  {}", failure.path), theme.text), (format!("    {reason}"), theme.error)]
        }
    }
}
