//! What is in the folder is served and listed under every name that it can have, and by every path that leads there; what
//! is not listed is counted.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use hobnob::serve::Access;
use hobnob::wire::listing::Kind;

use super::{PATIENT, Response, Running, start};

async fn names(server: &Running, path: &str) -> Vec<String> {
    let list = server.ask("GET", path, "Accept: application/json\r\n").await;
    list.entries().iter().map(|entry| String::from_utf8_lossy(&entry.raw.0).into_owned()).collect()
}

#[tokio::test]
async fn a_name_with_a_backslash_is_one_name_and_listed_served_and_archived() {
    let server = Running::start(PATIENT);
    server.write("a\\b", "backslash");
    server.write("dir\\/x\\..\\y", "deep");
    fs::write(server.folder.path().join(OsStr::from_bytes(b"\\\xff")), "exact").unwrap();
    for (path, content) in [
        ("/a%5cb", "backslash"),
        ("/a\\b", "backslash"),
        ("/dir%5C/x%5c..%5Cy", "deep"),
        ("/%5c%ff", "exact"),
    ] {
        assert_eq!(server.get(path).await.text(), content, "{path}");
    }
    assert_eq!(server.plain(b"a\\b").await, b"backslash");
    assert_eq!(names(&server, "/").await, ["dir\\", "\\\u{fffd}", "a\\b"]);
    assert_eq!(server.get("/dir%5c/?simple").await.text(), "x\\..\\y\n");
    let archive = server.get("/?archive=tar").await.body;
    let mut archive = tar::Archive::new(&archive[..]);
    let archived: Vec<_> =
        archive.entries().unwrap().map(|entry| entry.unwrap().path_bytes().into_owned()).collect();
    for name in [&b"/a\\b"[..], b"/dir\\/x\\..\\y", b"/\\\xff"] {
        assert!(archived.iter().any(|path| path.ends_with(name)), "{}", name.escape_ascii());
    }
    for path in ["/..%5ca", "/dir%5c%5cx", "/dir\\x"] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn an_absolute_link_that_stays_inside_is_served_listed_and_archived_and_one_that_leads_out_is_not() {
    let outside = tempfile::tempdir().unwrap();
    let mut server = Running::start(PATIENT);
    server.write("shared/a.txt", "inside");
    server.write("shared/sub/b.txt", "below");
    server.write("secret/a.txt", "secret");
    let top = server.folder.path().canonicalize().unwrap();
    let shared = top.join("shared");
    symlink(&shared, outside.path().join("alias")).unwrap();
    for (target, link) in [
        (shared.join("a.txt"), "file"),
        (shared.join("sub"), "folder"),
        (shared.join("sub/../a.txt"), "dots"),
        ("../shared/a.txt".into(), "around"),
        (shared.join("file"), "twice"),
        (outside.path().join("alias/a.txt"), "alias"),
        (top.join("secret/a.txt"), "out"),
        (top.join("secret"), "away"),
        (top.clone(), "above"),
        ("/etc/passwd".into(), "passwd"),
        (shared.join("nowhere"), "nowhere"),
        (shared.join("round"), "round"),
    ] {
        symlink(target, shared.join(link)).unwrap();
    }
    (server.address, server.log, server.stop, server.task) = start(&outside.path().join("alias"), PATIENT);
    for name in ["file", "dots", "around", "twice", "alias"] {
        assert_eq!(server.get(&format!("/{name}")).await.text(), "inside", "{name}");
        assert_eq!(server.plain(name.as_bytes()).await, b"inside", "{name}");
    }
    assert_eq!(server.get("/folder/b.txt").await.text(), "below");
    assert_eq!(names(&server, "/folder/").await, ["b.txt"]);
    for name in [
        "out",
        "away",
        "away/",
        "away/a.txt",
        "above/",
        "above/secret/a.txt",
        "above/shared/a.txt",
        "passwd",
        "nowhere",
        "round",
    ] {
        let answer = server.get(&format!("/{name}")).await;
        assert!(answer.status == 404 && !answer.text().contains("secret"), "{name}: {answer:?}");
        assert_eq!(server.plain(name.as_bytes()).await, b"", "{name}");
    }
    let list = server.ask("GET", "/", "Accept: application/json\r\n").await;
    assert_eq!(list.header("hobnob-left-out"), Some("6"));
    assert_eq!(
        names(&server, "/").await,
        ["folder", "sub", "a.txt", "alias", "around", "dots", "file", "twice"]
    );
    let archive = server.get("/?archive=tar").await.body;
    assert!(archive.windows(6).filter(|six| six == b"inside").count() == 6, "each link is what it leads to");
}

#[tokio::test]
async fn a_path_is_understood_as_other_servers_understand_it() {
    let server = Running::start(PATIENT);
    server.write("a", "top");
    server.write("d/b", "below");
    for (path, content) in [
        ("//a", "top"),
        ("///a", "top"),
        ("/./a", "top"),
        ("/d/../a", "top"),
        ("/d/%2e%2e/a", "top"),
        ("/d/.%2E/a", "top"),
        ("/nope/../a", "top"),
        ("/d%2f..%2fa", "top"),
        ("//d//b", "below"),
        ("/d/./b", "below"),
        ("/%2e/d/%2E/b", "below"),
        ("/d/../d/b", "below"),
    ] {
        assert_eq!(server.get(path).await.text(), content, "{path}");
        let head = server.ask("HEAD", path, "").await;
        assert_eq!(head.status, 200, "{path}");
    }
    for path in ["/d/.", "/d/./", "//d/", "/d/x/.."] {
        assert_eq!(names(&server, path).await, ["b"], "{path}");
    }
    for path in ["//", "/.", "/d/..", "/d/../"] {
        assert_eq!(names(&server, path).await, ["d", "a"], "{path}");
    }
    // Never to another server.
    for path in ["//d", "///d", "/.//d", "/x/..//d", "//d?x"] {
        let redirect = server.get(path).await;
        assert_eq!((redirect.status, &redirect.header("location").unwrap()[..3]), (301, "/d/"), "{path}");
    }
    for path in [
        "/..",
        "/../a",
        "/./../a",
        "/d/../../a",
        "//../a",
        "/%2e%2e/a",
        "/%2e%2e%2fa",
        "/d/%2e%2e/..%2fa",
        "/a/",
        "/a/.",
    ] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
}

/// How many things the list says that are not in it: in the header, in the page, and in dufs's JSON.
async fn left_out(server: &Running, query: &str) -> [Option<u64>; 3] {
    let number = |response: &Response| response.header("hobnob-left-out").map(|count| count.parse().unwrap());
    let lines = server.get(&format!("/?simple{query}")).await;
    let caddy = server.ask("GET", &format!("/?x{query}"), "Accept: application/json\r\n").await;
    assert_eq!(number(&lines), number(&caddy));
    let page = server.get(&format!("/?x{query}")).await;
    let said = page.text().split("<footer>").nth(1).unwrap().to_owned();
    let said = said
        .split(" not shared")
        .next()
        .filter(|before| before.len() < said.len())
        .map(|before| before.rsplit('>').next().unwrap().parse().unwrap());
    let dufs: serde_json::Value =
        serde_json::from_slice(&server.get(&format!("/?json{query}")).await.body).unwrap();
    [number(&lines), said, dufs.get("left_out").map(|count| count.as_u64().unwrap())]
}

#[tokio::test]
async fn whatever_is_left_out_of_a_list_is_counted_in_it_and_the_count_tells_no_name() {
    let server = Running::start(PATIENT);
    server.write("a", "");
    server.write("b", "");
    assert_eq!(left_out(&server, "").await, [None; 3]);
    let shared = server.folder.path();
    fs::write(shared.join(".hidden"), "").unwrap();
    fs::create_dir(shared.join(".git")).unwrap();
    symlink("nowhere", shared.join("dangling")).unwrap();
    symlink("/etc", shared.join("out")).unwrap();
    symlink("a", shared.join("in")).unwrap();
    assert_eq!(left_out(&server, "").await, [Some(4); 3]);
    // Otherwise one could ask for a name letter by letter.
    for filter in ["a", "b", "hidden", "dang", "zzz"] {
        assert_eq!(left_out(&server, &format!("&filter={filter}")).await, [Some(4); 3], "{filter}");
    }
    let zh = server.ask("GET", "/", "Accept-Language: zh\r\n").await;
    assert!(zh.text().contains("4 项未共享"), "{}", zh.text());
    assert!(!zh.text().contains("dangling") && !zh.text().contains(".git"));

    let mut server = Running::with(Access { hidden: true, ..Access::default() });
    for name in [".hidden", "a"] {
        server.write(name, "");
    }
    assert_eq!(left_out(&server, "").await, [None; 3]);
    server.write(".hobnob-upload-1-1", "");
    assert_eq!(left_out(&server, "").await, [Some(1); 3]);
    let list = server.ask("GET", "/", "Accept: application/json\r\n").await;
    assert!(list.entries().iter().all(|entry| entry.kind == Kind::File));
    server.log.close();
}
