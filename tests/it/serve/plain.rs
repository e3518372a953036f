//! The plain protocol, spoken to the server as the course's client speaks it, and otherwise.

use hobnob::serve::{Answer, End, Limits, Request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{NEVER, PATIENT, Running, rest};

#[tokio::test]
async fn the_course_client_gets_the_bytes_of_a_file_and_then_the_end() {
    let server = Running::start(PATIENT);
    server.write("讲义.txt", "第一课");
    let mut client = server.connect().await;
    client.write_all("讲义.txt".as_bytes()).await.unwrap();
    // It reads once, at most 1,024 bytes.
    let mut received = [0; 1024];
    let count = client.read(&mut received).await.unwrap();
    assert_eq!(&received[..count], "第一课".as_bytes());
    assert_eq!(rest(&mut client).await, b"");
}

#[tokio::test]
async fn an_unknown_name_a_folder_and_an_empty_file_get_nothing_and_the_end() {
    let server = Running::start(PATIENT);
    server.write("sub/a.txt", "a");
    server.write("empty", "");
    for name in ["nope", "sub", "sub/", "sub/nope", "a.txt/", "empty", "/", "."] {
        assert_eq!(server.plain(name.as_bytes()).await, b"", "{name}");
    }
}

#[tokio::test]
async fn a_file_in_a_subfolder_is_asked_for_with_slashes() {
    let server = Running::start(PATIENT);
    server.write("sub/deep/my notes.txt", "deep");
    assert_eq!(server.plain(b"sub/deep/my notes.txt").await, b"deep");
}

#[tokio::test]
async fn a_known_name_is_answered_without_waiting_for_more_of_it() {
    let server = Running::start(Limits { hesitation: NEVER, ..PATIENT });
    // All of these could still become request lines.
    for name in ["GET", "a.txt", "my notes.txt", "a b HTTP"] {
        server.write(name, name);
        assert_eq!(server.plain(name.as_bytes()).await, name.as_bytes());
    }
}

#[tokio::test]
async fn a_name_in_several_segments_is_put_together() {
    let server = Running::start(Limits { hesitation: NEVER, ..PATIENT });
    server.write("sub/a.txt", "whole");
    let mut client = server.connect().await;
    client.set_nodelay(true).unwrap();
    for part in ["su", "b/a", ".txt"] {
        client.write_all(part.as_bytes()).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(rest(&mut client).await, b"whole");
}

#[tokio::test]
async fn a_name_may_be_a_line_that_was_typed() {
    let server = Running::start(PATIENT);
    server.write("a.txt", "typed");
    server.write("b\n", "exact");
    server.write("b", "not asked for");
    for (sent, expected) in
        [("a.txt\n", "typed"), ("a.txt\r\n", "typed"), ("b\n", "exact"), ("a.txt\n\n", ""), ("a.txt\r", "")]
    {
        assert_eq!(server.plain(sent.as_bytes()).await, expected.as_bytes(), "{sent:?}");
    }
}

#[tokio::test]
async fn half_a_request_line_is_taken_for_a_name_after_a_moment() {
    let mut server = Running::start(PATIENT);
    assert_eq!(server.plain(b"GET /a.txt HTT").await, b"");
    let told = server.log.recv().await.unwrap();
    let Request::Plain(name) = told.request else { panic!("{told:?}") };
    assert_eq!((&*name, told.answer, told.end), ("GET /a.txt HTT", Answer::Nothing, End::Whole));
}

#[tokio::test]
async fn a_name_is_complete_when_its_sender_closes_its_half() {
    let server = Running::start(Limits { hesitation: NEVER, ..PATIENT });
    let mut client = server.connect().await;
    client.write_all(b"nope").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(rest(&mut client).await, b"");
}

#[tokio::test]
async fn a_name_has_at_most_1024_bytes() {
    let server = Running::start(PATIENT);
    assert_eq!(server.plain(&[b'x'; 1024]).await, b"");
    // Four folders of 200 bytes, and a file: 4 * 201 + 220.
    let folder = format!("{}/", "d".repeat(200)).repeat(4);
    let longest = format!("{folder}{}", "f".repeat(220));
    assert_eq!(longest.len(), 1024);
    server.write(&longest, "longest");
    assert_eq!(server.plain(longest.as_bytes()).await, b"longest");
    let longer = format!("{longest}f");
    server.write(&longer, "longer");
    assert_eq!(server.plain(longer.as_bytes()).await, b"");
}

#[tokio::test]
async fn a_client_that_sends_on_still_gets_the_whole_file() {
    let server = Running::start(PATIENT);
    let content = vec![7; 5 * 1024 * 1024];
    server.write("big", &content);
    let (mut read, mut write) = server.connect().await.into_split();
    write.write_all(b"big").await.unwrap();
    let mut begin = [0; 1];
    read.read_exact(&mut begin).await.unwrap();
    write.write_all(&[b'x'; 10_000]).await.unwrap();
    let mut received = Vec::new();
    read.read_to_end(&mut received).await.unwrap();
    assert_eq!(received.len() + 1, content.len());
}

#[tokio::test]
async fn what_was_sent_is_told() {
    let mut server = Running::start(PATIENT);
    server.write("a.txt", "12345");
    server.plain(b"a.txt").await;
    let told = server.log.recv().await.unwrap();
    let Request::Plain(name) = told.request else { panic!("{told:?}") };
    assert_eq!((&*name, told.answer, told.end, told.bytes), ("a.txt", Answer::File, End::Whole, 5));
}
