//! What is to be known again after a restart: servers, folders, bookmarks, names, peers, and the folder that was shared.
//! Owns how much of that is remembered, whoever adds it; never says where it is kept.

use std::collections::BTreeMap;

use crate::event::Change;
use crate::wire::address::Endpoint;
use crate::wire::credentials::Credentials;
use crate::wire::plain;
use crate::wire::source::{Origin, Path, Scheme, Source};

/// Servers that are remembered.
const SERVER_LIMIT: usize = 50;
/// Names that are remembered for each of them.
const NAME_LIMIT: usize = 100;
/// Peers that are remembered.
const PEER_LIMIT: usize = 50;
/// Folders that are remembered by themselves, and folders that the user wants to find again.
const FOLDER_LIMIT: usize = 50;
const BOOKMARK_LIMIT: usize = 200;
/// The most bytes of the path of a folder that is remembered by itself: a server may answer to any.
const PATH_LIMIT: usize = 4096;

/// What was used lately. Each method that adds says whether that changed anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recent {
    servers: Vec<Source>,
    /// Only of servers that stand above.
    names: BTreeMap<Endpoint, Vec<Path>>,
    peers: Vec<Endpoint>,
    folders: Vec<Source>,
    bookmarks: Vec<Source>,
    credentials: Vec<(Origin, Credentials)>,
    shared: Option<String>,
}

impl Recent {
    /// Makes a change; whether anything is another thing then.
    pub fn change(&mut self, change: &Change) -> bool {
        match change {
            Change::Server(source) => self.add_server(source),
            Change::Folder(source) => self.add_server(source) | self.add_folder(source),
            Change::Name(source) => self.add_name(source),
            Change::Peer(peer) => self.add_peer(peer.clone()),
            Change::Shared(folder) => self.set_shared(folder),
            Change::Bookmark(source) => self.add_bookmark(source),
            Change::Credentials(origin, credentials) => self.set_credentials(origin, credentials.clone()),
            Change::NoBookmark(source) => self.drop_bookmark(source),
            Change::NoFolder(source) => self.forget_folder(source),
            Change::NoServer(server) => self.forget_server(server),
            Change::NoPeers(gone) => self.forget_peers(gone),
        }
    }

