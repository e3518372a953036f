//! A file on its way to its name: under a hidden one in the same folder until it is whole and on the disk.
//!
//! Owns both names; must never leave the hidden one behind, nor replace what was not to be replaced.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::fs::{Dir, MetadataExt as _, OpenOptions, OpenOptionsExt as _};
use hyper::StatusCode;
use nix::fcntl::OFlag;
use nix::sys::statvfs::fstatvfs;
use tokio::sync::OwnedRwLockReadGuard;

use super::{Refusal, Terms};
use crate::serve::beneath::{Name, Root};
use crate::serve::private::{DenyList, Hidden, Identity};
use crate::serve::version::Version;
use crate::wire::conditions::Current;
use crate::wire::listing::Kind;

/// How the names of partial files begin. Behind it stand numbers that no other has.
const PREFIX: &str = ".hobnob-upload-";

/// The permissions of a file that is not whole: nobody may read it, and a bit is set that means nothing for a file. So it is
/// known under any name, also after the program was killed.
const MARK: u32 = 0o1200;

/// All bits of permissions.
const PERMISSIONS: u32 = 0o7777;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Whether this is the name of a file that is not whole. Such a file is never served.
pub(in crate::serve) fn is_partial(name: &[u8]) -> bool {
    name.starts_with(PREFIX.as_bytes())
}

/// Whether a file of this mode is one that is not whole, whatever it is called.
pub(in crate::serve) fn is_marked(mode: u32) -> bool {
    Kind::of(mode) == Kind::File && mode & PERMISSIONS == MARK
}

/// Finds out whether files can be put into the shared folder, by putting an empty one there, giving it another name in the
/// way that each file gets its own, and removing it.
pub(in crate::serve) fn try_out(root: &Root) -> io::Result<()> {
    let top = root.top()?;
    let (first, ..) = create(&top)?;
    let renamed = hidden_name(|name| rename_to_free(&top, &first, name));
    top.remove_file(renamed.as_ref().map_or(&first, |(name, ())| name))?;
    renamed.map(|_| ())
}

/// How a file got its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    /// There was none of that name.
    New,
    /// In place of another one.
    Instead,
}

/// A file that is not whole yet. It is removed when this is dropped, which may take its time.
#[derive(Debug)]
pub(super) struct Partial {
    folder: Dir,
    /// Its hidden name, for as long as it has it.
    name: Option<OsString>,
    /// Behind a pointer, as it may still be written on another thread when this is dropped.
    file: Arc<File>,
    length: u64,
    /// The permissions that it will have.
    mode: u32,
    called: OsString,
    terms: Terms,
    deny: Arc<DenyList>,
    /// Under whatever name somebody finds it, it is not served, until all of it is on the disk.
    hidden: Option<Hidden>,
    /// Until it is gone, whatever becomes of the connection, the server is not.
    _adding: OwnedRwLockReadGuard<()>,
}

