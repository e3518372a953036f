//! Pointing at messages: which one stands in a cell, and which link of it. Changes nothing but what is selected and
//! what is being written.

use super::{Chat, ChatFocus};
use crate::app::conversation::{Pane, Row};
use crate::app::{Notice, Turn};
use crate::text::links::links;
use crate::text::width::graphemes;
use crate::text::{Clean, clean_line};

impl Chat {
    /// What stands in this cell of the conversation in front: the place of a message, and a link of it.
    pub(in crate::app) fn message_at(
        &self,
        column: u16,
        row: u16,
        turn: &Turn<'_>,
    ) -> Option<(usize, Option<Clean>)> {
        let (columns, height) = self.pane(turn)?;
        let conversation = self.conversation()?;
        let pane = Pane { columns: &columns, zone: turn.now.wall.time_zone(), height };
        let (place, row) = conversation.window(pane).rows.into_iter().nth(usize::from(row))?;
        let range = match row {
            Row::Day | Row::Unread => return None,
            Row::Folded(_) | Row::State => return Some((place, None)),
            Row::Text(range, _) => range,
        };
        let text = &conversation.messages().get(place)?.text;
        let link = column.checked_sub(columns.text.0).and_then(|column| {
            let mut left = usize::from(column);
            let under = graphemes(&text[range.clone()]).find(|(_, _, cells)| {
                let here = left < *cells;
                left = left.saturating_sub(*cells);
                here
            });
            let at = range.start + under?.0;
            links(text).into_iter().find(|link| link.contains(&at))
        });
        Some((place, link.map(|link| clean_line(text[link].as_bytes()))))
    }

    /// Selects the message at this place of those in memory.
    pub(in crate::app) fn select_place(&mut self, place: usize) {
        if let Some(mut conversation) = self.conversation_mut() {
            conversation.select_place(place);
        }
    }

    /// Puts a text into the message that is being written, at the caret and on lines of its own, as somebody's words.
    pub(in crate::app) fn quote(&mut self, text: &Clean, turn: &mut Turn<'_>) {
        self.begin_to_write(turn);
        let draft = self.draft_mut();
        let before = &draft.text()[..draft.caret()];
        let mut quoted = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" }.to_owned();
        for line in text.split('\n') {
            quoted.push_str(if line.is_empty() { ">" } else { "> " });
            quoted.push_str(line);
            quoted.push('\n');
        }
        if draft.paste(&quoted) {
            self.focus = ChatFocus::Composer;
        } else {
            *turn.notice = Some(Notice::TooLongToPaste);
        }
    }
}
