//! Inspection of the place where a download goes: symbolic links on the way to it, and which names its file system holds,
//! found out by making files in a temporary folder there. Leaves nothing behind.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use tempfile::Builder;

use crate::event::{Fault, Target};
use crate::wire::name::{COMPONENT_LIMIT, NameRules};

/// ASCII characters that some file systems refuse, those of Windows.
const SUSPECT: &[u8] = b"\\:*?\"<>|";

/// What is at the place where a folder is to be, to which no symbolic link may lead below `base`.
pub(super) fn inspect(to: &Path, base: &Path) -> Result<Target, Fault> {
    without_links(base, to)?;
    let is_occupied = match fs::read_dir(to) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(Fault::from_disk(&error)),
    };
    Ok(Target { rules: rules(to), is_occupied })
}

/// Fails where something on the way from `base` to `path`, or that itself, is a symbolic link.
pub(super) fn without_links(base: &Path, path: &Path) -> Result<(), Fault> {
    let Ok(below) = path.strip_prefix(base) else { return Ok(()) };
    let mut at = base.to_path_buf();
    for part in below {
        at.push(part);
        match at.symlink_metadata() {
            Ok(there) if there.is_symlink() => return Err(Fault::NotRegular(at)),
            Ok(_) => {}
            // What is not there cannot lead elsewhere; anything else says itself what is wrong when it is used.
            Err(_) => break,
        }
    }
    Ok(())
}

/// What the file system of this folder, or of the nearest one above it that is there, does with names. Where nothing can
/// be made there, what Linux does: then nothing can be downloaded to it, either.
pub(super) fn rules(folder: &Path) -> NameRules {
    let Some(there) = folder.ancestors().find(|folder| folder.is_dir()) else { return NameRules::default() };
    let Ok(dir) = Builder::new().prefix(".hobnob-").tempdir_in(there) else { return NameRules::default() };
    let path = |name: &[u8]| dir.path().join(OsStr::from_bytes(name));
    let holds = |name: &[u8]| File::create_new(path(name)).is_ok();
    let is_there = |name: &[u8]| path(name).symlink_metadata().is_ok();
    // One that holds not even this says nothing about the others.
    if !holds(b"a") {
        return NameRules::default();
    }
    let refused = SUSPECT.iter().copied().filter(|byte| !holds(&[b'a', *byte, b'b'])).collect();
    let trims_end = [b"e. ", b"f. "].iter().zip([&b"."[..], b" "]).any(|(name, end)| {
        let bare = &name[..1];
        !holds(&[bare, end].concat()) || is_there(bare)
    });
    let folds =
        holds("g\u{e9}".as_bytes()) && (is_there("G\u{e9}".as_bytes()) || is_there("ge\u{301}".as_bytes()));
    NameRules { refused, trims_end, utf8_only: !holds(b"h\xff"), longest: longest(holds), folds }
}

/// The most bytes of a name.
fn longest(holds: impl Fn(&[u8]) -> bool) -> usize {
    let (mut low, mut high) = (1, COMPONENT_LIMIT);
    while low < high {
        // The longest is the likeliest.
        let middle = if high == COMPONENT_LIMIT && low == 1 { high } else { (low + high).div_ceil(2) };
        if holds(&b"x".repeat(middle)) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn an_ordinary_disk_holds_every_name_and_nothing_is_left_of_the_inspection() {
        let dir = tempfile::tempdir().unwrap();
        let found = inspect(&dir.path().join("not/there"), dir.path()).unwrap();
        assert_eq!(found, Target::default());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_longest_name_is_found_wherever_the_limit_is() {
        for limit in [1, 2, 100, 143, 254, 255, 1000] {
            assert_eq!(longest(|name| name.len() <= limit), limit.min(COMPONENT_LIMIT));
        }
    }

    #[test]
    fn a_folder_with_something_in_it_is_occupied() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!inspect(dir.path(), dir.path()).unwrap().is_occupied);
        fs::write(dir.path().join("a"), "").unwrap();
        assert!(inspect(dir.path(), dir.path()).unwrap().is_occupied);
        assert!(inspect(&dir.path().join("a"), dir.path()).is_err());
    }

    #[test]
    fn a_link_below_the_chosen_folder_is_not_followed_and_one_above_is() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::create_dir(&real).unwrap();
        symlink(&real, &link).unwrap();
        symlink("/", real.join("inner")).unwrap();
        assert_eq!(without_links(&link, &link), Ok(()));
        assert_eq!(without_links(&link, &link.join("new/x")), Ok(()));
        for path in [link.clone(), link.join("x")] {
            assert_eq!(without_links(dir.path(), &path), Err(Fault::NotRegular(link.clone())));
        }
        let inner = link.join("inner");
        assert_eq!(without_links(&link, &inner.join("etc")), Err(Fault::NotRegular(inner)));
    }
}
