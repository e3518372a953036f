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
    /// Whether its cells can be hyperlinks (OSC 8).
    pub links: bool,
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
        let tmux = !variable("TMUX").is_empty();
        Self { desktop: desktop(&kind, &variable), title: true, tmux, links: links(&kind, tmux, &variable) }
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

/// tmux passes links on since 3.4, to terminals that it knows to have them. Other terminals are known by name, or by a
/// version that does it without flaws; screen does not know them.
fn links(kind: &str, tmux: bool, variable: &impl Fn(&str) -> String) -> bool {
    let is_any = |kinds: &[&str]| kinds.iter().any(|known| kind.starts_with(known));
    let is_set = |name: &str| !variable(name).is_empty();
    let is_since = |name: &str, version: u32| variable(name).parse().is_ok_and(|set: u32| set >= version);
    let program = variable("TERM_PROGRAM");
    if is_any(&["tmux", "screen"]) {
        return tmux && program == "tmux" && version(&variable("TERM_PROGRAM_VERSION")) >= Some((3, 4));
    }
    let is_known = is_any(&["xterm-kitty", "xterm-ghostty", "wezterm", "foot", "alacritty", "contour"])
        || ["iTerm.app", "WezTerm", "ghostty", "contour"].contains(&program.as_str())
        || variable("LC_TERMINAL") == "iTerm2"
        || ["KITTY_WINDOW_ID", "WEZTERM_PANE", "GHOSTTY_RESOURCES_DIR", "ALACRITTY_WINDOW_ID", "WT_SESSION"]
            .into_iter()
            .any(is_set);
    // Whatever else says that it is tmux or screen is not the terminal that set the rest.
    !tmux
        && !is_set("STY")
        && (is_known || is_since("VTE_VERSION", 5000) || is_since("KONSOLE_VERSION", 201_200))
}

/// The first two numbers of a version, of which tmux writes `3.4`, `3.3a`, `next-3.6`.
fn version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.trim_start_matches("next-").split_once('.')?;
    let digits = minor.find(|c: char| !c.is_ascii_digit()).unwrap_or(minor.len());
    Some((major.parse().ok()?, minor[..digits].parse().ok()?))
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
    fn a_terminal_gets_links_if_it_is_known_to_have_them() {
        let vte = |version| [("TERM", "xterm-256color"), ("VTE_VERSION", version)];
        let konsole = |version| [("TERM", "xterm-256color"), ("KONSOLE_VERSION", version)];
        let tmux = |version| {
            [
                ("TERM", "tmux-256color"),
                ("TMUX", "/tmp/tmux"),
                ("TERM_PROGRAM", "tmux"),
                ("TERM_PROGRAM_VERSION", version),
            ]
        };
        for (variables, expected) in [
            (&[("TERM", "xterm-kitty")][..], true),
            (&[("TERM", "foot-extra")], true),
            (&[("TERM", "alacritty")], true),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app")], true),
            (&[("TERM", "xterm-256color"), ("LC_TERMINAL", "iTerm2")], true),
            (&[("TERM", "xterm-256color"), ("WT_SESSION", "1-2")], true),
            (&vte("5000"), true),
            (&vte("7600"), true),
            (&vte("4804"), false),
            (&vte("new"), false),
            (&konsole("230804"), true),
            (&konsole("200802"), false),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "Apple_Terminal")], false),
            (&[("TERM", "xterm-256color")], false),
            (&[("TERM", "rxvt-unicode-256color")], false),
            (&tmux("3.4"), true),
            (&tmux("3.10"), true),
            (&tmux("next-3.6"), true),
            (&tmux("4.0"), true),
            (&tmux("3.3a"), false),
            (&tmux("2.9"), false),
            (&tmux("master"), false),
            (&tmux(""), false),
            (&[("TERM", "screen-256color"), ("TMUX", "/tmp/tmux"), ("KITTY_WINDOW_ID", "1")], false),
            (&[("TERM", "xterm-256color"), ("TMUX", "/tmp/tmux"), ("KITTY_WINDOW_ID", "1")], false),
            (&[("TERM", "screen"), ("STY", "1.tty"), ("WT_SESSION", "1")], false),
            (&[("TERM", "xterm-256color"), ("STY", "1.tty"), ("WT_SESSION", "1")], false),
        ] {
            assert_eq!(of(variables).links, expected, "{variables:?}");
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
