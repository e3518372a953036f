//! The question of `hobnob get` and `hobnob ls` for a name and a password.

use std::fs;

use nix::sys::signal::Signal;
use tempfile::tempdir;

use crate::support::pty::{Terminal, command};
use crate::support::server::{Server, field, ok, send};

const CTRL_C: &str = "\x03";

fn interrupt(terminal: &mut Terminal) {
    terminal.type_in(CTRL_C);
}

/// Has one file, for one who is called lin, and what it says of its folder.
fn guarded() -> Server {
    Server::new(|request, stream| {
        let said = field(request, "authorization");
        let answer = match said.as_deref() {
            // lin:secret
            Some("Basic bGluOnNlY3JldA==") if request.starts_with(b"GET /dir/ ") => {
                ok("application/json", r#"[{"name":"only","type":"file","size":5}]"#)
            }
            Some("Basic bGluOnNlY3JldA==") => ok("text/plain", "hello\n"),
            _ => "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"
                .to_owned(),
        };
        send(stream, answer.as_bytes());
    })
}

#[test]
fn whoever_is_asked_may_answer_and_the_password_is_not_shown() {
    let (server, home) = (guarded(), tempdir().unwrap());
    let (url, file) = (format!("http://{}/a", server.address), home.path().join("a"));
    let mut terminal = Terminal::start(command(&home, &["get", &url, "-o", file.to_str().unwrap()]));
    terminal.wait_for("Name:");
    assert!(!terminal.text().contains("0 B"), "how far it is belongs to no question: {}", terminal.text());
    terminal.type_in("lin\r");
    terminal.wait_for("Password:");
    terminal.wait_for_silence();
    terminal.type_in("secret\r");
    assert_eq!(terminal.end(), Some(0));
    assert!(!terminal.text().contains("secret"));
    assert_eq!(fs::read(file).unwrap(), b"hello\n");
    terminal.assert_given_back();
}

#[test]
fn whoever_is_asked_may_leave_and_the_terminal_is_as_it_was() {
    for (is_named, leave) in [
        (false, interrupt as fn(&mut Terminal)),
        (true, interrupt),
        (true, |terminal| terminal.signal(Signal::SIGTERM)),
    ] {
        let (server, home) = (guarded(), tempdir().unwrap());
        let mut terminal = Terminal::start(command(&home, &["get", &format!("http://{}/a", server.address)]));
        terminal.wait_for("Name:");
        if is_named {
            terminal.type_in("lin\r");
            terminal.wait_for("Password:");
            terminal.wait_for_silence();
        }
        leave(&mut terminal);
        assert_eq!(terminal.end(), Some(1));
        terminal.assert_given_back();
        assert!(terminal.text().contains("hobnob: stopped"), "{}", terminal.text());
    }
}

/// Answers the question once wrongly and then rightly.
fn answer(terminal: &mut Terminal) {
    for (times, password) in [(1, "wrong\r"), (2, "secret\r")] {
        let asked = |what| move |screen: &vt100::Screen| screen.contents().matches(what).count() == times;
        terminal.wait_until("Name:", asked("Name:"));
        terminal.type_in("lin\r");
        terminal.wait_until("Password:", asked("Password:"));
        terminal.wait_for_silence();
        terminal.type_in(password);
    }
}

#[test]
fn whoever_lists_or_reads_is_asked_until_the_answer_is_right() {
    for (arguments, path, shown) in [
        (&["ls"][..], "dir/", "only"),
        (&["ls", "-r"], "dir/", "only"),
        (&["get", "-o", "-"], "a", "hello"),
        (&["get", "-o", "/dev/tty"], "a", "hello"),
    ] {
        let (server, home) = (guarded(), tempdir().unwrap());
        let url = format!("http://{}/{path}", server.address);
        let mut terminal = Terminal::start(command(&home, &[arguments, &[&*url]].concat()));
        answer(&mut terminal);
        assert_eq!(terminal.end(), Some(0), "{arguments:?}: {}", terminal.text());
        assert!(terminal.text().contains(shown), "{arguments:?}: {}", terminal.text());
        assert!(!terminal.text().contains("secret"));
        terminal.assert_given_back();
    }
}

#[test]
fn whoever_lists_or_reads_may_leave_the_question_and_the_terminal_is_as_it_was() {
    for arguments in [&["ls"][..], &["ls", "-r"], &["get", "-o", "-"]] {
        for leave in [interrupt as fn(&mut Terminal), |terminal| terminal.signal(Signal::SIGTERM)] {
            let (server, home) = (guarded(), tempdir().unwrap());
            let url = format!("http://{}/a", server.address);
            let mut terminal = Terminal::start(command(&home, &[arguments, &[&*url]].concat()));
            terminal.wait_for("Name:");
            terminal.type_in("lin\r");
            terminal.wait_for("Password:");
            terminal.wait_for_silence();
            leave(&mut terminal);
            assert_eq!(terminal.end(), Some(1), "{arguments:?}");
            terminal.assert_given_back();
            assert!(terminal.text().contains("hobnob: stopped"), "{arguments:?}: {}", terminal.text());
        }
    }
}
