//! What other people's bytes become before anyone sees them.
//!
//! [`Clean`] is the only form in which somebody else's text may reach the screen, a title, a log or headless
//! output; only [`clean_text`] and [`clean_line`] make one. Widths are those of whole grapheme clusters
//! (UAX #29) in terminal cells.

pub mod caret;
pub mod clean;
pub mod cut;
pub mod find;
pub mod hex;
pub mod links;
pub mod natural;
pub mod size;
mod visible;
pub mod width;
pub mod words;
pub mod wrap;

pub use clean::{Clean, clean_line, clean_text};
pub use visible::is_showable;
