//! The end of a download: the file gets its name, or what came of it stays or goes. Never leaves what is of no use.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::Transfer;
use crate::effect::{Conflict, OVERLAP};
use crate::event::{Fault, Kept};
use crate::net::fetch::partial;
use crate::net::fetch::place::{Content, Placing};
use crate::net::fetch::{Halt, Stop, blocking, done};

impl Transfer<'_> {
    /// Brings the file onto the disk and gives it its name: where it is, and its size in bytes.
    pub(in crate::net::fetch) async fn finish(&mut self) -> Result<(PathBuf, u64), Halt> {
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
    pub(in crate::net::fetch) async fn stop(mut self, stop: Stop) {
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
