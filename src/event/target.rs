//! What is found at the place where a folder is to be downloaded to. Data only.

use crate::wire::name::NameRules;

/// The place where a folder is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// What the file system there does with names.
    pub rules: NameRules,
    /// Whether there is a folder already, with something in it.
    pub is_occupied: bool,
}
