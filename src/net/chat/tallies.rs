//! How many datagrams were not kept, said a few times a second however many they are. Pure: time is an argument here.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::event::ChatEvent;

/// From one tally that is said to the next one.
const PACE: Duration = Duration::from_millis(100);

/// Why a datagram was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Loss {
    /// Its address sends too much.
    Folded(SocketAddr),
    /// Its address is blocked.
    Blocked(SocketAddr),
    /// There was no room, and nobody knows for whose.
    Overflowed,
}

/// What was not kept since it was last said.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    /// In the order in which they are said.
    waiting: VecDeque<Loss>,
    counts: HashMap<Loss, u64>,
    due: Option<Instant>,
}

impl Tallies {
    /// So many datagrams more are lost.
    pub(super) fn add(&mut self, now: Instant, loss: Loss, datagrams: u64) {
        if datagrams == 0 {
            return;
        }
        let tally = self.counts.entry(loss).or_default();
        if *tally == 0 {
            self.waiting.push_back(loss);
        }
        *tally += datagrams;
        self.due.get_or_insert(now + PACE);
    }

    /// When the next tally is to be said; none where there is none.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The tally that has waited longest.
    pub(super) fn next(&mut self, now: Instant) -> Option<ChatEvent> {
        let loss = self.waiting.pop_front()?;
        let datagrams = self.counts.remove(&loss)?;
        self.due = (!self.waiting.is_empty()).then(|| now + PACE);
        Some(match loss {
            Loss::Folded(from) => ChatEvent::Folded(from, datagrams),
            Loss::Blocked(from) => ChatEvent::Blocked(from, datagrams),
            Loss::Overflowed => ChatEvent::Overflowed(datagrams),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9);

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any moment will do")]
    fn what_is_lost_is_said_once_in_turn_and_at_a_pace() {
        let (mut tallies, now) = (Tallies::default(), Instant::now());
        assert_eq!(tallies.due(), None);
        for _ in 0..1_000 {
            tallies.add(now, Loss::Folded(HERE), 1);
        }
        tallies.add(now, Loss::Overflowed, 0);
        tallies.add(now, Loss::Blocked(HERE), 7);
        let due = tallies.due().unwrap();
        assert_eq!(due, now + PACE);
        assert!(matches!(tallies.next(due), Some(ChatEvent::Folded(HERE, 1_000))));
        tallies.add(due, Loss::Folded(HERE), 1);
        assert_eq!(tallies.due(), Some(due + PACE));
        assert!(matches!(tallies.next(due), Some(ChatEvent::Blocked(HERE, 7))));
        assert!(matches!(tallies.next(due), Some(ChatEvent::Folded(HERE, 1))));
        assert!(tallies.next(due).is_none());
        assert_eq!(tallies.due(), None);
    }
}
