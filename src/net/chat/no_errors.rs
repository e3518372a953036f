//! Where the system has no queue for what the network says: nothing is known of datagrams that did not arrive.

use std::io;
use std::net::SocketAddr;

use tokio::io::Interest;

use super::Report;

/// What to wake up for.
pub(super) const INTEREST: Interest = Interest::READABLE;

/// There is nobody to ask.
pub(super) fn ask_for<T>(_socket: &T, _address: SocketAddr) -> io::Result<()> {
    Ok(())
}

/// There never is one.
pub(super) fn next<T>(_socket: &T) -> io::Result<Option<Report>> {
    Err(io::ErrorKind::WouldBlock.into())
}
