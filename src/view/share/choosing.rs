//! The question which folder is to be shared: what is typed, to what that can be completed, and what there is to be known
//! before.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::{adding, list, rule};
use crate::app::State;
use crate::app::layout::{Area, ShareLayout};
use crate::app::share::{Choosing, Phase};
use crate::locale::fill;
use crate::text::size::grouped;
use crate::text::width::ellipsis_middle;
use crate::text::wrap::{Spaces, wrap};
use crate::view::{Look, bars, overlays, paint, wording};

/// Rows for the folders to which what is typed can be completed, and for what is said of those that have none.
const CANDIDATES: u16 = 9;

/// Draws it; where the caret is.
pub(super) fn draw(
    state: &State,
    choosing: &Choosing,
    areas: &ShareLayout,
    look: &Look,
    buffer: &mut Buffer,
) -> Position {
    let (theme, words) = (&look.theme, &look.words);
    let (sentence, style) = match (&state.share.problem, &state.share.phase) {
        (Some(fault), _) => (wording::share_fault(words, fault), theme.error),
        (None, Phase::Starting(_)) => (words.share.starting.clone(), theme.dim),
        (None, Phase::Off | Phase::On(_) | Phase::Stopping(_)) => (hint(state, look), theme.dim),
    };
    let lines = wrap(&sentence, usize::from(areas.address.width), Spaces::Hang);
    let candidates = choosing.candidates();
    let is_alone = state.share.rows() == 0 || candidates.is_some();
    // Where there is no list, the sentence has its room, and the box ends below it, unless that is its end anyway.
    let room = if is_alone { areas.list.y + areas.list.height } else { areas.rule.y } - areas.address.y;
    let wanted = u16::try_from(lines.len()).unwrap_or(room);
    // Those from whom one chooses come first, and some of the sentence stays.
    let listed = candidates.as_ref().map_or(0, |(names, _, more)| {
        let rows = u16::try_from((names.len() + usize::from(*more > 0)).max(1)).unwrap_or(CANDIDATES);
        rows.min(CANDIDATES).min(room.saturating_sub(1))
    });
    let shown = wanted.min((room - listed).max(1));
    let height = Some(listed + shown + 3).filter(|height| is_alone && height + 2 < areas.frame.height);
    let height = height.unwrap_or(areas.frame.height);
    let title = if choosing.is_asking() {
        format!("{} · {}", words.share.share, words.share.starting)
    } else {
        words.share.share.clone()
    };
    overlays::boxed(&title, Area { height, ..areas.frame }, look, buffer);
    if let Some((names, taken, more)) = candidates {
        let names: Vec<&str> = names.iter().map(|folder| &*folder.shown).collect();
        let area = Area { height: listed, ..areas.address };
        self::candidates(&names, taken, more, look, area, buffer);
    }
    let first = areas.address.y + listed;
    for (y, line) in (first..first + shown).zip(lines) {
        // The last row says by its end that there is more.
        let is_last = y + 1 == first + shown;
        let text = if is_last { &sentence[line.start..] } else { &sentence[line] };
        paint::left(buffer, Area { y, ..areas.address }, &[(text, style)]);
    }
    if !is_alone {
        rule(state, areas, look, buffer);
        list::draw(state, 0, look, areas.list, buffer);
    }
    let label = format!("{}  ", words.share.folder);
    let used = paint::left(buffer, areas.folder, &[(&label, theme.title)]);
    bars::one_line(&choosing.field, theme.text, paint::inset(areas.folder, used), buffer)
}

/// The folders that what is typed can become, the one in view that stands in the field, and how many are not in view.
fn candidates(
    names: &[&str],
    taken: Option<usize>,
    more: usize,
    look: &Look,
    area: Area,
    buffer: &mut Buffer,
) {
    let theme = &look.theme;
    if names.is_empty() {
        paint::left(buffer, area, &[(&look.words.overlay.nothing_found, theme.dim)]);
        return;
    }
    let all_fit = more == 0 && names.len() <= usize::from(area.height);
    let rows = usize::from(area.height).saturating_sub(usize::from(!all_fit)).max(1);
    let first = (taken.unwrap_or(0) + 1).saturating_sub(rows);
    let columns = usize::from(area.width).saturating_sub(1);
    for (nth, (at, name)) in (0..).zip(names.iter().enumerate().skip(first).take(rows)) {
        let row = paint::row(area, nth);
        if taken == Some(at) {
            paint::tint(buffer, row, theme.selected);
        }
        let name = ellipsis_middle(name, columns);
        paint::left(buffer, row, &[(&name, theme.folder), ("/", theme.dim)]);
    }
    if !all_fit && usize::from(area.height) > rows {
        let count = names.len().saturating_sub(rows) + more;
        let unlisted = fill(&look.words.share.unlogged, &[("count", &grouped(count as u64))]);
        paint::left(buffer, paint::row(area, area.height - 1), &[(&unlisted, theme.dim)]);
    }
}

/// What others may do with it then.
fn hint(state: &State, look: &Look) -> String {
    let (words, extent) = (&look.words.share, state.share.extent);
    let hidden = if extent.hidden { &words.hidden } else { &words.no_hidden };
    let outside = if extent.outside { &words.outside } else { &words.no_outside };
    let hint = fill(&words.hint, &[("hidden", hidden), ("outside", outside)]);
    match adding(state, look) {
        Some(adding) => fill(&words.hint_adding, &[("adding", adding), ("hint", &hint)]),
        None => hint,
    }
}
