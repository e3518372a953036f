//! Whom one talks to: strangers, switching, addresses.

use hobnob::effect::Effect;
use hobnob::event::{Event, Fault, MouseAction};

use super::{LIN, MIA, STRANGER};
use crate::support::screen::Screen;

/// Lin is in front, Mia behind.
fn with_two() -> Screen {
    let mut screen = Screen::new(100, 30);
    screen.knows(LIN, "lin");
    screen.knows(MIA, "mia");
    screen
}

/// The address in the bar.
fn front(screen: &Screen) -> String {
    screen.rows()[1].clone()
}

#[test]
fn whoever_writes_first_is_in_front_and_the_next_one_is_unread() {
    let mut screen = Screen::new(100, 30);
    screen.hears(STRANGER, "hello");
    assert!(front(&screen).starts_with(" To  10.0.0.9:40123 "));
    assert!(screen.shows("hello") && !screen.shows("●"));
    screen.hears(LIN, "me too");
    assert!(front(&screen).starts_with(" To  10.0.0.9:40123 "));
    assert!(screen.row_containing("●1").contains("Chat ●1"));
    assert!(screen.rows().iter().any(|row| row.starts_with(" 192.168.1.5:7890 1 ")));
    assert!(!screen.shows("me too"));
    screen.press("alt+a");
    assert!(screen.shows("me too") && !screen.shows("●"));
}

#[test]
fn a_stranger_never_takes_the_place_of_an_address_that_is_being_typed() {
    let mut screen = Screen::new(100, 30);
    screen.press("ctrl+l");
    screen.type_text("192.168");
    screen.hears(STRANGER, "hello");
    assert!(front(&screen).starts_with(" To  192.168 "));
    screen.type_text(".1.5");
    screen.press("enter");
    assert!(front(&screen).starts_with(" To  192.168.1.5:7890 "));
}

#[test]
fn the_address_of_the_peer_in_front_is_shown_selected_and_what_is_typed_takes_its_place() {
    for (keys, text, shown) in [
        ("ctrl+l", "10.0.0.7", " To  10.0.0.7 "),
        ("ctrl+l end", "1", " To  192.168.1.5:78901 "),
        ("ctrl+l left", "1", " To  192.168.1.5:78910 "),
        ("ctrl+l backspace", "x", " To  x"),
    ] {
        let mut screen = with_two();
        screen.press(keys);
        screen.type_text(text);
        assert!(front(&screen).starts_with(shown), "{keys}: {}", front(&screen));
    }
    let mut screen = with_two();
    screen.press("ctrl+l");
    screen.type_text("10.0.0.7");
    screen.press("enter");
    assert!(front(&screen).starts_with(" To  10.0.0.7"), "{}", front(&screen));
}

#[test]
fn each_peer_has_its_own_messages_draft_scroll_position_and_unread_count() {
    let mut screen = with_two();
    (1..=60).for_each(|n| screen.hears(LIN, format!("lin says {n}")));
    screen.type_text("to lin");
    screen.press("pageup");
    let messages = |screen: &Screen| -> Vec<String> {
        screen.rows()[2..24].iter().map(|row| row.split_once('│').unwrap().1.to_owned()).collect()
    };
    let at_lin = messages(&screen);
    screen.press("alt+down");
    screen.type_text("to mia");
    (1..=3).for_each(|n| screen.hears(MIA, format!("mia says {n}")));
    assert!(screen.shows("mia says 3") && !screen.shows("lin says"));
    screen.hears(LIN, "later");
    assert!(screen.row_containing(" lin ").contains(" 1 │"));
    screen.press("alt+up");
    assert_eq!(messages(&screen)[1..21], at_lin[1..21], "where it was left");
    assert!(screen.shows("│ to lin ") && !screen.shows("│ to mia "));
    screen.press("alt+down");
    assert!(screen.shows("│ to mia "));
}

#[test]
fn what_comes_while_nobody_looks_is_unread_until_somebody_does() {
    let mut screen = with_two();
    screen.hears(LIN, "seen");
    screen.is_told(Event::Focused(false));
    screen.hears(LIN, "unseen");
    assert!(screen.shows("Chat ●1") && screen.shows(" 1 new "));
    screen.is_told(Event::Focused(true));
    assert!(!screen.shows("●") && screen.shows(" 1 new "));
    screen.press("f3");
    screen.hears(LIN, "while browsing");
    assert!(screen.shows("Chat ●1"));
    screen.press("f2");
    assert!(!screen.shows("●"));
}

