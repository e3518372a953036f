//! What `hobnob get` says: the path of each file that is here, on stdout, and at last what is not, on stderr; for programs
//! both on stdout. Never says that a file is here before it is, nor that it failed while it may be tried again.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, IsTerminal, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::app::queue::{End, Failure, Item, ItemState, Queue};
use crate::cli::code::ErrorCode;
use crate::cli::{Context, Ending, Get, json, written};
use crate::event::{Anew, Fault, Finished, Kept, Proof, Sameness, TransferEvent};
use crate::locale::{Words, fill};
use crate::text::{Clean, clean_line};
use crate::view::wording;
use crate::wire::source::Source;

/// What is said of a download as it happens.
pub(super) enum Ended {
    /// It is whole.
    Finished(Finished),
    /// What was there stays.
    Kept(PathBuf, Kept),
    /// It is whole, but only likely to be of one version, which is not verified.
    Uncertain(Sameness),
    /// What an earlier try left is of no use.
    Anew(Anew),
    /// It is not compared: what this file says could not be read.
    Unread(Clean, Fault),
    /// It is whole, and was not compared with anything, although the user wants that; whether it was said already why.
    Unverified(bool),
    /// It did not work; some of these are tried again when a question is answered.
    Failed(Fault),
}

impl Ended {
    pub(super) fn of(event: &TransferEvent) -> Option<Self> {
        match event {
            TransferEvent::Finished(file) => Some(Self::Finished(file.clone())),
            TransferEvent::Kept { path, why } => Some(Self::Kept(path.clone(), *why)),
            TransferEvent::Started { anew: Some(why), .. } => Some(Self::Anew(*why)),
            TransferEvent::Unread { sums, fault, .. } => Some(Self::Unread(sums.clone(), fault.clone())),
            TransferEvent::Failed(fault) => Some(Self::Failed(fault.clone())),
            TransferEvent::Started { .. }
            | TransferEvent::Named(_)
            | TransferEvent::Progress { .. }
            | TransferEvent::Retrying { .. }
            | TransferEvent::Verifying { .. }
            | TransferEvent::Finishing
            | TransferEvent::Paused
            | TransferEvent::Cancelled => None,
        }
    }
}

/// How it is said.
pub(super) struct Report {
    words: Words,
    json: bool,
    /// The user chose the path: it needs not be said.
    silent: bool,
    person: bool,
    /// The folder where files go, and how the user wrote that.
    dir: (PathBuf, PathBuf),
    /// What failed so that it may be tried again, and has not been.
    unsettled: HashMap<Source, Fault>,
    /// What could not be compared of files that are under way, for programs.
    unread: HashMap<Source, Vec<NotCompared>>,
}

/// What a file was not compared with, as `--json` shows it.
#[derive(Serialize)]
struct NotCompared {
    with: String,
    reason: String,
    code: ErrorCode,
}

/// A file as `--json` shows it.
#[derive(Serialize)]
struct Line<'a> {
    source: String,
    path: Option<String>,
    state: &'static str,
    bytes: Option<u64>,
    seconds: Option<f64>,
    /// All that agrees: `checksum` that was given, `server` in its answer, and the names of checksum files.
    verified_by: Vec<&'a str>,
    /// All that does not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differs_from: Vec<&'a str>,
    /// What could not be compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_compared: Vec<NotCompared>,
    /// Whether it seems to be a web page in place of the file that was asked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    web_page: bool,
    /// Only of what failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The same for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<ErrorCode>,
    /// The HTTP status, where that is why.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

impl Report {
    pub(super) fn new(context: &Context, options: &Get, dir: PathBuf) -> Self {
        let silent = options.output.is_some() && !options.json;
        Self {
            words: context.words.clone(),
            json: options.json,
            silent,
            person: io::stderr().is_terminal(),
            dir: (dir, options.dir().to_path_buf()),
            unsettled: HashMap::new(),
            unread: HashMap::new(),
        }
    }

