//! Room for lists: how many are made at the same time, and how much memory all that are under way take together.
//!
//! Must never refuse a list, however long, while there is no other.

use std::io;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Rows;

/// Lists that are made at the same time, each by as many threads as the machine has.
const AT_ONCE: usize = 4;

/// Bytes of all lists that are under way: some millions of rows.
pub(in crate::serve) const MEMORY: u32 = 512_000_000;

/// The lists of a server.
#[derive(Debug)]
pub(in crate::serve) struct Lists {
    turns: Semaphore,
    memory: u32,
    free: Arc<Semaphore>,
}

/// What a list has of the memory for all, until this is dropped.
#[derive(Debug)]
pub(in crate::serve) struct Room(OwnedSemaphorePermit);

impl Room {
    /// In bytes.
    pub(in crate::serve) fn size(&self) -> usize {
        self.0.num_permits()
    }
}

impl Lists {
    /// Lists that take so many bytes at most.
    pub(in crate::serve) fn new(memory: u32) -> Self {
        Self { turns: Semaphore::new(AT_ONCE), memory, free: Arc::new(Semaphore::new(memory as usize)) }
    }

    /// Makes a list when it is its turn. Only for threads that may wait.
    pub(in crate::serve) fn make(&self, make: impl FnOnce() -> io::Result<Rows>) -> io::Result<Rows> {
        let _turn = Handle::current().block_on(self.turns.acquire());
        make()
    }

    /// Room for a list of an answer that `has` so much for others already; [`io::ErrorKind::OutOfMemory`] where there is
    /// none. No answer has more than there is for all, so that each can be given where it is alone.
    pub(in crate::serve) fn room(&self, rows: &Rows, has: usize) -> io::Result<Room> {
        let wanted = u32::try_from(rows.size()).unwrap_or(u32::MAX);
        let left = self.memory.saturating_sub(u32::try_from(has).unwrap_or(u32::MAX));
        let room = Arc::clone(&self.free).try_acquire_many_owned(wanted.min(left));
        room.map(Room).map_err(|_| io::ErrorKind::OutOfMemory.into())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::JoinSet;

    use super::*;
    use crate::serve::beneath::Seen;
    use crate::serve::folder::{Column, Direction, Order, Share};

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
        let small = [(); 4].map(|()| lists.room(&rows(10), 0).unwrap());
        assert_eq!(lists.room(&rows(100), 0).unwrap_err().kind(), io::ErrorKind::OutOfMemory);
        drop(small);
        let large = lists.room(&rows(1000), 0).unwrap();
        assert!(lists.room(&rows(1), 0).is_err());
        assert!(lists.room(&rows(1000), large.size()).is_ok(), "all of one answer are one");
        drop(large);
        assert!(lists.room(&rows(1), 0).is_ok());
    }

    #[tokio::test]
    async fn only_so_many_lists_are_made_at_the_same_time() {
        let lists = Arc::new(Lists::new(MEMORY));
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut making = JoinSet::new();
        for _ in 0..50 {
            let (lists, now, most) = (Arc::clone(&lists), Arc::clone(&now), Arc::clone(&most));
            making.spawn_blocking(move || {
                lists.make(|| {
                    most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                    (0..1000).for_each(|_| std::thread::yield_now());
                    now.fetch_sub(1, Ordering::Relaxed);
                    Ok(rows(1))
                })
            });
        }
        assert!(making.join_all().await.iter().all(Result::is_ok));
        assert!(most.load(Ordering::Relaxed) <= AT_ONCE, "{most:?}");
    }
}