#[test]
fn peers_are_switched_around_the_ends_by_number_and_to_the_next_unread() {
    let mut screen = with_two();
    screen.hears(STRANGER, "hello");
    let mut seen = Vec::new();
    for keys in ["alt+down", "alt+down", "alt+down", "alt+up", "alt+2", "alt+1", "alt+9", "alt+3"] {
        screen.press(keys);
        seen.push(front(&screen).split_whitespace().find(|word| word.contains(':')).unwrap().to_owned());
    }
    // Whoever has written something unread stands first, also once that was read.
    assert_eq!(seen, [MIA, STRANGER, LIN, STRANGER, LIN, STRANGER, STRANGER, MIA]);
    screen.hears(LIN, "psst");
    screen.press("alt+a");
    assert!(front(&screen).contains(LIN));
    screen.press("alt+a");
    assert!(front(&screen).contains(LIN), "nothing else is unread");
}

#[test]
fn a_peer_is_chosen_with_the_mouse_by_its_name_or_by_the_address_below_it() {
    let mut screen = with_two();
    screen.click_on("mia");
    assert!(front(&screen).contains(MIA));
    screen.click(3, 3);
    assert!(front(&screen).contains(LIN));
    screen.turn_wheel(MouseAction::ScrollDown, 3, 3);
    assert!(front(&screen).contains(MIA));
    screen.click(3, 20);
    assert!(front(&screen).contains(MIA), "there is nobody there");
}

#[test]
fn the_peer_in_front_is_always_in_the_column() {
    let mut screen = Screen::new(80, 12);
    for n in 1..=30 {
        screen.hears(&format!("10.0.0.{n}:7890"), "hello");
    }
    assert!(screen.shows("▌10.0.0.1:7890"));
    screen.press("alt+up");
    assert!(screen.shows("▌10.0.0.30:7890"));
}

#[test]
fn going_to_a_peer_finds_it_by_letters_of_its_name() {
    let mut screen = with_two();
    screen.knows(STRANGER, "图书馆的服务器");
    screen.press("ctrl+g");
    screen.type_text("服务");
    assert!(screen.shows("▌ 图书馆的服务器 10.0.0.9:40123"));
    screen.press("enter");
    assert!(front(&screen).contains(STRANGER));
    screen.press("ctrl+g");
    screen.type_text("MA");
    screen.press("enter");
    assert!(front(&screen).contains(MIA));
    screen.press("ctrl+g esc");
    assert!(!screen.shows("Go to ─"));
    assert!(front(&screen).contains(MIA));
}

#[test]
fn going_to_an_address_never_leads_to_one_that_is_only_like_it() {
    let mut screen = with_two();
    screen.press("ctrl+g");
    screen.type_text("192.168.1.57");
    screen.press("enter");
    assert!(front(&screen).starts_with(" To  192.168.1.57:7890 "), "{}", front(&screen));
}

#[test]
fn going_to_what_is_not_there_says_so_and_stays() {
    let mut screen = with_two();
    screen.press("ctrl+g");
    screen.type_text("???");
    assert!(screen.shows("Nothing found"));
    screen.press("enter");
    assert!(screen.shows("Nothing found"));
}

#[test]
fn an_address_needs_no_resolver_and_a_name_does() {
    let mut screen = with_two();
    screen.press("ctrl+l ctrl+u");
    screen.type_text("[::1]:9000");
    screen.press("enter");
    assert!(front(&screen).starts_with(" To  [::1]:9000 "));
    assert!(screen.effects().is_empty());
    screen.press("ctrl+l ctrl+u");
    screen.type_text("library");
    screen.press("enter");
    let (request, endpoint) = screen.resolves();
    assert_eq!(endpoint.to_string(), "library:7890");
    assert!(screen.shows("looking the name up"));
    screen.is_told(Event::Resolved(request, Ok(vec!["10.1.1.1:7890".parse().unwrap()])));
    assert!(front(&screen).starts_with(" To  library 10.1.1.1:7890 "));
    assert!(!screen.shows("looking the name up"));
}

#[test]
fn a_wrong_address_is_explained_in_place_and_what_was_typed_is_kept() {
    let mut screen = with_two();
    for (typed, explained) in [
        ("", "Type an address"),
        ("192.168.1.7:0", "“0” is no port"),
        ("192.168.1.7:70000", "“70000” is no port"),
        ("host:", "“” is no port"),
        ("[::1", "written [address]:port"),
        ("300.1.1.1", "“300.1.1.1” is neither"),
        ("a b", "“a b” is neither"),
        ("\u{202e}evil", "“<U+202E>evil” is neither"),
    ] {
        screen.press("ctrl+l ctrl+u");
        screen.type_text(typed);
        screen.press("enter");
        assert!(screen.rows()[2].starts_with(" ✗ "), "{typed:?}");
        assert!(screen.shows(explained), "{typed:?}: {:?}", screen.rows()[2]);
        assert_eq!(screen.state.chat.bar.field.text(), typed);
        assert!(screen.caret().is_some_and(|(_, row)| row == 1));
        assert!(screen.effects().is_empty());
    }
    screen.press("esc");
    assert!(front(&screen).contains(LIN) && !screen.shows("✗"));
}

