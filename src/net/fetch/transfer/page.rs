//! Whether a page that came under a name from a list is the list of a folder. Must never let one get the name of a file,
//! nor refuse a page with links that is a file.

use std::ops::ControlFlow;

use bytes::Bytes;

use super::Transfer;
use crate::event::Fault;
use crate::net::browse::{Browsed, browse};
use crate::net::fetch::partial::read_at;
use crate::net::fetch::{Halt, blocking};
use crate::wire::listing::{self, Entry, Form, Reading, Take};

/// Bytes of a page that are looked at, which are enough to see what it is.
const LOOKED_AT: usize = 1024 * 1024;

/// Takes entries and keeps none.
struct Nobody;

impl Take for Nobody {
    fn take(&mut self, _: Entry) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl Transfer<'_> {
    /// Where what came is the list of a folder, that is no file: nothing of it stays.
    pub(super) async fn refuse_list(&mut self) -> Result<(), Halt> {
        let Some(page) = self.page.take().filter(|_| self.job.is_listed) else { return Ok(()) };
        let content = match (&self.small, &self.file) {
            (Some(bytes), _) => bytes.clone(),
            (None, Some(file)) => {
                let length = usize::try_from(file.len()).unwrap_or(LOOKED_AT).min(LOOKED_AT);
                let file = file.file().try_clone().map_err(|error| Fault::from_disk(&error))?;
                let read = blocking(move || read_at(&file, 0, length)).await?;
                Bytes::from(read.map_err(|error| Fault::from_disk(&error))?)
            }
            (None, None) => Bytes::new(),
        };
        let path = page.clone();
        let reading = blocking(move || listing::read(&path, Form::Html, &content[..], &mut Nobody)).await?;
        let is_list = match reading {
            Ok(Reading::List(_)) => true,
            Ok(Reading::Maybe(_) | Reading::Elsewhere(_)) => match browse(&page, &self.engine.client).await {
                Ok(Browsed::Listed(_)) => true,
                Ok(Browsed::Plain) | Err(Fault::IsFile | Fault::NoListing | Fault::Status(400..=499)) => {
                    false
                }
                Err(fault) => return Err(fault.into()),
            },
            Err(_) => false,
        };
        if !is_list {
            return Ok(());
        }
        self.small = None;
        if let Some(file) = self.file.take() {
            blocking(move || file.remove()).await?;
        }
        Err(Fault::IsFolder.into())
    }
}
