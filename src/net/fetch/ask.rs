//! One question for a file, or for the rest of it, and what the answer is good for. Never takes a part for another part,
//! nor for the whole.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{self, HeaderValue};
use jiff::Timestamp;

use super::body::{Body, Incoming, Plain};
use super::digest::Said;
use super::rate::Rate;
use super::{Engine, Halt, digest};
use crate::effect::Partial;
use crate::event::{Anew, Facts, Fault, Outage};
use crate::net::http::{self, Client, Question};
use crate::wire::attachment;
use crate::wire::coding::foreign;
use crate::wire::listing::Form;
use crate::wire::range::{Delivery, DeliveryError, Identity, Lengths, Validator, http_date};
use crate::wire::source::{Scheme, Source};

/// The part of a file that is wished for.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    /// The first byte's place.
    pub(super) first: u64,
    /// The last byte's; none: all to the end.
    pub(super) last: Option<u64>,
    /// Asks for so many bytes at the end instead, which begin at the same place.
    pub(super) suffix: Option<u64>,
    /// What is known of the file.
    pub(super) known: Partial,
}

/// What a server says of the version of a file that it sends.
#[derive(Debug, Clone, Default)]
pub(super) struct Version {
    pub(super) total: Option<u64>,
    pub(super) validator: Option<Validator>,
    pub(super) modified: Option<Timestamp>,
    pub(super) identity: Identity,
    /// What its content has to be.
    pub(super) checksums: Vec<Said>,
    /// Whether that is not known yet, and can be asked for when all has come.
    pub(super) digest_follows: bool,
}

impl Version {
    pub(super) fn partial(&self) -> Partial {
        Partial { validator: self.validator.clone(), total: self.total }
    }
}

impl From<Partial> for Version {
    /// What was kept of it.
    fn from(Partial { validator, total }: Partial) -> Self {
        let identity = validator.as_ref().map(Validator::identity).unwrap_or_default();
        Self { total, validator, modified: None, identity, checksums: Vec::new(), digest_follows: false }
    }
}

/// A file, or the rest of one, that is coming.
pub(super) struct Answer {
    pub(super) body: Incoming,
    /// Whether it is the part that was asked for.
    pub(super) is_part: bool,
    pub(super) version: Version,
    /// What the server calls it (RFC 6266).
    pub(super) name: Option<Vec<u8>>,
    /// Where it may be an HTML page: what its media type says of that, and of which path it is.
    pub(super) page: Option<(Page, Source)>,
}

/// What the media type of an answer says of whether it is an HTML page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// It is one.
    Said,
    /// There is no media type.
    Unsaid,
    /// It is none, by a type that servers give to what they do not know.
    Denied,
}

/// What came of a question.
pub(super) enum Reply {
    File(Box<Answer>),
    /// Not the part that was asked for, but no reason not to ask for the whole.
    Useless(Anew),
    /// There is no such part: the length of the whole.
    Unsatisfied(u64),
}

/// Asks for a file, or for a part of it, in the server's language, which is found out where it is not known. Notes which
/// length is said of which version: [`Fault::OtherLength`] where a whole file contradicts what was said before.
pub(super) async fn ask(
    engine: &Engine,
    source: &mut Source,
    wish: Option<&Wish>,
    lengths: &mut Lengths,
) -> Result<Reply, Halt> {
    let client = &engine.client;
    // A path that ends in a slash is a file's only where it was asked for as one.
    let wants_slash = source.path.is_folder();
    if source.scheme != Scheme::Plain {
        match client.ask(source, &question(wish)?).await? {
            None => source.scheme = Scheme::Plain,
            Some(answer) => {
                *source = source.spoken_http();
                let name = source.path.last();
                return read(answer, (&name, wants_slash), wish, lengths, &engine.rate).await;
            }
        }
    }
    let body =
        Incoming::new(Body::Plain(Box::pin(Plain::ask(source, client)).await?), None, engine.rate.clone());
    let version = Version::default();
    Ok(Reply::File(Box::new(Answer { body, is_part: false, version, name: None, page: None })))
}