    /// Changes that make this of `before`, and that leave alone what they are not about: whoever else changed that, too, keeps
    /// the rest of it.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        // A server that has fewer names than before was forgotten, and opened again.
        let lost = |server: &&Source| {
            let now = self.names(&server.endpoint);
            let is_open = self.servers.iter().any(|open| open.endpoint == server.endpoint);
            let fewer = before.names(&server.endpoint).iter().any(|name| !now.contains(name));
            !is_open || fewer && now.len() < NAME_LIMIT
        };
        let lost: Vec<&Endpoint> =
            before.servers.iter().filter(lost).map(|server| &server.endpoint).collect();
        changes.extend(lost.iter().map(|server| Change::NoServer((*server).clone())));
        let gone = |now: &[Source], before: &[Source]| {
            before.iter().filter(|source| !now.contains(source)).cloned().collect::<Vec<_>>()
        };
        changes.extend(gone(&self.bookmarks, &before.bookmarks).into_iter().map(Change::NoBookmark));
        changes.extend(gone(&self.folders, &before.folders).into_iter().map(Change::NoFolder));
        let peers: Vec<Endpoint> =
            before.peers.iter().filter(|peer| !self.peers.contains(peer)).cloned().collect();
        changes.extend((!peers.is_empty()).then_some(Change::NoPeers(peers)));
        // What is added last is the latest. The servers come behind the folders, which make theirs the latest one.
        if self.folders != before.folders || !lost.is_empty() {
            changes.extend(self.folders.iter().rev().cloned().map(Change::Folder));
        }
        if self.servers != before.servers || self.folders != before.folders || !lost.is_empty() {
            changes.extend(self.servers.iter().rev().cloned().map(Change::Server));
        }
        for server in &self.servers {
            let names = self.names(&server.endpoint);
            if names != before.names(&server.endpoint) || lost.contains(&&server.endpoint) {
                let name = |name: &Path| Change::Name(server.spoken(Scheme::Plain).at(name.clone()));
                changes.extend(names.iter().rev().map(name));
            }
        }
        if self.peers != before.peers {
            changes.extend(self.peers.iter().rev().cloned().map(Change::Peer));
        }
        if self.bookmarks != before.bookmarks {
            changes.extend(self.bookmarks.iter().rev().cloned().map(Change::Bookmark));
        }
        let unknown =
            |(origin, _): &&(Origin, Credentials)| !self.credentials.iter().any(|(known, _)| known == origin);
        let gone = before.credentials.iter().filter(unknown);
        changes.extend(gone.map(|(origin, _)| Change::Credentials(origin.clone(), None)));
        if self.credentials != before.credentials || !lost.is_empty() {
            let told = self.credentials.iter();
            changes
                .extend(told.map(|(origin, told)| Change::Credentials(origin.clone(), Some(told.clone()))));
        }
        if let Some(folder) = self.shared.as_ref().filter(|_| self.shared != before.shared) {
            changes.push(Change::Shared(folder.clone()));
        }
        changes
    }

    /// The top folders of the servers that were open, the latest first; at most 50.
    #[must_use]
    pub fn servers(&self) -> &[Source] {
        &self.servers
    }

    /// The names that were fetched from a plain server, the latest first; at most 100.
    #[must_use]
    pub fn names(&self, server: &Endpoint) -> &[Path] {
        self.names.get(server).map_or(&[], Vec::as_slice)
    }

    /// The peers whose addresses were typed, the latest first; at most 50.
    #[must_use]
    pub fn peers(&self) -> &[Endpoint] {
        &self.peers
    }

    /// The folders that were open, the latest first, but for top folders; at most 50.
    #[must_use]
    pub fn folders(&self) -> &[Source] {
        &self.folders
    }

    /// The folders that the user wants to find again, the latest first; at most 200.
    #[must_use]
    pub fn bookmarks(&self) -> &[Source] {
        &self.bookmarks
    }

    /// Who we are to the servers to which the user wants to be somebody from the start.
    #[must_use]
    pub fn credentials(&self) -> &[(Origin, Credentials)] {
        &self.credentials
    }

    /// The folder of this machine that was shared last.
    #[must_use]
    pub fn shared(&self) -> Option<&str> {
        self.shared.as_deref()
    }

    /// A folder of this machine is shared.
    pub fn set_shared(&mut self, folder: &str) -> bool {
        let is_new = self.shared.as_deref() != Some(folder) && folder.len() <= PATH_LIMIT;
        if is_new {
            self.shared = Some(folder.to_owned());
        }
        is_new
    }

    /// The user wants to be this to a server from the start; or nobody.
    pub fn set_credentials(&mut self, origin: &Origin, credentials: Option<Credentials>) -> bool {
        let before = self.credentials.clone();
        self.credentials.retain(|(known, _)| known != origin);
        self.credentials.extend(credentials.map(|credentials| (origin.clone(), credentials)));
        self.credentials != before
    }

    /// A folder was opened.
    pub fn add_folder(&mut self, source: &Source) -> bool {
        let may = source.path.parent().is_some() && source.path.encoded().len() <= PATH_LIMIT;
        may && put_first(&mut self.folders, source.clone(), FOLDER_LIMIT)
    }

    /// The user wants to find a folder again.
    pub fn add_bookmark(&mut self, source: &Source) -> bool {
        put_first(&mut self.bookmarks, source.clone(), BOOKMARK_LIMIT)
    }

    /// The user does not want to find a folder again, or not any more.
    pub fn drop_bookmark(&mut self, source: &Source) -> bool {
        let before = self.bookmarks.len();
        self.bookmarks.retain(|known| known != source);
        self.bookmarks.len() < before
    }

    /// A folder is to be known no more, as a folder that was open.
    pub fn forget_folder(&mut self, source: &Source) -> bool {
        let before = self.folders.len();
        self.folders.retain(|known| known != source);
        self.folders.len() < before
    }

    /// A server is to be known no more, with its names, its folders, and who we are to it. Bookmarks stay.
    pub fn forget_server(&mut self, server: &Endpoint) -> bool {
        let before = self.servers.len();
        self.servers.retain(|known| known.endpoint != *server);
        self.folders.retain(|known| known.endpoint != *server);
        self.names.remove(server);
        self.credentials.retain(|(origin, _)| origin.endpoint != *server);
        self.servers.len() < before
    }

    /// A server was opened, whichever of its folders.
    pub fn add_server(&mut self, source: &Source) -> bool {
        let top = source.at(Path::from_name(b""));
        if self.servers.first() == Some(&top) {
            return false;
        }
        self.servers.retain(|known| known.endpoint != top.endpoint);
        self.servers.insert(0, top);
        for dropped in self.servers.drain(SERVER_LIMIT.min(self.servers.len())..) {
            self.names.remove(&dropped.endpoint);
        }
        true
    }

    /// A file was fetched. Of servers that list what they have, and of those that are not remembered, no name is.
    pub fn add_name(&mut self, source: &Source) -> bool {
        let name = source.path.name();
        let known = self.servers.iter().any(|server| server.endpoint == source.endpoint);
        if source.scheme != Scheme::Plain || !known || plain::request(&name).is_err() {
            return false;
        }
        let names = self.names.entry(source.endpoint.clone()).or_default();
        put_first(names, Path::from_name(&name), NAME_LIMIT)
    }

    /// A peer's address was typed, and is one.
    pub fn add_peer(&mut self, peer: Endpoint) -> bool {
        put_first(&mut self.peers, peer, PEER_LIMIT)
    }

    /// Peers are to be known no more.
    pub fn forget_peers(&mut self, gone: &[Endpoint]) -> bool {
        let before = self.peers.len();
        self.peers.retain(|peer| !gone.contains(peer));
        self.peers.len() < before
    }
}

