//! Downloads of single files: from a server onto the disk, or into a stream.
//!
//! Owns what a download is from the first question to the file's name. Must never leave a file that is not whole under
//! its final name, replace one that it was not told to replace, take bytes of two versions for one file, or let bytes
//! pile up in memory where the disk is slower than the network. Knows nothing of other downloads.
//!
//! A download goes into a partial file beside its target. Where something breaks off, it goes on from there, if the server
//! can say that the file is still the same one; the last bytes that are here are compared, whatever it says. When all has
//! come, the file gets the server's time, is brought onto the disk, and then gets its name, all at once; the name is on
//! the disk when the download is called finished.

use std::num::NonZeroU64;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task;

use self::folders::Folders;
use self::rate::Rate;
use self::sums::Sums;
use self::threads::Threads;
use self::transfer::Transfer;
use super::http::Client;
use crate::effect::{Job, OVERLAP};
use crate::event::{Fault, Finished, Kept, TransferEvent};

mod ask;
mod body;
mod digest;
mod disk;
mod folders;
mod hashing;
mod partial;
mod place;
mod rate;
mod stream;
mod sums;
mod target;
mod threads;
mod transfer;
mod verify;
mod worker;
mod writer;

pub use disk::{Disk, System};
pub use worker::{FetchCommand, run};

/// Between two reports of progress: at most 30 a second.
const REPORT_EVERY: Duration = Duration::from_millis(34);

/// Downloads files. A clone is the same engine.
#[derive(Debug, Clone)]
pub struct Engine {
    client: Client,
    retries: u32,
    disk: Arc<dyn Disk>,
    threads: Arc<Threads>,
    folders: Arc<Folders>,
    rate: Rate,
    sums: Arc<Sums>,
}

/// Why a download is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It goes on later: what can be of use then stays.
    Pause,
    /// Nothing of it stays.
    Cancel,
}

/// How a download ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The file is whole, synced, and under its final name.
    Finished(Finished),
    /// The file that is there stays.
    Kept(std::path::PathBuf, Kept),
    /// It was stopped with [`Stop::Pause`].
    Paused,
    /// It was stopped with [`Stop::Cancel`].
    Cancelled,
    /// It did not work. What came is left in its partial file where a later try can go on with it.
    Failed(Fault),
}

impl From<End> for TransferEvent {
    fn from(end: End) -> Self {
        match end {
            End::Finished(file) => Self::Finished(file),
            End::Kept(path, why) => Self::Kept { path, why },
            End::Paused => Self::Paused,
            End::Cancelled => Self::Cancelled,
            End::Failed(fault) => Self::Failed(fault),
        }
    }
}

impl From<Stop> for End {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Pause => Self::Paused,
            Stop::Cancel => Self::Cancelled,
        }
    }
}

/// Why a try came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Halt {
    Fault(Fault),
    /// The server asks for another try after so long.
    Later {
        fault: Fault,
        after: Duration,
    },
    /// There is nothing to be done.
    Kept(Kept),
}

impl Halt {
    /// What went wrong, and for how long the server asks us to wait.
    fn failure(self) -> Result<(Fault, Duration), Kept> {
        match self {
            Self::Fault(fault) => Ok((fault, Duration::ZERO)),
            Self::Later { fault, after } => Ok((fault, after)),
            Self::Kept(why) => Err(why),
        }
    }
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Engine {
    /// One that asks by `client`, tries what fails so many times again, and writes to `disk`.
    #[must_use]
    pub fn new(client: Client, retries: u32, disk: Arc<dyn Disk>) -> Self {
        Self {
            client,
            retries,
            disk,
            threads: Arc::new(Threads::new()),
            folders: Arc::default(),
            rate: Rate::default(),
            sums: Arc::default(),
        }
    }

    /// How often it tries again what fails.
    #[must_use]
    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// Lets all its downloads together take no more than so many bytes a second from now on; none: as many as come.
    pub fn limit_rate(&self, limit: Option<NonZeroU64>) {
        self.rate.limit(limit);
    }

    /// Downloads a file to where `job` says.
    ///
    /// The job's source is told which scheme its server turned out to speak. `report` hears of all that happens but the
    /// end, which is what is returned; from [`TransferEvent::Finishing`] on, `stop` comes too late. Dropping the future
    /// leaves the partial file.
    pub async fn fetch<R, F>(&self, job: &mut Job, stop: impl Future<Output = Stop>, mut report: R) -> End
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        #[expect(
            clippy::disallowed_methods,
            reason = "how long a download takes is measured where it happens"
        )]
        let begun = Instant::now();
        let mut transfer = Transfer::new(self, job);
        let ended = {
            let mut stop = pin!(stop);
            tokio::select! {
                brought = transfer.bring(&mut report) => Ok(brought),
                stop = &mut stop => Err(stop),
            }
        };
        let halt = match ended {
            Err(stop) => {
                transfer.stop(stop).await;
                return stop.into();
            }
            Ok(Ok(proofs)) => {
                report(TransferEvent::Finishing).await;
                match transfer.finish().await {
                    Ok((path, bytes)) => {
                        let path = Some(path);
                        let (took, is_page) = (begun.elapsed(), transfer.is_page());
                        return End::Finished(Finished { path, bytes, took, proofs, is_page });
                    }
                    Err(halt) => halt,
                }
            }
            Ok(Err(halt)) => halt,
        };
        // What contradicts itself, or what is here, would do so again in the next run.
        let useless =
            matches!(halt, Halt::Kept(_) | Halt::Fault(Fault::OtherLength { .. } | Fault::NotBeginning(_)));
        transfer.stop(if useless { Stop::Cancel } else { Stop::Pause }).await;
        match halt {
            Halt::Kept(why) => End::Kept(job.to.clone(), why),
            Halt::Fault(fault) | Halt::Later { fault, .. } => End::Failed(fault),
        }
    }
}

/// Does what may take its time on a thread where it holds nobody up.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    done(task::spawn_blocking(work)).await
}

/// What came of it. It says how it ended itself, unless it was killed by a panic.
async fn done<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<T, Fault> {
    work.await.map_err(|_| Fault::from_disk(&std::io::ErrorKind::Other.into()))
}