#[test]
fn who_leaves_the_bar_leaves_what_is_wrong_there_too() {
    let mut screen = with_two();
    let wrong = |screen: &mut Screen| {
        screen.press("ctrl+l ctrl+u");
        screen.type_text("a b");
        screen.press("enter");
        assert!(screen.shows("✗"));
    };
    wrong(&mut screen);
    screen.press("tab");
    assert!(!screen.shows("✗"));
    wrong(&mut screen);
    screen.click_on("Message");
    assert!(!screen.shows("✗"));
    screen.press("ctrl+l");
    assert!(front(&screen).starts_with(" To  192.168.1.5:7890 "));
}

#[test]
fn a_name_without_an_address_is_explained_in_place() {
    let mut screen = with_two();
    screen.press("ctrl+l ctrl+u");
    screen.type_text("nowhere");
    screen.press("enter");
    let (request, _) = screen.resolves();
    screen.is_told(Event::Resolved(request, Err(Fault::Unresolved)));
    assert!(screen.rows()[2].contains("✗ no address is known for that name"));
    assert!(front(&screen).starts_with(" To  nowhere "));
    screen.press("backspace");
    assert!(!screen.shows("✗"));
}

#[test]
fn to_leave_the_bar_or_to_type_on_stops_the_question_for_a_name() {
    for key in ["esc", "backspace", "tab", "alt+down", "ctrl+f"] {
        let mut screen = with_two();
        screen.press("ctrl+l ctrl+u");
        screen.type_text("library");
        screen.press("enter");
        let (request, _) = screen.resolves();
        screen.press(key);
        assert_eq!(screen.effects(), [Effect::Forget(request)], "{key}");
        screen.is_told(Event::Resolved(request, Ok(vec!["10.1.1.1:7890".parse().unwrap()])));
        assert!(!screen.shows("10.1.1.1"), "{key}: the answer came too late");
    }
}

#[test]
fn an_answer_to_an_earlier_question_is_dropped() {
    let mut screen = with_two();
    screen.press("ctrl+l ctrl+u");
    screen.type_text("one");
    screen.press("enter");
    let (first, _) = screen.resolves();
    screen.press("enter");
    let effects = screen.effects();
    let [Effect::Forget(forgotten), Effect::Resolve { request: second, .. }] = effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(forgotten, first);
    screen.is_told(Event::Resolved(first, Ok(vec!["10.1.1.1:7890".parse().unwrap()])));
    assert!(screen.shows("looking the name up") && !screen.shows("10.1.1.1"));
    screen.is_told(Event::Resolved(second, Ok(vec!["10.2.2.2:7890".parse().unwrap()])));
    assert!(front(&screen).contains("10.2.2.2:7890"));
}

#[test]
fn the_address_bar_always_has_the_address_of_the_peer_in_front() {
    let mut screen = with_two();
    screen.press("ctrl+l");
    assert!(front(&screen).starts_with(" To  192.168.1.5:7890 "));
    screen.type_text("xyz");
    screen.press("alt+down ctrl+l");
    assert!(front(&screen).starts_with(" To  192.168.1.6:7890 "));
    screen.click_on("lin");
    let (column, _) = screen.picture().place_of("192.168.1.5");
    screen.click(column, 1);
    assert_eq!(screen.caret(), Some((5 + 16, 1)), "a click on the bar is the key for it");
}

#[test]
fn the_files_of_a_peers_machine_are_one_key_away() {
    let mut screen = with_two();
    screen.press("ctrl+o");
    assert_eq!(screen.asks().1, "192.168.1.5:7890/");
    assert!(screen.rows()[1].starts_with(" From  192.168.1.5:7890/ "));
    let mut screen = Screen::new(100, 30);
    screen.press("ctrl+o");
    assert!(screen.effects().is_empty() && screen.shows("There is nobody"));
}

#[test]
fn of_more_than_a_thousand_strangers_the_oldest_are_counted_and_not_kept() {
    let mut screen = Screen::new(100, 30);
    screen.kept.broken = Some(Fault::DiskFull);
    for n in 0..1003_u32 {
        screen.hears(&format!("10.0.{}.{}:7890", n / 250, n % 250), "spam");
    }
    assert_eq!(screen.state.chat.conversations.len(), 1000);
    assert!(front(&screen).contains("3 from older strangers not kept"));
    // The one in front is not among them, and whoever comes now is heard.
    screen.hears("10.0.0.0:7890", "still here");
    assert!(screen.shows("still here"));
    screen.hears("10.9.9.9:40123", "I am real");
    screen.press("alt+up");
    assert!(screen.shows("I am real"));
}
