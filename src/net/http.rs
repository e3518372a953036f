//! HTTP/1.1 as a client (RFC 9112): asks questions, keeps the connections for the next ones, follows redirects, and
//! finds out whether a server speaks HTTP at all.
//!
//! Must never open a connection without sending at once, nor a second one beside the first where it is not certain
//! that the server speaks HTTP: a course server serves one client at a time and waits for it to speak.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode};
use jiff::Timestamp;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Timeouts, resolve};
use crate::event::{Facts, Fault, Stage};
use crate::text::clean_line;
use crate::wire::address::Endpoint;
use crate::wire::coding::foreign_transfer;
use crate::wire::cookies::Jar;
use crate::wire::credentials::Credentials;
use crate::wire::plain;
use crate::wire::range::{ContentRange, Delivery, http_date};
use crate::wire::source::{Origin, Path, Scheme, Source};

use self::line::{Line, NoAnswer};
use self::patience::Patience;
use self::pool::Pool;
use self::question::head_bytes;
use self::stream::Stream;
use self::tls::Tls;

/// Redirects to follow before it is called a loop.
const REDIRECTS: usize = 20;

mod body;
mod challenge;
mod head;
mod line;
mod patience;
mod pool;
mod question;
mod redirect;
mod stream;
mod tls;

pub use body::Body;
pub use question::Question;

/// Asks questions. A clone is the same client: there is one for the program, so that connections are used again.
#[derive(Debug, Clone)]
pub struct Client {
    timeouts: Timeouts,
    patience: Patience,
    pool: Arc<Pool>,
    tls: Arc<Tls>,
    known: Arc<Mutex<HashMap<Origin, HeaderValue>>>,
    heard: Arc<Mutex<HashSet<Endpoint>>>,
    insecure_redirects: bool,
}

/// The head of an answer, with the body to follow.
#[derive(Debug)]
pub struct Answer {
    /// What was answered in the end, after probing and redirects.
    pub source: Source,
    /// The status, which need not be one of success.
    pub status: StatusCode,
    /// The fields of the head.
    pub headers: HeaderMap,
    /// The length of the content in bytes, where the server announced one; also where only the head was asked for.
    pub length: Option<u64>,
    /// What comes after the head.
    pub body: Body,
}

impl Client {
    /// One without any connection yet, which waits so long for what.
    #[must_use]
    pub fn new(timeouts: Timeouts) -> Self {
        Self {
            timeouts,
            patience: Patience::new(timeouts.answer),
            pool: Arc::default(),
            tls: Arc::default(),
            known: Arc::default(),
            heard: Arc::default(),
            insecure_redirects: false,
        }
    }

    /// The same, which follows redirects from `https` to `http` too, where `allowed`: anybody on the way can read and change
    /// what comes then.
    #[must_use]
    pub fn with_insecure_redirects(self, allowed: bool) -> Self {
        Self { insecure_redirects: allowed, ..self }
    }

    /// Tells this server, and no other, who asks: from now on without being asked to (RFC 7617, section 2.2). None: not
    /// any more.
    pub fn authorize(&self, origin: Origin, credentials: Option<&Credentials>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Base64 is fit for a field.
        match credentials.and_then(|credentials| HeaderValue::try_from(credentials.basic()).ok()) {
            Some(mut value) => {
                value.set_sensitive(true);
                known.insert(origin, value);
            }
            None => drop(known.remove(&origin)),
        }
    }

    /// How long it waits for what.
    #[must_use]
    pub fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    /// How long this server may take until its answer begins.
    pub(super) fn answer_timeout(&self, server: &Endpoint) -> Duration {
        self.patience.with(server)
    }

    /// This server did not begin its answer in this time.
    pub(super) fn note_timeout(&self, server: &Endpoint, waited: Duration) {
        self.patience.note_timeout(server, waited);
    }

