//! Downloads by channels: many at once, and stopped in the middle.

use std::io::Write;
use std::net::TcpStream;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use hobnob::effect::Job;
use hobnob::event::{Event, Finished, TransferEvent, TransferId};
use hobnob::net::fetch::{Engine, FetchCommand, System, run};
use hobnob::net::http::Client;
use hobnob::wire::source::Source;
use tempfile::{TempDir, tempdir};
use tokio::sync::mpsc;

use super::ranged::{Clock, LENGTH, OVERLAP, content, rightly, scripted, whole};
use super::{engine, job};
use crate::support::files::names;
use crate::support::server::{PATIENT, Server, hold, send, send_on};

/// The worker with its channels.
struct Worker {
    dir: PathBuf,
    engine: Engine,
    commands: mpsc::Sender<FetchCommand>,
    events: mpsc::Receiver<Event>,
    task: tokio::task::JoinHandle<()>,
}

impl Worker {
    fn new(dir: &TempDir) -> Self {
        Self::with(dir, engine(PATIENT))
    }

    fn with(dir: &TempDir, engine: Engine) -> Self {
        let (commands, received) = mpsc::channel(8);
        let (told, events) = mpsc::channel(8);
        let task = tokio::spawn(run(received, told, engine.clone()));
        Self { dir: dir.path().to_path_buf(), engine, commands, events, task }
    }

    async fn fetch(&self, id: u64, source: Source) {
        let job = job(source, &self.dir);
        self.commands.send(FetchCommand::Fetch { id: TransferId(id), job: Box::new(job) }).await.unwrap();
    }

