//! Where what lies over the files tab is.

use super::{Area, frame, inside};
use crate::event::Size;

/// The regions of a file that is looked at.
#[derive(Debug, Clone, Copy)]
pub struct PreviewLayout {
    /// All of it, with its border.
    pub frame: Area,
    /// What is known of it.
    pub facts: Area,
    /// Its beginning.
    pub content: Area,
}

/// Its regions; none on a screen that is too small.
#[must_use]
pub fn preview(size: Size) -> Option<PreviewLayout> {
    let frame = frame(size)?.body;
    let inside = inside(frame);
    let content = inside.rows(1, inside.height.saturating_sub(1));
    Some(PreviewLayout { frame, facts: inside.rows(0, 1), content })
}

/// The regions of the dialogue in which the user says who asks.
#[derive(Debug, Clone, Copy)]
pub struct SignInLayout {
    /// All of it, with its border.
    pub frame: Area,
    /// What the server wants.
    pub question: Area,
    /// The user's name.
    pub user: Area,
    /// The password.
    pub password: Area,
    /// Whether it is remembered.
    pub remember: Area,
    /// What there is to be said of the answer.
    pub problem: Area,
}

/// Its regions; none on a screen that is too small.
#[must_use]
pub fn sign_in(size: Size) -> Option<SignInLayout> {
    let body = frame(size)?.body;
    let (width, height) = (body.width.min(64), body.height.min(9));
    let (x, y) = (body.x + (body.width - width) / 2, body.y + (body.height - height) / 2);
    let frame = Area { x, y, width, height };
    let inside = inside(frame);
    // What the server wants takes two rows where there is room for them.
    let first = inside.height.saturating_sub(4).clamp(1, 2);
    let row = |nth: u16| inside.rows(first + nth, u16::from(first + nth < inside.height));
    Some(SignInLayout {
        frame,
        question: inside.rows(0, first),
        user: row(0),
        password: row(1),
        remember: row(2),
        problem: inside.rows(first + 3, inside.height.saturating_sub(first + 3)),
    })
}