/// What the server says of a file before it is downloaded; none where it is a plain one. HEAD is only a hint: where it
/// fails, or says too little, the head of the answer to GET counts, of which the content is not read.
pub(super) async fn facts(client: &Client, source: &mut Source) -> Result<Option<Facts>, Halt> {
    if source.scheme == Scheme::Plain {
        return Ok(None);
    }
    match client.ask(source, &Question::head("*/*")).await {
        Ok(None) => {
            source.scheme = Scheme::Plain;
            return Ok(None);
        }
        Ok(Some(answer)) => {
            *source = source.spoken_http();
            let facts = answer.facts();
            if answer.is_whole() && facts.size.is_some() && facts.modified.is_some() {
                return Ok(Some(facts));
            }
        }
        // There is no connection for GET either.
        Err(fault) if fault.outage() == Some(Outage::Unreachable) => return Err(fault.into()),
        Err(_) => {}
    }
    let Some(answer) = client.ask(source, &Question::get("*/*")).await? else {
        source.scheme = Scheme::Plain;
        return Ok(None);
    };
    if answer.is_whole() { Ok(Some(answer.facts())) } else { Err(refusal(&answer)) }
}

fn question(wish: Option<&Wish>) -> Result<Question, Halt> {
    let question = digest::wanting(Question::get("*/*"), Duration::ZERO);
    let Some(wish) = wish else { return Ok(question) };
    let range = match (wish.suffix, wish.last) {
        (Some(bytes), _) => format!("bytes=-{bytes}"),
        (None, Some(last)) => format!("bytes={}-{last}", wish.first),
        (None, None) => format!("bytes={}-", wish.first),
    };
    let value = |text: String| HeaderValue::try_from(text).map_err(|_| Halt::Fault(Fault::Garbled));
    let question = question.with(header::RANGE, value(range)?);
    match wish.known.validator.as_ref().and_then(Validator::if_range) {
        Some(strong) => Ok(question.with(header::IF_RANGE, value(strong.to_owned())?)),
        None => Ok(question),
    }
}

async fn read(
    answer: http::Answer,
    (name, wants_slash): (&[u8], bool),
    wish: Option<&Wish>,
    lengths: &mut Lengths,
    rate: &Rate,
) -> Result<Reply, Halt> {
    let delivery = Delivery::of(answer.status, &answer.headers, answer.body.announced());
    // Its bytes and its length are not the file's then.
    let coding = foreign(&answer.headers, name).zip(foreign(&answer.headers, &answer.source.path.last()));
    let media_type = answer.text(&header::CONTENT_TYPE);
    let page = match media_type.and_then(Form::of) {
        Some(Form::Html) => Some(Page::Said),
        None if media_type.is_none() => Some(Page::Unsaid),
        None if Form::is_sniffed(media_type) => Some(Page::Denied),
        Some(Form::Json) | None => None,
    };
    let page = page.map(|page| (page, answer.source.clone()));
    match (delivery, wish) {
        (Err(DeliveryError::Status), _) | (Ok(Delivery::Unsatisfied(_)), None) => {
            let refusal = refusal(&answer);
            answer.body.skip().await;
            Err(refusal)
        }
        (Ok(Delivery::Whole { .. } | Delivery::Part { .. }) | Err(DeliveryError::Contradictory(_)), wish)
            if let Some((coding, _)) = coding =>
        {
            match wish {
                Some(_) => Ok(Reply::Useless(Anew::NoRanges)),
                None => Err(Fault::Encoded(coding).into()),
            }
        }
        // Servers add the slash to a folder's path by redirecting.
        (Ok(Delivery::Whole { .. }), _) if answer.source.path.is_folder() && !wants_slash => {
            Err(Fault::IsFolder.into())
        }
        // Of one that was asked for a part, all of it may still come right.
        (Ok(Delivery::Whole { total: Some(total) }), Some(_))
            if lengths.other(&identity(&answer), total).is_some() =>
        {
            Ok(Reply::Useless(Anew::NoRanges))
        }
        (Ok(Delivery::Whole { total }), wish) => {
            // To one who asked for a part it may be a tail: its length counts only where it is taken for the file.
            whole(answer, page, total, wish.is_none().then_some(lengths), rate)
        }
        (Ok(part @ Delivery::Part { total, .. }), None) if part.is_whole() => {
            whole(answer, page, total, Some(lengths), rate)
        }
        (Ok(Delivery::Part { first, last, total }), Some(wish)) => {
            let version = version(&answer, total);
            note(lengths, &version);
            Ok(match part((first, last), version, &answer, wish) {
                Ok(version) => {
                    let name = offered_name(&answer);
                    let body = Incoming::new(Body::Http(answer.body), Some(last - first + 1), rate.clone());
                    Reply::File(Box::new(Answer { body, is_part: true, version, name, page }))
                }
                Err(why) => Reply::Useless(why),
            })
        }
        (Ok(Delivery::Unsatisfied(Some(total))), Some(_)) => Ok(Reply::Unsatisfied(total)),
        (Ok(Delivery::Unsatisfied(None)), Some(_)) => Ok(Reply::Useless(Anew::NoRanges)),
        (Err(DeliveryError::Contradictory(total)), Some(_)) => {
            note(lengths, &version(&answer, total));
            Ok(Reply::Useless(Anew::NoRanges))
        }
        (Ok(Delivery::Part { .. }) | Err(DeliveryError::Contradictory(_)), None) => {
            Err(Fault::PartOnly.into())
        }
    }
}

