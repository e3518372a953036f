//! The sentences for what the machine knows as enums. The screen and the commands say the same thing in the same words.

use std::time::{Duration, Instant};

use crate::app::queue::Phase;
use crate::event::served::{Answer, End, Request, Served};
use crate::event::{Anew, Compared, Distrust, Fault, Kept, Mismatch, Proof, Sameness, ShareFault, Stage};
use crate::locale::{Words, fill};
use crate::text::size::{bytes, grouped};
use crate::text::width::width;
use crate::text::{Clean, clean_line};
use crate::wire::address::AddressError;

/// Why a text is no address, and what to type instead.
#[must_use]
pub fn address_error(words: &Words, error: &AddressError) -> String {
    let words = &words.address;
    let about = |sentence: &str, part: &str| fill(sentence, &[("part", &clean_line(part.as_bytes()))]);
    match error {
        AddressError::Empty => words.empty.clone(),
        AddressError::EmptySource => words.empty_source.clone(),
        AddressError::PeerScheme(part) => about(&words.peer_scheme, part),
        AddressError::Port(part) => about(&words.port, part),
        AddressError::Brackets => words.brackets.clone(),
        AddressError::Host(part) => about(&words.host, part),
        AddressError::Scheme(part) => about(&words.scheme, part),
        AddressError::Userinfo => words.userinfo.clone(),
    }
}

