//! `hobnob serve`, as people and scripts start it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hobnob::wire::credentials::Credentials;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sha2::{Digest as _, Sha256};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

use crate::support::program::{Outcome, Program};

/// A server that has said where it is.
pub(super) struct Serving {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Serving {
    pub(super) fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.split_once("://").and_then(|(_, rest)| rest.strip_suffix("/\n")).unwrap();
        Self { child, address: address.parse().unwrap() }
    }

    pub(super) fn ask(&self, request: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }

    /// Of the process.
    pub(super) fn id(&self) -> i32 {
        self.child.id().try_into().unwrap()
    }

    pub(super) fn stop(self, signal: Signal) -> Outcome {
        kill(Pid::from_raw(self.id()), signal).unwrap();
        Outcome::of(&self.child.wait_with_output().unwrap())
    }
}

/// `hobnob serve`, about to be started in `folder`.
pub(super) fn serve(folder: &Path, arguments: &[&str]) -> Program {
    let mut program = Program::new(&[&["serve", "--bind", "127.0.0.1"], arguments].concat());
    program.command.current_dir(folder);
    program
}

#[test]
fn it_says_where_it_is_logs_each_request_and_stops_on_either_signal() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "hello").unwrap();
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut program = serve(folder.path(), &["--port", "0"]);
        let server = Serving::start(&mut program.command);
        let url = format!("http://{}/", server.address);
        assert_eq!(server.ask("a.txt"), b"hello");
        assert!(server.ask("GET /a.txt HTTP/1.0\r\n\r\n").ends_with(b"hello"));
        assert_eq!(server.ask("nope\x1b[31m\n"), b"");
        let Outcome { code, stdout, stderr: log } = server.stop(signal);
        assert_eq!((code, &*stdout), (Some(0), ""), "{signal}: only the URL is for scripts");
        let lines: Vec<_> = log.lines().collect();
        assert_eq!(lines.len(), 4, "{log}");
        let path = folder.path().canonicalize().unwrap();
        assert!(lines[0].contains(path.to_str().unwrap()) && lines[0].contains(&url), "{log}");
        assert!(lines[1].contains(" PLAIN a.txt: 5 B, "), "{log}");
        assert!(lines[2].contains(" GET /a.txt: 200, 5 B, "), "{log}");
        assert!(lines[3].contains(" PLAIN nope") && lines[3].contains(": no such file, 0 B, "), "{log}");
        assert!(!log.contains('\x1b'), "{log}");
    }
}

#[test]
fn while_nobody_reads_its_log_it_serves_and_stops_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "hello").unwrap();
    let mut program = serve(folder.path(), &["--port", "0"]);
    let server = Serving::start(&mut program.command);
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // More lines than fit into a pipe (64 KiB) and into the queue before it.
    let request = format!("HEAD /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(2000));
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    for _ in 0..400 {
        stream.write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            answers.read_line(&mut line).unwrap();
        }
    }
    assert_eq!(server.ask("a.txt"), b"hello");
    let Serving { mut child, .. } = server;
    let log = child.stderr.take().unwrap();
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop(log);
}

#[test]
fn what_the_log_missed_is_said_in_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "hello").unwrap();
    let mut program = serve(folder.path(), &["--port", "0"]);
    let server = Serving::start(&mut program.command);
    let requests = 400;
    for _ in 0..requests {
        server.ask(&format!("HEAD /{} HTTP/1.0\r\n\r\n", "x".repeat(2000)));
    }
    let log = server.stop(Signal::SIGTERM).stderr;
    let untold = log.lines().filter_map(|line| line.split_once("was not read: ")?.1.parse::<usize>().ok());
    let told = log.lines().filter(|line| line.contains(" HEAD /")).count();
    let untold: usize = untold.sum();
    assert!(untold > 0);
    assert_eq!(told + untold, requests);
}

/// Runs a command that cannot work, and gives the one line it says on stderr.
fn fails(program: Program) -> String {
    let Outcome { code, stdout, stderr } = program.run();
    assert_eq!((code, &*stdout, stderr.lines().count()), (Some(1), "", 1), "{stderr}");
    stderr
}

