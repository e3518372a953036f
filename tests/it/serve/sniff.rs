//! One port, told apart by what comes first, however it comes.

use std::time::Duration;

use hobnob::serve::{Answer, Limits, Request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::{NEVER, PATIENT, Running, rest};

impl Running {
    /// What comes back for bytes of which those before `split` come first, and have been seen when the others follow.
    async fn in_two(&self, bytes: &[u8], split: usize) -> Vec<u8> {
        let mut client = self.connect().await;
        client.set_nodelay(true).unwrap();
        client.write_all(&bytes[..split]).await.unwrap();
        // Who came later has been answered.
        assert_eq!(self.plain(b"sub/a b.txt").await, b"plain");
        client.write_all(&bytes[split..]).await.unwrap();
        rest(&mut client).await
    }
}

#[tokio::test]
async fn wherever_it_is_split_a_request_is_http_and_a_name_is_a_name() {
    // Nothing here is decided by waiting.
    let server = Running::start(Limits { hesitation: NEVER, ..PATIENT });
    server.write("sub/a b.txt", "plain");
    server.write("GET x", "like a method");
    server.write("GET y HTTP/1.1", "like a request line");
    server.write("OPTIONS * HTTP/1.", "like the beginning of one");
    server.write("讲义 1.pdf", "in no ASCII");
    for (bytes, expected) in [
        (&b"GET /sub/a%20b.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"[..], "plain"),
        (b"GET /sub/a%20b.txt HTTP/1.0\n\n", "plain"),
        (b"GET /GET%20x HTTP/1.0\r\n\r\n", "like a method"),
        (b"GET http://localhost/sub/a%20b.txt HTTP/1.0\r\n\r\n", "plain"),
        (b"sub/a b.txt", "plain"),
        (b"GET x", "like a method"),
        (b"GET y HTTP/1.1", "like a request line"),
        (b"OPTIONS * HTTP/1.", "like the beginning of one"),
        ("讲义 1.pdf".as_bytes(), "in no ASCII"),
    ] {
        for split in 1..bytes.len() {
            let answer = server.in_two(bytes, split).await;
            let shown = bytes.escape_ascii();
            let is_http =
                answer.starts_with(b"HTTP/1.") && answer.ends_with(format!("\r\n\r\n{expected}").as_bytes());
            assert!(is_http == bytes.contains(&b'\n'), "{shown} cut at {split}: {}", answer.escape_ascii());
            assert!(
                is_http || answer == expected.as_bytes(),
                "{shown} cut at {split}: {}",
                answer.escape_ascii()
            );
        }
    }
}

#[tokio::test]
async fn a_name_that_never_gets_whole_is_waited_for_only_so_long_however_much_comes() {
    let mut server = Running::start(PATIENT);
    for byte in [b'x', b'/'] {
        let mut client = server.connect().await;
        client.set_nodelay(true).unwrap();
        let mut sent = 0;
        // Fewer bytes than a name may have, so that only the time can end it.
        while sent < 1000 {
            client.write_all(&[byte]).await.unwrap();
            sent += 1;
            if timeout(Duration::from_millis(2), client.read(&mut [0; 1])).await.is_ok() {
                break;
            }
        }
        assert!(sent < 1000);
        let told = server.log.recv().await.unwrap();
        assert!(matches!(told.request, Request::Plain(_)) && told.answer == Answer::Nothing, "{told:?}");
        assert!(told.took >= PATIENT.hesitation, "{told:?}");
    }
}
