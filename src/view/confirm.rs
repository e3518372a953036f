//! What is asked before something is destroyed.

use ratatui::buffer::Buffer;

use super::{Look, overlays};
use crate::app::State;
use crate::app::confirm::Confirm;
use crate::app::layout::Area;
use crate::app::overlay::Goal;
use crate::app::queue::ItemId;
use crate::locale::fill;
use crate::text::clean_line;
use crate::text::size::{bytes, grouped};
use crate::text::width::ellipsis_middle;

/// The most columns of a name in the question.
const NAME_COLUMNS: usize = 40;

/// Draws it over the body.
pub(super) fn draw(state: &State, what: &Confirm, look: &Look, body: Area, buffer: &mut Buffer) {
    let words = &look.words.confirm;
    let (title, sentence) = match what {
        Confirm::CancelDownload(id) => {
            let (name, here) = name_of(state, *id);
            let sentence = if here == 0 { &words.cancel } else { &words.cancel_partly };
            (&words.cancel_title, fill(sentence, &[("name", &name), ("bytes", &bytes(here))]))
        }
        Confirm::CancelAll => {
            let count = grouped(state.files.transfers.queue.open() as u64);
            (&words.cancel_title, fill(&words.cancel_all, &[("count", &count)]))
        }
        Confirm::RemoveDownload(id) => {
            let (name, here) = name_of(state, *id);
            (&words.remove_title, fill(&words.remove, &[("name", &name), ("bytes", &bytes(here))]))
        }
        Confirm::ClearTraffic => (&words.clear_title, words.clear.clone()),
        Confirm::ForgetGoal(_, goal) => (&words.forget_title, forget(goal, look)),
        Confirm::StopShare => {
            let takers = state.share.takers();
            let sentence = if takers == 1 { &words.stop_one } else { &words.stop };
            (&words.stop_title, fill(sentence, &[("count", &grouped(takers as u64))]))
        }
    };
    overlays::question(state, title, &sentence, look, body, buffer);
}

/// What a download is called, and how many bytes of it are here that are not whole files.
fn name_of(state: &State, id: ItemId) -> (String, u64) {
    let item = state.files.transfers.queue.item_of(id);
    item.map(|item| (ellipsis_middle(&item.name, NAME_COLUMNS).into_owned(), item.left_here()))
        .unwrap_or_default()
}

fn forget(goal: &Goal, look: &Look) -> String {
    let words = &look.words.confirm;
    let (sentence, source) = match goal {
        Goal::Bookmark(source) => (&words.bookmark, source),
        Goal::Server(source) => (&words.server, source),
        Goal::Folder(source) => (&words.folder, source),
        Goal::Conversation(_) | Goal::Peer(_) | Goal::NewPeer(_) | Goal::NewServer(_) => {
            return String::new();
        }
    };
    let name = clean_line(source.to_string().as_bytes());
    fill(sentence, &[("name", &ellipsis_middle(&name, NAME_COLUMNS))])
}
