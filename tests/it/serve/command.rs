//! `hobnob serve`, as people and scripts start it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::program::{Outcome, Program};

/// A server that has said where it is.
pub(super) struct Serving {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Serving {
    pub(super) fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.strip_prefix("http://").and_then(|url| url.strip_suffix("/\n")).unwrap();
        Self { child, address: address.parse().unwrap() }
    }

    pub(super) fn ask(&self, request: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }

    pub(super) fn stop(self, signal: Signal) -> Outcome {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
        Outcome::of(&self.child.wait_with_output().unwrap())
    }
}

/// `hobnob serve`, about to be started in `folder`.
pub(super) fn serve(folder: &Path, arguments: &[&str]) -> Program {
    let mut program = Program::new(&[&["serve", "--bind", "127.0.0.1"], arguments].concat());
    program.command.current_dir(folder);
    program
}

#[test]
fn it_says_where_it_is_logs_each_request_and_stops_on_either_signal() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "hello").unwrap();
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut program = serve(folder.path(), &["--port", "0"]);
        let server = Serving::start(&mut program.command);
        let url = format!("http://{}/", server.address);
        assert_eq!(server.ask("a.txt"), b"hello");
        assert!(server.ask("GET /a.txt HTTP/1.0\r\n\r\n").ends_with(b"hello"));
        assert_eq!(server.ask("nope\x1b[31m\n"), b"");
        let Outcome { code, stdout, stderr: log } = server.stop(signal);
        assert_eq!((code, &*stdout), (Some(0), ""), "{signal}: only the URL is for scripts");
        let lines: Vec<_> = log.lines().collect();
        assert_eq!(lines.len(), 4, "{log}");
        let path = folder.path().canonicalize().unwrap();
        assert!(lines[0].contains(path.to_str().unwrap()) && lines[0].contains(&url), "{log}");
        assert!(lines[1].contains(" PLAIN a.txt: 5 B, "), "{log}");
        assert!(lines[2].contains(" GET /a.txt: 200, 5 B, "), "{log}");
        assert!(lines[3].contains(" PLAIN nope") && lines[3].contains(": no such file, 0 B, "), "{log}");
        assert!(!log.contains('\x1b'), "{log}");
    }
}

#[test]
fn while_nobody_reads_its_log_it_serves_and_stops_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "hello").unwrap();
    let mut program = serve(folder.path(), &["--port", "0"]);
    let server = Serving::start(&mut program.command);
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // More lines than fit into a pipe (64 KiB) and into the queue before it.
    let request = format!("HEAD /{} HTTP/1.1\r\nHost: t\r\n\r\n", "x".repeat(2000));
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    for _ in 0..400 {
        stream.write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            answers.read_line(&mut line).unwrap();
        }
    }
    assert_eq!(server.ask("a.txt"), b"hello");
    let Serving { mut child, .. } = server;
    let log = child.stderr.take().unwrap();
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop(log);
}

#[test]
fn what_the_log_missed_is_said_in_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "hello").unwrap();
    let mut program = serve(folder.path(), &["--port", "0"]);
    let server = Serving::start(&mut program.command);
    let requests = 400;
    for _ in 0..requests {
        server.ask(&format!("HEAD /{} HTTP/1.0\r\n\r\n", "x".repeat(2000)));
    }
    let log = server.stop(Signal::SIGTERM).stderr;
    let untold = log.lines().filter_map(|line| line.split_once("was not read: ")?.1.parse::<usize>().ok());
    let told = log.lines().filter(|line| line.contains(" HEAD /")).count();
    let untold: usize = untold.sum();
    assert!(untold > 0);
    assert_eq!(told + untold, requests);
}

/// Runs a command that cannot work, and gives the one line it says on stderr.
fn fails(program: Program) -> String {
    let Outcome { code, stdout, stderr } = program.run();
    assert_eq!((code, &*stdout, stderr.lines().count()), (Some(1), "", 1), "{stderr}");
    stderr
}

#[test]
fn a_folder_that_is_not_there_is_an_error_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let said = fails(serve(folder.path(), &["nope", "--port", "0"]));
    assert!(said.contains("nope is not a folder that can be read"), "{said}");
    assert!(!said.contains("os error"), "{said}");
    let said = fails(serve(folder.path(), &["\x1b[2J", "--port", "0"]));
    assert!(said.contains("[2J is not a folder") && !said.contains('\x1b'), "{said}");
}

#[test]
fn a_port_that_is_taken_is_an_error_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    let said = fails(serve(folder.path(), &["--port", &port]));
    assert!(said.contains(&format!("port {port} is in use")), "{said}");
}

#[test]
fn a_server_that_ran_out_of_file_descriptors_serves_again_when_there_are_some() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "hello").unwrap();
    let mut limited = Command::new("sh");
    let script = "ulimit -n 24; exec \"$0\" serve --bind 127.0.0.1 --port 0";
    limited.args(["-c", script, env!("CARGO_BIN_EXE_hobnob")]).current_dir(folder.path());
    limited.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let server = Serving::start(&mut limited);
    let crowd: Vec<_> = (0..40).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    // The last ones wait to be accepted, and there is no descriptor left to open a file with.
    drop(crowd);
    assert_eq!(server.ask("a.txt"), b"hello");
    assert_eq!(server.stop(Signal::SIGTERM).code, Some(0));
}
