//! `hobnob ls` and `hobnob get`, as a script runs them.

use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use tempfile::{TempDir, tempdir};

use crate::support::files::names;
use crate::support::server::{Server, field, nobody, ok, reset, send, send_on};

mod content;
mod left_out;
mod naming;

const LIST: &str = r#"[
    {"name": "sub/", "size": 4096, "url": "./sub/", "mod_time": "2026-11-02T09:14:00Z", "mode": 2147484141, "is_dir": true},
    {"name": "你好.txt", "size": 3141592, "url": "./%E4%BD%A0%E5%A5%BD.txt", "mod_time": "2026-11-02T09:14:00Z", "mode": 420, "is_dir": false},
    {"name": "pipe", "size": 0, "url": "./pipe", "mod_time": null, "mode": 33554836, "is_dir": false},
    {"name": "\u001b]0;\u0007\u202e", "size": 27, "url": "./%1B%5D0;%07%E2%80%AE", "mod_time": null, "mode": 420, "is_dir": false}
]"#;

/// Where the commands run: a folder of their own, with nothing of the user's.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempdir().unwrap())
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    /// The files here, other than our settings.
    fn files(&self) -> Vec<String> {
        let own = ["config.toml", "data"];
        names(self.0.path()).into_iter().filter(|name| !own.contains(&&**name)).collect()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let config = self.path("config.toml");
        if !config.exists() {
            fs::write(&config, "").unwrap();
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_hobnob"));
        command.args(arguments).args(["--lang", "en", "--config"]).arg(config);
        command.arg("--data-dir").arg(self.path("data")).current_dir(self.0.path()).env("TZ", "UTC");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }
}

