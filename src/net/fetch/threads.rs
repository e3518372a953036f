//! Threads for what is soon done on the disk, file after file.
//!
//! They are few, so that of many small files there is always one that waits for its turn: a thread that is at work needs
//! not be woken, and to wake one takes longer than to place a small file. What may keep a thread for long has no place
//! here.

use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinHandle, spawn_blocking};

/// More would sooner be idle; with fewer a disk that is slow to sync would have too little to do at once.
const FEW: usize = 4;

/// The threads of an engine. Those that have nothing to do end by themselves.
#[derive(Debug)]
pub(super) struct Threads(Option<Runtime>);

impl Threads {
    pub(super) fn new() -> Self {
        let few = Builder::new_current_thread().max_blocking_threads(FEW).thread_name("disk").build();
        // Where there are none, there are those of the runtime that this is called in.
        Self(few.ok())
    }

    /// Does it, when it is its turn; also where nobody waits for it any more.
    pub(super) fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        match &self.0 {
            Some(few) => few.spawn_blocking(work),
            None => spawn_blocking(work),
        }
    }
}

impl Drop for Threads {
    /// Without waiting: whoever wanted something done has waited for it.
    fn drop(&mut self) {
        if let Some(few) = self.0.take() {
            few.shutdown_background();
        }
    }
}
