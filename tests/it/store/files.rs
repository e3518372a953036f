//! The file: who may look into it, what earlier versions left, and the files that are left alone.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use hobnob::wire::credentials::Credentials;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use rusqlite::Connection;
use tempfile::{TempDir, tempdir};

use super::*;
use crate::support::files::names;

/// A folder whose file holds these bytes.
fn holding(bytes: &[u8]) -> TempDir {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("hobnob.db"), bytes).unwrap();
    dir
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A folder with a store in it, and one message.
async fn with_store() -> TempDir {
    let place = tempdir().unwrap();
    let mut keeper = Keeper::sound(place.path());
    keeper.receive(lin(), "kept").await;
    keeper.end().await;
    assert_eq!(
        names(place.path()),
        ["hobnob.db"],
        "what stands beside the file at work is put into it at the end"
    );
    place
}

/// Changes the file as another program would.
fn change(place: &TempDir, sql: &str) {
    Connection::open(place.path().join("hobnob.db")).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn the_folder_and_the_file_are_the_users_alone() {
    let place = tempdir().unwrap();
    let dir = place.path().join("a/b");
    let mut keeper = Keeper::sound(&dir);
    assert_eq!(keeper.memory, Memory::default());
    keeper.receive(lin(), "x").await;
    assert_eq!((mode(&place.path().join("a")), mode(&dir)), (0o700, 0o700));
    for name in names(&dir) {
        assert_eq!(mode(&dir.join(&name)), 0o600, "{name}");
    }
    keeper.end().await;
    assert_eq!(names(&dir), ["hobnob.db"]);
}

#[tokio::test]
async fn what_was_used_lately_is_there_again_byte_for_byte() {
    let place = tempdir().unwrap();
    let keeper = Keeper::sound(place.path());
    for change in some_changes() {
        keeper.tell(StoreRequest::Recent(change));
    }
    keeper.end().await;
    let keeper = Keeper::sound(place.path());
    assert_eq!(keeper.memory.recent, some_recent());
    keeper.end().await;
}

#[tokio::test]
async fn of_what_was_used_lately_each_program_changes_only_what_it_changed_itself() {
    let place = tempdir().unwrap();
    let (gone, stays) = (source("http://gone/"), source("http://stays/a/"));
    let change = |keeper: &Keeper, change| keeper.tell(StoreRequest::Recent(change));
    let who = Credentials::new("lin".to_owned(), "geheim".to_owned()).unwrap();
    let keeper = Keeper::sound(place.path());
    change(&keeper, Change::Server(gone.clone()));
    change(&keeper, Change::Credentials(gone.origin(), Some(who.clone())));
    keeper.end().await;

    let (one, other) = (Keeper::sound(place.path()), Keeper::sound(place.path()));
    change(&one, Change::Bookmark(stays.clone()));
    change(&one, Change::Credentials(stays.origin(), Some(who.clone())));
    change(&one, Change::NoServer(gone.endpoint.clone()));
    one.end().await;
    change(&other, Change::Folder(source("http://other/b/")));
    other.end().await;
    let keeper = Keeper::sound(place.path());
    let recent = &keeper.memory.recent;
    assert_eq!(recent.bookmarks(), std::slice::from_ref(&stays));
    assert!(recent.credentials() == [(stays.origin(), who)], "and what was forgotten stays so");
    assert_eq!(recent.servers(), [source("http://other/")]);
    keeper.end().await;
}

#[tokio::test]
async fn what_an_earlier_version_left_is_taken_over_once() {
    let place = tempdir().unwrap();
    let file = serde_json::json!({
        "version": 1,
        "servers": ["plain://127.0.0.1:9/", "http://电脑.local/", "ftp://nonsense"],
        "names": {"127.0.0.1:9": [
            "/%E8%AE%B2%E4%B9%89/%E4%B8%80.pdf",
            "/caf%E9%20100%25%3F%23%22%5C.txt",
        ]},
        "peers": ["[fe80::1%25]:9", "\u{1b}[2J"],
    });
    fs::write(place.path().join("recent.json"), file.to_string()).unwrap();
    for _ in 0..2 {
        let keeper = Keeper::sound(place.path());
        assert_eq!(keeper.memory.recent, some_recent());
        keeper.end().await;
        assert_eq!(names(place.path()), ["hobnob.db"]);
    }
}

#[tokio::test]
async fn what_an_earlier_version_left_stays_where_it_makes_no_sense() {
    for bytes in [&b""[..], b"{\"version\":1,\"servers\":[\"box", b"\xff", b"{\"version\":2}"] {
        let place = tempdir().unwrap();
        fs::write(place.path().join("recent.json"), bytes).unwrap();
        let keeper = Keeper::sound(place.path());
        assert_eq!(keeper.memory.recent, Recent::default());
        keeper.end().await;
        assert_eq!(fs::read(place.path().join("recent.json")).unwrap(), bytes);
    }
}

/// The file is refused, left as it is, and a store in memory stands in for it.
async fn assert_refused(place: &TempDir) -> Fault {
    let path = place.path().join("hobnob.db");
    let before = fs::read(&path).unwrap();
    let mut keeper = Keeper::new(place.path());
    let fault = keeper.fault.clone().expect("the file is used");
    assert_eq!(keeper.memory, Memory::default());
    keeper.receive(lin(), "only in memory").await;
    assert_eq!(texts(&keeper.page(lin(), Part::After(0)).await), ["only in memory"]);
    assert_eq!(keeper.find(None, "memory").await.total, 1);
    keeper.end().await;
    assert!(fs::read(&path).unwrap() == before, "it was changed");
    fault
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_stays_as_it_is() {
    for bytes in [&b""[..], b"mine", b"SQLite format 3\0", &[0; 4096]] {
        let place = holding(bytes);
        let fault = assert_refused(&place).await;
        assert!(
            matches!(&fault, Fault::Damaged(path, _) if *path == place.path().join("hobnob.db")),
            "{fault:?}"
        );
        assert_eq!(names(place.path()), ["hobnob.db"]);
    }
}

#[tokio::test]
async fn another_program_s_database_is_refused_and_stays_as_it_is() {
    let place = tempdir().unwrap();
    change(&place, "CREATE TABLE theirs (x); PRAGMA user_version = 1");
    let fault = assert_refused(&place).await;
    assert!(matches!(&fault, Fault::Damaged(_, said) if said.contains("another program")), "{fault:?}");
}

#[tokio::test]
async fn a_file_of_a_later_version_is_refused_and_stays_as_it_is() {
    let place = with_store().await;
    change(&place, "PRAGMA user_version = 7");
    assert_eq!(assert_refused(&place).await, Fault::OtherVersion(place.path().join("hobnob.db"), 7));
}

#[tokio::test]
async fn a_later_version_that_stands_in_the_log_only_is_refused_too() {
    let place = with_store().await;
    let path = place.path().join("hobnob.db");
    let later = Connection::open(&path).unwrap();
    later.execute_batch("PRAGMA user_version = 7").unwrap();
    assert_eq!(assert_refused(&place).await, Fault::OtherVersion(path, 7));
}

#[tokio::test]
async fn a_damaged_file_is_refused_and_stays_as_it_is() {
    let whole = fs::read(with_store().await.path().join("hobnob.db")).unwrap();
    let mut garbled = whole.clone();
    garbled[100..4096].fill(0x55);
    for bytes in [&whole[..whole.len() / 2], &whole[..100], &garbled] {
        let fault = assert_refused(&holding(bytes)).await;
        assert!(matches!(fault, Fault::Damaged(..)), "{fault:?}");
    }
}

#[tokio::test]
async fn what_is_no_file_is_refused_and_never_waited_for() {
    let folder = tempdir().unwrap();
    fs::create_dir(folder.path().join("hobnob.db")).unwrap();
    let pipe = tempdir().unwrap();
    mkfifo(&pipe.path().join("hobnob.db"), Mode::S_IRWXU).unwrap();
    let around = tempdir().unwrap();
    symlink("hobnob.db", around.path().join("hobnob.db")).unwrap();
    for dir in [folder, pipe, around] {
        let keeper = Keeper::new(dir.path());
        let Some(Fault::Disk(said)) = &keeper.fault else { panic!("{:?}", keeper.fault) };
        let named = dir.path().join("hobnob.db");
        assert!(said.starts_with(named.to_str().unwrap()) && !said.contains("os error"), "{said}");
        keeper.end().await;
        assert_eq!(names(dir.path()), ["hobnob.db"]);
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_said_and_a_store_in_memory_stands_in() {
    let place = tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "mine").unwrap();
    for dir in [file.clone(), file.join("below")] {
        let mut keeper = Keeper::new(&dir);
        assert!(matches!(keeper.fault, Some(Fault::Disk(_))), "{:?}", keeper.fault);
        keeper.receive(lin(), "x").await;
        keeper.end().await;
    }
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_read_all_the_same_and_nothing_is_called_saved() {
    let place = with_store().await;
    let rights = |mode| fs::set_permissions(place.path(), fs::Permissions::from_mode(mode)).unwrap();
    fs::set_permissions(place.path().join("hobnob.db"), fs::Permissions::from_mode(0o400)).unwrap();
    rights(0o500);
    if fs::write(place.path().join("new"), "").is_ok() {
        println!("skipped: nothing is forbidden to this user");
        return;
    }
    let mut keeper = Keeper::new(place.path());
    assert!(matches!(keeper.fault, Some(Fault::Disk(_))), "{:?}", keeper.fault);
    assert_eq!(keeper.memory.known.len(), 1);
    assert_eq!(texts(&keeper.page(lin(), Part::After(0)).await), ["kept"]);
    keeper.tell(StoreRequest::Save(Box::new(message(9, lin(), Delivery::Received, b"x"))));
    let unsaved = keeper.next().await;
    assert!(
        matches!(&unsaved, StoreEvent::Unsaved(ids, Fault::Disk(_)) if ids[..] == [(lin(), MessageId(9))]),
        "{unsaved:?}"
    );
    assert!(matches!(keeper.store.end().await, Err(Fault::Disk(_))));
    rights(0o700);
}
