//! The only loop: wait, take in what happened, update the state, do what it asks for, draw.
//!
//! Owns the workers' channels and the clock. Waits for nothing that a worker or the terminal does; nothing wakes it while
//! nothing happens.

use std::io;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio::time::{sleep_until, timeout};

use crate::app::State;
use crate::app::field::FIELD_LIMIT;
use crate::effect::{Effect, Notification};
use crate::event::{Event, Fault, Now, Size};
use crate::term::{self, Abilities, Input, Output, Panics, Signal, Signals, osc};
use crate::text::{Clean, clean_line};
use crate::view::{Look, draw, title};

pub mod files;
pub mod folders;
mod programs;
mod screen;
pub mod share;
mod shutdown;
mod start;
mod workers;

use programs::Programs;
use screen::{Screen, Tape};
pub use start::Start;
use workers::Workers;

/// Events that wait to be looked at; a worker that has more waits.
const QUEUE: usize = 1024;
/// Events that are looked at before the screen is drawn again, so that keys are answered whatever floods in.
const BATCH: usize = 256;
// A paste that was cut off is refused as a whole, never taken for one that was not.
const _: () = assert!(term::PASTE_LIMIT > FIELD_LIMIT);
/// The exit code of a program whose terminal is gone: 128 and the number of SIGHUP.
const HANGUP: u8 = 129;
/// The exit code after SIGINT: 128 and its number.
const INTERRUPT: u8 = 130;
/// The screen is drawn at most about 120 times a second.
const FRAME: Duration = Duration::from_millis(8);

/// Why the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The user quit.
    Quit,
    /// A signal asked for it, or a worker panicked; the exit code says which.
    Terminated(u8),
}

/// Runs the full-screen program until it ends. The terminal is as it was before when this returns.
pub async fn run(start: Start) -> io::Result<End> {
    let output = Output::start()?;
    let panics = Panics::watch(&output);
    let guard = term::Guard::enter(output)?;
    let mut shell = Shell::new(start, guard)?;
    let mut signals = Signals::listen()?;
    // A panic here was told by its hook. What is to be kept is kept all the same.
    let ended = match AssertUnwindSafe(shell.run(panics, &mut signals)).catch_unwind().await {
        Err(_) => Ok(End::Terminated(term::PANICKED)),
        Ok(Err(error)) if shutdown::is_hangup(&error) => Ok(End::Terminated(HANGUP)),
        Ok(ended) => ended,
    };
    Box::pin(shell.shut_down(ended, &mut signals)).await
}

struct Shell {
    state: State,
    look: Look,
    screen: Screen<Tape>,
    /// What the screen has to say to the terminal.
    cells: Tape,
    workers: Workers,
    guard: term::Guard,
    terminal: Abilities,
    /// The window's title as it was written last.
    titled: Option<Clean>,
    input: Input,
    programs: Programs,
    effects: Vec<Effect>,
    drawn: Option<Instant>,
    quit: bool,
    suspend: bool,
}

impl Shell {
    fn new(start: Start, guard: term::Guard) -> io::Result<Self> {
        let now = now();
        let mut state = State::new(start.me, start.keymap, start.downloads, &now);
        let mut effects = Vec::new();
        state.notice = start.notice;
        state.keeps = start.store.fault.is_none();
        state.files.transfers.kept = state.keeps && start.store.owns_queue();
        state.forgets = start.store.is_in_memory();
        state.notify = start.notify;
        state.share.offer(&start.folder);
        state.share.extent = share::extent(&start.serve.access);
        state.remember(start.store.memory.clone(), &now, &mut effects);
        for (address, name) in start.peers {
            state.introduce(address, name);
        }
        if let Some(server) = start.server {
            if let credentials @ Some(_) = start.credentials {
                effects.push(Effect::Authorize { origin: server.origin(), credentials });
            }
            state.start_with_server(server, &now, &mut effects);
        }
        if let Some(peer) = start.peer {
            state.start_with_peer(&peer, &now, &mut effects);
        }
        let (events, queue) = mpsc::channel(QUEUE);
        let store = start.store.start_observing(events.clone())?;
        let workers =
            Workers::start(start.sockets, start.retries, start.client, start.serve, store, &events, queue);
        let cells = Tape::default();
        let screen = Screen::new(cells.clone(), start.terminal.links)?;
        let look = start.look;
        let input = Input::listen()?;
        Ok(Self {
            state,
            look,
            screen,
            cells,
            workers,
            guard,
            terminal: start.terminal,
            titled: None,
            input,
            programs: Programs::default(),
            effects,
            drawn: None,
            quit: false,
            suspend: false,
        })
    }

