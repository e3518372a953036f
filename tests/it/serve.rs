//! The file server: on real sockets, with a real folder.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hobnob::serve::{Access, Identity, Limits, Onlooker, Options, Served, Server};
use hobnob::wire::listing::{self, Entry, Form, Reading};
use hobnob::wire::source::Source;
use jiff::tz::TimeZone;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

mod archive;
mod attacks;
mod auth;
mod beneath;
mod browser;
mod clients;
mod command;
mod conditions;
mod crowd;
mod digests;
mod fair;
mod files;
mod folder;
mod hosts;
mod http;
mod life;
mod links;
mod ours;
mod paths;
mod plain;
mod private;
mod ranges;
mod sniff;
mod tls;
mod upload;

/// Long enough never to be reached.
const NEVER: Duration = Duration::from_mins(10);

/// Limits that only those tests meet that shorten them.
const PATIENT: Limits = Limits {
    connections: 1000,
    per_address: 1000,
    head: 256 * 1024,
    silence: NEVER,
    hesitation: Duration::from_millis(20),
    stall: NEVER,
    grace: NEVER,
};

/// A server that runs, and the folder that it serves.
struct Running {
    folder: TempDir,
    address: SocketAddr,
    log: mpsc::Receiver<Served>,
    onlooker: Arc<Onlooker>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<u64>,
}

impl Running {
    fn start(limits: Limits) -> Self {
        Self::sharing(tempfile::tempdir().unwrap(), limits, Access::default(), None)
    }

    /// A server that shares its folder like that.
    fn with(access: Access) -> Self {
        Self::sharing(tempfile::tempdir().unwrap(), PATIENT, access, None)
    }

    fn sharing(folder: TempDir, limits: Limits, access: Access, identity: Option<Identity>) -> Self {
        let mut server = bind(folder.path(), limits, access, identity);
        let (address, onlooker) = (server.addresses()[0], server.onlooker());
        let (log, stop, task) = run(server);
        Self { folder, address, log, onlooker, stop, task }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Makes a file of zeros, too long for all buffers between the server and a client.
    fn write_long(&self, name: &str) -> u64 {
        let length = 64 * 1024 * 1024;
        fs::File::create(self.folder.path().join(name)).unwrap().set_len(length).unwrap();
        length
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// What a plain client gets that reads to the end.
    async fn plain(&self, name: &[u8]) -> Vec<u8> {
        let mut stream = self.connect().await;
        stream.write_all(name).await.unwrap();
        rest(&mut stream).await
    }

    async fn get(&self, path: &str) -> Response {
        self.ask("GET", path, "").await
    }

    /// Sends a request on a connection of its own, and reads the answer.
    async fn ask(&self, method: &str, path: &str, headers: &str) -> Response {
        let mut stream = self.connect().await;
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        Response::read(&rest(&mut stream).await)
    }
}

fn start(
    root: &Path,
    limits: Limits,
) -> (SocketAddr, mpsc::Receiver<Served>, oneshot::Sender<()>, JoinHandle<u64>) {
    let server = bind(root, limits, Access::default(), None);
    let address = server.addresses()[0];
    let (log, stop, task) = run(server);
    (address, log, stop, task)
}

fn bind(root: &Path, limits: Limits, access: Access, identity: Option<Identity>) -> Server {
    let options = Options {
        root: root.to_owned(),
        bind: vec![Ipv4Addr::LOCALHOST.into()],
        port: 0,
        zone: TimeZone::UTC,
        limits,
        access,
        identity,
    };
    Server::bind(options).unwrap()
}

fn run(server: Server) -> (mpsc::Receiver<Served>, oneshot::Sender<()>, JoinHandle<u64>) {
    let (log, told) = mpsc::channel(256);
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(server.run(log, async {
        let _ = stopped.await;
    }));
    (told, stop, task)
}

async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    bytes
}

/// An HTTP response, read from the bytes of a connection that has ended.
#[derive(Debug)]
struct Response {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Response {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
        let mut response = Self { status, head, body: bytes[end..].to_vec() };
        if response.header("transfer-encoding") == Some("chunked") {
            response.body = whole(&response.body).unwrap();
        }
        response
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value))
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The entries of a list in JSON.
    fn entries(&self) -> Vec<Entry> {
        self.entries_as(Form::Json)
    }

    /// What our own reader makes of a list.
    fn entries_as(&self, form: Form) -> Vec<Entry> {
        let page = Source::parse("http://box/").unwrap();
        let mut entries = Vec::new();
        let read = listing::read(&page, listing::Role::of(&page), form, &self.body[..], &mut entries);
        assert!(matches!(read, Ok(Reading::List(_))), "{read:?}");
        entries
    }
}

/// What stands in the chunks of a body (RFC 9112, section 7.1), if all of them are there.
fn whole(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let end = chunks.windows(2).position(|two| two == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&chunks[..end]).ok()?, 16).ok()?;
        content.extend_from_slice(chunks.get(end + 2..end + 2 + length)?);
        chunks = chunks[end + 2 + length..].strip_prefix(b"\r\n")?;
        if length == 0 {
            return Some(content);
        }
    }
}
