//! Writing, sending, reading.

use std::time::Duration;

use hobnob::app::field::FIELD_LIMIT;
use hobnob::effect::Effect;
use hobnob::event::{ChatEvent, Event, Fault, MouseAction};

use super::{LIN, MIA, STRANGER};
use crate::support::screen::Screen;

fn with_lin() -> Screen {
    let mut screen = Screen::new(100, 30);
    screen.knows(LIN, "lin");
    screen
}

/// What stands in the composer.
fn draft(screen: &Screen) -> &str {
    screen.state.chat.draft().text()
}

#[test]
fn what_is_sent_is_on_the_screen_at_once_and_says_what_becomes_of_it() {
    let mut screen = with_lin();
    screen.type_text("hello 你好");
    assert!(screen.effects().is_empty());
    screen.press("enter");
    let (id, to, text) = screen.sent();
    assert_eq!((to.to_string().as_str(), text.as_str()), (LIN, "hello 你好"));
    assert!(screen.row_containing("hello 你好").ends_with("sending "));
    assert!(screen.shows("Write a message"));
    screen.is_told(Event::Chat(ChatEvent::Sent(id)));
    assert!(screen.row_containing("hello 你好").ends_with(" sent "));
}

#[test]
fn a_refusal_is_said_and_stays_even_if_it_came_before_the_news_that_all_was_sent() {
    let mut screen = with_lin();
    let id = screen.sends("anybody?");
    screen.is_told(Event::Chat(ChatEvent::Refused(id)));
    assert!(screen.row_containing("anybody?").ends_with(" refused "));
    screen.is_told(Event::Chat(ChatEvent::Sent(id)));
    assert!(screen.row_containing("anybody?").ends_with(" refused "));
}

#[test]
fn a_failure_says_why_and_a_refusal_after_sending_is_believed() {
    let mut screen = with_lin();
    let (one, two) = (screen.sends("one"), screen.sends("two"));
    screen.is_told(Event::Chat(ChatEvent::Failed(one, Fault::Unreachable)));
    assert!(screen.shows("not sent: no way to that machine "));
    screen.is_told(Event::Chat(ChatEvent::Sent(two)));
    screen.is_told(Event::Chat(ChatEvent::Refused(two)));
    assert!(screen.row_containing("two").ends_with(" refused "));
}

#[test]
fn the_counter_says_beforehand_how_many_datagrams_a_text_takes() {
    let mut screen = with_lin();
    screen.paste(&"x".repeat(1024));
    assert!(screen.row_containing("Message").contains(" 1,024 B "));
    assert!(!screen.shows("datagrams"));
    screen.type_text("y");
    assert!(screen.row_containing("Message").contains(" 1,025 B · 2 datagrams "));
    screen.press("enter");
    assert_eq!(screen.sent().2.len(), 1025);
}

#[test]
fn nothing_but_blanks_is_not_sent() {
    let mut screen = with_lin();
    screen.type_text("  ");
    screen.press("alt+enter enter");
    assert!(screen.effects().is_empty());
    assert_eq!(draft(&screen), "  \n");
}

#[test]
fn a_draft_that_was_typed_before_there_was_anybody_goes_to_the_first_peer() {
    let mut screen = Screen::new(100, 30);
    screen.type_text("for whoever comes");
    screen.press("enter");
    assert!(screen.effects().is_empty());
    assert!(screen.shows("There is nobody to send to yet"));
    // The caret went to the address bar; its text is wanted next.
    screen.type_text("192.168.1.5");
    screen.press("enter");
    assert_eq!(draft(&screen), "for whoever comes");
    assert!(screen.shows("Message · not yet for anybody"));
    screen.press("enter enter");
    assert!(screen.effects().is_empty(), "the key that sends does not answer the question");
    assert!(screen.shows("Send this to 192.168.1.5:7890?"), "{:?}", screen.rows());
    screen.press("n enter y");
    assert_eq!(screen.sent().1.to_string(), LIN);
    screen.type_text("and now");
    assert!(!screen.shows("not yet for anybody"));
    screen.press("enter");
    assert_eq!(screen.sent().2, "and now");
}

#[test]
fn a_text_for_nobody_is_there_again_after_a_restart_and_still_for_nobody() {
    let mut screen = Screen::new(100, 30);
    screen.type_text("first");
    screen.restarts();
    assert_eq!(draft(&screen), "first");
    screen.hears(STRANGER, "hello");
    assert!(screen.rows()[1].contains("nobody yet"), "{:?}", screen.rows());
    screen.type_text(" and more");
    screen.restarts();
    // Whoever was spoken with last is in front, but not the one for whom it was begun.
    assert_eq!(draft(&screen), "first and more");
    screen.press("enter y");
    assert_eq!(screen.sent().2, "first and more");
    screen.restarts();
    assert_eq!(draft(&screen), "", "what was sent is a draft no more");
}

