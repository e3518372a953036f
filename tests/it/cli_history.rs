//! `hobnob history`, and what `hobnob send` and `hobnob listen` put into it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::tempdir;

use crate::support::files::names;
use crate::support::peer::{Nobody, Peer};
use crate::support::program::Outcome;

/// hobnob with its own files in this folder, about to be started.
fn hobnob(data: &Path, arguments: &[&str]) -> Command {
    with_environment(Command::new(env!("CARGO_BIN_EXE_hobnob")), data, arguments)
}

fn with_environment(mut command: Command, data: &Path, arguments: &[&str]) -> Command {
    command.arg("--data-dir").arg(data).args(arguments);
    command.env_clear().env("HOME", data).env("LANG", "C.UTF-8").env("TZ", "UTC");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(data: &Path, arguments: &[&str]) -> Outcome {
    Outcome::of(&hobnob(data, arguments).output().unwrap())
}

/// The lines of `hobnob history --json`.
fn history(data: &Path, arguments: &[&str]) -> Vec<Value> {
    let outcome = run(data, &[&["history", "--json"], arguments].concat());
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""));
    outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn values<'a>(lines: &'a [Value], key: &str) -> Vec<&'a str> {
    lines.iter().map(|line| line[key].as_str().unwrap()).collect()
}

fn send(data: &Path, to: SocketAddr, text: &str) -> Outcome {
    run(data, &["send", "--bind", "127.0.0.1", &to.to_string(), "--", text])
}

/// `hobnob listen --json`, and already listening.
struct Listener {
    child: Child,
    out: BufReader<ChildStdout>,
    err: BufReader<ChildStderr>,
    address: SocketAddr,
}

impl Listener {
    fn new(data: &Path, arguments: &[&str]) -> Self {
        let listen = ["listen", "--json", "--bind", "127.0.0.1", "--port", "0"];
        Self::of(hobnob(data, &[&listen, arguments].concat()))
    }

    fn of(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        err.read_line(&mut line).unwrap();
        let address =
            line.trim_end().rsplit(' ').next().unwrap().parse().unwrap_or_else(|_| panic!("{line}"));
        Self { out: BufReader::new(child.stdout.take().unwrap()), child, err, address }
    }

    /// The next line; none at the end.
    fn line(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).ok()
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Its exit code, and what else it said.
    fn end(mut self) -> (Option<i32>, Vec<String>) {
        let said = self.err.lines().map(Result::unwrap).collect();
        (self.child.wait().unwrap().code(), said)
    }
}

#[test]
fn what_is_sent_and_received_is_kept_with_what_became_of_it() {
    let place = tempdir().unwrap();
    let (peer, nobody) = (Peer::new(), Nobody::new());
    assert_eq!(send(place.path(), peer.address(), "你好\nthere").code, Some(0));
    assert_eq!(send(place.path(), nobody.address(), "anyone?").code, Some(1));
    let mut listener = Listener::new(place.path(), &["--count", "2"]);
    peer.send(b"half \xe4\xbd", listener.address);
    assert_eq!(listener.line().unwrap()["saved"], true);
    peer.send(b"", listener.address);
    assert_eq!(listener.line().unwrap()["saved"], true);
    assert_eq!(listener.end(), (Some(0), vec![]));

    let lines = history(place.path(), &[]);
    let peers =
        [peer.address(), nobody.address(), peer.address(), peer.address()].map(|peer| peer.to_string());
    assert_eq!(values(&lines, "peer"), peers);
    assert_eq!(values(&lines, "direction"), ["out", "out", "in", "in"]);
    assert_eq!(values(&lines, "text"), ["你好\nthere", "anyone?", "half \\xe4\\xbd", ""]);
    assert_eq!(values(&lines, "state"), ["heard-back", "refused", "received", "received"]);
    assert!(values(&lines, "time").iter().all(|time| time.parse::<jiff::Timestamp>().is_ok()));
    let ids: Vec<i64> = lines.iter().map(|line| line["id"].as_i64().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a < b));
    assert!(lines.iter().all(|line| line.as_object().unwrap().len() == 6));
    assert_eq!(names(place.path()), ["hobnob.db"]);
}

