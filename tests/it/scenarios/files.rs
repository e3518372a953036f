//! Walking through folders, and what a plain server has instead.

use std::time::Duration;

use hobnob::effect::Effect;
use hobnob::event::{BrowseEvent, Event, Fault, Listing, MouseAction, RequestId, TransferEvent, Unlisted};
use hobnob::wire::listing::Entry;
use hobnob::wire::source::{Path as Name, Scheme, Source};

use ratatui::style::Modifier;

use super::SERVER;
use crate::support::screen::{Screen, file, finished, folder, pipe};

/// A server's top folder: two folders, three files, a pipe.
fn with_folder() -> Screen {
    let mut screen = Screen::new(80, 24);
    let entries = vec![
        file("b.txt", 20),
        folder("pictures"),
        file("A.txt", 3_000),
        folder("作业"),
        file("c.tar.gz", 100),
        pipe("queue"),
    ];
    screen.opens(SERVER, entries);
    screen
}

/// Types an address on the files tab; the question that the server is asked.
fn asked(screen: &mut Screen, address: &str) -> (RequestId, String) {
    screen.press("f3 ctrl+l ctrl+a ctrl+k");
    screen.type_text(address);
    screen.press("enter");
    screen.asks()
}

/// The names in the list, in order.
fn names(screen: &Screen) -> Vec<String> {
    let rows = screen.rows();
    let list = rows[3..23].iter().take_while(|row| !row.starts_with('─'));
    let name = |row: &String| row.chars().skip(3).collect::<String>().split("  ").next().unwrap().to_owned();
    list.map(name).filter(|name| !name.is_empty()).collect()
}

fn selected(screen: &Screen) -> String {
    let row = screen.rows()[3..].iter().find(|row| row.starts_with('▌')).cloned().unwrap();
    row.chars().skip(3).collect::<String>().split("  ").next().unwrap().to_owned()
}

#[test]
fn a_server_is_asked_and_its_folder_is_shown() {
    let mut screen = Screen::new(80, 24);
    let (request, source) = asked(&mut screen, "192.168.1.5");
    assert_eq!(source, "192.168.1.5:7890/");
    assert!(screen.shows("asking… Esc stops"));
    screen.is_listed(request, SERVER, vec![file("notes.pdf", 3_100_000)]);
    assert!(screen.rows()[1].starts_with(" From  http://192.168.1.5:7890/ "));
    assert!(screen.rows()[1].ends_with("HTTP · items: 1 · 3.1 MB "));
    assert!(screen.row_containing("notes.pdf").contains(" 3.1 MB   2026-"));
}

#[test]
fn folders_are_walked_into_and_out_of_and_the_selection_is_where_it_was() {
    let mut screen = with_folder();
    screen.press("down");
    assert_eq!(selected(&screen), "作业/");
    screen.press("enter");
    let (request, source) = screen.asks();
    assert_eq!(source, "http://192.168.1.5:7890/作业/");
    screen.is_listed(request, &source, vec![file("first.txt", 1), file("second.txt", 2)]);
    assert_eq!(names(&screen), ["../", "first.txt", "second.txt"]);
    assert_eq!(selected(&screen), "first.txt");
    screen.press("backspace");
    let (request, source) = screen.asks();
    assert_eq!(source, SERVER);
    screen.is_listed(request, SERVER, vec![folder("pictures"), folder("作业"), file("A.txt", 1)]);
    assert_eq!(selected(&screen), "作业/");
    assert_eq!(screen.effects(), []);
}

#[test]
fn the_way_out_is_also_the_first_row_and_the_top_folder_has_none() {
    let mut screen = with_folder();
    assert_eq!(names(&screen)[0], "pictures/");
    screen.press("backspace");
    assert_eq!(screen.effects(), []);
    screen.press("enter");
    let (request, source) = screen.asks();
    screen.is_listed(request, &source, vec![]);
    assert!(screen.shows("This folder is empty"));
    assert_eq!((names(&screen)[0].as_str(), selected(&screen).as_str()), ("../", "../"));
    screen.press("enter");
    assert_eq!(screen.asks().1, SERVER);
}

#[test]
fn the_filter_shows_what_contains_it_while_it_is_typed() {
    let mut screen = with_folder();
    screen.press("/");
    assert!(screen.rows()[2].starts_with(" Filter ") && screen.rows()[2].ends_with("6 of 6 "));
    screen.type_text("TXT");
    assert_eq!(names(&screen), ["A.txt", "b.txt"]);
    assert!(screen.rows()[2].ends_with("2 of 6 "));
    screen.press("enter");
    assert_eq!(screen.caret(), None);
    assert_eq!(names(&screen), ["A.txt", "b.txt"]);
    screen.press("d");
    assert_eq!(screen.fetches()[0].1.to_string(), "http://192.168.1.5:7890/A.txt");
    screen.press("esc");
    assert_eq!(names(&screen).len(), 6);
    screen.press("/");
    screen.type_text("作");
    assert_eq!(names(&screen), ["作业/"]);
    screen.press("backspace");
    screen.type_text("zzz");
    assert!(screen.shows("Nothing here has that in its name"));
    screen.press("esc");
    assert_eq!((names(&screen).len(), screen.caret()), (6, None));
}

