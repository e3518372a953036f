//! Telling a user who is not looking that somebody wrote.

use std::time::Duration;

use hobnob::effect::NotifySettings;
use hobnob::event::{ChatEvent, Event};

use super::{LIN, MIA, STRANGER};
use crate::support::screen::Screen;

fn looking_away() -> Screen {
    let mut screen = Screen::new(100, 30);
    screen.state.notify = NotifySettings { bell: true, desktop: true, text: true };
    screen.knows(LIN, "lin");
    screen.knows(MIA, "mia");
    screen.is_told(Event::Focused(false));
    screen
}

/// Whom and what the user was told, and whether the bell rang.
fn told(screen: &mut Screen) -> Vec<(bool, String)> {
    let told = screen.notifications().into_iter();
    let shown = told.map(|told| {
        let desktop = told.desktop.map(|(title, text)| format!("{title}: {text}"));
        (told.bell, desktop.unwrap_or_default())
    });
    shown.collect()
}

#[test]
fn who_does_not_look_is_told_and_who_does_is_not() {
    let mut screen = looking_away();
    screen.hears(LIN, "first line\nsecond line");
    assert_eq!(told(&mut screen), [(true, "lin: first line".to_owned())]);
    screen.passes(Duration::from_secs(3));
    screen.is_told(Event::Focused(true));
    screen.hears(LIN, "before the eyes");
    assert_eq!(told(&mut screen), []);
    screen.hears(STRANGER, "on another conversation");
    assert_eq!(told(&mut screen), [(true, format!("{STRANGER}: on another conversation"))]);
    screen.passes(Duration::from_secs(3));
    screen.press("f3");
    screen.hears(LIN, "on another tab");
    assert_eq!(told(&mut screen), [(true, "lin: on another tab".to_owned())]);
}

#[test]
fn a_peer_is_told_of_every_two_seconds_and_all_together_every_second() {
    let mut screen = looking_away();
    (0..1000).for_each(|n| screen.hears(LIN, format!("{n}")));
    screen.hears(MIA, "at the same time");
    assert_eq!(told(&mut screen), [(true, "lin: 0".to_owned())]);
    screen.passes(Duration::from_secs(1));
    screen.hears(LIN, "too soon");
    screen.hears(MIA, "a second later");
    assert_eq!(told(&mut screen), [(true, "mia: a second later".to_owned())]);
    screen.passes(Duration::from_secs(1));
    screen.hears(LIN, "two seconds later");
    assert_eq!(told(&mut screen), [(true, "lin: two seconds later".to_owned())]);
    for n in 0..1000 {
        screen.passes(Duration::from_millis(100));
        screen.hears(&format!("10.0.{}.{}:9", n / 250, n % 250), "flood");
    }
    let times = told(&mut screen).len();
    assert!((90..=100).contains(&times), "{times} in 100 seconds");
}

#[test]
fn each_way_can_be_turned_off_for_one_peer_and_for_all_and_the_text_can_be_hidden() {
    let mut screen = looking_away();
    screen.is_told(Event::Focused(true));
    // Bell and desktop are the fifth and the sixth of what is set for a peer.
    screen.press("alt+p down down down down space down space esc alt+2");
    screen.hears(LIN, "silent");
    assert_eq!(told(&mut screen), []);
    screen.press("alt+1 alt+p down down down down down space esc alt+2");
    screen.passes(Duration::from_secs(3));
    screen.is_told(Event::Focused(false));
    screen.hears(LIN, "without the bell");
    assert_eq!(told(&mut screen), [(false, "lin: without the bell".to_owned())]);
    screen.state.notify.text = false;
    screen.hears(MIA, "secret");
    screen.passes(Duration::from_secs(3));
    screen.hears(MIA, "secret");
    assert_eq!(told(&mut screen), [(true, "mia: ".to_owned())]);
    screen.passes(Duration::from_secs(3));
    screen.state.notify = NotifySettings { bell: true, desktop: false, text: true };
    screen.hears(MIA, "bell alone");
    assert_eq!(told(&mut screen), [(true, String::new())]);
    screen.state.notify = NotifySettings::default();
    screen.passes(Duration::from_secs(3));
    screen.hears(MIA, "nothing");
    assert_eq!(told(&mut screen), []);
}

#[test]
fn nobody_is_told_of_who_is_muted_blocked_or_folded() {
    let mut screen = looking_away();
    screen.is_told(Event::Chat(ChatEvent::Folded(STRANGER.parse().unwrap(), 1000)));
    screen.press("alt+m");
    screen.notifications();
    screen.hears(STRANGER, "muted");
    screen.press("alt+k y");
    screen.notifications();
    screen.hears(LIN, "blocked");
    assert_eq!(told(&mut screen), []);
}

#[test]
fn what_is_told_is_short_and_harmless() {
    let mut screen = looking_away();
    screen.hears(LIN, format!("\u{1b}]0;x\u{7}\u{202e}{}", "宽".repeat(20_000)));
    let (_, text) = told(&mut screen).remove(0);
    assert!(text.starts_with("lin: ␛]0;x␇<U+202E>宽宽") && text.ends_with('…'), "{text}");
    assert!(hobnob::text::width::width(&text) <= 205);
}
