//! Several parts of a file in one body (`multipart/byteranges`, RFC 9110, section 14.6).
//!
//! Owns its form, and its length, which is known before any of it is read.

use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::task::Poll;
use std::vec;

use bytes::Bytes;

use crate::serve::beneath::Opened;
use crate::serve::body::Frames;
use crate::wire::range::{ContentRange, Span};

/// Parts of a file on their way.
pub(in crate::serve) struct Multipart {
    file: Opened,
    pieces: vec::IntoIter<Piece>,
    length: u64,
    boundary: String,
}

enum Piece {
    /// What stands around the parts.
    Text(Bytes),
    Part(Span),
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Part(part) => part.length(),
        }
    }
}

impl Multipart {
    /// These parts of a file of this media type.
    pub(super) fn new(mut file: Opened, parts: &[Span], kind: &str) -> Self {
        let boundary = boundary();
        let total = Some(file.version.length);
        let mut pieces = Vec::with_capacity(2 * parts.len() + 1);
        let mut before = String::new();
        for part in parts {
            let range = ContentRange::Part { first: part.first, last: part.last, total };
            let head =
                format!("{before}--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: {range}\r\n\r\n");
            pieces.extend([Piece::Text(head.into()), Piece::Part(*part)]);
            "\r\n".clone_into(&mut before);
        }
        pieces.push(Piece::Text(format!("{before}--{boundary}--\r\n").into()));
        let length = pieces.iter().map(Piece::length).sum();
        // Nothing is read of it before the first part begins.
        file.length = 0;
        Self { file, pieces: pieces.into_iter(), length, boundary }
    }

    /// The media type of the whole.
    pub(super) fn kind(&self) -> String {
        format!("multipart/byteranges; boundary={}", self.boundary)
    }

    /// In bytes, with what stands around the parts.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// What they are parts of.
    pub(super) fn file_mut(&mut self) -> &mut Opened {
        &mut self.file
    }
}

impl Multipart {
    /// The next frame, of those of the file by `read`.
    fn frame<T>(&mut self, read: impl Fn(&mut Opened) -> T, text: impl Fn(Option<Bytes>) -> T) -> T {
        loop {
            if self.file.length > 0 {
                return read(&mut self.file);
            }
            match self.pieces.next() {
                Some(Piece::Text(bytes)) => return text(Some(bytes)),
                Some(Piece::Part(part)) => self.file.turn_to(part),
                None => return text(None),
            }
        }
    }
}

impl Iterator for Multipart {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        self.frame(Opened::next, |text| text.map(Ok))
    }
}

impl Frames for Multipart {
    fn set_size(&mut self, bytes: usize) {
        self.file.set_size(bytes);
    }

    fn at_hand(&mut self) -> Poll<Option<io::Result<Bytes>>> {
        self.frame(Opened::at_hand, |text| Poll::Ready(text.map(Ok)))
    }
}

/// Nobody can know it before, so no file can be written that contains it.
fn boundary() -> String {
    let half = || RandomState::new().hash_one(());
    format!("{:016x}{:016x}", half(), half())
}
