//! How [`Recent`] is written: as JSON, in the database and in the file that stood for it in earlier versions. Never
//! changes such a file, nor gives up on all of it for one text in it that means nothing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::effect::Recent;
use crate::wire::address::Endpoint;
use crate::wire::credentials::Credentials;
use crate::wire::source::{self, Origin, Scheme, Source};

/// The name of the file of earlier versions, in the data directory.
pub(super) const FILE: &str = "recent.json";
/// What is said in it of how it is written.
const VERSION: u64 = 1;
/// The most bytes of it that are read: more than the most that [`Recent`] can hold.
const FILE_LIMIT: u64 = 16 << 20;

/// As JSON.
pub(super) fn to_json(recent: &Recent) -> serde_json::Result<String> {
    serde_json::to_string(&Kept::new(recent))
}

/// From JSON.
pub(super) fn from_json(json: &[u8]) -> serde_json::Result<Recent> {
    serde_json::from_slice(json).map(Kept::recent)
}

/// What an earlier version left in this folder; none where there is nothing, or nothing that can be read.
pub(super) fn of_earlier_version(dir: &Path) -> Option<Recent> {
    let path = dir.join(FILE);
    // Whoever opens a pipe waits for somebody to write into it.
    if !fs::metadata(&path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(FILE_LIMIT).read_to_end(&mut bytes).ok()?;
    let kept: Kept = serde_json::from_slice(&bytes).ok()?;
    (kept.version == VERSION).then(|| kept.recent())
}

/// What is written. Addresses and sources are written as users write them, names percent-encoded (RFC 3986), so that
/// every byte comes back.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u64,
    servers: Vec<String>,
    names: BTreeMap<String, Vec<String>>,
    peers: Vec<String>,
    // What follows was not written by earlier versions.
    #[serde(default)]
    folders: Vec<Place>,
    #[serde(default)]
    bookmarks: Vec<Place>,
    #[serde(default)]
    credentials: Vec<Secret>,
    #[serde(default)]
    shared: Option<String>,
}

/// Who we are to a server, which is written as users write it.
#[derive(Serialize, Deserialize)]
struct Secret {
    server: String,
    user: String,
    password: String,
}

impl Secret {
    fn new((origin, credentials): &(Origin, Credentials)) -> Self {
        let top = Source::top(origin.endpoint.clone()).spoken(origin.scheme);
        let (user, password) = (credentials.user().to_owned(), credentials.password().to_owned());
        Self { server: top.to_string(), user, password }
    }

    fn credentials(self) -> Option<(Origin, Credentials)> {
        let origin = Source::parse(&self.server).ok()?.origin();
        Some((origin, Credentials::new(self.user, self.password)?))
    }
}

/// A folder: its server as users write it, and its path as a request carries it.
#[derive(Serialize, Deserialize)]
struct Place {
    server: String,
    path: String,
}

impl Place {
    fn new(source: &Source) -> Self {
        let server = source.at(source::Path::from_name(b"")).to_string();
        Self { server, path: source.path.encoded().to_owned() }
    }

    fn source(&self) -> Option<Source> {
        let server = Source::parse(&self.server).ok()?;
        Some(server.at(source::Path::from_url(&self.path)))
    }
}

impl Kept {
    fn new(recent: &Recent) -> Self {
        let names = |server: &Source| {
            let names = recent.names(&server.endpoint).iter().map(|name| name.encoded().to_owned());
            (server.endpoint.to_string(), names.collect())
        };
        Self {
            version: VERSION,
            servers: recent.servers().iter().map(ToString::to_string).collect(),
            names: recent
                .servers()
                .iter()
                .map(names)
                .filter(|(_, names): &(_, Vec<_>)| !names.is_empty())
                .collect(),
            peers: recent.peers().iter().map(ToString::to_string).collect(),
            folders: recent.folders().iter().map(Place::new).collect(),
            bookmarks: recent.bookmarks().iter().map(Place::new).collect(),
            credentials: recent.credentials().iter().map(Secret::new).collect(),
            shared: recent.shared().map(str::to_owned),
        }
    }

