//! Request coalescing: equal lists that are asked for at the same time are made once.
//!
//! Whoever asks joins a list that has not begun to be made, so that none tells what was before it was asked for. It begins when
//! an equal one that has begun is made, at the turn of the first of all who wait for it, and ends when none of them waits any
//! more.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::{Filter, Order, Room, Rows};
use crate::serve::Site;
use crate::serve::beneath::{Found, Name};
use crate::serve::turns::{Client, Turn};

/// What makes two lists the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::serve) struct Wanted {
    pub(super) name: Name,
    pub(super) order: Order,
    pub(super) filter: Option<Filter>,
}

/// A list that was made. A clone shares its memory.
#[derive(Debug, Clone)]
pub(in crate::serve) struct Listed {
    pub(super) rows: Rows,
    pub(super) room: Arc<Room>,
}

/// What became of a list.
pub(in crate::serve) type Made = Result<Listed, Arc<io::Error>>;

/// The lists that wait to be made.
#[derive(Debug, Clone, Default)]
pub(in crate::serve) struct Batches(Arc<Mutex<Lists>>);

#[derive(Debug, Default)]
struct Lists {
    waiting: HashMap<Wanted, Arc<Batch>>,
    begun: HashMap<Wanted, Arc<Batch>>,
}

/// A list, and those who wait for it.
#[derive(Debug)]
struct Batch {
    stage: watch::Sender<Stage>,
    /// How many wait, in the lock of all batches.
    waiting: AtomicUsize,
    /// All of them, for whom it is made.
    all: Client,
}

#[derive(Debug)]
enum Stage {
    Waits,
    Begun,
    Made(Made),
}

/// One who waits for a list, until this is dropped.
#[derive(Debug)]
pub(in crate::serve) struct Waiting {
    batches: Batches,
    batch: Arc<Batch>,
    wanted: Wanted,
}

impl Batches {
    /// Asks for a list.
    pub(in crate::serve) fn join(&self, wanted: Wanted, client: &Client) -> Waiting {
        let mut lists = self.lock();
        let batch = lists.waiting.entry(wanted.clone()).or_insert_with(|| {
            let stage = watch::Sender::new(Stage::Waits);
            Arc::new(Batch { stage, waiting: AtomicUsize::new(0), all: client.together() })
        });
        batch.waiting.fetch_add(1, Ordering::Relaxed);
        let batch = Arc::clone(batch);
        drop(lists);
        Waiting { batches: self.clone(), batch, wanted }
    }

