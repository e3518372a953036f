//! Sharing a folder: choosing it, telling others where it is, seeing who takes what.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use hobnob::app::share::{Adding, Extent, LOG_LIMIT};
use hobnob::effect::{Effect, ShareOrder};
use hobnob::event::served::{Answer, End, Request, Running, Served, Way};
use hobnob::event::{Event, ShareEvent, ShareFault, ShareId, ShareNews};
use hobnob::text::clean_line;

use super::{LIN, SERVER};
use crate::support::screen::{Screen, file};

const FOLDER: &str = "/home/lin/slides";
const TAKER: &str = "192.168.1.7:50123";

fn get(path: &str) -> Request {
    Request::Http { method: clean_line(b"GET"), path: clean_line(path.as_bytes()) }
}

/// Somebody has so much of a file.
pub(crate) fn running(peer: &str, path: &str, bytes: u64, total: u64) -> Running {
    let took = Duration::from_secs(2);
    let (peer, request) = (peer.parse().unwrap(), get(path));
    Running { peer, request, way: Way::Out, total: Some(total), bytes, took }
}

/// Somebody took a file, or wanted to.
pub(crate) fn served(peer: &str, request: Request, answer: Answer, end: End, bytes: u64) -> Served {
    let (at, took) = ("2026-11-22T10:20:05Z".parse().unwrap(), Duration::from_millis(42));
    Served { at, peer: peer.parse().unwrap(), request, answer, end, bytes, received: 0, took, untold: 0 }
}

pub(crate) fn whole(peer: &str, path: &str, bytes: u64) -> Served {
    served(peer, get(path), Answer::Status(200), End::Whole, bytes)
}

/// So many take something, of whom these are told.
pub(crate) fn taking(running: Vec<Running>) -> ShareEvent {
    ShareEvent::News(ShareNews { count: running.len(), running, ..ShareNews::default() })
}

pub(crate) fn took(served: Vec<Served>) -> ShareEvent {
    ShareEvent::News(ShareNews { served, ..ShareNews::default() })
}

impl Screen {
    /// Asks for a folder to be shared, from the key on.
    #[track_caller]
    pub(crate) fn asks_to_share(&mut self, folder: &str) -> ShareId {
        self.press("ctrl+s ctrl+a ctrl+k");
        self.type_text(folder);
        self.press("enter");
        let effects = self.effects();
        let [Effect::Share(ShareOrder::Start { id, folder: asked })] = &effects[..] else {
            panic!("{effects:?}")
        };
        assert_eq!(asked, Path::new(folder));
        *id
    }

    /// Shares a folder at these addresses.
    #[track_caller]
    pub(crate) fn shares(&mut self, addresses: &[&str]) -> ShareId {
        let id = self.asks_to_share(FOLDER);
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.is_told(Event::Share(id, ShareEvent::Started { folder: FOLDER.into(), addresses }));
        id
    }

    pub(crate) fn hears_of_share(&mut self, id: ShareId, event: ShareEvent) {
        self.is_told(Event::Share(id, event));
    }
}

const HERE: [&str; 2] = ["192.168.1.20:7890", "10.0.0.4:7890"];

#[test]
fn nothing_is_shared_until_a_folder_was_chosen() {
    let mut screen = Screen::new(80, 24);
    screen.state.share.offer(Path::new("/home/lin"));
    screen.press("ctrl+s");
    assert!(screen.shows("Share a folder") && screen.shows("/home/lin") && !screen.shows("⇡"));
    screen.press("ctrl+a ctrl+k enter");
    assert_eq!(screen.effects(), [], "no folder is not this folder");
    screen.press("esc");
    assert!(!screen.shows("Share a folder"));
    let id = screen.asks_to_share(FOLDER);
    assert!(screen.shows("one moment") && !screen.shows("⇡"));
    screen.press("enter");
    assert_eq!(screen.effects(), [], "once is enough");
    let addresses = vec![HERE[0].parse::<SocketAddr>().unwrap()];
    screen.hears_of_share(id, ShareEvent::Started { folder: FOLDER.into(), addresses });
    assert!(screen.shows("http://192.168.1.20:7890/") && screen.shows(FOLDER));
    assert!(screen.shows("Nobody has taken anything yet") && screen.rows()[0].contains('⇡'));
}