fn out(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

/// What went wrong, in how many lines.
fn said(output: &Output) -> Vec<&str> {
    str::from_utf8(&output.stderr).unwrap().lines().collect()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// A course server with these files.
fn course() -> Server {
    Server::course(&[(b"a.txt", b"hello"), (b"sub/b.txt", b"deep")])
}

#[test]
fn ls_shows_columns_to_people() {
    let server = Server::http(|_| ok("application/json", LIST));
    let output = Place::new().run(&["ls", &server.address.to_string()]);
    assert_eq!(code(&output), 0);
    let lines: Vec<_> = out(&output).lines().collect();
    // The two characters of the name take four cells; the columns after it stand below each other.
    assert!(lines[0].starts_with("sub/ ") && lines[0].ends_with("  2026-11-02 09:14"), "{}", lines[0]);
    assert!(lines[1].starts_with("你好.txt ") && lines[1].ends_with("  3.1 MB  2026-11-02 09:14"));
    assert_eq!(lines[0].chars().count(), lines[1].chars().count() + 2);
    assert!(lines.iter().all(|line| !line.contains(|c: char| c.is_control() || c == '\u{202e}')));
    assert_eq!(lines.len(), 4);
}

#[test]
fn ls_gives_programs_one_array_with_exact_names() {
    let server = Server::http(|_| ok("application/json", LIST));
    let output = Place::new().run(&["ls", &format!("http://{}/", server.address), "--json"]);
    assert_eq!(code(&output), 0);
    assert_eq!(
        out(&output).replace(&server.address.to_string(), "box"),
        concat!(
            r#"[{"name":"sub","kind":"dir","size":null,"modified":"2026-11-02T09:14:00Z","url":"http://box/sub/"},"#,
            r#"{"name":"你好.txt","kind":"file","size":3141592,"modified":"2026-11-02T09:14:00Z","#,
            r#""url":"http://box/%E4%BD%A0%E5%A5%BD.txt"},"#,
            r#"{"name":"pipe","kind":"other","size":null,"modified":null,"url":"http://box/pipe"},"#,
            r#"{"name":"\u001b]0;\u0007\u202e","kind":"file","size":27,"modified":null,"#,
            r#""url":"http://box/%1B%5D0%3B%07%E2%80%AE"}]"#,
            "\n"
        )
    );
}

#[test]
fn ls_recursive_lists_the_tree_and_says_what_it_could_not_list() {
    let server = Server::http(|line| match line {
        line if line.starts_with("GET /top/ ") => ok(
            "application/json",
            r#"[{"name":"b.txt","type":"file","size":7},{"name":"a","is_dir":true},{"name":"z","is_dir":true}]"#,
        ),
        line if line.starts_with("GET /top/a/ ") => {
            ok("application/json", r#"[{"name":"你好.txt","type":"file","size":1}]"#)
        }
        _ => "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".to_owned(),
    });
    let top = format!("http://{}/top/", server.address);
    let output = Place::new().run(&["ls", "--recursive", &top]);
    let names: Vec<_> = out(&output).lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!((code(&output), names), (1, vec!["a/", "b.txt", "z/", "a/你好.txt"]));
    let said = said(&output);
    assert!(
        said.len() == 1 && said[0].contains(&format!("{top}z/: ")) && said[0].contains("403"),
        "{said:?}"
    );
    let output = Place::new().run(&["ls", "-r", "--json", &top]);
    assert!(out(&output).contains(r#""name":"a/你好.txt","kind":"file","size":1"#), "{}", out(&output));
}

/// As Caddy lists a folder that has as much in it as it lists at most: a file, and pipes.
fn cut_short() -> Server {
    let pipes =
        (1..10_000).map(|nth| format!(r#",{{"name":"{nth}","mode":33554836}}"#)).collect::<Vec<_>>().concat();
    let list = format!(r#"[{{"name":"0","size":5,"mode":420}}{pipes}]"#);
    Server::http(move |line| match line {
        line if line.contains(" /many/ ") => ok("application/json", &list),
        _ => ok("text/plain", "whole"),
    })
}

#[test]
fn a_list_that_the_server_cut_short_is_printed_and_said_to_be_no_whole_one() {
    let server = cut_short();
    let many = format!("http://{}/many/", server.address);
    let cut = format!(
        "hobnob: {many}: the server may have stopped after 10,000 items; any others have to be named"
    );
    for recursive in [&[][..], &["-r"]] {
        let output = Place::new().run(&[&["ls", &many], recursive].concat());
        assert_eq!((code(&output), out(&output).lines().count()), (1, 10_000));
        assert_eq!(said(&output), [&cut]);
    }
}

#[test]
fn a_folder_that_the_server_cut_short_is_downloaded_and_said_to_be_no_whole_one() {
    let server = cut_short();
    let place = Place::new();
    let many = format!("http://{}/many/", server.address);
    let output = place.run(&["get", "-r", &many]);
    assert_eq!((code(&output), place.files()), (1, vec!["many".to_owned()]));
    assert_eq!(fs::read(place.path("many/0")).unwrap(), b"whole");
    let said = said(&output);
    assert_eq!(
        said,
        [
            format!(
                "hobnob: {many}: the server may have stopped after 10,000 items; any others have to be named"
            ),
            format!(
                "hobnob: {many}: 9,999 things there are neither files nor folders (devices, pipes, sockets, or links to nowhere), and are left out"
            )
        ]
    );
}

#[test]
fn get_asks_for_checksum_files_only_where_they_are_wanted_and_then_for_those_of_a_folder_once() {
    // SHA-256 of "hello".
    const RIGHT: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let server = Server::http(|line| match line.split(' ').nth(1).unwrap() {
        "/dir/SHA256SUMS" => ok("text/plain", &format!("{RIGHT}  a\n{RIGHT}  b\n")),
        "/dir/c.sha256" => ok("text/plain", RIGHT),
        path if path.ends_with(".sha256") => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
        _ => ok("text/plain", "hello"),
    });
    let place = Place::new();
    let url = format!("http://{}/dir/", server.address);
    let output = place.run(&["get", &url, "a", "d"]);
    assert_eq!((code(&output), said(&output).len()), (0, 0), "{:?}", said(&output));
    // The files, and nothing beside them.
    assert_eq!(server.requests().len(), 2);
    let place = Place::new();
    let output = place.run(&["get", &url, "a", "b", "c", "d", "--jobs", "1", "--json", "--verify"]);
    assert_eq!((code(&output), place.files().len()), (1, 4), "what is not verified is kept");
    assert_eq!(said(&output), ["hobnob: files that could not be verified: 1"]);
    let about = |name: &str| {
        let lines = out(&output).lines();
        lines.filter(|line| line.contains(name) && line.contains("SHA256SUMS")).count()
    };
    assert_eq!(about("verified_by\":[\"SHA256SUMS"), 2, "{}", out(&output));
    assert_eq!(about("it has no checksum of this file"), 1, "of what nothing else says anything");
    let place = Place::new();
    let output = place.run(&["get", &format!("{url}d"), "--verify"]);
    let unnamed = format!("hobnob: {url}d: not compared with SHA256SUMS: it has no checksum of this file");
    let unverified = format!("hobnob: {url}d: not verified; it is kept as it came");
    assert_eq!(said(&output), [&unnamed, &unverified, "hobnob: files that could not be verified: 1"]);
    assert_eq!(code(&place.run(&["get", &format!("{url}a"), "--verify", "-o", "-"])), 2);
    let asked = server.requests();
    let asked: Vec<_> = asked.iter().map(|request| str::from_utf8(request).unwrap()).collect();
    let mut sums: Vec<_> = asked
        .iter()
        .filter_map(|request| request.split(' ').nth(1))
        .filter(|path| path.contains("256"))
        .collect();
    sums.sort_unstable();
    let own = ["/dir/a.sha256", "/dir/b.sha256", "/dir/c.sha256", "/dir/d.sha256", "/dir/d.sha256"];
    let each = [&["/dir/SHA256SUMS", "/dir/SHA256SUMS"][..], &own].concat();
    assert_eq!(sums, each);
}

#[test]
fn an_empty_folder_comes_as_an_empty_folder() {
    let server = Server::http(|_| ok("application/json", "[]"));
    let place = Place::new();
    let output = place.run(&["get", "-r", &format!("http://{}/empty/", server.address)]);
    assert_eq!((code(&output), out(&output)), (0, ""));
    assert_eq!((place.files(), names(&place.path("empty")).len()), (vec!["empty".to_owned()], 0));
    assert!(said(&output)[0].ends_with("there is no file in that folder"), "{:?}", said(&output));
}

#[test]
fn get_recursive_makes_folders_that_nothing_is_in_too() {
    let server = Server::http(|line| {
        let list = |list| ok("application/json", list);
        match line.split(' ').nth(1).unwrap() {
            "/top/" => list(
                r#"[{"name":"a","type":"file","size":1},{"name":"bare","is_dir":true},{"name":"in","is_dir":true}]"#,
            ),
            "/top/in/" => list(r#"[{"name":"deep","is_dir":true},{"name":"file","is_dir":true}]"#),
            "/top/bare/" | "/top/in/deep/" | "/top/in/file/" => list("[]"),
            _ => ok("text/plain", "x"),
        }
    });
    let place = Place::new();
    // A file of the user's is in the way of one of them.
    fs::create_dir_all(place.path("top/in")).unwrap();
    fs::write(place.path("top/in/file"), "mine").unwrap();
    let output = place.run(&["get", "-r", &format!("http://{}/top/", server.address)]);
    assert_eq!(out(&output).lines().count(), 1, "only files are named: {}", out(&output));
    assert_eq!(names(&place.path("top")), ["a", "bare", "in"]);
    assert_eq!(names(&place.path("top/in")), ["deep", "file"]);
    assert_eq!(fs::read(place.path("top/in/file")).unwrap(), b"mine");
    let said = said(&output);
    assert!(code(&output) == 1 && said.len() == 1 && said[0].contains("top/in/file"), "{said:?}");
}

/// A folder of two files of which it says when they were changed. Until `breaks` has ended, `b` cannot be had.
fn dated(mut breaks: impl Iterator<Item = ()> + Send + 'static) -> Server {
    const DATED: &str =
        "HTTP/1.1 200 OK\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 3\r\n\r\n";
    Server::http(move |line| match line {
        "GET /top/ HTTP/1.1" => ok(
            "application/json",
            r#"[{"name":"a","type":"file","size":3},{"name":"b","type":"file","size":3}]"#,
        ),
        "GET /top/b HTTP/1.1" if breaks.next().is_some() => {
            "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_owned()
        }
        "GET /top/a HTTP/1.1" | "GET /top/b HTTP/1.1" => format!("{DATED}new"),
        "HEAD /top/a HTTP/1.1" | "HEAD /top/b HTTP/1.1" => DATED.to_owned(),
        _ => "HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n".to_owned(),
    })
}

#[test]
fn the_same_get_goes_on_and_downloads_nothing_twice() {
    let server = dated(std::iter::once(()));
    let place = Place::new();
    let url = format!("http://{}/top/", server.address);
    let get = ["get", "-r", &url, "--retries", "0"];
    assert_eq!(code(&place.run(&get)), 1);
    assert_eq!(names(&place.path("top")), ["a"]);
    let asked = |server: &Server, of: &[u8]| {
        server.requests().iter().filter(|request| request.starts_with(of)).count()
    };
    assert_eq!(asked(&server, b"HEAD"), 0, "what is new costs no question more");
    let output = place.run(&get);
    assert_eq!(code(&output), 0, "{:?}", said(&output));
    assert_eq!(out(&output).lines().count(), 2, "all that is here is said");
    assert_eq!(asked(&server, b"GET /top/a"), 0);
    // Another one of that name gets a number, and so does any where that is what is asked for.
    fs::write(place.path("top/b"), "mine").unwrap();
    assert_eq!(code(&place.run(&get)), 0);
    assert_eq!(names(&place.path("top")), ["a", "b", "b (1)"]);
    assert_eq!(fs::read(place.path("top/b")).unwrap(), b"mine");
    let one = format!("{url}a");
    assert_eq!(code(&place.run(&["get", &one, "--to", "top", "--conflict", "rename"])), 0);
    assert_eq!(names(&place.path("top")), ["a", "a (1)", "b", "b (1)"]);
}

#[test]
fn where_a_folder_has_the_name_of_a_file_the_file_gets_a_number() {
    let server = dated(std::iter::empty());
    let place = Place::new();
    fs::create_dir(place.path("a")).unwrap();
    let output = place.run(&["get", &format!("http://{}/top/a", server.address)]);
    assert_eq!((code(&output), out(&output)), (0, "./a (1)\n"));
}

#[test]
fn get_recursive_of_a_list_of_evil_names_stays_in_its_folder_and_overwrites_nothing() {
    let long = "n".repeat(5_000);
    let evil = ["../up", "/tmp/abs", "", "..", ".", "a:", "a*", "Case", "case", "\u{e9}", "e\u{301}", &long];
    let row = |name: &&str| format!(r#"{{"name":"{name}","size":1,"is_dir":false}}"#);
    let list = format!("[{}]", evil.iter().map(row).collect::<Vec<_>>().join(","));
    let server = Server::http(move |line| match line.split(' ').nth(1).unwrap() {
        "/top/" => ok("application/json", &list),
        path => ok("text/plain", path),
    });
    let place = Place::new();
    let output = place.run(&["get", "-r", &format!("http://{}/top/", server.address), "--to", "here"]);
    assert_eq!(place.files(), ["here"]);
    assert_eq!(names(&place.path("here")), ["top"]);
    let top = place.path("here/top");
    let found: Vec<_> =
        names(&top).into_iter().map(|name| (fs::read_to_string(top.join(&name)).unwrap(), name)).collect();
    let shown: Vec<_> = found.iter().map(|(path, name)| (&path[..path.len().min(12)], &**name)).collect();
    let short = &long[..255];
    let wanted = [
        ("/top/Case", "Case"),
        ("/top/a*", "a*"),
        ("/top/a:", "a:"),
        ("/top/case", "case"),
        ("/top/e%CC%81", "e\u{301}"),
        ("/top/nnnnnnn", short),
        ("/top/%C3%A9", "\u{e9}"),
    ];
    assert_eq!(shown, wanted, "{:?}", said(&output));
}

#[test]
fn ls_of_a_plain_server_says_that_it_has_no_lists_and_what_to_do() {
    let server = course();
    for source in [server.address.to_string(), format!("plain://{}", server.address)] {
        let output = Place::new().run(&["ls", &source]);
        assert_eq!((code(&output), out(&output)), (1, ""));
        let said = said(&output);
        assert!(said.len() == 1 && said[0].contains("hobnob get"), "{said:?}");
    }
}

#[test]
fn a_source_that_is_none_is_wrong_usage() {
    let place = Place::new();
    for arguments in [
        &["ls", "box:70000"][..],
        &["ls", ""],
        &["ls", "ftp://box/"],
        &["ls"],
        &["get", "box:0/a"],
        &["get", "box"],
        &["get", "http://box/"],
        &["get", "box", "a", "b", "-o", "c"],
        &["get", "box/a", "-o", "c", "--to", "d"],
    ] {
        let output = place.run(arguments);
        assert_eq!((code(&output), out(&output)), (2, ""), "{arguments:?}");
        assert!(!said(&output).is_empty());
    }
}

#[test]
fn get_without_a_name_takes_the_path_of_the_source() {
    let server = course();
    let place = Place::new();
    let output = place.run(&["get", &format!("{}/sub/b.txt", server.address)]);
    assert_eq!((code(&output), out(&output), said(&output).len()), (0, "./b.txt\n", 0));
    assert_eq!(fs::read(place.path("b.txt")).unwrap(), b"deep");
}

#[test]
fn get_takes_several_names_from_a_server_that_is_probed_once() {
    let server = course();
    let place = Place::new();
    let output =
        place.run(&["get", &server.address.to_string(), "a.txt", "none", "sub/b.txt", "--to", "new/dir"]);
    assert_eq!((code(&output), out(&output)), (1, "new/dir/a.txt\nnew/dir/b.txt\n"));
    let said = said(&output);
    assert!(said.len() == 1 && said[0].contains("none"), "{said:?}");
    assert_eq!(names(&place.path("new/dir")), ["a.txt", "b.txt"]);
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    assert_eq!(&requests[1..], [&b"a.txt"[..], b"none", b"sub/b.txt"]);
}

#[test]
fn get_takes_a_file_wherever_the_top_folder_leads() {
    let (gone, _held) = nobody();
    let server = Server::http(move |line| {
        if line.ends_with(" / HTTP/1.1") {
            format!("HTTP/1.1 302 Found\r\nLocation: http://{gone}/login\r\nContent-Length: 0\r\n\r\n")
        } else {
            ok("text/plain", "hello")
        }
    });
    let place = Place::new();
    let output = place.run(&["get", &format!("{}/a.txt", server.address)]);
    assert_eq!((code(&output), said(&output)), (0, Vec::new()));
    assert_eq!(place.files(), ["a.txt"]);
}

#[test]
fn each_failure_of_get_is_one_line() {
    let server = Server::http(|_| "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned());
    let output = Place::new().run(&["get", &server.address.to_string(), "one", "two", "three"]);
    assert_eq!((code(&output), out(&output)), (1, ""));
    let said = said(&output);
    assert_eq!(said.len(), 3);
    for (line, name) in said.iter().zip(["one", "two", "three"]) {
        assert!(line.contains(name) && line.contains("404"), "{line}");
    }
}

#[test]
fn get_does_not_overwrite_and_stays_in_its_folder() {
    let server = Server::http(|_| ok("text/plain", "new"));
    let place = Place::new();
    fs::create_dir(place.path("to")).unwrap();
    fs::write(place.path("to/x"), "old").unwrap();
    let names_there = ["../x", "/etc/passwd", ".bashrc", "CON", "\u{1b}[2J", &"x".repeat(300)];
    let address = server.address.to_string();
    let output = place.run(&[&["get", &address][..], &names_there, &["--to", "to"]].concat());
    assert_eq!((code(&output), out(&output).lines().count()), (0, 6));
    assert_eq!(fs::read(place.path("to/x")).unwrap(), b"old");
    assert_eq!(fs::read(place.path("to/x (1)")).unwrap(), b"new");
    for line in out(&output).lines() {
        assert!(Path::new(line).parent() == Some(Path::new("to")) && place.path(line).is_file(), "{line}");
    }
    assert_eq!(names(&place.path("to")).len(), 7);
    assert_eq!(place.files(), ["to"]);
}

#[test]
fn the_prefix_of_the_settings_is_for_names_that_hobnob_chooses() {
    let server = course();
    let place = Place::new();
    fs::write(place.path("config.toml"), "files.prefix = '[接收]'").unwrap();
    let source = format!("plain://{}/a.txt", server.address);
    assert_eq!(out(&place.run(&["get", &source])), "./[接收]a.txt\n");
    assert_eq!(out(&place.run(&["get", &source, "-o", "mine"])), "");
    assert_eq!(place.files(), ["[接收]a.txt", "mine"]);
}

#[test]
fn get_to_a_file_writes_that_file_or_none() {
    let server = course();
    let place = Place::new();
    let source = format!("plain://{}/a.txt", server.address);
    let output = place.run(&["get", &source, "-o", "mine"]);
    assert_eq!((code(&output), out(&output)), (0, ""));
    fs::write(place.path("mine"), "changed").unwrap();
    let output = place.run(&["get", &source, "-o", "mine"]);
    assert_eq!(code(&output), 1);
    assert!(said(&output)[0].contains("mine"));
    assert_eq!(fs::read(place.path("mine")).unwrap(), b"changed");
    assert_eq!(place.files(), ["mine"]);
}

#[test]
fn what_broke_off_goes_on_also_where_the_way_to_it_leads_up_first() {
    const LENGTH: usize = 400_000;
    let server = Server::new(|request, stream| {
        let range = field(request, "range");
        let first =
            range.map(|range| range["bytes=".len()..].trim_end_matches('-').parse::<usize>().unwrap());
        let (status, body) = match first {
            _ if !request.starts_with(b"GET /a ") => ("404 Not Found\r\nContent-Length: 0".to_owned(), 0),
            // It breaks off in the middle.
            None => (format!("200 OK\r\nContent-Length: {LENGTH}"), LENGTH / 2),
            Some(first) => {
                let rest = LENGTH - first;
                let range = format!("Content-Range: bytes {first}-{}/{LENGTH}", LENGTH - 1);
                (format!("206 Partial Content\r\n{range}\r\nContent-Length: {rest}"), rest)
            }
        };
        let head = format!("HTTP/1.1 {status}\r\nETag: \"v1\"\r\nConnection: close\r\n\r\n");
        send(stream, &[head.as_bytes(), &vec![b'x'; body]].concat());
    });
    let source = format!("http://{}/a", server.address);
    for (option, to) in [("--to", "to"), ("-o", "to/a")] {
        let place = Place::new();
        let to = format!("../{}/{to}", place.0.path().file_name().unwrap().display());
        let get = ["get", &source, option, &to, "--retries", "0"];
        assert_eq!(code(&place.run(&get)), 1);
        let output = place.run(&get);
        assert_eq!((code(&output), said(&output).len()), (0, 0), "{:?}", said(&output));
        assert_eq!(fs::read(place.path("to/a")).unwrap(), vec![b'x'; LENGTH]);
    }
    let ranges = server.requests().iter().filter(|request| field(request, "range").is_some()).count();
    assert_eq!(ranges, 2);
}

#[test]
fn get_to_standard_output_gives_the_bytes_and_nothing_else() {
    let server = Server::sending(&b"\x00\xff\nbytes"[..]);
    let place = Place::new();
    let output = place.run(&["get", &format!("plain://{}", server.address), "a.txt", "-o", "-"]);
    assert_eq!((code(&output), &output.stdout[..], said(&output).len()), (0, &b"\x00\xff\nbytes"[..], 0));
    assert!(place.files().is_empty());
}

#[test]
fn get_to_an_output_that_is_closed_ends_quietly_for_its_reader_has_enough() {
    let server = Server::new(|_, stream| send_on(stream));
    let place = Place::new();
    let source = format!("plain://{}/a", server.address);
    let mut child = place
        .command(&["get", &source, "-o", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0; 10]).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), said(&output).len()), (0, 0));
}

#[test]
fn get_writes_to_a_device_that_is_named() {
    let server = Server::sending(&b"bytes"[..]);
    let place = Place::new();
    let source = format!("plain://{}/a", server.address);
    let output = place.run(&["get", &source, "-o", "/dev/null"]);
    assert_eq!((code(&output), said(&output).len()), (0, 0));
}

#[test]
fn get_into_a_pipe_from_which_nobody_reads_can_be_interrupted() {
    let server = Server::sending(&b"bytes"[..]);
    let place = Place::new();
    mkfifo(&place.path("pipe"), Mode::S_IRWXU).unwrap();
    let source = format!("plain://{}/a", server.address);
    let mut child = place.command(&["get", &source, "-o", "pipe"]).stderr(Stdio::piped()).spawn().unwrap();
    server.wait();
    assert!(child.try_wait().unwrap().is_none(), "it waits for a reader");
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), said(&output).len()), (1, 1));
}

#[test]
fn get_from_which_nobody_reads_downloads_all_the_same() {
    let files: Vec<String> = (0..200).map(|n| format!("{n:050}")).collect();
    let list =
        files.iter().map(|name| format!(r#"{{"name":"{name}","type":"file","size":1}}"#)).collect::<Vec<_>>();
    let list = ok("application/json", &format!("[{}]", list.join(",")));
    let server =
        Server::http(
            move |line| {
                if line.starts_with("GET /top/ ") { list.clone() } else { ok("text/plain", "x") }
            },
        );
    let place = Place::new();
    let (mut reader, writer) = std::io::pipe().unwrap();
    fcntl(&writer, FcntlArg::F_SETPIPE_SZ(4096)).unwrap();
    let source = format!("http://{}/top/", server.address);
    let mut child = place.command(&["get", "-r", &source]).stdout(writer).spawn().unwrap();
    for _ in 0..=files.len() {
        server.wait();
    }
    let mut out = String::new();
    reader.read_to_string(&mut out).unwrap();
    assert!(child.wait().unwrap().success());
    let mut said: Vec<_> = out.lines().collect();
    said.sort_unstable();
    assert_eq!(said, files.iter().map(|name| format!("./top/{name}")).collect::<Vec<_>>());
    assert_eq!(names(&place.path("top")), files);
}

#[test]
fn get_that_cannot_say_what_is_here_stops_and_leaves_nothing_behind() {
    let place = Place::new();
    let to = place.path("to");
    let server = Server::new({
        let to = to.clone();
        move |request, mut stream| {
            let [is_a, is_b] = ["GET /a ", "GET /b "].map(|line| request.starts_with(line.as_bytes()));
            let to = to.clone();
            // One is answered beside the other, and ends when of the other a part is here.
            std::thread::spawn(move || {
                if is_a {
                    #[expect(clippy::disallowed_methods, reason = "a test that waits in vain has to end")]
                    let begun = std::time::Instant::now();
                    while !names(&to).iter().any(|name| name.starts_with(".b.")) {
                        assert!(begun.elapsed().as_secs() < 60, "there is no part of the other one");
                        std::thread::yield_now();
                    }
                    return send(stream, ok("text/plain", "here").as_bytes());
                }
                if is_b {
                    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
                    return send_on(stream);
                }
                send(stream, b"HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n");
            });
        }
    });
    let source = format!("http://{}/", server.address);
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = place.command(&["get", &source, "a", "b", "--to", "to"]);
    let output = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    let said = said(&output);
    assert!(code(&output) == 1 && said.last().unwrap().contains("cannot write the output"), "{said:?}");
    assert_eq!(names(&to), ["a"]);
}

#[test]
fn a_download_that_fails_leaves_nothing_and_says_why() {
    let place = Place::new();
    let (address, _held) = nobody();
    for (source, why) in [
        (format!("plain://{address}/a"), "nobody listens"),
        (
            format!("{}/a", Server::new(|_, stream| reset(stream, b"half")).address),
            "broke the connection off",
        ),
        (
            format!("plain://{}/a", Server::new(|_, stream| reset(stream, b"half")).address),
            "broke the connection off",
        ),
        (
            format!("{}/a", Server::sending("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx").address),
            "only 1 B of 9 B",
        ),
    ] {
        let output = place.run(&["get", &source, "--retries", "0"]);
        assert_eq!((code(&output), out(&output)), (1, ""), "{source}");
        assert!(said(&output).len() == 1 && said(&output)[0].contains(why), "{:?}", said(&output));
        assert!(place.files().is_empty());
    }
}

#[test]
fn get_that_is_interrupted_removes_its_partial_file() {
    let server = Server::new(|request, stream| {
        if request.starts_with(b"GET ") {
            return send(stream, b"");
        }
        send_on(stream);
    });
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let place = Place::new();
        let mut child = place
            .command(&["get", &format!("{}/a", server.address), "--to", "to"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while names(&place.path("to")).is_empty() {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            std::thread::yield_now();
        }
        kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((code(&output), said(&output).len()), (1, 1), "{signal}");
        assert!(names(&place.path("to")).is_empty(), "{signal}");
    }
}

#[test]
fn a_name_for_the_output_that_is_one_of_a_folder_is_refused_before_anything_is_asked() {
    let server = course();
    for name in ["new/", "new/."] {
        let place = Place::new();
        let output = place.run(&["get", &format!("plain://{}/a.txt", server.address), "-o", name]);
        assert_eq!(code(&output), 2);
        let told = format!("hobnob: {name} is a folder, and -o takes the name of a file; use --to {name}");
        assert_eq!(said(&output), [told]);
        assert!(place.files().is_empty());
    }
    assert!(server.requests().is_empty());
}

#[test]
fn get_says_in_json_which_files_failed_why_and_where_they_could_be_had() {
    let server = Server::http(|line| match line.split(' ').nth(1).unwrap() {
        "/d/bad" => ok(&format!("text/plain\r\nDigest: SHA-256={}=", "A".repeat(43)), "hello"),
        "/d/good" => ok("text/plain", "hello"),
        "/d/mine" => {
            "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n".to_owned()
        }
        _ => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
    });
    let place = Place::new();
    let url = format!("http://{}/d/", server.address);
    let output = place.run(&["get", &url, "a \u{1b}b", "bad", "good", "mine", "--jobs", "1", "--json"]);
    assert_eq!((code(&output), said(&output).len()), (1, 3), "{:?}", said(&output));
    let read = |line| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let mut lines: Vec<_> = out(&output).lines().map(read).collect();
    lines.sort_by_key(|line| line["source"].to_string());
    let told: Vec<_> = lines.iter().map(|line| (&line["source"], &line["state"], &line["path"])).collect();
    let expected = [
        ("a%20%1Bb", "failed", None),
        ("bad", "failed", Some("./bad.damaged")),
        ("good", "finished", Some("./good")),
        ("mine", "failed", None),
    ];
    let expected = expected.map(|(name, state, path)| (format!("{url}{name}"), state, path));
    for (told, (source, state, path)) in told.iter().zip(&expected) {
        let told = (told.0.as_str(), told.1.as_str(), told.2.as_str());
        assert_eq!(told, (Some(&**source), Some(*state), *path), "{}", out(&output));
    }
    assert_eq!(told.len(), expected.len());
    for line in &lines {
        assert_eq!(
            line["state"] == "failed",
            line["error"].as_str().is_some_and(|why| !why.is_empty()),
            "{line}"
        );
    }
}

/// Row after row of a list in JSON.
fn rows() -> impl Iterator<Item = String> {
    (0..).map(|number| format!(r#"{{"name":"{number:020}.txt","is_dir":false,"size":7}},"#))
}

/// The beginning of a list that goes on, of this length if one is said.
fn begun(rows: usize, length: Option<usize>) -> String {
    let length = length.map_or_else(String::new, |length| format!("Content-Length: {length}\r\n"));
    let rows: String = self::rows().take(rows).collect();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{length}\r\n[{rows}")
}

#[test]
fn ls_writes_a_long_list_while_it_comes_and_ends_when_nobody_reads() {
    for json in [&[][..], &["--json"]] {
        let server = Server::new(|_, mut stream| {
            stream.write_all(begun(0, None).as_bytes()).unwrap();
            for row in rows() {
                if stream.write_all(row.as_bytes()).is_err() {
                    return;
                }
            }
        });
        let place = Place::new();
        let url = format!("http://{}/", server.address);
        let mut command = place.command(&[&["ls", &url], json].concat());
        let mut ls = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(ls.stdout.take().unwrap());
        let mut beginning = vec![0; 20_000];
        out.read_exact(&mut beginning).unwrap();
        assert!(str::from_utf8(&beginning).unwrap().contains("00000000000000000123.txt"));
        drop(out);
        let ended = ls.wait_with_output().unwrap();
        assert_eq!((code(&ended), said(&ended)), (0, vec![]));
    }
}

#[test]
fn ls_says_that_a_list_broke_off_and_what_it_had_of_it() {
    let beginning = begun(1234, Some(1 << 20));
    let server = Server::sending(beginning);
    let place = Place::new();
    let url = format!("http://{}/", server.address);
    let output = place.run(&["ls", &url]);
    assert_eq!((code(&output), said(&output).len()), (1, 1));
    assert_eq!(out(&output).lines().count(), 1234);
    let output = place.run(&["ls", &url, "--json"]);
    assert_eq!((code(&output), said(&output).len()), (1, 1));
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows.len(), 1234);
}

#[test]
fn ls_writes_an_empty_list_and_for_none_nothing() {
    let place = Place::new();
    for (list, written, ended) in [("[]", "[]\n", 0), ("{}", "", 1)] {
        let server = Server::http(move |_| ok("application/json", list));
        let output = place.run(&["ls", &format!("http://{}/", server.address), "--json"]);
        assert_eq!((out(&output), code(&output)), (written, ended));
    }
}

#[test]
#[ignore = "long: run by .ci/long"]
fn a_million_entries_are_listed_in_250_mib() {
    let server = Server::new(|_, mut stream| {
        stream.write_all(begun(0, None).as_bytes()).unwrap();
        let mut out = std::io::BufWriter::new(&stream);
        for row in rows().take(1_000_000) {
            out.write_all(row.as_bytes()).unwrap();
        }
        out.write_all(b"null]").unwrap();
    });
    let place = Place::new();
    for more in [&[][..], &["--json"], &["-r"]] {
        let url = format!("http://{}/", server.address);
        let ls = place.command(&[&["ls", &url], more].concat());
        // All that can be written to and is its own, in KiB.
        let mut limited = Command::new("sh");
        limited
            .args(["-c", "ulimit -d 256000; exec \"$0\" \"$@\""])
            .arg(ls.get_program())
            .args(ls.get_args());
        limited.current_dir(place.0.path()).stdout(Stdio::piped());
        let mut ls = limited.spawn().unwrap();
        let out = BufReader::new(ls.stdout.take().unwrap());
        let rows: usize = out.split(if more == ["--json"] { b'{' } else { b'\n' }).count();
        assert!(ls.wait().unwrap().success(), "{more:?}");
        assert_eq!(rows - usize::from(more == ["--json"]), 1_000_000, "{more:?}");
    }
}

#[test]
#[ignore = "long: run by .ci/long"]
fn a_list_of_more_than_two_million_entries_is_read_as_far_as_that() {
    let server = Server::new(|_, stream| {
        let mut out = std::io::BufWriter::new(&stream);
        out.write_all(begun(0, None).as_bytes()).unwrap();
        // The other side hangs up.
        let _ = rows().take(2_000_001).try_for_each(|row| out.write_all(row.as_bytes()));
    });
    let output = Place::new().run(&["ls", &format!("http://{}/", server.address)]);
    assert_eq!((code(&output), out(&output).lines().count()), (1, 2_000_000));
    assert!(said(&output).last().unwrap().contains("2,000,000"), "{:?}", said(&output));
}

/// A page of links, which says nothing of sizes; HEAD is answered for some alone.
fn unmeasured() -> Server {
    Server::http(|line| {
        let dated = |size: u64, at: &str| {
            format!("HTTP/1.1 200 OK\r\nLast-Modified: {at}\r\nContent-Length: {size}\r\n\r\n")
        };
        match line {
            "GET /d/ HTTP/1.1" => ok(
                "text/html",
                r#"<a href="b">b</a><a href="c%3Bd">c;d</a><a href="a">a</a><a href="gone">gone</a><a href="sub/">sub/</a>"#,
            ),
            "HEAD /d/a HTTP/1.1" => dated(30, "Sun, 06 Nov 1994 08:49:37 GMT"),
            "HEAD /d/b HTTP/1.1" => dated(200, "Mon, 07 Nov 1994 08:49:37 GMT"),
            "HEAD /d/c%3Bd HTTP/1.1" => "HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n".to_owned(),
            "GET /d/c%3Bd HTTP/1.1" => {
                let range = "Content-Range: bytes 0-0/1000\r\nContent-Length: 1\r\n";
                format!("HTTP/1.1 206 Part\r\nLast-Modified: Sat, 05 Nov 1994 08:49:37 GMT\r\n{range}\r\nx")
            }
            _ => "HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n".to_owned(),
        }
    })
}

#[test]
fn ls_asks_for_sizes_where_it_is_told_to_and_sorts_by_them() {
    let server = unmeasured();
    let place = Place::new();
    let url = format!("http://{}/d/", server.address);
    let listed = |arguments: &[&str]| {
        let output = place.run(&[&["ls", &url, "--json"], arguments].concat());
        assert_eq!(code(&output), 0, "{:?}", said(&output));
        serde_json::from_str::<Vec<serde_json::Value>>(out(&output)).unwrap()
    };
    let names = |arguments: &[&str]| {
        let names = listed(arguments).into_iter().map(|row| row["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&["--sort", "name"]), "a b c;d gone sub");
    assert!(server.requests().iter().all(|request| request.starts_with(b"GET /d/ ")), "nothing but the list");
    assert_eq!(names(&["--sort", "name", "--reverse"]), "sub gone c;d b a");
    assert_eq!(names(&["--sizes", "--sort", "size"]), "a b c;d gone sub");
    assert_eq!(names(&["--sizes", "--sort", "size", "--reverse"]), "c;d b a gone sub");
    assert_eq!(names(&["--sizes", "--sort", "time"]), "c;d a b gone sub");
    let rows = listed(&["--sizes", "--sort", "name"]);
    let sizes: Vec<_> = rows.iter().map(|row| row["size"].as_u64()).collect();
    assert_eq!(sizes, [Some(30), Some(200), Some(1000), None, None]);
    assert_eq!(rows[2]["url"], format!("{url}c%3Bd"));
    assert_eq!(rows[4]["url"], format!("{url}sub/"));
}

#[test]
fn what_failed_has_a_code_for_programs() {
    let (address, _held) = nobody();
    let server = Server::http(|line| match line {
        "GET /busy HTTP/1.1" => "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "GET /page/ HTTP/1.1" => ok("text/html", "a page"),
        _ => "HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n".to_owned(),
    });
    let place = Place::new();
    for (url, error, status) in [
        (format!("http://{address}/a"), "connection-refused", None),
        (format!("http://{}/busy", server.address), "http-status", Some(500)),
        (format!("http://{}/none", server.address), "http-status", Some(404)),
    ] {
        let output = place.run(&["get", &url, "--json", "--retries", "0"]);
        let line: serde_json::Value = serde_json::from_str(out(&output)).unwrap();
        assert_eq!(
            (code(&output), line["code"].as_str(), line["status"].as_u64()),
            (1, Some(error), status),
            "{url}"
        );
    }
    // Where it has a name here, a page whose path ends in a slash is a file like any other.
    let page = format!("http://{}/page/", server.address);
    assert_eq!(code(&place.run(&["get", &page])), 2);
    assert_eq!(code(&place.run(&["get", &page, "-o", "page.html"])), 0);
    assert_eq!(fs::read(place.path("page.html")).unwrap(), b"a page");
    assert_eq!(out(&place.run(&["get", &page, "-o", "-"])), "a page");
}
