//! Where what lies over the screen about the folder that is shared is.

use super::{Area, frame, inside};
use crate::event::Size;

/// From this height inside its border on there is room for what needs no saying on a low screen.
const ROOMY: u16 = 8;

/// The regions of the box about the share.
#[derive(Debug, Clone, Copy)]
pub struct ShareLayout {
    /// All of it, with its border.
    pub frame: Area,
    /// Which folder it is, or is to be.
    pub folder: Area,
    /// The address to tell others, or what is to be known before one shares.
    pub address: Area,
    /// What else there is to be said; without rows on a low screen.
    pub note: Area,
    /// The line above the list; without rows on a low screen.
    pub rule: Area,
    /// Who takes what, and who took what.
    pub list: Area,
}

/// Its regions; none on a screen that is too small.
#[must_use]
pub fn share(size: Size) -> Option<ShareLayout> {
    let body = frame(size)?.body;
    let width = body.width.min(120);
    let frame = Area { x: body.x + (body.width - width) / 2, width, ..body };
    let inside = inside(frame);
    let more = u16::from(inside.height >= ROOMY);
    let first = 2 + 2 * more;
    Some(ShareLayout {
        frame,
        folder: inside.rows(0, 1),
        address: inside.rows(1, 1),
        note: inside.rows(2, more),
        rule: inside.rows(2 + more, more),
        list: inside.rows(first, inside.height.saturating_sub(first)),
    })
}
