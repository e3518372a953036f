//! What becomes of a download where something of its name is there already.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hobnob::effect::{Conflict, Job};
use hobnob::event::{Clash, Facts, Fault, Kept};
use hobnob::net::fetch::End;
use tempfile::tempdir;

use super::{at, engine, fetch_into, fetch_with, job, read, run};
use crate::support::files::names;
use crate::support::server::{PATIENT, Server, hold, reset, send};

/// Sun, 06 Nov 1994 08:49:37 GMT
const CHANGED: Duration = Duration::from_secs(784_111_777);

/// The head of an answer with three bytes.
const DATED: &str =
    "HTTP/1.1 200 OK\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 3\r\n\r\n";

/// Says when its file was changed; HEAD works as well.
fn dated() -> Server {
    Server::http(|line| if line.starts_with("HEAD") { DATED.to_owned() } else { format!("{DATED}new") })
}

fn set_changed(path: &std::path::Path, when: SystemTime) {
    File::options().write(true).open(path).unwrap().set_modified(when).unwrap();
}

async fn end(job: Job, conflict: Conflict) -> End {
    run(&engine(PATIENT), &mut Job { conflict, ..job }).await.0
}

#[tokio::test]
async fn a_file_that_is_there_is_left_alone_and_the_new_one_gets_a_number() {
    let server = Server::sending("new");
    let dir = tempdir().unwrap();
    fs::write(at(&dir, "notes.pdf"), "old").unwrap();
    fs::create_dir(at(&dir, "notes (1).pdf")).unwrap();
    fetch_into(&dir, server.source("plain://", "/notes.pdf")).await.unwrap();
    assert_eq!(names(dir.path()), ["notes (1).pdf", "notes (2).pdf", "notes.pdf"]);
    assert_eq!(read(&dir, "notes.pdf"), b"old");
    assert_eq!(read(&dir, "notes (2).pdf"), b"new");
}

#[tokio::test]
async fn where_the_user_is_to_be_asked_the_file_stays_and_only_its_head_is_asked_for() {
    let server = dated();
    let dir = tempdir().unwrap();
    fs::write(at(&dir, "a"), "old").unwrap();
    let job = job(server.source("http://", "/a"), dir.path());
    let old = UNIX_EPOCH + CHANGED - Duration::from_secs(9);
    set_changed(&at(&dir, "a"), old);
    let facts = |at: SystemTime| Facts { size: Some(3), modified: Some(at.try_into().unwrap()) };
    let clash = Clash { path: at(&dir, "a"), there: facts(old), comes: facts(UNIX_EPOCH + CHANGED) };
    assert_eq!(end(job.clone(), Conflict::Ask).await, End::Failed(Fault::Exists(Box::new(clash))));
    // The same length, and the same second.
    set_changed(&at(&dir, "a"), UNIX_EPOCH + CHANGED + Duration::from_millis(999));
    assert_eq!(end(job, Conflict::Ask).await, End::Kept(at(&dir, "a"), Kept::Same));
    assert!(server.requests().iter().all(|request| request.starts_with(b"HEAD /a ")));
    assert_eq!(read(&dir, "a"), b"old");
    assert_eq!(names(dir.path()), ["a"]);
}

