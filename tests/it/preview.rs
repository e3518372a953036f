//! The beginning of a file, to be looked at before it is downloaded.

use std::io::Write;
use std::sync::mpsc::channel;

use hobnob::event::{Content, Fault, Preview};
use hobnob::net::browse::preview;

use crate::support::server::{Server, client, ok};

const LIMIT: usize = 1 << 20;

async fn look(server: &Server, path: &str) -> Result<Preview, Fault> {
    preview(&server.source("http://", path), &client()).await
}

fn lines(preview: &Preview) -> Vec<&str> {
    let Content::Text(lines, _) = &preview.content else { panic!("{:?}", preview.content) };
    lines.iter().map(|line| &*line.text).collect()
}

#[tokio::test]
async fn a_small_text_is_seen_whole_from_a_server_that_sends_no_parts() {
    let server = Server::http(|_| ok("text/plain", "one\r\n二"));
    let seen = look(&server, "/a.txt").await.unwrap();
    assert_eq!((lines(&seen), seen.is_whole, seen.size), (vec!["one", "二"], true, Some(8)));
    assert_eq!(seen.media_type.as_deref(), Some("text/plain"));
    let request = String::from_utf8(server.requests().remove(0)).unwrap();
    assert!(request.to_lowercase().contains("range: bytes=0-1048575\r\n"), "{request}");
}

#[tokio::test]
async fn of_a_large_file_no_more_is_read_than_its_beginning() {
    let (closed, is_closed) = channel();
    let server = Server::new(move |_, mut stream| {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n";
        let mut sent = stream.write_all(head.as_bytes());
        while sent.is_ok() {
            sent = stream.write_all(&vec![b'x'; 1 << 16]);
        }
        closed.send(()).unwrap();
    });
    let seen = look(&server, "/large").await.unwrap();
    is_closed.recv().unwrap();
    assert_eq!((seen.is_whole, seen.size), (false, Some(9_000_000_000)));
    let Content::Text(lines, _) = seen.content else { panic!("{:?}", seen.content) };
    assert!(lines.iter().map(|line| line.text.len()).sum::<usize>() <= LIMIT);
}

#[tokio::test]
async fn of_a_part_it_is_known_how_large_the_whole_is() {
    let server = Server::http(|_| {
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/4000\r\nContent-Length: 4\r\n\
         Connection: close\r\n\r\nabc\n"
            .to_owned()
    });
    let seen = look(&server, "/a").await.unwrap();
    assert_eq!((lines(&seen), seen.is_whole, seen.size), (vec!["abc"], false, Some(4000)));
}

#[tokio::test]
async fn an_empty_file_is_asked_for_without_a_part() {
    let mut asked = 0;
    let server = Server::http(move |_| {
        asked += 1;
        let refused = "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */0\r\n\
                       Content-Length: 0\r\nConnection: close\r\n\r\n";
        if asked == 1 { refused.to_owned() } else { ok("text/plain", "") }
    });
    let seen = look(&server, "/empty").await.unwrap();
    assert_eq!((seen.is_whole, seen.size), (true, Some(0)));
}

#[tokio::test]
async fn a_refusal_is_said() {
    let server = Server::http(|_| "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned());
    assert_eq!(look(&server, "/a").await.unwrap_err(), Fault::Status(404));
}
