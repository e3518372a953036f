//! The conversation with an HTTP/1.1 client (RFC 9112), through hyper.
//!
//! Owns its beginning, its time limits, its end, and what is told of its requests; must never decide what a request
//! is answered with.

use std::borrow::Cow;
use std::convert::Infallible;
use std::error::Error;
use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Body as _, Frame, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderValue, RETRY_AFTER};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Response, StatusCode, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};

use super::access::{Login, unauthorized};
use super::body::{self, Frames, TurnsOf};
use super::connection::{After, Visit, close};
use super::folder::{Made, Task, Wanted};
use super::guesses::Decision;
use super::guests::Guest;
use super::lines::Lines;
use super::meter::{Framing, Meter, MeteredWrite};
use super::reply::{
    self, Content, add_digests, busy, failure, refuse, reply, reply_at_hand, reply_with_list, task,
};
use super::served::{Answering, Began, Log};
use super::socket::Socket;
use super::turns::Client;
use super::upload;
use super::{Phase, Site};
use crate::event::served::{Answer, End, Request};
use crate::text::clean_line;
use crate::text::cut::fit_bytes;
use crate::wire::source::Path;

/// Bytes of a method and of a path that are told.
const TOLD: usize = 1024;

/// Bytes that hyper holds of a connection, beside a head: a frame that was taken before is not counted.
const ROOM: usize = 8 * 1024;

type Body = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

