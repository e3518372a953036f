//! Connections that wait for the next question. Never keeps one for long, and wakes nobody up once none is left.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::line::Line;
use crate::wire::source::Origin;

/// Connections that are kept to one server: as many as the queue of downloads uses at once.
const PER_ORIGIN: usize = 64;
/// Connections that are kept in all.
const IN_ALL: usize = 96;
/// How long one is kept: less than servers usually do, so that few have been closed when they are wanted.
const KEPT_FOR: Duration = Duration::from_secs(15);

/// The connections that are open and not in use.
#[derive(Debug, Default)]
pub(super) struct Pool {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The longest kept first.
    lines: VecDeque<(Instant, Line)>,
    /// Somebody will look after those that have been kept for too long.
    swept: bool,
}

impl Pool {
    /// A connection to this server, as far as we know an open one.
    pub(super) async fn take(&self, origin: &Origin) -> Option<Line> {
        loop {
            let mut line = self.kept().take(origin)?;
            // A server that has closed it may have said so already.
            if poll_fn(|context| Poll::Ready(line.is_free(context))).await {
                return Some(line);
            }
        }
    }

    /// Keeps a connection on which another question can be asked.
    pub(super) fn put(self: &Arc<Self>, line: Line) {
        let mut kept = self.kept();
        kept.put(line);
        if !std::mem::replace(&mut kept.swept, true) {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing is left half done in there.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// The one that was used last: it is the least likely to be closed.
    fn take(&mut self, origin: &Origin) -> Option<Line> {
        self.drop_old();
        let at = self.lines.iter().rposition(|(_, line)| line.origin == *origin)?;
        self.lines.remove(at).map(|(_, line)| line)
    }

    fn put(&mut self, line: Line) {
        self.drop_old();
        let same = |(_, kept): &(Instant, Line)| kept.origin == line.origin;
        if self.lines.iter().filter(|kept| same(kept)).count() >= PER_ORIGIN
            && let Some(oldest) = self.lines.iter().position(same)
        {
            self.lines.remove(oldest);
        }
        if self.lines.len() >= IN_ALL {
            self.lines.pop_front();
        }
        self.lines.push_back((now(), line));
    }

    fn drop_old(&mut self) {
        let now = now();
        while self.lines.front().is_some_and(|(since, _)| *since + KEPT_FOR <= now) {
            self.lines.pop_front();
        }
    }
}

/// Closes what was kept for too long, until nothing is kept.
async fn sweep(pool: Weak<Pool>) {
    loop {
        let next = {
            let Some(pool) = pool.upgrade() else { return };
            let mut kept = pool.kept();
            kept.drop_old();
            let Some((since, _)) = kept.lines.front() else {
                kept.swept = false;
                return;
            };
            *since + KEPT_FOR
        };
        sleep_until(next).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a connection is kept is measured where it is kept")]
fn now() -> Instant {
    Instant::now()
}
