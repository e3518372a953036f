//! More clients than there is room for.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::time::Duration;

use hobnob::serve::Limits;
use nix::sys::resource::{Resource, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::command::{Serving, serve};
use super::{PATIENT, Response, Running, rest};

const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

async fn from(address: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::from(address), 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

/// A client in the middle of an answer that it does not read.
async fn taking(server: &Running, address: [u8; 4]) -> TcpStream {
    let mut client = from(address, server.address).await;
    client.write_all(b"GET /long HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    client.read_exact(&mut [0; 1000]).await.unwrap();
    client
}

#[tokio::test]
async fn those_who_have_said_nothing_for_the_longest_make_room() {
    let server = Running::start(Limits { connections: 4, ..PATIENT });
    server.write("a", "first");
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(server.connect().await);
    }
    assert_eq!(server.get("/a").await.text(), "first");
    // The first of them are gone, and the last are not.
    assert_eq!(rest(&mut silent[0]).await, b"");
    let last = silent.last_mut().unwrap();
    last.write_all(GET).await.unwrap();
    assert_eq!(Response::read(&rest(last).await).text(), "first");
}

#[tokio::test]
async fn one_who_waits_between_two_requests_or_in_the_middle_of_one_makes_room_too() {
    let server = Running::start(Limits { connections: 2, ..PATIENT });
    server.write("a", "first");
    for said in [&b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], b"GET /a HTTP/1.1\r\nHo", b"GET "] {
        let mut client = server.connect().await;
        client.write_all(said).await.unwrap();
        if said.ends_with(b"\r\n\r\n") {
            let mut answer = [0; 512];
            assert!(client.read(&mut answer).await.unwrap() > 0);
        }
        for _ in 0..3 {
            assert_eq!(server.get("/a").await.text(), "first");
        }
        let _silent = (server.connect().await, server.connect().await);
        assert_eq!(server.get("/a").await.text(), "first");
        let mut left = Vec::new();
        // An end or a reset: in any case no answer.
        let _ = client.read_to_end(&mut left).await;
        assert!(!left.starts_with(b"HTTP/1.1 2"), "{said:?}");
    }
}

#[tokio::test]
async fn while_all_are_answered_the_next_waits_until_one_of_them_is_done() {
    let server = Running::start(Limits { connections: 2, ..PATIENT });
    server.write("a", "first");
    let length = server.write_long("long");
    let mut first = taking(&server, [127, 0, 0, 1]).await;
    let second = taking(&server, [127, 0, 0, 1]).await;
    let mut third = server.connect().await;
    third.write_all(GET).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(100), third.read(&mut [0; 1])).await;
    assert!(early.is_err(), "{early:?}");
    drop(second);
    assert_eq!(Response::read(&rest(&mut third).await).text(), "first");
    // Nobody was cut off for it.
    assert!(rest(&mut first).await.len() as u64 > length - 1000);
}

#[tokio::test]
async fn one_address_cannot_take_the_room_of_all_others() {
    let server = Running::start(Limits { per_address: 2, ..PATIENT });
    server.write("a", "first");
    server.write_long("long");
    let _both = (taking(&server, [127, 0, 0, 2]).await, taking(&server, [127, 0, 0, 2]).await);
    let mut third = from([127, 0, 0, 2], server.address).await;
    let mut nothing = Vec::new();
    let _ = third.read_to_end(&mut nothing).await;
    assert_eq!(nothing, b"");
    let mut other = from([127, 0, 0, 3], server.address).await;
    other.write_all(GET).await.unwrap();
    assert_eq!(Response::read(&rest(&mut other).await).text(), "first");
}

#[tokio::test]
async fn two_thousand_who_say_nothing_and_two_hundred_who_hardly_do_keep_nobody_out() {
    let server = Running::start(Limits { connections: 500, per_address: 250, ..PATIENT });
    server.write("a", "first");
    let length = server.write_long("long");
    let mut crowd = Vec::new();
    for number in 0..2200_u16 {
        let address = [127, 1, u8::try_from(number / 100).unwrap(), 1];
        let mut client = from(address, server.address).await;
        if number % 11 == 0 {
            client.write_all(b"G").await.unwrap();
        }
        crowd.push(client);
        if number % 100 == 0 {
            assert_eq!(server.get("/a").await.text(), "first");
        }
    }
    assert_eq!(server.get("/long").await.body.len() as u64, length);
}

