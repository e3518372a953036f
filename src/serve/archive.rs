//! A folder with all that is in it, as a tar file (POSIX.1-2001, "pax Interchange Format") made while it is sent.
//!
//! Owns the walk, and that what arrives whole is whole: each file is as long as its header says, or there is an error
//! and no end. In it is what is served, under the names that it is served under: so what may not be read is left out,
//! and a symbolic link is what it leads to. What is there and cannot be had, as from a disk that fails, breaks it off. A
//! folder is not taken again below itself, so that the walk ends.

use std::fs::{File, Metadata};
use std::io;
use std::mem;
use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;

use bytes::Bytes;
use tar::{Builder, EntryType, Header};

use super::Site;
use super::beneath::{Found, Name, Opened, is_absent};
use super::body::{FRAME, Frames};
use super::folder::{Column, Direction, Order, Room, Rows};
use super::turns::Client;

/// All content is filled up to a multiple of so many bytes.
const BLOCK: u64 = 512;

/// Bytes that the header has room for in a name.
const NAME_ROOM: usize = 100;

/// From so many bytes on a header has no room for the size.
const BIG: u64 = 1 << 33;

/// In which order each folder is walked through.
const ORDER: Order = Order { column: Column::Name, direction: Direction::Ascending };

/// A tar file on its way, whose frames this gives.
pub(super) struct Archive {
    site: Arc<Site>,
    /// The folders that the walk is in, from the top down.
    levels: Vec<Level>,
    /// The file whose content comes next, and how long it is.
    file: Option<(Opened, u64)>,
    tar: Builder<Vec<u8>>,
    is_done: bool,
    client: Client,
    size: usize,
}

/// A folder that the walk is in.
struct Level {
    name: Name,
    /// Its name in the archive, with a slash behind it.
    path: Vec<u8>,
    identity: (u64, u64),
    rows: Rows,
    room: Room,
}

impl Archive {
    /// Of the folder `name`, opened as `file`; in the archive it is called `called`.
    pub(super) fn new(
        site: Arc<Site>,
        name: &Name,
        file: File,
        called: &[u8],
        client: &Client,
    ) -> io::Result<Self> {
        let tar = Builder::new(Vec::new());
        let (client, levels) = (client.clone(), Vec::new());
        let mut archive = Self { site, levels, file: None, tar, is_done: false, client, size: FRAME };
        archive.enter(name.clone(), called, file)?;
        Ok(archive)
    }

    /// Goes into a folder, unless the walk is in it already.
    fn enter(&mut self, name: Name, path: &[u8], file: File) -> io::Result<()> {
        let metadata = file.metadata()?;
        let identity = (metadata.dev(), metadata.ino());
        if self.levels.iter().any(|level| level.identity == identity) {
            return Ok(());
        }
        let path = [path, b"/"].concat();
        let has = self.levels.iter().map(|level| level.room.size()).sum();
        let mut room = self.site.lists.room(self.client.address, has);
        let rows = self.site.root.list(&name, file, ORDER, None, &self.client, &mut room)?;
        write_header(&mut self.tar, &path, EntryType::Directory, 0, &metadata)?;
        self.levels.push(Level { name, path, identity, rows, room });
        Ok(())
    }

    /// Makes some more of it.
    fn step(&mut self) -> io::Result<()> {
        if let Some((opened, length)) = &mut self.file {
            let out = self.tar.get_mut();
            if let Some(content) = opened.next() {
                out.extend_from_slice(&content?);
            } else {
                out.resize(out.len() + padding(*length), 0);
                self.file = None;
            }
            return Ok(());
        }
        let Some(level) = self.levels.last_mut() else {
            self.is_done = true;
            return self.tar.finish();
        };
        let Some(row) = level.rows.next() else {
            self.levels.pop();
            return Ok(());
        };
        let name = level.name.join(&row.raw.0);
        let path = [&level.path[..], &row.raw.0].concat();
        match self.add(name, &path) {
            Err(error) if is_absent(&error) => Ok(()),
            added => added,
        }
    }

