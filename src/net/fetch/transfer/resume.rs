//! Going on with what is here: asks for the rest, and compares the last bytes that are here with what the server has
//! there. Never goes on where they differ.
//!
//! What an earlier try left is known by its validator. A file that came from elsewhere is not: all of it is compared where it
//! is short; of a longer one samples are, where the server says no digest by which the whole can be compared in the end.

use std::fs::File;
use std::io;

use bytes::BytesMut;

use super::{Base, Other, Transfer};
use crate::effect::Partial;
use crate::event::{Anew, Compared, Facts, Fault, Kept, Sameness};
use crate::net::fetch::ask::{self, Answer, Reply, Version, Wish};
use crate::net::fetch::body::Incoming;
use crate::net::fetch::partial::read_at;
use crate::net::fetch::{Halt, OVERLAP, blocking};

/// Bytes at the end of a file from elsewhere that are compared: all of a shorter one.
const END: u64 = 1024 * 1024;

/// Samples of a longer one, each of [`OVERLAP`] bytes, spread evenly from its first byte on.
const SAMPLES: u64 = 16;

impl Transfer<'_> {
    /// Asks until there is an answer that can be used, and what it goes on with. Notes why with nothing that an earlier
    /// try left.
    pub(super) async fn ask(&mut self) -> Result<(Answer, Base), Halt> {
        if self.here() > OVERLAP && !self.version.partial().can_go_on() {
            let known = self.begun || self.job.partial.is_some();
            self.anew.get_or_insert(if known { Anew::NoValidator } else { Anew::Forgotten });
        }
        if self.here() > 0 && self.version.partial().can_go_on() {
            // An earlier run was told that, or has got that.
            let identity = self.version.identity.clone();
            self.lengths.note_came(identity.clone(), self.here());
            if let Some(total) = self.version.total {
                let _ = self.lengths.note(identity, total);
            }
        }
        let mut suffix = None;
        let mut refused = None;
        loop {
            let mut base = self.base();
            if base == Base::Other && self.needs_samples() {
                if let Some(whole) = Box::pin(self.sample()).await? {
                    return Ok((whole, Base::Nothing));
                }
                base = self.base();
            }
            let wish = self.wish(base, suffix.take());
            let reply = ask::ask(self.engine, &mut self.job.source, wish.as_ref(), &mut self.lengths).await?;
            let useless = match reply {
                Reply::File(answer) if answer.is_part => {
                    let mut answer = *answer;
                    if self.goes_on(base, &mut answer).await? {
                        return Ok((answer, base));
                    }
                    Anew::Differs
                }
                Reply::File(answer) => {
                    let mut answer = *answer;
                    self.begins(&mut answer).await?;
                    let is_same = self.version.identity.is(&answer.version.identity);
                    let start = if is_same == Some(false) { None } else { self.unlike(&mut answer).await? };
                    if start.is_some() && base == Base::Partial {
                        // A tail, maybe: without a range all of it is asked for.
                        refused = start;
                        Anew::NoRanges
                    } else {
                        // What came in this run was not changed on the disk since, and one file has one beginning.
                        let is_known =
                            self.begun || refused.is_some_and(|other| start.as_ref() != Some(&other));
                        if is_same == Some(true) && start.is_some() && is_known {
                            return Err(Fault::Changed.into());
                        }
                        if base == Base::Partial {
                            let (now, before) = (&answer.version, &self.version);
                            let other_length =
                                now.total.zip(before.total).is_some_and(|(now, before)| now != before);
                            let same = now.validator == before.validator && !other_length;
                            self.anew = Some(if same { Anew::NoRanges } else { Anew::Changed });
                        }
                        self.sameness = Sameness::Certain;
                        return Ok((answer, Base::Nothing));
                    }
                }
                Reply::Useless(why) => why,
                Reply::Unsatisfied(total) => {
                    let here = self.length(base);
                    if base == Base::Other && total < here {
                        return Err(self.not_beginning());
                    }
                    // Some servers call it so where nothing is missing: then the end alone is asked for.
                    if total == here && wish.is_some_and(|wish| wish.suffix.is_none()) {
                        suffix = Some(here.min(overlap(base)));
                        continue;
                    }
                    Anew::Changed
                }
            };
            if base == Base::Partial {
                self.anew = Some(useless);
                // Of what is here it is still known which version it is of.
                let identity = self.version.identity.clone();
                self.version = Version { identity, ..Version::default() };
            } else if let Some(other) = &mut self.other {
                other.by_range = false;
            }
        }
    }

    /// What there is to go on with.
    fn base(&self) -> Base {
        if self.here() > OVERLAP && self.version.partial().can_go_on() {
            Base::Partial
        } else if self.other.as_ref().is_some_and(|other| other.by_range) {
            Base::Other
        } else {
            Base::Nothing
        }
    }

    /// How much of it is here, in bytes.
    pub(super) fn length(&self, base: Base) -> u64 {
        match base {
            Base::Nothing => 0,
            Base::Partial => self.here(),
            Base::Other => self.other.as_ref().map_or(0, |other| other.length),
        }
    }

    fn wish(&self, base: Base, suffix: Option<u64>) -> Option<Wish> {
        let first = self.length(base).saturating_sub(overlap(base));
        let known = match base {
            Base::Nothing => return None,
            Base::Partial => self.version.partial(),
            Base::Other => self.other.as_ref().map_or(UNKNOWN, Other::version),
        };
        Some(Wish { first, last: None, suffix, known })
    }

    fn not_beginning(&self) -> Halt {
        Fault::NotBeginning(self.job.to.clone()).into()
    }

    /// Whether the other file is too long for all of it to be compared, and was not looked at yet.
    fn needs_samples(&self) -> bool {
        self.other.as_ref().is_some_and(|other| other.length > END && other.sampled.is_none())
    }

    /// Compares samples of the other file with what the server has there, as many as are needed: one, where there will be
    /// more to compare it with. The whole file, where the server sends that instead.
    async fn sample(&mut self) -> Result<Option<Answer>, Halt> {
        let Some(other) = &self.other else { return Ok(None) };
        let (file, length) = (other.file.clone(), other.length);
        for nth in 0..SAMPLES {
            let first = (length - OVERLAP) / SAMPLES * nth;
            let known = self.other.as_ref().map_or(UNKNOWN, Other::version);
            let wish = Wish { first, last: Some(first + OVERLAP - 1), suffix: None, known };
            let reply = ask::ask(self.engine, &mut self.job.source, Some(&wish), &mut self.lengths).await?;
            match reply {
                Reply::File(answer) if answer.is_part => {
                    let Answer { mut body, version, .. } = *answer;
                    let (same, _) = compare(&mut body, &file, first, first + OVERLAP).await?;
                    if !same || version.total.is_some_and(|total| total < length) {
                        return Err(self.not_beginning());
                    }
                    let is_verified = self.job.checksum.is_some()
                        || version.digest_follows
                        || !version.checksums.is_empty();
                    if let Some(other) = &mut self.other {
                        other.sampled = Some(Box::new(version));
                    }
                    if is_verified {
                        break;
                    }
                }
                Reply::File(answer) => {
                    let mut answer = *answer;
                    self.begins(&mut answer).await?;
                    return Ok(Some(answer));
                }
                Reply::Useless(_) | Reply::Unsatisfied(_) => {
                    if let Some(other) = &mut self.other {
                        other.by_range = false;
                    }
                    break;
                }
            }
        }
        Ok(None)
    }

    /// Whether the part that comes begins with the last bytes that are here; they are taken from it.
    async fn goes_on(&mut self, base: Base, answer: &mut Answer) -> Result<bool, Halt> {
        let here = self.length(base);
        if base == Base::Other && answer.version.total.is_some_and(|total| total < here) {
            return Err(self.not_beginning());
        }
        let file = match (base, &self.file, &self.other) {
            (Base::Partial, Some(file), _) => file.file(),
            (Base::Other, _, Some(other)) => &*other.file,
            _ => return Ok(false),
        };
        let (same, _) = compare(&mut answer.body, file, here.saturating_sub(overlap(base)), here).await?;
        let sameness = match base {
            Base::Nothing => Sameness::Certain,
            Base::Partial if self.version.partial().is_certain() => Sameness::Certain,
            Base::Partial => Sameness::Likely(compared(&self.version, &answer.version)),
            Base::Other if here <= END => Sameness::Certain,
            Base::Other => Sameness::Sampled,
        };
        // What is here may have begun with a file from elsewhere, in this run or in an earlier one.
        let is_sampled = self.other.as_ref().is_some_and(|other| other.length > END);
        self.sameness = if is_sampled { Sameness::Sampled } else { sameness };
        if base == Base::Other {
            if !same {
                return Err(self.not_beginning());
            }
            if answer.version.total == Some(here) {
                // By that it may still turn out to be another one.
                self.version = answer.version.clone();
                let kept = if sameness == Sameness::Certain { Kept::Same } else { Kept::Alike };
                return Err(Halt::Kept(kept));
            }
        }
        Ok(same)
    }

    /// The first bytes of what comes as the whole file, where they are not those that are here.
    async fn unlike(&self, answer: &mut Answer) -> Result<Option<BytesMut>, Halt> {
        let Some(file) = self.file.as_ref().filter(|file| file.len() > 0) else { return Ok(None) };
        let (same, taken) = compare(&mut answer.body, file.file(), 0, file.len().min(OVERLAP)).await?;
        let start = (!same).then(|| taken.clone());
        answer.body.put_back(taken);
        Ok(start)
    }

    /// Whether a whole file that comes begins with the other file that is to be gone on with, as far as that is looked at: all
    /// of it is when the other has come.
    async fn begins(&mut self, answer: &mut Answer) -> Result<(), Halt> {
        let Some(other) = &self.other else { return Ok(()) };
        let total = answer.version.total;
        if total.is_some_and(|total| total < other.length) {
            return Err(self.not_beginning());
        }
        let comes = Facts { size: total, modified: answer.version.modified };
        if comes.are_the_same_as(&Facts { size: Some(other.length), modified: other.modified }) {
            self.version = answer.version.clone();
            return Err(Halt::Kept(Kept::Same));
        }
        let (same, taken) = compare(&mut answer.body, &other.file, 0, other.length.min(OVERLAP)).await?;
        answer.body.put_back(taken);
        if same { Ok(()) } else { Err(self.not_beginning()) }
    }
}

