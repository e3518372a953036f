//! A terminal that is gone, with nobody to tell: it is not the session's own, so that no SIGHUP comes.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Stdio};

use crate::support::bare::terminal;
use crate::support::program::Program;

fn started(program: &mut Program, far: File) -> Child {
    let command = program.command.env("TERM", "xterm-256color");
    command.stdin(far.try_clone().unwrap()).stdout(far).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    // What the command holds of the terminal would keep it from hearing that it is gone.
    command.stdin(Stdio::null()).stdout(Stdio::null());
    child
}

fn said(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

const ARGUMENTS: [&str; 6] = ["--lang", "en", "--bind", "127.0.0.1", "--port", "0"];

#[test]
fn a_terminal_that_vanishes_without_a_signal_ends_the_program() {
    let (mut near, far) = terminal();
    let mut program = Program::new(&ARGUMENTS);
    let child = started(&mut program, far);
    let mut drawn = Vec::new();
    while !String::from_utf8_lossy(&drawn).contains("Message") {
        let mut buffer = [0; 4096];
        let length = near.read(&mut buffer).unwrap();
        drawn.extend_from_slice(&buffer[..length]);
    }
    near.write_all(b"x").unwrap();
    drop(near);
    assert_eq!(said(child), (Some(129), String::new()));
}

#[test]
fn a_terminal_that_vanishes_before_the_first_key_is_no_reason_to_panic() {
    for _ in 0..8 {
        let (near, far) = terminal();
        let mut program = Program::new(&ARGUMENTS);
        let child = started(&mut program, far);
        drop(near);
        let (code, said) = said(child);
        assert!(!said.contains("panicked") && !matches!(code, None | Some(0 | 101)), "{code:?}: {said}");
    }
}
