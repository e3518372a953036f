//! One download: its tries, what is here of it, and what becomes of that.

use std::convert::Infallible;
use std::fs::File;
use std::future::pending;
use std::mem;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use self::look::Found;
use super::ask::{Answer, Page, Version};
use super::body::Incoming;
use super::digest;
use super::hashing::Hashed;
use super::partial::{self, PartialFile, Spot};
use super::writer::{Beginning, Writing, Written, clear, write};
use super::{Engine, Halt, OVERLAP, REPORT_EVERY};
use crate::effect::Job;
use crate::event::{Anew, Facts, Fault, Proof, Sameness, TransferEvent};
use crate::net::retry::{Retries, Retry};
use crate::wire::range::Lengths;
use crate::wire::source::Source;

mod check;
mod finish;
mod look;
mod naming;
mod page;
mod resume;

/// A download, and what is here of it.
pub(super) struct Transfer<'a> {
    engine: &'a Engine,
    job: &'a mut Job,
    /// The partial file, unless it is being written.
    file: Option<PartialFile>,
    /// A whole file that is so small that it is written at once.
    small: Option<Bytes>,
    /// Has the partial file until it is done.
    writing: Option<JoinHandle<Written>>,
    /// So has this, where there is one.
    looking: Option<oneshot::Receiver<Result<Found, Halt>>>,
    /// The hash of the beginning of the partial file, where one is wanted.
    hashed: Option<Hashed>,
    /// What is known of the version of which a part is here.
    version: Version,
    /// Which lengths were said of which version.
    lengths: Lengths,
    /// Whether it was looked at what is there already.
    looked: bool,
    /// Another file that may be the beginning of this one.
    other: Option<Other>,
    /// What the file is made of that is here.
    base: Base,
    /// How it is known that this belongs to what comes.
    sameness: Sameness,
    /// Why it does not go on with what an earlier try left; none once that was said.
    anew: Option<Anew>,
    /// Whether the server has answered with the file.
    begun: bool,
    /// Where it was asked to be: there its partial file is, whatever it is called in the end.
    wished: PathBuf,
    /// Where that may be an HTML page: what is said of that, and of which path it is.
    page: Option<(Page, Source)>,
    /// Whether a web page came, where a file was asked for.
    is_page: bool,
}

/// A file that may be the beginning of the one that is downloaded.
struct Other {
    file: Arc<File>,
    length: u64,
    modified: Option<Timestamp>,
    /// Whether the server may send the rest of it alone.
    by_range: bool,
    /// What the server said of its file when samples were compared; none before that.
    sampled: Option<Box<Version>>,
}

/// What an answer goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Base {
    Nothing,
    Partial,
    Other,
}

impl<'a> Transfer<'a> {
    pub(super) fn new(engine: &'a Engine, job: &'a mut Job) -> Self {
        let version = job.partial.clone().map(Version::from).unwrap_or_default();
        let wished = job.to.clone();
        Self {
            engine,
            job,
            file: None,
            small: None,
            writing: None,
            looking: None,
            hashed: None,
            version,
            lengths: Lengths::default(),
            looked: false,
            other: None,
            base: Base::Nothing,
            sameness: Sameness::Certain,
            anew: None,
            begun: false,
            wished,
            page: None,
            is_page: false,
        }
    }

    /// Whether what came seems to be a web page in place of the file that was asked for.
    pub(super) fn is_page(&self) -> bool {
        self.is_page
    }

