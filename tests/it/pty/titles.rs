//! The title of the terminal's window.

use std::fs;

use tempfile::tempdir;

use super::started;
use crate::support::peer::Peer;
use crate::support::pty::{Terminal, hobnob};

const CTRL_Q: &str = "\x11";
const FOCUS_LOST: &str = "\x1b[O";
const F3: &str = "\x1bOR";

#[test]
fn the_title_names_the_peer_and_counts_what_is_unread_and_is_given_back() {
    let peer = Peer::new();
    let (mut terminal, _home) = started(&["--peer", &peer.address().to_string()]);
    terminal.type_in("hello\r");
    let (_, from) = peer.receive();
    terminal.wait_for("sent");
    assert_eq!(terminal.title(), Some(&*format!("hobnob - {}", peer.address())));
    // Once the letter behind it is to be seen, so is that nobody looks.
    terminal.type_in(FOCUS_LOST);
    terminal.type_in("q");
    terminal.wait_for(" 1 B ");
    for nth in 1..=2 {
        peer.send(format!("number {nth}").as_bytes(), from);
        terminal.wait_for(&format!("number {nth}"));
    }
    terminal.type_in(CTRL_Q);
    assert_eq!(terminal.end(), Some(0));
    assert_eq!(terminal.title(), Some(&*format!("(2) hobnob - {}", peer.address())));
    let written = str::from_utf8(terminal.written()).unwrap();
    let at = |command: &str| written.match_indices(command).map(|(at, _)| at).collect::<Vec<_>>();
    let (kept, set, back) = (at("\x1b[22;2t"), at("\x1b]2;"), at("\x1b[23;2t"));
    assert!(kept.len() == 1 && back.len() == 1 && kept < set && set < back, "{kept:?} {set:?} {back:?}");
    assert_eq!(set.len(), 3, "it is written only when it changes");
}

#[test]
fn a_title_that_is_turned_off_is_never_set() {
    let home = tempdir().unwrap();
    let command = hobnob(&home, &["--config", home.path().join("config.toml").to_str().unwrap()]);
    fs::write(home.path().join("config.toml"), "[notify]\ntitle = false\n").unwrap();
    let mut terminal = Terminal::start(command);
    terminal.wait_for("Message");
    terminal.type_in(F3);
    terminal.wait_for("From");
    terminal.type_in(CTRL_Q);
    assert_eq!(terminal.end(), Some(0));
    assert_eq!(terminal.title(), None);
}
