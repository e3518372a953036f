//! The queue of the command's downloads, with the workers that it needs. Decides nothing that the queue decides.

use std::collections::HashMap;
use std::future::pending;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use super::bars::{Bars, Picture};
use super::output::Output;
use super::report::{self, Ended, Report};
use crate::app::Ids;
use crate::app::queue::{NewFile, Queue, QueueSettings, World};
use crate::cli::{Context, Ending, Get, password};
use crate::effect::{Conflict, Effect};
use crate::event::{Event, Fault, Sameness, TransferEvent, TransferId};
use crate::locale::fill;
use crate::net::fetch::Engine;
use crate::net::http::Client;
use crate::shell::files::FileWorkers;
use crate::store::{self, Store};
use crate::wire::source::Source;

/// Events that wait to be looked at; then workers wait.
const EVENTS: usize = 1024;
/// Events that are looked at before anything is done about them.
const AT_ONCE: usize = 32;
/// How often something is said, and the bars are drawn, while something runs.
const WRITE_EVERY: Duration = Duration::from_millis(100);

/// The downloads of a command.
pub(super) struct Downloads<'a> {
    context: &'a Context,
    client: Client,
    queue: Queue,
    ids: Ids,
    out: Vec<Effect>,
    workers: FileWorkers,
    /// None where it cannot be used: then nothing is known of earlier runs, nor kept for later ones.
    store: Option<Store>,
    events: Receiver<Event>,
    output: Output,
    /// Whether somebody sees how far it is.
    has_bars: bool,
    /// What becomes of a file where another one of its name is there; none: it is not downloaded. Nobody can be asked.
    answer: Option<Conflict>,
    /// Files that came without anything that says what their content has to be, where the user wants them verified.
    unverified: Option<u64>,
    /// How it is known of what is under way that all of it is of one version.
    sameness: HashMap<TransferId, Sameness>,
    /// Of what is under way what could not be compared; whether that is known to be there.
    unread: HashMap<TransferId, bool>,
}

/// What becomes of a file where something of its name is there: what the queue does, and what it is answered where it asks.
/// Where the user does not say for this command that it is to be otherwise, it asks: a file that has come already, by an
/// earlier run of the same command, is not downloaded once more then.
fn policy(context: &Context, options: &Get) -> (Conflict, Option<Conflict>) {
    match (options.conflict, context.config.conflict) {
        (Some(said), _) => (said, None),
        // A name that was chosen is not changed, any other gets a number.
        (None, Conflict::Ask) => (Conflict::Ask, options.output.is_none().then_some(Conflict::Rename)),
        (None, usual @ (Conflict::Rename | Conflict::Overwrite)) => (Conflict::Ask, Some(usual)),
        (None, usual @ (Conflict::Skip | Conflict::Resume | Conflict::Newer)) => (usual, None),
    }
}

impl<'a> Downloads<'a> {
    /// Nothing asked for yet.
    pub(super) fn start(
        context: &'a Context,
        options: &Get,
        dir: PathBuf,
        client: Client,
        engine: Engine,
    ) -> io::Result<Self> {
        let report = Report::new(context, options, dir.clone());
        let has_bars = io::stderr().is_terminal();
        let output = Output::start(report, has_bars.then(|| Bars::new(&context.words)))?;
        let (told, events) = channel(EVENTS);
        let (conflict, answer) = policy(context, options);
        let settings = QueueSettings {
            dir,
            prefix: context.config.prefix.clone(),
            conflict,
            at_once: options.jobs.map_or(context.config.at_once, usize::from),
            rate: options.limit_rate.or(context.config.limit_rate),
            names: options.name_policy.unwrap_or(context.config.names),
            hidden: options.hidden || context.config.hidden_names,
        };
        let (store, partials) = match store::open(&context.data_dir) {
            Ok(mut opened) if opened.fault.is_none() => {
                let partials = std::mem::take(&mut opened.memory.partials);
                (opened.start(told.clone()).ok(), partials)
            }
            Ok(_) | Err(_) => (None, Vec::new()),
        };
        let mut downloads = Self {
            context,
            workers: FileWorkers::start(client.clone(), engine, &told),
            client,
            queue: Queue::new(settings),
            ids: Ids::default(),
            out: Vec::new(),
            store,
            events,
            output,
            has_bars,
            answer,
            unverified: options.verify.then_some(0),
            sameness: HashMap::new(),
            unread: HashMap::new(),
        };
        downloads.with_queue(|queue, world| queue.restore(Vec::new(), partials, world));
        Ok(downloads)
    }

