//! The answer to a plain request: the bytes of the file, or none, and the end of the stream.
//!
//! Must never end a stream as if the file were whole when it is not, or as if there were none when there may be one: the
//! other side could not tell.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use bytes::Buf as _;
use futures_util::TryStreamExt as _;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

use super::beneath::Opened;
use super::body;
use super::connection::{After, Visit, close};
use super::guests::Guest;
use super::onlooker::Count;
use super::patience::Patient;
use super::served::Began;
use super::socket::Socket;
use crate::event::served::{Answer, End, Request};
use crate::text::clean_line;

/// Sends the file that was found, tells of it, and ends the connection: with a reset where it could not be opened.
pub(super) async fn answer(
    mut stream: Socket,
    name: &[u8],
    found: io::Result<Option<Opened>>,
    began: Began,
    mut visit: Visit,
) {
    let (answer, total) = match &found {
        Ok(Some(opened)) => (Answer::File, opened.length),
        Ok(None) => (Answer::Nothing, 0),
        Err(_) => (Answer::Unanswered, 0),
    };
    let request = Request::Plain(clean_line(name));
    let mut answering = visit.log.begin(began, visit.peer, request);
    answering.answers(answer, Some(total));
    let guest = Arc::clone(&visit.guest);
    let patient = Patient::new(&mut stream, visit.site.limits.stall);
    let end = tokio::select! {
        poured = pour(patient, found, &answering.sent, Arc::clone(&guest)) => poured.map_or_else(|error| End::by(&error), |()| End::Whole),
        () = visit.cut() => End::CutOff,
        () = guest.evicted() => End::CutOff,
    };
    answering.ended(end);
    if end == End::Whole {
        close(&mut stream, After::Noise, &mut visit).await;
    } else {
        stream.reset_at_end();
    }
}

/// Answers with nothing, whatever was asked for, and ends the connection.
pub(super) async fn nothing(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    name: &[u8],
    began: Began,
    visit: &mut Visit,
) {
    let request = Request::Plain(clean_line(name));
    visit.log.tell(began.ended(visit.peer, request, Answer::Nothing, End::Whole, 0));
    close(stream, After::Noise, visit).await;
}

async fn pour(
    mut stream: impl AsyncWrite + Unpin,
    found: io::Result<Option<Opened>>,
    sent: &Count,
    guest: Arc<Guest>,
) -> io::Result<()> {
    let Some(opened) = found? else { return Ok(()) };
    let mut frames = pin!(body::stream(opened, None, guest));
    while let Some(mut frame) = frames.try_next().await? {
        while frame.has_remaining() {
            sent.add(stream.write_buf(&mut frame).await? as u64);
        }
    }
    Ok(())
}
