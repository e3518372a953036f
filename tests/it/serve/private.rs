//! hobnob's own files in a folder that is shared: whatever leads to them, they are not.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hobnob::config::ServeSettings;
use hobnob::effect::ShareOrder;
use hobnob::event::{Event, ShareEvent, ShareId};
use hobnob::serve::{Access, Private, Uploads};
use hobnob::shell::share::ShareWorker;
use nix::sys::signal::Signal;
use rcgen::{CertificateParams, KeyPair};
use tempfile::{TempDir, tempdir};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc::channel;
use tokio::task::spawn_blocking;

use super::command::{Serving, serve};
use super::{Running, rest};

/// What stands in each file that is not to be shared, and in no other.
const SECRET: &str = "7d1c5b0e-secret";

/// All that may ever be asked for with names of which one leads to a secret.
fn requests(names: &[&str], headers: &str) -> Vec<String> {
    let get = |path: String| format!("GET /{path} HTTP/1.0\r\n{headers}\r\n");
    let mut requests: Vec<_> = names.iter().map(|name| get((*name).to_owned())).collect();
    requests.extend(names.iter().map(|name| (*name).to_owned()));
    requests.extend(names.iter().map(|name| format!("HEAD /{name} HTTP/1.0\r\n{headers}\r\n")));
    requests.extend(
        ["", "?json", "?simple", "?archive=tar", "data/", "data/?archive=tar"]
            .map(|path| get(path.to_owned())),
    );
    requests.push(format!("GET / HTTP/1.0\r\nAccept: application/json\r\n{headers}\r\n"));
    requests
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// No answer has a secret in it, and none names one of these; of what was asked for by its name, nothing is there.
fn nothing_is_given(server: &Serving, names: &[&str], headers: &str) {
    for request in requests(names, headers) {
        let answer = text(&server.ask(&request));
        assert!(!answer.contains(SECRET), "{request}: {answer}");
        let is_listed = |name: &&&str| {
            [format!(">{name}<"), format!("\"name\":\"{name}\""), format!("\n{name}\n")]
                .iter()
                .any(|form| answer.contains(form))
        };
        let listed = names.iter().find(is_listed);
        assert_eq!(listed, None, "{request}: {answer}");
        if names.iter().any(|name| request.contains(&format!("/{name} "))) {
            assert!(answer.starts_with("HTTP/1.0 404 "), "{request}: {answer}");
        }
    }
    assert!(text(&server.ask(&format!("GET /public.txt HTTP/1.0\r\n{headers}\r\n"))).ends_with("public"));
    let list = text(&server.ask(&format!("GET /?simple HTTP/1.0\r\n{headers}\r\n")));
    assert!(list.contains("public.txt\n"), "{list}");
}

fn put(server: &Serving, path: &str, headers: &str) -> String {
    let request = format!("PUT /{path} HTTP/1.0\r\n{headers}Content-Length: 3\r\n\r\nnew");
    text(&server.ask(&request))
}

/// A form with one file of this name, as a browser sends it to this folder.
fn form(folder: &str, name: &str, headers: &str) -> String {
    let body = format!(
        "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"{name}\"\r\n\r\nnew\r\n--XX--\r\n"
    );
    let kind = "Content-Type: multipart/form-data; boundary=XX\r\n";
    format!("POST /{folder} HTTP/1.0\r\n{headers}{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// A folder with one file for everybody.
fn folder() -> TempDir {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("public.txt"), "public").unwrap();
    folder
}

fn write(folder: &Path, name: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, SECRET).unwrap();
}

#[test]
fn a_data_folder_within_the_share_is_not_shared_whatever_leads_into_it() {
    let folder = folder();
    let shared = folder.path();
    for name in ["data/hobnob.db", "data/hobnob.db-wal", "data/serve-key.pem", "data/sub/deep/x"] {
        write(shared, name);
    }
    fs::create_dir(shared.join("links")).unwrap();
    symlink("data", shared.join("folder")).unwrap();
    symlink("../data/hobnob.db", shared.join("links/db")).unwrap();
    fs::hard_link(shared.join("data/serve-key.pem"), shared.join("hard")).unwrap();
    fs::hard_link(shared.join("data/sub/deep/x"), shared.join("deep")).unwrap();
    let names = [
        "data",
        "data/",
        "data/hobnob.db",
        "data/hobnob.db-wal",
        "data/serve-key.pem",
        "data/sub/",
        "data/sub/deep/x",
        "folder",
        "folder/",
        "folder/hobnob.db",
        "links/db",
        "hard",
        "deep",
    ];
    for options in [&[][..], &["--hidden"], &["--follow-links"]] {
        let arguments =
            [&["--port", "0", "--upload", "--overwrite", "--keep-free", "0", "--data-dir", "data"], options]
                .concat();
        let mut program = serve(shared, &arguments);
        let server = Serving::start(&mut program.command);
        nothing_is_given(&server, &names, "");
        for path in ["data", "data/hobnob.db", "data/new", "data/sub/new", "folder/new", "hard", "deep"] {
            assert!(put(&server, path, "").starts_with("HTTP/1.0 403 "), "{path}");
        }
        assert!(put(&server, "links/db", "").starts_with("HTTP/1.0 409 "), "a link is never replaced");
        for (folder, name, status) in [
            ("", "data", 403),
            ("data/", "hobnob.db", 403),
            ("data/", "new", 403),
            ("data/sub/", "new", 403),
            ("folder/", "hobnob.db-wal", 403),
            ("", "hard", 403),
            ("", "deep", 403),
            ("links/", "db", 409),
            ("", "data/hobnob.db", 403),
        ] {
            let answer = text(&server.ask(&form(folder, name, "")));
            assert!(answer.starts_with(&format!("HTTP/1.0 {status} ")), "{folder} {name}: {answer}");
        }
        assert_eq!(fs::read_to_string(shared.join("data/hobnob.db")).unwrap(), SECRET);
        assert_eq!(fs::read_dir(shared.join("data")).unwrap().count(), 4);
        assert_eq!(fs::read_to_string(shared.join("data/serve-key.pem")).unwrap(), SECRET);
        server.stop(Signal::SIGTERM);
    }
    let mut program = serve(shared, &["--port", "0", "--data-dir", "elsewhere"]);
    let server = Serving::start(&mut program.command);
    assert!(
        text(&server.ask("data/hobnob.db")).contains(SECRET),
        "it is the data folder that is denied, not a name"
    );
    server.stop(Signal::SIGTERM);
}

#[test]
fn what_is_made_or_renamed_while_the_server_runs_is_denied_too() {
    let folder = folder();
    let shared = folder.path();
    let mut program = serve(
        shared,
        &["--port", "0", "--upload", "--keep-free", "0", "--config", "settings.toml", "--data-dir", "data"],
    );
    fs::write(shared.join("settings.toml"), format!("# {SECRET}\n")).unwrap();
    let server = Serving::start(&mut program.command);
    nothing_is_given(&server, &["settings.toml"], "");
    // Nothing is put where the data folder will be.
    assert!(put(&server, "data", "").starts_with("HTTP/1.0 403 "));
    for (round, name) in
        ["data/hobnob.db", "data/hobnob.db-wal", "data/hobnob.db-shm", "data/new/x"].into_iter().enumerate()
    {
        write(shared, name);
        let (hard, soft) = (format!("hard{round}"), format!("soft{round}"));
        fs::hard_link(shared.join(name), shared.join(&hard)).unwrap();
        symlink(name, shared.join(&soft)).unwrap();
        nothing_is_given(&server, &["data/", name, &hard, &soft], "");
    }
    fs::rename(shared.join("settings.toml"), shared.join("renamed.toml")).unwrap();
    fs::rename(shared.join("data"), shared.join("moved")).unwrap();
    nothing_is_given(&server, &["renamed.toml", "moved/", "moved/hobnob.db", "moved/new/x", "hard0"], "");
    write(shared, "moved/later");
    write(shared, "data/hobnob.db");
    fs::write(shared.join("next.toml"), SECRET).unwrap();
    fs::rename(shared.join("next.toml"), shared.join("settings.toml")).unwrap();
    nothing_is_given(
        &server,
        &["moved/later", "data/", "data/hobnob.db", "settings.toml", "renamed.toml"],
        "",
    );
    server.stop(Signal::SIGTERM);
}

#[test]
fn the_key_and_the_password_of_a_server_are_not_shared_and_its_certificate_is() {
    let folder = folder();
    let shared = folder.path();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["127.0.0.1".into()]).unwrap().self_signed(&key).unwrap().pem();
    fs::write(shared.join("cert.pem"), &certificate).unwrap();
    fs::write(shared.join("key.pem"), key.serialize_pem()).unwrap();
    fs::write(shared.join("password"), "me:secret\n").unwrap();
    fs::hard_link(shared.join("key.pem"), shared.join("copy.txt")).unwrap();
    for (cert, given) in [("cert.pem", "200"), ("both.pem", "404")] {
        if cert == "both.pem" {
            fs::write(shared.join(cert), certificate.clone() + &key.serialize_pem()).unwrap();
        }
        let tls = ["--tls", "--key", "key.pem", "--cert", cert];
        let arguments =
            [&["--port", "0", "--auth-file", "password", "--upload", "--overwrite"], &tls[..]].concat();
        let mut program = serve(shared, &arguments);
        let server = Serving::start(&mut program.command);
        let url = format!("https://{}", server.address);
        let ask = |arguments: &[&str]| {
            let mut command = Command::new("curl");
            command
                .args(["-sk", "--noproxy", "*", "-u", "me:secret", "-w", "\n%{http_code}"])
                .args(arguments);
            text(&command.output().unwrap().stdout)
        };
        for name in ["key.pem", "password", "copy.txt"] {
            assert!(ask(&[&format!("{url}/{name}")]).ends_with("404"), "{name}");
            assert!(ask(&["-T", "/dev/null", &format!("{url}/{name}")]).ends_with("403"), "{name}");
            let form = format!("f=@/dev/null;filename={name}");
            assert!(ask(&["-F", &form, &format!("{url}/")]).ends_with("403"), "{name}");
            for plain in [name.to_owned(), format!("{name}\n"), format!("./{name}")] {
                assert_eq!(text(&server.ask(&plain)), "", "{plain}");
            }
        }
        assert!(ask(&[&format!("{url}/{cert}")]).ends_with(given), "{cert}");
        for form in ["?simple", "?json", "", "?archive=tar"] {
            let list = ask(&[&format!("{url}/{form}"), "--output", "-"]);
            let named = ["key.pem", "password", "copy.txt"].into_iter().find(|name| list.contains(name));
            assert!(named.is_none() && list.contains("public.txt"), "{form}: {list}");
            assert!(!list.contains("PRIVATE KEY") && !list.contains("me:secret"), "{form}: {list}");
        }
        server.stop(Signal::SIGTERM);
    }
    assert_eq!(fs::read_to_string(shared.join("password")).unwrap(), "me:secret\n");
}

