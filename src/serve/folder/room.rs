//! Room for lists: whose turn it is to have one made, and how much memory all that are under way take together.
//!
//! An address has no more of the memory than it leaves to others, so that there is some for each newcomer. Must never refuse
//! a list, however long, while there is no other.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Rows;
use crate::serve::guests::network;
use crate::serve::turns::Turns;

/// Lists that are made at the same time, each by as many threads as the machine has.
const AT_ONCE: usize = 3;

/// Bytes of all lists that are under way: some millions of rows.
pub(in crate::serve) const MEMORY: usize = 512_000_000;

/// The lists of a server.
#[derive(Debug)]
pub(in crate::serve) struct Lists {
    turns: Arc<Turns>,
    memory: usize,
    taken: Arc<Mutex<Taken>>,
}

/// What is taken of the memory, in bytes: in all, and by each address.
#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: HashMap<IpAddr, usize>,
}

/// What a list has of the memory for all, until this is dropped.
#[derive(Debug)]
pub(in crate::serve) struct Room {
    size: usize,
    from: IpAddr,
    taken: Arc<Mutex<Taken>>,
}

impl Room {
    /// In bytes.
    pub(in crate::serve) fn size(&self) -> usize {
        self.size
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all -= self.size;
        if let Some(by) = taken.by.get_mut(&self.from) {
            *by -= self.size;
            if *by == 0 {
                taken.by.remove(&self.from);
            }
        }
    }
}

impl Lists {
    /// Lists that take so many bytes at most.
    pub(in crate::serve) fn new(memory: usize) -> Self {
        Self { turns: Turns::new(AT_ONCE), memory, taken: Arc::default() }
    }

    /// Whose turn it is to have a list made, or more of what is made of one.
    pub(in crate::serve) fn turns(&self) -> &Arc<Turns> {
        &self.turns
    }

    /// Room for a list of an answer to this address that `has` so much for others already; [`io::ErrorKind::OutOfMemory`]
    /// where there is none. No answer has more than there is for all, so that each can be given where it is alone.
    pub(in crate::serve) fn room(&self, rows: &Rows, has: usize, from: IpAddr) -> io::Result<Room> {
        let from = network(from);
        let mut taken = lock(&self.taken);
        let size = rows.size().min(self.memory.saturating_sub(has));
        let free = self.memory.saturating_sub(taken.all);
        let others = taken.by.get(&from).map_or(0, |own| own - has.min(*own));
        let leaves_enough = others == 0 || others + size <= free.saturating_sub(size);
        if size > free || !leaves_enough {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        taken.all += size;
        *taken.by.entry(from).or_default() += size;
        Ok(Room { size, from, taken: Arc::clone(&self.taken) })
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::serve::beneath::Seen;
    use crate::serve::folder::{Column, Direction, Order, Share};

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

    fn rows(names: usize) -> Rows {
        let mut share = Share::new(Order { column: Column::Name, direction: Direction::Ascending });
        let seen = Seen { st_mode: 0o100_644, length: 0, seconds: 0, nanoseconds: 0 };
        (0..names).for_each(|_| share.add(&[b'x'; 100], seen, false));
        Rows::new(vec![share.sorted()], 0)
    }

    #[test]
    fn lists_have_room_as_long_as_there_is_some_and_each_where_it_is_alone() {
        let lists = Lists::new(10_000);
        assert!(rows(10).size() >= 1000);
        let small = [HERE, HERE, OTHER].map(|from| lists.room(&rows(10), 0, from).unwrap());
        assert_eq!(lists.room(&rows(100), 0, HERE).unwrap_err().kind(), io::ErrorKind::OutOfMemory);
        drop(small);
        let large = lists.room(&rows(1000), 0, HERE).unwrap();
        assert!(lists.room(&rows(1), 0, HERE).is_err());
        assert!(lists.room(&rows(1000), large.size(), HERE).is_ok(), "all of one answer are one");
        drop(large);
        assert!(lists.room(&rows(1), 0, HERE).is_ok());
        assert!(lock(&lists.taken).by.is_empty());
    }

    #[test]
    fn one_address_leaves_room_for_others_however_many_lists_it_asks_for() {
        let lists = Lists::new(100_000);
        let all: Vec<_> = (0..100).map_while(|_| lists.room(&rows(10), 0, HERE).ok()).collect();
        assert!(all.len() > 10, "{}", all.len());
        assert!(lists.room(&rows(100), 0, OTHER).is_ok());
    }
}
