//! The terminal as a resource: taken by [`Guard`], given back in every way the program can end or stop.
//! Owns its modes, the signals ([`Signals`]), the panics ([`Panics`]), the reading of what is typed ([`Input`])
//! and what is written beside cells ([`osc`]).
//! Must never draw, and never decide what a key means.

use std::io::{self, IsTerminal, Write};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange};
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
mod panics;
mod signals;

pub use abilities::Abilities;
pub use input::{Input, PASTE_LIMIT};
pub use panics::{PANICKED, Panic, Panics};
pub use signals::{Signal, Signals};

/// Presses and the wheel (1000), with coordinates of any size (1006). Not the motions that crossterm's own
/// command asks for too: each would wake the program for nothing.
const MOUSE_ON: Print<&str> = Print("\x1b[?1000h\x1b[?1006h");
const MOUSE_OFF: Print<&str> = Print("\x1b[?1006l\x1b[?1000l");

/// The title of the window is kept, and comes back (XTWINOPS).
const TITLE_KEPT: Print<&str> = Print("\x1b[22;2t");
const TITLE_BACK: Print<&str> = Print("\x1b[23;2t");

/// Writes what goes to the terminal beside cells ([`osc`]), at once.
pub fn write(sequence: &str) -> io::Result<()> {
    crossterm::execute!(io::stdout(), Print(sequence))
}

/// Draws as one: the terminal shows nothing before all of it is there (synchronized output, mode 2026).
pub fn synchronised(draw: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    crossterm::queue!(io::stdout(), BeginSynchronizedUpdate)?;
    draw()?;
    crossterm::execute!(io::stdout(), EndSynchronizedUpdate)
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
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal. Where one step fails, those before it are undone.
    pub fn enter() -> io::Result<Self> {
        let guard = Self(());
        take()?;
        Ok(guard)
    }

    /// Whether the terminal is ours at the moment; nothing may be drawn where it is not.
    #[must_use]
    pub fn is_entered(&self) -> bool {
        is_raw_mode_enabled().unwrap_or(false)
    }

    /// Gives the terminal back as it was. The second time does nothing.
    pub fn leave(&mut self) -> io::Result<()> {
        give_back()
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
        self.leave()?;
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
        self.leave()?;
        take()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // A terminal that is gone (SIGHUP) cannot be given back.
        let _ = self.leave();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    crossterm::execute!(
        io::stdout(),
        TITLE_KEPT,
        EnterAlternateScreen,
        EnableBracketedPaste,
        EnableFocusChange,
        MOUSE_ON
    )
}

/// Undoes [`take`] in the opposite order, and what drawing may have left half done.
fn give_back() -> io::Result<()> {
    if !is_raw_mode_enabled()? {
        return Ok(());
    }
    let mut out = io::stdout();
    let written = crossterm::queue!(
        out,
        EndSynchronizedUpdate,
        MOUSE_OFF,
        DisableFocusChange,
        DisableBracketedPaste,
        ResetColor,
        Show,
        LeaveAlternateScreen,
        TITLE_BACK
    )
    .and_then(|()| out.flush());
    disable_raw_mode().and(written)
}
