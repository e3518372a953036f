//! Which region of the screen is where: pure geometry, shared by what draws and by what the mouse hits.

use crate::event::Size;

mod files;
mod share;

pub use files::{PreviewLayout, SignInLayout, preview, sign_in};
pub use share::{ShareLayout, share};

/// Below this the screen shows one polite line and nothing else.
pub const SMALLEST: Size = Size { width: 40, height: 10 };
/// From this width on there is room for the peer column, and for a column of message states.
const WIDE: u16 = 60;
/// From this height on there is room for the key line.
const TALL: u16 = 12;
/// From this height on the traffic leaves room for the tab above it.
const ROOMY: u16 = 20;
/// The most columns for the list of what was found.
const HITS: u16 = 160;
/// From this width on a record of the traffic, or a hit of a search, stands in one row, and below it in two.
const ONE_ROW: u16 = 60;
/// From this width on what is known of a selected record stands beside the others, below it under them.
const BESIDE: u16 = 140;
/// Sixteen bytes in hexadecimal, their offset, and the characters that they are, with a blank on either side.
const DUMP: u16 = 72;
/// Border and padding of the composer, left and right together.
const COMPOSER_FRAME: u16 = 4;

/// Columns of the word before a server's address, with the blanks around it.
pub const FROM: u16 = 7;
/// The columns for a size and for a time, with the blanks before them.
const FACT: (u16, u16) = (11, 19);

/// A rectangle of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Area {
    /// Leftmost column.
    pub x: u16,
    /// Topmost row.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Area {
    /// Whether the cell is inside.
    #[must_use]
    pub fn contains(self, column: u16, row: u16) -> bool {
        (self.x..self.x + self.width).contains(&column) && (self.y..self.y + self.height).contains(&row)
    }

    fn rows(self, from: u16, height: u16) -> Self {
        Self { y: self.y + from, height, ..self }
    }

    fn columns(self, from: u16, width: u16) -> Self {
        Self { x: self.x + from, width, ..self }
    }
}

impl ChatLayout {
    /// The same while the input goes into the list of peers: where there is no room for it beside the conversation, it
    /// takes the conversation's place.
    #[must_use]
    pub fn with_list(self) -> Self {
        Self { peers: self.peers.or(Some(self.messages)), ..self }
    }

    /// Whether the list of peers takes the conversation's place.
    #[must_use]
    pub fn is_list_alone(&self) -> bool {
        self.peers == Some(self.messages)
    }
}

/// What both tabs have around them.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Tabs, and who we are.
    pub header: Area,
    /// The first tab's title within it.
    pub chat_tab: Area,
    /// The second tab's title within it.
    pub files_tab: Area,
    /// The address bar.
    pub bar: Area,
    /// The tab itself.
    pub body: Area,
    /// The key line, where a notice takes its place; none on a low screen.
    pub footer: Option<Area>,
}

/// The regions of the chat tab.
#[derive(Debug, Clone, Copy)]
pub struct ChatLayout {
    /// The column of peers; none on a narrow screen, as long as nobody walks through it.
    pub peers: Option<Area>,
    /// The conversation.
    pub messages: Area,
    /// The line where words are typed that are looked for; none while there is no search.
    pub search: Option<Area>,
    /// The composer with its border.
    pub composer: Area,
    /// Where the text goes inside it.
    pub input: Area,
}

/// The regions of the list of what was found in all conversations.
#[derive(Debug, Clone, Copy)]
pub struct HitsLayout {
    /// All of it, with its border.
    pub frame: Area,
    /// Where words are typed.
    pub field: Area,
    /// The hits.
    pub list: Area,
    /// Rows of a hit.
    pub hit: u16,
}

impl HitsLayout {
    /// How many hits there is room for.
    #[must_use]
    pub fn hits(&self) -> usize {
        usize::from(self.list.height / self.hit)
    }
}

/// The regions of the files tab.
#[derive(Debug, Clone, Copy)]
pub struct FilesLayout {
    /// The heads of the columns, or the line where a name or a filter is typed.
    pub head: Area,
    /// The entries.
    pub entries: Area,
    /// The line above the transfers; none while there are none.
    pub rule: Option<Area>,
    /// The transfers.
    pub transfers: Area,
}

