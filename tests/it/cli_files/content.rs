//! What `hobnob get` says of the content of files: by what it was compared, and where that is not known.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hobnob::wire::digest::Checksum;
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha512};

use super::{Place, Server, code, out, said};
use crate::support::server::{field, hold, ok, send};

/// Hashes of "hello".
const MD5: &str = "5d41402abc4b2a76b9719d911017c592";
const SHA256: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// The longest of them.
fn sha512() -> String {
    let checksum = Checksum::Sha512(Sha512::digest(b"hello").into()).to_string();
    checksum.strip_prefix("sha512:").unwrap().to_owned()
}

/// What one who could say what the content has to be does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Nothing,
    Right,
    Wrong,
}

use Says::{Nothing, Right, Wrong};

impl Says {
    /// Of these two hashes the one that it says.
    fn hash(self, right: &str) -> Option<String> {
        match self {
            Nothing => None,
            Right => Some(right.to_owned()),
            Wrong => Some(right.replace(right.chars().next().unwrap(), "0")),
        }
    }
}

fn not_found() -> String {
    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned()
}

/// A JSON line of the output.
fn line(output: &std::process::Output) -> Value {
    serde_json::from_str(out(output)).unwrap()
}

fn list(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|name| name.as_str().unwrap()).collect()
}

#[test]
fn all_that_is_known_is_compared_and_what_differs_is_named() {
    let all = [Nothing, Right, Wrong];
    let base64 = |hex: &str| {
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        BASE64_STANDARD.encode(bytes)
    };
    let sha512 = sha512();
    for given in all {
        for answer in all {
            for common in all {
                for own in all {
                    let digest = answer.hash(MD5).map(|md5| format!("\r\nDigest: MD5={}", base64(&md5)));
                    let (sums, alone) = (common.hash(SHA256), own.hash(&sha512));
                    let server = Server::http(move |line| match line.split(' ').nth(1).unwrap() {
                        "/d/SHA256SUMS" => sums.as_ref().map_or_else(not_found, |sum| {
                            ok("text/plain", &format!("{SHA256}  b\n{sum}  a\n"))
                        }),
                        "/d/a.sha256" => alone.as_ref().map_or_else(not_found, |sum| ok("text/plain", sum)),
                        _ => ok(&format!("text/plain{}", digest.clone().unwrap_or_default()), "hello"),
                    });
                    let url = format!("http://{}/d/a", server.address);
                    let checksum = given.hash(SHA256).map(|sum| format!("sha256:{sum}"));
                    let mut arguments = vec!["get", &*url, "--json", "--verify"];
                    arguments.extend(checksum.iter().flat_map(|sum| ["--checksum", sum]));
                    let place = Place::new();
                    let output = place.run(&arguments);
                    let case = format!("{given:?} {answer:?} {common:?} {own:?}: {output:?}");
                    let who =
                        [(given, "checksum"), (answer, "server"), (common, "SHA256SUMS"), (own, "a.sha256")];
                    let those = |says| -> Vec<&str> {
                        who.iter().filter(|(said, _)| *said == says).map(|(_, name)| *name).collect()
                    };
                    let line = line(&output);
                    assert_eq!(list(&line["verified_by"]), those(Right), "{case}");
                    assert_eq!(list(&line["differs_from"]), those(Wrong), "{case}");
                    let is_right = those(Wrong).is_empty() && !those(Right).is_empty();
                    assert_eq!(code(&output), i32::from(!is_right), "{case}");
                    let name = if those(Wrong).is_empty() { "a" } else { "a.damaged" };
                    assert_eq!(place.files(), [name], "{case}");
                    if let [first, ..] = those(Wrong)[..] {
                        let error = line["error"].as_str().unwrap();
                        let said = match first {
                            "checksum" => "the checksum that was given",
                            "server" => "the server’s Digest",
                            name => name,
                        };
                        assert!(error.contains(&format!("checksum: {said}")), "{case}");
                        assert_eq!(error.contains("agrees"), !those(Right).is_empty(), "{case}");
                    }
                }
            }
        }
    }
}

