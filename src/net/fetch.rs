//! Downloads: from a server onto the disk, or into a stream.
//!
//! Owns what a download is from the request to the rename. Must never leave a file that is not whole, replace one
//! that is there, or let bytes pile up in memory where the disk is slower than the network.

use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::time::{Duration, Instant, SystemTime};

use hyper::{HeaderMap, StatusCode, header};
use jiff::fmt::rfc2822::DateTimeParser;
use tokio::sync::{mpsc, watch};

use self::body::Body;
use self::writer::{Order, Writer};
use super::http::{Client, Question};
use crate::effect::Partial;
use crate::event::{Fault, Finished, TransferEvent};
use crate::wire::source::{Scheme, Source};

mod body;
mod worker;
mod writer;

pub use worker::{FetchCommand, run};

/// Between two reports of progress: at most 30 a second.
const REPORT_EVERY: Duration = Duration::from_millis(34);

/// Where a file goes.
pub enum Destination {
    /// Into a folder, which is made where it is missing, under a safe form of the file's own name. Where a file of
    /// that name is there already, the new one gets a number.
    Folder {
        /// The folder.
        dir: PathBuf,
        /// Put before the name.
        prefix: String,
    },
    /// To just this path; where something is there already, [`Fault::Exists`].
    File(PathBuf),
    /// Into a stream, as it comes: what was written before a failure has been written.
    Stream(Box<dyn io::Write + Send>),
}

impl fmt::Debug for Destination {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { dir, prefix } => out.debug_tuple("Folder").field(dir).field(prefix).finish(),
            Self::File(path) => out.debug_tuple("File").field(path).finish(),
            Self::Stream(_) => out.write_str("Stream"),
        }
    }
}

/// Downloads a file; none where it was cancelled. Whatever the end, nothing but a whole file is left on disk by then.
///
/// `source` is told which scheme its server turned out to speak, whatever becomes of the file. `report` hears that
/// the download started, and then of its progress, but not of its end. Dropping the future ends the download too,
/// but its partial file goes away only a moment later.
pub async fn fetch<R, F>(
    source: &mut Source,
    to: Destination,
    client: &Client,
    cancel: impl Future<Output = ()>,
    mut report: R,
) -> Result<Option<Finished>, Fault>
where
    R: FnMut(TransferEvent) -> F,
    F: Future<Output = ()>,
{
    #[expect(clippy::disallowed_methods, reason = "how long a download takes is measured where it happens")]
    let begun = Instant::now();
    let mut cancel = pin!(cancel);
    let answered = async {
        let answer = ask(source, client).await?;
        let total = answer.body.announced();
        let partial = Partial { validator: None, total };
        report(TransferEvent::Started { total, from: 0, anew: None, partial }).await;
        Ok(answer)
    };
    let Answer { body, modified } = tokio::select! {
        answer = answered => answer?,
        () = &mut cancel => return Ok(None),
    };
    let is_stream = matches!(to, Destination::Stream(_));
    let Writer { orders, progress, mut outcome } = Writer::start(to, source.path.last())?;
    let ended = tokio::select! {
        ended = async { (carry(body, orders, modified).await, (&mut outcome).await) } => ended,
        () = cancel => {
            // A stream that nobody reads from would be waited for without end.
            if is_stream {
                return Ok(None);
            }
            (Ok(()), outcome.await)
        }
        never = follow(progress, report) => match never {},
    };
    let (carried, written) = ended;
    carried?;
    // The writer says how it ended, unless it was killed by a panic.
    let written = written.unwrap_or_else(|_| Err(Fault::from_disk(&io::ErrorKind::Other.into())))?;
    Ok(written.map(|written| Finished {
        path: written.path,
        bytes: written.bytes,
        took: begun.elapsed(),
        proof: None,
    }))
}

/// An answer whose body is a file.
struct Answer {
    body: Body,
    modified: Option<SystemTime>,
}

/// Asks for a file in the server's language, which is found out where it is not known.
async fn ask(source: &mut Source, client: &Client) -> Result<Answer, Fault> {
    if source.path.is_folder() {
        return Err(Fault::IsFolder);
    }
    if source.scheme != Scheme::Plain {
        match client.ask(source, &Question::get("*/*")).await? {
            None => source.scheme = Scheme::Plain,
            Some(answer) => {
                *source = source.spoken_http();
                if answer.status != StatusCode::OK {
                    return Err(answer.refusal().await);
                }
                // Servers add the slash to a folder's path by redirecting.
                if answer.source.path.is_folder() {
                    return Err(Fault::IsFolder);
                }
                let modified = last_modified(&answer.headers);
                return Ok(Answer { body: Body::Http(answer.body), modified });
            }
        }
    }
    let body = body::Plain::ask(source, client).await?;
    Ok(Answer { body: Body::Plain(body), modified: None })
}

/// RFC 9110, section 8.8.2: the preferred form is one of RFC 5322's.
fn last_modified(headers: &HeaderMap) -> Option<SystemTime> {
    let text = headers.get(header::LAST_MODIFIED)?.to_str().ok()?;
    Some(DateTimeParser::new().parse_timestamp(text).ok()?.into())
}

/// Hands the body to the writer, at the pace of the slower of the two.
async fn carry(
    mut body: Body,
    orders: mpsc::Sender<Order>,
    modified: Option<SystemTime>,
) -> Result<(), Fault> {
    loop {
        let bytes = tokio::select! {
            bytes = body.next() => bytes?,
            // It has failed, and says why itself.
            () = orders.closed() => return Ok(()),
        };
        let last = bytes.is_none();
        let order = bytes.map_or(Order::Finish { modified }, Order::Write);
        if orders.send(order).await.is_err() || last {
            return Ok(());
        }
    }
}

/// Reports progress until it is dropped.
async fn follow<R, F>(mut progress: watch::Receiver<u64>, mut report: R) -> Infallible
where
    R: FnMut(TransferEvent) -> F,
    F: Future<Output = ()>,
{
    while progress.changed().await.is_ok() {
        let bytes = *progress.borrow_and_update();
        report(TransferEvent::Progress { bytes }).await;
        tokio::time::sleep(REPORT_EVERY).await;
    }
    pending().await
}
