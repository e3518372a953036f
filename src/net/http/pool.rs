//! Connections that wait for the next question. Never keeps one for long, nor one that its server has closed, and wakes
//! nobody up once none is left.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker, ready};
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
    /// Wakes whoever looks after them; none where nobody does.
    keeper: Option<Waker>,
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

    /// Keeps a connection, if another question can be asked on it.
    pub(super) fn put(self: &Arc<Self>, line: Line) {
        let mut kept = self.kept();
        let keeper = kept.keeper.get_or_insert_with(|| {
            tokio::spawn(keep(Arc::downgrade(self)));
            // Until then: it begins with looking at all that are kept.
            Waker::noop().clone()
        });
        let keeper = keeper.clone();
        kept.put(line, &mut Context::from_waker(&keeper));
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

    /// Whatever happens to it wakes the keeper from now on.
    fn put(&mut self, mut line: Line, keeper: &mut Context<'_>) {
        self.drop_old();
        if !line.is_free(keeper) {
            return;
        }
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

    /// Lets go what cannot be used any more: a server that serves one client at a time waits for that. When there is
    /// to be looked again at the latest; none where nothing is kept.
    fn look(&mut self, keeper: &mut Context<'_>) -> Option<Instant> {
        self.drop_old();
        self.lines.retain_mut(|(_, line)| line.is_free(keeper));
        self.keeper = (!self.lines.is_empty()).then(|| keeper.waker().clone());
        self.lines.front().map(|(since, _)| *since + KEPT_FOR)
    }
}

/// Closes what its server has closed, and what was kept for too long, until nothing is kept.
async fn keep(pool: Weak<Pool>) {
    let mut clock = pin!(sleep_until(now()));
    poll_fn(|context| {
        loop {
            let next = pool.upgrade().and_then(|pool| pool.kept().look(context));
            let Some(next) = next else { return Poll::Ready(()) };
            clock.as_mut().reset(next);
            ready!(clock.as_mut().poll(context));
        }
    })
    .await;
}

#[expect(clippy::disallowed_methods, reason = "how long a connection is kept is measured where it is kept")]
fn now() -> Instant {
    Instant::now()
}
