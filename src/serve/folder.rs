//! What a request for a folder is answered with: its list, in the form and the order asked for, or all that is in it.
//!
//! | file | owns |
//! |---|---|
//! | `query` | what the query of a URL asks for |
//! | `order` | in which order a list is |
//! | `rows` | the rows of a list, and what is known of all of them |
//! | `batch` | which lists are the same, and made once for all who ask at the same time |
//! | `room` | how many lists are made at once, and how much memory all take |
//! | `writing` | the forms of a list, made piece by piece |
//!
//! Owns which of them it is, and what tells a client whether it has that list already. Must never keep more of a list
//! in memory than its rows and one frame.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::io;
use std::sync::Arc;

use hyper::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    ETAG, VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Response, StatusCode};

use super::Site;
use super::archive::Archive;
use super::beneath::Name;
use super::page::{self, Language, Page};
use super::reply::{Content, failure, insert, nothing, set};
use super::turns::Client;
use crate::wire::attachment::attachment;
use crate::wire::conditions::{Current, Judgement};
use crate::wire::listing::{LEFT_OUT, TOTAL};

mod batch;
mod order;
mod query;
mod room;
mod rows;
mod writing;

pub(super) use batch::{Listed, Made, Wanted};
pub(super) use order::{Column, Direction, Order};
pub(super) use query::{Asked, Filter, Query};
pub(super) use room::{Lists, MEMORY, Room};
pub(super) use rows::{Rows, Share, Summary};
use writing::{Form, Writing};

/// A folder whose archive is asked for.
pub(super) struct Folder<'request> {
    /// Decoded, without the slash in front; empty for the top.
    pub(super) path: &'request [u8],
    /// The same, that may be looked for.
    pub(super) name: &'request Name,
    /// Open.
    pub(super) file: File,
    /// Who asks.
    pub(super) client: &'request Client,
}

/// What of a folder is asked for.
pub(super) enum Task {
    List(Wanted),
    Archive,
}

/// What a request asks for of a folder of this name.
pub(super) fn task(name: Name, request: &Parts) -> Task {
    let Query { asked, order, filter } = Query::read(request.uri.query().unwrap_or_default());
    match asked {
        Some(Asked::Archive | Asked::OtherArchive) => Task::Archive,
        Some(Asked::Dufs | Asked::Names) | None => Task::List(Wanted { name, order, filter }),
    }
}

/// Answers a request for the archive of a folder.
pub(super) fn reply(site: &Arc<Site>, folder: Folder<'_>, request: &Parts) -> io::Result<Response<Content>> {
    match Query::read(request.uri.query().unwrap_or_default()).asked {
        Some(Asked::Archive) => archive(site, folder),
        _ => Ok(failure(StatusCode::BAD_REQUEST)),
    }
}

/// Answers a request for the list of the folder of this path, decoded and without the slash in front.
pub(super) fn list(
    site: &Site,
    path: &[u8],
    listed: Listed,
    request: &Parts,
) -> io::Result<Response<Content>> {
    let query = Query::read(request.uri.query().unwrap_or_default());
    let headers = &request.headers;
    let summary = listed.rows.summary();
    let language = Language::wanted(headers);
    let form = match query.asked {
        Some(Asked::Dufs) => {
            let folder = path.strip_suffix(b"/").unwrap_or_default().to_vec();
            Form::Dufs { folder, uploads: site.access.uploads.is_some(), left_out: summary.left_out }
        }
        Some(Asked::Names) => Form::Names,
        _ if wants_json(headers) => Form::Caddy,
        _ => Form::Page(Page::new(site, path, &query, summary, language)),
    };
    let tag = tag(site, &form, path, &query, language, summary);
    let current = Current { etag: Some(&tag), modified: None };
    let mut response = match current.judge(&request.method, headers) {
        Judgement::Failed => failure(StatusCode::PRECONDITION_FAILED),
        Judgement::NotModified => nothing(StatusCode::NOT_MODIFIED),
        Judgement::Proceed => written(Writing::new(form, listed), language)?,
    };
    set(&mut response, ETAG, &tag)?;
    set(&mut response, TOTAL, &summary.rows.to_string())?;
    insert(&mut response, CACHE_CONTROL, "no-cache");
    insert(&mut response, VARY, "Accept, Accept-Language");
    if summary.left_out > 0 {
        set(&mut response, LEFT_OUT, &summary.left_out.to_string())?;
    }
    Ok(response)
}

