//! What a download is asked to do. Data only.

use std::path::PathBuf;

use serde::Deserialize;

pub use crate::event::Partial;
use crate::wire::digest::Checksum;
pub use crate::wire::name::NamePolicy;
use crate::wire::source::Source;

/// Bytes that are compared of a part of a file that is here already; where there is no more than that, the file is begun
/// again instead of gone on with.
pub const OVERLAP: u64 = 64 * 1024;

/// A file that is to be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Which file of which server.
    pub source: Source,
    /// What was asked for: it, or a folder that it is in.
    pub asked: Source,
    /// Where it is to be. Its folder is made where it is missing.
    pub to: PathBuf,
    /// A folder that `to` is below, or in: no symbolic link below it is followed.
    pub base: PathBuf,
    /// Whether it may be called otherwise.
    pub naming: Naming,
    /// What becomes of it where something is there already.
    pub conflict: Conflict,
    /// What its content has to be, as the user says.
    pub checksum: Option<Checksum>,
    /// Files on the server that may say what its content has to be, as `SHA256SUMS` does: all that name it are compared.
    pub sums: Vec<Source>,
    /// Whether nobody has seen those: one that is not there says nothing then.
    pub sums_are_guessed: bool,
    /// Whether its name was read in a list: where what comes turns out to be the list of a folder, it is that folder, and
    /// no file.
    pub is_listed: bool,
    /// What an earlier try knew of it; without that, nothing of what it left is used.
    pub partial: Option<Partial>,
}

/// Who says what a downloaded file is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Naming {
    /// [`Job::to`] does, whatever the file system says to that.
    #[default]
    Given,
    /// [`Job::to`] does, but for what the file system refuses in its name.
    Picked,
    /// The server, where its answer has a name (`Content-Disposition`, RFC 6266); else as for [`Naming::Picked`].
    Server {
        /// What goes before the name.
        prefix: String,
        /// How much of the name is kept.
        policy: NamePolicy,
    },
}

/// What becomes of a download where a file of its name is there already.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize, clap::ValueEnum, strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
pub enum Conflict {
    /// It is not started, and the user is asked; but not where the file there has the length and the time of the server's.
    #[default]
    #[value(skip)]
    Ask,
    /// It gets a number: `notes (1).pdf`.
    Rename,
    /// It takes the other's place, once it is whole.
    Overwrite,
    /// It is not downloaded.
    Skip,
    /// The file there is taken for its beginning; where it has the same length, for all of it.
    Resume,
    /// It takes the other's place where the server's file is newer, and is not downloaded where it is not.
    Newer,
}

impl Conflict {
    /// Whether it may take the place of a file that is there.
    #[must_use]
    pub fn replaces(self) -> bool {
        match self {
            Self::Ask | Self::Rename | Self::Skip => false,
            Self::Overwrite | Self::Resume | Self::Newer => true,
        }
    }
}
