//! What several modules of tests need: stand-ins for other people's programs, folders to look into, our own binary,
//! and the screen without a terminal.

pub(crate) mod bare;
pub(crate) mod browser;
pub(crate) mod files;
pub(crate) mod kept;
pub(crate) mod lasting;
pub(crate) mod namespace;
pub(crate) mod peer;
pub(crate) mod program;
pub(crate) mod pty;
pub(crate) mod screen;
pub(crate) mod server;