impl FilesLayout {
    /// What of a row of the entries, or of their heads, is for the name, the size and the time; for that there is no room
    /// in a narrow row. Before the name there are the marks.
    #[must_use]
    pub fn columns(row: Area) -> (Area, Area, Option<Area>) {
        const MARKS: u16 = 3;
        let rest = row.columns(MARKS.min(row.width), row.width.saturating_sub(MARKS));
        let time = if rest.width >= WIDE { FACT.1 } else { 0 };
        let name = rest.width.saturating_sub(FACT.0 + time);
        let size = rest.columns(name, FACT.0.min(rest.width) - 1);
        let modified = (time > 0).then(|| rest.columns(name + FACT.0, time - 1));
        (rest.columns(0, name), size, modified)
    }
}

/// The regions of the pane of the traffic.
#[derive(Debug, Clone, Copy)]
pub struct TrafficLayout {
    /// All of it.
    pub pane: Area,
    /// The line above it.
    pub rule: Area,
    /// The records; without rows while one fills the pane.
    pub list: Area,
    /// Rows of a record in the list.
    pub record: u16,
    /// All that is known of the selected record; none where there is none, or no room.
    pub details: Option<Area>,
}

impl TrafficLayout {
    /// How many records there is room for in the list.
    #[must_use]
    pub fn records(&self) -> usize {
        usize::from(self.list.height / self.record)
    }

    /// Columns for the bytes of a datagram.
    #[must_use]
    pub fn details_columns(&self) -> usize {
        self.details.map_or(0, |area| usize::from(area.width.saturating_sub(2)))
    }
}

/// The columns of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// Where the name begins, and its width.
    pub name: (u16, u16),
    /// Where the text begins, and its width.
    pub text: (u16, u16),
    /// The width of the states at the right; 0 where they take a line of their own.
    pub state: u16,
}

/// The frame, or none on a screen that is too small.
#[must_use]
pub fn frame(size: Size) -> Option<Frame> {
    if size.width < SMALLEST.width || size.height < SMALLEST.height {
        return None;
    }
    let screen = Area { x: 0, y: 0, width: size.width, height: size.height };
    let footer = (size.height >= TALL).then(|| screen.rows(size.height - 1, 1));
    let body = screen.rows(2, size.height - 2 - u16::from(footer.is_some()));
    let header = screen.rows(0, 1);
    // The titles have room for what they count, so that they never move.
    let (chat_tab, files_tab) = (header.columns(8, 13), header.columns(21, 19));
    Some(Frame { header, chat_tab, files_tab, bar: screen.rows(1, 1), body, footer })
}

/// What of the screen is left to the tab while the pane of the traffic is open: a screen that is so much lower. None
/// where there is no room for both, and the pane covers the tab.
#[must_use]
pub fn above_traffic(size: Size) -> Option<Size> {
    let pane = (size.height * 2 / 5).clamp(8, 24);
    (size.height >= ROOMY).then(|| Size { height: size.height - pane, ..size })
}

/// The regions of the pane of the traffic. One record may be `selected`, and may be all that is to be seen (`alone`).
#[must_use]
pub fn traffic(size: Size, selected: bool, alone: bool) -> Option<TrafficLayout> {
    let body = frame(size)?.body;
    let above = above_traffic(size).and_then(frame).map_or(0, |above| above.body.height);
    let pane = body.rows(above, body.height - above);
    let (rule, rest) = (pane.rows(0, 1), pane.rows(1, pane.height - 1));
    let record = if size.width < ONE_ROW { 2 } else { 1 };
    let (list, details) = if alone {
        (rest.rows(0, 0), Some(rest))
    } else if selected && rest.width >= BESIDE {
        let width = rest.width - DUMP - 1;
        (rest.columns(0, width), Some(rest.columns(width + 1, DUMP)))
    } else if selected && rest.height >= 8 {
        let half = rest.height / 2;
        (rest.rows(0, half), Some(rest.rows(half, rest.height - half)))
    } else {
        (rest, None)
    };
    Some(TrafficLayout { pane, rule, list, record, details })
}

