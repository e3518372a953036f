//! A row of the downloads: what it is called, how far it is in words and as a gauge, and the numbers, each in a column
//! that does not move.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{clock, gauge, key, one, place, right_in};
use crate::app::State;
use crate::app::keys::Transfer;
use crate::app::layout::Area;
use crate::app::queue::{End, Item, ItemState, Phase, Running, percent};
use crate::event::Finished;
use crate::locale::fill;
use crate::text::size::{bytes, grouped};
use crate::text::width::{ellipsis_middle, width};
use crate::view::paint::Piece;
use crate::view::{Look, paint, wording};

/// From this width on there is room for all numbers.
const WIDE: u16 = 40;
/// Columns of the numbers: how far in hundredths, how much, how fast, how long.
const COLUMNS: [usize; 4] = [4, 18, 10, 8];
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// What stands between the name and the numbers.
enum Middle {
    /// How far it is: what is done of the whole, and what is being done, where that needs a word.
    Gauge(u64, u64, Option<String>),
    /// A sentence. Where it is meant to be read whole, there are no numbers.
    Words(String, Style, bool),
}

/// A download.
pub(super) fn item(state: &State, item: &Item, look: &Look, area: Area, buffer: &mut Buffer) {
    let theme = &look.theme;
    let sign: Piece<'_> = match item.state() {
        ItemState::Ended(End::Finished(_) | End::Kept { .. } | End::Empty) => ("✓ ", theme.good),
        ItemState::Ended(End::Failed(_) | End::Partly | End::Cancelled) => ("✗ ", theme.error),
        ItemState::Conflict(_) | ItemState::Unauthorized(..) => ("? ", theme.warning),
        ItemState::Crashed => ("! ", theme.warning),
        ItemState::Running(Phase::Transferring) if item.total().is_none() => spinner(item, look),
        ItemState::Listing => spinner(item, look),
        ItemState::Waiting | ItemState::Running(_) | ItemState::Paused => ("  ", theme.dim),
    };
    paint::left(buffer, area, &[sign]);
    let rest = name(&item.name, item.is_folder(), look, paint::inset(area, 2), buffer);
    if let ItemState::Ended(End::Finished(finished)) = item.state() {
        return saved(state, item, finished, look, rest, buffer);
    }
    let rest = failures(item, look, rest, buffer);
    let middle = middle(state, item, look, usize::from(rest.width));
    let rest = match middle {
        Middle::Words(_, _, true) => rest,
        Middle::Gauge(..) | Middle::Words(..) => numbers(item, look, rest, buffer),
    };
    draw_middle(&middle, look, rest, buffer);
}

/// A file of a folder that is under way.
pub(super) fn file(state: &State, running: &Running, look: &Look, area: Area, buffer: &mut Buffer) {
    let theme = &look.theme;
    let rest = name(&running.name, false, look, area, buffer);
    let phase = wording::phase(&look.words, &running.phase, state.at);
    let (done, total) = (running.bytes(), running.total());
    let middle = match (&running.phase, total) {
        (Phase::Transferring, Some(total)) => Middle::Gauge(done, total, None),
        (Phase::Verifying(part), Some(total)) => Middle::Gauge(*part, total, Some(phase)),
        (Phase::Retrying { .. }, _) => Middle::Words(phase, theme.warning, true),
        (Phase::Asking | Phase::Transferring | Phase::Verifying(_) | Phase::Finishing, _) => {
            Middle::Words(phase, theme.dim, false)
        }
    };
    let rest = match middle {
        Middle::Words(_, _, true) => rest,
        Middle::Gauge(..) | Middle::Words(..) if rest.width < WIDE => rest,
        Middle::Gauge(..) | Middle::Words(..) => {
            let facts = [&*hundredths(done, total), &*amount(done, total), "", ""];
            in_columns(facts, theme.dim, rest, buffer)
        }
    };
    draw_middle(&middle, look, rest, buffer);
}

fn spinner(item: &Item, look: &Look) -> Piece<'static> {
    (SPINNER[item.beat % SPINNER.len()], look.theme.gauge)
}

