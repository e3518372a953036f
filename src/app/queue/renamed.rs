//! Names that downloads have here and not on the server, and how many: a bounded record for the screen and for `hobnob get`.

use crate::text::{Clean, clean_line};

/// Names that are not what the server has, because they cannot be here: each with what it became.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renamed {
    /// The first of them: paths from the folder on that was asked for, and names here.
    pub names: Vec<(Clean, Clean)>,
    /// How many there are beyond those.
    pub more: u64,
}

impl Renamed {
    /// The most that are remembered one by one.
    const NAMES: usize = 1000;

    pub(super) fn note(&mut self, name: Clean, here: &[u8]) {
        let new = (name, clean_line(here));
        if self.names.last() == Some(&new) {
            // A file that is tried again is renamed again.
        } else if self.names.len() < Self::NAMES {
            self.names.push(new);
        } else {
            self.more += 1;
        }
    }
}
