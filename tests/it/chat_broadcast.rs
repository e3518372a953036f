//! What is written to everyone, on networks of the tests' own: nothing here ever leaves them.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use hobnob::event::{ChatEvent, Datagram, Event, Fault, MessageId};
use hobnob::net::chat::{self, ChatCommand, Noise};
use hobnob::net::{Port, interfaces};
use hobnob::wire::peer::Peer as Whom;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

use crate::support::namespace::Namespace;
use crate::support::peer::{PATIENCE, Peer};
use crate::support::program::{Outcome, Program};

const PORT: u16 = 7890;

/// A worker on the thread that made it, and so in its namespace.
struct Chat {
    runtime: Runtime,
    commands: Sender<ChatCommand>,
    events: Receiver<Event>,
}

impl Chat {
    fn new() -> Self {
        let everywhere = [Ipv4Addr::UNSPECIFIED.into()];
        let sockets = chat::bind(&everywhere, Port::Required(PORT)).unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (commands, told) = channel(4);
        let (heard, events) = channel(4);
        runtime.spawn(chat::run(sockets, told, heard, Noise::Folded));
        Self { runtime, commands, events }
    }

    fn next(&mut self) -> ChatEvent {
        let event = self.runtime.block_on(async { timeout(PATIENCE, self.events.recv()).await });
        match event.expect("no event came").expect("the worker ended") {
            Event::Chat(event) => event,
            other => panic!("{other:?}"),
        }
    }

    fn tell_everyone(&mut self, id: u64, text: &str) -> ChatEvent {
        let to = Whom::Broadcast(PORT);
        let command = ChatCommand::Send { id: MessageId(id), to, text: text.to_owned() };
        self.commands.blocking_send(command).unwrap();
        self.next()
    }

    fn received(&mut self) -> Datagram {
        match self.next() {
            ChatEvent::Received(datagram) => datagram,
            other => panic!("{other:?}"),
        }
    }
}

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_written_to_everyone_reaches_each_machine_once_and_never_comes_back() {
    let Some([ours, lins, anas]) = Namespace::several() else { return };
    ours.join("192.0.2.1/24", &lins, "192.0.2.2/24");
    ours.join("198.51.100.1/25", &anas, "198.51.100.2/25");
    let [lin, ana] = [&lins, &anas].map(|machine| machine.inside(|| Peer::on("0.0.0.0:7890")));
    ours.inside(|| {
        let mut chat = Chat::new();
        let text = "x".repeat(1025);
        let sent = chat.tell_everyone(1, &text);
        assert!(matches!(sent, ChatEvent::Sent(MessageId(1))), "{sent:?}");
        for (peer, own) in [(&lin, "192.0.2.1:7890"), (&ana, "198.51.100.1:7890")] {
            assert_eq!(peer.receive(), (vec![b'x'; 1024], at(own)));
            assert_eq!(peer.receive(), (vec![b'x'; 1], at(own)));
            assert!(peer.heard_nothing());
        }
        // What the system gave back to us of that was there before.
        lin.send(b"to you", at("192.0.2.1:7890"));
        let datagram = chat.received();
        assert_eq!((&*datagram.text, datagram.broadcast), ("to you", false));
    });
}

#[test]
#[cfg(target_os = "linux")]
fn what_came_to_everyone_is_known_from_what_came_to_us() {
    let Some([ours, lins]) = Namespace::several() else { return };
    ours.join("192.0.2.1/24", &lins, "192.0.2.2/24");
    let lin = lins.inside(|| UdpSocket::bind("192.0.2.2:7890").unwrap());
    lin.set_broadcast(true).unwrap();
    ours.inside(|| {
        let mut chat = Chat::new();
        for (to, broadcast) in
            [("192.0.2.1:7890", false), ("192.0.2.255:7890", true), ("255.255.255.255:7890", true)]
        {
            lin.send_to(to.as_bytes(), to).unwrap();
            let datagram = chat.received();
            assert_eq!((&*datagram.text, datagram.broadcast), (to, broadcast));
            assert_eq!(datagram.from, at("192.0.2.2:7890"), "from the same port as ours, and not ours");
        }
    });
}

#[test]
#[cfg(target_os = "linux")]
fn on_no_network_nobody_can_be_written_to_and_that_is_said() {
    let Some([alone]) = Namespace::several() else { return };
    alone.inside(|| {
        assert_eq!(interfaces::networks(), []);
        let failed = Chat::new().tell_everyone(1, "anyone?");
        assert!(matches!(failed, ChatEvent::Failed(MessageId(1), Fault::NoNetwork)), "{failed:?}");
        let outcome = Program::new(&["send", "everyone", "anyone?"]).run();
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains("everyone:7890: no network to broadcast on"), "{outcome:?}");
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_script_can_write_to_everyone_too() {
    let Some([ours, lins]) = Namespace::several() else { return };
    ours.join("192.0.2.1/24", &lins, "192.0.2.2/24");
    let lin = lins.inside(|| Peer::on("0.0.0.0:7890"));
    let outcome = ours.inside(|| Program::new(&["send", "everyone", "你好"]).run());
    assert_eq!(outcome, Outcome { code: Some(0), stdout: String::new(), stderr: String::new() });
    assert_eq!(lin.receive_text(), "你好");
    assert!(lin.heard_nothing());
}