#[test]
fn each_column_sorts_and_folders_come_first() {
    let mut screen = with_folder();
    assert_eq!(names(&screen), ["pictures/", "作业/", "A.txt", "b.txt", "c.tar.gz", "queue"]);
    screen.press("s");
    assert!(screen.rows()[2].contains("Size ▾"));
    assert_eq!(names(&screen), ["pictures/", "作业/", "A.txt", "c.tar.gz", "b.txt", "queue"]);
    screen.press("s");
    assert!(screen.rows()[2].contains("Modified ▾"));
    // The driver's files are as many days old as they have bytes, modulo 300.
    assert_eq!(names(&screen), ["pictures/", "作业/", "A.txt", "b.txt", "c.tar.gz", "queue"]);
    screen.press("s");
    assert!(screen.rows()[2].contains("Name ▴"));
}

#[test]
fn a_column_is_turned_round_with_a_key_and_with_a_click_on_its_head() {
    let mut screen = with_folder();
    screen.press("S");
    assert!(screen.rows()[2].contains("Name ▾"));
    assert_eq!(names(&screen), ["作业/", "pictures/", "queue", "c.tar.gz", "b.txt", "A.txt"]);
    screen.click_on("Size");
    assert!(screen.rows()[2].contains("Size ▾") && screen.rows()[2].contains("Name  "));
    screen.click_on("Size");
    assert!(screen.rows()[2].contains("Size ▴"));
    assert_eq!(names(&screen)[2..], ["b.txt", "c.tar.gz", "A.txt", "queue"], "of a pipe no size is known");
    screen.click_on("Modified");
    assert!(screen.rows()[2].contains("Modified ▾"));
    screen.press("/");
    screen.click(4, 2);
    assert!(screen.rows()[2].starts_with(" Filter "), "there is no head to be hit");
}

#[test]
fn what_fits_best_comes_first_and_its_letters_are_marked() {
    let mut screen = Screen::new(80, 24);
    let entries = vec![file("l-x-01", 1), file("Lx.pdf", 2), file("第一讲 讲义.pdf", 3), file("other", 4)];
    screen.opens(SERVER, entries);
    screen.press("/");
    screen.type_text("lx");
    assert_eq!(names(&screen), ["Lx.pdf", "l-x-01"]);
    assert_eq!(selected(&screen), "Lx.pdf");
    let picture = screen.picture();
    let (x, y) = picture.place_of("l-x-01");
    let found = |x: u16| picture.style_of(x, y).add_modifier.contains(Modifier::UNDERLINED);
    assert_eq!((0..6).map(|at| found(x + at)).collect::<Vec<_>>(), [true, false, true, false, false, false]);
    screen.press("ctrl+u");
    screen.type_text("讲义");
    let picture = screen.picture();
    let (x, y) = picture.place_of("第一讲 讲义");
    let found: Vec<u16> = (0..30)
        .filter(|at| picture.style_of(x + at, y).add_modifier.contains(Modifier::UNDERLINED))
        .collect();
    assert_eq!(found, [7, 9], "two wide characters: {found:?}");
}

#[test]
fn letters_are_marked_in_a_name_without_its_middle_too() {
    let mut screen = Screen::new(40, 10);
    screen.opens(SERVER, vec![file("x1cdefghijklmnopqrstuvwxyz-cdefghijklmnopqrstuvwxyz.txt", 1)]);
    screen.press("/");
    screen.type_text("1txt");
    let picture = screen.picture();
    let (x, y) = picture.place_of("x1c");
    let found: String = (0..30)
        .filter(|at| picture.style_of(x + at, y).add_modifier.contains(Modifier::UNDERLINED))
        .map(|at| picture.symbol_at(x + at, y))
        .collect();
    assert_eq!(found, "1txt");
}

#[test]
fn hidden_entries_are_counted_and_shown_on_request_in_every_folder() {
    let mut screen = Screen::new(80, 24);
    screen.opens(SERVER, vec![file(".profile", 1), folder(".git"), file("a", 2)]);
    assert_eq!(names(&screen), ["a"]);
    assert!(screen.rows()[1].contains("HTTP · items: 1 · 2 hidden · "));
    screen.press(".");
    assert_eq!(names(&screen), [".git/", ".profile", "a"]);
    assert_eq!(selected(&screen), "a");
    assert!(!screen.rows()[1].contains("hidden"));
    screen.press("up up enter");
    let (request, source) = screen.asks();
    screen.is_listed(request, &source, vec![file(".x", 1)]);
    assert_eq!(names(&screen), ["../", ".x"]);
    screen.press(".");
    assert!(screen.shows("All that is in this folder is hidden (1); . shows it"));
}

#[test]
fn one_goes_back_through_folders_and_servers_and_forward_again() {
    let mut screen = with_folder();
    screen.press("down enter");
    let (request, deeper) = screen.asks();
    screen.is_listed(request, &deeper, vec![file("1", 1), file("2", 2)]);
    screen.press("end");
    screen.opens("http://10.0.0.1:80/x/", vec![file("other", 1)]);
    screen.press("alt+right");
    assert_eq!(screen.effects(), [], "nothing is ahead");

    screen.press("alt+left");
    let (request, source) = screen.asks();
    assert_eq!(source, deeper);
    screen.is_listed(request, &source, vec![file("0", 1), file("1", 1), file("2", 2)]);
    assert_eq!(selected(&screen), "2");
    screen.press("alt+left");
    let (request, source) = screen.asks();
    assert_eq!(source, SERVER);
    screen.is_listed(request, &source, vec![folder("pictures"), folder("作业")]);
    assert_eq!(selected(&screen), "作业/");
    screen.press("alt+left");
    assert_eq!(screen.effects(), [], "there is nothing before it");

    for expected in [&*deeper, "http://10.0.0.1/x/"] {
        screen.press("alt+right");
        let (request, source) = screen.asks();
        assert_eq!(source, expected);
        screen.is_listed(request, &source, vec![file("2", 1), file("other", 2)]);
    }
    assert_eq!(selected(&screen), "other");
}

