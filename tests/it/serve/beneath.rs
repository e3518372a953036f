//! Nothing outside the folder can be reached, and nothing in it that is hidden or no file.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use hobnob::wire::listing::Kind;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::{PATIENT, Running, rest, start};

async fn names(server: &Running, path: &str) -> Vec<(String, Kind)> {
    let list = server.ask("GET", path, "Accept: application/json\r\n").await;
    list.entries().iter().map(|entry| (entry.name.to_string(), entry.kind)).collect()
}

/// A server whose folder lies in another one beside a file that must not be reached.
fn beside_a_secret() -> Running {
    let mut server = Running::start(PATIENT);
    server.write("shared/sub/a.txt", "a");
    server.write("shared/50%2e.txt", "percent");
    server.write("secret.txt", "secret");
    (server.address, server.log, server.stop, server.task) =
        start(&server.folder.path().join("shared"), PATIENT);
    server
}

#[tokio::test]
async fn a_name_leading_out_of_the_folder_gets_nothing() {
    let server = beside_a_secret();
    let absolute = server.folder.path().join("secret.txt");
    for name in [
        "../secret.txt",
        "sub/../../secret.txt",
        "sub/../sub/a.txt",
        "./sub/a.txt",
        "..",
        "/etc/passwd",
        "//etc/passwd",
        "..\\secret.txt",
        "sub\\a.txt",
        "%2e%2e/secret.txt",
        "sub/a.txt\0",
        "sub/a.txt\0.png",
        absolute.to_str().unwrap(),
    ] {
        assert_eq!(server.plain(name.as_bytes()).await, b"", "{name:?}");
    }
    assert_eq!(server.plain(b"sub/a.txt").await, b"a");
}

#[tokio::test]
async fn a_path_leading_out_of_the_folder_is_not_found() {
    let server = beside_a_secret();
    for path in [
        "/../secret.txt",
        "/sub/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/%2E%2E%2Fsecret.txt",
        "/%252e%252e/secret.txt",
        "/sub/%2e%2e/%2e%2e/secret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/%2fetc/passwd",
        "//etc/passwd",
        "/etc/passwd",
        "/sub/a.txt%00",
        "/sub/a.txt%00.png",
        "/sub/a.txt/",
        "http://localhost/../secret.txt",
    ] {
        let response = server.get(path).await;
        assert!(matches!(response.status, 400 | 404), "{path}: {response:?}");
        assert!(!response.text().contains("secret"), "{path}: {response:?}");
    }
    assert_eq!(server.get("http://localhost/sub/a.txt").await.text(), "a");
    // Decoded once: this is the name `50%2e.txt`.
    assert_eq!(server.get("/50%252e.txt").await.text(), "percent");
    assert_eq!(server.get("/50%2e.txt").await.status, 404);
}

#[tokio::test]
async fn a_link_leading_out_is_neither_served_nor_listed_and_one_inside_is_both() {
    let server = beside_a_secret();
    let shared = server.folder.path().join("shared");
    symlink("../secret.txt", shared.join("out")).unwrap();
    symlink("..", shared.join("up")).unwrap();
    symlink("/etc/passwd", shared.join("passwd")).unwrap();
    symlink("nowhere", shared.join("nowhere")).unwrap();
    symlink("round", shared.join("round")).unwrap();
    symlink("sub/a.txt", shared.join("in")).unwrap();
    symlink("../50%2e.txt", shared.join("sub/across")).unwrap();
    for name in ["out", "up/secret.txt", "passwd", "nowhere", "round"] {
        assert_eq!(server.plain(name.as_bytes()).await, b"", "{name}");
        assert_eq!(server.get(&format!("/{name}")).await.status, 404, "{name}");
    }
    assert_eq!(server.get("/up/").await.status, 404);
    assert_eq!(server.plain(b"in").await, b"a");
    assert_eq!(server.get("/in").await.text(), "a");
    assert_eq!(server.get("/sub/across").await.text(), "percent");
    let file = |name: &str| (name.to_owned(), Kind::File);
    assert_eq!(names(&server, "/").await, [("sub".to_owned(), Kind::Dir), file("50%2e.txt"), file("in")]);
    assert_eq!(names(&server, "/sub/").await, [file("a.txt"), file("across")]);
}

#[tokio::test]
async fn what_is_hidden_is_neither_served_nor_listed() {
    let server = Running::start(PATIENT);
    server.write(".profile", "hidden");
    server.write(".ssh/id", "hidden");
    server.write("sub/.git/config", "hidden");
    for name in [".profile", ".ssh/id", ".ssh/", "sub/.git/config", "sub/.git/"] {
        assert_eq!(server.plain(name.as_bytes()).await, b"", "{name}");
        assert_eq!(server.get(&format!("/{name}")).await.status, 404, "{name}");
    }
    assert_eq!(server.get("/%2eprofile").await.status, 404);
    assert_eq!(names(&server, "/").await, [("sub".to_owned(), Kind::Dir)]);
    assert_eq!(names(&server, "/sub/").await, []);
}

#[tokio::test]
async fn a_pipe_and_a_socket_are_listed_and_refused_at_once() {
    let server = Running::start(PATIENT);
    mkfifo(&server.folder.path().join("pipe"), Mode::S_IRWXU).unwrap();
    let _socket = UnixListener::bind(server.folder.path().join("socket")).unwrap();
    for name in ["pipe", "socket"] {
        assert_eq!(server.plain(name.as_bytes()).await, b"", "{name}");
        assert_eq!(server.get(&format!("/{name}")).await.status, 404, "{name}");
    }
    let other = |name: &str| (name.to_owned(), Kind::Other);
    assert_eq!(names(&server, "/").await, [other("pipe"), other("socket")]);
}

#[tokio::test]
async fn a_device_is_refused() {
    let (address, _log, _stop, _task) = start(Path::new("/dev"), PATIENT);
    for request in ["zero", "null", "GET /zero HTTP/1.0\r\n\r\n", "GET /null HTTP/1.0\r\n\r\n"] {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        let answer = String::from_utf8(rest(&mut client).await).unwrap();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.0 404 "), "{request}: {answer}");
    }
}

#[tokio::test]
async fn a_file_that_may_not_be_read_looks_as_if_it_were_not_there() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Running::start(PATIENT);
    server.write("locked", "locked");
    let path = server.folder.path().join("locked");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser reads it all the same.
    let expected = if fs::File::open(&path).is_ok() { 200 } else { 404 };
    assert_eq!(server.get("/locked").await.status, expected);
}
