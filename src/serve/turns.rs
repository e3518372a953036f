//! A fair semaphore with time slices: a turn goes to the address that had the fewest so far (least attained service, of those
//! the one that has waited for the longest), so that a newcomer comes first, however much others ask for.
//!
//! Owns the queue of each address, and how many turns it has and had. Work that takes longer than a slice [passes](Client::pass)
//! its turn to an address that had fewer, and goes on when it has one again. Only so much work is begun at the same time, as
//! each holds a thread and memory. Whoever stops waiting is forgotten. One address never has all turns, where there are several.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use tokio::sync::oneshot;
use tokio::task::{JoinError, spawn_blocking};

use super::guests::network;

/// Work that is begun at the same time, be it that it has passed its turn.
const BEGUN: usize = 32;

/// After so many slices all addresses count as if they had had half of theirs: what was long ago counts little.
const HALVED_AFTER: u64 = 512;

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
    begun: usize,
    /// None of them is empty. The address that was served last is the last one. What has begun comes first in each.
    waiting: VecDeque<(IpAddr, VecDeque<Waiting>)>,
    held: HashMap<IpAddr, usize>,
    /// Slices that each address had, and all together.
    had: HashMap<IpAddr, u64>,
    all: u64,
}

/// Who waits for a turn.
#[derive(Debug)]
enum Waiting {
    ToBegin(oneshot::Sender<Turn>),
    /// On a thread, and whether nobody waits for what it does.
    ToGoOn(mpsc::SyncSender<()>, Arc<AtomicBool>),
}

/// For whom work is done, and whether they still wait for it. A clone is the same client.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) address: IpAddr,
    has_gone: Arc<AtomicBool>,
    /// Whose turns it passes on. It must have one of them.
    turns: Option<Arc<Turns>>,
}

impl Client {
    /// One whose work is never interrupted.
    pub(super) fn new(address: IpAddr) -> Self {
        Self { address, has_gone: Arc::default(), turns: None }
    }

    /// One whose work is done in turns.
    pub(super) fn in_turns(address: IpAddr, turns: &Arc<Turns>) -> Self {
        Self { turns: Some(Arc::clone(turns)), ..Self::new(address) }
    }

    /// Those who wait together for what is made for this one, too.
    pub(super) fn together(&self) -> Self {
        Self { has_gone: Arc::default(), ..self.clone() }
    }

    /// The same, with the turn of one of them.
    pub(super) fn with(&self, turn: &Turn) -> Self {
        Self { address: turn.from, ..self.clone() }
    }

    /// Whether nobody waits any more: whatever is done for them is in vain.
    pub(super) fn has_gone(&self) -> bool {
        self.has_gone.load(Ordering::Relaxed)
    }

    /// Nobody waits any more.
    pub(super) fn leaves(&self) {
        self.has_gone.store(true, Ordering::Relaxed);
    }

    /// The end of a slice of work, on a thread that has a turn for it: waits while that is the turn of an address that had
    /// fewer. To be called every few milliseconds.
    pub(super) fn pass(&self) {
        if let Some(turns) = &self.turns {
            turns.pass(network(self.address), &self.has_gone);
        }
    }

