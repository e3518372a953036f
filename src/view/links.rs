//! The links of a message, one of which is chosen.

use ratatui::buffer::Buffer;

use super::{Look, overlays, paint};
use crate::app::State;
use crate::app::acting::Links;
use crate::app::layout;
use crate::text::width::ellipsis_middle;

/// Draws them over what is there.
pub(super) fn draw(state: &State, links: &Links, look: &Look, buffer: &mut Buffer) {
    let Some(area) = layout::links(state.size, links.urls.len()) else { return };
    let theme = &look.theme;
    let inside = overlays::boxed(&look.words.details.links, area, look, buffer);
    let top = links.top(inside.height);
    for (nth, (at, url)) in (0..inside.height).zip(links.urls.iter().enumerate().skip(top)) {
        let row = paint::row(inside, nth);
        let here = at == links.selected;
        if here {
            paint::tint(buffer, row, theme.selected);
        }
        let shown = ellipsis_middle(url, usize::from(row.width.saturating_sub(2)));
        let mark = if here { "▌ " } else { "  " };
        paint::left(buffer, row, &[(mark, theme.mark), (&shown, theme.link)]);
    }
}
