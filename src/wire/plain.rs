//! The plain file request: the client sends a file's name once, with no terminator; the server answers with the
//! file's bytes, or none, and closes.
//!
//! Owns what a request may be; must never open anything.

use thiserror::Error;

/// The most bytes of a request: what a course server reads of one.
pub const REQUEST_LIMIT: usize = 1024;

/// Why a name cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RequestError {
    /// No bytes: the server would wait for them.
    #[error("an empty name cannot be asked for")]
    Empty,
    /// The server would read a part of the name.
    #[error("a name of {bytes} bytes cannot be asked for: the limit is {REQUEST_LIMIT}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// The bytes to send for the file `name`: the name itself, where it can be sent in one piece.
pub fn request(name: &[u8]) -> Result<&[u8], RequestError> {
    match name.len() {
        0 => Err(RequestError::Empty),
        1..=REQUEST_LIMIT => Ok(name),
        bytes => Err(RequestError::TooLong { bytes }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_the_name_and_nothing_else() {
        assert_eq!(request("讲义/a b.txt".as_bytes()), Ok("讲义/a b.txt".as_bytes()));
        assert_eq!(request(&[b'x'; REQUEST_LIMIT]), Ok([b'x'; REQUEST_LIMIT].as_slice()));
    }

    #[test]
    fn a_name_that_the_server_would_wait_for_or_read_in_part_is_refused() {
        assert_eq!(request(b""), Err(RequestError::Empty));
        assert_eq!(request(&[b'x'; REQUEST_LIMIT + 1]), Err(RequestError::TooLong { bytes: 1025 }));
    }
}
