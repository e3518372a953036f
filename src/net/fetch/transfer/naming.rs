//! The final name of a download: what the server calls it (`Content-Disposition`, RFC 6266), and what the file system
//! takes. Never changes a name that the user chose.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::Transfer;
use crate::effect::Naming;
use crate::event::{Facts, TransferEvent};
use crate::net::fetch::partial::folder;
use crate::net::fetch::target::rules;
use crate::net::fetch::{Halt, blocking};
use crate::wire::name::{exact_name, local_name, portable_name};

impl Transfer<'_> {
    /// Changes the name to one that the file system there takes.
    pub(super) async fn fit_name<R, F>(&mut self, report: &mut R) -> Result<(), Halt>
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        let name = self.job.to.file_name().unwrap_or_default().as_bytes().to_vec();
        if self.job.naming == Naming::Given || portable_name(&name).as_bytes() == name {
            return Ok(());
        }
        let dir = folder(&self.job.to).to_path_buf();
        let rules = blocking(move || rules(&dir)).await?;
        let fitting = exact_name(&name, &rules);
        if fitting != name {
            self.rename(&fitting, report).await;
        }
        Ok(())
    }

    /// Takes the name that the server has for the file. Whether something else is to be asked for, as there is a file of
    /// that name to go on with.
    pub(super) async fn take_name<R, F>(
        &mut self,
        name: &[u8],
        comes: Facts,
        report: &mut R,
    ) -> Result<bool, Halt>
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        let Naming::Server { prefix, policy } = &self.job.naming else { return Ok(false) };
        let dir = folder(&self.job.to).to_path_buf();
        let rules = blocking(move || rules(&dir)).await?;
        // No server hides a file from the user who did not ask for that name.
        let mut here = local_name(prefix, name, *policy, &rules);
        if here.starts_with(b".") {
            here.insert(0, b'_');
            here = exact_name(&here, &rules);
        }
        if self.job.to.file_name() == Some(OsStr::from_bytes(&here)) {
            return Ok(false);
        }
        self.rename(&here, report).await;
        self.look_at_name(comes).await
    }

    async fn rename<R, F>(&mut self, name: &[u8], report: &mut R)
    where
        R: FnMut(TransferEvent) -> F,
        F: Future<Output = ()>,
    {
        self.job.to = folder(&self.job.to).join(OsStr::from_bytes(name));
        report(TransferEvent::Named(self.job.to.clone())).await;
    }
}
