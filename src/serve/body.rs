//! The bytes of an answer on their way to a socket.
//!
//! Owns making them where that may take its time: in big frames, some ahead of what is sent, so that neither the sockets
//! wait for the disk nor the disk for them. A thread makes frame after frame as long as they are taken as fast as that,
//! and is never held while a client makes us wait. Must never give more or fewer bytes of a file than were announced
//! without saying so.

use std::io;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use rustix::buffer::spare_capacity;
use rustix::io::{Errno, pread};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::beneath::Opened;
use super::version::Version;
use crate::wire::range::Span;

/// Bytes that are read at once: with smaller frames hyper is many times slower.
pub(super) const FRAME: usize = 256 * 1024;

/// Frames that wait to be sent: with fewer the thread has to be woken too often, and these are a mebibyte for each client.
const AHEAD: usize = 4;

/// Frames on their way from what makes them.
struct Flow<I> {
    made: mpsc::Receiver<io::Result<Bytes>>,
    maker: Maker<I>,
    /// For the next thread.
    room: mpsc::Sender<io::Result<Bytes>>,
}

/// What makes frames.
enum Maker<I> {
    /// It does, on a thread: it comes back where there is no room for the next one; none after the last.
    Working(JoinHandle<Option<I>>),
    /// For room.
    Waiting(I),
    Done,
}

/// Lets the frames be made, one after the other. An error is the last one.
pub(super) fn stream<I>(frames: I) -> impl Stream<Item = io::Result<Bytes>> + Send + use<I>
where
    I: Iterator<Item = io::Result<Bytes>> + Send + 'static,
{
    let (room, made) = mpsc::channel(AHEAD);
    let maker = Maker::Working(make(frames, room.clone()));
    stream::unfold(Some(Flow { made, maker, room }), async |flow| {
        let mut flow = flow?;
        let frame = flow.next().await?;
        let flow = frame.is_ok().then_some(flow);
        Some((frame, flow))
    })
}

impl<I> Flow<I>
where
    I: Iterator<Item = io::Result<Bytes>> + Send + 'static,
{
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            match std::mem::replace(&mut self.maker, Maker::Done) {
                Maker::Done => return self.made.try_recv().ok(),
                Maker::Waiting(frames) => {
                    let frame = self.made.try_recv().ok();
                    self.maker = Maker::Working(make(frames, self.room.clone()));
                    if frame.is_some() {
                        return frame;
                    }
                }
                Maker::Working(mut thread) => {
                    self.maker = tokio::select! {
                        biased;
                        rest = &mut thread => match rest {
                            Ok(Some(frames)) => Maker::Waiting(frames),
                            Ok(None) => Maker::Done,
                            Err(error) => return Some(Err(error.into())),
                        },
                        frame = self.made.recv() => {
                            self.maker = Maker::Working(thread);
                            return frame;
                        }
                    };
                }
            }
        }
    }
}

/// Makes frames as long as there is room for them.
fn make<I>(mut frames: I, room: mpsc::Sender<io::Result<Bytes>>) -> JoinHandle<Option<I>>
where
    I: Iterator<Item = io::Result<Bytes>> + Send + 'static,
{
    spawn_blocking(move || {
        while let Ok(place) = room.try_reserve() {
            place.send(frames.next()?);
        }
        Some(frames)
    })
}

impl Opened {
    /// Reads no more of the file than this part.
    pub(super) fn turn_to(&mut self, part: Span) {
        (self.at, self.length) = (part.first, part.length());
    }
}

/// Reads the file, or what was asked for of it. One that has changed since it was opened gives an error instead of the last
/// frame, so that nobody takes a mixture of two versions for a whole.
impl Iterator for Opened {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let length = self.length.min(FRAME as u64);
        (length > 0).then(|| {
            let length = usize::try_from(length).unwrap_or(FRAME);
            // Not zeroed before it is read into: that would cost as much as sending it.
            let mut frame = Vec::with_capacity(length);
            while frame.len() < length {
                let at = self.at + frame.len() as u64;
                match pread(&self.file, spare_capacity(&mut frame), at) {
                    Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            // There may have been room for more than was asked for.
            frame.truncate(length);
            self.at += length as u64;
            self.length -= length as u64;
            if self.length == 0 && Version::of(&self.file.metadata()?) != self.version {
                return Err(io::Error::other("the file has changed while it was sent"));
            }
            Ok(frame.into())
        })
    }
}