    /// Whether somebody waits for a turn, so that no more threads may work for this client than have one.
    pub(super) fn has_others_waiting(&self) -> bool {
        self.turns.as_ref().is_some_and(|turns| !turns.lock().waiting.is_empty())
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

    /// Gives a turn away for as long as another address had fewer slices than the one that has it, and waits.
    fn pass(self: &Arc<Self>, from: IpAddr, has_gone: &Arc<AtomicBool>) {
        let told = {
            let mut queues = self.lock();
            queues.charge(from);
            let had = queues.had(from);
            match queues.next(self.most_of_one) {
                // What only has to end, or an address that had fewer.
                Some((_, next)) if next.is_none_or(|next| next < had) => {}
                Some(_) | None => return,
            }
            let (tell, told) = mpsc::sync_channel(1);
            queues.release(from);
            queues.join_again(from, Waiting::ToGoOn(tell, Arc::clone(has_gone)));
            self.give(&mut queues);
            told
        };
        // It is told: whoever waits in this way is never forgotten.
        let _ = told.recv();
    }

    /// Gives what is free to those who wait.
    fn give(self: &Arc<Self>, queues: &mut Queues) {
        while queues.free > 0
            && let Some((at, _)) = queues.next(self.most_of_one)
        {
            let Some((from, waiting)) = queues.remove(at) else { return };
            match waiting {
                Waiting::ToBegin(tell) => {
                    if let Err(mut refused) = tell.send(Turn { from, turns: Some(Arc::clone(self)) }) {
                        refused.turns = None;
                        continue;
                    }
                    queues.begun += 1;
                    queues.charge(from);
                }
                Waiting::ToGoOn(tell, _) => drop(tell.send(())),
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
    fn queue(&mut self, from: IpAddr) -> &mut VecDeque<Waiting> {
        let at = self.waiting.iter().position(|(of, _)| *of == from).unwrap_or(self.waiting.len());
        if at == self.waiting.len() {
            self.waiting.push_back((from, VecDeque::new()));
        }
        &mut self.waiting[at].1
    }

    fn join(&mut self, from: IpAddr, tell: oneshot::Sender<Turn>) {
        let queue = self.queue(from);
        // So that it does not grow by those who come and go.
        queue.retain(|waiting| !matches!(waiting, Waiting::ToBegin(tell) if tell.is_closed()));
        queue.push_back(Waiting::ToBegin(tell));
    }

    fn join_again(&mut self, from: IpAddr, waiting: Waiting) {
        self.queue(from).push_front(waiting);
    }

    fn had(&self, from: IpAddr) -> u64 {
        self.had.get(&from).copied().unwrap_or_default()
    }

    fn charge(&mut self, from: IpAddr) {
        *self.had.entry(from).or_default() += 1;
        self.all += 1;
        if self.all.is_multiple_of(HALVED_AFTER) {
            self.had.retain(|_, had| {
                *had /= 2;
                *had > 0
            });
        }
    }

    fn release(&mut self, from: IpAddr) {
        self.free += 1;
        if let Some(held) = self.held.get_mut(&from) {
            *held -= 1;
            if *held == 0 {
                self.held.remove(&from);
            }
        }
    }

    /// Where in the queue the address is that is next, if any may have a turn, and how many it had. First comes what nobody
    /// waits for any more, whatever its address had: it only has to end.
    fn next(&self, most_of_one: usize) -> Option<(usize, Option<u64>)> {
        let may = |of: &IpAddr, first: &Waiting| match first {
            Waiting::ToGoOn(_, has_gone) if has_gone.load(Ordering::Relaxed) => Some(None),
            Waiting::ToBegin(_) if self.begun >= BEGUN => None,
            Waiting::ToBegin(_) | Waiting::ToGoOn(..) => {
                self.held.get(of).is_none_or(|held| *held < most_of_one).then(|| Some(self.had(*of)))
            }
        };
        let waiting = self.waiting.iter().enumerate();
        let may = waiting.filter_map(|(at, (of, queue))| Some((at, may(of, queue.front()?)?)));
        may.min_by_key(|(_, had)| *had)
    }

    /// Takes out who is first there; their address goes to the end.
    fn remove(&mut self, at: usize) -> Option<(IpAddr, Waiting)> {
        let (from, mut queue) = self.waiting.remove(at)?;
        let first = queue.pop_front()?;
        if !queue.is_empty() {
            self.waiting.push_back((from, queue));
        }
        Some((from, first))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(turns) = self.turns.take() else { return };
        let mut queues = turns.lock();
        queues.begun -= 1;
        queues.release(self.from);
        turns.give(&mut queues);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::thread::JoinHandle;

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
    fn a_newcomer_waits_for_no_more_than_one_turn_of_each_other_address_however_many_wait_there() {
        let turns = Turns::new(1);
        let mut turn = taken(&turns, 1);
        let mut first: Vec<_> = (0..100).map(|_| waiting(&turns, 1)).collect();
        let mut second: Vec<_> = (0..100).map(|_| waiting(&turns, 2)).collect();
        let mut newcomer = waiting(&turns, 3);
        // The first address had one already.
        drop(turn);
        assert!((&mut newcomer).now_or_never().is_none());
        turn = (&mut second[0]).now_or_never().unwrap();
        drop(turn);
        drop((&mut newcomer).now_or_never().unwrap());
        assert!((&mut first[0]).now_or_never().is_some());
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

    #[test]
    fn an_address_that_had_few_turns_comes_before_any_number_of_addresses_that_had_many() {
        let turns = Turns::new(1);
        for last in 1..=9 {
            (0..3).for_each(|_| drop(taken(&turns, last)));
        }
        let turn = taken(&turns, 1);
        let mut crowd: Vec<_> = (2..=9).map(|last| waiting(&turns, last)).collect();
        let newcomer = waiting(&turns, 10);
        drop(turn);
        let _turn = newcomer.now_or_never().unwrap();
        assert!(crowd.iter_mut().all(|one| one.now_or_never().is_none()));
    }

    /// Work on a thread that ends when its client has gone.
    fn working(turns: &Arc<Turns>, last: u8) -> (JoinHandle<()>, Client) {
        working_after(taken(turns, last), turns)
    }

    fn working_after(turn: Turn, turns: &Arc<Turns>) -> (JoinHandle<()>, Client) {
        let client = Client::in_turns(turn.from, turns);
        let own = client.clone();
        let work = move || {
            while !own.has_gone() {
                own.pass();
            }
            drop(turn);
        };
        (std::thread::spawn(work), client)
    }

    #[tokio::test]
    async fn long_work_passes_its_turn_to_an_address_that_had_fewer_and_has_it_again_then() {
        let turns = Turns::new(1);
        let (work, client) = working(&turns, 1);
        // It would not end by itself.
        for _ in 0..3 {
            let turn = turns.take(address(2)).await;
            assert!(!work.is_finished());
            assert_eq!(turns.lock().waiting.len(), 1, "it waits to go on");
            drop(turn);
        }
        client.leaves();
        work.join().unwrap();
        let queues = turns.lock();
        assert_eq!((queues.free, queues.begun, queues.held.len(), queues.waiting.len()), (1, 0, 0, 0));
    }

    #[tokio::test]
    async fn long_work_that_nobody_waits_for_any_more_goes_on_first_to_end() {
        let turns = Turns::new(1);
        let (work, client) = working(&turns, 1);
        let turn = turns.take(address(2)).await;
        let mut other = waiting(&turns, 3);
        client.leaves();
        drop(turn);
        work.join().unwrap();
        assert!((&mut other).now_or_never().is_some());
    }

    #[tokio::test]
    async fn no_more_work_is_begun_than_there_are_threads_for() {
        let turns = Turns::new(1);
        let mut begun = Vec::new();
        for last in 1..=u8::try_from(BEGUN).unwrap() {
            begun.push(working_after(turns.take(address(last)).await, &turns));
        }
        let mut more = waiting(&turns, 200);
        assert!((&mut more).now_or_never().is_none());
        for (_, client) in &begun {
            client.leaves();
        }
        for (work, _) in begun {
            work.join().unwrap();
        }
        assert!((&mut more).now_or_never().is_some());
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