#[test]
fn of_what_is_kept_a_part_can_be_had() {
    let place = tempdir().unwrap();
    let (one, two) = (Peer::new(), Peer::new());
    for (peer, text) in [(&one, "first words"), (&two, "下一个词"), (&one, "last Words")] {
        assert_eq!(send(place.path(), peer.address(), text).code, Some(0));
    }
    let texts = |arguments: &[&str]| {
        let lines = history(place.path(), arguments);
        values(&lines, "text").join("|")
    };
    let address = one.address().to_string();
    assert_eq!(texts(&[&address]), "first words|last Words");
    assert_eq!(texts(&["--search", "words"]), "first words|last Words");
    assert_eq!(texts(&["--search", "个词"]), "下一个词");
    assert_eq!(texts(&[&address, "--search", "词"]), "");
    assert_eq!(texts(&["--search", "..."]), "");
    assert_eq!(texts(&["--limit", "1"]), "last Words");
    assert_eq!(texts(&["--limit", "1", "--search", "first"]), "first words");
    assert_eq!(texts(&["--limit", "0"]), "");
    for (since, all) in
        [("1h", true), ("2000-01-01", true), ("9000-01-01T10:00", false), ("2000-01-01T00:00:00Z", true)]
    {
        for narrower in [&[][..], &["--search", "words"], &[&address]] {
            let found = texts(&[&["--since", since], narrower].concat());
            assert_eq!(found.is_empty(), !all, "{since} {narrower:?}: {found}");
        }
    }
}

#[test]
fn lines_for_people_cannot_be_forged() {
    let place = tempdir().unwrap();
    let peer = Peer::new();
    let mut listener = Listener::new(place.path(), &["--count", "1"]);
    peer.send(b"one\n2026-01-01 00:00:00  127.0.0.1:1  forged\x1b[2J", listener.address);
    listener.line().unwrap();
    listener.end();
    assert_eq!(send(place.path(), peer.address(), "mine").code, Some(0));
    let outcome = run(place.path(), &["history"]);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    let (address, margin) = (peer.address(), " ".repeat(21 + peer.address().to_string().len() + 2));
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(&lines[0][19..], format!("  {address}  one"));
    assert_eq!(lines[1], format!("{margin}2026-01-01 00:00:00  127.0.0.1:1  forged␛[2J"));
    assert_eq!(&lines[2][19..], format!("  → {address}  mine"));
}

#[test]
fn what_cannot_be_read_is_said_in_one_line() {
    let empty = tempdir().unwrap();
    let foreign = tempdir().unwrap();
    fs::write(foreign.path().join("hobnob.db"), "mine").unwrap();
    let kept = tempdir().unwrap();
    assert_eq!(send(kept.path(), Peer::new().address(), "x").code, Some(0));
    for (place, arguments, code, said) in [
        (&empty, &[][..], 1, "nothing is kept in"),
        (&foreign, &[], 1, "hobnob.db"),
        (&kept, &["127.0.0.1:1"], 1, "nothing is kept of 127.0.0.1:1"),
        (&kept, &["no\x1bbody"], 1, "nothing is kept of no␛body"),
        (&kept, &["--since", "soon"], 2, "“soon” is no value for --since"),
    ] {
        let outcome = run(place.path(), &[&["history"], arguments].concat());
        assert_eq!((outcome.code, &*outcome.stdout), (Some(code), ""), "{arguments:?}");
        assert!(outcome.stderr.contains(said) && outcome.stderr.lines().count() == 1, "{}", outcome.stderr);
    }
    assert!(names(empty.path()).is_empty(), "reading makes nothing");
}

#[test]
fn without_a_history_nothing_is_kept_and_nothing_else_changes() {
    let place = tempdir().unwrap();
    let peer = Peer::new();
    let to = peer.address().to_string();
    let outcome = run(place.path(), &["send", "--bind", "127.0.0.1", "--no-history", &to, "x"]);
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""));
    let mut listener = Listener::new(place.path(), &["--count", "1", "--no-history"]);
    peer.send(b"x", listener.address);
    assert_eq!(listener.line().unwrap()["saved"], false);
    assert_eq!(listener.end(), (Some(0), vec![]));
    assert!(names(place.path()).is_empty());
}

