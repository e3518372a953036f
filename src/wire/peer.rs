//! Whom a conversation is with, in memory and, written as text, wherever it is kept.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use super::address::{AddressError, Endpoint, Host};

/// The word that stands for everybody on the networks that this machine is on.
pub const EVERYONE: &str = "everyone";

/// Whom a conversation is with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Peer {
    /// Whoever answers at this UDP address.
    Address(SocketAddr),
    /// Everybody who listens on this port on the networks that this machine is on (RFC 919).
    Broadcast(u16),
}

impl Peer {
    /// The one address that the peer has, if there is one.
    #[must_use]
    pub fn address(self) -> Option<SocketAddr> {
        match self {
            Self::Address(address) => Some(address),
            Self::Broadcast(_) => None,
        }
    }

    /// The port that is written to.
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            Self::Address(address) => address.port(),
            Self::Broadcast(port) => port,
        }
    }

    /// The peer that an address means for which no resolver is needed.
    #[must_use]
    pub fn literal(endpoint: &Endpoint) -> Option<Self> {
        match &endpoint.host {
            Host::V4(address) => Some(Self::Address((*address, endpoint.port).into())),
            Host::V6(address, None) => Some(Self::Address((*address, endpoint.port).into())),
            Host::Name(name) if name == EVERYONE => Some(Self::Broadcast(endpoint.port)),
            Host::V6(_, Some(_)) | Host::Name(_) => None,
        }
    }
}

/// As users write it, always with the port: `192.168.1.7:7890`, `[::1]:7890`, `everyone:7890`.
impl fmt::Display for Peer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(out),
            Self::Broadcast(port) => write!(out, "{EVERYONE}:{port}"),
        }
    }
}

/// What [`Peer`] is written as is read again, a link-local address with its number of an interface included.
impl FromStr for Peer {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        let endpoint: Endpoint = text.parse()?;
        Self::literal(&endpoint).ok_or_else(|| AddressError::Host(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_read_as_it_is_written() {
        for text in ["192.168.1.7:7890", "[::1]:9", "[fe80::1%3]:7890", "everyone:7890"] {
            assert_eq!(text.parse::<Peer>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn everyone_is_a_peer_with_a_port_of_its_own() {
        assert_eq!("everyone".parse(), Ok(Peer::Broadcast(7890)));
        assert_eq!("everyone:9".parse(), Ok(Peer::Broadcast(9)));
    }

    #[test]
    fn a_name_that_has_to_be_looked_up_is_no_peer_yet() {
        assert_eq!("lin.local".parse::<Peer>(), Err(AddressError::Host("lin.local".to_owned())));
    }
}
