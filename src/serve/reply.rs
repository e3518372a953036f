//! What an HTTP request is answered with: a file, a folder's list, a redirect, or a refusal.
//!
//! Owns the status, the headers and the content; must never touch a socket, and decodes a path exactly once.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{
    ALLOW, CONNECTION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION, RETRY_AFTER, TRANSFER_ENCODING,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Response, StatusCode};
use nix::libc;
use percent_encoding::{CONTROLS, utf8_percent_encode};
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::beneath::{Found, Opened, leads_nowhere, normalized};
use super::body::Frames;
use super::digests::Digests;
use super::folder::{self, Folder, Made, Task};
use super::page::Language;
use super::turns::Client;
use super::{Site, host};
use crate::text::clean_line;
use crate::wire::digest::{DigestField, preferred_wait};
use crate::wire::source::Path;

mod file;
mod multipart;

use multipart::Multipart;

/// How long an answer waits for its digest where the request does not say; after that it goes without. hobnob's own client
/// waits 10 s for an answer to begin. In 8 s a processor with SHA instructions gets through more than 10 GB.
const PATIENCE: Duration = Duration::from_secs(8);

/// Up to how many bytes a file is hashed where it is sent from: that takes less time than to change threads.
const SMALL: u64 = 64 * 1024;

/// RFC 7240, section 3.
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// What follows the head of a response.
pub(super) enum Content {
    /// Something made here.
    Page(Bytes),
    /// A file, or one part of it.
    File(Opened),
    /// Several parts of a file.
    Parts(Multipart),
    /// Something that is made while it is sent, and whose length is not known before.
    Made(Box<dyn Frames>),
    /// Nothing follows, not even something of no length: in 204, 304, and answers to HEAD (RFC 9110, section 6.4.1).
    Nothing,
}

impl Content {
    /// In bytes, where it is known.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Self::Page(page) => Some(page.len() as u64),
            Self::File(opened) => Some(opened.length),
            Self::Parts(parts) => Some(parts.length()),
            Self::Made(_) | Self::Nothing => None,
        }
    }

    /// Which file it is of.
    fn file_mut(&mut self) -> Option<&mut Opened> {
        match self {
            Self::File(opened) => Some(opened),
            Self::Parts(parts) => Some(parts.file_mut()),
            Self::Page(_) | Self::Made(_) | Self::Nothing => None,
        }
    }
}

/// Answers a request for a file, if nothing is to be waited for: to change threads for it would take longer than all the
/// rest.
pub(super) fn reply_at_hand(site: &Site, request: &Parts) -> Option<Response<Content>> {
    if !matches!(request.method, Method::GET | Method::HEAD) {
        return None;
    }
    let bytes = name(request)?;
    let name = site.root.name(&bytes).filter(|name| !name.is_folder)?;
    match site.root.find_at_hand(&name)? {
        Found::File(opened) => file::answer(&bytes, opened, request).ok(),
        Found::Folder(_) | Found::Other => None,
    }
}

/// What a request asks for of a folder, if it does: that takes its time.
pub(super) fn task(site: &Site, request: &Parts) -> Option<Task> {
    let asks = matches!(request.method, Method::GET | Method::HEAD);
    let name = name(request).filter(|_| asks).and_then(|bytes| site.root.name(&bytes))?;
    name.is_folder.then(|| folder::task(name, request))
}

/// Answers a request for a list that was made.
pub(super) fn reply_with_list(site: &Site, request: &Parts, made: Made) -> Response<Content> {
    let listed = match made {
        Ok(listed) => listed,
        Err(error) => return failure(status(&error)),
    };
    let path = name(request).unwrap_or_default();
    folder::list(site, &path, listed, request).unwrap_or_else(|error| failure(status(&error)))
}

/// There is too much to do for others.
pub(super) fn busy() -> Response<Content> {
    let mut response = failure(StatusCode::SERVICE_UNAVAILABLE);
    insert(&mut response, RETRY_AFTER, "1");
    response
}

/// Answers a request of this client. Opens files and reads folders, so it may take its time.
pub(super) fn reply(site: &Arc<Site>, request: &Parts, client: &Client) -> Response<Content> {
    match request.method {
        Method::GET | Method::HEAD => {
            find(site, request, client).unwrap_or_else(|error| failure(status(&error)))
        }
        Method::OPTIONS => allowing(site, nothing(StatusCode::NO_CONTENT)),
        _ => allowing(site, failure(StatusCode::METHOD_NOT_ALLOWED)),
    }
}

