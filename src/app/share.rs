//! The folder that is shared: which, where others reach it, who takes what, and who took what. Owns what lies over the
//! screen about it; nothing is shared before the user says so.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::Timestamp;

use super::confirm::Confirm;
use super::keys::{self, Edit, Move, ShareAct};
use super::overlay::Overlay;
use super::{Notice, State, Turn, layout, walked};
use crate::effect::{Change, Effect, ShareOrder};
use crate::event::served::Served;
use crate::event::{Folders, Key, RequestId, ShareEvent, ShareFault, ShareId, ShareNews, Size};
use crate::text::{Clean, clean_line};

mod choosing;
mod taker;

pub use choosing::Choosing;
pub use taker::Taker;

/// Requests that are kept when they are answered; beyond it the oldest gives way.
pub const LOG_LIMIT: usize = 500;

/// What is shared, and who takes it.
#[derive(Debug, Clone, Default)]
pub struct Share {
    /// How far it is.
    pub phase: Phase,
    /// The requests that were answered, the latest first; those of earlier shares, too.
    log: VecDeque<Served>,
    /// Requests that are not in the log.
    pub unlogged: u64,
    /// Why the last try came to nothing.
    pub problem: Option<ShareFault>,
    /// The folder that is offered where none was shared before.
    offered: String,
    /// What others may do with a folder.
    pub extent: Extent,
}

/// What others may do with a folder that is shared, as the settings have it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// Whether they can take what is hidden.
    pub hidden: bool,
    /// Whether they can take what links lead to outside.
    pub outside: bool,
    /// What they can add.
    pub adding: Adding,
}

/// What others can add to a folder that is shared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Adding {
    /// Nothing.
    #[default]
    Nothing,
    /// Files under names that no other has.
    New,
    /// Files, in place of others, too.
    Instead,
}

/// How far a share is.
#[derive(Debug, Clone, Default)]
pub enum Phase {
    /// Nothing is shared.
    #[default]
    Off,
    /// It was asked for.
    Starting(ShareId),
    /// Everybody can take what is in it.
    On(Box<Shared>),
    /// No more requests are taken, and running answers end.
    Stopping(Box<Shared>),
}

/// A folder that is shared.
#[derive(Debug, Clone)]
pub struct Shared {
    id: ShareId,
    /// Which.
    pub folder: PathBuf,
    /// Since when.
    pub since: Timestamp,
    addresses: Vec<SocketAddr>,
    /// Which of the addresses is told to others.
    told: usize,
    /// The first of the answers that are being sent and of the uploads that come, the oldest first.
    pub running: Vec<Taker>,
    /// How many there are in all.
    pub takers: usize,
}

impl Shared {
    /// The address to tell others.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.addresses.get(self.told).copied()
    }

    /// Which of how many addresses that is, counted from 1.
    #[must_use]
    pub fn place(&self) -> (usize, usize) {
        (self.told + 1, self.addresses.len())
    }

    /// The same as a browser takes it.
    #[must_use]
    pub fn url(&self) -> Clean {
        let url = self.address().map(|address| format!("http://{address}/"));
        clean_line(url.unwrap_or_default().as_bytes())
    }
}

/// What lies over the screen about the share.
#[derive(Debug, Clone)]
pub enum Sharing {
    /// Which folder it is to be.
    Choosing(Choosing),
    /// What is shared, and from which row on the list is in view of those who take it.
    Shown(usize),
    /// The address as a QR code.
    Code,
}

impl Sharing {
    pub(super) fn is_typed_into(&self) -> bool {
        matches!(self, Self::Choosing(_))
    }

    /// A text was pasted; `false` where there is no room for it.
    pub(super) fn paste(&mut self, text: &str) -> bool {
        match self {
            Self::Choosing(choosing) => choosing.paste(text),
            Self::Shown(_) | Self::Code => true,
        }
    }
}

impl Share {
    /// This folder is offered, unless one was shared before. One that is not UTF-8 cannot be typed, and is not.
    pub fn offer(&mut self, folder: &Path) {
        folder.to_str().unwrap_or_default().clone_into(&mut self.offered);
    }

