//! The protocols, without any I/O: what goes over the wires and what may be made of what came.

use std::fmt;

use bytes::Bytes;

pub mod address;
pub mod attachment;
pub mod buffers;
pub mod chat;
pub mod coding;
pub mod conditions;
pub mod cookies;
pub mod credentials;
pub mod digest;
pub mod listing;
pub mod name;
pub mod peer;
pub mod plain;
pub mod range;
pub mod source;
pub mod webpage;

/// Bytes of somebody else's that are kept but must never be shown: there is no way to print them.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Raw(pub Bytes);

impl fmt::Debug for Raw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Raw({} bytes)", self.0.len())
    }
}
