//! One connection, from its first bytes to its clean end.
//!
//! What it speaks is decided so, over and over as bytes come:
//!
//! 1. A complete HTTP/1.x request line: HTTP, and the bytes are hyper's from the first on.
//! 2. More than a plain request can hold: HTTP where they can still become a request line, otherwise nothing.
//! 3. The name of a file: a plain request for it, whether or not more would have come. The course's client sends
//!    the name at once and then waits, so nobody else says that it is complete.
//! 4. Anything else may be the beginning of the one or the other: wait for [`Limits::hesitation`] in all, then take
//!    it for the name of a file that there is not. Or that cannot be opened now, which is not the same.
//!
//! [`Limits::hesitation`]: super::Limits::hesitation

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

#[cfg(target_os = "linux")]
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use super::beneath::{Found, Opened, leads_nowhere};
use super::guests::Guest;
use super::patience::Patient;
use super::served::{Began, Log};
use super::sniff::{Verdict, sniff};
use super::socket::Socket;
use super::{Phase, Site, http, plain, tls};
use crate::wire::plain::REQUEST_LIMIT;

/// How long to wait, after the answer, for the other side to close, or to send any more of what nobody wants.
const CLOSING_TIME: Duration = Duration::from_secs(1);

/// How long it may go on sending that.
const SENDING_TIME: Duration = Duration::from_secs(30);

/// Bytes of it that are taken from who has not sent a request, as nobody knows what it is.
const NOISE: u64 = 1024 * 1024;

/// Bytes that are taken at once.
const PIECE: usize = 16 * 1024;

/// Bytes that may wait in the system to be sent (`TCP_NOTSENT_LOWAT`), beside those that are on their way: a client that
/// takes little after it took much would leave some megabytes there.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 128 * 1024;

/// What may come after the last answer of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// The rest of a request: who sends a large file hears only behind it that it is refused.
    Request,
    /// Anything.
    Noise,
}

/// Who is there, and what serving it takes.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) peer: SocketAddr,
    pub(super) guest: Arc<Guest>,
    pub(super) site: Arc<Site>,
    pub(super) log: Arc<Log>,
    pub(super) phase: watch::Receiver<Phase>,
}

impl Visit {
    /// Waits for the server to begin to stop.
    pub(super) async fn closing(&mut self) {
        let _ = self.phase.wait_for(|phase| *phase != Phase::Open).await;
    }

    /// Waits for the server to lose its patience.
    pub(super) async fn cut(&mut self) {
        let _ = self.phase.wait_for(|phase| *phase == Phase::Cut).await;
    }
}

/// What a connection turned out to want.
pub(super) enum Opening {
    Http,
    /// None where there is no such file.
    Plain(io::Result<Option<Opened>>),
}

/// The beginning of a connection.
pub(super) struct Heard {
    pub(super) opening: Opening,
    /// What has been read.
    pub(super) head: Vec<u8>,
    /// When it began to come.
    pub(super) began: Began,
}

/// Serves one connection.
pub(super) async fn serve(stream: TcpStream, mut visit: Visit) {
    // Without it small answers wait for the acknowledgement of their heads. It is no more than slow if it fails.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT);
    let site = Arc::clone(&visit.site);
    let mut stream = Socket::new(stream, Arc::clone(&visit.guest));
    if let Some(identity) = &site.identity {
        return tls::serve(stream, identity, visit).await;
    }
    let Some(Heard { opening, head, began }) = hear(&mut stream, &mut visit).await else { return };
    match opening {
        Opening::Http => {
            let write = Patient::new(stream.clone(), site.limits.stall);
            if http::converse(stream.clone(), write, stream.clone(), head, visit).await {
                stream.reset_at_end();
            }
        }
        Opening::Plain(found) => {
            visit.guest.owes();
            plain::answer(stream, &head, found, began, visit).await;
        }
    }
}

/// Reads until it is known what a connection wants; none where it wants nothing, or has to make room before.
pub(super) async fn hear(stream: &mut (impl AsyncRead + Unpin), visit: &mut Visit) -> Option<Heard> {
    let guest = Arc::clone(&visit.guest);
    tokio::select! {
        heard = hear_out(stream, visit) => heard,
        () = guest.dismissed() => None,
    }
}

