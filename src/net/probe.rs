//! What can be found out about the network without sending anything to anybody but ourselves: for finding out why
//! nothing arrives. Never changes anything.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

use crate::text::{Clean, clean_line};

pub mod firewall;
pub mod listeners;

/// How long a datagram to ourselves may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// So many datagrams of others may come before it.
const STRANGERS: usize = 64;
/// What it says.
const WORD: &[u8] = b"hobnob";

/// An address of an interface that is up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The interface's name.
    pub name: Clean,
    /// The address.
    pub address: IpAddr,
    /// What everybody on its network listens to, where it has such an address (RFC 919).
    pub broadcast: Option<Ipv4Addr>,
    /// Whether only this machine is behind it.
    pub loopback: bool,
}

/// All addresses of all interfaces that are up, in the system's order.
#[must_use]
pub fn interfaces() -> Vec<Interface> {
    let all = getifaddrs().into_iter().flatten();
    all.filter(|interface| interface.flags.contains(InterfaceFlags::IFF_UP))
        .filter_map(|interface| {
            let ip = interface.address?;
            let v4 = ip.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
            let address = v4.or_else(|| ip.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))?;
            // The other end of a line between two stands in the same place.
            let has = interface.flags.contains(InterfaceFlags::IFF_BROADCAST) && address.is_ipv4();
            let broadcast = interface.broadcast.filter(|_| has);
            Some(Interface {
                name: clean_line(interface.interface_name.as_bytes()),
                address,
                broadcast: broadcast.and_then(|address| Some(address.as_sockaddr_in()?.ip())),
                loopback: interface.flags.contains(InterfaceFlags::IFF_LOOPBACK),
            })
        })
        .collect()
}

/// Sends a datagram from a socket on this address of our own to itself, and waits a second at most until it is there.
pub fn round_trip(own: IpAddr) -> io::Result<()> {
    let socket = UdpSocket::bind((own, 0))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let own = socket.local_addr()?;
    socket.send_to(WORD, own)?;
    let mut buffer = [0; WORD.len() + 1];
    // Whatever else comes to that port is not what was sent.
    for _ in 0..STRANGERS {
        match socket.recv_from(&mut buffer) {
            Ok((length, from)) if from == own && &buffer[..length] == WORD => return Ok(()),
            Ok(_) => {}
            // It is what the system calls the end of the patience.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

/// The address of our own that a datagram to `peer` would come from. Nothing is sent.
pub fn way_to(peer: SocketAddr) -> io::Result<IpAddr> {
    let any: IpAddr =
        if peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(peer)?;
    Ok(socket.local_addr()?.ip())
}