    /// What the file means, within the limits of [`Recent`]. A text in it that means nothing is left out: one that an
    /// earlier hobnob took for an address must not cost all others.
    fn recent(self) -> Recent {
        let mut recent = Recent::default();
        // What is added last is the latest.
        for server in self.servers.iter().rev().filter_map(|text| Source::parse(text).ok()) {
            recent.add_server(&server);
        }
        for (text, names) in self.names {
            let Ok(endpoint) = text.parse::<Endpoint>() else { continue };
            for name in names.into_iter().rev() {
                let path = source::Path::from_url(&name);
                recent.add_name(&Source { scheme: Scheme::Plain, endpoint: endpoint.clone(), path });
            }
        }
        for peer in self.peers.iter().rev().filter_map(|text| text.parse().ok()) {
            recent.add_peer(peer);
        }
        for folder in self.folders.iter().rev().filter_map(Place::source) {
            recent.add_folder(&folder);
        }
        for folder in self.bookmarks.iter().rev().filter_map(Place::source) {
            recent.add_bookmark(&folder);
        }
        for (origin, credentials) in self.credentials.into_iter().filter_map(Secret::credentials) {
            recent.set_credentials(&origin, Some(credentials));
        }
        if let Some(folder) = self.shared {
            recent.set_shared(&folder);
        }
        recent
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_back(recent: &Recent) -> Recent {
        from_json(to_json(recent).unwrap().as_bytes()).unwrap()
    }

    #[test]
    fn even_the_most_that_is_remembered_can_be_read_again() {
        let server = Source::parse(&format!("plain://{}:65535", "x".repeat(253))).unwrap();
        let mut recent = Recent::default();
        recent.add_server(&server);
        recent.add_peer(server.endpoint.clone());
        for number in 0..100 {
            recent.add_name(&server.at(source::Path::from_name(&[&[0xff; 1023][..], &[number]].concat())));
        }
        assert_eq!(recent.names(&server.endpoint).len(), 100);
        let most = 50 * serde_json::to_vec(&Kept::new(&recent)).unwrap().len() as u64;
        assert!((FILE_LIMIT / 10 * 9..FILE_LIMIT).contains(&most), "{most}");
        assert_eq!(read_back(&recent), recent);
    }

    proptest! {
        #[test]
        fn every_byte_of_a_name_comes_back(
            names in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..5),
            scope in any::<u32>(),
            shared in "\\PC*",
        ) {
            let address = std::net::SocketAddrV6::new([0xfe80, 0, 0, 0, 0, 0, 0, 1].into(), 9, 0, scope);
            let server = Source::top(Endpoint::from(std::net::SocketAddr::V6(address))).spoken(Scheme::Plain);
            let mut recent = Recent::default();
            recent.set_shared(&shared);
            recent.add_server(&server);
            recent.add_peer(server.endpoint.clone());
            for name in names {
                let path = source::Path::from_name(&name);
                recent.add_name(&server.at(path.clone()));
                recent.add_folder(&server.at(path.folder()));
                let folder = server.spoken(Scheme::Https).at(path.folder());
                recent.add_bookmark(&folder);
                recent.set_credentials(&folder.origin(), Credentials::new("a".into(), path.encoded().into()));
            }
            prop_assert_eq!(read_back(&recent), recent);
        }

        #[test]
        fn what_is_understood_of_a_file_is_understood_the_same_once_it_is_written(
            servers in proptest::collection::vec("(https?|plain|x)?(://)?[a-z:/%0-9\\[\\]]{0,12}|\\PC*", 0..4),
            name in "[%a-f0-9/?#]{0,12}|\\PC*",
        ) {
            let names = servers.iter().map(|server| (server.clone(), vec![name.clone()])).collect();
            let place = |server: &String| Place { server: server.clone(), path: name.clone() };
            let folders = servers.iter().map(place).collect();
            let bookmarks = servers.iter().map(place).collect();
            let secret = |server: &String| {
                Secret { server: server.clone(), user: name.clone(), password: name.clone() }
            };
            let credentials = servers.iter().map(secret).collect();
            let peers = servers.clone();
            let shared = servers.first().cloned();
            let kept = Kept { version: VERSION, peers, servers, names, folders, bookmarks, credentials, shared };
            let recent = kept.recent();
            prop_assert_eq!(read_back(&recent), recent);
        }
    }
}
