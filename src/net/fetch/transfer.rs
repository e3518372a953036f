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
use super::ask::{Answer, Version};
use super::body::Incoming;
use super::hashing::Hashed;
use super::partial::{self, PartialFile, Spot};
use super::place::{Content, Placing};
use super::writer::{Beginning, Writing, Written, clear, write};
use super::{Engine, Halt, OVERLAP, REPORT_EVERY, Stop, blocking, done};
use crate::effect::{Conflict, Job};
use crate::event::{Anew, Fault, Kept, Proof, TransferEvent};
use crate::net::retry::{Retries, Retry};
use crate::wire::range::Lengths;
use crate::wire::source::Source;

mod check;
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
    /// Why it does not go on with what an earlier try left; none once that was said.
    anew: Option<Anew>,
    /// Whether the server has answered with the file.
    begun: bool,
    /// Where it was asked to be: there its partial file is, whatever it is called in the end.
    wished: PathBuf,
    /// Where that is an HTML page, of which path.
    page: Option<Source>,
}

/// A file that may be the beginning of the one that is downloaded.
struct Other {
    file: Arc<File>,
    length: u64,
    modified: Option<Timestamp>,
    /// Whether the server may send the rest of it alone.
    by_range: bool,
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
            anew: None,
            begun: false,
            wished,
            page: None,
        }
    }

    /// Tries until all is here, or there is no use in trying; then looks whether it is right, and says what says so.
    pub(super) async fn bring<R, F>(&mut self, report: &mut R) -> Result<Option<Proof>, Halt>
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        let mut retries = Retries::new(self.engine.retries, self.engine.client.timeouts().outage);
        loop {
            let attempt = match self.attempt(report).await {
                Ok(()) => Box::pin(self.refuse_list()).await,
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
        if let Some(name) = answer.name.take()
            && Box::pin(self.take_name(&name, report)).await?
        {
            (answer, base) = self.ask().await?;
        }
        let Answer { mut body, version, page, .. } = answer;
        self.page = page;
        self.begun = true;
        if base != Base::Partial {
            self.empty().await?;
        }
        let before = mem::replace(&mut self.version, version);
        if base == Base::Partial {
            // It is the same version still.
            self.version.checksum = self.version.checksum.take().or(before.checksum);
            self.version.digest_follows |= before.digest_follows;
            self.version.modified = self.version.modified.or(before.modified);
        }
        let (total, from) = (self.version.total, self.length(base));
        let anew = self.anew.take();
        let mut started = Some(TransferEvent::Started { total, from, anew, partial: self.version.partial() });
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
                let (start, whole) = body.beginning(REPORT_EVERY).await?;
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
        self.settle().await?;
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
            return Err(Fault::exists(self.job.to.clone()).into());
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

    /// Brings the file onto the disk and gives it its name: where it is, and its size in bytes.
    pub(super) async fn finish(&mut self) -> Result<(PathBuf, u64), Halt> {
        match self.place().await {
            Ok((path, bytes)) => {
                let folder = partial::folder(&path).to_path_buf();
                self.engine.folders.sync(folder, &self.engine.disk, &self.engine.threads).await?;
                Ok((path, bytes))
            }
            // It has come in the meantime.
            Err(Fault::Exists(_)) if self.job.conflict == Conflict::Skip => Err(Halt::Kept(Kept::Skipped)),
            Err(Fault::Exists(clash))
                if self.job.conflict == Conflict::Ask && clash.comes.are_the_same_as(&clash.there) =>
            {
                Err(Halt::Kept(Kept::Same))
            }
            Err(fault) => Err(fault.into()),
        }
    }

    /// All that is to be done for that, but that its folder is still to be synced.
    async fn place(&mut self) -> Result<(PathBuf, u64), Fault> {
        let placing = Arc::new(Placing {
            to: self.job.to.clone(),
            conflict: self.job.conflict,
            modified: self.version.modified,
            disk: self.engine.disk.clone(),
        });
        let content = match (self.small.take(), self.file.take()) {
            (Some(bytes), None) => {
                let (whole, placing) = (bytes.clone(), placing.clone());
                let placed = self.engine.threads.run_sync(move || placing.place_whole(&whole));
                if let Some(placed) = done(placed).await?? {
                    return Ok(placed);
                }
                Content::Bytes(bytes, self.spot(None))
            }
            (Some(bytes), file) => Content::Bytes(bytes, self.spot(file)),
            (None, Some(file)) => Content::File(file),
            (None, None) => Content::Bytes(Bytes::new(), self.spot(None)),
        };
        let is_small = matches!(content, Content::Bytes(..));
        let place = move || {
            let mut file = None;
            let placed = placing.place(content, &mut file);
            (file, placed)
        };
        let (file, placed) =
            if is_small { done(self.engine.threads.run_sync(place)).await? } else { blocking(place).await? };
        if placed.is_err() {
            self.file = file;
        }
        placed
    }

    /// Ends it. What is here stays only where it can be gone on with.
    pub(super) async fn stop(mut self, stop: Stop) {
        self.engine.folders.note_partial(partial::folder(&self.job.to));
        // What went wrong with writing makes what was written no worse.
        let _ = self.settle().await;
        if let Some(looking) = self.looking.take() {
            // What it finds is not needed any more, but is nobody else's before.
            let _ = looking.await;
        }
        let Some(file) = self.file.take() else {
            if stop == Stop::Cancel {
                // It was not looked at yet what an earlier run left.
                let path = self.path();
                let _ = blocking(move || partial::remove(&path)).await;
            }
            return;
        };
        // Before the server has answered, it is what an earlier try left.
        let useful = !self.begun || self.version.partial().can_go_on() && file.len() > OVERLAP;
        if stop == Stop::Cancel || !useful {
            let _ = blocking(move || file.remove()).await;
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