/// Answers requests until either side ends the connection; `head` is what has been read of it already, and `write` gives
/// up on who takes nothing. Whether the other side would take its end for that of an answer which is not whole.
pub(super) async fn converse(
    read: impl AsyncRead + Unpin,
    write: impl AsyncWrite + Unpin,
    socket: Socket,
    head: Vec<u8>,
    mut visit: Visit,
) -> bool {
    let meter = Meter::new();
    let write = MeteredWrite::new(write, Arc::clone(&meter));
    let (read, lone_feed) = Lines::new(Cursor::new(head).chain(read));
    let io = TokioIo::new(tokio::io::join(read, write));
    let service = {
        let (site, log, meter) = (Arc::clone(&visit.site), Arc::clone(&visit.log), Arc::clone(&meter));
        let (peer, guest) = (visit.peer, Arc::clone(&visit.guest));
        let trust = Arc::new(AtomicBool::new(false));
        service_fn(move |request: hyper::Request<Incoming>| {
            guest.owes();
            let is_last = lone_feed.has_come();
            lone_feed.expect(request.body().size_hint().exact().unwrap_or_default());
            let (trust, log, meter) = (Arc::clone(&trust), Arc::clone(&log), Arc::clone(&meter));
            let answer = answer(request, Arc::clone(&site), peer, (socket.clone(), trust), log, meter);
            Box::pin(async move {
                let mut response = answer.await?;
                if is_last {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response)
            })
        })
    };
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(visit.site.limits.silence)
        .max_header_size(visit.site.limits.head)
        // Of an answer it takes a frame ahead while it holds less than this.
        .max_buf_size(visit.site.limits.head + ROOM)
        // A client that has said all it wants to say may close its half, as `nc -N` does.
        .half_close(true)
        .serve_connection(io, service);
    let result = loop {
        tokio::select! {
            // To its end: without it, what hyper holds of the last answer would not be sent by a server that stops.
            result = &mut connection => break Some(result),
            answer = meter.whole() => {
                answer.about.ended(End::Whole);
                visit.guest.paid();
            }
            () = visit.guest.dismissed() => {
                if visit.guest.waits() || visit.guest.is_evicted() {
                    break None;
                }
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
            phase = visit.phase.changed() => {
                if phase.is_err() || *visit.phase.borrow_and_update() == Phase::Cut {
                    break None;
                }
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    let mut is_misleading = false;
    while let Some(answer) = meter.next() {
        let end = match &result {
            _ if answer.is_whole() => End::Whole,
            Some(Ok(())) if answer.is_whole_at_end() => End::Whole,
            Some(Ok(())) => End::BrokenOff,
            Some(Err(error)) => End::by(error),
            None => End::CutOff,
        };
        is_misleading |= end != End::Whole && answer.is_whole_at_end();
        answer.about.ended(end);
    }
    let garbled = matches!(&result, Some(Err(error)) if error.is_parse());
    if garbled {
        visit.log.tell(Began::now().ended(visit.peer, Request::Garbled, Answer::Refused, End::Whole, 0));
    }
    if garbled || matches!(result, Some(Ok(()))) {
        let after = if garbled { After::Noise } else { After::Request };
        close(&mut connection.into_parts().io.into_inner(), after, &mut visit).await;
    }
    is_misleading
}

async fn answer(
    request: hyper::Request<Incoming>,
    site: Arc<Site>,
    peer: SocketAddr,
    (socket, trust): (Socket, Arc<AtomicBool>),
    log: Arc<Log>,
    meter: Arc<Meter<Answering>>,
) -> Result<Response<Body>, Infallible> {
    let began = Began::now();
    let (head, body) = request.into_parts();
    let asked = asked(&head);
    let is_head = head.method == Method::HEAD;
    let without_length = if head.version == Version::HTTP_10 { Framing::Close } else { Framing::Chunked };
    let wanted = reply::Wanted::by(&head.headers);
    let digests = Arc::clone(&site.digests);
    let turns = Arc::clone(site.lists.turns());
    let client = Client::in_turns(peer.ip(), &turns);
    let mut answering = log.begin(began, peer, asked);
    let refused = match refuse(&site, &head) {
        None => refuse_stranger(&site, &head, peer, &trust).await,
        refused => refused,
    };
    let mut response = if let Some(refused) = refused {
        refused
    } else if let Some(uploads) = upload::wanted(&site.access, &head.method) {
        answering.receives(body.size_hint().exact());
        upload::take(&site, uploads, &head, body, &answering.received).await
    } else if let Some(at_hand) = reply_at_hand(&site, &head) {
        at_hand
    } else {
        reply_by_thread(&site, head, &client, &socket).await
    };
    tokio::select! {
        biased;
        () = add_digests(&digests, &wanted, peer.ip(), &mut response) => {}
        // Who has hung up, perhaps, goes without.
        () = socket.half_closed() => {}
    }
    let status = response.status();
    let length = response.body().length();
    if is_head {
        *response.body_mut() = Content::Nothing;
    }
    let framing = match length {
        _ if matches!(response.body(), Content::Nothing) => Framing::Length(0),
        Some(length) => Framing::Length(length),
        None => without_length,
    };
    let total = if is_head { Some(0) } else { length };
    answering.answers(Answer::Status(status.as_u16()), total);
    let sent = answering.sent.clone();
    meter.expect(answering, framing, sent);
    let (turns, guest) = (Some((turns, peer.ip())), Arc::clone(socket.guest()));
    let mut response = response.map(|content| body_of(content, turns, guest));
    if let Some(length) = length {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(response)
}

/// What a request is answered with whose sender is nobody that the server answers. `trust` is whether the right password
/// was given on its connection.
async fn refuse_stranger(
    site: &Site,
    head: &Parts,
    peer: SocketAddr,
    trust: &AtomicBool,
) -> Option<Response<Content>> {
    let login = site.access.login(&head.headers);
    if site.access.credentials.is_none() || login == Login::Known && trust.load(Ordering::Relaxed) {
        return None;
    }
    if login == Login::Unnamed {
        return Some(unauthorized());
    }
    let decision = site.guesses.judge(peer.ip(), login == Login::Known).await;
    trust.store(decision == Decision::Right, Ordering::Relaxed);
    match decision {
        Decision::Right => None,
        Decision::Wrong => Some(unauthorized()),
        Decision::Later(wait) => {
            let mut response = failure(StatusCode::TOO_MANY_REQUESTS);
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            Some(response)
        }
    }
}

/// Answers a request on a thread that may take its time; where that is much, when it is the turn of the client's address. Stops
/// when the client is gone. Who has hung up, perhaps, is answered only where nobody else has to wait for that.
async fn reply_by_thread(
    site: &Arc<Site>,
    head: Parts,
    client: &Client,
    socket: &Socket,
) -> Response<Content> {
    let (turn, made) = match task(site, &head) {
        None => (None, None),
        Some(Task::Archive) => {
            tokio::select! {
                biased;
                turn = site.lists.turns().take(client.address) => (Some(turn), None),
                () = socket.half_closed() => return busy(),
            }
        }
        Some(Task::List(wanted)) => {
            let Some(made) = list(site, wanted, client, socket).await else { return busy() };
            tokio::select! {
                turn = site.lists.turns().take(client.address) => (Some(turn), Some(made)),
                () = socket.reset() => return busy(),
            }
        }
    };
    let site = Arc::clone(site);
    let work = client.clone().work(move |client| {
        let response = match made {
            Some(made) => reply_with_list(&site, &head, made),
            None => reply(&site, &head, client),
        };
        drop(turn);
        response
    });
    tokio::select! {
        response = work => response.unwrap_or_else(|_| failure(StatusCode::INTERNAL_SERVER_ERROR)),
        () = socket.reset() => busy(),
    }
}

/// A list; none where the client is gone.
async fn list(site: &Arc<Site>, wanted: Wanted, client: &Client, socket: &Socket) -> Option<Made> {
    let waiting = site.lists.batches().join(wanted, client);
    tokio::select! {
        biased;
        () = waiting.begun(site, client) => {}
        () = socket.half_closed() => return None,
    }
    tokio::select! {
        made = waiting.made() => Some(made),
        () = socket.reset() => None,
    }
}

/// What is told of a request: of a long one its beginning, as it is kept and copied.
fn asked(head: &Parts) -> Request {
    let path = head.uri.path_and_query().map_or_else(|| head.uri.path(), |path| path.as_str());
    Request::Http {
        method: clean_line(beginning(head.method.as_str()).as_bytes()),
        path: Path::from_url(&beginning(path)).shown(),
    }
}

/// With a sign where it is not all.
fn beginning(text: &str) -> Cow<'_, str> {
    let fitting = fit_bytes(text, TOLD);
    if fitting.len() == text.len() { text.into() } else { format!("{fitting}…").into() }
}

/// The content, on its way.
fn body_of(content: Content, turns: TurnsOf, guest: Arc<Guest>) -> Body {
    match content {
        Content::Nothing => Full::default().map_err(Into::into).boxed_unsync(),
        Content::Page(page) => Full::from(page).map_err(Into::into).boxed_unsync(),
        Content::File(opened) => flowing(opened, None, guest),
        Content::Parts(parts) => flowing(parts, None, guest),
        Content::Made(frames) => flowing(frames, turns, guest),
    }
}

fn flowing(frames: impl Frames, turns: TurnsOf, guest: Arc<Guest>) -> Body {
    let frames = body::stream(frames, turns, guest);
    StreamBody::new(frames.map_ok(Frame::data).map_err(Into::into)).boxed_unsync()
}
