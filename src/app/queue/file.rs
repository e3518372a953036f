//! A file of an item, as small as it can be while it waits: there may be a million of them.

use std::collections::VecDeque;
use std::path::PathBuf;

use crate::effect::Conflict;
use crate::wire::source::Source;

/// A file of which so little is to come does not wait for larger ones.
const SMALL: u64 = 256 * 1024;

/// A file of a server, and where it is to be here.
pub(super) type Goal = (Source, PathBuf);

/// A file that was found.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// Which folder of the tree it is in. Means nothing where the item is just this file, as the name does.
    pub(super) folder: u32,
    /// What it is called there.
    pub(super) raw: Box<[u8]>,
    /// What it is called here, where that is another name.
    pub(super) called: Option<Box<[u8]>>,
    /// Its length in bytes, where that is known.
    pub(super) size: Option<u64>,
    /// Bytes of it that are here.
    pub(super) here: u64,
    /// What becomes of it where something is there already, where that was said of it alone.
    pub(super) how: Option<Conflict>,
    /// Which files beside it may say what its content has to be.
    pub(super) beside: Beside,
}

/// What stands behind a file's own name in the name of one that says what its content has to be.
pub(super) const ENDINGS: [&str; 8] =
    [".sha256", ".sha256sum", ".sha512", ".sha512sum", ".sha384", ".sha1", ".md5", ".md5sum"];

/// Files that say what the content of others in their folder has to be.
pub(super) const SUMS: [&str; 14] = [
    "SHA256SUMS",
    "SHA256SUMS.txt",
    "sha256sums.txt",
    "sha256sum.txt",
    "SHA512SUMS",
    "sha512sums.txt",
    "sha512sum.txt",
    "SHA1SUMS",
    "sha1sums.txt",
    "MD5SUMS",
    "md5sums.txt",
    "md5sum.txt",
    "CHECKSUMS",
    "checksums.txt",
];

/// Which of [`ENDINGS`] there are of a file: a bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Beside(u8);

impl Beside {
    pub(super) fn of(is_there: impl Fn(&str) -> bool) -> Self {
        let bits = ENDINGS.iter().enumerate().filter(|(_, ending)| is_there(ending));
        Self(bits.fold(0, |bits, (nth, _)| bits | 1 << nth))
    }

    pub(super) fn has(self, ending: &[u8]) -> bool {
        let known = ENDINGS.iter().position(|known| known.as_bytes() == ending);
        known.is_some_and(|nth| self.0 & 1 << nth != 0)
    }
}

impl File {
    /// The only file of an item.
    pub(super) fn alone(size: Option<u64>) -> Self {
        Self {
            folder: 0,
            raw: Box::default(),
            called: None,
            size,
            here: 0,
            how: None,
            beside: Beside::default(),
        }
    }

    /// Whether it may go beside the larger ones.
    pub(super) fn is_small(&self) -> bool {
        self.size.is_some_and(is_small)
    }
}

/// Whether a file of so many bytes is small: also one that needs not be gone on with, but can just be begun again.
pub(super) fn is_small(size: u64) -> bool {
    size <= SMALL
}

/// Files that wait for their turn, in the order in which they come.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting {
    small: VecDeque<File>,
    large: VecDeque<File>,
}

impl Waiting {
    pub(super) fn push(&mut self, file: File) {
        self.of(file.is_small()).push_back(file);
    }

    pub(super) fn push_first(&mut self, file: File) {
        self.of(file.is_small()).push_front(file);
    }

    pub(super) fn pop(&mut self, small: bool) -> Option<File> {
        self.of(small).pop_front()
    }

    fn of(&mut self, small: bool) -> &mut VecDeque<File> {
        if small { &mut self.small } else { &mut self.large }
    }

    pub(super) fn has(&self, small: bool) -> bool {
        !if small { &self.small } else { &self.large }.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.small.is_empty() && self.large.is_empty()
    }

    pub(super) fn take_all(&mut self) -> Vec<File> {
        std::mem::take(&mut self.small).into_iter().chain(std::mem::take(&mut self.large)).collect()
    }
}

/// Where it may stand what the content of a file in a folder has to be, as far as that is there.
pub(crate) fn sums_beside(folder: &Source, name: &[u8], is_there: impl Fn(&[u8]) -> bool) -> Vec<Source> {
    // With a slash in it a name would lead to another folder.
    if name.contains(&b'/') {
        return Vec::new();
    }
    let own = ENDINGS.map(|ending| [name, ending.as_bytes()].concat());
    let common = SUMS.iter().map(|sums| sums.as_bytes().to_vec());
    let names = common.chain(own).filter(|sums| sums != name && is_there(sums));
    names.map(|sums| folder.at(folder.path.join(&sums))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_has_to_be_stands_beside_it_and_in_no_other_folder() {
        let folder = Source::parse("http://h/x/").unwrap();
        let paths = |name: &[u8]| sums_beside(&folder, name, |sums| sums.ends_with(b".sha256"));
        assert_eq!(paths(b"a").iter().map(|sums| sums.path.encoded()).collect::<Vec<_>>(), ["/x/a.sha256"]);
        assert_eq!(paths(b"../.."), []);
    }
}
