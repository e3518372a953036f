//! Downloads into a stream.

use std::fs::File;
use std::future::{pending, ready};
use std::io::{self, Write};

use hobnob::event::Fault;
use hobnob::net::fetch::{End, Engine};
use hobnob::wire::source::Source;

use super::engine;
use crate::support::server::{PATIENT, Server, send_on};

async fn stream(engine: &Engine, mut source: Source, to: Box<dyn Write + Send>) -> End {
    engine.stream(&mut source, to, pending(), |_| ready(())).await
}

#[tokio::test]
async fn a_full_disk_ends_a_download_whose_server_sends_on() {
    let server = Server::new(|_, stream| send_on(stream));
    let full = File::options().write(true).open("/dev/full").unwrap();
    let end = stream(&engine(PATIENT), server.source("plain://", "/a"), Box::new(full)).await;
    assert_eq!(end, End::Failed(Fault::DiskFull));
}

#[tokio::test]
async fn a_reader_who_has_enough_ends_it() {
    let server = Server::new(|_, stream| send_on(stream));
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let end = stream(&engine(PATIENT), server.source("plain://", "/a"), Box::new(writer)).await;
    assert_eq!(end, End::Failed(Fault::NobodyReads));
}