#[test]
fn a_data_folder_that_is_the_share_itself_gives_all_but_what_is_hobnob_s_own() {
    let folder = folder();
    let shared = folder.path();
    for name in ["hobnob.db", "hobnob.db-wal", "serve-key.pem", "recent.json"] {
        write(shared, name);
    }
    let mut program = serve(shared, &["--port", "0", "--upload", "--keep-free", "0", "--data-dir", "."]);
    let server = Serving::start(&mut program.command);
    nothing_is_given(&server, &["hobnob.db", "hobnob.db-wal", "serve-key.pem", "recent.json"], "");
    assert!(
        put(&server, "hobnob.db-shm", "").starts_with("HTTP/1.0 403 "),
        "SQLite would take it for its own"
    );
    assert!(put(&server, "other", "").starts_with("HTTP/1.0 201 "));
    server.stop(Signal::SIGTERM);
}

#[test]
fn a_password_file_is_not_shared_with_those_who_know_what_is_in_it() {
    let folder = folder();
    fs::write(folder.path().join("auth"), format!("me:{SECRET}\n")).unwrap();
    symlink("auth", folder.path().join("link")).unwrap();
    let mut program = serve(folder.path(), &["--port", "0", "--auth-file", "link", "--follow-links"]);
    let server = Serving::start(&mut program.command);
    let known = format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("me:{SECRET}")));
    nothing_is_given(&server, &["auth", "link"], &known);
    server.stop(Signal::SIGTERM);
}

