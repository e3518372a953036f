//! What was sent lately, so that an error from the network finds the message it is about. Pure: no sockets here.

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::Bytes;

use super::Report;
use crate::event::{Fault, MessageId};

/// How many datagrams are remembered. An error that comes after as many others were sent finds nothing.
const REMEMBERED: usize = 256;

/// The latest datagrams, and what the network said of them that nobody was told yet.
#[derive(Debug, Default)]
pub(super) struct Sent {
    parts: VecDeque<Part>,
    verdicts: Vec<(MessageId, Fault)>,
}

#[derive(Debug)]
struct Part {
    id: MessageId,
    to: SocketAddr,
    payload: Bytes,
    /// A report about this very datagram came.
    reported: bool,
}

impl Sent {
    pub(super) fn remember(&mut self, id: MessageId, to: SocketAddr, payload: Bytes) {
        self.parts.truncate(REMEMBERED - 1);
        self.parts.push_front(Part { id, to, payload, reported: false });
    }

    /// Nothing more is to be said about this message.
    pub(super) fn forget(&mut self, id: MessageId) {
        self.parts.retain(|part| part.id != id);
        self.verdicts.retain(|(about, _)| *about != id);
    }

    /// Finds the message that a report is about. It is a verdict the first time that one of its datagrams is reported.
    pub(super) fn settle(&mut self, report: &Report) {
        let open = |part: &Part| {
            !part.reported && part.to.port() == report.to.port() && part.to.ip() == report.to.ip()
        };
        // Routers shorten what they quote, and some fill it up: only the shorter of the two can be compared.
        let alike =
            |part: &Part| part.payload.iter().zip(&report.quotation).all(|(ours, theirs)| ours == theirs);
        let exact = self.parts.iter().position(|part| open(part) && *part.payload == *report.quotation);
        let found = exact.or_else(|| self.parts.iter().position(|part| open(part) && alike(part)));
        let Some(index) = found else { return };
        let id = self.parts[index].id;
        if !self.parts.iter().any(|part| part.id == id && part.reported) {
            self.verdicts.push((id, report.fault.clone()));
        }
        self.parts[index].reported = true;
    }

    /// Takes the verdicts on all messages but the one that is still `under_way`.
    pub(super) fn verdicts(&mut self, under_way: Option<MessageId>) -> Vec<(MessageId, Fault)> {
        self.verdicts.extract_if(.., |(id, _)| Some(*id) != under_way).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "127.0.0.1:9";
    const THERE: &str = "[fe80::1%3]:9";

    fn sent(parts: &[(u64, &str, &str)]) -> Sent {
        let mut sent = Sent::default();
        for (id, to, payload) in parts {
            sent.remember(MessageId(*id), to.parse().unwrap(), payload.to_string().into());
        }
        sent
    }

    /// The message that a report of a refusal settles.
    fn settled(sent: &mut Sent, to: &str, quotation: &str) -> Option<u64> {
        let quotation = quotation.as_bytes().into();
        sent.settle(&Report { to: to.parse().unwrap(), fault: Fault::Refused, quotation });
        sent.verdicts(None).pop().map(|(id, _)| id.0)
    }

    #[test]
    fn a_report_is_about_the_message_to_that_address_with_that_text() {
        let mut sent = sent(&[(1, HERE, "a"), (2, THERE, "b"), (3, HERE, "abc"), (4, HERE, "c")]);
        assert_eq!(settled(&mut sent, HERE, "b"), None);
        assert_eq!(settled(&mut sent, "[fe80::1]:9", "b"), Some(2), "the network knows no zones");
        assert_eq!(settled(&mut sent, HERE, "a"), Some(1), "exactly, though 3 begins alike");
        assert_eq!(settled(&mut sent, HERE, "ab"), Some(3), "shortened");
        assert_eq!(settled(&mut sent, HERE, "c\0\0\0"), Some(4), "filled up");
        assert_eq!(settled(&mut sent, HERE, "a"), None, "each datagram is reported once");
    }

    #[test]
    fn of_the_same_text_sent_twice_the_newer_is_meant_first() {
        let mut sent = sent(&[(1, HERE, "a"), (2, HERE, "a")]);
        assert_eq!(settled(&mut sent, HERE, "a"), Some(2));
        assert_eq!(settled(&mut sent, HERE, "a"), Some(1));
    }

    #[test]
    fn a_message_of_several_datagrams_is_settled_once() {
        let mut sent = sent(&[(1, HERE, "a"), (1, HERE, "b")]);
        assert_eq!(settled(&mut sent, HERE, "a"), Some(1));
        sent.remember(MessageId(1), HERE.parse().unwrap(), Bytes::from_static(b"c"));
        assert_eq!(settled(&mut sent, HERE, "b"), None);
        assert_eq!(settled(&mut sent, HERE, "c"), None);
    }

    #[test]
    fn the_verdict_on_a_message_under_way_waits() {
        let mut sent = sent(&[(1, HERE, "a"), (2, HERE, "b")]);
        for quotation in [b"a", b"b"] {
            let to = HERE.parse().unwrap();
            sent.settle(&Report { to, fault: Fault::Unreachable, quotation: quotation[..].into() });
        }
        assert_eq!(sent.verdicts(Some(MessageId(2))), [(MessageId(1), Fault::Unreachable)]);
        assert_eq!(sent.verdicts(None), [(MessageId(2), Fault::Unreachable)]);
        assert_eq!(sent.verdicts(None), []);
    }

    #[test]
    fn only_so_many_are_remembered_and_none_that_is_forgotten() {
        let mut sent = Sent::default();
        for id in 0..=REMEMBERED as u64 {
            sent.remember(MessageId(id), HERE.parse().unwrap(), format!("{id:03}").into());
        }
        sent.forget(MessageId(2));
        assert_eq!(settled(&mut sent, HERE, "000"), None);
        assert_eq!(settled(&mut sent, HERE, "001"), Some(1));
        assert_eq!(settled(&mut sent, HERE, "002"), None);
        assert_eq!(settled(&mut sent, HERE, "003"), Some(3));
    }
}
