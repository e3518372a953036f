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
/// How often a message is handed over again that met an error: each may be of another peer's.
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

/// Why the worker is done.
enum Ended {
    /// Nobody listens to it any more, or nobody commands it.
    Dismissed,
    /// It has no socket.
    Down(Fault),
}

/// Sends and receives until `commands` is closed. Where the sockets fail before that, says so, and of each message that
/// is not out, and of each that is still to come, that it failed. Must run within a tokio runtime.
pub async fn run(sockets: Sockets, mut commands: Receiver<ChatCommand>, events: Sender<Event>) {
    let mut worker = Worker {
        sockets: Vec::new(),
        troubled: false,
        events,
        buffer: vec![0; BUFFER].into(),
        outgoing: None,
        sent: Sent::default(),
    };
    let sockets: io::Result<Vec<_>> = sockets.sockets.into_iter().map(UdpSocket::from_std).collect();
    let ended = match sockets {
        Ok(sockets) => {
            worker.sockets = sockets;
            worker.work(&mut commands).await
        }
        Err(error) => Ended::Down(Fault::from_network(&error)),
    };
    if let Ended::Down(fault) = ended {
        // Where nobody listens there is nobody to tell.
        let _ = worker.mourn(&fault, &mut commands).await;
    }
}

struct Worker {
    sockets: Vec<UdpSocket>,
    /// The last turn read nothing but errors.
    troubled: bool,
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
                    None => return Ended::Dismissed,
                },
                () = sleep(PAUSE), if self.outgoing.is_some() || self.troubled => {}
                // A socket that returns errors without end is ready without end.
                () = any_ready(&self.sockets), if !self.troubled => {}
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
        self.troubled = false;
        for index in 0..self.sockets.len() {
            self.receive(index).await?;
            self.read_reports(index);
        }
        self.tell_verdicts().await
    }

    async fn tell(&self, event: ChatEvent) -> Result<(), Ended> {
        self.events.send(Event::Chat(event)).await.map_err(|_| Ended::Dismissed)
    }

    /// Says what became of everything, now and later, when there is no socket. Who commands us must not find us gone.
    async fn mourn(&mut self, fault: &Fault, commands: &mut Receiver<ChatCommand>) -> Result<(), Ended> {
        self.sockets.clear();
        self.tell_verdicts().await?;
        self.tell(ChatEvent::Down(fault.clone())).await?;
        if let Some(outgoing) = self.outgoing.take() {
            self.tell(ChatEvent::Failed(outgoing.id, fault.clone())).await?;
        }
        while let Some(ChatCommand::Send { id, .. }) = commands.recv().await {
            self.tell(ChatEvent::Failed(id, fault.clone())).await?;
        }
        Ok(())
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
        let mut errors = 0;
        for _ in 0..BATCH {
            let socket = &self.sockets[index];
            match socket.try_recv_from(&mut self.buffer) {
                Ok((length, from)) => {
                    let datagram = datagram(canonical(from), &self.buffer[..length]);
                    self.tell(ChatEvent::Received(datagram)).await?;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if is_of_the_socket(&error) => {
                    return Err(Ended::Down(Fault::from_network(&error)));
                }
                Err(_) => {
                    take_reports(socket, &mut self.sent);
                    errors += 1;
                }
            }
        }
        self.troubled |= errors == BATCH;
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
        if error.kind() == io::ErrorKind::WouldBlock || again.next().is_none() {
            return Err(error);
        }
        // An error that was waiting is returned once instead of sending, and is about an earlier datagram.
        take_reports(socket, sent);
    }
}

/// Whether an error of receiving means that nothing will ever be received. All others pass: most are about some
/// datagram that was sent earlier, as whatever a system makes of an ICMP message, and some say that it is short of memory.
fn is_of_the_socket(error: &io::Error) -> bool {
    // What is not the system's own is the runtime's, which then is at its end.
    error
        .raw_os_error()
        .is_none_or(|code| matches!(Errno::from_raw(code), Errno::EBADF | Errno::EINVAL | Errno::ENOTSOCK))
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
    Datagram { from, at: Timestamp::now(), text: clean_text(bytes), raw, broadcast: false }
}

