//! The vocabulary of all that goes out: what the program asks the world to do. Data only.

use std::net::SocketAddr;

use crate::event::{MessageId, RequestId, TransferId};
use crate::wire::address::Endpoint;
use crate::wire::source::Source;

mod recent;

pub use recent::Recent;

/// Everything that the program can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send a text as one datagram, or several where it is longer than one may be.
    Send {
        /// Comes back with what became of it.
        id: MessageId,
        /// To whom.
        to: SocketAddr,
        /// What.
        text: String,
    },
    /// Look the addresses of a host up.
    Resolve {
        /// Comes back with the answer.
        request: RequestId,
        /// Whose.
        endpoint: Endpoint,
    },
    /// List a folder of a server.
    Browse {
        /// Comes back with the answer.
        request: RequestId,
        /// Which folder of which server.
        source: Source,
    },
    /// An answer to this is of no use any more.
    Forget(RequestId),
    /// Download a file.
    Fetch {
        /// Comes back with everything that becomes of it.
        id: TransferId,
        /// Which file of which server.
        source: Source,
    },
    /// Stop a download and leave nothing of it.
    Cancel(TransferId),
    /// Keep this for the next run, in place of what was kept before.
    Remember(Recent),
    /// Draw every cell anew: another program may have written over them.
    Redraw,
    /// Give the terminal back to the shell until the user says `fg`.
    Suspend,
    /// End the program.
    Quit,
}
