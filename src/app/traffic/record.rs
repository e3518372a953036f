//! One thing that went over the wire, or failed to: its forms, and what can be asked of each.
//! Never holds more of a datagram than its beginning.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use crate::event::{Fault, MessageId, RequestId, TransferId};
use crate::text::Clean;
use crate::wire::Raw;
use crate::wire::address::{Endpoint, Host};
use crate::wire::peer::{EVERYONE, Peer};

/// Of each datagram, and of each name of a file, so many bytes are kept.
pub const BYTE_LIMIT: usize = 1024;

/// Something that went over the wire, or failed to.
#[derive(Debug, Clone)]
pub struct Record {
    /// Which one: the first is 1.
    pub nth: u64,
    /// When.
    pub at: Timestamp,
    /// With whom.
    pub whom: Whom,
    /// What.
    pub what: What,
}

/// With whom something went over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Nobody can say.
    Unknown,
    /// Who sends and receives datagrams.
    Peer(Peer),
    /// A machine as it was typed: a server, or a name that is looked up.
    Host(Endpoint),
}

/// What went over the wire, or failed to.
#[derive(Debug, Clone)]
pub enum What {
    /// A datagram came.
    Received {
        /// Its bytes.
        bytes: Kept,
        /// Whether it came to a broadcast address.
        broadcast: bool,
    },
    /// A datagram of a message.
    Sent {
        /// The message.
        id: MessageId,
        /// Its bytes.
        bytes: Kept,
        /// Which of the message's datagrams it is, from 1, and how many these are.
        part: (usize, usize),
        /// How far it is.
        fate: Fate,
    },
    /// A message could not be handed to the network.
    NotSent(Fault),
    /// The network says that a datagram did not arrive: ICMP (RFC 792, RFC 4443).
    Bounced(Fault),
    /// So many datagrams came and are nowhere to be found.
    Lost(Loss, u64),
    /// The socket is of no use any more.
    Down(Fault),
    /// The addresses of a name are asked for.
    Lookup(RequestId),
    /// These are the first of them.
    Resolved(Vec<SocketAddr>),
    /// There are none.
    Unresolved(Fault),
    /// A server is asked for a folder's list.
    List(RequestId, Clean),
    /// A server is asked for a file.
    Fetch(TransferId, Clean),
    /// It has a list of so many entries.
    Listed(usize),
    /// It closed without a word: a plain server.
    Plain,
    /// It sends a file of so many bytes, where it says how many.
    Started(Option<u64>),
    /// All bytes of it came, so many and in this time.
    Finished(u64, Duration),
    /// The connection failed, or what came through it is of no use.
    Failed(Fault),
    /// We gave up what went this way.
    Stopped(Carrier),
}

/// Why datagrams are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Who sent them sends too many.
    Folded,
    /// Who sent them is blocked.
    Blocked,
    /// The system had no room for them.
    Overflowed,
}

/// What became of a datagram of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It waits for the network.
    Queued,
    /// The network has it.
    Sent,
    /// The network did not take it.
    Failed,
}

/// A datagram's length, and the first [`BYTE_LIMIT`] of its bytes.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Bytes that it had.
    pub length: usize,
    /// Its beginning.
    pub start: Raw,
}

/// To whom the records are narrowed down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Only {
    /// A machine by its address, whatever the port.
    Address(IpAddr),
    /// A machine by its name.
    Name(String),
    /// What goes to everybody, or came to everybody.
    Everyone,
}

/// Which way something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Towards us.
    In,
    /// Away from us.
    Out,
    /// It did not leave this machine.
    Here,
}

/// How something went over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// A datagram (RFC 768).
    Udp,
    /// A connection (RFC 9293).
    Tcp,
    /// What the network says about a datagram.
    Icmp,
    /// The resolver.
    Name,
}

impl Kept {
    pub(super) fn of(bytes: &[u8]) -> Self {
        // Copied: a part of the whole would keep the whole.
        let start = Bytes::copy_from_slice(&bytes[..bytes.len().min(BYTE_LIMIT)]);
        Self { length: bytes.len(), start: Raw(start) }
    }
}

impl Only {
    /// The machine of this address or name.
    #[must_use]
    pub fn host(host: &Host) -> Self {
        match host {
            Host::V4(address) => Self::Address((*address).into()),
            Host::V6(address, _) => Self::Address((*address).into()),
            Host::Name(name) => Self::Name(name.clone()),
        }
    }

    /// This peer, whatever the port.
    #[must_use]
    pub fn peer(peer: Peer) -> Self {
        peer.address().map_or(Self::Everyone, |address| Self::Address(address.ip()))
    }

    /// Whether the record is about that machine, or may be.
    pub(super) fn has(&self, record: &Record) -> bool {
        let whom = match &record.whom {
            Whom::Unknown => return true,
            Whom::Peer(peer) => Self::peer(*peer),
            Whom::Host(endpoint) => Self::host(&endpoint.host),
        };
        let besides = match (self, &record.what) {
            (Self::Address(ip), What::Resolved(addresses)) => addresses.iter().any(|one| one.ip() == *ip),
            (Self::Everyone, What::Received { broadcast, .. }) => *broadcast,
            (Self::Address(_) | Self::Name(_) | Self::Everyone, _) => false,
        };
        whom == *self || besides
    }
}

impl Record {
    /// Which way it went.
    #[must_use]
    pub fn way(&self) -> Way {
        match &self.what {
            What::Sent { .. } | What::Lookup(_) | What::List(..) | What::Fetch(..) => Way::Out,
            What::NotSent(_) | What::Down(_) | What::Stopped(_) | What::Lost(Loss::Overflowed, _) => {
                Way::Here
            }
            What::Received { .. }
            | What::Bounced(_)
            | What::Lost(Loss::Folded | Loss::Blocked, _)
            | What::Resolved(_)
            | What::Unresolved(_)
            | What::Listed(_)
            | What::Plain
            | What::Started(_)
            | What::Finished(..)
            | What::Failed(_) => Way::In,
        }
    }

    /// How it went.
    #[must_use]
    pub fn carrier(&self) -> Carrier {
        match &self.what {
            What::Received { .. } | What::Sent { .. } | What::NotSent(_) | What::Lost(..) | What::Down(_) => {
                Carrier::Udp
            }
            What::Bounced(_) => Carrier::Icmp,
            What::Lookup(_) | What::Resolved(_) | What::Unresolved(_) => Carrier::Name,
            What::List(..)
            | What::Fetch(..)
            | What::Listed(_)
            | What::Plain
            | What::Started(_)
            | What::Finished(..)
            | What::Failed(_) => Carrier::Tcp,
            What::Stopped(carrier) => *carrier,
        }
    }

    /// The datagram, where it is one.
    #[must_use]
    pub fn datagram(&self) -> Option<&Kept> {
        if let What::Received { bytes, .. } | What::Sent { bytes, .. } = &self.what {
            Some(bytes)
        } else {
            None
        }
    }
}

impl fmt::Display for Whom {
    /// As users write it; nothing where nobody is known.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => Ok(()),
            Self::Peer(peer) => peer.fmt(out),
            Self::Host(endpoint) => endpoint.fmt(out),
        }
    }
}

impl fmt::Display for Only {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(out),
            Self::Name(name) => out.write_str(name),
            Self::Everyone => out.write_str(EVERYONE),
        }
    }
}
