//! This machine's own addresses, as others may reach it. Asks the system, sends nothing.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

/// The address that others can most likely write to, where we listen on `bound`: of all interfaces that are up, the
/// first IPv4 address that is neither a loopback nor a link-local one; where there is none, the loopback one.
#[must_use]
pub fn reachable(bound: SocketAddr) -> SocketAddr {
    if !bound.ip().is_unspecified() {
        return bound;
    }
    let likely = own().find_map(|(ip, on_loopback)| {
        matches!(ip, IpAddr::V4(ip) if !on_loopback && !ip.is_link_local()).then_some(ip)
    });
    SocketAddr::new(likely.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), bound.port())
}

/// All addresses that `bound` can be reached at, the loopback one first. Behind "all addresses" are those of its
/// family of all interfaces that are up, without the link-local ones of IPv6: those say nothing without their zone.
#[must_use]
pub fn all_reachable(bound: SocketAddr) -> Vec<SocketAddr> {
    if !bound.ip().is_unspecified() {
        return vec![bound];
    }
    let mut ips: Vec<IpAddr> = own()
        .map(|(ip, _)| ip)
        .filter(|ip| ip.is_ipv4() == bound.is_ipv4())
        .filter(|ip| !matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local()))
        .collect();
    ips.sort_by_key(|ip| !ip.is_loopback());
    ips.into_iter().map(|ip| SocketAddr::new(ip, bound.port())).collect()
}

/// The addresses of all interfaces that are up, and whether it is a loopback interface: some systems give theirs an
/// address that does not look like it.
fn own() -> impl Iterator<Item = (IpAddr, bool)> {
    let interfaces = getifaddrs().into_iter().flatten();
    interfaces.filter(|interface| interface.flags.contains(InterfaceFlags::IFF_UP)).filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        let ip = v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))?;
        Some((ip, interface.flags.contains(InterfaceFlags::IFF_LOOPBACK)))
    })
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

    #[test]
    fn behind_all_addresses_are_those_of_this_machine_the_loopback_one_first() {
        let all = all_reachable("0.0.0.0:80".parse().unwrap());
        assert_eq!(all.first(), Some(&"127.0.0.1:80".parse().unwrap()));
        assert!(all.iter().all(|address| address.is_ipv4() && !address.ip().is_unspecified()), "{all:?}");
        let one = "192.0.2.1:80".parse().unwrap();
        assert_eq!(all_reachable(one), [one]);
    }
}
