//! hobnob: talk to, and swap files with, any machine you can reach.
//!
//! # The map
//!
//! | module | owns | must never |
//! |---|---|---|
//! | [`event`], [`effect`] | the vocabulary of all that comes in and goes out | do anything |
//! | [`text`] | what other people's bytes become before anyone sees them | let a control character through |
//! | [`wire`] | the protocols and the forms of addresses, names and lists | open a socket or a file |
//! | [`app`] | the state, and what becomes of each event | do I/O, read a clock, or fail |
//! | [`view`] | what the state looks like, and the wording of what happened | change the state |
//! | [`locale`] | every sentence, by language | know when it is said |
//! | [`net`] | the chat's sockets, downloads, lists, names: tasks behind channels | touch the state |
//! | [`serve`] | the file server | reach outside its folder |
//! | [`store`] | what is kept from one run to the next, and the threads that read and write it | write over a file that it could not read |
//! | [`term`] | the terminal, its signals and its panics | draw |
//! | [`config`] | the settings, from defaults, file and command line | ask the user anything |
//! | [`shell`] | the only loop of the full-screen program, and its clock | wait for a worker |
//! | [`cli`] | the command line, and one file for each headless command | |
//!
//! An event goes through the channel of the shell's loop into [`app::State::update`], which changes the state and
//! names effects; the shell does them or tells a worker; then [`view::draw`] paints the state.
//!
//! # What always holds
//!
//! 1. [`app::State::update`] and [`view::draw`] do no I/O, read no clock, and cannot fail.
//! 2. Every value has one owner; workers and the program speak through channels.
//! 3. Channels are bounded. Workers wait for room; the shell never does, and hears of a full one as an event.
//! 4. A file's bytes go from the socket to the disk within [`net::fetch`]; the screen hears of at most 30 steps a second.
//! 5. Every event of a worker names what it is about; late ones are dropped.
//! 6. Nobody else's text reaches the state, the screen or the output except as [`text::Clean`].
//! 7. Nothing wakes an idle program.
//! 8. What the screen says happened, happened.

pub mod app;
pub mod cli;
pub mod config;
pub mod effect;
pub mod event;
pub mod locale;
pub mod net;
pub mod serve;
pub mod shell;
pub mod store;
pub mod term;
pub mod text;
pub mod view;
pub mod wire;
