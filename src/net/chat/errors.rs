//! What the network says about datagrams that did not arrive (ICMP, RFC 792 and RFC 4443), as Linux queues it
//! beside a socket: see `IP_RECVERR` in ip(7). Without the queue an error comes back from a later call about
//! somebody else, and does not say whom it is about.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd};

use nix::cmsg_space;
use nix::libc::{in_pktinfo, sock_extended_err, sockaddr_in6};
use nix::sys::socket::sockopt::{Ipv4RecvErr, Ipv6RecvErr};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt};
use tokio::io::Interest;

use super::Report;
use crate::event::Fault;

/// What to wake up for.
pub(super) const INTEREST: Interest = Interest::READABLE.add(Interest::ERROR);

/// How much of a lost datagram is read. Routers quote no more: an ICMP message has at most 576 bytes (RFC 1812,
/// section 4.3.2.3), an `ICMPv6` message at most 1,280 (RFC 4443, section 2.4).
const QUOTATION: usize = 1280;

/// From now on the system queues what the network says of this socket's datagrams.
pub(super) fn ask_for(socket: &impl AsFd, address: SocketAddr) -> io::Result<()> {
    if address.is_ipv6() {
        setsockopt(socket, Ipv6RecvErr, &true)?;
    } else {
        setsockopt(socket, Ipv4RecvErr, &true)?;
    }
    Ok(())
}

/// Takes the oldest report off the queue; [`io::ErrorKind::WouldBlock`] where there is none. `None` is a report
/// that tells nothing new: of an error that the call itself returned.
pub(super) fn next(socket: &impl AsRawFd) -> io::Result<Option<Report>> {
    let mut quotation = [0; QUOTATION];
    let mut slices = [IoSliceMut::new(&mut quotation)];
    // Where it came to is said here, too, for a socket that asks for that.
    let mut control = cmsg_space!(in_pktinfo, sock_extended_err, sockaddr_in6);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut slices, Some(&mut control), flags)?;
    let to = message.address.as_ref().and_then(socket_address);
    let mut error = None;
    for control in message.cmsgs()? {
        if let ControlMessageOwned::Ipv4RecvErr(said, _) | ControlMessageOwned::Ipv6RecvErr(said, _) = control
        {
            error = Some(said);
        }
    }
    let length = message.bytes;
    let Some((to, error)) = to.zip(error).filter(|(_, error)| from_network(error)) else { return Ok(None) };
    let fault = Fault::from_network(&io::Error::from_raw_os_error(error.ee_errno.cast_signed()));
    Ok(Some(Report { to, fault, quotation: quotation[..length].into() }))
}

fn from_network(error: &sock_extended_err) -> bool {
    matches!(error.ee_origin, nix::libc::SO_EE_ORIGIN_ICMP | nix::libc::SO_EE_ORIGIN_ICMP6)
}

pub(super) fn socket_address(address: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| SocketAddrV4::from(*v4).into());
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into()))
}
