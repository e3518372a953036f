//! This machine's own addresses, as others may reach it. Asks the system, sends nothing.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;

/// The address that others can most likely write to, where we listen on `bound`: of all interfaces that are up, the
/// first IPv4 address that is not a loopback one; where there is none, the loopback one.
#[must_use]
pub fn reachable(bound: SocketAddr) -> SocketAddr {
    if !bound.ip().is_unspecified() {
        return bound;
    }
    let addresses = getifaddrs().into_iter().flatten().filter_map(|interface| address(&interface));
    let ip = addresses.into_iter().next().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    SocketAddr::new(ip, bound.port())
}

fn address(interface: &InterfaceAddress) -> Option<IpAddr> {
    let up = interface.flags.contains(InterfaceFlags::IFF_UP);
    let loopback = interface.flags.contains(InterfaceFlags::IFF_LOOPBACK);
    let ip = interface.address.as_ref()?.as_sockaddr_in()?.ip();
    (up && !loopback && !ip.is_link_local()).then_some(IpAddr::V4(ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_was_asked_for_is_the_one_that_is_told() {
        let bound = SocketAddr::from(([127, 0, 0, 9], 7890));
        assert_eq!(reachable(bound), bound);
    }

    #[test]
    fn the_address_for_all_interfaces_is_never_told() {
        let told = reachable(SocketAddr::from(([0, 0, 0, 0], 7890)));
        assert!(!told.ip().is_unspecified());
        assert_eq!(told.port(), 7890);
    }
}
