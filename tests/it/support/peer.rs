//! A stand-in for the course's chat program: a socket, and nothing clever. It blocks, and gives up after a while.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// Far longer than anything takes on loopback.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A peer that listens on a port of its own.
pub(crate) struct Peer {
    socket: UdpSocket,
}

impl Peer {
    pub(crate) fn new() -> Self {
        Self::on("127.0.0.1:0")
    }

    pub(crate) fn on(address: &str) -> Self {
        let socket = UdpSocket::bind(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// Reads one datagram as `recvfrom(1024)` does: what is longer is lost.
    pub(crate) fn receive(&self) -> (Vec<u8>, SocketAddr) {
        let mut buffer = [0; 1024];
        let (length, from) = self.socket.recv_from(&mut buffer).unwrap();
        (buffer[..length].to_vec(), from)
    }

    /// Reads one datagram, decodes it, and dies where it cannot, as a course program does.
    pub(crate) fn receive_text(&self) -> String {
        String::from_utf8(self.receive().0).unwrap()
    }

    pub(crate) fn send(&self, bytes: &[u8], to: SocketAddr) {
        self.socket.send_to(bytes, to).unwrap();
    }

    /// Nothing more is there to read.
    pub(crate) fn heard_nothing(&self) -> bool {
        self.socket.set_nonblocking(true).unwrap();
        let nothing = self.socket.recv_from(&mut [0; 1]).is_err();
        self.socket.set_nonblocking(false).unwrap();
        nothing
    }
}

/// A port that refuses datagrams, and that no other test can get meanwhile: its socket listens to port 1 only.
pub(crate) struct Nobody {
    socket: UdpSocket,
}

impl Nobody {
    pub(crate) fn new() -> Self {
        Self::on("127.0.0.1:0", "127.0.0.1:1")
    }

    pub(crate) fn on(address: &str, only_from: &str) -> Self {
        let socket = UdpSocket::bind(address).unwrap();
        socket.connect(only_from).unwrap();
        Self { socket }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }
}
