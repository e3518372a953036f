//! What a panic leaves. There is no way to make the program panic, so a test of this binary, run in a terminal by another
//! one, stands in for it: it takes the terminal as the program does, and then panics.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::{ExitCode, exit};
use std::thread;

use hobnob::store;

use hobnob::term::{Guard, Output, PANICKED, Panics};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use rusqlite::Connection;
use tempfile::tempdir;

use crate::support::pty::{Command, Terminal};

/// Runs an ignored test of this module in a terminal of its own.
fn run(test: &str) -> Terminal {
    Terminal::start(command(test))
}

fn command(test: &str) -> Command {
    let name = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--ignored", "--nocapture", "--test-threads=1"])
        .env("TERM", "xterm-256color")
        // A backtrace is longer than the screen.
        .env("RUST_BACKTRACE", "0")
}

/// Names the folder of the program that is to panic, to the test that runs it.
const HOME: &str = "HOBNOB_TEST_HOME";
/// A pipe in it: when it is written to, a thread panics.
const TRIGGER: &str = "trigger";

#[test]
fn what_was_typed_is_kept_when_a_worker_panics_and_downloads_wait_at_the_next_start() {
    for (peer, text) in [(true, "for somebody"), (false, "for nobody yet")] {
        let home = tempdir().unwrap();
        mkfifo(&home.path().join(TRIGGER), Mode::S_IRWXU).unwrap();
        let mut command = command("whole").env("HOME", home.path()).env(HOME, home.path());
        if peer {
            command = command.env("HOBNOB_TEST_PEER", "127.0.0.1:9");
        }
        let mut terminal = Terminal::start(command);
        terminal.wait_for("Message");
        terminal.type_in(text);
        terminal.wait_for(text);
        fs::write(home.path().join(TRIGGER), "now").unwrap();
        assert_eq!(terminal.end(), Some(i32::from(PANICKED)));
        terminal.assert_given_back();
        assert!(terminal.text().contains("the worker fell over"), "{}", terminal.text());
        let memory = store::open(home.path()).unwrap().memory;
        let drafts: Vec<&str> = memory.known.iter().map(|known| &*known.contact.draft).collect();
        assert_eq!(
            (drafts.concat(), memory.draft),
            if peer { (text.to_owned(), String::new()) } else { (String::new(), text.to_owned()) }
        );
        // The next program knows that this one did not come to its end in order.
        let file = Connection::open(home.path().join("hobnob.db")).unwrap();
        let marks: u64 =
            file.query_row("SELECT count(*) FROM kept WHERE key = 'session'", [], |row| row.get(0)).unwrap();
        assert_eq!(marks, 1);
    }
}

#[test]
#[ignore = "run by the test above"]
fn whole() {
    let home = PathBuf::from(std::env::var_os(HOME).unwrap());
    let trigger = home.join(TRIGGER);
    let waits = move || {
        fs::read(trigger).unwrap();
        panic!("the worker fell over");
    };
    thread::Builder::new().name("fetcher".to_owned()).spawn(waits).unwrap();
    let config = home.join("config.toml");
    fs::write(&config, "").unwrap();
    let mut arguments: Vec<OsString> =
        ["hobnob", "--lang", "en", "--bind", "127.0.0.1", "--port", "0"].map(Into::into).to_vec();
    arguments.extend(["--config".into(), config.into(), "--data-dir".into(), home.into()]);
    if let Some(peer) = std::env::var_os("HOBNOB_TEST_PEER") {
        arguments.extend(["--peer".into(), peer]);
    }
    let code = hobnob::cli::run(arguments);
    exit(if code == ExitCode::from(PANICKED) { PANICKED.into() } else { 1 });
}

#[test]
fn a_panic_where_the_screen_is_drawn_is_read_on_the_normal_screen() {
    let mut terminal = run("drawing");
    assert_eq!(terminal.end(), Some(i32::from(PANICKED)));
    terminal.assert_given_back();
    assert!(terminal.text().contains("the drawing thread fell over"), "{}", terminal.text());
}

#[test]
#[ignore = "run by the test above"]
fn drawing() {
    let output = Output::start().unwrap();
    let _panics = Panics::watch(&output);
    let _guard = Guard::enter(output).unwrap();
    panic!("the drawing thread fell over");
}

#[test]
fn a_panic_in_a_worker_ends_the_program_and_is_read_on_the_normal_screen() {
    let mut terminal = run("worker");
    assert_eq!(terminal.end(), Some(i32::from(PANICKED)));
    terminal.assert_given_back();
    let text = terminal.text();
    assert!(text.contains("thread 'fetcher' panicked at") && text.contains("the worker fell over"), "{text}");
}

#[test]
#[ignore = "run by the test above"]
fn worker() {
    let output = Output::start().unwrap();
    let mut panics = Panics::watch(&output);
    let mut guard = Guard::enter(output).unwrap();
    thread::Builder::new().name("fetcher".to_owned()).spawn(|| panic!("the worker fell over")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(panics.next()).tell(&mut guard);
    exit(i32::from(PANICKED));
}

#[test]
fn a_panic_that_the_main_loop_does_not_hear_of_ends_the_program_all_the_same() {
    let mut terminal = run("deaf");
    assert_eq!(terminal.end(), Some(i32::from(PANICKED)));
    terminal.assert_given_back();
    assert!(terminal.text().contains("nobody listens"), "{}", terminal.text());
}

#[test]
#[ignore = "run by the test above"]
fn deaf() {
    let output = Output::start().unwrap();
    let _panics = Panics::watch(&output);
    let _guard = Guard::enter(output).unwrap();
    let _ = thread::spawn(|| panic!("nobody listens")).join();
}
