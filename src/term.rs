//! The terminal as a resource: taken by [`Guard`], given back in every way the program can end or stop.
//! Owns its modes, the signals ([`Signals`]), the panics ([`Panics`]), the reading of what is typed ([`Input`]),
//! the writing ([`Output`]) and what is written beside cells ([`osc`]).
//! Must never draw, and never decide what a key means.

use std::io::{self, IsTerminal};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange};
use crossterm::queue;
use crossterm::style::{Print, ResetColor};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode, is_raw_mode_enabled,
};
use nix::sys::signal::{self, Signal as UnixSignal};
use nix::unistd::{Pid, getpgrp, getsid, tcgetpgrp};

mod abilities;
mod input;
pub mod osc;
mod output;
mod panics;
mod signals;

pub use abilities::Abilities;
pub use input::{Input, PASTE_LIMIT};
pub use output::Output;
pub use panics::{PANICKED, Panic, Panics};
pub use signals::{Signal, Signals};

use output::OutputQueue;

/// Presses and the wheel (1000), with coordinates of any size (1006). Not the motions that crossterm's own
/// command asks for too: each would wake the program for nothing.
const MOUSE_ON: Print<&str> = Print("\x1b[?1000h\x1b[?1006h");
const MOUSE_OFF: Print<&str> = Print("\x1b[?1006l\x1b[?1000l");

/// The title of the window is kept, and comes back (XTWINOPS).
const TITLE_KEPT: Print<&str> = Print("\x1b[22;2t");
const TITLE_BACK: Print<&str> = Print("\x1b[23;2t");

/// A frame as one: the terminal shows nothing before all of it is there (synchronized output, mode 2026).
#[must_use]
pub fn synchronised(cells: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(cells.len() + 16);
    // A vector takes everything.
    let _ = queue!(frame, BeginSynchronizedUpdate);
    frame.extend_from_slice(cells);
    let _ = queue!(frame, EndSynchronizedUpdate);
    frame
}

/// Whether both ends of the program that a person needs are a terminal: standard input and output.
#[must_use]
pub fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// The terminal, taken: raw mode, alternate screen, mouse, bracketed paste, focus reports. Dropping it gives the
/// terminal back as it was. There is one terminal, so there can be one guard.
///
/// Whether the terminal is taken is kept where a panic in any thread finds it: it is crossterm's raw mode, which
/// is the first thing taken and the last given back.
///
/// A terminal that takes nothing is waited for no longer than a second; what was to be written is then written when it does.
#[derive(Debug)]
pub struct Guard {
    output: Output,
}

impl Guard {
    /// Takes the terminal. Where one step fails, those before it are undone.
    pub fn enter(output: Output) -> io::Result<Self> {
        let mut guard = Self { output };
        guard.take()?;
        Ok(guard)
    }

    /// What is written to it.
    pub fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    fn take(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        let mut modes = Vec::new();
        queue!(modes, TITLE_KEPT, EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange, MOUSE_ON)?;
        if self.output.write(modes) { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
    }

    /// Whether the terminal is ours at the moment; nothing may be drawn where it is not.
    #[must_use]
    pub fn is_entered(&self) -> bool {
        is_raw_mode_enabled().unwrap_or(false)
    }

    /// Gives the terminal back as it was. The second time does nothing.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::TimedOut`]: the terminal takes nothing; its modes are as they were all the same.
    pub fn leave(&mut self) -> io::Result<()> {
        give_back(self.output.queue())
    }

    /// Gives the terminal back and stops the job, as Ctrl+Z does to a program that does not read keys itself.
    /// When it goes on, [`Signal::Continue`] arrives, and [`Guard::reenter`] is due.
    ///
    /// The whole process group stops, so that a program that runs us (`git commit`) gives its shell the terminal
    /// too. Where there is no shell that could ever continue us (`xterm -e hobnob`) this does nothing.
    pub fn suspend(&mut self) -> io::Result<()> {
        if getsid(None)? == getpgrp() {
            return Ok(()); // our group is its session's first: nobody above it does job control
        }
        taken(self.leave())?;
        // Not SIGTSTP: the listener in `Signals` has replaced its default action for good.
        Ok(signal::kill(Pid::from_raw(0), UnixSignal::SIGSTOP)?)
    }

    /// Takes the terminal again after a stop, whoever stopped us. All of the screen is to be drawn anew.
    ///
    /// In the background (`bg`) the terminal is the shell's: we stop again, and the next [`Signal::Continue`]
    /// brings us back here.
    pub fn reenter(&mut self) -> io::Result<()> {
        if tcgetpgrp(io::stdin())? != getpgrp() {
            return Ok(signal::kill(Pid::from_raw(0), UnixSignal::SIGTTOU)?);
        }
        // After a stop that did not ask us (SIGSTOP) nobody gave it back, and the shell has changed its modes since.
        taken(self.leave())?;
        self.take()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // A terminal that is gone (SIGHUP) cannot be given back.
        let _ = self.leave();
    }
}

/// A terminal that takes nothing is no reason not to stop, or not to end.
fn taken(left: io::Result<()>) -> io::Result<()> {
    left.or_else(|error| if error.kind() == io::ErrorKind::TimedOut { Ok(()) } else { Err(error) })
}

/// Undoes [`Guard::take`] in the opposite order, and what drawing may have left half done.
fn give_back(output: &OutputQueue) -> io::Result<()> {
    if !is_raw_mode_enabled()? {
        return Ok(());
    }
    let mut modes = Vec::new();
    queue!(
        modes,
        EndSynchronizedUpdate,
        MOUSE_OFF,
        DisableFocusChange,
        DisableBracketedPaste,
        ResetColor,
        Show,
        LeaveAlternateScreen,
        TITLE_BACK
    )?;
    let written = output.write_and_wait(modes);
    disable_raw_mode().and(written)
}
