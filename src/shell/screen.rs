//! The screen's cells on their way to the terminal: what changed, as the bytes of one frame.
//!
//! Terminals do not agree on how wide a cluster of several code points is, and some draw it over the cells beside it.
//! ratatui writes only the cells that changed, so what was drawn where it does not belong would stay there. Hence a row
//! that holds such a cluster, or held one in the last frame, is written anew as a whole when it changes, and behind each such
//! cluster the cursor is put where the next cell is. So is a row with a link, of which ratatui knows nothing: only here the
//! terminal is told where cells lead. Owns that; decides nothing about what is in the cells.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::mem::{self, ManuallyDrop};
use std::ops::Range;
use std::rc::Rc;

use crossterm::cursor::{MoveTo, RestorePosition, SavePosition};
use crossterm::queue;
use crossterm::style::Print;
use crossterm::terminal::{Clear, ClearType};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Rect, Size};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

use crate::term::osc;
use crate::text::width::width;
use crate::view::Link;

/// The terminal's screen.
pub(super) struct Screen<W: Write> {
    /// Never dropped: ratatui would print to a terminal that may be gone, and panic. The guard gives the cursor back.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<W>>>,
    /// Whether the terminal is told where cells lead.
    links: bool,
    /// The rows of the last frame that hold a cluster of uncertain width or a link.
    whole: BTreeMap<u16, Row>,
    area: Rect,
}

/// The bytes of a frame, until they are taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Tape(Rc<RefCell<Vec<u8>>>);

impl Tape {
    /// What was written since it was last asked.
    pub(super) fn take(&self) -> Vec<u8> {
        self.0.take()
    }
}

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A row that is written as a whole.
#[derive(PartialEq, Eq)]
struct Row {
    cells: Vec<Cell>,
    /// Which columns lead somewhere, and the command that says where.
    links: Vec<(Range<u16>, String)>,
}

impl<W: Write> Screen<W> {
    /// The whole screen of the terminal behind `out`; `links` says whether that is told where cells lead.
    pub(super) fn new(out: W, links: bool) -> io::Result<Self> {
        Self::with(out, links, Viewport::Fullscreen)
    }

    fn with(out: W, links: bool, viewport: Viewport) -> io::Result<Self> {
        let terminal = Terminal::with_options(CrosstermBackend::new(out), TerminalOptions { viewport })?;
        let terminal = ManuallyDrop::new(terminal);
        Ok(Self { terminal, links, whole: BTreeMap::new(), area: Rect::ZERO })
    }

    /// Its size in cells.
    pub(super) fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    /// Forgets what is on it, so that the next frame writes every cell.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        self.whole.clear();
        // `clear` would ask the terminal where the cursor is, and wait for the answer beside the event stream.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }

