//! What a server can be asked. Never asks for anything to be changed there, nor for content in any other coding.

use std::error::Error;
use std::fmt::Write as _;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Request, Uri};

use crate::event::Fault;
use crate::text::clean_line;
use crate::wire::address::{Endpoint, Host};
use crate::wire::source::{HTTP_PORT, HTTPS_PORT, Scheme, Source};

/// How we introduce ourselves.
const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("hobnob/", env!("CARGO_PKG_VERSION")));

/// A question, whatever it is asked about.
#[derive(Debug, Clone)]
pub struct Question {
    method: Method,
    fields: Vec<(HeaderName, HeaderValue)>,
}

impl Question {
    /// For the content, of a media type wished for (RFC 9110, section 12.5.1).
    #[must_use]
    pub fn get(accept: &'static str) -> Self {
        Self::new(Method::GET, accept)
    }

    /// For the head that [`Question::get`] would get, without the content.
    #[must_use]
    pub fn head(accept: &'static str) -> Self {
        Self::new(Method::HEAD, accept)
    }

    fn new(method: Method, accept: &'static str) -> Self {
        let accept = HeaderValue::from_static(accept);
        Self { method, fields: vec![(header::USER_AGENT, USER_AGENT), (header::ACCEPT, accept)] }
    }

    /// With this field as well, such as `Range`, which it must not have yet. It goes along to wherever the server points, so it must hold no secret.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.fields.push((name, value));
        self
    }

    /// As it goes over the wire, about something, with what its server may know of us.
    pub(super) fn request(
        &self,
        source: &Source,
        authorization: Option<&HeaderValue>,
    ) -> Result<Request<Empty<Bytes>>, Fault> {
        let wrong = |error: &dyn Error| Fault::Network(clean_line(error.to_string().as_bytes()));
        let uri: Uri = source.path.encoded().parse().map_err(|error| wrong(&error))?;
        let host = HeaderValue::try_from(host(source.scheme, &source.endpoint).into_bytes());
        let mut request = Request::new(Empty::new());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.reserve(self.fields.len() + 2);
        // First, as it is the one that every server looks for (RFC 9110, section 7.2).
        headers.insert(header::HOST, host.map_err(|error| wrong(&error))?);
        headers.extend(self.fields.iter().cloned());
        headers.extend(authorization.map(|value| (header::AUTHORIZATION, value.clone())));
        Ok(request)
    }
}

/// What a request takes on the wire, byte for byte as hyper writes it.
pub(super) fn head_bytes<B>(request: &Request<B>) -> usize {
    let line = request.method().as_str().len() + "  HTTP/1.1\r\n".len() + request.uri().to_string().len();
    let fields =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    line + fields.sum::<usize>() + "\r\n".len()
}

/// The `Host` field (RFC 9110, section 7.2): without the zone, which means nothing to the other side (RFC 6874),
/// and without the port where that is the scheme's own.
fn host(scheme: Scheme, endpoint: &Endpoint) -> String {
    let mut host = match &endpoint.host {
        Host::V6(address, _) => format!("[{address}]"),
        host @ (Host::Name(_) | Host::V4(_)) => host.to_string(),
    };
    let own = if scheme == Scheme::Https { HTTPS_PORT } else { HTTP_PORT };
    if endpoint.port != own {
        // Writing to a string cannot fail.
        let _ = write!(host, ":{}", endpoint.port);
    }
    host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_named_as_the_other_side_can_understand_it() {
        for (address, named) in [
            ("http://box", "box"),
            ("http://box:7890", "box:7890"),
            ("http://box:443", "box:443"),
            ("https://box", "box"),
            ("https://box:80", "box:80"),
            ("127.0.0.1", "127.0.0.1:7890"),
            ("[::1]:80", "[::1]"),
            ("[fe80::1%eth0]:9", "[fe80::1]:9"),
        ] {
            let source = Source::parse(address).unwrap();
            assert_eq!(host(source.scheme, &source.endpoint), named, "{address}");
        }
    }

    #[test]
    fn whatever_a_file_is_called_the_question_stays_one_line_of_request_and_its_fields() {
        for name in [&b"a\r\nX: y"[..], b"a HTTP/1.1\r\n\r\n", b"\0\xff?#%0d%0a", "你好".as_bytes()] {
            let top = Source::parse("http://box").unwrap();
            let source = top.at(top.path.join(name));
            let request = Question::get("*/*").request(&source, None).unwrap();
            let uri = request.uri().to_string();
            assert!(uri.bytes().all(|byte| byte.is_ascii_graphic()), "{uri}");
            assert_eq!(uri, source.path.encoded());
        }
    }
}
