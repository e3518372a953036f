//! Going on with what is here: asks for the rest, and compares the last bytes that are here with what the server has
//! there. Never goes on where they differ.

use std::fs::File;
use std::io;

use super::{Base, Transfer};
use crate::effect::Partial;
use crate::event::{Anew, Facts, Fault, Kept};
use crate::net::fetch::ask::{self, Answer, Reply, Version, Wish};
use crate::net::fetch::body::Incoming;
use crate::net::fetch::partial::read_at;
use crate::net::fetch::{Halt, OVERLAP, blocking};

impl Transfer<'_> {
    /// Asks until there is an answer that can be used, and what it goes on with. Notes why with nothing that an earlier
    /// try left.
    pub(super) async fn ask(&mut self) -> Result<(Answer, Base), Halt> {
        if self.here() > OVERLAP && !self.version.partial().can_go_on() {
            let known = self.begun || self.job.partial.is_some();
            self.anew.get_or_insert(if known { Anew::NoValidator } else { Anew::Forgotten });
        }
        if let Some(total) = self.version.total.filter(|_| self.here() > 0) {
            // An earlier run was told that.
            let _ = self.lengths.note(self.version.identity.clone(), total);
        }
        let mut suffix = None;
        loop {
            let base = self.base();
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
                    if base == Base::Partial {
                        let same = answer.version.validator == self.version.validator;
                        self.anew = Some(if same { Anew::NoRanges } else { Anew::Changed });
                    }
                    return Ok((answer, Base::Nothing));
                }
                Reply::Useless(why) => why,
                Reply::Unsatisfied(total) => {
                    let here = self.length(base);
                    if base == Base::Other && total < here {
                        return Err(Fault::exists(self.job.to.clone()).into());
                    }
                    // Some servers call it so where nothing is missing: then the end alone is asked for.
                    if total == here && wish.is_some_and(|wish| wish.suffix.is_none()) {
                        suffix = Some(here.min(OVERLAP));
                        continue;
                    }
                    Anew::Changed
                }
            };
            if base == Base::Partial {
                self.anew = Some(useless);
                self.version = Version::default();
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
        let first = self.length(base).saturating_sub(OVERLAP);
        let known = match base {
            Base::Nothing => return None,
            Base::Partial => self.version.partial(),
            // Nobody knows which version it was.
            Base::Other => Partial { validator: None, total: None },
        };
        Some(Wish { first, suffix, known })
    }

    /// Whether the part that comes begins with the last bytes that are here; they are taken from it.
    async fn goes_on(&mut self, base: Base, answer: &mut Answer) -> Result<bool, Halt> {
        let here = self.length(base);
        let exists = || Halt::Fault(Fault::exists(self.job.to.clone()));
        if base == Base::Other && answer.version.total.is_some_and(|total| total < here) {
            return Err(exists());
        }
        let file = match (base, &self.file, &self.other) {
            (Base::Partial, Some(file), _) => file.file(),
            (Base::Other, _, Some(other)) => &*other.file,
            _ => return Ok(false),
        };
        let (same, _) = compare(&mut answer.body, file, here.saturating_sub(OVERLAP), here).await?;
        if base == Base::Other {
            if !same {
                return Err(exists());
            }
            if answer.version.total == Some(here) {
                return Err(Halt::Kept(Kept::Same));
            }
        }
        Ok(same)
    }

    /// Whether a whole file that comes begins with the other file that is to be gone on with, as far as that is looked at.
    async fn begins(&mut self, answer: &mut Answer) -> Result<(), Halt> {
        let Some(other) = &self.other else { return Ok(()) };
        let exists = || Halt::Fault(Fault::exists(self.job.to.clone()));
        let total = answer.version.total;
        if total.is_some_and(|total| total < other.length) {
            return Err(exists());
        }
        let comes = Facts { size: total, modified: answer.version.modified };
        if comes.are_the_same_as(&Facts { size: Some(other.length), modified: other.modified }) {
            return Err(Halt::Kept(Kept::Same));
        }
        let (same, taken) = compare(&mut answer.body, &other.file, 0, other.length.min(OVERLAP)).await?;
        answer.body.put_back(taken);
        if same { Ok(()) } else { Err(exists()) }
    }
}

/// Whether what comes is what is in a file between two places, and what came.
async fn compare(
    body: &mut Incoming,
    file: &File,
    from: u64,
    to: u64,
) -> Result<(bool, bytes::BytesMut), Halt> {
    let length = usize::try_from(to - from).unwrap_or(usize::MAX);
    let taken = body.take(length).await?;
    let read = |file: io::Result<File>| blocking(move || read_at(&file?, from, length));
    let ours = read(file.try_clone()).await?.map_err(|error| Fault::from_disk(&error))?;
    Ok((ours == taken, taken))
}
