//! The column of peers.

use ratatui::buffer::Buffer;

use super::Look;
use super::paint;
use crate::app::State;
use crate::app::layout::Area;
use crate::text::width::ellipsis_middle;

/// The peers, and the line that divides them from the conversation.
pub(super) fn draw(state: &State, look: &Look, area: Area, buffer: &mut Buffer) {
    let theme = &look.theme;
    for nth in 0..area.height {
        let line = Area { x: area.x + area.width, width: 1, ..paint::row(area, nth) };
        paint::left(buffer, line, &[("│", theme.border)]);
    }
    for (nth, (at, own_row)) in state.chat.peer_rows(usize::from(area.height)).into_iter().enumerate() {
        let row = paint::row(area, u16::try_from(nth).unwrap_or(area.height));
        let conversation = &state.chat.conversations[at];
        let current = state.chat.current == Some(at);
        if current {
            paint::tint(buffer, row, theme.selected);
        }
        let mark = if current { "▌" } else { " " };
        let address = conversation.peer().to_string();
        if own_row > 0 {
            let shown = ellipsis_middle(&address, usize::from(row.width.saturating_sub(2)));
            paint::left(buffer, row, &[(mark, theme.mark), (" ", theme.dim), (&shown, theme.dim)]);
            continue;
        }
        let unread =
            if conversation.unread > 0 { format!("{} ", conversation.unread) } else { String::new() };
        let used = paint::right(buffer, row, &[(&unread, theme.unread)]);
        let room = Area { width: row.width - used, ..row };
        let title = conversation.title();
        let shown = ellipsis_middle(&title, usize::from(room.width.saturating_sub(2)));
        paint::left(buffer, room, &[(mark, theme.mark), (&shown, theme.peer)]);
    }
}
