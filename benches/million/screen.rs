//! How long a person waits for the screen: its first picture, and each after a key.

use std::path::Path;
use std::time::{Duration, Instant};

use hobnob::app::keys::Keymap;
use hobnob::app::queue::QueueSettings;
use hobnob::app::{Me, State};
use hobnob::effect::{Conflict, Effect};
use hobnob::event::{Event, Now, Size};
use hobnob::locale::Language;
use hobnob::store::{Store, open};
use hobnob::text::Clean;
use hobnob::view::theme::Preset;
use hobnob::view::{Look, draw};
use hobnob::wire::name::NamePolicy;
use jiff::Zoned;
use ratatui::backend::TestBackend;
use ratatui::{Frame, Terminal};
use tokio::sync::mpsc::{Receiver, channel};

/// A large screen.
const SIZE: Size = Size { width: 200, height: 60 };
/// Keys of a kind.
const KEYS: usize = 300;

/// The program without its sockets and its terminal.
pub(super) struct Screen {
    state: State,
    look: Look,
    store: Store,
    said: Receiver<Event>,
    terminal: Terminal<TestBackend>,
}

impl Screen {
    /// Opens what is kept in this folder, and draws the first picture.
    pub(super) fn open(dir: &Path) -> Self {
        let opened = open(dir).expect("a store");
        let (events, said) = channel(1024);
        let me = Me {
            name: Clean::default(),
            address: ([127, 0, 0, 1], 7890).into(),
            download_dir: Clean::default(),
        };
        let downloads = QueueSettings {
            names: NamePolicy::Exact,
            hidden: false,
            dir: dir.to_path_buf(),
            prefix: String::new(),
            conflict: Conflict::Ask,
            at_once: 4,
            rate: None,
        };
        let mut state = State::new(me, Keymap::preset().expect("keys"), downloads, &now());
        state.remember(opened.memory.clone(), &now(), &mut Vec::new());
        let look = Look {
            words: Language::En.words().expect("words"),
            theme: Preset::Dark.theme().expect("a theme"),
        };
        let terminal = Terminal::new(TestBackend::new(SIZE.width, SIZE.height)).expect("a terminal");
        let store = opened.start(events).expect("threads");
        let mut screen = Self { state, look, store, said, terminal };
        screen.is_told(Event::Resized(SIZE));
        screen
    }

    pub(super) fn close(self) -> Store {
        self.store
    }

    /// Until everything that is asked for is answered and drawn.
    fn is_told(&mut self, event: Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let mut effects = Vec::new();
            self.state.update(&now(), event, &mut effects);
            for effect in effects {
                if let Effect::Store(request) = effect {
                    let answered = request.reads();
                    events.extend(self.store.tell(request));
                    events.extend(answered.then(|| self.said.blocking_recv().expect("an answer")));
                }
            }
        }
        let picture = |frame: &mut Frame<'_>| drop(draw(&self.state, &self.look, frame));
        self.terminal.draw(picture).expect("a picture");
    }

    fn press(&mut self, key: &str) -> Duration {
        let begin = Instant::now();
        self.is_told(Event::Key(key.parse().expect("a key")));
        begin.elapsed()
    }

    /// How long each of many such keys takes: the middle one, and the slowest.
    pub(super) fn keys(&mut self, key: &str) -> (Duration, Duration) {
        let mut took: Vec<Duration> = (0..KEYS).map(|_| self.press(key)).collect();
        took.sort();
        (took[KEYS / 2], took[KEYS - 1])
    }

    /// To the oldest message and back: the slowest of several times.
    pub(super) fn jumps(&mut self) -> Duration {
        self.press("tab");
        (0..20).map(|_| self.press("home").max(self.press("end"))).max().unwrap_or_default()
    }
}

fn now() -> Now {
    Now { instant: Instant::now(), wall: Zoned::now() }
}
