//! HTTP/1.1 as a client (RFC 9112): connects, asks one question per connection, follows redirects on the same
//! server, and finds out whether a server speaks HTTP at all.
//!
//! Must never open a connection without sending at once, nor a second one beside the first: a course server serves
//! one client at a time and waits for it to speak.

use std::error::Error;
use std::future::poll_fn;
use std::pin::{Pin, pin};

use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::{HeaderMap, Request, StatusCode, Uri, Version, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Timeouts, resolve};
use crate::event::{Fault, Stage};
use crate::text::clean_line;
use crate::wire::address::{Endpoint, Host};
use crate::wire::plain;
use crate::wire::source::{HTTP_PORT, Path, Scheme, Source};

/// How we introduce ourselves.
const USER_AGENT: &str = concat!("hobnob/", env!("CARGO_PKG_VERSION"));
/// The most bytes of an answer's head.
const HEAD_LIMIT: usize = 64 * 1024;
/// Bytes to ask the socket for at once: with hyper's own 8 KiB to begin with, big files come at a fraction of the speed.
const READ_SIZE: usize = 256 * 1024;
/// Redirects to follow before it is called a loop.
const REDIRECTS: usize = 5;

mod body;
mod redirect;

pub(super) use body::Body;

type Connection = http1::Connection<TokioIo<TcpStream>, Empty<Bytes>>;

/// The head of an answer, with the body to follow.
pub(super) struct Answer {
    /// What was answered in the end, after probing and redirects.
    pub(super) source: Source,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
}

/// Asks for `source`, which must not be a plain one; none where its server is a plain one, which is known by its saying
/// nothing, or something that is not HTTP. `accept` is the media type wished for.
///
/// A server that is probed is asked the question itself, so that there is one connection where it speaks HTTP.
pub(super) async fn ask(source: &Source, accept: &str, timeouts: &Timeouts) -> Result<Option<Answer>, Fault> {
    let mut source = source.clone();
    for _ in 0..=REDIRECTS {
        let request = request(&source, accept)?;
        // What does not fit into the one read of a course server would be answered with a reset.
        if source.scheme == Scheme::Probe && head_bytes(&request) >= plain::REQUEST_LIMIT {
            let top = source.at(Path::from_name(b""));
            if exchange(&top, self::request(&top, accept)?, timeouts).await?.is_none() {
                return Ok(None);
            }
            source.scheme = Scheme::Http;
        }
        let Some(answer) = exchange(&source, request, timeouts).await? else { return Ok(None) };
        if !matches!(answer.status.as_u16(), 301 | 302 | 307 | 308) {
            return Ok(Some(answer));
        }
        let Some(there) = redirect::target(&answer.source, &answer.headers)? else { return Ok(Some(answer)) };
        source = there;
    }
    Err(Fault::RedirectedTooOften)
}

/// Connects to whichever of the endpoint's addresses takes us first, in their order.
pub(super) async fn connect(endpoint: &Endpoint, timeouts: &Timeouts) -> Result<TcpStream, Fault> {
    let mut fault = Fault::Unresolved;
    for address in resolve::resolve(endpoint, timeouts.resolve).await? {
        match timeout(timeouts.connect, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true).map_err(|error| Fault::from_network(&error))?;
                return Ok(stream);
            }
            Ok(Err(error)) => fault = Fault::from_network(&error),
            Err(_) => fault = Fault::TimedOut(Stage::Connect, timeouts.connect),
        }
    }
    Err(fault)
}

/// One request and the head of its answer; none where a probed server does not speak HTTP.
async fn exchange(
    source: &Source,
    request: Request<Empty<Bytes>>,
    timeouts: &Timeouts,
) -> Result<Option<Answer>, Fault> {
    if source.scheme == Scheme::Https {
        return Err(Fault::Tls(clean_line(b"https is not spoken yet")));
    }
    let stream = connect(&source.endpoint, timeouts).await?;
    let network = |error: &hyper::Error| Fault::Network(clean_line(error.to_string().as_bytes()));
    let (mut sender, mut connection) = http1::Builder::new()
        .http09_responses(true)
        .max_header_size(HEAD_LIMIT)
        .read_buf_exact_size(Some(READ_SIZE))
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| network(&error))?;
    let mut response = pin!(sender.send_request(request));
    let mut open = true;
    let answered = poll_fn(|context| {
        // What goes wrong with the connection is told to whoever waits for the response.
        open = open && Pin::new(&mut connection).poll(context).is_pending();
        response.as_mut().poll(context)
    });
    let response = timeout(timeouts.answer, answered)
        .await
        .map_err(|_| Fault::TimedOut(Stage::Answer, timeouts.answer))?;
    let is_probed = source.scheme == Scheme::Probe;
    let response = match response {
        // So hyper calls bytes that do not begin as an HTTP answer.
        Ok(response) if response.version() == Version::HTTP_09 => {
            return if is_probed { Ok(None) } else { Err(Fault::Garbled) };
        }
        Ok(response) => response,
        Err(error) => {
            let fault = why_no_answer(&error, &connection.into_parts().read_buf);
            return if is_probed && fault == Fault::Closed { Ok(None) } else { Err(fault) };
        }
    };
    let (head, incoming) = response.into_parts();
    let body = Body::new(incoming, open.then_some(connection), timeouts.body);
    let source = source.spoken_http();
    Ok(Some(Answer { source, status: head.status, headers: head.headers, body }))
}

/// [`Fault::Closed`] where the connection was closed before anything came. `unread` is the beginning
/// of a head that was cut off.
fn why_no_answer(error: &hyper::Error, unread: &[u8]) -> Fault {
    if let Some(cause) = body::io_cause(error) {
        Fault::from_network(cause)
    } else if error.is_parse() || !unread.is_empty() {
        Fault::Garbled
    } else {
        Fault::Closed
    }
}

fn request(source: &Source, accept: &str) -> Result<Request<Empty<Bytes>>, Fault> {
    let wrong = |error: &dyn Error| Fault::Network(clean_line(error.to_string().as_bytes()));
    let uri: Uri = source.path.encoded().parse().map_err(|error| wrong(&error))?;
    Request::get(uri)
        .header(header::HOST, host(&source.endpoint).as_bytes())
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, accept)
        .header(header::CONNECTION, "close")
        .body(Empty::new())
        .map_err(|error| wrong(&error))
}

/// What a request takes on the wire, byte for byte as hyper writes it.
fn head_bytes(request: &Request<Empty<Bytes>>) -> usize {
    let line = "GET  HTTP/1.1\r\n".len() + request.uri().to_string().len();
    let fields =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    line + fields.sum::<usize>() + "\r\n".len()
}

/// The `Host` field (RFC 9110, section 7.2): without the zone, which means nothing to the other side (RFC 6874),
/// and without the port where that is HTTP's own.
fn host(endpoint: &Endpoint) -> String {
    let host = match &endpoint.host {
        Host::V6(address, _) => format!("[{address}]"),
        host @ (Host::Name(_) | Host::V4(_)) => host.to_string(),
    };
    if endpoint.port == HTTP_PORT { host } else { format!("{host}:{}", endpoint.port) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::parse(text).unwrap()
    }

    #[test]
    fn the_host_is_named_as_the_other_side_can_understand_it() {
        for (address, named) in [
            ("http://box", "box"),
            ("http://box:7890", "box:7890"),
            ("127.0.0.1", "127.0.0.1:7890"),
            ("[::1]:80", "[::1]"),
            ("[fe80::1%eth0]:9", "[fe80::1]:9"),
        ] {
            assert_eq!(host(&source(address).endpoint), named, "{address}");
        }
    }
}
