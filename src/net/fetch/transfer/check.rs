//! Whether what came is what it has to be. What is not is kept, under a name that says so.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::{Transfer, follow};
use crate::event::{Fault, Kept, Proof, TransferEvent};
use crate::net::fetch::hashing::{Hashed, Hasher};
use crate::net::fetch::partial::folder;
use crate::net::fetch::place::{Content, free, is_replaceable};
use crate::net::fetch::verify::verify;
use crate::net::fetch::writer::Written;
use crate::net::fetch::{Halt, blocking, digest};
use crate::text::clean_line;
use crate::wire::digest::Checksum;
use crate::wire::name::damaged;

/// From how many bytes on a file is hashed while it is written.
const LONG: u64 = 4 * 1024 * 1024;

impl Transfer<'_> {
    /// Compares what came, and says what said what it has to be; none where nothing does. A small file is hashed in memory,
    /// and one that is right needs no partial file afterwards.
    pub(super) async fn check<R, F>(&mut self, report: &mut R) -> Result<Option<Proof>, Halt>
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        self.ask_late(report).await;
        let Some((checksum, proof)) = self.wanted(report).await else { return Ok(None) };
        if self.small.as_ref().is_some_and(|bytes| Hasher::hash(&checksum, bytes) == checksum) {
            return Ok(Some(proof));
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
        let Some(file) = &self.file else { return Ok(None) };
        let file = file.file().try_clone().map_err(|error| Fault::from_disk(&error))?;
        if Box::pin(verified(file, checksum, self.hashed.take(), report)).await? {
            return Ok(Some(proof));
        }
        Err(Fault::WrongDigest { kept: self.keep_damaged().await? }.into())
    }

    /// Asks for the digest that the server did not know when it began to answer. Reports that it could not be had.
    async fn ask_late<R, F>(&mut self, report: &mut R)
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        if !self.version.digest_follows || self.version.checksum.is_some() {
            return;
        }
        match Box::pin(digest::late(self.engine, &self.job.source, &self.version)).await {
            Ok(said) => self.version.checksum = said,
            Err(fault) => {
                let sums = clean_line(b"Repr-Digest");
                report(TransferEvent::Unread { sums, fault }).await;
            }
        }
    }

    /// What is to be hashed while it is written, from where that was left; none where nothing is to be compared, or the file
    /// is so short that it is sooner read once more.
    pub(super) fn wanted_hash(&mut self) -> Option<Hashed> {
        if self.version.total.is_some_and(|total| total < LONG) {
            return None;
        }
        let said = self.job.checksum.as_ref().or(self.version.checksum.as_ref());
        // What comes later is mostly one of those.
        let later = self.version.digest_follows || !self.job.sums.is_empty();
        let hasher = said.map(Hasher::new).or_else(|| later.then(Hasher::sha256))?;
        let left = self.hashed.take();
        Some(left.filter(|left| left.is_of(&hasher)).unwrap_or_else(|| Hashed::new(hasher)))
    }

    /// What is there stays. It must not where the user says that its content has to be another.
    pub(super) async fn check_kept<R, F>(&self, why: Kept, report: &mut R) -> Result<Halt, Fault>
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        let kept = Halt::Kept(why);
        let Some(checksum) = self.job.checksum.clone() else { return Ok(kept) };
        let to = self.job.to.clone();
        let open = move || {
            is_replaceable(&to)?;
            File::open(to).map_err(|error| Fault::from_disk(&error))
        };
        let is_right = Box::pin(verified(blocking(open).await??, checksum, None, report)).await?;
        Ok(if is_right { kept } else { Fault::exists(self.job.to.clone()).into() })
    }

    /// What the content has to be, and who says so: whoever is nearest to the user counts. Reports what would say so and
    /// could not be read.
    async fn wanted<R, F>(&self, report: &mut R) -> Option<(Checksum, Proof)>
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        if let Some(given) = &self.job.checksum {
            return Some((given.clone(), Proof::Given));
        }
        if let Some(said) = &self.version.checksum {
            return Some((said.clone(), Proof::Answer));
        }
        let mut unread = None;
        for sums in &self.job.sums {
            let name = clean_line(&sums.path.last());
            match Box::pin(self.engine.sums.find(self.engine, sums, &self.job.source)).await {
                Ok(Some(checksum)) => return Some((checksum, Proof::Sums(name))),
                Ok(None) => {}
                Err(fault) => drop(unread.get_or_insert((name, fault))),
            }
        }
        if let Some((sums, fault)) = unread {
            report(TransferEvent::Unread { sums, fault }).await;
        }
        None
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

/// Reads what was not hashed yet of a file, and says whether its content is right.
async fn verified<R, F>(
    file: File,
    checksum: Checksum,
    hashed: Option<Hashed>,
    report: &mut R,
) -> Result<bool, Fault>
where
    R: FnMut(TransferEvent) -> F,
    F: Future<Output = ()>,
{
    let (count, progress) = watch::channel(0);
    let verified = spawn_blocking(move || verify(&file, &checksum, hashed, &count));
    let verified = tokio::select! {
        verified = verified => verified.unwrap_or_else(|_| Err(std::io::ErrorKind::Other.into())),
        never = follow(progress, |bytes| report(TransferEvent::Verifying { bytes })) => match never {},
    };
    verified.map_err(|error| Fault::from_disk(&error))
}
