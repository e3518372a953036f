//! Questions in the last row that the same key answers when it is pressed once more, for what cannot be taken back.

use super::peer_and_key;
use crate::app::keys::{self, Global, Transfer, Watch};
use crate::app::{Notice, State};
use crate::event::Key;
use crate::locale::{NoticeWords, fill};
use crate::text::size;
use crate::text::width::ellipsis_middle;

/// The sentence; none where it is no such question.
pub(super) fn question(state: &State, words: &NoticeWords, notice: &Notice) -> Option<String> {
    let written = |key: Option<Key>| key.map(|key| key.to_string()).unwrap_or_default();
    let map = &state.keymap;
    if let Notice::AskBlock(peer) = notice {
        let (peer, key) = peer_and_key(state, *peer, Global::BlockPeer);
        Some(fill(&words.ask_block, &[("peer", &peer), ("key", &key)]))
    } else if let Notice::AskCancel(_, name, bytes) = notice {
        let key = written(keys::first_key(&map.transfers, Transfer::Cancel));
        let name = ellipsis_middle(name, usize::from(state.size.width) / 3);
        let values = [("name", &*name), ("bytes", &*size::bytes(*bytes)), ("key", &*key)];
        Some(fill(&words.ask_cancel, &values))
    } else if matches!(notice, Notice::AskClear) {
        let key = written(keys::first_key(&map.traffic, Watch::Clear));
        Some(fill(&words.ask_clear, &[("key", &key)]))
    } else {
        None
    }
}