#[test]
fn what_others_may_do_is_said_as_the_settings_have_it_before_and_while_it_is_shared() {
    let plain = Extent::default();
    for (extent, said, not_said) in [
        (plain, "no hidden file, nothing outside", "may be added"),
        (Extent { hidden: true, ..plain }, "hidden files too", "no hidden file"),
        (Extent { outside: true, ..plain }, "what links lead to outside, too", "nothing outside"),
        (Extent { adding: Adding::New, ..plain }, "Files may be added; none is replaced", "and replaced"),
        (Extent { adding: Adding::Instead, ..plain }, "Files may be added, and replaced", "none is replaced"),
    ] {
        let mut screen = Screen::new(130, 30);
        screen.state.share.extent = extent;
        screen.press("ctrl+s");
        assert!(screen.shows(said) && !screen.shows(not_said), "{extent:?}: {:?}", screen.rows());
        screen.press("esc");
        screen.shares(&HERE);
        assert_eq!(screen.shows(said), extent != plain, "{extent:?}: {:?}", screen.rows());
    }
}

#[test]
fn a_folder_that_cannot_be_shared_is_said_where_the_user_looks() {
    let fault = || {
        let reason = clean_line(b"Not a directory");
        ShareEvent::NotStarted(ShareFault::Folder { path: FOLDER.into(), reason })
    };
    let mut screen = Screen::new(80, 24);
    let id = screen.asks_to_share(FOLDER);
    screen.hears_of_share(id, fault());
    assert!(screen.shows("is not a folder that can be read: Not a directory"));
    screen.type_text("x");
    assert!(!screen.shows("is not a folder"));
    screen.press("esc");
    let id = screen.asks_to_share(FOLDER);
    screen.press("esc");
    screen.hears_of_share(id, fault());
    assert!(screen.shows("Nothing is shared: /home/lin/slides is not a folder"));
}

#[test]
fn the_address_is_copied_and_put_into_the_message_with_one_key_each() {
    let mut screen = Screen::new(80, 24);
    screen.knows(LIN, "lin");
    screen.type_text("see here");
    screen.press("left left left left");
    screen.shares(&HERE);
    screen.press("c");
    assert_eq!(screen.effects(), [Effect::Copy(clean_line(b"http://192.168.1.20:7890/"))]);
    screen.press("f3 ctrl+s m");
    assert!(
        screen.shows("see http://192.168.1.20:7890/ here"),
        "a blank on either side, and the chat is in front"
    );
    screen.press("enter");
    assert_eq!(screen.sent().2, "see http://192.168.1.20:7890/ here");
}

#[test]
fn of_several_addresses_another_can_be_told() {
    let mut screen = Screen::new(80, 24);
    screen.shares(&HERE);
    assert!(screen.shows("1/2 · Tab"));
    screen.press("tab");
    assert!(screen.shows("http://10.0.0.4:7890/") && screen.shows("2/2 · Tab"));
    screen.press("c");
    assert_eq!(screen.effects(), [Effect::Copy(clean_line(b"http://10.0.0.4:7890/"))]);
    screen.press("tab");
    assert!(screen.shows("http://192.168.1.20:7890/"));
}

#[test]
fn another_port_than_the_chats_is_said_and_an_address_that_nobody_else_reaches() {
    for (address, sentence) in
        [("192.168.1.20:40001", "it is port 40001 here"), ("127.0.0.1:7890", "Only programs on this machine")]
    {
        let mut screen = Screen::new(80, 24);
        screen.shares(&[address]);
        assert!(screen.shows(sentence), "{address}");
    }
}

#[test]
fn the_code_is_dark_on_light_and_gives_way_to_the_address_where_there_is_no_room() {
    let mut screen = Screen::new(80, 24);
    screen.shares(&HERE);
    screen.press("q");
    let picture = screen.picture();
    let (x, y) = picture.place_of("█▀▀▀▀▀█");
    let style = picture.style_of(x, y);
    assert_eq!((style.fg, style.bg), (picture.style_of(x - 4, y - 2).fg, picture.style_of(x - 4, y - 2).bg));
    assert!(screen.shows("http://192.168.1.20:7890/"));
    screen.press("esc");
    assert!(!screen.shows("█▀▀▀▀▀█") && screen.shows("Shared"), "back to what is shared");
    screen.press("q");
    screen.resize(40, 10);
    assert!(screen.shows("http://192.168.1.20:7890/") && screen.shows("make the window"));
    assert!(!screen.shows("█"));
}

