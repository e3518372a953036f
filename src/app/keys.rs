//! Which key does what where. Owns the table that the keymap, the key line and the help screen are made from;
//! what an action does is the business of the part of the state that has the focus.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::Deserialize;
use strum::VariantArray;

use crate::event::{Key, KeyCode};

/// Declares the actions of a place. Their names in the key tables are these in kebab case.
macro_rules! actions {
    ($($(#[$doc:meta])* $place:ident { $($action:ident),* $(,)? })*) => { $(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, VariantArray, strum::Display,
        )]
        #[serde(rename_all = "kebab-case")]
        #[strum(serialize_all = "kebab-case")]
        #[expect(missing_docs, reason = "the help screen says what each does: assets/locale/en.toml, [actions]")]
        pub enum $place { $($action),* }
    )* };
}

actions! {
    /// Everywhere, unless a narrower place uses the key.
    Global {
        Help, ChatTab, FilesTab, Traffic,
        GoTo, Find, Share, Address, NextPane, Back,
        PreviousPeer, NextPeer, NextUnread, Peer1, Peer2, Peer3, Peer4, Peer5, Peer6, Peer7, Peer8, Peer9,
        Resend, PeerFiles,
        PeerSettings, MutePeer, BlockPeer,
        Interrupt, Redraw, Suspend, Quit,
    }
    /// Where text is typed.
    Edit {
        Accept, Left, Right, Up, Down, WordLeft, WordRight, Start, End, DeleteLeft, DeleteRight, KillWordLeft,
        KillWordRight, KillToBlank, KillToStart, KillToEnd, Yank, Undo, Redo,
    }
    /// Where a message is written, before what every field does.
    Compose { Send, Newline, Editor, PageUp, PageDown, Last }
    /// With a message of the conversation, before what every list does.
    Act { Open, Copy, Quote, Resend, Details, OlderHit, NewerHit }
    /// Wherever there is something to walk through.
    Move { Up, Down, PageUp, PageDown, First, Last }
    /// In the list of peers, and in what is set for one of them.
    PeerAct { Choose, Settings, Filter, Name, Pin, Mute, Block, Forget }
    /// In the list of a server's folder.
    Browse {
        Open, Preview, Parent, Back, Forward, Jump, Mark, Get, Filter, Sort, Reverse, Hidden, Measure, Bookmark,
        Reload, Cancel, Answer,
    }
    /// At a file that is looked at, before what every list does.
    Look { Get }
    /// In the downloads.
    Transfer {
        Open, Answer, Pause, PauseAll, Retry, RetryAll, Cancel, CancelAll, ClearDone, Reveal, CopyPath, Earlier, Later,
        Limit, Details,
    }
    /// The question what becomes of a file where something is there already.
    Settle { Choose, Rename, Overwrite, Skip, Resume, Newer, ForAll }
    /// With the folder that is shared.
    ShareAct { Copy, Message, Code, Stop }
    /// In the traffic.
    Watch { Details, OnlyPeer, Clear }
    /// A question.
    Answer { Yes, No }
    /// The question what to do with several lines that were pasted.
    Paste { Insert, Send, SendLines }
}

/// The place that takes two keys for one action.
const COMPOSER: &str = "composer";

/// The actions of one place with their keys.
pub type Bindings<A> = BTreeMap<A, Vec<Key>>;

/// Which keys do what, by place: the form of `assets/keys.toml` and of `[keys]` in the configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keymap {
    /// `[global]`
    pub global: Bindings<Global>,
    /// `[field]`
    pub field: Bindings<Edit>,
    /// `[composer]`
    pub composer: Bindings<Compose>,
    /// `[messages]`
    pub messages: Bindings<Act>,
    /// `[peers]`
    pub peers: Bindings<PeerAct>,
    /// `[list]`
    pub list: Bindings<Move>,
    /// `[entries]`
    pub entries: Bindings<Browse>,
    /// `[preview]`
    pub preview: Bindings<Look>,
    /// `[transfers]`
    pub transfers: Bindings<Transfer>,
    /// `[conflict]`
    pub conflict: Bindings<Settle>,
    /// `[share]`
    pub share: Bindings<ShareAct>,
    /// `[traffic]`
    pub traffic: Bindings<Watch>,
    /// `[question]`
    pub question: Bindings<Answer>,
    /// `[paste]`
    pub paste: Bindings<Paste>,
}

/// A line of the help screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelpLine<'a> {
    /// Above the actions of a place.
    Place(&'static str),
    /// An action of a place, and its keys.
    Action(&'static str, String, &'a [Key]),
}

/// A key table that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyTableError {
    /// Two actions of one place ask for one key.
    #[error("[keys.{place}]: {key} is given to both `{first}` and `{second}`")]
    Conflict {
        /// Which place.
        place: &'static str,
        /// Which key.
        key: Key,
        /// The one action.
        first: String,
        /// The other.
        second: String,
    },
    /// Where characters are not typed there are keys enough, and none has to wait for another.
    #[error("[keys.{0}]: {1} is two keys; only [keys.composer] knows what to do with those")]
    TwoKeys(&'static str, Key),
}

