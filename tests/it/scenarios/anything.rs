//! Whatever happens, on a screen of whatever size: the program goes on, and the picture is whole.

use std::time::Duration;

use hobnob::effect::{Effect, ShareOrder};
use hobnob::event::{
    BrowseEvent, ChatEvent, Content, Event, Facts, Fault, Folders, Listed, Listing, MouseAction, Preview,
    RequestId, ShareEvent, ShareFault, ShareId, ShareNews, StoreEvent, TextLine, TransferEvent, TransferId,
    WalkEvent,
};
use hobnob::text::clean_line;
use hobnob::wire::Raw;
use hobnob::wire::source::Source;
use proptest::prelude::*;

use super::share::{running, whole};
use super::share_choosing::folder_name;
use super::{LIN, SERVER};
use crate::support::screen::{Screen, file, finished, folder, started};

#[derive(Debug, Clone)]
enum Happening {
    Key(&'static str),
    Typed(&'static str),
    Pasted(String),
    Clicked(u16, u16),
    Turned(MouseAction, u16, u16),
    Resized(u16, u16),
    Heard(u8, String),
    Passed(u64),
    Focused(bool),
    NotRemembered(String),
    Taken(u8),
    /// The world answers what it was asked for last, well or badly.
    Answered(u8),
}

const KEYS: [&str; 107] = [
    "ctrl+s",
    "ctrl+s",
    "ctrl+s",
    "m",
    "q",
    "i",
    "l",
    "z",
    "b",
    ".",
    ":",
    "S",
    "alt+left",
    "alt+right",
    "home",
    "a",
    "A",
    "P",
    "P",
    "R",
    "X",
    "y",
    "v",
    "o",
    "l",
    "i",
    "shift+up",
    "shift+down",
    "K",
    "a",
    "tab",
    "ctrl+f",
    "ctrl+f",
    "ctrl+f",
    "N",
    "n",
    "f1",
    "f2",
    "f3",
    "f4",
    "f4",
    "p",
    "c",
    "f4",
    "ctrl+g",
    "ctrl+l",
    "tab",
    "esc",
    "alt+up",
    "alt+down",
    "alt+a",
    "alt+1",
    "alt+9",
    "ctrl+o",
    "ctrl+c",
    "ctrl+r",
    "ctrl+q",
    "alt+enter",
    "pageup",
    "pagedown",
    "ctrl+end",
    "left",
    "right",
    "alt+b",
    "alt+f",
    "home",
    "end",
    "backspace",
    "delete",
    "ctrl+w",
    "alt+d",
    "ctrl+u",
    "ctrl+k",
    "ctrl+y",
    "ctrl+_",
    "enter",
    "up",
    "down",
    "space",
    "d",
    "/",
    "s",
    "r",
    "x",
    "n",
    "k",
    "j",
    "f9",
    "insert",
    "ctrl+x",
    "ctrl+x ctrl+e",
    "alt+/",
    "e",
    "l",
    "alt+x",
    "backtab",
    "enter",
    "enter",
    "enter",
    "up",
    "down",
    "f3",
    "f2",
    "ctrl+l",
    "tab",
    "d",
    "esc",
];

const TEXTS: [&str; 14] = [
    "hello ",
    "你好，世界",
    "e\u{301}\u{302}",
    "👨‍👩‍👧‍👦🇩🇪",
    "שלום عليكم",
    "\n",
    "\r\n\r",
    "\x1b[2J\x07",
    "\u{202e}\u{200b}",
    "192.168.1.9",
    "library",
    "http://a/",
    "plain://b",
    "\u{1100}\u{1100}\u{1100}\u{1100}\u{1100}\u{1100}\u{1100}",
];

fn text() -> impl Strategy<Value = String> {
    let part = (proptest::sample::select(TEXTS.as_slice()), 1..20_usize)
        .prop_map(|(text, times)| text.repeat(times));
    prop_oneof![4 => proptest::sample::select(TEXTS.as_slice()).prop_map(str::to_owned), 1 => part]
}

fn size() -> impl Strategy<Value = (u16, u16)> {
    prop_oneof![4 => (30..90_u16, 8..26_u16), 1 => (0..221_u16, 0..71_u16)]
}

fn happening() -> impl Strategy<Value = Happening> {
    let turn = prop_oneof![Just(MouseAction::ScrollUp), Just(MouseAction::ScrollDown)];
    prop_oneof![
        12 => proptest::sample::select(KEYS.as_slice()).prop_map(Happening::Key),
        4 => proptest::sample::select(TEXTS.as_slice()).prop_map(Happening::Typed),
        1 => text().prop_map(Happening::Pasted),
        2 => (0..100_u16, 0..30_u16).prop_map(|(column, row)| Happening::Clicked(column, row)),
        1 => (turn, 0..100_u16, 0..30_u16).prop_map(|(turn, column, row)| Happening::Turned(turn, column, row)),
        1 => size().prop_map(|(width, height)| Happening::Resized(width, height)),
        4 => (any::<u8>(), text()).prop_map(|(who, text)| Happening::Heard(who, text)),
        1 => (0..10_000_u64).prop_map(Happening::Passed),
        1 => any::<bool>().prop_map(Happening::Focused),
        1 => text().prop_map(Happening::NotRemembered),
        2 => any::<u8>().prop_map(Happening::Taken),
        8 => any::<u8>().prop_map(Happening::Answered),
    ]
}

/// The program, and what it asked for that is not answered yet.
struct World {
    screen: Screen,
    asked: Vec<Effect>,
    transfers: Vec<TransferId>,
    share: Option<ShareId>,
}

impl World {
    fn happens(&mut self, happening: Happening) {
        let screen = &mut self.screen;
        match happening {
            Happening::Key(key) => screen.press(key),
            Happening::Typed(text) => screen.type_text(text),
            Happening::Pasted(text) => screen.paste(&text),
            Happening::Clicked(column, row) => screen.click(column, row),
            Happening::Turned(action, column, row) => screen.turn_wheel(action, column, row),
            Happening::Resized(width, height) => screen.resize(width, height),
            Happening::Heard(who, text) => screen.hears(&format!("10.0.0.{}:7890", who % 12), text),
            Happening::Passed(time) => {
                screen.passes(Duration::from_millis(time));
                screen.is_told(Event::Wake);
            }
            Happening::Focused(focused) => screen.is_told(Event::Focused(focused)),
            Happening::NotRemembered(why) => {
                let fault = Fault::Disk(clean_line(why.as_bytes()));
                screen.is_told(Event::Store(StoreEvent::Failed(fault)));
            }
            Happening::Taken(how) => {
                let id = self.share.unwrap_or(ShareId(0));
                screen.is_told(Event::Share(id, ShareEvent::News(taken(how))));
            }
            Happening::Answered(how) => self.answer(how),
        }
        self.asked.extend(self.screen.effects());
    }

    fn answer(&mut self, how: u8) {
        let screen = &mut self.screen;
        let fault = || Fault::TooLarge { limit: u64::from(how) };
        match self.asked.pop() {
            Some(Effect::Send { id, .. }) => screen.is_told(Event::Chat(match how % 3 {
                0 => ChatEvent::Sent(id),
                1 => ChatEvent::Refused(id),
                _ => ChatEvent::Failed(id, fault()),
            })),
            Some(Effect::Resolve { request, .. }) => {
                let address = format!("10.0.1.{how}:7890").parse().unwrap();
                screen.is_told(Event::Resolved(
                    request,
                    if how < 200 { Ok(vec![address]) } else { Err(fault()) },
                ));
            }
            Some(Effect::Preview { request, .. }) => {
                screen
                    .is_told(Event::Previewed(request, if how < 200 { Ok(seen(how)) } else { Err(fault()) }));
            }
            Some(Effect::Fill { request, files }) => {
                let facts = Facts { size: Some(u64::from(how) << 56), modified: None };
                (0..=files.len()).for_each(|nth| screen.is_told(Event::Filled(request, nth, facts)));
            }
            Some(Effect::Browse { request, source }) if how.is_multiple_of(9) => {
                let origin = Box::new(source.origin());
                let realm = clean_line(TEXTS[usize::from(how) % TEXTS.len()].as_bytes());
                let fault = Fault::Unauthorized { origin, realm };
                screen.is_told(Event::Browse(request, BrowseEvent::Failed(fault)));
            }
            Some(Effect::Browse { request, .. }) => match how % 4 {
                0 => screen.is_told(Event::Browse(request, BrowseEvent::Plain)),
                1 => screen.is_told(Event::Browse(request, BrowseEvent::Failed(fault()))),
                _ => {
                    let mut entries: Vec<_> = (0..how / 4)
                        .map(|n| file(TEXTS[usize::from(n) % 14].repeat(9), u64::from(n)))
                        .collect();
                    entries.push(folder("作业"));
                    screen.is_listed(request, SERVER, entries);
                }
            },
            Some(Effect::Fetch { id, .. }) => {
                self.transfers.push(id);
                screen.hears_of(id, started((how < 128).then_some(u64::from(how) * 1000)));
            }
            Some(Effect::Walk { request, source, .. }) => {
                walked(screen, request, source, how);
            }
            Some(Effect::MakeFolders { request, folders, .. }) => {
                let missed = folders.into_iter().filter(|_| how < 64).map(|folder| (folder, fault()));
                screen.is_told(Event::FoldersMade(request, missed.collect()));
            }
            Some(Effect::Share(order)) => self.answer_share(order, how),
            Some(Effect::FindFolders { request, .. }) => {
                screen.is_told(Event::FoldersFound(request, folders(how)));
            }
            Some(Effect::Cancel(id)) => screen.hears_of(id, TransferEvent::Cancelled),
            Some(Effect::Pause(id)) => screen.hears_of(id, TransferEvent::Paused),
            Some(Effect::Edit(text)) => {
                let edited = TEXTS[usize::from(how) % TEXTS.len()].repeat(9) + &text;
                screen.is_told(Event::Edited(if how < 200 { Ok(edited) } else { Err(fault()) }));
            }
            Some(
                Effect::LimitRate(_)
                | Effect::Discard(_)
                | Effect::Inspect { .. }
                | Effect::Authorize { .. }
                | Effect::Forget(_)
                | Effect::Block(_)
                | Effect::Store(_)
                | Effect::Copy(_)
                | Effect::Open(_)
                | Effect::OpenFile(_)
                | Effect::OpenAnyway(_)
                | Effect::Reveal(_)
                | Effect::Notify(_)
                | Effect::Redraw
                | Effect::Suspend
                | Effect::Quit,
            )
            | None => {
                let Some(id) = self.transfers.last() else { return };
                screen.hears_of(
                    *id,
                    match how % 4 {
                        0 => TransferEvent::Failed(match how / 4 % 5 {
                            0 => fault(),
                            1 => Fault::DiskFull,
                            2 => Fault::exists("/home/lin/文件".into()),
                            3 => Fault::Busy,
                            _ => Fault::Interrupted,
                        }),
                        1 => {
                            let took = Duration::from_secs(u64::from(how));
                            finished("/home/lin/文件", 9, took)
                        }
                        _ => TransferEvent::Progress { bytes: u64::from(how) * 900 },
                    },
                );
            }
        }
    }
}

/// What a walk found, and how it went on.
fn walked(screen: &mut Screen, request: RequestId, source: Source, how: u8) {
    let mut entries = vec![file("a", u64::from(how) * 9000), file("A", 1), folder("..")];
    entries.extend((0..how / 9).map(|n| file(TEXTS[usize::from(n) % 14], u64::from(n))));
    let listing = Listing {
        source,
        entries,
        is_cut: how.is_multiple_of(5),
        unlisted: hobnob::event::Unlisted::default(),
    };
    screen.is_told(Event::Walk(request, WalkEvent::Found(listing)));
    match how % 3 {
        0 => {}
        1 => {
            let fault = Fault::TooLarge { limit: u64::from(how) };
            screen.is_told(Event::Walk(request, WalkEvent::Failed(fault)));
        }
        _ => screen.is_told(Event::Walk(request, WalkEvent::Ended)),
    }
}

impl World {
    fn answer_share(&mut self, order: ShareOrder, how: u8) {
        let (id, event) = match order {
            ShareOrder::Start { id, folder } if how.is_multiple_of(4) => {
                let reason = clean_line(TEXTS[usize::from(how) % TEXTS.len()].as_bytes());
                (id, ShareEvent::NotStarted(ShareFault::Folder { path: folder, reason }))
            }
            ShareOrder::Start { id, folder } => {
                let here = |n| format!("10.0.1.{n}:7890").parse().unwrap();
                (id, ShareEvent::Started { folder, addresses: (0..=how % 3).map(here).collect() })
            }
            ShareOrder::Stop => (self.share.expect("only what began is stopped"), ShareEvent::Stopped),
        };
        self.share = Some(id);
        self.screen.is_told(Event::Share(id, event));
    }
}

/// Who takes what, and who took what.
fn taken(how: u8) -> ShareNews {
    let path = |n: u8| TEXTS[usize::from(n) % TEXTS.len()].repeat(usize::from(n % 9));
    let peer = if how < 128 { LIN } else { "[2001:db8:85a3:8d3:1319:8a2e:370:7348]:1" };
    let total = u64::from(how) << 50;
    let running = (0..how % 7).map(|n| running(peer, &path(n), u64::from(n) << 52, total)).collect();
    let served = (0..how).map(|n| whole(peer, &path(n), u64::from(n))).collect();
    ShareNews { running, count: usize::from(how), served, untold: total }
}

/// Folders that were found, or not.
fn folders(how: u8) -> Result<Folders, ShareFault> {
    let name = |n: u8| TEXTS[usize::from(n) % TEXTS.len()].repeat(usize::from(n % 9) + 1);
    let names = (0..how % 40).map(|n| folder_name(&name(n))).collect();
    if how < 200 { Ok(Folders { names, more: usize::from(how / 150) }) } else { Err(ShareFault::Busy) }
}

/// What could be seen of a file.
fn seen(how: u8) -> Box<Preview> {
    let line = |text: &&str| TextLine { text: clean_line(text.as_bytes()), pieces: Vec::new() };
    let content = match how % 3 {
        0 => Content::Text(TEXTS.iter().map(line).collect(), None),
        1 => Content::Other(Raw(vec![how; usize::from(how)].into())),
        _ => Content::Archive(clean_line(b"ZIP"), Vec::new(), Listed::Beginning),
    };
    Box::new(Preview { media_type: None, size: None, modified: None, is_whole: how < 99, content })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn the_program_goes_on_and_the_picture_is_whole(
        (width, height) in size(),
        happenings in proptest::collection::vec(happening(), 1..40),
    ) {
        let mut world = World { screen: Screen::new(width, height), asked: Vec::new(), transfers: Vec::new(), share: None };
        world.screen.knows(LIN, "林");
        for (nth, happening) in happenings.into_iter().enumerate() {
            world.happens(happening);
            if nth % 8 == 0 {
                world.screen.picture();
            }
        }
        world.screen.picture();
    }
}
