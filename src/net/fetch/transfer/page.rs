//! Whether a page that came under a name from a list is the list of a folder, or an interstitial in place of the file. Must
//! never let one of these get the name of a file, nor refuse a page with links that is a file.

use std::ops::ControlFlow;

use bytes::Bytes;

use super::Transfer;
use crate::event::Fault;
use crate::net::browse::{Browsed, browse};
use crate::net::fetch::ask::Page;
use crate::net::fetch::partial::read_at;
use crate::net::fetch::{Halt, blocking};
use crate::wire::listing::{self, Entry, Form, Reading, Role, Take};
use crate::wire::source::Source;
use crate::wire::webpage::{is_html, is_in_place_of, is_unasked};

/// Bytes of a page that are looked at, which are enough to see what it is.
const LOOKED_AT: usize = 1024 * 1024;
/// Bytes that are enough to see whether it is one.
const BEGINNING: usize = 4096;

/// Takes entries and keeps none.
struct Nobody;

impl Take for Nobody {
    fn take(&mut self, _: Entry) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl Transfer<'_> {
    /// Where what came is the list of a folder, or a page in place of the file, that is no file: nothing of it stays. What a
    /// user asked for by its address alone stays, and it is noted that it seems to be another thing.
    pub(super) async fn refuse_page(&mut self) -> Result<(), Halt> {
        let Some((said, page)) = self.page.take() else { return Ok(()) };
        if !self.job.is_listed {
            self.is_page = said == Page::Said
                && is_unasked(
                    &self.job.source.path.last(),
                    self.was_sent_on(&page),
                    &self.beginning(LOOKED_AT).await?,
                );
            return Ok(());
        }
        if said != Page::Said && !is_html(&self.beginning(BEGINNING).await?) {
            return Ok(());
        }
        let content = self.beginning(LOOKED_AT).await?;
        let fault = if self.is_list(&page, content.clone()).await? {
            Fault::IsFolder
        } else if said != Page::Denied
            && is_in_place_of(&self.job.source.path.last(), self.was_sent_on(&page), &content)
        {
            Fault::WebPage
        } else {
            return Ok(());
        };
        self.small = None;
        if let Some(file) = self.file.take() {
            blocking(move || file.remove()).await?;
        }
        Err(fault.into())
    }

    /// At most so many bytes of what came, from its first.
    async fn beginning(&self, most: usize) -> Result<Bytes, Halt> {
        match (&self.small, &self.file) {
            (Some(bytes), _) => Ok(bytes.slice(..bytes.len().min(most))),
            (None, Some(file)) => {
                let length = usize::try_from(file.len()).unwrap_or(most).min(most);
                let file = file.file().try_clone().map_err(|error| Fault::from_disk(&error))?;
                let read = blocking(move || read_at(&file, 0, length)).await?;
                Ok(Bytes::from(read.map_err(|error| Fault::from_disk(&error))?))
            }
            (None, None) => Ok(Bytes::new()),
        }
    }

    /// Whether it comes from a path with another name at its end than was asked for.
    fn was_sent_on(&self, page: &Source) -> bool {
        page.path.last() != self.job.source.path.last()
    }

    async fn is_list(&self, page: &Source, content: Bytes) -> Result<bool, Halt> {
        let path = page.clone();
        let read = move || listing::read(&path, Role::of(&path), Form::Html, &content[..], &mut Nobody);
        match blocking(read).await? {
            Ok(Reading::List(_)) => Ok(true),
            Ok(Reading::Maybe(_) | Reading::Elsewhere(_)) => match browse(page, &self.engine.client).await {
                Ok(Browsed::Listed(_)) => Ok(true),
                Ok(Browsed::Plain) | Err(Fault::IsFile | Fault::NoListing) => Ok(false),
                Err(Fault::Status(status @ 400..=499)) if Fault::Status(status).outage().is_none() => {
                    Ok(false)
                }
                Err(fault) => Err(fault.into()),
            },
            Err(_) => Ok(false),
        }
    }
}
