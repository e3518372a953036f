//! Room for lists: whose turn it is to have one made, and how much memory all that are under way take together.
//!
//! An address has no more of the memory than it leaves to others, so that there is some for each newcomer. Must never refuse
//! a list, however long, while there is no other.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::batch::Batches;
use crate::serve::guests::network;
use crate::serve::turns::Turns;

/// Threads that make lists and archives at the same time, besides those that help where nobody waits.
const AT_ONCE: usize = 3;

/// Bytes of all lists that are under way: some millions of rows.
pub(in crate::serve) const MEMORY: usize = 512_000_000;

/// The lists of a server.
#[derive(Debug)]
pub(in crate::serve) struct Lists {
    turns: Arc<Turns>,
    batches: Batches,
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
    /// What the same answer has for other lists.
    has: usize,
    from: IpAddr,
    memory: usize,
    taken: Arc<Mutex<Taken>>,
}

impl Room {
    /// Makes it so large; [`io::ErrorKind::OutOfMemory`] where there is not so much. No answer has more than there is for all,
    /// so that each can be given where it is alone.
    pub(in crate::serve) fn grow(&mut self, size: usize) -> io::Result<()> {
        let mut taken = lock(&self.taken);
        let size = size.min(self.memory.saturating_sub(self.has)).max(self.size);
        let free = self.memory.saturating_sub(taken.all - self.size);
        let own = taken.by.get(&self.from).map_or(0, |own| own - self.size);
        let others = own - self.has.min(own);
        let leaves_enough = others == 0 || others + size <= free.saturating_sub(size);
        if size > free || !leaves_enough {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let more = size - self.size;
        taken.all += more;
        *taken.by.entry(self.from).or_default() += more;
        self.size = size;
        Ok(())
    }

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
        Self { turns: Turns::new(AT_ONCE), batches: Batches::default(), memory, taken: Arc::default() }
    }

    /// Whose turn it is to have a list made, or more of what is made of one.
    pub(in crate::serve) fn turns(&self) -> &Arc<Turns> {
        &self.turns
    }

    /// No room yet for a list of an answer to this address that `has` so much for others already.
    pub(in crate::serve) fn room(&self, from: IpAddr, has: usize) -> Room {
        Room { size: 0, has, from: network(from), memory: self.memory, taken: Arc::clone(&self.taken) }
    }

    /// The lists that wait to be made.
    pub(in crate::serve) fn batches(&self) -> &Batches {
        &self.batches
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

    fn room(lists: &Lists, size: usize, has: usize, from: IpAddr) -> io::Result<Room> {
        let mut room = lists.room(from, has);
        room.grow(size / 2)?;
        room.grow(size)?;
        Ok(room)
    }

    #[test]
    fn lists_have_room_as_long_as_there_is_some_and_each_where_it_is_alone() {
        let lists = Lists::new(10_000);
        let small = [HERE, HERE, OTHER].map(|from| room(&lists, 1000, 0, from).unwrap());
        assert_eq!(room(&lists, 10_000, 0, HERE).unwrap_err().kind(), io::ErrorKind::OutOfMemory);
        assert_eq!(lock(&lists.taken).all, 3000, "what has no room to grow gives back what it had");
        drop(small);
        let large = room(&lists, 100_000, 0, HERE).unwrap();
        assert!(room(&lists, 100, 0, HERE).is_err());
        assert!(room(&lists, 100_000, large.size(), HERE).is_ok(), "all of one answer are one");
        drop(large);
        assert!(room(&lists, 100, 0, HERE).is_ok());
        assert!(lock(&lists.taken).by.is_empty());
    }

    #[test]
    fn one_address_leaves_room_for_others_however_many_lists_it_asks_for() {
        let lists = Lists::new(100_000);
        let all: Vec<_> = (0..100).map_while(|_| room(&lists, 1000, 0, HERE).ok()).collect();
        assert!(all.len() > 10, "{}", all.len());
        assert!(room(&lists, 10_000, 0, OTHER).is_ok());
    }
}
