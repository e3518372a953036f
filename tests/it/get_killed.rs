//! A download that is killed again and again: under its final name there is nothing, or all of it.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tempfile::{TempDir, tempdir};

/// Larger than what is compared when a download goes on, and than what a socket holds.
const LENGTH: usize = 3 << 20;
/// The same in words of four bytes.
const WORDS: u32 = (3 << 20) / 4;

/// The file: no two parts of it are the same.
fn content() -> Vec<u8> {
    (0..WORDS).flat_map(|word| word.wrapping_mul(0x9e37_79b9).to_be_bytes()).collect()
}

/// A server that sends the file, or the rest of it, up to the byte that it is told; then it says so and waits.
struct Slow {
    address: SocketAddr,
    limits: Sender<usize>,
    reached: Receiver<usize>,
}

impl Slow {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (limits, told) = channel::<usize>();
        let (say, reached) = channel();
        thread::spawn(move || {
            let content = content();
            while let Ok(limit) = told.recv() {
                let (mut stream, _) = listener.accept().unwrap();
                let from = answer(&mut stream, &content);
                let until = limit.max(from);
                let sent = stream.write_all(&content[from..until]);
                let _ = say.send(if sent.is_ok() { from } else { 0 });
                // Until the other side is no more; beside the file there is nothing.
                while head(&mut stream).is_some() {
                    let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
                }
            }
        });
        Self { address, limits, reached }
    }
}

/// The head of a request; none where nothing comes any more.
fn head(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    while !request.ends_with(b"\r\n\r\n") {
        let length = stream.read(&mut piece).ok().filter(|length| *length > 0)?;
        request.extend_from_slice(&piece[..length]);
    }
    Some(String::from_utf8(request).unwrap().to_lowercase())
}

/// Sends the head of the answer. From which byte on the file is to come.
fn answer(stream: &mut TcpStream, content: &[u8]) -> usize {
    let request = head(stream).unwrap();
    let from =
        request.split_once("range: bytes=").and_then(|(_, range)| range.split_once('-')?.0.parse().ok());
    let rest = content.len() - from.unwrap_or(0);
    let status = match from {
        Some(from) => {
            assert!(request.contains("if-range: \"v1\""), "{request}");
            format!("206 Partial Content\r\nContent-Range: bytes {from}-{}/{LENGTH}", LENGTH - 1)
        }
        None => "200 OK".to_owned(),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {rest}\r\nETag: \"v1\"\r\nAccept-Ranges: bytes\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    from.unwrap_or(0)
}

fn get(place: &TempDir, url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hobnob"));
    command.args(["--data-dir"]).arg(place.path().join("data"));
    command.args(["get", url, "--conflict", "skip", "--to", "here"]).current_dir(place.path());
    command
        .env_clear()
        .env("HOME", place.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Kills it so often, each time a little further on. How often something went on that was there, and was whole.
fn kill(times: usize) -> (usize, usize) {
    let server = Slow::start();
    let place = tempdir().unwrap();
    let url = format!("http://{}/file", server.address);
    let file = place.path().join("here/file");
    let content = content();
    let is_whole = |file: &Path| match fs::read(file) {
        Ok(bytes) => {
            assert!(bytes == content, "{} bytes that are not the file", bytes.len());
            true
        }
        Err(_) => false,
    };
    let (mut went_on, mut whole) = (0, 0);
    // Over and over: a part of the way each time, and at last all of it, where it may be whole just so.
    let steps = 8;
    for turn in 0..times {
        server.limits.send(LENGTH * (turn % steps + 1) / steps).unwrap();
        let mut running = get(&place, &url).spawn().unwrap();
        let from = server.reached.recv().unwrap();
        running.kill().unwrap();
        running.wait().unwrap();
        went_on += usize::from(from > 0);
        if is_whole(&file) {
            whole += 1;
            fs::remove_file(&file).unwrap();
        }
    }
    server.limits.send(LENGTH).unwrap();
    let mut last = get(&place, &url);
    let ended = thread::spawn(move || last.status().unwrap().success());
    server.reached.recv().unwrap();
    assert!(ended.join().unwrap() && is_whole(&file), "at last it is here");
    assert_eq!(crate::support::files::names(&place.path().join("here")), ["file"]);
    (went_on, whole)
}

#[test]
fn a_download_that_is_killed_leaves_nothing_or_all_of_it_under_its_name() {
    kill(40);
}

#[test]
#[ignore = "takes its time: .ci/long"]
fn a_download_survives_being_killed_two_hundred_times() {
    let (went_on, whole) = kill(200);
    println!("200 times killed: {went_on} went on, {whole} were whole already");
    assert!(went_on > 0, "none went on");
}
