//! The chat's worker: the one owner of the UDP sockets (RFC 768).
//!
//! Texts go out as datagrams in the order of their commands, datagrams come in as events, and what the network says
//! about a datagram that did not arrive becomes the fate of the message it was part of, never of another. The
//! worker sends nothing that it was not told to send, and answers nothing.
//!
//! Sockets are edge-triggered and everything is bounded: so many datagrams in and so many out at a turn, one message
//! under way. The worker never waits for who takes its events: it keeps some for them. When those are too many, nothing
//! is read, and the system keeps what arrives; what it has no room for is counted, as is all that we do not keep.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::select_all;
use tokio::net::UdpSocket;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, sleep, sleep_until};

use super::{canonical, interfaces};
use crate::event::{ChatEvent, Event, Fault, MessageId};
use crate::wire::peer::Peer;

#[cfg(target_os = "linux")]
mod arrivals;
#[cfg(not(target_os = "linux"))]
#[path = "chat/plain_arrivals.rs"]
mod arrivals;
mod bind;
mod budget;
#[cfg(target_os = "linux")]
mod errors;
#[cfg(not(target_os = "linux"))]
#[path = "chat/no_errors.rs"]
mod errors;
mod inbox;
mod outgoing;
mod sent;
mod socket;
mod tallies;

pub use bind::{BindError, Sockets, bind};
use inbox::Inbox;
use outgoing::{Outgoing, Way};
use sent::Sent;
use socket::Socket;
use tallies::Loss;

/// The most that a UDP datagram can carry at all: IPv6 allows 65,527 bytes.
const LARGEST: usize = 65_536;
/// Datagrams, or errors, at one turn.
const BATCH: usize = 32;
/// Events that we keep for who is slow to take them, where noise is folded. All that can come at once from strangers
/// fits in here.
const NEWS: usize = 8_192;
/// How long a message that is not yet out waits for its next turn. After a whole batch, this lets a receiver with a
/// small buffer keep up. When the system's buffer is full, it is the only way to wait: once a socket has had an error,
/// tokio takes it for closed for writing, and would call it writable all the time.
const PAUSE: Duration = Duration::from_millis(2);

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
        /// To whom. A text for everyone goes to each network that this machine is on when it is told to, and is sent
        /// where one of them took it.
        to: Peer,
        /// What. No text is one empty datagram.
        text: String,
    },
    /// From now on throw away what comes from these addresses, and from these only, and say how much it was.
    Block(Vec<SocketAddr>),
}

/// What becomes of an address that sends more than anybody reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noise {
    /// Each datagram is an event. While nobody takes them, none is read.
    Kept,
    /// What goes beyond a generous budget is counted, not kept.
    Folded,
}

/// A datagram that was read.
#[derive(Debug)]
struct Arrival<'buffer> {
    from: SocketAddr,
    bytes: &'buffer [u8],
    /// It came to a broadcast address.
    broadcast: bool,
    /// It came to a broadcast address, and from this machine.
    own: bool,
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
pub async fn run(sockets: Sockets, mut commands: Receiver<ChatCommand>, events: Sender<Event>, noise: Noise) {
    let mut worker = Worker {
        inbox: Inbox::new(sockets.port(), noise),
        sockets: Vec::new(),
        troubled: false,
        patience: match noise {
            Noise::Kept => 1,
            Noise::Folded => NEWS,
        },
        news: VecDeque::new(),
        buffer: vec![0; BATCH * LARGEST].into(),
        outgoing: None,
        sent: Sent::default(),
    };
    let sockets: io::Result<Vec<_>> = sockets.sockets.into_iter().map(UdpSocket::from_std).collect();
    let ended = match sockets {
        Ok(sockets) => {
            worker.sockets = sockets.into_iter().map(Socket::new).collect();
            worker.work(&mut commands, &events).await
        }
        Err(error) => Ended::Down(Fault::from_network(&error)),
    };
    // Where nobody listens there is nobody to tell.
    let _ = match ended {
        Ended::Dismissed => worker.tell_the_rest(&events).await,
        Ended::Down(fault) => worker.mourn(&fault, &mut commands, &events).await,
    };
}

