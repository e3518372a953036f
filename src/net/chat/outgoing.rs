//! A message on its way out: which datagrams are still to be sent, and which ways there are. Owns how one of them is
//! handed to the system; never tries again.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::AsRawFd;

use bytes::Bytes;
use nix::libc::{in_addr, in_pktinfo};
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrIn, sendmsg};
use socket2::SockRef;
use tokio::net::UdpSocket;

use crate::event::MessageId;
use crate::net::interfaces::Network;
use crate::wire::chat::split;

/// A message of which something is still to be sent.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) id: MessageId,
    /// Those that nothing is known against. One is enough for a message to be sent.
    ways: Vec<Way>,
    datagrams: VecDeque<(Way, Bytes)>,
}

impl Outgoing {
    /// A text that takes all of these ways, part by part.
    pub(super) fn new(id: MessageId, ways: Vec<Way>, text: &str) -> Self {
        let parts = split(text).map(|part| Bytes::copy_from_slice(part.as_bytes()));
        let datagrams = parts.flat_map(|part| ways.iter().map(move |way| (*way, part.clone()))).collect();
        Self { id, ways, datagrams }
    }

    /// The next datagram.
    pub(super) fn next(&mut self) -> Option<(Way, Bytes)> {
        self.datagrams.pop_front()
    }

    /// This one could not be sent yet.
    pub(super) fn put_back(&mut self, way: Way, part: Bytes) {
        self.datagrams.push_front((way, part));
    }

    /// Gives a way up, and says whether there is another.
    pub(super) fn give_up(&mut self, way: Way) -> bool {
        self.datagrams.retain(|(other, _)| *other != way);
        self.ways.retain(|other| *other != way);
        !self.ways.is_empty()
    }
}

/// How a datagram goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To one address.
    To(SocketAddr),
    /// To all on a network who listen on this port.
    Everyone(Network, u16),
}

impl Way {
    /// Whether a socket that is bound to `own` can send anything this way.
    pub(super) fn is_open_to(self, own: SocketAddr) -> bool {
        match self {
            Self::To(to) => own.is_ipv6() == to.is_ipv6(),
            Self::Everyone(network, _) => {
                own.ip() == Ipv4Addr::UNSPECIFIED || own.ip() == IpAddr::V4(network.own)
            }
        }
    }

    /// Hands a datagram to the system.
    pub(super) fn send(self, socket: &UdpSocket, part: &[u8]) -> io::Result<()> {
        // Not through tokio, which would wait for news of the socket before it tried: see `PAUSE`.
        match self {
            Self::To(to) => SockRef::from(socket).send_to(part, &to.into())?,
            Self::Everyone(network, listening) => {
                let to = SockaddrIn::from(SocketAddrV4::new(network.broadcast, listening));
                // The system sends it through the interface that has the address that it is to come from.
                let ipi_spec_dst = in_addr { s_addr: network.own.to_bits().to_be() };
                let from = in_pktinfo { ipi_ifindex: 0, ipi_spec_dst, ipi_addr: in_addr { s_addr: 0 } };
                let control = [ControlMessage::Ipv4PacketInfo(&from)];
                sendmsg(socket.as_raw_fd(), &[IoSlice::new(part)], &control, MsgFlags::empty(), Some(&to))?
            }
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Network =
        Network { own: Ipv4Addr::new(192, 0, 2, 5), broadcast: Ipv4Addr::new(192, 0, 2, 255) };
    const OTHER: Network = Network { own: Ipv4Addr::new(198, 51, 100, 5), broadcast: Ipv4Addr::BROADCAST };

    #[test]
    fn a_text_for_everyone_takes_all_ways_and_is_lost_only_where_none_is_left() {
        let ways = [ONE, OTHER].map(|network| Way::Everyone(network, 9));
        let mut outgoing = Outgoing::new(MessageId(1), ways.to_vec(), &"x".repeat(1025));
        let lengths = |outgoing: &Outgoing| -> Vec<_> {
            outgoing.datagrams.iter().map(|(way, part)| (*way, part.len())).collect()
        };
        assert_eq!(lengths(&outgoing), [(ways[0], 1024), (ways[1], 1024), (ways[0], 1), (ways[1], 1)]);
        assert!(outgoing.give_up(ways[0]));
        assert_eq!(lengths(&outgoing), [(ways[1], 1024), (ways[1], 1)]);
        assert!(!outgoing.give_up(ways[1]));
        assert!(outgoing.next().is_none());
    }

    #[test]
    fn a_socket_of_one_address_writes_to_everyone_on_its_own_network_only() {
        let open = |own: &str| Way::Everyone(ONE, 9).is_open_to(own.parse().unwrap());
        assert!(open("0.0.0.0:9") && open("192.0.2.5:9"));
        assert!(!open("127.0.0.1:9") && !open("192.0.2.6:9") && !open("[::]:9"));
    }
}
