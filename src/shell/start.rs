//! What the full-screen program is given to start with. Data only.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::app::keys::Keymap;
use crate::app::queue::QueueSettings;
use crate::app::{Me, Notice};
use crate::config::ServeSettings;
use crate::effect::NotifySettings;
use crate::net::chat::Sockets;
use crate::net::http::Client;
use crate::store::Opened;
use crate::term::Abilities;
use crate::text::Clean;
use crate::view::Look;
use crate::wire::credentials::Credentials;
use crate::wire::source::Source;

/// Everything that the full-screen program starts with.
#[derive(Debug)]
pub struct Start {
    /// Who we are.
    pub me: Me,
    /// The chat's sockets.
    pub sockets: Sockets,
    /// What has to be said at once.
    pub notice: Option<Notice>,
    /// Peers that are known from the start.
    pub peers: Vec<(SocketAddr, Clean)>,
    /// The peer to talk to from the start.
    pub peer: Option<String>,
    /// The server to open from the start.
    pub server: Option<Source>,
    /// Who we are to that server.
    pub credentials: Option<Credentials>,
    /// What is known from earlier runs, and where what is to be known in later ones is kept.
    pub store: Opened,
    /// Which key does what.
    pub keymap: Keymap,
    /// In which words and colours.
    pub look: Look,
    /// How a user who is not looking is told.
    pub notify: NotifySettings,
    /// What the terminal can do beside showing cells.
    pub terminal: Abilities,
    /// The folder that is offered to be shared.
    pub folder: PathBuf,
    /// How it is shared.
    pub serve: ServeSettings,
    /// How downloads are to be.
    pub downloads: QueueSettings,
    /// How often a download that does not work is tried again.
    pub retries: u32,
    /// Asks servers: how long it waits for what, and where it follows them.
    pub client: Client,
}
