//! The full-screen program without a terminal and without a network: keys, clicks and news in, cells and effects out.
//! Answers nothing by itself.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use super::kept::Kept;
use hobnob::app::keys::Keymap;
use hobnob::app::queue::QueueSettings;
use hobnob::app::{Me, State};
use hobnob::effect::{Conflict, Effect, Notification, Partial};
use hobnob::event::{
    BrowseEvent, ChatEvent, Datagram, Event, Finished, Key, KeyCode, Listing, MessageId, Modifiers, Mouse,
    MouseAction, Now, RequestId, Sameness, Size, Target, TransferEvent, TransferId,
};
use hobnob::locale::{Language, Words};
use hobnob::text::{clean_line, clean_text, is_showable, width::width};
use hobnob::view::theme::{Preset, Theme};
use hobnob::view::{Link, Look, draw};
use hobnob::wire::Raw;
use hobnob::wire::address::Endpoint;
use hobnob::wire::listing::{Entry, Kind};
use hobnob::wire::name::NamePolicy;
use hobnob::wire::peer::Peer;
use hobnob::wire::source::{Path, Source};
use jiff::{SignedDuration, Zoned};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Style};

/// When it all begins; only [`Screen::passes`] moves the clock.
const BEGINNING: &str = "2026-11-22T10:21:00+00:00[UTC]";

// Read once: reading them takes longer than drawing a screen.
static KEYMAP: LazyLock<Keymap> = LazyLock::new(|| Keymap::preset().unwrap());
static ENGLISH: LazyLock<Words> = LazyLock::new(|| Language::En.words().unwrap());
static CHINESE: LazyLock<Words> = LazyLock::new(|| Language::Zh.words().unwrap());
static THEME: LazyLock<Theme> = LazyLock::new(|| Preset::Dark.theme().unwrap());

/// Somebody in front of a screen.
pub(crate) struct Screen {
    pub(crate) state: State,
    look: Look,
    now: Now,
    effects: Vec<Effect>,
    pub(crate) kept: Kept,
}

/// What is on the screen: its rows of whole characters, and the column in which each of these stands.
pub(crate) struct Picture {
    buffer: Buffer,
    caret: Option<(u16, u16)>,
    links: Vec<Link>,
}

/// A server answers with a file.
pub(crate) fn started(total: Option<u64>) -> TransferEvent {
    let partial = Partial { validator: None, total };
    TransferEvent::Started { total, from: 0, anew: None, partial, sameness: Sameness::Certain }
}

/// So many large files at once.
pub(crate) fn downloads(at_once: usize) -> QueueSettings {
    QueueSettings {
        dir: "/home/lin/Downloads".into(),
        prefix: String::new(),
        conflict: Conflict::Ask,
        at_once,
        rate: None,
        names: NamePolicy::Exact,
        hidden: false,
    }
}

/// A file is whole.
pub(crate) fn finished(path: impl Into<PathBuf>, bytes: u64, took: Duration) -> TransferEvent {
    TransferEvent::Finished(Finished {
        path: Some(path.into()),
        bytes,
        took,
        proofs: Vec::new(),
        is_page: false,
    })
}

impl Screen {
    pub(crate) fn new(width: u16, height: u16) -> Self {
        Self::speaking(Language::En, width, height)
    }

    pub(crate) fn speaking(language: Language, width: u16, height: u16) -> Self {
        let me = Me {
            name: clean_line(b""),
            address: ([192, 168, 1, 20], 7890).into(),
            download_dir: clean_line(b"/home/lin/Downloads"),
        };
        let now = Now { instant: an_instant(), wall: BEGINNING.parse::<Zoned>().unwrap() };
        let state = State::new(me, KEYMAP.clone(), downloads(2), &now);
        let words = if language == Language::En { &ENGLISH } else { &CHINESE };
        let look = Look { words: Words::clone(words), theme: THEME.clone() };
        let mut screen = Self { state, look, now, effects: Vec::new(), kept: Kept::default() };
        screen.resize(width, height);
        screen
    }

    pub(crate) fn wear(&mut self, theme: Theme) {
        self.look.theme = theme;
    }

    pub(crate) fn is_told(&mut self, event: Event) {
        self.state.update(&self.now, event, &mut self.effects);
        self.keep();
    }

