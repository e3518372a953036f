//! `[files]`: where downloads go, and how they are to be.

use std::num::NonZeroU64;
use std::path::{self, Component, Path, PathBuf};

use serde::Deserialize;

use super::{Config, ConfigError};
use crate::app::queue::QueueSettings;
use crate::effect::{Conflict, NamePolicy};
use crate::text::size;

layer! {
    /// `[files]`
    FilesLayer {
        /// Where downloaded files go.
        download_dir: PathBuf,
        /// Put before each downloaded file's name.
        prefix: String,
        /// Large files at the same time.
        at_once: usize,
        /// What becomes of a file where something is there.
        conflict: Conflict,
        /// Tries after the first.
        retries: u32,
        /// Bytes a second, with a unit; empty: as many as come.
        limit_rate: String,
        /// How much of a foreign name is kept.
        names: NamePolicy,
        /// Whether redirects from https to http are followed.
        insecure_redirects: bool,
        /// Whether folders that were there before get names that begin with a dot.
        hidden: bool,
    }
}

impl FilesLayer {
    pub(super) fn sound_at_once(&self) -> Result<usize, ConfigError> {
        let at_once = self.at_once.filter(|count| (1..=64).contains(count));
        at_once.ok_or_else(|| ConfigError::Value("files.at_once must be from 1 to 64".into()))
    }

    pub(super) fn sound_retries(&self) -> Result<u32, ConfigError> {
        let retries = self.retries.filter(|count| *count <= 1000);
        retries.ok_or_else(|| ConfigError::Value("files.retries must be from 0 to 1000".into()))
    }

    pub(super) fn sound_rate(&self) -> Result<Option<NonZeroU64>, ConfigError> {
        let text = self.limit_rate.as_deref().unwrap_or_default().trim();
        if text.is_empty() {
            return Ok(None);
        }
        let rate = size::parse(text).and_then(NonZeroU64::new).map(Some);
        rate.ok_or_else(|| {
            let wanted = "a number of bytes a second such as 500k, 10M or 1.5G, or empty";
            ConfigError::Value(format!(
                "files.limit_rate must be {wanted}, and is \"{}\"",
                text.escape_debug()
            ))
        })
    }
}

/// The same place from the top on, without `..`: it is the same wherever the next run is started. Folders that exist are
/// looked up where the way leads up again, for the way into them may have led through a link.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    // Without a present folder all stays as it is.
    let Ok(path) = path::absolute(path) else { return path.to_path_buf() };
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain = plain.canonicalize().unwrap_or(plain);
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

impl Config {
    /// How downloads into this folder are to be.
    #[must_use]
    pub fn downloads(&self, dir: PathBuf) -> QueueSettings {
        QueueSettings {
            dir,
            prefix: self.prefix.clone(),
            conflict: self.conflict,
            at_once: self.at_once,
            rate: self.limit_rate,
            names: self.names,
            hidden: self.hidden_names,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use tempfile::tempdir;

    use super::*;

    #[test]
    fn a_path_is_the_same_place_without_the_parts_that_lead_up() {
        let place = tempdir().unwrap();
        let top = place.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("far/away")).unwrap();
        symlink(top.join("far/away"), top.join("link")).unwrap();
        for (path, wanted) in [
            ("a/./b/", "a/b"),
            ("far/../a", "a"),
            ("link/a", "link/a"),
            ("link/../a", "far/a"),
            ("missing/../a", "a"),
            ("far/away/../../a", "a"),
        ] {
            assert_eq!(absolute(&top.join(path)), top.join(wanted), "{path}");
        }
        let here = std::env::current_dir().unwrap();
        assert_eq!(absolute(Path::new("a")), here.join("a"));
        assert_eq!(absolute(Path::new("/../../a")), Path::new("/a"));
    }
}