/// What a box has inside its border, with a blank at either side.
#[must_use]
pub fn inside(outside: Area) -> Area {
    let (width, height) = (outside.width.saturating_sub(4), outside.height.saturating_sub(2));
    Area { x: outside.x + 2, y: outside.y + 1, width, height }
}

/// The box in which one of so many links is chosen.
#[must_use]
pub fn links(size: Size, count: usize) -> Option<Area> {
    let body = frame(size)?.body;
    let (width, height) =
        (body.width.min(100), u16::try_from(count + 2).unwrap_or(u16::MAX).min(body.height));
    Some(Area { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 2, width, height })
}

/// Columns that the composer has for text.
#[must_use]
pub fn composer_width(size: Size) -> u16 {
    size.width.saturating_sub(COMPOSER_FRAME)
}

/// The most lines of text that the composer shows: with its border it has no more than a third of the screen.
#[must_use]
pub fn composer_lines(size: Size) -> u16 {
    (size.height / 3).saturating_sub(2).max(1)
}

/// The chat tab's regions, for a composer whose text takes so many lines.
#[must_use]
pub fn chat(size: Size, lines: usize) -> Option<ChatLayout> {
    let body = frame(size)?.body;
    let lines = u16::try_from(lines).unwrap_or(u16::MAX).clamp(1, composer_lines(size));
    let composer = body.rows(body.height - lines - 2, lines + 2);
    let above = body.rows(0, body.height - composer.height);
    let peers_width = if size.width < WIDE { 0 } else { (size.width / 5).clamp(18, 26) };
    let (peers, messages) = if peers_width == 0 {
        (None, above)
    } else {
        // One column between them is the dividing line.
        let rest = above.width - peers_width - 1;
        (Some(above.columns(0, peers_width)), above.columns(peers_width + 1, rest))
    };
    let input = composer.rows(1, lines).columns(COMPOSER_FRAME / 2, composer.width - COMPOSER_FRAME);
    Some(ChatLayout { peers, messages, search: None, composer, input })
}

impl ChatLayout {
    /// The same with a line above the composer for a search.
    #[must_use]
    pub fn with_search(self) -> Self {
        let lower = |area: Area| area.rows(0, area.height - 1);
        let search = Area { y: self.composer.y - 1, height: 1, ..self.composer };
        let peers = self.peers.map(lower);
        Self { peers, messages: lower(self.messages), search: Some(search), ..self }
    }
}

/// The regions of the list of what was found in all conversations; none on a screen that is too small.
#[must_use]
pub fn hits(size: Size) -> Option<HitsLayout> {
    let body = frame(size)?.body;
    let width = body.width.min(HITS);
    let frame = body.columns((body.width - width) / 2, width);
    let inside = frame.columns(2, width - 4);
    let hit = if size.width < ONE_ROW { 2 } else { 1 };
    Some(HitsLayout { frame, field: inside.rows(1, 1), list: inside.rows(2, body.height - 3), hit })
}

/// The columns of a conversation on so many columns.
#[must_use]
pub fn columns(width: u16) -> Columns {
    // A blank, the time as 00:00, a blank.
    const TIME: u16 = 7;
    let wide = width >= WIDE - 18;
    let (name, gap, state) = if wide { (10, 2, 11) } else { (6, 1, 0) };
    let text = TIME + name + gap;
    Columns { name: (TIME, name), text: (text, width.saturating_sub(text + state + 1).max(1)), state }
}

/// Columns for the way to a folder in the address bar: what is to be known of the folder keeps some.
#[must_use]
pub fn way_columns(bar: Area) -> usize {
    let all = usize::from(bar.width.saturating_sub(FROM + 1));
    if bar.width < WIDE { all } else { all - usize::from(bar.width / 3) }
}

/// The most rows that the transfers may have.
#[must_use]
pub fn transfer_rows(size: Size) -> u16 {
    (size.height / 3).max(2)
}

/// A box in the middle of the screen for so many columns and rows, as far as there are so many.
#[must_use]
pub fn dialogue(size: Size, columns: u16, rows: u16) -> Option<Area> {
    let body = frame(size)?.body;
    let (width, height) = (body.width.min(columns), body.height.min(rows + 2));
    Some(Area { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 2, width, height })
}

