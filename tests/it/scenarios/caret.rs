//! The caret stands where the next character goes: input methods open there.

use super::LIN;
use crate::support::screen::Screen;

/// The composer's only row on a screen of 80 by 24; its text begins in column 2 and has 76 columns.
const ROW: u16 = 21;

fn after(text: &str, keys: &str) -> Option<(u16, u16)> {
    let mut screen = Screen::new(80, 24);
    screen.knows(LIN, "lin");
    screen.writes(text);
    keys.split_terminator(' ').for_each(|key| screen.press(key));
    screen.caret()
}

#[test]
fn it_stands_behind_what_was_typed_however_wide_that_is() {
    for (text, column) in [
        ("", 2),
        ("hello", 7),
        ("你好", 6),
        ("e\u{301}x", 4),
        ("👨‍👩‍👧‍👦", 4),
        ("👍🏽🇩🇪", 6),
        ("❤\u{fe0f}", 3),
        ("שלום", 6),
        ("\t", 6),
        ("a\u{200b}", 11),
    ] {
        assert_eq!(after(text, ""), Some((column, ROW)), "{text:?}");
    }
}

#[test]
fn it_stands_before_the_character_in_the_middle() {
    assert_eq!(after("你好吗", "left"), Some((6, ROW)));
    assert_eq!(after("你好吗", "left left"), Some((4, ROW)));
    assert_eq!(after("a👨‍👩‍👧‍👦b", "left left"), Some((3, ROW)));
    assert_eq!(after("abc", "home"), Some((2, ROW)));
}

#[test]
fn behind_a_full_line_it_stands_at_the_beginning_of_the_next() {
    assert_eq!(after(&"x".repeat(75), ""), Some((2 + 75, ROW)));
    assert_eq!(after(&"x".repeat(76), ""), Some((2, ROW)));
    assert_eq!(after(&"你".repeat(38), ""), Some((2, ROW)));
    // The last column is too narrow for a wide character.
    assert_eq!(after(&format!("{}你", "x".repeat(75)), ""), Some((4, ROW)));
    assert_eq!(after(&format!("{}\n", "x".repeat(76)), ""), Some((2, ROW)));
}

#[test]
fn the_next_character_appears_exactly_where_it_stands() {
    for text in ["", "hello", "你好", "e\u{301}", "a\n", "long enough to be wrapped 你好 ".repeat(5).as_str()]
    {
        let mut screen = Screen::new(80, 24);
        screen.knows(LIN, "lin");
        screen.writes(text);
        let caret = screen.caret().unwrap();
        screen.type_text("Ж");
        assert_eq!(screen.picture().place_of("Ж"), caret, "{text:?}");
    }
}

#[test]
fn in_a_field_of_one_line_the_text_moves_so_that_the_caret_stays_in_view() {
    let mut screen = Screen::new(40, 10);
    screen.press("ctrl+l");
    screen.type_text(&"0123456789".repeat(10));
    assert_eq!(screen.caret(), Some((38, 1)));
    assert!(screen.rows()[1].ends_with("456789  "), "{:?}", screen.rows()[1]);
    screen.press("home");
    assert_eq!(screen.caret(), Some((5, 1)));
    assert!(screen.rows()[1].starts_with(" To  0123456789"));
    screen.press("end left");
    assert_eq!(screen.caret(), Some((38, 1)));
    screen.press("ctrl+u ctrl+k");
    screen.type_text(&"地址".repeat(30));
    let (column, row) = screen.caret().unwrap();
    assert!((37..=38).contains(&column) && row == 1, "{column}");
}

#[test]
fn it_is_where_the_input_goes_and_nowhere_else() {
    let mut screen = Screen::new(80, 24);
    screen.knows(LIN, "lin");
    assert_eq!(screen.caret(), Some((2, ROW)));
    screen.press("tab");
    assert_eq!(screen.caret(), None, "walking through the conversation");
    screen.press("tab f1");
    assert_eq!(screen.caret(), None, "reading the help");
    screen.press("esc ctrl+g");
    screen.type_text("l");
    assert_eq!(screen.caret(), Some((8, 3)), "searching");
    screen.press("esc ctrl+l");
    assert_eq!(screen.caret(), Some((21, 1)), "typing an address");
    screen.press("f3");
    assert_eq!(screen.caret(), None, "no server is open");
}

#[test]
fn a_long_draft_scrolls_so_that_the_caret_stays_in_view() {
    let mut screen = Screen::new(80, 24);
    screen.knows(LIN, "lin");
    (1..=40).for_each(|n| screen.writes(&format!("line {n}\n")));
    screen.type_text("end");
    assert_eq!(screen.caret(), Some((5, ROW)));
    assert!(screen.shows("│ line 40 ") && !screen.shows("│ line 1 "));
    (0..40).for_each(|_| screen.press("up"));
    assert!(screen.shows("│ line 1 ") && !screen.shows("│ line 40 "));
    let (_, row) = screen.picture().place_of("line 1 ");
    assert_eq!(screen.caret(), Some((5, row)));
}
