//! The chat's sockets: one for each address to listen on, all on the same port. Owns how they are opened; never
//! shares a port with another program, and never reads or writes.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use nix::errno::Errno;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::{arrivals, errors};
use crate::net::Port;

/// What we ask the system to keep for us while we do not read, in bytes; it grants what it likes.
const RECEIVE_BUFFER: usize = 4 << 20;
/// How often a port that is free in one family is looked for until it is free in all.
const TRIES: usize = 32;

/// Sockets that are bound, and nothing more yet.
#[derive(Debug)]
pub struct Sockets {
    pub(super) sockets: Vec<UdpSocket>,
    pub(super) addresses: Vec<SocketAddr>,
}

impl Sockets {
    /// Where they listen, at least one address.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The port of all of them: what the system chose where the one that was preferred is taken.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.addresses.first().map_or(0, SocketAddr::port)
    }

    /// How many bytes the system keeps for each while it is not read: what was asked for, and the least that it grants.
    pub fn receive_buffers(&self) -> io::Result<(usize, usize)> {
        // Linux grants twice what it means, for what it has to write down itself (socket(7)).
        let own_share = if cfg!(target_os = "linux") { 2 } else { 1 };
        let mut least = RECEIVE_BUFFER;
        for socket in &self.sockets {
            least = least.min(SockRef::from(socket).recv_buffer_size()? / own_share);
        }
        Ok((RECEIVE_BUFFER, least))
    }
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program has the port.
    #[error("port {0} is in use")]
    Taken(u16),
    /// The system keeps the port for programs with more rights.
    #[error("port {0} needs more rights")]
    Forbidden(u16),
    /// Something else, often that the address is none of this machine's.
    #[error("{0}: {1}")]
    Failed(SocketAddr, io::Error),
}

impl BindError {
    /// What a system's error says about an address that was to be listened on.
    #[must_use]
    pub fn new(address: SocketAddr, error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::AddrInUse {
            Self::Taken(address.port())
        } else if error.kind() == io::ErrorKind::PermissionDenied {
            Self::Forbidden(address.port())
        } else {
            Self::Failed(address, error)
        }
    }
}

/// Opens a socket on each of `addresses`, and none where one of them cannot be had. A whole family that this
/// machine lacks (`::` without IPv6) is left out as long as another remains.
pub fn bind(addresses: &[IpAddr], port: Port) -> Result<Sockets, BindError> {
    match (bind_same(addresses, port.number()), port) {
        (Err(BindError::Taken(_) | BindError::Forbidden(_)), Port::Preferred(_)) => bind_same(addresses, 0),
        (outcome, _) => outcome,
    }
}

fn bind_same(addresses: &[IpAddr], port: u16) -> Result<Sockets, BindError> {
    let mut outcome = bind_each(addresses, port);
    if port == 0 {
        // What the system chose for the first address can be taken on the next: then it is to choose anew.
        for _ in 1..TRIES {
            if !matches!(outcome, Err(BindError::Taken(_))) {
                break;
            }
            outcome = bind_each(addresses, port);
        }
    }
    outcome
}

fn bind_each(addresses: &[IpAddr], mut port: u16) -> Result<Sockets, BindError> {
    let mut bound = Sockets { sockets: Vec::new(), addresses: Vec::new() };
    let nowhere = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port);
    let mut lacking = BindError::Failed(nowhere, io::ErrorKind::InvalidInput.into());
    for address in addresses {
        let wanted = SocketAddr::new(*address, port);
        match open(wanted).and_then(|socket| Ok((socket.local_addr()?, socket))) {
            Ok((address, socket)) => {
                port = address.port();
                bound.addresses.push(address);
                bound.sockets.push(socket);
            }
            Err(error) if address.is_unspecified() && lacks_family(&error) => {
                lacking = BindError::Failed(wanted, error);
            }
            Err(error) => return Err(BindError::new(wanted, error)),
        }
    }
    if bound.sockets.is_empty() { Err(lacking) } else { Ok(bound) }
}

fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        // IPv4 has a socket of its own.
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.set_broadcast(true)?;
    // Some systems refuse more than they grant. The usual size does, only not for long while we are busy.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    errors::ask_for(&socket, address)?;
    arrivals::ask_for(&socket, address)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

fn lacks_family(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(Errno::EAFNOSUPPORT as i32)
}
