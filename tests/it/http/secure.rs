//! https: whom we believe, and what is said of whom we do not. As a user meets it: the program itself, which finds out
//! from `SSL_CERT_FILE` whom to trust.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tempfile::{TempDir, tempdir};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::program::{Outcome, Program};
use crate::support::server::{Server, nobody, ok};

/// An authority, and the file with its certificate.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: TempDir,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let dir = tempdir().unwrap();
        fs::write(dir.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, dir }
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// A server with a certificate for this name, changed like that.
    fn server(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Secure {
        Secure::new(self.config(name, change), ok("text/plain", "hello"))
    }

    fn config(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }

    /// One for `localhost`, which points elsewhere.
    fn redirecting(&self, target: &str) -> Secure {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
        Secure::new(self.config("localhost", |_| ()), head)
    }
}

/// A server that answers every question over TLS in the same way, and keeps its connections.
struct Secure {
    address: SocketAddr,
    /// The number of the connection, and the request line.
    heard: Receiver<(usize, String)>,
}

impl Secure {
    fn new(config: Arc<ServerConfig>, answer: String) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (told, heard) = channel();
        thread::spawn(move || {
            for (stream, number) in listener.incoming().zip(1..) {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = BufReader::new(StreamOwned::new(connection, stream.unwrap()));
                let mut line = String::new();
                // Whoever does not believe us hangs up.
                while matches!(stream.read_line(&mut line), Ok(1..)) {
                    if line.starts_with("GET ") {
                        let _ = told.send((number, line.trim_end().to_owned()));
                    } else if line == "\r\n" {
                        stream.get_mut().write_all(answer.as_bytes()).unwrap();
                    }
                    line.clear();
                }
            }
        });
        Self { address, heard }
    }
}

/// `hobnob get` of files there, on stdout.
fn get(authorities: &Authority, host: &str, port: u16) -> Outcome {
    get_with(authorities.file(), host, port)
}

fn get_with(authorities: PathBuf, host: &str, port: u16) -> Outcome {
    let mut program = Program::new(&["get", &format!("https://{host}:{port}/a"), "-o", "-"]);
    program.command.env("SSL_CERT_FILE", authorities);
    program.run()
}

#[test]
fn a_server_whose_certificate_comes_from_somebody_trusted_is_believed() {
    let authority = Authority::new("trusted");
    for name in ["localhost", "127.0.0.1"] {
        let server = authority.server(name, |_| ());
        let outcome = get(&authority, name, server.address.port());
        assert_eq!((outcome.code, &*outcome.stdout, &*outcome.stderr), (Some(0), "hello", ""), "{name}");
    }
}

#[test]
fn https_does_not_lead_to_http_unless_that_is_allowed() {
    let authority = Authority::new("trusted");
    let plain = Server::http(|_| ok("text/plain", "from anybody"));
    let server = authority.redirecting(&format!("http://{}/b", plain.address));
    let url = format!("https://localhost:{}/a", server.address.port());
    let run = |arguments: &[&str]| {
        let mut program = Program::new(&[arguments, &["--lang", "en"]].concat());
        program.command.env("SSL_CERT_FILE", authority.file());
        program.run()
    };
    let refused = run(&["get", &url, "-o", "-"]);
    assert_eq!((refused.code, &*refused.stdout), (Some(1), ""));
    assert!(refused.stderr.contains("--insecure-redirects"), "{}", refused.stderr);
    assert!(plain.requests().is_empty());
    let followed = run(&["get", &url, "-o", "-", "--insecure-redirects"]);
    assert_eq!((followed.code, &*followed.stdout), (Some(0), "from anybody"), "{}", followed.stderr);
    // The other way round nothing is lost.
    let server = authority.server("localhost", |_| ());
    let target = format!("https://localhost:{}/b", server.address.port());
    let plain =
        Server::http(move |_| format!("HTTP/1.1 302 X\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"));
    let upgraded = run(&["get", &format!("http://{}/a", plain.address), "-o", "-"]);
    assert_eq!((upgraded.code, &*upgraded.stdout), (Some(0), "hello"), "{}", upgraded.stderr);
}

