//! What is the same on both tabs: the tabs themselves, the help, leaving.

use hobnob::effect::{Change, Effect};
use hobnob::event::{Event, ExternalChanges, RequestId, RowId, StoreEvent};
use hobnob::locale::Language;
use hobnob::wire::credentials::Credentials;
use hobnob::wire::source::Source;
use strum::VariantArray;

use super::{LIN, SERVER};
use crate::support::screen::{Screen, file};

#[test]
fn the_tabs_are_a_key_or_a_click_away() {
    let mut screen = Screen::new(80, 24);
    screen.press("f3");
    assert!(screen.shows("No file server is open"));
    screen.press("f2");
    assert!(screen.shows("Nobody to talk to yet"));
    screen.click_on("Files");
    assert!(screen.shows("No file server is open"));
    screen.click_on("Chat");
    assert!(screen.shows("Nobody to talk to yet"));
}

#[test]
fn the_help_lists_every_action_with_its_keys_and_is_shown_and_hidden_with_one_key() {
    for language in Language::VARIANTS {
        let mut screen = Screen::speaking(*language, 80, 24);
        let words = language.words().unwrap();
        screen.press("f1");
        let mut seen = screen.rows();
        for _ in 0..10 {
            screen.press("pagedown");
            seen.extend(screen.rows());
        }
        let explained = words.actions.values().flat_map(|place| place.values()).chain(words.places.values());
        for sentence in explained {
            assert!(seen.iter().any(|row| row.contains(sentence.as_str())), "{sentence}");
        }
        for keys in ["Ctrl+G", "Alt+Enter Ctrl+J", "Alt+B Ctrl+Left Alt+Left", "Ctrl+_ Ctrl+7 Ctrl+/", "PgUp"]
        {
            assert!(seen.iter().any(|row| row.contains(keys)), "{keys}");
        }
        screen.press("f1");
        assert!(!screen.shows(&words.overlay.help));
    }
}

#[test]
fn the_help_ends_where_its_last_line_is_in_view() {
    let mut screen = Screen::new(80, 24);
    screen.press("f1 end");
    let end = screen.rows();
    assert!(end[21].contains("L      "), "{:?}", end[21]);
    screen.press("pagedown down");
    assert_eq!(screen.rows(), end);
}

#[test]
fn without_downloads_quitting_asks_nothing() {
    let mut screen = Screen::new(80, 24);
    screen.press("ctrl+q");
    assert_eq!(screen.effects(), [Effect::Quit]);
}

#[test]
fn quitting_with_downloads_asks_first() {
    for (answer, effects, still_asked) in [
        ("n", vec![], false),
        ("esc", vec![], false),
        ("x", vec![], true),
        ("y", vec![Effect::Quit], false),
        ("enter", vec![Effect::Quit], false),
    ] {
        let mut screen = Screen::new(80, 24);
        screen.opens(SERVER, vec![file("a.bin", 1)]);
        screen.press("enter f2");
        screen.effects();
        screen.press("ctrl+q");
        assert!(screen.effects().is_empty() && screen.shows("not done: 1. They go on"));
        screen.press(answer);
        assert_eq!((screen.effects(), screen.shows("Quit?")), (effects, still_asked), "{answer}");
    }
}

#[test]
fn of_downloads_that_are_paused_quitting_does_not_say_that_they_go_on() {
    for (width, height) in [(80, 24), (40, 10)] {
        let mut screen = Screen::new(width, height);
        screen.opens(SERVER, ["a", "b"].map(|name| file(name, 1_000_000)).into());
        screen.press("space space d tab p ctrl+q");
        assert!(screen.shows("done: 2.") && screen.shows("but not") && screen.shows("paused (1). Quit?"));
        screen.press("n P ctrl+q");
        assert!(screen.shows("done: 2.") && screen.shows("They stay") && !screen.shows("go on"));
        assert!(screen.shows("Y yes"));
    }
}

#[test]
fn suspending_and_drawing_anew_are_the_worlds_business() {
    let mut screen = Screen::new(80, 24);
    screen.press("ctrl+z ctrl+r");
    assert_eq!(screen.effects(), [Effect::Suspend, Effect::Redraw]);
}

#[test]
fn a_click_below_a_box_reaches_nothing_under_it() {
    let mut screen = Screen::new(80, 24);
    screen.knows(LIN, "lin");
    screen.press("f1");
    screen.click(30, 0);
    assert!(screen.shows("Keys ─"));
    screen.press("esc");
    assert!(screen.shows("Nothing said yet"));
}

#[test]
fn a_screen_that_has_shrunk_before_the_news_came_shows_nothing_wrong() {
    let mut screen = Screen::new(80, 24);
    screen.knows(LIN, "林");
    screen.hears(LIN, "你好");
    for (width, height) in [(79, 24), (80, 23), (10, 3), (1, 1), (200, 60)] {
        screen.picture_on(width, height);
    }
}

#[test]
fn what_another_program_used_and_marked_is_there_at_once() {
    let source = |text: &str| Source::parse(text).unwrap();
    let mut screen = Screen::new(80, 24);
    screen.press("ctrl+g");
    let (origin, credentials) = (source(SERVER).origin(), Credentials::new("lin".into(), "geheim".into()));
    let recent = vec![
        Change::Bookmark(source("http://box/slides/")),
        Change::Peer("10.0.0.7:7890".parse().unwrap()),
        Change::Folder(source("http://box/notes/")),
        Change::Credentials(origin.clone(), credentials.clone()),
    ];
    let told = |recent| {
        let (after, up_to) = (RequestId(0), RowId(0));
        let changes = ExternalChanges { after, up_to, peers: vec![], forgotten: vec![], recent };
        Event::Store(StoreEvent::External(Box::new(changes)))
    };
    screen.is_told(told(recent));
    for text in ["★ http://box/slides/", "10.0.0.7:7890", "http://box/notes/"] {
        assert!(screen.shows(text), "{text}: {:?}", screen.rows());
    }
    assert_eq!(
        screen.effects(),
        [Effect::Authorize { origin, credentials }],
        "it is known to the network, too"
    );
    screen.is_told(told(vec![Change::NoBookmark(source("http://box/slides/"))]));
    assert!(!screen.shows("★"), "{:?}", screen.rows());
}