struct Worker {
    sockets: Vec<Socket>,
    /// The last turn read nothing but errors.
    troubled: bool,
    inbox: Inbox,
    /// What is still to be said, oldest first.
    news: VecDeque<ChatEvent>,
    /// So much of that, and nothing is done before some of it is said.
    patience: usize,
    buffer: Box<[u8]>,
    /// The message whose datagrams are being sent.
    outgoing: Option<Outgoing>,
    sent: Sent,
}

impl Worker {
    async fn work(&mut self, commands: &mut Receiver<ChatCommand>, events: &Sender<Event>) -> Ended {
        loop {
            if let Err(ended) = self.pass_on(events) {
                return ended;
            }
            let ready = self.news.len() < self.patience;
            let tally = self.inbox.tallies.due().filter(|_| ready);
            tokio::select! {
                permit = events.reserve(), if !self.news.is_empty() => match permit {
                    Ok(permit) => {
                        if let Some(event) = self.news.pop_front() {
                            permit.send(Event::Chat(event));
                        }
                    }
                    Err(_) => return Ended::Dismissed,
                },
                command = commands.recv(), if self.outgoing.is_none() => match command {
                    Some(command) => self.obey(command),
                    None => return Ended::Dismissed,
                },
                () = sleep_until(tally.unwrap_or_else(clock)), if tally.is_some() => {
                    self.news.extend(self.inbox.tallies.next(clock()));
                }
                () = sleep(PAUSE), if ready && (self.outgoing.is_some() || self.troubled) => {}
                // A socket that returns errors without end is ready without end.
                () = any_ready(&self.sockets), if ready && !self.troubled => {}
            }
            // Looking at sockets alone would never let other tasks have this thread.
            consume_budget().await;
            if ready && let Err(ended) = self.turn() {
                return ended;
            }
        }
    }

    /// Gives as many events away as are taken at once.
    fn pass_on(&mut self, events: &Sender<Event>) -> Result<(), Ended> {
        while !self.news.is_empty() {
            match events.try_reserve() {
                Ok(permit) => {
                    if let Some(event) = self.news.pop_front() {
                        permit.send(Event::Chat(event));
                    }
                }
                Err(TrySendError::Full(())) => break,
                Err(TrySendError::Closed(())) => return Err(Ended::Dismissed),
            }
        }
        Ok(())
    }

    fn obey(&mut self, command: ChatCommand) {
        match command {
            ChatCommand::Send { id, to, text } => {
                let ways = self.ways(to);
                if ways.is_empty() {
                    self.news.push_back(ChatEvent::Failed(id, Fault::NoNetwork));
                } else {
                    self.outgoing = Some(Outgoing::new(id, ways, &text));
                }
            }
            ChatCommand::Block(addresses) => self.inbox.block(addresses),
        }
    }

    /// How a text reaches a peer: by one way, but to everyone.
    fn ways(&mut self, to: Peer) -> Vec<Way> {
        match to {
            Peer::Address(address) => {
                let address = canonical(address);
                self.inbox.acquaint(address);
                vec![Way::To(address)]
            }
            Peer::Broadcast(port) => {
                let networks = interfaces::networks().into_iter();
                networks
                    .map(|network| Way::Everyone(network, port))
                    .filter(|way| self.is_open(*way))
                    .collect()
            }
        }
    }

    fn is_open(&self, way: Way) -> bool {
        self.sockets.iter().any(|socket| socket.reaches(way))
    }

    /// A bounded amount of everything that there is to do, so that nothing waits for the end of something else.
    fn turn(&mut self) -> Result<(), Ended> {
        self.send();
        self.troubled = false;
        for index in 0..self.sockets.len() {
            self.receive(index)?;
            self.sockets[index].read_reports(&mut self.sent);
        }
        self.note_verdicts();
        Ok(())
    }

    /// Says all that is still to be said.
    async fn tell_the_rest(&mut self, events: &Sender<Event>) -> Result<(), Ended> {
        let tallies = &mut self.inbox.tallies;
        self.news.extend(std::iter::from_fn(|| tallies.next(clock())));
        while let Some(event) = self.news.pop_front() {
            events.send(Event::Chat(event)).await.map_err(|_| Ended::Dismissed)?;
        }
        Ok(())
    }