#[test]
fn a_secure_connection_is_used_again() {
    let authority = Authority::new("trusted");
    let server = authority.server("localhost", |_| ());
    let folder = format!("https://localhost:{}/", server.address.port());
    let to = tempdir().unwrap();
    let mut program =
        Program::new(&["get", &folder, "a", "b", "--jobs", "1", "--to", to.path().to_str().unwrap()]);
    let outcome = {
        program.command.env("SSL_CERT_FILE", authority.file());
        program.run()
    };
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""));
    let heard: Vec<_> = server.heard.try_iter().collect();
    assert!(heard.iter().all(|(connection, _)| *connection == 1), "{heard:?}");
    for line in ["GET /a HTTP/1.1", "GET /b HTTP/1.1"] {
        assert!(heard.iter().any(|(_, heard)| heard == line), "{heard:?}");
    }
}

#[test]
fn a_server_that_is_not_believed_is_asked_nothing_and_it_is_said_why() {
    let (authority, stranger) = (Authority::new("trusted"), Authority::new("stranger"));
    let swindler = Authority::new("trusted");
    let expired = |params: &mut CertificateParams| {
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
    };
    let not_yet = |params: &mut CertificateParams| params.not_before = date_time_ymd(4001, 1, 1);
    let itself = |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for (server, said) in [
        (stranger.server("localhost", |_| ()), "nobody whom this system trusts vouches for"),
        (swindler.server("localhost", |_| ()), "nobody whom this system trusts vouches for"),
        (authority.server("localhost", itself), "nobody whom this system trusts vouches for"),
        (authority.server("elsewhere.example", |_| ()), "is not for this name"),
        (authority.server("127.0.0.1", |_| ()), "is not for this name"),
        (authority.server("localhost", expired), "has expired"),
        (authority.server("localhost", not_yet), "is not valid yet"),
    ] {
        let outcome = get(&authority, "localhost", server.address.port());
        assert_eq!((outcome.code, &*outcome.stdout), (Some(1), ""), "{said}");
        assert!(outcome.stderr.contains(said), "{said}: {}", outcome.stderr);
        assert_eq!(server.heard.try_iter().next(), None, "{said}");
    }
}

#[test]
fn a_server_that_does_not_speak_tls_is_told_from_one_that_is_not_believed() {
    let authority = Authority::new("trusted");
    let server = Server::sending("HTTP/1.1 400 Bad Request\r\n\r\n");
    let outcome = get(&authority, "localhost", server.address.port());
    assert!(outcome.stderr.contains("does not speak https"), "{}", outcome.stderr);
    // Not a word of ours goes over the wire before there is a key.
    assert!(!server.requests().remove(0).windows(4).any(|window| window == b"GET "));
    let (address, _held) = nobody();
    let outcome = get(&authority, "localhost", address.port());
    assert!(outcome.stderr.contains("nobody listens"), "{}", outcome.stderr);
}

#[test]
fn where_the_system_trusts_nobody_it_is_said_what_to_do() {
    let authority = Authority::new("trusted");
    let server = authority.server("localhost", |_| ());
    let nowhere = authority.dir.path().join("none.pem");
    fs::write(&nowhere, "").unwrap();
    let outcome = get_with(nowhere, "localhost", server.address.port());
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("SSL_CERT_FILE"), "{}", outcome.stderr);
}

#[test]
fn without_tls_nobody_is_asked_whom_to_trust() {
    let server = Server::http(|_| ok("text/plain", "hello"));
    let mut program = Program::new(&["get", &format!("http://{}/a", server.address), "-o", "-"]);
    program.command.env("SSL_CERT_FILE", "/nonexistent");
    let outcome = program.run();
    assert_eq!((outcome.code, &*outcome.stdout), (Some(0), "hello"));
}
