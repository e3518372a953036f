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
use super::digest::{self, Late};
use super::hashing::Hashed;
use super::transfer::follow;
use super::verify::agreement;
use super::{End, Engine, Halt, OVERLAP, Stop};
use crate::event::{Anew, Fault, Finished, Mismatch, Proof, Sameness, TransferEvent};
use crate::net::retry::{Retries, Retry};
use crate::text::clean_line;
use crate::wire::digest::{Algorithm, Checksum, DigestField};
use crate::wire::range::Lengths;
use crate::wire::source::Source;

/// Buffers that may wait for whoever reads.
const WAITING: usize = 8;

/// A stream that is being written to.
struct Sink {
    orders: mpsc::Sender<Order>,
    /// Bytes that were written.
    progress: watch::Receiver<u64>,
    /// Comes when all is written: what it hashes to, by each of the hash functions that were ordered.
    outcome: oneshot::Receiver<Result<Vec<Checksum>, Fault>>,
    /// Bytes that will have been written.
    sent: u64,
    /// The last of them, to be compared with what the server has there: at most [`OVERLAP`].
    last: Vec<u8>,
}

/// What the thread that writes is told.
enum Order {
    /// Hash all that is written from now on by these.
    Hash(Vec<Algorithm>),
    Write(Bytes),
}

/// What was said so far of the file.
#[derive(Default)]
struct Said {
    /// What the user says that its content has to be.
    given: Option<Checksum>,
    /// What the server says of the version that it sent last.
    version: Option<Version>,
    lengths: Lengths,
}

impl Said {
    /// By which hash functions it may have to be compared.
    fn algorithms(&self) -> Vec<Algorithm> {
        let said = self.version.iter().flat_map(|version| &version.checksums);
        let said = said.map(|(_, checksum)| checksum.algorithm());
        let follows = self.version.as_ref().is_some_and(|version| version.digest_follows);
        let given = self.given.iter().map(Checksum::algorithm);
        given.chain(said).chain(follows.then_some(Algorithm::Sha256)).collect()
    }

    /// Whether what was written hashes to all that it has to be; what says so.
    fn compare(&self, found: &[Checksum]) -> Result<Vec<Proof>, Mismatch> {
        let given = self.given.iter().map(|given| (given.clone(), Proof::Given));
        let said = self.version.iter().flat_map(|version| &version.checksums);
        let said = said.map(|(field, checksum)| (checksum.clone(), Proof::Answer(*field)));
        // What was said only after the first bytes is of use where it is by one of those hash functions.
        let is_found =
            |checksum: &Checksum| found.iter().any(|found| found.algorithm() == checksum.algorithm());
        let all = given.chain(said).filter(|(checksum, _)| is_found(checksum));
        let (checksums, proofs): (Vec<_>, Vec<_>) = all.unzip();
        Mismatch::of(proofs.into_iter().zip(agreement(&checksums, found)))
    }
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
    /// [`Fault::NobodyReads`]. Where what was written is not what this checksum or the server says, that is only known when it
    /// was written. `to` opens the stream, and may wait for as long as it likes.
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
        let mut sink = match Sink::start(to) {
            Ok(sink) => sink,
            Err(fault) => return End::Failed(fault),
        };
        let mut said = Said { given: checksum, ..Said::default() };
        let brought = tokio::select! {
            brought = self.pour(source, &mut sink, &mut said, &mut report) => brought,
            stop = &mut stop => return stop.into(),
        };
        let bytes = sink.sent;
        drop(sink.orders);
        // What was sent before a failure is still written.
        let written = async {
            if brought.is_ok() {
                self.ask_late(source, &mut said, &mut report).await;
            }
            sink.outcome.await
        };
        let written = tokio::select! {
            written = written => written,
            stop = stop => return stop.into(),
        };
        // The thread says how it ended, unless it was killed by a panic.
        let written = written.unwrap_or_else(|_| Err(Fault::from_disk(&io::ErrorKind::Other.into())));
        match written.and_then(|found| brought.map(|()| found)).map(|found| said.compare(&found)) {
            Ok(Ok(proofs)) => {
                let took = begun.elapsed();
                End::Finished(Finished { path: None, bytes, took, proofs, is_page: false })
            }
            Ok(Err(mismatch)) => End::Failed(Fault::WrongDigest(Box::new(mismatch))),
            Err(fault) => End::Failed(fault),
        }
    }

    /// Asks for the digest that the server did not know when it began to answer, while the last bytes are written. Reports
    /// that it could not be had.
    async fn ask_late<R, F>(&self, source: &Source, said: &mut Said, report: &mut R)
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        let Some(version) = &mut said.version else { return };
        if !version.digest_follows || !version.checksums.is_empty() {
            return;
        }
        let fault = match Box::pin(digest::late(self, source, version)).await {
            Ok(Late::Said(late)) => return version.checksums = late,
            Ok(Late::Changed) => Fault::Changed,
            Err(fault) => fault,
        };
        let sums = clean_line(DigestField::ReprDigest.title().as_bytes());
        report(TransferEvent::Unread { sums, fault, is_known: true }).await;
    }

    /// Tries until all was sent, or there is no use in trying.
    async fn pour<R, F>(
        &self,
        source: &mut Source,
        sink: &mut Sink,
        said: &mut Said,
        report: &mut R,
    ) -> Result<(), Fault>
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        let mut retries = Retries::new(self.retries, self.client.timeouts().outage);
        let mut broken = None;
        loop {
            let halt = match self.try_to_pour(source, sink, said, report).await {
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
        let Said { version, lengths, .. } = said;
        let known = version.as_ref().filter(|_| sink.sent > 0);
        let first = sink.sent - sink.last.len() as u64;
        let wish = known.map(|known| Wish { first, last: None, suffix: None, known: known.partial() });
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
        // It is the same version still.
        let before = version.take().filter(|_| sink.sent > 0);
        let follows = before.as_ref().is_some_and(|before| before.digest_follows);
        let digest_follows = answered.digest_follows || follows;
        let answered = version.insert(Version { digest_follows, ..answered });
        digest::note(&mut answered.checksums, before.into_iter().flat_map(|before| before.checksums));
        if sink.sent == 0 {
            // Where it has ended already, that is noticed when it is written to.
            let _ = sink.orders.send(Order::Hash(said.algorithms())).await;
        }
        let lengths = &mut said.lengths;
        let sameness = Sameness::Certain;
        report(TransferEvent::Started { total, from, anew: None, partial, sameness }).await;
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
    fn start<W: io::Write>(to: impl FnOnce() -> io::Result<W> + Send + 'static) -> Result<Self, Fault> {
        let (orders, mut received) = mpsc::channel(WAITING);
        let (count, progress) = watch::channel(0);
        let (ended, outcome) = oneshot::channel();
        let work = move || {
            let mut to = to()?;
            let mut written = 0;
            let mut hashed = Hashed::new([]);
            while let Some(order) = received.blocking_recv() {
                let bytes = match order {
                    Order::Hash(algorithms) => {
                        hashed = Hashed::new(algorithms);
                        continue;
                    }
                    Order::Write(bytes) => bytes,
                };
                to.write_all(&bytes)?;
                hashed.update(&bytes);
                written += bytes.len() as u64;
                count.send_replace(written);
            }
            to.flush()?;
            Ok(hashed.finish())
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
            if self.orders.send(Order::Write(bytes)).await.is_ok() {
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
