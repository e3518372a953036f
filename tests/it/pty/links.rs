//! What the terminal is told of the links in messages.

use std::fs;

use tempfile::tempdir;

use super::CTRL_Q;
use crate::support::peer::Peer;
use crate::support::pty::{Terminal, hobnob};

/// All that is written where such a message comes, with these settings.
fn written(settings: &str, message: &str, sign: &str) -> String {
    let home = tempdir().unwrap();
    let peer = Peer::new();
    let config = home.path().join("config.toml");
    let address = peer.address().to_string();
    let command = hobnob(&home, &["--peer", &address, "--config", config.to_str().unwrap()]);
    fs::write(&config, settings).unwrap();
    let mut terminal = Terminal::start(command);
    terminal.wait_for("Message");
    terminal.type_in("hello\r");
    let (_, from) = peer.receive();
    peer.send(message.as_bytes(), from);
    terminal.wait_for(sign);
    terminal.type_in(CTRL_Q);
    assert_eq!(terminal.end(), Some(0));
    String::from_utf8(terminal.written().to_vec()).unwrap()
}

#[test]
fn a_terminal_is_told_where_a_link_leads_if_the_user_wants_it() {
    let message = "见http://box/a. \x1b]8;;http://other/\x1b\\here";
    let told = written("[screen]\nlinks = 'on'\n", message, "见http://box/a.");
    let links: Vec<&str> =
        told.split("\x1b]8;").skip(1).map(|rest| rest.split_once("\x1b\\").unwrap().0).collect();
    let (opened, closed): (Vec<&str>, Vec<&str>) = links.into_iter().partition(|link| *link != ";");
    assert!(!opened.is_empty() && opened.len() == closed.len(), "{told:?}");
    assert!(opened.iter().all(|link| link.starts_with("id=")), "{opened:?}");
    let leads_to = |url: &str| opened.iter().any(|link| link.ends_with(&format!(";{url}")));
    assert!(leads_to("http://box/a") && leads_to("http://other/"), "{opened:?}");
    // In a terminal that says no more of itself than that it is like xterm.
    let told = written("", message, "见http://box/a.");
    assert!(!told.contains("\x1b]8;"), "{told:?}");
}
