//! What the terminal is known to understand, by what it says of itself in the environment. Must never ask the terminal:
//! its answer would come among the keys.

use super::osc::Desktop;

/// What may be sent to the terminal beside cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Abilities {
    /// How it takes notifications for the desktop, if it takes them.
    pub desktop: Option<Desktop>,
    /// Whether it has a title.
    pub title: bool,
    /// Whether it is tmux.
    pub tmux: bool,
}

impl Abilities {
    /// Those of the terminal that set these environment variables; what is not set is empty.
    #[must_use]
    pub fn of_terminal(variable: impl Fn(&str) -> String) -> Self {
        let kind = variable("TERM");
        let is_any = |kinds: &[&str]| kinds.iter().any(|known| kind.starts_with(known));
        // These show what they do not know, or have no window.
        if kind.is_empty() || is_any(&["linux", "dumb", "vt", "ansi", "cons"]) {
            return Self::default();
        }
        Self { desktop: desktop(&kind, &variable), title: true, tmux: !variable("TMUX").is_empty() }
    }
}

fn desktop(kind: &str, variable: &impl Fn(&str) -> String) -> Option<Desktop> {
    let is_set = |name: &str| !variable(name).is_empty();
    // The terminal around tmux is known only by what it set before; screen passes nothing on.
    let program = [variable("TERM_PROGRAM"), variable("LC_TERMINAL")];
    let is_program = |names: &[&str]| program.iter().any(|program| names.contains(&program.as_str()));
    if is_set("STY") && !is_set("TMUX") {
        None
    } else if is_set("KITTY_WINDOW_ID") || kind == "xterm-kitty" {
        Some(Desktop::Osc99)
    } else if is_program(&["iTerm.app", "iTerm2", "zed"]) {
        Some(Desktop::Osc9)
    } else if is_program(&["ghostty", "WezTerm", "WarpTerminal", "contour", "rio"])
        || ["GHOSTTY_RESOURCES_DIR", "WEZTERM_PANE", "KONSOLE_VERSION"].into_iter().any(is_set)
        || ["rxvt-unicode", "foot", "xterm-ghostty", "wezterm", "contour"]
            .iter()
            .any(|known| kind.starts_with(known))
    {
        Some(Desktop::Osc777)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Abilities {
        let value = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        Abilities::of_terminal(|name| value(name).unwrap_or_default().to_owned())
    }

    #[test]
    fn a_terminal_gets_the_notifications_that_it_is_known_to_understand() {
        for (variables, expected) in [
            (&[("TERM", "xterm-kitty"), ("KITTY_WINDOW_ID", "1")][..], Some(Desktop::Osc99)),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app")], Some(Desktop::Osc9)),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "WezTerm")], Some(Desktop::Osc777)),
            (&[("TERM", "rxvt-unicode-256color")], Some(Desktop::Osc777)),
            (&[("TERM", "foot")], Some(Desktop::Osc777)),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "Apple_Terminal")], None),
            (&[("TERM", "alacritty")], None),
            (&[("TERM", "xterm-256color")], None),
            (&[("TERM", "screen"), ("STY", "1.tty"), ("KITTY_WINDOW_ID", "1")], None),
            (
                &[("TERM", "tmux-256color"), ("TMUX", "/tmp/tmux"), ("KITTY_WINDOW_ID", "1")],
                Some(Desktop::Osc99),
            ),
        ] {
            assert_eq!(of(variables).desktop, expected, "{variables:?}");
        }
    }

    #[test]
    fn a_console_gets_nothing_beside_cells() {
        for kind in ["linux", "dumb", "vt220", ""] {
            assert_eq!(of(&[("TERM", kind), ("KITTY_WINDOW_ID", "1")]), Abilities::default(), "{kind}");
        }
        assert!(of(&[("TERM", "xterm")]).title);
    }
}
