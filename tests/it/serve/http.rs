//! HTTP, as browsers, curl and hobnob itself speak it to the server.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use hobnob::serve::{Answer, End, Request};
use hobnob::wire::listing::Kind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{PATIENT, Response, Running, rest};

const JSON: &str = "Accept: application/json\r\n";

#[tokio::test]
async fn a_file_comes_with_its_length_type_and_date() {
    let server = Running::start(PATIENT);
    server.write("sub/a b.txt", "你好");
    let path = server.folder.path().join("sub/a b.txt");
    let date = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    fs::File::options().append(true).open(path).unwrap().set_modified(date).unwrap();
    let response = server.get("/sub/a%20b.txt?ignored=yes").await;
    assert_eq!((response.status, response.text()), (200, "你好"));
    assert_eq!(response.header("content-length"), Some("6"));
    assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(response.header("last-modified"), Some("Tue, 14 Nov 2023 22:13:20 GMT"));
}

#[tokio::test]
async fn an_empty_file_and_one_of_no_known_type_are_files_too() {
    let server = Running::start(PATIENT);
    server.write("empty.pdf", "");
    server.write("data.unknown", [0xff, 0]);
    let empty = server.get("/empty.pdf").await;
    assert_eq!((empty.status, empty.text(), empty.header("content-length")), (200, "", Some("0")));
    assert_eq!(empty.header("content-type"), Some("application/pdf"));
    let unknown = server.get("/data.unknown").await;
    assert_eq!((unknown.status, &*unknown.body), (200, &[0xff, 0][..]));
    assert_eq!(unknown.header("content-type"), Some("application/octet-stream"));
}

#[tokio::test]
async fn head_has_the_head_of_get_and_no_body() {
    let server = Running::start(PATIENT);
    server.write("a.txt", "12345");
    let response = server.ask("HEAD", "/a.txt", "").await;
    assert_eq!((response.status, response.text(), response.header("content-length")), (200, "", Some("5")));
}

#[tokio::test]
async fn other_methods_are_refused_even_with_a_long_body() {
    let server = Running::start(PATIENT);
    server.write("a.txt", "12345");
    for method in ["POST", "PUT", "DELETE", "TRACE", "BREW"] {
        let response = server.ask(method, "/a.txt", "").await;
        assert_eq!(
            (response.status, response.header("allow")),
            (405, Some("GET, HEAD, OPTIONS")),
            "{method}"
        );
    }
    let mut client = server.connect().await;
    client
        .write_all(b"POST /a.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\n\r\n")
        .await
        .unwrap();
    client.write_all(&vec![b'x'; 500_000]).await.unwrap();
    assert_eq!(Response::read(&rest(&mut client).await).status, 405);
}

#[tokio::test]
async fn a_folder_without_its_slash_is_redirected_to_it() {
    let server = Running::start(PATIENT);
    server.write("讲义/b c/x", "");
    let response = server.get("/%E8%AE%B2%E4%B9%89/b%20c?q").await;
    assert_eq!(response.status, 301);
    assert_eq!(response.header("location"), Some("/%E8%AE%B2%E4%B9%89/b%20c/?q"));
    let response = server.get("/%E8%AE%B2%E4%B9%89/b%20c").await;
    assert_eq!(response.header("location"), Some("/%E8%AE%B2%E4%B9%89/b%20c/"));
    let response = server.get("/%E8%AE%B2%E4%B9%89/b%20c?archive=tar&x=%26").await;
    assert_eq!(response.header("location"), Some("/%E8%AE%B2%E4%B9%89/b%20c/?archive=tar&x=%26"));
    let response = server.get("/%E8%AE%B2%E4%B9%89/b%20c?filter=讲&x=%26").await;
    assert_eq!(
        (response.status, response.header("location")),
        (301, Some("/%E8%AE%B2%E4%B9%89/b%20c/?filter=%E8%AE%B2&x=%26"))
    );
    // With both slashes in the `Location` this would be another host.
    assert_eq!(server.get("//b").await.status, 404);
    let response = server.get("//%E8%AE%B2%E4%B9%89").await;
    assert_eq!((response.status, response.header("location")), (301, Some("/%E8%AE%B2%E4%B9%89/")));
}

#[tokio::test]
async fn a_folder_is_listed_as_json_folders_first() {
    let server = Running::start(PATIENT);
    server.write("b.txt", "12345");
    server.write("A.txt", "");
    server.write("z/inside", "");
    server.write("Y/inside", "");
    let response = server.ask("GET", "/", JSON).await;
    assert_eq!((response.status, response.header("content-type")), (200, Some("application/json")));
    assert_eq!(response.header("vary"), Some("Accept, Accept-Language"));
    let entries = response.entries();
    let read: Vec<_> = entries.iter().map(|entry| (&*entry.name, entry.kind, entry.size)).collect();
    assert_eq!(
        read,
        [
            ("Y", Kind::Dir, None),
            ("z", Kind::Dir, None),
            ("A.txt", Kind::File, Some(0)),
            ("b.txt", Kind::File, Some(5)),
        ]
    );
    assert!(entries.iter().all(|entry| entry.modified.is_some()), "{entries:?}");
    assert_eq!(server.ask("GET", "/z/", JSON).await.text().matches("\"name\"").count(), 1);
}

