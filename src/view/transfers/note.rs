//! What there is to say of the selected download that its own row has no room for.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{key, one, place};
use crate::app::State;
use crate::app::keys::Transfer;
use crate::app::layout::Area;
use crate::app::queue::{Item, percent};
use crate::app::transfers::{Note, notes};
use crate::locale::fill;
use crate::text::size::{bytes, grouped};
use crate::text::width::width;
use crate::view::{Look, paint, wording};

/// As much of it as fits, the most urgent first.
pub(super) fn draw(state: &State, item: &Item, look: &Look, area: Area, buffer: &mut Buffer) {
    let mut rest = Area { width: area.width.saturating_sub(1), ..area };
    for (nth, note) in notes(item, &state.files.transfers.queue).into_iter().enumerate() {
        let (text, style) = worded(state, item, note, look);
        let before = if nth == 0 { "" } else { " · " };
        let room = usize::from(rest.width).saturating_sub(width(before));
        let text = wording::fitting(&text, room);
        if nth > 0 && width(text) > room {
            return;
        }
        rest = paint::inset(rest, paint::left(buffer, rest, &[(before, look.theme.dim)]));
        one(text, style, rest, buffer);
        rest = paint::inset(rest, u16::try_from(width(text)).unwrap_or(rest.width));
    }
}

/// One of the notes, in words.
pub(super) fn worded(state: &State, item: &Item, note: Note<'_>, look: &Look) -> (String, Style) {
    let (theme, words) = (&look.theme, &look.words);
    let hint = |sentence: &str, action| (fill(sentence, &[("key", &key(state, action))]), theme.dim);
    match note {
        Note::Answer => hint(&words.transfer.answer_hint, Transfer::Answer),
        Note::Unread(sums, fault) => (wording::unread(words, sums, fault), theme.warning),
        Note::Failed(fault) => (wording::fault(words, fault), theme.error),
        Note::Proofs(proofs) => (wording::proofs(words, proofs), theme.good),
        Note::Details => hint(&words.transfer.details_hint, Transfer::Details),
        Note::Open => {
            let keys = [("open", &*key(state, Transfer::Open)), ("reveal", &*key(state, Transfer::Reveal))];
            (fill(&words.transfer.open_hint, &keys), theme.dim)
        }
        Note::Retry => hint(&words.transfer.retry_hint, Transfer::Retry),
        Note::There(path) => (place(state, path), theme.dim),
        Note::Realm(realm) => (realm.to_string(), theme.text),
        Note::Crashed => (words.transfer.crashed_why.clone(), theme.warning),
        Note::Resume => hint(&words.transfer.resume_hint, Transfer::Pause),
        Note::Anew(anew) => (wording::anew(words, anew), theme.warning),
        Note::Renamed(renamed) => {
            let text = match (&renamed.names[..], renamed.more) {
                ([(_, here)], 0) => fill(&words.transfer.renamed, &[("name", here)]),
                (names, more) => {
                    let count = (names.len() as u64).saturating_add(more);
                    fill(&words.transfer.renamed_many, &[("count", &grouped(count))])
                }
            };
            (text, theme.warning)
        }
        Note::Resumed(from) => (resumed(from, item, look), theme.good),
        Note::Uncertain(sameness) => (wording::uncertain(words, sameness).unwrap_or_default(), theme.warning),
        Note::Into => (into(state, item, look), theme.dim),
    }
}

/// Where it is to be.
pub(super) fn into(state: &State, item: &Item, look: &Look) -> String {
    fill(&look.words.transfer.to, &[("path", &place(state, &item.to))])
}

/// Where it goes on from, in hundredths where the length is known.
fn resumed(from: u64, item: &Item, look: &Look) -> String {
    let percent = item.total().and_then(|total| percent(from, total));
    let part = percent.map_or_else(|| bytes(from), |percent| format!("{percent}%"));
    fill(&look.words.transfer.resumed, &[("part", &part)])
}
