//! The user's editor, and what becomes of the draft that it was given. A shell script stands in for it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::sys::signal::Signal;
use tempfile::{TempDir, tempdir};

use crate::support::peer::Peer;
use crate::support::pty::{Terminal, hobnob};

const CTRL_X_CTRL_E: &str = "\x18\x05";
const CTRL_Q: &str = "\x11";

/// hobnob with a draft, and an editor that does this to the file `$2`.
fn started(script: &str, arguments: &[&str]) -> (Terminal, TempDir) {
    let home = tempdir().unwrap();
    let editor = home.path().join("an editor");
    fs::write(&editor, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o700)).unwrap();
    let named = format!("'{}' --wait", editor.display());
    let mut terminal = Terminal::start(hobnob(&home, arguments).env("EDITOR", "false").env("VISUAL", named));
    terminal.wait_for("Message");
    terminal.type_in("a draft; $(exit)");
    terminal.wait_for("a draft; $(exit)");
    (terminal, home)
}

/// The files that are left of the editor's.
fn left(home: &TempDir) -> Vec<String> {
    let names =
        fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "txt")).collect()
}

#[test]
fn the_editor_gets_the_draft_in_a_private_file_and_its_text_comes_back() {
    let script = "echo $# $1, $(stat -c %a \"$2\"); cat \"$2\"; read line; printf ' and 你好' >>\"$2\"";
    let (mut terminal, home) = started(script, &[]);
    terminal.type_in(CTRL_X_CTRL_E);
    terminal.wait_for("2 --wait, 600");
    terminal.wait_for("a draft; $(exit)");
    terminal.assert_given_back();
    // What is typed is the editor's.
    terminal.type_in("\x18\x05 not for us\r");
    terminal.wait_for("a draft; $(exit) and 你好");
    terminal.wait_until("the alternate screen", vt100::Screen::alternate_screen);
    assert!(!terminal.text().contains("not for us"), "{}", terminal.text());
    assert_eq!(left(&home), [""; 0]);
    terminal.type_in(CTRL_Q);
    assert_eq!(terminal.end(), Some(0));
    terminal.assert_given_back();
}

#[test]
fn what_arrives_meanwhile_is_there_afterwards() {
    let peer = Peer::new();
    let (mut terminal, _home) =
        started("echo edit this; read line", &["--peer", &peer.address().to_string()]);
    terminal.type_in("\r");
    let (_, from) = peer.receive();
    terminal.type_in(CTRL_X_CTRL_E);
    terminal.wait_for("edit this");
    for nth in 0..300 {
        peer.send(format!("number {nth}").as_bytes(), from);
    }
    terminal.type_in("\r");
    terminal.wait_for("number 299");
}

#[test]
fn an_editor_that_fails_leaves_the_draft_as_it_was() {
    let (mut terminal, home) = started("echo lost >\"$2\"; echo edit this; read line; exit 1", &[]);
    terminal.type_in(CTRL_X_CTRL_E);
    terminal.wait_for("edit this");
    terminal.type_in("\r");
    terminal.wait_until("the alternate screen", vt100::Screen::alternate_screen);
    terminal.type_in("!");
    terminal.wait_for("a draft; $(exit)!");
    assert_eq!(left(&home), [""; 0]);
}

#[test]
fn what_the_editor_left_is_kept_where_it_is_of_no_use_as_a_draft() {
    let (mut terminal, home) = started("printf '\\377' >\"$2\"", &[]);
    terminal.type_in(CTRL_X_CTRL_E);
    terminal.wait_for("not UTF-8");
    assert!(terminal.text().contains("a draft; $(exit)"), "{}", terminal.text());
    let [name] = &left(&home)[..] else { panic!("{:?}", left(&home)) };
    assert_eq!(fs::read(home.path().join(name)).unwrap(), [0xFF]);
}

#[test]
fn ctrl_c_is_the_editor_s_and_a_signal_to_end_ends_both() {
    let (mut terminal, home) =
        started("trap 'echo interrupted' INT; echo edit this; while :; do read line; done", &[]);
    terminal.type_in(CTRL_X_CTRL_E);
    terminal.wait_for("edit this");
    terminal.type_in("\x03");
    terminal.wait_for("interrupted");
    terminal.signal(Signal::SIGTERM);
    assert_eq!(terminal.end(), Some(143));
    terminal.assert_given_back();
    assert_eq!(left(&home), [""; 0]);
}

#[test]
fn an_editor_that_is_not_there_is_named() {
    let home = tempdir().unwrap();
    let mut terminal = Terminal::start(hobnob(&home, &[]).env("VISUAL", "/nowhere/edit --wait"));
    terminal.wait_for("Message");
    terminal.type_in("draft");
    terminal.type_in(CTRL_X_CTRL_E);
    terminal.wait_for("/nowhere/edit does not start");
    terminal.type_in("!");
    terminal.wait_for("draft!");
}
