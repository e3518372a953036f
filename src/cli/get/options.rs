//! What can be written behind `hobnob get`.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, value_parser};

use crate::effect::Conflict;
use crate::net::Timeouts;
use crate::text::size;
use crate::wire::digest::Checksum;
use crate::wire::name::NamePolicy;

/// `hobnob get`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Get {
    /// The file, or the folder that holds the files.
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// The files in that folder.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Where to put them.
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    pub to: Option<PathBuf>,
    /// The one file to write, or `-`.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Folders, with all that is in them.
    #[arg(short, long)]
    pub recursive: bool,
    /// Large files at the same time.
    #[arg(long, value_name = "N", value_parser = value_parser!(u8).range(1..=64))]
    pub jobs: Option<u8>,
    /// What becomes of a file where one of its name is there.
    #[arg(long, value_name = "POLICY", value_enum)]
    pub conflict: Option<Conflict>,
    /// How much of a foreign name is kept: all that the disk can hold, or what every system can.
    #[arg(long = "names", value_name = "POLICY", value_enum)]
    pub name_policy: Option<NamePolicy>,
    /// Also what begins with a dot, into a folder that was there before.
    #[arg(long)]
    pub hidden: bool,
    /// Bytes a second for all together.
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub limit_rate: Option<NonZeroU64>,
    /// What the content of the one file has to be.
    #[arg(long, value_name = "sha256:HEX")]
    pub checksum: Option<Checksum>,
    /// Look for checksum files beside each file, and fail where nothing says what its content has to be.
    #[arg(long)]
    pub verify: bool,
    /// How often in a row a download that does not work is tried again.
    #[arg(long, value_name = "N")]
    pub retries: Option<u32>,
    /// How long a server that does not answer any more is waited for.
    #[arg(long, value_name = "SECONDS", value_parser = value_parser!(u64).range(0..=86_400))]
    pub outage: Option<u64>,
    /// Redirects from https to http are followed, too.
    #[arg(long)]
    pub insecure_redirects: bool,
    /// How long the beginning of an answer may take.
    #[arg(long, value_name = "SECONDS", value_parser = value_parser!(u64).range(1..=86_400))]
    pub answer_timeout: Option<u64>,
    /// A JSON object for each file.
    #[arg(long)]
    pub json: bool,
}

impl Get {
    /// How long to wait for what.
    pub(super) fn timeouts(&self, usual: Timeouts) -> Timeouts {
        Timeouts {
            answer: self.answer_timeout.map_or(usual.answer, Duration::from_secs),
            outage: self.outage.map_or(usual.outage, Duration::from_secs),
            ..usual
        }
    }

    /// The folder where files go, as it was written.
    pub(super) fn dir(&self) -> &Path {
        self.to.as_deref().unwrap_or(Path::new("."))
    }
}

/// A rate as it is written: `500k`, `10M`.
fn rate(text: &str) -> Result<NonZeroU64, String> {
    size::parse(text).and_then(NonZeroU64::new).ok_or_else(|| "write for example 500k or 10M".to_owned())
}
