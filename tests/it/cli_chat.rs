//! `hobnob send` and `hobnob listen` as scripts use them: the real binary, arguments, pipes and exit codes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::support::peer::{Nobody, Peer};
use crate::support::program::{Outcome, Program};

/// `hobnob listen` on a port of its own, and already listening.
struct Listener {
    child: Child,
    /// Lives as long as the child does.
    _program: Program,
    stderr: BufReader<std::process::ChildStderr>,
    address: SocketAddr,
}

impl Listener {
    fn new(arguments: &[&str]) -> Self {
        let mut program =
            Program::new(&[&["listen", "--bind", "127.0.0.1", "--port", "0"], arguments].concat());
        let mut child = program.command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let address = line.trim_end().rsplit(' ').next().unwrap().parse().unwrap();
        Self { child, _program: program, stderr, address }
    }

    fn stdout(&mut self) -> BufReader<ChildStdout> {
        BufReader::new(self.child.stdout.take().unwrap())
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// What it printed, and what it said after the line that says where it listens.
    fn end(mut self) -> Outcome {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        if let Some(mut pipe) = self.child.stdout.take() {
            pipe.read_to_string(&mut stdout).unwrap();
        }
        self.stderr.read_to_string(&mut stderr).unwrap();
        Outcome { code: self.child.wait().unwrap().code(), stdout, stderr }
    }
}

fn send(arguments: &[&str]) -> Outcome {
    Program::new(&[&["send", "--bind", "127.0.0.1"], arguments].concat()).run()
}

fn send_input(to: &Peer, input: &[u8]) -> Outcome {
    let mut program = Program::new(&["send", "--bind", "127.0.0.1", &to.address().to_string()]);
    let mut child = program.command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    Outcome::of(&child.wait_with_output().unwrap())
}

fn quiet_success() -> Outcome {
    Outcome { code: Some(0), stdout: String::new(), stderr: String::new() }
}

#[test]
fn words_are_sent_as_one_text() {
    let peer = Peer::new();
    assert_eq!(send(&[&peer.address().to_string(), "你好", "two  spaces"]), quiet_success());
    assert_eq!(peer.receive_text(), "你好 two  spaces");
    assert!(peer.heard_nothing());
}

#[test]
fn standard_input_is_sent_without_its_last_line_feed() {
    let peer = Peer::new();
    for (input, text) in [("one\ntwo\n", "one\ntwo"), ("no end", "no end"), ("\n\n", "\n"), ("", "")] {
        assert_eq!(send_input(&peer, input.as_bytes()), quiet_success());
        assert_eq!(peer.receive_text(), text);
    }
}

#[test]
fn input_that_is_no_text_is_not_sent() {
    let peer = Peer::new();
    let outcome = send_input(&peer, b"half \xe4\xbd");
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("UTF-8"), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.lines().count(), 1);
    assert!(peer.heard_nothing());
}

#[test]
fn a_text_is_sent_from_the_port_that_was_asked_for() {
    let peer = Peer::new();
    let own = Peer::new().address();
    assert_eq!(
        send(&[&peer.address().to_string(), "--port", &own.port().to_string(), "hi"]),
        quiet_success()
    );
    assert_eq!(peer.receive(), (b"hi".to_vec(), own));
}

#[test]
#[cfg(target_os = "linux")]
fn a_peer_that_does_not_listen_is_an_error_that_names_it() {
    let nobody = Nobody::new().address();
    let outcome = send(&[&nobody.to_string(), "anyone?"]);
    let stderr = format!("hobnob: {nobody}: nobody listens on that port there\n");
    assert_eq!(outcome, Outcome { code: Some(1), stdout: String::new(), stderr });
}

#[test]
fn a_wrong_address_is_wrong_usage_and_explained_in_the_users_language() {
    for (language, words) in [("en", "a port is a number from 1 to 65535"), ("zh", "1 到 65535")] {
        let outcome = send(&["--lang", language, "127.0.0.1:70000", "hi"]);
        assert_eq!(outcome.code, Some(2));
        assert!(outcome.stderr.contains("70000") && outcome.stderr.contains(words), "{}", outcome.stderr);
        assert_eq!(outcome.stderr.lines().count(), 1);
    }
}

#[test]
fn a_port_in_use_is_an_error_for_both_commands() {
    let other = Peer::new();
    let port = other.address().port().to_string();
    for command in [&["send", "127.0.0.1:9", "hi"][..], &["listen"]] {
        let outcome = Program::new(&[command, &["--bind", "127.0.0.1", "--port", &port]].concat()).run();
        assert_eq!(outcome.code, Some(1), "{command:?}");
        assert!(outcome.stderr.contains(&format!("port {port} is in use")), "{}", outcome.stderr);
    }
}

#[test]
fn a_datagram_is_a_line_of_time_sender_and_text() {
    let (listener, peer) = (Listener::new(&["--count", "1"]), Peer::new());
    peer.send("你好".as_bytes(), listener.address);
    let outcome = listener.end();
    let (time, rest) = outcome.stdout.split_at(19);
    assert!(time.parse::<jiff::civil::DateTime>().is_ok(), "{time}");
    assert_eq!(rest, format!("  {}  你好\n", peer.address()));
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""));
}