/// Nothing is known of its version.
const UNKNOWN: Partial = Partial { validator: None, total: None };

impl Other {
    /// Of which version it should be the beginning.
    fn version(&self) -> Partial {
        self.sampled.as_ref().map_or(UNKNOWN, |version| version.partial())
    }
}

/// How many bytes at the end of what is here are compared.
fn overlap(base: Base) -> u64 {
    match base {
        Base::Nothing | Base::Partial => OVERLAP,
        Base::Other => END,
    }
}

/// What two answers both said of their versions, which are not said to be different ones.
fn compared(before: &Version, now: &Version) -> Compared {
    Compared {
        length: before.total.is_some() && now.total.is_some(),
        date: before.identity.modified.is_some() && now.identity.modified.is_some(),
        tag: before.identity.etag.is_some() && now.identity.etag.is_some(),
    }
}

/// Whether what comes is what is in a file between two places, and what came.
async fn compare(body: &mut Incoming, file: &File, from: u64, to: u64) -> Result<(bool, BytesMut), Halt> {
    let length = usize::try_from(to - from).unwrap_or(usize::MAX);
    let taken = body.take(length).await?;
    let read = |file: io::Result<File>| blocking(move || read_at(&file?, from, length));
    let ours = read(file.try_clone()).await?.map_err(|error| Fault::from_disk(&error))?;
    Ok((ours == taken, taken))
}