#[tokio::test]
async fn an_upload_that_is_on_its_way_is_not_shared_under_any_other_name() {
    let uploads = Uploads { overwrite: true, limit: None, keep_free: 0 };
    let server = Running::with(Access { uploads: Some(uploads), ..Access::default() });
    let address = server.address;
    let uploading = spawn_blocking(move || {
        let mut client = TcpStream::connect(address).unwrap();
        let head = "PUT /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
        client.write_all(head.as_bytes()).unwrap();
        client.read_exact(&mut [0; 25]).unwrap();
        client
    });
    let client = uploading.await.unwrap();
    let shared = server.folder.path();
    let partial = fs::read_dir(shared).unwrap().next().unwrap().unwrap().path();
    fs::hard_link(&partial, shared.join("hard")).unwrap();
    symlink(partial.file_name().unwrap(), shared.join("soft")).unwrap();
    for name in ["hard", "soft"] {
        assert_eq!(server.get(&format!("/{name}")).await.status, 404, "{name}");
    }
    assert_eq!(server.get("/?simple").await.text(), "");
    let put = server.ask("PUT", "/hard", "Content-Length: 0\r\n").await;
    assert_eq!(put.status, 403);
    client.set_nonblocking(true).unwrap();
    let mut client = tokio::net::TcpStream::from_std(client).unwrap();
    client.write_all(b"new").await.unwrap();
    assert!(text(&rest(&mut client).await).starts_with("HTTP/1.1 201 "));
    assert_eq!(server.get("/hard").await.text(), "new", "it is whole now");
}