/// With so few descriptors that there are none left at times.
fn with_descriptors(most: u64, folder: &Path) -> Serving {
    let mut program = serve(folder, &["--port", "0"]);
    // SAFETY: setrlimit is async-signal-safe, and nothing else happens between fork and exec.
    #[expect(unsafe_code, reason = "only in the child can its own limit be set")]
    unsafe {
        program.command.pre_exec(move || Ok(setrlimit(Resource::RLIMIT_NOFILE, most, most)?));
    }
    Serving::start(&mut program.command)
}

#[test]
fn with_few_descriptors_it_serves_fewer_at_once_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), "first").unwrap();
    for most in [48, 24] {
        let server = with_descriptors(most, folder.path());
        let crowd: Vec<_> = (0..100).map(|_| std::net::TcpStream::connect(server.address).unwrap()).collect();
        if most == 48 {
            assert!(server.ask("GET /a HTTP/1.0\r\n\r\n").ends_with(b"first"), "while all are there");
        }
        drop(crowd);
        for _ in 0..20 {
            assert!(server.ask("GET /a HTTP/1.0\r\n\r\n").ends_with(b"first"), "after they have left");
        }
        assert_eq!(server.stop(nix::sys::signal::Signal::SIGTERM).code, Some(0));
    }
}

/// How many descriptors it may have from now on.
#[cfg(target_os = "linux")]
fn allow_descriptors(server: &Serving, most: u64) {
    let limit = nix::libc::rlimit { rlim_cur: most, rlim_max: 48 };
    // SAFETY: the limit is read from where it is, and no former one is asked for.
    #[expect(unsafe_code, reason = "no crate that is here already sets the limit of another process")]
    let set = unsafe {
        nix::libc::prlimit(server.id(), nix::libc::RLIMIT_NOFILE, &raw const limit, std::ptr::null_mut())
    };
    assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
}

#[cfg(target_os = "linux")]
#[test]
fn nobody_is_asked_to_leave_for_want_of_descriptors_while_nobody_waits_to_come_in() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), "first").unwrap();
    let server = with_descriptors(48, folder.path());
    let connect = || std::net::TcpStream::connect(server.address).unwrap();
    let (mut silent, mut known) = (connect(), connect());
    known.write_all(b"HEAD /missing HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert!(known.read(&mut [0; 1000]).unwrap() > 0, "both have been let in");
    let open = format!("/proc/{}/fd", server.id());
    let free = (0..48).find(|number| !Path::new(&open).join(number.to_string()).exists()).unwrap();
    // The next connection takes the last descriptor.
    allow_descriptors(&server, free + 1);
    assert!(server.ask(std::str::from_utf8(GET).unwrap()).starts_with(b"HTTP/1.1 503"));
    allow_descriptors(&server, 48);
    let mut answer = Vec::new();
    silent.write_all(GET).unwrap();
    silent.read_to_end(&mut answer).unwrap();
    assert_eq!(Response::read(&answer).text(), "first");
    assert_eq!(server.stop(nix::sys::signal::Signal::SIGTERM).code, Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_opened_now_is_not_answered_as_one_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), "first").unwrap();
    let server = with_descriptors(48, folder.path());
    let [mut plain, mut http] = [(); 2].map(|()| std::net::TcpStream::connect(server.address).unwrap());
    // They are accepted one after the other, and so are those two.
    assert!(server.ask(std::str::from_utf8(GET).unwrap()).ends_with(b"first"));
    allow_descriptors(&server, 0);
    let mut answer = Vec::new();
    plain.write_all(b"a").unwrap();
    let end = plain.read_to_end(&mut answer).unwrap_err();
    assert_eq!((end.kind(), &*answer), (std::io::ErrorKind::ConnectionReset, &b""[..]));
    http.write_all(GET).unwrap();
    http.read_to_end(&mut answer).unwrap();
    assert_eq!(Response::read(&answer).status, 503);
    allow_descriptors(&server, 48);
    assert_eq!(server.ask("a"), b"first");
    let log = server.stop(nix::sys::signal::Signal::SIGTERM).stderr;
    assert!(log.contains(", broken off\n") && !log.contains("no such file"), "{log}");
}
