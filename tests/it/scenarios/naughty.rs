//! Everything that is known to break programs that show text: the Big List of Naughty Strings, and every character that
//! controls, reorders, or is not to be seen.

use hobnob::event::Event;
use hobnob::text::{clean_line, clean_text};

use super::{LIN, SERVER, STRANGER};
use crate::support::screen::{Screen, file, started};

/// <https://github.com/minimaxir/big-list-of-naughty-strings>, under the licence beside it.
fn strings() -> Vec<String> {
    serde_json::from_str(include_str!("../naughty/blns.json")).unwrap()
}

/// C0, DEL and C1 (ECMA-48), the bidi controls (UAX #9), the line and paragraph separators, and all that Unicode lists as
/// `Default_Ignorable_Code_Point`, which takes no room.
fn invisible() -> Vec<char> {
    let ranges = [
        0x00..=0x1F,
        0x7F..=0x9F,
        0xAD..=0xAD,
        0x34F..=0x34F,
        0x61C..=0x61C,
        0x115F..=0x1160,
        0x17B4..=0x17B5,
        0x180B..=0x180F,
        0x200B..=0x200F,
        0x2028..=0x202E,
        0x2060..=0x206F,
        0x3164..=0x3164,
        0xFE00..=0xFE0F,
        0xFEFF..=0xFEFF,
        0xFFA0..=0xFFA0,
        0xFFF0..=0xFFFB,
        0x1_BCA0..=0x1_BCA3,
        0x1_D173..=0x1_D17A,
        0xE_0000..=0xE_0FFF,
    ];
    ranges.into_iter().flatten().filter_map(char::from_u32).collect()
}

/// The strings, and the characters between letters, some at a time.
pub(crate) fn all() -> Vec<String> {
    let characters = invisible();
    let between = characters.chunks(12).map(|some| {
        let words: Vec<String> = some.iter().map(|character| format!("a{character}b")).collect();
        words.join(" ")
    });
    strings().into_iter().chain(between).collect()
}

/// The line between the peers and the conversation, and the frame of the composer, stand.
#[track_caller]
fn assert_layout_stands(screen: &Screen, naughty: &str) {
    let picture = screen.picture();
    for row in 2..26 {
        assert_eq!(
            picture.symbol_at(20, row),
            "│",
            "row {row} with {naughty:?}:\n{}",
            screen.rows().join("\n")
        );
    }
    assert_eq!((picture.symbol_at(0, 26), picture.symbol_at(99, 26)), ("┌", "┐"), "{naughty:?}");
    assert_eq!((picture.symbol_at(0, 28), picture.symbol_at(99, 28)), ("└", "┘"), "{naughty:?}");
}

#[test]
fn as_messages_they_leave_the_layout_as_it_is() {
    let mut screen = Screen::new(100, 30);
    screen.knows(LIN, "lin");
    for naughty in all() {
        screen.hears(LIN, &naughty);
        screen.hears(LIN, "after");
        assert_layout_stands(&screen, &naughty);
        let rows = screen.rows();
        let last = rows[2..26].iter().rfind(|row| row.contains("10:21")).unwrap();
        assert!(last.contains("│ 10:21 lin         after  "), "{naughty:?}: {last}");
    }
}

#[test]
fn as_the_name_of_a_peer_they_leave_the_layout_as_it_is() {
    let mut screen = Screen::new(100, 30);
    screen.knows(STRANGER, "x");
    screen.hears(STRANGER, "hello");
    for naughty in all() {
        screen.knows(STRANGER, &naughty);
        assert_layout_stands(&screen, &naughty);
    }
}

#[test]
fn as_the_name_of_a_file_they_leave_the_columns_as_they_are() {
    for naughty in all().chunks(20) {
        let mut screen = Screen::new(100, 30);
        let names = naughty.iter().filter(|name| !name.is_empty() && !name.contains(['/', '\0']));
        screen.opens(SERVER, names.map(|name| file(name, 66)).collect());
        let shown = screen.rows();
        for row in shown[3..].iter().filter(|row| row.contains("66 B")) {
            let columns: String = row.chars().rev().take(29).collect::<Vec<_>>().into_iter().rev().collect();
            assert!(columns.trim_start().starts_with("66 B"), "{row}");
        }
        screen.press("down d");
        for (id, _) in screen.fetches() {
            screen.hears_of(id, started(None));
        }
        screen.is_told(Event::Wake);
        assert!(screen.rows().iter().all(|row| !row.chars().any(char::is_control)));
    }
}

#[test]
fn nothing_of_them_disappears_without_a_trace() {
    // What joins emoji, and what chooses between two looks of the same character, changes nothing by itself.
    let looks = |character: char| matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{e0100}'..='\u{e01ef}');
    for character in invisible().into_iter().filter(|character| !looks(*character) && *character != '\n') {
        let shown = clean_line(character.to_string().as_bytes());
        assert!(hobnob::text::width::width(&shown) > 0, "U+{:04X}", u32::from(character));
        assert!(!shown.contains(character), "U+{:04X} is shown as it is", u32::from(character));
        assert!(
            !clean_text(format!("x{character}y").as_bytes()).chars().any(|c| c.is_control() && c != '\n')
        );
    }
}
