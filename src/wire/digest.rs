//! What says what the content of a file has to be. No I/O.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use thiserror::Error;

mod sums;
mod wanted;

pub use sums::{SUMS_LIMIT, Sum, are_sums, sums};
pub use wanted::{DigestField, preferred_wait};

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

impl Checksum {
    /// From hexadecimal digits, whose number says which hash it is.
    #[must_use]
    pub fn from_digits(digits: &str) -> Option<Self> {
        from_hex(digits).map(Self::Sha256).or_else(|| from_hex(digits).map(Self::Sha512))
    }

    /// What a `Repr-Digest` field says (RFC 9530, section 3), or a `Digest` field (RFC 3230, section 4.3.2); several of
    /// them with commas between. None where it names no hash that is known.
    #[must_use]
    pub fn from_field(field: &str) -> Option<Self> {
        let named = |wanted: &str| {
            field.split(',').find_map(|member| {
                let (name, value) = member.trim().split_once('=')?;
                let value = value.trim();
                // RFC 8941, section 3.3.5: bytes stand between colons, and parameters may follow.
                let text =
                    value.strip_prefix(':').map_or(Some(value), |rest| Some(rest.split_once(':')?.0))?;
                name.trim().eq_ignore_ascii_case(wanted).then(|| BASE64_STANDARD.decode(text).ok())?
            })
        };
        let short = || Some(Self::Sha256(named("sha-256")?.try_into().ok()?));
        short().or_else(|| Some(Self::Sha512(named("sha-512")?.try_into().ok()?)))
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
    fn what_a_server_says_of_the_content_is_read_in_both_forms() {
        const EMPTY: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let empty = Checksum::from_digits("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert!(empty.is_some());
        for field in [
            format!("sha-256=:{EMPTY}:"),
            format!("unixsum=30637, sha-256=:{EMPTY}:;a=b, sha-512=:AA==:"),
            format!("SHA-256={EMPTY}"),
            format!("md5=HUXZLQLMuI/KZ5KDcJPcOA==,SHA-256={EMPTY}"),
        ] {
            assert_eq!(Checksum::from_field(&field), empty, "{field}");
        }
        let long = format!("sha-512=:{}:", BASE64_STANDARD.encode([7; 64]));
        assert_eq!(Checksum::from_field(&long), Some(Checksum::Sha512([7; 64])));
        for field in ["", "sha-256", "sha-256=:AA==:", "sha-256=:AA", "sha-256=::", "md5=:AA==:", "sha-256=!"]
        {
            assert_eq!(Checksum::from_field(field), None, "{field}");
        }
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
