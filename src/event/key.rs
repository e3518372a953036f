//! A key with its modifiers, and its name as the key tables and the help screen write it: `ctrl+g`, `alt+up`, `f1`; or
//! two of them, one after the other: `ctrl+x ctrl+e`.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// A key with the modifiers held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Key {
    /// Which key.
    pub code: KeyCode,
    /// What was held.
    pub modifiers: Modifiers,
    /// The key that was pressed before this one, where the two together stand for something.
    pub after: Option<(KeyCode, Modifiers)>,
}

/// Which key. A character is what it types: `A` is `Char('A')` without shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyCode {
    /// A key that types this character.
    Char(char),
    /// F1 to F24.
    F(u8),
    /// Return.
    Enter,
    /// Tab without shift; with shift it is `BackTab`.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Erases to the left.
    Backspace,
    /// Erases to the right.
    Delete,
    /// Insert.
    Insert,
    /// Escape.
    Esc,
    /// Arrow.
    Up,
    /// Arrow.
    Down,
    /// Arrow.
    Left,
    /// Arrow.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
}

/// What was held while a key was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Modifiers {
    /// Control.
    pub ctrl: bool,
    /// Alt, Option or Meta.
    pub alt: bool,
    /// Shift, only where the key does not already say so by its character.
    pub shift: bool,
}

/// The names that a key table may use beside single characters and `f1` to `f24`, and how they are shown.
const NAMES: [(&str, &str, KeyCode); 16] = [
    ("enter", "Enter", KeyCode::Enter),
    ("tab", "Tab", KeyCode::Tab),
    ("backtab", "Shift+Tab", KeyCode::BackTab),
    ("backspace", "Backspace", KeyCode::Backspace),
    ("delete", "Delete", KeyCode::Delete),
    ("insert", "Insert", KeyCode::Insert),
    ("esc", "Esc", KeyCode::Esc),
    ("up", "Up", KeyCode::Up),
    ("down", "Down", KeyCode::Down),
    ("left", "Left", KeyCode::Left),
    ("right", "Right", KeyCode::Right),
    ("home", "Home", KeyCode::Home),
    ("end", "End", KeyCode::End),
    ("pageup", "PgUp", KeyCode::PageUp),
    ("pagedown", "PgDn", KeyCode::PageDown),
    ("space", "Space", KeyCode::Char(' ')),
];

/// A key's name that means no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no key; write keys like `ctrl+g`, `alt+up`, `f1`, `space` or `x`")]
pub struct KeyNameError(pub String);

impl Key {
    /// The character that the key types, if it types one.
    #[must_use]
    pub fn types(self) -> Option<char> {
        let KeyCode::Char(character) = self.code else { return None };
        (!self.modifiers.ctrl && !self.modifiers.alt && self.after.is_none()).then_some(character)
    }

    /// This key pressed after that one.
    #[must_use]
    pub fn pressed_after(self, first: Self) -> Self {
        Self { after: Some((first.code, first.modifiers)), ..self }
    }

    /// The first of two keys, where this is the second.
    #[must_use]
    pub fn first(self) -> Option<Self> {
        self.after.map(|(code, modifiers)| Self { code, modifiers, after: None })
    }
}

impl TryFrom<String> for Key {
    type Error = KeyNameError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl FromStr for Key {
    type Err = KeyNameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let wrong = || KeyNameError(name.to_owned());
        if let Some((first, second)) = name.split_once(' ') {
            let (first, second): (Self, Self) =
                (first.parse().map_err(|_| wrong())?, second.parse().map_err(|_| wrong())?);
            return if second.after.is_none() { Ok(second.pressed_after(first)) } else { Err(wrong()) };
        }
        let mut modifiers = Modifiers::default();
        let mut rest = name;
        while let Some((held, key)) = rest.split_once('+') {
            if key.is_empty() {
                break; // `ctrl++`: the plus key itself
            }
            match held.to_ascii_lowercase().as_str() {
                "ctrl" => modifiers.ctrl = true,
                "alt" => modifiers.alt = true,
                "shift" => modifiers.shift = true,
                _ => return Err(wrong()),
            }
            rest = key;
        }
        let mut characters = rest.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(only), None) => KeyCode::Char(only),
            _ => named(rest).ok_or_else(wrong)?,
        };
        Ok(Self { code, modifiers, after: None })
    }
}

fn named(name: &str) -> Option<KeyCode> {
    let name = name.to_ascii_lowercase();
    let function = name.strip_prefix('f').and_then(|number| number.parse().ok());
    match function {
        Some(number @ 1..=24) => Some(KeyCode::F(number)),
        _ => NAMES.iter().find(|(known, _, _)| *known == name).map(|(_, _, code)| *code),
    }
}

impl fmt::Display for Key {
    /// Writes the name as the help screen shows it: `Ctrl+G`, `Alt+Up`, `F1`, `Ctrl+X Ctrl+E`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(first) = self.first() {
            write!(out, "{first} ")?;
        }
        let Modifiers { ctrl, alt, shift } = self.modifiers;
        let shift = shift || matches!(self.code, KeyCode::Char(letter) if letter.is_uppercase());
        for (held, name) in [(ctrl, "Ctrl+"), (alt, "Alt+"), (shift, "Shift+")] {
            if held {
                out.write_str(name)?;
            }
        }
        if let KeyCode::F(number) = self.code {
            return write!(out, "F{number}");
        }
        let named = NAMES.iter().find(|(_, _, code)| *code == self.code);
        if let Some((_, shown, _)) = named {
            return out.write_str(shown);
        }
        let KeyCode::Char(only) = self.code else { return Ok(()) };
        write!(out, "{}", only.to_uppercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_its_name_and_shown_as_people_write_it() {
        for (name, shown) in [
            ("ctrl+g", "Ctrl+G"),
            ("alt+up", "Alt+Up"),
            ("f1", "F1"),
            ("f12", "F12"),
            ("space", "Space"),
            ("pageup", "PgUp"),
            ("ctrl++", "Ctrl++"),
            ("ctrl+_", "Ctrl+_"),
            ("Alt+Enter", "Alt+Enter"),
            ("backtab", "Shift+Tab"),
            ("f", "F"),
            ("F", "Shift+F"),
            ("ctrl+x ctrl+e", "Ctrl+X Ctrl+E"),
        ] {
            assert_eq!(name.parse::<Key>().unwrap().to_string(), shown, "{name}");
        }
    }

    #[test]
    fn a_name_that_means_no_key_is_refused_with_the_name() {
        for name in ["", "hyper+x", "f25", "f0", "ctrl+", "enterr", " ", "ctrl+x ", " e", "a b c"] {
            assert_eq!(name.parse::<Key>(), Err(KeyNameError(name.to_owned())), "{name}");
        }
    }
}
