//! A download into a stream: nothing that was written can be taken back, and nobody can be waited for who does not read.
//! So it goes on where it broke off only in the same version of the file, as far as that can be known, and otherwise not at
//! all.

use std::io;
use std::pin::pin;
use std::thread;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::sleep;

use super::ask::{self, Answer, Reply, Version, Wish};
use super::body::Incoming;
use super::hashing::Hasher;
use super::transfer::follow;
use super::{End, Engine, Halt, OVERLAP, Stop};
use crate::event::{Anew, Fault, Finished, Proof, TransferEvent};
use crate::net::retry::{Retries, Retry};
use crate::wire::digest::Checksum;
use crate::wire::range::Lengths;
use crate::wire::source::Source;

/// Buffers that may wait for whoever reads.
const WAITING: usize = 8;

/// A stream that is being written to.
struct Sink {
    orders: mpsc::Sender<Bytes>,
    /// Bytes that were written.
    progress: watch::Receiver<u64>,
    /// Comes when all is written: what it hashes to, where that was asked for.
    outcome: oneshot::Receiver<Result<Option<Checksum>, Fault>>,
    /// Bytes that will have been written.
    sent: u64,
    /// The last of them, to be compared with what the server has there: at most [`OVERLAP`].
    last: Vec<u8>,
}

/// What the server said so far of the file.
#[derive(Default)]
struct Said {
    /// Of the version that it sent last.
    version: Option<Version>,
    lengths: Lengths,
}

/// What came of a try.
enum Poured {
    All,
    /// The server sends only the whole again.
    NoRanges,
}

impl Engine {
    /// Downloads a file into a stream, as it comes: what was written before a failure has been written.
    ///
    /// `source` and `report` are told what [`Engine::fetch`] tells its own. A reader who has enough ends it with
    /// [`Fault::NobodyReads`]. Where what was written has not this checksum, that is only known when it was written. `to` opens
    /// the stream, and may wait for as long as it likes.
    pub async fn stream<W, R, F>(
        &self,
        source: &mut Source,
        checksum: Option<Checksum>,
        to: impl FnOnce() -> io::Result<W> + Send + 'static,
        stop: impl Future<Output = Stop>,
        mut report: R,
    ) -> End
    where
        W: io::Write,
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        #[expect(
            clippy::disallowed_methods,
            reason = "how long a download takes is measured where it happens"
        )]
        let begun = Instant::now();
        let mut stop = pin!(stop);
        let mut sink = match Sink::start(to, checksum.as_ref().map(Hasher::new)) {
            Ok(sink) => sink,
            Err(fault) => return End::Failed(fault),
        };
        let brought = tokio::select! {
            brought = self.pour(source, &mut sink, &mut report) => brought,
            stop = &mut stop => return stop.into(),
        };
        let bytes = sink.sent;
        drop(sink.orders);
        // What was sent before a failure is still written.
        let written = tokio::select! {
            written = sink.outcome => written,
            stop = stop => return stop.into(),
        };
        // The thread says how it ended, unless it was killed by a panic.
        let written = written.unwrap_or_else(|_| Err(Fault::from_disk(&io::ErrorKind::Other.into())));
        match written.and_then(|hash| brought.map(|()| hash)) {
            Ok(hash) if hash == checksum => {
                let proof = checksum.map(|_| Proof::Given);
                End::Finished(Finished { path: None, bytes, took: begun.elapsed(), proof })
            }
            Ok(_) => End::Failed(Fault::WrongDigest { kept: None }),
            Err(fault) => End::Failed(fault),
        }
    }

    /// Tries until all was sent, or there is no use in trying.
    async fn pour<R, F>(&self, source: &mut Source, sink: &mut Sink, report: &mut R) -> Result<(), Fault>
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        let mut retries = Retries::new(self.retries, self.client.timeouts().outage);
        let mut said = Said::default();
        let mut broken = None;
        loop {
            let halt = match self.try_to_pour(source, sink, &mut said, report).await {
                Ok(Poured::All) => return Ok(()),
                // It has not changed for all we know: what broke it off is why there is no more of it.
                Ok(Poured::NoRanges) => return Err(broken.unwrap_or(Fault::Changed)),
                Err(halt) => halt,
            };
            let Ok((fault, asked)) = halt.failure() else { return Ok(()) };
            let is_known = said.version.is_some() || self.client.has_heard(&source.endpoint);
            let retry = retries.next(fault, asked, sink.sent, is_known)?;
            let goes_on = said.version.as_ref().is_some_and(|known| known.partial().can_go_on());
            if sink.sent > 0 && !goes_on {
                return Err(retry.fault);
            }
            let Retry { fault, attempt, last, after } = retry;
            broken = Some(fault.clone());
            report(TransferEvent::Retrying { fault, attempt, last, after }).await;
            sleep(after).await;
        }
    }

    async fn try_to_pour<R, F>(
        &self,
        source: &mut Source,
        sink: &mut Sink,
        said: &mut Said,
        report: &mut R,
    ) -> Result<Poured, Halt>
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        let Said { version, lengths } = said;
        let known = version.as_ref().filter(|_| sink.sent > 0);
        let first = sink.sent - sink.last.len() as u64;
        let wish = known.map(|known| Wish { first, suffix: None, known: known.partial() });
        let answer = match ask::ask(self, source, wish.as_ref(), lengths).await? {
            Reply::File(answer) if answer.is_part == wish.is_some() => *answer,
            Reply::File(answer) if known.is_some_and(|known| known.validator == answer.version.validator) => {
                return Ok(Poured::NoRanges);
            }
            Reply::Useless(Anew::NoRanges) => return Ok(Poured::NoRanges),
            Reply::File(_) | Reply::Useless(_) | Reply::Unsatisfied(_) => return Err(Fault::Changed.into()),
        };
        let Answer { mut body, version: answered, .. } = answer;
        if body.take(sink.last.len()).await? != sink.last {
            return Err(Fault::Changed.into());
        }
        let (total, from) = (answered.total, sink.sent);
        let (partial, identity) = (answered.partial(), answered.identity.clone());
        *version = Some(answered);
        report(TransferEvent::Started { total, from, anew: None, partial }).await;
        let progress = sink.progress.clone();
        tokio::select! {
            carried = sink.carry(&mut body) => carried?,
            never = follow(progress, |bytes| report(TransferEvent::Progress { bytes })) => match never {},
        }
        match total.filter(|total| *total != sink.sent && !sink.orders.is_closed()) {
            Some(announced) => Err(Fault::Short { got: sink.sent, announced }.into()),
            None if sink.orders.is_closed() => Ok(Poured::All),
            None => match lengths.note(identity, sink.sent) {
                Ok(()) => Ok(Poured::All),
                Err(before) => Err(Fault::OtherLength { before, now: sink.sent }.into()),
            },
        }
    }
}

