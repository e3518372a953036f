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

/// A hash function by which the content of a file is compared. The older two find what was damaged by accident, and nothing
/// that was changed on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// RFC 1321.
    Md5,
    /// FIPS 180-4.
    Sha1,
    /// FIPS 180-4.
    Sha256,
    /// FIPS 180-4.
    Sha384,
    /// FIPS 180-4.
    Sha512,
}

/// What a file's content must hash to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// MD5 (RFC 1321).
    Md5([u8; 16]),
    /// SHA-1 (FIPS 180-4).
    Sha1([u8; 20]),
    /// SHA-256 (FIPS 180-4).
    Sha256([u8; 32]),
    /// SHA-384 (FIPS 180-4).
    Sha384([u8; 48]),
    /// SHA-512 (FIPS 180-4).
    Sha512([u8; 64]),
}

/// Why a text is no checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ChecksumError {
    /// It names no hash that is known.
    #[error("write sha256: (or md5:, sha1:, sha384:, sha512:) and the hash in hexadecimal digits")]
    Algorithm,
    /// The digits are not as many as the hash has.
    #[error("md5 has 32 hexadecimal digits, sha1 40, sha256 64, sha384 96, sha512 128")]
    Digits,
}

impl FromStr for Checksum {
    type Err = ChecksumError;

    /// Reads the name of the hash function, such as `sha256:`, and the hash in hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, ChecksumError> {
        let (algorithm, digits) = text.split_once([':', '=']).ok_or(ChecksumError::Algorithm)?;
        match algorithm.trim().to_ascii_lowercase().replace('-', "").as_str() {
            "md5" => from_hex(digits.trim()).map(Self::Md5),
            "sha1" => from_hex(digits.trim()).map(Self::Sha1),
            "sha256" => from_hex(digits.trim()).map(Self::Sha256),
            "sha384" => from_hex(digits.trim()).map(Self::Sha384),
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
        match digits.len() {
            32 => from_hex(digits).map(Self::Md5),
            40 => from_hex(digits).map(Self::Sha1),
            64 => from_hex(digits).map(Self::Sha256),
            96 => from_hex(digits).map(Self::Sha384),
            128 => from_hex(digits).map(Self::Sha512),
            _ => None,
        }
    }

    /// All that a `Repr-Digest` or `Content-Digest` field says (RFC 9530, sections 2 and 3), or a `Digest` field (RFC 3230,
    /// section 4.3.2); several of them with commas between. What is of no hash that is known, or malformed, says nothing.
    #[must_use]
    pub fn from_field(field: &str) -> Vec<Self> {
        let read = |member: &str| {
            let (name, value) = member.trim().split_once('=')?;
            let value = value.trim();
            // RFC 8941, section 3.3.5: bytes stand between colons, and parameters may follow.
            let text = value.strip_prefix(':').map_or(Some(value), |rest| Some(rest.split_once(':')?.0))?;
            let bytes = BASE64_STANDARD.decode(text).ok()?;
            match name.trim().to_ascii_lowercase().as_str() {
                "md5" => bytes.try_into().ok().map(Self::Md5),
                "sha" => bytes.try_into().ok().map(Self::Sha1),
                "sha-256" => bytes.try_into().ok().map(Self::Sha256),
                "sha-384" => bytes.try_into().ok().map(Self::Sha384),
                "sha-512" => bytes.try_into().ok().map(Self::Sha512),
                _ => None,
            }
        };
        field.split(',').filter_map(read).collect()
    }

    /// By which hash function.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Md5(_) => Algorithm::Md5,
            Self::Sha1(_) => Algorithm::Sha1,
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Sha384(_) => Algorithm::Sha384,
            Self::Sha512(_) => Algorithm::Sha512,
        }
    }
}