#[tokio::test]
async fn an_empty_folder_is_an_empty_array() {
    let server = Running::start(PATIENT);
    assert_eq!(server.ask("GET", "/", JSON).await.text(), "[]");
}

#[tokio::test]
async fn a_name_that_is_not_utf_8_is_listed_and_served() {
    let server = Running::start(PATIENT);
    let name = OsStr::from_bytes(b"\xff\xfe 1%.txt");
    fs::write(server.folder.path().join(name), "bytes").unwrap();
    let list = server.ask("GET", "/", JSON).await;
    assert!(list.text().contains(r#""url":"./%FF%FE%201%25.txt""#), "{}", list.text());
    assert_eq!(list.entries()[0].raw.0, name.as_bytes());
    assert_eq!(server.get("/%FF%FE%201%25.txt").await.text(), "bytes");
    assert_eq!(server.plain(name.as_bytes()).await, b"bytes");
}

#[tokio::test]
async fn many_requests_on_one_connection_are_answered_in_order_and_told_each() {
    let mut server = Running::start(PATIENT);
    server.write("a", "first");
    server.write("b", "second");
    let mut client = server.connect().await;
    let requests = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nope HTTP/1.1\r\nHost: localhost\r\n\r\n\
                    HEAD /a HTTP/1.1\r\nHost: localhost\r\n\r\nGET /b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    client.write_all(requests.as_bytes()).await.unwrap();
    let answers = String::from_utf8(rest(&mut client).await).unwrap();
    let statuses: Vec<_> =
        answers.match_indices("HTTP/1.1 ").map(|(at, _)| &answers[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["200", "404", "200", "200"]);
    assert!(answers.contains("\r\n\r\nfirst") && answers.ends_with("\r\n\r\nsecond"), "{answers}");
    for (asked, status, bytes) in [("/a", 200, 5), ("/nope", 404, 14), ("/a", 200, 0), ("/b", 200, 6)] {
        let told = server.log.recv().await.unwrap();
        let Request::Http { path, .. } = &told.request else { panic!("{told:?}") };
        assert_eq!((&**path, told.answer, told.bytes), (asked, Answer::Status(status), bytes));
        assert_eq!(told.end, End::Whole);
    }
}

#[tokio::test]
async fn of_a_long_request_only_the_beginning_is_told() {
    let mut server = Running::start(PATIENT);
    let long = "\u{80}".repeat(20_000);
    for (target, told) in [
        (format!("/{}", "x".repeat(1023)), format!("/{}", "x".repeat(1023))),
        (format!("/{}", "x".repeat(1024)), format!("/{}…", "x".repeat(1023))),
        (format!("/?讲{long}"), format!("/?讲{}…", "<U+0080>".repeat(509))),
    ] {
        server.get(&target).await;
        let Request::Http { path, .. } = server.log.recv().await.unwrap().request else { panic!("{target}") };
        assert_eq!(&*path, told);
    }
    server.ask(&"M".repeat(20_000), "/", "").await;
    let Request::Http { method, .. } = server.log.recv().await.unwrap().request else { panic!() };
    assert_eq!(&*method, format!("{}…", "M".repeat(1024)));
}

#[tokio::test]
async fn a_request_is_told_as_soon_as_its_answer_is_out_though_the_connection_stays() {
    let mut server = Running::start(PATIENT);
    server.write("a", "first");
    let mut client = server.connect().await;
    client.write_all(b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let told = server.log.recv().await.unwrap();
    assert_eq!((told.end, told.bytes), (End::Whole, 5));
    assert_eq!(told.peer, client.local_addr().unwrap());
}

#[tokio::test]
async fn a_request_in_single_bytes_is_understood() {
    let server = Running::start(hobnob::serve::Limits { hesitation: super::NEVER, ..PATIENT });
    server.write("a", "first");
    let mut client = server.connect().await;
    client.set_nodelay(true).unwrap();
    for byte in b"GET /a HTTP/1.0\r\nHost: localhost\r\n\r\n" {
        client.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    client.shutdown().await.unwrap();
    assert!(rest(&mut client).await.ends_with(b"\r\n\r\nfirst"));
}

#[tokio::test]
async fn what_begins_like_http_and_is_none_is_refused_and_told() {
    let mut server = Running::start(PATIENT);
    let mut client = server.connect().await;
    client.write_all(b"GET / HTTP/1.1\r\nno header\r\n\r\n").await.unwrap();
    assert_eq!(Response::read(&rest(&mut client).await).status, 400);
    let told = server.log.recv().await.unwrap();
    assert_eq!((told.request, told.answer), (Request::Garbled, Answer::Refused));
}

#[tokio::test]
async fn a_path_longer_than_any_plain_name_is_http_from_its_beginning_on() {
    let server = Running::start(PATIENT);
    let mut client = server.connect().await;
    client.set_nodelay(true).unwrap();
    client.write_all(format!("GET /{}", "x".repeat(3000)).as_bytes()).await.unwrap();
    let mut nothing_yet = [0; 1];
    // Twice as long as the server hesitates over what might be a name.
    let waited = tokio::time::timeout(PATIENT.hesitation * 2, client.read(&mut nothing_yet)).await;
    assert!(waited.is_err(), "{waited:?}");
    client.write_all(b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    assert_eq!(Response::read(&rest(&mut client).await).status, 404);
}