#[test]
fn who_takes_what_is_seen_with_a_gauge_and_stays_in_the_log() {
    let mut screen = Screen::new(100, 30);
    let id = screen.shares(&HERE);
    screen.hears_of_share(id, taking(vec![running(TAKER, "/big.iso", 500_000_000, 1_000_000_000)]));
    let row = screen.row_containing("/big.iso");
    for part in ["192.168.1.7", "50%", "500 MB/1.0 GB", "250 MB/s", "██"] {
        assert!(row.contains(part), "{part}: {row}");
    }
    screen.press("esc");
    for tab in ["f2", "f3"] {
        screen.press(tab);
        assert!(screen.rows()[0].contains("⇡ 1"), "{}", screen.rows()[0]);
    }
    let broken = served(TAKER, get("/big.iso"), Answer::Status(200), End::BrokenOff, 700_000_000);
    let missing = served(TAKER, get("/no"), Answer::Status(404), End::Whole, 10);
    screen.hears_of_share(id, took(vec![whole(TAKER, "/notes.pdf", 3_100_000), missing, broken]));
    screen.press("ctrl+s");
    assert!(!screen.shows("⇡ 1") && screen.rows()[0].contains('⇡'));
    let rows = screen.rows();
    let place = |text: &str| rows.iter().position(|row| row.contains(text)).unwrap();
    assert!(place("/big.iso") < place("/no ") && place("/no ") < place("/notes.pdf"), "the latest first");
    assert!(rows[place("/big.iso")].contains("✗") && rows[place("/big.iso")].contains("broken off"));
    assert!(rows[place("/no ")].contains("✗") && rows[place("/no ")].contains("404"));
    assert!(rows[place("/notes.pdf")].contains("✓") && rows[place("/notes.pdf")].contains("10:20:05"));
}

#[test]
fn the_speed_of_who_takes_nothing_more_falls_to_nothing_by_itself() {
    let mut screen = Screen::new(100, 30);
    let id = screen.shares(&HERE);
    let one = || running(TAKER, "/big.iso", 500_000_000, 1_000_000_000);
    let other = |bytes| running("10.0.0.9:4000", "/other", bytes, 1_000_000_000);
    screen.hears_of_share(id, taking(vec![one(), other(1_000_000)]));
    screen.passes(Duration::from_secs(4));
    screen.hears_of_share(id, taking(vec![one(), other(2_000_000)]));
    assert!(screen.row_containing("/big.iso").contains("250 MB/s"));
    let deadline = screen.state.deadline().unwrap();
    assert_eq!(deadline - screen.state.at, Duration::from_secs(1));
    screen.passes(Duration::from_secs(1));
    screen.is_told(Event::Wake);
    assert!(screen.row_containing("/big.iso").contains(" 0 B/s"), "{:?}", screen.rows());
    assert!(screen.row_containing("/other").contains("1.0 MB/s"));
    assert!(screen.state.deadline().is_some_and(|next| next > deadline));
}

#[test]
fn who_brings_something_is_seen_in_the_same_way() {
    for (columns, lines) in [(100, 30), (40, 24)] {
        let mut screen = Screen::new(columns, lines);
        let id = screen.shares(&HERE);
        let put =
            |path: &str| Request::Http { method: clean_line(b"PUT"), path: clean_line(path.as_bytes()) };
        let known = running(TAKER, "", 500_000_000, 1_000_000_000);
        let known = Running { request: put("/big.iso"), way: Way::In, ..known };
        let unknown = Running { request: put("/pipe"), total: None, ..known.clone() };
        screen.hears_of_share(id, taking(vec![known, unknown]));
        let row = screen.row_containing("big.iso");
        assert!(row.contains("⇣") && row.contains("50%") && !row.contains("⇡"), "{row}");
        let row = screen.row_containing("pipe");
        assert!(row.contains("⇣") && !row.contains('%'), "{row}");
        screen.press("ctrl+q");
        assert_eq!(screen.effects(), [], "they would break off");
        screen.press("n ctrl+s");
        let done = served(TAKER, put("/big.iso"), Answer::Status(201), End::Whole, 12);
        let cut = Served { answer: Answer::Unanswered, end: End::CutOff, ..done.clone() };
        screen.hears_of_share(id, took(vec![Served { received: 3_100_000, ..done }, cut]));
        assert!(screen.rows().iter().any(|row| row.contains("✓") && row.contains("3.1 MB")));
        assert!(screen.rows().iter().any(|row| row.contains("✗") && row.contains("big.iso")));
    }
}

#[test]
fn the_log_is_bounded_and_what_is_not_in_it_is_counted() {
    let mut screen = Screen::new(80, 24);
    let id = screen.shares(&HERE);
    let many = (0..LOG_LIMIT + 10).map(|n| whole(TAKER, &format!("/{n}"), 1)).collect();
    screen.hears_of_share(id, took(many));
    screen.hears_of_share(id, ShareEvent::News(ShareNews { untold: 1990, ..ShareNews::default() }));
    assert_eq!(screen.state.share.log().len(), LOG_LIMIT);
    assert!(screen.shows("before: 500 · not in this list: 2,000"));
    assert!(screen.shows("/509 "));
    screen.press("end");
    assert!(screen.shows("/10 ") && !screen.shows("/509 "));
    let last = screen.rows();
    screen.press("down");
    assert_eq!(screen.rows(), last, "the last row stays at the bottom");
    screen.press("up home");
    assert!(screen.shows("/509 "));
}

