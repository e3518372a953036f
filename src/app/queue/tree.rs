//! The folder of an item and all that are in it: what was found there, and where each file goes. Never lets a name lead
//! out of the folder (path traversal), nor two files to one place, nor the tree grow without end.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::file::{Beside, ENDINGS, File, SUMS, sums_beside};
use super::names::Names;
use crate::effect::{WALK_BYTES, WALK_DEPTH, WALK_FOLDERS};
use crate::event::{Fault, Listing, RequestId, Target};
use crate::text::{Clean, clean_line};
use crate::wire::listing::{Kind, is_directly_below};
use crate::wire::name::{NamePolicy, local_name};
use crate::wire::source::{Path as Remote, Source};

/// The most files and folders in a tree.
const ENTRIES: usize = 1_000_000;
/// Of so many things of a folder that are neither files nor folders each is named; of more they are counted.
const NAMED: usize = 10;
/// How far the looking up is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    /// It has to begin.
    Due,
    /// This question is answered bit by bit.
    UnderWay(RequestId),
    /// All that can be found was.
    Ended,
}

/// A folder and all that are in it.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) walk: Walk,
    /// What is at the place where it goes; none before that was looked at.
    pub(super) target: Option<Target>,
    /// Where the folder is. Its scheme is certain once something was found in it.
    source: Source,
    listed: bool,
    folders: Vec<Folder>,
    /// Folders that were found and are not listed yet, by their names from the top of the server on.
    unlisted: HashMap<Vec<u8>, u32>,
    /// Those that were found after their own folder was listed, and are not asked for yet: they had been taken for files.
    late: HashSet<Vec<u8>>,
    /// All folders, as in `unlisted`: whatever a server answers, each is asked for by one walk only.
    known: HashSet<Vec<u8>>,
    entries: usize,
    /// What the paths of all folders have, as [`Listing::folder_bytes`] counts them.
    bytes: usize,
    /// Folders in which there is nothing that could be downloaded: no file makes them on its way.
    bare: Vec<u32>,
    /// Whether some folder could not be listed.
    pub(super) missed: bool,
    /// Things in its folders that the server says are not in their lists.
    pub(super) left_out: u64,
}

#[derive(Debug, Clone)]
struct Folder {
    remote: Remote,
    here: PathBuf,
    /// Its path from the top of the tree on.
    name: Vec<u8>,
    depth: u8,
    sums: Box<[&'static str]>,
}

/// What a listing adds to a tree.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) files: Vec<File>,
    /// Whether there is no room for more.
    pub(super) full: bool,
    pub(super) missed: Vec<(Clean, Fault)>,
    /// What is called otherwise here, and how.
    pub(super) renamed: Vec<(Clean, Vec<u8>)>,
}

/// How what is in a tree is called here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style<'a> {
    /// Goes before the name of each file.
    pub(super) prefix: &'a str,
    pub(super) policy: NamePolicy,
    /// Whether names that begin with a dot may be at the top.
    pub(super) hidden: bool,
}

impl Tree {
    /// A folder in which nothing was looked up yet, which goes into this one.
    pub(super) fn new(source: &Source, to: &Path) -> Self {
        let source = source.at(source.path.folder());
        let top = Folder {
            remote: source.path.clone(),
            here: to.to_path_buf(),
            name: Vec::new(),
            depth: 0,
            sums: Box::default(),
        };
        Self {
            walk: Walk::Due,
            target: None,
            source,
            listed: false,
            folders: vec![top],
            unlisted: HashMap::new(),
            late: HashSet::new(),
            known: HashSet::new(),
            entries: 0,
            bytes: 0,
            bare: Vec::new(),
            missed: false,
            left_out: 0,
        }
    }

    /// Where it is.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Whether anything is known of what is in it.
    pub(super) fn is_listed(&self) -> bool {
        self.listed
    }

    /// The folders that were found and are not listed yet, in the order in which they were found, for a walk that asks for
    /// them: when it has come to its end, whatever came of it, they are not asked for again.
    pub(super) fn take_left(&mut self) -> Vec<Source> {
        self.late.clear();
        let mut left: Vec<u32> =
            if self.listed { self.unlisted.values().copied().collect() } else { Vec::new() };
        left.sort_unstable();
        left.into_iter().map(|at| self.source.at(self.folders[at as usize].remote.clone())).collect()
    }

    /// Where the folders go that nothing is in.
    pub(super) fn bare(&self) -> Vec<PathBuf> {
        self.bare.iter().map(|at| self.folders[*at as usize].here.clone()).collect()
    }

    /// They are there.
    pub(super) fn bare_made(&mut self) {
        self.bare.clear();
    }

