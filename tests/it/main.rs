//! What the program promises, tried on real sockets and real files.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test says what went wrong by panicking"
)]

mod browse;
mod chat;
mod chat_broadcast;
mod chat_flood;
mod cli_chat;
mod cli_doctor;
mod cli_files;
mod cli_history;
mod cli_usage;
mod fetch;
mod fill;
mod get_killed;
mod house;
mod http;
mod outage;
mod preview;
mod pty;
mod scenarios;
mod screens;
mod serve;
mod share;
mod share_folders;
mod store;
mod support;
mod unmarked;
mod walk;
