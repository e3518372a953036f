//! The full-screen program as a person meets it: in a terminal, with keys, signals, and a window that changes.

use std::fs;
use std::process::Stdio;

use nix::sys::signal::Signal;
use tempfile::{TempDir, tempdir};

use crate::support::files::names;
use crate::support::peer::Peer;
use crate::support::pty::{Terminal, hobnob, hobnob_in_shell};
use crate::support::server::Server;

mod crashed;
mod editor;
mod gone;
#[cfg(target_os = "linux")]
mod hangup;
mod links;
mod naughty;
mod panics;
mod password;
mod share;
mod titles;
mod typing;
#[cfg(target_os = "linux")]
mod unread;

const CTRL_Q: &str = "\x11";
const CTRL_Z: &str = "\x1a";
const F3: &str = "\x1bOR";

/// hobnob in a terminal, with its first screen drawn, and the folder of all that it keeps.
fn started(arguments: &[&str]) -> (Terminal, TempDir) {
    let home = tempdir().unwrap();
    let mut terminal = Terminal::start(hobnob(&home, arguments));
    terminal.wait_for("Message");
    (terminal, home)
}

#[test]
fn quitting_gives_the_terminal_back() {
    let (mut terminal, _home) = started(&[]);
    terminal.wait_until("the alternate screen", vt100::Screen::alternate_screen);
    terminal.type_in(CTRL_Q);
    assert_eq!(terminal.end(), Some(0));
    terminal.assert_given_back();
    assert_eq!(terminal.text(), "", "nothing is left on the normal screen");
}