#[test]
fn a_text_for_nobody_never_goes_to_a_stranger_who_writes_meanwhile() {
    let mut screen = Screen::new(100, 30);
    screen.type_text("a secret");
    screen.hears(STRANGER, "hello");
    assert!(screen.rows()[1].contains("nobody yet"), "{:?}", screen.rows());
    screen.press("enter");
    assert!(screen.effects().is_empty() && screen.shows("Choose a peer first: Alt+Down"));
    screen.press("esc alt+1");
    assert_eq!(draft(&screen), "a secret");
    screen.press("enter");
    assert!(screen.effects().is_empty() && screen.shows("Send this to 10.0.0.9:40123?"));
    screen.press("n");
    // It goes along until it is known to whom it is to go.
    screen.knows(LIN, "lin");
    screen.press("alt+down");
    assert_eq!(draft(&screen), "a secret");
    screen.press("enter");
    assert!(screen.shows("Send this to lin (192.168.1.5:7890)?"), "{:?}", screen.rows());
    screen.press("y");
    assert_eq!(screen.sent().1.to_string(), LIN);
    assert_eq!(draft(&screen), "");
}

#[test]
fn a_text_that_is_begun_just_when_a_stranger_comes_to_the_front_is_for_nobody_yet() {
    for paste in [false, true] {
        let mut screen = Screen::new(100, 30);
        screen.hears(STRANGER, "hello");
        if paste {
            screen.paste("a secret\nin two lines");
        } else {
            screen.type_text("a secret");
        }
        screen.press("enter");
        assert!(screen.effects().is_empty() && screen.shows("Send this to 10.0.0.9:40123?"), "{paste}");
        screen.press("esc");
        // Who has read it, and begins anew, means the one whom the screen names.
        screen.press("ctrl+c");
        screen.passes(Duration::from_secs(2));
        screen.type_text("hello to you");
        screen.press("enter");
        assert_eq!(screen.sent().1.to_string(), STRANGER);
    }
}

#[test]
fn a_text_stays_with_its_peer_whoever_comes_is_renamed_blocked_or_forgotten() {
    let mut screen = with_lin();
    screen.type_text("for lin");
    screen.hears(STRANGER, "hello");
    screen.press("alt+p n ctrl+u");
    screen.type_text("another name");
    screen.press("enter esc alt+k y");
    screen.effects();
    screen.press("enter");
    assert_eq!(screen.sent().1.to_string(), LIN);
    screen.type_text("again");
    screen.press("alt+p x y");
    assert!(screen.rows()[1].contains(STRANGER), "{:?}", screen.rows());
    // Whoever goes on typing has not read yet who came to the front.
    screen.type_text("more");
    screen.press("enter");
    assert!(!screen.effects().iter().any(|effect| matches!(effect, Effect::Send { .. })));
    assert!(screen.shows("Send this to 10.0.0.9:40123?"), "{:?}", screen.rows());
}

#[test]
fn up_brings_back_what_was_sent_and_down_the_draft() {
    let mut screen = with_lin();
    screen.sends("first");
    screen.sends("second");
    screen.type_text("draft");
    let mut seen = Vec::new();
    for key in ["up", "up", "up", "down", "down", "down"] {
        screen.press(key);
        seen.push(draft(&screen).to_owned());
    }
    assert_eq!(seen, ["second", "first", "first", "second", "draft", "draft"]);
}

#[test]
fn a_recalled_text_that_was_changed_is_a_draft_of_its_own() {
    let mut screen = with_lin();
    screen.sends("first");
    screen.sends("second");
    screen.type_text("draft");
    screen.press("up ctrl+u");
    screen.type_text("new");
    screen.press("down");
    assert_eq!(draft(&screen), "new");
    let mut seen = Vec::new();
    for key in ["up", "up", "down", "down", "down"] {
        screen.press(key);
        seen.push(draft(&screen).to_owned());
    }
    assert_eq!(seen, ["second", "first", "second", "new", "new"]);
    screen.press("up up");
    screen.type_text("!");
    screen.press("up");
    assert_eq!(draft(&screen), "second", "from the newest on");
    screen.press("down");
    assert_eq!(draft(&screen), "first!");
    screen.press("up ctrl+c down");
    assert_eq!(draft(&screen), "", "cleared is changed, too");
}

#[test]
fn a_recalled_text_belongs_to_its_peer() {
    let mut screen = with_lin();
    screen.sends("to lin");
    screen.knows(MIA, "mia");
    screen.press("alt+down up");
    assert_eq!(draft(&screen), "");
}

#[test]
fn a_message_of_several_lines_is_walked_through_before_older_texts_come_back() {
    let mut screen = with_lin();
    screen.sends("older");
    screen.type_text("one");
    screen.press("alt+enter");
    screen.type_text("two");
    screen.press("up");
    assert_eq!(draft(&screen), "one\ntwo");
    screen.type_text("!");
    assert_eq!(draft(&screen), "one!\ntwo");
    screen.press("up");
    assert_eq!(draft(&screen), "older");
}

#[test]
fn up_and_down_walk_over_wrapped_lines() {
    let mut screen = with_lin();
    // 96 columns: the third row is shorter.
    screen.paste(&"x".repeat(96 * 2 + 3));
    let (column, row) = screen.caret().unwrap();
    screen.press("up");
    assert_eq!(screen.caret(), Some((column, row - 1)));
    screen.press("up up");
    assert_eq!(screen.state.chat.draft().caret(), 3);
    screen.press("down");
    assert_eq!(screen.state.chat.draft().caret(), 96 + 3);
}