#[test]
fn what_is_asked_for_in_hostile_bytes_does_nothing_to_the_screen() {
    let mut screen = Screen::new(80, 24);
    let id = screen.shares(&HERE);
    let hostile = "/a\x1b[2J\n\u{202e}b";
    screen.hears_of_share(id, taking(vec![running(TAKER, hostile, 1, 2)]));
    screen.hears_of_share(id, took(vec![whole(TAKER, hostile, 1)]));
    // That a picture can be taken says that no cell acts.
    assert!(screen.row_containing("/a").contains("✓"));
}

#[test]
fn while_somebody_takes_something_the_share_is_turned_off_only_after_a_question() {
    let mut screen = Screen::new(80, 24);
    let id = screen.shares(&HERE);
    screen.hears_of_share(id, taking(vec![running(TAKER, "/a.iso", 1, 2)]));
    screen.press("x x x enter");
    assert!(screen.shows("1 transfer is under way, and would be"), "{:?}", screen.rows());
    assert_eq!(screen.effects(), []);
    screen.press("esc");
    assert!(screen.shows("/a.iso"), "back to what is shared: {:?}", screen.rows());
    screen.press("x y");
    assert_eq!(screen.effects(), [Effect::Share(ShareOrder::Stop)]);
    assert!(screen.shows("Stopping"), "{:?}", screen.rows());
}

#[test]
fn the_share_is_turned_off_with_one_key_and_the_log_stays() {
    let mut screen = Screen::new(80, 24);
    let id = screen.shares(&HERE);
    screen.press("x");
    assert_eq!(screen.effects(), [Effect::Share(ShareOrder::Stop)]);
    assert!(screen.shows("Stopping"));
    screen.press("x");
    assert_eq!(screen.effects(), [], "once is enough");
    screen.hears_of_share(id, took(vec![whole(TAKER, "/late.txt", 5)]));
    screen.hears_of_share(id, ShareEvent::Stopped);
    assert!(screen.shows("Share a folder") && screen.shows(FOLDER) && screen.shows("/late.txt"));
    assert!(!screen.rows()[0].contains('⇡'));
    screen.hears_of_share(id, taking(vec![running(TAKER, "/ghost", 1, 2)]));
    assert!(!screen.shows("/ghost"), "what comes late is about nothing");
}

#[test]
fn the_folder_that_was_shared_last_is_offered_after_a_restart_and_not_shared() {
    let mut screen = Screen::new(80, 24);
    screen.shares(&HERE);
    screen.restarts();
    assert_eq!(screen.effects(), []);
    assert!(!screen.rows()[0].contains('⇡'));
    screen.press("ctrl+s");
    assert!(screen.row_containing("Folder").contains(FOLDER));
}

#[test]
fn quitting_while_somebody_takes_something_asks_first_with_the_downloads_too() {
    let mut screen = Screen::new(80, 24);
    let id = screen.shares(&HERE);
    screen.press("ctrl+q");
    assert_eq!(screen.effects(), [Effect::Quit], "nobody takes anything");
    screen.hears_of_share(id, taking(vec![running(TAKER, "/big.iso", 1, 2)]));
    screen.press("ctrl+q");
    assert_eq!(screen.effects(), []);
    assert!(screen.shows("added by others right now: 1") && screen.shows("Quit?"));
    screen.press("enter");
    assert!(screen.effects().is_empty() && screen.shows("Quit?"), "what they take would break off");
    screen.press("n");
    screen.opens(SERVER, vec![file("a.bin", 1)]);
    screen.press("enter");
    screen.effects();
    screen.press("ctrl+q");
    assert!(screen.shows("added by others right now: 1") && screen.shows("not done: 1"));
    screen.press("y");
    assert_eq!(screen.effects(), [Effect::Quit]);
}

#[test]
fn on_the_smallest_screen_both_tabs_say_how_many_take_something() {
    let mut screen = Screen::new(40, 10);
    let id = screen.shares(&HERE);
    let many = (0..120).map(|n| running(TAKER, &format!("/{n}"), 1, 2)).collect();
    screen.hears_of_share(id, taking(many));
    screen.press("esc");
    for tab in ["f2", "f3"] {
        screen.press(tab);
        let header = screen.rows()[0].clone();
        assert!(header.contains("⇡ 99+") && header.contains("Chat") && header.contains("Files"), "{header}");
    }
}