/// The files tab's regions while the transfers would have so many rows.
#[must_use]
pub fn files(size: Size, transfers: usize) -> Option<FilesLayout> {
    let body = frame(size)?.body;
    let rows = u16::try_from(transfers).unwrap_or(u16::MAX).min(transfer_rows(size));
    let rule = (rows > 0).then(|| body.rows(body.height - rows - 1, 1));
    let list = body.height - rows - u16::from(rows > 0);
    Some(FilesLayout {
        head: body.rows(0, 1),
        entries: body.rows(1, list - 1),
        rule,
        transfers: body.rows(body.height - rows, rows),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [(u16, u16); 6] = [(40, 10), (80, 24), (100, 30), (200, 60), (41, 11), (1000, 12)];

    #[test]
    fn a_screen_that_is_too_small_has_no_regions() {
        for (width, height) in [(39, 10), (40, 9), (0, 0)] {
            assert!(frame(Size { width, height }).is_none());
        }
    }

    #[test]
    fn the_regions_of_the_chat_tab_fill_its_body_and_do_not_overlap() {
        for (width, height) in SIZES {
            for lines in [0, 1, 3, 1000] {
                let size = Size { width, height };
                let (body, chat) = (frame(size).unwrap().body, chat(size, lines).unwrap());
                assert_eq!(chat.messages.height + chat.composer.height, body.height);
                assert_eq!(chat.peers.map_or(0, |peers| peers.width + 1) + chat.messages.width, width);
                assert_eq!(chat.composer.y, chat.messages.y + chat.messages.height);
                assert!(chat.messages.height >= 4, "{width}x{height}");
                let (searched, line) = (chat.with_search(), chat.with_search().search.unwrap());
                assert_eq!(searched.messages.height + 1, chat.messages.height);
                assert_eq!(
                    (line.y, line.y + 1),
                    (searched.messages.y + searched.messages.height, chat.composer.y)
                );
                assert_eq!(chat.input.width, composer_width(size));
            }
        }
    }

    #[test]
    fn the_regions_of_the_files_tab_fill_its_body_and_leave_room_for_entries() {
        for (width, height) in SIZES {
            for transfers in [0, 1, 1000] {
                let size = Size { width, height };
                let (body, files) = (frame(size).unwrap().body, files(size, transfers).unwrap());
                let rule = files.rule.map_or(0, |rule| rule.height);
                assert_eq!(1 + files.entries.height + rule + files.transfers.height, body.height);
                assert!(files.entries.height >= 2, "{width}x{height}");
            }
        }
    }

    #[test]
    fn the_traffic_and_the_tab_above_it_fill_the_body_and_do_not_overlap() {
        for (width, height) in SIZES {
            let size = Size { width, height };
            let body = frame(size).unwrap().body;
            for (selected, alone) in [(false, false), (true, false), (true, true)] {
                let areas = traffic(size, selected, alone).unwrap();
                let above = above_traffic(size).map_or(0, |size| frame(size).unwrap().body.height);
                assert_eq!(above + areas.pane.height, body.height);
                assert_eq!(areas.pane.y, body.y + above);
                assert_eq!(areas.rule.y + 1, areas.list.y);
                assert!(alone || areas.records() >= 2, "{width}x{height}");
                let details = areas.details.unwrap_or_default();
                let beside =
                    details.y == areas.list.y && details.height == areas.list.height && details.width > 0;
                let rows = if beside { details.height } else { areas.list.height + details.height };
                assert_eq!(1 + rows, areas.pane.height);
                assert!(!beside || areas.list.width + 1 + details.width == width);
            }
            assert!(above_traffic(size).is_none_or(|size| chat(size, 1).unwrap().messages.height >= 4));
        }
    }

    #[test]
    fn a_conversation_always_has_room_for_text() {
        for width in [1, 20, 40, 42, 60, 80, 200] {
            let columns = columns(width);
            assert!(columns.text.1 >= 1);
            assert!(width < 40 || columns.text.0 + columns.text.1 + columns.state < width);
        }
    }
}
