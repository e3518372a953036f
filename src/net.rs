//! Tasks that own the sockets, behind channels. They never touch the program's state; what they learn comes back
//! as events.

use std::net::SocketAddr;
use std::time::Duration;

pub mod browse;
pub mod chat;
pub mod fetch;
pub mod http;
pub mod interfaces;
pub mod probe;
pub mod resolve;
mod retry;

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// The addresses of a name.
    pub resolve: Duration,
    /// A connection.
    pub connect: Duration,
    /// The beginning of an answer; a server that is slower is given more time the next time.
    pub answer: Duration,
    /// More of a body that had begun.
    pub body: Duration,
    /// A server that has answered before and does not now, over all tries; zero: only so many tries as all else.
    pub outage: Duration,
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

/// An IPv4 address in its own form, also where IPv6 carries it (RFC 4291, section 2.5.5.2).
fn canonical(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) => match v6.ip().to_ipv4_mapped() {
            Some(v4) => SocketAddr::new(v4.into(), v6.port()),
            None => address,
        },
        SocketAddr::V4(_) => address,
    }
}