/// Why something did not work, and what to do about it where that is known.
#[must_use]
pub fn fault(words: &Words, fault: &Fault) -> String {
    let (all, words) = (words, &words.fault);
    let seconds =
        |sentence: &str, after: &Duration| fill(sentence, &[("seconds", &after.as_secs().to_string())]);
    let status = |sentence: &str, status: u16| fill(sentence, &[("status", &status.to_string())]);
    let reason = |sentence: &str, reason: &Clean| fill(sentence, &[("reason", reason)]);
    match fault {
        Fault::Unresolved => words.unresolved.clone(),
        Fault::Refused => words.refused.clone(),
        Fault::Unreachable => words.unreachable.clone(),
        Fault::NoNetwork => words.no_network.clone(),
        Fault::TimedOut(Stage::Resolve, after) => seconds(&words.timed_out_resolve, after),
        Fault::TimedOut(Stage::Connect, after) => seconds(&words.timed_out_connect, after),
        Fault::TimedOut(Stage::Answer, after) => seconds(&words.timed_out_answer, after),
        Fault::TimedOut(Stage::Body, after) => seconds(&words.timed_out_body, after),
        Fault::Reset => words.reset.clone(),
        Fault::Closed => words.closed.clone(),
        Fault::Status(404) => words.not_found.clone(),
        Fault::Status(code @ (401 | 403)) => status(&words.forbidden, *code),
        Fault::Status(code) => status(&words.status, *code),
        Fault::Unauthorized { origin, realm } => {
            let words = if realm.is_empty() { &words.unauthorized } else { &words.unauthorized_realm };
            fill(words, &[("server", &clean_line(origin.to_string().as_bytes())), ("realm", realm)])
        }
        Fault::Certificate(Distrust::UnknownAuthority) => words.unknown_authority.clone(),
        Fault::Certificate(Distrust::OtherName) => words.other_name.clone(),
        Fault::Certificate(Distrust::Expired) => words.expired.clone(),
        Fault::Certificate(Distrust::NotYetValid) => words.not_yet_valid.clone(),
        Fault::Certificate(Distrust::Revoked) => words.revoked.clone(),
        Fault::NoTls => words.no_tls.clone(),
        Fault::NoAuthorities => words.no_authorities.clone(),
        Fault::Tls(said) => reason(&words.tls, said),
        Fault::Garbled => words.garbled.clone(),
        Fault::NothingSent => words.nothing_sent.clone(),
        Fault::IsFolder => words.is_folder.clone(),
        Fault::IsFile => words.is_file.clone(),
        Fault::NoListing => words.no_listing.clone(),
        Fault::Encoded(coding) => fill(&words.encoded, &[("coding", coding)]),
        Fault::Undecided => words.undecided.clone(),
        Fault::WebPage => words.web_page.clone(),
        Fault::Loop => words.loops.clone(),
        Fault::NotFile { count } => counted(&words.not_file, &words.not_files, *count as u64),
        Fault::Unnamed { links } => fill(&words.unnamed, &[("count", &grouped(*links as u64))]),
        Fault::TooLarge { limit } => fill(&words.too_large, &[("limit", &bytes(*limit))]),
        Fault::TooDeep { depth, folders, bytes: limit } => {
            let [depth, folders] = [depth, folders].map(|limit| grouped(*limit as u64));
            let limit = bytes(*limit as u64);
            fill(&words.too_deep, &[("depth", &depth), ("folders", &folders), ("bytes", &limit)])
        }
        Fault::TooMany { limit } => fill(&words.too_many, &[("limit", &grouped(*limit as u64))]),
        Fault::CutShort { after } => fill(&words.cut_short, &[("count", &grouped(*after as u64))]),
        Fault::BadName => words.bad_name.clone(),
        Fault::Short { got, announced } => {
            fill(&words.short, &[("got", &bytes(*got)), ("announced", &bytes(*announced))])
        }
        Fault::OtherLength { before, now } => {
            fill(&words.other_length, &[("before", &grouped(*before)), ("now", &grouped(*now))])
        }
        Fault::PartOnly => words.part_only.clone(),
        Fault::NotChecksums => words.not_checksums.clone(),
        Fault::Redirected(to) => fill(&words.redirected, &[("target", to)]),
        Fault::InsecureRedirect(to) => fill(&words.insecure_redirect, &[("target", to)]),
        Fault::RedirectedTooOften => words.redirected_too_often.clone(),
        Fault::TooLongForDatagram => words.too_long_for_datagram.clone(),
        Fault::DiskFull => words.disk_full.clone(),
        Fault::Exists(clash) => fill(&words.exists, &[("path", &shown_path(&clash.path))]),
        Fault::HiddenName => words.hidden_name.clone(),
        Fault::NotRegular(path) => fill(&words.not_regular, &[("path", &shown_path(path))]),
        Fault::Fetching(path) => fill(&words.fetching, &[("path", &shown_path(path))]),
        Fault::Changed => words.changed.clone(),
        Fault::WrongDigest(mismatch) => wrong_digest(all, mismatch),
        Fault::NotBeginning(path) => fill(&words.not_beginning, &[("path", &shown_path(path))]),
        Fault::NoChecksum => words.no_checksum.clone(),
        Fault::Damaged(path, what) => fill(&words.damaged, &[("path", &shown_path(path)), ("reason", what)]),
        Fault::OtherVersion(path, version) => {
            fill(&words.other_version, &[("path", &shown_path(path)), ("version", &version.to_string())])
        }
        Fault::Disk(said) => reason(&words.disk, said),
        Fault::Network(said) => reason(&words.network, said),
        Fault::Interrupted => words.interrupted.clone(),
        Fault::EarlierRun => words.earlier_run.clone(),
        Fault::NobodyReads => words.nobody_reads.clone(),
        Fault::TooLong { limit } => fill(&words.too_long, &[("limit", &bytes(*limit))]),
        Fault::EditedTooLong { path, limit } => {
            fill(&words.edited_too_long, &[("limit", &bytes(*limit)), ("path", &shown_path(path))])
        }
        Fault::EditedNotText(path) => fill(&words.edited_not_text, &[("path", &shown_path(path))]),
        Fault::NotStarted(program, said) => {
            fill(&words.not_started, &[("program", program), ("reason", said)])
        }
        Fault::ProgramFailed(program, code) => {
            fill(&words.program_failed, &[("program", program), ("code", &code.to_string())])
        }
        Fault::NoDesktop => words.no_desktop.clone(),
        Fault::Gone => words.gone.clone(),
        Fault::NotForOpening => words.not_for_opening.clone(),
        Fault::Busy => words.busy.clone(),
        Fault::NotTried { files } => counted(&words.not_tried, &words.not_tried_files, *files),
        Fault::NotWalked => words.not_walked.clone(),
    }
}

