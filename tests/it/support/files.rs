//! Folders, as tests look at them.

use std::fs;
use std::path::Path;

/// The names in a folder, hidden ones too, in order. None where there is no folder.
pub(crate) fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
