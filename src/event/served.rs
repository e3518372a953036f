//! What is told of the files that are served: of each request once it is answered, and of each answer while it is sent.
//! Data only.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;

use crate::text::Clean;

/// One request, after its answer has been sent or broke off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// When it came.
    pub at: Timestamp,
    /// Who asked.
    pub peer: SocketAddr,
    /// What for.
    pub request: Request,
    /// How it was answered.
    pub answer: Answer,
    /// How the answer ended.
    pub end: End,
    /// Bytes of the file or the page that were handed to the network; headers are not counted.
    pub bytes: u64,
    /// Bytes that the client sent to be kept; a form's own are counted too.
    pub received: u64,
    /// From the request to the end of the answer.
    pub took: Duration,
    /// Requests between this and the last one that was told, that were not: nobody had read the log.
    pub untold: u64,
}

/// An answer that is being sent, or an upload that comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Who asked.
    pub peer: SocketAddr,
    /// What for.
    pub request: Request,
    /// Which way the bytes go.
    pub way: Way,
    /// Bytes of the file or the page, or of what is brought, where that is known.
    pub total: Option<u64>,
    /// Bytes of it that were handed to the network so far, or have come from there.
    pub bytes: u64,
    /// From the request until now.
    pub took: Duration,
}

/// Which way the bytes of a request go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To the client, who takes something.
    Out,
    /// From the client, who brings something that is to be kept.
    In,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A file, over the plain protocol.
    Plain(Clean),
    /// Something, over HTTP.
    Http {
        /// The method.
        method: Clean,
        /// The path, decoded, with its query.
        path: Clean,
    },
    /// It began like HTTP, and was none.
    Garbled,
    /// A private connection, that did not come to be (RFC 8446, section 4).
    Handshake,
}

/// How a request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// With a file, over the plain protocol.
    File,
    /// With nothing, over the plain protocol: there is no such file, or none that is served.
    Nothing,
    /// With this HTTP status (RFC 9110, section 15).
    Status(u16),
    /// With an HTTP error, as it was no HTTP after all.
    Refused,
    /// Not at all: the connection ended before, or never came to be.
    Unanswered,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All of it was handed to the network.
    Whole,
    /// The other side closed the connection, or the file could not be read to its announced end.
    BrokenOff,
    /// The client took nothing for longer than the server waits.
    Stalled,
    /// The server stopped, and did not wait any longer.
    CutOff,
}