/// A sentence for one, or that for several, with their number.
fn counted(one: &str, several: &str, count: u64) -> String {
    if count == 1 { one.to_owned() } else { fill(several, &[("count", &grouped(count))]) }
}

/// What a download does at this moment.
#[must_use]
pub fn phase(words: &Words, phase: &Phase, now: Instant) -> String {
    match phase {
        Phase::Asking => words.transfer.asking.clone(),
        // It is made by now.
        Phase::Retrying { at, .. } if *at <= now => words.transfer.asking.clone(),
        Phase::Transferring => words.transfer.transferring.clone(),
        Phase::Retrying { fault: why, attempt, last, at } => {
            // What is not over yet takes a second more.
            let seconds = at.saturating_duration_since(now).as_millis().div_ceil(1000).to_string();
            let (attempt, reason) = (attempt.to_string(), fault(words, why));
            let last = last.map(|last| last.to_string());
            let sentence =
                if last.is_some() { &words.transfer.retrying } else { &words.transfer.waiting_for };
            let last = last.unwrap_or_default();
            let values =
                [("seconds", &*seconds), ("attempt", &*attempt), ("last", &*last), ("reason", &*reason)];
            fill(sentence, &values)
        }
        Phase::Verifying(_) => words.transfer.verifying.clone(),
        Phase::Finishing => words.transfer.finishing.clone(),
    }
}

/// That a download starts over, and why.
#[must_use]
pub fn anew(words: &Words, anew: Anew) -> String {
    let words = &words.transfer;
    match anew {
        Anew::Changed => words.changed.clone(),
        Anew::Differs => words.differs.clone(),
        Anew::NoRanges => words.no_ranges.clone(),
        Anew::NoValidator => words.no_validator.clone(),
        Anew::Forgotten => words.forgotten.clone(),
    }
}

/// All that says that a file's content is right.
#[must_use]
pub fn proofs(words: &Words, proofs: &[Proof]) -> String {
    let words = &words.transfer;
    let mut names: Vec<String> = proofs
        .iter()
        .map(|proof| match proof {
            Proof::Given => words.proof_given.clone(),
            Proof::Answer(_) => words.proof_answer.clone(),
            Proof::Sums(file) => file.to_string(),
        })
        .collect();
    // The fields of an answer are said as one.
    names.dedup();
    fill(&words.proof, &[("what", &names.join(&words.comma))])
}

/// That a file's content is not what it has to be: what says so, and what says otherwise.
fn wrong_digest(words: &Words, mismatch: &Mismatch) -> String {
    let name = |proof: &Proof| match proof {
        Proof::Given => words.transfer.proof_given.clone(),
        Proof::Answer(field) => fill(&words.transfer.proof_field, &[("field", field.title())]),
        Proof::Sums(file) => file.to_string(),
    };
    let names = |proofs: &[Proof]| proofs.iter().map(name).collect::<Vec<_>>().join(&words.transfer.comma);
    let agrees = match &mismatch.agrees[..] {
        [] => String::new(),
        agrees => fill(&words.fault.wrong_digest_agrees, &[("what", &names(agrees))]),
    };
    let path = mismatch.kept.as_deref().map(shown_path);
    let sentence =
        if path.is_some() { &words.fault.wrong_digest } else { &words.fault.wrong_digest_passed_on };
    let differs = names(&mismatch.differs);
    let values = [("what", &*differs), ("agrees", &agrees), ("path", path.as_deref().unwrap_or_default())];
    fill(sentence, &values)
}

/// That it is not certain that all of a file is of one version, and what was compared; none where it is.
#[must_use]
pub fn uncertain(words: &Words, sameness: Sameness) -> Option<String> {
    let words = &words.transfer;
    match sameness {
        Sameness::Certain => None,
        Sameness::Sampled => Some(words.uncertain_sampled.clone()),
        Sameness::Likely(Compared { length, date, tag }) => {
            let known =
                [(length, &words.compared_length), (date, &words.compared_date), (tag, &words.compared_tag)];
            let said = known.into_iter().filter_map(|(is_known, word)| is_known.then_some(&**word));
            let all: Vec<&str> = said.chain([&*words.compared_end]).collect();
            Some(fill(&words.uncertain, &[("what", &all.join(&words.comma))]))
        }
    }
}

