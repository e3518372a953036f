//! Files on a server that say what other files' content has to be. Each is asked for once, however many files it names;
//! one that could not be read is not asked for by each of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::{StatusCode, header};
use tokio::time::{Instant, sleep, timeout};

use super::{Engine, blocking};
use crate::event::{Fault, Stage};
use crate::net::http::{Answer, Client, Question};
use crate::net::retry::Retries;
use crate::wire::address::Endpoint;
use crate::wire::digest::{self, Checksum, SUMS_LIMIT, are_sums};
use crate::wire::source::{Scheme, Source};

/// Such files that are remembered, and what they may say together; with more than that, they are asked for again.
const REMEMBERED: usize = 64;
const REMEMBERED_SUMS: usize = 500_000;
/// What could not be read is not asked for again before that.
const LEFT_ALONE: Duration = Duration::from_mins(1);
/// Which part of the time that is waited for an answer a whole such file may take, retries included.
const PART: u32 = 4;

/// What such files said.
#[derive(Debug, Default)]
pub(super) struct Sums {
    files: Mutex<HashMap<Source, Arc<Cell>>>,
    /// Servers that let us wait too long for one of them, and until when no other is asked for there.
    slow: Mutex<HashMap<Endpoint, Instant>>,
}

/// What is known of one; whoever asks for it has the lock. None: nobody has asked yet.
type Cell = tokio::sync::Mutex<Option<Known>>;

#[derive(Debug)]
enum Known {
    Said(Said),
    /// Why it could not be read, and until when that is believed.
    Unread(Fault, Instant),
}

/// What one of them said.
#[derive(Debug, Default)]
struct Said {
    by_name: HashMap<Vec<u8>, Vec<Checksum>>,
    alone: Vec<Checksum>,
    /// The status that said that there is no such file.
    missing: Option<StatusCode>,
}

/// What is found out about one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Its content has to be this.
    Checksums(Vec<Checksum>),
    /// Nothing is said of it.
    Nothing,
    /// There are no such sums, says the server with this status.
    Missing(u16),
}

impl Sums {
    /// What `sums` says of `file`.
    pub(super) async fn find(&self, engine: &Engine, sums: &Source, file: &Source) -> Result<Found, Fault> {
        if is_of(sums, file) {
            // Nobody else will ask.
            return Ok(self.ask(engine, sums).await?.find(sums, file));
        }
        let cell = self.cell(sums);
        let mut known = cell.lock().await;
        let fresh = match known.take().filter(Known::is_fresh) {
            Some(known) => known,
            None => Known::of(self.ask(engine, sums).await),
        };
        match known.insert(fresh) {
            Known::Said(said) => Ok(said.find(sums, file)),
            Known::Unread(fault, _) => Err(fault.clone()),
        }
    }

    /// The file that is verified is here already, and must not wait long: a server that mostly hangs on what it does not have
    /// is asked once.
    async fn ask(&self, engine: &Engine, sums: &Source) -> Result<Said, Fault> {
        let patience = engine.client.timeouts().answer / PART;
        let slow = || self.slow.lock().unwrap_or_else(PoisonError::into_inner);
        let too_slow = Fault::TimedOut(Stage::Answer, patience);
        if slow().get(&sums.endpoint).is_some_and(|until| now() < *until) {
            return Err(too_slow);
        }
        let asked = timeout(patience, ask(engine, sums)).await;
        asked.unwrap_or_else(|_| {
            slow().insert(sums.endpoint.clone(), now() + LEFT_ALONE);
            Err(too_slow)
        })
    }

    fn cell(&self, sums: &Source) -> Arc<Cell> {
        let mut remembered = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let said = remembered.values().filter_map(|cell| match cell.try_lock().ok()?.as_ref()? {
            Known::Said(said) => Some(said.by_name.len()),
            Known::Unread(..) => None,
        });
        let is_full = said.sum::<usize>() >= REMEMBERED_SUMS || remembered.len() >= REMEMBERED;
        if is_full && !remembered.contains_key(sums) {
            remembered.clear();
        }
        remembered.entry(sums.clone()).or_default().clone()
    }
}

impl Known {
    fn of(asked: Result<Said, Fault>) -> Self {
        match asked {
            Ok(said) => Self::Said(said),
            Err(fault) => Self::Unread(fault, now() + LEFT_ALONE),
        }
    }

