//! The window's title: what of the program matters while its window is behind others.

use crate::app::conversation::Conversation;
use crate::app::{State, Tab};
use crate::text::{Clean, clean_line};

/// `(3) hobnob - lin`: how much is unread of peers that are to be counted here, and who or what is in front.
#[must_use]
pub fn title(state: &State) -> Clean {
    let unread = match state.chat.unread_for_title() {
        0 => String::new(),
        count => format!("({count}) "),
    };
    let front = match state.tab {
        Tab::Chat => state.chat.conversation().map(Conversation::title),
        Tab::Files => state.files.source().map(ToString::to_string),
    };
    let front = front.map(|front| format!(" - {front}")).unwrap_or_default();
    clean_line(format!("{unread}hobnob{front}").as_bytes())
}
