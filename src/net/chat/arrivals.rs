//! What arrives, several datagrams at a time, and how much the system had no room for. Owns how a socket is read; never
//! decides what becomes of a datagram.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};

use nix::libc::{self, SK_MEMINFO_DROPS, in_addr, in_pktinfo};
use nix::sys::socket::sockopt::Ipv4PacketInfo;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, MultiHeaders, RecvMsg, SockaddrStorage, getsockopt, recvmmsg, setsockopt,
};
use nix::{cmsg_space, getsockopt_impl, sockopt_impl};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::errors::socket_address;
use super::{Arrival, BATCH, LARGEST};

/// What `SO_MEMINFO` tells: nine counters of the socket's memory (Linux 4.12 and later).
type MemoryInfo = [u32; 9];

sockopt_impl!(
    /// The counters of a socket's memory.
    Memory,
    GetOnly,
    libc::SOL_SOCKET,
    libc::SO_MEMINFO,
    MemoryInfo
);

/// From now on the system says of each datagram which address it came to.
pub(super) fn ask_for(socket: &impl AsFd, address: SocketAddr) -> io::Result<()> {
    if address.is_ipv4() {
        setsockopt(socket, Ipv4PacketInfo, &true)?;
    }
    Ok(())
}

/// Takes what has arrived, as far as `buffer` goes; [`io::ErrorKind::WouldBlock`] where there is nothing.
pub(super) fn read(
    socket: &UdpSocket,
    buffer: &mut [u8],
    mut take: impl FnMut(Arrival<'_>),
) -> io::Result<()> {
    let mut slices: Vec<_> = buffer.chunks_mut(LARGEST).map(|chunk| [IoSliceMut::new(chunk)]).collect();
    let mut headers = MultiHeaders::<SockaddrStorage>::preallocate(BATCH, Some(cmsg_space!(in_pktinfo)));
    let messages = socket.try_io(Interest::READABLE, || {
        let flags = MsgFlags::MSG_DONTWAIT;
        Ok(recvmmsg(socket.as_raw_fd(), &mut headers, slices.iter_mut(), flags, None)?)
    })?;
    for message in messages {
        let Some(from) = message.address.as_ref().and_then(socket_address) else { continue };
        let bytes = message.iovs().next().unwrap_or_default();
        let (broadcast, own) = destination(&message, from.ip());
        take(Arrival { from, bytes, broadcast, own });
    }
    Ok(())
}

/// Whether a datagram came to a broadcast address, and whether, then, it is from this machine.
fn destination(message: &RecvMsg<'_, '_, SockaddrStorage>, from: IpAddr) -> (bool, bool) {
    let info = message.cmsgs().into_iter().flatten().find_map(|control| {
        if let ControlMessageOwned::Ipv4PacketInfo(info) = control { Some(info) } else { None }
    });
    let Some(info) = info else { return (false, false) };
    // The address in the datagram, and the address of ours that an answer would come from: the same unless it came to
    // more than us.
    let (to, ours) = (ipv4(info.ipi_addr), ipv4(info.ipi_spec_dst));
    let broadcast = to != ours && !to.is_multicast();
    (broadcast, broadcast && from == ours)
}

fn ipv4(address: in_addr) -> Ipv4Addr {
    Ipv4Addr::from(u32::from_be(address.s_addr))
}

/// How many datagrams the system had no room for since the socket was opened, modulo 2³², where it counts them.
pub(super) fn dropped(socket: &impl AsFd) -> Option<u32> {
    let memory = getsockopt(socket, Memory).ok()?;
    memory.get(usize::try_from(SK_MEMINFO_DROPS).ok()?).copied()
}
