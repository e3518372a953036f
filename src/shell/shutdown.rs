//! Graceful shutdown of the full-screen program, in whatever way it ends: what is to be kept is given to the store, the terminal is
//! given back, the workers end. Owns the timeouts of that; must never leave before the store is done or its time is up.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::{End, HANGUP, Shell};
use crate::effect::{Effect, StoreRequest};
use crate::term::{PANICKED, Signal, Signals};

/// How long a store is waited for that has no room.
const KEEPING: Duration = Duration::from_secs(2);
/// From one time that it is asked for room to the next.
const PAUSE: Duration = Duration::from_millis(1);

impl Shell {
    /// Ends the program, which came to its end in this way.
    pub(super) async fn shut_down(
        mut self,
        ended: io::Result<End>,
        signals: &mut Signals,
    ) -> io::Result<End> {
        // What is typed behind the key that quits is for the shell.
        self.keep_all(!matches!(ended, Ok(End::Quit))).await;
        let left = self.guard.leave();
        let Self { mut programs, workers, .. } = self;
        // The signal of a hang-up comes after the end of input of the same one.
        let is_known = matches!(ended, Ok(End::Terminated(HANGUP))).then_some(HANGUP);
        let (mut store, working) = workers.end();
        if matches!(ended, Ok(End::Terminated(PANICKED))) {
            store.crashed();
        }
        let rest = async {
            tokio::select! {
                // Partial files are gone when the workers are.
                ((), ()) = async { tokio::join!(programs.end(), working) } => None,
                // They hold nobody who asks once more.
                code = terminated(signals, is_known) => Some(code),
            }
        };
        // What could not be kept was said while there was a screen to say it on.
        let (_, asked_again) = tokio::join!(store.end(), rest);
        if let Some(code) = asked_again {
            return Ok(End::Terminated(code));
        }
        match ended? {
            End::Quit => match left {
                // Who quit by a key is told, but not on a terminal that takes nothing.
                Err(error) if error.kind() != io::ErrorKind::TimedOut => Err(error),
                Err(_) | Ok(()) => Ok(End::Quit),
            },
            // A terminal that is gone cannot be given back.
            terminated @ End::Terminated(_) => Ok(terminated),
        }
    }

    /// Gives the store what came at the last moment, and what is not yet kept. `typed` says whether that is also what was
    /// typed and not yet looked at.
    async fn keep_all(&mut self, typed: bool) {
        let mut waiting = VecDeque::new();
        // Who else has the terminal has what is typed, too.
        if typed && self.guard.is_entered() {
            for event in self.input.rest() {
                self.keep(&mut waiting, |shell| shell.update(event));
            }
        }
        self.workers.end_chat();
        let all = timeout(KEEPING, async {
            while let Some(event) = self.workers.rest().await {
                self.keep(&mut waiting, |shell| shell.update(event));
            }
        });
        // A disk that does not answer is told as much as it has room for.
        let _ = all.await;
        self.keep(&mut waiting, |shell| shell.state.end(&mut shell.effects));
        let room = timeout(KEEPING, async {
            while !waiting.is_empty() {
                sleep(PAUSE).await;
                // The store says what it has kept before it takes more.
                while self.workers.rest().await.is_some() {}
                self.keep(&mut waiting, |_| {});
            }
        });
        let _ = room.await;
    }

    /// Lets something happen at the end of the program, and gives the store what is to be kept of it. What the store has no
    /// room for waits.
    fn keep(&mut self, waiting: &mut VecDeque<StoreRequest>, happens: impl FnOnce(&mut Self)) {
        // After a panic the state may be such that it panics once more.
        let _ = catch_unwind(AssertUnwindSafe(|| happens(self)));
        for effect in self.effects.drain(..) {
            if let Effect::Store(request) = effect {
                waiting.push_back(request);
            }
        }
        while let Some(request) = waiting.pop_front() {
            if let Some(request) = self.workers.keep(request) {
                waiting.push_front(request);
                return;
            }
        }
    }
}

/// Whether the terminal is gone.
pub(super) fn is_hangup(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
        || matches!(error.raw_os_error(), Some(nix::libc::EIO | nix::libc::ENXIO))
}

/// Waits for a signal to end, but for the one that is known already.
async fn terminated(signals: &mut Signals, is_known: Option<u8>) -> u8 {
    loop {
        match signals.next().await {
            Signal::Terminate(code) if Some(code) != is_known => return code,
            Signal::Terminate(_) | Signal::Stop | Signal::Continue | Signal::Resized => {}
        }
    }
}
