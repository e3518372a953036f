//! Terminal output through a writer thread, so that a terminal that takes nothing (`Ctrl+S`, a reader that was stopped, a link that
//! is down) blocks nothing else.
//!
//! What is written is written in the order in which it was queued. Frames are not queued behind each other: the loop draws the next
//! one when [`Output::is_idle`], so that a slow terminal gets fewer frames and never a stale one. Must never take the lock of
//! standard output: a thread that waits for the terminal would hold it for ever, and a panic needs it.

use std::io;
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::write;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Bytes that may wait for the terminal; what comes beyond is refused.
const QUEUE: usize = 256 << 10;
/// How long the end of the program, or a stop, waits for a terminal that takes nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// Standard output, and the thread that writes to it. There is one terminal, so there should be one of these.
#[derive(Debug)]
pub struct Output {
    queue: OutputQueue,
    /// How many bytes were written, or why they were not.
    written: UnboundedReceiver<io::Result<usize>>,
    /// Bytes that are not written yet.
    waiting: usize,
}

/// The queue of the writer thread, for whoever gives the terminal back: the loop, or a panic in any thread.
#[derive(Debug, Clone)]
pub(super) struct OutputQueue(Sender<Job>);

#[derive(Debug)]
struct Job {
    bytes: Vec<u8>,
    /// Who waits for just this; the loop hears of all others.
    waits: Option<SyncSender<io::Result<()>>>,
}

impl Output {
    /// Starts the thread. It ends with this, or with the process where the terminal takes nothing.
    pub fn start() -> io::Result<Self> {
        let (queue, jobs) = channel();
        let (tell, written) = unbounded_channel();
        thread::Builder::new().name("terminal".to_owned()).spawn(move || work(&jobs, &tell))?;
        Ok(Self { queue: OutputQueue(queue), written, waiting: 0 })
    }

    /// Whether all is written: only then may a frame be drawn.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.waiting == 0
    }

    /// Queues these bytes; never waits. False where too many wait already: then none of them is written.
    #[must_use]
    pub fn write(&mut self, bytes: impl Into<Vec<u8>>) -> bool {
        let bytes = bytes.into();
        if bytes.is_empty() {
            return true;
        }
        if self.waiting > 0 && self.waiting + bytes.len() > QUEUE {
            return false;
        }
        self.waiting += bytes.len();
        // Where the thread is gone, so is the channel on which it would have said so.
        let _ = self.queue.0.send(Job { bytes, waits: None });
        true
    }

    /// Waits until something that was queued is written. Cancel safe; never ends while nothing is queued.
    pub async fn written(&mut self) -> io::Result<()> {
        match self.written.recv().await {
            Some(written) => self.waiting = self.waiting.saturating_sub(written?),
            None => std::future::pending().await,
        }
        Ok(())
    }

    pub(super) fn queue(&self) -> &OutputQueue {
        &self.queue
    }
}

impl OutputQueue {
    /// Writes these bytes behind all that are queued, and waits for that, but no longer than a second.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::TimedOut`]: the terminal takes nothing. What is queued is written when it does.
    pub(super) fn write_and_wait(&self, bytes: Vec<u8>) -> io::Result<()> {
        let (tell, written) = sync_channel(1);
        let job = Job { bytes, waits: Some(tell) };
        self.0.send(job).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        within(&written)
    }
}

fn within(written: &Receiver<io::Result<()>>) -> io::Result<()> {
    written.recv_timeout(PATIENCE).unwrap_or_else(|error| {
        Err(match error {
            RecvTimeoutError::Timeout => io::ErrorKind::TimedOut,
            RecvTimeoutError::Disconnected => io::ErrorKind::BrokenPipe,
        }
        .into())
    })
}

/// Writes a message to standard error, which may be a terminal that takes nothing: it is waited for no longer than a second.
pub(super) fn complain(message: String) {
    let (tell, written) = sync_channel(1);
    let said = thread::Builder::new().spawn(move || {
        let _ = tell.send(write_all(&io::stderr(), message.as_bytes()));
    });
    if said.is_ok() {
        let _ = within(&written);
    }
}

fn work(jobs: &Receiver<Job>, tell: &UnboundedSender<io::Result<usize>>) {
    let terminal = io::stdout();
    for Job { bytes, waits } in jobs {
        let written = write_all(&terminal, &bytes);
        // Nobody listens any more where the program is at its end.
        match waits {
            Some(waits) => drop(waits.send(written)),
            None => drop(tell.send(written.map(|()| bytes.len()))),
        }
    }
}

/// Beside the lock and the buffer of the standard library. A terminal that another program has made non-blocking is waited for.
fn write_all(to: &impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match write(to, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(length) => bytes = &bytes[length..],
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => {
                let mut asked = [PollFd::new(to.as_fd(), PollFlags::POLLOUT)];
                match poll(&mut asked, PollTimeout::NONE) {
                    Ok(_) | Err(Errno::EINTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn all_bytes_reach_a_reader_that_is_slow_though_writing_does_not_block() {
        let (mut reader, writer) = UnixStream::pair().unwrap();
        writer.set_nonblocking(true).unwrap();
        let bytes: Vec<u8> = (0..2_000_000_u32).map(|nth| (nth % 251) as u8).collect();
        let expected = bytes.clone();
        let writing = thread::spawn(move || write_all(&writer, &bytes).unwrap());
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        writing.join().unwrap();
        assert!(read == expected);
    }

    #[test]
    fn a_reader_that_is_gone_is_an_error() {
        let (reader, writer) = UnixStream::pair().unwrap();
        drop(reader);
        assert_eq!(write_all(&writer, b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    /// An output whose thread takes nothing.
    fn stuck() -> (Output, Receiver<Job>, UnboundedSender<io::Result<usize>>) {
        let (queue, jobs) = channel();
        let (tell, written) = unbounded_channel();
        (Output { queue: OutputQueue(queue), written, waiting: 0 }, jobs, tell)
    }

    #[test]
    fn what_waits_for_a_terminal_that_takes_nothing_is_bounded() {
        let (mut output, jobs, tell) = stuck();
        assert!(output.is_idle());
        assert!(output.write(vec![b'x'; 2 * QUEUE]), "a frame is never refused where nothing waits");
        assert!(!output.is_idle());
        assert!(!output.write("\x07"));
        tell.send(Ok(2 * QUEUE)).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(output.written()).unwrap();
        assert!(output.is_idle());
        let taken = (0..2 * QUEUE).filter(|_| output.write("\x07")).count();
        assert_eq!(taken, QUEUE);
        assert_eq!(jobs.try_iter().count(), QUEUE + 1);
    }

    #[test]
    fn giving_the_terminal_back_is_not_waited_for_without_end() {
        let (output, _jobs, _tell) = stuck();
        let left = output.queue().write_and_wait(b"\x1b[?1049l".to_vec());
        assert_eq!(left.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
