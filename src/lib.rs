//! hobnob: talk to, and swap files with, any machine you can reach.

pub mod app;
pub mod cli;
pub mod config;
pub mod effect;
pub mod event;
pub mod locale;
pub mod net;
pub mod serve;
pub mod shell;
pub mod term;
pub mod text;
pub mod view;
pub mod wire;
