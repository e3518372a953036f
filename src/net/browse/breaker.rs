//! Circuit breaker of a walk: one wait for the server, shared by all questions of the walk (exponential backoff). While one
//! waits, the others do; when that was in vain, nothing more is asked. Must never take one question that fails for the
//! server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::event::{Fault, Outage};
use crate::net::http::Client;
use crate::net::retry::Retries;
use crate::wire::address::Endpoint;

/// The breaker of one walk.
pub(super) struct Breaker<'client> {
    client: &'client Client,
    server: Endpoint,
    retries: u32,
    /// Whose turn it is to wait for the server.
    turn: Mutex<()>,
    /// Whether a question was waited for in vain, and nothing was answered since.
    is_silent: AtomicBool,
    is_open: AtomicBool,
}

impl<'client> Breaker<'client> {
    /// For a server of which nothing is known; what fails in a way that may pass is asked again so many times.
    pub(super) fn new(client: &'client Client, server: Endpoint, retries: u32) -> Self {
        let (is_silent, is_open) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { client, server, retries, turn: Mutex::new(()), is_silent, is_open }
    }

    /// Whether the server is given up.
    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// Asks this, again where it fails in a way that may pass; [`Fault::NotTried`] where the server is given up.
    pub(super) async fn ask<T, F>(&self, question: impl Fn() -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let mut retries = Retries::new(self.retries, self.client.timeouts().outage);
        let mut turn = None;
        loop {
            if self.is_open() {
                return Err(Fault::NotTried { files: 1 });
            }
            let fault = match question().await {
                Err(fault) => fault,
                answer => {
                    self.is_silent.store(false, Ordering::Relaxed);
                    return answer;
                }
            };
            let Some(outage) = fault.outage() else {
                if fault.is_answer() {
                    self.is_silent.store(false, Ordering::Relaxed);
                }
                let heard = self.client.has_heard(&self.server);
                sleep(retries.next(fault, Duration::ZERO, 0, heard)?.after).await;
                continue;
            };
            if turn.is_none() {
                if let Ok(taken) = self.turn.try_lock() {
                    turn = Some(taken);
                } else {
                    // It is known by then whether the server is back.
                    turn = Some(self.turn.lock().await);
                    continue;
                }
            }
            if self.is_silent.load(Ordering::Relaxed) {
                self.is_open.store(true, Ordering::Relaxed);
                return Err(fault);
            }
            match retries.next(fault, Duration::ZERO, 0, self.client.has_heard(&self.server)) {
                Ok(retry) => sleep(retry.after).await,
                Err(fault) => {
                    match outage {
                        Outage::Unreachable => self.is_open.store(true, Ordering::Relaxed),
                        Outage::Unresponsive => self.is_silent.store(true, Ordering::Relaxed),
                    }
                    return Err(fault);
                }
            }
        }
    }
}
