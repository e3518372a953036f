//! Text of somebody who means no good: wherever it is shown, it is only shown.

use hobnob::event::{BrowseEvent, ChatEvent, Event, Fault, Listing, TransferEvent};
use hobnob::text::clean_line;
use hobnob::wire::source::{Path, Source};

use super::{LIN, SERVER, STRANGER};
use crate::support::screen::{Screen, file, finished};

/// What acts on a terminal, forges a line, turns the writing round, hides, or is endless; and what of it is shown.
fn attacks() -> Vec<(Vec<u8>, &'static str)> {
    let mut attacks: Vec<(Vec<u8>, &str)> = [
        (&b"\x1b[2J\x1b[31mred"[..], "␛[2J␛[31mred"),
        (b"\x1b]0;title\x07", "␛]0;title␇"),
        (b"\x1b]8;;http://x\x1b\\link", "␛]8;;http://x␛\\link"),
        (b"\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        (b"\x1bP$q\x1b\\", "␛P$q␛\\"),
        (b"\x1bc", "␛c"),
        ("\u{9b}2J\u{9d}0;t\u{9c}".as_bytes(), "<U+009B>2J<U+009D>0;t<U+009C>"),
        (b"\x9b2J\x900;t\x9c", "\\x9b2J\\x900;t\\x9c"),
        (b"hi\r10:22 me  I owe you", "hi␍10:22 me  I owe you"),
        (b"ok\x08\x08no", "ok␈␈no"),
        ("hi\u{2028}10:22 me  yes".as_bytes(), "hi<U+2028>10:22 me  yes"),
        ("gpj.\u{202e}exe".as_bytes(), "gpj.<U+202E>exe"),
        ("\u{2066}\u{2069}\u{200f}".as_bytes(), "<U+2066><U+2069><U+200F>"),
        (b"NUL\0NUL", "NUL␀NUL"),
        ("a\u{200b}\u{ad}\u{feff}b".as_bytes(), "a<U+200B><U+00AD><U+FEFF>b"),
        (b"\xff\xfe\xe4\xbd", "\\xff\\xfe\\xe4\\xbd"),
        ("\u{301}alone".as_bytes(), "◌\u{301}alone"),
        ("☎\u{fe0f}".as_bytes(), "☎"),
        ("│┌─┐ ▌✓".as_bytes(), "│┌─┐ ▌✓"),
    ]
    .into_iter()
    .map(|(bytes, shown)| (bytes.to_vec(), shown))
    .collect();
    attacks.push((format!("e{}", "\u{301}".repeat(1000)).into_bytes(), "<+985>"));
    attacks.push(("\u{1100}".repeat(2000).into_bytes(), "<+1996>"));
    attacks
}

/// Whether all rows are the same but these.
#[track_caller]
fn assert_only_differs(before: &[String], after: &[String], rows: &[usize]) {
    for (at, (before, after)) in before.iter().zip(after).enumerate() {
        assert!(rows.contains(&at) || before == after, "row {at}:\n{before}\n{after}");
    }
}

#[test]
fn in_a_message_it_is_shown_and_changes_nothing_around_it() {
    let screen_with = |bytes: &[u8]| {
        let mut screen = Screen::new(100, 30);
        screen.knows(LIN, "lin");
        screen.hears(LIN, "before");
        screen.hears(LIN, bytes);
        screen.hears(LIN, "after");
        screen.rows()
    };
    let innocent = screen_with(b"innocent");
    for (bytes, shown) in attacks() {
        let rows = screen_with(&bytes);
        assert_only_differs(&innocent, &rows, &[4]);
        assert!(rows[4].starts_with(&innocent[4][..innocent[4].find("innocent").unwrap()]), "{}", rows[4]);
        assert!(rows[4].contains(shown), "{shown}: {}", rows[4]);
    }
}

#[test]
fn a_message_of_line_feeds_stays_below_its_name() {
    let mut screen = Screen::new(100, 30);
    screen.hears(LIN, "one\r\n10:22 me          forged\n\n\nend");
    let forged = screen.row_containing("forged");
    // The time and the name of a message stand to the left of this column.
    assert!(forged.contains("│                   10:22 me"), "{forged}");
    assert!(screen.shows("                   end "));
}

#[test]
fn an_empty_datagram_is_shown_as_one() {
    let mut screen = Screen::new(100, 30);
    screen.hears(LIN, "");
    assert!(screen.shows("(empty datagram)"));
}

#[test]
fn the_largest_datagram_is_shown_from_its_beginning_to_its_end() {
    let mut screen = Screen::new(100, 30);
    screen.hears(LIN, format!("begin {} end", "x".repeat(65_507 - 10)));
    assert!(screen.shows("x end "));
    screen.press("tab home");
    assert!(screen.shows(" begin "));
    assert!(screen.shows("▼ 1 more below"));
}

#[test]
fn in_a_file_name_it_is_shown_and_the_columns_stand() {
    let screen_with = |bytes: &[u8]| {
        let mut screen = Screen::new(100, 30);
        screen.opens(SERVER, vec![file(bytes, 66), file("0 before", 1), file("\u{10fffd} after", 2)]);
        screen.press("down d");
        screen.rows()
    };
    let innocent = screen_with(b"innocent");
    for (bytes, shown) in attacks() {
        let rows = screen_with(&bytes);
        let of_name = rows.iter().position(|row| row.starts_with('▌')).unwrap();
        assert_only_differs(&innocent, &rows, &[of_name, 28]);
        let facts = |row: &String| row.chars().rev().take(29).collect::<String>();
        assert_eq!(facts(&rows[of_name]), facts(&innocent[of_name]));
        assert!(rows[of_name].contains(shown), "{shown}: {}", rows[of_name]);
        assert!(rows[28].contains(" asking "), "{}", rows[28]);
    }
}

#[test]
fn in_the_name_of_a_peer_it_is_shown_and_the_dividing_line_stands() {
    for (bytes, _) in attacks() {
        let mut screen = Screen::new(100, 30);
        screen.knows(STRANGER, "x");
        let name = String::from_utf8_lossy(&bytes).into_owned();
        screen.knows(LIN, &name);
        screen.hears(LIN, "hello");
        screen.press("alt+2");
        let picture = screen.picture();
        assert!((2..26).all(|row| picture.symbol_at(20, row) == "│"), "{name:?}");
        screen.press("ctrl+g");
        assert!(screen.shows(" peer │"));
    }
}

#[test]
fn in_the_place_of_a_folder_it_is_shown_and_the_bar_stands() {
    for (bytes, _) in attacks() {
        let mut screen = Screen::new(100, 30);
        screen.press("f3 ctrl+l");
        screen.type_text("192.168.1.5");
        screen.press("enter");
        let (request, _) = screen.asks();
        let top = Source::parse(SERVER).unwrap();
        let source = top.at(top.path.join(&bytes).folder());
        screen.is_told(Event::Browse(
            request,
            BrowseEvent::Listed(Listing {
                source,
                entries: vec![],
                is_cut: false,
                unlisted: hobnob::event::Unlisted::default(),
            }),
        ));
        let rows = screen.rows();
        assert!(rows[1].starts_with(" From  http://192.168.1.5:7890/"), "{}", rows[1]);
        // What is too long for the bar ends in an ellipsis.
        let shown = clean_line(&[b"/", &bytes[..], b"/ "].concat());
        assert!(rows[1].contains(&*shown) || rows[1].contains('…'), "{shown}: {}", rows[1]);
        assert!(rows[2].starts_with("   Name ▴ ") && rows[3].starts_with("▌  ../ "));
        screen.press("ctrl+g");
        assert!(screen.shows(" server │"));
    }
}

#[test]
fn in_an_error_of_the_system_and_in_the_place_of_a_file_it_is_only_shown() {
    for (bytes, _) in attacks() {
        let mut screen = Screen::new(100, 30);
        screen.knows(LIN, "lin");
        let id = screen.sends("hello");
        let fault = Fault::Network(clean_line(&bytes));
        screen.is_told(Event::Chat(ChatEvent::Failed(id, fault.clone())));
        assert!(screen.shows("not sent: the network says: "));
        screen.opens(SERVER, vec![file("a", 1), file("b", 2)]);
        screen.press("space space d");
        let ids = screen.fetches();
        screen.hears_of(ids[0].0, TransferEvent::Failed(fault));
        let path = String::from_utf8_lossy(&bytes).into_owned();
        screen.hears_of(ids[1].0, finished(path, 2, std::time::Duration::ZERO));
        assert!(screen.shows("failed: the network says: ") && screen.shows("2 B in "));
        assert!(screen.rows()[28].ends_with(" 0:00 "));
    }
}

#[test]
fn a_path_that_is_hostile_is_asked_for_as_it_is() {
    let mut screen = Screen::new(100, 30);
    screen.opens(SERVER, vec![file(b"a\x1b[2J\xff.txt", 1)]);
    screen.press("enter");
    let (_, source) = screen.fetches().remove(0);
    assert_eq!(source.path, Path::from_name(b"a\x1b[2J\xff.txt"));
    assert_eq!(source.path.encoded(), "/a%1B%5B2J%FF.txt");
}
