//! What a server says of files without sending them.

use std::sync::mpsc::channel;

use hobnob::event::Facts;
use hobnob::net::browse::fill;

use crate::support::server::{Server, client};

#[tokio::test]
async fn each_file_is_asked_about_without_its_content_and_each_is_answered() {
    let server = Server::http(|line| {
        assert!(line.starts_with("HEAD "), "{line}");
        if line.contains("missing") {
            return "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nConnection: close\r\n\r\n".to_owned();
        }
        let dated = "Last-Modified: Mon, 02 Nov 2026 09:14:00 GMT\r\n";
        let dated = if line.contains("undated") { "" } else { dated };
        format!("HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n{dated}Connection: close\r\n\r\n")
    });
    let files = ["/a%20b", "/missing", "/undated"].map(|path| server.source("http://", path));
    let (answers, heard) = channel();
    fill(files.to_vec(), &client(), |nth, facts| {
        answers.send((nth, facts)).unwrap();
        async {}
    })
    .await;
    let mut heard: Vec<(usize, Facts)> = heard.try_iter().collect();
    heard.sort_by_key(|(nth, _)| *nth);
    let size = Some(5_000_000_000);
    let modified = Some("2026-11-02T09:14:00Z".parse().unwrap());
    assert_eq!(
        heard,
        [(0, Facts { size, modified }), (1, Facts::default()), (2, Facts { size, modified: None })]
    );
}

#[tokio::test]
async fn a_plain_server_is_never_asked() {
    let server = Server::sending(*b"the whole file");
    let files = vec![server.source("plain://", "/a"), server.source("", "/a")];
    let (answers, heard) = channel();
    fill(files, &client(), |nth, facts| {
        answers.send((nth, facts)).unwrap();
        async {}
    })
    .await;
    assert_eq!(heard.try_iter().count(), 2);
    assert_eq!(server.requests(), [[0; 0]; 0]);
}
