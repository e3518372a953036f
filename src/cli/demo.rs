//! `hobnob demo`: the full-screen program with two peers and a file server to try it on, all within one process and on
//! loopback. Nothing of it is left when it ends.

use std::fs::{self, File};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use jiff::tz::TimeZone;
use tempfile::TempDir;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use unicode_segmentation::UnicodeSegmentation;

use super::screen::{self, Opening};
use super::{Context, Ending, Socket};
use crate::locale::DemoWords;
use crate::net::Port;
use crate::serve::{Access, Limits, Options, Server};
use crate::text::clean_line;
use crate::wire::address::Endpoint;
use crate::wire::chat::{DATAGRAM_LIMIT, split};
use crate::wire::source::Source;

/// Long enough for the gauge to be seen.
const LARGE_FILE: u64 = 256 << 20;
/// How often a TCP port is looked for whose number is free for UDP too.
const TRIES: usize = 32;

/// Opens the full-screen program on a demonstration.
pub(super) fn run(context: &Context, socket: &Socket) -> Result<(), Ending> {
    screen::needs_terminal(context)?;
    // Removed when it goes out of scope, after the program has ended in whatever way.
    let place = TempDir::with_prefix("hobnob-demo-")?;
    let ended = super::block_on(show(context, socket, &place));
    place.close()?;
    ended
}

async fn show(context: &Context, socket: &Socket, place: &TempDir) -> Result<(), Ending> {
    let words = &context.words.demo;
    let shared = place.path().join("shared");
    make_files(&shared, words)?;
    let downloads = place.path().join("downloads");
    let address = socket.bind.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let sockets = screen::bind(context, &[address], Port::Required(socket.port.unwrap_or(0)))?;
    let us = SocketAddr::new(address, sockets.port());

    let (server, echo) = server_and_peer(&shared).await?;
    let reverse = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let files_at =
        server.addresses().first().copied().ok_or(io::Error::from(io::ErrorKind::AddrNotAvailable))?;
    // What was served is to be seen on the screen anyway: nobody reads a log.
    let (log, _) = mpsc::channel(1);
    let serving = tokio::spawn(server.run(log, std::future::pending()));

    let server_opened = Some(Source::top(Endpoint::from(files_at)));
    let mut opening = Opening { server: server_opened, ..Opening::default() };
    let mut peers = Vec::new();
    for (peer, name, greeting, answer) in [
        (echo, &words.echo, &words.echo_greeting, Answer::Same),
        (reverse, &words.reverse, &words.reverse_greeting, Answer::Reversed),
    ] {
        opening.peers.push((peer.local_addr()?, clean_line(name.as_bytes())));
        peer.connect(us).await?;
        peer.send(greeting.as_bytes()).await?;
        peers.push(tokio::spawn(answer_all(peer, answer)));
    }
    let data_dir = place.path().join("data");
    let store = (screen::open_store(context, &data_dir)?, &*data_dir);
    let ended = Box::pin(screen::open(context, sockets, opening, store, downloads)).await;
    serving.abort();
    for peer in peers {
        peer.abort();
    }
    ended
}

/// A server on a port whose number is free for UDP too, and a peer that has it: as with any hobnob, the files are where
/// the peer is.
async fn server_and_peer(shared: &Path) -> Result<(Server, UdpSocket), Ending> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..TRIES {
        let options = Options {
            root: shared.to_path_buf(),
            bind: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            port: 0,
            zone: TimeZone::system(),
            limits: Limits::default(),
            access: Access::default(),
            identity: None,
        };
        let server = Server::bind(options).map_err(|error| Ending::Failed(error.to_string()))?;
        let port = server.addresses().first().map_or(0, SocketAddr::port);
        match UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(peer) => return Ok((server, peer)),
            Err(error) => last = error,
        }
    }
    Err(last.into())
}

/// What a peer of the demonstration answers.
#[derive(Debug, Clone, Copy)]
enum Answer {
    Same,
    Reversed,
}

/// Answers whatever comes, which can only come from us: the socket is connected.
async fn answer_all(peer: UdpSocket, answer: Answer) {
    let mut buffer = vec![0; DATAGRAM_LIMIT];
    loop {
        // An error is that we do not listen yet, or no more.
        let Ok(length) = peer.recv(&mut buffer).await else { continue };
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let text = match answer {
            Answer::Same => text,
            Answer::Reversed => text.graphemes(true).rev().collect(),
        };
        for part in split(&text) {
            let _ = peer.send(part.as_bytes()).await;
        }
    }
}

/// A few things to look at and to download.
fn make_files(shared: &Path, words: &DemoWords) -> io::Result<()> {
    let folder = shared.join(&words.folder);
    fs::create_dir_all(&folder)?;
    fs::write(shared.join(&words.readme), &words.readme_text)?;
    fs::write(shared.join("你好.txt"), "你好，世界！\nHello, world!\n")?;
    fs::write(folder.join("1024.bin"), [0x68; 1024])?;
    for number in 1..=3 {
        let text = format!("{number}\n").repeat(number * 100_000);
        fs::write(folder.join(format!("lecture-0{number}.txt")), text)?;
    }
    // Takes no room on disk: it is one hole.
    File::create(shared.join("256-MiB.bin"))?.set_len(LARGE_FILE)
}
