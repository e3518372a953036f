//! Beginning, load, broken connections, and the end of a server.

use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hobnob::serve::{Access, BindFault, End, Limits, Options, Request, Server};
use jiff::tz::TimeZone;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::{PATIENT, Response, Running, rest};

const GET_LONG: &[u8] = b"GET /long HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

fn options(bind: Vec<std::net::IpAddr>, port: u16) -> Options {
    Options {
        root: ".".into(),
        bind,
        port,
        zone: TimeZone::UTC,
        limits: PATIENT,
        access: Access::default(),
        identity: None,
    }
}

/// Asks, reads a little of the answer, and gives the connection back.
async fn begin(server: &Running, request: &[u8]) -> TcpStream {
    let mut client = server.connect().await;
    client.write_all(request).await.unwrap();
    client.read_exact(&mut [0; 1000]).await.unwrap();
    client
}

#[tokio::test]
async fn both_families_listen_on_the_one_port_that_the_system_chose() {
    let both = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    let server = Server::bind(options(both, 0)).unwrap();
    let addresses = server.addresses();
    assert!(addresses.contains(&SocketAddr::new(Ipv4Addr::LOCALHOST.into(), addresses[0].port())));
    let has_v6 = std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    assert_eq!(addresses.len(), if has_v6 { 2 } else { 1 });
    assert!(addresses.iter().all(|address| address.port() == addresses[0].port() && address.port() != 0));
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error_with_the_address() {
    let other = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let taken = other.local_addr().unwrap();
    let fault = Server::bind(options(vec![taken.ip()], taken.port())).unwrap_err();
    let BindFault::Address { address, reason } = fault else { panic!("{fault}") };
    assert_eq!((address, reason.kind()), (taken, ErrorKind::AddrInUse));
}

#[tokio::test]
async fn a_folder_that_is_not_there_and_a_file_are_errors_with_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for wrong in [file, folder.path().join("nope")] {
        let options = Options { root: wrong.clone(), ..options(vec![Ipv4Addr::LOCALHOST.into()], 0) };
        let fault = Server::bind(options).unwrap_err();
        assert!(matches!(&fault, BindFault::Folder { path, .. } if *path == wrong), "{fault}");
    }
}

