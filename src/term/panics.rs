//! What becomes of a panic: the terminal is given back first, then the message is printed as usual, and the
//! program ends with 101, whichever thread panicked. Owns the panic hook; must never wait without end for a terminal
//! that takes nothing.
//!
//! The thread that draws unwinds by itself: its hook gives the terminal back at once. Any other thread hands its
//! message to the main loop and waits until that has given the terminal back and printed it, because only the
//! loop can stop drawing, and only its normal end removes temporary files. A loop that does not answer within
//! [`PATIENCE`] is broken too: then the panicking thread does it all itself and ends the process.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Write as _;
use std::panic::{self, PanicHookInfo};
use std::process;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;

use super::output::complain;
use super::{Guard, Output, give_back};

/// The exit code after a panic, in any thread: the one Rust gives a panic of the main thread.
pub const PANICKED: u8 = 101;

/// How long a panicking thread waits for the main loop, which itself may have to wait for a terminal that takes nothing.
const PATIENCE: Duration = Duration::from_secs(4);

/// As many threads can panic at once before the loop hears of it; one is enough to end the program.
const WAITING: usize = 8;

/// The panics of other threads than the one that draws.
#[derive(Debug)]
pub struct Panics(mpsc::Receiver<Panic>);

/// A panic of another thread, not yet told to anybody.
#[derive(Debug)]
#[must_use = "the program has to end, and to say why"]
pub struct Panic {
    message: String,
    told: SyncSender<()>,
}

impl Panics {
    /// Installs the hook, for a terminal that is given back through this output. To be called once, in the thread that
    /// draws, before others are started.
    #[must_use]
    pub fn watch(output: &Output) -> Self {
        let (tell, panics) = mpsc::channel(WAITING);
        let drawing = thread::current().id();
        let queue = output.queue().clone();
        panic::set_hook(Box::new(move |info| {
            let drawn_here = thread::current().id() == drawing;
            let answer = if drawn_here { None } else { hand_over(&tell, info) };
            if answer == Some(Ok(())) {
                return;
            }
            let _ = give_back(&queue);
            complain(message(info));
            if answer == Some(Err(RecvTimeoutError::Timeout)) {
                process::exit(i32::from(PANICKED));
            }
        }));
        Self(panics)
    }

    /// Waits for a panic. Cancel safe; never ends while all goes well.
    pub async fn next(&mut self) -> Panic {
        match self.0.recv().await {
            Some(panic) => panic,
            None => std::future::pending().await, // somebody replaced the hook
        }
    }
}

impl Panic {
    /// Gives the terminal back and prints the message. The program is to end with [`PANICKED`].
    pub fn tell(self, guard: &mut Guard) {
        let _ = guard.leave();
        complain(self.message);
        let _ = self.told.send(());
    }
}

/// Lets the main loop tell, and waits until it has. `None`: it is not there any more.
fn hand_over(tell: &mpsc::Sender<Panic>, info: &PanicHookInfo<'_>) -> Option<Result<(), RecvTimeoutError>> {
    let (told, hear) = sync_channel(1);
    tell.try_send(Panic { message: message(info), told }).ok()?;
    Some(hear.recv_timeout(PATIENCE))
}

/// What the usual hook would print.
fn message(info: &PanicHookInfo<'_>) -> String {
    let mut text = format!("\nthread '{}' {info}\n", thread::current().name().unwrap_or("<unnamed>"));
    let trace = Backtrace::capture();
    if trace.status() == BacktraceStatus::Captured {
        let _ = writeln!(text, "stack backtrace:\n{trace}");
    }
    text
}