    /// Takes in what a folder holds. One that is not in the tree, or was listed before, is left out.
    pub(super) fn take(&mut self, listing: Listing, style: Style<'_>) -> Taken {
        let mut taken = Taken::default();
        let Some(at) = self.place_of(&listing.source) else {
            let there = clean_line(listing.source.to_string().as_bytes());
            taken.missed.push((self.shown_below(&listing.source), Fault::Redirected(there)));
            return taken;
        };
        let bytes = self.bytes + listing.folder_bytes();
        // Whoever walks does not go deeper either, and says so.
        let is_walked = usize::from(self.folders[at as usize].depth) < WALK_DEPTH && bytes <= WALK_BYTES;
        if is_walked {
            self.bytes = bytes;
        }
        let room = ENTRIES - self.entries;
        let mut entries = listing.entries;
        // Whoever lists the folder again gives each the name that it had.
        entries.sort_by(|one, other| one.raw.0.cmp(&other.raw.0));
        entries.dedup_by(|one, other| one.raw == other.raw && one.kind == other.kind);
        if entries.len() > room {
            taken.missed.push((self.shown(at, b""), Fault::TooMany { limit: ENTRIES }));
            entries.truncate(room);
            taken.full = true;
        }
        self.entries += entries.len();
        if listing.is_cut {
            taken.missed.push((self.shown(at, b""), Fault::CutShort { after: entries.len() }));
        }
        if listing.unlisted.by_link > 0 {
            let links = listing.unlisted.by_link;
            taken.missed.push((self.shown(at, b""), Fault::Unnamed { links }));
        }
        self.left_out += listing.unlisted.by_server as u64;
        let known: HashSet<&[u8]> = entries.iter().map(|entry| &*entry.raw.0).collect();
        let is_there = |name: &[u8]| known.contains(name);
        self.folders[at as usize].sums = SUMS.into_iter().filter(|name| is_there(name.as_bytes())).collect();
        let have_sums =
            known.iter().any(|name| ENDINGS.iter().any(|ending| name.ends_with(ending.as_bytes())));
        let rules = self.target.clone().unwrap_or_default().rules;
        let mut names = Names::new(rules.folds || style.policy == NamePolicy::Portable);
        let folders = self.folders.len();
        let mut others: Vec<&[u8]> = Vec::new();
        for entry in &entries {
            if !is_directly_below(&entry.raw.0) {
                taken.missed.push((self.shown(at, &entry.raw.0), Fault::BadName));
                continue;
            }
            let raw = &*entry.raw.0;
            let prefix = if entry.kind == Kind::File { style.prefix } else { "" };
            let wanted = local_name(prefix, raw, style.policy, &rules);
            if at == 0 && !style.hidden && wanted.starts_with(b".") && entry.kind != Kind::Other {
                taken.missed.push((self.shown(at, raw), Fault::HiddenName));
                continue;
            }
            let mut called = || {
                let called = names.take(Path::new(""), &wanted);
                if called != [prefix.as_bytes(), raw].concat() {
                    taken.renamed.push((self.shown(at, raw), called.clone()));
                }
                called
            };
            match entry.kind {
                Kind::Dir if is_walked => {
                    let called = called();
                    self.found_folder(at, raw, &called);
                }
                Kind::File => {
                    let beside =
                        |ending: &str| have_sums && is_there(&[&*entry.raw.0, ending.as_bytes()].concat());
                    let beside = Beside::of(beside);
                    let called = called();
                    let raw: Box<[u8]> = raw.into();
                    let called = (*called != *raw).then(|| called.into());
                    let file = File { folder: at, raw, called, beside, ..File::alone(entry.size) };
                    taken.files.push(file);
                }
                Kind::Other => others.push(raw),
                // Nobody goes into it.
                Kind::Dir => {}
            }
        }
        if others.len() > NAMED {
            taken.missed.push((self.shown(at, b""), Fault::NotFile { count: others.len() }));
        } else {
            let other = |raw: &&[u8]| (self.shown(at, raw), Fault::NotFile { count: 1 });
            taken.missed.extend(others.iter().map(other));
        }
        if taken.files.is_empty() && self.folders.len() == folders {
            self.bare.push(at);
        }
        if taken.full {
            // Nothing of them could be taken.
            self.unlisted.clear();
        }
        taken
    }

    /// Which folder this is; none where it is not expected.
    fn place_of(&mut self, source: &Source) -> Option<u32> {
        if !std::mem::replace(&mut self.listed, true) {
            // The server may lead us elsewhere at first; from there on nothing leads out again.
            self.source = source.at(source.path.folder());
            self.folders[0].remote = self.source.path.clone();
            self.unlisted.insert(key(source), 0);
            self.known.insert(key(source));
        }
        let same = (source.scheme, &source.endpoint) == (self.source.scheme, &self.source.endpoint);
        if same { self.unlisted.remove(&key(source)) } else { None }
    }