/// What a request asks for.
pub(super) fn name(request: &Parts) -> Option<Vec<u8>> {
    normalized(&Path::from_url(request.uri.path()).name())
}

/// The answer to a request that somebody before us may have read in another way than we do. After one there is no telling
/// where the next begins.
pub(super) fn refuse(site: &Site, request: &Parts) -> Option<Response<Content>> {
    let encodings: Vec<_> = request.headers.get_all(TRANSFER_ENCODING).iter().collect();
    let host = host::refuse(request, &site.access.hosts);
    let status = if host == Some(StatusCode::MISDIRECTED_REQUEST) {
        return Some(misdirected(request));
    } else if let Some(status) = host {
        status
    } else if encodings.len() > 1
        || encodings.iter().any(|one| !one.as_bytes().eq_ignore_ascii_case(b"chunked"))
    {
        // RFC 9112, section 6.1: no others are known here, and this one may not come twice.
        StatusCode::NOT_IMPLEMENTED
    } else {
        return None;
    };
    let mut response = failure(status);
    insert(&mut response, CONNECTION, "close");
    Some(response)
}

/// What a client hears that calls this server by a name which is none of its names (RFC 9110, section 15.5.20).
fn misdirected(request: &Parts) -> Response<Content> {
    let target = request.uri.host().map(str::as_bytes);
    let field = request.headers.get(HOST).map(HeaderValue::as_bytes);
    let host = clean_line(target.or(field).unwrap_or_default());
    let host = host.rsplit_once(':').map_or(&*host, |(name, _)| name);
    let sentence = Language::wanted(&request.headers).word("misdirected").replace("{host}", host);
    let status = StatusCode::MISDIRECTED_REQUEST;
    text(status, format!("{status}\n{sentence}\n"))
}

/// The digests that a request asks for, and how long it waits for them.
pub(super) struct Wanted {
    fields: Vec<DigestField>,
    wait: Option<Duration>,
}

impl Wanted {
    pub(super) fn by(headers: &HeaderMap) -> Self {
        Self { fields: DigestField::wanted(headers).collect(), wait: preferred_wait(headers) }
    }
}

/// Adds the digests that a client of this address wants of the file that it is answered with, where they can be had. Of a
/// part, too, it is the whole file's.
///
/// A small file is hashed from the bytes that are sent. Of another one the digest may not be known yet: a client that says
/// how long it waits (`Prefer: wait`) is told that it can ask again (`Preference-Applied`); meanwhile, as long as the file is
/// sent, it is hashed.
pub(super) async fn add_digests(
    digests: &Arc<Digests>,
    wanted: &Wanted,
    from: IpAddr,
    response: &mut Response<Content>,
) {
    if wanted.fields.is_empty() {
        return;
    }
    let is_whole = matches!(response.body(), Content::File(opened) if opened.is_whole());
    let Some(opened) = response.body_mut().file_mut() else { return };
    let sum = if opened.version.length <= SMALL {
        let content = match opened.whole_at_hand() {
            Some(content) => Some(content),
            None => whole(opened).await,
        };
        // What is wrong with it is found out again when it is sent.
        let Some(content) = content else { return };
        let sum = Sha256::digest(&content).into();
        if is_whole {
            *response.body_mut() = Content::Page(content);
        }
        sum
    } else if let Some(sum) = digests.known(&opened.version) {
        sum
    } else {
        let (file, version) = (Arc::clone(&opened.file), opened.version);
        let wait = wanted.wait.map_or(PATIENCE, |wait| wait.min(PATIENCE));
        let waiting = timeout(wait, Arc::clone(digests).of(Arc::clone(&file), version, from));
        let told = if wait.is_zero() { Ok(None) } else { waiting.await };
        match told {
            Ok(Some(sum)) => sum,
            Ok(None) if !wait.is_zero() => return,
            Ok(None) | Err(_) => {
                opened.hashing = Some(Box::new(digests.hash_meanwhile(&file, version, from, is_whole)));
                if wanted.wait.is_some() {
                    let _ = set(response, PREFERENCE_APPLIED, &format!("wait={}", wait.as_secs()));
                }
                return;
            }
        }
    };
    for field in &wanted.fields {
        if let Ok(value) = HeaderValue::try_from(field.value(&sum)) {
            response.headers_mut().insert(field.name(), value);
        }
    }
}

