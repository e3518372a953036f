//! Parts of files (RFC 9110, section 14), and what tells one version of a file from another (section 8.8). No I/O.

use std::fmt;

/// A validator by which a later request can say which version of a file it means to go on with: one that changes
/// whenever the content does (RFC 9110, section 8.8.1). In the form of the `If-Range` field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Validator(String);

impl Validator {
    /// From what was kept of it; none where no header field could hold that.
    #[must_use]
    pub fn from_kept(text: &str) -> Option<Self> {
        let sound = !text.is_empty() && text.bytes().all(|byte| (b' '..0x7f).contains(&byte) || byte >= 0x80);
        sound.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for Validator {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_of_a_validator_cannot_become_another_field() {
        let read = |text| Validator::from_kept(text).map(|read| read.to_string());
        assert_eq!(read("\"5f-1\"").as_deref(), Some("\"5f-1\""));
        assert_eq!(read(""), None);
        assert_eq!(read("a\r\nHost: b"), None);
    }
}