    fn found_folder(&mut self, at: u32, raw: &[u8], called: &[u8]) {
        let parent = &self.folders[at as usize];
        let Ok(place) = u32::try_from(self.folders.len()) else { return };
        let remote = parent.remote.join(raw).folder();
        let folder = Folder {
            here: parent.here.join(OsStr::from_bytes(called)),
            name: [&*parent.name, raw, b"/"].concat(),
            depth: parent.depth + 1,
            sums: Box::default(),
            remote,
        };
        let key = key(&self.source.at(folder.remote.clone()));
        if self.known.insert(key.clone()) {
            self.unlisted.insert(key, place);
            self.folders.push(folder);
        }
    }

    /// What was found as a file is a folder, which is still to be listed if it is not known as one already. Whether it can
    /// be: it may be too deep, or there are too many.
    pub(super) fn take_late(&mut self, file: &File) -> bool {
        let parent = self.folder_of(file);
        let Ok(place) = u32::try_from(self.folders.len()) else { return false };
        let remote = parent.remote.join(&file.raw).folder();
        if self.known.contains(&key(&self.source.at(remote.clone()))) {
            return true;
        }
        let bytes = self.bytes + remote.encoded().len();
        let is_full = self.folders.len() >= WALK_FOLDERS || bytes > WALK_BYTES;
        if usize::from(parent.depth) >= WALK_DEPTH || is_full {
            return false;
        }
        let folder = Folder {
            here: self.path_of(file),
            name: [&*parent.name, &*file.raw, b"/"].concat(),
            depth: parent.depth + 1,
            sums: Box::default(),
            remote,
        };
        let key = key(&self.source.at(folder.remote.clone()));
        self.bytes = bytes;
        self.late.insert(key.clone());
        self.known.insert(key.clone());
        self.unlisted.insert(key, place);
        self.folders.push(folder);
        true
    }

    /// Whether there are such folders that no walk was asked for yet.
    pub(super) fn has_late(&self) -> bool {
        self.late.iter().any(|key| self.unlisted.contains_key(key))
    }

    /// All else was listed, or is not asked for again.
    pub(super) fn keep_late_only(&mut self) {
        self.unlisted.retain(|key, _| self.late.contains(key));
    }

    fn folder_of(&self, file: &File) -> &Folder {
        &self.folders[file.folder as usize]
    }

    pub(super) fn source_of(&self, file: &File) -> Source {
        self.source.at(self.folder_of(file).remote.join(&file.raw))
    }

    pub(super) fn path_of(&self, file: &File) -> PathBuf {
        let folder = &self.folder_of(file).here;
        folder.join(OsStr::from_bytes(file.called.as_ref().unwrap_or(&file.raw)))
    }

    pub(super) fn name_of(&self, file: &File) -> Clean {
        self.shown(file.folder, &file.raw)
    }

    /// Where something is, from the top of the tree on; the name of the tree for the tree itself.
    fn shown(&self, at: u32, raw: &[u8]) -> Clean {
        let name = [&*self.folders[at as usize].name, raw].concat();
        if name.is_empty() { clean_line(&self.source.path.last()) } else { clean_line(&name) }
    }

    /// A folder could not be listed, and is not asked for again: what it is called.
    pub(super) fn give_up(&mut self, source: &Source) -> Clean {
        match self.unlisted.remove(&key(source)) {
            Some(at) => self.shown(at, b""),
            None if !self.listed => self.shown(0, b""),
            None => self.shown_below(source),
        }
    }

    /// Where a folder is that is not in the tree, from its top on; the whole source where it is not below that.
    fn shown_below(&self, source: &Source) -> Clean {
        let (top, name) = (self.source.path.name(), source.path.name());
        match name.strip_prefix(&*top) {
            Some(inside) if self.source.holds(source) && !inside.is_empty() => clean_line(inside),
            Some(_) | None => clean_line(source.to_string().as_bytes()),
        }
    }

    /// Where it may stand what the content of a file has to be.
    pub(super) fn sums_of(&self, file: &File) -> Vec<Source> {
        let folder = self.folder_of(file);
        if folder.sums.is_empty() && file.beside == Beside::default() {
            return Vec::new();
        }
        sums_beside(&self.source.at(folder.remote.clone()), &file.raw, |name| {
            let is_own = name.strip_prefix(&*file.raw).is_some_and(|ending| file.beside.has(ending));
            is_own || folder.sums.iter().any(|sums| sums.as_bytes() == name)
        })
    }
}

/// How a folder is known: whichever way its path is encoded, with the slash or without.
fn key(source: &Source) -> Vec<u8> {
    let mut name = source.path.name();
    while name.last() == Some(&b'/') {
        name.pop();
    }
    name
}
