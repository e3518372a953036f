//! The lengths that a server says a file has, by version, to notice where two of them contradict each other. No I/O.

/// What an answer says of the version of a file: its `ETag` and `Last-Modified` fields as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The entity tag, weak ones too.
    pub etag: Option<String>,
    /// The time of the last change.
    pub modified: Option<String>,
}

/// What was said so far, and what has come.
#[derive(Debug, Default)]
pub struct Lengths(Vec<(Identity, Length)>);

/// What is known of the length of a version, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Said(u64),
    /// So much has come of it, and it was not all.
    AtLeast(u64),
}

impl Identity {
    /// Whether the two are the same version; none where nothing says so.
    #[must_use]
    pub fn is(&self, other: &Self) -> Option<bool> {
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
        self.0.iter().find_map(|(known, length)| {
            let (length, is_said) = match *length {
                Length::Said(length) => (length, true),
                Length::AtLeast(length) => (length, false),
            };
            let contradicts = match known.is(version) {
                Some(true) if is_said => length != total,
                Some(false) => false,
                Some(true) | None => length > total,
            };
            contradicts.then_some(length)
        })
    }

    /// Notes that this version has so many bytes. Where another length was said of what may be the same version, gives
    /// that one.
    pub fn note(&mut self, version: Identity, total: u64) -> Result<(), u64> {
        let other = self.other(&version, total);
        self.add(version, Length::Said(total));
        other.map_or(Ok(()), Err)
    }

    /// Notes that so many bytes of this version have come, without an end: it cannot have fewer.
    /// Nothing where nothing is said of the version: it may be another one each time, and no part of it is asked for.
    pub fn note_came(&mut self, version: Identity, came: u64) {
        if version != Identity::default() {
            self.add(version, Length::AtLeast(came));
        }
    }

    fn add(&mut self, version: Identity, length: Length) {
        if !self.0.iter().any(|(known, noted)| (known, *noted) == (&version, length)) {
            self.0.push((version, length));
        }
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
    fn a_version_has_no_fewer_bytes_than_have_come_of_it() {
        for (before, now, expected) in [
            (("a", ""), ("a", ""), [Ok(()), Ok(()), Err(5)]),
            (("W/a", ""), ("W/a", ""), [Ok(()), Ok(()), Err(5)]),
            (("a", ""), ("b", ""), [Ok(()); 3]),
            (("", "then"), ("", "then"), [Ok(()), Ok(()), Err(5)]),
            (("a", ""), ("", ""), [Ok(()), Ok(()), Err(5)]),
            (("", ""), ("", ""), [Ok(()); 3]),
        ] {
            for (length, expected) in [6, 5, 4].into_iter().zip(expected) {
                let mut lengths = Lengths::default();
                lengths.note_came(version(before.0, before.1), 5);
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