    pub(super) fn add_file(&mut self, file: NewFile) {
        self.with_queue(|queue, world| queue.add_file(file, world));
    }

    pub(super) fn add_folder(&mut self, source: &Source, to: Option<PathBuf>) {
        self.with_queue(|queue, world| queue.add_folder(source, to, world));
    }

    /// Downloads all of it, or until it is `stopped`.
    pub(super) async fn run(mut self, mut stopped: Pin<&mut impl Future<Output = ()>>) -> Result<(), Ending> {
        let mut writing = interval(WRITE_EVERY);
        writing.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut was_stopped = false;
        loop {
            self.act();
            if self.queue.is_at_rest()
                && (was_stopped || !self.goes_on(stopped.as_mut(), &mut was_stopped).await)
            {
                break;
            }
            let deadline = self.queue.deadline();
            let woken = async {
                match deadline {
                    Some(at) => sleep_until(at.into()).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                // Who stops it does not wait for that.
                Some(event) = self.events.recv(), if self.output.has_room() || was_stopped => {
                    self.hear(event);
                    for _ in 1..AT_ONCE {
                        let Ok(event) = self.events.try_recv() else { break };
                        self.hear(event);
                    }
                }
                () = self.output.failed() => {
                    // What is not said is not known to be here: no more of it is of use.
                    was_stopped = true;
                    self.with_queue(Queue::pause_all);
                }
                () = woken => self.with_queue(Queue::wake),
                () = stopped.as_mut(), if !was_stopped => {
                    was_stopped = true;
                    self.with_queue(Queue::pause_all);
                }
                _ = writing.tick(), if self.has_bars || self.output.waits() => {
                    let picture = self.has_bars.then(|| Picture::of(&self.queue, now()));
                    self.output.flush(picture);
                }
            }
        }
        Box::pin(self.end(was_stopped)).await
    }

    fn hear(&mut self, event: Event) {
        // What cannot be kept for a later run is no failure of this one, and nothing else was asked for.
        if let Event::Transfer(id, event) = event {
            self.note_verified(id, &event);
            let gave_up = || {
                let paused = matches!(event, TransferEvent::Paused);
                self.queue.gave_up(id).filter(|_| paused).cloned().map(Ended::Failed)
            };
            if let Some(ended) = Ended::of(&event).or_else(gave_up)
                && let Some(source) = self.queue.source_of(id)
            {
                self.output.say(source.clone(), ended);
            }
            self.with_queue(|queue, world| queue.on_transfer(id, event, world));
            self.answer();
        } else if let Event::Walk(request, event) = event {
            self.with_queue(|queue, world| queue.on_walk(request, event, world));
        } else if let Event::Inspected(request, found) = event {
            self.with_queue(|queue, world| queue.on_inspected(request, found, world));
        } else if let Event::FoldersMade(request, missed) = event {
            self.with_queue(|queue, world| queue.on_folders_made(request, missed, world));
        }
    }

    /// Says of a file that is whole what is not certain of its content.
    fn note_verified(&mut self, id: TransferId, event: &TransferEvent) {
        match event {
            TransferEvent::Started { sameness, .. } => drop(self.sameness.insert(id, *sameness)),
            TransferEvent::Unread { is_known, .. } => *self.unread.entry(id).or_default() |= is_known,
            TransferEvent::Finished(file) => {
                let sameness = self.sameness.remove(&id).unwrap_or_default();
                let unread = self.unread.remove(&id);
                let is_compared = !file.proofs.is_empty();
                let mut notes = Vec::new();
                if let Some(count) = &mut self.unverified
                    && (!is_compared || unread == Some(true))
                {
                    *count += 1;
                    notes.extend((!is_compared).then_some(Ended::Unverified(unread.is_some())));
                }
                if !is_compared && sameness != Sameness::Certain {
                    notes.push(Ended::Uncertain(sameness));
                }
                for note in notes {
                    if let Some(source) = self.queue.source_of(id) {
                        self.output.say(source.clone(), note);
                    }
                }
            }
            TransferEvent::Kept { .. }
            | TransferEvent::Failed(_)
            | TransferEvent::Paused
            | TransferEvent::Cancelled => {
                self.sameness.remove(&id);
                self.unread.remove(&id);
            }
            TransferEvent::Named(_)
            | TransferEvent::Progress { .. }
            | TransferEvent::Retrying { .. }
            | TransferEvent::Verifying { .. }
            | TransferEvent::Finishing => {}
        }
    }

    /// Answers what the queue asks. Of one file at a time: the next may be here already.
    fn answer(&mut self) {
        let Some(conflict) = self.answer else { return };
        while let Some(item) = self.queue.question().map(|question| question.item) {
            self.with_queue(|queue, world| queue.answer(item, conflict, false, world));
        }
    }

    /// Lets the queue deal with something, now.
    fn with_queue<T>(&mut self, deal: impl FnOnce(&mut Queue, &mut World<'_>) -> T) -> T {
        deal(&mut self.queue, &mut World { now: now(), ids: &mut self.ids, out: &mut self.out })
    }

    /// Does what the queue asked for. What cannot be taken comes back to it, which may ask for more.
    fn act(&mut self) {
        while !self.out.is_empty() {
            for effect in std::mem::take(&mut self.out) {
                let refused = if let Effect::Store(request) = effect {
                    // Nobody but a later run misses what is not kept. The queue of a command is not kept at all.
                    let _ = self.store.as_ref().map(|store| store.tell(request));
                    None
                } else {
                    self.workers.tell(effect)
                };
                if let Some(refused) = refused {
                    self.hear(refused);
                }
            }
        }
    }

    /// Nothing is under way: whether anything goes on when somebody says who they are, which they may not want to.
    async fn goes_on(&mut self, stopped: Pin<&mut impl Future<Output = ()>>, was_stopped: &mut bool) -> bool {
        tokio::select! {
            goes_on = self.ask_for_passwords() => goes_on,
            () = stopped => {
                *was_stopped = true;
                false
            }
        }
    }

    /// Asks whoever sits at the terminal who they are to servers that want to know. Whether anything goes on by that.
    async fn ask_for_passwords(&mut self) -> bool {
        let mut goes_on = false;
        self.output.written().await;
        for (origin, realm) in self.queue.wants_credentials() {
            let asked = password::ask(self.context, &origin, &realm).await;
            match asked {
                Some(credentials) => {
                    self.client.authorize(origin.clone(), Some(&credentials));
                    self.with_queue(|queue, world| queue.retry_origin(&origin, world));
                    goes_on = true;
                }
                None => self.with_queue(|queue, world| queue.refuse_origin(&origin, world)),
            }
        }
        goes_on
    }

    /// Waits for what has to be in order when the program ends, and says how it went.
    async fn end(self, was_stopped: bool) -> Result<(), Ending> {
        let Self { context, queue, workers, store, mut events, mut output, unverified, .. } = self;
        for source in queue.untried() {
            output.say(source, Ended::Failed(Fault::NotTried { files: 1 }));
        }
        events.close();
        workers.end().await;
        if let Some(store) = store {
            // A later run starts over where it could have gone on: that is no failure of this one.
            let _ = store.end().await;
        }
        let said = output.end().await;
        let ended = report::conclude(context, &queue, was_stopped).and_then(|()| match unverified {
            Some(count @ 1..) => {
                let words = &context.words.command;
                Err(Ending::Failed(fill(&words.unverified_files, &[("count", &count.to_string())])))
            }
            Some(0) | None => Ok(()),
        });
        if let (Err(_), Err(ending)) = (&said, &ended) {
            ending.say();
        }
        said.and(ended)
    }
}

#[expect(clippy::disallowed_methods, reason = "this loop is the clock of the queue that it drives")]
fn now() -> Instant {
    Instant::now()
}