#[test]
fn who_goes_on_from_a_folder_before_leaves_what_was_ahead() {
    let mut screen = with_folder();
    screen.press("enter");
    let (request, source) = screen.asks();
    screen.is_listed(request, &source, vec![]);
    screen.press("alt+left");
    let (request, source) = screen.asks();
    screen.is_listed(request, &source, vec![folder("a"), folder("b")]);
    screen.press("end enter");
    let (request, source) = screen.asks();
    screen.is_listed(request, &source, vec![]);
    screen.press("alt+right");
    assert_eq!(screen.effects(), []);
    screen.press("r");
    let (request, source) = screen.asks();
    screen.is_listed(request, &source, vec![]);
    screen.press("alt+left");
    assert_eq!(screen.asks().1, SERVER, "to ask again is no step");
}

#[test]
fn from_a_failure_the_way_back_is_what_was_open() {
    let mut screen = with_folder();
    screen.press("enter");
    let (request, _) = screen.asks();
    screen.is_told(Event::Browse(request, BrowseEvent::Failed(Fault::Status(404))));
    screen.press("alt+left");
    assert_eq!(screen.effects(), []);
    assert_eq!(selected(&screen), "pictures/");
}

#[test]
fn a_plain_server_is_on_the_way_back_too() {
    let mut screen = with_folder();
    screen.press("ctrl+l ctrl+a ctrl+k");
    screen.type_text("plain://192.168.1.9");
    screen.press("enter");
    screen.type_text("a b");
    screen.press("alt+left");
    assert_eq!(screen.effects(), [], "in a text it goes a word back");
    screen.press("ctrl+e ctrl+u alt+left");
    let (request, source) = screen.asks();
    assert_eq!(source, SERVER);
    screen.is_listed(request, &source, vec![file("a", 1)]);
    screen.press("alt+right");
    assert!(screen.rows()[1].starts_with(" From  plain://192.168.1.9:7890/ "));
}

#[test]
fn from_a_folder_without_a_list_one_goes_back_to_the_list_before() {
    for key in ["alt+left", "esc"] {
        let mut screen = with_folder();
        screen.press("enter");
        let (request, deeper) = screen.asks();
        screen.is_told(Event::Browse(request, BrowseEvent::Failed(Fault::NoListing)));
        assert!(screen.shows("File name  pictures/") && screen.shows("no list that can be read"));
        assert!(screen.rows()[23].contains("Esc back"), "{}", screen.rows()[23]);
        screen.press(key);
        let (request, source) = screen.asks();
        assert_eq!(source, SERVER);
        screen.is_listed(request, SERVER, vec![folder("a"), folder("pictures")]);
        assert_eq!(selected(&screen), "pictures/");
        screen.press("alt+right");
        assert_eq!(screen.asks().1, deeper);
    }
}

#[test]
fn in_a_folder_without_a_list_what_is_typed_is_not_left_by_accident() {
    let mut screen = with_folder();
    screen.press("enter");
    let (request, _) = screen.asks();
    screen.is_told(Event::Browse(request, BrowseEvent::Failed(Fault::NoListing)));
    screen.type_text("a b");
    screen.press("alt+left esc");
    assert_eq!(screen.effects(), []);
    assert!(screen.shows("File name  pictures/a b"));
}

#[test]
fn each_part_of_the_way_can_be_clicked() {
    let mut screen = Screen::new(80, 24);
    screen.opens("http://192.168.1.5:7890/a/b c/讲/", vec![file("x", 1)]);
    screen.click_on("b c/");
    let (request, source) = screen.asks();
    assert_eq!(source, "http://192.168.1.5:7890/a/b c/");
    screen.is_listed(request, &source, vec![folder("0"), folder("讲")]);
    assert_eq!(selected(&screen), "讲/");
    screen.click_on("http:");
    assert_eq!(screen.asks().1, SERVER);
    screen.press("esc");
    screen.effects();
    screen.click_on("b c/");
    assert!(screen.caret().is_some_and(|(_, y)| y == 1), "where one is the address can be typed");
    screen.click(1, 1);
    assert_eq!(screen.effects(), []);
}

#[test]
fn a_list_that_the_server_cut_short_says_so() {
    let mut screen = Screen::new(80, 24);
    let (request, _) = asked(&mut screen, "192.168.1.5");
    let source = Source::parse(SERVER).unwrap();
    let listing = Listing {
        source,
        entries: vec![file("a", 1), file("b", 2)],
        is_cut: true,
        unlisted: hobnob::event::Unlisted::default(),
    };
    screen.is_told(Event::Browse(request, BrowseEvent::Listed(listing)));
    assert!(screen.rows()[1].ends_with(" HTTP · items: 2, maybe more · 3 B "));
    assert!(
        screen.rows()[23].contains("the server may have stopped after 2 items; any others have to be named")
    );
    screen.press("down");
    assert!(!screen.rows()[23].contains("the server stops"), "there it is said once");
}

/// A folder of which the list says this little is open on a screen of this width.
fn listed_in_part(width: u16, entries: Vec<Entry>, by_server: usize, by_link: usize) -> Screen {
    let mut screen = Screen::new(width, 24);
    let (request, _) = asked(&mut screen, "192.168.1.5");
    let unlisted = Unlisted { by_server, by_link };
    let listing = Listing { source: Source::parse(SERVER).unwrap(), entries, is_cut: false, unlisted };
    screen.is_told(Event::Browse(request, BrowseEvent::Listed(listing)));
    screen
}

