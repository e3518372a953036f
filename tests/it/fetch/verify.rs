//! Comparing what came with what it has to be.

use std::fs::{self, File};
use std::future::{pending, ready};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hobnob::effect::{Conflict, Job};
use hobnob::event::{Fault, Kept, Mismatch, Proof, TransferEvent};
use hobnob::net::Timeouts;
use hobnob::net::fetch::{End, Engine, System};
use hobnob::net::http::Client;
use hobnob::text::clean_line;
use hobnob::wire::digest::{Checksum, DigestField};
use sha2::{Digest, Sha256, Sha512};
use tempfile::{TempDir, tempdir};

use super::ranged::{Clock, LENGTH, content, rightly, scripted};
use super::{at, engine, job, read, run};
use crate::support::files::names;
use crate::support::server::{PATIENT, Server, field, ok, send};

fn sha256(bytes: &[u8]) -> Checksum {
    Checksum::Sha256(Sha256::digest(bytes).into())
}

fn digits(checksum: &Checksum) -> String {
    checksum.to_string().split_once(':').unwrap().1.to_owned()
}

fn proofs(end: &End) -> &[Proof] {
    match end {
        End::Finished(file) => &file.proofs,
        other => panic!("{other:?}"),
    }
}

/// The only one.
fn proof(end: &End) -> Option<Proof> {
    assert!(proofs(end).len() <= 1, "{end:?}");
    proofs(end).first().cloned()
}

/// What came is another than this says, and is kept.
fn damaged(kept: std::path::PathBuf, differs: Proof) -> End {
    let mismatch = Mismatch { kept: Some(kept), differs: vec![differs], agrees: Vec::new() };
    End::Failed(Fault::WrongDigest(Box::new(mismatch)))
}

async fn fetch(server: &Server, dir: &TempDir, change: impl FnOnce(&mut Job)) -> (End, Vec<TransferEvent>) {
    let mut job = job(server.source("http://", "/dir/a"), dir.path());
    change(&mut job);
    run(&engine(PATIENT), &mut job).await
}

#[tokio::test]
async fn what_the_user_says_counts_before_what_the_server_says() {
    let server = Server::http(|_| ok("text/plain\r\nRepr-Digest: sha-256=:AAAA:", "hello"));
    let dir = tempdir().unwrap();
    let (end, _) = fetch(&server, &dir, |job| job.checksum = Some(sha256(b"hello"))).await;
    assert_eq!(proof(&end), Some(Proof::Given));
    let long = Checksum::Sha512(Sha512::digest(b"hello").into());
    let (end, _) = fetch(&server, &dir, |job| job.checksum = Some(long)).await;
    assert_eq!(proof(&end), Some(Proof::Given));
    assert_eq!(names(dir.path()), ["a", "a (1)"]);
}

#[tokio::test]
async fn the_server_is_asked_what_the_content_has_to_be_and_believed() {
    let right = BASE64_STANDARD.encode(Sha256::digest(b"hello"));
    for (said, by) in [
        (format!("Repr-Digest: sha-256=:{right}:"), DigestField::ReprDigest),
        (format!("Digest: SHA-256={right}"), DigestField::Digest),
        (format!("Content-Digest: sha-256=:{right}:"), DigestField::ContentDigest),
    ] {
        let server = Server::http(move |_| ok(&format!("text/plain\r\n{said}"), "hello"));
        let dir = tempdir().unwrap();
        let (end, _) = fetch(&server, &dir, |_| {}).await;
        assert_eq!(proof(&end), Some(Proof::Answer(by)));
        assert!(field(&server.requests()[0], "want-repr-digest").unwrap().contains("sha-256"));
    }
}

#[tokio::test]
async fn a_file_without_any_word_of_its_content_is_not_called_verified() {
    let server = Server::http(|_| ok("text/plain", "hello"));
    let dir = tempdir().unwrap();
    assert_eq!(proof(&fetch(&server, &dir, |_| {}).await.0), None);
}

#[tokio::test]
async fn what_is_not_right_is_kept_under_a_name_that_says_so() {
    // One that is written at once, and one that is not.
    for length in [5, LENGTH] {
        let server = Server::new(move |_, stream| {
            let head = format!("HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: {length}\r\n\r\n");
            send(stream, &[head.as_bytes(), &content()[..length]].concat());
        });
        let dir = tempdir().unwrap();
        for kept in ["a.damaged", "a (1).damaged"] {
            let (end, told) = fetch(&server, &dir, |job| job.checksum = Some(sha256(b"else"))).await;
            assert_eq!(end, damaged(at(&dir, kept), Proof::Given));
            assert!(read(&dir, kept) == content()[..length]);
            assert!(!told.iter().any(|event| matches!(event, TransferEvent::Finishing)));
        }
        assert_eq!(names(dir.path()), ["a (1).damaged", "a.damaged"]);
    }
}

