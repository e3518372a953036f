//! The question of `hobnob get` for a name and a password.

use std::fs;

use nix::sys::signal::Signal;
use tempfile::tempdir;

use crate::support::pty::{Terminal, command};
use crate::support::server::{Server, field, ok, send};

const CTRL_C: &str = "\x03";

fn interrupt(terminal: &mut Terminal) {
    terminal.type_in(CTRL_C);
}

/// Has one file, for one who is called lin.
fn guarded() -> Server {
    Server::new(|request, stream| {
        let said = field(request, "authorization");
        let answer = match said.as_deref() {
            // lin:secret
            Some("Basic bGluOnNlY3JldA==") => ok("text/plain", "hello"),
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
    assert_eq!(fs::read(file).unwrap(), b"hello");
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
