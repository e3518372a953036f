//! The body of an HTTP answer as it comes. Never calls one whole of which a part is missing.

use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};
use tokio::time::timeout;

use super::Connection;
use crate::event::{Fault, Stage};

/// A body that is being read, with the connection that it comes through.
pub(in crate::net) struct Body {
    incoming: Incoming,
    /// None after its end.
    connection: Option<Box<Connection>>,
    announced: Option<u64>,
    got: u64,
    patience: Duration,
}

impl Body {
    pub(super) fn new(incoming: Incoming, connection: Option<Connection>, patience: Duration) -> Self {
        let announced = incoming.size_hint().exact();
        Self { incoming, connection: connection.map(Box::new), announced, got: 0, patience }
    }

    /// The length that the server announced, in bytes.
    pub(in crate::net) fn announced(&self) -> Option<u64> {
        self.announced
    }

    /// The next bytes; none at the end, which is only an end where all that was announced came.
    pub(in crate::net) async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            let (incoming, connection) = (&mut self.incoming, &mut self.connection);
            let frame = poll_fn(|context| {
                if connection.as_mut().is_some_and(|open| Pin::new(open).poll(context).is_ready()) {
                    *connection = None;
                }
                Pin::new(&mut *incoming).poll_frame(context)
            });
            let frame = timeout(self.patience, frame)
                .await
                .map_err(|_| Fault::TimedOut(Stage::Body, self.patience))?;
            let Some(frame) = frame else { return Ok(None) };
            // Trailers are no bytes of the file.
            if let Ok(bytes) = frame.map_err(|error| self.broken(&error))?.into_data() {
                self.got += bytes.len() as u64;
                return Ok(Some(bytes));
            }
        }
    }

    fn broken(&self, error: &hyper::Error) -> Fault {
        let cause = io_cause(error);
        let cut = cause.is_none_or(|cause| cause.kind() == io::ErrorKind::UnexpectedEof);
        match (self.announced, cause) {
            (Some(announced), _) if cut => Fault::Short { got: self.got, announced },
            // The end of a body in chunks is announced by the last of them (RFC 9112, section 7.1).
            (None, _) if cut => Fault::Reset,
            (_, Some(cause))
                if matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) =>
            {
                Fault::Garbled
            }
            (_, Some(cause)) => Fault::from_network(cause),
            (_, None) => Fault::Reset,
        }
    }
}

/// The network's own error behind hyper's.
pub(super) fn io_cause(error: &hyper::Error) -> Option<&io::Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        cause = error.source();
    }
    None
}