    /// What is shared, also while that comes to its end.
    #[must_use]
    pub fn shared(&self) -> Option<&Shared> {
        match &self.phase {
            Phase::On(shared) | Phase::Stopping(shared) => Some(shared),
            Phase::Off | Phase::Starting(_) => None,
        }
    }

    /// How many take something now, or bring it.
    #[must_use]
    pub fn takers(&self) -> usize {
        self.shared().map_or(0, |shared| shared.takers)
    }

    /// The requests that were answered, the latest first.
    #[must_use]
    pub fn log(&self) -> &VecDeque<Served> {
        &self.log
    }

    /// Rows of the list of those who take something, and who took something.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.shared().map_or(0, |shared| shared.running.len()) + self.log.len()
    }

    /// The row from which on the list can be in view, nearest to this one.
    #[must_use]
    pub fn top(&self, top: usize, size: Size) -> usize {
        let height = layout::share(size).map_or(0, |areas| usize::from(areas.list.height));
        top.min(self.rows().saturating_sub(height))
    }

    fn shared_mut(&mut self) -> Option<&mut Shared> {
        match &mut self.phase {
            Phase::On(shared) | Phase::Stopping(shared) => Some(shared),
            Phase::Off | Phase::Starting(_) => None,
        }
    }

    fn is_about(&self, id: ShareId) -> bool {
        match &self.phase {
            Phase::Off => false,
            Phase::Starting(of) => *of == id,
            Phase::On(shared) | Phase::Stopping(shared) => shared.id == id,
        }
    }

    fn start(&mut self, folder: &str, turn: &mut Turn<'_>) {
        let id = turn.ids.share();
        self.problem = None;
        self.phase = Phase::Starting(id);
        turn.out.push(Effect::Share(ShareOrder::Start { id, folder: folder.into() }));
    }

    pub(super) fn stop(&mut self, turn: &mut Turn<'_>) {
        self.phase = match std::mem::take(&mut self.phase) {
            Phase::On(shared) => {
                turn.out.push(Effect::Share(ShareOrder::Stop));
                Phase::Stopping(shared)
            }
            other @ (Phase::Off | Phase::Starting(_) | Phase::Stopping(_)) => other,
        };
    }

    /// When somebody's speed will be none, if nothing moves until then.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        let running = self.shared().map_or(&[][..], |shared| &shared.running);
        running.iter().map(Taker::stalls_at).filter(|at| *at > now).min()
    }

    fn learn(&mut self, news: ShareNews, now: Instant) {
        let ShareNews { running, count, served, untold } = news;
        if let Some(shared) = self.shared_mut() {
            let heard = |running| Taker::heard(running, &shared.running, now);
            (shared.running, shared.takers) = (running.into_iter().map(heard).collect(), count);
        }
        self.unlogged = self.unlogged.saturating_add(untold);
        for served in served {
            self.log.push_front(served);
        }
        self.unlogged = self.unlogged.saturating_add(self.log.len().saturating_sub(LOG_LIMIT) as u64);
        self.log.truncate(LOG_LIMIT);
    }
}

impl State {
    /// Shows what is shared, or asks what is to be; or not any more.
    pub(super) fn show_share(&mut self, turn: &Turn<'_>) {
        let open = matches!(self.overlay, Some(Overlay::Share(_)));
        self.overlay = (!open).then(|| Overlay::Share(self.sharing(turn)));
    }

    fn sharing(&self, turn: &Turn<'_>) -> Sharing {
        match self.share.phase {
            Phase::Off | Phase::Starting(_) => {
                Sharing::Choosing(Choosing::with(turn.recent.shared().unwrap_or(&self.share.offered)))
            }
            Phase::On(_) | Phase::Stopping(_) => Sharing::Shown(0),
        }
    }

