//! What is asked of the share. Data only.

use std::path::PathBuf;

use crate::event::ShareId;

/// What is asked of the share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShareOrder {
    /// Let everybody take what is in a folder. Nothing else may be shared at the time.
    Start {
        /// Comes back with everything that becomes of it.
        id: ShareId,
        /// As it was typed: `~` is the user's own folder.
        folder: PathBuf,
    },
    /// Take no more requests, and let running answers end for a moment.
    Stop,
}
