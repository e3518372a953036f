//! What became of a message.

use super::Fault;

/// Whose a message is, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It came from the peer.
    Received,
    /// So many messages came from the peer of which nothing is kept: there were too many at a time.
    Folded(u64),
    /// Ours; on its way to the network.
    Queued,
    /// Ours; handed to the network. Nobody can say more of a plain peer.
    Sent,
    /// Ours; the peer's machine said that nobody listens.
    Refused,
    /// Ours; it did not go out, and why.
    Failed(Fault),
}

impl Delivery {
    /// Whether the message is one of ours.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        !matches!(self, Self::Received | Self::Folded(_))
    }

    /// Whether it is a message of ours that did not get through.
    #[must_use]
    pub fn is_undelivered(&self) -> bool {
        matches!(self, Self::Refused | Self::Failed(_))
    }
}
