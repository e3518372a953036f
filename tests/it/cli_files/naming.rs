//! Under which names `hobnob get` saves what it downloads.

use std::ffi::OsStr;
use std::fs::{self, create_dir_all};
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use super::{Place, code, out, said};
use crate::support::files::names;
use crate::support::server::{Server, ok};

/// hobnob's own server of a folder, and where it is.
pub(super) struct Serving(Child, pub(super) String);

impl Serving {
    fn start(place: &Place, folder: &Path) -> Self {
        Self::with(place, folder, &["--hidden"])
    }

    /// With these options.
    pub(super) fn with(place: &Place, folder: &Path, options: &[&str]) -> Self {
        let mut command = place.command(&["serve", "--bind", "127.0.0.1", "--port", "0"]);
        let mut child =
            command.args(options).arg(folder).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Self(child, line.split_whitespace().find(|word| word.starts_with("http")).unwrap().to_owned())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Every file and folder in a folder, by its exact path from there, with the content of files.
fn tree(top: &Path) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(top.join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            let is_folder = entry.file_type().unwrap().is_dir();
            let content = (!is_folder).then(|| fs::read(entry.path()).unwrap());
            found.push((path.clone().into_os_string().into_vec(), content));
            if is_folder {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_tree_of_legal_names_comes_as_the_same_tree() {
    let place = Place::new();
    let source = place.path("source");
    let long = "n".repeat(251) + ".txt";
    let names: [&[u8]; 24] = [
        b"a:b",
        b"file?name",
        b"q\"q",
        b"plain<b>",
        b"a|b*c",
        b".gitignore",
        b"...",
        b"-rf",
        b"~",
        b"CON",
        b" spaces ",
        b"dot.",
        b"README",
        b"readme",
        b"100%25 #1.txt",
        b"a&b;c=d+e@f!g'h(i)j,k$l",
        b"caf\xe9.txt",
        b"\xff\xfe",
        "❤\u{fe0f}.png".as_bytes(),
        "👨\u{200d}👩\u{200d}👧".as_bytes(),
        "e\u{301}".as_bytes(),
        "\u{e9}".as_bytes(),
        "文件 （一）".as_bytes(),
        long.as_bytes(),
    ];
    for folder in ["", "in:side?/.deep"] {
        create_dir_all(source.join(folder)).unwrap();
        for name in names {
            fs::write(source.join(folder).join(OsStr::from_bytes(name)), name).unwrap();
        }
    }
    create_dir_all(source.join(".empty:")).unwrap();
    let server = Serving::start(&place, &source);
    let output = place.run(&["get", "-r", &server.1, "--to", "copy"]);
    assert_eq!((code(&output), said(&output)), (0, Vec::new()));
    let (here, there) = (tree(&place.path("copy")), tree(&source));
    assert_eq!(here.len(), there.len());
    for (here, there) in here.iter().zip(&there) {
        assert_eq!(here.0.escape_ascii().to_string(), there.0.escape_ascii().to_string());
        assert_eq!(here.1, there.1);
    }
}

/// A server whose folder `/top/` has files of these names, each with its path as content.
fn listing(names: &'static [&'static str]) -> Server {
    Server::http(move |line| match line.split(' ').nth(1).unwrap() {
        "/top/" => {
            let row = |name: &&str| format!(r#"{{"name":"{name}","size":1,"is_dir":false}}"#);
            ok("application/json", &format!("[{}]", names.iter().map(row).collect::<Vec<_>>().join(",")))
        }
        path => ok("text/plain", path),
    })
}

#[test]
fn what_cannot_be_stored_is_changed_and_each_change_is_said() {
    let server = listing(&["a\\u0007b", "gpj.\\u202eexe", "good:name"]);
    let place = Place::new();
    let url = format!("http://{}/top/", server.address);
    let output = place.run(&["get", "-r", &url]);
    assert_eq!(
        (code(&output), names(&place.path("top"))),
        (0, vec!["a_b".into(), "good:name".into(), "gpj._exe".into()])
    );
    let said = said(&output);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("a␇b") && said[0].ends_with("is saved as a_b"), "{said:?}");
    assert!(said[1].ends_with("is saved as gpj._exe"), "{said:?}");
}

#[test]
fn portable_names_are_what_every_system_can_hold() {
    let server = listing(&["a:b", ".x", "CON", "readme", "README"]);
    let place = Place::new();
    let url = format!("http://{}/top/", server.address);
    let output = place.run(&["get", "-r", &url, "--names", "portable"]);
    assert_eq!(code(&output), 0);
    assert_eq!(names(&place.path("top")), ["README", "_.x", "_CON", "a_b", "readme (1)"]);
    assert_eq!(said(&output).len(), 4, "{:?}", said(&output));
    fs::write(place.path("config.toml"), "files.names = 'portable'").unwrap();
    assert_eq!(out(&place.run(&["get", &url, "a:b"])), "./a_b\n");
}

#[test]
fn a_folder_that_was_there_gets_no_hidden_names_unless_that_is_asked_for() {
    let server = listing(&[".bashrc", "notes"]);
    let place = Place::new();
    create_dir_all(place.path("home/top")).unwrap();
    fs::write(place.path("home/top/old"), "").unwrap();
    let url = format!("http://{}/top/", server.address);
    let output = place.run(&["get", "-r", &url, "--to", "home"]);
    assert_eq!((code(&output), names(&place.path("home/top"))), (1, vec!["notes".into(), "old".into()]));
    let [line] = said(&output)[..] else { panic!("{:?}", said(&output)) };
    assert!(line.contains(".bashrc") && line.contains("--hidden"), "{line}");
    let output = place.run(&["get", "-r", &url, "--to", "home", "--hidden", "--conflict", "skip"]);
    assert_eq!(code(&output), 0);
    assert_eq!(names(&place.path("home/top")), [".bashrc", "notes", "old"]);
}

#[test]
fn no_link_at_the_destination_is_followed_but_the_one_that_the_user_named() {
    let server = listing(&["x"]);
    let url = format!("http://{}/top/", server.address);
    let place = Place::new();
    create_dir_all(place.path("away")).unwrap();
    symlink(place.path("away"), place.path("top")).unwrap();
    let output = place.run(&["get", "-r", &url]);
    assert_eq!((code(&output), names(&place.path("away"))), (1, Vec::new()));
    assert!(said(&output)[0].contains("top"), "{:?}", said(&output));
    let output = place.run(&["get", "-r", &url, "--to", "top"]);
    assert_eq!((code(&output), names(&place.path("away/top"))), (0, vec!["x".into()]));
}

#[test]
fn a_folder_within_that_is_a_link_here_is_not_gone_into() {
    let server = Server::http(|line| match line.split(' ').nth(1).unwrap() {
        "/top/" => ok(
            "application/json",
            r#"[{"name":"sub/","is_dir":true},{"name":"bare/","is_dir":true},{"name":"a","size":1,"is_dir":false}]"#,
        ),
        "/top/sub/" => ok("application/json", r#"[{"name":"evil","size":1,"is_dir":false}]"#),
        "/top/bare/" => ok("application/json", "[]"),
        path => ok("text/plain", path),
    });
    let place = Place::new();
    create_dir_all(place.path("top")).unwrap();
    create_dir_all(place.path("away")).unwrap();
    for name in ["sub", "bare"] {
        symlink(place.path("away"), place.path("top").join(name)).unwrap();
    }
    let output = place.run(&["get", "-r", &format!("http://{}/top/", server.address)]);
    assert_eq!((code(&output), names(&place.path("away"))), (1, Vec::new()), "{:?}", said(&output));
    assert_eq!(said(&output).len(), 2, "{:?}", said(&output));
    assert!(place.path("top/a").is_file());
}

/// A server that says what its answer is called.
fn called(disposition: &'static str) -> Server {
    Server::http(move |_| {
        format!("HTTP/1.1 200 OK\r\nContent-Disposition: {disposition}\r\nContent-Length: 5\r\n\r\nhello")
    })
}

#[test]
fn a_download_is_called_what_the_server_calls_it() {
    for (disposition, name) in [
        ("attachment; filename=\"report 1.pdf\"", "report 1.pdf"),
        ("attachment; filename=x.pdf; filename*=UTF-8''%E8%AE%B2%E4%B9%89.pdf", "讲义.pdf"),
        ("attachment; filename=\"../../up.txt\"", "up.txt"),
        ("attachment; filename=\".bashrc\"", "_.bashrc"),
        ("attachment; filename=\"a:b\"", "a:b"),
        ("attachment", "download.php"),
    ] {
        let server = called(disposition);
        let place = Place::new();
        let output = place.run(&["get", &format!("http://{}/download.php?id=7", server.address)]);
        assert_eq!((code(&output), out(&output)), (0, &*format!("./{name}\n")), "{disposition}");
        assert_eq!(place.files(), [name], "{disposition}");
    }
}

#[test]
fn a_changed_name_is_said_once_and_only_of_what_is_saved_under_it() {
    const DATED: &str = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Disposition: attachment";
    for (policy, there, renamed) in [
        ("rename", false, Some("c.txt")),
        ("rename", true, Some("c (1).txt")),
        ("overwrite", true, Some("c.txt")),
        ("skip", true, None),
        ("newer", true, None),
    ] {
        // The first name is changed by the disk here, too.
        for path in ["download.php", "a%07b"] {
            let server = called_and_dated(DATED, "c.txt");
            let place = Place::new();
            if there {
                fs::write(place.path("c.txt"), "old").unwrap();
            }
            let url = format!("http://{}/{path}", server.address);
            let output = place.run(&["get", &url, "--conflict", policy]);
            let told = said(&output);
            let saved: Vec<_> = told.iter().filter(|line| line.contains("is saved as")).collect();
            assert_eq!(code(&output), 0, "{told:?}");
            assert_eq!(saved.len(), usize::from(renamed.is_some()), "{policy} {there}: {told:?}");
            if let Some(name) = renamed {
                assert!(saved[0].ends_with(&format!("is saved as {name}")), "{told:?}");
            }
        }
    }
}

/// One that also says when that was changed.
fn called_and_dated(fields: &'static str, name: &'static str) -> Server {
    Server::http(move |_| {
        format!("HTTP/1.1 200 OK\r\n{fields}; filename={name}\r\nContent-Length: 5\r\n\r\nhello")
    })
}

#[test]
fn of_a_tree_only_what_is_saved_under_another_name_is_said_to_be() {
    let server = listing(&["a\\u0007b", "c\\u0007d"]);
    let place = Place::new();
    let url = format!("http://{}/top/", server.address);
    fs::create_dir(place.path("top")).unwrap();
    fs::write(place.path("top/a_b"), "old").unwrap();
    let output = place.run(&["get", "-r", &url, "--conflict", "skip"]);
    let told = said(&output);
    assert_eq!(code(&output), 0, "{told:?}");
    assert!(told.len() == 1 && told[0].ends_with("is saved as c_d"), "{told:?}");
    let output = place.run(&["get", "-r", &url, "--conflict", "rename"]);
    let told = said(&output);
    assert!(told.iter().any(|line| line.ends_with("is saved as a_b (1)")), "{told:?}");
}

#[test]
fn a_name_that_the_user_typed_or_took_from_a_list_stays() {
    let server = called("attachment; filename=other");
    let place = Place::new();
    let url = format!("http://{}/d/a", server.address);
    assert_eq!(out(&place.run(&["get", &format!("http://{}/d/", server.address), "a"])), "./a\n");
    assert_eq!(code(&place.run(&["get", &url, "-o", "mine"])), 0);
    assert_eq!(place.files(), ["a", "mine"]);
}

#[test]
fn a_file_of_the_name_that_the_server_gives_is_treated_as_the_policy_says() {
    for (policy, files, content) in [
        ("rename", vec!["new", "new (1)"], "old"),
        ("skip", vec!["new"], "old"),
        ("overwrite", vec!["new"], "hello"),
    ] {
        let server = called("attachment; filename=new");
        let place = Place::new();
        fs::write(place.path("new"), "old").unwrap();
        let url = format!("http://{}/download", server.address);
        let output = place.run(&["get", &url, "--conflict", policy]);
        assert_eq!(
            (code(&output), place.files()),
            (0, files.iter().map(ToString::to_string).collect()),
            "{policy}"
        );
        assert_eq!(fs::read_to_string(place.path("new")).unwrap(), content, "{policy}");
    }
}
