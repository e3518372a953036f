//! UTF-8 decoder for JSON as it comes from a stream, lossless: bytes that are no UTF-8 become escapes.
//!
//! JSON is UTF-8 (RFC 8259, section 8.1), but nginx writes names as they are on its disk. Bytes that are no UTF-8 become
//! the escapes that Python makes of them (PEP 383), which no other byte becomes. Keeps no more than one piece at a time.

use std::io::{self, Read};

/// Bytes that are read at a time.
const PIECE: usize = 32 * 1024;

/// Bytes in, UTF-8 out.
pub(super) struct Utf8Reader<R> {
    inner: R,
    /// What came, and how much of it is the beginning of a character that has not come to its end.
    piece: Box<[u8]>,
    begun: usize,
    /// What it became, and how much of that was given.
    text: Vec<u8>,
    given: usize,
}

impl<R: Read> Utf8Reader<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, piece: vec![0; PIECE].into(), begun: 0, text: Vec::with_capacity(PIECE), given: 0 }
    }

    /// Reads some more, unless it is the end.
    fn fill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.given = 0;
        while self.text.is_empty() {
            let came = self.inner.read(&mut self.piece[self.begun..])?;
            let length = self.begun + came;
            let mut rest = &self.piece[..length];
            loop {
                let Err(wrong) = str::from_utf8(rest) else {
                    self.text.extend_from_slice(rest);
                    rest = &[];
                    break;
                };
                let (valid, behind) = rest.split_at(wrong.valid_up_to());
                self.text.extend_from_slice(valid);
                rest = behind;
                let invalid = match wrong.error_len() {
                    Some(length) => length,
                    None if came == 0 => rest.len(),
                    None => break,
                };
                rest[..invalid].iter().for_each(|byte| self.text.extend(escape(*byte)));
                rest = &rest[invalid..];
            }
            let begun = rest.len();
            self.piece.copy_within(length - begun..length, 0);
            self.begun = begun;
            if came == 0 {
                break;
            }
        }
        Ok(())
    }
}

fn escape(byte: u8) -> [u8; 6] {
    let digit = |four_bits: u8| b"0123456789abcdef"[usize::from(four_bits)];
    [b'\\', b'u', b'd', b'c', digit(byte >> 4), digit(byte & 0xF)]
}

impl<R: Read> Read for Utf8Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() {
            self.fill()?;
        }
        let left = &self.text[self.given..];
        let length = left.len().min(buffer.len());
        buffer[..length].copy_from_slice(&left[..length]);
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What becomes of bytes that come in pieces of so many.
    fn decoded(bytes: &[u8], piece: usize) -> String {
        struct Pieces<'a>(&'a [u8], usize);
        impl Read for Pieces<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let most = buffer.len().min(self.1);
                self.0.read(&mut buffer[..most])
            }
        }
        let mut text = String::new();
        Utf8Reader::new(Pieces(bytes, piece)).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn what_is_no_utf8_is_escaped_and_all_else_stays() {
        for (bytes, text) in [
            (&b"\xff\n\xe4\xbd\xa0"[..], "\\udcff\n你"),
            (b"\xe4\xbd", "\\udce4\\udcbd"),
            (b"\xe4\xbdx", "\\udce4\\udcbdx"),
            ("a你é👋".as_bytes(), "a你é👋"),
            (b"", ""),
        ] {
            for piece in 1..5 {
                assert_eq!(decoded(bytes, piece), text);
            }
        }
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_it_comes(bytes in prop::collection::vec(
            prop_oneof![any::<u8>(), prop::sample::select(vec![0xe4, 0xbd, 0xa0, 0xf0, 0x9f, 0x91, 0x8b])], 0..40,
        )) {
            let whole = decoded(&bytes, usize::MAX);
            for piece in 1..5 {
                prop_assert_eq!(&decoded(&bytes, piece), &whole);
            }
        }
    }
}