#[test]
fn what_cannot_be_kept_is_sent_and_printed_all_the_same_with_one_warning() {
    let place = tempdir().unwrap();
    fs::write(place.path().join("hobnob.db"), "mine").unwrap();
    let peer = Peer::new();
    let outcome = send(place.path(), peer.address(), "x");
    assert_eq!((outcome.code, &*peer.receive_text()), (Some(0), "x"));
    assert!(outcome.stderr.starts_with("hobnob: not kept in the history: "), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.lines().count(), 1);
    let mut listener = Listener::new(place.path(), &["--count", "2"]);
    for _ in 0..2 {
        peer.send(b"x", listener.address);
        assert_eq!(listener.line().unwrap()["saved"], false);
    }
    let (code, said) = listener.end();
    assert_eq!((code, said.len()), (Some(0), 1), "{said:?}");
    assert_eq!(fs::read(place.path().join("hobnob.db")).unwrap(), b"mine");
}

/// A program whose files can get no longer than so many blocks of 512 bytes, as on a full disk.
fn on_full_disk(data: &Path, blocks: u32, arguments: &[&str]) -> Command {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_hobnob")]);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut command = with_environment(shell, data, arguments);
    command.env("PATH", path);
    command
}

#[test]
fn a_full_disk_is_said_once_and_what_was_saved_before_stays() {
    let place = tempdir().unwrap();
    let peer = Peer::new();
    let mut listener = Listener::new(place.path(), &["--count", "1"]);
    peer.send(b"before", listener.address);
    assert_eq!(listener.line().unwrap()["saved"], true);
    listener.end();
    let size = fs::metadata(place.path().join("hobnob.db")).unwrap().len() / 512;
    let arguments = ["listen", "--json", "--bind", "127.0.0.1", "--port", "0"];
    let mut listener =
        Listener::of(on_full_disk(place.path(), u32::try_from(size).unwrap() + 60, &arguments));
    let mut expected = vec!["before".to_owned()];
    let mut unsaved = 0;
    while unsaved < 3 {
        let text = format!("{} {}", expected.len() + unsaved, "long ".repeat(200));
        peer.send(text.as_bytes(), listener.address);
        let line = listener.line().unwrap();
        assert_eq!(line["text"], *text);
        if line["saved"] == true {
            expected.push(text);
        } else {
            unsaved += 1;
        }
    }
    listener.signal(Signal::SIGTERM);
    let (code, said) = listener.end();
    assert_eq!((code, said.len()), (Some(0), 1), "{said:?}");
    assert!(expected.len() > 1 && said[0].starts_with("hobnob: not kept in the history: "), "{said:?}");
    let lines = history(place.path(), &["--limit", "1000"]);
    assert_eq!(values(&lines, "text")[..expected.len()], expected);
}

/// Kills a listener while datagrams come in, so many times. What it said is saved is there, in order, and once.
fn kill_while_listening(times: u64) {
    let place = tempdir().unwrap();
    let peer = Peer::new();
    let mut said = Vec::new();
    let mut sent = 0;
    for run in 0..times {
        let mut listener = Listener::new(place.path(), &[]);
        // A number that looks like none, from 0 to 63: after so many lines it is killed, amid those that are under way.
        let lines = run.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58;
        for _ in 0..lines + 32 {
            peer.send(format!("n{sent}").as_bytes(), listener.address);
            sent += 1;
        }
        for _ in 0..lines {
            let line = listener.line().unwrap();
            assert_eq!(line["saved"], true, "{line}");
            said.push(line["text"].as_str().unwrap().to_owned());
        }
        listener.signal(Signal::SIGKILL);
        // What it had written before is said as well.
        while let Some(line) = listener.line() {
            if line["saved"] == true {
                said.push(line["text"].as_str().unwrap().to_owned());
            }
        }
        listener.end();
    }
    let lines = history(place.path(), &["--limit", "1000000"]);
    let kept = values(&lines, "text");
    let number = |text: &&str| text[1..].parse::<u64>().unwrap();
    assert!(kept.iter().map(number).collect::<Vec<_>>().is_sorted_by(|a, b| a < b), "in order, and once");
    let kept: std::collections::HashSet<&str> = kept.into_iter().collect();
    let lost: Vec<_> = said.iter().filter(|text| !kept.contains(text.as_str())).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(said.len() as u64 > times * 16);
}

#[test]
fn what_was_said_to_be_saved_survives_being_killed() {
    kill_while_listening(50);
}

#[test]
#[ignore = "takes minutes; .ci/long runs it"]
fn what_was_said_to_be_saved_survives_being_killed_a_thousand_times() {
    kill_while_listening(1000);
}
