//! hobnob: talk to, and swap files with, any machine you can reach.

pub mod effect;
pub mod event;
pub mod net;
pub mod serve;
pub mod text;
pub mod wire;
