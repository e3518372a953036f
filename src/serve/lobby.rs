//! The waiting room: connections that were accepted and wait for a slot, a bounded queue.
//!
//! Owns who of them is next: the address that has the fewest slots. Where it is full, the address with the most connections in
//! it loses its last one. Must never let those of one address keep others from being seen.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;

use super::guests::{Guests, network};

/// Connections that wait, by how many slots there are: each holds a descriptor.
const SLOTS_FOR_ONE: usize = 8;
const MOST: usize = 64;

/// Those who wait, the first one first.
#[derive(Debug)]
pub(super) struct Lobby<T = TcpStream> {
    waiting: VecDeque<(T, SocketAddr)>,
    most: usize,
}

impl<T> Lobby<T> {
    /// For a server with so many slots.
    pub(super) fn new(slots: usize) -> Self {
        Self { waiting: VecDeque::new(), most: (slots / SLOTS_FOR_ONE).clamp(1, MOST) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Somebody has come.
    pub(super) fn enter(&mut self, stream: T, peer: SocketAddr) {
        self.waiting.push_back((stream, peer));
        if self.waiting.len() > self.most {
            let of = |ip: IpAddr| {
                self.waiting.iter().filter(|(_, other)| network(other.ip()) == network(ip)).count()
            };
            // Of several that are the last.
            let crowd = self.waiting.iter().enumerate().max_by_key(|(_, (_, peer))| of(peer.ip()));
            if let Some((at, _)) = crowd {
                self.waiting.remove(at);
            }
        }
    }

    /// The next one who is let in, or turned away.
    pub(super) fn next(&mut self, guests: &Guests) -> Option<(T, SocketAddr)> {
        if self.waiting.is_empty() {
            return None;
        }
        let have_room = guests.have_room();
        let decided = self.waiting.iter().enumerate();
        let decided = decided.filter(|(_, (_, peer))| have_room || guests.decides(peer.ip()));
        let (at, _) = decided.min_by_key(|(_, (_, peer))| guests.of(peer.ip()))?;
        self.waiting.remove(at)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::serve::Limits;

    fn peer(last: u8) -> SocketAddr {
        (Ipv4Addr::new(127, 0, 0, last), 1).into()
    }

    #[test]
    fn a_newcomer_is_seen_however_many_of_another_address_wait() {
        let mut guests = Guests::new(&Limits { connections: 16, per_address: 16, ..Limits::default() });
        let mut busy = || {
            let guest = guests.admit(peer(1).ip()).unwrap().1;
            guest.owes();
            guest
        };
        let all: Vec<_> = (0..16).map(|_| busy()).collect();
        let mut lobby = Lobby::new(16);
        (0..100).for_each(|number| lobby.enter(number, peer(1)));
        assert_eq!(lobby.waiting.len(), 2);
        // They are turned away: there is no other address to take a slot from.
        assert!(lobby.next(&guests).is_some() && lobby.next(&guests).is_some());
        assert!(lobby.is_empty());
        lobby.enter(100, peer(2));
        let (number, newcomer) = lobby.next(&guests).unwrap();
        assert_eq!(number, 100);
        assert!(guests.admit(newcomer.ip()).is_some());
        assert_eq!(all.iter().filter(|guest| guest.is_evicted()).count(), 1);
    }

    #[test]
    fn where_nobody_can_be_let_in_the_first_of_each_address_stays() {
        let mut guests = Guests::new(&Limits { connections: 16, per_address: 20, ..Limits::default() });
        for last in 1..=16 {
            guests.admit(peer(last).ip()).unwrap().1.owes();
        }
        let mut lobby = Lobby::new(16);
        for (number, last) in [(0, 1), (1, 1), (2, 1), (3, 17), (4, 1)] {
            lobby.enter(number, peer(last));
        }
        assert!(lobby.next(&guests).is_none());
        let left: Vec<_> = lobby.waiting.iter().map(|(number, _)| *number).collect();
        assert_eq!(left, [0, 3]);
    }
}