impl Partial {
    /// An empty one, in the folder where the file is to be. Where it is known already that it cannot be put there, or
    /// that there is no room for the `announced` bytes, there is none.
    pub(super) fn begin(
        root: &Root,
        name: &Name,
        terms: Terms,
        announced: Option<u64>,
        adding: OwnedRwLockReadGuard<()>,
    ) -> Result<Self, Refusal> {
        let (length, limit) = (announced.unwrap_or_default(), terms.uploads.limit.unwrap_or(u64::MAX));
        if length > limit {
            return Err(Refusal(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let (folder, called) = name.split().ok_or(Refusal(StatusCode::CONFLICT))?;
        let (folder, deny) = (root.folder(&folder)?, Arc::clone(root.deny_list()));
        judge(&folder, called, &terms, &deny)?;
        let (name, file, mode) = create(&folder)?;
        let called = called.to_owned();
        let hidden = deny.hide(&file)?;
        let (name, file) = (Some(name), Arc::new(file));
        let partial = Self {
            folder,
            name,
            file,
            length: 0,
            mode,
            called,
            terms,
            deny,
            hidden: Some(hidden),
            _adding: adding,
        };
        partial.terms.have_room(&partial.file, length)?;
        Ok(partial)
    }

    /// What appends these bytes, where that may take its time, and gives the buffer back.
    pub(super) fn append(
        &mut self,
        mut bytes: Vec<u8>,
    ) -> Result<impl FnOnce() -> Result<Vec<u8>, Refusal> + Send + 'static, Refusal> {
        self.length += bytes.len() as u64;
        if self.terms.uploads.limit.is_some_and(|limit| self.length > limit) {
            return Err(Refusal(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let (file, terms) = (Arc::clone(&self.file), self.terms.clone());
        Ok(move || {
            terms.have_room(&file, bytes.len() as u64)?;
            (&*file).write_all(&bytes)?;
            bytes.clear();
            Ok(bytes)
        })
    }

    /// Brings it onto the disk, and gives it its name.
    pub(super) fn finish(mut self) -> Result<Placed, Refusal> {
        if is_marked(self.file.metadata()?.mode()) {
            self.file.set_permissions(Permissions::from_mode(self.mode))?;
        }
        self.file.sync_all()?;
        judge(&self.folder, &self.called, &self.terms, &self.deny)?;
        // Once it has its name, others are to find it there.
        self.hidden = None;
        let placed = self.place()?;
        sync(&self.folder)?;
        Ok(placed)
    }

    fn place(&mut self) -> Result<Placed, Refusal> {
        let Some(name) = self.name.as_deref() else { return Ok(Placed::New) };
        match rename_to_free(&self.folder, name, &self.called) {
            Ok(()) => {
                self.name = None;
                return Ok(Placed::New);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
        judge(&self.folder, &self.called, &self.terms, &self.deny)?;
        self.folder.rename(name, &self.folder, &self.called)?;
        self.name = None;
        Ok(Placed::Instead)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            // Where it cannot be removed it stays hidden.
            let _ = self.folder.remove_file(name);
        }
    }
}

/// With the permissions that it will have.
fn create(folder: &Dir) -> io::Result<(OsString, File, u32)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let (name, file) = hidden_name(|name| Ok(folder.open_with(name, &options)?.into_std()))?;
    let mode = file.metadata()?.mode() & PERMISSIONS;
    // Not every file system keeps this.
    let _ = file.set_permissions(Permissions::from_mode(MARK));
    Ok((name, file, mode))
}

/// A hidden name that no other file has, for what gives a file this name.
fn hidden_name<T>(give: impl Fn(&OsStr) -> io::Result<T>) -> io::Result<(OsString, T)> {
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = OsString::from(format!("{PREFIX}{:x}-{number:x}", process::id()));
        match give(&name) {
            Ok(given) => return Ok((name, given)),
            // Left behind by another one that was killed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether a file may get this name. Only a file is ever replaced: not a folder, nor a link, wherever it leads. None of
/// hobnob's own files is, nor is one put where hobnob would take it for its own.
fn judge(folder: &Dir, called: &OsStr, terms: &Terms, deny: &DenyList) -> Result<(), Refusal> {
    let itself = folder.dir_metadata()?;
    if deny.is_reserved(Identity::new(itself.dev(), itself.ino()), called) {
        return Err(Refusal(StatusCode::FORBIDDEN));
    }
    match folder.symlink_metadata(called) {
        Ok(there) if deny.now().has(Identity::new(there.dev(), there.ino())) || is_marked(there.mode()) => {
            Err(Refusal(StatusCode::FORBIDDEN))
        }
        Ok(there) if there.is_file() => {
            // What may not be read has neither a tag nor a time, as it has none for who asks for it.
            let version = version(folder, called).ok();
            let etag = version.map(|version| version.etag());
            let modified = version.and_then(|version| version.modified());
            terms.judge(Some(Current { etag: etag.as_deref(), modified }))
        }
        Ok(_) => Err(Refusal(StatusCode::CONFLICT)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => terms.judge(None),
        Err(error) => Err(error.into()),
    }
}

fn version(folder: &Dir, called: &OsStr) -> io::Result<Version> {
    let mut options = OpenOptions::new();
    // What has taken the place of a file meanwhile may be a pipe.
    options.read(true).custom_flags(OFlag::O_NONBLOCK.bits());
    Ok(Version::of(&folder.open_with(called, &options)?.into_std().metadata()?))
}

/// Bytes that are free where a file is; none where its file system does not say.
pub(super) fn free(file: &File) -> Option<u64> {
    let said = fstatvfs(file).ok().filter(|said| said.blocks() > 0)?;
    Some(said.blocks_available().saturating_mul(said.fragment_size()))
}

/// Gives a file a name that no other has; where one has it, [`io::ErrorKind::AlreadyExists`].
fn rename_to_free(folder: &Dir, from: &OsStr, to: &OsStr) -> io::Result<()> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use nix::errno::Errno;
        use nix::fcntl::{RenameFlags, renameat2};
        match renameat2(folder, from, folder, to, RenameFlags::RENAME_NOREPLACE) {
            // Not every file system can.
            Err(Errno::EINVAL | Errno::ENOSYS) => {}
            renamed => return Ok(renamed?),
        }
    }
    folder.hard_link(from, folder, to)?;
    // It has its name; where the other cannot be taken from it, it stays hidden.
    let _ = folder.remove_file(from);
    Ok(())
}

/// Brings a new name onto the disk.
fn sync(folder: &Dir) -> io::Result<()> {
    match folder.open(".").and_then(|folder| folder.into_std().sync_all()) {
        // Not every file system can, and not every folder may be read by whoever may write there.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use hyper::HeaderMap;
    use jiff::tz::TimeZone;
    use tokio::sync::{RwLock, mpsc};
    use tokio::task::spawn_blocking;

    use super::*;
    use crate::serve::access::Access;
    use crate::serve::upload::Uploads;
    use crate::serve::{Limits, Options, Server};

    const UPLOADS: Uploads = Uploads { overwrite: false, limit: None, keep_free: 0 };

    fn adding() -> OwnedRwLockReadGuard<()> {
        Arc::new(RwLock::new(())).try_read_owned().unwrap()
    }

    #[test]
    fn a_folder_that_is_tried_out_has_what_it_had_before() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path(), &Access::default()).unwrap();
        // Left behind by one that was killed and had the same number.
        let first = NEXT.load(Ordering::Relaxed);
        let left: BTreeSet<_> = (first..first + 100)
            .map(|number| OsString::from(format!("{PREFIX}{:x}-{number:x}", process::id())))
            .collect();
        for name in &left {
            std::fs::write(folder.path().join(name), "left").unwrap();
        }
        try_out(&root).unwrap();
        let there = std::fs::read_dir(folder.path()).unwrap();
        assert_eq!(there.map(|entry| entry.unwrap().file_name()).collect::<BTreeSet<_>>(), left);
        for name in &left {
            assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), b"left");
        }
    }

    #[tokio::test]
    async fn a_server_that_stops_waits_until_a_file_that_has_come_whole_has_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::bind(Options {
            root: folder.path().to_owned(),
            bind: vec![Ipv4Addr::LOCALHOST.into()],
            port: 0,
            zone: TimeZone::UTC,
            limits: Limits { grace: Duration::ZERO, ..Limits::default() },
            access: Access { uploads: Some(UPLOADS), ..Access::default() },
            identity: None,
        });
        let server = server.unwrap();
        let site = Arc::clone(&server.site);
        let terms = Terms { uploads: UPLOADS, headers: Arc::default(), free: |_| None };
        let name = site.root.name(b"a").unwrap();
        let adding = Arc::clone(&site.adding).read_owned().await;
        let partial = Partial::begin(&site.root, &name, terms, None, adding).unwrap();
        let running = tokio::spawn(server.run(mpsc::channel(1).0, async {}));
        // Nobody else gets in where somebody waits for all to be out.
        while site.adding.try_read().is_ok() && !running.is_finished() {
            tokio::task::yield_now().await;
        }
        assert!(!running.is_finished());
        assert_eq!(spawn_blocking(|| partial.finish()).await.unwrap(), Ok(Placed::New));
        running.await.unwrap();
        assert!(folder.path().join("a").exists());
    }

    #[test]
    fn an_upload_that_would_take_the_last_room_is_stopped_midway_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path(), &Access::default()).unwrap();
        let uploads = Uploads { keep_free: 300, ..UPLOADS };
        // A disk of a thousand bytes, with this file on it.
        let free: fn(&File) -> Option<u64> = |file| Some(1000 - file.metadata().unwrap().len());
        let terms = Terms { uploads, headers: Arc::new(HeaderMap::new()), free };
        let name = root.name(b"a").unwrap();
        let mut partial = Partial::begin(&root, &name, terms.clone(), None, adding()).unwrap();
        for bytes in [400, 300] {
            partial.append(vec![b'x'; bytes]).unwrap()().unwrap();
        }
        let full = partial.append(vec![b'x'; 1]).unwrap()().unwrap_err();
        assert_eq!(full, Refusal(StatusCode::INSUFFICIENT_STORAGE));
        drop(partial);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        // What is announced counts before it comes.
        assert!(Partial::begin(&root, &name, terms.clone(), Some(700), adding()).is_ok());
        assert!(Partial::begin(&root, &name, terms, Some(701), adding()).is_err());
    }
}