#[test]
fn what_is_in_a_folder_and_not_in_its_list_is_counted_with_the_reason() {
    for (by_server, by_link, said) in [
        (3, 0, "3 not shown: not shared · HTTP · items: 1 "),
        (0, 1_200, "1,200 not shown: linked only by a query · HTTP · items: 1 "),
        (3, 2, "3 not shown: not shared · 2 not shown: linked only by a query · HTTP "),
        (0, 0, " HTTP · items: 1 "),
    ] {
        let screen = listed_in_part(120, vec![file("a", 1)], by_server, by_link);
        assert!(screen.rows()[1].contains(said), "{said}: {:?}", screen.rows()[1]);
    }
    let screen = listed_in_part(80, vec![file("a", 1)], 3, 0);
    assert!(screen.rows()[1].contains("3 not shown: not shared"), "{:?}", screen.rows()[1]);
}

#[test]
fn a_folder_of_which_nothing_is_listed_is_not_called_empty() {
    let screen = listed_in_part(80, vec![], 3, 0);
    assert!(!screen.shows("empty") && screen.shows("Nothing here is in the list: 3 not shown: not shared"));
    assert!(listed_in_part(80, vec![], 0, 0).shows("This folder is empty"));
}

#[test]
fn what_is_neither_a_file_nor_a_folder_says_so_in_its_row() {
    let screen = with_folder();
    assert!(screen.row_containing("queue").contains("special"), "{:?}", screen.row_containing("queue"));
    assert!(!screen.row_containing("pictures").contains("special"));
}

#[test]
fn an_upper_case_letter_acts_as_the_key_line_says() {
    let mut screen = with_folder();
    assert!(screen.rows()[23].contains("D get"), "{:?}", screen.rows()[23]);
    screen.press("end up D");
    assert_eq!(screen.fetches().len(), 1);
    screen.press("/");
    screen.type_text("D");
    assert_eq!(screen.fetches().len(), 0);
    assert!(screen.rows()[2].contains("Filter  D"), "{:?}", screen.rows()[2]);
}

#[test]
fn the_address_is_shown_selected_and_what_is_typed_takes_its_place() {
    let address = format!(" From  {SERVER}");
    for (keys, shown) in [
        ("x", "x"),
        ("backspace", ""),
        ("delete", ""),
        ("right x", "http://192.168.1.5:7890/x"),
        ("home x", "xhttp://192.168.1.5:7890/"),
        ("left backspace", "http://192.168.1.5:789/"),
        ("ctrl+l x", "x"),
        ("x ctrl+_", "http://192.168.1.5:7890/"),
    ] {
        let mut screen = with_folder();
        screen.press("ctrl+l");
        let reversed =
            |screen: &Screen| screen.picture().style_of(7, 1).add_modifier.contains(Modifier::REVERSED);
        assert!(screen.rows()[1].starts_with(&address) && reversed(&screen), "{:?}", screen.rows()[1]);
        screen.press(keys);
        assert_eq!(screen.state.files.bar.field.text(), shown, "{keys}");
        assert!(keys.starts_with("ctrl+l") || !reversed(&screen), "{keys}");
    }
    let mut screen = with_folder();
    screen.press("ctrl+l");
    screen.paste(" other:1 ");
    assert_eq!(screen.state.files.bar.field.text(), "other:1");
    screen.press("enter");
    assert_eq!(screen.asks().1, "other:1/");
}

#[test]
fn a_path_is_typed_and_completed() {
    let mut screen = with_folder();
    screen.press(":");
    screen.type_text("PI");
    assert!(screen.rows()[1].starts_with(" Path  PIctures"));
    assert_eq!(screen.caret(), Some((9, 1)));
    screen.press("tab");
    assert!(screen.rows()[1].starts_with(" Path  pictures/ "));
    screen.type_text("2026/讲 1");
    screen.press("enter");
    let (request, source) = screen.asks();
    assert_eq!(source, "http://192.168.1.5:7890/pictures/2026/讲 1");
    screen.is_listed(request, "http://192.168.1.5:7890/pictures/2026/讲 1/", vec![folder("z")]);
    screen.press(":");
    screen.type_text("../..");
    screen.press("enter");
    let (request, source) = screen.asks();
    assert_eq!(source, "http://192.168.1.5:7890/pictures/");
    screen.is_listed(request, &source, vec![folder("2025"), folder("2026")]);
    assert_eq!(selected(&screen), "2026/");
    screen.press(": esc");
    assert_eq!((screen.caret(), screen.rows()[1].contains("pictures/")), (None, true));
}

#[test]
fn what_is_marked_is_downloaded_with_one_key_and_then_no_longer_marked() {
    let mut screen = with_folder();
    screen.press("down down space space");
    assert!(screen.rows()[1].contains(" 2 marked · HTTP · items: 6 "));
    assert!(screen.row_containing("A.txt").starts_with(" ✓ "));
    assert_eq!(selected(&screen), "c.tar.gz");
    screen.press("d");
    let fetched: Vec<String> = screen.fetches().iter().map(|(_, source)| source.to_string()).collect();
    assert_eq!(fetched, ["http://192.168.1.5:7890/A.txt", "http://192.168.1.5:7890/b.txt"]);
    assert!(!screen.shows("marked · HTTP") && !screen.row_containing("A.txt").starts_with(" ✓"));
}

#[test]
fn a_mark_is_taken_away_with_the_key_that_set_it() {
    let mut screen = with_folder();
    screen.press("down down space up space");
    assert!(!screen.shows("marked · HTTP"));
}

