//! The signals that end, stop and continue the program, and that of its window, as something to wait for. Owns their listeners; must
//! never do what a signal asks: the main loop does, in order with everything else.

use std::io;

use tokio::select;
use tokio::signal::unix::{self, SignalKind};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// End with this exit code: 128 and the signal's number, as shells count (129 SIGHUP, 130 SIGINT, 143 SIGTERM).
    Terminate(u8),
    /// SIGTSTP from outside: give the terminal back and stop.
    Stop,
    /// SIGCONT: we run again, and others have used the terminal meanwhile.
    Continue,
    /// SIGWINCH: the terminal's window has another size.
    Resized,
}

/// The listeners.
#[derive(Debug)]
pub struct Signals {
    hangup: unix::Signal,
    interrupt: unix::Signal,
    terminate: unix::Signal,
    stop: unix::Signal,
    resume: unix::Signal,
    resized: unix::Signal,
}

impl Signals {
    /// Starts to listen. From here on none of these signals has its default action, for as long as the process
    /// lives.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            hangup: unix::signal(SignalKind::hangup())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
            stop: unix::signal(SignalKind::from_raw(nix::libc::SIGTSTP))?,
            resume: unix::signal(SignalKind::from_raw(nix::libc::SIGCONT))?,
            resized: unix::signal(SignalKind::window_change())?,
        })
    }

    /// Waits for the next one. Cancel safe; the same signal several times in a row may count once.
    pub async fn next(&mut self) -> Signal {
        select! {
            // What an editor was meant to hear must not come after what ends the program.
            biased;
            _ = self.interrupt.recv() => Signal::Terminate(130),
            _ = self.hangup.recv() => Signal::Terminate(129),
            _ = self.terminate.recv() => Signal::Terminate(143),
            _ = self.stop.recv() => Signal::Stop,
            _ = self.resume.recv() => Signal::Continue,
            _ = self.resized.recv() => Signal::Resized,
        }
    }
}
