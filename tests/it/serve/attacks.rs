//! What evil clients send: none of it gets what it should not, and none of it is without bounds.

use std::ops::Deref;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{PATIENT, Running, start};

mod bombs;
mod smuggling;
mod swapped;
mod traversal;

/// What is in no file that is shared, nor in any name.
const SECRET: &str = "0d5bc29c-secret";

/// A server whose folder, `shared`, lies in another one beside files that must not be reached.
struct BesideSecrets(Running);

impl BesideSecrets {
    fn start() -> Self {
        let mut server = Running::start(PATIENT);
        server.write("shared/a.txt", "inside");
        server.write("shared/sub/a.txt", "inside too");
        server.write("secret.txt", SECRET);
        server.write("outside/a.txt", SECRET);
        let shared = server.folder.path().join("shared");
        (server.address, server.log, server.stop, server.task) = start(&shared, PATIENT);
        Self(server)
    }
}

impl Deref for BesideSecrets {
    type Target = Running;
    fn deref(&self) -> &Running {
        &self.0
    }
}

impl Running {
    /// All that comes back for these bytes, after which nothing more is sent. Where the server breaks off, what came before.
    pub(super) async fn exchange(&self, bytes: &[u8]) -> Vec<u8> {
        let (mut read, mut write) = self.connect().await.into_split();
        let sent = async {
            // Not all of it need be taken.
            let _ = write.write_all(bytes).await;
            let _ = write.shutdown().await;
        };
        let mut answer = Vec::new();
        let received = async {
            let _ = read.read_to_end(&mut answer).await;
        };
        tokio::join!(sent, received);
        answer
    }
}

fn holds(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

/// The status of each answer in these bytes.
pub(super) fn statuses(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    text.split("HTTP/1.1 ").skip(1).map(|answer| answer.chars().take(3).collect()).collect()
}
