//! A folder that is shared from within the full-screen program: the worker, on real sockets.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use hobnob::config::ServeSettings;
use hobnob::effect::ShareOrder;
use hobnob::event::served::{Answer, End, Request};
use hobnob::event::{Event, ShareEvent, ShareFault, ShareId, ShareNews};
use hobnob::serve::Uploads;
use hobnob::shell::share::ShareWorker;
use tempfile::{TempDir, tempdir};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::timeout;

const ID: ShareId = ShareId(7);
/// Too long for all buffers between the server and a client.
const LONG: u64 = 64 << 20;

/// A worker, a folder with a short file and a long one, and what is heard.
struct Sharing {
    worker: ShareWorker,
    events: Receiver<Event>,
    folder: TempDir,
}

impl Sharing {
    /// Beside a chat at this port of the loopback interface.
    fn beside(port: u16) -> Self {
        Self::with(port, ServeSettings::default(), 64)
    }

    /// The same, as these settings have it, where so many events may wait to be heard.
    fn with(port: u16, settings: ServeSettings, room: usize) -> Self {
        let folder = tempdir().unwrap();
        fs::write(folder.path().join("short.txt"), "short").unwrap();
        fs::File::create(folder.path().join("long.bin")).unwrap().set_len(LONG).unwrap();
        let (events, queue) = channel(room);
        let worker = ShareWorker::start(&[(Ipv4Addr::LOCALHOST, port).into()], settings, &events);
        Self { worker, events: queue, folder }
    }

    async fn hears(&mut self) -> ShareEvent {
        match timeout(Duration::from_secs(20), self.events.recv()).await {
            Ok(Some(Event::Share(ID, event))) => event,
            other => panic!("{other:?}"),
        }
    }

    fn starts(&self, folder: &Path) {
        assert!(self.worker.tell(ShareOrder::Start { id: ID, folder: folder.to_owned() }).is_none());
    }

    /// Shares its folder; where it is reached.
    async fn shares(&mut self) -> SocketAddr {
        self.starts(self.folder.path());
        let ShareEvent::Started { folder, addresses } = self.hears().await else { panic!("not started") };
        assert_eq!(folder, self.folder.path().canonicalize().unwrap());
        addresses[0]
    }

    /// What happens until this is so.
    async fn hears_until(&mut self, mut is_so: impl FnMut(&ShareNews) -> bool) -> ShareNews {
        loop {
            let ShareEvent::News(news) = self.hears().await else { panic!("it ended") };
            if is_so(&news) {
                return news;
            }
        }
    }
}

async fn asks(address: SocketAddr, name: &str) -> TcpStream {
    let mut client = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    client
}

async fn reads(client: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = client.read_to_end(&mut bytes).await;
    bytes
}

/// A port that nobody has for TCP.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn a_shared_folder_is_served_at_the_number_of_the_chat_and_each_request_is_told() {
    let port = free_port();
    let mut sharing = Sharing::beside(port);
    let address = sharing.shares().await;
    assert_eq!(address, (Ipv4Addr::LOCALHOST, port).into());
    let mut client = asks(address, "short.txt").await;
    let peer = client.local_addr().unwrap();
    assert!(reads(&mut client).await.ends_with(b"\r\n\r\nshort"));
    let news = sharing.hears_until(|news| !news.served.is_empty()).await;
    let [served] = &news.served[..] else { panic!("{news:?}") };
    assert_eq!((served.peer, served.bytes, served.end), (peer, 5, End::Whole));
    assert_eq!(served.answer, Answer::Status(200));
    assert!(matches!(&served.request, Request::Http { path, .. } if &**path == "/short.txt"));
}

#[tokio::test]
async fn what_is_being_taken_is_seen_to_grow_and_nothing_is_told_while_nothing_moves() {
    let mut sharing = Sharing::beside(free_port());
    let address = sharing.shares().await;
    let mut client = asks(address, "long.bin").await;
    client.read_exact(&mut [0; 1000]).await.unwrap();
    let seen = |news: &ShareNews| news.running.first().map_or(0, |running| running.bytes);
    let mut bytes = seen(&sharing.hears_until(|news| seen(news) > 0).await);
    // The client reads no more: it comes to a stop when all buffers are full.
    while let Ok(Some(event)) = timeout(Duration::from_millis(300), sharing.events.recv()).await {
        let Event::Share(ID, ShareEvent::News(news)) = event else { panic!("{event:?}") };
        assert_eq!((news.count, news.running[0].total), (1, Some(LONG)));
        assert!(seen(&news) >= bytes);
        bytes = seen(&news);
    }
    assert!(bytes < LONG, "{bytes}");
    client.read_exact(&mut vec![0; 8 << 20]).await.unwrap();
    sharing.hears_until(|news| seen(news) > bytes).await;
    reads(&mut client).await;
    let last = sharing.hears_until(|news| !news.served.is_empty()).await;
    assert_eq!((last.running, last.count, last.served[0].bytes), (vec![], 0, LONG));
}

