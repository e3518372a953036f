//! Who sends more than anybody reads costs nobody else a message, and each datagram is either kept or counted.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use hobnob::event::{ChatEvent, Event, MessageId};
use hobnob::net::Port;
use hobnob::net::chat::{self, ChatCommand, Noise, Sockets};
use hobnob::wire::peer::Peer as Whom;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

use crate::support::peer::{PATIENCE, Peer};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A worker that folds, and what became of all that was sent to it.
struct Chat {
    runtime: Runtime,
    commands: Sender<ChatCommand>,
    events: Receiver<Event>,
    address: SocketAddr,
    kept: u64,
    folded: u64,
    blocked: u64,
    overflowed: u64,
}

impl Chat {
    fn new() -> Self {
        Self::over(Self::sockets())
    }

    fn sockets() -> Sockets {
        chat::bind(&[HERE], Port::Required(0)).unwrap()
    }

    fn over(sockets: Sockets) -> Self {
        let runtime = Runtime::new().unwrap();
        let address = sockets.addresses()[0];
        let (commands, told) = channel(4);
        let (heard, events) = channel(1024);
        runtime.spawn(chat::run(sockets, told, heard, Noise::Folded));
        Self { runtime, commands, events, address, kept: 0, folded: 0, blocked: 0, overflowed: 0 }
    }

    /// The text that arrived, where it was a text.
    fn next(&mut self) -> Option<String> {
        let event = self.runtime.block_on(async { timeout(PATIENCE, self.events.recv()).await });
        let Event::Chat(event) = event.expect("no event came").expect("the worker ended") else { panic!() };
        match event {
            ChatEvent::Received(datagram) => {
                self.kept += 1;
                return Some(datagram.text.to_string());
            }
            ChatEvent::Folded(_, datagrams) => self.folded += datagrams,
            ChatEvent::Blocked(_, datagrams) => self.blocked += datagrams,
            ChatEvent::Overflowed(datagrams) => self.overflowed += datagrams,
            ChatEvent::Sent(_) => {}
            other => panic!("{other:?}"),
        }
        None
    }

    fn wait_for(&mut self, text: &str) {
        while self.next().is_none_or(|other| other != text) {}
    }

    fn accounted_for(&self) -> u64 {
        self.kept + self.folded + self.blocked + self.overflowed
    }

    fn account_for(&mut self, sent: u64) {
        while self.accounted_for() < sent {
            self.next();
        }
        assert_eq!(self.accounted_for(), sent);
    }

    fn command(&self, command: ChatCommand) {
        self.commands.blocking_send(command).unwrap();
    }
}

#[test]
fn in_a_flood_nobody_else_loses_a_message_and_each_datagram_is_counted() {
    let (mut chat, noisy, honest) = (Chat::new(), Peer::new(), Peer::new());
    for round in 0..500 {
        for _ in 0..200 {
            noisy.send(b"noise", chat.address);
        }
        let text = format!("message {round}");
        honest.send(text.as_bytes(), chat.address);
        // The next part of the flood comes when this is read: the smallest of buffers holds one.
        chat.wait_for(&text);
    }
    chat.account_for(100_500);
    assert_eq!((chat.overflowed, chat.blocked), (0, 0));
    assert!(chat.kept < 10_000, "{} were kept", chat.kept);
}

#[test]
fn a_long_text_line_by_line_is_not_folded() {
    let (mut chat, peer) = (Chat::new(), Peer::new());
    for line in 0..1_000 {
        peer.send(format!("line {line}").as_bytes(), chat.address);
        if line % 100 == 99 {
            chat.wait_for(&format!("line {line}"));
        }
    }
    assert_eq!((chat.kept, chat.accounted_for()), (1_000, 1_000));
}

#[test]
#[cfg(target_os = "linux")]
fn what_the_system_has_no_room_for_is_counted_though_nothing_comes_after_it() {
    let (sockets, noisy) = (Chat::sockets(), Peer::new());
    // More than a buffer holds, before anybody reads it.
    for _ in 0..20_000 {
        noisy.send(&[b'x'; 1000], sockets.addresses()[0]);
    }
    let mut chat = Chat::over(sockets);
    chat.account_for(20_000);
    assert!(chat.overflowed > 0);
}

