//! Where a message is written: what the keys do there beyond those of every field, and what it takes to send.

use hobnob::app::chat::SEPARATE_LIMIT;
use hobnob::effect::Effect;
use hobnob::event::{Event, Fault};
use hobnob::view::theme::Preset;

use super::{LIN, MIA};
use crate::support::screen::Screen;

fn with_lin() -> Screen {
    let mut screen = Screen::new(80, 24);
    screen.knows(LIN, "lin");
    screen
}

/// What stands in the composer.
fn draft(screen: &Screen) -> &str {
    screen.state.chat.draft().text()
}

// Two keys

#[test]
fn ctrl_x_ctrl_e_gives_the_draft_to_the_editor_and_takes_what_it_made_of_it() {
    let mut screen = with_lin();
    screen.type_text("draft");
    screen.press("ctrl+x");
    assert!(screen.shows(" Ctrl+X Ctrl+E write in your editor"), "{:?}", screen.rows());
    assert!(screen.effects().is_empty());
    screen.press("ctrl+e");
    assert_eq!(screen.effects(), [Effect::Edit("draft".to_owned())]);
    screen.is_told(Event::Edited(Ok("a longer\r\n你好 draft\x1b\n".to_owned())));
    assert_eq!(draft(&screen), "a longer\n你好 draft");
    screen.press("ctrl+_");
    assert_eq!(draft(&screen), "draft");
    screen.press("alt+/");
    assert_eq!(draft(&screen), "a longer\n你好 draft");
}

#[test]
fn two_keys_that_mean_nothing_together_do_nothing() {
    let mut screen = with_lin();
    screen.type_text("draft");
    for second in ["ctrl+q", "x", "enter", "esc", "ctrl+x"] {
        screen.press("ctrl+x");
        screen.press(second);
        assert!(screen.effects().is_empty(), "{second}");
        assert_eq!(draft(&screen), "draft");
    }
    screen.press("home ctrl+e");
    assert!(screen.effects().is_empty());
    screen.press("ctrl+x f2 ctrl+e");
    assert!(screen.effects().is_empty());
}

#[test]
fn what_the_editor_made_belongs_to_the_peer_whose_draft_it_was() {
    let mut screen = with_lin();
    screen.knows(MIA, "mia");
    screen.type_text("to lin");
    screen.press("ctrl+x ctrl+e alt+down");
    screen.is_told(Event::Edited(Ok("to lin, with care".to_owned())));
    assert_eq!(draft(&screen), "");
    screen.press("alt+up");
    assert_eq!(draft(&screen), "to lin, with care");
}

#[test]
fn an_editor_that_does_not_help_leaves_the_draft_alone_and_says_why() {
    let mut screen = with_lin();
    screen.type_text("draft");
    screen.press("ctrl+x ctrl+e");
    screen.is_told(Event::Edited(Err(Fault::DiskFull)));
    assert_eq!(draft(&screen), "draft");
    assert!(screen.shows("The draft is as it was, for the editor did not help: the disk is full"));
}

// Several lines

#[test]
fn a_line_that_is_pasted_goes_straight_in_without_the_line_feed_behind_it() {
    let mut screen = with_lin();
    screen.type_text("see ");
    screen.paste("http://a/b\r\n");
    assert_eq!(draft(&screen), "see http://a/b");
    screen.paste("\n");
    assert_eq!(draft(&screen), "see http://a/b");
}

#[test]
fn before_there_is_anybody_several_lines_go_straight_in() {
    let mut screen = Screen::new(80, 24);
    screen.paste("one\ntwo\n");
    assert_eq!(draft(&screen), "one\ntwo");
}

fn pasting() -> Screen {
    let mut screen = with_lin();
    screen.type_text("look: ");
    screen.paste("one\n\n  two 你好\nthree\n");
    screen
}

#[test]
fn several_lines_are_shown_and_asked_about_before_anything_is_done_with_them() {
    let mut screen = pasting();
    assert_eq!(draft(&screen), "look: ");
    for text in ["4 lines · 23 B", "│ one ", "│   two 你好 ", "│ three ", "send each line: 3 messages"]
    {
        assert!(screen.shows(text), "{text}: {:?}", screen.rows());
    }
    screen.type_text("x?y");
    screen.paste("and\nmore");
    assert!(screen.effects().is_empty());
    assert!(screen.shows("4 lines · 23 B"), "it waits for an answer");
}

#[test]
fn pasted_lines_can_be_put_into_the_message_and_taken_out_again() {
    for key in ["e", "enter"] {
        let mut screen = pasting();
        screen.press(key);
        assert_eq!(draft(&screen), "look: one\n\n  two 你好\nthree");
        assert!(screen.effects().is_empty());
        assert_eq!(screen.caret(), Some((7, 21)), "behind what was pasted");
        screen.press("ctrl+_");
        assert_eq!(draft(&screen), "look: ");
    }
}

#[test]
fn pasted_lines_can_be_sent_as_one_message_with_what_stood_before_them() {
    let mut screen = pasting();
    screen.press("s");
    assert_eq!(screen.sent().2, "look: one\n\n  two 你好\nthree");
    assert_eq!(draft(&screen), "");
}

