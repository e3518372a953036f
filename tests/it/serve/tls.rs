//! The server over TLS, and what it says to those who do not speak it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use hobnob::serve::{Access, Answer, End, Identity, IdentityFault, Limits, Request, Uploads};
use rcgen::{CertificateParams, KeyPair};
use tempfile::{TempDir, tempdir};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{NEVER, PATIENT, Response, Running, rest};

const UPLOADS: Uploads = Uploads { overwrite: false, limit: None, keep_free: 0 };

/// A server with a certificate of its own, and the folder where that is kept.
struct Secure {
    running: Running,
    kept: TempDir,
}

impl Secure {
    fn start(limits: Limits) -> Self {
        let kept = tempdir().unwrap();
        let access = Access { uploads: Some(UPLOADS), ..Access::default() };
        let running = Running::sharing(tempdir().unwrap(), limits, access, Some(own(kept.path())));
        Self { running, kept }
    }

    async fn connect(&self) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.kept.path().join("serve-cert.pem")).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, self.running.connect().await).await.unwrap()
    }

    async fn say(&self, words: &[u8]) -> Vec<u8> {
        let mut stream = self.connect().await;
        stream.write_all(words).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    }
}

fn own(dir: &Path) -> Identity {
    Identity::own(dir, || vec!["127.0.0.1".into(), "localhost".into()]).unwrap()
}

#[tokio::test]
async fn over_tls_files_are_got_and_put() {
    let mut server = Secure::start(PATIENT);
    let content = vec![7; 3_000_000];
    server.running.write("a", &content);
    let answer = server.say(b"GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert!(Response::read(&answer).body == content);
    let told = server.running.log.recv().await.unwrap();
    assert_eq!((told.answer, told.end, told.bytes), (Answer::Status(200), End::Whole, 3_000_000));
    let put = [&b"PUT /b HTTP/1.0\r\nContent-Length: 3000000\r\n\r\n"[..], &content].concat();
    assert!(server.say(&put).await.starts_with(b"HTTP/1.0 201 "));
    assert!(fs::read(server.running.folder.path().join("b")).unwrap() == content);
}

#[tokio::test]
async fn http_in_the_clear_is_told_to_come_back_over_tls() {
    let mut server = Secure::start(PATIENT);
    server.running.write("a", "hello");
    let response = server.running.get("/a?b").await;
    assert_eq!((response.status, response.header("upgrade")), (426, Some("TLS/1.2, HTTP/1.1")));
    assert_eq!(response.text(), "426 Upgrade Required\n");
    let told = server.running.log.recv().await.unwrap();
    let Request::Http { method, path } = &told.request else { panic!("{told:?}") };
    assert_eq!((&**method, &**path, told.answer), ("GET", "/a?b", Answer::Status(426)));
    let put = server.running.ask("PUT", "/b", "Content-Length: 0\r\n").await;
    assert_eq!(put.status, 426);
    assert!(!server.running.folder.path().join("b").exists());
}

#[tokio::test]
async fn the_plain_protocol_is_answered_with_nothing_in_the_clear_and_over_tls() {
    let mut server = Secure::start(PATIENT);
    server.running.write("a", "hello");
    assert_eq!(server.running.plain(b"a").await, b"");
    assert_eq!(server.running.log.recv().await.unwrap().answer, Answer::Nothing);
    assert_eq!(server.say(b"a").await, b"");
    assert_eq!(server.running.log.recv().await.unwrap().answer, Answer::Nothing);
}

#[tokio::test]
async fn who_takes_nothing_is_cut_off_after_the_limit() {
    let stall = std::time::Duration::from_millis(30);
    let mut server = Secure::start(Limits { stall, ..PATIENT });
    let length = server.running.write_long("long");
    let mut client = server.connect().await;
    client.write_all(b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    client.read_exact(&mut [0; 1000]).await.unwrap();
    let told = server.running.log.recv().await.unwrap();
    assert!(told.end == End::Stalled && told.bytes < length, "{told:?}");
}

#[tokio::test]
async fn who_never_comes_to_an_end_of_the_handshake_is_given_up() {
    let mut server = Secure::start(Limits { silence: std::time::Duration::from_millis(30), ..PATIENT });
    let mut silent = server.running.connect().await;
    let mut half = server.running.connect().await;
    half.write_all(b"\x16\x03\x01\x02\x00\x01").await.unwrap();
    let mut garbled = server.running.connect().await;
    garbled.write_all(&[0x16; 100]).await.unwrap();
    assert_eq!(rest(&mut silent).await, b"");
    assert_eq!(rest(&mut half).await, b"");
    // It may be told what was wrong with it (an alert, RFC 8446, section 6).
    assert!(!rest(&mut garbled).await.starts_with(b"HTTP"));
    // Of who said nothing, nothing is told.
    for _ in 0..2 {
        let told = server.running.log.recv().await.unwrap();
        assert_eq!((told.request, told.answer), (Request::Handshake, Answer::Unanswered));
    }
    server.running.stop.send(()).unwrap();
    server.running.task.await.unwrap();
    assert_eq!(server.running.log.recv().await, None);
}

#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_handshakes() {
    let server = Secure::start(Limits { silence: NEVER, ..PATIENT });
    let silent = server.running.connect().await;
    let mut half = server.running.connect().await;
    half.write_all(b"\x16\x03\x01").await.unwrap();
    server.running.stop.send(()).unwrap();
    server.running.task.await.unwrap();
    drop((silent, half));
}

#[test]
fn a_certificate_of_its_own_stays_the_same_and_is_nobody_elses_to_read() {
    let dir = tempdir().unwrap();
    let kept = dir.path().join("data");
    let first = own(&kept);
    let again = Identity::own(&kept, || panic!("made once more")).unwrap();
    assert_eq!(first.fingerprint(), again.fingerprint());
    assert_eq!(fs::metadata(kept.join("serve-key.pem")).unwrap().permissions().mode() & 0o077, 0);
    let told = fs::read_to_string(kept.join("serve-cert.pem")).unwrap();
    assert!(!told.contains("PRIVATE"), "what is given to others has no key in it");
    let hex = first.fingerprint().split(':').collect::<Vec<_>>();
    assert!(hex.len() == 32 && hex.iter().all(|byte| u8::from_str_radix(byte, 16).is_ok()), "{hex:?}");
    assert_ne!(first.fingerprint(), own(&dir.path().join("other")).fingerprint());
    assert!(!format!("{first:?}").contains("PRIVATE"));
}

#[test]
fn a_certificate_that_was_removed_is_made_again_for_the_same_key() {
    let dir = tempdir().unwrap();
    let first = own(dir.path());
    let (certificate, key) = (dir.path().join("serve-cert.pem"), dir.path().join("serve-key.pem"));
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&certificate).unwrap();
    let mut asked = false;
    let names = || {
        asked = true;
        vec!["192.0.2.7".to_owned()]
    };
    assert_ne!(Identity::own(dir.path(), names).unwrap().fingerprint(), first.fingerprint());
    assert!(asked && fs::read(&key).unwrap() == kept);
    fs::write(&key, "hello").unwrap();
    let fault = Identity::own(dir.path(), || panic!("made once more")).unwrap_err();
    assert!(matches!(fault, IdentityFault::NoKey(which) if which == key));
    // Without the key the certificate is worth nothing.
    fs::remove_file(&key).unwrap();
    let anew = own(dir.path());
    assert_ne!(fs::read(&key).unwrap(), kept);
    assert_eq!(own(dir.path()).fingerprint(), anew.fingerprint());
}