impl Algorithm {
    /// The one that a name of checksum files begins or ends with, such as `SHA512SUMS` or `a.pdf.md5`.
    #[must_use]
    pub fn from_file_name(name: &[u8]) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let known = [
            ("md5", Self::Md5),
            ("sha1", Self::Sha1),
            ("sha256", Self::Sha256),
            ("sha384", Self::Sha384),
            ("sha512", Self::Sha512),
        ];
        let is_named = |algorithm: &str| {
            let algorithm = algorithm.as_bytes();
            name.strip_prefix(algorithm).is_some_and(|rest| rest.starts_with(b"sum"))
                || name
                    .strip_suffix(b"sum")
                    .unwrap_or(&name)
                    .strip_suffix(algorithm)
                    .is_some_and(|rest| rest.ends_with(b"."))
        };
        known.into_iter().find(|(word, _)| is_named(word)).map(|(_, algorithm)| algorithm)
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
            Self::Md5(bytes) => ("md5", bytes),
            Self::Sha1(bytes) => ("sha1", bytes),
            Self::Sha384(bytes) => ("sha384", bytes),
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
        let empty = empty.unwrap();
        for field in [
            format!("sha-256=:{EMPTY}:"),
            format!("unixsum=30637, sha-256=:{EMPTY}:;a=b, sha-512=:AA==:"),
            format!("SHA-256={EMPTY}"),
        ] {
            assert_eq!(Checksum::from_field(&field), std::slice::from_ref(&empty), "{field}");
        }
        for field in ["", "sha-256", "sha-256=:AA==:", "sha-256=:AA", "sha-256=::", "md5=:AA==:", "sha-256=!"]
        {
            assert_eq!(Checksum::from_field(field), [], "{field}");
        }
    }

    #[test]
    fn all_that_a_field_says_is_read_whichever_hash_it_is_of() {
        let base64 = [16, 20, 32, 48, 64].map(|length| BASE64_STANDARD.encode(vec![7; length]));
        let names = ["md5", "sha", "sha-256", "sha-384", "sha-512"];
        let field = |write: fn(&str, &str) -> String| {
            let members = names.iter().zip(&base64).map(|(name, sum)| write(name, sum));
            members.collect::<Vec<_>>().join(", ")
        };
        let new = field(|name, sum| format!("{name}=:{sum}:"));
        let old = field(|name, sum| format!("{}={sum}", name.to_uppercase()));
        let expected = [
            Checksum::Md5([7; 16]),
            Checksum::Sha1([7; 20]),
            Checksum::Sha256([7; 32]),
            Checksum::Sha384([7; 48]),
            Checksum::Sha512([7; 64]),
        ];
        assert_eq!(Checksum::from_field(&new), expected);
        assert_eq!(Checksum::from_field(&old), expected);
        for checksum in expected {
            assert_eq!(checksum.to_string().parse(), Ok(checksum.clone()));
            let written = checksum.to_string();
            assert_eq!(Checksum::from_digits(written.split_once(':').unwrap().1), Some(checksum));
        }
    }

    #[test]
    fn a_checksum_file_says_by_its_name_which_hash_it_is_of() {
        for (name, expected) in [
            ("SHA512SUMS", Some(Algorithm::Sha512)),
            ("md5sum.txt", Some(Algorithm::Md5)),
            ("a.tar.sha1", Some(Algorithm::Sha1)),
            ("a.SHA256", Some(Algorithm::Sha256)),
            ("a.iso.md5sum", Some(Algorithm::Md5)),
            ("CHECKSUMS", None),
            ("sha256", None),
        ] {
            assert_eq!(Algorithm::from_file_name(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn what_is_no_checksum_is_refused_with_what_is_missing() {
        let short = "00".repeat(31);
        for (text, error) in [
            (String::new(), ChecksumError::Algorithm),
            ("00".repeat(32), ChecksumError::Algorithm),
            (format!("crc32:{}", "00".repeat(4)), ChecksumError::Algorithm),
            (format!("md5:{}", "00".repeat(20)), ChecksumError::Digits),
            (format!("sha256:{short}"), ChecksumError::Digits),
            (format!("sha256:{short}0"), ChecksumError::Digits),
            (format!("sha256:{short}0g"), ChecksumError::Digits),
            (format!("sha512:{short}00"), ChecksumError::Digits),
        ] {
            assert_eq!(text.parse::<Checksum>(), Err(error), "{text}");
        }
    }
}
