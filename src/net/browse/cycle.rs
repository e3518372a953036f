//! Cycle detection on a walk: a folder whose list is that of a folder above it is most likely that folder, seen through a
//! symbolic link. No server says which folder is which. Must never take two folders for one that only look alike once,
//! unless the list says that there is a link, nor folders without files, which often look alike.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::event::Listing;
use crate::wire::listing::Kind;

/// The folders of a walk, by their paths.
#[derive(Default)]
pub(super) struct Seen(HashMap<Vec<u8>, Folder>);

struct Folder {
    content: u64,
    has_files: bool,
    /// Names in it that are symbolic links to folders.
    links: Vec<Vec<u8>>,
}

impl Seen {
    /// Notes what a folder holds; whether a link leads from there back to a folder above it.
    pub(super) fn note(&mut self, listing: &Listing) -> bool {
        let folder = Folder::of(listing);
        let path = listing.source.path.name();
        let above = self.above(&path);
        let is_cycle = Self::is_cycle(&folder, &path, &above);
        self.0.insert(path, folder);
        is_cycle
    }

    /// The folders that this one is in, the nearest first.
    fn above(&self, path: &[u8]) -> Vec<&Folder> {
        let mut path = path.strip_suffix(b"/").unwrap_or(path);
        let mut above = Vec::new();
        while let Some(at) = path.iter().rposition(|byte| *byte == b'/').or((!path.is_empty()).then_some(0)) {
            let Some(folder) = self.0.get(if at == 0 { &b""[..] } else { &path[..=at] }) else { break };
            above.push(folder);
            path = &path[..at];
        }
        above
    }

    fn is_cycle(folder: &Folder, path: &[u8], above: &[&Folder]) -> bool {
        let chain: Vec<&Folder> = std::iter::once(folder).chain(above.iter().copied()).collect();
        let names: Vec<&[u8]> =
            path.split(|byte| *byte == b'/').rev().filter(|name| !name.is_empty()).collect();
        (1..chain.len()).any(|period| {
            let has_files = chain[..period].iter().any(|folder| folder.has_files);
            let is_linked = (0..period).any(|step| {
                let name = names.get(step).copied().unwrap_or_default();
                chain.get(step + 1).is_some_and(|parent| parent.links.iter().any(|link| link == name))
            });
            // Once more than once, where nothing says that there is a link.
            let repeats = if is_linked { 1 } else { period + 1 };
            has_files
                && (0..repeats)
                    .all(|at| chain.get(at + period).is_some_and(|there| there.content == chain[at].content))
        })
    }
}

impl Folder {
    fn of(listing: &Listing) -> Self {
        let mut entries: Vec<_> = listing.entries.iter().collect();
        entries.sort_by(|one, other| one.raw.0.cmp(&other.raw.0));
        let mut hasher = DefaultHasher::new();
        for entry in &entries {
            (&entry.raw.0, entry.kind, entry.size, entry.modified).hash(&mut hasher);
        }
        let links = entries.iter().filter(|entry| entry.is_link && entry.kind == Kind::Dir);
        Self {
            content: hasher.finish(),
            has_files: entries.iter().any(|entry| entry.kind == Kind::File),
            links: links.map(|entry| entry.raw.0.to_vec()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Unlisted;
    use crate::text::clean_line;
    use crate::wire::Raw;
    use crate::wire::listing::Entry;
    use crate::wire::source::Source;

    /// A folder with these names in it: `x/` is a folder, `x@` a link to one.
    fn listing(path: &str, names: &[&str]) -> Listing {
        let entries = names.iter().map(|name| Entry {
            name: clean_line(name.as_bytes()),
            raw: Raw(name.trim_end_matches(['/', '@']).to_owned().into()),
            kind: if name.ends_with(['/', '@']) { Kind::Dir } else { Kind::File },
            size: None,
            modified: None,
            may_be_folder: false,
            is_link: name.ends_with('@'),
        });
        Listing {
            source: Source::parse(&format!("http://h{path}")).unwrap(),
            entries: entries.collect(),
            is_cut: false,
            unlisted: Unlisted::default(),
        }
    }

    fn cycles(folders: &[(&str, &[&str])]) -> Vec<bool> {
        let mut seen = Seen::default();
        folders.iter().map(|(path, names)| seen.note(&listing(path, names))).collect()
    }

    #[test]
    fn a_link_that_leads_back_is_known_where_the_same_is_seen_again() {
        let top: &[&str] = &["a.txt", "self@"];
        assert_eq!(cycles(&[("/", top), ("/self/", top)]), [false, true]);
        let (top, sub): (&[&str], &[&str]) = (&["a.txt", "sub/"], &["up@"]);
        assert_eq!(cycles(&[("/t/", top), ("/t/sub/", sub), ("/t/sub/up/", top)]), [false, false, true]);
    }

    #[test]
    fn where_no_list_says_that_there_is_a_link_it_has_to_be_seen_three_times() {
        let top: &[&str] = &["a.txt", "self/"];
        assert_eq!(cycles(&[("/", top), ("/self/", top), ("/self/self/", top)]), [false, false, true]);
        let (top, sub): (&[&str], &[&str]) = (&["a.txt", "s/"], &["u/"]);
        let walked = [
            ("/", top),
            ("/s/", sub),
            ("/s/u/", top),
            ("/s/u/s/", sub),
            ("/s/u/s/u/", top),
            ("/s/u/s/u/s/", sub),
        ];
        assert_eq!(cycles(&walked), [false, false, false, false, true, true]);
    }

    #[test]
    fn folders_that_look_alike_are_no_cycle() {
        let same: &[&str] = &["a/"];
        assert_eq!(
            cycles(&[("/", same), ("/a/", same), ("/a/a/", same)]),
            [false; 3],
            "nothing would be lost"
        );
        let package: &[&str] = &["index.js", "node_modules/"];
        let walked: [(&str, &[&str]); 5] = [
            ("/a/", package),
            ("/a/node_modules/", &["b/"]),
            ("/a/node_modules/b/", package),
            ("/a/node_modules/b/node_modules/", &["c/"]),
            ("/a/node_modules/b/node_modules/c/", package),
        ];
        assert_eq!(cycles(&walked), [false; 5]);
        let twins: &[&str] = &["x.txt"];
        assert_eq!(cycles(&[("/", &["one/", "two/"]), ("/one/", twins), ("/two/", twins)]), [false; 3]);
    }
}
