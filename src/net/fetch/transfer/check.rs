//! Whether what came is what it has to be. What is not is kept, under a name that says so.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::{Base, Transfer, follow};
use crate::effect::Conflict;
use crate::event::{Fault, Kept, Mismatch, Proof, TransferEvent};
use crate::net::fetch::digest::{self, Late};
use crate::net::fetch::hashing::Hashed;
use crate::net::fetch::partial::folder;
use crate::net::fetch::place::{Content, free, is_replaceable};
use crate::net::fetch::sums::{Found, is_of};
use crate::net::fetch::verify::{verify, verify_bytes};
use crate::net::fetch::writer::Written;
use crate::net::fetch::{Halt, blocking};
use crate::text::{Clean, clean_line};
use crate::wire::digest::{Algorithm, Checksum, DigestField};
use crate::wire::name::damaged;

/// Bytes to read at once.
const BUFFER_SIZE: usize = 256 * 1024;

impl Transfer<'_> {
    /// Compares what came with all that says what it has to be, and says what that is; none where nothing does. A small file
    /// is hashed in memory, and one that is right needs no partial file afterwards.
    pub(super) async fn check<R, F>(&mut self, report: &mut R) -> Result<Vec<Proof>, Halt>
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        self.compare_other().await?;
        let (checksums, proofs) = self.wanted(report).await;
        if checksums.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(bytes) = &self.small {
            let compared = proofs.iter().cloned().zip(verify_bytes(bytes, &checksums));
            if let Ok(proofs) = Mismatch::of(compared) {
                return Ok(proofs);
            }
        }
        if let Some(bytes) = self.small.take() {
            let file = self.file.take();
            let content = Content::Bytes(bytes, self.spot(file));
            let disk = self.engine.disk.clone();
            // Whoever stops the download waits for it.
            self.writing = Some(spawn_blocking(move || {
                let mut file = None;
                let fault = content.write(&*disk, &mut file).err();
                Written { file, fault, hashed: None }
            }));
            self.settle().await?;
        }
        let Some(file) = &self.file else { return Ok(Vec::new()) };
        let file = file.file().try_clone().map_err(|error| Fault::from_disk(&error))?;
        let compared = Box::pin(verified(file, checksums, self.hashed.take(), report)).await?;
        match Mismatch::of(proofs.into_iter().zip(compared)) {
            Ok(proofs) => Ok(proofs),
            Err(mismatch) => {
                let kept = self.keep_damaged().await?;
                Err(Fault::WrongDigest(Box::new(Mismatch { kept, ..mismatch })).into())
            }
        }
    }

    /// Asks for the digest that the server did not know when it began to answer. Reports that it could not be had.
    async fn ask_late<R, F>(&mut self, report: &mut R)
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        if !self.version.digest_follows || !self.version.checksums.is_empty() {
            return;
        }
        let late = Box::pin(digest::late(self.engine, &self.job.source, &self.version)).await;
        let fault = match late {
            Ok(Late::Said(said)) => return self.version.checksums = said,
            Ok(Late::Changed) => Fault::Changed,
            Err(fault) => fault,
        };
        let sums = clean_line(DigestField::ReprDigest.title().as_bytes());
        report(TransferEvent::Unread { sums, fault, is_known: true }).await;
    }

    /// What is to be hashed while it is written, from where that was left; none where nothing is to be compared.
    pub(super) fn wanted_hash(&mut self) -> Option<Hashed> {
        let given = self.job.checksum.iter().map(Checksum::algorithm);
        let said = self.version.checksums.iter().map(|(_, checksum)| checksum.algorithm());
        // What comes later is mostly one of those.
        let follows = self.version.digest_follows.then_some(Algorithm::Sha256);
        let sums = self.job.sums.iter();
        let sums = sums.map(|sums| Algorithm::from_file_name(&sums.path.last()).unwrap_or(Algorithm::Sha256));
        let mut wanted: Vec<Algorithm> = given.chain(said).chain(follows).chain(sums).collect();
        wanted.dedup();
        if wanted.is_empty() {
            return None;
        }
        let left = self.hashed.take();
        let is_enough = |left: &Hashed| wanted.iter().all(|algorithm| left.is_by(*algorithm));
        Some(left.filter(is_enough).unwrap_or_else(|| Hashed::new(wanted)))
    }

    /// What is there stays. It must not where it is known that its content has to be another: by the user, and by all others
    /// where it was taken for the server's because of its content.
    pub(super) async fn check_kept<R, F>(&mut self, why: Kept, report: &mut R) -> Result<Halt, Fault>
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        let was_compared = self.job.conflict == Conflict::Resume && matches!(why, Kept::Same | Kept::Alike);
        let (checksums, proofs) = if was_compared {
            self.wanted(report).await
        } else {
            self.job.checksum.iter().map(|given| (given.clone(), Proof::Given)).unzip()
        };
        if checksums.is_empty() {
            return Ok(Halt::Kept(why));
        }
        let to = self.job.to.clone();
        let open = move || {
            is_replaceable(&to)?;
            File::open(to).map_err(|error| Fault::from_disk(&error))
        };
        let compared = Box::pin(verified(blocking(open).await??, checksums, None, report)).await?;
        let to = self.job.to.clone();
        Ok(match Mismatch::of(proofs.into_iter().zip(compared)) {
            Ok(_) if why == Kept::Alike => Halt::Kept(Kept::Same),
            Ok(_) => Halt::Kept(why),
            Err(_) if was_compared => Fault::NotBeginning(to).into(),
            Err(_) => Fault::exists(to).into(),
        })
    }

    /// All that says what the content has to be: one checksum each. Reports what would say so and cannot.
    async fn wanted<R, F>(&mut self, report: &mut R) -> (Vec<Checksum>, Vec<Proof>)
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        self.ask_late(report).await;
        let given = self.job.checksum.iter().map(|given| (given.clone(), Proof::Given));
        let said = self.version.checksums.iter();
        let said = said.map(|(field, checksum)| (checksum.clone(), Proof::Answer(*field)));
        let mut wanted: Vec<(Checksum, Proof)> = given.chain(said).collect();
        let are_listed = !self.job.sums_are_guessed;
        let (mut is_told, mut silent) = (false, Vec::new());
        for sums in &self.job.sums {
            let name = clean_line(&sums.path.last());
            let fault = match Box::pin(self.engine.sums.find(self.engine, sums, &self.job.source)).await {
                Ok(Found::Checksums(checksums)) => {
                    wanted
                        .extend(checksums.into_iter().map(|checksum| (checksum, Proof::Sums(name.clone()))));
                    continue;
                }
                Ok(Found::Nothing) if is_of(sums, &self.job.source) => Fault::NoChecksum,
                Ok(Found::Missing(status)) if are_listed => Fault::Status(status),
                // It is there, and names others.
                Ok(Found::Nothing) if !are_listed => {
                    silent.push(name);
                    continue;
                }
                Ok(Found::Nothing | Found::Missing(_)) => continue,
                // A server that does not answer is not asked for the next one: once is enough.
                Err(_) if is_told && !are_listed => continue,
                Err(fault) => fault,
            };
            is_told = true;
            report(unread(name, fault, are_listed)).await;
        }
        for name in silent.into_iter().filter(|_| wanted.is_empty()) {
            report(unread(name, Fault::NoChecksum, false)).await;
        }
        wanted.into_iter().unzip()
    }

    /// Whether the file that was there is the beginning of what came, where that did not go on with it.
    async fn compare_other(&mut self) -> Result<(), Halt> {
        let Some(other) = self.other.as_ref().filter(|_| self.base != Base::Other) else { return Ok(()) };
        let (theirs, length) = (other.file.clone(), other.length);
        let is_beginning = match (&self.small, &self.file) {
            (Some(bytes), _) => {
                let bytes = bytes.clone();
                blocking(move || is_beginning(&theirs, length, &bytes[..])).await?
            }
            (None, Some(file)) => {
                let file = file.file().try_clone().map_err(|error| Fault::from_disk(&error))?;
                blocking(move || is_beginning(&theirs, length, From { file: &file, at: 0 })).await?
            }
            (None, None) => return Ok(()),
        };
        match is_beginning {
            Ok(true) => Ok(()),
            Ok(false) => Err(Fault::NotBeginning(self.job.to.clone()).into()),
            Err(error) => Err(Fault::from_disk(&error).into()),
        }
    }

    /// Where it is afterwards.
    async fn keep_damaged(&mut self) -> Result<Option<PathBuf>, Fault> {
        let Some(file) = self.file.take() else { return Ok(None) };
        let disk = self.engine.disk.clone();
        let name = damaged(self.job.to.file_name().unwrap_or_default().as_bytes());
        let damaged = folder(&self.job.to).join(OsStr::from_bytes(&name));
        let (file, kept) = blocking(move || {
            let kept = free(&damaged, |to| disk.place(file.path(), to));
            (file, kept)
        })
        .await?;
        if kept.is_err() {
            self.file = Some(file);
        }
        kept.map(Some)
    }
}

