//! What lies over the screen while something is chosen, read or asked.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};

use super::acting::Links;
use super::chat::{Addressee, Chat, Pasted};
use super::confirm::Confirm;
use super::field::Field;
use super::find::Search;
use super::inspected::Inspected;
use super::keys::{self, Answer, Compose, Edit};
use super::layout;
use super::peers::{PeerMenu, Question};
use super::previewed::Previewed;
use super::share::Sharing;
use super::sign_in::SignIn;
use super::transfers::Dialogue;
use super::{State, Turn};
use crate::effect::{Change, Recent};
use crate::event::Key;
use crate::wire::address::{DEFAULT_PORT, Endpoint, Host};
use crate::wire::peer::{EVERYONE, Peer};
use crate::wire::source::Source;

/// What lies over the screen.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// All keys, and which row is at the top.
    Help(usize),
    /// Going to a peer or a server.
    GoTo(GoTo),
    /// Finding words in all conversations.
    Find(Box<Search>),
    /// What is set for a peer.
    Peer(PeerMenu),
    /// Who the user is to a server.
    SignIn(Box<SignIn>),
    /// A file, before it is downloaded.
    Preview(Box<Previewed>),
    /// Whether to leave while downloads run.
    Quit,
    /// Whether something is really to be destroyed.
    Confirm(Confirm),
    /// What to do with several lines that were pasted into a message.
    Paste(Pasted),
    /// Whether a text goes to somebody who was not named when it was begun.
    Addressee(Addressee),
    /// Which of several links is to be opened.
    Links(Links),
    /// All that is known of a message.
    Details(Box<Inspected>),
    /// A question about a download, or all that is known of it.
    Transfer(Dialogue),
    /// The folder that is shared.
    Share(Sharing),
}

impl Overlay {
    /// Whether the input goes into a text in it.
    pub(super) fn is_typed_into(&self) -> bool {
        match self {
            Self::GoTo(_) | Self::Find(_) => true,
            Self::Peer(menu) => matches!(menu.question, Question::Name(_)),
            Self::SignIn(sign_in) => sign_in.is_typed_into(),
            Self::Transfer(dialogue) => dialogue.is_typed_into(),
            Self::Share(sharing) => sharing.is_typed_into(),
            Self::Help(_)
            | Self::Quit
            | Self::Confirm(_)
            | Self::Paste(_)
            | Self::Addressee(_)
            | Self::Links(_)
            | Self::Details(_)
            | Self::Preview(_) => false,
        }
    }

    /// A text was pasted; `false` where there is no room for it. Where nothing is typed nothing becomes of it.
    pub(super) fn paste(&mut self, text: &str, turn: &mut Turn<'_>) -> bool {
        match self {
            Self::GoTo(goto) => goto.field.paste_line(text),
            Self::Find(search) => search.paste(text, turn),
            Self::SignIn(sign_in) => sign_in.paste(text),
            Self::Peer(PeerMenu { question: Question::Name(field), .. }) => field.paste_line(text),
            Self::Transfer(dialogue) => dialogue.paste(text),
            Self::Share(sharing) => sharing.paste(text),
            Self::Peer(_)
            | Self::Help(_)
            | Self::Quit
            | Self::Confirm(_)
            | Self::Paste(_)
            | Self::Addressee(_)
            | Self::Links(_)
            | Self::Details(_)
            | Self::Preview(_) => true,
        }
    }

    /// The peer whose settings these are.
    pub(super) fn peer(&self) -> Option<Peer> {
        if let Self::Peer(menu) = self { Some(menu.peer) } else { None }
    }
}

/// A search for a peer or a server.
#[derive(Debug, Clone, Default)]
pub struct GoTo {
    /// What is looked for.
    pub field: Field,
    /// The goal that was walked to: what comes in meanwhile does not move it. None: the first one is meant.
    chosen: Option<Goal>,
}

/// Where one can go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// The conversation with this peer.
    Conversation(Peer),
    /// A peer whose address was typed before, and with whom no conversation is open.
    Peer(Endpoint),
    /// A folder that the user wants to find again.
    Bookmark(Source),
    /// A server that was open before.
    Server(Source),
    /// A folder that was open before.
    Folder(Source),
    /// A peer at the address that was typed.
    NewPeer(Endpoint),
    /// A server at the address that was typed.
    NewServer(Source),
}

impl GoTo {
    /// Which of these goals is selected.
    #[must_use]
    pub fn selected(&self, goals: &[Goal]) -> usize {
        let chosen = self.chosen.as_ref();
        chosen.and_then(|chosen| goals.iter().position(|goal| goal == chosen)).unwrap_or(0)
    }