#[test]
fn what_is_neither_a_file_nor_a_folder_is_neither_marked_nor_downloaded() {
    let mut screen = with_folder();
    screen.press("end");
    assert_eq!(selected(&screen), "queue");
    for key in ["space", "d", "enter"] {
        screen.press(key);
        assert!(screen.shows("neither a file nor a folder"), "{key}");
    }
    screen.press("up");
    assert!(!screen.shows("neither a file"), "said once");
    assert_eq!(screen.effects(), []);
}

#[test]
fn a_click_selects_and_another_opens() {
    let mut screen = with_folder();
    screen.click_on("b.txt");
    assert_eq!(selected(&screen), "b.txt");
    assert_eq!(screen.effects(), []);
    screen.click_on("b.txt");
    assert_eq!(screen.fetches()[0].1.to_string(), "http://192.168.1.5:7890/b.txt");
    screen.click(10, 15);
    assert_eq!(selected(&screen), "b.txt", "nothing stands there");
    screen.turn_wheel(MouseAction::ScrollUp, 10, 10);
    assert_eq!(selected(&screen), "pictures/");
}

#[test]
fn a_long_folder_scrolls_and_the_selection_stays_in_view() {
    let mut screen = Screen::new(40, 10);
    screen.opens(SERVER, (0..100).map(|n| file(format!("file {n:02}"), n)).collect());
    for (key, expected) in [("end", "file 99"), ("up", "file 98"), ("pageup", "file 92"), ("home", "file 00")]
    {
        screen.press(key);
        assert!(screen.row_containing(expected).starts_with('▌'), "{key}");
    }
}

#[test]
fn a_password_in_an_address_goes_to_that_server_and_is_seen_no_more() {
    let mut screen = Screen::new(80, 24);
    screen.press("f3 ctrl+l ctrl+a ctrl+k");
    screen.type_text("https://me:secret@192.168.1.5:7890/a/");
    screen.press("enter");
    let effects = screen.effects();
    let [Effect::Authorize { origin, credentials: Some(me) }, Effect::Browse { source, .. }] = &effects[..]
    else {
        panic!("{effects:?}");
    };
    assert_eq!((me.user(), me.password()), ("me", "secret"));
    assert_eq!(origin.to_string(), "https://192.168.1.5:7890");
    assert_eq!(source.to_string(), "https://192.168.1.5:7890/a/");
    assert!(screen.shows("https://192.168.1.5:7890/a/") && !screen.shows("secret"));
    screen.press("ctrl+l");
    assert!(!screen.shows("secret"));
    assert!(!format!("{effects:?}").contains("secret"));
}

#[test]
fn esc_stops_the_question_and_a_late_answer_changes_nothing() {
    let mut screen = with_folder();
    screen.press("enter");
    let (request, source) = screen.asks();
    screen.press("esc");
    assert_eq!(screen.effects(), [Effect::Forget(request)]);
    assert!(!screen.shows("asking"));
    screen.is_listed(request, &source, vec![file("late", 1)]);
    assert!(!screen.shows("late") && screen.shows("A.txt"));
}

#[test]
fn a_new_question_makes_the_one_before_it_void() {
    let mut screen = Screen::new(80, 24);
    let (first, _) = asked(&mut screen, "10.0.0.1");
    screen.press("ctrl+l ctrl+u");
    screen.type_text("10.0.0.2");
    screen.press("enter");
    let effects = screen.effects();
    let [Effect::Forget(forgotten), Effect::Browse { request: second, .. }] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(*forgotten, first);
    screen.is_told(Event::Browse(first, BrowseEvent::Failed(Fault::Refused)));
    assert!(screen.shows("asking"));
    screen.is_told(Event::Browse(*second, BrowseEvent::Failed(Fault::Refused)));
    assert!(screen.shows("10.0.0.2:7890/: nobody listens on that port there"));
}

#[test]
fn a_failure_says_what_can_be_done_and_the_folder_from_before_is_still_there() {
    let mut screen = with_folder();
    screen.press("enter");
    let (request, _) = screen.asks();
    screen.is_told(Event::Browse(request, BrowseEvent::Failed(Fault::Status(404))));
    assert!(screen.shows("http://192.168.1.5:7890/pictures/: the server has no such file (HTTP 404)"));
    assert!(screen.shows("R tries again · Ctrl+L another address · Esc back"));
    screen.press("r");
    let (request, source) = screen.asks();
    assert_eq!(source, "http://192.168.1.5:7890/pictures/");
    screen.is_told(Event::Browse(request, BrowseEvent::Failed(Fault::Reset)));
    screen.press("esc");
    assert_eq!(selected(&screen), "pictures/");
}

#[test]
fn asking_again_keeps_the_selection() {
    let mut screen = with_folder();
    screen.press("down down down r");
    let (request, source) = screen.asks();
    screen.is_listed(request, &source, vec![file("0 new", 1), file("A.txt", 1), file("b.txt", 1)]);
    assert_eq!(selected(&screen), "b.txt");
}

#[test]
fn a_wrong_address_of_a_server_is_explained_in_place_and_kept() {
    let mut screen = with_folder();
    for (typed, explained) in [
        ("", "Type an address"),
        ("ftp://192.168.1.5", "hobnob does not speak “ftp”"),
        ("192.168.1.5:0", "“0” is no port"),
        ("http://192.168.1.5:70000/", "“70000” is no port"),
    ] {
        screen.press("ctrl+l ctrl+a ctrl+k");
        screen.type_text(typed);
        screen.press("enter");
        assert!(screen.rows()[2].starts_with(" ✗ ") && screen.rows()[2].contains(explained), "{typed:?}");
        assert_eq!(screen.state.files.bar.field.text(), typed);
        assert_eq!(screen.effects(), []);
    }
    screen.press("esc");
    assert!(screen.rows()[1].contains(SERVER) && !screen.shows("✗"));
}

