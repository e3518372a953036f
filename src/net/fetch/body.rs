//! The bytes of a file as they come from a server, in either language. Never waits longer than it was told to.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::event::{Fault, Stage};
use crate::net::http::{self, Client};
use crate::wire::plain;
use crate::wire::source::Source;

/// Bytes to make room for at once.
const BUFFER_SIZE: usize = 256 * 1024;
/// With less room than this left, a new buffer is better than a small read.
const LEAST_ROOM: usize = 64 * 1024;

/// A file that is coming.
pub(super) enum Body {
    Http(http::Body),
    Plain(Plain),
}

impl Body {
    /// Its length in bytes, where the server announced one.
    pub(super) fn announced(&self) -> Option<u64> {
        match self {
            Self::Http(body) => body.announced(),
            Self::Plain(_) => None,
        }
    }

    /// The next bytes; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        match self {
            Self::Http(body) => body.next().await,
            Self::Plain(body) => body.next().await,
        }
    }
}

/// A plain server's answer: bytes until it closes the connection.
pub(super) struct Plain {
    stream: TcpStream,
    buffer: BytesMut,
    patience: Duration,
}

impl Plain {
    /// Sends the name, and waits for the first bytes: without any there is no file.
    pub(super) async fn ask(source: &Source, client: &Client) -> Result<Self, Fault> {
        let timeouts = client.timeouts();
        let name = source.path.name();
        let request = plain::request(&name).map_err(|_| Fault::BadName)?;
        let mut stream = client.connect(&source.endpoint).await?;
        let mut buffer = BytesMut::with_capacity(BUFFER_SIZE);
        let first = async {
            stream.write_all(request).await?;
            stream.read_buf(&mut buffer).await
        };
        match timeout(timeouts.answer, first).await {
            Err(_) => Err(Fault::TimedOut(Stage::Answer, timeouts.answer)),
            Ok(Err(error)) => Err(Fault::from_network(&error)),
            Ok(Ok(0)) => Err(Fault::NothingSent),
            Ok(Ok(_)) => Ok(Self { stream, buffer, patience: timeouts.body }),
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        if self.buffer.is_empty() {
            if self.buffer.capacity() < LEAST_ROOM {
                self.buffer.reserve(BUFFER_SIZE);
            }
            let read = timeout(self.patience, self.stream.read_buf(&mut self.buffer)).await;
            let read = read.map_err(|_| Fault::TimedOut(Stage::Body, self.patience))?;
            read.map_err(|error| Fault::from_network(&error))?;
        }
        Ok((!self.buffer.is_empty()).then(|| self.buffer.split().freeze()))
    }
}
