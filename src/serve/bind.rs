//! The listening sockets: IPv4 and IPv6 apart, on one port. Must never give a server that listens on less than was
//! asked for, but for a family that the machine does not have. Asks the system for the descriptors that they need, too.

use std::io;
use std::net::{IpAddr, SocketAddr};

use nix::libc;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use super::BindFault;

/// Connections that wait to be accepted; the system may allow fewer.
const BACKLOG: i32 = 1024;

/// Descriptors that the rest of the program needs.
const OTHER_FILES: u64 = 256;

/// How often to let the system choose, until a port is free in all families.
const ATTEMPTS: usize = 16;

/// Listens on all `addresses` at `port`; at 0, on one port that the system chooses.
pub(super) fn listen(addresses: &[IpAddr], port: u16) -> Result<Vec<TcpListener>, BindFault> {
    let mut attempts = if port == 0 { ATTEMPTS } else { 1 };
    loop {
        attempts -= 1;
        match listen_once(addresses, port) {
            Err(BindFault::Address { reason, .. })
                if attempts > 0 && reason.kind() == io::ErrorKind::AddrInUse => {}
            result => return result,
        }
    }
}

/// Lets this process have descriptors for so many connections, each with a file that it takes, as far as it may
/// (`RLIMIT_NOFILE`). For how many there are enough, at least one.
pub(super) fn descriptors_for(connections: usize) -> usize {
    let Ok((mut soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return connections };
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_mul(2).saturating_add(OTHER_FILES);
    let wanted = wanted.min(hard);
    if soft < wanted && setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_ok() {
        soft = wanted;
    }
    let left = soft - OTHER_FILES.min(soft / 2);
    usize::try_from(left / 2).unwrap_or(usize::MAX).clamp(1, connections.max(1))
}

fn listen_once(addresses: &[IpAddr], mut port: u16) -> Result<Vec<TcpListener>, BindFault> {
    let mut listeners = Vec::new();
    let mut left_out = None;
    for ip in addresses {
        let address = SocketAddr::new(*ip, port);
        match open(address) {
            Ok(listener) => {
                port = listener.local_addr().map_or(port, |address| address.port());
                listeners.push(listener);
            }
            Err(reason) if is_missing_family(&reason) => {
                left_out = Some(BindFault::Address { address, reason });
            }
            Err(reason) => return Err(BindFault::Address { address, reason }),
        }
    }
    match left_out {
        Some(fault) if listeners.is_empty() => Err(fault),
        _ => Ok(listeners),
    }
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Otherwise a server could not be started again while connections of the last one are still dying.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// The machine has no such family at all, or no address in it.
fn is_missing_family(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL))
}
