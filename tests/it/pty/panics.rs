//! What a panic leaves. There is no way to make the program panic, so a test of this binary, run in a terminal by another
//! one, stands in for it: it takes the terminal as the program does, and then panics.

use std::process::exit;
use std::thread;

use hobnob::term::{Guard, Output, PANICKED, Panics};

use crate::support::pty::{Command, Terminal};

/// Runs an ignored test of this module in a terminal of its own.
fn run(test: &str) -> Terminal {
    let name = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
    let command = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--ignored", "--nocapture", "--test-threads=1"])
        .env("TERM", "xterm-256color")
        // A backtrace is longer than the screen.
        .env("RUST_BACKTRACE", "0");
    Terminal::start(command)
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