async fn hear_out(stream: &mut (impl AsyncRead + Unpin), visit: &mut Visit) -> Option<Heard> {
    let mut head = Vec::with_capacity(REQUEST_LIMIT + 1);
    let first = tokio::select! {
        first = timeout(visit.site.limits.silence, stream.read_buf(&mut head)) => first,
        () = visit.closing() => return None,
    };
    if !matches!(first, Ok(Ok(1..))) {
        return None;
    }
    let began = Began::now();
    let opening = listen(stream, &mut head, &visit.site).await;
    Some(Heard { opening, head, began })
}

async fn listen(stream: &mut (impl AsyncRead + Unpin), head: &mut Vec<u8>, site: &Arc<Site>) -> Opening {
    let mut patience = pin!(sleep(site.limits.hesitation));
    loop {
        let verdict = sniff(head);
        let is_long = head.len() > REQUEST_LIMIT;
        if verdict == Verdict::Http || is_long && verdict == Verdict::More {
            return Opening::Http;
        }
        if is_long {
            return Opening::Plain(Ok(None));
        }
        let found = find(site, head).await;
        if matches!(found, Ok(Some(_))) {
            return Opening::Plain(found);
        }
        let more = tokio::select! {
            more = stream.read_buf(head) => more,
            () = &mut patience => Ok(0),
        };
        if !matches!(more, Ok(1..)) {
            return Opening::Plain(found);
        }
    }
}

/// The file of that name, or of the name that this line is: who types it sends the end of the line too.
async fn find(site: &Arc<Site>, name: &[u8]) -> io::Result<Option<Opened>> {
    let line = name.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let names = [Some(name), line].into_iter().flatten().filter_map(|name| site.root.name(name));
    let names: Vec<_> = names.filter(|name| site.speaks_plain() && !name.is_folder).collect();
    if names.is_empty() {
        return Ok(None);
    }
    let site = Arc::clone(site);
    let finding = spawn_blocking(move || {
        let mut failure = None;
        for name in names {
            match site.root.find(&name) {
                Ok(Found::File(opened)) => return Ok(Some(opened)),
                Err(error) if !leads_nowhere(&error) => failure = Some(error),
                Ok(Found::Folder(_) | Found::Other) | Err(_) => {}
            }
        }
        failure.map_or(Ok(None), Err)
    });
    finding.await?
}

/// Ends a connection so that all that was sent arrives. Closing it while bytes of the other side lie unread would
/// reset it, and the reset overtakes what is still on its way (RFC 9112, section 9.6). Whoever needs the room has it.
pub(super) async fn close(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    after: After,
    visit: &mut Visit,
) {
    visit.guest.settles();
    let guest = Arc::clone(&visit.guest);
    tokio::select! {
        _ = timeout(SENDING_TIME, part(stream, after)) => {}
        () = guest.dismissed() => {}
        () = visit.cut() => {}
    }
}

/// Until the other side has closed too, or sends nothing more.
async fn part(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), after: After) {
    if !matches!(timeout(CLOSING_TIME, stream.shutdown()).await, Ok(Ok(()))) {
        return;
    }
    let limit = match after {
        After::Request => u64::MAX,
        After::Noise => NOISE,
    };
    let mut unwanted = stream.take(limit);
    let mut piece = vec![0; PIECE];
    while matches!(timeout(CLOSING_TIME, unwanted.read(&mut piece)).await, Ok(Ok(1..))) {}
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use tokio::io::{ReadBuf, duplex};

    use super::*;

    /// TLS over a socket that takes nothing more: not so much as the word that this is the end.
    struct Stuck;

    impl AsyncRead for Stuck {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for Stuck {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Pending
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_not_even_the_end_is_left() {
        part(&mut Stuck, After::Request).await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_the_rest_of_a_request_is_heard_to_its_end_and_who_sends_nothing_is_not_waited_for() {
        let (mut near, mut far) = duplex(4096);
        let sending = async {
            for _ in 0..20 {
                far.write_all(&vec![0; 100_000]).await.unwrap();
                sleep(CLOSING_TIME / 2).await;
            }
            drop(far);
        };
        tokio::join!(part(&mut near, After::Request), sending);
        let (mut near, _far) = duplex(4096);
        timeout(CLOSING_TIME * 2, part(&mut near, After::Request)).await.unwrap();
    }
}
