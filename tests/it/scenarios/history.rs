//! What outlives the program: messages, what was read, what was being written, what waits to be sent again.

use std::time::Duration;

use hobnob::effect::Effect;
use hobnob::event::{ChatEvent, Event, Fault, MessageId, StoreEvent};

use super::{LIN, MIA, STRANGER};
use crate::support::screen::Screen;

fn talk() -> Screen {
    let mut screen = Screen::new(100, 30);
    screen.knows(LIN, "lin");
    screen.knows(MIA, "mia");
    (1..=300).for_each(|n| {
        screen.passes(Duration::from_secs(1));
        screen.hears(LIN, format!("message {n}"));
    });
    screen
}

#[track_caller]
fn ids_of(effects: &[Effect]) -> Vec<(MessageId, &str)> {
    let sent = effects.iter().filter_map(|effect| match effect {
        Effect::Send { id, text, .. } => Some((*id, text.as_str())),
        _ => None,
    });
    sent.collect()
}

#[test]
fn after_a_restart_the_conversation_is_where_it_was() {
    let mut screen = talk();
    let before = screen.rows();
    screen.restarts();
    assert_eq!(screen.rows(), before);
    screen.press("tab home");
    assert!(screen.shows("message 1 ") && screen.shows("▼ 278 more below"), "{:?}", screen.rows());
    screen.press("end");
    assert_eq!(screen.rows()[2..24], before[2..24]);
}

#[test]
fn after_a_restart_what_was_not_read_is_new_and_is_read_from_its_beginning() {
    let mut screen = talk();
    screen.press("alt+down");
    (1..=50).for_each(|n| screen.hears(LIN, format!("late {n}")));
    screen.restarts();
    screen.press("alt+1");
    assert!(
        screen.shows("50 new") && screen.shows("late 1 ") && screen.shows("▼ 28 more below"),
        "{:?}",
        screen.rows()
    );
    assert!(screen.shows("Chat ●28"), "{:?}", screen.rows());
    screen.restarts();
    assert!(screen.shows("28 new") && screen.shows("late 23 "), "{:?}", screen.rows());
    screen.press("esc");
    assert!(!screen.shows("●") && screen.shows("late 50 "));
}

#[test]
fn a_draft_outlives_the_program_even_one_that_is_killed_a_second_later() {
    let mut screen = talk();
    screen.type_text("half a sent");
    let due = screen.state.deadline().expect("the draft has to be kept");
    screen.passes(Duration::from_secs(1));
    screen.is_told(Event::Wake);
    assert!(screen.state.deadline().is_none(), "{due:?}: nothing is left to do");
    // Nothing is told to this one any more.
    let memory = screen.kept.memory();
    let kept = memory.known.iter().find(|known| known.contact.peer.to_string() == LIN).unwrap();
    assert_eq!(kept.contact.draft, "half a sent");
    screen.restarts();
    assert!(screen.shows("half a sent"));
}

#[test]
fn what_is_not_on_disk_is_marked_until_it_is() {
    let mut screen = talk();
    screen.kept.broken = Some(Fault::DiskFull);
    screen.hears(LIN, "lost?");
    assert!(screen.row_containing("lost?").contains("not saved"));
    assert!(screen.shows("Messages are not saved: the disk is full"), "{:?}", screen.rows().last());
    screen.is_told(Event::Store(StoreEvent::Failed(Fault::DiskFull)));
    assert!(screen.shows("Messages are not saved: the disk is full"), "{:?}", screen.rows().last());
    screen.press("esc");
    assert!(screen.row_containing("lost?").contains("not saved"), "the mark stays");
}

#[test]
fn a_word_that_came_while_a_page_was_read_is_the_latest() {
    let mut screen = talk();
    let id = screen.sends("old words");
    (1..=3000).for_each(|n| screen.hears(LIN, format!("more {n}")));
    screen.is_told(Event::Chat(ChatEvent::Sent(id)));
    screen.press("alt+r tab home end");
    screen.press("ctrl+f");
    screen.type_text("old words");
    assert!(screen.row_containing("me          old words").contains("heard back"), "{:?}", screen.rows());
}