#[cfg(test)]
mod tests {
    use std::io::pipe;
    use std::net::{Ipv4Addr, UdpSocket};
    use std::os::fd::OwnedFd;
    use std::sync::mpsc::channel as thread_channel;

    use socket2::{Domain, Socket, Type};
    use tokio::runtime::Builder;
    use tokio::sync::mpsc::channel;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn socket() -> UdpSocket {
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
    }

    /// A socket that works, and what the system takes for one until it is read from.
    fn beside(other: impl Into<OwnedFd>) -> Sockets {
        let sockets = vec![socket(), UdpSocket::from(other.into())];
        for socket in &sockets {
            socket.set_nonblocking(true).unwrap();
        }
        Sockets { sockets, addresses: Vec::new() }
    }

    fn send(id: u64, to: SocketAddr, text: String) -> ChatCommand {
        ChatCommand::Send { id: MessageId(id), to, text }
    }

    #[tokio::test]
    async fn when_the_sockets_fail_no_message_is_left_without_an_answer() {
        let peer = socket();
        let to = peer.local_addr().unwrap();
        let (reading, writing) = pipe().unwrap();
        let (commands, told) = channel(4);
        let (heard, mut events) = channel(4);
        // One that takes many turns, and two that wait behind it.
        for (id, text) in [(1, "x".repeat(70 * 1024)), (2, String::new()), (3, String::new())] {
            commands.send(send(id, to, text)).await.unwrap();
        }
        drop(writing);
        tokio::spawn(run(beside(reading), told, heard));
        let Some(Event::Chat(ChatEvent::Down(fault))) = events.recv().await else { panic!("not down") };
        assert!(matches!(fault, Fault::Network(_)), "{fault:?}");
        peer.set_nonblocking(true).unwrap();
        assert!(peer.recv(&mut [0; 2000]).is_ok(), "the first was under way");
        for id in 1..=4 {
            if id == 4 {
                commands.send(send(id, to, String::new())).await.unwrap();
            }
            match events.recv().await {
                Some(Event::Chat(ChatEvent::Failed(MessageId(failed), why))) => {
                    assert_eq!((failed, &why), (id, &fault));
                }
                other => panic!("{other:?}"),
            }
        }
        drop(commands);
        assert!(events.recv().await.is_none());
    }

    /// With its clock paused, a runtime lets a second pass only when none of its tasks has anything to do.
    #[test]
    fn a_socket_that_errs_without_end_is_left_alone_between_the_turns() {
        // Hung up from the beginning, and never connected.
        let strange = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let peer = socket();
        let to = peer.local_addr().unwrap();
        let (ended, end) = thread_channel();
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
            runtime.block_on(async {
                let (commands, told) = channel(4);
                let (heard, mut events) = channel(4);
                tokio::spawn(run(beside(strange), told, heard));
                sleep(Duration::from_secs(1)).await;
                commands.send(send(1, to, "still there".to_owned())).await.unwrap();
                assert!(matches!(events.recv().await, Some(Event::Chat(ChatEvent::Sent(MessageId(1))))));
            });
            ended.send(()).unwrap();
        });
        end.recv_timeout(PATIENCE).expect("the worker is never idle");
        let mut buffer = [0; 20];
        assert_eq!(peer.recv(&mut buffer).map(|length| &buffer[..length]).unwrap(), b"still there");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn only_what_is_wrong_with_the_socket_itself_ends_the_worker() {
        use Errno::{
            EACCES, EBADF, ECONNREFUSED, EHOSTDOWN, EINVAL, ENOBUFS, ENOMEM, ENONET, ENOTSOCK, EOPNOTSUPP,
            EPROTO,
        };
        let ends = |errno: Errno| is_of_the_socket(&io::Error::from(errno));
        for errno in [EACCES, ECONNREFUSED, EHOSTDOWN, ENOBUFS, ENOMEM, ENONET, EOPNOTSUPP, EPROTO] {
            assert!(!ends(errno), "{errno}");
        }
        for errno in [EBADF, EINVAL, ENOTSOCK] {
            assert!(ends(errno), "{errno}");
        }
    }
}
