//! The bytes of a file on their way to a socket.
//!
//! Owns reading them from the disk: in big frames, one ahead of what is sent, so that neither the sockets wait for the
//! disk nor the disk for them. A thread is held while it reads, and never while a client makes us wait. Must never
//! give more or fewer bytes than were announced without saying so.

use std::io::{self, Read as _};

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use tokio::task::{JoinHandle, spawn_blocking};

use super::beneath::Opened;

/// Bytes that are read at once: with smaller frames hyper is many times slower.
const FRAME: usize = 256 * 1024;

/// A frame that is being read, and the file again, as long as there is more to read from it.
type Reading = JoinHandle<(io::Result<Bytes>, Option<Opened>)>;

/// Reads the file to the length that it had when it was opened. A read that fails, or a file that has become
/// shorter, gives an error as the last item.
pub(super) fn frames(opened: Opened) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
    stream::unfold(Some(opened).and_then(read_ahead), async |reading| {
        let (frame, rest) = reading?.await.unwrap_or_else(|error| (Err(error.into()), None));
        Some((frame, rest.and_then(read_ahead)))
    })
}

/// Begins to read the next frame, where there is one.
fn read_ahead(mut opened: Opened) -> Option<Reading> {
    let length = usize::try_from(opened.length).unwrap_or(FRAME).min(FRAME);
    (length > 0).then(|| {
        spawn_blocking(move || {
            let mut frame = vec![0; length];
            match opened.file.read_exact(&mut frame) {
                Ok(()) => {
                    opened.length -= length as u64;
                    (Ok(frame.into()), Some(opened))
                }
                Err(error) => (Err(error), None),
            }
        })
    })
}
