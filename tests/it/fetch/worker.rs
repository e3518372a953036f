//! Downloads by channels: many at once, and stopped in the middle.

use std::io::Write;
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::mpsc::channel;

use hobnob::event::{Event, Finished, TransferEvent, TransferId};
use hobnob::net::fetch::{FetchCommand, run};
use hobnob::wire::source::Source;
use tempfile::{TempDir, tempdir};
use tokio::sync::mpsc;

use super::{engine, job};
use crate::support::files::names;
use crate::support::server::{PATIENT, Server, hold, send, send_on};

/// The worker with its channels.
struct Worker {
    dir: PathBuf,
    commands: mpsc::Sender<FetchCommand>,
    events: mpsc::Receiver<Event>,
    task: tokio::task::JoinHandle<()>,
}

impl Worker {
    fn new(dir: &TempDir) -> Self {
        let (commands, received) = mpsc::channel(8);
        let (told, events) = mpsc::channel(8);
        let task = tokio::spawn(run(received, told, engine(PATIENT)));
        Self { dir: dir.path().to_path_buf(), commands, events, task }
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