    fn lock(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Until the list begins to be made, which it does when it is the turn of this client and no equal one is made.
    pub(in crate::serve) async fn begun(&self, site: &Arc<Site>, client: &Client) {
        let mut stage = self.batch.stage.subscribe();
        let begins = async {
            loop {
                let equal = self.batches.lock().begun.get(&self.wanted).map(|equal| equal.stage.subscribe());
                if let Some(mut equal) = equal {
                    let _ = equal.wait_for(|stage| matches!(stage, Stage::Made(_))).await;
                }
                let turn = site.lists.turns().take(client.address).await;
                if self.begin(site, turn) {
                    return;
                }
            }
        };
        tokio::select! {
            biased;
            _ = stage.wait_for(|stage| !matches!(stage, Stage::Waits)) => {}
            () = begins => {}
        }
    }

    /// Makes the list, unless that has begun already. It goes on when this is dropped, for the others. False where an equal one
    /// is made.
    fn begin(&self, site: &Arc<Site>, turn: Turn) -> bool {
        let mut lists = self.batches.lock();
        if !lists.waiting.get(&self.wanted).is_some_and(|waiting| Arc::ptr_eq(waiting, &self.batch)) {
            return true;
        }
        if lists.begun.contains_key(&self.wanted) {
            return false;
        }
        lists.waiting.remove(&self.wanted);
        lists.begun.insert(self.wanted.clone(), Arc::clone(&self.batch));
        drop(lists);
        self.batch.stage.send_replace(Stage::Begun);
        let (batch, wanted, site) = (Arc::clone(&self.batch), self.wanted.clone(), Arc::clone(site));
        let client = batch.all.with(&turn);
        let making = spawn_blocking(move || {
            let made = make(&site, &wanted, &client).map_err(Arc::new);
            drop(turn);
            made
        });
        let (batches, wanted) = (self.batches.clone(), self.wanted.clone());
        tokio::spawn(async move {
            let made = making.await.unwrap_or_else(|error| Err(Arc::new(error.into())));
            batches.lock().begun.remove(&wanted);
            batch.stage.send_replace(Stage::Made(made));
        });
        true
    }

    /// The list.
    pub(in crate::serve) async fn made(&self) -> Made {
        let mut stages = self.batch.stage.subscribe();
        let stage = stages.wait_for(|stage| matches!(stage, Stage::Made(_))).await;
        match stage.as_deref() {
            Ok(Stage::Made(made)) => made.clone(),
            Ok(Stage::Waits | Stage::Begun) | Err(_) => {
                Err(Arc::new(io::Error::other("a list was given up")))
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut lists = self.batches.lock();
        if self.batch.waiting.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.batch.all.leaves();
            if lists.waiting.get(&self.wanted).is_some_and(|waiting| Arc::ptr_eq(waiting, &self.batch)) {
                lists.waiting.remove(&self.wanted);
            }
        }
    }
}

/// Makes a list for a client that has a turn.
pub(super) fn make(site: &Site, wanted: &Wanted, client: &Client) -> io::Result<Listed> {
    let Found::Folder(folder) = site.root.find(&wanted.name)? else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let mut room = site.lists.room(client.address, 0);
    let (order, filter) = (wanted.order, wanted.filter.as_ref());
    let rows = site.root.list(&wanted.name, folder, order, filter, client, &mut room)?;
    Ok(Listed { rows, room: Arc::new(room) })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::{IpAddr, Ipv4Addr};

    use jiff::tz::TimeZone;

    use super::*;
    use crate::serve::folder::{Column, Direction};
    use crate::serve::{Access, Limits, Options, Server};

    const ORDER: Order = Order { column: Column::Name, direction: Direction::Ascending };

    fn site(folder: &std::path::Path) -> Arc<Site> {
        let server = Server::bind(Options {
            root: folder.to_owned(),
            bind: vec![Ipv4Addr::LOCALHOST.into()],
            port: 0,
            zone: TimeZone::UTC,
            limits: Limits::default(),
            access: Access::default(),
            identity: None,
        });
        server.unwrap().site
    }

    fn client(site: &Site, last: u8) -> Client {
        Client::in_turns(IpAddr::from([127, 0, 0, last]), site.lists.turns())
    }

    fn wanted(site: &Site) -> Wanted {
        Wanted { name: site.root.name(b"").unwrap(), order: ORDER, filter: None }
    }

    async fn list(site: &Arc<Site>, waiting: Waiting, client: &Client) -> Listed {
        waiting.begun(site, client).await;
        waiting.made().await.unwrap()
    }

    #[tokio::test]
    async fn a_list_that_many_ask_for_at_once_is_made_once_and_one_that_has_begun_is_joined_by_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let site = site(folder.path());
        fs::write(folder.path().join("a"), "").unwrap();
        let asking: Vec<_> = (0..50).map(|number| client(&site, 1 + number % 4)).collect();
        let waiting: Vec<_> =
            asking.iter().map(|one| site.lists.batches().join(wanted(&site), one)).collect();
        waiting[7].begun(&site, &asking[7]).await;
        fs::write(folder.path().join("b"), "").unwrap();
        let late = site.lists.batches().join(wanted(&site), &asking[0]);
        assert_eq!(list(&site, late, &asking[0]).await.rows.len(), 2);
        let mut lists = Vec::new();
        for (waiting, client) in waiting.into_iter().zip(&asking) {
            lists.push(list(&site, waiting, client).await);
        }
        assert!(lists.iter().all(|list| Arc::ptr_eq(&list.room, &lists[0].room)));
        let lists = site.lists.batches().lock();
        assert!(lists.waiting.is_empty() && lists.begun.is_empty());
    }

    #[tokio::test]
    async fn a_list_is_made_for_those_who_still_wait_and_given_up_when_none_does() {
        let folder = tempfile::tempdir().unwrap();
        let site = site(folder.path());
        let [first, second] = [1, 2].map(|last| client(&site, last));
        let join = |client| site.lists.batches().join(wanted(&site), client);
        let (one, other) = (join(&first), join(&second));
        one.begun(&site, &first).await;
        drop(one);
        assert!(!other.batch.all.has_gone());
        assert_eq!(list(&site, other, &second).await.rows.len(), 0);
        let [one, other] = [&first, &second].map(join);
        let batch = Arc::clone(&one.batch);
        drop((one, other));
        assert!(batch.all.has_gone() && site.lists.batches().lock().waiting.is_empty());
    }
}
