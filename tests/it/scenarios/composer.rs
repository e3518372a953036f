//! Where a message is written: what the keys do there beyond those of every field, and what it takes to send.

use hobnob::effect::Effect;
use hobnob::event::{Event, Fault};

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
