//! Adapter from the pieces of a body, as a task hands them over, to a blocking reader. Must never take a body that broke
//! off for a whole one.

use std::io::{self, Read};

use bytes::{Buf as _, Bytes};
use tokio::sync::mpsc;

/// Reads what comes through a channel: pieces, and `None` at the end. Only for threads that may wait.
pub(super) struct BodyReader {
    pieces: mpsc::Receiver<Option<Bytes>>,
    piece: Bytes,
    is_done: bool,
}

impl BodyReader {
    pub(super) fn new(pieces: mpsc::Receiver<Option<Bytes>>) -> Self {
        Self { pieces, piece: Bytes::new(), is_done: false }
    }
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.is_done {
            match self.pieces.blocking_recv() {
                Some(Some(piece)) => self.piece = piece,
                Some(None) => self.is_done = true,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let length = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_ends_only_where_that_is_said() {
        for (last, end) in [(Some(None), Ok(())), (None, Err(io::ErrorKind::UnexpectedEof))] {
            let (pieces, content) = mpsc::channel(4);
            for piece in [&b"ab"[..], b"", b"cde"] {
                pieces.try_send(Some(Bytes::from_static(piece))).unwrap();
            }
            if let Some(last) = last {
                pieces.try_send(last).unwrap();
            }
            drop(pieces);
            let mut read = String::new();
            let ended = BodyReader::new(content).read_to_string(&mut read).map(|_| ());
            assert_eq!((&*read, ended.map_err(|error| error.kind())), ("abcde", end));
        }
    }
}