#[tokio::test]
async fn a_digest_that_the_server_does_not_know_yet_is_asked_for_when_all_has_come() {
    const BIG: usize = 5_000_000;
    let big = || content().into_iter().cycle().take(BIG).collect::<Vec<_>>();
    let head =
        |fields: &str| format!("HTTP/1.1 200 OK\r\nETag: \"a\"\r\n{fields}Content-Length: {BIG}\r\n\r\n");
    let digest =
        |of: &[u8]| format!("Repr-Digest: sha-256=:{}:\r\n", BASE64_STANDARD.encode(Sha256::digest(of)));
    let later = "Preference-Applied: wait=0\r\n";
    let (right, wrong) = (digest(&big()), digest(b"else"));
    let by_server = Proof::Answer(DigestField::ReprDigest);
    for (answers, expected) in [
        (vec![head(&right)], Ok(Some(by_server.clone()))),
        // It takes time.
        (vec![head(later), head(later), head(&right)], Ok(Some(by_server.clone()))),
        (vec![head(&wrong)], Err(())),
        // Neither another version's digest nor none at all says anything of what came.
        (vec![head(&right).replace("\"a\"", "\"b\"")], Ok(None)),
        (vec![head("")], Ok(None)),
        (vec!["HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n".to_owned()], Ok(None)),
    ] {
        let mut answers = answers.into_iter();
        let server = Server::new(move |request, stream| {
            if request.starts_with(b"HEAD") {
                send(stream, answers.next().unwrap().as_bytes());
            } else {
                send(stream, &[head(later).as_bytes(), &big()].concat());
            }
        });
        let dir = tempdir().unwrap();
        let (end, _) = fetch(&server, &dir, |_| {}).await;
        let name = if let Ok(expected) = &expected {
            assert_eq!(proof(&end), *expected);
            "a"
        } else {
            assert_eq!(end, damaged(at(&dir, "a.damaged"), by_server.clone()));
            "a.damaged"
        };
        assert_eq!(names(dir.path()), [name]);
        assert!(read(&dir, name) == big());
        let requests = server.requests();
        assert_eq!(field(&requests[0], "prefer").as_deref(), Some("wait=0"));
        assert!(requests[1..].iter().all(|request| field(request, "want-repr-digest").is_some()));
    }
}

#[tokio::test]
async fn a_file_that_is_there_already_is_compared_with_what_the_user_says_too() {
    const DATED: &str = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT";
    let changed = UNIX_EPOCH + Duration::from_secs(784_111_777);
    let by_range = || scripted(vec![rightly("\"one\"")]);
    let whole = || {
        Server::new(|request, stream| {
            let head = format!("HTTP/1.1 200 OK\r\n{DATED}\r\nContent-Length: {LENGTH}\r\n\r\n");
            let is_head = request.starts_with(b"HEAD");
            let body = if is_head { Vec::new() } else { content() };
            send(stream, &[head.as_bytes(), &body].concat());
        })
    };
    // Only its beginning, which is not looked at otherwise.
    let mut damaged = content();
    damaged[0] ^= 1;
    let right = content();
    for (server, conflict, why) in [
        (whole(), Conflict::Ask, Kept::Same),
        (whole(), Conflict::Resume, Kept::Same),
        (by_range(), Conflict::Resume, Kept::Same),
        (whole(), Conflict::Skip, Kept::Skipped),
        (whole(), Conflict::Newer, Kept::NotNewer),
    ] {
        let dir = tempdir().unwrap();
        let mut ends = Vec::new();
        for there in [&damaged, &right] {
            fs::write(at(&dir, "a"), there).unwrap();
            File::options().write(true).open(at(&dir, "a")).unwrap().set_modified(changed).unwrap();
            let checksum = Some(sha256(&right));
            let (end, _) =
                fetch(&server, &dir, |job| (job.conflict, job.checksum) = (conflict, checksum)).await;
            ends.push(end);
            assert!(read(&dir, "a") == *there);
            assert_eq!(names(dir.path()), ["a"]);
        }
        let refused = match conflict {
            Conflict::Resume => Fault::NotBeginning(at(&dir, "a")),
            _ => Fault::exists(at(&dir, "a")),
        };
        let refused = End::Failed(refused);
        assert_eq!(ends, [refused, End::Kept(at(&dir, "a"), why)], "{conflict:?}");
    }
}

