//! The folders that files go to: makes those that no file makes on its way, knows which are new, and brings the new names
//! in them onto the disk, once for all files that got theirs in the meantime. Removes none.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use super::disk::Disk;
use super::done;
use super::partial::folder;
use super::target::without_links;
use super::threads::Threads;
use crate::event::Fault;

/// Makes folders, and those that they are in, where they are missing. Follows no symbolic link below `base`. Those that
/// could not be made, and why.
pub(super) fn make(folders: Vec<PathBuf>, base: &Path) -> Vec<(PathBuf, Fault)> {
    let made = folders.into_iter().map(|folder| {
        let confined = without_links(base, &folder);
        (confined.map(|()| fs::create_dir_all(&folder)), folder)
    });
    made.filter_map(|(made, folder)| {
        let fault = match made {
            Ok(Ok(())) => return None,
            Err(fault) => fault,
            Ok(Err(error)) if error.kind() == ErrorKind::AlreadyExists => Fault::exists(folder.clone()),
            Ok(Err(error)) => Fault::from_disk(&error),
        };
        Some((folder, fault))
    })
    .collect()
}

/// New folders that are remembered.
const FRESH: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// The folders that files go to at present.
#[derive(Debug)]
pub(super) struct Folders {
    synced: Mutex<HashMap<PathBuf, Arc<Folder>>>,
    /// Those in which there is nothing but whole files that came here, and for which names it was looked there.
    fresh: Mutex<LruCache<PathBuf, HashSet<OsString>>>,
}

#[derive(Debug, Default)]
struct Folder {
    /// Syncs that were begun.
    begun: AtomicU64,
    /// The number of the last one that is done.
    done: tokio::sync::Mutex<u64>,
}

impl Default for Folders {
    fn default() -> Self {
        Self { synced: Mutex::default(), fresh: Mutex::new(LruCache::new(FRESH)) }
    }
}

impl Folders {
    /// The folder that this file is to be in is not there yet: what will be in it came here, unless somebody else puts
    /// something into it.
    pub(super) fn note_fresh(&self, file: &Path) {
        if let Some(name) = file.file_name() {
            let mut fresh = self.fresh();
            fresh.get_or_insert_mut(folder(file).to_path_buf(), HashSet::new).insert(name.to_owned());
        }
    }

    /// A file that came to this folder is not whole.
    pub(super) fn note_partial(&self, dir: &Path) {
        self.fresh().pop(dir);
    }

    /// Whether a file should find nothing where it is to be: its folder is new, and no file of its name came there. From
    /// now on one did.
    pub(super) fn is_first(&self, file: &Path) -> bool {
        let mut fresh = self.fresh();
        let known = fresh.get_mut(folder(file)).zip(file.file_name());
        known.is_some_and(|(names, name)| names.insert(name.to_owned()))
    }

    fn fresh(&self) -> MutexGuard<'_, LruCache<PathBuf, HashSet<OsString>>> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when a sync is done that was begun after this was called.
    pub(super) async fn sync(
        &self,
        dir: PathBuf,
        disk: &Arc<dyn Disk>,
        threads: &Threads,
    ) -> Result<(), Fault> {
        let folder = self.synced().entry(dir.clone()).or_default().clone();
        let begun_before = folder.begun.load(Ordering::SeqCst);
        let synced = {
            let mut last = folder.done.lock().await;
            if *last > begun_before {
                Ok(())
            } else {
                let number = folder.begun.fetch_add(1, Ordering::SeqCst) + 1;
                let (disk, dir) = (disk.clone(), dir.clone());
                let synced = done(threads.run(move || disk.sync_folder(&dir))).await;
                if matches!(synced, Ok(Ok(()))) {
                    *last = number;
                }
                synced.and_then(|synced| synced.map_err(|error| Fault::from_disk(&error)))
            }
        };
        let mut folders = self.synced();
        // Nobody else waits for it.
        if Arc::strong_count(&folder) == 2 {
            folders.remove(&dir);
        }
        synced
    }

    fn synced(&self) -> MutexGuard<'_, HashMap<PathBuf, Arc<Folder>>> {
        self.synced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