    async fn run(&mut self, mut panics: Panics, signals: &mut Signals) -> io::Result<End> {
        self.resize()?;
        self.perform()?;
        // Where the disk is quick, the first picture has the messages in it.
        if self.state.chat.is_reading()
            && let Ok(Some(event)) = timeout(FRAME, self.workers.next()).await
        {
            self.update(event);
        }
        self.draw()?;
        let mut dirty = true;
        loop {
            // Where the terminal takes nothing, there is no frame before it does: what is drawn then is what is so by then.
            let draws = dirty && self.guard.is_entered() && self.guard.output().is_idle();
            let redraw = draws.then(|| self.drawn.map_or_else(clock, |at| at + FRAME));
            let due = [redraw, self.state.deadline()].into_iter().flatten().min();
            let mut happened = true;
            tokio::select! {
                biased;
                signal = signals.next() => match signal {
                    // Ctrl+C while the editor has the terminal is meant for the editor.
                    Signal::Terminate(INTERRUPT) if self.programs.is_editing() => {}
                    Signal::Terminate(code) => return Ok(End::Terminated(code)),
                    Signal::Stop => self.suspend = true,
                    Signal::Continue => self.come_back()?,
                    Signal::Resized => self.resize()?,
                },
                panic = panics.next() => {
                    panic.tell(&mut self.guard);
                    return Ok(End::Terminated(term::PANICKED));
                }
                // Whoever else has the terminal has what is typed, too.
                event = self.input.next(), if self.guard.is_entered() => self.on_input(event?)?,
                written = self.guard.output().written() => {
                    written?;
                    happened = false;
                }
                event = self.programs.next() => {
                    if matches!(event, Event::Edited(_)) {
                        self.come_back()?;
                    }
                    self.update(event);
                }
                Some(event) = self.workers.next() => {
                    self.update(event);
                    self.drain_workers();
                }
                () = sleep_until(due.unwrap_or_else(clock).into()), if due.is_some() => {
                    if self.state.deadline().is_some_and(|at| at <= clock()) {
                        self.update(Event::Wake);
                    }
                }
            }
            dirty |= happened;
            self.perform()?;
            if self.quit {
                return Ok(End::Quit);
            }
            if std::mem::take(&mut self.suspend) {
                self.guard.suspend()?;
            }
            // Stopped, or in the background: the signal to continue comes first.
            if !self.guard.is_entered() {
                continue;
            }
            let draws = dirty && self.guard.output().is_idle();
            if draws && self.drawn.is_none_or(|at| clock() >= at + FRAME) {
                self.draw()?;
                dirty = false;
            }
        }
    }

    /// A key, and what was typed right behind it: all of it before the next draw.
    fn on_input(&mut self, event: Event) -> io::Result<()> {
        self.update(event);
        for _ in 1..BATCH {
            match self.input.next().now_or_never() {
                Some(event) => self.update(event?),
                None => break,
            }
        }
        Ok(())
    }

    fn drain_workers(&mut self) {
        for _ in 1..BATCH {
            match self.workers.next().now_or_never().flatten() {
                Some(event) => self.update(event),
                None => break,
            }
        }
    }

    fn update(&mut self, event: Event) {
        self.state.update(&now(), event, &mut self.effects);
    }