/// All of a file, by a thread that may wait for the disk.
async fn whole(opened: &Opened) -> Option<Bytes> {
    let (file, version) = (Arc::clone(&opened.file), opened.version);
    spawn_blocking(move || Opened::again(file, version).whole().ok()).await.ok()?
}

fn allowing(site: &Site, mut response: Response<Content>) -> Response<Content> {
    insert(&mut response, ALLOW, site.access.methods());
    response
}

/// A response that is its head alone.
pub(super) fn nothing(status: StatusCode) -> Response<Content> {
    let mut response = Response::new(Content::Nothing);
    *response.status_mut() = status;
    response
}

/// A response that says no more than its status.
pub(super) fn failure(status: StatusCode) -> Response<Content> {
    text(status, format!("{status}\n"))
}

/// A response that says this.
pub(super) fn text(status: StatusCode, text: String) -> Response<Content> {
    page(status, "text/plain; charset=utf-8", text)
}

/// A name that leads out is an error of the same kinds as one that leads nowhere, and must look alike. Whoever hears that
/// there is no such file may remove their own.
fn status(error: &io::Error) -> StatusCode {
    match error.raw_os_error() {
        Some(libc::EMFILE | libc::ENFILE) => StatusCode::SERVICE_UNAVAILABLE,
        _ if error.kind() == io::ErrorKind::OutOfMemory => StatusCode::SERVICE_UNAVAILABLE,
        _ if leads_nowhere(error) => StatusCode::NOT_FOUND,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn find(site: &Arc<Site>, request: &Parts, client: &Client) -> io::Result<Response<Content>> {
    let bytes = name(request);
    let named = bytes.as_deref().and_then(|bytes| Some((bytes, site.root.name(bytes)?)));
    let Some((bytes, name)) = named else { return Ok(failure(StatusCode::NOT_FOUND)) };
    match site.root.find(&name)? {
        Found::File(opened) if !name.is_folder => file::answer(bytes, opened, request),
        Found::Folder(file) if name.is_folder => {
            folder::reply(site, Folder { path: bytes, name: &name, file, client }, request)
        }
        Found::Folder(_) => {
            let mut response = failure(StatusCode::MOVED_PERMANENTLY);
            let folder = Path::from_name(bytes).folder();
            let query = request.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            // Whoever types a query may not have encoded it.
            let query = utf8_percent_encode(&query, CONTROLS);
            set(&mut response, LOCATION, &format!("{}{query}", folder.encoded()))?;
            Ok(response)
        }
        Found::File(_) | Found::Other => Ok(failure(StatusCode::NOT_FOUND)),
    }
}

fn page(status: StatusCode, kind: &'static str, content: impl Into<Bytes>) -> Response<Content> {
    let mut response = Response::new(Content::Page(content.into()));
    *response.status_mut() = status;
    insert(&mut response, CONTENT_TYPE, kind);
    insert(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

/// Sets a field to what was made for it.
pub(super) fn set(response: &mut Response<Content>, name: HeaderName, value: &str) -> io::Result<()> {
    let value = HeaderValue::from_str(value).map_err(io::Error::other)?;
    response.headers_mut().insert(name, value);
    Ok(())
}

/// Sets a field to what it always is.
pub(super) fn insert(response: &mut Response<Content>, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_there_is_answered_as_that() {
        for (number, expected) in [
            (libc::ENOENT, 404),
            (libc::ENOTDIR, 404),
            (libc::EACCES, 404),
            (libc::EXDEV, 404),
            (libc::ELOOP, 404),
            (libc::ENXIO, 404),
            (libc::ENAMETOOLONG, 404),
            (libc::EILSEQ, 404),
            (libc::EMFILE, 503),
            (libc::ENFILE, 503),
            (libc::ENOMEM, 503),
            (libc::EIO, 500),
            (libc::ESTALE, 500),
            (libc::ETIMEDOUT, 500),
            (libc::ENOTCONN, 500),
        ] {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(status(&error).as_u16(), expected, "{error}");
        }
        assert_eq!(status(&io::Error::other("a thread ended early")).as_u16(), 500);
    }
}
