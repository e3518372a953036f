//! What changes of the history of what was used lately: servers, folders, peers, bookmarks, and who the user is to whom.

use crate::wire::address::Endpoint;
use crate::wire::credentials::Credentials;
use crate::wire::source::{Origin, Source};

/// A change of what was used lately. Another program may make some, too: each keeps only what it changed itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A server was opened that lists nothing.
    Server(Source),
    /// A folder of a server was opened.
    Folder(Source),
    /// A file of a server that lists nothing was fetched.
    Name(Source),
    /// The address of a peer was typed.
    Peer(Endpoint),
    /// A folder of this machine is shared.
    Shared(String),
    /// The user wants to find a folder again.
    Bookmark(Source),
    /// Who the user is to a server from the start; none: nobody.
    Credentials(Origin, Option<Credentials>),
    /// The user does not want to find a folder again.
    NoBookmark(Source),
    /// A folder is to be known no more, as one that was open.
    NoFolder(Source),
    /// A server is to be known no more, with its names, its folders, and who the user is to it.
    NoServer(Endpoint),
    /// Peers are to be known no more.
    NoPeers(Vec<Endpoint>),
}
