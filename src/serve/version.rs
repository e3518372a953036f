//! Which version of which file an answer is of.
//!
//! Owns what tells two versions apart, and the tag that says so to clients; must never read a file's content.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::beneath::timestamp;

/// A file at one time of its life. Two that are equal have the same content, as far as the system tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Version {
    device: u64,
    inode: u64,
    /// In bytes.
    pub(super) length: u64,
    /// The last change of the content, in seconds and nanoseconds.
    modified: (i64, i64),
    /// The last change of anything. Unlike the other it cannot be set back.
    changed: (i64, i64),
    /// What else such a change may have been of: how many names it has, and who may do what with it.
    links: u64,
    mode: u32,
}

impl Version {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            links: metadata.nlink(),
            mode: metadata.mode(),
        }
    }

    /// Whether the content is the same at another time. Unlike equality this lets pass that the file was replaced or removed
    /// under its name, or that somebody else may read it now: whoever has it open has all of it.
    pub(super) fn is_still(&self, then: &Self) -> bool {
        let explained = (self.links, self.mode) != (then.links, then.mode);
        let Self { links, mode, .. } = *then;
        let changed = if explained { then.changed } else { self.changed };
        Self { changed, links, mode, ..*self } == *then
    }

    /// When the content changed last; none where the disk says what cannot be.
    pub(super) fn modified(&self) -> Option<Timestamp> {
        timestamp(self.modified.0, self.modified.1)
    }

    /// A strong entity tag (RFC 9110, section 8.8.3). It stays the same over restarts, so that downloads go on, and over
    /// changes that are not of the content, as of permissions. It is a hash, and shows neither the inode nor the device.
    pub(super) fn etag(&self) -> String {
        let mut hash = Sha256::new();
        for number in [self.device, self.inode, self.length] {
            hash.update(number.to_le_bytes());
        }
        hash.update(self.modified.0.to_le_bytes());
        hash.update(self.modified.1.to_le_bytes());
        // Half of it is unique enough, and shorter in each request.
        let [half, _] = *hash.finalize().as_chunks().0 else { return String::new() };
        format!("\"{:032x}\"", u128::from_be_bytes(half))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const VERSION: Version =
        Version { device: 1, inode: 2, length: 3, modified: (4, 5), changed: (6, 7), links: 1, mode: 0o644 };

    #[test]
    fn a_tag_is_another_one_for_every_change_that_may_be_of_the_content() {
        let others = [
            Version { device: 9, ..VERSION },
            Version { inode: 9, ..VERSION },
            Version { length: 9, ..VERSION },
            Version { modified: (9, 5), ..VERSION },
            Version { modified: (4, 9), ..VERSION },
        ];
        let tags: HashSet<_> = others.iter().chain([&VERSION]).map(Version::etag).collect();
        assert_eq!(tags.len(), 6);
        assert!(tags.iter().all(|tag| tag.len() == 34 && tag.starts_with('"') && tag.ends_with('"')));
    }

    #[test]
    fn a_file_that_is_replaced_under_its_name_is_no_other_for_whoever_has_it_open() {
        for still in [
            Version { changed: (9, 9), links: 0, ..VERSION },
            Version { changed: (9, 9), mode: 0o600, ..VERSION },
            VERSION,
        ] {
            assert!(VERSION.is_still(&still), "{still:?}");
        }
        // Whoever writes into it can set the time of that back, but not this one.
        for other in [
            Version { changed: (9, 9), ..VERSION },
            Version { modified: (4, 9), changed: (9, 9), links: 0, ..VERSION },
            Version { length: 9, changed: (9, 9), links: 0, ..VERSION },
        ] {
            assert!(!VERSION.is_still(&other), "{other:?}");
        }
    }

    #[test]
    fn a_tag_outlives_the_program_and_what_is_not_of_the_content() {
        assert_eq!(VERSION.etag(), "\"ea0d7246ca8346f6137619c0aaf7410a\"");
        assert_eq!(Version { changed: (9, 9), ..VERSION }.etag(), VERSION.etag());
    }
}
