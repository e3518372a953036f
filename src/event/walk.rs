//! What is heard of a walk through the folders of a server, and of single files there.

use std::cmp::Ordering;

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
    /// It could not be found out whether this, which is among the files of a folder that was listed, is one.
    Undecided(Source, Fault),
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

impl Facts {
    /// Which of the two was changed earlier, to the second: header fields have no fractions of one (RFC 9110, section
    /// 5.6.7). None where one of the times is not known.
    #[must_use]
    pub fn compare_times(&self, other: &Self) -> Option<Ordering> {
        let times = self.modified.zip(other.modified);
        times.map(|(one, other)| one.as_second().cmp(&other.as_second()))
    }

    /// Whether they are known to have the same length and time.
    #[must_use]
    pub fn are_the_same_as(&self, other: &Self) -> bool {
        self.size.is_some() && self.size == other.size && self.compare_times(other) == Some(Ordering::Equal)
    }
}