    async fn next(&mut self) -> (u64, TransferEvent) {
        match self.events.recv().await {
            Some(Event::Transfer(id, event)) => (id.0, event),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_download_without_end_can_be_cancelled_and_leaves_nothing() {
    let server = Server::new(|_, stream| send_on(stream));
    let dir = tempdir().unwrap();
    let mut worker = Worker::new(&dir);
    worker.fetch(7, server.source("plain://", "/a")).await;
    let (id, started) = worker.next().await;
    assert!(id == 7 && matches!(started, TransferEvent::Started { total: None, .. }));
    assert!(matches!(worker.next().await.1, TransferEvent::Progress { bytes: 1.. }));
    assert!(names(dir.path())[0].starts_with(".a."));
    worker.commands.send(FetchCommand::Cancel(TransferId(7))).await.unwrap();
    while !matches!(worker.next().await.1, TransferEvent::Cancelled) {}
    assert!(names(dir.path()).is_empty());
    // It ended: there is nothing more to hear of it, and nothing more to cancel.
    worker.commands.send(FetchCommand::Cancel(TransferId(7))).await.unwrap();
    drop(worker.commands);
    worker.task.await.unwrap();
    assert!(worker.events.recv().await.is_none());
}

#[tokio::test]
async fn a_download_that_waits_for_its_answer_can_be_cancelled() {
    let server = Server::new(|_, stream| hold(stream));
    let dir = tempdir().unwrap();
    let mut worker = Worker::new(&dir);
    worker.fetch(1, server.source("http://", "/a")).await;
    worker.commands.send(FetchCommand::Cancel(TransferId(1))).await.unwrap();
    assert!(matches!(worker.next().await, (1, TransferEvent::Cancelled)));
}

#[tokio::test]
async fn no_partial_file_that_is_of_no_use_outlives_the_worker_even_where_nobody_listens_to_it() {
    let server = Server::new(|_, stream| send_on(stream));
    let dir = tempdir().unwrap();
    let mut worker = Worker::new(&dir);
    for id in 0..20 {
        worker.fetch(id, server.source("plain://", &format!("/{id}"))).await;
    }
    while !matches!(worker.next().await.1, TransferEvent::Progress { .. }) {}
    // The events are not read any more, but their channel stays open.
    drop(worker.commands);
    worker.task.await.unwrap();
    assert!(names(dir.path()).is_empty());
}

#[tokio::test]
async fn two_files_of_one_name_at_once_get_different_names() {
    let (release, released) = channel::<()>();
    let (stream_for, streams) = channel::<TcpStream>();
    // Both are answered, and only then do both end.
    std::thread::spawn(move || {
        let both: Vec<_> = streams.iter().take(2).collect();
        released.recv().unwrap();
        for stream in both {
            send(stream, b" end");
        }
    });
    let server = Server::new(move |_, mut stream| {
        stream.write_all(b"begin").unwrap();
        stream_for.send(stream).unwrap();
    });
    let dir = tempdir().unwrap();
    let mut worker = Worker::new(&dir);
    worker.fetch(1, server.source("plain://", "/x/a.txt")).await;
    worker.fetch(2, server.source("plain://", "/y/a.txt")).await;
    let (mut going, mut paths) = (0, Vec::new());
    while paths.len() < 2 {
        match worker.next().await.1 {
            TransferEvent::Progress { bytes: 5 } => {
                going += 1;
                if going == 2 {
                    release.send(()).unwrap();
                }
            }
            TransferEvent::Finished(Finished { path, bytes: 9, .. }) => paths.extend(path),
            TransferEvent::Started { .. } | TransferEvent::Progress { .. } | TransferEvent::Finishing => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(names(dir.path()), ["a (1).txt", "a.txt"]);
    assert_ne!(paths[0], paths[1]);
}

#[tokio::test]
async fn a_download_that_is_paused_goes_on_where_it_was() {
    let server = scripted(vec![
        Box::new(|_, mut stream| {
            let head = whole(LENGTH, "\"one\"");
            stream.write_all(&[head.as_bytes(), &content()[..200_000]].concat()).unwrap();
            hold(stream);
        }),
        rightly("\"one\""),
    ]);
    let dir = tempdir().unwrap();
    let mut worker = Worker::new(&dir);
    let mut again = job(server.source("http://", "/a"), dir.path());
    worker.fetch(1, again.source.clone()).await;
    loop {
        match worker.next().await.1 {
            TransferEvent::Started { partial, .. } => again.partial = Some(partial),
            TransferEvent::Progress { bytes } if bytes > OVERLAP as u64 => break,
            _ => {}
        }
    }
    worker.commands.send(FetchCommand::Pause(TransferId(1))).await.unwrap();
    while !matches!(worker.next().await.1, TransferEvent::Paused) {}
    assert_eq!(names(dir.path()).len(), 1);
    // Under the same number as before, which must not be forgotten with the one that was paused.
    worker.commands.send(FetchCommand::Fetch { id: TransferId(1), job: Box::new(again) }).await.unwrap();
    let TransferEvent::Started { from, anew: None, .. } = worker.next().await.1 else { panic!() };
    assert!(from > OVERLAP as u64);
    while !matches!(worker.next().await.1, TransferEvent::Finished(_)) {}
    assert!(std::fs::read(dir.path().join("a")).unwrap() == content());
}

#[tokio::test(start_paused = true)]
async fn a_download_that_waits_for_its_next_try_can_be_cancelled_and_leaves_nothing() {
    let server = Server::new(|_, stream| {
        send(stream, &[whole(LENGTH, "\"one\"").as_bytes(), &content()[..200_000]].concat());
    });
    let dir = tempdir().unwrap();
    let _clock = Clock::hold();
    let mut worker = Worker::with(&dir, Engine::new(Client::new(PATIENT), 1, Arc::new(System)));
    worker.fetch(1, server.source("http://", "/a")).await;
    while !matches!(worker.next().await.1, TransferEvent::Retrying { .. }) {}
    assert_eq!(names(dir.path()).len(), 1);
    worker.commands.send(FetchCommand::Cancel(TransferId(1))).await.unwrap();
    while !matches!(worker.next().await.1, TransferEvent::Cancelled) {}
    assert!(names(dir.path()).is_empty());
}

/// Sends a little, and no more.
fn sparing() -> Server {
    Server::new(|_, mut stream| {
        stream.write_all(b"hello").unwrap();
        hold(stream);
    })
}

/// Leaves the partial file of a download as a run does that is killed.
async fn is_killed(worker: &mut Worker, job: Job) -> PathBuf {
    let dir = job.to.parent().unwrap().to_path_buf();
    std::fs::create_dir_all(&dir).unwrap();
    let before = names(&dir);
    worker.commands.send(FetchCommand::Fetch { id: TransferId(9), job: Box::new(job) }).await.unwrap();
    while !matches!(worker.next().await.1, TransferEvent::Progress { .. }) {}
    let partial = dir.join(names(&dir).into_iter().find(|name| !before.contains(name)).unwrap());
    let content = std::fs::read(&partial).unwrap();
    worker.commands.send(FetchCommand::Cancel(TransferId(9))).await.unwrap();
    while !matches!(worker.next().await.1, TransferEvent::Cancelled) {}
    std::fs::write(&partial, content).unwrap();
    partial
}

#[tokio::test]
async fn what_a_killed_run_left_is_removed_when_it_is_discarded_and_nothing_else() {
    let server = sparing();
    let dir = tempdir().unwrap();
    let sub = dir.path().join("top/sub");
    let mut worker = Worker::new(&dir);
    let of = |asked: &str, path: &str, to: &str| Job {
        asked: server.source("plain://", asked),
        to: dir.path().join(to),
        ..job(server.source("plain://", path), dir.path())
    };
    let alone = of("/a", "/a", "a");
    is_killed(&mut worker, of("/top/", "/top/sub/x", "top/sub/another name")).await;
    is_killed(&mut worker, alone).await;
    let other = is_killed(&mut worker, of("/other/", "/other/x", "top/sub/another name")).await;
    let mine = [".x.part", "x.part", ".another name.0123456789abcdef.part", "another name"];
    for name in mine {
        std::fs::write(sub.join(name), "").unwrap();
    }
    std::os::unix::fs::symlink(&sub, dir.path().join("top/link")).unwrap();
    let left = [("/top/", "top"), ("/a", "a"), ("/nothing/", "nothing"), ("/b", "b")];
    let left = left.map(|(asked, to)| (server.source("plain://", asked), dir.path().join(to)));
    worker.commands.send(FetchCommand::Discard(left.to_vec())).await.unwrap();
    drop(worker.commands);
    worker.task.await.unwrap();
    assert_eq!(names(dir.path()), ["top"]);
    let mut stays = mine.map(str::to_owned).to_vec();
    stays.push(other.file_name().unwrap().to_str().unwrap().to_owned());
    stays.sort();
    assert_eq!(names(&sub), stays);
}

#[tokio::test]
async fn what_a_killed_run_left_is_removed_also_where_it_is_cancelled_before_it_is_looked_at() {
    let server = sparing();
    let dir = tempdir().unwrap();
    let mut worker = Worker::new(&dir);
    let source = server.source("plain://", "/a");
    is_killed(&mut worker, job(source.clone(), dir.path())).await;
    worker.fetch(1, source).await;
    worker.commands.send(FetchCommand::Cancel(TransferId(1))).await.unwrap();
    while !matches!(worker.next().await.1, TransferEvent::Cancelled) {}
    assert!(names(dir.path()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_limit_holds_for_a_download_that_runs() {
    let _clock = Clock::hold();
    let server = scripted(vec![rightly("\"one\"")]);
    let dir = tempdir().unwrap();
    let mut worker = Worker::new(&dir);
    // It would take longer than anybody waits, were it not raised.
    worker.engine.limit_rate(NonZeroU64::new(1));
    worker.fetch(1, server.source("http://", "/a")).await;
    while !matches!(worker.next().await.1, TransferEvent::Started { .. }) {}
    for second in 1..=3 {
        tokio::time::advance(Duration::from_millis(1100)).await;
        let told = worker.next().await.1;
        assert!(matches!(told, TransferEvent::Progress { bytes } if bytes <= second + 1), "{told:?}");
    }
    worker.engine.limit_rate(None);
    while !matches!(worker.next().await.1, TransferEvent::Finished(_)) {}
    assert!(std::fs::read(dir.path().join("a")).unwrap() == content());
}