    /// Has the store do what it was asked for, and the disk looked at, on which nothing is in the way.
    fn keep(&mut self) {
        while let Some(at) = self.effects.iter().position(|effect| matches!(effect, Effect::Inspect { .. })) {
            let Effect::Inspect { request, .. } = self.effects.remove(at) else { unreachable!() };
            let found = Event::Inspected(request, Ok(Target::default()));
            self.state.update(&self.now, found, &mut self.effects);
        }
        while let Some(at) = self.effects.iter().position(|effect| matches!(effect, Effect::Store(_))) {
            let Effect::Store(request) = self.effects.remove(at) else { unreachable!() };
            if let Some(event) = self.kept.tell(request) {
                self.state.update(&self.now, Event::Store(event), &mut self.effects);
            }
        }
    }

    /// The program ends and is started again.
    pub(crate) fn restarts(&mut self) {
        self.state.end(&mut self.effects);
        self.keep();
        self.kept.ends();
        let size = self.state.size;
        self.state = State::new(self.state.me.clone(), KEYMAP.clone(), downloads(2), &self.now);
        self.effects.clear();
        self.state.remember(self.kept.memory(), &self.now, &mut self.effects);
        self.resize(size.width, size.height);
    }

    pub(crate) fn passes(&mut self, time: Duration) {
        self.now.instant += time;
        self.now.wall += SignedDuration::try_from(time).unwrap();
    }

    pub(crate) fn resize(&mut self, width: u16, height: u16) {
        self.is_told(Event::Resized(Size { width, height }));
    }

    /// Presses keys by their names, divided by blanks.
    #[track_caller]
    pub(crate) fn press(&mut self, keys: &str) {
        for key in keys.split(' ') {
            self.is_told(Event::Key(key.parse().unwrap()));
        }
    }

    pub(crate) fn type_text(&mut self, text: &str) {
        for character in text.chars() {
            let key = Key { code: KeyCode::Char(character), modifiers: Modifiers::default(), after: None };
            self.is_told(Event::Key(key));
        }
    }

    /// Types into the composer a text of several lines.
    pub(crate) fn writes(&mut self, text: &str) {
        for (nth, line) in text.split('\n').enumerate() {
            if nth > 0 {
                self.press("alt+enter");
            }
            self.type_text(line);
        }
    }

    pub(crate) fn paste(&mut self, text: &str) {
        self.is_told(Event::Paste(text.to_owned()));
    }

    pub(crate) fn click(&mut self, column: u16, row: u16) {
        self.is_told(Event::Mouse(Mouse { action: MouseAction::Press, column, row }));
    }

    pub(crate) fn turn_wheel(&mut self, action: MouseAction, column: u16, row: u16) {
        self.is_told(Event::Mouse(Mouse { action, column, row }));
    }

    /// Clicks on the first place where this text stands.
    #[track_caller]
    pub(crate) fn click_on(&mut self, text: &str) {
        let (column, row) = self.picture().place_of(text);
        self.click(column, row);
    }

    /// A datagram comes.
    pub(crate) fn hears(&mut self, from: &str, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.is_told(Event::Chat(ChatEvent::Received(Datagram {
            from: from.parse().unwrap(),
            at: self.now.wall.timestamp(),
            text: clean_text(bytes),
            raw: Raw(bytes.to_vec().into()),
            broadcast: false,
        })));
    }

    /// A peer is known by this name.
    pub(crate) fn knows(&mut self, address: &str, name: &str) {
        self.state.introduce(address.parse().unwrap(), clean_line(name.as_bytes()));
    }

    /// Writes a message and sends it; the number by which the world speaks of it.
    #[track_caller]
    pub(crate) fn sends(&mut self, text: &str) -> MessageId {
        self.type_text(text);
        self.press("enter");
        self.sent().0
    }

    /// The message that was just given to the world.
    #[track_caller]
    pub(crate) fn sent(&mut self) -> (MessageId, SocketAddr, String) {
        match self.effect() {
            Effect::Send { id, to: Peer::Address(to), text } => (id, to, text),
            other => panic!("no message: {other:?}"),
        }
    }

    /// The name that was just given to the resolver.
    #[track_caller]
    pub(crate) fn resolves(&mut self) -> (RequestId, Endpoint) {
        match self.effect() {
            Effect::Resolve { request, endpoint } => (request, endpoint),
            other => panic!("no name to resolve: {other:?}"),
        }
    }

    /// The folder that a server was just asked for.
    #[track_caller]
    pub(crate) fn asks(&mut self) -> (RequestId, String) {
        match self.effect() {
            Effect::Browse { request, source } => (request, source.to_string()),
            other => panic!("no question to a server: {other:?}"),
        }
    }

    /// The files that servers were just asked for.
    #[track_caller]
    pub(crate) fn fetches(&mut self) -> Vec<(TransferId, Source)> {
        let fetch = |effect| match effect {
            Effect::Fetch { id, job } => (id, job.source),
            other => panic!("no download: {other:?}"),
        };
        self.effects().into_iter().map(fetch).collect()
    }

