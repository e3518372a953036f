//! What termina says was typed and clicked, in the words of [`crate::event`]. Must never decide what a key does.

use termina::Event as Seen;
use termina::event::{
    KeyCode as SeenCode, KeyEvent, KeyEventKind, Modifiers as SeenModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};

use crate::event::{Event, Key, KeyCode, Modifiers, Mouse, MouseAction};

/// What this means to us, pressed with Alt or not; `None` where it means nothing: a key released, a key without a name, a
/// mouse motion.
pub(super) fn event(seen: &Seen, alt: bool) -> Option<Event> {
    match seen {
        Seen::Key(seen) => key(seen, alt).map(Event::Key),
        Seen::Mouse(seen) => mouse(*seen).map(Event::Mouse),
        Seen::FocusIn => Some(Event::Focused(true)),
        Seen::FocusOut => Some(Event::Focused(false)),
        // The size is told by a signal, pastes end elsewhere, and nothing is asked that the others could answer.
        Seen::WindowResized(_) | Seen::Paste(_) | Seen::Csi(_) | Seen::Osc(_) | Seen::Dcs(_) => None,
    }
}

fn key(seen: &KeyEvent, alt: bool) -> Option<Key> {
    if seen.kind == KeyEventKind::Release {
        return None;
    }
    let held = |modifiers| seen.modifiers.intersects(modifiers);
    let ctrl = held(SeenModifiers::CONTROL);
    let alt = alt || held(SeenModifiers::ALT | SeenModifiers::META);
    let shift = held(SeenModifiers::SHIFT);
    let code = code(seen.code, ctrl, shift)?;
    // What says by itself that shift was held is the same key on every terminal only if shift is not said again.
    let shift = shift && !matches!(code, KeyCode::Char(_) | KeyCode::BackTab);
    Some(Key { code, modifiers: Modifiers { ctrl, alt, shift }, after: None })
}

fn code(seen: SeenCode, ctrl: bool, shift: bool) -> Option<KeyCode> {
    Some(match seen {
        // A control character has no case: some terminals say Ctrl+G, others Ctrl+g.
        SeenCode::Char(character) if ctrl => KeyCode::Char(character.to_ascii_lowercase()),
        SeenCode::Char(character) => KeyCode::Char(character),
        SeenCode::Tab if shift => KeyCode::BackTab,
        SeenCode::Tab => KeyCode::Tab,
        SeenCode::BackTab => KeyCode::BackTab,
        SeenCode::Function(number) => KeyCode::F(number),
        SeenCode::Enter => KeyCode::Enter,
        SeenCode::Backspace => KeyCode::Backspace,
        SeenCode::Delete => KeyCode::Delete,
        SeenCode::Insert => KeyCode::Insert,
        SeenCode::Escape => KeyCode::Esc,
        SeenCode::Up => KeyCode::Up,
        SeenCode::Down => KeyCode::Down,
        SeenCode::Left => KeyCode::Left,
        SeenCode::Right => KeyCode::Right,
        SeenCode::Home => KeyCode::Home,
        SeenCode::End => KeyCode::End,
        SeenCode::PageUp => KeyCode::PageUp,
        SeenCode::PageDown => KeyCode::PageDown,
        SeenCode::Null
        | SeenCode::CapsLock
        | SeenCode::ScrollLock
        | SeenCode::NumLock
        | SeenCode::PrintScreen
        | SeenCode::Pause
        | SeenCode::Menu
        | SeenCode::KeypadBegin
        | SeenCode::Media(_)
        | SeenCode::Modifier(_) => return None,
    })
}

