//! Adaptive timeout for the head of an answer, for each server: one that was too slow is given twice the time from then
//! on, for all that it is asked, up to a limit. So a server that thinks for longer than the usual timeout is waited for,
//! and one that hangs is not waited for without end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::wire::address::Endpoint;

/// The most that the usual time is multiplied by.
const MOST: u32 = 4;

/// How long each server may take until its answer begins.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    usual: Duration,
    /// Only of those that were too slow.
    slow: Arc<Mutex<HashMap<Endpoint, Duration>>>,
}

impl Patience {
    pub(super) fn new(usual: Duration) -> Self {
        Self { usual, slow: Arc::default() }
    }

    /// How long this server is waited for.
    pub(super) fn with(&self, server: &Endpoint) -> Duration {
        self.slow().get(server).copied().unwrap_or(self.usual)
    }

    /// It did not answer in this time: of several that waited equally long only the first makes a difference.
    pub(super) fn note_timeout(&self, server: &Endpoint, waited: Duration) {
        let longer = waited.saturating_mul(2).min(self.usual.saturating_mul(MOST));
        let mut slow = self.slow();
        if longer > slow.get(server).copied().unwrap_or(self.usual) {
            slow.insert(server.clone(), longer);
        }
    }

    fn slow(&self) -> MutexGuard<'_, HashMap<Endpoint, Duration>> {
        self.slow.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_gets_twice_the_time_of_the_one_before_and_no_other_server_does() {
        let patience = Patience::new(Duration::from_secs(15));
        let [slow, other] = ["a:1", "b:1"].map(|text| text.parse::<Endpoint>().unwrap());
        for seconds in [15, 30, 60, 60] {
            let waited = patience.with(&slow);
            assert_eq!(waited.as_secs(), seconds);
            for _ in 0..36 {
                patience.note_timeout(&slow, waited);
            }
        }
        assert_eq!(patience.with(&other).as_secs(), 15);
    }
}
