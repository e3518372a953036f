//! A fair semaphore: turns are given round robin by address, so that however much one address asks for, another one waits
//! for at most one turn of each.
//!
//! Owns the queue of each address and how many turns it has. Whoever stops waiting is forgotten. One address never has all
//! turns, where there are several.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::task::{JoinError, spawn_blocking};

use super::guests::network;

/// So many turns at the same time.
#[derive(Debug)]
pub(super) struct Turns {
    queues: Mutex<Queues>,
    /// The most that one address has.
    most_of_one: usize,
}

#[derive(Debug, Default)]
struct Queues {
    free: usize,
    /// The address whose turn it is comes first; none of them is empty.
    waiting: VecDeque<(IpAddr, VecDeque<oneshot::Sender<Turn>>)>,
    held: HashMap<IpAddr, usize>,
}

/// For whom work is done, and whether they still wait for it. A clone is the same client.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) address: IpAddr,
    has_gone: Arc<AtomicBool>,
}

impl Client {
    pub(super) fn new(address: IpAddr) -> Self {
        Self { address, has_gone: Arc::default() }
    }

    /// Whether nobody waits any more: whatever is done for them is in vain.
    pub(super) fn has_gone(&self) -> bool {
        self.has_gone.load(Ordering::Relaxed)
    }

    /// Does work for them on a thread. It is told that they have gone when this is dropped before it is done.
    pub(super) async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let leaving = Leaving(Some(Arc::clone(&self.has_gone)));
        let done = spawn_blocking(move || work(&self)).await;
        leaving.stays();
        done
    }
}

/// Tells that a client has gone when it is dropped.
struct Leaving(Option<Arc<AtomicBool>>);

impl Leaving {
    fn stays(mut self) {
        self.0 = None;
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some(has_gone) = &self.0 {
            has_gone.store(true, Ordering::Relaxed);
        }
    }
}

/// A turn, until this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    from: IpAddr,
    /// None where it was never given.
    turns: Option<Arc<Turns>>,
}

impl Turns {
    pub(super) fn new(free: usize) -> Arc<Self> {
        let queues = Mutex::new(Queues { free, ..Queues::default() });
        Arc::new(Self { queues, most_of_one: free.saturating_sub(1).max(1) })
    }

    /// Waits for a turn. Dropping the future leaves the queue.
    pub(super) async fn take(self: &Arc<Self>, from: IpAddr) -> Turn {
        let from = network(from);
        loop {
            let (tell, told) = oneshot::channel();
            {
                let mut queues = self.lock();
                queues.join(from, tell);
                self.give(&mut queues);
            }
            // It is told unless it is given up.
            if let Ok(turn) = told.await {
                return turn;
            }
        }
    }

