//! The chat's worker on real sockets, with a stand-in for the course's program on the other end.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use hobnob::event::{ChatEvent, Datagram, Event, Fault, MessageId};
use hobnob::net::chat::{self, BindError, ChatCommand, Noise, Sockets};
use hobnob::net::{Port, resolve};
use hobnob::wire::peer::Peer as WirePeer;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{sleep, timeout};

use crate::support::peer::{Nobody, PATIENCE, Peer};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const HERE_V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// A worker, and both ends of its channels.
struct Chat {
    runtime: Runtime,
    commands: Sender<ChatCommand>,
    events: Receiver<Event>,
    addresses: Vec<SocketAddr>,
}

impl Chat {
    fn new() -> Self {
        Self::on(&[HERE])
    }

    fn on(addresses: &[IpAddr]) -> Self {
        Self::over(chat::bind(addresses, Port::Required(0)).unwrap())
    }

    fn over(sockets: Sockets) -> Self {
        let runtime = Runtime::new().unwrap();
        let addresses = sockets.addresses().to_vec();
        let (commands, told) = channel(4);
        let (heard, events) = channel(4);
        runtime.spawn(chat::run(sockets, told, heard, Noise::Kept));
        Self { runtime, commands, events, addresses }
    }

    fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    fn send(&self, id: u64, to: SocketAddr, text: &str) {
        let command =
            ChatCommand::Send { id: MessageId(id), to: WirePeer::Address(to), text: text.to_owned() };
        self.commands.blocking_send(command).unwrap();
    }

    fn next(&mut self) -> ChatEvent {
        let event = self.runtime.block_on(async { timeout(PATIENCE, self.events.recv()).await });
        match event.expect("no event came").expect("the worker ended") {
            Event::Chat(event) => event,
            other => panic!("{other:?}"),
        }
    }

    fn received(&mut self) -> Datagram {
        match self.next() {
            ChatEvent::Received(datagram) => datagram,
            other => panic!("{other:?}"),
        }
    }

    fn sent(&mut self, id: u64) {
        let event = self.next();
        assert!(matches!(event, ChatEvent::Sent(MessageId(sent)) if sent == id), "{event:?}");
    }

    fn refused(&mut self, id: u64) {
        let event = self.next();
        assert!(matches!(event, ChatEvent::Refused(MessageId(refused)) if refused == id), "{event:?}");
    }

    fn failed(&mut self, id: u64) -> Fault {
        match self.next() {
            ChatEvent::Failed(MessageId(failed), fault) if failed == id => fault,
            other => panic!("{other:?}"),
        }
    }
}

/// Some machines have no IPv6, not even for themselves.
fn without_ipv6() -> bool {
    let missing = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err();
    if missing {
        println!("not tried: this machine has no IPv6");
    }
    missing
}

#[test]
fn texts_go_both_ways() {
    let (mut chat, peer) = (Chat::new(), Peer::new());
    for (id, text) in (0..).zip(["hello", "你好，文件在服务器上", "👨‍👩‍👧‍👦 é", "two\nlines"])
    {
        chat.send(id, peer.address(), text);
        chat.sent(id);
        assert_eq!(peer.receive(), (text.as_bytes().to_vec(), chat.address()));

        peer.send(text.as_bytes(), chat.address());
        let datagram = chat.received();
        assert_eq!((&*datagram.text, datagram.from), (text, peer.address()));
    }
}

#[test]
fn a_long_text_arrives_in_several_datagrams_that_a_course_program_can_read() {
    let (mut chat, peer) = (Chat::new(), Peer::new());
    let text = "很长的消息".repeat(200);
    assert_eq!(text.len(), 3000);
    chat.send(1, peer.address(), &text);
    chat.sent(1);
    let parts: Vec<_> = (0..3).map(|_| peer.receive_text()).collect();
    assert_eq!(parts.concat(), text);
    assert!(peer.heard_nothing());
}

#[test]
fn messages_arrive_in_the_order_in_which_they_were_written() {
    let (mut chat, peer) = (Chat::new(), Peer::new());
    // More datagrams than the worker sends at one turn, and then another message. The peer's buffer holds them all.
    let text = (0..70).map(|number| format!("{number:1024}")).collect::<Vec<_>>().concat();
    chat.send(1, peer.address(), &text);
    chat.send(2, peer.address(), "the end");
    let parts: Vec<_> = (0..70).map(|_| peer.receive_text()).collect();
    assert_eq!(parts.concat(), text);
    assert_eq!(peer.receive_text(), "the end");
    chat.sent(1);
    chat.sent(2);
}

#[test]
fn an_empty_text_is_an_empty_datagram_in_both_directions() {
    let (mut chat, peer) = (Chat::new(), Peer::new());
    chat.send(1, peer.address(), "");
    chat.sent(1);
    assert_eq!(peer.receive_text(), "");
    peer.send(b"", chat.address());
    let datagram = chat.received();
    assert_eq!((&*datagram.text, datagram.raw.0.len()), ("", 0));
}

