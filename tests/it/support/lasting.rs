//! A stand-in for an HTTP server whose connections last: what it does to each question follows from its script.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use hobnob::wire::source::Source;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::server::{reset, send};

/// A question as it came.
pub(crate) struct Heard {
    /// Which connection it came on, counted from 1.
    pub(crate) connection: usize,
    /// Which question this is on that connection, counted from 1.
    pub(crate) nth: usize,
    /// The head, up to its empty line.
    pub(crate) head: String,
}

impl Heard {
    /// The path that is asked for.
    pub(crate) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    /// The value of a field, by its name in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// What the server does then.
pub(crate) enum Act {
    /// Answers, and waits for the next question.
    Keep(String),
    /// Answers, and closes.
    Close(String),
    /// Answers, and breaks the connection off.
    Reset(String),
}

/// A server that runs until the test ends.
pub(crate) struct Lasting {
    pub(crate) address: SocketAddr,
    heard: Receiver<(usize, String)>,
    ended: UnboundedReceiver<usize>,
}

impl Lasting {
    /// Serves as many connections at once as there are.
    pub(crate) fn new(script: impl FnMut(&Heard) -> Act + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (told, heard) = channel();
        let (ends, ended) = unbounded_channel();
        let script = Arc::new(Mutex::new(script));
        thread::spawn(move || {
            for (stream, connection) in listener.incoming().zip(1..) {
                let (script, told, ends) = (Arc::clone(&script), told.clone(), ends.clone());
                thread::spawn(move || {
                    serve(stream.unwrap(), connection, &script, &told);
                    let _ = ends.send(connection);
                });
            }
        });
        Self { address, heard, ended }
    }

    /// The questions so far, each with its connection: `1 GET /a`.
    pub(crate) fn heard(&self) -> Vec<String> {
        let line = |head: &str| head.split(" HTTP/1.1").next().unwrap().to_owned();
        self.heard.try_iter().map(|(connection, head)| format!("{connection} {}", line(&head))).collect()
    }

    /// The heads so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heard.try_iter().map(|(_, head)| head).collect()
    }

    /// Waits until a connection has ended, and says which.
    pub(crate) async fn ended(&mut self) -> usize {
        self.ended.recv().await.unwrap()
    }

    /// A source as a user types it.
    pub(crate) fn source(&self, scheme: &str, path: &str) -> Source {
        Source::parse(&format!("{scheme}{}{path}", self.address)).unwrap()
    }
}

fn serve(
    stream: TcpStream,
    connection: usize,
    script: &Mutex<impl FnMut(&Heard) -> Act>,
    told: &Sender<(usize, String)>,
) {
    let mut from = BufReader::new(stream.try_clone().unwrap());
    let mut to = stream;
    for nth in 1.. {
        let Some(head) = read_head(&mut from) else { return };
        let _ = told.send((connection, head.clone()));
        let act = (script.lock().unwrap())(&Heard { connection, nth, head });
        match act {
            Act::Keep(answer) if to.write_all(answer.as_bytes()).is_ok() => {}
            Act::Keep(_) => return,
            Act::Close(answer) => return send(to, answer.as_bytes()),
            Act::Reset(answer) => return reset(to, answer.as_bytes()),
        }
    }
}

/// None where there is no other.
fn read_head(from: &mut impl BufRead) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let before = head.len();
        // A line that is no text is no line of ours.
        from.by_ref().take(1 << 20).read_line(&mut head).ok().filter(|_| head.len() > before)?;
    }
    Some(head)
}
