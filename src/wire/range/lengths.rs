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
    /// Whether the two are the same version; none where nothing says so.
    fn is(&self, other: &Self) -> Option<bool> {
        let same = |one: &Option<String>, other: &Option<String>| Some(one.as_ref()? == other.as_ref()?);
        // A tag is more exact than a time (RFC 9110, section 8.8.2).
        same(&self.etag, &other.etag).or_else(|| same(&self.modified, &other.modified))
    }
}

impl Lengths {
    /// Another length that was said of what may be the same version. Where nothing tells versions apart, a file that is longer
    /// than before has grown, and one that is shorter may be a part of it.
    #[must_use]
    pub fn other(&self, version: &Identity, total: u64) -> Option<u64> {
        let contradicts = |(known, length): &&(Identity, u64)| match known.is(version) {
            Some(true) => *length != total,
            Some(false) => false,
            None => *length > total,
        };
        self.0.iter().find(contradicts).map(|(_, length)| *length)
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
        let (contradiction, grown, other) = ([Err(5); 2], [Ok(()), Err(5)], [Ok(()); 2]);
        for (before, now, expected) in [
            (("a", ""), ("a", ""), contradiction),
            (("a", ""), ("b", ""), other),
            (("a", "then"), ("b", "then"), other),
            (("a", "then"), ("a", "now"), contradiction),
            (("", "then"), ("", "now"), other),
            (("", "then"), ("", "then"), contradiction),
            (("a", "then"), ("", "now"), other),
            (("a", ""), ("", ""), grown),
            (("a", ""), ("", "now"), grown),
            (("", ""), ("", ""), grown),
        ] {
            for (length, expected) in [6, 4].into_iter().zip(expected) {
                let mut lengths = Lengths::default();
                assert_eq!(lengths.note(version(before.0, before.1), 5), Ok(()));
                assert_eq!(lengths.note(version(before.0, before.1), 5), Ok(()), "it may be said twice");
                let noted = lengths.note(version(now.0, now.1), length);
                assert_eq!(noted, expected, "{before:?} {now:?} {length}");
            }
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
