//! The end of a download: onto the disk, and under its name. Never replaces what it was not told to replace, and never
//! gives the name to a file that is not on the disk yet.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use jiff::Timestamp;

use super::disk::Disk;
use super::partial::{self, PartialFile, Spot};
use crate::effect::Conflict;
use crate::event::{Clash, Facts, Fault};
use crate::wire::name::numbered;

/// Numbers to try where there are files of that name already.
const NUMBERS: u32 = 10_000;

/// What has come, and is whole.
pub(super) enum Content {
    /// In its partial file.
    File(PartialFile),
    /// Not written yet.
    Bytes(Bytes, Spot),
}

/// A file that is to get its name.
pub(super) struct Placing {
    pub(super) to: PathBuf,
    pub(super) conflict: Conflict,
    pub(super) modified: Option<Timestamp>,
    pub(super) disk: Arc<dyn Disk>,
}

impl Content {
    /// Writes what is not written yet. Puts the partial file into `opened` as soon as there is one.
    pub(super) fn write<'a>(
        self,
        disk: &dyn Disk,
        opened: &'a mut Option<PartialFile>,
    ) -> Result<&'a mut PartialFile, Fault> {
        match self {
            Self::File(file) => Ok(opened.insert(file)),
            Self::Bytes(bytes, spot) => {
                let file = spot.emptied(opened)?;
                file.append(|file| disk.write(file, &bytes))?;
                Ok(file)
            }
        }
    }
}

impl Placing {
    /// Where it is afterwards, and how many bytes that are. Its name is not on the disk yet: its folder is still to be
    /// synced. Puts the partial file into `opened` as soon as there is one.
    pub(super) fn place(
        &self,
        content: Content,
        opened: &mut Option<PartialFile>,
    ) -> Result<(PathBuf, u64), Fault> {
        let file = content.write(&*self.disk, opened)?;
        self.sync(file.file())?;
        Ok((self.placed(file)?, file.len()))
    }

    fn placed(&self, file: &PartialFile) -> Result<PathBuf, Fault> {
        if !self.replaces()? {
            match self.named(file.len(), |to| self.disk.place(file.path(), to)) {
                // It has come in the meantime.
                Err(Fault::Exists(_)) if self.replaces()? => {}
                named => return named,
            }
        }
        let replaced = self.disk.replace(file.path(), &self.to);
        replaced.map(|()| self.to.clone()).map_err(|error| Fault::from_disk(&error))
    }

    /// The same for a whole file of which nothing is on the disk: it needs no partial file, and nothing of it stays where
    /// that fails. None where it cannot be done so.
    pub(super) fn place_whole(&self, bytes: &[u8]) -> Result<Option<(PathBuf, u64)>, Fault> {
        if self.replaces()? {
            return Ok(None);
        }
        // Why there is none, such as that its folder is missing, is the partial file's business.
        let Ok(mut file) = self.disk.unnamed(partial::folder(&self.to)) else { return Ok(None) };
        self.disk.write(&mut file, bytes).map_err(|error| Fault::from_disk(&error))?;
        self.sync(&file)?;
        let mut is_nameable = true;
        let length = bytes.len() as u64;
        let named = self.named(length, |to| {
            let named = self.disk.name(&file, to);
            // Without /proc there is no way to say which file is meant.
            is_nameable = !matches!(&named, Err(error) if error.kind() == io::ErrorKind::NotFound);
            named
        });
        match named {
            // It has come in the meantime.
            Err(Fault::Exists(_)) if self.replaces()? => Ok(None),
            Err(_) if !is_nameable => Ok(None),
            Err(fault) => Err(fault),
            Ok(to) => {
                // That it has a name is something new about the file, too: without a journal it would be thrown away after
                // a crash, as one that had none.
                self.disk.sync(&file).map_err(|error| Fault::from_disk(&error))?;
                Ok(Some((to, length)))
            }
        }
    }

    /// Whether there is a file that it is to replace.
    fn replaces(&self) -> Result<bool, Fault> {
        if self.conflict.replaces() { is_replaceable(&self.to) } else { Ok(false) }
    }

    /// Brings a file onto the disk, with its time.
    fn sync(&self, file: &File) -> Result<(), Fault> {
        if let Some(modified) = self.modified {
            // A time that this disk cannot hold does not make the file any less whole.
            let _ = file.set_modified(SystemTime::from(modified));
        }
        self.disk.sync(file).map_err(|error| Fault::from_disk(&error))
    }

    /// Gives a file of so many bytes its name by `place`, which replaces nothing, or one that is free.
    fn named(&self, length: u64, mut place: impl FnMut(&Path) -> io::Result<()>) -> Result<PathBuf, Fault> {
        if self.conflict == Conflict::Rename {
            return free(&self.to, place);
        }
        match place(&self.to) {
            Ok(()) => Ok(self.to.clone()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let there = self.to.symlink_metadata().ok().filter(Metadata::is_file);
                let there = there.map(|there| facts(&there)).unwrap_or_default();
                let comes = Facts { size: Some(length), modified: self.modified };
                Err(Fault::Exists(Box::new(Clash { path: self.to.clone(), there, comes })))
            }
            Err(error) => Err(Fault::from_disk(&error)),
        }
    }
}

/// What can be said of a file that is there.
pub(super) fn facts(there: &Metadata) -> Facts {
    let modified = there.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
    Facts { size: Some(there.len()), modified }
}

/// Whether there is a file to be replaced; nothing else is.
pub(super) fn is_replaceable(path: &Path) -> Result<bool, Fault> {
    match path.symlink_metadata() {
        Ok(there) if there.is_file() => Ok(true),
        Ok(_) => Err(Fault::NotRegular(path.to_path_buf())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Fault::from_disk(&error)),
    }
}

/// Gives a file a name that is free, by `place`, which replaces nothing: this, or this with a number.
pub(super) fn free(to: &Path, mut place: impl FnMut(&Path) -> io::Result<()>) -> Result<PathBuf, Fault> {
    let name = to.file_name().unwrap_or_default().as_bytes();
    for number in 0..NUMBERS {
        let other = || partial::folder(to).join(OsStr::from_bytes(&numbered(name, number)));
        let path = if number == 0 { to.to_path_buf() } else { other() };
        match place(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Fault::from_disk(&error)),
        }
    }
    Err(Fault::exists(to.to_path_buf()))
}
