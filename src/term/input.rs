//! What is typed, clicked and pasted: read from the terminal, and waited for. Owns the reading and its pauses; must
//! never read while the terminal is another program's.
//!
//! A sequence that has begun is waited for only so long, and so is the end of a paste: a terminal that was cut off in
//! the middle of one would otherwise swallow every key for ever.

use std::collections::VecDeque;
use std::io::{self, Stdin};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::read;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{Sleep, sleep};

use crate::event::Event;

mod decoder;
mod meaning;

use decoder::Decoder;
pub use decoder::PASTE_LIMIT;

/// As much as a terminal gives at once.
const READ: usize = 4096;
/// How often it is read at the end of the program: somebody may type without end.
const READS: usize = 16;

/// The keyboard, the mouse and the clipboard of the terminal on standard input.
#[derive(Debug)]
pub struct Input {
    terminal: AsyncFd<Stdin>,
    read: Vec<u8>,
    decoder: Decoder,
    events: VecDeque<Event>,
    /// Until when the rest of what has begun is waited for. Kept from call to call, or whatever else happens would put
    /// it off without end.
    pause: Option<Pin<Box<Sleep>>>,
}

impl Input {
    /// Starts to listen. Nothing is read before [`Input::next`] is waited for.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn listen() -> io::Result<Self> {
        #[expect(
            deprecated,
            reason = "its successor is unsafe, for descriptors that are closed; this one never is"
        )]
        let terminal = AsyncFd::with_interest(io::stdin(), Interest::READABLE)?;
        let read = vec![0; READ];
        Ok(Self { terminal, read, decoder: Decoder::default(), events: VecDeque::new(), pause: None })
    }

    /// What was typed and not yet looked at, without waiting for more: for the end of the program.
    pub fn rest(&mut self) -> VecDeque<Event> {
        for _ in 0..READS {
            match read_now(self.terminal.get_ref(), &mut self.read) {
                Ok(length @ 1..) => self.decoder.take_in(&self.read[..length], &mut self.events),
                Ok(0) | Err(_) => break,
            }
        }
        self.decoder.settle(&mut self.events);
        std::mem::take(&mut self.events)
    }

    /// Waits for the next event. Cancel safe. A terminal that is gone is an error: `UnexpectedEof`, or the system's.
    pub async fn next(&mut self) -> io::Result<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            tokio::select! {
                biased;
                length = self.terminal.async_io(Interest::READABLE, |stdin| read_now(stdin, &mut self.read)) => {
                    let bytes = self.read.get(..length?).filter(|bytes| !bytes.is_empty());
                    self.decoder.take_in(bytes.ok_or(io::ErrorKind::UnexpectedEof)?, &mut self.events);
                    self.pause = self.decoder.patience().map(|pause| Box::pin(sleep(pause)));
                }
                () = Over(&mut self.pause) => {
                    self.pause = None;
                    self.decoder.settle(&mut self.events);
                }
            }
        }
    }
}

/// Comes when the pause is over, and never where there is none.
struct Over<'a>(&'a mut Option<Pin<Box<Sleep>>>);

impl Future for Over<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().map_or(Poll::Pending, |pause| pause.as_mut().poll(context))
    }
}

/// Reads what is there. The terminal is not made non-blocking for this: the shell, and our own output, use the same one.
fn read_now(terminal: &Stdin, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        let mut asked = [PollFd::new(terminal.as_fd(), PollFlags::POLLIN)];
        let read = match poll(&mut asked, PollTimeout::ZERO) {
            Ok(0) => return Err(io::ErrorKind::WouldBlock.into()),
            Ok(_) => read(terminal, buffer),
            Err(error) => Err(error),
        };
        match read {
            Err(Errno::EINTR) => {}
            Ok(length) => return Ok(length),
            Err(error) => return Err(error.into()),
        }
    }
}
