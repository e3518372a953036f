//! A search for words: what was typed, what the store found, and which of it is looked at. The same for one conversation
//! and for all. Must never search by itself what is on disk: that is the store's business.

use std::ops::Range;

use jiff::Timestamp;
use unicode_segmentation::UnicodeSegmentation;

use super::Turn;
use super::field::Field;
use super::keys::{Edit, Move};
use super::message::Message;
use crate::effect::{Effect, StoreRequest};
use crate::event::{Fault, Found, Key, RequestId, RowId};
use crate::text::Clean;
use crate::text::cut::fit_bytes;
use crate::text::find::Query;
use crate::wire::peer::Peer;

mod everywhere;
mod here;

/// Bytes of what is typed that are searched for; nobody looks for more.
const TYPED: usize = 512;
/// So many hits are read on the way to one that is further back.
const FAR: usize = 10_000;
/// So many hits before the last that was read the next are asked for.
const AHEAD: usize = 8;
/// Characters of a message before its first match that are kept for the list of hits.
const BEFORE: usize = 60;
/// And from the match on.
const AFTER: usize = 300;

/// A search.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// What is looked for, as it is typed.
    pub field: Field,
    /// In whose conversation; none: in all.
    scope: Option<Peer>,
    /// The newest hit up to this message of the conversation is the first one to be looked at.
    from: u64,
    /// What was typed, in words.
    query: Query,
    /// The newest first, as far as they were read.
    hits: Vec<Excerpt>,
    /// Which of them is looked at, and which is the first in view.
    at: usize,
    top: usize,
    /// How many there are, as far as they were counted, and whether there are more.
    total: (usize, bool),
    /// Why there is no answer.
    fault: Option<Fault>,
    /// The question to the store that is under way, and what its answer is for.
    asked: Option<(RequestId, Aim)>,
}

/// What is to become of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aim {
    /// A hit is to be looked at.
    First,
    /// It is looked at already, but not which one it is.
    Locate,
    /// There is more to walk to.
    More,
    /// The same, and the walk waits for it.
    Step,
}

/// A message that was found.
#[derive(Debug, Clone)]
pub struct Excerpt {
    /// In whose conversation.
    pub peer: Peer,
    /// Where it is on disk.
    row: RowId,
    /// Which one of its conversation it is.
    pub nth: u64,
    /// When it was sent or received.
    pub at: Timestamp,
    /// Whether we wrote it.
    pub is_ours: bool,
    /// A piece of it around the first match, with line feeds; only where all conversations are searched.
    pub text: Clean,
    /// Whether there is more of it before that piece.
    pub is_cut: bool,
    /// Where in the piece the matches are, in bytes.
    pub found: Vec<Range<usize>>,
}

/// What there is to say of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// Nothing was typed.
    Blank,
    /// The store has not answered yet.
    Searching,
    /// The store cannot be searched, and why.
    Unreadable(&'a Fault),
    /// There is no such message.
    Nothing,
    /// This one (counted from 1, the newest) of so many is looked at, and whether there are more than were counted.
    Found(usize, usize, bool),
}

impl Search {
    /// A search for what is in the field; in one conversation, from this message of it on, or in all.
    fn new(scope: Option<(Peer, u64)>, field: Field) -> Self {
        let from = scope.map_or(u64::MAX, |(_, from)| from);
        Self { scope: scope.map(|(peer, _)| peer), from, field, ..Self::default() }
    }

    /// What is searched for.
    #[must_use]
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// The hits in view where there is room for so many, each with whether it is looked at.
    pub fn in_view(&self, rows: usize) -> impl Iterator<Item = (&Excerpt, bool)> {
        let hits = self.hits.iter().enumerate().skip(self.first_in_view(rows)).take(rows);
        hits.map(|(nth, hit)| (hit, nth == self.at))
    }

    fn first_in_view(&self, rows: usize) -> usize {
        self.top.clamp((self.at + 1).saturating_sub(rows), self.at)
    }

