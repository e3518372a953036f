//! Tasks that own the sockets, behind channels. They never touch the program's state; what they learn comes back
//! as events.

use std::time::Duration;

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