#[test]
fn a_datagram_of_the_largest_size_arrives_whole() {
    let (mut chat, peer) = (Chat::new(), Peer::new());
    let bytes = vec![b'x'; 65_507];
    peer.send(&bytes, chat.address());
    assert_eq!(chat.received().raw.0, bytes);
}

#[test]
fn any_bytes_are_taken_and_none_can_hurt_a_terminal() {
    let (mut chat, peer) = (Chat::new(), Peer::new());
    for (bytes, shown) in [
        (&b"\xff"[..], "\\xff"),
        (b"a\0b", "a␀b"),
        (b"\x1b[2J\x1b]52;c;aGk=\x07", "␛[2J␛]52;c;aGk=␇"),
        (b"a\rb\x08", "a␍b␈"),
    ] {
        peer.send(bytes, chat.address());
        let datagram = chat.received();
        assert_eq!(&*datagram.text, shown);
        assert_eq!(datagram.raw.0, bytes);
    }
}

#[test]
fn nothing_is_ever_answered() {
    let (mut chat, peer) = (Chat::new(), Peer::new());
    for bytes in [&b"hello"[..], b"", b"\xff"] {
        peer.send(bytes, chat.address());
        chat.received();
    }
    // What comes next is what we send, and nothing before it.
    chat.send(1, peer.address(), "mine");
    chat.sent(1);
    assert_eq!(peer.receive_text(), "mine");
    assert!(peer.heard_nothing());
}

#[test]
fn a_slow_reader_of_events_loses_nothing_and_can_still_send() {
    let (mut chat, peer) = (Chat::new(), Peer::new());
    for number in 0..100 {
        peer.send(format!("{number}").as_bytes(), chat.address());
    }
    chat.send(1, peer.address(), "mine");
    let mut numbers = 0;
    for _ in 0..=100 {
        match chat.next() {
            ChatEvent::Received(datagram) => {
                assert_eq!(&*datagram.text, numbers.to_string());
                numbers += 1;
            }
            event => assert!(matches!(event, ChatEvent::Sent(MessageId(1))), "{event:?}"),
        }
    }
    assert_eq!(numbers, 100);
    assert_eq!(peer.receive_text(), "mine");
}

#[test]
#[cfg(target_os = "linux")]
fn a_refused_message_is_known_to_be_refused_after_it_was_sent() {
    let (mut chat, peer, nobody) = (Chat::new(), Peer::new(), Nobody::new());
    chat.send(1, nobody.address(), "anyone?");
    chat.sent(1);
    chat.refused(1);
    // Of many datagrams, each of which is refused, the message is refused once, and not before the last is out.
    chat.send(2, nobody.address(), &"x".repeat(70 * 1024));
    chat.sent(2);
    chat.refused(2);
    peer.send(b"me", chat.address());
    assert_eq!(&*chat.received().text, "me");
}

#[test]
#[cfg(target_os = "linux")]
fn a_peer_that_refuses_disturbs_no_other() {
    let (mut chat, peer, nobody) = (Chat::new(), Peer::new(), Nobody::new());
    let (mut sent, mut refused) = (Vec::new(), Vec::new());
    for round in 0..100 {
        chat.send(2 * round, nobody.address(), "the same text");
        chat.send(2 * round + 1, peer.address(), "the same text");
        while sent.last() != Some(&(2 * round + 1)) {
            match chat.next() {
                ChatEvent::Sent(id) => sent.push(id.0),
                ChatEvent::Refused(id) => refused.push(id.0),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(peer.receive_text(), "the same text");
    }
    while refused.len() < 100 {
        match chat.next() {
            ChatEvent::Refused(id) => refused.push(id.0),
            other => panic!("{other:?}"),
        }
    }
    refused.sort_unstable();
    assert_eq!(sent, (0..200).collect::<Vec<_>>());
    assert_eq!(refused, (0..100).map(|round| 2 * round).collect::<Vec<_>>());
}

/// With its clock paused, a runtime lets an hour pass as soon as none of its tasks has anything to do.
#[test]
#[cfg(target_os = "linux")]
fn after_a_refusal_the_worker_waits_without_doing_anything() {
    let nobody = Nobody::new();
    let to = nobody.address();
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let sockets = chat::bind(&[HERE], Port::Required(0)).unwrap();
        let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (commands, told) = channel(4);
            let (heard, mut events) = channel(4);
            tokio::spawn(chat::run(sockets, told, heard, Noise::Kept));
            let send = ChatCommand::Send { id: MessageId(1), to: WirePeer::Address(to), text: String::new() };
            commands.send(send).await.unwrap();
            assert!(matches!(events.recv().await, Some(Event::Chat(ChatEvent::Sent(_)))));
            assert!(matches!(events.recv().await, Some(Event::Chat(ChatEvent::Refused(_)))));
            sleep(Duration::from_hours(1)).await;
        });
        ended.send(()).unwrap();
    });
    end.recv_timeout(PATIENCE).expect("the worker is never idle");
}

#[test]
fn a_peer_of_a_family_that_we_do_not_listen_on_is_unreachable() {
    let mut chat = Chat::new();
    chat.send(1, (HERE_V6, 9).into(), "anyone?");
    assert_eq!(chat.failed(1), Fault::Unreachable);
}

