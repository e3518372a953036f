//! What can be written behind `hobnob ls`.

use std::time::Duration;

use clap::{Args, ValueEnum, value_parser};

use crate::net::Timeouts;

/// `hobnob ls`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Ls {
    /// What to list.
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// With all folders that are in it.
    #[arg(short, long)]
    pub recursive: bool,
    /// As a JSON array.
    #[arg(long)]
    pub json: bool,
    /// Ask for the sizes and times that the list does not have.
    #[arg(long)]
    pub sizes: bool,
    /// In which order.
    #[arg(long, value_name = "ORDER", value_enum)]
    pub sort: Option<Sort>,
    /// The other way round.
    #[arg(long, requires = "sort")]
    pub reverse: bool,
    /// Redirects from https to http are followed, too.
    #[arg(long)]
    pub insecure_redirects: bool,
    /// How long the beginning of an answer may take.
    #[arg(long, value_name = "SECONDS", value_parser = value_parser!(u64).range(1..=86_400))]
    pub answer_timeout: Option<u64>,
}

/// By what entries are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// By their names, with the way to them.
    Name,
    /// The smallest first.
    Size,
    /// The oldest first.
    Time,
}

impl Ls {
    /// Whether nothing can be written before all rows are known.
    pub(super) fn needs_all_rows(&self) -> bool {
        self.sizes || self.sort.is_some()
    }

    /// How long to wait for what.
    pub(super) fn timeouts(&self, usual: Timeouts) -> Timeouts {
        Timeouts { answer: self.answer_timeout.map_or(usual.answer, Duration::from_secs), ..usual }
    }
}
