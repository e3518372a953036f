//! The end of a download: onto the disk, and under its name. Never replaces what it was not told to replace, and never
//! gives the name to a file that is not on the disk yet.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use jiff::Timestamp;

use super::disk::Disk;
use super::partial::{self, PartialFile, Spot};
use crate::effect::Conflict;
use crate::event::Fault;
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
        Ok((self.named(file)?, file.len()))
    }

    fn named(&self, file: &PartialFile) -> Result<PathBuf, Fault> {
        if let Some(modified) = self.modified {
            // A time that this disk cannot hold does not make the file any less whole.
            let _ = file.file().set_modified(SystemTime::from(modified));
        }
        self.disk.sync(file.file()).map_err(|error| Fault::from_disk(&error))?;
        match self.conflict {
            Conflict::Rename => free(file.path(), &self.to, &*self.disk),
            Conflict::Ask | Conflict::Skip => self.placed(file),
            Conflict::Overwrite | Conflict::Resume | Conflict::Newer => {
                if is_replaceable(&self.to)? {
                    let replaced = self.disk.replace(file.path(), &self.to);
                    replaced.map_err(|error| Fault::from_disk(&error))?;
                    return Ok(self.to.clone());
                }
                self.placed(file)
            }
        }
    }

    fn placed(&self, file: &PartialFile) -> Result<PathBuf, Fault> {
        match self.disk.place(file.path(), &self.to) {
            Ok(()) => Ok(self.to.clone()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Fault::exists(self.to.clone())),
            Err(error) => Err(Fault::from_disk(&error)),
        }
    }
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

/// Gives a file a name that is free: this, or this with a number.
pub(super) fn free(from: &Path, to: &Path, disk: &dyn Disk) -> Result<PathBuf, Fault> {
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    for number in 0..NUMBERS {
        let path =
            if number == 0 { to.to_path_buf() } else { partial::folder(to).join(numbered(&name, number)) };
        match disk.place(from, &path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Fault::from_disk(&error)),
        }
    }
    Err(Fault::exists(to.to_path_buf()))
}