impl Sink {
    /// Starts the thread that opens it and writes.
    fn start<W: io::Write>(
        to: impl FnOnce() -> io::Result<W> + Send + 'static,
        mut hasher: Option<Hasher>,
    ) -> Result<Self, Fault> {
        let (orders, mut received) = mpsc::channel::<Bytes>(WAITING);
        let (count, progress) = watch::channel(0);
        let (ended, outcome) = oneshot::channel();
        let work = move || {
            let mut to = to()?;
            let mut written = 0;
            while let Some(bytes) = received.blocking_recv() {
                to.write_all(&bytes)?;
                if let Some(hasher) = &mut hasher {
                    hasher.update(&bytes);
                }
                written += bytes.len() as u64;
                count.send_replace(written);
            }
            to.flush()?;
            Ok(hasher.map(Hasher::finish))
        };
        // Not a thread of the runtime's: that waits for its threads, and a stream that nobody reads from blocks ours.
        let spawned = thread::Builder::new().name("stream".to_owned()).spawn(move || {
            // Where nobody waits for the end, the download was dropped.
            let _ = ended.send(work().map_err(|error: io::Error| Fault::from_disk(&error)));
        });
        spawned.map_err(|error| Fault::from_disk(&error))?;
        Ok(Self { orders, progress, outcome, sent: 0, last: Vec::new() })
    }

    /// Hands what comes to the thread, at the pace of the slower of the two. Ends where it has failed, too.
    async fn carry(&mut self, body: &mut Incoming) -> Result<(), Fault> {
        loop {
            let bytes = tokio::select! {
                bytes = body.next() => bytes?,
                () = self.orders.closed() => None,
            };
            let Some(bytes) = bytes else { return Ok(()) };
            self.note(&bytes);
            let count = bytes.len() as u64;
            if self.orders.send(bytes).await.is_ok() {
                self.sent += count;
            }
        }
    }

    /// Keeps the last bytes of what is sent.
    fn note(&mut self, bytes: &[u8]) {
        let most = usize::try_from(OVERLAP).unwrap_or(usize::MAX);
        let bytes = &bytes[bytes.len().saturating_sub(most)..];
        let kept = self.last.len().min(most - bytes.len());
        self.last.drain(..self.last.len() - kept);
        self.last.extend_from_slice(bytes);
    }
}