#[test]
fn an_unknown_server_that_turns_out_to_be_plain_is_asked_for_a_file_by_its_name() {
    let mut screen = Screen::new(80, 24);
    let (request, _) = asked(&mut screen, "192.168.1.5");
    screen.is_told(Event::Browse(request, BrowseEvent::Plain));
    assert!(screen.rows()[1].contains("plain://192.168.1.5:7890/") && screen.shows("it has no list"));
    screen.type_text("a/第一讲.pdf");
    assert_eq!(screen.caret(), Some((24, 2)));
    screen.press("enter");
    let (_, source) = screen.fetches().remove(0);
    assert_eq!(source.scheme, Scheme::Plain);
    assert_eq!(source.path.name(), "a/第一讲.pdf".as_bytes());
    assert!(screen.row_containing("asking").contains("第一讲.pdf"));
}

#[test]
fn a_plain_server_that_is_named_as_one_is_not_probed() {
    let mut screen = Screen::new(80, 24);
    screen.press("f3 ctrl+l");
    screen.type_text("plain://192.168.1.5/notes.pdf");
    screen.press("enter");
    assert_eq!(screen.effects(), []);
    assert!(screen.rows()[2].contains("notes.pdf"), "its path is the name of the file");
    screen.press("enter");
    assert_eq!(screen.fetches()[0].1.to_string(), "plain://192.168.1.5:7890/notes.pdf");
}

#[test]
fn names_that_a_plain_server_really_had_are_offered_from_then_on() {
    let mut screen = Screen::new(80, 24);
    screen.press("f3 ctrl+l");
    screen.type_text("plain://192.168.1.5");
    screen.press("enter");
    for (name, exists) in [("notes.pdf", true), ("nothing", false), ("第一讲.pdf", true)] {
        screen.type_text(name);
        screen.press("enter");
        let (id, _) = screen.fetches().remove(0);
        let end = if exists {
            finished("/x", 1, Duration::ZERO)
        } else {
            TransferEvent::Failed(Fault::NothingSent)
        };
        screen.hears_of(id, end);
    }
    assert!(screen.row_containing("第一讲.pdf").ends_with("fetched before       "));
    assert!(screen.shows("notes.pdf") && !screen.rows()[3..6].iter().any(|row| row.contains("nothing")));
    screen.type_text("NOT");
    assert!(screen.rows()[3].contains("notes.pdf") && !screen.rows()[4].contains("fetched before"));
    screen.press("down enter");
    assert_eq!(screen.fetches()[0].1.path.name(), b"notes.pdf");
}

#[test]
fn a_server_that_was_open_before_is_found_again() {
    let mut screen = with_folder();
    screen.press("f2 ctrl+g");
    screen.type_text("168.1.5");
    screen.press("enter");
    assert_eq!(screen.asks().1, SERVER);
    assert!(screen.rows()[1].starts_with(" From "));
}

#[test]
fn a_folder_is_bookmarked_and_found_again_before_what_was_open_lately() {
    let mut screen = with_folder();
    screen.press("b");
    assert!(screen.shows("★ http://192.168.1.5:7890/pictures/ is a bookmark now; B takes that back"));
    assert!(screen.row_containing("pictures/ ★").starts_with('▌'));
    screen.press("end b");
    assert!(screen.rows()[1].contains(" ★ · HTTP · "), "of what is no folder the open folder is meant");
    screen.press("b");
    assert!(screen.shows("http://192.168.1.5:7890/ is no bookmark any more"));
    assert!(!screen.rows()[1].contains('★'));
    screen.restarts();
    screen.press("ctrl+g");
    let place = |text| screen.picture().place_of(text).1;
    assert!(place("★ http://192.168.1.5:7890/pictures/") < place("server │"));
    screen.type_text("pict");
    screen.press("enter");
    assert_eq!(screen.asks().1, "http://192.168.1.5:7890/pictures/");
}

#[test]
fn of_a_server_whose_list_cannot_be_read_a_file_is_taken_by_its_name() {
    for fault in [Fault::NoListing, Fault::IsFile] {
        let mut screen = Screen::new(80, 24);
        let (request, _) = asked(&mut screen, "192.168.1.5:80/a.txt");
        let is_file = fault == Fault::IsFile;
        screen.is_told(Event::Browse(request, BrowseEvent::Failed(fault)));
        if is_file {
            let (request, folder) = screen.asks();
            assert_eq!(folder, "http://192.168.1.5/");
            screen.is_told(Event::Browse(request, BrowseEvent::Failed(Fault::NoListing)));
        }
        assert!(screen.shows("File name  a.txt") && screen.shows("HTTP · no list that can be read"));
        screen.press("enter");
        let [Effect::Fetch { job, .. }] = &screen.effects()[..] else { panic!("nothing was asked for") };
        assert_eq!(job.source.to_string(), "http://192.168.1.5/a.txt");
    }
}