/// The name, of which the beginning and the end are seen. Returns what is right of it.
fn name(name: &str, is_folder: bool, look: &Look, area: Area, buffer: &mut Buffer) -> Area {
    let columns = (area.width / 4).clamp(14, 38);
    let (end, style) = if is_folder { ("/", look.theme.folder) } else { ("", look.theme.text) };
    let shown = ellipsis_middle(name, usize::from(columns) - end.len());
    paint::left(buffer, paint::columns(area, 0, columns), &[(&shown, style), (end, style)]);
    paint::inset(area, columns + 1)
}

/// How many files of a folder failed, in a colour that is seen. Returns what is right of it.
fn failures(item: &Item, look: &Look, area: Area, buffer: &mut Buffer) -> Area {
    let failed = item.counts().failed;
    if failed == 0 || !item.is_folder() {
        return area;
    }
    let said = fill(&look.words.transfer.failed, &[("count", &grouped(failed))]);
    paint::inset(area, paint::left(buffer, area, &[(&said, look.theme.warning), (" ", look.theme.text)]))
}

fn middle(state: &State, item: &Item, look: &Look, columns: usize) -> Middle {
    let (theme, words) = (&look.theme, &look.words);
    let dim = |text: &str| Middle::Words(text.to_owned(), theme.dim, false);
    let known = item.total().filter(|_| item.is_final());
    match item.state() {
        ItemState::Running(_) if item.is_paused() => dim(&words.transfer.stopping),
        ItemState::Running(phase) => {
            let said = wording::phase(words, phase, state.at);
            match (phase, known) {
                (Phase::Retrying { .. }, _) if !item.is_folder() => Middle::Words(said, theme.warning, true),
                (Phase::Transferring, Some(total)) => Middle::Gauge(item.bytes(), total, None),
                (Phase::Verifying(part), Some(total)) if !item.is_folder() => {
                    Middle::Gauge(*part, total, Some(said))
                }
                (_, Some(total)) if item.is_folder() => Middle::Gauge(item.bytes(), total, None),
                (_, _) if !item.is_final() => dim(&words.transfer.listing),
                (Phase::Transferring, None) => dim(&words.files.no_length),
                (_, _) => dim(&said),
            }
        }
        ItemState::Listing => dim(&words.transfer.listing),
        ItemState::Waiting => dim(&words.files.waiting),
        ItemState::Paused => dim(&words.transfer.paused),
        ItemState::Crashed => {
            let values = [("key", &*key(state, Transfer::Pause))];
            let said = fill(&words.transfer.crashed, &values);
            let fits = width(&said) <= columns;
            let said = if fits { said } else { fill(&words.transfer.crashed_short, &values) };
            Middle::Words(said, theme.warning, true)
        }
        ItemState::Conflict(_) => {
            let said = fill(&words.transfer.conflict, &[("key", &key(state, Transfer::Answer))]);
            Middle::Words(said, theme.warning, true)
        }
        ItemState::Unauthorized(origin, _) => {
            let said = fill(
                &words.transfer.unauthorized,
                &[("server", &origin.to_string()), ("key", &key(state, Transfer::Answer))],
            );
            Middle::Words(said, theme.warning, true)
        }
        ItemState::Ended(end) => ended(state, item, end, look),
    }
}

fn ended(state: &State, item: &Item, end: &End, look: &Look) -> Middle {
    let (theme, words) = (&look.theme, &look.words);
    match end {
        End::Failed(fault) => {
            let reason = wording::fault(words, fault);
            Middle::Words(fill(&words.files.failed, &[("reason", &reason)]), theme.error, true)
        }
        End::Cancelled => Middle::Words(words.files.cancelled.clone(), theme.dim, true),
        End::Empty => Middle::Words(words.transfer.empty.clone(), theme.dim, true),
        End::Kept { path, why } => {
            let values = [("why", &*wording::kept(words, *why)), ("path", &*place(state, path))];
            Middle::Words(fill(&words.transfer.kept, &values), theme.dim, true)
        }
        End::Partly => {
            let counts = item.counts();
            let values = [
                ("count", &*grouped(counts.done + counts.kept)),
                ("size", &*bytes(item.bytes())),
                ("path", &*place(state, &item.to)),
            ];
            Middle::Words(fill(&words.transfer.done, &values), theme.text, true)
        }
        End::Finished(_) => Middle::Words(String::new(), theme.text, true),
    }
}