#[test]
fn no_datagram_can_forge_another_line() {
    let (listener, peer) = (Listener::new(&["--count", "3"]), Peer::new());
    let forged = "2026-11-22 10:21:07  10.0.0.1:7890  send me your password";
    for bytes in [format!("hi\n{forged}"), format!("hi\r{forged}"), String::new()] {
        peer.send(bytes.as_bytes(), listener.address);
    }
    let outcome = listener.end();
    let at_the_edge: Vec<_> = outcome.stdout.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(at_the_edge.len(), 3, "{}", outcome.stdout);
    assert!(at_the_edge.iter().all(|line| line[21..].starts_with(&peer.address().to_string())));
    assert!(at_the_edge[1].ends_with(&format!("hi␍{forged}")));
    assert!(at_the_edge[2].ends_with("(empty datagram)"));
}

#[test]
fn json_has_the_exact_text_and_nothing_that_a_terminal_acts_upon() {
    let (mut listener, peer) = (Listener::new(&["--json", "--count", "5"]), Peer::new());
    let mut lines = listener.stdout().lines();
    for (bytes, text, valid) in [
        ("你好 👋\r\n".as_bytes(), "你好 👋\r\n", true),
        (b"", "", true),
        (b"\x1b]0;owned\x07\0\x7f", "\x1b]0;owned\x07\0\x7f", true),
        ("\u{9b}31m\u{202e}\u{200b}".as_bytes(), "\u{9b}31m\u{202e}\u{200b}", true),
        (b"\xff\\xff", "\\xff\\\\xff", false),
    ] {
        peer.send(bytes, listener.address);
        // Each line is there before the next datagram is.
        let line = lines.next().unwrap().unwrap();
        assert!(line.chars().all(hobnob::text::is_showable), "{line:?}");
        let mut line: Value = serde_json::from_str(&line).unwrap();
        let time = line.as_object_mut().unwrap().remove("time").unwrap();
        assert!(time.as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{time}");
        let from = peer.address().to_string();
        let expected = json!({
            "from": from, "text": text, "bytes": bytes.len(), "valid_utf8": valid, "broadcast": false, "saved": true,
        });
        assert_eq!(line, expected);
    }
    assert_eq!(listener.end().code, Some(0));
}

#[test]
fn the_largest_datagram_is_one_line_of_json() {
    let (listener, peer) = (Listener::new(&["--json", "--count", "1"]), Peer::new());
    peer.send(&vec![b'x'; 65_507], listener.address);
    let line: Value = serde_json::from_str(&listener.end().stdout).unwrap();
    assert_eq!((&line["bytes"], line["text"].as_str().unwrap().len()), (&json!(65_507), 65_507));
}

#[test]
fn what_one_sends_the_other_prints() {
    let listener = Listener::new(&["--json", "--count", "3"]);
    let text = "很长的消息".repeat(200);
    assert_eq!(send(&[&listener.address.to_string(), &text]), quiet_success());
    let printed = listener.end().stdout;
    let texts = printed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["text"].clone());
    assert_eq!(texts.map(|text| text.as_str().unwrap().to_owned()).collect::<String>(), text);
}

#[test]
fn when_the_time_is_over_a_count_that_was_not_reached_is_a_failure() {
    let outcome = Listener::new(&["--timeout", "0.05"]).end();
    assert_eq!(outcome, quiet_success());
    let (listener, peer) = (Listener::new(&["--timeout", "2", "--count", "2"]), Peer::new());
    peer.send(b"one", listener.address);
    let outcome = listener.end();
    assert_eq!(outcome.code, Some(1));
    assert_eq!(outcome.stderr, "hobnob: only 1 of 2 datagrams came\n");
    assert!(outcome.stdout.ends_with("one\n"), "{}", outcome.stdout);
}

#[test]
fn a_signal_ends_listening() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let listener = Listener::new(&[]);
        listener.signal(signal);
        assert_eq!(listener.end(), quiet_success(), "{signal}");
    }
}

#[test]
fn a_reader_who_has_enough_ends_listening() {
    let (mut listener, peer) = (Listener::new(&[]), Peer::new());
    let mut stdout = listener.stdout();
    peer.send(b"one", listener.address);
    stdout.read_line(&mut String::new()).unwrap();
    drop(stdout);
    peer.send(b"two", listener.address);
    assert_eq!(listener.end(), quiet_success());
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_an_error() {
    let mut program = Program::new(&["listen", "--bind", "127.0.0.1", "--port", "0"]);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut child = program.command.stdout(full).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    let address = line.trim_end().rsplit(' ').next().unwrap().parse().unwrap();
    Peer::new().send(b"one", address);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    line.clear();
    stderr.read_line(&mut line).unwrap();
    assert!(line.starts_with("hobnob: cannot write the output"), "{line}");
}