#[test]
fn pasted_lines_can_be_sent_one_by_one_in_their_order_and_empty_ones_not() {
    let mut screen = pasting();
    screen.press("l");
    let sent = screen.effects().into_iter().map(|effect| match effect {
        Effect::Send { text, .. } => text,
        other => panic!("no message: {other:?}"),
    });
    assert_eq!(sent.collect::<Vec<_>>(), ["look: one", "  two 你好", "three"]);
    assert_eq!(draft(&screen), "");
    screen.press("up up up");
    assert_eq!(draft(&screen), "look: one");
}

#[test]
fn pasted_lines_can_be_left_alone() {
    for keys in ["esc", "ctrl+c", "f2"] {
        let mut screen = pasting();
        screen.press(keys);
        assert_eq!(draft(&screen), "look: ");
        assert!(screen.effects().is_empty());
        assert!(!screen.shows("4 lines"));
    }
}

#[test]
fn more_lines_than_can_wait_to_be_sent_are_not_sent_one_by_one() {
    for (lines, may) in [(SEPARATE_LIMIT, true), (SEPARATE_LIMIT + 1, false)] {
        let mut screen = with_lin();
        screen.paste(&"line\n".repeat(lines));
        assert_eq!(screen.shows("messages: too many"), !may);
        screen.press("l");
        assert_eq!(screen.effects().len(), if may { lines } else { 0 });
    }
}

#[test]
fn what_was_pasted_goes_to_the_peer_for_whom_it_was_pasted() {
    let mut screen = with_lin();
    screen.press("ctrl+l ctrl+u");
    screen.type_text("mia.local");
    screen.press("enter");
    let (request, _) = screen.resolves();
    screen.press("tab");
    assert_eq!(screen.effects(), [Effect::Forget(request)]);
    screen.paste("one\ntwo");
    screen.is_told(Event::Resolved(request, Ok(vec![MIA.parse().unwrap()])));
    screen.press("s");
    assert_eq!(screen.sent().1.to_string(), LIN);
}

// Too long

#[test]
fn the_counter_turns_amber_past_one_datagram_and_red_past_what_can_be_sent() {
    let theme = Preset::Dark.theme().unwrap();
    for (length, counter, style) in [
        (1_024, "1,024 B ", theme.dim),
        (1_025, "1,025 B · 2 datagrams ", theme.warning),
        (65_507, "65,507 B · 64 datagrams ", theme.warning),
        (65_508, "65,508 B · 1 B too many ", theme.error),
        (131_072, "131,072 B · 65,565 B too many ", theme.error),
    ] {
        let mut screen = with_lin();
        screen.paste(&"x".repeat(length));
        let picture = screen.picture();
        assert!(screen.row_containing("Message").contains(counter), "{length}");
        assert_eq!(picture.style_at(counter).fg, style.fg, "{length}");
    }
}

#[test]
fn what_no_datagram_can_hold_is_not_sent_and_stays_with_the_reason() {
    let mut screen = with_lin();
    screen.paste(&"x".repeat(65_508));
    screen.press("enter");
    assert!(screen.effects().is_empty());
    assert!(screen.shows("Not sent: a message has 65,507 B at most. Cut 1 B, or send it in parts."));
    assert_eq!(draft(&screen).len(), 65_508);
    screen.press("backspace enter");
    assert_eq!(screen.sent().2.len(), 65_507);
}

#[test]
fn of_lines_of_which_one_is_too_long_none_is_sent() {
    let mut screen = with_lin();
    screen.paste(&format!("first\n{}\nlast", "x".repeat(65_508)));
    screen.press("l");
    assert!(screen.effects().is_empty());
    assert!(screen.shows("Not sent: "));
    assert_eq!(draft(&screen).len(), 65_508 + 11);
}

// Growing

#[test]
fn it_grows_to_a_third_of_the_screen_and_then_scrolls_with_the_caret_in_view() {
    for (width, height) in [(40, 10), (41, 11), (80, 24), (100, 30), (200, 60), (1000, 12)] {
        let mut screen = Screen::new(width, height);
        screen.knows(LIN, "lin");
        let mut written = 1;
        for lines in [1, 2, 3, 4, 9, 18, 19, 40] {
            screen.writes(&"\n".repeat(usize::from(lines - written)));
            written = lines;
            let (_, top) = screen.picture().place_of("┌ Message ");
            let bottom = height - if height < 12 { 1 } else { 2 };
            let most = (height / 3).max(3);
            assert_eq!(bottom - top + 1, (lines + 2).min(most), "{lines} lines on {width}x{height}");
            assert_eq!(screen.caret(), Some((2, bottom - 1)));
        }
        let (_, top) = screen.picture().place_of("┌ Message ");
        for ups in [1, 5, 15, 18, 21] {
            (0..ups).for_each(|_| screen.press("up"));
            assert!(screen.caret().is_some_and(|(_, row)| row > top && row < height - 1));
        }
        assert_eq!(screen.state.chat.draft().caret(), 0);
    }
}