#[test]
fn an_address_that_nothing_can_be_sent_to_fails_its_message_only() {
    let (mut chat, peer) = (Chat::new(), Peer::new());
    chat.send(1, (HERE, 0).into(), "nowhere");
    assert!(matches!(chat.failed(1), Fault::Network(_)));
    chat.send(2, peer.address(), "there");
    chat.sent(2);
    assert_eq!(peer.receive_text(), "there");
}

#[test]
fn both_families_share_one_port_and_answer_from_their_own() {
    if without_ipv6() {
        return;
    }
    let mut chat = Chat::on(&[HERE, HERE_V6]);
    let [v4, v6] = chat.addresses[..] else { panic!("{:?}", chat.addresses) };
    assert_eq!(v4.port(), v6.port());
    for (id, own, address) in [(1, v4, "127.0.0.1:0"), (2, v6, "[::1]:0")] {
        let peer = Peer::on(address);
        chat.send(id, peer.address(), "to you");
        chat.sent(id);
        assert_eq!(peer.receive(), (b"to you".to_vec(), own));
        peer.send(b"to me", own);
        assert_eq!(chat.received().from, peer.address());
    }
    // An IPv4 address in the clothes of IPv6 is an IPv4 address.
    let peer = Peer::new();
    let SocketAddr::V4(plain) = peer.address() else { panic!() };
    chat.send(3, (plain.ip().to_ipv6_mapped(), plain.port()).into(), "to you");
    chat.sent(3);
    assert_eq!(peer.receive().1, v4);
}

#[test]
#[cfg(target_os = "linux")]
fn a_refusal_over_ipv6_is_known_too() {
    if without_ipv6() {
        return;
    }
    let (mut chat, nobody) = (Chat::on(&[HERE_V6]), Nobody::on("[::1]:0", "[::1]:1"));
    chat.send(1, nobody.address(), "anyone?");
    chat.sent(1);
    chat.refused(1);
}

#[test]
fn all_of_both_families_is_what_this_machine_has_of_them() {
    let wildcards = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
    let mut chat = Chat::on(&wildcards);
    let peer = Peer::new();
    peer.send(b"to me", (HERE, chat.address().port()).into());
    assert_eq!(chat.received().from, peer.address(), "an IPv4 peer has an IPv4 address");
}

#[test]
fn a_port_that_was_asked_for_and_is_taken_is_an_error() {
    let other = Peer::new();
    let port = other.address().port();
    let error = chat::bind(&[HERE], Port::Required(port)).unwrap_err();
    assert!(matches!(error, BindError::Taken(taken) if taken == port), "{error:?}");
    let ours = chat::bind(&[HERE], Port::Required(0)).unwrap();
    let error = chat::bind(&[HERE], Port::Required(ours.port())).unwrap_err();
    assert!(matches!(error, BindError::Taken(_)), "two of us share no port: {error:?}");
}

#[test]
fn a_default_port_that_is_taken_is_replaced_in_both_families() {
    let free = chat::bind(&[HERE], Port::Required(0)).unwrap().port();
    assert_ne!(free, 0);
    let other = Peer::new();
    let taken = other.address().port();
    let sockets = chat::bind(&[HERE], Port::Preferred(taken)).unwrap();
    assert_ne!(sockets.port(), taken);
    if without_ipv6() {
        return;
    }
    let other = Peer::on("[::1]:0");
    let taken = other.address().port();
    let sockets = chat::bind(&[HERE, HERE_V6], Port::Preferred(taken)).unwrap();
    assert_eq!(sockets.addresses().len(), 2);
    assert!(sockets.addresses().iter().all(|address| address.port() == sockets.port()));
    assert_ne!(sockets.port(), taken);
}

#[test]
fn an_address_of_another_machine_cannot_be_listened_on() {
    // 192.0.2.0/24 is nobody's (RFC 5737).
    let elsewhere = IpAddr::from([192, 0, 2, 1]);
    let error = chat::bind(&[HERE, elsewhere], Port::Preferred(7890)).unwrap_err();
    assert!(matches!(error, BindError::Failed(address, _) if address.ip() == elsewhere), "{error:?}");
}

#[test]
fn the_worker_ends_when_nobody_commands_it_any_more() {
    let Chat { runtime, commands, mut events, .. } = Chat::new();
    drop(commands);
    let end = runtime.block_on(async { timeout(PATIENCE, events.recv()).await.unwrap() });
    assert!(end.is_none(), "{end:?}");
}

#[test]
fn a_name_leads_to_addresses_and_a_wrong_one_to_none() {
    let runtime = Runtime::new().unwrap();
    let ask = |text: &str| {
        let endpoint = text.parse().unwrap();
        runtime.block_on(resolve::resolve(&endpoint, Duration::from_secs(20)))
    };
    let found = ask("localhost:9").unwrap();
    assert_eq!(found[0], SocketAddr::new(HERE, 9));
    assert_eq!(ask("[::1%7]:9").unwrap()[0].to_string(), "[::1%7]:9");
    assert!(ask("[::1%no-such-zone]:9").is_err());
}
