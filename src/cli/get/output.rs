//! What `hobnob get` says and shows, written by a thread of its own: a terminal that takes nothing for a while, or a reader
//! who is slow, holds up no download. Owns the order in which it comes.

use std::future::pending;
use std::io;
use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::bars::{Bars, Picture};
use super::report::{Ended, Report};
use crate::cli::Ending;
use crate::wire::source::Source;

/// How often the thread may be behind by what was collected for it.
const BEHIND: usize = 4;
/// What may wait to be collected; then nothing more is heard of until the thread goes on.
const WAITING: usize = 10_000;

/// What there is to be written.
enum Order {
    /// What became of a file.
    Say(Source, Ended),
    /// How far the downloads are.
    Show(Picture),
    /// All before it is written, and nothing else is seen.
    Tell(oneshot::Sender<()>),
}

/// The way to the thread.
pub(super) struct Output {
    orders: mpsc::Sender<Vec<Order>>,
    waiting: Vec<Order>,
    outcome: oneshot::Receiver<Result<(), Ending>>,
    failure: Option<Ending>,
}

impl Output {
    pub(super) fn start(report: Report, bars: Option<Bars>) -> io::Result<Self> {
        let (orders, received) = mpsc::channel(BEHIND);
        let (ended, outcome) = oneshot::channel();
        thread::Builder::new().name("output".to_owned()).spawn(move || {
            // Where nobody waits for it, the program is ending.
            let _ = ended.send(write(received, report, bars));
        })?;
        Ok(Self { orders, waiting: Vec::new(), outcome, failure: None })
    }

    /// Collects what became of a file.
    pub(super) fn say(&mut self, source: Source, ended: Ended) {
        if self.failure.is_none() {
            self.waiting.push(Order::Say(source, ended));
        }
    }

    /// Whether anything waits for [`Output::flush`].
    pub(super) fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < WAITING
    }

    /// Hands over what was collected, and how far the downloads are, as soon as the thread has room for it.
    pub(super) fn flush(&mut self, picture: Option<Picture>) {
        if let Ok(permit) = self.orders.try_reserve() {
            self.waiting.extend(picture.map(Order::Show));
            permit.send(std::mem::take(&mut self.waiting));
        }
    }

    /// Until all that was collected is written, and the terminal is free for something else.
    pub(super) async fn written(&mut self) {
        let (tell, told) = oneshot::channel();
        self.waiting.push(Order::Tell(tell));
        // Where it cannot be written, that is known from its outcome.
        let _ = self.orders.send(std::mem::take(&mut self.waiting)).await;
        let _ = told.await;
    }

    /// When something cannot be written; not more than once.
    pub(super) async fn failed(&mut self) {
        if self.failure.is_none() {
            // It goes on as long as it can get orders.
            self.failure = (&mut self.outcome).await.unwrap_or_else(|_| killed()).err();
        } else {
            pending::<()>().await;
        }
    }

    /// Writes the rest; nothing is shown any more after that. What could not be written, be it now or before.
    pub(super) async fn end(self) -> Result<(), Ending> {
        let Self { orders, waiting, outcome, failure } = self;
        if let Some(failure) = failure {
            return Err(failure);
        }
        // Where it cannot be written, that is known from its outcome.
        let _ = orders.send(waiting).await;
        drop(orders);
        outcome.await.unwrap_or_else(|_| killed())
    }
}

/// The thread says how it ended, unless it was killed by a panic.
fn killed() -> Result<(), Ending> {
    Err(Ending::from(io::Error::from(io::ErrorKind::Other)))
}

/// Writes until nothing more can come, or something cannot be written.
fn write(
    mut received: mpsc::Receiver<Vec<Order>>,
    mut report: Report,
    mut bars: Option<Bars>,
) -> Result<(), Ending> {
    let mut out = Vec::new();
    while let Some(orders) = received.blocking_recv() {
        for order in orders {
            match (order, &mut bars) {
                (Order::Say(source, ended), Some(bars)) => bars.above(|| {
                    report.say(&source, ended, &mut out);
                    report.flush(&mut out)
                })?,
                (Order::Say(source, ended), None) => report.say(&source, ended, &mut out),
                (Order::Show(picture), Some(bars)) => bars.draw(picture),
                (Order::Show(_), None) => {}
                (Order::Tell(tell), bars) => {
                    report.flush(&mut out)?;
                    bars.iter().for_each(Bars::hide);
                    // Who does not wait any more needs not be told.
                    let _ = tell.send(());
                }
            }
        }
        report.flush(&mut out)?;
    }
    report.say_rest(&mut out);
    report.flush(&mut out)
}