fn draw_middle(middle: &Middle, look: &Look, area: Area, buffer: &mut Buffer) {
    match middle {
        Middle::Words(text, style, _) => {
            one(wording::fitting(text, usize::from(area.width)), *style, area, buffer);
        }
        Middle::Gauge(part, whole, label) => {
            let label = label.as_deref().map(|label| format!("{label} ")).unwrap_or_default();
            // Where only one of them has room, it is the word.
            let rest = paint::inset(area, paint::left(buffer, area, &[(&label, look.theme.dim)]));
            gauge::draw(*part, *whole, look, rest, buffer);
        }
    }
}

/// The numbers at the right. Returns what is left of them.
fn numbers(item: &Item, look: &Look, area: Area, buffer: &mut Buffer) -> Area {
    let percent = match item.state() {
        ItemState::Running(Phase::Verifying(part)) if !item.is_folder() => hundredths(*part, item.total()),
        ItemState::Waiting
        | ItemState::Listing
        | ItemState::Running(_)
        | ItemState::Paused
        | ItemState::Crashed
        | ItemState::Conflict(_)
        | ItemState::Unauthorized(..)
        | ItemState::Ended(_) => item.percent().map(|percent| format!("{percent}%")).unwrap_or_default(),
    };
    let speed = item.speed().map(|speed| format!("{}/s", bytes(speed))).unwrap_or_default();
    if area.width < WIDE {
        let facts = format!("{percent:>4} {speed:>9} ");
        let facts = if percent.is_empty() { facts.trim_start() } else { &facts };
        let used = paint::right(buffer, area, &[(facts, look.theme.text)]);
        return Area { width: area.width.saturating_sub(used + 1), ..area };
    }
    let amount = if item.is_folder() { files(item, look) } else { amount(item.bytes(), item.total()) };
    let left = item.time_left().map(clock).unwrap_or_default();
    in_columns([&percent, &amount, &speed, &left], look.theme.text, area, buffer)
}

/// `files: 312/10,000+`: more may be found where there is a plus.
fn files(item: &Item, look: &Look) -> String {
    let counts = item.counts();
    let more = if item.is_final() { "" } else { "+" };
    let (done, count) = (grouped(counts.done + counts.kept), grouped(counts.files) + more);
    let said = fill(&look.words.transfer.files, &[("done", &done), ("count", &count)]);
    if width(&said) > COLUMNS[1] { format!("{done}/{count}") } else { said }
}

fn hundredths(part: u64, whole: Option<u64>) -> String {
    whole.and_then(|whole| percent(part, whole)).map(|percent| format!("{percent}%")).unwrap_or_default()
}

fn amount(done: u64, total: Option<u64>) -> String {
    match total {
        Some(total) => format!("{}/{}", bytes(done), bytes(total)),
        None => bytes(done),
    }
}

/// Each in its column, the first where there is no room for what is left of it. Returns what is left of them.
fn in_columns(facts: [&str; 4], style: Style, area: Area, buffer: &mut Buffer) -> Area {
    let has_percent = !facts[0].is_empty();
    let facts: String =
        facts.iter().zip(COLUMNS).map(|(fact, columns)| right_in(fact, columns) + " ").collect();
    // Only where there is no gauge, whose end would move.
    let facts = if has_percent { &facts } else { facts.trim_start() };
    let used = paint::right(buffer, area, &[(facts, style)]);
    Area { width: area.width.saturating_sub(used + 1), ..area }
}

/// What came, where it is, and how long it took.
fn saved(state: &State, item: &Item, finished: &Finished, look: &Look, rest: Area, buffer: &mut Buffer) {
    let (theme, words) = (&look.theme, &look.words);
    let size = bytes(finished.bytes);
    let path = finished.path.as_deref().map(|path| place(state, path)).unwrap_or_default();
    let counts = item.counts();
    let count = grouped(counts.done + counts.kept);
    let sentence = if item.is_folder() { &words.transfer.done } else { &words.files.saved };
    let said = |path: &str| fill(sentence, &[("size", &size), ("path", path), ("count", &count)]);
    let time = format!("  {} ", clock(finished.took));
    let used = if rest.width >= WIDE { paint::right(buffer, rest, &[(&time, theme.dim)]) } else { 0 };
    let room = Area { width: rest.width.saturating_sub(used), ..rest };
    let path = ellipsis_middle(&path, usize::from(room.width).saturating_sub(width(&said(""))));
    one(&said(&path), theme.text, room, buffer);
}
