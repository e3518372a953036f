//! The keys that matter while one walks through the downloads, or answers what is asked about one.

use crate::app::State;
use crate::app::files::Files;
use crate::app::keys::{self, Edit, Keymap, Move, Settle, Transfer};
use crate::app::queue::ItemState;
use crate::app::transfers::{Dialogue, place_of};
use crate::locale::{HintWords, NoticeWords, fill};
use crate::text::size::grouped;
use crate::view::footer::Hint;

/// The keys of what lies over the screen.
pub(in crate::view) fn dialogue<'a>(
    dialogue: &Dialogue,
    map: &Keymap,
    words: &'a HintWords,
) -> Vec<Hint<'a>> {
    match dialogue {
        Dialogue::Conflict { .. } => vec![
            (keys::first_key(&map.conflict, Settle::Choose), &words.accept),
            (keys::first_key(&map.list, Move::Down), &words.choose),
        ],
        Dialogue::Limit { .. } => vec![(keys::first_key(&map.field, Edit::Accept), &words.accept)],
        Dialogue::Open { .. } | Dialogue::DotNames(_) => Vec::new(),
        Dialogue::Details { .. } => vec![(keys::first_key(&map.list, Move::Down), &words.scroll)],
    }
}

/// What helps with the selected download comes first.
pub(in crate::view) fn selected<'a>(files: &Files, map: &Keymap, words: &'a HintWords) -> Vec<Hint<'a>> {
    let act = |action: Transfer| keys::first_key(&map.transfers, action);
    let Some(item) = files.transfers.selected() else { return Vec::new() };
    let asks = files.transfers.queue.question_of(item.id).is_some();
    let mut hints: Vec<Hint<'a>> = Vec::new();
    if asks {
        hints.push((act(Transfer::Answer), &words.answer));
    } else if let ItemState::Unauthorized(..) = item.state() {
        hints.push((act(Transfer::Answer), &words.sign_in));
    }
    match item.state() {
        ItemState::Ended(_) if place_of(item).is_some() => {
            hints.push((act(Transfer::Open), &words.open_file));
            hints.push((act(Transfer::Reveal), &words.reveal));
        }
        ItemState::Ended(_) => hints.push((act(Transfer::Retry), &words.retry)),
        _ if item.is_paused() || files.transfers.queue.held().is_some() => {
            hints.push((act(Transfer::Pause), &words.go_on));
        }
        ItemState::Waiting
        | ItemState::Paused
        | ItemState::Crashed
        | ItemState::Listing
        | ItemState::Running(_)
        | ItemState::Conflict(_)
        | ItemState::Unauthorized(..) => hints.push((act(Transfer::Pause), &words.pause)),
    }
    hints.push((act(Transfer::Cancel), &words.remove));
    hints.push((act(Transfer::Details), &words.details));
    hints.push((act(Transfer::Limit), &words.limit));
    hints.push((act(Transfer::ClearDone), &words.clear_done));
    hints.push((act(Transfer::Earlier), &words.move_up));
    hints.push((act(Transfer::CopyPath), &words.copy_path));
    hints.push((keys::first_key(&map.list, Move::Up), &words.choose));
    hints
}

/// So many downloads were taken off the list, and which key brings them back.
pub(in crate::view) fn cleared(state: &State, words: &NoticeWords, count: u64) -> String {
    let key = keys::first_key(&state.keymap.transfers, Transfer::ClearDone).map(|key| key.to_string());
    let sentence = if count == 1 { &words.cleared_one } else { &words.cleared };
    fill(sentence, &[("count", &grouped(count)), ("key", &key.unwrap_or_default())])
}
