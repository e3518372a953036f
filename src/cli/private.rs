//! Which of hobnob's own files are never shared, whichever command shares a folder.

use super::Context;
use crate::config;
use crate::serve::Private;

impl Context {
    /// The settings and the data folder that are used, and the usual ones.
    pub(super) fn private(&self) -> Private {
        let files = self.config_file.clone().into_iter().chain(config::default_file());
        let folders = [self.data_dir.clone()].into_iter().chain(config::default_data_dir());
        let mut private =
            Private { files: files.collect(), folders: folders.collect(), has_open_database: false };
        // Each is looked at before each answer.
        private.files.dedup();
        private.folders.dedup();
        private
    }
}
