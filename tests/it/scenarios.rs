//! Keys, clicks and news of the network in; the screen, and what the world is asked to do, out.

mod acting;
mod announce;
mod anything;
mod caret;
mod chat;
mod composer;
mod contacts;
mod files;
mod filling;
mod find;
mod general;
mod history;
mod hostile;
pub(crate) mod naughty;
mod peers;
mod preview;
pub(crate) mod share;
pub(crate) mod share_choosing;
mod sign_in;
mod steering;
mod traffic;
mod transfers;

const LIN: &str = "192.168.1.5:7890";
const MIA: &str = "192.168.1.6:7890";
const STRANGER: &str = "10.0.0.9:40123";
const SERVER: &str = "http://192.168.1.5:7890/";