#[tokio::test]
async fn where_the_number_of_the_chat_is_taken_another_one_is_used() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut sharing = Sharing::beside(port);
    let address = sharing.shares().await;
    assert_ne!(address.port(), port);
    assert!(reads(&mut asks(address, "short.txt").await).await.ends_with(b"short"));
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_is_told_and_another_can_be_shared_then() {
    let mut sharing = Sharing::beside(free_port());
    let wrong = sharing.folder.path().join("short.txt");
    sharing.starts(&wrong);
    let ShareEvent::NotStarted(ShareFault::Folder { path, .. }) = sharing.hears().await else {
        panic!("a file is no folder")
    };
    assert_eq!(path, wrong);
    sharing.shares().await;
}

#[tokio::test]
async fn a_folder_that_nothing_can_be_put_into_is_told_as_that() {
    let mut settings = ServeSettings::default();
    settings.access.uploads = Some(Uploads { overwrite: false, limit: None, keep_free: 0 });
    let mut sharing = Sharing::with(free_port(), settings, 64);
    sharing.starts(Path::new("/proc/self/fdinfo"));
    let ShareEvent::NotStarted(ShareFault::Unwritable { path, .. }) = sharing.hears().await else {
        panic!("it can be read, and not be written")
    };
    assert_eq!(path, Path::new("/proc/self/fdinfo"));
}

#[tokio::test]
async fn a_request_that_is_about_to_be_told_when_the_share_is_stopped_is_told() {
    let port = free_port();
    let mut sharing = Sharing::with(port, ServeSettings::default(), 1);
    // That it began takes the only room.
    sharing.starts(sharing.folder.path());
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut client = loop {
        match TcpStream::connect(address).await {
            Ok(stream) => break stream,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    client
        .write_all(b"GET /long.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    client.read_exact(&mut [0; 1000]).await.unwrap();
    reads(&mut asks(address, "short.txt").await).await;
    assert!(sharing.worker.tell(ShareOrder::Stop).is_none());
    reads(&mut client).await;
    assert!(matches!(sharing.hears().await, ShareEvent::Started { .. }));
    let mut told = Vec::new();
    while let ShareEvent::News(news) = sharing.hears().await {
        assert_eq!(news.untold, 0);
        told.extend(news.served.into_iter().map(|served| served.bytes));
    }
    assert_eq!(told, [5, LONG]);
}

#[tokio::test]
async fn a_share_that_is_stopped_takes_nobody_new_lets_a_running_answer_end_and_can_begin_again() {
    let mut sharing = Sharing::beside(free_port());
    let address = sharing.shares().await;
    let mut client = asks(address, "long.bin").await;
    client.read_exact(&mut [0; 1000]).await.unwrap();
    assert!(sharing.worker.tell(ShareOrder::Stop).is_none());
    let rest = reads(&mut client).await;
    assert!(rest.len() as u64 + 1000 > LONG, "{}", rest.len());
    let mut served = Vec::new();
    loop {
        match sharing.hears().await {
            ShareEvent::News(news) => served.extend(news.served),
            ShareEvent::Stopped => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((served.len(), served[0].end, served[0].bytes), (1, End::Whole, LONG));
    assert!(TcpStream::connect(address).await.is_err());
    assert_eq!(sharing.shares().await, address);
}

#[tokio::test]
async fn more_requests_than_can_be_told_are_counted() {
    const REQUESTS: u64 = 400;
    let mut sharing = Sharing::beside(free_port());
    let address = sharing.shares().await;
    let mut client = TcpStream::connect(address).await.unwrap();
    let one =
        "HEAD /short.txt HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(usize::try_from(REQUESTS).unwrap() - 1);
    let last = "HEAD /short.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    client.write_all((one + last).as_bytes()).await.unwrap();
    reads(&mut client).await;
    assert!(sharing.worker.tell(ShareOrder::Stop).is_none());
    let (mut told, mut untold) = (0, 0);
    while let ShareEvent::News(news) = sharing.hears().await {
        assert!(news.served.len() <= 65, "{}", news.served.len());
        told += news.served.len() as u64;
        untold += news.untold;
    }
    assert_eq!(told + untold, REQUESTS, "{told} told, {untold} not");
}

#[tokio::test]
async fn the_end_of_the_worker_is_the_end_of_the_share() {
    let mut sharing = Sharing::beside(free_port());
    let address = sharing.shares().await;
    let Sharing { worker, events, folder: _folder } = sharing;
    drop(events);
    worker.end().await;
    assert!(TcpStream::connect(address).await.is_err());
}