#[test]
fn what_a_killed_server_left_of_an_upload_is_not_shared_whatever_leads_to_it() {
    let folder = folder();
    let shared = folder.path();
    fs::create_dir(shared.join("data")).unwrap();
    let arguments = ["--port", "0", "--upload", "--overwrite", "--keep-free", "0", "--hidden"];
    let server = Serving::start(&mut serve(shared, &arguments).command);
    let mut client = TcpStream::connect(server.address).unwrap();
    let content = SECRET.repeat(100_000);
    let head = format!("PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", content.len() + 1);
    client.write_all(head.as_bytes()).unwrap();
    client.write_all(content.as_bytes()).unwrap();
    let partial = || {
        let there = fs::read_dir(shared).unwrap().map(|entry| entry.unwrap());
        there.into_iter().find(|entry| entry.file_name().to_string_lossy().starts_with(".hobnob-upload-"))
    };
    while partial().is_none_or(|entry| entry.metadata().unwrap().len() == 0) {
        std::thread::yield_now();
    }
    server.stop(Signal::SIGKILL);
    let left = partial().unwrap().path();
    fs::hard_link(&left, shared.join("hard")).unwrap();
    symlink(left.file_name().unwrap(), shared.join("soft")).unwrap();
    symlink("../soft", shared.join("data/deep")).unwrap();
    let names = ["hard", "soft", "data/deep", left.file_name().unwrap().to_str().unwrap()];
    for options in [&[][..], &["--follow-links"]] {
        let server = Serving::start(&mut serve(shared, &[&arguments[..], options].concat()).command);
        nothing_is_given(&server, &names, "");
        assert!(put(&server, "hard", "").starts_with("HTTP/1.0 403 "));
        assert!(text(&server.ask(&form("", "hard", ""))).starts_with("HTTP/1.0 403 "));
        assert!(put(&server, "a", "").starts_with("HTTP/1.0 20"));
        assert!(text(&server.ask("a")).ends_with("new"), "what came whole is shared");
        server.stop(Signal::SIGTERM);
    }
    let modes = ["a", "public.txt"].map(|name| fs::metadata(shared.join(name)).unwrap().permissions().mode());
    assert_eq!(modes[0], modes[1], "it has the permissions of any other file");
}

/// Whether the lock that this process holds on a file can be seen from another one.
fn is_locked(path: &Path) -> bool {
    let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
    let locks = fs::read_to_string("/proc/locks").unwrap();
    locks.lines().any(|line| line.contains("POSIX") && line.contains(&format!(":{inode} ")))
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_share_within_the_program_does_not_touch_the_database_that_the_program_uses() {
    let folder = folder();
    let data = folder.path().join("data");
    let store = hobnob::store::open(&data).unwrap();
    let (events, mut told) = channel(64);
    let store = store.start(events.clone()).unwrap();
    let mut settings = ServeSettings::default();
    settings.access.private =
        Private { folders: vec![data.clone()], has_open_database: true, ..Private::default() };
    let worker = ShareWorker::start(&[([127, 0, 0, 1], 0).into()], settings, &events);
    let (id, shared) = (ShareId(1), folder.path().to_path_buf());
    assert!(worker.tell(ShareOrder::Start { id, folder: shared }).is_none());
    let Some(Event::Share(_, ShareEvent::Started { addresses, .. })) = told.recv().await else {
        panic!("not started")
    };
    let address = addresses[0];
    let log = data.join("hobnob.db-shm");
    let asked = spawn_blocking(move || {
        assert!(is_locked(&log), "SQLite holds a lock for as long as it has the database open");
        for name in ["data/hobnob.db", "data/hobnob.db-shm", "data/hobnob.db-wal"] {
            for request in [format!("GET /{name} HTTP/1.0\r\n\r\n"), name.to_owned()] {
                let mut client = TcpStream::connect(address).unwrap();
                client.write_all(request.as_bytes()).unwrap();
                let mut answer = Vec::new();
                client.read_to_end(&mut answer).unwrap();
                assert!(answer.is_empty() || text(&answer).starts_with("HTTP/1.0 404 "), "{name}");
            }
        }
        assert!(is_locked(&log), "no descriptor of it was closed");
    });
    asked.await.unwrap();
    worker.end().await;
    let _ = store.end().await;
}