    #[track_caller]
    fn effect(&mut self) -> Effect {
        let [effect] = <[Effect; 1]>::try_from(self.effects()).unwrap();
        effect
    }

    /// What the user was told of since the last time.
    pub(crate) fn notifications(&mut self) -> Vec<Notification> {
        let told = |effect| match effect {
            Effect::Notify(notification) => Some(notification),
            _ => None,
        };
        std::mem::take(&mut self.effects).into_iter().filter_map(told).collect()
    }

    /// What the world was asked to do since the last time, but for what it was asked to keep, and to announce.
    pub(crate) fn effects(&mut self) -> Vec<Effect> {
        let mut effects = std::mem::take(&mut self.effects);
        effects.retain(|effect| !matches!(effect, Effect::Notify(_)));
        effects
    }

    /// Opens a server's folder with these entries, as if its address had been typed.
    #[track_caller]
    pub(crate) fn opens(&mut self, folder: &str, entries: Vec<Entry>) {
        self.press("f3 ctrl+l ctrl+a ctrl+k");
        self.type_text(folder);
        self.press("enter");
        let (request, _) = self.asks();
        self.is_listed(request, folder, entries);
    }

    /// A server answers with a folder.
    pub(crate) fn is_listed(&mut self, request: RequestId, folder: &str, entries: Vec<Entry>) {
        let source = Source::parse(folder).unwrap();
        let source = source.at(Path::from_name(&source.path.name()));
        self.is_told(Event::Browse(
            request,
            BrowseEvent::Listed(Listing {
                source,
                entries,
                is_cut: false,
                unlisted: hobnob::event::Unlisted::default(),
            }),
        ));
    }

    pub(crate) fn hears_of(&mut self, transfer: TransferId, event: TransferEvent) {
        self.is_told(Event::Transfer(transfer, event));
    }

    /// The screen as it is drawn now, found to be whole.
    #[track_caller]
    pub(crate) fn picture(&self) -> Picture {
        let Size { width, height } = self.state.size;
        self.picture_on(width, height)
    }

    /// The same on a terminal of this size, of which the program may not know yet.
    #[track_caller]
    pub(crate) fn picture_on(&self, width: u16, height: u16) -> Picture {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        // Not what the backend has: it never hears of a cell that the wide character before it covers.
        let mut links = Vec::new();
        let frame = terminal.draw(|frame| links = draw(&self.state, &self.look, frame)).unwrap();
        let buffer = frame.buffer.clone();
        let backend = terminal.backend();
        let caret = backend.cursor_visible().then(|| backend.cursor_position().into());
        let picture = Picture { buffer, caret, links };
        picture.assert_whole();
        picture
    }

    #[track_caller]
    pub(crate) fn rows(&self) -> Vec<String> {
        self.picture().rows()
    }

    /// The first row that contains this text.
    #[track_caller]
    pub(crate) fn row_containing(&self, text: &str) -> String {
        let rows = self.rows();
        let found = rows.iter().find(|row| row.contains(text)).cloned();
        found.unwrap_or_else(|| panic!("no {text:?} on\n{}", rows.join("\n")))
    }

    #[track_caller]
    pub(crate) fn shows(&self, text: &str) -> bool {
        self.rows().iter().any(|row| row.contains(text))
    }

    /// Column and row.
    #[track_caller]
    pub(crate) fn caret(&self) -> Option<(u16, u16)> {
        self.picture().caret
    }
}

impl Picture {
    /// The cells that show a link, row by row: what they show, and the link.
    pub(crate) fn links(&self) -> Vec<(String, &Link)> {
        let shown = |link: &Link| link.columns.clone().map(|x| self.symbol_at(x, link.row)).collect();
        self.links.iter().map(|link| (shown(link), link)).collect()
    }

    pub(crate) fn rows(&self) -> Vec<String> {
        self.characters().iter().map(|row| row.iter().map(|(_, symbol)| *symbol).collect()).collect()
    }

    /// The characters of each row with their columns, as a terminal shows them: what stands in the second cell of a
    /// wide character is covered by it.
    fn characters(&self) -> Vec<Vec<(u16, &str)>> {
        let area = self.buffer.area;
        let row = |y| {
            let mut row = Vec::new();
            let mut x = 0;
            while x < area.width {
                let symbol = self.buffer[(x, y)].symbol();
                row.push((x, symbol));
                x += cells(symbol).max(1);
            }
            row
        };
        (0..area.height).map(row).collect()
    }

