//! Folders whose links do not end in a slash: `ls -r` and `get -r` find them, and save no list as a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tempfile::{TempDir, tempdir};

use crate::support::program::{Outcome, Program};
use crate::support::server::{Server, ok};

const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

fn sent_on(to: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
}

/// A server that answers so for each path; for HEAD, too, but for the content.
fn server(answers: &[(&str, String)]) -> Server {
    let answers: BTreeMap<String, String> =
        answers.iter().map(|(path, answer)| ((*path).to_owned(), answer.clone())).collect();
    Server::http(move |line| {
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let answer = answers.get(path).cloned().unwrap_or_else(|| NOT_FOUND.to_owned());
        let end = answer.find("\r\n\r\n").unwrap() + 4;
        if method == "HEAD" { answer[..end].to_owned() } else { answer }
    })
}

fn html(body: &str) -> String {
    ok("text/html", body)
}

/// A list that marks no folders, under a path from the top of the server.
fn list(folder: &str, names: &[&str]) -> String {
    let rows: Vec<_> = names.iter().map(|name| format!("<li><a href='{folder}/{name}'>{name}</a>")).collect();
    html(&format!("<ul>{}</ul>", rows.concat()))
}

/// Files below a folder, with their contents.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                found.insert(format!("{name}/"), String::new());
                folders.push(path);
            } else {
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

fn get(server: &Server) -> (TempDir, Outcome) {
    let here = tempdir().unwrap();
    let url = format!("http://{}/top/", server.address);
    let to = here.path().to_str().unwrap();
    let outcome = Program::new(&["get", "-r", &url, "--to", to, "--retries", "0", "--lang", "en"]).run();
    (here, outcome)
}

const DOCS: &str = "<title>Docs</title><a href='docs/one'>The first part</a>";
const PAGE: &str = "<title>Links</title><a href='x.txt'>x.txt</a><a href='/top/a/'>a</a>";

fn unmarked() -> Server {
    server(&[
        (
            "/top/",
            list("/top", &["a", "docs", "page.html", "sent-on", "x.txt", "photos.zip", "elsewhere", "empty"]),
        ),
        ("/top/a", list("/top/a", &["b.txt", "deep"])),
        ("/top/a/", list("/top/a", &["b.txt", "deep"])),
        ("/top/a/b.txt", ok("text/plain", "b")),
        ("/top/a/deep", html("<title>Files in deep/</title><a href='/top/a/deep/c'>c</a>")),
        ("/top/a/deep/", html("<title>Files in deep/</title><a href='/top/a/deep/c'>c</a>")),
        ("/top/a/deep/c", ok("application/octet-stream", "c")),
        ("/top/docs", html(DOCS)),
        ("/top/page.html", html(PAGE)),
        ("/top/sent-on", sent_on("/top/sent-on/")),
        ("/top/sent-on/", list("/top/sent-on", &["d"])),
        ("/top/sent-on/d", ok("text/plain", "d")),
        ("/top/x.txt", ok("text/plain", "x")),
        ("/top/photos.zip", list("/top/photos.zip", &["p"])),
        ("/top/photos.zip/", list("/top/photos.zip", &["p"])),
        ("/top/photos.zip/p", ok("image/jpeg", "p")),
        // A link that leads on to a file.
        ("/top/elsewhere", sent_on("/files/7")),
        ("/files/7", ok("text/plain", "7")),
        ("/top/empty", html("<title>Index of /top/empty</title>")),
        ("/top/empty/", html("<title>Index of /top/empty</title>")),
    ])
}

#[test]
fn get_recursive_brings_the_folders_of_a_list_that_marks_none() {
    let server = unmarked();
    let (here, outcome) = get(&server);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let expected = [
        ("a/", ""),
        ("a/b.txt", "b"),
        ("a/deep/", ""),
        ("a/deep/c", "c"),
        ("docs", DOCS),
        ("elsewhere", "7"),
        ("empty/", ""),
        ("page.html", PAGE),
        ("photos.zip/", ""),
        ("photos.zip/p", "p"),
        ("sent-on/", ""),
        ("sent-on/d", "d"),
        ("x.txt", "x"),
    ];
    let expected: BTreeMap<_, _> =
        expected.map(|(name, content)| (name.to_owned(), content.to_owned())).into_iter().collect();
    assert_eq!(files(&here.path().join("top")), expected);
}

#[test]
fn ls_recursive_lists_the_folders_of_a_list_that_marks_none() {
    let server = unmarked();
    let outcome = Program::new(&["ls", "-r", &format!("http://{}/top/", server.address)]).run();
    let names: Vec<_> = outcome.stdout.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    let expected = [
        "a/",
        "docs",
        "elsewhere",
        "empty/",
        "page.html",
        "photos.zip/",
        "sent-on/",
        "x.txt",
        "a/b.txt",
        "a/deep/",
        "a/deep/c",
        "photos.zip/p",
        "sent-on/d",
    ];
    assert_eq!((outcome.code, &names[..]), (Some(0), &expected[..]), "{outcome:?}");
}

#[test]
fn a_folder_that_is_not_marked_beside_those_that_are_is_found_when_it_is_downloaded() {
    let late =
        "<title>Index of /top/late</title><a href='/top/late/y'>y</a><a href='/top/late/deep/'>deep/</a>";
    let server = server(&[
        ("/top/", html("<a href='in/'>in/</a><a href='late'>late</a><a href='sent-on'>sent-on</a>")),
        ("/top/in/", html("<a href='../'>..</a><a href='x'>x</a><a href='later'>later</a>")),
        ("/top/in/x", ok("text/plain", "x")),
        ("/top/in/later", sent_on("/top/in/later/")),
        ("/top/in/later/", html("<a href='../'>..</a><a href='w'>w</a>")),
        ("/top/in/later/w", ok("text/plain", "w")),
        ("/top/late", html(late)),
        ("/top/late/", html(late)),
        ("/top/late/y", ok("text/plain", "y")),
        ("/top/late/deep/", html("<a href='../'>..</a>")),
        ("/top/sent-on", sent_on("/top/sent-on/")),
        ("/top/sent-on/", html("<title>Index of /top/sent-on/</title>")),
    ]);
    let (here, outcome) = get(&server);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let found: Vec<_> = files(&here.path().join("top")).into_keys().collect();
    let expected = ["in/", "in/later/", "in/later/w", "in/x", "late/", "late/deep/", "late/y", "sent-on/"];
    assert_eq!(found, expected, "{outcome:?}");
}

#[test]
fn what_may_be_a_folder_and_cannot_be_looked_at_is_said_and_not_saved() {
    let broken = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n".to_owned();
    let server = server(&[
        ("/top/", list("/top", &["a", "x.txt"])),
        ("/top/a", list("/top/a", &["b"])),
        ("/top/a/", broken),
        ("/top/x.txt", ok("text/plain", "x")),
    ]);
    let (here, outcome) = get(&server);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.lines().any(|line| line.contains('a') && line.contains("500")), "{outcome:?}");
    assert_eq!(files(&here.path().join("top")).into_keys().collect::<Vec<_>>(), ["x.txt"]);
    let outcome = Program::new(&["ls", "-r", &format!("http://{}/top/", server.address)]).run();
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
}

#[test]
fn a_second_get_finds_the_folders_that_the_first_one_made() {
    let server = unmarked();
    let (here, outcome) = get(&server);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let before = files(here.path());
    let url = format!("http://{}/top/", server.address);
    let to = here.path().to_str().unwrap();
    for conflict in ["skip", "overwrite"] {
        let outcome = Program::new(&["get", "-r", &url, "--to", to, "--conflict", conflict]).run();
        assert_eq!((outcome.code, files(here.path())), (Some(0), before.clone()), "{outcome:?}");
    }
}

#[test]
fn a_single_get_saves_what_was_asked_for() {
    let server = unmarked();
    let here = tempdir().unwrap();
    let url = format!("http://{}/top/a", server.address);
    let outcome = Program::new(&["get", &url, "--to", here.path().to_str().unwrap()]).run();
    assert_eq!((outcome.code, files(here.path()).len()), (Some(0), 1), "{outcome:?}");
}
