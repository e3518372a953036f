//! Which key does what where. Owns the table that the keymap, the key line and the help screen are made from;
//! what an action does is the business of the part of the state that has the focus.

use std::collections::BTreeMap;

use serde::Deserialize;
use strum::{EnumCount, VariantArray};

use crate::event::Key;

/// Where the input goes.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Deserialize,
    EnumCount,
    VariantArray,
    strum::Display,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Place {
    /// Everywhere, unless a narrower place uses the key.
    Global,
    /// Where text is typed.
    Field,
    /// Where a message is written.
    Composer,
    /// The conversation.
    Messages,
    /// The list of a server's folder.
    Entries,
    /// The downloads.
    Transfers,
    /// A question.
    Question,
}

/// What a key can do.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Deserialize,
    EnumCount,
    VariantArray,
    strum::Display,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the help screen says what each does: assets/locale/en.toml, [actions]")]
pub enum Action {
    Help,
    ChatTab,
    FilesTab,
    GoTo,
    Address,
    PreviousPeer,
    NextPeer,
    #[serde(rename = "peer-1")]
    #[strum(serialize = "peer-1")]
    Peer1,
    #[serde(rename = "peer-2")]
    #[strum(serialize = "peer-2")]
    Peer2,
    #[serde(rename = "peer-3")]
    #[strum(serialize = "peer-3")]
    Peer3,
    #[serde(rename = "peer-4")]
    #[strum(serialize = "peer-4")]
    Peer4,
    #[serde(rename = "peer-5")]
    #[strum(serialize = "peer-5")]
    Peer5,
    #[serde(rename = "peer-6")]
    #[strum(serialize = "peer-6")]
    Peer6,
    #[serde(rename = "peer-7")]
    #[strum(serialize = "peer-7")]
    Peer7,
    #[serde(rename = "peer-8")]
    #[strum(serialize = "peer-8")]
    Peer8,
    #[serde(rename = "peer-9")]
    #[strum(serialize = "peer-9")]
    Peer9,
    NextUnread,
    PeerFiles,
    NextPane,
    Back,
    Interrupt,
    Redraw,
    Suspend,
    Quit,
    Left,
    Right,
    WordLeft,
    WordRight,
    Start,
    End,
    DeleteLeft,
    DeleteRight,
    KillWordLeft,
    KillWordRight,
    KillToStart,
    KillToEnd,
    Yank,
    Undo,
    Accept,
    Send,
    Newline,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Open,
    Parent,
    Mark,
    Get,
    Filter,
    Sort,
    Reload,
    Cancel,
    Yes,
    No,
}

/// Which keys do what, by place: the form of `assets/keys.toml` and of `[keys]` in the configuration.
pub type KeyTable = BTreeMap<Place, BTreeMap<Action, Vec<Key>>>;

/// The table in use.
#[derive(Debug, Clone)]
pub struct Keymap {
    table: KeyTable,
}

/// Two actions of one place ask for one key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("[keys.{place}]: {key} is given to both `{first}` and `{second}`")]
pub struct KeyConflict {
    place: Place,
    key: Key,
    first: Action,
    second: Action,
}

/// The keys as they are when nobody changes them.
pub fn default_table() -> Result<KeyTable, toml::de::Error> {
    toml::from_str(include_str!("../../assets/keys.toml"))
}

impl Keymap {
    /// The default keys with the user's laid over them, action by action.
    ///
    /// A key that the user gives to an action is taken from the one that had it by default in the same place.
    pub fn new(mut table: KeyTable, user: KeyTable) -> Result<Self, KeyConflict> {
        for (place, actions) in user {
            let place_table = table.entry(place).or_default();
            for keys in actions.values() {
                for had in place_table.values_mut() {
                    had.retain(|key| !keys.contains(key));
                }
            }
            let mut owners: BTreeMap<Key, Action> = BTreeMap::new();
            for (action, keys) in actions {
                for key in &keys {
                    if let Some(first) = owners.insert(*key, action).filter(|first| *first != action) {
                        return Err(KeyConflict { place, key: *key, first, second: action });
                    }
                }
                place_table.insert(action, keys);
            }
        }
        Ok(Self { table })
    }

    /// What `key` does where the input goes to `places`, the narrowest first.
    #[must_use]
    pub fn action(&self, places: &[Place], key: Key) -> Option<Action> {
        places.iter().find_map(|place| {
            let actions = self.table.get(place)?;
            actions.iter().find(|(_, keys)| keys.contains(&key)).map(|(action, _)| *action)
        })
    }

    /// The first key of an action, for showing; none where the user took them all away.
    #[must_use]
    pub fn key(&self, place: Place, action: Action) -> Option<Key> {
        self.table.get(&place)?.get(&action)?.first().copied()
    }

    /// The whole table of a place.
    pub fn actions(&self, place: Place) -> impl Iterator<Item = (Action, &[Key])> {
        self.table.get(&place).into_iter().flatten().map(|(action, keys)| (*action, keys.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> KeyTable {
        toml::from_str(text).unwrap()
    }

    fn key(name: &str) -> Key {
        name.parse().unwrap()
    }

    #[test]
    fn every_action_has_a_key_somewhere_and_no_place_gives_a_key_twice() {
        let table = default_table().unwrap();
        for action in Action::VARIANTS {
            let keys = table.values().filter_map(|actions| actions.get(action)).flatten().count();
            assert!(keys > 0, "{action} has no key");
        }
        Keymap::new(KeyTable::new(), table).unwrap();
    }

    #[test]
    fn the_narrowest_place_decides() {
        let keymap = Keymap::new(default_table().unwrap(), KeyTable::new()).unwrap();
        let enter = key("enter");
        assert_eq!(keymap.action(&[Place::Composer, Place::Field, Place::Global], enter), Some(Action::Send));
        assert_eq!(keymap.action(&[Place::Field, Place::Global], enter), Some(Action::Accept));
        assert_eq!(keymap.action(&[Place::Global], enter), None);
    }

    #[test]
    fn the_users_keys_replace_the_default_ones_and_are_taken_from_others() {
        let keymap = Keymap::new(default_table().unwrap(), table("[global]\nquit = ['ctrl+g']")).unwrap();
        assert_eq!(keymap.action(&[Place::Global], key("ctrl+g")), Some(Action::Quit));
        assert_eq!(keymap.action(&[Place::Global], key("ctrl+q")), None);
        assert_eq!(keymap.key(Place::Global, Action::GoTo), None);
    }

    #[test]
    fn one_key_for_two_actions_is_an_error_that_names_both() {
        let wrong = table("[global]\nquit = ['f9']\nhelp = ['f9']");
        let error = Keymap::new(default_table().unwrap(), wrong).unwrap_err().to_string();
        assert_eq!(error, "[keys.global]: F9 is given to both `help` and `quit`");
    }
}
