//! Names that downloads have here and not on the server, and how many: a bounded record for the screen and for `hobnob get`.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

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
        let here = clean_line(here);
        // A file that is tried again is renamed again, and one whose name was changed may be by the server, too.
        if let Some((_, known)) = self.names.iter_mut().find(|(known, _)| *known == name) {
            *known = here;
        } else if self.names.len() < Self::NAMES {
            self.names.push((name, here));
        } else {
            self.more += 1;
        }
    }

    /// What was to be called otherwise is here now; none: it is not, because what was there stays.
    pub(super) fn settle(&mut self, name: &Clean, path: Option<&Path>) {
        let here = path.and_then(Path::file_name).map(|name| clean_line(name.as_bytes()));
        let last = name.rsplit('/').next().unwrap_or_default();
        self.names.retain_mut(|(known, called)| {
            if known != name {
                return true;
            }
            let Some(here) = &here else { return false };
            called.clone_from(here);
            **here != *last
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(renamed: &Renamed) -> Vec<(&str, &str)> {
        renamed.names.iter().map(|(name, here)| (&**name, &**here)).collect()
    }

    #[test]
    fn each_file_is_said_once_by_the_name_that_it_has_in_the_end() {
        let name = |text: &str| clean_line(text.as_bytes());
        let mut renamed = Renamed::default();
        for (from, here) in [("d/a:b", "a_b"), ("x", "y"), ("d/a:b", "other"), ("kept", "k"), ("same", "s")] {
            renamed.note(name(from), here.as_bytes());
        }
        assert_eq!(shown(&renamed), [("d/a:b", "other"), ("x", "y"), ("kept", "k"), ("same", "s")]);
        renamed.settle(&name("d/a:b"), Some(Path::new("/dl/d/other (1)")));
        renamed.settle(&name("kept"), None);
        renamed.settle(&name("same"), Some(Path::new("/dl/same")));
        assert_eq!(shown(&renamed), [("d/a:b", "other (1)"), ("x", "y")]);
    }
}