/// What a key does. An upper-case letter that is not bound itself does what the lower-case one does: keys are shown by
/// what stands on them, and Caps Lock may be on.
#[must_use]
pub fn action<A: Copy>(bindings: &Bindings<A>, key: Key) -> Option<A> {
    let bound = |key: Key| bindings.iter().find(|(_, keys)| keys.contains(&key)).map(|(action, _)| *action);
    bound(key).or_else(|| bound(lower_case(key)?))
}

/// The same key with its lower-case letter; none where it has none. Terminals keep Ctrl+Shift for themselves.
fn lower_case(key: Key) -> Option<Key> {
    let KeyCode::Char(letter) = key.code else { return None };
    let mut lower = letter.to_lowercase();
    let only =
        lower.next().filter(|only| *only != letter && lower.next().is_none() && !key.modifiers.ctrl)?;
    Some(Key { code: KeyCode::Char(only), ..key })
}

/// The same for a question of which harm can come. Enter does not answer it: pressed twice, it would answer what nobody has
/// read.
#[must_use]
pub fn deliberate<A: Copy>(bindings: &Bindings<A>, key: Key) -> Option<A> {
    action(bindings, key).filter(|_| key.code != KeyCode::Enter)
}

/// Whether a key is the first of two.
#[must_use]
pub fn is_first<A>(bindings: &Bindings<A>, key: Key) -> bool {
    bindings.values().flatten().any(|known| known.first() == Some(key))
}

/// The first key of an action, for showing; none where the user took them all away.
#[must_use]
pub fn first_key<A: Ord + Copy>(bindings: &Bindings<A>, action: A) -> Option<Key> {
    bindings.get(&action)?.first().copied()
}

/// The selection among `count` rows after a move, with so many of them in view.
#[must_use]
pub(super) fn walked(action: Move, selected: usize, count: usize, rows: usize) -> usize {
    let page = rows.saturating_sub(1).max(1);
    let last = count.saturating_sub(1);
    let to = match action {
        Move::Up => selected.saturating_sub(1),
        Move::Down => selected + 1,
        Move::PageUp => selected.saturating_sub(page),
        Move::PageDown => selected + page,
        Move::First => 0,
        Move::Last => last,
    };
    to.min(last)
}

impl Keymap {
    /// The keys as they are when nobody changes them.
    pub fn preset() -> Result<Self, toml::de::Error> {
        toml::from_str(include_str!("../../assets/keys.toml"))
    }

    /// The user's keys laid over these, action by action.
    ///
    /// A key that the user gives to an action is taken from the one that had it before in the same place.
    pub fn with(mut self, user: Self) -> Result<Self, KeyTableError> {
        lay_over("global", &mut self.global, user.global)?;
        lay_over("field", &mut self.field, user.field)?;
        lay_over(COMPOSER, &mut self.composer, user.composer)?;
        lay_over("messages", &mut self.messages, user.messages)?;
        lay_over("peers", &mut self.peers, user.peers)?;
        lay_over("list", &mut self.list, user.list)?;
        lay_over("entries", &mut self.entries, user.entries)?;
        lay_over("preview", &mut self.preview, user.preview)?;
        lay_over("transfers", &mut self.transfers, user.transfers)?;
        lay_over("conflict", &mut self.conflict, user.conflict)?;
        lay_over("share", &mut self.share, user.share)?;
        lay_over("traffic", &mut self.traffic, user.traffic)?;
        lay_over("question", &mut self.question, user.question)?;
        lay_over("paste", &mut self.paste, user.paste)?;
        Ok(self)
    }

    /// Everything in the table, as the help screen shows it.
    #[must_use]
    pub fn help(&self) -> Vec<HelpLine<'_>> {
        fn rows_of<'a, A: Display>(
            place: &'static str,
            bindings: &'a Bindings<A>,
        ) -> impl Iterator<Item = HelpLine<'a>> {
            let actions =
                bindings.iter().map(move |(action, keys)| HelpLine::Action(place, action.to_string(), keys));
            [HelpLine::Place(place)].into_iter().chain(actions)
        }
        rows_of("global", &self.global)
            .chain(rows_of(COMPOSER, &self.composer))
            .chain(rows_of("field", &self.field))
            .chain(rows_of("messages", &self.messages))
            .chain(rows_of("peers", &self.peers))
            .chain(rows_of("list", &self.list))
            .chain(rows_of("entries", &self.entries))
            .chain(rows_of("preview", &self.preview))
            .chain(rows_of("transfers", &self.transfers))
            .chain(rows_of("conflict", &self.conflict))
            .chain(rows_of("share", &self.share))
            .chain(rows_of("traffic", &self.traffic))
            .chain(rows_of("question", &self.question))
            .chain(rows_of("paste", &self.paste))
            .collect()
    }
}

