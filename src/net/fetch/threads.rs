//! Threads for what is soon done on the disk, file after file.
//!
//! They are few, so that of many small files there is always one that waits for its turn: a thread that is at work needs
//! not be woken, and to wake one takes longer than to place a small file. What may keep a thread for long has no place
//! here.
//!
//! Where there is nothing but downloads on the only thread of a runtime, and the disk is so quick that there is nothing to
//! wait for, that thread does it itself.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

/// More would sooner be idle; with fewer a disk that is slow to sync would have too little to do at once.
const FEW: usize = 4;
/// What is done in less is done before a thread has been woken for it. No disk syncs as quickly, but memory does.
const QUICK: Duration = Duration::from_micros(100);
/// What is so often in a row not done in that time is slow: once may be because the thread had to wait for a processor.
const SLOW: u32 = 2;

/// The threads of an engine. Those that have nothing to do end by themselves.
#[derive(Debug)]
pub(super) struct Threads {
    few: Option<Runtime>,
    /// How often in a row the disk was not quick.
    slow: Arc<AtomicU32>,
}

impl Threads {
    pub(super) fn new() -> Self {
        let few = Builder::new_current_thread().max_blocking_threads(FEW).thread_name("disk").build();
        // Where there are none, there are those of the runtime that this is called in.
        Self { few: few.ok(), slow: Arc::new(AtomicU32::new(SLOW)) }
    }

    /// Does it, when it is its turn; also where nobody waits for it any more. Nothing comes of it where it panics.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (tell, told) = oneshot::channel();
        let work = move || {
            if let Ok(done) = catch_unwind(AssertUnwindSafe(work)) {
                // Where nobody waits for it, it is done all the same.
                let _ = tell.send(done);
            }
        };
        let is_only = || Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread;
        if self.slow.load(Ordering::Relaxed) < SLOW && is_only() {
            work();
        } else if let Some(few) = &self.few {
            few.spawn_blocking(work);
        } else {
            spawn_blocking(work);
        }
        told
    }

    /// The same for what syncs a file: how quick that is says how quick the disk is.
    pub(super) fn run_sync<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let slow = Arc::clone(&self.slow);
        self.run(move || {
            #[expect(clippy::disallowed_methods, reason = "how quick a disk is is measured where it is used")]
            let begun = Instant::now();
            let done = work();
            if begun.elapsed() < QUICK {
                slow.store(0, Ordering::Relaxed);
            } else {
                slow.fetch_add(1, Ordering::Relaxed);
            }
            done
        })
    }
}

impl Drop for Threads {
    /// Without waiting: whoever wanted something done has waited for it.
    fn drop(&mut self) {
        if let Some(few) = self.few.take() {
            few.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread::current;

    use super::*;

    /// Whether it is done where it was asked for, and what came of it.
    async fn here<T: Send + 'static>(
        threads: &Threads,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> (bool, T) {
        let asked = current().id();
        threads.run_sync(move || (current().id() == asked, work())).await.unwrap()
    }

    /// Longer than it may take.
    fn slow() {
        let (held, holding) = std::sync::mpsc::channel::<()>();
        assert!(holding.recv_timeout(QUICK * 2).is_err());
        drop(held);
    }

    #[tokio::test]
    async fn after_what_took_long_other_threads_do_the_next() {
        let threads = Threads::new();
        assert_eq!(here(&threads, slow).await, (false, ()), "nothing is known of the disk yet");
        threads.slow.store(0, Ordering::Relaxed);
        for _ in 0..SLOW {
            assert_eq!(here(&threads, slow).await, (true, ()));
        }
        assert_eq!(here(&threads, slow).await, (false, ()));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn where_others_use_the_threads_of_the_runtime_nothing_is_done_on_them() {
        let threads = Threads::new();
        threads.slow.store(0, Ordering::Relaxed);
        assert_eq!(here(&threads, || 7).await, (false, 7));
    }

    #[tokio::test]
    async fn of_what_panics_nothing_comes_wherever_that_is() {
        let threads = Threads::new();
        for slow in [SLOW, 0] {
            threads.slow.store(slow, Ordering::Relaxed);
            assert!(threads.run(|| assert!(!QUICK.is_zero() && QUICK.is_zero())).await.is_err());
        }
    }
}