fn whole(
    answer: http::Answer,
    page: Option<(Page, Source)>,
    total: Option<u64>,
    lengths: Option<&mut Lengths>,
    rate: &Rate,
) -> Result<Reply, Halt> {
    let (mut version, name) = (version(&answer, total), offered_name(&answer));
    version.checksums = digest::said(&answer, true);
    if let Some((now, lengths)) = total.zip(lengths) {
        lengths.note(version.identity.clone(), now).map_err(|before| Fault::OtherLength { before, now })?;
    }
    let announced = answer.body.announced();
    let body = Incoming::new(Body::Http(answer.body), announced, rate.clone());
    Ok(Reply::File(Box::new(Answer { body, is_part: false, version, name, page })))
}

/// Of an answer that is no whole file. What contradicts it is found where that is to be used.
fn note(lengths: &mut Lengths, version: &Version) {
    if let Some(total) = version.total {
        let _ = lengths.note(version.identity.clone(), total);
    }
}

/// Whether a part from the one place to the other is the one that was asked for, and of the same file: what that file is.
fn part(
    (first, last): (u64, u64),
    version: Version,
    answer: &http::Answer,
    wish: &Wish,
) -> Result<Version, Anew> {
    let known = &wish.known;
    let (etag, modified) = (answer.text(&header::ETAG), answer.text(&header::LAST_MODIFIED));
    if known.validator.as_ref().is_some_and(|known| known.differs(etag, modified)) {
        return Err(Anew::Changed);
    }
    if version.total.is_some() && known.total.is_some() && version.total != known.total {
        return Err(Anew::Changed);
    }
    // Without a strong validator its length is part of what it is known by.
    if !known.is_certain() && version.total.is_none() {
        return Err(Anew::NoRanges);
    }
    let total = version.total.or(known.total).filter(|total| last < *total).ok_or(Anew::NoRanges)?;
    if first != wish.first || wish.last.is_some_and(|wished| wished != last) {
        return Err(Anew::NoRanges);
    }
    // It need not be said again (RFC 9110, section 15.3.7).
    let validator = known.validator.clone().or(version.validator);
    Ok(Version { total: Some(total), validator, ..version })
}

fn offered_name(answer: &http::Answer) -> Option<Vec<u8>> {
    attachment::file_name(answer.headers.get(header::CONTENT_DISPOSITION)?.as_bytes())
}

fn version(answer: &http::Answer, total: Option<u64>) -> Version {
    let fields = [header::ETAG, header::LAST_MODIFIED, header::DATE];
    let [etag, modified, date] = fields.each_ref().map(|name| answer.text(name));
    Version {
        total,
        validator: Validator::from_fields(etag, modified, date),
        modified: answer.modified(),
        identity: identity(answer),
        checksums: digest::said(answer, false),
        digest_follows: digest::follows(answer),
    }
}

fn identity(answer: &http::Answer) -> Identity {
    let said = |name| answer.text(name).map(str::to_owned);
    Identity { etag: said(&header::ETAG), modified: said(&header::LAST_MODIFIED) }
}

/// A server that names a time asks for another try then (RFC 9110, section 10.2.3).
fn refusal(answer: &http::Answer) -> Halt {
    let fault = Fault::Status(answer.status.as_u16());
    let asks = matches!(answer.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let later = answer.text(&header::RETRY_AFTER).filter(|_| asks).and_then(|after| {
        let seconds = after.trim().parse().ok().map(Duration::from_secs);
        seconds.or_else(|| {
            // Seen from the server's own clock, so that ours may be wrong.
            let now = http_date(answer.text(&header::DATE)?)?;
            Duration::try_from(http_date(after)?.duration_since(now)).ok()
        })
    });
    match later {
        Some(after) => Halt::Later { fault, after },
        None => Halt::Fault(fault),
    }
}
