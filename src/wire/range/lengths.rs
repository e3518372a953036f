//! The lengths that a server says a file has, by version, to notice where two of them contradict each other. No I/O.

/// What an answer says of the version of a file: its `ETag` and `Last-Modified` fields as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The entity tag, weak ones too.
    pub etag: Option<String>,
    /// The time of the last change.
    pub modified: Option<String>,
}

/// What was said so far.
#[derive(Debug, Default)]
pub struct Lengths(Vec<(Identity, u64)>);

impl Identity {
    /// Whether nothing says that the two are different versions.
    fn may_be(&self, other: &Self) -> bool {
        let differ = |one: &Option<String>, other: &Option<String>| Some(one.as_ref()? == other.as_ref()?);
        // A tag is more exact than a time (RFC 9110, section 8.8.2).
        let same_tag = differ(&self.etag, &other.etag);
        same_tag.or_else(|| differ(&self.modified, &other.modified)).unwrap_or(true)
    }
}

impl Lengths {
    /// Another length that was said of what may be the same version.
    #[must_use]
    pub fn other(&self, version: &Identity, total: u64) -> Option<u64> {
        let mut same = self.0.iter().filter(|(known, _)| known.may_be(version));
        same.find(|(_, known)| *known != total).map(|(_, known)| *known)
    }

    /// Notes that this version has so many bytes. Where another length was said of what may be the same version, gives
    /// that one.
    pub fn note(&mut self, version: Identity, total: u64) -> Result<(), u64> {
        let other = self.other(&version, total);
        if !self.0.iter().any(|(known, length)| (known, *length) == (&version, total)) {
            self.0.push((version, total));
        }
        other.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(etag: &str, modified: &str) -> Identity {
        let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Identity { etag: said(etag), modified: said(modified) }
    }

    #[test]
    fn another_length_is_a_contradiction_unless_it_is_of_another_version() {
        for (before, now, expected) in [
            (("a", ""), ("a", ""), Err(1)),
            (("a", ""), ("b", ""), Ok(())),
            (("a", "then"), ("b", "then"), Ok(())),
            (("a", "then"), ("a", "now"), Err(1)),
            (("", "then"), ("", "now"), Ok(())),
            (("", "then"), ("", "then"), Err(1)),
            (("a", "then"), ("", "now"), Ok(())),
            (("a", ""), ("", ""), Err(1)),
            (("a", ""), ("", "now"), Err(1)),
            (("", ""), ("", ""), Err(1)),
        ] {
            let mut lengths = Lengths::default();
            assert_eq!(lengths.note(version(before.0, before.1), 1), Ok(()));
            assert_eq!(lengths.note(version(before.0, before.1), 1), Ok(()), "it may be said twice");
            assert_eq!(lengths.note(version(now.0, now.1), 2), expected, "{before:?} {now:?}");
        }
    }

    #[test]
    fn what_was_said_first_is_not_forgotten_after_another_version() {
        let mut lengths = Lengths::default();
        assert_eq!(lengths.note(version("a", ""), 1), Ok(()));
        assert_eq!(lengths.note(version("b", ""), 2), Ok(()));
        assert_eq!(lengths.note(version("a", ""), 2), Err(1));
    }
}