#[test]
fn a_file_that_no_list_names_is_taken_as_its_address_was_given_until_another_name_is_typed() {
    for (address, name) in [("/get?id=5", "get"), ("/caf%E9.txt", "caf\u{fffd}.txt"), ("/a%2Fb", "a/b")] {
        let address = format!("http://192.168.1.5{address}");
        for typed in ["", "x"] {
            let mut screen = Screen::new(80, 24);
            let (request, _) = asked(&mut screen, &address);
            screen.is_told(Event::Browse(request, BrowseEvent::Failed(Fault::IsFile)));
            let (request, folder) = screen.asks();
            screen.is_listed(request, &folder, vec![file("other", 1)]);
            assert!(screen.shows(&format!("File name  {name}")));
            screen.type_text(typed);
            screen.press("enter");
            let effects = screen.effects();
            let [Effect::Fetch { job, .. }] = &effects[..] else { panic!("{effects:?}") };
            let wanted = Source::parse(&address).unwrap();
            let other = wanted.at(Name::from_name(format!("{name}x").as_bytes()));
            assert_eq!(job.source, if typed.is_empty() { wanted } else { other });
        }
    }
}

#[test]
fn a_server_that_does_not_answer_is_named_and_the_one_before_comes_back_with_its_field() {
    let mut screen = Screen::new(80, 24);
    let (request, _) = asked(&mut screen, "192.168.1.5");
    screen.is_told(Event::Browse(request, BrowseEvent::Plain));
    let (request, _) = asked(&mut screen, "192.168.1.9");
    screen.is_told(Event::Browse(request, BrowseEvent::Failed(Fault::Refused)));
    assert!(screen.rows()[1].starts_with(" From  192.168.1.9:7890/ "));
    screen.press("esc");
    assert!(screen.rows()[1].starts_with(" From  plain://192.168.1.5:7890/ "));
    screen.type_text("notes.pdf");
    assert!(screen.shows("File name  notes.pdf"));
}

#[test]
fn what_is_being_typed_stays_and_goes_on_when_a_list_comes_meanwhile() {
    let mut screen = with_folder();
    screen.press("enter");
    let (request, source) = screen.asks();
    screen.press("/");
    screen.type_text("da");
    screen.is_listed(request, &source, vec![file("a", 1), file("data.txt", 2), file("x", 3)]);
    assert_eq!(names(&screen), ["../", "data.txt"]);
    screen.type_text("ta.tx");
    assert_eq!(screen.effects(), [], "no letter is a command");
    assert!(screen.rows()[2].starts_with(" Filter  data.tx "));
    screen.press("enter d");
    assert_eq!(screen.fetches()[0].1.to_string(), format!("{source}data.txt"));

    screen.press("esc r");
    let (request, source) = screen.asks();
    screen.press(":");
    screen.type_text("da");
    screen.is_listed(request, &source, vec![folder("data"), file("x", 3)]);
    screen.type_text("ta/x");
    assert_eq!(screen.effects(), []);
    assert!(screen.rows()[1].starts_with(" Path  data/x "));
    screen.press("enter");
    assert_eq!(screen.asks().1, format!("{source}data/x"));
}

/// A folder of one server is open, and another server does not answer.
fn with_failure() -> Screen {
    let mut screen = with_folder();
    screen.press("end up");
    let (request, _) = asked(&mut screen, "10.0.0.9");
    screen.is_told(Event::Browse(request, BrowseEvent::Failed(Fault::Refused)));
    screen
}

#[test]
fn behind_a_failure_nothing_is_done_with_what_cannot_be_seen() {
    let mut screen = with_failure();
    for key in
        ["d", "space", "b", "i", "enter", "right", "left", "z", "/", ":", "s", ".", "down", "tab", "up"]
    {
        screen.press(key);
        assert_eq!(screen.effects(), [], "{key}");
        assert!(screen.shows("nobody listens on that port there"), "{key}");
        assert!(screen.state.notice.is_none() && screen.caret().is_none(), "{key}");
    }
    for _ in 0..2 {
        screen.click(10, 2);
        screen.click(10, 7);
        screen.turn_wheel(MouseAction::ScrollUp, 10, 7);
    }
    assert_eq!(screen.effects(), []);
    screen.press("esc");
    assert_eq!(names(&screen), ["pictures/", "作业/", "A.txt", "b.txt", "c.tar.gz", "queue"]);
    assert_eq!(selected(&screen), "c.tar.gz");
    assert!(!screen.shows("1 marked") && !screen.shows("★"));
}

#[test]
fn what_a_failure_offers_works() {
    let mut screen = with_failure();
    screen.press("r");
    assert_eq!(screen.asks().1, "10.0.0.9:7890/");
    let mut screen = with_failure();
    screen.press("alt+left");
    assert_eq!(selected(&screen), "c.tar.gz");
}

#[test]
fn a_filter_that_is_being_typed_stays_in_view_when_the_question_fails() {
    let mut screen = with_folder();
    screen.press("enter");
    let (request, _) = screen.asks();
    screen.press("/");
    screen.type_text("te");
    screen.is_told(Event::Browse(request, BrowseEvent::Failed(Fault::Status(404))));
    screen.type_text("x");
    assert!(screen.rows()[2].starts_with(" Filter  tex ") && screen.caret() == Some((12, 2)));
    screen.press("enter r");
    assert_eq!(screen.asks().1, format!("{SERVER}pictures/"), "no letter but the last was a command");
}

#[test]
fn the_name_of_a_file_is_typed_only_for_the_server_that_is_named() {
    let mut screen = Screen::new(80, 24);
    let (request, _) = asked(&mut screen, "192.168.1.5");
    screen.is_told(Event::Browse(request, BrowseEvent::Plain));
    let (request, _) = asked(&mut screen, "192.168.1.9");
    screen.press("tab n o enter");
    assert!(screen.caret().is_none() && screen.effects().is_empty());
    screen.is_told(Event::Browse(request, BrowseEvent::Failed(Fault::Refused)));
    screen.press("tab n o enter");
    assert!(screen.caret().is_none() && screen.effects().is_empty());
    screen.press("alt+left n o enter");
    assert_eq!(screen.fetches()[0].1.to_string(), "plain://192.168.1.5:7890/no");
}