#[test]
fn a_signal_to_end_gives_the_terminal_back() {
    for (signal, code) in [(Signal::SIGHUP, 129), (Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let (mut terminal, _home) = started(&[]);
        terminal.signal(signal);
        assert_eq!(terminal.end(), Some(code), "{signal}");
        terminal.assert_given_back();
        assert_eq!(terminal.text(), "", "{signal}");
    }
}

#[test]
fn ctrl_z_gives_the_shell_the_terminal_and_fg_brings_everything_back() {
    stopped_and_continued(|terminal| terminal.type_in(CTRL_Z));
}

#[test]
fn a_signal_to_stop_does_what_ctrl_z_does() {
    stopped_and_continued(|terminal| terminal.signal(Signal::SIGTSTP));
}

fn stopped_and_continued(stop: impl FnOnce(&mut Terminal)) {
    let home = tempdir().unwrap();
    let mut terminal =
        Terminal::start(hobnob_in_shell(&home, "echo the shell has it; read line; fg; echo ended with $?"));
    terminal.wait_for("Message");
    terminal.type_in("half a thought");
    terminal.wait_for("half a thought");
    stop(&mut terminal);
    terminal.wait_for("the shell has it");
    terminal.assert_given_back();
    terminal.type_in("\r");
    terminal.wait_for("half a thought");
    terminal.wait_until("the alternate screen", vt100::Screen::alternate_screen);
    terminal.wait_for("Message");
    terminal.type_in(CTRL_Q);
    terminal.end();
    assert!(terminal.text().contains("ended with 0"), "{}", terminal.text());
    terminal.assert_given_back();
}

#[test]
fn continued_in_the_background_it_leaves_the_terminal_alone_until_fg() {
    let home = tempdir().unwrap();
    // It must not take for its own what the shell does to the terminal meanwhile. `wait` ends when it has stopped again.
    let meanwhile = "stty -echo; bg; wait %1; stty echo";
    let then = format!("{meanwhile}; echo the shell has it; read line; fg; echo ended with $?");
    let mut terminal = Terminal::start(hobnob_in_shell(&home, &then));
    terminal.wait_for("Message");
    terminal.type_in(CTRL_Z);
    terminal.wait_for("the shell has it");
    terminal.assert_given_back();
    terminal.type_in("\r");
    terminal.wait_for("Message");
    terminal.type_in(CTRL_Q);
    terminal.end();
    assert!(terminal.text().contains("ended with 0"), "{}", terminal.text());
    terminal.assert_given_back();
}

#[test]
fn without_a_shell_to_come_back_from_ctrl_z_does_not_stop_it() {
    let (mut terminal, _home) = started(&[]);
    terminal.type_in(CTRL_Z);
    terminal.type_in("still here");
    terminal.wait_for("still here");
}

#[test]
fn the_screen_follows_the_window_and_says_politely_when_it_is_too_small() {
    let (mut terminal, _home) = started(&[]);
    for _ in 0..2 {
        terminal.resize(39, 9);
        terminal.wait_for("hobnob needs at least 40×10 cells");
        terminal.resize(40, 10);
        terminal.wait_until("the composer", |screen| screen.contents().contains("Message"));
        terminal.resize(100, 30);
        terminal.wait_until("the composer further down", |screen| {
            screen.rows(0, 100).position(|row| row.contains("Message")).is_some_and(|row| row > 20)
        });
    }
}

#[test]
fn it_starts_in_a_window_that_is_too_small_and_ends_well() {
    let home = tempdir().unwrap();
    let mut terminal = Terminal::start_in(1, 1, hobnob(&home, &[]));
    terminal.wait_until("the alternate screen", vt100::Screen::alternate_screen);
    terminal.type_in(CTRL_Q);
    assert_eq!(terminal.end(), Some(0));
    terminal.assert_given_back();
}

#[test]
fn without_a_terminal_on_both_ends_it_says_so_in_one_line() {
    let home = tempdir().unwrap();
    for command in [
        hobnob(&home, &[]).stdin(Stdio::null()),
        hobnob(&home, &[]).stdout(Stdio::null()),
        hobnob(&home, &["demo"]).stdin(Stdio::null()),
        hobnob(&home, &["demo"]).stdout(Stdio::null()),
    ] {
        let mut terminal = Terminal::start(command);
        assert_eq!(terminal.end(), Some(2));
        let said = str::from_utf8(terminal.written()).unwrap();
        assert!(said.lines().count() == 1 && said.contains("terminal"), "{said}");
        assert!(!said.contains('\x1b'), "{said:?}");
    }
}

#[test]
fn a_course_program_and_a_person_talk_both_ways() {
    let peer = Peer::new();
    let (mut terminal, _home) = started(&["--peer", &peer.address().to_string()]);
    terminal.type_in("hello, 你好\r");
    let (bytes, from) = peer.receive();
    assert_eq!(bytes, "hello, 你好".as_bytes());
    peer.send("你好，文件在服务器上".as_bytes(), from);
    terminal.wait_for("你好，文件在服务器上");
    terminal.wait_for("heard back");
    assert!(peer.heard_nothing(), "nothing is sent by itself");
}

#[test]
fn a_hostile_datagram_reaches_the_terminal_as_harmless_signs_only() {
    let peer = Peer::new();
    let (mut terminal, _home) = started(&["--peer", &peer.address().to_string()]);
    terminal.type_in("who are you?\r");
    let (_, from) = peer.receive();
    let hostile: [&[u8]; 9] = [
        b"\x1b]52;c;aGFja2Vk\x07 clipboard",
        b"\x1b]0;hacked\x1b\\ title",
        b"\x1b]8;;http://example.invalid\x1b\\link\x1b]8;;\x1b\\ hyperlink",
        b"\x1b[3;5r\x1b[6n\x1b[?1049l region",
        b"\x1bP+q544e\x1b\\ device control",
        b"\x1bc reset",
        "\u{9b}3;5r\u{9d}0;hacked\u{9c} control characters".as_bytes(),
        b"\x9b3;5r\x9d0;hacked\x9c control bytes",
        b"one line\r\x08\x7f\x0b\x0c\x00\x0e another",
    ];
    for datagram in hostile {
        peer.send(datagram, from);
    }
    peer.send(b"that was all", from);
    terminal.wait_for("that was all");
    let shown = terminal.text();
    for harmless in
        ["aGFja2Vk", "title", "hyperlink", "region", "device control", "reset", "characters", "bytes"]
    {
        assert!(shown.contains(harmless), "{harmless} is to be seen in\n{shown}");
    }
    terminal.type_in(CTRL_Q);
    assert_eq!(terminal.end(), Some(0));

    // The program's own: the window's title is its name, the peer, and what is unread.
    assert_eq!(terminal.title(), Some(&*format!("hobnob - {}", peer.address())));
    let (before, titled) = str::from_utf8(terminal.written()).unwrap().split_once("\x1b]2;").unwrap();
    let (title, after) = titled.split_once("\x1b\\").unwrap();
    assert!(!title.contains(char::is_control), "{title:?}");
    let written = [before, after].concat();
    let foreign = |c: char| c.is_control() && c != '\x1b';
    assert!(!written.contains(foreign), "a control character in {written:?}");
    let hostile = ["\x1b]", "\x1bP", "\x1bc", "\x1b\\", "\x1b[6n", "\x1b[3;5r"];
    for sequence in hostile {
        assert!(!written.contains(sequence), "{sequence:?} in {written:?}");
    }
    assert_eq!(written.matches("\x1b[?1049l").count(), 1, "the alternate screen is left once, at the end");
}

#[test]
fn a_download_from_a_course_server_lands_on_the_disk() {
    const FILES: &[(&[u8], &[u8])] = &[("笔记.txt".as_bytes(), b"what the file says\n")];
    let server = Server::course(FILES);
    let downloads = tempdir().unwrap();
    let (mut terminal, _home) = started(&[
        "--files",
        &server.address.to_string(),
        "--download-dir",
        downloads.path().to_str().unwrap(),
    ]);
    terminal.type_in(F3);
    terminal.wait_for("File name");
    terminal.type_in("笔记.txt\r");
    terminal.wait_for("19 B in");
    assert_eq!(names(downloads.path()), ["笔记.txt"]);
    assert_eq!(fs::read(downloads.path().join("笔记.txt")).unwrap(), b"what the file says\n");
    // The probe was a request that a course server takes for an unknown name; then the name, and nothing else.
    let requests = server.requests();
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert_eq!(requests[1], "笔记.txt".as_bytes());
}

#[test]
fn the_demonstration_leaves_nothing_behind() {
    for end in [
        |terminal: &mut Terminal| terminal.type_in(CTRL_Q),
        |terminal: &mut Terminal| {
            terminal.signal(Signal::SIGTERM);
        },
    ] {
        let home = tempdir().unwrap();
        let command = hobnob(&home, &["demo"]);
        let before = names(home.path());
        let mut terminal = Terminal::start(command);
        terminal.wait_for("Message");
        assert!(names(home.path()).len() > before.len(), "it works in a temporary folder");
        end(&mut terminal);
        terminal.end();
        terminal.assert_given_back();
        assert_eq!(names(home.path()), before);
    }
}
