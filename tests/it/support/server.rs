//! Stand-ins for file servers: each does to every connection what its script says, one connection after the other.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use hobnob::net::Timeouts;
use hobnob::net::http::Client;
use hobnob::wire::source::Source;
use socket2::{Domain, SockRef, Socket, Type};

/// Long enough for a machine under load to do what the test waits for.
pub(crate) const PATIENT: Timeouts = {
    let long = Duration::from_mins(1);
    Timeouts { resolve: long, connect: long, answer: long, body: long, outage: Duration::ZERO }
};

/// One that is as patient, and has no connection yet.
pub(crate) fn client() -> Client {
    Client::new(PATIENT)
}

/// A server that runs until the test ends.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Receiver<Vec<u8>>,
}

impl Server {
    /// Reads of each connection what is there at first, at most 1,024 bytes, as a course server does; then `script`
    /// has it. Only when the script is done is the next connection served.
    pub(crate) fn new(mut script: impl FnMut(&[u8], TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (heard, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = vec![0; 1024];
                let length = stream.read(&mut request).unwrap_or(0);
                request.truncate(length);
                let _ = heard.send(request.clone());
                script(&request, stream);
            }
        });
        Self { address, requests }
    }

    /// Sends these bytes to everybody, and closes.
    pub(crate) fn sending(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::new(move |_, stream| send(stream, &bytes))
    }

    /// The course's: sends the file of that name, or nothing.
    pub(crate) fn course(files: &'static [(&'static [u8], &'static [u8])]) -> Self {
        Self::new(move |request, stream| {
            let found = files.iter().find(|(name, _)| *name == request);
            send(stream, found.map_or(b"", |(_, bytes)| bytes));
        })
    }

    /// An HTTP server whose answer, from the status line on, follows from the request line. It closes then, without
    /// saying so.
    pub(crate) fn http(mut answer: impl FnMut(&str) -> String + Send + 'static) -> Self {
        Self::new(move |request, stream| {
            let line = request.split(|byte| *byte == b'\r').next().unwrap();
            send(stream, answer(str::from_utf8(line).unwrap()).as_bytes());
        })
    }

    /// What was sent to it so far, each connection's beginning.
    pub(crate) fn requests(&self) -> Vec<Vec<u8>> {
        self.requests.try_iter().collect()
    }

    /// Waits until somebody has connected and spoken.
    pub(crate) fn wait(&self) {
        self.requests.recv().unwrap();
    }

    /// A source as a user types it: `scheme` is `http://`, `plain://`, or nothing.
    pub(crate) fn source(&self, scheme: &str, path: &str) -> Source {
        Source::parse(&format!("{scheme}{}{path}", self.address)).unwrap()
    }
}

/// What a question says in this field.
pub(crate) fn field(request: &[u8], name: &str) -> Option<String> {
    let request = String::from_utf8(request.to_vec()).unwrap();
    let line = request
        .lines()
        .find(|line| line.split_once(':').is_some_and(|(there, _)| there.eq_ignore_ascii_case(name)))?;
    Some(line.split_once(':').unwrap().1.trim().to_owned())
}

/// Sends all, closes this half, and waits for the other side to close its own, so that nothing is lost in a reset.
pub(crate) fn send(mut stream: TcpStream, bytes: &[u8]) {
    // The other side may have hung up: it has its reasons.
    if stream.write_all(bytes).is_ok() && stream.shutdown(Shutdown::Write).is_ok() {
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

/// Sends, and then breaks the connection off with a reset (RFC 9293, section 3.5.2).
pub(crate) fn reset(mut stream: TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).unwrap();
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
}

/// Sends spaces until the other side has had enough.
pub(crate) fn send_on(mut stream: TcpStream) {
    let spaces = vec![b' '; 65_536];
    while stream.write_all(&spaces).is_ok() {}
}

/// Holds the connection without a word until the other side closes it.
pub(crate) fn hold(mut stream: TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}

/// An HTTP answer with a body of announced length.
pub(crate) fn ok(kind: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// An address where nobody listens, and nobody else will as long as the socket is held.
pub(crate) fn nobody() -> (SocketAddr, Socket) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    (socket.local_addr().unwrap().as_socket().unwrap(), socket)
}
