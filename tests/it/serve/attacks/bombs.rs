//! Heads without end: they are read to a bound, then refused.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{PATIENT, Running, statuses};

/// More than any head may have, and than all buffers on the way hold.
const ENOUGH: usize = 64 * 1024 * 1024;

/// Sends `again` after `begin` until the server takes no more; how much it took, and what it said.
async fn endless(server: &Running, begin: &str, again: &str) -> (usize, Vec<u8>) {
    let (mut read, mut write) = server.connect().await.into_split();
    let again = again.repeat(64 * 1024 / again.len());
    let sending = async {
        let mut sent = begin.len();
        write.write_all(begin.as_bytes()).await.unwrap();
        while sent < ENOUGH && write.write_all(again.as_bytes()).await.is_ok() {
            sent += again.len();
        }
        sent
    };
    let mut answer = Vec::new();
    let receiving = async {
        let _ = read.read_to_end(&mut answer).await;
    };
    let (sent, ()) = tokio::join!(sending, receiving);
    (sent, answer)
}

#[tokio::test]
async fn a_head_without_end_is_refused_before_it_fills_the_memory() {
    let server = Running::start(PATIENT);
    for (begin, again) in [
        ("GET / HTTP/1.1\r\nHost: localhost\r\n", "X: y\r\n"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nX: ", "y"),
        ("GET / HTTP/1.1\r\n", "y"),
        ("GET /", "x"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ", "a=b; "),
        ("", "M"),
    ] {
        let (sent, answer) = endless(&server, begin, again).await;
        assert!(sent < ENOUGH, "{begin:?} and {again:?} without end were taken");
        // A reset may have overtaken what was said.
        let said = statuses(&answer);
        assert!(said.is_empty() || matches!(&*said[0], "400" | "414" | "431"), "{begin:?}: {said:?}");
        assert!(said.len() <= 1, "{begin:?}: {said:?}");
    }
    assert_eq!(server.get("/").await.status, 200);
}

#[tokio::test]
async fn a_name_without_end_is_not_waited_for() {
    let server = Running::start(PATIENT);
    for again in ["x\0", "a b c", "\n", "../"] {
        let (sent, answer) = endless(&server, "", again).await;
        assert!(sent < ENOUGH && answer.is_empty(), "{again:?}: {sent}");
    }
}

#[tokio::test]
async fn too_many_fields_or_too_long_ones_are_refused_and_a_hundred_are_not() {
    let server = Running::start(PATIENT);
    let ask = |fields: String| {
        let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n");
        let server = &server;
        async move { statuses(&server.exchange(request.as_bytes()).await) }
    };
    assert_eq!(ask("X: y\r\n".repeat(98)).await, ["200"]);
    assert_eq!(ask(format!("X: {}\r\n", "y".repeat(16 * 1024))).await, ["200"]);
    assert_eq!(ask("X: y\r\n".repeat(99)).await, ["431"]);
    assert_eq!(ask("X: y\r\n".repeat(10_000)).await, ["431"]);
    assert_eq!(ask(format!("X: {}\r\n", "y".repeat(1024 * 1024))).await, ["431"]);
}
