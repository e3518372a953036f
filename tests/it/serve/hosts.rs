//! DNS rebinding: a page of a foreign name, which is made to lead here, gets nothing and changes nothing.

use std::fs;

use hobnob::config::ServeSettings;
use hobnob::effect::ShareOrder;
use hobnob::event::{Event, ShareEvent, ShareId};
use hobnob::serve::{Access, AllowedHost, Answer, Uploads};
use hobnob::shell::share::ShareWorker;
use nix::sys::signal::Signal;
use nix::unistd::gethostname;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc::channel;

use super::command::{Serving, serve};
use super::{PATIENT, Response, Running, rest};

fn sharing() -> Running {
    let uploads = Uploads { overwrite: false, limit: None, keep_free: 0 };
    let server = Running::with(Access { uploads: Some(uploads), ..Access::default() });
    server.write("a.txt", "content");
    server
}

impl Running {
    async fn called(&self, host: &str, request_line: &str, rest_of_head: &str) -> Response {
        let mut client = self.connect().await;
        let head =
            format!("{request_line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{rest_of_head}\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        Response::read(&rest(&mut client).await)
    }
}

#[tokio::test]
async fn a_foreign_name_gets_421_whatever_it_asks_for_and_nothing_is_stored() {
    let mut server = sharing();
    for (request, more) in [
        ("GET /a.txt", ""),
        ("HEAD /a.txt", ""),
        ("GET /", "Accept: application/json\r\n"),
        ("GET /?archive=tar", ""),
        ("PUT /b.txt", "Content-Length: 0\r\n"),
        ("POST /", "Content-Type: multipart/form-data; boundary=X\r\nContent-Length: 0\r\n"),
        ("OPTIONS *", ""),
        ("GET http://evil.example/a.txt", ""),
    ] {
        let response = server.called("evil.example:7890", request, more).await;
        assert_eq!(response.status, 421, "{request}: {response:?}");
        assert!(!response.text().contains("content"), "{request}");
        assert_eq!(server.log.recv().await.unwrap().answer, Answer::Status(421));
    }
    let said = server.called("evil.example:7890", "GET /", "Accept-Language: zh\r\n").await;
    assert!(said.text().contains("--allow-host evil.example") && said.text().contains("服务器"), "{said:?}");
    assert!(!server.folder.path().join("b.txt").exists());
}

#[tokio::test]
async fn addresses_localhost_local_names_and_this_machine_s_own_are_answered() {
    let server = sharing();
    let own = gethostname().unwrap().into_string().unwrap();
    let port = server.address.port();
    for host in [
        server.address.to_string(),
        format!("[::1]:{port}"),
        format!("LOCALHOST.:{port}"),
        "my-box.local".into(),
        format!("{}:{port}", own.to_uppercase()),
    ] {
        assert_eq!(server.called(&host, "GET /a.txt", "").await.text(), "content", "{host}");
    }
    // The target's host is the one that counts, and HTTP/1.0 need not have any.
    assert_eq!(
        server.called("evil.example", &format!("GET http://{}/a.txt", server.address), "").await.status,
        200
    );
    let old = server.exchange(b"GET /a.txt HTTP/1.0\r\n\r\n").await;
    assert!(old.starts_with(b"HTTP/1.0 200 "));
    let old = server.exchange(b"GET /a.txt HTTP/1.0\r\nHost: evil.example\r\n\r\n").await;
    assert!(old.starts_with(b"HTTP/1.0 421 "));
}

#[tokio::test]
async fn malformed_and_several_hosts_get_400_and_the_connection_ends() {
    let server = Running::start(PATIENT);
    for hosts in [
        "",
        "Host:\r\n",
        "Host: \r\n",
        "Host: local host\r\n",
        "Host: localhost:http\r\n",
        "Host: ::1\r\n",
        "Host: [::1\r\n",
        "Host: me@localhost\r\n",
        "Host: localhost/\r\n",
        "Host: localhost, localhost\r\n",
        "Host: localhost\r\nHost: localhost\r\n",
        "Host: localhost\r\nhost: evil.example\r\n",
        "Host: \u{fc}\r\n",
    ] {
        let again = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let answer = server.exchange(format!("GET / HTTP/1.1\r\n{hosts}\r\n{again}").as_bytes()).await;
        assert_eq!(super::attacks::statuses(&answer), ["400"], "{hosts:?}: {}", answer.escape_ascii());
    }
}

#[tokio::test]
async fn a_share_within_the_program_refuses_foreign_names_too_but_for_those_of_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "content").unwrap();
    let (events, mut told) = channel(64);
    let mut settings = ServeSettings::default();
    settings.access.hosts = vec![AllowedHost::parse("*.example.com").unwrap()];
    let worker = ShareWorker::start(&[([127, 0, 0, 1], 0).into()], settings, &events);
    let order = ShareOrder::Start { id: ShareId(1), folder: folder.path().to_path_buf() };
    assert!(worker.tell(order).is_none());
    let Some(Event::Share(_, ShareEvent::Started { addresses, .. })) = told.recv().await else {
        panic!("not started")
    };
    for (host, status) in [("evil.example", 421), ("files.example.com", 200), ("localhost", 200)] {
        let mut client = TcpStream::connect(addresses[0]).await.unwrap();
        let head = format!("GET /a.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(Response::read(&rest(&mut client).await).status, status, "{host}");
    }
    worker.end().await;
}

#[test]
fn the_command_line_and_the_settings_allow_further_names() {
    let folder = tempfile::tempdir().unwrap();
    let ask = |server: &Serving, host: &str| {
        let answer = server.ask(&format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        String::from_utf8_lossy(&answer[9..12]).into_owned()
    };
    let settings = tempfile::NamedTempFile::new().unwrap();
    fs::write(settings.path(), "[serve]\nallow_hosts = ['box.lan']\n").unwrap();
    let config = ["--port", "0", "--config", settings.path().to_str().unwrap()];
    for (more, allowed, refused) in [
        (&[][..], "box.lan", "files.example"),
        (&["--allow-host", "Files.example.", "--allow-host", "*.x"], "files.EXAMPLE:80", "box.lan"),
        (&["--allow-host", "*"], "anything", "a b"),
    ] {
        let mut program = serve(folder.path(), &[&config[..], more].concat());
        let server = Serving::start(&mut program.command);
        assert_eq!(ask(&server, allowed), "200", "{allowed}");
        assert_ne!(ask(&server, refused), "200", "{refused}");
        server.stop(Signal::SIGTERM);
    }
    let wrong = serve(folder.path(), &["--allow-host", "http://box"]).run();
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.stderr.contains("allow-host"), "{wrong:?}");
}