/// That a file was not compared with what this one says, and why.
#[must_use]
pub fn unread(words: &Words, sums: &Clean, why: &Fault) -> String {
    fill(&words.transfer.unread, &[("file", sums), ("reason", &fault(words, why))])
}

/// That a file is there already, and why it stays as it is.
#[must_use]
pub fn kept(words: &Words, kept: Kept) -> String {
    let words = &words.transfer;
    match kept {
        Kept::Skipped => words.skipped.clone(),
        Kept::Same => words.same.clone(),
        Kept::Alike => words.alike.clone(),
        Kept::NotNewer => words.not_newer.clone(),
        Kept::Undated => words.undated.clone(),
    }
}

/// Why a folder is not shared.
#[must_use]
pub fn share_fault(words: &Words, fault: &ShareFault) -> String {
    match fault {
        ShareFault::Folder { path, reason } => {
            fill(&words.share.no_folder, &[("path", &shown_path(path)), ("reason", reason)])
        }
        ShareFault::Unwritable { path, reason } => {
            fill(&words.share.unwritable, &[("path", &shown_path(path)), ("reason", reason)])
        }
        ShareFault::Address { address, reason } => {
            let values = [("address", &*address.to_string()), ("reason", &**reason)];
            fill(&words.command.bind_failed, &values)
        }
        ShareFault::Busy => words.fault.busy.clone(),
    }
}

/// What somebody asked our server for: `GET /a.txt`, `PLAIN a.txt`.
#[must_use]
pub fn request(request: &Request) -> String {
    match request {
        Request::Plain(name) => format!("PLAIN {name}"),
        Request::Http { method, path } => format!("{method} {path}"),
        Request::Garbled => "HTTP".to_owned(),
        Request::Handshake => "TLS".to_owned(),
    }
}

/// What became of a request: its status, how much was sent in which time, and why no more.
#[must_use]
pub fn served_facts(words: &Words, served: &Served) -> Vec<String> {
    let words = &words.serve;
    let mut facts = Vec::with_capacity(4);
    match served.answer {
        Answer::Unanswered if served.request == Request::Handshake => facts.push(words.no_tls.clone()),
        Answer::Status(status) => facts.push(status.to_string()),
        Answer::Nothing => facts.push(words.nothing.clone()),
        Answer::Refused => facts.push(words.garbled.clone()),
        Answer::File | Answer::Unanswered => {}
    }
    if served.answer != Answer::Unanswered {
        facts.push(bytes(served.bytes));
    }
    if served.received > 0 {
        facts.push(fill(&words.received, &[("size", &bytes(served.received))]));
    }
    facts.push(format!("{:.3} s", served.took.as_secs_f64()));
    match served.end {
        End::Whole => {}
        End::BrokenOff => facts.push(words.broken_off.clone()),
        End::Stalled => facts.push(words.stalled.clone()),
        End::CutOff => facts.push(words.cut_off.clone()),
    }
    facts
}

/// A sentence on one row of so many columns: where it is too long, only what happened, without what to do about it.
#[must_use]
pub fn fitting(sentence: &str, columns: usize) -> &str {
    // A `;` within a name is followed by no blank.
    let advice = sentence.find("; ").or(sentence.find('；')).filter(|_| width(sentence) > columns);
    &sentence[..advice.unwrap_or(sentence.len())]
}

/// A path of this machine, fit to be shown.
#[must_use]
pub fn shown_path(path: &std::path::Path) -> Clean {
    clean_line(path.as_os_str().as_encoded_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_gives_way_where_there_is_no_room_for_it() {
        let sentence = "no way to it; check the address";
        assert_eq!(fitting(sentence, 31), sentence);
        assert_eq!(fitting(sentence, 30), "no way to it");
        assert_eq!(fitting("连不上；请检查", 8), "连不上");
        assert_eq!(fitting("no advice", 3), "no advice");
        assert_eq!(fitting("a;b.pdf is there; rename it", 20), "a;b.pdf is there");
    }
}
