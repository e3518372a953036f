//! What says what the content of a file has to be. No I/O.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What a file's content must hash to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// SHA-256 (FIPS 180-4).
    Sha256([u8; 32]),
    /// SHA-512 (FIPS 180-4).
    Sha512([u8; 64]),
}

/// Why a text is no checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ChecksumError {
    /// It names no hash that is known.
    #[error("write sha256: or sha512: and the hash in hexadecimal digits")]
    Algorithm,
    /// The digits are not as many as the hash has.
    #[error("sha256 has 64 hexadecimal digits, sha512 has 128")]
    Digits,
}

impl FromStr for Checksum {
    type Err = ChecksumError;

    /// Reads `sha256:` or `sha512:` and the hash in hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, ChecksumError> {
        let (algorithm, digits) = text.split_once([':', '=']).ok_or(ChecksumError::Algorithm)?;
        match algorithm.trim().to_ascii_lowercase().replace('-', "").as_str() {
            "sha256" => from_hex(digits.trim()).map(Self::Sha256),
            "sha512" => from_hex(digits.trim()).map(Self::Sha512),
            _ => return Err(ChecksumError::Algorithm),
        }
        .ok_or(ChecksumError::Digits)
    }
}

/// Exactly so many bytes, two digits each.
fn from_hex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| Some(u8::try_from(char::from(byte).to_digit(16)?).unwrap_or_default());
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

impl fmt::Display for Checksum {
    /// Writes it as it is read.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (algorithm, bytes): (_, &[u8]) = match self {
            Self::Sha256(bytes) => ("sha256", bytes),
            Self::Sha512(bytes) => ("sha512", bytes),
        };
        write!(out, "{algorithm}:")?;
        bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_read_as_it_is_written() {
        let digits = "00ff".repeat(16);
        let read: Checksum = format!("SHA-256:{}", digits.to_uppercase()).parse().unwrap();
        assert_eq!(read.to_string(), format!("sha256:{digits}"));
        let long: Checksum = format!("sha512={}", digits.repeat(2)).parse().unwrap();
        assert_eq!(long.to_string(), format!("sha512:{}", digits.repeat(2)));
    }

    #[test]
    fn what_is_no_checksum_is_refused_with_what_is_missing() {
        let short = "00".repeat(31);
        for (text, error) in [
            (String::new(), ChecksumError::Algorithm),
            ("00".repeat(32), ChecksumError::Algorithm),
            (format!("md5:{}", "00".repeat(16)), ChecksumError::Algorithm),
            (format!("sha256:{short}"), ChecksumError::Digits),
            (format!("sha256:{short}0"), ChecksumError::Digits),
            (format!("sha256:{short}0g"), ChecksumError::Digits),
            (format!("sha512:{short}00"), ChecksumError::Digits),
        ] {
            assert_eq!(text.parse::<Checksum>(), Err(error), "{text}");
        }
    }
}
