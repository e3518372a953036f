//! What is heard of a download.

use std::path::PathBuf;
use std::time::Duration;

use super::Fault;
use crate::text::Clean;
use crate::wire::digest::DigestField;
use crate::wire::range::Validator;

/// From a download. After one of the last five nothing more comes of it.
#[derive(Debug, Clone)]
pub enum TransferEvent {
    /// The server answers with the file, or with the rest of it. Not said of a small file that comes at once.
    Started {
        /// The length of the whole file in bytes, where the server announced it.
        total: Option<u64>,
        /// Bytes of it that are here already, from an earlier try.
        from: u64,
        /// Why what an earlier try left is of no use.
        anew: Option<Anew>,
        /// What is needed to go on with it later.
        partial: Partial,
        /// How it is known that what is here belongs to what comes.
        sameness: Sameness,
    },
    /// It is not to be called as was asked for, because the server has a name for it, or the file system refuses the
    /// one that was wished: where it is to be now.
    Named(PathBuf),
    /// So many bytes are on disk. Coalesced: at most 30 a second.
    Progress {
        /// Bytes from the beginning of the file.
        bytes: u64,
    },
    /// It did not work, and is tried again.
    Retrying {
        /// Why it did not work.
        fault: Fault,
        /// Which try comes next: 2 is the first one again.
        attempt: u32,
        /// The last try that there is, where none before it gets any further; none where it is tried for a time.
        last: Option<u32>,
        /// After so long.
        after: Duration,
    },
    /// All bytes are here. So many of them were read again to compare them with what the file has to be. Coalesced, too.
    Verifying {
        /// Bytes from the beginning of the file.
        bytes: u64,
    },
    /// All bytes are here. They cannot be compared with what this says that they have to be.
    Unread {
        /// What the file with the checksum is called, or the field.
        sums: Clean,
        /// Why.
        fault: Fault,
        /// Whether it is known to be there: the file was seen in a list, or the field was announced.
        is_known: bool,
    },
    /// It is brought onto the disk and given its name.
    Finishing,
    /// The file is whole, synced, and under its final name.
    Finished(Finished),
    /// A file of that name is there already and stays as it is.
    Kept {
        /// Where it is.
        path: PathBuf,
        /// Why.
        why: Kept,
    },
    /// It did not work. What came of it is left in its partial file where that can be of use.
    Failed(Fault),
    /// It was stopped, to go on later.
    Paused,
    /// It was cancelled; nothing is left on disk.
    Cancelled,
}

/// What is known of a file of which a part is here: enough to go on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// What tells this version of the file from any other.
    pub validator: Option<Validator>,
    /// Its length in bytes, where the server announced it.
    pub total: Option<u64>,
}

impl Partial {
    /// Whether there is something by which the rest can be known to be of the same file.
    #[must_use]
    pub fn can_go_on(&self) -> bool {
        self.validator.is_some() || self.total.is_some()
    }

    /// Whether the server itself can tell that it is the same version still (a strong validator); otherwise that is only
    /// likely: its length, what is said of its version, and the last bytes are compared.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.validator.as_ref().is_some_and(|validator| validator.if_range().is_some())
    }
}

/// How it is known that what is here belongs to what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sameness {
    /// For certain: nothing is here, or the server itself can tell (a strong validator), or all of it was compared.
    #[default]
    Certain,
    /// It is likely: the last bytes are the same, and of what the server says of its file, this.
    Likely(Compared),
    /// It is a file that came from elsewhere: samples of it were compared.
    Sampled,
}

/// What a server said of its file both times, so that it was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// Its length.
    pub length: bool,
    /// The time of its last change.
    pub date: bool,
    /// Its entity tag, a weak one.
    pub tag: bool,
}

/// A file that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Where it is; none where it went into a stream.
    pub path: Option<PathBuf>,
    /// Its size in bytes.
    pub bytes: u64,
    /// From the request to the rename.
    pub took: Duration,
    /// All that says that its content is right; none where nothing says what it has to be.
    pub proofs: Vec<Proof>,
    /// Whether it seems to be a web page, such as one for signing in, in place of the file that was asked for by its address.
    /// Not known of what went into a stream.
    pub is_page: bool,
}

/// What said what a file's content has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The user.
    Given,
    /// The server, in this field of its answer.
    Answer(DigestField),
    /// A file of the server's, of this name.
    Sums(Clean),
}

/// That a file's content is not what it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Where it is kept, under a name that says so; none where it was passed on.
    pub kept: Option<PathBuf>,
    /// What says that it has to be another one.
    pub differs: Vec<Proof>,
    /// What says that it has to be this one.
    pub agrees: Vec<Proof>,
}

impl Mismatch {
    /// From what was compared, and whether it agreed: all that did, where nothing differed.
    ///
    /// # Errors
    /// What differed, and what agreed all the same.
    pub fn of(compared: impl IntoIterator<Item = (Proof, bool)>) -> Result<Vec<Proof>, Self> {
        let (mut agrees, mut differs) = (Vec::new(), Vec::new());
        for (proof, is_right) in compared {
            let list = if is_right { &mut agrees } else { &mut differs };
            if !list.contains(&proof) {
                list.push(proof);
            }
        }
        // What says two things is not right because one of them is.
        agrees.retain(|proof| !differs.contains(proof));
        if differs.is_empty() { Ok(agrees) } else { Err(Self { kept: None, differs, agrees }) }
    }
}

/// Why a download starts over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anew {
    /// The server's file is another one now.
    Changed,
    /// The end of what is here is not what the server has there.
    Differs,
    /// The server does not send a part of a file.
    NoRanges,
    /// The server does not say which version of the file it sends.
    NoValidator,
    /// It is not known any more which version of the file is here.
    Forgotten,
}

/// Why a file that is there already stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It was asked for: what is there is not downloaded.
    Skipped,
    /// It has the length and the time of the server's, or all of it was compared.
    Same,
    /// It has the length of the server's, and samples of it were compared.
    Alike,
    /// The server's is not newer.
    NotNewer,
    /// The server does not say when its file was changed: it is not known whether that is newer.
    Undated,
}
