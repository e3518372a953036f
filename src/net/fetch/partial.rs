//! The partial file: where it is, that only one writes it, and what is in it. Never follows a link, and never says of
//! bytes that they are here before they are written.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::Hasher;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use fnv::FnvHasher;
use nix::libc::{O_NOFOLLOW, O_NONBLOCK};

use crate::event::Fault;
use crate::wire::address::Host;
use crate::wire::name::portable_name;
use crate::wire::source::Source;

/// The most bytes of the final name that stand in a partial file's name.
const NAME: usize = 100;

/// Where the partial file is of a file that is to be at `to`, and was asked for by itself or in a folder: in the same
/// folder, under a name that is the same each time, and another one for another source. What was asked for can be seen
/// from its end.
pub(super) fn path(asked: &Source, source: &Source, to: &Path) -> PathBuf {
    let name = to.file_name().unwrap_or_default();
    let (own, asked) = (digits(source, name.as_bytes()), digits(asked, b""));
    // Whatever the file system is, it holds that.
    let name = portable_name(name.as_bytes());
    let short = &name[..name.floor_char_boundary(NAME)];
    folder(to).join(format!(".{short}.{own:016x}{asked:016x}.part"))
}

/// How the names of all partial files end of what was asked for.
fn ending(asked: &Source) -> String {
    format!("{:016x}.part", digits(asked, b""))
}

/// What tells sources from each other.
fn digits(source: &Source, name: &[u8]) -> u64 {
    let mut hash = FnvHasher::default();
    match &source.endpoint.host {
        Host::Name(host) => hash.write(host.as_bytes()),
        Host::V4(address) => hash.write(&address.octets()),
        Host::V6(address, zone) => {
            hash.write(&address.octets());
            hash.write(zone.as_deref().unwrap_or_default().as_bytes());
        }
    }
    // Not the scheme: it may have been found out since.
    hash.write(&source.endpoint.port.to_be_bytes());
    hash.write(source.path.encoded().as_bytes());
    hash.write(&[0]);
    hash.write(name);
    hash.finish()
}

/// Removes what was left of what was asked for and was to be at `to`: the partial file, or, of a folder, all that are in
/// there. Not those that somebody writes. Whatever else is there stays.
pub(super) fn discard(asked: &Source, to: &Path) {
    if asked.path.is_folder() {
        let ending = ending(asked);
        let is_ours = |name: &[u8]| name.starts_with(b".") && name.ends_with(ending.as_bytes());
        below(to, |path, name| {
            if is_ours(name) {
                remove(path);
            }
        });
    } else {
        remove(&path(asked, asked, to));
    }
}

/// Removes a partial file, where it is there and nobody writes it.
pub(super) fn remove(path: &Path) {
    if let Ok(Some(file)) = PartialFile::find(path) {
        file.remove();
    }
}

/// Shows all files in a folder and those in it, as far as they can be seen. Goes through no link.
fn below(folder: &Path, mut show: impl FnMut(&Path, &[u8])) {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => show(&entry.path(), entry.file_name().as_bytes()),
                Ok(_) | Err(_) => {}
            }
        }
    }
}

/// The folder that a path is in.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A partial file that nobody else writes. It stays when this is dropped.
#[derive(Debug)]
pub(super) struct PartialFile {
    file: File,
    path: PathBuf,
    len: u64,
}

impl PartialFile {
    /// Opens the one that is there; none where there is none. [`Fault::Fetching`] where somebody else writes it.
    pub(super) fn find(path: &Path) -> Result<Option<Self>, Fault> {
        Self::open(path, false)
    }

    fn open(path: &Path, create: bool) -> Result<Option<Self>, Fault> {
        loop {
            let opened = OpenOptions::new()
                .read(true)
                .write(true)
                .create(create)
                .truncate(false)
                // What any new file gets; the user's umask takes away from it.
                .mode(0o666)
                .custom_flags(O_NOFOLLOW | O_NONBLOCK)
                .open(path);
            let file = match opened {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(Fault::from_disk(&error)),
            };
            // There are file systems without locks: what is written there is still compared and counted.
            if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
                return Err(Fault::Fetching(path.to_path_buf()));
            }
            let facts = file.metadata().map_err(|error| Fault::from_disk(&error))?;
            if !facts.is_file() {
                return Err(Fault::NotRegular(path.to_path_buf()));
            }
            // Whoever had it until now may have given it its final name, or removed it.
            let same = |there: fs::Metadata| (there.dev(), there.ino()) == (facts.dev(), facts.ino());
            if fs::symlink_metadata(path).is_ok_and(same) {
                let mut found = Self { file, path: path.to_path_buf(), len: facts.len() };
                if found.len > 0 {
                    found.file.seek(SeekFrom::End(0)).map_err(|error| Fault::from_disk(&error))?;
                }
                return Ok(Some(found));
            }
        }
    }

    /// What is in it, in bytes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes everything out of it.
    pub(super) fn clear(&mut self) -> Result<(), Fault> {
        let cleared = self.file.set_len(0).and_then(|()| self.file.rewind());
        self.len = 0;
        cleared.map_err(|error| Fault::from_disk(&error))
    }

    /// Appends by `write`, and counts what is there afterwards, even where that is not all.
    pub(super) fn append(&mut self, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Fault> {
        let written = write(&mut self.file);
        let at = self.file.stream_position();
        self.len = at.unwrap_or(self.len);
        written.map_err(|error| Fault::from_disk(&error))
    }

    /// Removes it. What is not there needs no removing.
    pub(super) fn remove(self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Drop for PartialFile {
    /// A process that is just being started has a copy of every open file, and the lock would be its, too.
    fn drop(&mut self) {
        // Where it fails, the lock goes with the last copy.
        let _ = self.file.unlock();
    }
}

/// Where a partial file is, or is to be.
#[derive(Debug)]
pub(super) struct Spot {
    pub(super) path: PathBuf,
    /// The one that is there.
    pub(super) file: Option<PartialFile>,
}

impl Spot {
    /// An empty one, made where there is none, with its folder. It is put into `opened` as soon as there is one, so that it
    /// is known whatever goes wrong with it.
    pub(super) fn emptied(self, opened: &mut Option<PartialFile>) -> Result<&mut PartialFile, Fault> {
        let open = || PartialFile::open(&self.path, true).transpose();
        let made = self.file.map(Ok).or_else(open).or_else(|| {
            let folder = fs::create_dir_all(folder(&self.path));
            folder.map_or_else(|error| Some(Err(Fault::from_disk(&error))), |()| open())
        });
        let file = made.unwrap_or_else(|| Err(Fault::from_disk(&io::ErrorKind::NotFound.into())))?;
        let file = opened.insert(file);
        if file.len() > 0 {
            file.clear()?;
        }
        Ok(file)
    }
}

/// So many bytes of a file from that place on.
pub(super) fn read_at(file: &File, at: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_done_with_a_partial_file_holds_nobody_up_whatever_copies_there_are() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".a.part");
        let file = PartialFile::open(&path, true).unwrap().unwrap();
        let _copy = file.file().try_clone().unwrap();
        assert_eq!(PartialFile::find(&path).err(), Some(Fault::Fetching(path.clone())));
        drop(file);
        assert!(PartialFile::find(&path).unwrap().is_some());
    }
}
