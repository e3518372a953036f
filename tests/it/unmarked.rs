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

/// What came of `/top/`, which lists these names and marks no folders.
fn brought(names: &[&str], answers: &[(&str, String)]) -> (BTreeMap<String, String>, Outcome) {
    let mut all = vec![("/top/", list("/top", names))];
    all.extend(answers.iter().map(|(path, answer)| (*path, answer.clone())));
    let server = server(&all);
    let (here, outcome) = get(&server);
    let top = here.path().join("top");
    (if top.exists() { files(&top) } else { BTreeMap::new() }, outcome)
}

fn tree(expected: &[(&str, &str)]) -> BTreeMap<String, String> {
    expected.iter().map(|(name, content)| ((*name).to_owned(), (*content).to_owned())).collect()
}

fn untyped(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn a_folder_that_answers_only_without_a_slash_is_brought_whatever_its_list_looks_like() {
    let from_top = "<a href='/top/sub/a.txt'>a.txt</a><a href='/top/sub/deep'>deep</a>";
    let from_parent = "<a href='sub/a.txt'>a.txt</a><a href='sub/deep'>deep</a>";
    // Broken, as a browser reads it; found all the same.
    let from_itself = "<a href='a.txt'>a.txt</a><a href='deep'>deep</a>";
    let headed = |page: &str| format!("<title>Index of /top/sub</title>{page}");
    let document = |page: &str| format!("<!DOCTYPE html><html><body>{page}</body></html>");
    for (media_type, page) in [
        ("text/html", from_top.to_owned()),
        ("text/html", from_parent.to_owned()),
        ("text/html", from_itself.to_owned()),
        ("text/html", headed(from_top)),
        ("text/html", headed(from_parent)),
        ("text/html", headed(from_itself)),
        ("application/xhtml+xml", document(from_top)),
        ("application/xml", format!("<?xml version='1.0'?>{}", document(from_top))),
        ("text/plain", document(from_parent)),
        ("", document(from_itself)),
        ("", document(from_top)),
        (
            "text/html",
            "<p>[DIR] <a href='sub/deep'>[DIR] deep</a> <a href='sub/a.txt'>📄 a.txt (1 B)</a>".to_owned(),
        ),
    ] {
        let answer = |page: &str| if media_type.is_empty() { untyped(page) } else { ok(media_type, page) };
        let deep = answer(&document("<a href='/top/sub/deep/c.txt'>c.txt</a>"));
        let (found, outcome) = brought(
            &["sub", "x.txt"],
            &[
                ("/top/x.txt", ok("text/plain", "x")),
                ("/top/sub", answer(&page)),
                ("/top/sub/a.txt", ok("text/plain", "a")),
                ("/top/sub/deep", deep),
                ("/top/sub/deep/c.txt", ok("text/plain", "c")),
            ],
        );
        let expected = tree(&[
            ("sub/", ""),
            ("sub/a.txt", "a"),
            ("sub/deep/", ""),
            ("sub/deep/c.txt", "c"),
            ("x.txt", "x"),
        ]);
        assert_eq!((outcome.code, found), (Some(0), expected), "{media_type}: {page}: {}", outcome.stderr);
    }
}

#[test]
fn what_a_folder_is_called_makes_no_difference_where_it_answers_only_without_a_slash() {
    for name in ["v1.2", "x.html", "photos.zip", "a.tar.gz", "index.php"] {
        let folder = format!("/top/{name}");
        let (found, outcome) = brought(
            &[name],
            &[(&folder, list(&folder, &["a.txt"])), (&format!("{folder}/a.txt"), ok("text/plain", "a"))],
        );
        let expected = tree(&[(&format!("{name}/"), ""), (&format!("{name}/a.txt"), "a")]);
        assert_eq!((outcome.code, found), (Some(0), expected), "{name}: {}", outcome.stderr);
    }
}

#[test]
fn a_folder_that_its_list_marks_is_asked_for_without_a_slash_where_it_does_not_answer_with_one() {
    for link in
        ["<a href='sub/'>sub/</a>", "<a href='sub'>sub/</a>", "<a href='sub' class='directory'>sub</a>"]
    {
        for page in [
            "<a href='/top/sub/a.txt'>a.txt</a>",
            "<a href='a.txt'>The first</a>",
            "<title>Index of /top/sub</title>",
        ] {
            let server = server(&[
                ("/top/", html(&format!("<a href='../'>../</a>{link}"))),
                ("/top/sub", html(page)),
                ("/top/sub/a.txt", ok("text/plain", "a")),
            ]);
            let (here, outcome) = get(&server);
            let mut expected = tree(&[("sub/", ""), ("sub/a.txt", "a")]);
            if page.contains("Index") {
                expected.remove("sub/a.txt");
            }
            assert_eq!(
                (outcome.code, files(&here.path().join("top"))),
                (Some(0), expected),
                "{link} {page} {outcome:?}"
            );
        }
    }
}

#[test]
fn a_page_of_the_same_links_with_a_slash_is_the_list_of_a_folder() {
    let page = html("<a href='a.txt'>a.txt</a>");
    let (found, outcome) = brought(
        &["sub"],
        &[("/top/sub", page.clone()), ("/top/sub/", page), ("/top/sub/a.txt", ok("text/plain", "a"))],
    );
    assert_eq!(
        (outcome.code, found),
        (Some(0), tree(&[("sub/", ""), ("sub/a.txt", "a")])),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_page_with_links_that_is_a_document_stays_a_file() {
    for (name, page) in [
        ("page.html", "<h1>Links</h1><a href='x.txt'>x.txt</a>"),
        ("page.html", "<a href='/top/x.txt'>x.txt</a><a href='other.html'>other.html</a>"),
        ("docs", "<a href='docs/missing'>The second part</a>"),
        ("x.html", "<a href='x.html#part'>x.html</a><a href='https://example.com/a.txt'>a.txt</a>"),
        ("login.html", "<!DOCTYPE html><form><input type='password'></form>"),
        ("notes.txt", "<!DOCTYPE html><p>What I know of HTML"),
        ("page", "<!DOCTYPE html><p>Nothing but words"),
    ] {
        let path = format!("/top/{name}");
        let (found, outcome) =
            brought(&[name, "x.txt"], &[(&path, html(page)), ("/top/x.txt", ok("text/plain", "x"))]);
        assert_eq!(
            (outcome.code, found),
            (Some(0), tree(&[(name, page), ("x.txt", "x")])),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn a_page_that_may_be_a_document_or_a_list_is_said_and_not_saved() {
    let (found, outcome) = brought(
        &["docs", "x.txt"],
        &[
            ("/top/docs", html("<a href='docs/one'>The first part</a>")),
            ("/top/docs/one", ok("text/plain", "1")),
            ("/top/x.txt", ok("text/plain", "x")),
        ],
    );
    assert_eq!((outcome.code, found), (Some(1), tree(&[("x.txt", "x")])));
    assert_eq!(outcome.stderr.lines().filter(|line| line.contains("docs")).count(), 1, "{}", outcome.stderr);
}

#[test]
fn a_web_page_in_place_of_a_file_is_said_and_not_saved() {
    let login = "<!DOCTYPE html><title>Sign in</title><form><input name='p' type=\"password\"></form>";
    for (name, answers) in [
        ("a.bin", vec![("/top/a.bin", html(login))]),
        ("a.zip", vec![("/top/a.zip", html("<html><h1>Please wait</h1>"))]),
        ("a.pdf", vec![("/top/a.pdf", untyped(login))]),
        ("a.txt", vec![("/top/a.txt", html(login))]),
        ("README", vec![("/top/README", sent_on("/login?next=README")), ("/login?next=README", html(login))]),
        ("a.html", vec![("/top/a.html", sent_on("/login")), ("/login", html(login))]),
    ] {
        let (found, outcome) = brought(&[name], &answers);
        assert_eq!((outcome.code, found), (Some(1), BTreeMap::new()), "{name}");
        let said = outcome.stderr.lines().filter(|line| line.contains(name) && line.contains("web page"));
        assert_eq!(said.count(), 1, "{}", outcome.stderr);
    }
}

/// How often each thing was asked for, by its request line without the version.
fn asked(server: &Server) -> BTreeMap<String, usize> {
    let mut asked = BTreeMap::new();
    for request in server.requests() {
        let line = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
        *asked.entry(line.trim_end_matches(" HTTP/1.1").to_owned()).or_default() += 1;
    }
    asked
}

#[test]
fn a_folder_that_redirects_out_of_its_place_is_asked_for_once_and_said() {
    for (status, with_slash) in [
        ("307 Temporary Redirect", None),
        ("301 Moved Permanently", None),
        ("302 Found", Some("/elsewhere/sub/")),
        ("302 Found", Some("/sub")),
        ("308 Permanent Redirect", Some("/top/in/")),
    ] {
        for (to, list) in [
            ("/elsewhere/sub/", "<a href='a.txt'>a.txt</a>"),
            ("/elsewhere/sub/", "<title>Index of /elsewhere/sub/</title><a href='a.txt'>a.txt</a>"),
            ("/elsewhere/sub/", "<a href='../'>../</a><a href='sub'>sub</a><a href='deep/'>deep/</a>"),
            ("/top/in/", "<a href='../'>../</a><a href='sub'>sub</a><a href='../sub'>sub</a>"),
        ] {
            for top in [
                "<a href='sub'>sub</a> <a href='f'>f</a>",
                "<a href='../'>../</a><a href='in/'>in/</a><a href='sub'>sub</a><a href='f'>f</a>",
                "<a href='../'>../</a><a href='in/'>in/</a><a href='sub/'>sub/</a><a href='f'>f</a>",
            ] {
                let sent_on =
                    |to: &str| format!("HTTP/1.1 {status}\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
                let (top, sub, list) = (html(top), sent_on(to), html(list));
                let slash = with_slash.map_or_else(|| NOT_FOUND.to_owned(), sent_on);
                let mut left = 300;
                let server = Server::http(move |line| {
                    left -= i32::from(left > 0);
                    let answer = match line.split(' ').nth(1).unwrap() {
                        // A loop without an end comes to one here.
                        _ if left == 0 => NOT_FOUND.to_owned(),
                        "/top/" => top.clone(),
                        "/top/sub" => sub.clone(),
                        "/top/sub/" => slash.clone(),
                        "/elsewhere/sub/" | "/top/in/" => list.clone(),
                        "/top/f" => ok("application/octet-stream", "f"),
                        _ => NOT_FOUND.to_owned(),
                    };
                    let end = answer.find("\r\n\r\n").unwrap() + 4;
                    if line.starts_with("HEAD") { answer[..end].to_owned() } else { answer }
                });
                let (here, outcome) = get(&server);
                let asked = asked(&server);
                assert!(asked.values().all(|times| *times <= 12), "{asked:?} {outcome:?}");
                assert_eq!(outcome.code, Some(1), "{asked:?} {outcome:?}");
                assert!(outcome.stderr.contains("sub"), "{outcome:?}");
                assert_eq!(fs::read_to_string(here.path().join("top/f")).unwrap(), "f", "{outcome:?}");
            }
        }
    }
}