    fn is_fresh(&self) -> bool {
        match self {
            Self::Said(_) => true,
            Self::Unread(_, until) => now() < *until,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how long something is believed is a matter of time")]
fn now() -> Instant {
    Instant::now()
}

/// Whether it is about this file alone, as `notes.pdf.sha256` is.
pub(super) fn is_of(sums: &Source, file: &Source) -> bool {
    sums.path.last().strip_prefix(&*file.path.last()).is_some_and(|rest| rest.starts_with(b"."))
}

impl Said {
    fn find(&self, sums: &Source, file: &Source) -> Found {
        if let Some(status) = self.missing {
            return Found::Missing(status.as_u16());
        }
        self.checksums(sums, file).map_or(Found::Nothing, |checksums| Found::Checksums(checksums.to_vec()))
    }

    fn checksums(&self, sums: &Source, file: &Source) -> Option<&[Checksum]> {
        if sums.endpoint != file.endpoint {
            return None;
        }
        let (name, last) = (file.path.name(), file.path.last());
        let relative = name.strip_prefix(&*sums.path.parent()?.name())?;
        // Wherever the file was when its own sum was written.
        let own = || {
            if !is_of(sums, file) {
                return None;
            }
            let of_last = |name: &Vec<u8>| name.rsplit(|byte| *byte == b'/').next() == Some(&*last);
            let named =
                || self.by_name.iter().find(|(name, _)| of_last(name)).map(|(_, checksums)| checksums);
            Some(&self.alone).filter(|alone| !alone.is_empty()).or_else(named)
        };
        self.by_name.get(relative).or_else(own).map(Vec::as_slice)
    }
}

/// It may not even be there: it is asked for once more at most, and not as often as the file itself.
async fn ask(engine: &Engine, sums: &Source) -> Result<Said, Fault> {
    let mut retries = Retries::new(engine.retries.min(1), Duration::ZERO);
    loop {
        let fault = match read(&engine.client, sums).await {
            Ok(said) => return Ok(said),
            Err(fault) => fault,
        };
        sleep(retries.next(fault, Duration::ZERO, 0, true)?.after).await;
    }
}

async fn read(client: &Client, sums: &Source) -> Result<Said, Fault> {
    if sums.scheme == Scheme::Plain {
        return Ok(Said::default());
    }
    let Some(mut answer) = client.ask(sums, &Question::get("text/plain, */*;q=0.5")).await? else {
        return Ok(Said::default());
    };
    match answer.status {
        _ if answer.is_whole() && is_page(&answer) => {
            answer.body.skip().await;
            return Err(Fault::NotChecksums);
        }
        _ if answer.is_whole() => {}
        // Some servers forbid what is not there, so that nobody learns what is.
        StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::FORBIDDEN => {
            let missing = Some(answer.status);
            answer.body.skip().await;
            return Ok(Said { missing, ..Said::default() });
        }
        _ => return Err(answer.refusal().await),
    }
    let mut text = Vec::new();
    while let Some(bytes) = answer.body.next().await? {
        text.extend_from_slice(&bytes);
        if text.len() as u64 > SUMS_LIMIT {
            return Err(Fault::TooLarge { limit: SUMS_LIMIT });
        }
    }
    blocking(move || are_sums(&text).then(|| said(&text))).await?.ok_or(Fault::NotChecksums)
}

/// Whether it is meant for people, or for another program than one that compares checksums.
fn is_page(answer: &Answer) -> bool {
    let kind = answer.text(&header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_other_text = kind.starts_with("text/") && kind.contains("html");
    is_other_text
        || kind.contains("xml")
        || kind.contains("json")
        || kind.contains("javascript")
        || ["image/", "video/", "audio/", "font/"].iter().any(|family| kind.starts_with(family))
}

fn said(text: &[u8]) -> Said {
    let mut said = Said::default();
    for sum in digest::sums(text) {
        let checksums = match sum.name {
            Some(name) => said.by_name.entry(name).or_default(),
            None => &mut said.alone,
        };
        checksums.push(sum.checksum);
    }
    // Among those of other files it does not say whose it is.
    let is_twice = |(at, sum): (usize, &Checksum)| {
        said.alone[..at].iter().any(|before| before.algorithm() == sum.algorithm())
    };
    if !said.by_name.is_empty() || said.alone.iter().enumerate().any(is_twice) {
        said.alone.clear();
    }
    said
}
