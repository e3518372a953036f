//! One of the chat's sockets: how it is read and written, whatever errors of earlier datagrams come in between. Owns what
//! counts as its end; never decides what becomes of a message.

use std::io;

use nix::errno::Errno;
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::outgoing::Way;
use super::sent::Sent;
use super::{Arrival, BATCH, arrivals, errors};
use crate::event::Fault;

/// How often a datagram is handed over again that met an error: each may be of another peer's.
const TRIES: usize = 16;

#[derive(Debug)]
pub(super) struct Socket {
    socket: UdpSocket,
    /// What the system has dropped so far, as it counts.
    dropped: u32,
}

impl Socket {
    pub(super) fn new(socket: UdpSocket) -> Self {
        Self { socket, dropped: 0 }
    }

    /// Waits for anything to read.
    pub(super) async fn ready(&self) {
        // An error here is the end of the runtime, and so of us.
        let _ = self.socket.ready(errors::INTEREST).await;
    }

    /// Whether something can be sent this way.
    pub(super) fn reaches(&self, way: Way) -> bool {
        self.socket.local_addr().is_ok_and(|own| way.is_open_to(own))
    }

    pub(super) fn send(&self, way: Way, part: &[u8], sent: &mut Sent) -> io::Result<()> {
        let mut again = 0..TRIES;
        loop {
            let Err(error) = way.send(&self.socket, part) else { return Ok(()) };
            if error.kind() == io::ErrorKind::WouldBlock || again.next().is_none() {
                return Err(error);
            }
            // An error that was waiting is returned once instead of sending, and is about an earlier datagram.
            self.take_reports(sent);
        }
    }

    /// Reads a batch, and says whether it read anything but errors. A fault is the end of the socket.
    pub(super) fn read(
        &self,
        buffer: &mut [u8],
        sent: &mut Sent,
        mut take: impl FnMut(Arrival<'_>),
    ) -> Result<bool, Fault> {
        for _ in 0..BATCH {
            match arrivals::read(&self.socket, buffer, &mut take) {
                Ok(()) => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) if is_of_the_socket(&error) => return Err(Fault::from_network(&error)),
                Err(_) => self.take_reports(sent),
            };
        }
        Ok(false)
    }

    /// What the system has dropped since this was last asked.
    pub(super) fn newly_dropped(&mut self) -> u64 {
        let before = self.dropped;
        self.dropped = arrivals::dropped(&self.socket).unwrap_or(before);
        self.dropped.wrapping_sub(before).into()
    }

    /// Reads the reports that the system woke us up for.
    pub(super) fn read_reports(&self, sent: &mut Sent) {
        // That the queue was read to its end tells tokio to wait for the next error.
        let _ = self.socket.try_io(Interest::ERROR, || match self.take_reports(sent) {
            BATCH => Ok(()),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        });
    }

    /// Reads what the system has queued, in part where it is much, and says how many reports that were.
    fn take_reports(&self, sent: &mut Sent) -> usize {
        let reports = std::iter::from_fn(|| errors::next(&self.socket).ok());
        reports.take(BATCH).map(|report| report.inspect(|report| sent.settle(report))).count()
    }
}

/// Whether an error of receiving means that nothing will ever be received. All others pass: most are about some
/// datagram that was sent earlier, as whatever a system makes of an ICMP message, and some say that it is short of memory.
fn is_of_the_socket(error: &io::Error) -> bool {
    // What is not the system's own is the runtime's, which then is at its end.
    error
        .raw_os_error()
        .is_none_or(|code| matches!(Errno::from_raw(code), Errno::EBADF | Errno::EINVAL | Errno::ENOTSOCK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn only_what_is_wrong_with_the_socket_itself_ends_the_worker() {
        use Errno::{
            EACCES, EBADF, ECONNREFUSED, EHOSTDOWN, EINVAL, ENOBUFS, ENOMEM, ENONET, ENOTSOCK, EOPNOTSUPP,
            EPROTO,
        };
        let ends = |errno: Errno| is_of_the_socket(&io::Error::from(errno));
        for errno in [EACCES, ECONNREFUSED, EHOSTDOWN, ENOBUFS, ENOMEM, ENONET, EOPNOTSUPP, EPROTO] {
            assert!(!ends(errno), "{errno}");
        }
        for errno in [EBADF, EINVAL, ENOTSOCK] {
            assert!(ends(errno), "{errno}");
        }
    }
}
