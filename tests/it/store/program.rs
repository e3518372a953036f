//! What the full-screen program knows again when it is started once more.

use std::fs;

use tempfile::{TempDir, tempdir};

use crate::support::files::names;
use crate::support::peer::Peer as CourseProgram;
use crate::support::pty::{Terminal, command, hobnob};
use crate::support::server::Server;

const CTRL_G: &str = "\x07";
const CTRL_Q: &str = "\x11";
const ALT_M: &str = "\x1bm";
const F3: &str = "\x1bOR";

/// hobnob in a terminal, with its own files and its downloads in this place.
fn hobnob_in(place: &TempDir, arguments: &[&str]) -> Terminal {
    let data = place.path().join("data");
    let dirs = ["--data-dir", data.to_str().unwrap()];
    let mut terminal = Terminal::start(hobnob(place, &[arguments, &dirs].concat()));
    terminal.wait_for("Message");
    terminal
}

fn quit(mut terminal: Terminal) {
    terminal.type_in(CTRL_Q);
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn the_program_offers_servers_names_and_peers_of_the_run_before() {
    const FILES: &[(&[u8], &[u8])] = &[("笔记.txt".as_bytes(), b"what the file says\n")];
    let server = Server::course(FILES);
    let source = server.source("plain://", "/").to_string();
    let place = tempdir().unwrap();
    let mut terminal = hobnob_in(&place, &["--files", &source, "--peer", "127.0.0.1:9"]);
    terminal.type_in(F3);
    terminal.wait_for("File name");
    terminal.type_in("笔记.txt\r");
    terminal.wait_for("19 B in");
    quit(terminal);

    let mut terminal = hobnob_in(&place, &[]);
    terminal.wait_for("127.0.0.1:9 ");
    terminal.type_in(CTRL_G);
    terminal.type_in("plain");
    terminal.wait_for(&source);
    terminal.type_in("\r");
    terminal.wait_for("笔记.txt");
    terminal.wait_for("fetched before");
    quit(terminal);
}

#[test]
fn the_program_says_that_its_file_is_damaged_and_leaves_it_alone() {
    let place = tempdir().unwrap();
    let data = place.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("hobnob.db"), "mine").unwrap();
    let mut terminal = hobnob_in(&place, &["--files", "plain://127.0.0.1:9"]);
    terminal.wait_for("What you open is not remembered: ");
    quit(terminal);
    assert_eq!(fs::read(data.join("hobnob.db")).unwrap(), b"mine");
    assert_eq!(names(&data), ["hobnob.db"]);
}

#[test]
fn a_second_program_says_that_its_downloads_are_not_kept() {
    let place = tempdir().unwrap();
    let first = hobnob_in(&place, &[]);
    let mut second = hobnob_in(&place, &[]);
    second.wait_for("Another hobnob runs");
    quit(first);
    quit(second);
    let next = hobnob_in(&place, &[]);
    assert!(!next.text().contains("Another hobnob"));
    quit(next);
}

#[test]
fn the_demonstration_is_not_remembered() {
    let place = tempdir().unwrap();
    let mut terminal = hobnob_in(&place, &["demo"]);
    terminal.type_in(F3);
    terminal.wait_for("256-MiB.bin");
    quit(terminal);
    assert!(!place.path().join("data").exists());
}

/// Waits for the conversation with this peer, which both programs have in front.
fn with_peer(place: &TempDir, peer: &CourseProgram) -> Terminal {
    let mut terminal = hobnob_in(place, &["--peer", &peer.address().to_string()]);
    terminal.wait_for(&format!("{} ", peer.address()));
    terminal
}

#[test]
fn what_two_programs_change_of_one_peer_is_kept_and_each_shows_what_the_other_did() {
    let (place, peer) = (tempdir().unwrap(), CourseProgram::new());
    let (mut one, mut two) = (with_peer(&place, &peer), with_peer(&place, &peer));
    one.type_in(ALT_M);
    one.wait_for("is muted");
    two.wait_for("~ 127.0.0.1");
    two.type_in("half a thought");
    one.wait_for("half a thought");
    one.type_in(", and the other half");
    two.wait_for("half a thought, and the other half");
    two.type_in("\r");
    assert_eq!(peer.receive().0, b"half a thought, and the other half");
    one.wait_until("the message, and an empty composer", |screen| {
        let text = screen.contents();
        text.matches("and the other half").count() == 1 && text.contains("Write a message")
    });
    two.type_in("unsent");
    two.wait_for("unsent");
    quit(two);
    quit(one);
    let again = hobnob_in(&place, &[]);
    assert!(again.text().contains("~ 127.0.0.1") && again.text().contains("unsent"), "{}", again.text());
    quit(again);
}

#[test]
fn what_a_command_sends_appears_in_the_program_that_runs() {
    let (place, peer) = (tempdir().unwrap(), CourseProgram::new());
    let mut terminal = with_peer(&place, &peer);
    let data = place.path().join("data");
    let address = peer.address().to_string();
    for text in ["from the command line", "and again"] {
        let mut send =
            Terminal::start(command(&place, &["send", "--data-dir", data.to_str().unwrap(), &address, text]));
        assert_eq!(send.end(), Some(0), "{}", send.text());
        terminal.wait_for(text);
    }
    quit(terminal);
}