    /// Adds what is said of it to what goes to stdout. What only a person wants to know is said at once, on stderr.
    pub(super) fn say(&mut self, source: &Source, ended: Ended, out: &mut Vec<u8>) {
        if matches!(ended, Ended::Finished(_) | Ended::Kept(..) | Ended::Failed(_)) {
            self.unsettled.remove(source);
        }
        let words = &self.words;
        match ended {
            Ended::Finished(file) => {
                let path = self.shown(&file.path.clone().unwrap_or_default());
                if self.json {
                    return self.say_json(source, &path, "finished", Some(&file), out);
                }
                if !file.proofs.is_empty() {
                    self.note_of(&path, || wording::proofs(words, &file.proofs));
                }
                if file.is_page {
                    let name = clean_line(&source.path.last());
                    self.warn(|| about(&path, &fill(&words.command.sent_page, &[("name", &name)])));
                }
                self.say_path(&path, out);
            }
            Ended::Kept(path, why) => {
                let path = self.shown(&path);
                if self.json {
                    let state = match why {
                        Kept::Skipped => "skipped",
                        Kept::Same | Kept::Alike => "same",
                        Kept::NotNewer => "not-newer",
                        Kept::Undated => "undated",
                    };
                    return self.say_json(source, &path, state, None, out);
                }
                let note = || about(&path, &wording::kept(words, why));
                // Nobody knows then whether that is right.
                if matches!(why, Kept::Undated | Kept::Alike) {
                    self.warn(note);
                } else {
                    self.note(note);
                }
                self.say_path(&path, out);
            }
            Ended::Uncertain(sameness) => {
                if let Some(said) = wording::uncertain(words, sameness) {
                    self.warn(|| format!("{source}: {said}"));
                }
            }
            Ended::Anew(why) => self.warn(|| format!("{source}: {}", wording::anew(words, why))),
            Ended::Unread(sums, fault) => {
                self.warn(|| format!("{source}: {}", wording::unread(words, &sums, &fault)));
                if self.json {
                    let (with, reason) = (sums.to_string(), wording::fault(words, &fault));
                    let unread = NotCompared { with, reason, code: (&fault).into() };
                    self.unread.entry(source.clone()).or_default().push(unread);
                }
            }
            Ended::Unverified(is_said) => {
                let words = &self.words.command;
                let said = if is_said { &words.unverified_known } else { &words.unverified };
                self.warn(|| format!("{source}: {said}"));
            }
            // Otherwise it is said when all is over.
            Ended::Failed(_) if !self.json => {}
            Ended::Failed(
                fault @ (Fault::Unauthorized { .. } | Fault::Exists(_) | Fault::DiskFull | Fault::Busy),
            ) => drop(self.unsettled.insert(source.clone(), fault)),
            Ended::Failed(fault) => self.say_failed(source, &fault, out),
        }
    }

    /// All is over: adds what is not tried again any more.
    pub(super) fn say_rest(&mut self, out: &mut Vec<u8>) {
        for (source, fault) in std::mem::take(&mut self.unsettled) {
            self.say_failed(&source, &fault, out);
        }
    }

    /// Writes it to stdout.
    pub(super) fn flush(&self, out: &mut Vec<u8>) -> Result<(), Ending> {
        let wrote = io::stdout().write_all(out).and_then(|()| io::stdout().flush());
        out.clear();
        written(&self.words, wrote)
    }

    fn note_of(&self, path: &Path, note: impl Fn() -> String) {
        self.note(|| about(path, &note()));
    }

    fn note(&self, note: impl Fn() -> String) {
        if self.person {
            self.warn(note);
        }
    }

    /// What a script's log has to say, too: the file is here, but less is known of it than the user may think.
    fn warn(&self, note: impl Fn() -> String) {
        if !self.json {
            // Where stderr is gone there is nobody to tell.
            let _ = writeln!(io::stderr(), "hobnob: {}", clean_line(note().as_bytes()));
        }
    }

    /// A path as the user would write it.
    fn shown(&self, path: &Path) -> PathBuf {
        let (dir, written) = &self.dir;
        path.strip_prefix(dir).map_or_else(|_| path.to_path_buf(), |inside| written.join(inside))
    }

    fn say_path(&self, path: &Path, out: &mut Vec<u8>) {
        if !self.silent {
            out.extend_from_slice(path.as_os_str().as_bytes());
            out.push(b'\n');
        }
    }

    fn say_failed(&mut self, source: &Source, fault: &Fault, out: &mut Vec<u8>) {
        let mismatch = if let Fault::WrongDigest(mismatch) = fault { Some(mismatch) } else { None };
        let kept = mismatch.and_then(|mismatch| mismatch.kept.as_deref());
        let not_compared = self.unread.remove(source).unwrap_or_default();
        Self::write_line(
            &Line {
                source: source.exact(),
                path: kept.map(|path| self.shown(path).to_string_lossy().into_owned()),
                state: "failed",
                bytes: None,
                seconds: None,
                verified_by: mismatch.map(|mismatch| for_programs(&mismatch.agrees)).unwrap_or_default(),
                differs_from: mismatch.map(|mismatch| for_programs(&mismatch.differs)).unwrap_or_default(),
                not_compared,
                web_page: false,
                error: Some(wording::fault(&self.words, fault)),
                code: Some(fault.into()),
                status: if let Fault::Status(status) = fault { Some(*status) } else { None },
            },
            out,
        );
    }