    /// Whether this server has ever answered: then it is away for a while, where it does not any more.
    pub(super) fn has_heard(&self, endpoint: &Endpoint) -> bool {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).contains(endpoint)
    }

    /// This server has answered, in whatever language.
    pub(super) fn note_heard(&self, endpoint: &Endpoint) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if !heard.contains(endpoint) {
            heard.insert(endpoint.clone());
        }
    }

    /// Asks `question` of `source`, which must not be a plain one; none where its server is a plain one, which is known
    /// by its saying nothing, or something that is not HTTP.
    ///
    /// A server that is probed is asked the question itself, so that there is one connection where it speaks HTTP.
    pub async fn ask(&self, source: &Source, question: &Question) -> Result<Option<Answer>, Fault> {
        let mut source = source.clone();
        let mut cookies = Jar::default();
        for _ in 0..=REDIRECTS {
            let cookie = cookies.field(&source).and_then(|cookie| HeaderValue::try_from(cookie).ok());
            let with_cookie = cookie.map(|cookie| question.clone().with(header::COOKIE, cookie));
            let question = with_cookie.as_ref().unwrap_or(question);
            // What does not fit into the one read of a course server would be answered with a reset.
            if source.scheme == Scheme::Probe
                && head_bytes(&self.request(&source, question)?) >= plain::REQUEST_LIMIT
            {
                if !Box::pin(self.speaks_http(&source)).await? {
                    return Ok(None);
                }
                source.scheme = Scheme::Http;
            }
            let Some(answer) = self.exchange(&source, question).await? else { return Ok(None) };
            if answer.status == StatusCode::UNAUTHORIZED
                && let Some(realm) = challenge::basic(&answer.headers)
            {
                let origin = Box::new(answer.source.origin());
                answer.body.skip().await;
                return Err(Fault::Unauthorized { origin, realm });
            }
            if !matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(Some(answer));
            }
            let Some(there) = redirect::target(&answer.source, &answer.headers)? else {
                return Ok(Some(answer));
            };
            if (answer.source.scheme, there.scheme) == (Scheme::Https, Scheme::Http)
                && !self.insecure_redirects
            {
                answer.body.skip().await;
                return Err(Fault::InsecureRedirect(clean_line(there.to_string().as_bytes())));
            }
            redirect::note_cookies(&answer.source, &answer.headers, &mut cookies);
            answer.body.skip().await;
            source = there;
        }
        Err(Fault::RedirectedTooOften)
    }

    /// Whether its server, of which that is not known, speaks HTTP: asks it for its top folder, and not for the head of that
    /// alone, which some servers do not answer. What it says, and where else that may be, does not matter.
    pub async fn speaks_http(&self, source: &Source) -> Result<bool, Fault> {
        let top = source.at(Path::from_name(b""));
        let Some(answer) = self.exchange(&top, &Question::get("*/*")).await? else {
            return Ok(false);
        };
        answer.body.skip().await;
        Ok(true)
    }

    /// The question as it goes to this server, with what this server may know of us.
    fn request(&self, source: &Source, question: &Question) -> Result<Request<Empty<Bytes>>, Fault> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        question.request(source, known.get(&source.origin()))
    }

    /// Connects to whichever of the endpoint's addresses takes us first, in their order.
    pub(super) async fn connect(&self, endpoint: &Endpoint) -> Result<TcpStream, Fault> {
        let timeouts = &self.timeouts;
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

    /// One question and the head of its answer; none where a probed server does not speak HTTP.
    async fn exchange(&self, source: &Source, question: &Question) -> Result<Option<Answer>, Fault> {
        let origin = source.origin();
        let mut request = self.request(source, question)?;
        if let Some(line) = self.pool.take(&origin).await {
            match self.speak(line, source, request).await {
                // The server has closed it meanwhile, and has not seen the question (RFC 9112, section 9.3.1). Neither
                // method changes anything there: were it seen, asking again would do no harm.
                Err(NoAnswer::Silence(_)) => {}
                answered => return answered.map(Some).map_err(NoAnswer::fault),
            }
            request = self.request(source, question)?;
        }
        let is_probed = source.scheme == Scheme::Probe;
        // Most questions find a connection: for the few others there is no room kept in all of them.
        let stream = Box::pin(self.open(source)).await?;
        let line = Line::new(stream, origin, is_probed).await?;
        match self.speak(line, source, request).await {
            Ok(answer) => Ok(Some(answer)),
            Err(NoAnswer::Silence(Fault::Closed) | NoAnswer::NotHttp) if is_probed => Ok(None),
            Err(other) => Err(other.fault()),
        }
    }

    /// A connection of the kind that the source wants.
    async fn open(&self, source: &Source) -> Result<Stream, Fault> {
        let stream = self.connect(&source.endpoint).await?;
        if source.scheme != Scheme::Https {
            return Ok(Stream::open(stream));
        }
        let secured = self.tls.secure(stream, &source.endpoint.host, self.timeouts.connect).await?;
        Ok(Stream::secure(secured))
    }

    async fn speak(
        &self,
        line: Line,
        source: &Source,
        request: Request<Empty<Bytes>>,
    ) -> Result<Answer, NoAnswer> {
        let is_head = request.method() == Method::HEAD;
        let patience = self.answer_timeout(&source.endpoint);
        let answered = line.ask(request, patience).await;
        if let Err(NoAnswer::Failed(Fault::TimedOut(Stage::Answer, waited))) = &answered {
            self.note_timeout(&source.endpoint, *waited);
        }
        let (response, line) = answered?;
        self.note_heard(&source.endpoint);
        let (head, incoming) = response.into_parts();
        if let Some(coding) = foreign_transfer(&head.headers) {
            return Err(NoAnswer::Failed(Fault::Encoded(coding)));
        }
        let body = Body::new(incoming, line, Arc::clone(&self.pool), self.timeouts.body);
        Ok(Answer {
            source: source.spoken_http(),
            status: head.status,
            length: if is_head { length(&head.headers) } else { body.announced() },
            headers: head.headers,
            body,
        })
    }
}

impl Answer {
    /// When its content was changed, where the server says so.
    #[must_use]
    pub fn modified(&self) -> Option<Timestamp> {
        self.text(&header::LAST_MODIFIED).and_then(http_date)
    }

    /// What is said of its content.
    #[must_use]
    pub fn facts(&self) -> Facts {
        Facts { size: self.length, modified: self.modified() }
    }

    /// Which part of the content it is (RFC 9110, section 14.4); none where it does not say, or not in a way that we read.
    #[must_use]
    pub fn content_range(&self) -> Option<ContentRange> {
        self.text(&header::CONTENT_RANGE)?.parse().ok()
    }

    /// Whether it is a success that carries all of the content, or would, where only the head was asked for.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        Delivery::of(self.status, &self.headers, self.length).is_ok_and(Delivery::is_whole)
    }

    /// What a field says; none where there is none, or it is no text.
    #[must_use]
    pub fn text(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What it means where its status is not one that helps. Its connection is kept where that costs little.
    pub async fn refusal(self) -> Fault {
        self.body.skip().await;
        Fault::Status(self.status.as_u16())
    }
}

/// The length of the content that is left out where only the head was asked for (RFC 9110, section 8.6).
fn length(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?;
    length.bytes().all(|byte| byte.is_ascii_digit()).then(|| length.parse().ok())?
}
