//! This machine's own addresses, as others may reach it. Asks the system, sends nothing.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
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

/// A network that this machine is on, and on which everybody can be written to at once (RFC 919).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The address that this machine has there.
    pub own: Ipv4Addr,
    /// The address that everybody there listens to.
    pub broadcast: Ipv4Addr,
}

/// The networks behind all interfaces that are up and connected, each once: without those of the loopback interface,
/// and without lines that have nobody but us and one other at their ends.
#[must_use]
pub fn networks() -> Vec<Network> {
    each_once(getifaddrs().into_iter().flatten())
}

fn each_once(interfaces: impl Iterator<Item = InterfaceAddress>) -> Vec<Network> {
    let mut found: Vec<(String, Network)> = Vec::new();
    let (limited, directed): (Vec<_>, Vec<_>) = interfaces
        .filter_map(|interface| Some((network(&interface)?, interface.interface_name)))
        .partition(|(network, _)| network.broadcast.is_broadcast());
    for (network, name) in directed {
        // Two interfaces on one network would say everything twice.
        if !found.iter().any(|(_, other)| other.broadcast == network.broadcast) {
            found.push((name, network));
        }
    }
    for (network, name) in limited {
        // It would be heard by those, too, who listen to another broadcast address behind the same interface.
        if !found.iter().any(|(other, _)| *other == name) {
            found.push((name, network));
        }
    }
    found.into_iter().map(|(_, network)| network).collect()
}

/// The network behind an address of an interface. One that names no broadcast address has the last of its network
/// (RFC 922), and one whose address is a network by itself can only write to everybody who hears it.
fn network(interface: &InterfaceAddress) -> Option<Network> {
    let needed = InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING | InterfaceFlags::IFF_BROADCAST;
    if !interface.flags.contains(needed) || interface.flags.contains(InterfaceFlags::IFF_LOOPBACK) {
        return None;
    }
    let own = interface.address?.as_sockaddr_in()?.ip();
    let named = interface.broadcast.and_then(|address| Some(address.as_sockaddr_in()?.ip()));
    let mask = interface.netmask.and_then(|address| Some(address.as_sockaddr_in()?.ip()));
    let last = mask.filter(|mask| mask.to_bits().count_zeros() > 1).map(|mask| own | !mask);
    let broadcast = named.filter(|named| !named.is_unspecified() && *named != own).or(last);
    Some(Network { own, broadcast: broadcast.unwrap_or(Ipv4Addr::BROADCAST) })
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
    use std::net::SocketAddrV4;

    use super::*;

    const CONNECTED: InterfaceFlags =
        InterfaceFlags::IFF_UP.union(InterfaceFlags::IFF_RUNNING).union(InterfaceFlags::IFF_BROADCAST);

    fn interface(name: &str, flags: InterfaceFlags, addresses: [&str; 3]) -> InterfaceAddress {
        let [address, netmask, broadcast] = addresses.map(|address| {
            let address: Option<Ipv4Addr> = address.parse().ok();
            address.map(|address| SocketAddrV4::new(address, 0).into())
        });
        let interface_name = name.to_owned();
        InterfaceAddress { interface_name, flags, address, netmask, broadcast, destination: None }
    }

    fn found(interfaces: Vec<InterfaceAddress>) -> Vec<(String, String)> {
        let networks = each_once(interfaces.into_iter());
        networks.iter().map(|network| (network.own.to_string(), network.broadcast.to_string())).collect()
    }

    fn pair(own: &str, broadcast: &str) -> (String, String) {
        (own.to_owned(), broadcast.to_owned())
    }

    #[test]
    fn each_network_that_others_can_be_on_is_found_with_its_broadcast_address() {
        let own = ["192.0.2.5", "255.255.255.0", "192.0.2.255"];
        let down = CONNECTED.difference(InterfaceFlags::IFF_UP);
        let unplugged = CONNECTED.difference(InterfaceFlags::IFF_RUNNING);
        let tunnel = CONNECTED.difference(InterfaceFlags::IFF_BROADCAST);
        let loopback = CONNECTED | InterfaceFlags::IFF_LOOPBACK;
        assert_eq!(found(vec![interface("a", CONNECTED, own)]), [pair("192.0.2.5", "192.0.2.255")]);
        for flags in [down, unplugged, tunnel, loopback] {
            assert_eq!(found(vec![interface("a", flags, own)]), [], "{flags:?}");
        }
        assert_eq!(found(vec![interface("a", CONNECTED, ["", "", ""])]), []);
    }

    #[test]
    fn an_interface_without_a_broadcast_address_has_the_last_of_its_network() {
        for (mask, broadcast) in [
            ("255.255.252.0", "192.0.3.255"),
            ("255.255.255.252", "192.0.2.7"),
            ("255.255.255.254", "255.255.255.255"),
            ("255.255.255.255", "255.255.255.255"),
            ("", "255.255.255.255"),
        ] {
            let one = interface("a", CONNECTED, ["192.0.2.5", mask, ""]);
            assert_eq!(found(vec![one]), [pair("192.0.2.5", broadcast)], "{mask}");
        }
    }

    #[test]
    fn nobody_is_reached_twice() {
        let networks = found(vec![
            interface("a", CONNECTED, ["192.0.2.9", "255.255.255.255", ""]),
            interface("a", CONNECTED, ["192.0.2.5", "255.255.255.0", "192.0.2.255"]),
            interface("b", CONNECTED, ["192.0.2.6", "255.255.255.0", "192.0.2.255"]),
            interface("c", CONNECTED, ["198.51.100.1", "255.255.255.255", ""]),
            interface("c", CONNECTED, ["198.51.100.2", "255.255.255.255", ""]),
        ]);
        assert_eq!(networks, [pair("192.0.2.5", "192.0.2.255"), pair("198.51.100.1", "255.255.255.255")]);
    }

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