    fn add(&mut self, name: Name, path: &[u8]) -> io::Result<()> {
        match self.site.root.find(&name)? {
            Found::File(mut opened) => {
                opened.set_size(self.size);
                let length = opened.length;
                write_header(&mut self.tar, path, EntryType::Regular, length, &opened.file.metadata()?)?;
                self.file = Some((opened, length));
            }
            Found::Folder(file) => self.enter(name, path, file)?,
            Found::Other => {}
        }
        Ok(())
    }
}

/// What the old header has no room for stands in records in front of it, which GNU tar and bsdtar read as well.
fn write_header(
    tar: &mut Builder<Vec<u8>>,
    path: &[u8],
    kind: EntryType,
    size: u64,
    metadata: &Metadata,
) -> io::Result<()> {
    let (size_word, time_word) = (size.to_string(), metadata.mtime().to_string());
    let mut records: Vec<(&str, &[u8])> = Vec::new();
    if str::from_utf8(path).is_err() {
        records.push(("hdrcharset", b"BINARY"));
    }
    if path.len() > NAME_ROOM || !path.is_ascii() {
        records.push(("path", path));
    }
    if size >= BIG {
        records.push(("size", size_word.as_bytes()));
    }
    let seconds = u64::try_from(metadata.mtime());
    if seconds.is_err() {
        records.push(("mtime", time_word.as_bytes()));
    }
    tar.append_pax_extensions(records)?;
    let mut header = Header::new_ustar();
    let short = &path[..path.len().min(NAME_ROOM)];
    header.as_old_mut().name[..short.len()].copy_from_slice(short);
    header.set_entry_type(kind);
    header.set_mode(metadata.mode() & 0o777);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(size);
    header.set_mtime(seconds.unwrap_or_default());
    header.set_cksum();
    tar.append(&header, io::empty())
}

/// Bytes from the end of so much content to the end of its last block.
fn padding(length: u64) -> usize {
    usize::try_from(length.next_multiple_of(BLOCK) - length).unwrap_or_default()
}

impl Iterator for Archive {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.tar.get_ref().len() < self.size && !self.is_done {
            if let Err(error) = self.step() {
                self.is_done = true;
                self.tar.get_mut().clear();
                return Some(Err(error));
            }
        }
        let frame = mem::take(self.tar.get_mut());
        (!frame.is_empty()).then(|| Ok(frame.into()))
    }
}

impl Frames for Archive {
    fn set_size(&mut self, bytes: usize) {
        self.size = bytes;
        if let Some((opened, _)) = &mut self.file {
            opened.set_size(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn what_an_old_header_has_no_room_for_is_said_all_the_same() {
        let file = tempfile::tempfile().unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH - Duration::from_hours(90_000)).unwrap();
        let long = [b"a/".repeat(200), b"\xff".to_vec()].concat();
        for (path, size) in [(&b"a.txt"[..], 9_000_000_000), (&long, 8), (b"a.txt", u64::MAX >> 1)] {
            let mut tar = Builder::new(Vec::new());
            write_header(&mut tar, path, EntryType::Regular, size, &file.metadata().unwrap()).unwrap();
            let written = mem::take(tar.get_mut());
            assert_eq!(written.len() as u64 % BLOCK, 0);
            let mut read = tar::Archive::new(&written[..]);
            let mut entry = read.entries().unwrap().next().unwrap().unwrap();
            assert_eq!((&*entry.path_bytes(), entry.size()), (path, size));
            let records: Vec<_> = entry.pax_extensions().unwrap().unwrap().map(Result::unwrap).collect();
            let time = records.iter().find(|record| record.key() == Ok("mtime")).unwrap();
            assert_eq!(time.value(), Ok("-324000000"));
        }
    }

    #[test]
    fn content_is_filled_up_to_whole_blocks() {
        assert_eq!([0, 1, 511, 512, 513].map(padding), [0, 511, 1, 0, 511]);
    }
}