    /// Says what became of everything, now and later, when there is no socket. Who commands us must not find us gone.
    async fn mourn(
        &mut self,
        fault: &Fault,
        commands: &mut Receiver<ChatCommand>,
        events: &Sender<Event>,
    ) -> Result<(), Ended> {
        self.sockets.clear();
        self.note_verdicts();
        self.tell_the_rest(events).await?;
        self.news.push_back(ChatEvent::Down(fault.clone()));
        let unsent = self.outgoing.take();
        self.news.extend(unsent.map(|outgoing| ChatEvent::Failed(outgoing.id, fault.clone())));
        self.tell_the_rest(events).await?;
        while let Some(command) = commands.recv().await {
            if let ChatCommand::Send { id, .. } = command {
                self.news.push_back(ChatEvent::Failed(id, fault.clone()));
                self.tell_the_rest(events).await?;
            }
        }
        Ok(())
    }

    /// Sends some more of the message that is under way.
    fn send(&mut self) {
        let Some(mut outgoing) = self.outgoing.take() else { return };
        for _ in 0..BATCH {
            let Some((way, part)) = outgoing.next() else {
                self.news.push_back(ChatEvent::Sent(outgoing.id));
                return;
            };
            match (self.hand_over(way, &part), way) {
                (Ok(()), Way::To(to)) => self.sent.remember(outgoing.id, to, part),
                // No network answers such a datagram (RFC 1122, section 3.2.2).
                (Ok(()), Way::Everyone(..)) => {}
                (Err(error), _) if error.kind() == io::ErrorKind::WouldBlock => {
                    outgoing.put_back(way, part);
                    break;
                }
                (Err(error), _) => {
                    if !outgoing.give_up(way) {
                        self.sent.forget(outgoing.id);
                        let fault = Fault::from_network(&error);
                        self.news.push_back(ChatEvent::Failed(outgoing.id, fault));
                        return;
                    }
                }
            }
        }
        self.outgoing = Some(outgoing);
    }

    /// Through the first socket that can reach who it is for: one that is bound to a loopback address reaches nobody else.
    fn hand_over(&mut self, way: Way, part: &[u8]) -> io::Result<()> {
        let mut outcome = Err(io::ErrorKind::NetworkUnreachable.into());
        for socket in self.sockets.iter().filter(|socket| socket.reaches(way)) {
            outcome = socket.send(way, part, &mut self.sent);
            if outcome.as_ref().err().is_none_or(|error| error.kind() == io::ErrorKind::WouldBlock) {
                break;
            }
        }
        outcome
    }

    fn receive(&mut self, index: usize) -> Result<(), Ended> {
        let Self { sockets, inbox, news, buffer, sent, .. } = self;
        let (socket, now) = (&mut sockets[index], clock());
        let read = socket.read(buffer, sent, |arrival| {
            news.extend(inbox.take(now, &arrival).map(ChatEvent::Received));
        });
        self.troubled |= !read.map_err(Ended::Down)?;
        // The system drops only what comes while something waits to be read, so we come by here after each drop.
        inbox.tallies.add(now, Loss::Overflowed, socket.newly_dropped());
        Ok(())
    }

    /// What the network said of messages that are out is news.
    fn note_verdicts(&mut self) {
        let under_way = self.outgoing.as_ref().map(|outgoing| outgoing.id);
        let verdicts = self.sent.verdicts(under_way).into_iter();
        self.news.extend(verdicts.map(|(id, fault)| {
            let refused = fault == Fault::Refused;
            if refused { ChatEvent::Refused(id) } else { ChatEvent::Failed(id, fault) }
        }));
    }
}

async fn any_ready(sockets: &[Socket]) {
    select_all(sockets.iter().map(|socket| Box::pin(socket.ready()))).await;
}

#[expect(clippy::disallowed_methods, reason = "how much somebody sends at a time is known here only")]
fn clock() -> Instant {
    Instant::now()
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
        ChatCommand::Send { id: MessageId(id), to: Peer::Address(to), text }
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
        tokio::spawn(run(beside(reading), told, heard, Noise::Kept));
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
                tokio::spawn(run(beside(strange), told, heard, Noise::Folded));
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
}
