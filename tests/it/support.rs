//! What the tests talk to: stand-ins for other people's programs, and our own binary.

pub(crate) mod peer;
pub(crate) mod program;
