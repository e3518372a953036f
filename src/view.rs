//! What the state looks like: [`draw`] and one file for each region of the screen.
//!
//! Reads the state, changes nothing, and does no I/O.

use std::ops::Range;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::widgets::{Clear, Widget};

use crate::app::layout::{self, Area, SMALLEST};
use crate::app::{State, Tab};
use crate::locale::{Words, fill};
use crate::text::Clean;

mod bars;
mod composer;
mod confirm;
mod details;
mod entries;
mod find;
mod footer;
mod links;
mod messages;
mod overlays;
mod paint;
mod peer_menu;
mod peers;
mod preview;
mod share;
mod sign_in;
pub mod theme;
mod title;
mod traffic;
mod transfers;
pub mod wording;

use theme::Theme;
pub use title::title;

/// In which words and colours the state is shown.
#[derive(Debug, Clone)]
pub struct Look {
    /// The words.
    pub words: Words,
    /// The colours.
    pub theme: Theme,
}

/// Cells side by side that show a link, or the part of it that stands in their row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The row, from 0 at the top of the screen.
    pub row: u16,
    /// The columns, from 0 at its left.
    pub columns: Range<u16>,
    /// Where it leads: an `http` or `https` URL.
    pub url: Clean,
    /// Which link it is: the same in each of its rows and in each frame. Digits and `-`.
    pub id: String,
}

/// Draws the whole screen, and says which of its cells show a link in a message; none does while an overlay is open.
pub fn draw(state: &State, look: &Look, frame: &mut Frame<'_>) -> Vec<Link> {
    let size = frame.area();
    let mut links = Vec::new();
    let caret = paint_all(state, look, frame.buffer_mut(), &mut links);
    // The caret is the terminal's own, so that input methods open where one types.
    if let Some(position) = caret.filter(|position| size.contains(*position)) {
        frame.set_cursor_position(position);
    }
    links
}

fn paint_all(state: &State, look: &Look, buffer: &mut Buffer, links: &mut Vec<Link>) -> Option<Position> {
    let Some(areas) = layout::frame(state.size) else {
        too_small(look, buffer);
        return None;
    };
    let under = buffer.area;
    if under.width < state.size.width || under.height < state.size.height {
        // The terminal shrank, and the news of it is still under way.
        return None;
    }
    bars::header(state, look, &areas, buffer);
    let in_bar = bars::address(state, look, areas.bar, buffer);
    let in_tab = match state.tab {
        _ if state.traffic.covers(state.size) => None,
        Tab::Chat => chat(state, look, buffer, links),
        Tab::Files => files(state, look, buffer),
    };
    if let Some(areas) = state.traffic.layout(state.size) {
        traffic::draw(state, &areas, look, buffer);
    }
    let covered = bars::answer(state, look, areas.body, buffer);
    links.retain(|link| state.overlay.is_none() && link.row >= areas.body.y + covered);
    footer::draw(state, look, &areas, buffer);
    match &state.overlay {
        Some(overlay) => overlays::draw(state, overlay, look, areas.body, buffer),
        None => in_bar.or(in_tab).filter(|_| state.is_in_tab()),
    }
}

fn chat(state: &State, look: &Look, buffer: &mut Buffer, links: &mut Vec<Link>) -> Option<Position> {
    let areas = state.chat.layout(state.tab_size())?;
    if !areas.is_list_alone() {
        messages::draw(state, look, areas.messages, buffer, links);
    }
    let in_search = areas.search.and_then(|line| find::line(state, look, line, buffer));
    let in_list = areas.peers.and_then(|area| peers::draw(state, look, area, buffer));
    let in_composer = composer::draw(state, look, &areas, buffer);
    in_search.or(in_list).or(in_composer)
}

fn files(state: &State, look: &Look, buffer: &mut Buffer) -> Option<Position> {
    let areas = state.files.layout(state.tab_size())?;
    let caret = entries::draw(state, look, &areas, buffer);
    transfers::draw(state, look, &areas, buffer);
    caret
}

fn too_small(look: &Look, buffer: &mut Buffer) {
    let screen = buffer.area;
    let (width, height) = (SMALLEST.width.to_string(), SMALLEST.height.to_string());
    let sentence = fill(&look.words.frame.too_small, &[("width", &width), ("height", &height)]);
    let area = Area { x: 0, y: 0, width: screen.width, height: screen.height };
    Clear.render(screen, buffer);
    paint::middle(buffer, area, &[(&sentence, look.theme.warning)]);
}