#[tokio::test]
async fn five_mebibytes_arrive_intact_over_both_protocols() {
    let server = Running::start(PATIENT);
    let content: Vec<u8> =
        (0..5 * 1024 * 1024_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    server.write("big.bin", &content);
    assert!(server.plain(b"big.bin").await == content);
    assert!(server.get("/big.bin").await.body == content);
}

#[tokio::test]
async fn twenty_clients_at_once_are_all_served() {
    let server = std::sync::Arc::new(Running::start(PATIENT));
    server.write("a.bin", vec![3; 600_000]);
    // All connections stand before the first request is sent.
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(server.connect().await);
    }
    let mut answers = JoinSet::new();
    for (number, mut client) in clients.into_iter().enumerate() {
        let request: &[u8] = if number % 2 == 0 { b"a.bin" } else { b"GET /a.bin HTTP/1.0\r\n\r\n" };
        answers.spawn(async move {
            client.write_all(request).await.unwrap();
            rest(&mut client).await
        });
    }
    for answer in answers.join_all().await {
        assert!(answer.ends_with(&vec![3; 600_000]));
    }
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed_after_the_limit() {
    let mut server = Running::start(Limits { silence: Duration::from_millis(30), ..PATIENT });
    assert_eq!(rest(&mut server.connect().await).await, b"");
    let Running { stop, task, .. } = server;
    drop(stop);
    task.await.unwrap();
    assert_eq!(server.log.recv().await, None);
}

#[tokio::test]
async fn a_request_that_does_not_end_is_closed_after_the_limit() {
    let server = Running::start(Limits { silence: Duration::from_millis(30), ..PATIENT });
    let mut client = server.connect().await;
    client.write_all(b"GET / HTTP/1.1\r\nHost: ").await.unwrap();
    assert_eq!(rest(&mut client).await, b"");
}

#[tokio::test]
async fn a_head_over_the_limit_is_refused_and_one_below_it_is_not() {
    let server = Running::start(Limits { head: 2000, ..PATIENT });
    server.write("a", "first");
    let field = |length| format!("X-Long: {}\r\n", "x".repeat(length));
    assert_eq!(server.ask("GET", "/a", &field(1000)).await.text(), "first");
    assert_eq!(server.ask("GET", "/a", &field(3000)).await.status, 431);
}

#[tokio::test]
async fn a_connection_without_a_next_request_is_closed_after_the_limit() {
    let server = Running::start(Limits { silence: Duration::from_millis(30), ..PATIENT });
    let mut client = server.connect().await;
    client.write_all(b"GET /nope HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert_eq!(Response::read(&rest(&mut client).await).status, 404);
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_is_told_with_the_bytes_it_took() {
    let mut server = Running::start(PATIENT);
    let length = server.write_long("long");
    for request in [b"long", GET_LONG] {
        drop(begin(&server, request).await);
        let told = server.log.recv().await.unwrap();
        assert_eq!(told.end, End::BrokenOff, "{told:?}");
        assert!(told.bytes > 500 && told.bytes < length, "{told:?}");
    }
}

#[test]
fn clients_that_read_nothing_keep_no_thread_from_the_others() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
    runtime.unwrap().block_on(async {
        let server = Running::start(PATIENT);
        server.write_long("long");
        server.write("a", "first");
        let answer = async {
            let _plain = begin(&server, b"long").await;
            let _http = begin(&server, GET_LONG).await;
            server.get("/a").await
        };
        let answer = tokio::time::timeout(Duration::from_secs(20), answer).await;
        assert_eq!(answer.expect("no answer while others read nothing").text(), "first");
    });
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off_after_the_limit_and_told() {
    let mut server = Running::start(Limits { stall: Duration::from_millis(30), ..PATIENT });
    let length = server.write_long("long");
    for request in [b"long", GET_LONG] {
        let mut client = begin(&server, request).await;
        let told = server.log.recv().await.unwrap();
        assert_eq!(told.end, End::Stalled, "{told:?}");
        assert!(told.bytes > 500 && told.bytes < length, "{told:?}");
        let mut received = Vec::new();
        let read = client.read_to_end(&mut received).await;
        assert!((received.len() as u64) < length);
        if request == b"long" {
            // Without an announced length only a reset tells the client.
            assert_eq!(read.unwrap_err().kind(), ErrorKind::ConnectionReset);
        }
    }
}

#[tokio::test]
async fn a_log_that_is_not_read_holds_nobody_up_and_what_it_misses_is_counted() {
    let mut server = Running::start(PATIENT);
    server.write("a", "first");
    let room = server.log.max_capacity();
    let answered = async {
        for _ in 0..room + 5 {
            assert_eq!(server.plain(b"a").await, b"first");
        }
    };
    let answered = tokio::time::timeout(Duration::from_secs(20), answered).await;
    answered.expect("no answer while nobody reads the log");
    for _ in 0..room {
        assert_eq!(server.log.recv().await.unwrap().untold, 0);
    }
    for untold in [5, 0] {
        server.plain(b"a").await;
        assert_eq!(server.log.recv().await.unwrap().untold, untold);
    }
    for _ in 0..room + 3 {
        server.plain(b"a").await;
    }
    server.stop.send(()).unwrap();
    assert_eq!(server.task.await.unwrap(), 3);
}

#[tokio::test]
async fn a_file_that_shrinks_ends_the_connection_before_its_announced_end() {
    let mut server = Running::start(PATIENT);
    let path = server.folder.path().join("long");
    for request in [b"long", GET_LONG] {
        let length = server.write_long("long");
        let mut client = begin(&server, request).await;
        fs::File::options().write(true).open(&path).unwrap().set_len(length / 2).unwrap();
        let mut received = Vec::new();
        let read = client.read_to_end(&mut received).await;
        assert!(received.len() as u64 <= length / 2, "{}", received.len());
        if request == b"long" {
            // Without an announced length only a reset tells the client.
            assert_eq!(read.unwrap_err().kind(), ErrorKind::ConnectionReset);
        }
        assert_eq!(server.log.recv().await.unwrap().end, End::BrokenOff);
    }
}

#[tokio::test]
async fn a_server_that_stops_finishes_what_it_is_sending_and_takes_nothing_new() {
    let server = Running::start(PATIENT);
    let length = server.write_long("long");
    let silent = server.connect().await;
    let mut idle = server.connect().await;
    idle.write_all(b"HEAD /long HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    idle.read_exact(&mut [0; 15]).await.unwrap();
    let mut plain = begin(&server, b"long").await;
    let mut http = begin(&server, GET_LONG).await;
    let Running { address, stop, task, folder: _folder, log: _log, .. } = server;
    stop.send(()).unwrap();
    // These end at once, so the server has begun to stop.
    for mut client in [silent, idle] {
        rest(&mut client).await;
    }
    assert_eq!(TcpStream::connect(address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert!(!task.is_finished());
    assert_eq!(rest(&mut plain).await.len() as u64 + 1000, length);
    assert!(rest(&mut http).await.len() as u64 + 1000 > length);
    drop((plain, http));
    task.await.unwrap();
}

#[tokio::test]
async fn a_server_that_stops_sends_the_end_of_an_answer_that_waits_to_be_taken() {
    // How much the system takes of an answer before anybody reads it is its own affair: of some of these, what is left
    // is little enough to be all in the server's hands when it stops.
    for length in (1..32).map(|quarters| quarters * 256 * 1024) {
        let server = Running::start(PATIENT);
        server.write("file", vec![7; length]);
        let client = TcpSocket::new_v4().unwrap();
        client.set_recv_buffer_size(65_536).unwrap();
        let mut client = client.connect(server.address).await.unwrap();
        client.write_all(b"GET /file HTTP/1.0\r\n\r\n").await.unwrap();
        client.read_exact(&mut [0]).await.unwrap();
        let Running { stop, task, .. } = server;
        drop(stop);
        let answer = rest(&mut client).await;
        assert!(answer.ends_with(&vec![7; length]), "{} of {length}", answer.len());
        drop(client);
        task.await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_has_waited_long_enough_cuts_off_what_it_is_sending_and_says_so() {
    let mut server = Running::start(Limits { grace: Duration::from_millis(30), ..PATIENT });
    let length = server.write_long("long");
    let mut plain = begin(&server, b"long").await;
    let mut http = begin(&server, GET_LONG).await;
    server.stop.send(()).unwrap();
    server.task.await.unwrap();
    for _ in 0..2 {
        let told = server.log.recv().await.unwrap();
        assert_eq!(told.end, End::CutOff, "{told:?}");
        assert!(told.bytes < length, "{told:?}");
    }
    assert_eq!(server.log.recv().await, None);
    let mut received = Vec::new();
    let cut = plain.read_to_end(&mut received).await.unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::ConnectionReset);
    assert!((rest(&mut http).await.len() as u64) < length);
}

#[tokio::test]
async fn whoever_looks_on_sees_each_answer_while_it_is_sent_and_no_longer() {
    let mut server = Running::start(PATIENT);
    let length = server.write_long("long");
    assert_eq!(server.onlooker.running(9).1, 0);
    for (request, name) in [(&b"long"[..], "long"), (GET_LONG, "/long")] {
        let mut client = begin(&server, request).await;
        server.onlooker.moved().await;
        let (running, count) = server.onlooker.running(9);
        let [one] = &running[..] else { panic!("{running:?}") };
        assert_eq!((count, one.peer, one.total), (1, client.local_addr().unwrap(), Some(length)));
        assert!(one.bytes > 500 && one.bytes < length, "{one:?}");
        let (Request::Plain(asked) | Request::Http { path: asked, .. }) = &one.request else {
            panic!("{one:?}")
        };
        assert_eq!(&**asked, name);
        assert_eq!(server.onlooker.running(0), (vec![], 1), "no more are told than asked for");
        rest(&mut client).await;
        assert_eq!(server.log.recv().await.unwrap().bytes, length);
        assert_eq!(server.onlooker.running(9), (vec![], 0));
    }
}
