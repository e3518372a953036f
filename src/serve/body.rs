//! The bytes of an answer on their way to a socket.
//!
//! Owns making them where that may take its time: in big frames, one ahead of what is sent, so that neither the sockets
//! wait for the disk nor the disk for them. A thread is held while a frame is made, and never while a client makes us
//! wait. Must never give more or fewer bytes of a file than were announced without saying so.

use std::io::{self, Read as _};

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use tokio::task::{JoinHandle, spawn_blocking};

use super::beneath::Opened;

/// Bytes that are read at once: with smaller frames hyper is many times slower.
pub(super) const FRAME: usize = 256 * 1024;

/// A frame that is being made, and what makes the next one. None at the end.
type Making<I> = JoinHandle<Option<(io::Result<Bytes>, I)>>;

/// Lets the frames be made, one after the other. An error is the last one.
pub(super) fn stream<I>(frames: I) -> impl Stream<Item = io::Result<Bytes>> + Send + use<I>
where
    I: Iterator<Item = io::Result<Bytes>> + Send + 'static,
{
    stream::unfold(Some(make(frames)), async |making| match making?.await {
        Ok(Some((Ok(frame), frames))) => Some((Ok(frame), Some(make(frames)))),
        Ok(Some((Err(error), _))) => Some((Err(error), None)),
        Ok(None) => None,
        Err(error) => Some((Err(error.into()), None)),
    })
}

fn make<I>(mut frames: I) -> Making<I>
where
    I: Iterator<Item = io::Result<Bytes>> + Send + 'static,
{
    spawn_blocking(move || frames.next().map(|frame| (frame, frames)))
}

/// Reads the file to the length that it had when it was opened. A file that has become shorter gives an error.
impl Iterator for Opened {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let length = usize::try_from(self.length).unwrap_or(FRAME).min(FRAME);
        (length > 0).then(|| {
            let mut frame = vec![0; length];
            self.file.read_exact(&mut frame)?;
            self.length -= length as u64;
            Ok(frame.into())
        })
    }
}
