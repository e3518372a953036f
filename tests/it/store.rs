//! What is kept in the data directory: the file, who may look into it, and the files that are left alone.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use hobnob::effect::Recent;
use hobnob::event::{Event, Fault, StoreEvent};
use hobnob::store::{Store, load};
use hobnob::wire::source::{Path as Name, Source};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tempfile::{TempDir, tempdir};
use tokio::sync::mpsc;

use crate::support::files::names;
use crate::support::pty::{Terminal, hobnob};
use crate::support::server::Server;

const CTRL_G: &str = "\x07";
const CTRL_Q: &str = "\x11";
const F3: &str = "\x1bOR";

/// A server, two names of it that are no UTF-8 and hard to write, and a peer.
fn some() -> Recent {
    let mut recent = Recent::default();
    let server = Source::parse("plain://127.0.0.1:9").unwrap();
    recent.add_server(&Source::parse("http://电脑.local/folder/").unwrap());
    recent.add_server(&server);
    for name in [&b"caf\xe9 100%?#\"\\.txt"[..], "讲义/一.pdf".as_bytes()] {
        recent.add_name(&server.at(Name::from_name(name)));
    }
    recent.add_peer("[fe80::1%25]:9".parse().unwrap());
    recent
}

/// Keeps this in the folder until all is written; what was said about it.
async fn keep(dir: &Path, all: impl IntoIterator<Item = Recent>) -> Vec<Fault> {
    let (events, mut said) = mpsc::channel(16);
    let store = Store::start(dir.to_path_buf(), events).unwrap();
    for recent in all {
        store.remember(recent).unwrap();
    }
    store.end().await;
    let mut faults = Vec::new();
    while let Some(event) = said.recv().await {
        let Event::Store(StoreEvent::Failed(fault)) = event else { panic!("{event:?}") };
        faults.push(fault);
    }
    faults
}

/// A folder whose file holds these bytes.
fn holding(bytes: &[u8]) -> TempDir {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("recent.json"), bytes).unwrap();
    dir
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn what_was_kept_is_there_again_byte_for_byte() {
    let place = tempdir().unwrap();
    assert_eq!(keep(place.path(), [some()]).await, []);
    assert_eq!(load(place.path()), Ok(some()));
    let file = fs::read_to_string(place.path().join("recent.json")).unwrap();
    let file: serde_json::Value = serde_json::from_str(&file).unwrap();
    let expected = serde_json::json!({
        "version": 1,
        "servers": ["plain://127.0.0.1:9/", "http://电脑.local/"],
        "names": {"127.0.0.1:9": [
            "/%E8%AE%B2%E4%B9%89/%E4%B8%80.pdf",
            "/caf%E9%20100%25%3F%23%22%5C.txt",
        ]},
        "peers": ["[fe80::1%25]:9"],
    });
    assert_eq!(file, expected);
}

#[tokio::test]
async fn a_missing_folder_holds_nothing_and_is_made_for_the_user_alone() {
    let place = tempdir().unwrap();
    let dir = place.path().join("a/b");
    assert_eq!(load(&dir), Ok(Recent::default()));
    assert!(names(place.path()).is_empty(), "reading makes nothing");
    assert_eq!(keep(&dir, [some()]).await, []);
    assert_eq!(names(&dir), ["recent.json"]);
    assert_eq!((mode(&place.path().join("a")), mode(&dir)), (0o700, 0o700));
    assert_eq!(mode(&dir.join("recent.json")), 0o600);
}

#[tokio::test]
async fn the_last_of_many_changes_is_what_is_kept() {
    let place = tempdir().unwrap();
    let mut last = some();
    last.add_peer("box".parse().unwrap());
    assert_eq!(keep(place.path(), [Recent::default(), some(), last.clone()]).await, []);
    assert_eq!(load(place.path()), Ok(last));
    assert_eq!(names(place.path()), ["recent.json"]);
}

#[tokio::test]
async fn where_nothing_changed_nothing_is_written() {
    let place = tempdir().unwrap();
    assert_eq!(keep(place.path(), []).await, []);
    assert!(names(place.path()).is_empty());
}