#[test]
fn a_folder_that_is_not_there_is_an_error_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let said = fails(serve(folder.path(), &["nope", "--port", "0"]));
    assert!(said.contains("nope is not a folder that can be read"), "{said}");
    assert!(!said.contains("os error"), "{said}");
    let said = fails(serve(folder.path(), &["\x1b[2J", "--port", "0"]));
    assert!(said.contains("[2J is not a folder") && !said.contains('\x1b'), "{said}");
}

#[test]
fn a_port_that_is_taken_is_an_error_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    let said = fails(serve(folder.path(), &["--port", &port]));
    assert!(said.contains(&format!("port {port} is in use")), "{said}");
}

#[test]
fn passwords_may_stand_in_a_file_or_in_the_environment_and_the_nearest_one_counts() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "hello").unwrap();
    fs::write(folder.path().join("auth"), "lin:from file\nsecond line\n").unwrap();
    let basic = |user_pass: &str| Credentials::new("lin".into(), user_pass.into()).unwrap().basic();
    for (arguments, environment, password) in [
        (&["--auth", "lin:from line"][..], Some("lin:from environment"), "from line"),
        (&["--auth-file", "auth"], Some("lin:from environment"), "from file"),
        (&[], Some("lin:from environment"), "from environment"),
    ] {
        let mut program = serve(folder.path(), &[&["--port", "0"], arguments].concat());
        program.command.envs(environment.map(|value| ("HOBNOB_AUTH", value)));
        let server = Serving::start(&mut program.command);
        let request = format!("GET /a.txt HTTP/1.0\r\nAuthorization: {}\r\n\r\n", basic(password));
        assert!(server.ask(&request).starts_with(b"HTTP/1.0 200 "), "{password}");
        assert!(server.ask("GET /a.txt HTTP/1.0\r\n\r\n").starts_with(b"HTTP/1.0 401 "));
        assert_eq!(server.ask("a.txt"), b"");
        let log = server.stop(Signal::SIGTERM).stderr;
        assert!(log.contains("The plain protocol knows neither passwords"), "{log}");
        assert!(!log.contains(password), "{log}");
    }
}

#[test]
fn a_password_that_is_none_is_said_without_repeating_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("auth"), "geheim\n").unwrap();
    for (arguments, environment, code, said) in [
        (&["--auth", "geheim"][..], None, 2, "--auth has to be USER:PASSWORD"),
        (&["--auth", "geheim:"], None, 2, "--auth has to be USER:PASSWORD"),
        (&["--auth-file", "auth"], None, 1, "auth has to be USER:PASSWORD"),
        (&["--auth-file", "nope"], None, 1, "cannot use nope: "),
        (&["--auth", "a:b", "--auth-file", "auth"], None, 2, "--auth <USER:PASSWORD> does not go with"),
        (&[], Some(""), 1, "HOBNOB_AUTH has to be USER:PASSWORD"),
        (&[], Some("geheim"), 1, "HOBNOB_AUTH has to be USER:PASSWORD"),
    ] {
        let mut program = serve(folder.path(), &[&["--port", "0"], arguments].concat());
        program.command.envs(environment.map(|value| ("HOBNOB_AUTH", value)));
        let Outcome { code: ended, stdout, stderr } = program.run();
        assert_eq!((ended, &*stdout, stderr.lines().count()), (Some(code), "", 1), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said) && !stderr.contains("geheim"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn options_that_make_no_sense_are_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, said) in [
        (&["--upload", "--read-only"][..], "does not go with"),
        (&["--max-upload", "much"], "“much” is no value for --max-upload"),
        (&["--max-upload", "0"], "“0” is no value for --max-upload"),
        (&["--keep-free=-1"], "“-1” is no value for --keep-free"),
        (&["--cert", "a", "--key", "b"], "missing: --tls"),
        (&["--tls", "--cert", "a"], "missing: --key"),
    ] {
        let outcome = serve(folder.path(), arguments).run();
        assert_eq!((outcome.code, outcome.stderr.lines().count()), (Some(2), 1), "{outcome:?}");
        assert!(outcome.stderr.contains(said), "{outcome:?}");
    }
    let said = fails(serve(folder.path(), &["--port", "0", "--tls", "--cert", "nope", "--key", "nope"]));
    assert!(said.contains("cannot use nope: "), "{said}");
    fs::write(folder.path().join("none"), "hello").unwrap();
    let said = fails(serve(folder.path(), &["--port", "0", "--tls", "--cert", "none", "--key", "none"]));
    assert!(said.contains("there is no certificate in none"), "{said}");
}