    /// Forgets a goal; the one that stands in its place then is selected.
    pub(super) fn forget(&mut self, goal: &Goal, chat: &Chat, turn: &mut Turn<'_>) {
        let at = self.goals(chat, turn.recent).iter().position(|known| known == goal).unwrap_or(0);
        forget(goal, turn);
        self.chosen = self.goals(chat, turn.recent).into_iter().nth(at);
    }

    /// What fits what was typed, the best first; last, what was typed itself where it is an address.
    #[must_use]
    pub fn goals(&self, chat: &Chat, recent: &Recent) -> Vec<Goal> {
        let typed = self.field.text().trim();
        let mut known: Vec<(String, Goal)> = Vec::new();
        for conversation in chat.conversations.iter() {
            known.push((conversation.sought(), Goal::Conversation(conversation.peer())));
        }
        let everyone = Endpoint { host: Host::Name(EVERYONE.to_owned()), port: DEFAULT_PORT };
        let others = recent.peers().iter().filter(|peer| **peer != everyone).chain([&everyone]);
        for peer in others {
            if !chat.conversations.iter().any(|conversation| conversation.is_with(peer)) {
                known.push((peer.to_string(), Goal::Peer(peer.clone())));
            }
        }
        let known_as =
            |goal: fn(Source) -> Goal| move |source: &Source| (source.to_string(), goal(source.clone()));
        known.extend(recent.bookmarks().iter().map(known_as(Goal::Bookmark)));
        known.extend(recent.servers().iter().map(known_as(Goal::Server)));
        let is_bookmark = |source: &&Source| recent.bookmarks().contains(source);
        known.extend(
            recent.folders().iter().filter(|folder| !is_bookmark(folder)).map(known_as(Goal::Folder)),
        );
        let endpoint = typed.parse::<Endpoint>();
        // Of an address every digit counts: 10.0.0.77 is not 10.0.0.7 at port 7890.
        let by_name =
            |endpoint: &Endpoint| matches!(endpoint.host, Host::Name(_)) && Peer::literal(endpoint).is_none();
        let exact = endpoint.as_ref().is_ok_and(|endpoint| !by_name(endpoint));
        let mut goals = ranked(typed, exact, known);
        if let Ok(endpoint) = endpoint {
            let open = |goal: &Goal| match goal {
                Goal::Conversation(peer) => chat.with(*peer).is_some_and(|open| open.is_with(&endpoint)),
                Goal::Peer(peer) => *peer == endpoint,
                Goal::Bookmark(_)
                | Goal::Server(_)
                | Goal::Folder(_)
                | Goal::NewPeer(_)
                | Goal::NewServer(_) => false,
            };
            // Who types a whole address means just that one, not one that begins like it.
            if exact && !goals.iter().any(open) {
                goals.insert(0, Goal::NewPeer(endpoint));
            } else {
                goals.sort_by_key(|goal| exact && !open(goal));
                if !exact {
                    goals.push(Goal::NewPeer(endpoint));
                }
            }
        }
        let nobodys = |source: &Source| matches!(Peer::literal(&source.endpoint), Some(Peer::Broadcast(_)));
        if let Ok(source) = Source::parse(typed)
            && !nobodys(&source)
        {
            goals.push(Goal::NewServer(source));
        }
        goals
    }
}

/// Those of which the text fits what is wanted, the best first; where it is to be `exact`, the text contains it.
pub(super) fn ranked<T>(wanted: &str, exact: bool, known: Vec<(String, T)>) -> Vec<T> {
    let kind = if exact { AtomKind::Substring } else { AtomKind::Fuzzy };
    let pattern = Pattern::new(wanted, CaseMatching::Ignore, Normalization::Smart, kind);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut scored: Vec<(u32, T)> = known
        .into_iter()
        .filter_map(|(text, goal)| {
            let text = nucleo_matcher::Utf32Str::new(&text, &mut buffer);
            Some((pattern.score(text, &mut matcher)?, goal))
        })
        .collect();
    // Stable: what fits equally well stays in its order.
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, goal)| goal).collect()
}