fn unread(sums: Clean, fault: Fault, is_known: bool) -> TransferEvent {
    TransferEvent::Unread { sums, fault, is_known }
}

/// Reads a file from a place on, wherever else that is read from.
struct From<'a> {
    file: &'a File,
    at: u64,
}

impl io::Read for From<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Whether what is read begins with so many bytes of a file.
fn is_beginning(file: &File, length: u64, mut read: impl io::Read) -> io::Result<bool> {
    let (mut ours, mut theirs) = (vec![0; BUFFER_SIZE], vec![0; BUFFER_SIZE]);
    let mut there = From { file, at: 0 };
    while there.at < length {
        let most = usize::try_from(length - there.at).unwrap_or(BUFFER_SIZE).min(BUFFER_SIZE);
        let count = io::Read::read(&mut there, &mut theirs[..most])?;
        if count == 0 {
            return Ok(false);
        }
        match read.read_exact(&mut ours[..count]) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
        if ours[..count] != theirs[..count] {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads what was not hashed yet of a file, and says of each checksum whether its content is right.
async fn verified<R, F>(
    file: File,
    checksums: Vec<Checksum>,
    hashed: Option<Hashed>,
    report: &mut R,
) -> Result<Vec<bool>, Fault>
where
    R: FnMut(TransferEvent) -> F,
    F: Future<Output = ()>,
{
    let (count, progress) = watch::channel(0);
    let verified = spawn_blocking(move || verify(&file, &checksums, hashed, &count));
    let verified = tokio::select! {
        verified = verified => verified.unwrap_or_else(|_| Err(std::io::ErrorKind::Other.into())),
        never = follow(progress, |bytes| report(TransferEvent::Verifying { bytes })) => match never {},
    };
    verified.map_err(|error| Fault::from_disk(&error))
}
