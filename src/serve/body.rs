//! The bytes of a file on their way to a socket.
//!
//! Owns reading them from the disk: on a blocking thread, in big frames, so that neither the sockets wait for the
//! disk nor the disk for them. Must never give more or fewer bytes than were announced without saying so.

use std::io::{self, Read as _};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::beneath::Opened;

/// Bytes that are read at once: with smaller frames hyper is many times slower.
const FRAME: usize = 256 * 1024;

/// Frames that wait to be sent.
const FRAMES_AHEAD: usize = 2;

/// Reads the file to the length that it had when it was opened. A read that fails, or a file that has become
/// shorter, gives an error as the last item.
pub(super) fn frames(opened: Opened) -> mpsc::Receiver<io::Result<Bytes>> {
    let (sender, receiver) = mpsc::channel(FRAMES_AHEAD);
    tokio::task::spawn_blocking(move || {
        let Opened { mut file, length: mut left, .. } = opened;
        while left > 0 {
            let mut frame = vec![0; usize::try_from(left).unwrap_or(FRAME).min(FRAME)];
            let read = file.read_exact(&mut frame);
            left -= frame.len() as u64;
            let failed = read.is_err();
            // Nobody listens any more once the connection has ended.
            if sender.blocking_send(read.map(|()| frame.into())).is_err() || failed {
                return;
            }
        }
    });
    receiver
}