#[test]
fn strangers_all_together_are_no_more_than_one_can_read_and_acquaintances_are_always_heard() {
    let (mut chat, friend) = (Chat::new(), Peer::new());
    chat.command(ChatCommand::Send {
        id: MessageId(1),
        to: Whom::Address(friend.address()),
        text: "hello".to_owned(),
    });
    assert_eq!(friend.receive_text(), "hello");
    let crowd: Vec<_> = (0..100).map(|_| Peer::new()).collect();
    for round in 0..100 {
        for stranger in &crowd {
            stranger.send(b"noise", chat.address);
        }
        let text = format!("message {round}");
        friend.send(text.as_bytes(), chat.address);
        chat.wait_for(&text);
    }
    chat.account_for(10_100);
    assert_eq!((chat.folded, chat.blocked), (0, 0), "none of them is noisy");
    assert!(chat.overflowed > 0);
}

#[test]
fn what_a_blocked_address_sends_is_counted_and_nothing_of_it_kept_until_it_is_blocked_no_more() {
    let (mut chat, blocked, other) = (Chat::new(), Peer::new(), Peer::new());
    chat.command(ChatCommand::Block(vec![blocked.address()]));
    // The worker obeys in order: what it sends comes after.
    let obeyed = |chat: &Chat| {
        chat.command(ChatCommand::Send {
            id: MessageId(1),
            to: Whom::Address(other.address()),
            text: "obeyed".to_owned(),
        });
        assert_eq!(other.receive_text(), "obeyed");
    };
    obeyed(&chat);
    for _ in 0..100 {
        blocked.send(b"let me in", chat.address);
    }
    other.send(b"me", chat.address);
    chat.wait_for("me");
    chat.account_for(101);
    assert_eq!((chat.kept, chat.blocked), (1, 100));
    chat.command(ChatCommand::Block(vec![other.address()]));
    obeyed(&chat);
    blocked.send(b"sorry", chat.address);
    chat.wait_for("sorry");
}

/// Prints how it goes where it goes on for long: `cargo test --release --test it flood -- --ignored --nocapture`.
#[test]
#[ignore = "takes a minute; .ci/long runs it"]
#[expect(clippy::disallowed_methods, reason = "what is measured here is time")]
fn a_minute_of_flood_in_numbers() {
    const PER_MILLISECOND: u32 = 50;
    const FOR: Duration = Duration::from_mins(1);
    let mut chat = Chat::new();
    let to = chat.address;
    let begin = Instant::now();
    let flood = thread::spawn(move || {
        let socket = UdpSocket::bind((HERE, 0)).unwrap();
        let mut sent: u64 = 0;
        let mut due = begin;
        while begin.elapsed() < FOR {
            for _ in 0..PER_MILLISECOND {
                socket.send_to(b"noise, noise, noise, noise, noise", to).unwrap();
                sent += 1;
            }
            due += Duration::from_millis(1);
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        sent
    });
    let honest = thread::spawn(move || {
        let socket = UdpSocket::bind((HERE, 0)).unwrap();
        let mut sent: u64 = 0;
        while begin.elapsed() < FOR {
            socket.send_to(format!("at {}", begin.elapsed().as_micros()).as_bytes(), to).unwrap();
            sent += 1;
            thread::sleep(Duration::from_millis(100));
        }
        sent
    });
    let (mut delays, mut memory, mut events) = (Vec::new(), Vec::new(), 0);
    let mut listen = |chat: &mut Chat| {
        events += 1;
        let text = chat.next();
        if let Some(sent_at) = text.and_then(|text| text.strip_prefix("at ")?.parse().ok()) {
            delays.push(begin.elapsed().saturating_sub(Duration::from_micros(sent_at)));
            if delays.len() % 50 == 0 {
                memory.push(resident());
            }
        }
    };
    while begin.elapsed() < FOR {
        listen(&mut chat);
    }
    let (noise, messages) = (flood.join().unwrap(), honest.join().unwrap());
    while chat.accounted_for() < noise + messages {
        listen(&mut chat);
    }
    delays.sort_unstable();
    let at = |part: usize| delays[(delays.len() * part / 100).min(delays.len() - 1)];
    println!("sent {noise} noise + {messages} messages; {events} events");
    println!("kept {}, folded {}, overflowed {}", chat.kept, chat.folded, chat.overflowed);
    println!("messages heard {}; delay p50 {:?}, p99 {:?}, most {:?}", delays.len(), at(50), at(99), at(100));
    println!("resident memory in kB, each 5 s: {memory:?}");
    assert_eq!((delays.len() as u64, chat.accounted_for()), (messages, noise + messages));
}

fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
