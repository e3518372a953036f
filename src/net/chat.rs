//! The chat's worker: the one owner of the UDP sockets (RFC 768).
//!
//! Texts go out as datagrams in the order of their commands, datagrams come in as events, and what the network says
//! about a datagram that did not arrive becomes the fate of the message it was part of, never of another. The
//! worker sends nothing that it was not told to send, and answers nothing.
//!
//! Sockets are edge-triggered and everything is bounded: so many datagrams in and so many out at a turn, one message
//! under way. While the program is slow to take events, nothing is read, and the system keeps what arrives.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::select_all;
use jiff::Timestamp;
use nix::errno::Errno;
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::task::coop::consume_budget;
use tokio::time::sleep;

use super::canonical;
use crate::event::{ChatEvent, Datagram, Event, Fault, MessageId};
use crate::text::clean_text;
use crate::wire::Raw;
use crate::wire::chat::split;

mod bind;
#[cfg(target_os = "linux")]
mod errors;
#[cfg(not(target_os = "linux"))]
#[path = "chat/no_errors.rs"]
mod errors;
mod sent;

pub use bind::{BindError, Sockets, bind};
use sent::Sent;

/// The most that a UDP datagram can carry at all: IPv6 allows 65,527 bytes.
const BUFFER: usize = 65_536;
/// Datagrams, or errors, at one turn.
const BATCH: usize = 32;
/// How long a message that is not yet out waits for its next turn. After a whole batch, this lets a receiver with a
/// small buffer keep up. When the system's buffer is full, it is the only way to wait: once a socket has had an error,
/// tokio takes it for closed for writing, and would call it writable all the time.
const PAUSE: Duration = Duration::from_millis(2);
/// How often a call is made again that returned an error of another peer's.
const TRIES: usize = 16;

/// What the worker can be told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatCommand {
    /// Send a text, as several datagrams where it is longer than [`DATAGRAM_TEXT_LIMIT`] bytes. What becomes of it
    /// is said by `Sent` or `Failed`; `Refused` or `Failed` may follow `Sent`.
    ///
    /// [`DATAGRAM_TEXT_LIMIT`]: crate::wire::chat::DATAGRAM_TEXT_LIMIT
    Send {
        /// Comes back with what became of it.
        id: MessageId,
        /// To whom.
        to: SocketAddr,
        /// What. No text is one empty datagram.
        text: String,
    },
}

/// What the network said about a datagram that did not arrive.
#[derive(Debug)]
struct Report {
    /// Where the datagram was to go.
    to: SocketAddr,
    fault: Fault,
    /// The beginning of what the datagram carried.
    quotation: Box<[u8]>,
}

/// The worker is done: nobody listens to it any more, or it has no socket.
struct Ended;

/// Sends and receives until `commands` is closed. Must run within a tokio runtime.
pub async fn run(sockets: Sockets, mut commands: Receiver<ChatCommand>, events: Sender<Event>) {
    let sockets: io::Result<Vec<_>> = sockets.sockets.into_iter().map(UdpSocket::from_std).collect();
    match sockets {
        Ok(sockets) => {
            let buffer = vec![0; BUFFER].into();
            let mut worker = Worker { sockets, events, buffer, outgoing: None, sent: Sent::default() };
            let Ended = worker.work(&mut commands).await;
        }
        Err(error) => {
            // Where nobody listens there is nobody to tell.
            let _ = events.send(Event::Chat(ChatEvent::Down(Fault::from_network(&error)))).await;
        }
    }
}

struct Worker {
    sockets: Vec<UdpSocket>,
    events: Sender<Event>,
    buffer: Box<[u8]>,
    /// The message whose datagrams are being sent.
    outgoing: Option<Outgoing>,
    sent: Sent,
}

struct Outgoing {
    id: MessageId,
    to: SocketAddr,
    parts: VecDeque<Box<[u8]>>,
}

impl Worker {
    async fn work(&mut self, commands: &mut Receiver<ChatCommand>) -> Ended {
        loop {
            tokio::select! {
                command = commands.recv(), if self.outgoing.is_none() => match command {
                    Some(ChatCommand::Send { id, to, text }) => {
                        let parts = split(&text).map(|part| part.as_bytes().into()).collect();
                        self.outgoing = Some(Outgoing { id, to: canonical(to), parts });
                    }
                    None => return Ended,
                },
                () = sleep(PAUSE), if self.outgoing.is_some() => {}
                () = any_ready(&self.sockets) => {}
            }
            // Looking at sockets alone would never let other tasks have this thread.
            consume_budget().await;
            if let Err(ended) = self.turn().await {
                return ended;
            }
        }
    }

    /// A bounded amount of everything that there is to do, so that nothing waits for the end of something else.
    async fn turn(&mut self) -> Result<(), Ended> {
        self.send().await?;
        for index in 0..self.sockets.len() {
            self.receive(index).await?;
            self.read_reports(index);
        }
        self.tell_verdicts().await
    }

    async fn tell(&self, event: ChatEvent) -> Result<(), Ended> {
        self.events.send(Event::Chat(event)).await.map_err(|_| Ended)
    }

