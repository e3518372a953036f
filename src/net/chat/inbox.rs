//! What becomes of a datagram that has arrived: kept, or only counted. Owns who is blocked, and never waits.

use std::collections::HashSet;
use std::net::SocketAddr;

use jiff::Timestamp;
use tokio::time::Instant;

use super::budget::{Budget, Verdict};
use super::tallies::{Loss, Tallies};
use super::{Arrival, Noise};
use crate::event::Datagram;
use crate::net::canonical;
use crate::text::clean_text;
use crate::wire::Raw;

/// What is kept of what arrives, and how much is not.
#[derive(Debug)]
pub(super) struct Inbox {
    /// Ours. What comes back from it is our own.
    port: u16,
    blocked: HashSet<SocketAddr>,
    /// None where all is kept.
    budget: Option<Budget>,
    pub(super) tallies: Tallies,
}

impl Inbox {
    pub(super) fn new(port: u16, noise: Noise) -> Self {
        let budget = match noise {
            Noise::Kept => None,
            Noise::Folded => Some(Budget::default()),
        };
        Self { port, blocked: HashSet::new(), budget, tallies: Tallies::default() }
    }

    /// Nothing of these addresses is kept, and nothing else is thrown away for who sent it.
    pub(super) fn block(&mut self, addresses: Vec<SocketAddr>) {
        self.blocked = addresses.into_iter().map(canonical).collect();
    }

    /// The user writes to this address.
    pub(super) fn acquaint(&mut self, address: SocketAddr) {
        if let Some(budget) = &mut self.budget {
            budget.acquaint(address);
        }
    }

    /// The datagram that is kept; what is not is counted.
    pub(super) fn take(&mut self, now: Instant, arrival: &Arrival<'_>) -> Option<Datagram> {
        let from = canonical(arrival.from);
        // What we wrote to everyone comes to us, too.
        if arrival.own && from.port() == self.port {
            return None;
        }
        match self.loss(now, from, arrival.bytes.len()) {
            Some(loss) => {
                self.tallies.add(now, loss, 1);
                None
            }
            None => Some(datagram(from, arrival)),
        }
    }

    fn loss(&mut self, now: Instant, from: SocketAddr, length: usize) -> Option<Loss> {
        if self.blocked.contains(&from) {
            return Some(Loss::Blocked(from));
        }
        match self.budget.as_mut()?.judge(now, from, length) {
            Verdict::Kept => None,
            Verdict::Noisy => Some(Loss::Folded(from)),
            Verdict::Crowded => Some(Loss::Overflowed),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the moment of arrival is known here only")]
fn datagram(from: SocketAddr, arrival: &Arrival<'_>) -> Datagram {
    let raw = Raw(bytes::Bytes::copy_from_slice(arrival.bytes));
    let text = clean_text(arrival.bytes);
    Datagram { from, at: Timestamp::now(), text, raw, broadcast: arrival.broadcast }
}