fn mouse(seen: MouseEvent) -> Option<Mouse> {
    let action = match seen.kind {
        MouseEventKind::Down(MouseButton::Left) => MouseAction::Press,
        MouseEventKind::ScrollUp => MouseAction::ScrollUp,
        MouseEventKind::ScrollDown => MouseAction::ScrollDown,
        MouseEventKind::Down(MouseButton::Right | MouseButton::Middle)
        | MouseEventKind::Up(_)
        | MouseEventKind::Drag(_)
        | MouseEventKind::Moved
        | MouseEventKind::ScrollLeft
        | MouseEventKind::ScrollRight => return None,
    };
    Some(Mouse { action, column: seen.column, row: seen.row })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: SeenCode, modifiers: SeenModifiers) -> Option<String> {
        key(&KeyEvent::new(code, modifiers), false).map(|key| format!("{key:?}"))
    }

    fn named(name: &str) -> String {
        format!("{:?}", name.parse::<Key>().unwrap())
    }

    #[test]
    fn keys_are_those_that_the_key_table_names() {
        const NONE: SeenModifiers = SeenModifiers::NONE;
        const CTRL: SeenModifiers = SeenModifiers::CONTROL;
        const ALT: SeenModifiers = SeenModifiers::ALT;
        const SHIFT: SeenModifiers = SeenModifiers::SHIFT;
        for (code, modifiers, name) in [
            (SeenCode::Char('a'), NONE, "a"),
            (SeenCode::Char('A'), SHIFT, "A"),
            (SeenCode::Char('A'), NONE, "A"),
            (SeenCode::Char('你'), NONE, "你"),
            (SeenCode::Char(' '), NONE, "space"),
            (SeenCode::Char('g'), CTRL, "ctrl+g"),
            (SeenCode::Char('G'), CTRL | SHIFT, "ctrl+g"),
            (SeenCode::Char('7'), CTRL, "ctrl+7"),
            (SeenCode::Char('b'), ALT, "alt+b"),
            (SeenCode::Char('B'), ALT | SHIFT, "alt+B"),
            (SeenCode::Enter, ALT, "alt+enter"),
            (SeenCode::Up, ALT, "alt+up"),
            (SeenCode::Up, SHIFT, "shift+up"),
            (SeenCode::Left, CTRL, "ctrl+left"),
            (SeenCode::Tab, NONE, "tab"),
            (SeenCode::Tab, SHIFT, "backtab"),
            (SeenCode::BackTab, SHIFT, "backtab"),
            (SeenCode::BackTab, NONE, "backtab"),
            (SeenCode::Function(12), NONE, "f12"),
        ] {
            assert_eq!(pressed(code, modifiers), Some(named(name)), "{code:?} {modifiers:?}");
        }
    }

    #[test]
    fn a_key_held_down_repeats_and_a_key_released_means_nothing() {
        let mut seen = KeyEvent::new(SeenCode::Char('a'), SeenModifiers::NONE);
        seen.kind = KeyEventKind::Repeat;
        assert!(event(&Seen::Key(seen), false).is_some());
        seen.kind = KeyEventKind::Release;
        assert!(event(&Seen::Key(seen), false).is_none());
    }

    #[test]
    fn a_key_without_a_name_means_nothing() {
        for code in [SeenCode::Null, SeenCode::CapsLock, SeenCode::Menu, SeenCode::KeypadBegin] {
            assert_eq!(pressed(code, SeenModifiers::NONE), None, "{code:?}");
        }
    }

    #[test]
    fn the_mouse_presses_and_scrolls_and_nothing_else() {
        let at = |kind| MouseEvent { kind, column: 7, row: 3, modifiers: SeenModifiers::NONE };
        for (kind, action) in [
            (MouseEventKind::Down(MouseButton::Left), Some(MouseAction::Press)),
            (MouseEventKind::ScrollUp, Some(MouseAction::ScrollUp)),
            (MouseEventKind::ScrollDown, Some(MouseAction::ScrollDown)),
            (MouseEventKind::Down(MouseButton::Right), None),
            (MouseEventKind::Up(MouseButton::Left), None),
            (MouseEventKind::Drag(MouseButton::Left), None),
            (MouseEventKind::Moved, None),
        ] {
            assert_eq!(mouse(at(kind)), action.map(|action| Mouse { action, column: 7, row: 3 }), "{kind:?}");
        }
    }

    #[test]
    fn focus_comes_through_as_it_is() {
        assert!(matches!(event(&Seen::FocusIn, false), Some(Event::Focused(true))));
        assert!(matches!(event(&Seen::FocusOut, false), Some(Event::Focused(false))));
    }
}
