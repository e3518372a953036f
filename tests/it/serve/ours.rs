//! hobnob's own downloads from hobnob's own server.

use std::fs;
use std::future::{pending, ready};
use std::num::NonZeroU64;
use std::sync::Arc;

use hobnob::effect::{Conflict, Job, Naming};
use hobnob::event::{Proof, TransferEvent};
use hobnob::net::fetch::{End, Engine, Stop, System};
use hobnob::serve::Answer;
use hobnob::wire::digest::DigestField;
use hobnob::wire::source::Source;
use tokio::sync::oneshot;

use super::{PATIENT, Running};
use crate::support::server::client;

/// What has come when the download is stopped: more than what is compared when it goes on.
const ENOUGH: u64 = 200_000;

#[tokio::test]
async fn a_download_that_was_stopped_goes_on_and_is_verified() {
    let mut server = Running::start(PATIENT);
    let content: Vec<u8> = (0..2_000_000_u32).flat_map(u32::to_be_bytes).collect();
    server.write("notes 1.bin", &content);
    let here = tempfile::tempdir().unwrap();
    let source = Source::parse(&format!("http://{}/notes%201.bin", server.address)).unwrap();
    let mut job = Job {
        source: source.clone(),
        asked: source,
        to: here.path().join("notes 1.bin"),
        base: here.path().to_path_buf(),
        naming: Naming::Given,
        conflict: Conflict::Rename,
        checksum: None,
        sums: Vec::new(),
        sums_are_guessed: false,
        is_listed: false,
        partial: None,
    };
    let engine = Engine::new(client(), 0, Arc::new(System));
    // Slow enough not to be over before it is stopped.
    engine.limit_rate(NonZeroU64::new(ENOUGH * 2));
    let (stop, stopped) = oneshot::channel();
    let mut stop = Some(stop);
    let mut partial = None;
    let end = engine.fetch(&mut job, async { stopped.await.unwrap() }, |event| {
        match event {
            TransferEvent::Started { partial: started, .. } => partial = Some(started),
            TransferEvent::Progress { bytes: ENOUGH.. } => {
                stop.take().map(|stop| stop.send(Stop::Pause));
            }
            _ => {}
        }
        ready(())
    });
    assert!(matches!(end.await, End::Paused));
    assert_eq!(server.log.recv().await.unwrap().answer, Answer::Status(200));

    engine.limit_rate(None);
    job.partial = partial;
    let mut began = None;
    let end = engine.fetch(&mut job, pending(), |event| {
        if let TransferEvent::Started { from, anew, .. } = event {
            began = Some((from, anew));
        }
        ready(())
    });
    let End::Finished(finished) = end.await else { panic!("it did not finish") };
    assert_eq!(finished.proofs, [Proof::Answer(DigestField::ReprDigest)]);
    let (from, anew) = began.unwrap();
    assert!(from >= ENOUGH && anew.is_none(), "from {from}, {anew:?}");
    assert_eq!(server.log.recv().await.unwrap().answer, Answer::Status(206));
    assert!(fs::read(here.path().join("notes 1.bin")).unwrap() == content);
}