impl State {
    /// A key while something lies over the screen. Global keys that open something else were looked at before.
    pub(super) fn on_overlay_key(&mut self, key: Key, turn: &mut super::Turn<'_>) {
        let help_rows = turn.keymap.help().len();
        match self.overlay.take() {
            None => {}
            Some(Overlay::Help(top)) => {
                let list = keys::action(&turn.keymap.list, key);
                // Inside the border of a box that covers the tab.
                let rows = layout::frame(self.size).map_or(1, |frame| usize::from(frame.body.height) - 2);
                // What is walked through is the first row in view.
                let tops = (help_rows + 1).saturating_sub(rows);
                let top = list.map_or(top, |action| super::walked(action, top, tops, rows));
                self.overlay = Some(Overlay::Help(top));
            }
            Some(Overlay::Quit) => self.on_quit_key(key, turn),
            Some(Overlay::Confirm(what)) => self.on_confirm_key(what, key, turn),
            Some(Overlay::Paste(pasted)) => {
                let answer = keys::action(&turn.keymap.paste, key);
                if !answer.is_some_and(|answer| self.chat.answer_paste(&pasted, answer, turn)) {
                    self.overlay = Some(Overlay::Paste(pasted));
                }
            }
            Some(Overlay::Addressee(question)) => {
                let sends = keys::action(&turn.keymap.composer, key) == Some(Compose::Send);
                match keys::deliberate(&turn.keymap.question, key).filter(|_| !sends) {
                    Some(Answer::Yes) => self.chat.send_to(question, turn),
                    Some(Answer::No) => {}
                    None => self.overlay = Some(Overlay::Addressee(question)),
                }
            }
            Some(Overlay::Links(links)) => self.on_links_key(links, key, turn),
            Some(Overlay::Details(inspected)) => self.on_details_key(inspected, key, turn),
            Some(Overlay::Transfer(dialogue)) => self.on_dialogue_key(dialogue, key, turn),
            Some(Overlay::Share(sharing)) => self.on_share_key(sharing, key, turn),
            Some(Overlay::GoTo(goto)) => self.on_goto_key(goto, key, turn),
            Some(Overlay::Find(search)) => self.on_hits_key(search, key, turn),
            Some(Overlay::Peer(menu)) => self.on_peer_menu_key(menu, key, turn),
            Some(Overlay::Preview(previewed)) => self.on_preview_key(previewed, key, turn),
            Some(Overlay::SignIn(sign_in)) => self.on_sign_in_key(sign_in, key, turn),
        }
    }

    fn on_goto_key(&mut self, mut goto: GoTo, key: Key, turn: &mut super::Turn<'_>) {
        let goals = goto.goals(&self.chat, turn.recent);
        let selected = goto.selected(&goals);
        match keys::action(&turn.keymap.field, key) {
            Some(Edit::Accept) => {
                if let Some(goal) = goals.into_iter().nth(selected) {
                    return self.go(goal, turn);
                }
            }
            Some(Edit::Up) => goto.chosen = goals.into_iter().nth(selected.saturating_sub(1)),
            Some(Edit::Down) => {
                let next = (selected + 1).min(goals.len().saturating_sub(1));
                goto.chosen = goals.into_iter().nth(next);
            }
            Some(Edit::DeleteRight) if goto.field.caret() == goto.field.text().len() => {
                if let Some(goal) = goals.into_iter().nth(selected).filter(Goal::is_forgotten_here) {
                    goto.chosen = Some(goal.clone());
                    return self.confirm(Confirm::ForgetGoal(Box::new(goto), goal));
                }
            }
            edit => {
                goto.chosen = None;
                goto.field.on_key(key, edit);
            }
        }
        self.overlay = Some(Overlay::GoTo(goto));
    }

    /// Goes there.
    pub(super) fn go(&mut self, goal: Goal, turn: &mut super::Turn<'_>) {
        match goal {
            Goal::Conversation(peer) => {
                self.tab = super::Tab::Chat;
                self.chat.position(peer).into_iter().for_each(|at| self.chat.select(at));
            }
            Goal::Peer(endpoint) | Goal::NewPeer(endpoint) => self.open_peer(&endpoint.to_string(), turn),
            Goal::Bookmark(source)
            | Goal::Server(source)
            | Goal::Folder(source)
            | Goal::NewServer(source) => {
                self.tab = super::Tab::Files;
                self.files.browse(source, turn);
            }
        }
    }
}

impl Goal {
    /// Whether the list of where one can go is the place to forget it. Of peers that is the list of peers.
    fn is_forgotten_here(&self) -> bool {
        matches!(self, Self::Bookmark(_) | Self::Server(_) | Self::Folder(_))
    }
}

/// What was open or marked before is to be known no more.
fn forget(goal: &Goal, turn: &mut Turn<'_>) {
    match goal {
        Goal::Bookmark(source) => turn.remember(Change::NoBookmark(source.clone())),
        Goal::Server(source) => {
            turn.deny(&source.endpoint);
            turn.remember(Change::NoServer(source.endpoint.clone()));
        }
        Goal::Folder(source) => turn.remember(Change::NoFolder(source.clone())),
        Goal::Conversation(_) | Goal::Peer(_) | Goal::NewPeer(_) | Goal::NewServer(_) => {}
    }
}