    /// Sends some more of the message that is under way.
    async fn send(&mut self) -> Result<(), Ended> {
        let Some(mut outgoing) = self.outgoing.take() else { return Ok(()) };
        for _ in 0..BATCH {
            let Some(part) = outgoing.parts.pop_front() else {
                return self.tell(ChatEvent::Sent(outgoing.id)).await;
            };
            match self.hand_over(outgoing.to, &part) {
                Ok(()) => self.sent.remember(outgoing.id, outgoing.to, part),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    outgoing.parts.push_front(part);
                    break;
                }
                Err(error) => {
                    self.sent.forget(outgoing.id);
                    return self.tell(ChatEvent::Failed(outgoing.id, Fault::from_network(&error))).await;
                }
            }
        }
        self.outgoing = Some(outgoing);
        Ok(())
    }

    /// Through the first socket that can reach `to`: one that is bound to a loopback address reaches nobody else.
    fn hand_over(&mut self, to: SocketAddr, part: &[u8]) -> io::Result<()> {
        let mut outcome = Err(io::ErrorKind::NetworkUnreachable.into());
        for socket in &self.sockets {
            if !socket.local_addr().is_ok_and(|own| own.is_ipv6() == to.is_ipv6()) {
                continue;
            }
            outcome = hand_over_by(socket, &mut self.sent, to, part);
            if outcome.as_ref().err().is_none_or(|error| error.kind() == io::ErrorKind::WouldBlock) {
                break;
            }
        }
        outcome
    }

    async fn receive(&mut self, index: usize) -> Result<(), Ended> {
        for _ in 0..BATCH {
            let socket = &self.sockets[index];
            match socket.try_recv_from(&mut self.buffer) {
                Ok((length, from)) => {
                    let datagram = datagram(canonical(from), &self.buffer[..length]);
                    self.tell(ChatEvent::Received(datagram)).await?;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => {
                    if !is_of_a_peer(socket, &mut self.sent, &error) {
                        self.tell(ChatEvent::Down(Fault::from_network(&error))).await?;
                        return Err(Ended);
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads the reports that the system woke us up for.
    fn read_reports(&mut self, index: usize) {
        let socket = &self.sockets[index];
        // That the queue was read to its end tells tokio to wait for the next error.
        let _ = socket.try_io(Interest::ERROR, || match take_reports(socket, &mut self.sent) {
            BATCH => Ok(()),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        });
    }

    /// Says what the network said of messages that are out.
    async fn tell_verdicts(&mut self) -> Result<(), Ended> {
        let under_way = self.outgoing.as_ref().map(|outgoing| outgoing.id);
        for (id, fault) in self.sent.verdicts(under_way) {
            let refused = fault == Fault::Refused;
            self.tell(if refused { ChatEvent::Refused(id) } else { ChatEvent::Failed(id, fault) }).await?;
        }
        Ok(())
    }
}

fn hand_over_by(socket: &UdpSocket, sent: &mut Sent, to: SocketAddr, part: &[u8]) -> io::Result<()> {
    let to = to.into();
    let mut again = 0..TRIES;
    loop {
        // Not through tokio, which would wait for news of the socket before it tried: see `PAUSE`.
        let Err(error) = SockRef::from(socket).send_to(part, &to) else { return Ok(()) };
        // An error that was waiting is returned instead of sending, and is about an earlier datagram.
        if !is_of_a_peer(socket, sent, &error) || again.next().is_none() {
            return Err(error);
        }
    }
}

/// Whether an error is not about the call that returned it, but about some datagram sent earlier (or about nothing).
/// Such an error is returned once.
fn is_of_a_peer(socket: &UdpSocket, sent: &mut Sent, error: &io::Error) -> bool {
    use Errno::{
        EACCES, ECONNREFUSED, ECONNRESET, EHOSTDOWN, EHOSTUNREACH, EINTR, EMSGSIZE, ENETDOWN, ENETUNREACH,
        ENOPROTOOPT, EOPNOTSUPP, EPROTO,
    };
    // All that a system makes of an ICMP message.
    let passing = [
        EACCES,
        ECONNREFUSED,
        ECONNRESET,
        EHOSTDOWN,
        EHOSTUNREACH,
        EINTR,
        EMSGSIZE,
        ENETDOWN,
        ENETUNREACH,
        ENOPROTOOPT,
        EOPNOTSUPP,
        EPROTO,
    ];
    let reported = take_reports(socket, sent) > 0;
    reported || error.raw_os_error().is_some_and(|code| passing.contains(&Errno::from_raw(code)))
}

/// Reads what the system has queued, in part where it is much, and says how many reports that were.
fn take_reports(socket: &UdpSocket, sent: &mut Sent) -> usize {
    let reports = std::iter::from_fn(|| errors::next(socket).ok());
    reports.take(BATCH).map(|report| report.inspect(|report| sent.settle(report))).count()
}

async fn any_ready(sockets: &[UdpSocket]) {
    // An error here is the end of the runtime, and so of us.
    let _ = select_all(sockets.iter().map(|socket| Box::pin(socket.ready(errors::INTEREST)))).await;
}

#[expect(clippy::disallowed_methods, reason = "the moment of arrival is known here only")]
fn datagram(from: SocketAddr, bytes: &[u8]) -> Datagram {
    let raw = Raw(Bytes::copy_from_slice(bytes));
    Datagram { from, at: Timestamp::now(), text: clean_text(bytes), raw }
}
