//! What an answer says of a file beside its bytes, and how it ends where the file does not stay the same.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hobnob::serve::End;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{PATIENT, Running};

#[tokio::test]
async fn a_page_of_somebody_s_does_not_run_as_one_of_ours() {
    let server = Running::start(PATIENT);
    for name in ["a.html", "a.svg", "a.xml", "a.txt", "a.bin", "a.js"] {
        server.write(name, "<script>alert(1)</script>");
        for fields in ["", "Range: bytes=0-1\r\n", "Range: bytes=0-1,5-6\r\n"] {
            let answer = server.ask("GET", &format!("/{name}"), fields).await;
            assert_eq!(answer.header("content-security-policy"), Some("sandbox"), "{name} {fields}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{name} {fields}");
        }
    }
    // In a sandbox Chrome does not show it.
    server.write("a.pdf", "%PDF");
    assert_eq!(server.get("/a.pdf").await.header("content-security-policy"), None);
}

#[tokio::test]
async fn a_compressed_file_is_served_as_what_it_is() {
    let server = Running::start(PATIENT);
    for (name, kind) in [
        ("a.tar.gz", "application/gzip"),
        ("a.txt.gz", "application/gzip"),
        ("a.zip", "application/zip"),
        ("a.bz2", "application/x-bzip2"),
    ] {
        server.write(name, [0x1f, 0x8b, 8]);
        let answer = server.ask("GET", &format!("/{name}"), "Accept-Encoding: gzip, br\r\n").await;
        assert_eq!(answer.header("content-type"), Some(kind), "{name}");
        assert_eq!(answer.header("content-encoding"), None, "{name}");
        assert_eq!(answer.body, [0x1f, 0x8b, 8], "{name}");
    }
}

#[tokio::test]
async fn a_file_is_offered_to_be_saved_under_its_name_where_that_is_asked_for() {
    let server = Running::start(PATIENT);
    server.write("sub/讲义 \"1\".pdf", "x");
    let path = "/sub/%E8%AE%B2%E4%B9%89%20%221%22.pdf";
    let saved = "attachment; filename=\"__ _1_.pdf\"; filename*=UTF-8''%E8%AE%B2%E4%B9%89%20%221%22.pdf";
    for query in ["?download", "?download=1", "?a=b&download", "?download&a"] {
        let answer = server.get(&format!("{path}{query}")).await;
        assert_eq!((answer.status, answer.header("content-disposition")), (200, Some(saved)), "{query}");
    }
    for query in ["", "?downloads", "?a=download", "?Download"] {
        let answer = server.get(&format!("{path}{query}")).await;
        assert_eq!((answer.status, answer.header("content-disposition")), (200, None), "{query}");
    }
}

#[tokio::test]
async fn a_file_with_an_impossible_time_is_served_without_one() {
    let server = Running::start(PATIENT);
    server.write("a.txt", "hello");
    let file = File::options().append(true).open(server.folder.path().join("a.txt")).unwrap();
    // In the year 12,000; not every disk takes it.
    let far = UNIX_EPOCH + Duration::from_secs(316_516_000_000);
    if file.set_modified(far).is_ok() {
        let answer = server.get("/a.txt").await;
        assert_eq!((answer.status, answer.text()), (200, "hello"));
    }
}

#[tokio::test]
async fn options_says_what_can_be_done() {
    let server = Running::start(PATIENT);
    server.write("a.txt", "hello");
    for path in ["/a.txt", "/", "/nope", "*"] {
        let answer = server.ask("OPTIONS", path, "").await;
        assert_eq!((answer.status, answer.header("allow")), (204, Some("GET, HEAD, OPTIONS")), "{path}");
        assert_eq!((answer.header("content-length"), answer.text()), (None, ""), "{path}");
    }
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_sent_is_not_sent_to_its_end() {
    let mut server = Running::start(PATIENT);
    for change in [write_into, append, write_into_and_set_the_time_back] {
        for request in [
            "long",
            "GET /long HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "GET /long HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nRange: bytes=1-\r\n\r\n",
            "GET /long HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nRange: bytes=0-0,2-\r\n\r\n",
        ] {
            let length = server.write_long("long");
            let file = File::options().write(true).open(server.folder.path().join("long")).unwrap();
            file.set_modified(long_ago()).unwrap();
            let mut client = server.connect().await;
            client.write_all(request.as_bytes()).await.unwrap();
            client.read_exact(&mut [0; 1000]).await.unwrap();
            change(&file);
            let mut received = Vec::new();
            let read = client.read_to_end(&mut received).await;
            assert!((received.len() as u64 + 1000) < length, "{request}: {} bytes", received.len());
            if request == "long" {
                // Without an announced length only a reset tells the client.
                assert_eq!(read.unwrap_err().kind(), ErrorKind::ConnectionReset);
            }
            assert_eq!(server.log.recv().await.unwrap().end, End::BrokenOff, "{request}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_replaced_while_it_is_sent_is_sent_to_its_end() {
    let server = Running::start(PATIENT);
    for replace in [
        |file: &Path| fs::rename(file.with_file_name("new"), file),
        |file: &Path| fs::remove_file(file),
        |file: &Path| fs::set_permissions(file, fs::Permissions::from_mode(0o600)),
    ] {
        let length = server.write_long("long");
        server.write("new", "new");
        let mut client = server.connect().await;
        client.write_all(b"long").await.unwrap();
        client.read_exact(&mut [0; 1000]).await.unwrap();
        replace(&server.folder.path().join("long")).unwrap();
        assert_eq!(super::rest(&mut client).await.len() as u64 + 1000, length);
    }
}

#[tokio::test]
async fn a_file_that_stays_the_same_while_it_is_read_by_others_is_sent_to_its_end() {
    let server = Running::start(PATIENT);
    let length = server.write_long("long");
    let mut client = server.connect().await;
    client.write_all(b"long").await.unwrap();
    client.read_exact(&mut [0; 1000]).await.unwrap();
    let mut other = File::open(server.folder.path().join("long")).unwrap();
    std::io::copy(&mut other, &mut std::io::sink()).unwrap();
    assert_eq!(super::rest(&mut client).await.len() as u64 + 1000, length);
}

fn long_ago() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000_000)
}

fn write_into(file: &File) {
    file.write_all_at(b"x", 0).unwrap();
}

fn append(file: &File) {
    let length = file.metadata().unwrap().len();
    file.write_all_at(b"x", length).unwrap();
    file.set_modified(long_ago()).unwrap();
}

/// Until the clock of the disk, which is a coarse one, has gone on.
fn write_into_and_set_the_time_back(file: &File) {
    let changed =
        |file: &File| file.metadata().map(|metadata| (metadata.ctime(), metadata.ctime_nsec())).unwrap();
    let before = changed(file);
    while changed(file) == before {
        write_into(file);
        file.set_modified(long_ago()).unwrap();
    }
}
