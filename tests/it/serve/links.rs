//! What is served only where the user says so: hidden files, and what links lead to outside the folder.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use hobnob::serve::Access;
use hobnob::wire::listing::Kind;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tempfile::tempdir;

use super::Running;

async fn names(server: &Running, path: &str) -> Vec<(String, Kind)> {
    let list = server.ask("GET", path, "Accept: application/json\r\n").await;
    list.entries().iter().map(|entry| (entry.name.to_string(), entry.kind)).collect()
}

#[tokio::test]
async fn hidden_files_are_listed_and_served_where_they_are_shared() {
    let server = Running::with(Access { hidden: true, ..Access::default() });
    server.write(".profile", "mine");
    server.write("sub/.git/config", "yours");
    assert_eq!(server.plain(b".profile").await, b"mine");
    assert_eq!(server.get("/sub/.git/config").await.text(), "yours");
    assert_eq!(
        names(&server, "/").await,
        [("sub".to_owned(), Kind::Dir), (".profile".to_owned(), Kind::File)]
    );
}

#[tokio::test]
async fn with_hidden_files_shared_no_name_leads_out_all_the_same() {
    let server = Running::with(Access { hidden: true, ..Access::default() });
    server.write("sub/a", "a");
    for name in ["../a", "..", ".", "./sub/a", "sub/../sub/a", "sub/./a", ".\\a"] {
        assert_eq!(server.plain(name.as_bytes()).await, b"", "{name}");
    }
    for path in ["/%2e%2e/a", "/../sub/a", "/sub/%2e%2e/%2e%2e/sub/a", "/.%2e"] {
        assert!(matches!(server.get(path).await.status, 400 | 404), "{path}");
    }
}

#[tokio::test]
async fn an_upload_that_is_not_whole_is_never_served() {
    let server = Running::with(Access { hidden: true, ..Access::default() });
    server.write(".hobnob-upload-1-0", "half");
    assert_eq!(server.plain(b".hobnob-upload-1-0").await, b"");
    assert_eq!(names(&server, "/").await, []);
}

#[tokio::test]
async fn links_that_lead_out_are_followed_where_the_user_says_so() {
    let elsewhere = tempdir().unwrap();
    fs::write(elsewhere.path().join("a.txt"), "elsewhere").unwrap();
    let server = Running::with(Access { follow_links: true, ..Access::default() });
    let shared = server.folder.path();
    symlink(elsewhere.path().join("a.txt"), shared.join("file")).unwrap();
    symlink(elsewhere.path(), shared.join("folder")).unwrap();
    symlink("nowhere", shared.join("nowhere")).unwrap();
    symlink("round", shared.join("round")).unwrap();
    assert_eq!(server.plain(b"file").await, b"elsewhere");
    assert_eq!(server.get("/file").await.text(), "elsewhere");
    assert_eq!(server.get("/folder/a.txt").await.text(), "elsewhere");
    assert_eq!(
        names(&server, "/").await,
        [("folder".to_owned(), Kind::Dir), ("file".to_owned(), Kind::File)]
    );
    assert_eq!(names(&server, "/folder/").await, [("a.txt".to_owned(), Kind::File)]);
    for name in ["nowhere", "round"] {
        assert_eq!(server.get(&format!("/{name}")).await.status, 404, "{name}");
    }
    // A name that leads out is none, whatever links may do.
    for name in ["../a.txt", "folder/../file", "/etc/passwd"] {
        assert_eq!(server.plain(name.as_bytes()).await, b"", "{name}");
    }
}

#[tokio::test]
async fn pipes_devices_and_sockets_behind_links_are_refused_at_once() {
    let elsewhere = tempdir().unwrap();
    mkfifo(&elsewhere.path().join("pipe"), Mode::S_IRWXU).unwrap();
    let _socket = UnixListener::bind(elsewhere.path().join("socket")).unwrap();
    let server = Running::with(Access { follow_links: true, ..Access::default() });
    for name in ["pipe", "socket"] {
        symlink(elsewhere.path().join(name), server.folder.path().join(name)).unwrap();
    }
    for name in ["zero", "tty"] {
        symlink(format!("/dev/{name}"), server.folder.path().join(name)).unwrap();
    }
    for name in ["pipe", "socket", "zero", "tty"] {
        assert_eq!(server.plain(name.as_bytes()).await, b"", "{name}");
        assert_eq!(server.get(&format!("/{name}")).await.status, 404, "{name}");
    }
}
