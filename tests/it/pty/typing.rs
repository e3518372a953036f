//! What is typed and pasted, as terminals send it: whole, in parts, and cut off.

use super::started;

const PASTE: &str = "\x1b[200~";
const ESC: &str = "\x1b";

#[test]
fn a_paste_that_never_ends_leaves_the_keyboard_alone() {
    let (mut terminal, _home) = started(&[]);
    terminal.type_in(PASTE);
    terminal.type_in("hello");
    // It ends by itself when nothing more comes.
    terminal.wait_for("hello");
    terminal.type_in(" there");
    terminal.wait_for("hello there");
    // Help, and away with it: Escape by itself is a key.
    terminal.type_in("\x1bOP");
    terminal.wait_for("show or hide this help");
    terminal.type_in(ESC);
    terminal.wait_until("the draft, and no help", |screen| {
        let shown = screen.contents();
        shown.contains("hello there") && !shown.contains("show or hide this help")
    });
}

#[test]
fn a_paste_that_is_longer_than_any_message_is_refused_and_keys_follow() {
    let (mut terminal, _home) = started(&[]);
    terminal.type_in(PASTE);
    for _ in 0..2000 {
        terminal.type_in(&"x".repeat(1000));
    }
    terminal.type_in("\x1b[201~");
    terminal.wait_for("Too long to paste");
    terminal.type_in("but this");
    terminal.wait_for("but this");
    assert!(!terminal.text().contains("xxx"), "{}", terminal.text());
}
