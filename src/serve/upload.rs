//! Files that clients put into the shared folder, by PUT (RFC 9110, section 9.3.4) or with a form (RFC 7578).
//!
//! | file | owns |
//! |---|---|
//! | `arriving` | the bytes of a request, as they come |
//! | `form` | the files of a form |
//! | `partial` | a file on its way to its name |
//! | `pieces` | how a form reaches its parser |
//!
//! Owns what may be put where, and what is answered. A file gets its name when it is whole and on the disk; must never
//! replace one without being told to, make a folder, or take the last room of a disk.

use std::fs::File;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, LOCATION};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Response, StatusCode};
use tokio::task::spawn_blocking;

use super::Site;
use super::access::Access;
use super::onlooker::Count;
use super::reply::{Content, failure, name, nothing, set};
use crate::wire::conditions::{Current, Judgement};
use crate::wire::source::Path;

mod arriving;
mod form;
mod partial;
mod pieces;

use arriving::{Arriving, pour};
pub(super) use form::Outcome;
use partial::{Partial, Placed, free};
pub(super) use partial::{is_marked, is_partial, try_out};

/// How files may be added to the shared folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uploads {
    /// Whether a file may take the place of another one.
    pub overwrite: bool,
    /// Bytes that one file may have; none: as many as there is room for.
    pub limit: Option<u64>,
    /// Bytes of the disk that are left free.
    pub keep_free: u64,
}

/// Why nothing was added: what is answered then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Refusal(StatusCode);

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind as Kind;
        let kind = error.kind();
        Self(if matches!(kind, Kind::NotFound | Kind::NotADirectory) {
            // The folder that it was to be put into.
            StatusCode::CONFLICT
        } else if matches!(kind, Kind::PermissionDenied | Kind::ReadOnlyFilesystem) {
            StatusCode::FORBIDDEN
        } else if matches!(kind, Kind::StorageFull | Kind::QuotaExceeded) {
            StatusCode::INSUFFICIENT_STORAGE
        } else if kind == Kind::FileTooLarge {
            StatusCode::PAYLOAD_TOO_LARGE
        } else if kind == Kind::InvalidFilename {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        })
    }
}

/// On what terms a file is added.
#[derive(Debug, Clone)]
struct Terms {
    /// What the user allows.
    uploads: Uploads,
    /// What the client asks for.
    headers: Arc<HeaderMap>,
    /// Bytes that are free on the disk of a file; none where it does not say.
    free: fn(&File) -> Option<u64>,
}

impl Terms {
    /// Whether so much more can be written, and enough is left. A disk that does not say has room.
    fn have_room(&self, file: &File, wanted: u64) -> Result<(), Refusal> {
        let needed = self.uploads.keep_free.saturating_add(wanted);
        let lacks = (self.free)(file).is_some_and(|free| free < needed);
        if lacks { Err(Refusal(StatusCode::INSUFFICIENT_STORAGE)) } else { Ok(()) }
    }

    /// Whether a file may take the place of what is there; of nothing: whether it may be made.
    fn judge(&self, there: Option<Current<'_>>) -> Result<(), Refusal> {
        let judgement = match there {
            // What the answer would be anyway comes before all conditions (RFC 9110, section 13.2.1).
            Some(_) if !self.uploads.overwrite => return Err(Refusal(StatusCode::CONFLICT)),
            Some(current) => current.judge(&Method::PUT, &self.headers),
            None => Judgement::of_new(&self.headers),
        };
        match judgement {
            Judgement::Proceed => Ok(()),
            Judgement::Failed | Judgement::NotModified => Err(Refusal(StatusCode::PRECONDITION_FAILED)),
        }
    }
}

/// How files may be added, if that is what a request wants and may want.
pub(super) fn wanted(access: &Access, method: &Method) -> Option<Uploads> {
    access.uploads.filter(|_| matches!(*method, Method::PUT | Method::POST))
}

/// Takes what a request brings, and counts it.
pub(super) async fn take(
    site: &Arc<Site>,
    uploads: Uploads,
    head: &Parts,
    body: Incoming,
    received: &Count,
) -> Response<Content> {
    let arriving = Arriving::new(body, site.limits.stall, received);
    let terms = Terms { uploads, headers: Arc::new(head.headers.clone()), free };
    let Some(name) = name(head) else { return failure(StatusCode::FORBIDDEN) };
    let taken = if head.method == Method::PUT {
        put(site, &terms, &name, arriving).await
    } else {
        form::post(site, &terms, &name, arriving).await
    };
    taken.unwrap_or_else(|Refusal(status)| failure(status))
}

async fn put(
    site: &Arc<Site>,
    terms: &Terms,
    name: &[u8],
    arriving: Arriving,
) -> Result<Response<Content>, Refusal> {
    let headers = &terms.headers;
    // A part of a file cannot be put (RFC 9110, section 14.5), and what is kept is not what was decoded.
    if headers.contains_key(CONTENT_RANGE) {
        return Err(Refusal(StatusCode::BAD_REQUEST));
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    match add(site, terms, name, announced, arriving.stream()).await? {
        Placed::New => {
            let mut response = failure(StatusCode::CREATED);
            set(&mut response, LOCATION, Path::from_name(name).encoded())?;
            Ok(response)
        }
        Placed::Instead => Ok(nothing(StatusCode::NO_CONTENT)),
    }
}

/// Puts a file where its name leads.
async fn add(
    site: &Arc<Site>,
    terms: &Terms,
    name: &[u8],
    announced: Option<u64>,
    bytes: impl Stream<Item = Result<Bytes, Refusal>>,
) -> Result<Placed, Refusal> {
    let name = site.root.name(name).ok_or(Refusal(StatusCode::FORBIDDEN))?;
    if name.is_folder {
        return Err(Refusal(StatusCode::CONFLICT));
    }
    let adding = Arc::clone(&site.adding).read_owned().await;
    let beginning = {
        let (site, terms) = (Arc::clone(site), terms.clone());
        spawn_blocking(move || Partial::begin(&site.root, &name, terms, announced, adding))
    };
    let mut partial = beginning.await.map_err(io::Error::from)??;
    let poured = pour(&mut partial, bytes).await;
    // Also where it broke off: to remove a large file takes its time.
    let ending = spawn_blocking(move || poured.and_then(|()| partial.finish()));
    ending.await.map_err(io::Error::from)?
}