    fn say_json(
        &mut self,
        source: &Source,
        path: &Path,
        state: &'static str,
        file: Option<&Finished>,
        out: &mut Vec<u8>,
    ) {
        let line = Line {
            source: source.exact(),
            path: Some(path.to_string_lossy().into_owned()),
            state,
            bytes: file.map(|file| file.bytes),
            seconds: file.map(|file| file.took.as_secs_f64()),
            verified_by: file.map(|file| for_programs(&file.proofs)).unwrap_or_default(),
            differs_from: Vec::new(),
            not_compared: self.unread.remove(source).unwrap_or_default(),
            web_page: file.is_some_and(|file| file.is_page),
            error: None,
            code: None,
            status: None,
        };
        Self::write_line(&line, out);
    }

    fn write_line(line: &Line<'_>, out: &mut Vec<u8>) {
        // Writing to memory cannot fail.
        let _ = json::write(&mut *out, line);
        out.push(b'\n');
    }
}

fn about(path: &Path, note: &str) -> String {
    format!("{}: {note}", clean_line(path.as_os_str().as_bytes()))
}

fn for_programs(proofs: &[Proof]) -> Vec<&str> {
    let name = |proof| match proof {
        &Proof::Given => "checksum",
        Proof::Answer(_) => "server",
        Proof::Sums(name) => name,
    };
    let mut names: Vec<&str> = proofs.iter().map(name).collect();
    names.dedup();
    names
}

/// What is called otherwise here than on the server, each in a line on stderr.
fn say_renamed(context: &Context, queue: &Queue) {
    let words = &context.words.command;
    let say = |sentence: String| {
        // Where stderr is gone there is nobody to tell.
        let _ = writeln!(io::stderr(), "hobnob: {}", clean_line(sentence.as_bytes()));
    };
    let is_here = |item: &&Item| {
        item.is_folder() || matches!(item.state(), ItemState::Ended(End::Finished(_) | End::Kept { .. }))
    };
    for item in queue.items().filter(is_here) {
        let about = item.source.to_string();
        for (name, here) in &item.renamed().names {
            let source =
                if item.is_folder() && *name != item.name { format!("{about}{name}") } else { about.clone() };
            say(fill(&words.renamed, &[("source", &source), ("name", here)]));
        }
        if item.renamed().more > 0 {
            say(fill(&words.more_renamed, &[("count", &item.renamed().more.to_string())]));
        }
    }
}

/// What the servers say they left out of their lists: no failure, but not all that is there.
fn say_left_out(context: &Context, queue: &Queue) {
    for item in queue.items() {
        context.say_left_out(&item.source, item.left_out());
    }
}

/// What was not downloaded, each in a line; the last one is said by whoever ends the program.
pub(super) fn conclude(context: &Context, queue: &Queue, was_stopped: bool) -> Result<(), Ending> {
    say_renamed(context, queue);
    say_left_out(context, queue);
    let words = &context.words.command;
    let mut failures = Vec::new();
    let (mut more, mut untried) = (0, BTreeMap::<String, u64>::new());
    for item in queue.items() {
        let about = item.source.to_string();
        match item.state() {
            ItemState::Ended(End::Failed(Fault::NotTried { .. })) => {
                *untried.entry(item.source.origin().to_string()).or_default() += 1;
            }
            ItemState::Ended(End::Failed(fault)) => failures.push(context.failed(&about, fault)),
            ItemState::Ended(End::Partly) => {
                let known = item.failures();
                failures.extend(known.iter().map(|failure| {
                    let path = if failure.is_of(item) { "" } else { &*failure.path };
                    context.failed(&format!("{about}{path}"), &failure.fault)
                }));
                let is_one = |failure: &&Failure| !matches!(failure.fault, Fault::NotTried { .. });
                let said = known.iter().filter(is_one).count() as u64 + item.counts().untried;
                more += item.counts().failed.saturating_sub(said);
            }
            ItemState::Ended(End::Empty) => {
                // All of it is here.
                Ending::Failed(fill(&words.empty_folder, &[("source", &about)])).say();
            }
            ItemState::Conflict(clash) => {
                failures.push(context.failed(&about, &Fault::exists(clash.path.clone())));
            }
            ItemState::Ended(End::Finished(_) | End::Kept { .. } | End::Cancelled)
            | ItemState::Unauthorized(..)
            | ItemState::Waiting
            | ItemState::Listing
            | ItemState::Running(_)
            | ItemState::Paused
            | ItemState::Crashed => {}
        }
    }
    failures.extend(
        untried.into_iter().map(|(server, files)| context.failed(&server, &Fault::NotTried { files })),
    );
    if more > 0 {
        failures.push(Ending::Failed(fill(&words.more_failures, &[("count", &more.to_string())])));
    }
    if let Some(fault) = queue.held() {
        failures
            .push(Ending::Failed(fill(&words.held, &[("reason", &wording::fault(&context.words, fault))])));
    } else if was_stopped && queue.open() > 0 {
        failures.push(Ending::Failed(words.stopped.clone()));
    }
    let last = failures.pop();
    for failure in failures {
        failure.say();
    }
    last.map_or(Ok(()), Err)
}