    /// No cell acts on a terminal, every row is as wide as the screen, no character hangs over the edge, no cell is
    /// hidden by the character before it, and the caret is on the screen.
    #[track_caller]
    pub(crate) fn assert_whole(&self) {
        let area = self.buffer.area;
        for (y, row) in (0_u16..).zip(self.characters()) {
            // So many letters as there are cells, and none that does anything: most rows.
            if row.iter().all(|(_, symbol)| is_plain(symbol)) {
                continue;
            }
            let text: String = row.iter().map(|(_, symbol)| *symbol).collect();
            for (x, symbol) in row {
                let acts = |c: char| !is_showable(c) && !matches!(c, '\u{200C}' | '\u{200D}');
                assert!(!symbol.contains(acts), "{symbol:?} at {x},{y} in {text:?}");
                let cells = cells(symbol);
                assert!(x + cells <= area.width, "{symbol:?} hangs over the edge of row {y}: {text:?}");
                let covered = (x + 1..x + cells).map(|x| self.buffer[(x, y)].symbol());
                let covered: String = covered.collect();
                assert!(covered.trim().is_empty(), "{symbol:?} covers {covered:?} in row {y}: {text:?}");
            }
            assert_eq!(width(&text), usize::from(area.width), "row {y}: {text:?}");
        }
        if let Some((x, y)) = self.caret {
            assert!(x < area.width && y < area.height, "the caret is at {x},{y}");
        }
    }

    /// The cell where this text begins first.
    #[track_caller]
    pub(crate) fn place_of(&self, text: &str) -> (u16, u16) {
        for (y, row) in (0..).zip(self.characters()) {
            let line: String = row.iter().map(|(_, symbol)| *symbol).collect();
            if let Some(at) = line.find(text) {
                return (u16::try_from(width(&line[..at])).unwrap(), y);
            }
        }
        panic!("no {text:?} on\n{}", self.rows().join("\n"));
    }

    pub(crate) fn style_of(&self, column: u16, row: u16) -> Style {
        self.buffer[(column, row)].style()
    }

    pub(crate) fn symbol_at(&self, column: u16, row: u16) -> &str {
        self.buffer[(column, row)].symbol()
    }

    #[track_caller]
    pub(crate) fn style_at(&self, text: &str) -> Style {
        self.buffer[self.place_of(text)].style()
    }

    /// All colours on the screen but the terminal's own.
    pub(crate) fn colours(&self) -> BTreeSet<String> {
        let colours = self.buffer.content.iter().flat_map(|cell| [cell.fg, cell.bg]);
        colours.filter(|colour| *colour != Color::Reset).map(|colour| colour.to_string()).collect()
    }

    /// The whole screen as a text, between bars that show where it ends, and where the caret is.
    pub(crate) fn as_text(&self) -> String {
        let mut lines: Vec<String> = self.rows().iter().map(|row| format!("|{row}|")).collect();
        let caret = self.caret.map(|(x, y)| format!("caret in column {x} of row {y}"));
        lines.push(caret.unwrap_or_else(|| "no caret".to_owned()));
        lines.join("\n")
    }
}

/// A letter of ASCII, or a piece of a border: most of any screen, and harmless.
fn is_plain(symbol: &str) -> bool {
    matches!(symbol.as_bytes(), [b' '..=b'~'] | [0xE2, 0x94 | 0x95, _])
}

fn cells(symbol: &str) -> u16 {
    if is_plain(symbol) { 1 } else { u16::try_from(width(symbol)).unwrap() }
}

/// A file of a server's folder.
pub(crate) fn file(name: impl AsRef<[u8]>, size: u64) -> Entry {
    entry(name.as_ref(), Kind::File, Some(size))
}

/// A folder in a server's folder.
pub(crate) fn folder(name: impl AsRef<[u8]>) -> Entry {
    entry(name.as_ref(), Kind::Dir, None)
}

/// Something that is neither.
pub(crate) fn pipe(name: impl AsRef<[u8]>) -> Entry {
    entry(name.as_ref(), Kind::Other, None)
}

fn entry(name: &[u8], kind: Kind, size: Option<u64>) -> Entry {
    let modified = size.map(|size| {
        let days = i64::try_from(size % 300).unwrap();
        BEGINNING.parse::<Zoned>().unwrap().timestamp() - SignedDuration::from_hours(24 * days)
    });
    Entry {
        name: clean_line(name),
        raw: Raw(name.to_vec().into()),
        kind,
        size,
        modified,
        may_be_folder: false,
        is_link: false,
    }
}

#[expect(clippy::disallowed_methods, reason = "any moment will do, and there is no other way to name one")]
fn an_instant() -> Instant {
    Instant::now()
}
