//! Tasks that own the sockets, behind channels. They never touch the program's state; what they learn comes back
//! as events.

use std::time::Duration;

pub mod browse;
pub mod chat;
pub mod fetch;
mod http;
pub mod interfaces;
pub mod resolve;

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// The addresses of a name.
    pub resolve: Duration,
    /// A connection.
    pub connect: Duration,
    /// The beginning of an answer.
    pub answer: Duration,
    /// More of a body that had begun.
    pub body: Duration,
}

/// A port to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// The default: another will do where it is taken.
    Preferred(u16),
    /// Asked for: no other will do. 0 asks for any that the system chooses.
    Required(u16),
}

impl Port {
    /// The port itself.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            Self::Preferred(number) | Self::Required(number) => number,
        }
    }
}