    pub(super) fn on_share(&mut self, id: ShareId, event: ShareEvent, turn: &mut Turn<'_>) {
        if !self.share.is_about(id) {
            return;
        }
        match event {
            ShareEvent::Started { folder, addresses } => {
                if let Some(folder) = folder.to_str() {
                    turn.remember(Change::Shared(folder.to_owned()));
                }
                let since = turn.now.wall.timestamp();
                let shared = Shared { id, folder, since, addresses, told: 0, running: Vec::new(), takers: 0 };
                self.share.phase = Phase::On(Box::new(shared));
            }
            ShareEvent::NotStarted(fault) => {
                self.share.phase = Phase::Off;
                if !matches!(self.overlay, Some(Overlay::Share(_))) {
                    *turn.notice = Some(Notice::NotShared(fault.clone()));
                }
                self.share.problem = Some(fault);
                return;
            }
            ShareEvent::News(news) => {
                self.share.learn(news, turn.now.instant);
                return;
            }
            ShareEvent::Stopped => self.share.phase = Phase::Off,
        }
        // What is shown is about what is shared now.
        if let Some(Overlay::Share(_)) = self.overlay {
            self.overlay = Some(Overlay::Share(self.sharing(turn)));
        }
    }

    /// A key while something about the share lies over the screen.
    pub(super) fn on_share_key(&mut self, mut sharing: Sharing, key: Key, turn: &mut Turn<'_>) {
        let act = keys::action(&turn.keymap.share, key);
        let list = keys::action(&turn.keymap.list, key);
        match (&mut sharing, act) {
            (Sharing::Choosing(choosing), _) => match keys::action(&turn.keymap.field, key) {
                Some(Edit::Accept) => {
                    choosing.settle();
                    let folder = choosing.field.text().trim();
                    if matches!(self.share.phase, Phase::Off) && !folder.is_empty() {
                        self.share.start(folder, turn);
                    }
                }
                edit => {
                    self.share.problem = None;
                    choosing.on_key(key, edit);
                }
            },
            (_, Some(ShareAct::Stop)) if self.share.takers() > 0 => {
                return self.confirm(Confirm::StopShare);
            }
            (_, Some(ShareAct::Stop)) => {
                self.share.stop(turn);
                sharing = Sharing::Shown(0);
            }
            (_, Some(ShareAct::Copy)) => {
                turn.out.extend(self.share.shared().map(|shared| Effect::Copy(shared.url())));
            }
            (_, Some(ShareAct::Message)) => return self.mention_share(turn),
            (Sharing::Shown(_), Some(ShareAct::Code)) => sharing = Sharing::Code,
            (Sharing::Code, Some(ShareAct::Code)) => sharing = Sharing::Shown(0),
            (Sharing::Shown(top), None) => {
                if let Some(step) = list {
                    *top = self.walk_share(*top, step);
                }
            }
            (Sharing::Code, None) => {}
        }
        self.overlay = Some(Overlay::Share(sharing));
    }

    /// The key that leads on: completes the folder that is typed, or tells others the next one of the addresses.
    pub(super) fn lead_share_on(&mut self, turn: &mut Turn<'_>) {
        match &mut self.overlay {
            Some(Overlay::Share(Sharing::Choosing(choosing))) => choosing.complete(turn),
            Some(Overlay::Share(Sharing::Shown(_) | Sharing::Code)) => self.next_share_address(),
            Some(_) | None => {}
        }
    }

    /// An answer to the question for folders. A late one is about what is typed no more.
    pub(super) fn on_folders_found(&mut self, request: RequestId, answer: Result<Folders, ShareFault>) {
        if let Some(Overlay::Share(Sharing::Choosing(choosing))) = &mut self.overlay
            && choosing.is_answered(request)
        {
            // What was found before is there no more where nobody can look now.
            self.share.problem = answer.map(|folders| choosing.found(folders)).err();
            if self.share.problem.is_some() {
                choosing.settle();
            }
        }
    }

    /// The row at the top of the list after a move.
    pub(super) fn walk_share(&self, top: usize, step: Move) -> usize {
        let height = layout::share(self.size).map_or(1, |areas| usize::from(areas.list.height));
        self.share.top(walked(step, top, self.share.rows(), height), self.size)
    }

    /// Tells others the next one of the addresses.
    fn next_share_address(&mut self) {
        if let Some(shared) = self.share.shared_mut() {
            shared.told = (shared.told + 1) % shared.addresses.len().max(1);
        }
    }

    /// Puts the address into the message that is being written.
    fn mention_share(&mut self, turn: &mut Turn<'_>) {
        let Some(url) = self.share.shared().map(Shared::url) else { return };
        self.show(super::Tab::Chat);
        self.chat.mention(&url, turn);
    }
}
