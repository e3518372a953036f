//! What the state looks like.
pub mod theme;
pub mod wording;
