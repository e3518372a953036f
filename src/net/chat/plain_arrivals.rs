//! What arrives, one datagram at a time, where the system does not say which address it came to, nor how much it had no
//! room for.

use std::io;
use std::net::SocketAddr;

use tokio::net::UdpSocket;

use super::Arrival;

/// There is nothing to ask for.
pub(super) fn ask_for<T>(_socket: &T, _address: SocketAddr) -> io::Result<()> {
    Ok(())
}

/// Takes what has arrived; [`io::ErrorKind::WouldBlock`] where there is nothing.
pub(super) fn read(
    socket: &UdpSocket,
    buffer: &mut [u8],
    mut take: impl FnMut(Arrival<'_>),
) -> io::Result<()> {
    let (length, from) = socket.try_recv_from(buffer)?;
    take(Arrival { from, bytes: &buffer[..length], broadcast: false, own: false });
    Ok(())
}

/// Nobody knows.
pub(super) fn dropped<T>(_socket: &T) -> Option<u32> {
    None
}