    /// Gives what is free to those who wait.
    fn give(self: &Arc<Self>, queues: &mut Queues) {
        while let Some((from, tell)) = queues.next(self.most_of_one) {
            if let Err(mut refused) = tell.send(Turn { from, turns: Some(Arc::clone(self)) }) {
                refused.turns = None;
                continue;
            }
            queues.free -= 1;
            *queues.held.entry(from).or_default() += 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queues {
    fn join(&mut self, from: IpAddr, tell: oneshot::Sender<Turn>) {
        if let Some((_, queue)) = self.waiting.iter_mut().find(|(of, _)| *of == from) {
            // So that it does not grow by those who come and go.
            queue.retain(|tell| !tell.is_closed());
            queue.push_back(tell);
        } else {
            self.waiting.push_back((from, VecDeque::from([tell])));
        }
    }

    /// Who is next, if there is a turn for them; their address goes to the end.
    fn next(&mut self, most_of_one: usize) -> Option<(IpAddr, oneshot::Sender<Turn>)> {
        if self.free == 0 {
            return None;
        }
        let may = |of: &IpAddr| self.held.get(of).is_none_or(|held| *held < most_of_one);
        let at = self.waiting.iter().position(|(of, _)| may(of))?;
        let (from, mut queue) = self.waiting.remove(at)?;
        let tell = queue.pop_front()?;
        if !queue.is_empty() {
            self.waiting.push_back((from, queue));
        }
        Some((from, tell))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(turns) = self.turns.take() else { return };
        let mut queues = turns.lock();
        queues.free += 1;
        if let Some(held) = queues.held.get_mut(&self.from) {
            *held -= 1;
            if *held == 0 {
                queues.held.remove(&self.from);
            }
        }
        turns.give(&mut queues);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use futures_util::FutureExt as _;
    use futures_util::future::BoxFuture;

    use super::*;

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(127, 0, 0, last).into()
    }

    /// One who waits for a turn, and is in the queue already.
    fn waiting(turns: &Arc<Turns>, last: u8) -> BoxFuture<'static, Turn> {
        let turns = Arc::clone(turns);
        let mut taking = async move { turns.take(address(last)).await }.boxed();
        assert!((&mut taking).now_or_never().is_none());
        taking
    }

    fn taken(turns: &Arc<Turns>, last: u8) -> Turn {
        turns.take(address(last)).now_or_never().unwrap()
    }

    #[test]
    fn a_newcomer_waits_for_one_turn_of_each_other_address_however_many_wait_there() {
        let turns = Turns::new(1);
        let mut turn = taken(&turns, 1);
        let mut first: Vec<_> = (0..100).map(|_| waiting(&turns, 1)).collect();
        let mut second: Vec<_> = (0..100).map(|_| waiting(&turns, 2)).collect();
        let mut newcomer = waiting(&turns, 3);
        for queue in [&mut first, &mut second] {
            drop(turn);
            assert!((&mut newcomer).now_or_never().is_none());
            turn = (&mut queue[0]).now_or_never().unwrap();
        }
        drop(turn);
        assert!(newcomer.now_or_never().is_some());
    }

    #[test]
    fn one_address_leaves_a_turn_for_others() {
        let turns = Turns::new(3);
        let _both = [taken(&turns, 1), taken(&turns, 1)];
        let mut third = waiting(&turns, 1);
        let other = taken(&turns, 2);
        drop(other);
        assert!((&mut third).now_or_never().is_none());
    }

    #[test]
    fn who_waits_no_more_is_passed_over_and_takes_no_turn_along() {
        let turns = Turns::new(1);
        let turn = taken(&turns, 1);
        let gone = waiting(&turns, 2);
        let given = waiting(&turns, 3);
        let mut last = waiting(&turns, 4);
        drop(gone);
        drop(turn);
        // It was given a turn that it never looks at.
        assert!((&mut last).now_or_never().is_none());
        drop(given);
        drop(last.now_or_never().unwrap());
        let queues = turns.lock();
        assert_eq!((queues.free, queues.held.len(), queues.waiting.len()), (1, 0, 0));
    }

    #[tokio::test]
    async fn work_is_told_that_nobody_waits_for_it_any_more() {
        let client = Client::new(address(1));
        assert!(!client.clone().work(Client::has_gone).await.unwrap());
        let (seen, seeing) = oneshot::channel();
        let mut working = Box::pin(client.work(|client| {
            while !client.has_gone() {
                std::thread::yield_now();
            }
            let _ = seen.send(());
        }));
        assert!((&mut working).now_or_never().is_none());
        drop(working);
        seeing.await.unwrap();
    }

    #[test]
    fn those_who_come_and_go_are_not_remembered() {
        let turns = Turns::new(1);
        let _turn = taken(&turns, 1);
        (0..1000).for_each(|_| drop(waiting(&turns, 2)));
        assert!(turns.lock().waiting[0].1.len() <= 1);
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let turns = Turns::new(2);
        let taken = |address: &str| turns.take(address.parse().unwrap()).now_or_never();
        let _turn = taken("fd00::1").unwrap();
        assert!(taken("fd00::2").is_none());
        assert!(taken("fd00:0:0:1::1").is_some());
    }
}
