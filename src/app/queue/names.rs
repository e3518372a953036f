//! The names that local files get: no two files the same one, also on a case-insensitive or normalizing file system where
//! that is asked for. Never looks at a disk.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use unicode_normalization::UnicodeNormalization;

use crate::wire::name::numbered;

/// Names that are taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// By path, as the file system compares them; with the number that the next of that name gets.
    taken: HashMap<Vec<u8>, u32>,
    folds: bool,
}

impl Names {
    /// None taken yet. `folds`: names that differ only in case or in Unicode composition are the same.
    pub(super) fn new(folds: bool) -> Self {
        Self { taken: HashMap::new(), folds }
    }

    /// Takes the name in a folder, or the first numbered one of it that is not taken.
    pub(super) fn take(&mut self, folder: &Path, name: &[u8]) -> Vec<u8> {
        let path = self.key(&folder.join(OsStr::from_bytes(name)));
        let Some(next) = self.taken.get(&path).copied() else {
            self.taken.insert(path, 1);
            return name.to_owned();
        };
        let mut number = next;
        loop {
            let other = numbered(name, number);
            number = number.wrapping_add(1);
            let key = self.key(&folder.join(OsStr::from_bytes(&other)));
            if !self.taken.contains_key(&key) {
                self.taken.insert(path, number);
                self.taken.insert(key, 1);
                return other;
            }
        }
    }

    /// The name is free again.
    pub(super) fn give_back(&mut self, path: &Path) {
        self.taken.remove(&self.key(path));
    }

    /// The same for all names that are compared as equal: where they fold, in one case, and composed (UAX #15, NFC).
    fn key(&self, path: &Path) -> Vec<u8> {
        let bytes = path.as_os_str().as_bytes();
        if !self.folds {
            return bytes.to_owned();
        }
        let lower = String::from_utf8_lossy(bytes).to_lowercase();
        if lower.is_ascii() { lower.into_bytes() } else { lower.nfc().collect::<String>().into_bytes() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(mut names: Names, wanted: &[&str]) -> Vec<String> {
        let mut take = |name: &&str| names.take(Path::new("/x"), name.as_bytes());
        wanted.iter().map(|name| String::from_utf8(take(name)).unwrap()).collect()
    }

    #[test]
    fn what_a_disk_may_take_for_one_name_gets_numbers() {
        let wanted = [
            "a.txt",
            "A.TXT",
            "a (1).txt",
            "a.txt",
            "\u{e9}.txt",
            "e\u{301}.txt",
            "E\u{301}.TXT",
            "\u{1112}\u{1161}\u{11ab}",
            "\u{d55c}",
        ];
        let expected = [
            "a.txt",
            "A (1).TXT",
            "a (1) (1).txt",
            "a (2).txt",
            "\u{e9}.txt",
            "e\u{301} (1).txt",
            "E\u{301} (2).TXT",
            "\u{1112}\u{1161}\u{11ab}",
            "\u{d55c} (1)",
        ];
        assert_eq!(taken(Names::new(true), &wanted), expected);
    }

    #[test]
    fn on_a_disk_that_tells_names_apart_only_the_same_name_gets_a_number() {
        let wanted = ["a.txt", "A.TXT", "\u{e9}", "e\u{301}", "a.txt"];
        assert_eq!(taken(Names::new(false), &wanted), ["a.txt", "A.TXT", "\u{e9}", "e\u{301}", "a (1).txt"]);
    }

    #[test]
    fn a_name_is_taken_in_its_folder_until_it_is_given_back() {
        let mut names = Names::default();
        assert_eq!(names.take(Path::new("/x"), b"\xffa"), b"\xffa");
        assert_eq!(names.take(Path::new("/y"), b"\xffa"), b"\xffa");
        assert_eq!(names.take(Path::new("/x"), b"\xffa"), b"\xffa (1)");
        names.give_back(Path::new(OsStr::from_bytes(b"/x/\xffa")));
        assert_eq!(names.take(Path::new("/x"), b"\xffa"), b"\xffa");
    }
}
