//! What the state looks like.
pub mod wording;