#[test]
fn pasted_text_keeps_its_lines_and_nothing_that_acts() {
    let mut screen = with_lin();
    screen.paste("one\r\ntwo\rthree\x1b[31m\x07\0\u{9b}2J");
    screen.press("e");
    assert_eq!(draft(&screen), "one\ntwo\nthree[31m2J");
    assert!(screen.effects().is_empty());
    let rows = screen.rows();
    assert!(rows[25].starts_with("│ one ") && rows[26].starts_with("│ two "), "{rows:?}");
    screen.press("enter");
    assert_eq!(screen.sent().2, "one\ntwo\nthree[31m2J");
}

#[test]
fn a_text_too_large_for_the_composer_is_not_taken_and_that_is_said() {
    let mut screen = with_lin();
    screen.type_text("before");
    screen.paste(&"x".repeat(FIELD_LIMIT));
    assert_eq!(draft(&screen), "before");
    assert!(screen.shows("Too long to paste here"));
}

#[test]
fn a_reader_who_scrolled_up_keeps_the_place_and_is_told_what_comes_below() {
    let mut screen = with_lin();
    (1..=60).for_each(|n| screen.hears(LIN, format!("message {n}")));
    screen.press("pageup");
    let before = screen.rows();
    screen.hears(LIN, "new");
    let after = screen.rows();
    assert_eq!(after[3..23], before[3..23]);
    assert!(!screen.shows("1 new"));
    assert!(after[2].contains(" 1 │"));
    screen.press("pagedown pagedown");
    assert!(screen.row_containing("1 new").contains("───"));
    assert!(screen.shows("lin         new "));
    assert!(!screen.shows("below"));
    assert!(screen.rows()[2].starts_with("▌lin          10:21 │"), "nothing unread is left");
}

#[test]
fn the_wheel_scrolls_the_conversation() {
    let mut screen = with_lin();
    (1..=60).for_each(|n| screen.hears(LIN, format!("message {n}")));
    screen.turn_wheel(MouseAction::ScrollUp, 50, 10);
    assert!(screen.shows("▼ 4 more below"), "{:?}", screen.rows());
    screen.turn_wheel(MouseAction::ScrollDown, 50, 10);
    assert!(!screen.shows("below"));
}

#[test]
fn home_and_end_go_to_the_oldest_and_the_newest_message() {
    let mut screen = with_lin();
    (1..=60).for_each(|n| screen.hears(LIN, format!("message {n}")));
    screen.press("tab home");
    assert!(screen.shows("message 1 ") && !screen.shows("message 60"));
    screen.press("end");
    assert!(screen.shows("message 60") && !screen.shows("message 1 "));
}

#[test]
fn whoever_types_while_walking_through_the_conversation_means_to_write() {
    let mut screen = with_lin();
    screen.press("tab");
    screen.type_text("Hello");
    assert_eq!(draft(&screen), "Hello");
}

#[test]
fn a_click_into_the_composer_puts_the_caret_there() {
    let mut screen = with_lin();
    screen.type_text("你好 world");
    screen.press("tab");
    assert_eq!(screen.caret(), None);
    let (_, row) = screen.picture().place_of("你好");
    // The second cell of the second character.
    screen.click(5, row);
    assert_eq!(screen.caret(), Some((4, row)));
    screen.type_text("们");
    assert_eq!(draft(&screen), "你们好 world");
}

#[test]
fn ctrl_c_throws_the_draft_away_and_never_ends_the_program() {
    let mut screen = with_lin();
    screen.type_text("not like this");
    screen.press("ctrl+c");
    assert_eq!(draft(&screen), "");
    for way in ["", "f3", "ctrl+l", "f1", "ctrl+g", "tab"] {
        way.split_terminator(' ').for_each(|key| screen.press(key));
        screen.press("ctrl+c ctrl+c");
        assert!(screen.shows("Ctrl+Q quits"), "{way}");
    }
    assert!(!screen.effects().contains(&Effect::Quit));
    screen.press("ctrl+q");
    assert_eq!(screen.effects(), [Effect::Quit]);
}

#[test]
fn a_socket_that_is_gone_is_said() {
    let mut screen = with_lin();
    screen.is_told(Event::Chat(ChatEvent::Down(Fault::Unreachable)));
    assert!(screen.shows("The chat is cut off until a restart: no way to that machine"));
}

#[test]
fn of_many_messages_that_cannot_be_saved_the_oldest_are_counted_and_not_kept() {
    let mut screen = Screen::new(40, 10);
    screen.knows(LIN, "lin");
    screen.kept.broken = Some(Fault::DiskFull);
    (1..=20_000 + 7).for_each(|n| screen.hears(LIN, format!("message {n}")));
    screen.press("tab home");
    assert!(screen.shows("▲ 7 older not kept · 2026-11-22"), "{:?}", screen.rows());
    assert!(screen.shows("message 8 "));
}
