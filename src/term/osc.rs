//! What goes to the terminal beside cells, as operating system commands (ECMA-48, section 8.3.89): the window's title, the
//! clipboard, notifications, hyperlinks. Owns their forms and their limits. It is the last border before the terminal: whatever text
//! comes here leaves without a control character.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::text::Clean;
use crate::text::cut::fit_bytes;

/// The most bytes that are copied. Terminals take commands of 100,000 bytes, and base64 makes four of three.
pub const COPY_LIMIT: usize = 74_994;
/// The most bytes of a title, of a window or a notification.
const TITLE_LIMIT: usize = 128;
/// The most bytes of a notification's text.
const BODY_LIMIT: usize = 512;

/// The most bytes of a URL that a link leads to; more is not taken everywhere (VTE: 2083).
const URL_LIMIT: usize = 2048;

/// String terminator.
const ST: &str = "\x1b\\";

/// The forms in which terminals take notifications for the desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desktop {
    /// One text: iTerm2, Zed, Windows Terminal.
    Osc9,
    /// A title and a text: rxvt-unicode, foot, Ghostty, `WezTerm`, Konsole.
    Osc777,
    /// A title and a text, replaced by the next: kitty.
    Osc99,
}

/// The bell.
pub const BELL: &str = "\x07";

/// Sets the window's title (OSC 2).
#[must_use]
pub fn title(text: &Clean) -> String {
    format!("\x1b]2;{}{ST}", harmless(text, TITLE_LIMIT))
}

/// From here on the cells that are written lead to this URL (OSC 8), until [`LINK_END`]. Cells with the same `id` are one
/// link, wherever they are. None for anything but an `http` or `https` URL of printable ASCII and at most 2,048 bytes.
#[must_use]
pub fn link(url: &str, id: &str) -> Option<String> {
    let (scheme, _) = url.split_once("://")?;
    let is_web = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let is_harmless = url.len() <= URL_LIMIT && url.bytes().all(|byte| byte.is_ascii_graphic());
    // These would begin another field.
    let is_id = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_web && is_harmless && is_id).then(|| format!("\x1b]8;id={id};{url}{ST}"))
}

/// From here on the cells that are written lead nowhere.
pub const LINK_END: &str = "\x1b]8;;\x1b\\";

/// Puts a text of at most [`COPY_LIMIT`] bytes into the clipboard (OSC 52). Whether the terminal does it, it does not say.
/// tmux does it with `set-clipboard on`.
#[must_use]
pub fn copy(text: &Clean) -> Option<String> {
    // The bell is the shorter end, and just this byte decides whether all of it fits.
    (text.len() <= COPY_LIMIT).then(|| format!("\x1b]52;c;{}{BELL}", BASE64.encode(text.as_bytes())))
}

impl Desktop {
    /// Shows a notification. Where the terminal is tmux, it is asked to pass it on (`allow-passthrough`).
    #[must_use]
    pub fn notification(self, title: &Clean, text: &Clean, tmux: bool) -> String {
        let (title, text) = (harmless(title, TITLE_LIMIT), harmless(text, BODY_LIMIT));
        // Here a semicolon would begin another field, or make a command of what is a text.
        let whole = |text: &str| text.replace(';', ",");
        let command = match self {
            Self::Osc9 if text.is_empty() => format!("\x1b]9;{}{ST}", whole(&title)),
            Self::Osc9 => format!("\x1b]9;{}: {}{ST}", whole(&title), whole(&text)),
            Self::Osc777 => format!("\x1b]777;notify;{};{}{ST}", whole(&title), whole(&text)),
            Self::Osc99 => {
                let (title, text) = (BASE64.encode(title), BASE64.encode(text));
                format!("\x1b]99;i=hobnob:d=0:e=1;{title}{ST}\x1b]99;i=hobnob:e=1:p=body;{text}{ST}")
            }
        };
        if tmux { format!("\x1bPtmux;{}{ST}", command.replace('\x1b', "\x1b\x1b")) } else { command }
    }
}