#[test]
fn who_leaves_the_address_bar_leaves_what_is_wrong_there_too() {
    let mut screen = with_folder();
    for leave in ["tab", "click"] {
        screen.press("ctrl+l ctrl+u");
        screen.type_text("ftp://x");
        screen.press("enter");
        assert!(screen.shows("✗"), "{leave}");
        if leave == "click" {
            screen.click_on("b.txt");
        } else {
            screen.press(leave);
        }
        assert!(!screen.shows("✗") && screen.caret().is_none(), "{leave}");
        screen.press("ctrl+l");
        assert_eq!(screen.state.files.bar.field.text(), SERVER, "{leave}");
        screen.press("esc");
    }
}

#[test]
fn an_address_that_is_being_typed_is_not_taken_away() {
    let mut screen = with_folder();
    screen.press("ctrl+l ctrl+u");
    screen.type_text("192.168");
    screen.press("ctrl+l");
    screen.click(20, 1);
    screen.press("f4 ctrl+l");
    assert_eq!(screen.state.files.bar.field.text(), "192.168");
}

#[test]
fn what_is_pasted_behind_a_completed_name_stays() {
    let mut screen = with_folder();
    screen.press(":");
    screen.type_text("pi");
    screen.press("tab");
    screen.paste("2026");
    screen.press("tab");
    assert!(screen.rows()[1].starts_with(" Path  pictures/2026 "));
}

#[test]
fn the_name_that_is_chosen_stays_so_when_another_download_ends() {
    let mut screen = Screen::new(80, 24);
    screen.press("f3 ctrl+l");
    screen.type_text("plain://192.168.1.5");
    screen.press("enter");
    let fetches = |screen: &mut Screen, name| {
        screen.type_text(name);
        screen.press("enter");
        screen.fetches().remove(0).0
    };
    for name in ["notes.pdf", "b.txt"] {
        let id = fetches(&mut screen, name);
        screen.hears_of(id, finished("/x", 1, Duration::ZERO));
    }
    let big = fetches(&mut screen, "big.bin");
    screen.press("down down");
    assert!(screen.row_containing("fetched before").contains("b.txt"));
    assert!(screen.rows()[4].starts_with("▌  notes.pdf"));
    screen.hears_of(big, finished("/x", 1, Duration::ZERO));
    assert!(screen.rows()[5].starts_with("▌  notes.pdf"));
    screen.press("up down enter");
    let (notes, source) = screen.fetches().remove(0);
    assert_eq!(source.path.name(), b"notes.pdf");
    screen.hears_of(notes, finished("/x", 1, Duration::ZERO));
    screen.press("down");
    screen.paste("b");
    screen.press("enter");
    assert_eq!(screen.fetches()[0].1.path.name(), b"b", "what was pasted is meant");
}

#[test]
fn where_no_entry_is_selected_it_is_said_that_one_has_to_be() {
    let mut screen = with_folder();
    let says = |screen: &mut Screen| {
        for key in ["space", "d", "z"] {
            screen.press(key);
            assert!(screen.shows("Select a file or a folder first"), "{key}");
            assert_eq!(screen.effects(), [], "{key}");
        }
    };
    screen.press("/ z z enter");
    says(&mut screen);
    screen.press("esc home enter");
    let (request, source) = screen.asks();
    screen.is_listed(request, &source, vec![file("a", 1)]);
    screen.press("up");
    assert_eq!(selected(&screen), "../");
    says(&mut screen);
}

#[test]
fn what_may_be_a_folder_is_opened_where_it_is_one_and_else_downloaded() {
    let mut screen = Screen::new(80, 24);
    let unsure = |name| Entry { may_be_folder: true, ..file(name, 1) };
    screen.opens(SERVER, vec![unsure("a"), unsure("b")]);
    screen.press("enter");
    let (request, source) = screen.asks();
    assert_eq!(source, "http://192.168.1.5:7890/a");
    screen.is_told(Event::Browse(request, BrowseEvent::Failed(Fault::IsFile)));
    let fetched: Vec<_> = screen.fetches().into_iter().map(|(_, source)| source.to_string()).collect();
    assert_eq!(fetched, ["http://192.168.1.5:7890/a"]);
    assert_eq!(names(&screen)[..2], ["a", "b"], "the folder stays open");
    screen.press("down enter");
    let (request, source) = screen.asks();
    assert_eq!(source, "http://192.168.1.5:7890/b");
    screen.is_listed(request, "http://192.168.1.5:7890/b/", vec![file("inside", 1)]);
    assert_eq!(names(&screen), ["../", "inside"]);
}

#[test]
fn a_file_of_a_list_that_is_a_folder_is_downloaded_with_all_that_is_in_it() {
    let mut screen = Screen::new(80, 24);
    screen.opens(SERVER, vec![file("a", 1)]);
    screen.press("d");
    let (transfer, _) = screen.fetches().remove(0);
    screen.hears_of(transfer, TransferEvent::Failed(Fault::IsFolder));
    let walks: Vec<_> =
        screen.effects().into_iter().filter(|effect| matches!(effect, Effect::Walk { .. })).collect();
    let Ok([Effect::Walk { source, .. }]) = <[_; 1]>::try_from(walks) else { panic!("one walk") };
    assert_eq!(source.to_string(), "http://192.168.1.5:7890/a/");
}
