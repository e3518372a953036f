//! The box where a message is written.

use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Position};
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Block, Widget};

use super::{Look, paint};
use crate::app::State;
use crate::app::chat::ChatFocus;
use crate::app::layout::ChatLayout;
use crate::app::mouse::first_line_in_view;
use crate::locale::fill;
use crate::text::size;
use crate::wire::chat::{DATAGRAM_LIMIT, parts};

/// The box and the text in it; the caret, where that is in it.
pub(super) fn draw(state: &State, look: &Look, areas: &ChatLayout, buffer: &mut Buffer) -> Option<Position> {
    let (words, theme) = (&look.words, &look.theme);
    let focused = state.chat.focus == ChatFocus::Composer && state.is_in_tab();
    let draft = state.chat.draft();
    let (count, count_style) = counter(draft.text(), look);
    let unaddressed = state.chat.conversation().is_some() && state.chat.is_unaddressed() && !draft.is_empty();
    let title = if unaddressed { &words.chat.unaddressed } else { &words.chat.message };
    let border = if focused { theme.border_focused } else { theme.border };
    Block::bordered()
        .border_style(border)
        .title(Line::styled(format!(" {title} "), theme.title))
        .title(Line::styled(format!(" {count} "), count_style).alignment(Alignment::Right))
        .render(areas.composer.into(), buffer);
    let rows = usize::from(areas.input.height);
    let shown = draft.shown_on(usize::from(areas.input.width), rows);
    let first = first_line_in_view(shown.caret.0, rows);
    for (nth, line) in shown.lines.iter().skip(first).take(rows).enumerate() {
        let row = paint::row(areas.input, u16::try_from(nth).unwrap_or(areas.input.height));
        paint::left(buffer, row, &[(&shown.text[line.clone()], theme.text)]);
    }
    if draft.is_empty() {
        paint::left(buffer, paint::row(areas.input, 0), &[(&words.chat.placeholder, theme.dim)]);
    }
    focused.then(|| Position {
        x: areas.input.x + u16::try_from(shown.caret.1).unwrap_or(0),
        y: areas.input.y + u16::try_from(shown.caret.0 - first).unwrap_or(0),
    })
}

/// How long the text is, and what that means for sending it.
fn counter(text: &str, look: &Look) -> (String, Style) {
    let (words, theme) = (&look.words.chat, &look.theme);
    let bytes = size::bytes_exact(text.len() as u64);
    if let Some(over @ 1..) = text.len().checked_sub(DATAGRAM_LIMIT) {
        let over = size::bytes_exact(over as u64);
        return (fill(&words.too_long, &[("bytes", &bytes), ("over", &over)]), theme.error);
    }
    match parts(text) {
        0 | 1 => (bytes, theme.dim),
        parts => {
            let values = [("bytes", bytes.as_str()), ("count", &parts.to_string())];
            (fill(&words.datagrams, &values), theme.warning)
        }
    }
}