/// One line of at most so many bytes.
fn harmless(text: &Clean, limit: usize) -> String {
    fit_bytes(text, limit).replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::clean_text;

    fn clean(text: &str) -> Clean {
        clean_text(text.as_bytes())
    }

    #[test]
    fn a_title_is_one_line_of_a_bounded_length() {
        assert_eq!(title(&clean("(3) hobnob - 你好")), "\x1b]2;(3) hobnob - 你好\x1b\\");
        assert_eq!(title(&clean("a\nb\x1b]0;c\x07")), "\x1b]2;a b␛]0;c␇\x1b\\");
        assert_eq!(title(&clean(&"你".repeat(1000))).len(), "\x1b]2;\x1b\\".len() + 42 * 3);
    }

    #[test]
    fn what_is_too_long_for_the_clipboard_is_not_copied_in_part() {
        assert_eq!(copy(&clean("你好\n")).unwrap(), "\x1b]52;c;5L2g5aW9Cg==\x07");
        assert_eq!(copy(&clean(&"x".repeat(COPY_LIMIT))).unwrap().len(), 100_000);
        assert_eq!(copy(&clean(&"x".repeat(COPY_LIMIT + 1))), None);
    }

    #[test]
    fn a_notification_cannot_be_made_another_command() {
        let (name, text) = (clean("4;1;50"), clean("a;b\nc\x1b]8;;d\x07"));
        for (desktop, expected) in [
            (Desktop::Osc9, "\x1b]9;4,1,50: a,b c␛]8,,d␇\x1b\\"),
            (Desktop::Osc777, "\x1b]777;notify;4,1,50;a,b c␛]8,,d␇\x1b\\"),
            (
                Desktop::Osc99,
                "\x1b]99;i=hobnob:d=0:e=1;NDsxOzUw\x1b\\\x1b]99;i=hobnob:e=1:p=body;YTtiIGPikJtdODs7ZOKQhw==\x1b\\",
            ),
        ] {
            assert_eq!(desktop.notification(&name, &text, false), expected);
        }
        assert_eq!(Desktop::Osc9.notification(&clean("lin"), &clean(""), false), "\x1b]9;lin\x1b\\");
    }

    #[test]
    fn a_link_leads_to_a_short_web_address_without_blanks_or_controls_and_nowhere_else() {
        assert_eq!(
            link("HTTPS://box/a;b?c=%20", "1-2").unwrap(),
            "\x1b]8;id=1-2;HTTPS://box/a;b?c=%20\x1b\\"
        );
        let longest = format!("http://box/{}", "x".repeat(2048 - "http://box/".len()));
        assert!(link(&longest, "1").is_some());
        for url in [
            "",
            "box",
            "file:///etc/passwd",
            "javascript:alert(1)//http://box",
            "http:box",
            "http://box/\x1b\\\x1b]52;c;aGk=\x07",
            "http://box/\x07",
            "http://box/\x7f",
            "http://box/a b",
            "http://box/\u{9c}",
            "http://你好/",
            &format!("{longest}x"),
        ] {
            assert_eq!(link(url, "1"), None, "{url:?}");
        }
        for id in ["a;http://box/", "a:b", "a=b", "\x1b"] {
            assert_eq!(link("http://box/", id), None, "{id:?}");
        }
    }

    #[test]
    fn tmux_is_asked_to_pass_a_notification_on() {
        let notification = Desktop::Osc777.notification(&clean("lin"), &clean("hello"), true);
        assert_eq!(notification, "\x1bPtmux;\x1b\x1b]777;notify;lin;hello\x1b\x1b\\\x1b\\");
    }

    #[test]
    fn a_notification_is_bounded() {
        let long = clean(&"你".repeat(10_000));
        for desktop in [Desktop::Osc9, Desktop::Osc777, Desktop::Osc99] {
            assert!(desktop.notification(&long, &long, true).len() < 1100, "{desktop:?}");
        }
    }
}
