//! A program in a terminal of its own: what it draws is read as a terminal reads it, and what a person can do to it can be
//! done. Waits for what is to be seen, never for time to pass.

use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

use nix::sys::signal::{Signal, killpg};
use nix::sys::termios::{LocalFlags, Termios, tcgetattr};
use nix::unistd::tcgetpgrp;
use pty_process::Size;
pub(crate) use pty_process::blocking::Command;
use pty_process::blocking::{Pty, open};
use tempfile::TempDir;
use vt100::{MouseProtocolMode, Parser, Screen};

use super::peer::PATIENCE;

/// A terminal, and the program that runs in it. The program does not outlive it.
pub(crate) struct Terminal {
    pty: Arc<Pty>,
    /// As it was before the program.
    modes: Termios,
    child: Child,
    output: Receiver<Vec<u8>>,
    /// All that the program has written.
    written: Vec<u8>,
    screen: Parser,
}

/// hobnob with a data directory and settings of its own, in English, on loopback.
pub(crate) fn hobnob(home: &TempDir, arguments: &[&str]) -> Command {
    with_home(Command::new(env!("CARGO_BIN_EXE_hobnob")), home.path()).args(arguments).args([
        "--lang",
        "en",
        "--bind",
        "127.0.0.1",
        "--port",
        "0",
    ])
}

/// A command of hobnob's that opens no socket of the chat.
pub(crate) fn command(home: &TempDir, arguments: &[&str]) -> Command {
    let command = Command::new(env!("CARGO_BIN_EXE_hobnob"));
    with_home(command, home.path()).args(arguments).args(["--lang", "en"])
}

/// The same, started by a shell that does job control: when hobnob stops, the shell does what `then` says.
pub(crate) fn hobnob_in_shell(home: &TempDir, then: &str) -> Command {
    let script = format!("\"$0\" \"$@\"; {then}");
    with_home(Command::new("sh").args(["-mc", &script, env!("CARGO_BIN_EXE_hobnob")]), home.path()).args([
        "--lang",
        "en",
        "--bind",
        "127.0.0.1",
        "--port",
        "0",
    ])
}

fn with_home(command: Command, home: &Path) -> Command {
    let config = home.join("config.toml");
    std::fs::write(&config, "").unwrap();
    command
        .env_clear()
        .envs([("LANG", "C.UTF-8"), ("TERM", "xterm-256color"), ("TZ", "UTC")])
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", home)
        .env("TMPDIR", home)
}

impl Terminal {
    /// Starts a program in a terminal of 100 columns and 30 rows.
    pub(crate) fn start(command: Command) -> Self {
        Self::start_in(100, 30, command)
    }

    /// Starts a program in a terminal of this size.
    pub(crate) fn start_in(columns: u16, rows: u16, command: Command) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(rows, columns)).unwrap();
        let modes = tcgetattr(&pty).unwrap();
        let child = command.spawn(pts).unwrap();
        let pty = Arc::new(pty);
        let (tell, output) = channel();
        let reader = Arc::clone(&pty);
        // Reads on whatever the test does, as a terminal does: a program must not wait for it.
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // On Linux the end is an error, EIO.
            while let Ok(length @ 1..) = (&*reader).read(&mut buffer) {
                if tell.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        let screen = Parser::new(NonZero::new(rows).unwrap(), NonZero::new(columns).unwrap(), 0);
        Self { pty, modes, child, output, written: Vec::new(), screen }
    }

    /// Types.
    pub(crate) fn type_in(&mut self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// Makes the window so large; the program hears of it by SIGWINCH.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.screen.set_size(NonZero::new(rows).unwrap(), NonZero::new(columns).unwrap());
        self.pty.resize(Size::new(rows, columns)).unwrap();
    }

    /// Sends a signal to the job in the foreground.
    pub(crate) fn signal(&self, signal: Signal) {
        killpg(tcgetpgrp(&*self.pty).unwrap(), signal).unwrap();
    }

    /// Waits until this is on the screen.
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |screen| screen.contents().contains(text));
    }

    /// Waits until the screen is so.
    pub(crate) fn wait_until(&mut self, what: &str, so: impl Fn(&Screen) -> bool) {
        let deadline = clock() + PATIENCE;
        while !so(self.screen.screen()) {
            let Ok(bytes) = self.output.recv_timeout(deadline.saturating_duration_since(clock())) else {
                panic!("never seen: {what}\nbut this:\n{}", self.screen.screen().contents());
            };
            self.take_in(&bytes);
        }
    }

    /// What is on the screen, once `wait_for` has seen it.
    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits until what is typed is not shown any more.
    pub(crate) fn wait_for_silence(&self) {
        let deadline = clock() + PATIENCE;
        while tcgetattr(&*self.pty).unwrap().local_flags.contains(LocalFlags::ECHO) {
            assert!(clock() < deadline, "what is typed is still shown");
            thread::yield_now();
        }
    }

    /// The terminal is as it was before the program: every mode that it can have, and the screen.
    pub(crate) fn assert_given_back(&self) {
        assert_eq!(tcgetattr(&*self.pty).unwrap(), self.modes);
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is left on");
        assert!(!screen.bracketed_paste(), "bracketed paste is left on");
        assert!(!screen.hide_cursor(), "the cursor is left hidden");
        assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None);
        assert_eq!(screen.attributes_formatted(), vt100::Parser::default().screen().attributes_formatted());
        for mode in ["1004", "2026"] {
            let last = |state: &str| find_last(&self.written, format!("\x1b[?{mode}{state}").as_bytes());
            assert!(last("h") <= last("l"), "mode {mode} is left on");
        }
    }

    /// The window's title, as the program set it last.
    pub(crate) fn title(&self) -> Option<&str> {
        const SET: &[u8] = b"\x1b]2;";
        let begun = &self.written[find_last(&self.written, SET)? + SET.len()..];
        let end = begun.windows(2).position(|window| window == b"\x1b\\")?;
        str::from_utf8(&begun[..end]).ok()
    }

    /// All that the program has written, as far as was waited for.
    pub(crate) fn written(&self) -> &[u8] {
        &self.written
    }

    /// Waits for the program's end, and for all that it wrote. Its exit code.
    pub(crate) fn end(&mut self) -> Option<i32> {
        let deadline = clock() + PATIENCE;
        loop {
            match self.output.recv_timeout(deadline.saturating_duration_since(clock())) {
                Ok(bytes) => self.take_in(&bytes),
                Err(RecvTimeoutError::Disconnected) => return self.child.wait().unwrap().code(),
                Err(RecvTimeoutError::Timeout) => panic!("it does not end, and shows:\n{}", self.text()),
            }
        }
    }

    fn take_in(&mut self, bytes: &[u8]) {
        self.written.extend_from_slice(bytes);
        self.screen.process(bytes);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Fails where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn find_last(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).rposition(|window| window == part)
}

#[expect(clippy::disallowed_methods, reason = "a deadline for what never comes")]
fn clock() -> Instant {
    Instant::now()
}
