//! How a [`Delivery`] is written: a word, and what there is to be said beside it. What stands here stands in files, and is
//! never changed; must be read again in whichever language the program speaks then.

use std::time::Duration;

use crate::event::{Delivery, Fault, Stage};
use crate::text::{Clean, clean_line};

/// The word of a message that is on its way.
pub(super) const QUEUED: &str = "queued";

/// The word for it, and what stands beside it.
pub(super) fn written(delivery: &Delivery) -> (&'static str, Option<String>) {
    match delivery {
        Delivery::Received => ("received", None),
        Delivery::Folded(count) => ("folded", Some(count.to_string())),
        Delivery::Queued => (QUEUED, None),
        Delivery::Sent => ("sent", None),
        Delivery::Refused => ("refused", None),
        Delivery::Failed(fault) => ("failed", Some(reason(fault))),
    }
}

/// What it means; none where it means nothing.
pub(super) fn read(state: &str, detail: Option<&str>) -> Option<Delivery> {
    match state {
        "received" => Some(Delivery::Received),
        "folded" => detail?.parse().ok().map(Delivery::Folded),
        QUEUED => Some(Delivery::Queued),
        "sent" => Some(Delivery::Sent),
        "refused" => Some(Delivery::Refused),
        "failed" => Some(Delivery::Failed(fault(detail.unwrap_or_default()))),
        _ => None,
    }
}

/// A reason: a word, and what the system said, if it is that.
fn reason(fault: &Fault) -> String {
    match fault {
        Fault::Unresolved => "unresolved".to_owned(),
        Fault::Refused => "refused".to_owned(),
        Fault::Unreachable => "unreachable".to_owned(),
        Fault::TimedOut(Stage::Resolve, after) => format!("not resolved within: {}", after.as_millis()),
        Fault::Reset => "reset".to_owned(),
        Fault::Closed => "closed".to_owned(),
        Fault::TooLongForDatagram => "too long".to_owned(),
        Fault::Busy => "busy".to_owned(),
        Fault::Interrupted => "interrupted".to_owned(),
        Fault::NoNetwork => "no network".to_owned(),
        Fault::Network(said) => format!("network: {said}"),
        Fault::Disk(said) => format!("disk: {said}"),
        // No message fails for one of these.
        Fault::TimedOut(Stage::Connect | Stage::Answer | Stage::Body, _)
        | Fault::Status(_)
        | Fault::NoDesktop
        | Fault::Gone
        | Fault::Garbled
        | Fault::NothingSent
        | Fault::IsFolder
        | Fault::IsFile
        | Fault::NoListing
        | Fault::Encoded(_)
        | Fault::Undecided
        | Fault::WebPage
        | Fault::Loop
        | Fault::NotFile { .. }
        | Fault::Unnamed { .. }
        | Fault::TooLarge { .. }
        | Fault::TooMany { .. }
        | Fault::TooDeep { .. }
        | Fault::CutShort { .. }
        | Fault::BadName
        | Fault::Short { .. }
        | Fault::Redirected(_)
        | Fault::InsecureRedirect(_)
        | Fault::OtherLength { .. }
        | Fault::PartOnly
        | Fault::NotChecksums
        | Fault::RedirectedTooOften
        | Fault::Unauthorized { .. }
        | Fault::Certificate(_)
        | Fault::NoTls
        | Fault::NoAuthorities
        | Fault::Tls(_)
        | Fault::DiskFull
        | Fault::Exists(_)
        | Fault::NotRegular(_)
        | Fault::HiddenName
        | Fault::Fetching(_)
        | Fault::Changed
        | Fault::WrongDigest(_)
        | Fault::NotBeginning(_)
        | Fault::NoChecksum
        | Fault::Damaged(..)
        | Fault::OtherVersion(..)
        | Fault::TooLong { .. }
        | Fault::EditedTooLong { .. }
        | Fault::EditedNotText(..)
        | Fault::NotStarted(..)
        | Fault::ProgramFailed(..)
        | Fault::NotForOpening
        | Fault::EarlierRun
        | Fault::NotTried { .. }
        | Fault::NotWalked
        | Fault::NobodyReads => "network: ?".to_owned(),
    }
}

fn fault(reason: &str) -> Fault {
    let (word, said) = reason.split_once(": ").unwrap_or((reason, ""));
    let said: Clean = clean_line(said.as_bytes());
    match word {
        "unresolved" => Fault::Unresolved,
        "refused" => Fault::Refused,
        "unreachable" => Fault::Unreachable,
        "not resolved within" => {
            Fault::TimedOut(Stage::Resolve, Duration::from_millis(said.parse().unwrap_or_default()))
        }
        "reset" => Fault::Reset,
        "closed" => Fault::Closed,
        "too long" => Fault::TooLongForDatagram,
        "busy" => Fault::Busy,
        "interrupted" => Fault::Interrupted,
        "no network" => Fault::NoNetwork,
        "disk" => Fault::Disk(said),
        "network" => Fault::Network(said),
        _ => Fault::Network(clean_line(reason.as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_a_message_is_read_as_it_was_written() {
        let words = |text: &str| clean_line(text.as_bytes());
        for (delivery, state, detail) in [
            (Delivery::Received, "received", None),
            (Delivery::Folded(12_345), "folded", Some("12345")),
            (Delivery::Queued, "queued", None),
            (Delivery::Sent, "sent", None),
            (Delivery::Refused, "refused", None),
            (Delivery::Failed(Fault::Unresolved), "failed", Some("unresolved")),
            (Delivery::Failed(Fault::Refused), "failed", Some("refused")),
            (Delivery::Failed(Fault::Unreachable), "failed", Some("unreachable")),
            (
                Delivery::Failed(Fault::TimedOut(Stage::Resolve, Duration::from_millis(2500))),
                "failed",
                Some("not resolved within: 2500"),
            ),
            (Delivery::Failed(Fault::Reset), "failed", Some("reset")),
            (Delivery::Failed(Fault::Closed), "failed", Some("closed")),
            (Delivery::Failed(Fault::TooLongForDatagram), "failed", Some("too long")),
            (Delivery::Failed(Fault::Busy), "failed", Some("busy")),
            (Delivery::Failed(Fault::NoNetwork), "failed", Some("no network")),
            (Delivery::Failed(Fault::Interrupted), "failed", Some("interrupted")),
            (Delivery::Failed(Fault::Disk(words("a: b"))), "failed", Some("disk: a: b")),
            (Delivery::Failed(Fault::Network(words("No buffer"))), "failed", Some("network: No buffer")),
        ] {
            assert_eq!(written(&delivery), (state, detail.map(str::to_owned)));
            assert_eq!(read(state, detail), Some(delivery));
        }
    }

    #[test]
    fn what_a_file_says_that_means_nothing_is_never_shown_as_it_is() {
        assert_eq!(read("flying", None), None);
        assert_eq!(read("folded", None), None);
        let Some(Delivery::Failed(Fault::Network(said))) = read("failed", Some("\x1b[2J")) else { panic!() };
        assert_eq!(&*said, "␛[2J");
    }
}
