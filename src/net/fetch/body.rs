//! The bytes of a file as they come from a server, in either language. Never waits longer than it was told to, and never
//! gives more than was announced.

use std::io;
use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::OVERLAP;
use super::rate::Rate;
use crate::event::{Fault, Stage};
use crate::net::http::{self, Client};
use crate::wire::buffers::Buffers;
use crate::wire::plain;
use crate::wire::source::Source;

/// Bytes to read at once.
const BUFFER_SIZE: usize = 256 * 1024;

/// A file, or a part of one, that is coming.
pub(super) struct Incoming {
    body: Body,
    /// Came, but was not taken yet.
    held: Bytes,
    /// Bytes that may still come; none where that was not announced.
    left: Option<u64>,
    /// Bytes that have come, taken or not.
    came: u64,
    rate: Rate,
}

impl Incoming {
    pub(super) fn new(body: Body, announced: Option<u64>, rate: Rate) -> Self {
        Self { body, held: Bytes::new(), left: announced, came: 0, rate }
    }

    /// The next bytes, at the pace that is allowed; none at the end. Dropping the future loses none.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        if self.held.is_empty() {
            if self.left == Some(0) {
                return Ok(None);
            }
            let Some(mut bytes) = self.body.next().await? else { return Ok(None) };
            if let Some(left) = &mut self.left {
                bytes.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= bytes.len() as u64;
            }
            self.came += bytes.len() as u64;
            self.held = bytes;
        }
        let allowed = self.rate.take(self.held.len()).await;
        Ok(Some(self.held.split_to(allowed)))
    }

    /// Bytes that have come so far.
    pub(super) fn came(&self) -> u64 {
        self.came
    }

    /// The next so many bytes; fewer at the end.
    pub(super) async fn take(&mut self, count: usize) -> Result<BytesMut, Fault> {
        let mut taken = BytesMut::with_capacity(count);
        while taken.len() < count
            && let Some(mut bytes) = self.next().await?
        {
            let rest = bytes.split_off(bytes.len().min(count - taken.len()));
            taken.extend_from_slice(&bytes);
            if !rest.is_empty() {
                self.put_back(rest.into());
            }
        }
        Ok(taken)
    }

    /// Gives back what was taken.
    pub(super) fn put_back(&mut self, mut taken: BytesMut) {
        taken.extend_from_slice(&self.held);
        self.held = taken.freeze();
    }

    /// What comes at first, and whether it is all: a little more than [`OVERLAP`], or as much as comes in so short a time.
    pub(super) async fn beginning(&mut self, time: Duration) -> Result<(Bytes, bool), Fault> {
        let mut came = BytesMut::new();
        let mut up = pin!(sleep(time));
        while came.len() as u64 <= OVERLAP {
            let next = tokio::select! {
                biased;
                next = self.next() => next?,
                () = &mut up => break,
            };
            let Some(bytes) = next else { return Ok((came.freeze(), true)) };
            came.extend_from_slice(&bytes);
        }
        Ok((came.freeze(), false))
    }
}

/// What comes, in the server's language.
pub(super) enum Body {
    Http(http::Body),
    Plain(Plain),
}

impl Body {
    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        match self {
            Self::Http(body) => body.next().await,
            Self::Plain(body) => body.next().await,
        }
    }
}

/// A plain server's answer: bytes until it closes the connection.
pub(super) struct Plain {
    stream: TcpStream,
    buffers: Buffers,
    /// What came first.
    first: Option<Bytes>,
    patience: Duration,
}

impl Plain {
    /// Sends the name, and waits for the first bytes: without any there is no file.
    pub(super) async fn ask(source: &Source, client: &Client) -> Result<Self, Fault> {
        let timeouts = client.timeouts();
        let name = source.path.name();
        let request = plain::request(&name).map_err(|_| Fault::BadName)?;
        let stream = client.connect(&source.endpoint).await?;
        let mut plain = Self { stream, buffers: Buffers::default(), first: None, patience: timeouts.body };
        let first = async {
            plain.stream.write_all(request).await?;
            plain.read().await
        };
        let patience = client.answer_timeout(&source.endpoint);
        match timeout(patience, first).await {
            Err(_) => {
                client.note_timeout(&source.endpoint, patience);
                Err(Fault::TimedOut(Stage::Answer, patience))
            }
            Ok(Err(error)) => Err(Fault::from_network(&error)),
            Ok(Ok(first)) if first.is_empty() => Err(Fault::NothingSent),
            Ok(Ok(first)) => {
                client.note_heard(&source.endpoint);
                Ok(Self { first: Some(first), ..plain })
            }
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let patience = self.patience;
        let read =
            timeout(patience, self.read()).await.map_err(|_| Fault::TimedOut(Stage::Body, patience))?;
        let read = read.map_err(|error| Fault::from_network(&error))?;
        Ok((!read.is_empty()).then_some(read))
    }

    /// What comes next; nothing at the end. Dropping the future loses nothing.
    async fn read(&mut self) -> io::Result<Bytes> {
        let mut buffer = self.buffers.take(BUFFER_SIZE);
        let filled = self.stream.read(&mut buffer).await?;
        Ok(self.buffers.give(buffer, filled))
    }
}