#[tokio::test]
async fn a_file_of_sums_beside_it_is_asked_for_once_and_believed() {
    let right = digits(&sha256(b"hello"));
    let sums = format!("{right}  a\n{}  sub/b\n{right} *c\n", "00".repeat(32));
    let server = Server::http(move |line| match line {
        "GET /dir/SHA256SUMS HTTP/1.1" => ok("text/plain", &sums),
        _ if line.starts_with("GET /none") => "HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n".to_owned(),
        _ => ok("text/plain", "hello"),
    });
    let dir = tempdir().unwrap();
    let engine = engine(PATIENT);
    let mut proofs = Vec::new();
    for path in ["/dir/a", "/dir/c", "/dir/d", "/other/a", "/dir/sub/b"] {
        let sums =
            ["/none/SHA256SUMS", "/dir/SHA256SUMS"].map(|path| server.source("http://", path)).to_vec();
        let mut job = Job { sums, ..job(server.source("http://", path), dir.path()) };
        let (end, _) = run(&engine, &mut job).await;
        proofs.push(match end {
            End::Finished(file) => Ok(file.proofs == [Proof::Sums(clean_line(b"SHA256SUMS"))]),
            other => Err(other),
        });
    }
    let damaged = damaged(at(&dir, "b.damaged"), Proof::Sums(clean_line(b"SHA256SUMS")));
    assert_eq!(proofs, [Ok(true), Ok(true), Ok(false), Ok(false), Err(damaged)]);
    let asked = server.requests();
    for sums in ["GET /none", "GET /dir/SHA256SUMS"] {
        assert_eq!(asked.iter().filter(|request| request.starts_with(sums.as_bytes())).count(), 1, "{sums}");
    }
}

#[tokio::test]
async fn sums_of_one_file_alone_need_not_name_it() {
    let right = digits(&sha256(b"hello"));
    for (said, is_proof) in [
        (right.clone(), true),
        (format!("{right}  /home/me/a"), true),
        (format!("{right}  b"), false),
        ("<html>not here".to_owned(), false),
        (" ".repeat(17 << 20) + &right, false),
        ("# and so on\n".repeat(1 << 20) + &right, true),
        (format!("{right}\n{right}"), false),
    ] {
        let server = Server::http(move |line| match line {
            "GET /dir/a.sha256 HTTP/1.1" => ok("text/plain", &said),
            _ => ok("text/plain", "hello"),
        });
        let dir = tempdir().unwrap();
        let sums = vec![server.source("http://", "/dir/a.sha256")];
        let (end, _) = fetch(&server, &dir, |job| job.sums = sums).await;
        assert_eq!(proof(&end).is_some(), is_proof);
    }
}

/// Two files with sums beside them, of which it is answered so: whether they were compared, what was told of the sums, and
/// how often these were asked for. Time goes on by itself until then.
async fn beside(mut sums: impl FnMut() -> Vec<u8> + Send + 'static) -> (Vec<bool>, Vec<String>, usize) {
    const SUMS: &[u8] = b"GET /dir/SHA256SUMS ";
    let _clock = Clock::hold();
    let time = tokio::spawn(async {
        loop {
            tokio::time::advance(Duration::from_millis(1)).await;
        }
    });
    let server = Server::new(move |request, stream| {
        let hello = || ok("text/plain", "hello").into_bytes();
        send(stream, &if request.starts_with(SUMS) { sums() } else { hello() });
    });
    let long = Duration::from_hours(10_000);
    let timeouts = Timeouts { resolve: long, connect: long, answer: long, body: long, ..PATIENT };
    let engine = Engine::new(Client::new(timeouts), 5, Arc::new(System));
    let dir = tempdir().unwrap();
    let (mut compared, mut unread) = (Vec::new(), Vec::new());
    for path in ["/dir/a", "/dir/b"] {
        let sums = vec![server.source("http://", "/dir/SHA256SUMS")];
        let mut job = Job { sums, ..job(server.source("http://", path), dir.path()) };
        let report = |event| {
            if let TransferEvent::Unread { sums, fault, .. } = event {
                unread.push(format!("{sums}: {fault:?}"));
                // What is known of them now stays as new as it is.
                time.abort();
            }
            ready(())
        };
        compared.push(proof(&engine.fetch(&mut job, pending(), report).await).is_some());
    }
    time.abort();
    let asked = server.requests().iter().filter(|request| request.starts_with(SUMS)).count();
    (compared, unread, asked)
}

#[tokio::test(start_paused = true)]
async fn sums_that_cannot_be_read_are_asked_for_once_more_and_then_it_is_told() {
    let status = |status: u16| format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n").into_bytes();
    let hello = digits(&sha256(b"hello"));
    let right = ok("text/plain", &format!("{hello}  a\n{hello}  b\n")).into_bytes();
    let mut answers = vec![right, status(503)];
    assert_eq!(beside(move || answers.pop().unwrap()).await, (vec![true, true], Vec::new(), 2));
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n00".to_vec();
    let endless = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &vec![b' '; 17 << 20]].concat();
    for (answer, why, asked) in [
        (status(503), Some("Status(503)"), 2),
        (cut, Some("Short { got: 2, announced: 100 }"), 2),
        (status(418), Some("Status(418)"), 1),
        (endless, Some("TooLarge { limit: 16777216 }"), 1),
        (status(404), None, 1),
        (status(410), None, 1),
        (status(403), None, 1),
    ] {
        let told = why.map(|why| format!("SHA256SUMS: {why}"));
        let both = told.iter().chain(&told).cloned().collect();
        assert_eq!(beside(move || answer.clone()).await, (vec![false, false], both, asked));
    }
}