#[test]
fn uploads_are_asked_for_on_the_command_line_or_in_the_settings_and_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let settings = tempfile::tempdir().unwrap();
    let config = settings.path().join("config.toml");
    fs::write(&config, "[serve]\nupload = true\nmax_upload = \"10\"\nkeep_free = \"0\"\n").unwrap();
    let config = ["--config", config.to_str().unwrap()];
    for (nth, (arguments, body, status)) in [
        (&["--upload", "--keep-free", "0"][..], "hello, world", "201"),
        (&config, "hello", "201"),
        (&config, "hello, world", "413"),
        (&[&config[..], &["--max-upload", "1k"]].concat(), "hello, world", "201"),
        (&[&config[..], &["--read-only"]].concat(), "hello", "405"),
        (&[], "hello", "405"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut program = serve(folder.path(), &[&["--port", "0"], arguments].concat());
        let server = Serving::start(&mut program.command);
        let request = format!("PUT /{nth} HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let answer = String::from_utf8(server.ask(&request)).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.0 {status} ")), "{arguments:?}: {answer}");
        assert_eq!(folder.path().join(nth.to_string()).exists(), status == "201", "{arguments:?}");
        let log = server.stop(Signal::SIGTERM).stderr;
        assert_eq!(log.contains("Files may be added; none is replaced"), status != "405", "{log}");
        let line = log.lines().last().unwrap();
        assert!(line.contains(&format!(" PUT /{nth}: {status}, ")), "{log}");
        if status == "201" {
            assert!(line.contains(&format!(", {} B received, ", body.len())), "{log}");
        }
    }
}

#[test]
fn a_folder_that_nothing_can_be_put_into_is_not_served_with_uploads() {
    // Nobody can put files there, not even the superuser.
    let said = fails(serve(Path::new("/"), &["--port", "0", "--upload", "/proc/self/fdinfo"]));
    assert!(said.contains("nothing can be put into /proc/self/fdinfo: "), "{said}");
}

#[test]
fn the_fingerprint_that_is_printed_is_that_of_the_certificate_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let data = tempfile::tempdir().unwrap();
    let mut fingerprints = Vec::new();
    for _ in 0..2 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hobnob"));
        command.args(["serve", "--bind", "127.0.0.1", "--port", "0", "--tls", "--data-dir"]).arg(data.path());
        command.env("LANG", "C").current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let log = Serving::start(&mut command).stop(Signal::SIGTERM).stderr;
        assert!(log.contains(" at https://127.0.0.1:"), "{log}");
        let line = log.lines().find_map(|line| line.strip_prefix("SHA-256 of the certificate: "));
        fingerprints.push(line.unwrap().to_owned());
    }
    let kept = CertificateDer::from_pem_file(data.path().join("serve-cert.pem")).unwrap();
    let digest: Vec<_> = Sha256::digest(kept).iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(fingerprints, [digest.join(":"), digest.join(":")]);
}

#[test]
fn a_server_that_ran_out_of_file_descriptors_serves_again_when_there_are_some() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "hello").unwrap();
    let mut limited = Command::new("sh");
    let script = "ulimit -n 24; exec \"$0\" serve --bind 127.0.0.1 --port 0";
    limited.args(["-c", script, env!("CARGO_BIN_EXE_hobnob")]).current_dir(folder.path());
    limited.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let server = Serving::start(&mut limited);
    let crowd: Vec<_> = (0..40).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    // The last ones wait to be accepted, and there is no descriptor left to open a file with.
    drop(crowd);
    assert_eq!(server.ask("a.txt"), b"hello");
    assert_eq!(server.stop(Signal::SIGTERM).code, Some(0));
}