#[test]
fn a_damaged_file_is_refused_with_the_reason_and_stays_as_it_is() {
    let deep = "[".repeat(100_000);
    for (bytes, reason) in [
        (&b""[..], "EOF while parsing"),
        (b"{\"version\":1,\"servers\":[\"box", "EOF while parsing"),
        (b"\xff\xfe", "expected value"),
        (b"{\"version\":1}", "missing field `servers`"),
        (b"{\"version\":-1}", "invalid value"),
        (b"{\"version\":1,\"servers\":[],\"names\":{},\"peers\":[],\"new\":0}", "unknown field `new`"),
        (deep.as_bytes(), "invalid type"),
        (format!("{{\"version\":1,\"servers\":{deep}").as_bytes(), "EOF while parsing"),
    ] {
        let dir = holding(bytes);
        let path = dir.path().join("recent.json");
        let refused = load(dir.path()).unwrap_err();
        let Fault::Damaged(named, what) = &refused else { panic!("{refused:?}") };
        assert_eq!(named, &path);
        assert!(what.contains(reason), "{what}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[tokio::test]
async fn an_entry_that_means_nothing_is_left_out_and_costs_no_other() {
    let file = serde_json::json!({
        "version": 1,
        "servers": ["ftp://box", "plain://box", "", "http://lists"],
        "names": {"a b": ["/x"], "box:7890": ["/y"]},
        "peers": ["\u{1b}[2J", "peer1", "box:70000", "box\u{3164}", "peer2"],
    });
    let dir = holding(file.to_string().as_bytes());
    let mut expected = Recent::default();
    for server in ["http://lists", "plain://box"] {
        expected.add_server(&Source::parse(server).unwrap());
    }
    expected.add_name(&Source::parse("plain://box/y").unwrap());
    for peer in ["peer2", "peer1"] {
        expected.add_peer(peer.parse().unwrap());
    }
    assert_eq!(load(dir.path()).as_ref(), Ok(&expected));
    // And what is used next is kept.
    expected.add_peer("peer3".parse().unwrap());
    assert_eq!(keep(dir.path(), [expected.clone()]).await, []);
    assert_eq!(load(dir.path()), Ok(expected));
}

#[test]
fn a_file_of_another_version_is_refused_whatever_else_it_says() {
    let dir = holding(b"{\"version\":2,\"servers\":{}}");
    let path = dir.path().join("recent.json");
    assert_eq!(load(dir.path()), Err(Fault::OtherVersion(path, 2)));
}

#[test]
fn more_than_is_remembered_is_cut_to_the_latest() {
    let numbers = |count: usize, text: &str| {
        let all = (0..count).map(|number| format!("{text}{number}"));
        serde_json::Value::from(all.collect::<Vec<_>>())
    };
    let file = serde_json::json!({
        "version": 1,
        "servers": numbers(500, "plain://box"),
        "names": {"box0": numbers(500, "/"), "box499": ["/x"]},
        "peers": numbers(500, "peer"),
    });
    let recent = load(holding(file.to_string().as_bytes()).path()).unwrap();
    let names = recent.names(&"box0".parse().unwrap());
    assert_eq!((recent.servers().len(), names.len(), recent.peers().len()), (50, 100, 50));
    assert_eq!(recent.servers()[0].to_string(), "plain://box0:7890/");
    assert_eq!((names[0].name(), names[99].name()), (b"0".to_vec(), b"99".to_vec()));
    assert_eq!(recent.peers()[49].to_string(), "peer49:7890");
    assert!(recent.names(&"box499".parse().unwrap()).is_empty());
}

#[test]
fn a_file_that_cannot_be_read_is_refused_and_never_waited_for() {
    let folder = tempdir().unwrap();
    fs::create_dir(folder.path().join("recent.json")).unwrap();
    let pipe = tempdir().unwrap();
    mkfifo(&pipe.path().join("recent.json"), Mode::S_IRWXU).unwrap();
    let around = tempdir().unwrap();
    symlink("recent.json", around.path().join("recent.json")).unwrap();
    let endless = tempdir().unwrap();
    let file = fs::File::create(endless.path().join("recent.json")).unwrap();
    file.set_len(1 << 40).unwrap();
    for dir in [folder, pipe, around, endless] {
        let refused = load(dir.path()).unwrap_err();
        let Fault::Disk(said) = &refused else { panic!("{refused:?}") };
        let named = dir.path().join("recent.json");
        assert!(said.starts_with(named.to_str().unwrap()) && !said.contains("os error"), "{said}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_said() {
    let place = tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "mine").unwrap();
    assert!(matches!(load(&file), Err(Fault::Disk(_))));
    // It was a folder when it was loaded.
    for dir in [file.clone(), file.join("below")] {
        let said = keep(&dir, [some()]).await;
        let [Fault::Disk(words)] = &said[..] else { panic!("{said:?}") };
        assert!(!words.contains("os error"), "{words}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    assert_eq!(names(place.path()), ["file"]);
}

#[tokio::test]
async fn a_failed_write_leaves_what_was_kept_before_and_nothing_beside_it() {
    let place = tempdir().unwrap();
    let taken = place.path().join("recent.json");
    fs::create_dir(&taken).unwrap();
    let said = keep(place.path(), [some()]).await;
    assert!(matches!(said[..], [Fault::Disk(_)]), "{said:?}");
    assert_eq!(names(place.path()), ["recent.json"]);
    assert!(taken.is_dir());
}

/// hobnob in a terminal, with its own files and its downloads in this place.
fn hobnob_in(place: &TempDir, arguments: &[&str]) -> Terminal {
    let data = place.path().join("data");
    let dirs = ["--data-dir", data.to_str().unwrap()];
    let mut terminal = Terminal::start(hobnob(place, &[arguments, &dirs].concat()));
    terminal.wait_for("Message");
    terminal
}

fn quit(mut terminal: Terminal) {
    terminal.type_in(CTRL_Q);
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn the_program_offers_servers_names_and_peers_of_the_run_before() {
    const FILES: &[(&[u8], &[u8])] = &[("笔记.txt".as_bytes(), b"what the file says\n")];
    let server = Server::course(FILES);
    let source = server.source("plain://", "/").to_string();
    let place = tempdir().unwrap();
    let mut terminal = hobnob_in(&place, &["--files", &source, "--peer", "127.0.0.1:9"]);
    terminal.type_in(F3);
    terminal.wait_for("File name");
    terminal.type_in("笔记.txt\r");
    terminal.wait_for("19 B in");
    quit(terminal);

    let mut terminal = hobnob_in(&place, &[]);
    assert!(!terminal.text().contains("127.0.0.1:9 "), "{}", terminal.text());
    terminal.type_in(CTRL_G);
    terminal.wait_for("127.0.0.1:9 ");
    terminal.type_in("plain");
    terminal.wait_for(&source);
    terminal.type_in("\r");
    terminal.wait_for("笔记.txt");
    terminal.wait_for("fetched before");
    quit(terminal);
}

#[test]
fn the_program_says_that_its_file_is_damaged_and_leaves_it_alone() {
    let place = tempdir().unwrap();
    let data = place.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("recent.json"), "mine").unwrap();
    let mut terminal = hobnob_in(&place, &["--files", "plain://127.0.0.1:9"]);
    terminal.wait_for("What you open is not remembered: ");
    quit(terminal);
    assert_eq!(fs::read(data.join("recent.json")).unwrap(), b"mine");
    assert_eq!(names(&data), ["recent.json"]);
}

#[test]
fn the_demonstration_is_not_remembered() {
    let place = tempdir().unwrap();
    let mut terminal = hobnob_in(&place, &["demo"]);
    terminal.type_in(F3);
    terminal.wait_for("256-MiB.bin");
    quit(terminal);
    assert!(!place.path().join("data").exists());
}