fn put_first<T: PartialEq>(list: &mut Vec<T>, item: T, limit: usize) -> bool {
    if list.first() == Some(&item) {
        return false;
    }
    list.retain(|known| *known != item);
    list.insert(0, item);
    list.truncate(limit);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::parse(text).unwrap()
    }

    proptest::proptest! {
        #[test]
        fn what_another_program_changed_is_made_of_what_was_known_before(
            before in proptest::collection::vec((0..11_u8, 0..4_u8), 0..20),
            later in proptest::collection::vec((0..11_u8, 0..4_u8), 0..20),
        ) {
            let change = |(kind, at): (u8, u8)| {
                let server = source(&format!("plain://host{}/", at / 2));
                let folder = source(&format!("plain://host{}/{at}/", at / 2));
                match kind {
                    0 => Change::Server(server),
                    1 => Change::Folder(folder),
                    2 => Change::Name(source(&format!("plain://host{}/file{at}", at / 2))),
                    3 => Change::Peer(server.endpoint),
                    4 => Change::Shared(format!("/{at}")),
                    5 => Change::Bookmark(folder),
                    6 => Change::Credentials(server.origin(), Credentials::new("me".into(), at.to_string())),
                    7 => Change::NoBookmark(folder),
                    8 => Change::NoFolder(folder),
                    9 => Change::NoServer(server.endpoint),
                    _ => Change::NoPeers(vec![server.endpoint]),
                }
            };
            let mut known = Recent::default();
            for step in before {
                known.change(&change(step));
            }
            let mut now = known.clone();
            for step in later {
                now.change(&change(step));
            }
            for change in now.changes_since(&known) {
                known.change(&change);
            }
            let sorted = |mut recent: Recent| {
                recent.credentials.sort_by_key(|(origin, _)| format!("{origin:?}"));
                recent
            };
            proptest::prop_assert_eq!(sorted(known), sorted(now));
        }
    }

    fn endpoint(text: &str) -> Endpoint {
        text.parse().unwrap()
    }

    fn shown<T: ToString>(list: &[T]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_latest_server_is_first_and_each_is_there_once_as_it_was_spoken_to_last() {
        let mut recent = Recent::default();
        for text in ["http://a/x/", "plain://b", "plain://a:80/y"] {
            assert!(recent.add_server(&source(text)));
        }
        assert_eq!(shown(recent.servers()), ["plain://a:80/", "plain://b:7890/"]);
    }

    #[test]
    fn what_is_first_already_changes_nothing() {
        let mut recent = Recent::default();
        let file = source("plain://a/x");
        assert!(recent.add_server(&file) && recent.add_name(&file) && recent.add_peer(endpoint("a")));
        let before = recent.clone();
        assert!(!recent.add_server(&source("plain://a/y")));
        assert!(!recent.add_name(&file) && !recent.add_peer(endpoint("a:7890")));
        assert_eq!(recent, before);
    }

    #[test]
    fn only_so_many_are_remembered_and_a_forgotten_server_takes_its_names_along() {
        let mut recent = Recent::default();
        let first = source("plain://box/x");
        recent.add_server(&first);
        recent.add_name(&first);
        for number in 1..=200 {
            recent.add_peer(endpoint(&format!("box{number}")));
            recent.add_server(&source(&format!("plain://box{number}")));
            recent.add_name(&source(&format!("plain://box{number}/{number}")));
        }
        assert_eq!((recent.servers().len(), recent.peers().len(), recent.names.len()), (50, 50, 50));
        assert_eq!(recent.names(&first.endpoint), []);
        for number in 1..=200 {
            recent.add_name(&source(&format!("plain://box200/{number}")));
        }
        let names = recent.names(&endpoint("box200"));
        let ends = (names.len(), names.first().map(Path::name), names.last().map(Path::name));
        assert_eq!(ends, (100, Some(b"200".to_vec()), Some(b"101".to_vec())));
    }

    #[test]
    fn folders_and_bookmarks_are_remembered_by_themselves_and_forgotten_by_themselves() {
        let mut recent = Recent::default();
        let (deep, other) = (source("http://a/x%20y/"), source("http://b/z/"));
        for folder in [&deep, &other] {
            recent.add_server(folder);
            assert!(recent.add_folder(folder));
        }
        assert!(!recent.add_folder(&other) && !recent.add_folder(&source("http://a/")));
        assert!(!recent.add_folder(&source(&format!("http://a/{}/", "x".repeat(5000)))));
        assert!(recent.add_bookmark(&deep) && !recent.add_bookmark(&deep));
        assert!(recent.forget_server(&deep.endpoint) && !recent.forget_server(&deep.endpoint));
        assert_eq!((recent.folders(), recent.bookmarks()), (&[other.clone()][..], &[deep.clone()][..]));
        assert!(recent.drop_bookmark(&deep) && recent.forget_folder(&other) && !recent.forget_folder(&other));
        assert!(recent.folders().is_empty() && recent.bookmarks().is_empty());
    }

    #[test]
    fn a_name_is_remembered_only_where_it_can_be_of_use() {
        let mut recent = Recent::default();
        recent.add_server(&source("http://lists"));
        recent.add_server(&source("plain://box"));
        let long = format!("plain://box/{}", "x".repeat(plain::REQUEST_LIMIT + 1));
        for text in ["http://lists/x", "plain://unknown/x", "plain://box", &long] {
            assert!(!recent.add_name(&source(text)), "{text}");
        }
    }
}
