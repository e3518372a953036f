//! What several modules of tests need: stand-ins for other people's programs, folders to look into, and our own binary.

pub(crate) mod files;
pub(crate) mod peer;
pub(crate) mod program;
pub(crate) mod pty;
pub(crate) mod server;
