//! A terminal that takes nothing: whatever else the program does goes on.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Instant;

use hobnob::store::{History, Wanted};
use nix::sys::signal::Signal;
use tempfile::tempdir;

use super::hangup::{hobnob, hold};
use crate::support::bare::Bare;
use crate::support::peer::{PATIENCE, Peer};

const CTRL_S: &str = "\x13";
const REPLACE: &str = "\x01\x0b";

/// The chat's address, as the header shows it.
fn address(screen: &str) -> SocketAddr {
    let (_, rest) = screen.split_once("127.0.0.1:").unwrap();
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    ([127, 0, 0, 1], digits.parse().unwrap()).into()
}

fn stored(home: &Path) -> usize {
    let history = History::open(home).unwrap().unwrap();
    history.rows(Wanted { peer: None, text: None, since: None, limit: 10_000 }).unwrap().len()
}

fn wait_until_stored(home: &Path, messages: usize) {
    let deadline = clock() + PATIENCE;
    while stored(home) < messages {
        assert!(clock() < deadline, "only {} of {messages} are stored", stored(home));
        thread::yield_now();
    }
}

/// Sends so many messages, some at a time, and waits until each is stored.
fn send(peer: &Peer, to: SocketAddr, home: &Path, messages: usize) {
    let before = stored(home);
    for nth in 1..=messages {
        peer.send(format!("message {nth} {}", "x".repeat(nth % 70)).as_bytes(), to);
        if nth % 50 == 0 {
            wait_until_stored(home, before + nth);
        }
    }
}

#[test]
fn what_comes_is_stored_and_a_signal_is_heard_while_the_terminal_takes_nothing() {
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130), (Signal::SIGHUP, 129)] {
        let (home, peer) = (tempdir().unwrap(), Peer::new());
        let mut terminal = Bare::start(&hobnob(home.path(), &["--port", "0"]));
        let to = address(&terminal.read_until("Message"));
        // Nobody reads from here on.
        send(&peer, to, home.path(), 2_000);
        let asked = clock();
        terminal.signal(signal);
        assert_eq!(terminal.end(), Some(code));
        assert!(asked.elapsed() < PATIENCE / 4, "{signal} was obeyed after {:?}", asked.elapsed());
        assert_eq!(stored(home.path()), 2_000);
    }
}

/// Waits until the program has taken all that has come from its socket.
fn wait_until_taken(at: SocketAddr) {
    let (deadline, port) = (clock() + PATIENCE, format!(":{:04X}", at.port()));
    let waits = || {
        let sockets = fs::read_to_string("/proc/net/udp").unwrap();
        let mut fields = sockets.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let found = fields.find(|fields| fields[1].ends_with(&port)).unwrap();
        !found[4].ends_with(":00000000")
    };
    while waits() {
        assert!(clock() < deadline, "the socket is not read");
        thread::yield_now();
    }
}

#[test]
fn what_had_come_is_stored_when_a_terminal_that_takes_nothing_hangs_up() {
    let (home, peer) = (tempdir().unwrap(), Peer::new());
    let mut terminal = Bare::start(&hobnob(home.path(), &["--port", "0"]));
    let to = address(&terminal.read_until("Message"));
    send(&peer, to, home.path(), 1_500);
    let held = hold(home.path());
    for _ in 0..200 {
        peer.send(b"at the last moment", to);
    }
    wait_until_taken(to);
    assert_eq!(terminal.hang_up(), Some(129));
    held.join().unwrap();
    assert_eq!(stored(home.path()), 1_700);
}

#[test]
fn a_folder_is_shared_and_keys_are_heard_while_the_terminal_takes_nothing() {
    let (home, peer) = (tempdir().unwrap(), Peer::new());
    fs::create_dir(home.path().join("slides")).unwrap();
    fs::write(home.path().join("slides/a.txt"), "what it says").unwrap();
    let mut terminal = Bare::start(&hobnob(home.path(), &["--port", "0"]));
    let to = address(&terminal.read_until("Message"));
    terminal.type_in(CTRL_S);
    terminal.read_until("Share a folder");
    terminal.type_in(REPLACE);
    terminal.type_in("~/slides\r");
    let shown = terminal.read_until("http://127.0.0.1:");
    let (_, shared) = shown.split_once("http://").unwrap();
    let shared: SocketAddr = shared.split_once('/').unwrap().0.parse().unwrap();
    terminal.type_in("\x1b");
    terminal.read_until("Message");
    send(&peer, to, home.path(), 1_000);
    let mut client = TcpStream::connect(shared).unwrap();
    client.write_all(b"a.txt").unwrap();
    let mut taken = String::new();
    client.read_to_string(&mut taken).unwrap();
    assert_eq!(taken, "what it says");
    // What is typed at a terminal that shows nothing does what it always does.
    terminal.type_in("\x11");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn a_terminal_that_is_read_again_shows_what_is_so_by_then() {
    let (home, peer) = (tempdir().unwrap(), Peer::new());
    let mut terminal = Bare::start(&hobnob(home.path(), &["--port", "0"]));
    let to = address(&terminal.read_until("Message"));
    send(&peer, to, home.path(), 1_000);
    peer.send("这是最后一条".as_bytes(), to);
    let shown = terminal.read_until("这是最后一条");
    assert!(shown.contains("message 1000 "), "{shown}");
    assert!(terminal.is_running());
}

#[expect(clippy::disallowed_methods, reason = "a deadline for what never comes")]
fn clock() -> Instant {
    Instant::now()
}
