//! Much work for some clients, while others wait, and for clients that have gone.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use hobnob::serve::{End, Limits};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::{PATIENT, Response, Running, rest};

/// Longer than any digest of this file takes that nobody waits for to its end.
const HUGE: u64 = 1 << 40;

async fn from(last: u8, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

/// A client that has sent this.
async fn asking(server: &Running, last: u8, request: &str) -> TcpStream {
    let mut client = from(last, server.address).await;
    client.write_all(request.as_bytes()).await.unwrap();
    client
}

async fn answer(mut client: TcpStream) -> Response {
    Response::read(&rest(&mut client).await)
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn a_digest_that_nobody_waits_for_holds_nobody_up() {
    let mut server = Running::start(PATIENT);
    fs::File::create(server.folder.path().join("huge")).unwrap().set_len(HUGE).unwrap();
    server.write("a", vec![7; 200_000]);
    let head = "HEAD /huge HTTP/1.1\r\nHost: localhost\r\nWant-Repr-Digest: sha-256=1\r\n\r\n";
    // They hang up at once, after another request, or only end their half.
    for (request, is_half) in [(head.to_owned(), false), (head.repeat(2), false), (head.to_owned(), true)] {
        let mut clients = Vec::new();
        for _ in 0..10 {
            clients.push(asking(&server, 2, &request).await);
        }
        if is_half {
            for client in &mut clients {
                client.shutdown().await.unwrap();
                let mut told = [0; 15];
                client.read_exact(&mut told).await.unwrap();
                assert_eq!(told, *b"HTTP/1.1 200 OK");
            }
        }
        drop(clients);
        for _ in 0..10 {
            let told = server.log.recv().await.unwrap();
            assert!(told.took < Duration::from_secs(6), "{told:?}");
        }
        let honest =
            "GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nWant-Repr-Digest: sha-256=1\r\n\r\n";
        let answer = answer(asking(&server, 3, honest).await).await;
        assert!(answer.header("repr-digest").is_some());
        while server.log.try_recv().is_ok() {}
    }
}

#[tokio::test]
async fn those_who_wait_for_a_digest_leave_a_turn_to_others() {
    let server = Running::start(PATIENT);
    fs::File::create(server.folder.path().join("huge")).unwrap().set_len(HUGE).unwrap();
    server.write("a", vec![7; 200_000]);
    let fields = "Want-Repr-Digest: sha-256=1\r\nConnection: close\r\nHost: localhost\r\n\r\n";
    let mut crowd = Vec::new();
    for _ in 0..10 {
        crowd.push(asking(&server, 2, &format!("HEAD /huge HTTP/1.1\r\n{fields}")).await);
    }
    let told = answer(asking(&server, 3, &format!("GET /a HTTP/1.1\r\n{fields}")).await).await;
    assert!(told.header("repr-digest").is_some());
    assert_eq!(told.body.len(), 200_000);
}

#[tokio::test]
async fn a_newcomer_does_not_wait_for_all_lists_and_archives_that_one_address_asks_for() {
    const CROWD: usize = 60;
    for path in ["/many/?simple", "/many/?archive=tar"] {
        let mut server = Running::start(PATIENT);
        for number in 0..4000 {
            server.write(&format!("many/{number:050}"), "");
        }
        server.write("few/a", "");
        let mut crowd = Vec::new();
        for _ in 0..CROWD {
            crowd.push(tokio::spawn(answer(asking(&server, 2, &get(path)).await)));
        }
        let newcomer = answer(asking(&server, 3, &get(&path.replace("many", "few"))).await).await;
        assert_eq!(newcomer.status, 200);
        let ip = IpAddr::from([127, 0, 0, 3]);
        let mut before = 0;
        while server.log.recv().await.unwrap().peer.ip() != ip {
            before += 1;
        }
        assert!(before < CROWD / 2, "{path}: {before}");
        for asked in crowd {
            assert_eq!(asked.await.unwrap().status, 200);
        }
    }
}

#[tokio::test]
async fn slow_readers_of_a_few_addresses_keep_no_other_out() {
    let mut server = Running::start(Limits { connections: 20, per_address: 5, ..PATIENT });
    server.write("a", "first");
    server.write_long("long");
    let mut crowd = Vec::new();
    for number in 0..20 {
        let mut client = asking(&server, 2 + number / 5, &get("/long")).await;
        client.read_exact(&mut [0; 1000]).await.unwrap();
        crowd.push(client);
    }
    // They are many, and more of them wait to come in.
    for number in 0..40 {
        crowd.push(asking(&server, 2 + number % 4, &get("/long")).await);
    }
    for last in 9..12 {
        assert_eq!(answer(asking(&server, last, &get("/a")).await).await.text(), "first");
    }
    let ends = async {
        loop {
            let told = server.log.recv().await.unwrap();
            if told.bytes != 5 {
                return told.end;
            }
        }
    };
    assert_eq!(ends.await, End::CutOff);
}

#[tokio::test]
async fn slow_readers_of_lists_leave_memory_for_the_lists_of_others() {
    let server = Running::start(PATIENT);
    for number in 0..3000 {
        server.write(&format!("many/{number:0200}"), "");
    }
    let mut crowd = Vec::new();
    for number in 0..100 {
        crowd.push(asking(&server, 2 + number % 4, &get("/many/")).await);
    }
    assert_eq!(answer(asking(&server, 9, &get("/many/?simple")).await).await.status, 200);
}
