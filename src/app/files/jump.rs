//! Going to a folder or a file of the open server by typing its path. Owns what such a path means, letter for letter; a
//! whole address is none, and is taken as in the address bar.

use super::{Files, FilesFocus, Place};
use crate::app::Turn;
use crate::app::bar::Problem;
use crate::app::folder::Folder;
use crate::app::keys::{self, Edit};
use crate::event::Key;
use crate::wire::listing::Kind;
use crate::wire::source::{Path, Source};

impl Files {
    /// Begins to type a path.
    pub(super) fn edit_path(&mut self) {
        self.focus = FilesFocus::Path;
    }

    pub(super) fn type_path(&mut self, key: Key, turn: &mut Turn<'_>) {
        let Place::Folder(folder) = &self.place else { return };
        match keys::action(&turn.keymap.field, key) {
            Some(Edit::Accept) if self.path.field.is_empty() => self.focus = FilesFocus::Entries,
            Some(Edit::Accept) if is_url(self.path.field.text()) => {
                let typed = self.path.field.text().to_owned();
                if let Err(error) = self.browse_typed(&typed, turn) {
                    self.path.problem = Some(Problem::Address(error));
                }
            }
            Some(Edit::Accept) => {
                let source = meant(folder, self.path.field.text());
                self.open_above(source, turn);
            }
            edit => self.path.on_key(key, edit),
        }
    }

    /// What the first entry that begins like what was typed has behind that.
    #[must_use]
    pub fn completion(&self) -> Option<&str> {
        let (FilesFocus::Path, Place::Folder(folder)) = (self.focus, &self.place) else { return None };
        self.path.rest(folder.entries().map(|entry| &*entry.name))
    }

    /// Puts the next entry that begins like what was typed in its place.
    pub(in crate::app) fn complete_path(&mut self) -> bool {
        let (FilesFocus::Path, Place::Folder(folder)) = (self.focus, &self.place) else { return false };
        let name = |entry: &crate::wire::listing::Entry| {
            format!("{}{}", &*entry.name, if entry.kind == Kind::Dir { "/" } else { "" })
        };
        self.path.complete(&folder.entries().map(name).collect::<Vec<_>>());
        true
    }
}

/// Whether it begins with a scheme (RFC 3986, section 3.1), and is no path but a whole address, which may hold a password.
fn is_url(typed: &str) -> bool {
    let scheme =
        typed.trim_start().split_once("://").map(|(scheme, _)| scheme).filter(|scheme| !scheme.is_empty());
    scheme.is_some_and(|scheme| {
        scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    })
}

/// What is meant by a path that is typed in this folder.
fn meant(folder: &Folder, typed: &str) -> Source {
    // A name that is shown otherwise than it is can be meant, too.
    let shown = folder.entries().find(|entry| *entry.name == *typed.trim_end_matches('/'));
    if let Some(entry) = shown {
        return folder.inside(entry);
    }
    folder.source.at(walked(&folder.source.path, typed))
}

/// Where the steps of a path lead from a folder; out of the top folder none does.
fn walked(from: &Path, typed: &str) -> Path {
    let start = if typed.starts_with('/') { Path::from_name(b"") } else { from.clone() };
    let mut is_folder = true;
    let path = typed.split('/').fold(start, |path, step| {
        // Between two slashes, or behind the last, there is nothing.
        is_folder = matches!(step, "" | "." | "..");
        match step {
            "" | "." => path,
            ".." => path.parent().unwrap_or(path),
            name => path.join(name.as_bytes()),
        }
    });
    if is_folder { path.folder() } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_begins_with_a_scheme_is_a_whole_address() {
        for (typed, whole) in [
            ("http://box/", true),
            (" HTTPS://me:secret@box", true),
            ("plain://box/a", true),
            ("ftp://box", true),
            ("://", false),
            ("sub/http://box/", false),
            ("讲://x", false),
            ("a:b@c/d", false),
        ] {
            assert_eq!(is_url(typed), whole, "{typed}");
        }
    }

    #[test]
    fn a_path_leads_from_the_open_folder_letter_for_letter() {
        let from = Path::from_name(b"a/b/");
        for (typed, expected) in [
            ("c", "/a/b/c"),
            ("c/d/", "/a/b/c/d/"),
            ("..", "/a/"),
            ("../../../x y", "/x%20y"),
            ("/", "/"),
            ("/100%/./z", "/100%25/z"),
            ("//e//f", "/e/f"),
            ("../讲", "/a/%E8%AE%B2"),
        ] {
            assert_eq!(walked(&from, typed).encoded(), expected, "{typed}");
        }
    }
}
