//! The line above the downloads: what they are all together.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{clock, gauge, key, right_in};
use crate::app::State;
use crate::app::files::FilesFocus;
use crate::app::keys::Transfer;
use crate::app::layout::Area;
use crate::app::queue::Queue;
use crate::locale::fill;
use crate::text::size;
use crate::text::width::{ellipsis, width};
use crate::view::{Look, paint, wording};

/// Columns of the gauge.
const GAUGE: u16 = 10;
/// Columns of the speeds of the last minute: a column for each second, or for a few.
const SPARKS: [usize; 3] = [60, 30, 12];

/// The line, from its left: what is wrong or asked, or how far it is and how fast.
pub(super) fn draw(state: &State, look: &Look, rule: Area, buffer: &mut Buffer) {
    let theme = &look.theme;
    let queue = &state.files.transfers.queue;
    let border = if state.files.focus == FilesFocus::Transfers { theme.border_focused } else { theme.border };
    paint::left(buffer, rule, &[(&"─".repeat(usize::from(rule.width)), border)]);
    let used = facts(state, look, rule, border, buffer);
    let title = format!(" {} ", look.words.files.transfers);
    let mut at = 1 + paint::left(buffer, paint::inset(rule, 1), &[(&title, theme.title)]);
    let room = rule.width.saturating_sub(used + 1);
    let area = |at: u16| Area { x: rule.x + at, width: room.saturating_sub(at), ..rule };
    for (text, style) in said(state, look) {
        let cells = usize::from(area(at).width).saturating_sub(1);
        at += paint::left(buffer, area(at), &[(&ellipsis(&text, cells), style), (" ", theme.text)]);
    }
    if queue.open() == 0 || queue.held().is_some() {
        return;
    }
    for (text, style) in numbers(queue, look) {
        if width(&text) < usize::from(area(at).width) {
            at += paint::left(buffer, area(at), &[(&text, style), (" ", theme.text)]);
        }
    }
    let totals = queue.totals();
    if let Some(total) = totals.total().filter(|total| *total > 0 && area(at).width > GAUGE) {
        gauge::draw(totals.bytes(), total, look, paint::columns(area(at), 0, GAUGE), buffer);
        at += GAUGE;
        at += paint::left(buffer, area(at), &[(" ", theme.text)]);
    }
    let free = usize::from(area(at).width);
    let columns = SPARKS.into_iter().find(|columns| columns + 1 < free);
    if let Some(columns) = columns.filter(|_| queue.speed().is_some()) {
        let bars = right_in(&gauge::bars(queue.history(), columns), columns);
        paint::left(buffer, area(at), &[(&bars, theme.gauge), (" ", theme.text)]);
    }
}

/// What stands at the right: the limit, and how many of the rows are in view. Returns the columns used.
fn facts(state: &State, look: &Look, rule: Area, border: Style, buffer: &mut Buffer) -> u16 {
    let (theme, queue) = (&look.theme, &state.files.transfers.queue);
    let rows = state.files.layout(state.tab_size()).map_or(0, |areas| areas.transfers.height);
    let mut facts = Vec::new();
    if let Some(rate) = queue.rate() {
        let rate = format!("{}/s", size::bytes(rate.get()));
        facts.push(fill(&look.words.transfer.limit, &[("rate", &rate)]));
    }
    if queue.len() > usize::from(rows) {
        let at = size::grouped(state.files.transfers.selected as u64 + 1);
        let count = size::grouped(queue.len() as u64);
        facts.push(fill(&look.words.files.of, &[("shown", &at), ("count", &count)]));
    }
    if facts.is_empty() {
        return 0;
    }
    paint::right(buffer, rule, &[(&format!(" {} ", facts.join(" · ")), theme.dim), ("─", border)])
}

/// What the user has to know or do.
fn said(state: &State, look: &Look) -> Vec<(String, Style)> {
    let (theme, words, queue) = (&look.theme, &look.words.transfer, &state.files.transfers.queue);
    let totals = queue.totals();
    let mut said = Vec::new();
    if let Some(fault) = queue.held() {
        let reason = wording::fault(&look.words, fault);
        let values = [("reason", &*reason), ("key", &*key(state, Transfer::PauseAll))];
        said.push((fill(&words.held, &values), theme.error));
        return said;
    }
    if let Some(question) = queue.question() {
        let count = size::grouped(question.left as u64);
        let values = [("count", &*count), ("key", &*key(state, Transfer::Answer))];
        said.push((fill(&words.asked, &values), theme.warning));
    } else if let Some((origin, _)) = queue.wants_credentials().first() {
        let values = [("server", &*origin.to_string()), ("key", &*key(state, Transfer::Answer))];
        said.push((fill(&words.unauthorized, &values), theme.warning));
    }
    if totals.open > 0 && totals.open == totals.paused {
        said.push((words.all_paused.clone(), theme.warning));
    }
    said
}

/// How many, how far, how fast, how long: each always on as many columns.
fn numbers(queue: &Queue, look: &Look) -> Vec<(String, Style)> {
    let theme = &look.theme;
    let style = theme.text;
    let mut numbers = vec![(format!("↓{}", size::grouped(queue.open() as u64)), style)];
    if queue.totals().open == queue.totals().paused {
        return numbers;
    }
    let percent = queue.percent().map(|percent| format!("{percent}%")).unwrap_or_default();
    numbers.push((right_in(&percent, 4), style));
    if let Some(speed) = queue.speed() {
        numbers.push((right_in(&format!("{}/s", size::bytes(speed)), 9), style));
        let left = queue.time_left().map(|left| fill(&look.words.transfer.left, &[("time", &clock(left))]));
        let columns = width(&fill(&look.words.transfer.left, &[("time", "00:00")]));
        numbers.push((right_in(&left.unwrap_or_default(), columns), style));
    }
    numbers
}