    /// Tries until all is here, or there is no use in trying; then looks whether it is right, and says what says so.
    pub(super) async fn bring<R, F>(&mut self, report: &mut R) -> Result<Vec<Proof>, Halt>
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        let mut retries = Retries::new(self.engine.retries, self.engine.client.timeouts().outage);
        loop {
            let attempt = match self.attempt(report).await {
                Ok(()) => Box::pin(self.refuse_page()).await,
                halted => halted,
            };
            let halt = match attempt {
                Ok(()) => return self.check(report).await,
                Err(halt) => self.of_the_whole(halt),
            };
            let (fault, asked) = match halt.failure() {
                Ok(failure) => failure,
                Err(why) => return Err(Box::pin(self.check_kept(why, report)).await?),
            };
            let is_known = self.begun
                || self.job.partial.is_some()
                || self.engine.client.has_heard(&self.job.source.endpoint);
            let retry = retries.next(fault, asked, self.here(), is_known)?;
            let Retry { fault, attempt, last, after } = retry;
            report(TransferEvent::Retrying { fault, attempt, last, after }).await;
            sleep(after).await;
        }
    }

    async fn attempt<R, F>(&mut self, report: &mut R) -> Result<(), Halt>
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        if !self.looked {
            Box::pin(self.fit_name(report)).await?;
            self.look().await?;
            self.looked = true;
        }
        let (mut answer, mut base) = self.ask().await?;
        let is_named = answer.name.is_some();
        if let Some(name) = answer.name.take() {
            let comes = Facts { size: answer.version.total, modified: answer.version.modified };
            if Box::pin(self.take_name(&name, comes, report)).await? {
                (answer, base) = self.ask().await?;
            }
        }
        let Answer { mut body, version, page, .. } = answer;
        // What the server calls otherwise is what it means to send.
        self.page = page.filter(|_| self.job.is_listed || !is_named);
        self.begun = true;
        if base != Base::Partial {
            self.empty().await?;
        }
        let before = mem::replace(&mut self.version, version);
        if base == Base::Partial {
            // It is the same version still.
            digest::note(&mut self.version.checksums, before.checksums);
            self.version.digest_follows |= before.digest_follows;
            self.version.modified = self.version.modified.or(before.modified);
        }
        self.base = base;
        let (total, from) = (self.version.total, self.length(base));
        let (anew, partial, sameness) = (self.anew.take(), self.version.partial(), self.sameness);
        let mut started = Some(TransferEvent::Started { total, from, anew, partial, sameness });
        // A small file may be here a moment later, and nobody sees it come.
        let is_small = total.is_some_and(|total| total <= OVERLAP) && base == Base::Nothing && anew.is_none();
        if let Some(started) = started.take_if(|_| !is_small) {
            report(started).await;
        }
        let (beginning, start) = match (base, self.file.take(), &self.other) {
            (Base::Partial, Some(file), _) => (Beginning::Itself(file), Bytes::new()),
            (Base::Other, file, Some(other)) => {
                (Beginning::Copy(self.spot(file), other.file.clone(), other.length), Bytes::new())
            }
            (_, file, _) => {
                // Until it is known what to do with it.
                self.file = file;
                let beginning = body.beginning(REPORT_EVERY).await;
                if beginning.is_err() {
                    self.lengths.note_came(self.version.identity.clone(), body.came());
                }
                let (start, whole) = beginning?;
                if whole {
                    self.small = Some(start);
                    return self.is_whole();
                }
                if let Some(started) = started {
                    report(started).await;
                }
                let file = self.file.take();
                (Beginning::Nothing(self.spot(file)), start)
            }
        };
        Box::pin(self.write(beginning, start, body, report)).await?;
        self.is_whole()
    }

    /// Takes out of the partial file what is in it of another version, before anybody hears of the one that comes: whoever
    /// goes on with it, also after a crash, must not take the one for the other.
    async fn empty(&mut self) -> Result<(), Fault> {
        self.hashed = None;
        if self.here() > 0 {
            self.writing = self.file.take().map(|file| clear(file, self.engine.disk.clone()));
        }
        self.settle().await
    }

    /// Where the partial file is, or is to be.
    fn path(&self) -> PathBuf {
        partial::path(&self.job.asked, &self.job.source, &self.wished)
    }

    fn spot(&self, file: Option<PartialFile>) -> Spot {
        Spot { path: self.path(), file }
    }

    /// Writes all that comes.
    async fn write<R, F>(
        &mut self,
        beginning: Beginning,
        start: Bytes,
        body: Incoming,
        report: &mut R,
    ) -> Result<(), Halt>
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        let Writing { orders, progress, outcome } =
            write(beginning, self.version.total, self.wanted_hash(), self.engine.disk.clone());
        self.writing = Some(outcome);
        let carried = tokio::select! {
            carried = carry(start, body, orders) => carried,
            never = follow(progress, |bytes| report(TransferEvent::Progress { bytes })) => match never {},
        };
        let settled = self.settle().await;
        // Whatever comes next of this version is no shorter, also where its length was not said.
        self.lengths.note_came(self.version.identity.clone(), self.here());
        settled?;
        carried?;
        // The last report may be from before.
        report(TransferEvent::Progress { bytes: self.here() }).await;
        Ok(())
    }

    /// Waits until what came is written.
    async fn settle(&mut self) -> Result<(), Fault> {
        let Some(writing) = &mut self.writing else { return Ok(()) };
        let written = writing.await;
        self.writing = None;
        // The writer says how it ended, unless it was killed by a panic.
        let written = written.map_err(|_| Fault::from_disk(&std::io::ErrorKind::Other.into()))?;
        (self.file, self.hashed) = (written.file, written.hashed);
        written.fault.map_or(Ok(()), Err)
    }

    /// Bytes from the beginning of the file that are on disk.
    fn here(&self) -> u64 {
        self.file.as_ref().map_or(0, PartialFile::len)
    }

    /// Whether all is here that was announced.
    fn is_whole(&mut self) -> Result<(), Halt> {
        let got = self.small.as_ref().map_or(self.here(), |bytes| bytes.len() as u64);
        if let Some(announced) = self.version.total.filter(|total| *total != got) {
            return Err(Fault::Short { got, announced }.into());
        }
        // Where the server does not say how long its file is, it is known only now.
        let noted = self.lengths.note(self.version.identity.clone(), got);
        noted.map_err(|before| Fault::OtherLength { before, now: got })?;
        if self.other.as_ref().is_some_and(|other| other.length > got) {
            return Err(Fault::NotBeginning(self.job.to.clone()).into());
        }
        Ok(())
    }

    /// What was missing of the rest is missing of the whole.
    fn of_the_whole(&self, halt: Halt) -> Halt {
        match (halt, self.version.total) {
            (Halt::Fault(Fault::Short { .. }), Some(announced)) if self.here() > 0 => {
                Halt::Fault(Fault::Short { got: self.here(), announced })
            }
            (halt, _) => halt,
        }
    }
}

/// Hands what comes to the writer, at the pace of the slower of the two.
async fn carry(start: Bytes, mut body: Incoming, orders: mpsc::Sender<Bytes>) -> Result<(), Fault> {
    let mut next = Some(start);
    while let Some(bytes) = next {
        if !bytes.is_empty() && orders.send(bytes).await.is_err() {
            // It has failed, and says why itself.
            return Ok(());
        }
        next = tokio::select! {
            bytes = body.next() => bytes?,
            () = orders.closed() => return Ok(()),
        };
    }
    Ok(())
}

/// Reports progress until it is dropped.
pub(super) async fn follow<R, F>(mut progress: watch::Receiver<u64>, mut report: R) -> Infallible
where
    R: FnMut(u64) -> F,
    F: Future<Output = ()>,
{
    while progress.changed().await.is_ok() {
        let bytes = *progress.borrow_and_update();
        report(bytes).await;
        sleep(REPORT_EVERY).await;
    }
    pending().await
}
