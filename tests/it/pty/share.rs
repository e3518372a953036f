//! Sharing a folder, from the key to a client that takes something of it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use super::{CTRL_Q, started};

const CTRL_S: &str = "\x13";
const REPLACE: &str = "\x01\x0b";

#[test]
fn a_folder_is_shared_and_who_takes_something_of_it_is_seen_and_may_take_the_rest_when_the_program_ends() {
    // Too long for all buffers between the program and a client.
    let length = 64 << 20;
    let (mut terminal, home) = started(&[]);
    fs::create_dir(home.path().join("slides")).unwrap();
    fs::File::create(home.path().join("slides/long.bin")).unwrap().set_len(length).unwrap();
    terminal.type_in(CTRL_S);
    terminal.wait_for("Share a folder");
    terminal.type_in(REPLACE);
    terminal.type_in("~/sl\t");
    terminal.wait_for("~/slides/");
    terminal.type_in("\r");
    terminal.wait_for("http://127.0.0.1:");
    let text = terminal.text();
    let (_, address) = text.split_once("http://").unwrap();
    let address: SocketAddr = address.split_once('/').unwrap().0.parse().unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(b"long.bin").unwrap();
    client.read_exact(&mut [0; 1000]).unwrap();
    terminal.wait_for("right now: 1");
    terminal.type_in(CTRL_Q);
    terminal.wait_for("added by others right now: 1");
    terminal.type_in("y");
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).unwrap();
    assert_eq!(rest.len() as u64 + 1000, length);
    assert_eq!(terminal.end(), Some(0));
}