    /// Draws a frame; `paint` says which of its cells show a link.
    pub(super) fn draw(&mut self, paint: impl FnOnce(&mut Frame<'_>) -> Vec<Link>) -> io::Result<()> {
        let mut links = Vec::new();
        let frame = self.terminal.draw(|frame| links = paint(frame))?;
        if self.area != frame.area {
            // The whole screen was just written anew.
            self.whole.clear();
            self.area = frame.area;
        }
        let now = whole_rows(frame.buffer, if self.links { &links } else { &[] });
        let plain = self.whole.keys().filter(|y| !now.contains_key(y));
        let plain: BTreeMap<_, _> =
            plain.map(|y| (*y, Row { cells: row(frame.buffer, *y), links: Vec::new() })).collect();
        let before = mem::replace(&mut self.whole, now);
        let changed = self.whole.iter().filter(|(y, row)| before.get(y) != Some(row));
        let mut stale = plain.iter().chain(changed).peekable();
        if stale.peek().is_none() { Ok(()) } else { rewrite(self.terminal.backend_mut(), stale) }
    }
}

fn rewrite<'a>(
    backend: &mut CrosstermBackend<impl Write>,
    rows: impl Iterator<Item = (&'a u16, &'a Row)>,
) -> io::Result<()> {
    queue!(backend, SavePosition)?;
    for (y, row) in rows {
        queue!(backend, MoveTo(0, *y), Clear(ClearType::CurrentLine))?;
        let mut run = Vec::new();
        let mut hidden = 0;
        let mut open: Option<&str> = None;
        for (x, cell) in (0_u16..).zip(&row.cells) {
            let link = row.links.iter().find(|(columns, _)| columns.contains(&x));
            let link = link.map(|(_, command)| command.as_str());
            if link != open {
                backend.draw(run.drain(..))?;
                queue!(backend, Print(link.unwrap_or(osc::LINK_END)))?;
                open = link;
            }
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
        if open.is_some() {
            queue!(backend, Print(osc::LINK_END))?;
        }
    }
    queue!(backend, RestorePosition)?;
    Write::flush(backend)
}

fn row(buffer: &Buffer, y: u16) -> Vec<Cell> {
    let width = usize::from(buffer.area.width);
    buffer.content.iter().skip(usize::from(y) * width).take(width).cloned().collect()
}

/// The rows of a frame that are written as a whole.
fn whole_rows(buffer: &Buffer, links: &[Link]) -> BTreeMap<u16, Row> {
    let mut commands: BTreeMap<u16, Vec<_>> = BTreeMap::new();
    for link in links {
        if let Some(command) = osc::link(&link.url, &link.id) {
            commands.entry(link.row).or_default().push((link.columns.clone(), command));
        }
    }
    let rows = buffer.content.chunks(usize::from(buffer.area.width).max(1));
    let rows = (0_u16..).zip(rows).filter_map(|(y, cells)| {
        let links = commands.remove(&y).unwrap_or_default();
        let is_whole = !links.is_empty() || cells.iter().any(is_uncertain);
        is_whole.then(|| (y, Row { cells: cells.to_vec(), links }))
    });
    rows.collect()
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
    use std::num::NonZero;

    use ratatui::style::Style;

    use super::*;
    use crate::text::clean_line;

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

    fn screen<W: Write>(out: W, links: bool) -> Screen<W> {
        Screen::with(out, links, Viewport::Fixed(Rect::new(0, 0, 20, 2))).unwrap()
    }

    /// What each column of it shows after these frames, one drawn after the other.
    fn shown(frames: &[&str]) -> Vec<String> {
        let size = |cells| NonZero::new(cells).unwrap();
        let glass = Glass(Rc::new(RefCell::new(vt100::Parser::new(size(2), size(20), 0))));
        let mut screen = screen(glass.clone(), false);
        for text in frames {
            let paint = |frame: &mut Frame<'_>| {
                frame.buffer_mut().set_stringn(0, 0, text, 20, Style::new());
                Vec::new()
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

    /// What a terminal with links keeps of what is written: the cells in front of it, and where each leads.
    #[derive(Clone, Default)]
    struct Linked {
        at: (usize, usize),
        saved: (usize, usize),
        /// The id and the URL for the cells that come.
        link: String,
        cells: BTreeMap<(usize, usize), (char, String)>,
    }

    impl vte::Perform for Linked {
        fn print(&mut self, character: char) {
            self.cells.insert(self.at, (character, self.link.clone()));
            self.at.1 += width(&character.to_string());
        }

        fn csi_dispatch(&mut self, params: &vte::Params, _: &[u8], _: bool, action: char) {
            let mut numbers = params.iter().map(|param| usize::from(param[0]).max(1) - 1);
            match action {
                'H' => self.at = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)),
                'K' => self.cells.retain(|(row, _), _| *row != self.at.0),
                _ => {}
            }
        }

        fn esc_dispatch(&mut self, _: &[u8], _: bool, byte: u8) {
            match byte {
                b'7' => self.saved = self.at,
                b'8' => self.at = self.saved,
                _ => {}
            }
        }

        fn osc_dispatch(&mut self, params: &[&[u8]], _: bool) {
            assert_eq!(params[0], b"8");
            let parts: Vec<_> = params[1..].iter().map(|part| str::from_utf8(part).unwrap()).collect();
            self.link = Some(parts.join(";")).filter(|link| link != ";").unwrap_or_default();
        }
    }

    impl Linked {
        /// The pieces of a row that lead somewhere, and where.
        fn links(&self, row: usize) -> Vec<(String, &str)> {
            let mut pieces: Vec<(String, &str, usize)> = Vec::new();
            for ((_, column), (character, link)) in self.cells.range((row, 0)..(row + 1, 0)) {
                match pieces.last_mut() {
                    Some((text, same, next)) if same == link && next == column => {
                        text.push(*character);
                        *next += 1;
                    }
                    _ if link.is_empty() => {}
                    _ => pieces.push((character.to_string(), link, column + 1)),
                }
            }
            pieces.into_iter().map(|(text, link, _)| (text, link)).collect()
        }
    }

    /// A screen and the terminal behind it.
    struct Scene {
        screen: Screen<Tape>,
        tape: Tape,
        parser: vte::Parser,
        terminal: Linked,
    }

    impl Scene {
        fn new(links: bool) -> Self {
            let tape = Tape::default();
            let screen = screen(tape.clone(), links);
            Self { screen, tape, parser: vte::Parser::new(), terminal: Linked::default() }
        }

        /// Draws two lines of text with these links; what was written for that.
        fn draw(&mut self, texts: [&str; 2], links: &[Link]) -> String {
            let paint = |frame: &mut Frame<'_>| {
                for (y, text) in (0..).zip(texts) {
                    frame.buffer_mut().set_stringn(0, y, text, 20, Style::new());
                }
                links.to_vec()
            };
            self.screen.draw(paint).unwrap();
            let written = self.tape.take();
            self.parser.advance(&mut self.terminal, &written);
            assert_eq!(self.terminal.link, "", "no link is left open");
            String::from_utf8(written).unwrap()
        }

        #[track_caller]
        fn links(&self, row: usize, expected: &[(&str, &str)]) {
            let found = self.terminal.links(row);
            let found: Vec<_> = found.iter().map(|(text, link)| (text.as_str(), *link)).collect();
            assert_eq!(found, expected);
        }
    }

    fn link(row: u16, columns: Range<u16>, url: &str) -> Link {
        Link { row, columns, url: clean_line(url.as_bytes()), id: "7-0".to_owned() }
    }

    #[test]
    fn the_cells_of_a_link_lead_to_it_and_no_others_do() {
        let mut scene = Scene::new(true);
        let (texts, links) = (["见http://a;b!", "below"], [link(0, 2..12, "http://a;b")]);
        let written = scene.draw(texts, &links);
        assert_eq!(written.matches("\x1b]8;").count(), 2, "{written:?}");
        scene.links(0, &[("http://a;b", "id=7-0;http://a;b")]);
        scene.links(1, &[]);
        assert!(!scene.draw(texts, &links).contains("http"), "what is there is not written again");
        assert!(!scene.draw(["见http://a;b!", "other"], &links).contains("http"));
        scene.draw(["看http://a;b!", "other"], &links);
        scene.links(0, &[("http://a;b", "id=7-0;http://a;b")]);
    }

    #[test]
    fn a_link_that_goes_away_leaves_nothing_behind() {
        let here = [link(0, 0..8, "http://a")];
        for (texts, links) in [
            (["http://a", ""], vec![]),
            (["http", ""], vec![]),
            (["", "http://a"], vec![link(1, 0..8, "http://a")]),
            (["http://b", ""], vec![link(0, 0..8, "http://b")]),
            (["http://a", ""], vec![link(0, 0..8, "http://a/whole")]),
        ] {
            let mut scene = Scene::new(true);
            scene.draw(["http://a", ""], &here);
            scene.draw(texts, &links);
            let expected: Vec<_> =
                links.iter().map(|link| (u64::from(link.row), format!("id=7-0;{}", &*link.url))).collect();
            let found = [0, 1].map(|row| scene.terminal.links(row));
            let found: Vec<_> = (0_u64..)
                .zip(found)
                .flat_map(|(y, row)| row.into_iter().map(move |(_, link)| (y, link.to_owned())))
                .collect();
            assert_eq!(found, expected, "{texts:?}");
        }
    }

    #[test]
    fn a_link_over_two_rows_is_one_link() {
        let mut scene = Scene::new(true);
        let url = "http://box/path";
        scene.draw(["at http://box", "/path, or"], &[link(0, 3..13, url), link(1, 0..5, url)]);
        scene.links(0, &[("http://box", "id=7-0;http://box/path")]);
        scene.links(1, &[("/path", "id=7-0;http://box/path")]);
    }

    #[test]
    fn a_hostile_url_reaches_no_terminal_and_a_terminal_without_links_is_told_of_none() {
        let url = "http://a\x1b]52;c;aGk=\x07";
        let hostile = Link { url: clean_line(url.as_bytes()), ..link(0, 0..8, "") };
        let written = Scene::new(true).draw(["http://a", ""], &[hostile, link(1, 0..4, "file:///a")]);
        assert!(!written.contains("\x1b]"), "{written:?}");
        let written = Scene::new(false).draw(["http://a", ""], &[link(0, 0..8, "http://a")]);
        assert!(!written.contains("\x1b]"), "{written:?}");
    }
}
