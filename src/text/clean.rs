//! Bytes in, text that cannot hurt a terminal out.

use std::fmt;
use std::ops::Deref;

/// Text that can be shown as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Clean(String);

impl Deref for Clean {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Clean {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

/// A text of several lines: keeps line feeds.
#[must_use]
pub fn clean_text(bytes: &[u8]) -> Clean {
    Clean(String::from_utf8_lossy(bytes).into_owned())
}

/// One line.
#[must_use]
pub fn clean_line(bytes: &[u8]) -> Clean {
    Clean(String::from_utf8_lossy(bytes).into_owned())
}