fn lay_over<A: Ord + Copy + Display>(
    place: &'static str,
    bindings: &mut Bindings<A>,
    user: Bindings<A>,
) -> Result<(), KeyTableError> {
    let mut owners: BTreeMap<Key, A> = BTreeMap::new();
    for (action, keys) in user {
        for key in &keys {
            if key.after.is_some() && place != COMPOSER {
                return Err(KeyTableError::TwoKeys(place, *key));
            }
            if let Some(first) = owners.insert(*key, action).filter(|first| *first != action) {
                let (first, second) = (first.to_string(), action.to_string());
                return Err(KeyTableError::Conflict { place, key: *key, first, second });
            }
            for had in bindings.iter_mut().filter(|(other, _)| **other != action).map(|(_, had)| had) {
                had.retain(|other| other != key);
            }
        }
        bindings.insert(action, keys);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Keymap {
        toml::from_str(text).unwrap()
    }

    fn key(name: &str) -> Key {
        name.parse().unwrap()
    }

    #[test]
    fn every_action_has_a_key_and_no_place_gives_a_key_twice() {
        fn missing<A: VariantArray + Ord + Display>(bindings: &Bindings<A>) -> Vec<String> {
            let without = A::VARIANTS.iter().filter(|action| bindings.get(action).is_none_or(Vec::is_empty));
            without.map(A::to_string).collect()
        }
        let preset = Keymap::preset().unwrap();
        let mut without = missing(&preset.global);
        without.extend(missing(&preset.field));
        without.extend(missing(&preset.composer));
        without.extend(missing(&preset.messages));
        without.extend(missing(&preset.peers));
        without.extend(missing(&preset.list));
        without.extend(missing(&preset.entries));
        without.extend(missing(&preset.preview));
        without.extend(missing(&preset.transfers));
        without.extend(missing(&preset.conflict));
        without.extend(missing(&preset.share));
        without.extend(missing(&preset.traffic));
        without.extend(missing(&preset.question));
        without.extend(missing(&preset.paste));
        assert_eq!(without, Vec::<String>::new());
        Keymap::default().with(preset).unwrap();
    }

    #[test]
    fn a_letter_acts_however_it_is_capitalised_where_that_means_nothing_else() {
        let keymap = Keymap::preset().unwrap();
        assert_eq!(action(&keymap.entries, key("D")), Some(Browse::Get), "the key line says `D`");
        assert_eq!(action(&keymap.entries, key("s")), Some(Browse::Sort));
        assert_eq!(action(&keymap.entries, key("S")), Some(Browse::Reverse), "it is bound by itself");
        assert_eq!(deliberate(&keymap.question, key("Y")), Some(Answer::Yes));
        assert_eq!(action(&keymap.global, key("alt+K")), Some(Global::BlockPeer));
        assert_eq!(action(&keymap.global, key("ctrl+C")), None, "terminals copy with that");
        let upper = keymap.with(table("[entries]\nget = ['G']")).unwrap();
        assert_eq!(action(&upper.entries, key("g")), None, "the key line says `Shift+G`");
    }

    #[test]
    fn the_users_keys_replace_the_preset_ones_and_are_taken_from_others() {
        let keymap = Keymap::preset().unwrap().with(table("[global]\nquit = ['ctrl+g']")).unwrap();
        assert_eq!(action(&keymap.global, key("ctrl+g")), Some(Global::Quit));
        assert_eq!(action(&keymap.global, key("ctrl+q")), None);
        assert_eq!(first_key(&keymap.global, Global::GoTo), None);
    }

    #[test]
    fn two_keys_for_one_action_are_known_in_the_composer_and_nowhere_else() {
        let keymap = Keymap::preset().unwrap();
        assert!(is_first(&keymap.composer, key("ctrl+x")));
        assert!(!is_first(&keymap.composer, key("ctrl+e")));
        assert_eq!(action(&keymap.composer, key("ctrl+e")), None);
        let second = key("ctrl+e").pressed_after(key("ctrl+x"));
        assert_eq!(action(&keymap.composer, second), Some(Compose::Editor));
        let error = keymap.with(table("[list]\nfirst = ['g g']")).unwrap_err().to_string();
        assert_eq!(error, "[keys.list]: G G is two keys; only [keys.composer] knows what to do with those");
    }

    #[test]
    fn one_key_for_two_actions_is_an_error_that_names_both() {
        let wrong = table("[global]\nquit = ['f9']\nhelp = ['f9']");
        let error = Keymap::preset().unwrap().with(wrong).unwrap_err().to_string();
        assert_eq!(error, "[keys.global]: F9 is given to both `help` and `quit`");
    }
}
