//! The pure state machine: what becomes of each event.
pub mod field;
pub mod keys;
