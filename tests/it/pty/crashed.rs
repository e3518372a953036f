//! What was under way when the program was killed waits for the user in the next run, and does not kill that one, too.

use std::io::Write;
use std::path::Path;
use std::thread;

use nix::sys::signal::Signal;
use rusqlite::Connection;
use tempfile::tempdir;

use super::F3;
use crate::support::pty::{Terminal, hobnob};
use crate::support::server::{Server, hold, ok, send};

const TAB: &str = "\t";

/// Waits until the queue of downloads is on disk: changes that follow each other closely are kept together.
fn wait_until_kept(data: &Path) {
    let file = Connection::open(data.join("hobnob.db")).unwrap();
    let kept = || file.query_row("SELECT count(*) FROM transfer", [], |row| row.get::<_, i64>(0)).unwrap();
    while kept() == 0 {
        thread::yield_now();
    }
}

#[test]
fn a_download_that_was_under_way_when_the_program_was_killed_goes_on_when_the_user_says_so() {
    let server = Server::new(|request, mut stream| {
        if request.starts_with(b"GET / ") {
            let list = r#"[{"name":"large.bin","size":10000000,"is_dir":false}]"#;
            send(stream, ok("application/json", list).as_bytes());
        } else {
            let head = "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 10000000\r\n\r\n";
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&vec![b'x'; 1_000_000]));
            hold(stream);
        }
    });
    let home = tempdir().unwrap();
    let (source, data) = (server.source("http://", "/").to_string(), home.path().join("data"));
    let data_dir = ["--data-dir", data.to_str().unwrap()];
    let mut terminal = Terminal::start(hobnob(&home, &[&["--files", &source], &data_dir[..]].concat()));
    terminal.wait_for("Message");
    terminal.type_in(F3);
    terminal.wait_for("large.bin");
    terminal.type_in("d");
    terminal.wait_for("10%");
    wait_until_kept(&data);
    terminal.signal(Signal::SIGKILL);
    assert_eq!(terminal.end(), None);
    server.requests();

    // Neither once nor ever does it go on by itself.
    for _ in 0..2 {
        let mut terminal = Terminal::start(hobnob(&home, &data_dir));
        terminal.wait_for("Message");
        terminal.type_in(F3);
        terminal.wait_for("stopped when hobnob crashed");
        terminal.type_in("\x11");
        terminal.wait_for("Quit?");
        terminal.type_in("y");
        assert_eq!(terminal.end(), Some(0));
    }
    assert!(server.requests().is_empty());

    let mut terminal = Terminal::start(hobnob(&home, &data_dir));
    terminal.wait_for("Message");
    terminal.type_in(F3);
    terminal.wait_for("stopped when hobnob crashed");
    terminal.type_in(TAB);
    terminal.wait_for("go on");
    terminal.type_in("p");
    server.wait();
    terminal.wait_until("that it goes on", |screen| !screen.contents().contains("crashed"));
}
