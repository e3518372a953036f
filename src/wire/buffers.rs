//! Buffers for bytes on their way from one thing to another, each used again once what was in it has been let go: a new one
//! for each would cost as much as filling it.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Buffers that were filled and given away, the first one first.
#[derive(Debug, Default)]
pub struct Buffers(VecDeque<Bytes>);

impl Buffers {
    /// One of at least this length in bytes, with whatever is in it.
    pub fn take(&mut self, length: usize) -> BytesMut {
        match self.0.pop_front().map(Bytes::try_into_mut) {
            Some(Ok(buffer)) if buffer.len() >= length => buffer,
            Some(Err(in_use)) => {
                self.0.push_front(in_use);
                BytesMut::zeroed(length)
            }
            Some(Ok(_)) | None => BytesMut::zeroed(length),
        }
    }

    /// Gives away the first `filled` bytes of a buffer that was [taken](Self::take) from here.
    pub fn give(&mut self, buffer: BytesMut, filled: usize) -> Bytes {
        let buffer = buffer.freeze();
        let given = buffer.slice(..filled);
        self.0.push_back(buffer);
        given
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_once_nobody_has_anything_of_it() {
        let mut buffers = Buffers::default();
        let mut fill = |byte: u8| {
            let mut buffer = buffers.take(100);
            buffer[..3].fill(byte);
            buffers.give(buffer, 3)
        };
        let first = fill(1);
        let second = fill(2);
        assert_eq!((&first[..], &second[..]), (&[1; 3][..], &[2; 3][..]));
        let (place, part) = (first.as_ptr(), first.slice(1..));
        drop(first);
        let third = fill(3);
        assert!(third.as_ptr() != place && part == [1; 2][..], "somebody had something of it");
        drop(part);
        assert_eq!(fill(4).as_ptr(), place);
        assert_eq!((&second[..], &third[..]), (&[2; 3][..], &[3; 3][..]));
    }

    #[test]
    fn one_that_is_too_short_is_not_used_again() {
        let mut buffers = Buffers::default();
        let short = buffers.take(10);
        drop(buffers.give(short, 10));
        assert!(buffers.take(20).len() >= 20);
    }
}