#[tokio::test]
async fn a_plain_server_is_not_asked_for_a_file_that_is_there() {
    let server = Server::sending("new");
    let dir = tempdir().unwrap();
    fs::write(at(&dir, "a"), "old").unwrap();
    let job = job(server.source("plain://", "/a"), dir.path());
    let End::Failed(Fault::Exists(clash)) = end(job, Conflict::Ask).await else { panic!("no question") };
    assert_eq!((clash.there.size, clash.comes), (Some(3), Facts::default()));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn what_is_skipped_is_not_asked_for() {
    let server = Server::sending("new");
    let dir = tempdir().unwrap();
    fs::write(at(&dir, "a"), "old").unwrap();
    let job = job(server.source("http://", "/a"), dir.path());
    assert_eq!(end(job, Conflict::Skip).await, End::Kept(at(&dir, "a"), Kept::Skipped));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn overwriting_replaces_the_file_once_the_new_one_is_whole() {
    let dir = tempdir().unwrap();
    fs::write(at(&dir, "a"), "old").unwrap();
    let short = Server::sending("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnew");
    let half = job(short.source("http://", "/a"), dir.path());
    assert!(matches!(end(half, Conflict::Overwrite).await, End::Failed(Fault::Short { .. })));
    assert_eq!(read(&dir, "a"), b"old");
    let server = dated();
    let job = job(server.source("http://", "/a"), dir.path());
    assert!(matches!(end(job, Conflict::Overwrite).await, End::Finished(_)));
    assert_eq!(read(&dir, "a"), b"new");
    assert_eq!(names(dir.path()), ["a"]);
}

#[tokio::test]
async fn only_a_newer_file_takes_the_place_of_an_older_one() {
    let server = dated();
    let dir = tempdir().unwrap();
    let job = job(server.source("http://", "/a"), dir.path());
    for same_or_newer in [0, 1] {
        fs::write(at(&dir, "a"), "old").unwrap();
        set_changed(&at(&dir, "a"), UNIX_EPOCH + CHANGED + Duration::from_secs(same_or_newer));
        assert_eq!(end(job.clone(), Conflict::Newer).await, End::Kept(at(&dir, "a"), Kept::NotNewer));
    }
    set_changed(&at(&dir, "a"), UNIX_EPOCH + CHANGED - Duration::from_secs(1));
    assert!(matches!(end(job.clone(), Conflict::Newer).await, End::Finished(_)));
    assert_eq!(read(&dir, "a"), b"new");
    // Of one that does not say when, it is not known.
    let silent = Server::http(|_| "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n".to_owned());
    let job = Job { source: silent.source("http://", "/a"), ..job };
    assert_eq!(end(job, Conflict::Newer).await, End::Kept(at(&dir, "a"), Kept::Undated));
}

#[tokio::test]
async fn where_head_fails_get_decides() {
    let refusals = [
        "HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 501 No\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 No\r\nLocation: ftp://elsewhere/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "",
    ];
    for refusal in refusals {
        let server = Server::new(move |request, stream| {
            if !request.starts_with(b"HEAD ") {
                send(stream, format!("{DATED}new").as_bytes());
            } else if refusal.is_empty() {
                reset(stream, b"");
            } else {
                send(stream, refusal.as_bytes());
            }
        });
        let dir = tempdir().unwrap();
        let job = job(server.source("http://", "/a"), dir.path());
        fs::write(at(&dir, "a"), "old").unwrap();
        set_changed(&at(&dir, "a"), UNIX_EPOCH + CHANGED);
        assert_eq!(
            end(job.clone(), Conflict::Newer).await,
            End::Kept(at(&dir, "a"), Kept::NotNewer),
            "{refusal}"
        );
        assert_eq!(end(job.clone(), Conflict::Ask).await, End::Kept(at(&dir, "a"), Kept::Same), "{refusal}");
        set_changed(&at(&dir, "a"), UNIX_EPOCH + CHANGED - Duration::from_secs(1));
        assert!(matches!(end(job, Conflict::Newer).await, End::Finished(_)), "{refusal}");
        assert_eq!(read(&dir, "a"), b"new");
    }
}

#[tokio::test]
async fn a_server_that_hangs_when_it_is_asked_for_the_head_is_asked_for_the_file() {
    let server = Server::new(|request, stream| {
        if request.starts_with(b"HEAD ") {
            hold(stream);
        } else {
            send(stream, format!("{DATED}new").as_bytes());
        }
    });
    let dir = tempdir().unwrap();
    fs::write(at(&dir, "a"), "old").unwrap();
    set_changed(&at(&dir, "a"), UNIX_EPOCH + CHANGED - Duration::from_secs(1));
    let job = Job { conflict: Conflict::Newer, ..job(server.source("http://", "/a"), dir.path()) };
    let timeouts = hobnob::net::Timeouts { answer: Duration::from_millis(300), ..PATIENT };
    assert!(matches!(run(&engine(timeouts), &mut job.clone()).await.0, End::Finished(_)));
    assert_eq!(read(&dir, "a"), b"new");
}

#[tokio::test]
async fn nothing_but_a_regular_file_is_ever_replaced() {
    let server = dated();
    let dir = tempdir().unwrap();
    fs::create_dir(at(&dir, "folder")).unwrap();
    fs::write(at(&dir, "target"), "old").unwrap();
    symlink("target", at(&dir, "link")).unwrap();
    symlink("nowhere", at(&dir, "dangling")).unwrap();
    nix::unistd::mkfifo(&at(&dir, "pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    for name in ["folder", "link", "dangling", "pipe"] {
        for conflict in [Conflict::Overwrite, Conflict::Resume, Conflict::Newer] {
            let job = job(server.source("http://", &format!("/{name}")), dir.path());
            assert_eq!(end(job, conflict).await, End::Failed(Fault::NotRegular(at(&dir, name))), "{name}");
        }
    }
    // The new one can still get a number.
    let job = job(server.source("http://", "/folder"), dir.path());
    assert_eq!(end(job, Conflict::Ask).await, End::Failed(Fault::exists(at(&dir, "folder"))));
    assert!(server.requests().is_empty());
    assert_eq!(names(dir.path()), ["dangling", "folder", "link", "pipe", "target"]);
    assert_eq!(read(&dir, "target"), b"old");
}

#[tokio::test]
async fn two_downloads_of_one_file_to_one_place_do_not_write_at_once() {
    let server = Server::new(|_, stream| crate::support::server::send_on(stream));
    let dir = tempdir().unwrap();
    let source = server.source("plain://", "/a");
    let first = tokio::spawn({
        let (source, dir) = (source.clone(), dir.path().to_path_buf());
        async move { fetch_with(source, &dir, PATIENT).await }
    });
    while names(dir.path()).is_empty() {
        tokio::task::yield_now().await;
    }
    let other = Server::sending("x");
    // The same partial file, whoever sends it.
    let partial = at(&dir, &names(dir.path())[0]);
    drop(other);
    let (end, _) = run(&engine(PATIENT), &mut job(source, dir.path())).await;
    assert_eq!(end, End::Failed(Fault::Fetching(partial.clone())));
    first.abort();
    assert!(partial.exists());
}

#[tokio::test]
async fn the_folder_is_made_and_what_stands_in_its_way_is_a_fault_of_the_disk() {
    let server = Server::sending("x");
    let dir = tempdir().unwrap();
    let deep = dir.path().join("a/b/c");
    fetch_with(server.source("plain://", "/file"), &deep, PATIENT).await.unwrap();
    assert_eq!(names(&deep), ["file"]);
    let ended = fetch_with(server.source("plain://", "/a"), &deep.join("file"), PATIENT).await;
    let Err(Fault::Disk(words)) = &ended else { panic!("{ended:?}") };
    assert!(!words.contains("os error"), "{words}");
}

#[tokio::test]
async fn what_somebody_puts_into_a_folder_that_is_new_is_not_replaced_either() {
    let server = Server::sending("new");
    let dir = tempdir().unwrap();
    let folder = at(&dir, "folder");
    let engine = engine(PATIENT);
    for conflict in [Conflict::Ask, Conflict::Skip] {
        let first = job(server.source("plain://", "/a"), &folder);
        assert!(matches!(run(&engine, &mut Job { conflict, ..first }).await.0, End::Finished(_)));
        fs::write(folder.join("b"), "old").unwrap();
        let second = job(server.source("plain://", "/b"), &folder);
        match run(&engine, &mut Job { conflict, ..second }).await.0 {
            End::Failed(Fault::Exists(clash)) => {
                assert_eq!((conflict, clash.path), (Conflict::Ask, folder.join("b")));
                assert_eq!((clash.there.size, clash.comes.size), (Some(3), Some(3)));
            }
            end => assert_eq!((conflict, end), (Conflict::Skip, End::Kept(folder.join("b"), Kept::Skipped))),
        }
        assert_eq!(fs::read(folder.join("b")).unwrap(), b"old");
        assert_eq!(names(&folder), ["a", "b"]);
        fs::remove_dir_all(&folder).unwrap();
    }
}

#[tokio::test]
async fn what_came_to_a_new_folder_is_found_there_when_it_is_asked_for_again() {
    let server = dated();
    let dir = tempdir().unwrap();
    let engine = engine(PATIENT);
    let job = job(server.source("http://", "/a"), &at(&dir, "folder"));
    let mut job = Job { conflict: Conflict::Ask, ..job };
    assert!(matches!(run(&engine, &mut job).await.0, End::Finished(_)));
    server.requests();
    assert_eq!(run(&engine, &mut job).await.0, End::Kept(at(&dir, "folder/a"), Kept::Same));
    assert!(server.requests().iter().all(|request| request.starts_with(b"HEAD ")));
}
