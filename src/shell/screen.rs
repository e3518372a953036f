//! The screen's cells on their way to the terminal.
//!
//! Terminals do not agree on how wide a cluster of several code points is, and some draw it over the cells beside it.
//! ratatui writes only the cells that changed, so what was drawn where it does not belong would stay there. Hence a row
//! that holds such a cluster, or held one in the last frame, is written anew as a whole when it changes, and behind each such
//! cluster the cursor is put where the next cell is. Owns that; decides nothing about what is in the cells.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::mem::ManuallyDrop;

use crossterm::cursor::{MoveTo, RestorePosition, SavePosition};
use crossterm::queue;
use crossterm::terminal::{Clear, ClearType};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Rect, Size};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

use crate::text::width::width;

/// The terminal's screen.
pub(super) struct Screen<W: Write> {
    /// Never dropped: ratatui would print to a terminal that may be gone, and panic. The guard gives the cursor back.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<W>>>,
    /// The rows of the last frame that hold a cluster of uncertain width.
    uncertain: BTreeMap<u16, Vec<Cell>>,
    area: Rect,
}

impl<W: Write> Screen<W> {
    /// The whole screen of the terminal behind `out`.
    pub(super) fn new(out: W) -> io::Result<Self> {
        Self::with(out, Viewport::Fullscreen)
    }

    fn with(out: W, viewport: Viewport) -> io::Result<Self> {
        let terminal = Terminal::with_options(CrosstermBackend::new(out), TerminalOptions { viewport })?;
        let terminal = ManuallyDrop::new(terminal);
        Ok(Self { terminal, uncertain: BTreeMap::new(), area: Rect::ZERO })
    }

    /// Its size in cells.
    pub(super) fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    /// Forgets what is on it, so that the next frame writes every cell.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        self.uncertain.clear();
        // `clear` would ask the terminal where the cursor is, and wait for the answer beside the event stream.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }

    /// Draws a frame.
    pub(super) fn draw(&mut self, paint: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        let frame = self.terminal.draw(paint)?;
        if self.area != frame.area {
            // The whole screen was just written anew.
            self.uncertain.clear();
            self.area = frame.area;
        }
        let now = uncertain_rows(frame.buffer);
        let mut stale = BTreeMap::new();
        for y in self.uncertain.keys().chain(now.keys()) {
            if self.uncertain.get(y) != now.get(y) {
                stale.insert(*y, row(frame.buffer, *y));
            }
        }
        self.uncertain = now;
        if stale.is_empty() { Ok(()) } else { self.rewrite(&stale) }
    }

    fn rewrite(&mut self, rows: &BTreeMap<u16, Vec<Cell>>) -> io::Result<()> {
        let backend = self.terminal.backend_mut();
        queue!(backend, SavePosition)?;
        for (y, cells) in rows {
            queue!(backend, MoveTo(0, *y), Clear(ClearType::CurrentLine))?;
            let mut run = Vec::new();
            let mut hidden = 0;
            for (x, cell) in (0_u16..).zip(cells) {
                if hidden > 0 {
                    hidden -= 1;
                    continue;
                }
                hidden = width(cell.symbol()).saturating_sub(1);
                run.push((x, *y, cell));
                if is_uncertain(cell) {
                    // A call of its own begins by moving the cursor.
                    backend.draw(run.drain(..))?;
                }
            }
            backend.draw(run.into_iter())?;
        }
        queue!(backend, RestorePosition)?;
        Write::flush(backend)
    }
}

fn row(buffer: &Buffer, y: u16) -> Vec<Cell> {
    let width = usize::from(buffer.area.width);
    buffer.content.iter().skip(usize::from(y) * width).take(width).cloned().collect()
}

fn uncertain_rows(buffer: &Buffer) -> BTreeMap<u16, Vec<Cell>> {
    let rows = buffer.content.chunks(usize::from(buffer.area.width).max(1));
    let uncertain = (0_u16..).zip(rows).filter(|(_, cells)| cells.iter().any(is_uncertain));
    uncertain.map(|(y, cells)| (y, cells.to_vec())).collect()
}

/// Whether terminals may take different numbers of cells for it: several code points that make one cluster, and
/// pictures, some of which were narrow in older versions of Unicode.
fn is_uncertain(cell: &Cell) -> bool {
    let mut characters = cell.symbol().chars();
    let picture = |c: char| matches!(c, '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' | '\u{1F000}'..);
    match (characters.next(), characters.next()) {
        (Some(only), None) => picture(only),
        (_, second) => second.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::num::NonZero;
    use std::rc::Rc;

    use ratatui::style::Style;

    use super::*;

    /// A terminal that, like many, adds up the widths of code points.
    #[derive(Clone)]
    struct Glass(Rc<RefCell<vt100::Parser>>);

    impl Write for Glass {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().process(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What each column of it shows after these frames, one drawn after the other.
    fn shown(frames: &[&str]) -> Vec<String> {
        let size = |cells| NonZero::new(cells).unwrap();
        let glass = Glass(Rc::new(RefCell::new(vt100::Parser::new(size(2), size(20), 0))));
        let mut screen = Screen::with(glass.clone(), Viewport::Fixed(Rect::new(0, 0, 20, 2))).unwrap();
        for text in frames {
            let paint = |frame: &mut Frame<'_>| {
                frame.buffer_mut().set_stringn(0, 0, text, 20, Style::new());
            };
            screen.draw(paint).unwrap();
        }
        let terminal = glass.0.borrow();
        let cell = |column| terminal.screen().cell(0, column).map(|cell| cell.contents().to_owned());
        (0..20).map(|column| cell(column).unwrap_or_default()).collect()
    }

    #[test]
    fn nothing_is_left_of_a_cluster_that_the_terminal_takes_for_wider() {
        for cluster in ["👩🏽‍💻", "👨‍👩‍👧", "स्त्री", "❤"] {
            let rest: String = shown(&[cluster, "", "a"]).concat();
            assert_eq!(rest.trim(), "a", "{cluster}");
        }
    }
}
