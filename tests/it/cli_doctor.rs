//! `hobnob doctor`: what it finds on this machine, what it says of it, and that it disturbs nobody.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Command, id};

use hobnob::net::probe::firewall::{Activity, Firewall, firewalls};
use hobnob::net::probe::{round_trip, way_to};
use serde_json::Value;

use crate::support::program::{Outcome, Program};

/// Looks at a port of 127.0.0.1 and at whatever else is said.
fn doctor(port: u16, arguments: &[&str]) -> Outcome {
    let port = port.to_string();
    Program::new(&[&["doctor", "--bind", "127.0.0.1", "--port", &port], arguments].concat()).run()
}

fn taken() -> (UdpSocket, u16) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

/// The report on one line, wherever it was wrapped.
fn unwrapped(outcome: &Outcome) -> String {
    outcome.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn where_nothing_is_wrong_it_ends_well_and_says_what_it_saw() {
    let outcome = doctor(0, &[]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{}", outcome.stdout);
    let report = unwrapped(&outcome);
    for found in [
        "of 127.0.0.1 is free for the chat",
        "lo has 127.0.0.1",
        "a datagram to 127.0.0.1 comes back",
        "can be written;",
        "nothing is kept there yet",
        "/Downloads is not there yet, and can be made;",
        "the locale C.UTF-8 is UTF-8",
        ", 0 broken",
    ] {
        assert!(report.contains(found), "no {found:?} in\n{}", outcome.stdout);
    }
}

#[test]
fn what_goes_into_a_pipe_has_no_colours_and_no_line_of_more_than_80_columns() {
    let outcome = doctor(0, &["localhost"]);
    assert!(!outcome.stdout.contains('\x1b'));
    assert!(outcome.stdout.lines().all(|line| line.chars().count() <= 80), "{}", outcome.stdout);
}

#[test]
fn a_port_that_was_asked_for_and_is_taken_is_broken_and_it_says_by_whom() {
    let (_socket, port) = taken();
    let outcome = doctor(port, &[]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.starts_with("hobnob: broken: 1;"), "{}", outcome.stderr);
    let report = unwrapped(&outcome);
    assert!(report.contains(&format!("✗ broken UDP port {port} of 127.0.0.1 is taken by")), "{report}");
    assert!(report.contains("→ end that program, or choose another port with --port"), "{report}");
    if cfg!(target_os = "linux") {
        assert!(report.contains(&format!("(process {})", id())), "{report}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_hobnob_that_runs_already_is_known_by_its_name() {
    let mut program = Program::new(&["listen", "--bind", "127.0.0.1", "--port", "0"]);
    let mut child = program.command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim_end().rsplit(':').next().unwrap().parse().unwrap();
    let report = unwrapped(&doctor(port, &[]));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(report.contains(&format!("is taken by hobnob (process {})", child.id())), "{report}");
    assert!(report.contains("→ hobnob runs already"), "{report}");
}

#[test]
fn a_port_that_the_settings_ask_for_is_broken_as_well_where_it_is_taken() {
    let (_socket, port) = taken();
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    fs::write(&config, format!("[chat]\nport = {port}\nbind = ['127.0.0.1']\n")).unwrap();
    let outcome = Program::new(&["doctor", "--config", config.to_str().unwrap()]).run();
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    assert!(unwrapped(&outcome).contains(&format!("✗ broken UDP port {port} of 127.0.0.1 is taken by")));
}

#[test]
fn a_folder_that_cannot_be_written_is_broken() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "no folder").unwrap();
    let mut program = Program::new(&["doctor", "--bind", "127.0.0.1", "--port", "0"]);
    // No rights in the world make a folder below a file.
    fs::write(home.path().join("config.toml"), format!("[files]\ndownload_dir = '{}/x'\n", file.display()))
        .unwrap();
    program.command.arg("--config").arg(home.path().join("config.toml"));
    let outcome = program.run();
    assert_eq!(outcome.code, Some(1));
    let report = unwrapped(&outcome);
    assert!(report.contains("/file/x cannot be written: Not a directory"), "{report}");
    assert!(report.contains("→ nothing can be downloaded;"), "{report}");
}

#[test]
fn a_store_that_is_damaged_is_broken_and_left_as_it_is() {
    let data = tempfile::tempdir().unwrap();
    let store = data.path().join("hobnob.db");
    fs::write(&store, "not what hobnob writes").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hobnob"));
    command.args(["doctor", "--bind", "127.0.0.1", "--port", "0", "--data-dir"]).arg(data.path());
    command.env_clear().env("HOME", data.path()).env("LANG", "C.UTF-8");
    let outcome = Outcome::of(&command.output().unwrap());
    assert_eq!(outcome.code, Some(1));
    let report = unwrapped(&outcome);
    assert!(report.contains("✗ broken what was kept there cannot be used: "), "{report}");
    assert!(report.contains("hobnob.db is damaged"), "{report}");
    assert_eq!(fs::read(&store).unwrap(), b"not what hobnob writes");
}

#[test]
fn what_is_found_is_the_same_as_json() {
    let (_socket, port) = taken();
    let outcome = doctor(port, &["--json", "127.0.0.1:9"]);
    assert_eq!(outcome.code, Some(1));
    let findings: Vec<Value> = serde_json::from_str(&outcome.stdout).unwrap();
    let marked = |mark: &str| findings.iter().filter(|finding| finding["mark"] == mark).count();
    assert_eq!(marked("broken"), 1);
    assert_eq!(findings.len(), marked("ok") + marked("warning") + 1);
    assert_eq!(findings[0]["about"], "port");
    assert!(findings[0]["found"].as_str().unwrap().contains("is taken by"));
    assert!(findings[0]["advice"].as_str().unwrap().contains("--port"));
}

#[test]
#[cfg(target_os = "linux")]
fn who_listens_on_this_machine_is_known_without_a_word_to_them() {
    let (socket, port) = taken();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = server.local_addr().unwrap().port();
    let peer = format!("localhost:{port}");
    let report = unwrapped(&doctor(0, &[&peer]));
    assert!(report.contains(&format!("Way to {peer} ✓ ok localhost is 127.0.0.1")), "{report}");
    assert!(report.contains(&format!("127.0.0.1:{port} is reached from 127.0.0.1")), "{report}");
    assert!(report.contains(&format!("✓ ok UDP port {port}: ")), "{report}");
    assert!(report.contains(&format!("(process {}) listens", id())), "{report}");
    let report = unwrapped(&doctor(0, &[&format!("127.0.0.1:{tcp}")]));
    assert!(report.contains(&format!("✓ ok TCP port {tcp}: ")), "{report}");
    assert!(
        report
            .contains(&format!("! look UDP port {tcp}: nobody listens on this machine → start hobnob there")),
        "{report}"
    );
    socket.set_nonblocking(true).unwrap();
    server.set_nonblocking(true).unwrap();
    assert!(socket.recv(&mut [0; 9]).is_err() && server.accept().is_err());
}

#[test]
fn a_peer_that_there_is_no_way_to_is_broken_and_one_that_makes_no_sense_is_refused() {
    let outcome = doctor(0, &["fe80::1%no-such-zone"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        unwrapped(&outcome).contains("✗ broken [fe80::1%no-such-zone]: the network says: "),
        "{}",
        outcome.stdout
    );
    let outcome = doctor(0, &["http://x"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""));
}

#[test]
fn it_speaks_the_users_language() {
    let outcome = doctor(0, &["--lang", "zh"]);
    assert!(outcome.stdout.starts_with("聊天端口\n  ✓ 正常  127.0.0.1 的 UDP 端口 "), "{}", outcome.stdout);
}

#[test]
fn a_terminal_that_says_nothing_of_itself_is_pointed_out() {
    let report = unwrapped(&doctor(0, &[]));
    assert!(report.contains("! look TERM says nothing of what the terminal can do → "), "{report}");
    let mut program = Program::new(&["doctor", "--bind", "127.0.0.1", "--port", "0"]);
    program.command.envs([
        ("TERM", "x\x1b[2J"),
        ("COLORTERM", "truecolor"),
        ("LANG", "C"),
        ("TMUX", "/tmp/x"),
    ]);
    let report = unwrapped(&program.run());
    for found in [
        "✓ ok TERM is x␛[2J",
        "COLORTERM is truecolor",
        "! look the locale C is not UTF-8",
        "✓ ok inside tmux → for copying",
    ] {
        assert!(report.contains(found), "no {found:?} in {report}");
    }
}

#[test]
fn firewalls_are_known_by_their_files() {
    let found = |files: &[(&str, &str)]| {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        firewalls(root.path())
    };
    assert_eq!(found(&[]), []);
    let ufw = |settings| found(&[("etc/ufw/ufw.conf", settings)]);
    assert_eq!(ufw("# ENABLED=yes\nENABLED=no\n"), [(Firewall::Ufw, Activity::Off)]);
    assert_eq!(ufw("LOGLEVEL=low\nENABLED=yes\n"), [(Firewall::Ufw, Activity::On)]);
    assert_eq!(found(&[("usr/sbin/firewalld", "")]), [(Firewall::Firewalld, Activity::Off)]);
    assert_eq!(
        found(&[("usr/sbin/firewalld", ""), ("run/firewalld/x", ""), ("sys/module/nf_tables/x", "")]),
        [(Firewall::Firewalld, Activity::On), (Firewall::Nftables, Activity::Unknown)]
    );
    assert_eq!(found(&[("sys/module/iptable_filter/x", "")]), [(Firewall::Iptables, Activity::Unknown)]);
    assert!(firewalls(Path::new("/nowhere")).is_empty());
}

#[test]
fn a_datagram_to_ourselves_comes_back_and_one_from_elsewhere_cannot_be_sent() {
    round_trip("127.0.0.1".parse().unwrap()).unwrap();
    round_trip("127.0.0.9".parse().unwrap()).unwrap();
    // An address for documentation (RFC 5737), which is nobody's: nothing leaves this machine.
    round_trip("203.0.113.1".parse().unwrap()).unwrap_err();
    assert_eq!(way_to("127.0.0.1:9".parse().unwrap()).unwrap().to_string(), "127.0.0.1");
}
