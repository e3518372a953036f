//! Which name each file gets here. Owns that no two get the same one, also on a disk that does not tell upper from lower
//! case, or one way to write the same character from another; never looks at a disk.

use std::collections::HashMap;
use std::path::Path;

use unicode_normalization::UnicodeNormalization;

use crate::wire::name::{numbered, safe_name};

/// Names that are taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// By how a disk may see them; with the number that the next of that name gets.
    taken: HashMap<String, u32>,
}

impl Names {
    /// Takes the name in a folder, or the first numbered one of it that is not taken.
    pub(super) fn take(&mut self, folder: &Path, name: &str) -> String {
        let path = seen(&folder.join(name));
        let Some(next) = self.taken.get(&path).copied() else {
            self.taken.insert(path, 1);
            return name.to_owned();
        };
        let mut number = next;
        loop {
            let other = numbered(name, number);
            number = number.wrapping_add(1);
            let seen = seen(&folder.join(&other));
            if !self.taken.contains_key(&seen) {
                self.taken.insert(path, number);
                self.taken.insert(seen, 1);
                return other;
            }
        }
    }

    /// The name is free again.
    pub(super) fn give_back(&mut self, path: &Path) {
        self.taken.remove(&seen(path));
    }
}

/// How a file is called here that is called so there.
pub(super) fn name_here(prefix: &str, raw: &[u8]) -> String {
    safe_name(&[prefix.as_bytes(), raw].concat())
}

/// The same for all names that some disk takes for one: in one case, and composed (UAX #15, NFC).
fn seen(path: &Path) -> String {
    let lower = path.to_string_lossy().to_lowercase();
    if lower.is_ascii() { lower } else { lower.nfc().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_disk_may_take_for_one_name_gets_numbers() {
        let mut names = Names::default();
        let mut take = |name: &str| names.take(Path::new("/x"), name);
        assert_eq!(take("a.txt"), "a.txt");
        assert_eq!(take("A.TXT"), "A (1).TXT");
        assert_eq!(take("a (1).txt"), "a (1) (1).txt");
        assert_eq!(take("a.txt"), "a (2).txt");
        assert_eq!(take("\u{e9}.txt"), "\u{e9}.txt");
        assert_eq!(take("e\u{301}.txt"), "e\u{301} (1).txt");
        assert_eq!(take("E\u{301}.TXT"), "E\u{301} (2).TXT");
        assert_eq!(take("\u{1112}\u{1161}\u{11ab}"), "\u{1112}\u{1161}\u{11ab}");
        assert_eq!(take("\u{d55c}"), "\u{d55c} (1)");
        assert_eq!(names.take(Path::new("/y"), "a.txt"), "a.txt");
        names.give_back(Path::new("/x/a.txt"));
        assert_eq!(names.take(Path::new("/x"), "a.txt"), "a.txt");
    }
}