/// A folder whose list has `a` and `SHA256SUMS`, and what asking for the latter gives.
fn listed(sums: impl Fn() -> Option<String> + Send + 'static) -> Server {
    Server::new(move |request, stream| {
        let line = str::from_utf8(request).unwrap().lines().next().unwrap();
        let answer = match line.split(' ').nth(1).unwrap() {
            "/d/" => {
                let row = |name| format!(r#"{{"name":"{name}","size":5,"is_dir":false}}"#);
                ok("application/json", &format!("[{},{}]", row("a"), row("SHA256SUMS")))
            }
            "/d/SHA256SUMS" => match sums() {
                Some(answer) => answer,
                None => return drop(std::thread::spawn(move || hold(stream))),
            },
            "/d/a" => ok("text/plain", "hello"),
            _ => not_found(),
        };
        send(stream, answer.as_bytes());
    })
}

#[test]
fn a_checksum_file_that_is_in_the_list_and_cannot_be_read_is_named() {
    let status = |status: u16| format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n");
    for (answer, reason) in [
        (Some(status(404)), "HTTP 404"),
        (Some(status(403)), "HTTP 403"),
        (Some(status(500)), "HTTP status 500"),
        (Some(ok("text/html", "<html>no")), "it is not a checksum file"),
        (None, "in 1 s"),
    ] {
        let server = listed(move || answer.clone());
        let place = Place::new();
        let url = format!("http://{}/d/", server.address);
        let output = place.run(&["get", "-r", &url, "--retries", "0", "--answer-timeout", "4"]);
        let told = said(&output);
        let line = told.iter().find(|line| line.contains("not compared with SHA256SUMS: "));
        assert!(line.is_some_and(|line| line.contains(reason)), "{reason}: {told:?}");
        assert_eq!(fs::read(place.path("d/a")).unwrap(), b"hello");
    }
}

#[test]
fn checksum_files_of_all_usual_names_and_hashes_are_compared_where_a_list_has_them() {
    let sha512 = sha512();
    let sums: Vec<(&str, String)> = vec![
        ("MD5SUMS", format!("{MD5}  a\n")),
        ("SHA256SUMS", format!("SHA256 (a) = {SHA256}\n")),
        ("sha512sums.txt", format!("{sha512} *a\n")),
        ("CHECKSUMS", format!("{MD5}  a\n{sha512}  a\n")),
        ("a.md5", MD5.to_owned()),
        ("a.sha256sum", format!("{SHA256}  dist/a\n")),
    ];
    let names: Vec<&str> = sums.iter().map(|(name, _)| *name).collect();
    for wrong in std::iter::once(None).chain(names.iter().map(Some)) {
        let mut sums = sums.clone();
        if let Some((_, text)) = sums.iter_mut().find(|(name, _)| Some(name) == wrong) {
            // The last digit.
            let at = text.rfind(|c: char| c.is_ascii_digit()).unwrap();
            let other = if &text[at..=at] == "0" { "1" } else { "0" };
            text.replace_range(at..=at, other);
        }
        let server = Server::http(move |line| match line.split(' ').nth(1).unwrap() {
            "/d/" => {
                let row = |name: &str| format!(r#"{{"name":"{name}","size":5,"is_dir":false}}"#);
                let rows: Vec<_> = sums.iter().map(|(name, _)| row(name)).chain([row("a")]).collect();
                ok("application/json", &format!("[{}]", rows.join(",")))
            }
            "/d/a" => ok("text/plain", "hello"),
            path => {
                let text = sums.iter().find(|(name, _)| path.ends_with(&format!("/{name}")));
                text.map_or_else(not_found, |(_, text)| ok("text/plain", text))
            }
        });
        let place = Place::new();
        let output = place.run(&["get", "-r", &format!("http://{}/d/", server.address), "--json"]);
        let lines: Vec<Value> =
            out(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of_a = lines.iter().find(|line| line["source"].as_str().unwrap().ends_with("/d/a")).unwrap();
        let right: Vec<&str> = names.iter().filter(|name| Some(*name) != wrong).copied().collect();
        let mut verified = list(&of_a["verified_by"]);
        verified.sort_unstable();
        let mut expected = right.clone();
        expected.sort_unstable();
        assert_eq!(verified, expected, "{wrong:?}: {of_a}");
        assert_eq!(list(&of_a["differs_from"]), wrong.copied().into_iter().collect::<Vec<_>>(), "{of_a}");
        assert_eq!(code(&output), i32::from(wrong.is_some()));
    }
}

#[test]
fn what_kept_a_file_from_being_verified_is_said_where_that_is_wanted() {
    for (answer, reason) in [
        (Some("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_owned()), "HTTP status 500"),
        (None, "in 1 s"),
    ] {
        let server = listed(move || answer.clone());
        let place = Place::new();
        let url = format!("http://{}/d/a", server.address);
        let output = place.run(&["get", &url, "--verify", "--retries", "0", "--answer-timeout", "4"]);
        let told = said(&output);
        assert_eq!(code(&output), 1);
        assert!(told[0].contains("not compared with SHA256SUMS: ") && told[0].contains(reason), "{told:?}");
        assert!(told[1].ends_with("not verified; it is kept as it came"), "{told:?}");
        assert!(!told.concat().contains("has no checksum"), "{told:?}");
    }
}

#[test]
fn a_checksum_file_of_a_file_that_is_about_another_one_says_so() {
    let server = Server::http(|line| match line.split(' ').nth(1).unwrap() {
        "/d/a.sha256" => ok("text/plain", &format!("{SHA256}  b\n")),
        "/d/a" => ok("text/plain", "hello"),
        _ => not_found(),
    });
    let place = Place::new();
    let url = format!("http://{}/d/a", server.address);
    let output = place.run(&["get", &url, "--verify"]);
    assert_eq!(code(&output), 1);
    let told = said(&output);
    assert!(told[0].ends_with("not compared with a.sha256: it has no checksum of this file"), "{told:?}");
    let output = place.run(&["get", &url, "--verify", "--json", "-o", "b"]);
    assert_eq!(line(&output)["not_compared"][0]["with"], "a.sha256");
}

#[test]
fn what_goes_into_a_stream_is_compared_with_what_the_server_says() {
    for (says, follows) in [(Right, false), (Wrong, false), (Right, true), (Wrong, true), (Nothing, false)] {
        let sum = BASE64_STANDARD.encode(Sha256::digest(if says == Right { &b"hello"[..] } else { b"else" }));
        let digest = format!("Repr-Digest: sha-256=:{sum}:\r\n");
        let server = Server::http(move |line| {
            let said = match (line.starts_with("HEAD"), follows, says) {
                (_, _, Nothing) => "",
                (false, true, _) => "Preference-Applied: wait=0\r\n",
                (true, ..) | (_, false, _) => &*digest,
            };
            let body = if line.starts_with("HEAD") { "" } else { "hello" };
            format!("HTTP/1.1 200 OK\r\nETag: \"a\"\r\n{said}Content-Length: 5\r\n\r\n{body}")
        });
        let place = Place::new();
        let output = place.run(&["get", &format!("http://{}/a", server.address), "-o", "-"]);
        assert_eq!((code(&output), out(&output)), (i32::from(says == Wrong), "hello"), "{says:?} {follows}");
        let told = said(&output);
        let is_said = told.iter().any(|line| line.contains("the server’s Repr-Digest says another one"));
        assert_eq!((is_said, told.len()), (says == Wrong, usize::from(says == Wrong)), "{told:?}");
    }
}

#[test]
fn a_file_that_may_be_newer_is_said_to_be_left_alone() {
    let server = Server::http(|_| ok("text/plain", "hello"));
    let place = Place::new();
    fs::write(place.path("a"), "old").unwrap();
    let output = place.run(&["get", &format!("http://{}/a", server.address), "--conflict", "newer"]);
    assert_eq!(code(&output), 0);
    let told = said(&output);
    assert!(told.len() == 1 && told[0].contains("does not say when its own was changed"), "{told:?}");
}

const LENGTH: usize = 3_000_000;

/// A file without any pattern that comes again.
fn content(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// The part that is asked for of a file, or all of it.
fn ranged(request: &[u8], content: &[u8], fields: &str) -> Vec<u8> {
    let total = content.len();
    let Some(range) = field(request, "range") else {
        let head = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {total}\r\n\r\n");
        return [head.as_bytes(), content].concat();
    };
    let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    let first: usize = first.parse().unwrap();
    let last = last.parse().unwrap_or(total - 1).min(total - 1);
    let head = format!(
        "HTTP/1.1 206 Part\r\n{fields}Content-Range: bytes {first}-{last}/{total}\r\nContent-Length: {}\r\n\r\n",
        last + 1 - first
    );
    [head.as_bytes(), &content[first..=last]].concat()
}

#[test]
fn a_file_from_elsewhere_is_never_made_a_mixture() {
    let digest =
        format!("Repr-Digest: sha-256=:{}:\r\n", BASE64_STANDARD.encode(Sha256::digest(content(LENGTH))));
    let tagged = format!("ETag: \"a\"\r\n{digest}");
    // What is there is as long as that, and differs from the server's file there.
    let cases: &[(usize, std::ops::Range<usize>)] = &[
        (2_000_000, 0..1),
        (2_000_000, 0..500_000),
        (2_000_000, 900_000..1_100_000),
        (2_000_000, 1_999_999..2_000_000),
        (LENGTH, 0..1),
        (LENGTH, 1_500_000..1_700_000),
        (900_000, 400_000..400_001),
        (30_000, 29_999..30_000),
    ];
    for (fields, cases) in [
        ("", cases),
        ("ETag: \"a\"\r\n", cases),
        // By its digest, wherever it is.
        (&tagged, &[(2_000_000, 555_555..555_556), (LENGTH, 1_234_567..1_234_568)]),
    ] {
        for (length, differs) in cases {
            let owned = fields.to_owned();
            let server = Server::new(move |request, stream| {
                send(stream, &ranged(request, &content(LENGTH), &owned));
            });
            let place = Place::new();
            let mut there = content(*length);
            there[differs.clone()].iter_mut().for_each(|byte| *byte ^= 1);
            fs::write(place.path("a"), &there).unwrap();
            let output = place.run(&["get", &format!("http://{}/a", server.address), "--conflict", "resume"]);
            let case = format!("{fields} {length} {differs:?}: {:?}", said(&output));
            assert_eq!((code(&output), out(&output)), (1, ""), "{case}");
            assert!(fs::read(place.path("a")).unwrap() == there, "{case}");
        }
    }
}

#[test]
fn a_file_from_elsewhere_that_is_only_likely_to_be_the_beginning_is_said_not_to_be_verified() {
    let digest =
        format!("Repr-Digest: sha-256=:{}:\r\n", BASE64_STANDARD.encode(Sha256::digest(content(LENGTH))));
    for (fields, length, not_verified) in [
        ("ETag: \"a\"\r\n", 2_000_000, true),
        ("ETag: \"a\"\r\n", LENGTH, true),
        // All of it is compared.
        ("ETag: \"a\"\r\n", 1_000_000, false),
        (&digest, 2_000_000, false),
        (&digest, LENGTH, false),
    ] {
        let owned = fields.to_owned();
        let server =
            Server::new(move |request, stream| send(stream, &ranged(request, &content(LENGTH), &owned)));
        let place = Place::new();
        fs::write(place.path("a"), content(length)).unwrap();
        let output = place.run(&["get", &format!("http://{}/a", server.address), "--conflict", "resume"]);
        let told = said(&output);
        assert_eq!(code(&output), 0, "{told:?}");
        assert!(fs::read(place.path("a")).unwrap() == content(LENGTH));
        assert_eq!(told.iter().any(|line| line.contains("only samples")), not_verified, "{fields}: {told:?}");
        assert_eq!(told.len(), usize::from(not_verified), "{told:?}");
        // Not more than the rest, what is compared at its end, and the samples.
        let asked = server.requests().len();
        assert!(asked <= 17, "{asked}");
    }
}

#[test]
fn a_server_without_ranges_does_not_replace_a_file_that_is_no_beginning() {
    for (at, is_beginning) in [(1_999_999, false), (70_000, false), (LENGTH, true)] {
        let server = Server::new(|_, stream| send(stream, &ranged(b"GET", &content(LENGTH), "")));
        let place = Place::new();
        let mut there = content(2_000_000);
        if let Some(byte) = there.get_mut(at) {
            *byte ^= 1;
        }
        fs::write(place.path("a"), &there).unwrap();
        let output = place.run(&["get", &format!("http://{}/a", server.address), "--conflict", "resume"]);
        assert_eq!(code(&output), i32::from(!is_beginning), "{at}: {:?}", said(&output));
        let expected = if is_beginning { content(LENGTH) } else { there };
        assert!(fs::read(place.path("a")).unwrap() == expected, "{at}");
        assert_eq!(place.files(), ["a"], "{at}");
    }
}

#[test]
fn a_download_that_starts_over_says_so_wherever_its_messages_go() {
    const CUT: usize = 150_000;
    let cut = |fields: &str| {
        let head = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 300000\r\n\r\n");
        [head.as_bytes(), &content(CUT)].concat()
    };
    for (before, now, length, said_of_it) in [
        ("ETag: \"a\"\r\n", "ETag: \"b\"\r\n", 300_000, "became another one"),
        // It has grown, and nothing but that says that it is another version.
        ("", "", 400_000, "became another one"),
    ] {
        for with_ranges in [true, false] {
            let mut first = Some(cut(before));
            let server = Server::new(move |request, stream| {
                let request = if with_ranges { request.to_vec() } else { b"GET".to_vec() };
                let is_same = field(&request, "if-range").is_none_or(|tag| now.contains(&tag));
                let request = if is_same { &request[..] } else { b"GET" };
                let answer = first.take().unwrap_or_else(|| ranged(request, &content(length), now));
                send(stream, &answer);
            });
            let place = Place::new();
            let output = place.run(&["get", &format!("http://{}/a", server.address), "--retries", "2"]);
            let told = said(&output);
            assert_eq!(code(&output), 0, "{told:?}");
            assert!(fs::read(place.path("a")).unwrap() == content(length), "{before} {length}");
            assert!(told.len() == 1 && told[0].contains(said_of_it), "{told:?}");
        }
    }
}

#[test]
fn what_was_compared_and_nothing_else_is_said_of_a_file_that_went_on() {
    const DATED: &str = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    for (fields, expected) in [
        ("", "compared: length, the last 64 KiB"),
        (DATED, "compared: length, date, the last 64 KiB"),
        ("ETag: W/\"a\"\r\n", "compared: length, ETag, the last 64 KiB"),
    ] {
        let mut is_first = true;
        let server = Server::new(move |request, stream| {
            let mut answer = ranged(request, &content(300_000), fields);
            if std::mem::take(&mut is_first) {
                answer.truncate(150_000);
            }
            send(stream, &answer);
        });
        let place = Place::new();
        let output = place.run(&["get", &format!("http://{}/a", server.address), "--retries", "2"]);
        let told = said(&output);
        assert_eq!(code(&output), 0, "{told:?}");
        assert!(told.len() == 1 && told[0].ends_with(expected), "{told:?}");
    }
}

#[test]
fn a_web_page_that_comes_in_place_of_a_file_is_said_to_be_one() {
    const PAGE: &str = "<!doctype html><html><form><input type=password></form></html>";
    let server = Server::http(|line| match line.split(' ').nth(1).unwrap() {
        "/sent/a.bin" | "/sent/download" => {
            "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n".to_owned()
        }
        "/named/a.bin" => format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename=\"a.html\"\r\n\
             Content-Length: {}\r\n\r\n{PAGE}",
            PAGE.len()
        ),
        "/octets/a.bin" => ok("application/octet-stream", PAGE),
        _ => ok("text/html; charset=utf-8", PAGE),
    });
    for (path, is_unasked) in [
        ("/a.bin", true),
        ("/sent/a.bin", true),
        ("/sent/download", true),
        ("/named/a.bin", false),
        ("/octets/a.bin", false),
        ("/login", false),
        ("/a.php", false),
        ("/a.html", false),
    ] {
        let place = Place::new();
        let url = format!("http://{}{path}", server.address);
        let output = place.run(&["get", &url]);
        let told = said(&output);
        assert_eq!((code(&output), place.files().len()), (0, 1), "{path}: {told:?}");
        let name = path.rsplit('/').next().unwrap();
        let notes: Vec<_> = told.iter().filter(|line| line.contains("sent a web page")).collect();
        assert_eq!(notes.len(), usize::from(is_unasked), "{path}: {told:?}");
        assert!(
            notes.iter().all(|note| note.contains(&format!("web page, not {name};"))),
            "{path}: {told:?}"
        );
        let json = line(&place.run(&["get", &url, "--json", "-o", "other"]));
        assert_eq!(json["web_page"].as_bool().unwrap_or_default(), is_unasked, "{path}: {json}");
    }
}
