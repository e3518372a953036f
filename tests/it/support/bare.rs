//! A program in a terminal that is read only when a test reads it, and that can hang up.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Instant;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use vt100::Parser;

use super::peer::PATIENCE;

const COLUMNS: u16 = 100;
const ROWS: u16 = 30;

/// The two ends of a terminal that no program inherits which another test starts at the same time.
pub(crate) fn terminal() -> (PtyMaster, File) {
    let near = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
    grantpt(&near).unwrap();
    unlockpt(&near).unwrap();
    let flags = (OFlag::O_NOCTTY | OFlag::O_CLOEXEC).bits();
    let name = ptsname_r(&near).unwrap();
    let far = OpenOptions::new().read(true).write(true).custom_flags(flags).open(name).unwrap();
    let size = Command::new("stty")
        .args(["columns", &COLUMNS.to_string(), "rows", &ROWS.to_string()])
        .stdin(far.try_clone().unwrap())
        .status();
    assert!(size.unwrap().success());
    (near, far)
}

/// A program whose session has such a terminal. It does not outlive this.
pub(crate) struct Bare {
    near: PtyMaster,
    child: Child,
    screen: Parser,
}

impl Bare {
    /// Starts a program. Its standard error goes to the terminal, too.
    pub(crate) fn start(command: &Command) -> Self {
        let (near, far) = terminal();
        // Makes the terminal the session's own, so that closing it is a hang-up.
        let mut session = Command::new("setsid");
        session.arg("--ctty").arg(command.get_program()).args(command.get_args()).env_clear();
        session.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        session.stdin(far.try_clone().unwrap()).stdout(far.try_clone().unwrap()).stderr(far);
        let child = session.spawn().unwrap();
        let screen = Parser::new(NonZero::new(ROWS).unwrap(), NonZero::new(COLUMNS).unwrap(), 0);
        Self { near, child, screen }
    }

    /// Types.
    pub(crate) fn type_in(&mut self, keys: &str) {
        self.near.write_all(keys.as_bytes()).unwrap();
    }

    /// Reads the terminal until this is on the screen, and no further. All that the screen shows then.
    pub(crate) fn read_until(&mut self, text: &str) -> String {
        let deadline = clock() + PATIENCE;
        loop {
            let shown = self.screen.screen().contents();
            if shown.contains(text) {
                return shown;
            }
            let left = deadline.saturating_duration_since(clock());
            let mut asked = [PollFd::new(self.near.as_fd(), PollFlags::POLLIN)];
            let ready = poll(&mut asked, PollTimeout::try_from(left).unwrap()).unwrap();
            assert!(ready > 0, "never seen: {text}\nbut this:\n{shown}");
            let mut buffer = [0; 4096];
            let length = self.near.read(&mut buffer).unwrap();
            self.screen.process(&buffer[..length]);
        }
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Whether the program still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Closes the terminal, and waits for the program's end. Its exit code.
    pub(crate) fn hang_up(self) -> Option<i32> {
        let Self { near, child, .. } = self;
        drop(near);
        ended(child)
    }

    /// Waits for the program's end, and does not read what it writes meanwhile. Its exit code.
    pub(crate) fn end(self) -> Option<i32> {
        let Self { near, child, .. } = self;
        let code = ended(child);
        drop(near);
        code
    }
}

fn ended(mut child: Child) -> Option<i32> {
    let pid = Pid::from_raw(child.id().cast_signed());
    let (tell, end) = channel();
    let waiting = thread::spawn(move || {
        let _ = tell.send(child.wait().unwrap().code());
    });
    let code = end.recv_timeout(PATIENCE);
    if code.is_err() {
        let _ = kill(pid, Signal::SIGKILL);
    }
    waiting.join().unwrap();
    code.expect("it does not end")
}

#[expect(clippy::disallowed_methods, reason = "a deadline for what never comes")]
fn clock() -> Instant {
    Instant::now()
}
