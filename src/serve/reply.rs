//! What an HTTP request is answered with: a file, a folder's list, a redirect, or a refusal.
//!
//! Owns the status, the headers and the content; must never touch a socket, and decodes a path exactly once.

use std::io;

use bytes::Bytes;
use hyper::header::{
    ACCEPT, ALLOW, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LAST_MODIFIED, LOCATION,
    VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Response, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use nix::libc;
use percent_encoding::percent_decode_str;

use super::Site;
use super::beneath::{Found, Name, Opened};
use super::body::FRAME;
use super::page;
use crate::wire::listing::write_json;
use crate::wire::source::Path;

/// What follows the head of a response.
pub(super) enum Content {
    /// Something made here.
    Page(Bytes),
    /// A file.
    File(Opened),
    /// Something that is made while it is sent, and whose length is not known before.
    Made(Box<dyn Iterator<Item = io::Result<Bytes>> + Send>),
}

impl Content {
    /// In bytes, where it is known.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Self::Page(page) => Some(page.len() as u64),
            Self::File(opened) => Some(opened.length),
            Self::Made(_) => None,
        }
    }

    /// A small file is read at once: to change threads for it again would take longer.
    pub(super) fn at_hand(self) -> Self {
        match self {
            Self::File(mut opened) if opened.length <= FRAME as u64 => match opened.next() {
                Some(Ok(bytes)) => Self::Page(bytes),
                // To break off an answer is for whoever sends it.
                Some(Err(_)) | None => Self::File(opened),
            },
            Self::Page(_) | Self::File(_) | Self::Made(_) => self,
        }
    }
}

/// Answers a request. Opens files and reads folders, so it may take its time.
pub(super) fn reply(site: &Site, request: &Parts) -> Response<Content> {
    if !matches!(request.method, Method::GET | Method::HEAD) {
        let mut response = failure(StatusCode::METHOD_NOT_ALLOWED);
        insert(&mut response, ALLOW, "GET, HEAD");
        return response;
    }
    let path = request.uri.path();
    let name: Vec<u8> = percent_decode_str(path.strip_prefix('/').unwrap_or(path)).collect();
    find(site, &name, &request.headers).unwrap_or_else(|error| failure(status(&error)))
}

/// A response that says no more than its status.
pub(super) fn failure(status: StatusCode) -> Response<Content> {
    page(status, "text/plain; charset=utf-8", format!("{status}\n"))
}

/// A name that leads out is an error of the same kinds as one that leads nowhere, and must look alike.
fn status(error: &io::Error) -> StatusCode {
    match error.raw_os_error() {
        Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM) => StatusCode::SERVICE_UNAVAILABLE,
        Some(libc::EIO) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::NOT_FOUND,
    }
}

fn find(site: &Site, bytes: &[u8], headers: &HeaderMap) -> io::Result<Response<Content>> {
    let Some(name) = Name::read(bytes) else { return Ok(failure(StatusCode::NOT_FOUND)) };
    match site.root.find(&name)? {
        Found::File(opened) if !name.is_folder => file(bytes, opened),
        Found::Folder if name.is_folder => folder(site, bytes, &name, headers),
        Found::Folder => {
            let mut response = failure(StatusCode::MOVED_PERMANENTLY);
            let location = Path::from_name(bytes).folder();
            let location = HeaderValue::from_str(location.encoded()).map_err(io::Error::other)?;
            response.headers_mut().insert(LOCATION, location);
            Ok(response)
        }
        Found::File(_) | Found::Other => Ok(failure(StatusCode::NOT_FOUND)),
    }
}

fn file(name: &[u8], opened: Opened) -> io::Result<Response<Content>> {
    let modified = opened.modified.map(http_date).transpose()?;
    let mut response = Response::new(Content::File(opened));
    let kind = mime_guess::from_path(String::from_utf8_lossy(name).as_ref()).first_or_octet_stream();
    // Without it a browser guesses the encoding, and guesses Chinese wrongly.
    let charset = if kind.type_() == mime_guess::mime::TEXT { "; charset=utf-8" } else { "" };
    let kind =
        HeaderValue::from_str(&format!("{}{charset}", kind.essence_str())).map_err(io::Error::other)?;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    insert(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    if let Some(modified) = modified {
        response.headers_mut().insert(LAST_MODIFIED, modified);
    }
    Ok(response)
}

/// RFC 9110, section 5.6.7.
fn http_date(time: Timestamp) -> io::Result<HeaderValue> {
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&time).map_err(io::Error::other)?;
    HeaderValue::from_str(&date).map_err(io::Error::other)
}

fn folder(site: &Site, path: &[u8], name: &Name, headers: &HeaderMap) -> io::Result<Response<Content>> {
    let rows = site.root.list(name)?;
    let mut response = if wants_json(headers) {
        page(StatusCode::OK, "application/json", write_json(&rows)?)
    } else {
        let html = page::render(path, &rows, &site.zone);
        let mut response = page(StatusCode::OK, "text/html; charset=utf-8", html);
        insert(&mut response, CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'");
        response
    };
    insert(&mut response, VARY, "Accept");
    Ok(response)
}

/// As Caddy decides it.
fn wants_json(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).iter().any(|accepted| {
        accepted.to_str().is_ok_and(|accepted| accepted.to_ascii_lowercase().contains("application/json"))
    })
}

fn page(status: StatusCode, kind: &'static str, content: impl Into<Bytes>) -> Response<Content> {
    let mut response = Response::new(Content::Page(content.into()));
    *response.status_mut() = status;
    insert(&mut response, CONTENT_TYPE, kind);
    insert(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

fn insert(response: &mut Response<Content>, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}
