//! Circuit breaker for one server: while it does not answer, nothing more is asked of it, and when the downloads that
//! wait for it have waited in vain, the rest is not tried at all. Reads no clock: how long each waits (exponential
//! backoff) is decided where it runs. Never gives a server up that has answered since the last failure.

use crate::event::{Fault, Outage};

/// After a download has failed for want of an answer, so many more failed tries in a row mean that the server is away.
const STRIKES: u8 = 3;

/// What is known of a server by what became of the requests to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Breaker {
    circuit: Circuit,
    /// Failed tries in a row since a download failed for want of an answer; none where none has.
    strikes: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Circuit {
    /// It has not answered yet.
    #[default]
    Untested,
    /// It answers.
    Closed,
    /// It did not answer when it was asked last.
    Doubtful,
    /// It could not be reached when it was tried last.
    Open,
}

impl Breaker {
    /// Whether only one download at a time may run, which finds out whether the server is back (half-open).
    pub(super) fn is_open(&self) -> bool {
        self.circuit == Circuit::Open || self.strikes.is_some()
    }

    /// The server has answered something.
    pub(super) fn note_answer(&mut self) {
        (self.circuit, self.strikes) = (Circuit::Closed, None);
    }

    /// A try did not work, and another one comes: whether the server is given up.
    pub(super) fn note_retry(&mut self, fault: &Fault) -> bool {
        match fault.outage() {
            Some(Outage::Unreachable) => self.circuit = Circuit::Open,
            Some(Outage::Unresponsive) => {
                self.doubt();
                return self.strike();
            }
            None if fault.is_answer() => self.note_answer(),
            None => {}
        }
        false
    }

    /// A download has failed for good: whether the server is given up.
    pub(super) fn note_failure(&mut self, fault: &Fault) -> bool {
        match fault.outage() {
            Some(Outage::Unreachable) => {
                std::mem::replace(&mut self.circuit, Circuit::Open) != Circuit::Closed
            }
            Some(Outage::Unresponsive) => {
                let gives_up = self.strike();
                // Where others were answered meanwhile, it was this one alone.
                if !self.doubt() {
                    self.strikes.get_or_insert(0);
                }
                gives_up
            }
            None if fault.is_answer() => {
                self.note_answer();
                false
            }
            None => false,
        }
    }

    /// It did not answer: whether that is news.
    fn doubt(&mut self) -> bool {
        let is_new = matches!(self.circuit, Circuit::Untested | Circuit::Closed);
        if is_new {
            self.circuit = Circuit::Doubtful;
        }
        is_new
    }

    fn strike(&mut self) -> bool {
        let Some(strikes) = &mut self.strikes else { return false };
        *strikes = strikes.saturating_add(1);
        *strikes >= STRIKES
    }

    /// All that waited for it has failed: whatever is asked for from now on is tried.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_was_never_reached_is_given_up_at_once_and_one_that_answered_only_when_the_wait_is_over()
    {
        assert!(Breaker::default().note_failure(&Fault::Refused));
        let mut breaker = Breaker::default();
        breaker.note_answer();
        assert!(!breaker.note_retry(&Fault::Refused) && breaker.is_open());
        assert!(breaker.note_failure(&Fault::Refused));
    }

    #[test]
    fn an_answer_to_any_other_download_closes_it() {
        let mut breaker = Breaker::default();
        breaker.note_retry(&Fault::Refused);
        breaker.note_answer();
        assert!(!breaker.is_open());
        assert!(!breaker.note_failure(&Fault::Refused), "others get through: only this one failed");
        assert!(breaker.is_open());
        assert!(!breaker.note_failure(&Fault::Status(404)), "also one of no use");
        assert!(!breaker.is_open());
    }

    #[test]
    fn a_single_file_that_the_server_cannot_send_does_not_stand_for_the_server() {
        let mut breaker = Breaker::default();
        for _ in 0..10 {
            assert!(!breaker.note_retry(&Fault::Status(503)));
        }
        assert!(!breaker.note_failure(&Fault::Status(503)));
        assert!(!breaker.note_retry(&Fault::Reset) && breaker.is_open());
        breaker.note_answer();
        assert!(!breaker.note_failure(&Fault::Status(503)) && !breaker.is_open());
        assert!(!breaker.note_failure(&Fault::Status(503)) && breaker.is_open());
        assert!(!breaker.note_retry(&Fault::Reset) && !breaker.note_retry(&Fault::Closed));
        assert!(breaker.note_retry(&Fault::Status(503)));
    }

    #[test]
    fn what_is_wrong_with_a_file_or_with_the_disk_says_nothing_of_the_server() {
        let mut breaker = Breaker::default();
        for fault in [Fault::DiskFull, Fault::NotChecksums, Fault::Changed] {
            assert!(!breaker.note_failure(&fault) && !breaker.is_open(), "{fault:?}");
        }
    }
}
