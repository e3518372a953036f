//! What there is to say of the selected download that its own row has no room for.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{key, one, place};
use crate::app::State;
use crate::app::keys::Transfer;
use crate::app::layout::Area;
use crate::app::queue::{End, Item, ItemState, percent};
use crate::app::transfers::place_of;
use crate::locale::fill;
use crate::text::size::bytes;
use crate::text::width::width;
use crate::view::{Look, paint, wording};

/// As much of it as fits, the most urgent first.
pub(super) fn draw(state: &State, item: &Item, look: &Look, area: Area, buffer: &mut Buffer) {
    let mut rest = Area { width: area.width.saturating_sub(1), ..area };
    for (nth, (text, style)) in of(state, item, look).into_iter().enumerate() {
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

/// All of it, one after the other.
pub(super) fn of(state: &State, item: &Item, look: &Look) -> Vec<(String, Style)> {
    let (theme, words) = (&look.theme, &look.words);
    let hint = |sentence: &str, action| (fill(sentence, &[("key", &key(state, action))]), theme.dim);
    let retry = || hint(&words.transfer.retry_hint, Transfer::Retry);
    let into = || (fill(&words.transfer.to, &[("path", &place(state, &item.to))]), theme.dim);
    let mut notes = Vec::new();
    // Where nothing else is to be said of it, its row says so already.
    let is_said = matches!(item.state(), ItemState::Conflict(_));
    if !is_said && state.files.transfers.queue.question_of(item.id).is_some() {
        notes.push(hint(&words.transfer.answer_hint, Transfer::Answer));
    }
    match item.state() {
        ItemState::Ended(end) => {
            if let (End::Finished(_) | End::Partly, Some((sums, fault))) = (end, item.unread()) {
                notes.push((wording::unread(words, sums, fault), theme.warning));
            }
            match end {
                End::Failed(fault) => notes.push((wording::fault(words, fault), theme.error)),
                End::Finished(finished) => {
                    let proof = finished.proof.as_ref().map(|proof| wording::proof(words, proof));
                    notes.extend(proof.map(|proof| (proof, theme.good)));
                }
                End::Partly => notes.push(hint(&words.transfer.details_hint, Transfer::Details)),
                End::Kept { .. } | End::Empty | End::Cancelled => {}
            }
            if place_of(item).is_some() {
                let keys =
                    [("open", &*key(state, Transfer::Open)), ("reveal", &*key(state, Transfer::Reveal))];
                notes.push((fill(&words.transfer.open_hint, &keys), theme.dim));
            }
            if matches!(end, End::Failed(_) | End::Partly | End::Cancelled | End::Empty) {
                notes.push(retry());
            }
        }
        ItemState::Conflict(clash) => notes.push((place(state, &clash.path), theme.dim)),
        ItemState::Unauthorized(_, realm) => notes.push((realm.to_string(), theme.text)),
        ItemState::Paused => {
            notes.push(hint(&words.transfer.resume_hint, Transfer::Pause));
            notes.push(into());
        }
        ItemState::Waiting | ItemState::Listing | ItemState::Running(_) => {
            if let Some(anew) = item.anew() {
                notes.push((wording::anew(words, anew), theme.warning));
            } else if let Some(from) = item.resumed().filter(|_| !item.is_folder()) {
                notes.push((resumed(from, item, look), theme.good));
            }
            notes.push(into());
        }
    }
    notes
}

/// Where it goes on from, in hundredths where the length is known.
fn resumed(from: u64, item: &Item, look: &Look) -> String {
    let percent = item.total().and_then(|total| percent(from, total));
    let part = percent.map_or_else(|| bytes(from), |percent| format!("{percent}%"));
    fill(&look.words.transfer.resumed, &[("part", &part)])
}
