//! The list of peers, what is set for one of them, and an address that is typed half.

use std::time::Duration;

use hobnob::event::{ChatEvent, Event};

use super::looks;
use crate::support::screen::Screen;

const LIN: &str = "192.168.1.5:7890";
const SIZES: [(u16, u16); 3] = [(40, 10), (80, 24), (200, 60)];

/// Everything that a peer in the list can be.
fn known_by_heart(screen: &mut Screen) {
    screen.hears("10.0.0.7:7890", "long ago");
    screen.passes(Duration::from_hours(24 * 30));
    screen.hears("10.0.0.8:51234", "this week");
    screen.passes(Duration::from_hours(24 * 3));
    screen.knows(LIN, "lin");
    screen.hears(LIN, "today");
    screen.hears("192.168.1.5:54321", "from another port");
    screen.knows("192.168.1.6:7890", "图书馆的服务器，二楼");
    screen.hears("192.168.1.6:7890", "muted");
    screen.knows("[fe80::1234:5678:9abc:def0]:51234", "noise");
    screen.press("ctrl+l ctrl+u");
    screen.type_text("everyone");
    screen.press("enter tab tab home");
    set(screen, "noise", "b y");
    set(screen, "图书馆", "m");
    set(screen, "everyone", "p");
    screen.press("esc ctrl+l ctrl+u");
    screen.type_text(LIN);
    screen.press("enter");
    screen.hears("192.168.1.6:7890", "one more");
    let blocked = "[fe80::1234:5678:9abc:def0]:51234".parse().unwrap();
    screen.is_told(Event::Chat(ChatEvent::Blocked(blocked, 12_345)));
}

/// Presses a key with this peer selected.
fn set(screen: &mut Screen, name: &str, key: &str) {
    screen.press("/");
    screen.type_text(name);
    let menu = format!("alt+p {key} esc esc");
    screen.press(&menu);
}

#[test]
fn the_list_of_peers() {
    looks("peers", &SIZES, |screen| {
        known_by_heart(screen);
        screen.press("tab tab up");
    });
}

#[test]
fn the_list_of_peers_with_a_filter() {
    looks("peers_filter", &SIZES, |screen| {
        known_by_heart(screen);
        screen.press("tab tab /");
        screen.type_text("168");
    });
}

#[test]
fn what_is_set_for_a_peer() {
    looks("peer_settings", &SIZES, |screen| {
        known_by_heart(screen);
        screen.press("alt+p p down down");
    });
}

#[test]
fn the_name_of_a_peer() {
    looks("peer_name", &SIZES, |screen| {
        known_by_heart(screen);
        screen.press("alt+p n");
    });
}

#[test]
fn whether_a_peer_is_to_be_forgotten() {
    looks("peer_forget", &SIZES, |screen| {
        known_by_heart(screen);
        screen.press("alt+p x");
    });
}

#[test]
fn an_address_that_can_be_completed() {
    looks("address_completed", &SIZES, |screen| {
        known_by_heart(screen);
        screen.press("ctrl+l ctrl+u");
        screen.type_text("192.");
    });
}

#[test]
fn a_peer_that_sends_too_much() {
    looks("notice_noisy", &SIZES, |screen| {
        known_by_heart(screen);
        screen.is_told(Event::Chat(ChatEvent::Folded(LIN.parse().unwrap(), 12_345)));
    });
}