    /// Does what the state asked for. What a worker has no room for comes back as an event, which may ask for more.
    fn perform(&mut self) -> io::Result<()> {
        while !self.effects.is_empty() {
            for effect in std::mem::take(&mut self.effects) {
                match effect {
                    Effect::Quit => self.quit = true,
                    Effect::Suspend => self.suspend = true,
                    Effect::Redraw => self.screen.forget()?,
                    Effect::Copy(text) => self.copy(&text),
                    Effect::Notify(notification) => self.notify(&notification),
                    Effect::Open(url) => {
                        if let Err(fault) = self.programs.open(&url) {
                            self.update(Event::NotOpened(fault));
                        }
                    }
                    Effect::OpenFile(path) => self.programs.open_file(path),
                    Effect::OpenAnyway(path) => self.programs.open_anyway(path),
                    Effect::Reveal(path) => self.programs.reveal(path),
                    Effect::Edit(text) => self.edit(text)?,
                    Effect::Send { .. }
                    | Effect::Resolve { .. }
                    | Effect::Authorize { .. }
                    | Effect::Browse { .. }
                    | Effect::Forget(_)
                    | Effect::Fetch { .. }
                    | Effect::Pause(_)
                    | Effect::Discard(_)
                    | Effect::LimitRate(_)
                    | Effect::Walk { .. }
                    | Effect::MakeFolders { .. }
                    | Effect::Inspect { .. }
                    | Effect::Fill { .. }
                    | Effect::Preview { .. }
                    | Effect::Cancel(_)
                    | Effect::Store(_)
                    | Effect::Share(_)
                    | Effect::FindFolders { .. }
                    | Effect::Block(_) => {
                        if let Some(refused) = self.workers.tell(effect) {
                            self.update(refused);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn copy(&mut self, text: &Clean) {
        let happened = match osc::copy(text).map(|command| self.guard.output().write(command)) {
            Some(true) => Event::Copied,
            Some(false) => Event::NotCopied(Fault::Busy),
            None => Event::NotCopied(Fault::TooLong { limit: osc::COPY_LIMIT as u64 }),
        };
        self.update(happened);
    }

    /// Tells the user, unless another program has the terminal. One that takes nothing is not told of everything.
    fn notify(&mut self, notification: &Notification) {
        if !self.guard.is_entered() {
            return;
        }
        let mut commands = String::new();
        if notification.bell {
            commands.push_str(osc::BELL);
        }
        if let (Some(desktop), Some((title, text))) = (self.terminal.desktop, &notification.desktop) {
            let unspoken = clean_line(self.look.words.chat.new_message.as_bytes());
            let text = if text.is_empty() { &unspoken } else { text };
            commands.push_str(&desktop.notification(title, text, self.terminal.tmux));
        }
        let _ = self.guard.output().write(commands);
    }

    /// Gives the terminal to the user's editor, until the editor ends.
    fn edit(&mut self, text: String) -> io::Result<()> {
        let started = match self.guard.leave() {
            Ok(()) => self.programs.edit(text),
            // What is still to be written would come among what the editor writes.
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(Fault::Busy),
            Err(error) => return Err(error),
        };
        if let Err(fault) = started {
            self.come_back()?;
            self.update(Event::Edited(Err(fault)));
        }
        Ok(())
    }

    /// Takes the terminal again, unless it is the editor's.
    fn come_back(&mut self) -> io::Result<()> {
        if self.programs.is_editing() {
            return Ok(());
        }
        self.guard.reenter()?;
        self.titled = None;
        self.resize()?;
        self.screen.forget()
    }

    fn resize(&mut self) -> io::Result<()> {
        let size = self.screen.size()?;
        self.update(Event::Resized(Size { width: size.width, height: size.height }));
        Ok(())
    }

    /// Queues a frame. Nothing else waits for the terminal by then, so that there is room.
    fn draw(&mut self) -> io::Result<()> {
        self.screen.draw(|frame| draw(&self.state, &self.look, frame))?;
        let mut frame = term::synchronised(&self.cells.take());
        self.drawn = Some(clock());
        let title = self.terminal.title.then(|| title(&self.state));
        if let Some(title) = title.filter(|title| self.titled.as_ref() != Some(title)) {
            frame.extend_from_slice(osc::title(&title).as_bytes());
            self.titled = Some(title);
        }
        let _ = self.guard.output().write(frame);
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "the shell is where time comes from")]
fn clock() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the shell is where time comes from")]
fn now() -> Now {
    Now { instant: clock(), wall: jiff::Zoned::now() }
}
