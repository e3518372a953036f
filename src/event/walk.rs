//! What is heard of a walk through the folders of a server, and of single files there.

use jiff::Timestamp;

use super::{Fault, Listing};
use crate::wire::source::Source;

/// From a walk through a folder and all that are in it. What comes last is [`WalkEvent::Ended`] or
/// [`WalkEvent::Failed`].
#[derive(Debug, Clone)]
pub enum WalkEvent {
    /// A folder was listed: it is the one that was asked for, or in one that was listed before.
    Found(Listing),
    /// A folder could not be listed.
    Missed(Source, Fault),
    /// All that can be reached was.
    Ended,
    /// It was not begun.
    Failed(Fault),
}

/// What is known of a file without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// Its length in bytes.
    pub size: Option<u64>,
    /// When it was last changed.
    pub modified: Option<Timestamp>,
}
