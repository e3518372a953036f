//! A connection on which one question after the other can be asked. Its work is done by whoever waits for the answer,
//! in place: no task of its own, and no channel, between the socket and the disk.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::Context;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::body::io_cause;
use super::stream::{Allowance, Stream};
use super::tls;
use crate::event::{Fault, Stage};
use crate::text::clean_line;
use crate::wire::source::Origin;

/// The most bytes of an answer's head.
const HEAD_LIMIT: usize = 64 * 1024;
/// Bytes to ask the socket for at once: with hyper's own 8 KiB to begin with, big files come at a fraction of the speed.
const READ_SIZE: usize = 256 * 1024;
/// Bytes to read for an answer's head at most, together with what comes along with it and with all answers that are
/// none yet (1xx: RFC 9110, section 15.2).
const BEGINNING: usize = HEAD_LIMIT + READ_SIZE;

/// A connection to a server.
pub(super) struct Line {
    pub(super) origin: Origin,
    allowance: Allowance,
    sender: http1::SendRequest<Empty<Bytes>>,
    connection: Box<http1::Connection<TokioIo<Stream>, Empty<Bytes>>>,
}

/// Why there is no answer.
pub(super) enum NoAnswer {
    /// It was closed or reset before anything came.
    Silence(Fault),
    /// What came does not begin as an HTTP answer, on a connection where that may be.
    NotHttp,
    /// Anything else.
    Failed(Fault),
}

impl NoAnswer {
    pub(super) fn fault(self) -> Fault {
        match self {
            Self::Silence(fault) | Self::Failed(fault) => fault,
            Self::NotHttp => Fault::Garbled,
        }
    }
}

impl Line {
    /// Over a stream on which nothing was said yet. Where the server `is_probed`, it may turn out not to speak HTTP.
    pub(super) async fn new(stream: Stream, origin: Origin, is_probed: bool) -> Result<Self, Fault> {
        let allowance = stream.allowance();
        let (sender, connection) = http1::Builder::new()
            .http09_responses(is_probed)
            .max_header_size(HEAD_LIMIT)
            // What other clients take, too: of a field that is none the others are no worse.
            .ignore_invalid_headers_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .read_buf_exact_size(Some(READ_SIZE))
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| Fault::Network(clean_line(error.to_string().as_bytes())))?;
        Ok(Self { origin, allowance, sender, connection: Box::new(connection) })
    }

    /// Asks, and waits for the head of the answer. The line comes back as long as it is open.
    pub(super) async fn ask(
        mut self,
        request: Request<Empty<Bytes>>,
        patience: Duration,
    ) -> Result<(Response<Incoming>, Option<Self>), NoAnswer> {
        self.allowance.expect_head(BEGINNING);
        let mut response = pin!(self.sender.send_request(request));
        let mut open = true;
        let answered = poll_fn(|context| {
            // What goes wrong with the connection is told to whoever waits for the response.
            open = open && Pin::new(&mut self.connection).poll(context).is_pending();
            response.as_mut().poll(context)
        });
        let Ok(response) = timeout(patience, answered).await else {
            return Err(NoAnswer::Failed(Fault::TimedOut(Stage::Answer, patience)));
        };
        match response {
            // So hyper calls bytes that do not begin as an HTTP answer.
            Ok(response) if response.version() == Version::HTTP_09 => Err(NoAnswer::NotHttp),
            Ok(response) => {
                self.allowance.limit(usize::MAX);
                Ok((response, open.then_some(self)))
            }
            Err(error) => Err(self.why_no_answer(&error)),
        }
    }

    /// Does what there is to do; whether the connection is open after that.
    pub(super) fn work(&mut self, context: &mut Context<'_>) -> bool {
        Pin::new(&mut self.connection).poll(context).is_pending()
    }

    /// Does what there is to do; whether another question can be asked after that.
    pub(super) fn is_free(&mut self, context: &mut Context<'_>) -> bool {
        self.work(context) && self.sender.is_ready()
    }

    fn why_no_answer(&self, error: &hyper::Error) -> NoAnswer {
        let heard = self.allowance.left() < BEGINNING;
        // Without anything behind it, this one means that more was to be read than is allowed.
        let own =
            |cause: &&io::Error| cause.kind() == io::ErrorKind::InvalidData && cause.get_ref().is_none();
        let cause = io_cause(error).filter(|cause| !own(cause));
        match cause.map(|cause| tls::why(cause).unwrap_or_else(|| Fault::from_network(cause))) {
            Some(fault) if heard => NoAnswer::Failed(fault),
            Some(fault) => NoAnswer::Silence(fault),
            None if heard && error.is_incomplete_message() => NoAnswer::Failed(Fault::Reset),
            None if heard => NoAnswer::Failed(Fault::Garbled),
            None => NoAnswer::Silence(Fault::Closed),
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Line({})", self.origin)
    }
}