#[test]
fn files_that_are_no_certificate_or_no_key_are_refused_by_their_names() {
    let dir = tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let certificate = CertificateParams::new(["box".to_owned()]).unwrap().self_signed(&key).unwrap();
    fs::write(path("cert"), certificate.pem()).unwrap();
    fs::write(path("key"), key.serialize_pem()).unwrap();
    fs::write(path("other"), other.serialize_pem()).unwrap();
    fs::write(path("neither"), "hello").unwrap();
    assert!(Identity::read(&path("cert"), &path("key")).is_ok());
    let fault = |cert: &str, key: &str| Identity::read(&path(cert), &path(key)).unwrap_err();
    assert!(matches!(fault("nope", "key"), IdentityFault::File { path: which, .. } if which == path("nope")));
    assert!(
        matches!(fault("cert", "nope"), IdentityFault::File { path: which, .. } if which == path("nope"))
    );
    assert!(
        matches!(fault("neither", "key"), IdentityFault::NoCertificate(which) if which == path("neither"))
    );
    assert!(matches!(fault("cert", "neither"), IdentityFault::NoKey(which) if which == path("neither")));
    assert!(
        matches!(fault("cert", "other"), IdentityFault::Unusable { path: which, .. } if which == path("cert"))
    );
}

#[tokio::test]
async fn curl_believes_the_certificate_that_was_printed_and_no_other() {
    let server = Secure::start(PATIENT);
    server.running.write("a", "hello");
    let url = format!("https://{}/a", server.running.address);
    let other = tempdir().unwrap();
    own(other.path());
    let mut outcomes = Vec::new();
    for kept in [&server.kept, &other] {
        let mut command = Command::new("curl");
        command.args(["-sS", "--noproxy", "*", "--cacert"]).arg(kept.path().join("serve-cert.pem")).arg(&url);
        let Ok(output) = spawn_blocking(move || command.output()).await.unwrap() else {
            println!("skipped: there is no curl");
            return;
        };
        outcomes.push((output.status.code(), output.stdout));
    }
    assert_eq!(outcomes[0], (Some(0), b"hello".to_vec()));
    assert_eq!(outcomes[1], (Some(60), Vec::new()));
}
