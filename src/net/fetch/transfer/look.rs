//! What is there already under the file's name, and what that means for the download.

use std::cmp::Ordering;
use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{Other, Transfer};
use crate::effect::Conflict;
use crate::event::{Clash, Facts, Fault, Kept};
use crate::net::fetch::partial::{PartialFile, folder};
use crate::net::fetch::place::{facts, is_replaceable};
use crate::net::fetch::target::without_links;
use crate::net::fetch::{Halt, ask, blocking, done};

/// What is there.
pub(super) struct Found {
    there: Option<Metadata>,
    other: Option<Other>,
    /// The partial file.
    file: Option<PartialFile>,
}

impl Transfer<'_> {
    /// Whether what is there lets the download go on; finds what there is to go on with.
    pub(super) async fn look(&mut self) -> Result<(), Halt> {
        let (to, base, conflict) = (self.job.to.clone(), self.job.base.clone(), self.job.conflict);
        // What is there in spite of that is noticed when the file is to get its name.
        if !conflict.replaces() && self.engine.folders.is_first(&to) {
            return Ok(());
        }
        let (folders, path) = (self.engine.folders.clone(), self.path());
        let look = move || {
            without_links(&base, folder(&to))?;
            let there = there(&to)?;
            let other = judge(&to, conflict, there.as_ref())?;
            let file = PartialFile::find(&path)?;
            if there.is_none() && file.is_none() && !folder(&to).exists() {
                folders.note_fresh(&to);
            }
            Ok(Found { there, other, file })
        };
        let looking = self.looking.insert(self.engine.threads.run(look));
        let found = done(looking).await;
        self.looking = None;
        let Found { there, other, file } = found??;
        self.weigh_against(there, None).await?;
        // Only now: it is looked for again after a failure, and nobody else may have it then.
        (self.other, self.file) = (other, file);
        Ok(())
    }

    /// The same for the name that the server has for the file, of which it says this, while it sends it: nothing more is asked
    /// of a server that may serve one client at a time. Whether there is a file to go on with, so that something else is to be
    /// asked for.
    pub(super) async fn look_at_name(&mut self, comes: Facts) -> Result<bool, Halt> {
        let (to, conflict) = (self.job.to.clone(), self.job.conflict);
        let look = move || {
            let there = there(&to)?;
            let other = judge(&to, conflict, there.as_ref())?;
            Ok::<_, Halt>((there, other))
        };
        let (there, other) = blocking(look).await??;
        self.weigh_against(there, Some(comes)).await?;
        self.other = other;
        Ok(self.other.is_some())
    }

    /// Where it depends on the file that is there, whether this one is wanted at all.
    async fn weigh_against(&mut self, there: Option<Metadata>, comes: Option<Facts>) -> Result<(), Halt> {
        if let (Some(there), conflict @ (Conflict::Ask | Conflict::Newer)) = (there, self.job.conflict) {
            let comes = if let Some(comes) = comes {
                comes
            } else {
                let client = &self.engine.client;
                Box::pin(ask::facts(client, &mut self.job.source)).await?.unwrap_or_default()
            };
            self.weigh(conflict, &there, comes)?;
        }
        Ok(())
    }

    /// Whether the server's file is another one than the one that is there.
    fn weigh(&self, conflict: Conflict, there: &Metadata, comes: Facts) -> Result<(), Halt> {
        let there = facts(there);
        if conflict == Conflict::Newer {
            return match comes.compare_times(&there) {
                Some(Ordering::Greater) => Ok(()),
                Some(Ordering::Equal | Ordering::Less) => Err(Halt::Kept(Kept::NotNewer)),
                None => Err(Halt::Kept(Kept::Undated)),
            };
        }
        if comes.are_the_same_as(&there) {
            return Err(Halt::Kept(Kept::Same));
        }
        Err(Fault::Exists(Box::new(Clash { path: self.job.to.clone(), there, comes })).into())
    }
}

fn there(to: &Path) -> Result<Option<Metadata>, Fault> {
    match to.symlink_metadata() {
        Ok(there) => Ok(Some(there)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Fault::from_disk(&error)),
    }
}

/// Gives the file that is to be gone on with, where that is what is asked for.
fn judge(to: &Path, conflict: Conflict, there: Option<&Metadata>) -> Result<Option<Other>, Halt> {
    let Some(there) = there else { return Ok(None) };
    match conflict {
        Conflict::Skip => return Err(Halt::Kept(Kept::Skipped)),
        Conflict::Ask if !there.is_file() => return Err(Fault::exists(to.to_path_buf()).into()),
        Conflict::Ask | Conflict::Rename => {}
        Conflict::Overwrite | Conflict::Newer => {
            is_replaceable(to)?;
        }
        Conflict::Resume => {
            is_replaceable(to)?;
            let file = File::open(to).map_err(|error| Fault::from_disk(&error))?;
            let modified = facts(there).modified;
            let file = Arc::new(file);
            let other = Other { file, length: there.len(), modified, by_range: true, sampled: None };
            return Ok(Some(other).filter(|other| other.length > 0));
        }
    }
    Ok(None)
}
