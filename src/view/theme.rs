//! How things look, by what they are. Owns the styles; where they are used is the business of the regions.

use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};
use serde::{Deserialize, Deserializer};

/// A theme that comes with hobnob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub enum Preset {
    /// For dark backgrounds, in 24-bit colour.
    Dark,
    /// For light backgrounds, in 24-bit colour.
    Light,
    /// The terminal's own sixteen colours.
    Ansi16,
}

/// Declares the roles, so that a theme that lacks one does not load.
macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident),* $(,)?) => {
        /// A style for every role.
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Theme { $($(#[$doc])* #[serde(deserialize_with = "style")] pub $role: Style),* }

        impl Theme {
            /// The same without any colour (<https://no-color.org>): what had a background is reversed.
            #[must_use]
            pub fn without_colour(self) -> Self {
                Self { $($role: colourless(self.$role)),* }
            }
        }
    };
}

roles! {
    /// Text.
    text,
    /// What matters less.
    dim,
    /// The program's name, and the titles of boxes.
    title,
    /// A tab that is not in front.
    tab,
    /// The tab that is.
    tab_selected,
    /// Lines.
    border,
    /// Lines around what has the focus.
    border_focused,
    /// The selected row.
    selected,
    /// The mark of the selected row.
    mark,
    /// Our name.
    me,
    /// A peer's name.
    peer,
    /// A folder's name.
    folder,
    /// What was looked for and found, over the style of its text.
    found,
    /// A link in a message.
    link,
    /// What was not read.
    unread,
    /// What did not work.
    error,
    /// What needs attention.
    warning,
    /// What worked.
    good,
    /// The part of a gauge that is done.
    gauge,
    /// The part that is not.
    gauge_rest,
    /// A key's name.
    key,
    /// A comment in a program's text.
    code_comment,
    /// A word of its language.
    code_keyword,
    /// A text in it.
    code_literal,
    /// A number, or another constant.
    code_constant,
    /// The name of a function, a type, a section.
    code_name,
}

impl Preset {
    /// The theme.
    pub fn theme(self) -> Result<Theme, toml::de::Error> {
        toml::from_str(match self {
            Self::Dark => include_str!("../../assets/themes/dark.toml"),
            Self::Light => include_str!("../../assets/themes/light.toml"),
            Self::Ansi16 => include_str!("../../assets/themes/ansi16.toml"),
        })
    }

    /// What the terminal says of itself in its environment: `COLORTERM` whether it has 24-bit colour, `COLORFGBG` (as
    /// `foreground;background`) whether its background is light.
    #[must_use]
    pub fn of_terminal(colorterm: &str, colorfgbg: &str) -> Self {
        if !matches!(colorterm, "truecolor" | "24bit") {
            return Self::Ansi16;
        }
        match colorfgbg.rsplit(';').next().and_then(|background| background.parse::<u8>().ok()) {
            Some(7 | 9..=15) => Self::Light,
            Some(_) | None => Self::Dark,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are the independent attributes of a terminal's cell")]
struct Written {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    dim: bool,
    underlined: bool,
    reversed: bool,
}

fn style<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Style, D::Error> {
    let written = Written::deserialize(deserializer)?;
    let colour = |name: Option<String>| {
        let known = |name: String| Color::from_str(&name).map_err(|_| serde::de::Error::custom(name));
        name.map(known).transpose()
    };
    let mut style = Style { fg: colour(written.fg)?, bg: colour(written.bg)?, ..Style::default() };
    for (set, modifier) in [
        (written.bold, Modifier::BOLD),
        (written.dim, Modifier::DIM),
        (written.underlined, Modifier::UNDERLINED),
        (written.reversed, Modifier::REVERSED),
    ] {
        if set {
            style = style.add_modifier(modifier);
        }
    }
    Ok(style)
}

fn colourless(style: Style) -> Style {
    let bare = Style { fg: None, bg: None, underline_color: None, ..style };
    if style.bg.is_some() { bare.add_modifier(Modifier::REVERSED) } else { bare }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn every_theme_has_every_role_and_no_other() {
        for preset in Preset::VARIANTS {
            preset.theme().unwrap_or_else(|error| panic!("{preset:?}: {error}"));
        }
    }

    #[test]
    fn without_colour_the_selection_is_still_to_be_seen() {
        let theme = Preset::Dark.theme().unwrap().without_colour();
        assert_eq!((theme.selected.fg, theme.selected.bg, theme.error.fg), (None, None, None));
        assert!(theme.selected.add_modifier.contains(Modifier::REVERSED));
    }

    #[test]
    fn the_terminal_decides_where_nobody_else_does() {
        assert_eq!(Preset::of_terminal("truecolor", ""), Preset::Dark);
        assert_eq!(Preset::of_terminal("truecolor", "0;15"), Preset::Light);
        assert_eq!(Preset::of_terminal("truecolor", "15;default;0"), Preset::Dark);
        assert_eq!(Preset::of_terminal("", "0;15"), Preset::Ansi16);
    }
}
