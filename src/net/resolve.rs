//! From a machine as written to the addresses it has. Owns the question to the system's resolver and the order of
//! the answer; never opens a connection and never remembers an answer.

use std::io;
use std::net::{SocketAddr, SocketAddrV6};
use std::time::Duration;

use nix::net::if_::if_nametoindex;
use tokio::net::lookup_host;
use tokio::time::timeout;

use super::canonical;
use crate::event::{Fault, Stage};
use crate::wire::address::{Endpoint, Host};

/// All addresses of `endpoint`, at least one, in the order to try them: what the resolver gave, IPv4 before IPv6,
/// because the course's programs speak nothing else, and a datagram to the wrong family is lost without a word.
/// Never blocks: names are looked up on another thread, and waited for until `limit` at most.
pub async fn resolve(endpoint: &Endpoint, limit: Duration) -> Result<Vec<SocketAddr>, Fault> {
    let port = endpoint.port;
    match &endpoint.host {
        Host::V4(address) => Ok(vec![(*address, port).into()]),
        Host::V6(address, zone) => {
            let scope = zone.as_deref().map_or(Ok(0), interface_index)?;
            Ok(vec![SocketAddrV6::new(*address, port, 0, scope).into()])
        }
        Host::Name(name) => {
            let answer = timeout(limit, lookup_host((name.as_str(), port))).await;
            let found = answer.map_err(|_| Fault::TimedOut(Stage::Resolve, limit))?;
            in_order(found.map_err(|_| Fault::Unresolved)?)
        }
    }
}

/// RFC 4007, section 11.2: a zone is written as the interface's name or as its number.
fn interface_index(zone: &str) -> Result<u32, Fault> {
    match zone.parse() {
        Ok(number) => Ok(number),
        Err(_) => if_nametoindex(zone).map_err(|errno| Fault::from_network(&io::Error::from(errno))),
    }
}

fn in_order(found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, Fault> {
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in found.map(canonical) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses.sort_by_key(SocketAddr::is_ipv6);
    if addresses.is_empty() { Err(Fault::Unresolved) } else { Ok(addresses) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn each_address_stands_once_and_ipv4_first() {
        let found =
            addresses(&["[::1]:9", "[::ffff:10.0.0.2]:9", "10.0.0.1:9", "[::1]:9", "10.0.0.2:9", "[::2]:9"]);
        let order = addresses(&["10.0.0.2:9", "10.0.0.1:9", "[::1]:9", "[::2]:9"]);
        assert_eq!(in_order(found.into_iter()), Ok(order));
    }

    #[test]
    fn a_name_without_an_address_is_unresolved() {
        assert_eq!(in_order(std::iter::empty()), Err(Fault::Unresolved));
    }

    #[test]
    fn a_zone_is_a_number_or_the_name_of_an_interface() {
        assert_eq!(interface_index("7"), Ok(7));
        for interface in &nix::net::if_::if_nameindex().unwrap() {
            let name = interface.name().to_str().unwrap();
            assert_eq!(interface_index(name), Ok(interface.index()), "{name}");
        }
        assert!(matches!(interface_index("no-such-zone"), Err(Fault::Network(_))));
    }
}
