//! What was typed last is kept, in whatever way the program ends.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use hobnob::store;
use nix::sys::signal::Signal;
use rusqlite::Connection;
use tempfile::tempdir;

use crate::support::bare::Bare;

const CTRL_Q: &str = "\x11";

/// hobnob in English with all its files in this folder, about to be started.
pub(super) fn hobnob(home: &Path, arguments: &[&str]) -> Command {
    let config = home.join("config.toml");
    fs::write(&config, "").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hobnob"));
    command.args(arguments).args(["--lang", "en", "--bind", "127.0.0.1"]);
    command.arg("--config").arg(config).arg("--data-dir").arg(home);
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env("HOME", home).env("LANG", "C.UTF-8").env("TERM", "xterm-256color").env("PATH", path);
    command
}

/// The draft that is left after something was typed, shown, and the program ended in this way.
fn draft_after(text: &str, end: impl FnOnce(Bare, &Path) -> Option<i32>) -> (Option<i32>, String) {
    let home = tempdir().unwrap();
    let mut terminal = Bare::start(&hobnob(home.path(), &["--port", "0", "--peer", "127.0.0.1:9"]));
    terminal.read_until("Message");
    terminal.type_in(text);
    terminal.read_until(text);
    let code = end(terminal, home.path());
    (code, draft(home.path()))
}

fn draft(home: &Path) -> String {
    let known = store::open(home).unwrap().memory.known;
    known.into_iter().map(|known| known.contact.draft).collect()
}

#[test]
fn what_was_typed_for_nobody_yet_is_kept_in_whatever_way_the_program_ends() {
    type Way = fn(Bare) -> Option<i32>;
    let ways: [(i32, Way); 3] = [
        (129, Bare::hang_up),
        (143, |terminal| {
            terminal.signal(Signal::SIGTERM);
            terminal.end()
        }),
        (0, |mut terminal| {
            terminal.type_in(CTRL_Q);
            terminal.end()
        }),
    ];
    for (code, end) in ways {
        let home = tempdir().unwrap();
        let mut terminal = Bare::start(&hobnob(home.path(), &["--port", "0"]));
        terminal.read_until("Nobody to talk to yet");
        terminal.type_in("to be addressed");
        terminal.read_until("to be addressed");
        assert_eq!(end(terminal), Some(code));
        assert_eq!(store::open(home.path()).unwrap().memory.draft, "to be addressed");
        let mut terminal = Bare::start(&hobnob(home.path(), &["--port", "0"]));
        terminal.read_until("to be addressed");
        assert_eq!(terminal.hang_up(), Some(129));
        assert_eq!(store::open(home.path()).unwrap().memory.draft, "to be addressed");
    }
}

fn hang_up_again_and_again(times: usize) {
    let lost = (0..times).filter(|nth| {
        let text = format!("typed at the last moment {nth}");
        let (code, draft) = draft_after(&text, |terminal, _| terminal.hang_up());
        assert_eq!(code, Some(129));
        draft != text
    });
    assert_eq!(lost.count(), 0, "of {times}");
}

#[test]
fn what_was_typed_before_the_terminal_hung_up_is_kept() {
    hang_up_again_and_again(5);
}

#[test]
#[ignore = "long: run by .ci/long"]
fn of_two_hundred_terminals_that_hang_up_none_loses_what_was_typed() {
    hang_up_again_and_again(200);
}

/// Another program writes to the same file for a while, or the disk is slow.
pub(super) fn hold(home: &Path) -> thread::JoinHandle<()> {
    let file = Connection::open(home.join("hobnob.db")).unwrap();
    file.execute_batch("BEGIN IMMEDIATE").unwrap();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(500));
        file.execute_batch("COMMIT").unwrap();
    })
}

#[test]
fn what_was_typed_is_kept_though_the_disk_takes_longer_than_the_signal_of_the_same_hang_up() {
    let (code, draft) = draft_after("the disk is slow", |terminal, home| {
        let held = hold(home);
        let code = terminal.hang_up();
        held.join().unwrap();
        code
    });
    assert_eq!((code, &*draft), (Some(129), "the disk is slow"));
}

#[test]
fn what_was_typed_is_kept_however_often_the_program_is_asked_to_end() {
    for (first, code) in [(Signal::SIGHUP, 129), (Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let (ended, draft) = draft_after("ask me again", |terminal, home| {
            let held = hold(home);
            terminal.signal(first);
            for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP].iter().cycle().take(30) {
                terminal.signal(*signal);
                thread::sleep(Duration::from_millis(5));
            }
            held.join().unwrap();
            terminal.end()
        });
        assert!(ended.is_some_and(|ended| [129, 130, 143].contains(&ended)), "{code}: {ended:?}");
        assert_eq!(draft, "ask me again", "{first}");
    }
}

#[test]
fn what_was_typed_is_kept_when_the_user_quits() {
    let (code, draft) = draft_after("good night", |mut terminal, _| {
        terminal.type_in(CTRL_Q);
        terminal.end()
    });
    assert_eq!((code, &*draft), (Some(0), "good night"));
}

#[test]
fn what_was_typed_and_not_yet_looked_at_is_kept_when_a_signal_ends_the_program() {
    for signal in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM] {
        let (_, draft) = draft_after("seen", |mut terminal, _| {
            terminal.type_in(" and not seen");
            terminal.signal(signal);
            terminal.end()
        });
        assert_eq!(draft, "seen and not seen", "{signal}");
    }
}