/// Answers with these bytes, in this coding.
fn encoded(coding: &'static str, bytes: &'static [u8]) -> Server {
    Server::new(move |_, stream| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nETag: \"a\"\r\nContent-Length: {}\r\n\r\n",
            bytes.len()
        );
        send(stream, &[head.as_bytes(), bytes].concat());
    })
}

#[tokio::test]
async fn a_coding_that_was_not_asked_for_is_refused_unless_the_file_is_stored_in_it() {
    const GZIP: &[u8] = b"\x1f\x8b\x08\x00not for us to look into";
    for (coding, name, is_file) in [
        ("gzip", "a", false),
        ("br", "a.txt", false),
        ("zstd", "a.gz", false),
        ("gzip, gzip", "a.gz", false),
        ("identity", "a", true),
        ("gzip", "a.tar.gz", true),
        ("x-gzip", "a.tgz", true),
    ] {
        let server = encoded(coding, GZIP);
        let dir = tempdir().unwrap();
        let mut job = job(server.source("http://", &format!("/{name}")), dir.path());
        let (end, _) = run(&engine(PATIENT), &mut job).await;
        if is_file {
            assert!(matches!(end, End::Finished(_)), "{coding} {name}: {end:?}");
            assert_eq!(read(&dir, name), GZIP, "{coding} {name}");
        } else {
            assert_eq!(end, End::Failed(Fault::Encoded(clean_line(coding.as_bytes()))), "{coding} {name}");
            assert!(names(dir.path()).is_empty(), "{coding} {name}");
        }
        assert_eq!(field(&server.requests()[0], "accept-encoding"), None);
    }
}

#[tokio::test]
async fn a_page_with_a_checksum_in_it_damages_no_file() {
    let wrong = "0".repeat(64);
    for (kind, text) in [
        ("text/html", wrong.clone()),
        ("text/plain", format!("<html>\n{wrong}\n</html>")),
        ("application/json", format!("{wrong}  a")),
        ("text/plain", format!("no such file\n{wrong}  a")),
        ("application/xhtml+xml; charset=utf-8", wrong.clone()),
    ] {
        let server = Server::http(move |line| match line {
            "GET /dir/a.sha256 HTTP/1.1" => ok(kind, &text),
            _ => ok("text/plain", "hello"),
        });
        let dir = tempdir().unwrap();
        let sums = vec![server.source("http://", "/dir/a.sha256")];
        let (end, told) = fetch(&server, &dir, |job| job.sums = sums).await;
        assert_eq!(proof(&end), None, "{kind}");
        assert_eq!(names(dir.path()), ["a"], "{kind}");
        let unread = told
            .iter()
            .any(|event| matches!(event, TransferEvent::Unread { fault: Fault::NotChecksums, .. }));
        assert!(unread, "{kind}: {told:?}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_on_checksum_files_delays_one_file_by_a_quarter_of_the_time_for_an_answer() {
    const LONG: Duration = Duration::from_secs(2);
    let dir = tempdir().unwrap();
    let engine = Engine::new(Client::new(Timeouts { answer: LONG, ..PATIENT }), 5, Arc::new(System));
    let held = Arc::new(std::sync::Mutex::new(Vec::new()));
    let server = Server::new(move |request, stream| {
        if request.windows(7).any(|seven| seven == b".sha256") {
            // Nothing is said, and the connection stays.
            held.lock().unwrap().push(stream);
        } else {
            send(stream, ok("text/plain", "hello").as_bytes());
        }
    });
    let mut told = Vec::new();
    for name in ["a", "b", "c"] {
        let sums = vec![server.source("http://", &format!("/dir/{name}.sha256"))];
        let mut job = Job { sums, ..job(server.source("http://", &format!("/dir/{name}")), dir.path()) };
        let (end, heard) = run(&engine, &mut job).await;
        assert_eq!(proof(&end), None);
        told.extend(heard.into_iter().filter_map(|event| match event {
            TransferEvent::Unread { fault, .. } => Some(fault),
            _ => None,
        }));
    }
    assert_eq!(told, vec![Fault::TimedOut(hobnob::event::Stage::Answer, LONG / 4); 3]);
    let asked = server.requests();
    let sums = asked.iter().filter(|request| request.windows(7).any(|seven| seven == b".sha256"));
    assert_eq!(sums.count(), 1, "the others are not asked for");
}