    /// What there is to say.
    #[must_use]
    pub fn outcome(&self) -> Outcome<'_> {
        let (total, more) = self.total;
        match (&self.fault, self.hits.is_empty()) {
            (Some(fault), _) => Outcome::Unreadable(fault),
            // Until then it is not known which one is looked at.
            _ if matches!(self.asked, Some((_, Aim::First | Aim::Locate))) => Outcome::Searching,
            (None, false) => Outcome::Found(self.at + 1, total, more),
            (None, true) if self.field.text().trim().is_empty() => Outcome::Blank,
            (None, true) => Outcome::Nothing,
        }
    }

    /// A key in the field. What it makes of the text is searched for at once.
    fn on_key(&mut self, key: Key, edit: Option<Edit>, turn: &mut Turn<'_>) {
        self.field.on_key(key, edit);
        self.follow_field(Aim::First, turn);
    }

    /// A text was pasted; `false` where there is no room for it.
    pub(super) fn paste(&mut self, text: &str, turn: &mut Turn<'_>) -> bool {
        let fits = self.field.paste_line(text);
        self.follow_field(Aim::First, turn);
        fits
    }

    /// Searches for what is in the field, unless that is what was searched for already.
    fn follow_field(&mut self, aim: Aim, turn: &mut Turn<'_>) {
        let query = Query::parse(fit_bytes(self.field.text(), TYPED));
        if query == self.query && self.fault.is_none() {
            return;
        }
        (self.query, self.at, self.top, self.total) = (query, 0, 0, (0, false));
        (self.fault, self.asked) = (None, None);
        self.hits.clear();
        if !self.query.is_empty() {
            self.ask(aim, turn);
        }
    }

    /// Asks for the hits behind those that are here.
    fn ask(&mut self, aim: Aim, turn: &mut Turn<'_>) {
        let request = turn.ids.request();
        self.asked = Some((request, aim));
        let (peer, text) = (self.scope, fit_bytes(self.field.text(), TYPED).to_owned());
        let before = self.hits.last().map(|hit| hit.row);
        turn.out.push(Effect::Store(StoreRequest::Find { request, peer, text, before }));
    }

    /// What the answer to this question is for; nothing where nobody waits for it any more.
    fn aim_of(&mut self, request: RequestId) -> Option<Aim> {
        self.asked.take_if(|(asked, _)| *asked == request).map(|(_, aim)| aim)
    }

    /// More hits. The one that is to be looked at from now on, where that is another one.
    fn answered(&mut self, aim: Aim, found: Found, turn: &mut Turn<'_>) -> Option<u64> {
        let before = self.hits.len();
        // What is gone since it was counted is no hit any more.
        let gone = found.hits.is_empty();
        self.total = if gone { (before, false) } else { (before + found.total, found.more) };
        for hit in found.hits {
            let text = &hit.message.text;
            let (piece, is_cut, found) =
                if self.scope.is_none() { piece(text, &self.query) } else { Default::default() };
            let (at, is_ours) = (hit.message.at, hit.message.delivery.is_ours());
            let (row, nth) = (hit.message.row, hit.message.nth);
            self.hits.push(Excerpt { peer: hit.peer, row, nth, at, is_ours, text: piece, is_cut, found });
        }
        let last = self.hits.len().checked_sub(1)?;
        match aim {
            Aim::First | Aim::Locate => {
                let at = self.hits.iter().take_while(|hit| hit.nth > self.from).count();
                if at > last && self.has_more() && self.hits.len() < FAR {
                    self.ask(aim, turn);
                    return None;
                }
                self.at = at.min(last);
            }
            Aim::Step => self.at = before.min(last),
            Aim::More => {}
        }
        self.look_ahead(turn);
        matches!(aim, Aim::First | Aim::Step).then(|| self.hits[self.at].nth)
    }

    /// Walks through the hits, of which so many are in view.
    fn step(&mut self, action: Move, rows: usize, turn: &mut Turn<'_>) {
        let Some(last) = self.hits.len().checked_sub(1) else { return };
        // At the end of what was read it goes on as soon as there is more.
        if let (true, Some((_, aim @ Aim::More))) = (self.at == last && action == Move::Down, &mut self.asked)
        {
            *aim = Aim::Step;
        }
        self.at = super::walked(action, self.at, last + 1, rows);
        self.top = self.first_in_view(rows);
        self.look_ahead(turn);
    }

    fn has_more(&self) -> bool {
        self.hits.len() < self.total.0 || self.total.1
    }

    /// Near the end of what was read more is asked for.
    fn look_ahead(&mut self, turn: &mut Turn<'_>) {
        if self.at + AHEAD >= self.hits.len()
            && self.has_more()
            && self.asked.is_none()
            && self.fault.is_none()
        {
            self.ask(Aim::More, turn);
        }
    }

    /// A message of a conversation is on disk from now on: where it is a hit, it is one more.
    pub(super) fn note(&mut self, peer: Peer, message: &Message) {
        let Some(row) = message.row.filter(|_| self.scope == Some(peer)) else { return };
        let counted = !matches!(self.asked, Some((_, Aim::First | Aim::Locate)));
        if counted && self.fault.is_none() && !self.query.matches(&message.text).is_empty() {
            let Message { nth, at, .. } = *message;
            let (text, is_cut, found) = Default::default();
            let is_ours = message.delivery.is_ours();
            self.at += usize::from(!self.hits.is_empty());
            self.hits.insert(0, Excerpt { peer, row, nth, at, is_ours, text, is_cut, found });
            self.total.0 += 1;
        }
    }
}

/// The piece of a text around its first match, whether there is more before it, and where in it the matches are.
fn piece(text: &Clean, query: &Query) -> (Clean, bool, Vec<Range<usize>>) {
    let mut found = query.matches(text);
    let first = found.first().map_or(0, |first| first.start);
    let start = text[..first].grapheme_indices(true).rev().take(BEFORE).last().map_or(first, |(at, _)| at);
    let end = text[first..].grapheme_indices(true).nth(AFTER).map_or(text.len(), |(at, _)| first + at);
    found.retain(|range| range.end <= end);
    for range in &mut found {
        *range = range.start - start..range.end - start;
    }
    (text.piece(start..end), start > 0, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::clean_text;

    #[test]
    fn of_a_long_message_the_piece_around_the_first_match_is_kept() {
        let text = format!("{}\n讲义 {} 讲义", "前".repeat(1000), "x ".repeat(400));
        let (piece, is_cut, found) = piece(&clean_text(text.as_bytes()), &Query::parse("讲义"));
        assert!(is_cut && piece.starts_with("前前") && piece.ends_with("x x"));
        assert_eq!(piece.graphemes(true).count(), BEFORE + AFTER);
        assert_eq!(found.iter().map(|range| &piece[range.clone()]).collect::<Vec<_>>(), ["讲义"]);
    }

    #[test]
    fn of_a_short_one_all_is_kept() {
        let text = clean_text("你好\nworld".as_bytes());
        let found = piece(&text, &Query::parse("好 wor"));
        assert_eq!(found, (text, false, vec![3..6, 7..10]));
    }
}
