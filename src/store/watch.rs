//! File watcher (inotify and its like): notices that a program wrote to the write-ahead log of the database, this one or
//! another. Costs nothing while nobody writes; must never wait for anybody.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// Watches as long as it lives.
#[derive(Debug)]
pub(super) struct Watch {
    _watcher: RecommendedWatcher,
}

/// Whether something was written since it was last asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Written(Arc<AtomicBool>);

impl Written {
    /// Whether something was written since the last call.
    pub(super) fn take(&self) -> bool {
        self.0.swap(false, Ordering::AcqRel)
    }

    /// Something was written; whether that is news.
    fn set(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

impl Watch {
    /// Watches the log of the database at this path, which has to be open. What was written is in `written` before `wake`
    /// is called. None where the system cannot watch it.
    pub(super) fn start(database: &Path, written: Written, wake: impl Fn() + Send + 'static) -> Option<Self> {
        let changed = move |event: notify::Result<Event>| {
            // Reading moves nothing here: readers mark what they read in shared memory.
            let writes = event.is_ok_and(|event| matches!(event.kind, EventKind::Modify(_) | EventKind::Any));
            if writes && written.set() {
                wake();
            }
        };
        let mut watcher = notify::recommended_watcher(changed).ok()?;
        watcher.watch(&database.with_extension("db-wal"), RecursiveMode::NonRecursive).ok()?;
        Some(Self { _watcher: watcher })
    }
}