fn written(writing: Writing, language: Language) -> io::Result<Response<Content>> {
    let form = writing.form();
    let mut response = Response::new(Content::Nothing);
    insert(&mut response, CONTENT_TYPE, form.media_type());
    insert(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    if matches!(form, Form::Page(_)) {
        insert(&mut response, CONTENT_LANGUAGE, language.tag());
        set(&mut response, CONTENT_SECURITY_POLICY, page::policy())?;
    }
    *response.body_mut() = content(writing)?;
    Ok(response)
}

/// What fits into one frame has a length that can be said.
fn content(mut writing: Writing) -> io::Result<Content> {
    if let Some(whole) = writing.begin()? {
        return Ok(Content::Page(whole));
    }
    Ok(Content::Made(Box::new(writing)))
}

/// Everything below the folder, as a tar file of its name.
fn archive(site: &Arc<Site>, folder: Folder<'_>) -> io::Result<Response<Content>> {
    let last = folder.path.strip_suffix(b"/").and_then(|path| path.rsplit(|byte| *byte == b'/').next());
    let name = last.unwrap_or(&site.name);
    let archive = Archive::new(Arc::clone(site), folder.name, folder.file, name, folder.client)?;
    let mut response = Response::new(Content::Made(Box::new(archive)));
    insert(&mut response, CONTENT_TYPE, "application/x-tar");
    insert(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    let file = [name, b".tar"].concat();
    set(&mut response, CONTENT_DISPOSITION, &attachment(&file))?;
    Ok(response)
}

/// A strong validator (RFC 9110, section 8.8.3): of all that the list is written from.
fn tag(site: &Site, form: &Form, path: &[u8], query: &Query, language: Language, summary: Summary) -> String {
    let mut hasher = DefaultHasher::new();
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    form.media_type().hash(&mut hasher);
    (path, query, language, site.zone.iana_name(), &site.name).hash(&mut hasher);
    site.access.uploads.is_some().hash(&mut hasher);
    summary.hash(&mut hasher);
    format!("\"{:016x}-{:x}\"", hasher.finish(), summary.rows)
}

/// As Caddy decides it.
fn wants_json(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).iter().any(|accepted| {
        accepted.to_str().is_ok_and(|accepted| accepted.to_ascii_lowercase().contains("application/json"))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::Ipv4Addr;

    use hyper::Request;
    use jiff::tz::TimeZone;
    use tokio::task::spawn_blocking;

    use super::*;
    use crate::serve::reply::{reply, reply_with_list, task};
    use crate::serve::{Access, Limits, Options, Server};

    #[tokio::test]
    async fn while_others_take_all_memory_for_lists_one_is_refused_and_later_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..3000 {
            fs::write(folder.path().join(format!("{number:0100}")), "").unwrap();
        }
        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::write(folder.path().join("sub/a"), "").unwrap();
        let server = Server::bind(Options {
            root: folder.path().to_owned(),
            bind: vec![Ipv4Addr::LOCALHOST.into()],
            port: 0,
            zone: TimeZone::UTC,
            limits: Limits::default(),
            access: Access::default(),
            identity: None,
        });
        let mut site = server.unwrap().site;
        Arc::get_mut(&mut site).unwrap().lists = Lists::new(100_000);
        let asking = spawn_blocking(move || {
            let here = Client::new(Ipv4Addr::LOCALHOST.into());
            let ask = |path: &str| {
                let request = Request::get(path).body(()).unwrap().into_parts().0;
                match task(&site, &request) {
                    Some(Task::List(wanted)) => {
                        let made = batch::make(&site, &wanted, &here).map_err(Arc::new);
                        reply_with_list(&site, &request, made)
                    }
                    Some(Task::Archive) | None => reply(&site, &request, &here),
                }
            };
            let none = StatusCode::SERVICE_UNAVAILABLE;
            for long in ["/?simple", "/", "/?archive=tar"] {
                let first = ask(long);
                assert_eq!(first.status(), StatusCode::OK);
                for path in ["/?simple", "/sub/", "/sub/?archive=tar"] {
                    assert_eq!(ask(path).status(), none, "{path}");
                }
                let Content::Made(frames) = first.into_body() else { panic!("{long} is short") };
                assert!(frames.map(|frame| frame.unwrap().len()).sum::<usize>() > 300_000);
                assert_eq!(ask("/sub/").status(), StatusCode::OK);
            }
        });
        asking.await.unwrap();
    }
}