#[test]
fn where_the_file_cannot_be_used_all_that_is_said_is_marked() {
    let mut screen = talk();
    (screen.state.keeps, screen.state.forgets) = (false, true);
    screen.hears(LIN, "gone soon");
    assert!(screen.row_containing("gone soon").contains("not saved"));
    assert!(screen.shows("nothing is saved"));
    screen.press("tab up i");
    assert!(screen.shows("nothing is saved") && !screen.shows("saved as number"), "{:?}", screen.rows());
}

#[test]
fn a_refused_message_waits_and_is_sent_again_only_when_asked() {
    let mut screen = talk();
    let id = screen.sends("are you there?");
    screen.is_told(Event::Chat(ChatEvent::Sent(id)));
    screen.is_told(Event::Chat(ChatEvent::Refused(id)));
    assert!(screen.shows("1 not delivered; Alt+R sends again"), "{:?}", screen.rows()[1]);
    screen.restarts();
    assert!(screen.shows("1 not delivered; Alt+R sends again"), "{:?}", screen.rows()[1]);
    assert!(screen.row_containing("are you there?").contains("refused"));
    screen.hears(LIN, "back again");
    assert!(screen.shows("here again: Alt+R sends 1 not delivered"), "{:?}", screen.rows()[1]);
    assert_eq!(screen.effects(), [], "nothing goes out by itself");
    screen.press("alt+r");
    let effects = screen.effects();
    let [(again, text)] = ids_of(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(text, "are you there?");
    screen.is_told(Event::Chat(ChatEvent::Sent(again)));
    assert!(!screen.shows("not delivered"));
    screen.press("alt+r");
    assert_eq!(screen.effects(), [], "it is not sent twice");
    screen.restarts();
    assert!(!screen.shows("not delivered"));
}

#[test]
fn what_waits_far_back_is_sent_again_too_and_a_late_word_on_the_first_time_is_not_about_the_second() {
    let mut screen = talk();
    let first = screen.sends("a\tb 你好");
    screen.is_told(Event::Chat(ChatEvent::Failed(first, Fault::Unreachable)));
    (1..=600).for_each(|n| screen.hears(LIN, format!("more {n}")));
    screen.restarts();
    screen.press("alt+r");
    let effects = screen.effects();
    let [(again, text)] = ids_of(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(text, "a\tb 你好");
    screen.is_told(Event::Chat(ChatEvent::Refused(first)));
    assert!(!screen.shows("not delivered"));
    screen.is_told(Event::Chat(ChatEvent::Refused(again)));
    assert!(screen.shows("1 not delivered"));
}

#[test]
fn a_message_that_was_under_way_when_the_program_ended_waits_and_says_so() {
    let mut screen = talk();
    screen.sends("going out");
    screen.restarts();
    assert!(screen.shows("not sent: the program ended before"), "{:?}", screen.rows());
}

#[test]
fn a_plain_peer_that_wrote_since_was_heard_back_and_nothing_more_is_claimed() {
    let mut screen = talk();
    let id = screen.sends("hello");
    screen.is_told(Event::Chat(ChatEvent::Sent(id)));
    assert!(screen.row_containing(" hello ").contains(" sent "));
    screen.hears(LIN, "hi");
    assert!(screen.row_containing(" hello ").contains(" heard back "));
    screen.restarts();
    assert!(screen.row_containing(" hello ").contains(" heard back "));
}

#[test]
fn who_was_spoken_with_last_is_in_front_and_all_are_there() {
    let mut screen = talk();
    screen.passes(Duration::from_secs(1));
    screen.hears(STRANGER, "psst");
    screen.passes(Duration::from_secs(1));
    screen.hears(MIA, "hi");
    screen.restarts();
    assert!(screen.rows()[1].starts_with(" To  mia "), "{:?}", screen.rows()[1]);
    assert!(screen.shows("lin") && screen.shows(STRANGER));
}
